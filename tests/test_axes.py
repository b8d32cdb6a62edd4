import pytest
import torch

import aemodels
from aemodels.codes import axes, latents

STEPS = torch.tensor([-2.0, 0.0, 1.0])


@pytest.fixture
def codes():
    """300 codes (4, 1, 2) whose spread is 5 along one element, 2 along another and 0.1 else."""
    scale = torch.tensor([0.1, 5.0, 0.1, 0.1, 0.1, 0.1, 2.0, 0.1])
    z = torch.randn(300, 8, generator=torch.Generator().manual_seed(0)) * scale + 3
    return z.view(300, 4, 1, 2)


def test_a_walk_goes_along_the_direction_of_most_spread_in_its_standard_deviations(codes):
    stats, start = latents.fit(codes), codes[7]
    for axis, element in ((0, 1), (1, 6)):
        z = axes.walk(stats, start, axis, STEPS)
        assert z.shape == (3, 4, 1, 2)
        assert torch.equal(z[1], start)
        moves = (z - start).flatten(1)
        sigma = codes.flatten(1)[:, element].std()
        torch.testing.assert_close(moves[:, element], STEPS * sigma, rtol=0.01, atol=0)
        assert moves.abs().sum() < 1.1 * moves[:, element].abs().sum()


def test_an_axis_points_where_its_largest_element_is_positive(codes):
    stats = latents.fit(codes)
    turned = latents.LatentStats(stats.weights, stats.means, -stats.basis, stats.scales, stats.n)
    for axis in range(8):
        z = axes.walk(stats, codes[0], axis, STEPS)
        assert torch.equal(z, axes.walk(turned, codes[0], axis, STEPS))
        move = (z[2] - z[1]).flatten()
        assert move[move.abs().argmax()] > 0


@pytest.mark.parametrize(("pattern", "coarse"), [("flat", 1.0), ("chequered", 0.0), ("half", 0.5)])
def test_the_effect_of_an_axis_is_how_far_and_how_coarsely_it_moves_the_picture(codes, pattern, coarse):
    """A decoder that adds a pattern of ±1 in proportion to one element of the code."""
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    chequered = 1.0 - 2 * ((rows + columns) % 2)
    picture = {"flat": torch.ones(16, 16), "chequered": chequered, "half": torch.where(rows < 8, 1.0, chequered)}
    stats = latents.fit(codes)

    def decode(z):
        return 0.01 * z.flatten(1)[:, 1].view(-1, 1, 1, 1) * picture[pattern]

    change, share = axes.effect(decode, stats, codes[:5], axis=0, cell_px=4)
    assert change == pytest.approx(0.01 * float(stats.scales[0, 0]), rel=0.01)
    assert share == pytest.approx(coarse, abs=1e-6)
    assert axes.effect(decode, stats, codes[:5], axis=1, cell_px=4)[0] < 0.05 * change


def test_an_axis_that_moves_nothing_has_no_coarse_share(codes):
    assert axes.effect(lambda z: torch.zeros(len(z), 3, 8, 8), latents.fit(codes), codes[:2], 0, 4) == (0, 0)


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.15"])
def test_strong_axes_of_a_trained_model_move_the_picture_more_and_more_coarsely_than_weak_ones(name):
    ckpt = aemodels.load_checkpoint(name)
    stats = latents.fit(ckpt.codes)
    effects = [axes.effect(ckpt.model.decode, stats, ckpt.codes[:4], axis, 16) for axis in (0, 31, 511)]
    changes, shares = zip(*effects, strict=True)
    assert changes[0] > 2 * changes[1] > 4 * changes[2] > 0
    assert shares[0] > 0.8 > 0.5 > max(shares[1:])


def test_the_plane_of_a_path_holds_what_lies_in_it():
    along, across, beside = torch.eye(6)[[1, 4, 2]]
    path = torch.stack([2 * along, -2 * along, across, -across, 0.5 * beside, -0.5 * beside]).view(6, 1, 2, 3)
    plane, share = axes.plane_of_path(path)
    torch.testing.assert_close(plane.abs(), torch.stack([along, across], dim=1))
    assert share == pytest.approx(10 / 10.5)


def test_a_path_that_stays_where_it_is_lies_in_its_plane():
    plane, share = axes.plane_of_path(torch.ones(3, 4))
    assert share == 1
    torch.testing.assert_close(plane.T @ plane, torch.eye(2))
