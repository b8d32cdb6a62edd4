import pytest
import torch

from aemodels.training.muon import Muon, orthogonalise

SHAPES = [(8, 3), (3, 8), (8, 3), (4, 4), (2, 9), (3, 8)]
SETTINGS = {"lr": 0.02, "weight_decay": 0.3}


def matrices(seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, requires_grad=True) for shape in SHAPES]


def set_gradients(parameters, seed):
    for parameter, gradient in zip(parameters, matrices(seed), strict=True):
        parameter.grad = gradient.detach()


def test_together_matrices_move_as_one_by_one():
    ours, theirs = matrices(0), matrices(0)
    together, one_by_one = Muon(ours, **SETTINGS), torch.optim.Muon(theirs, adjust_lr_fn="match_rms_adamw", **SETTINGS)
    for step in range(3):
        for parameters, optimiser in ((ours, together), (theirs, one_by_one)):
            set_gradients(parameters, seed=1 + step)
            optimiser.step()
    for mine, other, first in zip(ours, theirs, matrices(0), strict=True):
        # Products in bfloat16 may be summed in another order.
        torch.testing.assert_close(mine, other, atol=2e-3, rtol=0)
        assert (mine - first).abs().mean() > 0.01


def test_either_goes_on_from_the_other_s_state():
    ours, theirs = matrices(0), matrices(0)
    together, one_by_one = Muon(ours, **SETTINGS), torch.optim.Muon(theirs, adjust_lr_fn="match_rms_adamw", **SETTINGS)
    set_gradients(theirs, seed=1)
    one_by_one.step()
    together.load_state_dict(one_by_one.state_dict())
    set_gradients(ours, seed=1)
    together.step()
    one_by_one.load_state_dict(together.state_dict())
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(together.state[mine], one_by_one.state[other])


def test_a_matrix_without_a_gradient_stays_where_it_is():
    parameters = matrices(0)
    set_gradients(parameters, seed=1)
    parameters[0].grad = None
    Muon(parameters, **SETTINGS).step()
    moved = [not torch.equal(now, before) for now, before in zip(parameters, matrices(0), strict=True)]
    assert moved == [False, True, True, True, True, True]


@pytest.mark.parametrize("shape", [(3, 5, 5), (2, 4, 16)])
def test_singular_values_come_near_to_one(shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) + 0.1
    group = torch.optim.Muon([torch.zeros(2, 2)]).param_groups[0]
    orthogonal = orthogonalise(x, group["ns_coefficients"], group["ns_steps"], group["eps"]).float()
    values = torch.linalg.svdvals(orthogonal)
    assert 0.5 < values.min() <= values.max() < 1.3
    u, _, vh = torch.linalg.svd(x, full_matrices=False)
    assert ((orthogonal * (u @ vh)).sum((1, 2)) / shape[1] > 0.8).all()
