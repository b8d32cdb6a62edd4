import torch

from aemodels.models.quasi_newton import lbfgs_step


def paths(num_points, size=6, num_functions=3):
    """Points on the way of three quadratics, 'bends' (3, 6, 6) and minima (3, 6), and their gradients there."""
    torch.manual_seed(0)
    roots = torch.randn(num_functions, size, size, dtype=torch.float64)
    bends = roots @ roots.mT + torch.eye(size)
    minima = torch.randn(num_functions, size, dtype=torch.float64)
    points = list(torch.randn(num_points, num_functions, size, dtype=torch.float64))
    return points, [gradient(bends, minima, z) for z in points], bends, minima


def gradient(bends, minima, z):
    return (bends @ (z - minima).unsqueeze(-1)).squeeze(-1)


def test_the_step_is_that_of_the_bfgs_matrix():
    """Nocedal and Wright 2006, Numerical Optimization, equation 6.17, one function at a time."""
    points, gradients, *_ = paths(num_points=4)
    step = lbfgs_step(points, gradients)
    for i in range(3):
        z, g = torch.stack(points)[:, i], torch.stack(gradients)[:, i]
        s, y = z.diff(dim=0), g.diff(dim=0)
        inverse = torch.eye(6, dtype=torch.float64) * s[-1].norm() / y[-1].norm()
        for s_k, y_k in zip(s, y, strict=True):
            rho = 1 / (y_k @ s_k)
            left = torch.eye(6) - rho * torch.outer(s_k, y_k)
            inverse = left @ inverse @ left.T + rho * torch.outer(s_k, s_k)
        torch.testing.assert_close(step[i], -inverse @ g[-1])


def test_codes_of_any_shape_get_the_step_of_their_elements():
    points, gradients, *_ = paths(num_points=3)
    step = lbfgs_step([z.view(3, 2, 3, 1) for z in points], [g.view(3, 2, 3, 1) for g in gradients])
    torch.testing.assert_close(step.view(3, 6), lbfgs_step(points, gradients))


def test_it_finds_the_minimum_where_gradient_descent_has_hardly_begun():
    points, gradients, bends, minima = paths(num_points=1)
    points.append(points[0] - 0.01 * gradients[0])
    for _ in range(30):
        gradients.append(gradient(bends, minima, points[-1]))
        points.append(points[-1] + lbfgs_step(points, gradients))
    torch.testing.assert_close(points[-1], minima, atol=1e-5, rtol=0)


def test_a_step_along_which_the_function_bends_down_teaches_nothing():
    points, gradients, *_ = paths(num_points=3)
    gradients[1] = gradients[0] - (points[1] - points[0])  # the first step's curvature is -1
    torch.testing.assert_close(lbfgs_step(points, gradients), lbfgs_step(points[1:], gradients[1:]))


def test_one_that_has_not_moved_does_not_move():
    points, gradients, *_ = paths(num_points=1)
    assert torch.equal(lbfgs_step(points * 3, gradients * 3), torch.zeros(3, 6))
