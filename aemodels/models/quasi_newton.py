"""Steps that learn from earlier ones how an error bends."""

from itertools import pairwise

from torch import Tensor


def lbfgs_step(points: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """The next step of L-BFGS (Nocedal 1980, https://doi.org/10.1090/S0025-5718-1980-0572855-7) without a line search, (B, ...),
    for B functions of a point each.

    points, gradients  (B, ...) each, as many, oldest first, at least two of either: where the functions' gradients were taken, and these

    Before it has learnt anything of a direction, the inverse of the curvature is taken to be |s| / |y|, s the last step and
    y what the gradient changed by over it: the geometric mean of the two of Barzilai and Borwein (1988). Steps along which a
    function does not bend upwards are passed over. Where nothing has moved, the step is zero.
    """
    s = [after - before for before, after in pairwise(points)]
    y = [after - before for before, after in pairwise(gradients)]
    rho = []
    for s_k, y_k in zip(s, y, strict=True):
        bend = dot(s_k, y_k)
        rho.append((bend > 0) / bend.where(bend > 0, 1))

    r = gradients[-1]
    alphas = []
    for s_k, y_k, rho_k in reversed(list(zip(s, y, rho, strict=True))):
        alphas.append(rho_k * dot(s_k, r))
        r = r - alphas[-1] * y_k
    r = r * (dot(s[-1], s[-1]) / dot(y[-1], y[-1]).clamp_min(1e-12)).sqrt()
    for s_k, y_k, rho_k, alpha in zip(s, y, rho, reversed(alphas), strict=True):
        r = r + s_k * (alpha - rho_k * dot(y_k, r))
    return -r


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Of each of B pairs (B, ...), shaped to be broadcast against them."""
    return (a * b).flatten(1).sum(1).view(-1, *[1] * (a.ndim - 1))
