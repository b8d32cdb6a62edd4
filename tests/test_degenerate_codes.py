"""Models that went wrong: what is measured of their codes is defined, finite where it can be, and raises no warning."""

import math

import numpy as np
import pytest
import torch

from aemodels.codes import axes, latents, perturbation, planes, probing, twins
from aemodels.noise import seeded_normal

pytestmark = pytest.mark.filterwarnings("error")
GRID, PLANE = (4, 2, 2), (2,)


def degenerate(shape):
    x = seeded_normal(range(200), shape)
    dead, one_alive = x.clone(), x.clone()
    dead.flatten(1)[:, 0] = 0.37
    one_alive.flatten(1)[:, 1:] = 0.37
    return {
        "dead number": dead,
        "one number alive": one_alive,
        "equal": x[:1].repeat(200, *[1] * len(shape)),
        "zero": torch.zeros_like(x),
        "huge": 1e6 * x,
        "very huge": 1e12 * x,
        "tiny": 1e-9 * x,
        "very tiny": 1e-30 * x,
        "far away": 1e6 + x,
        "one": x[:1],
        "two": x[:2],
        "three": x[:3],
        "two equal": x[:1].repeat(2, *[1] * len(shape)),
        "three places": x[:3].repeat(60, *[1] * len(shape)),
        "an outlier": torch.cat([1e-3 * x[1:], 1e6 * x[:1]]),
    }


KINDS = list(degenerate(PLANE))
SAME = ("equal", "zero", "one", "two equal")


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def decode(z):
    return z.flatten(1)[:, :16].reshape(-1, 1, 4, 4).sigmoid()


def test_a_box_has_an_area_and_holds_its_codes(kind):
    codes = degenerate(PLANE)[kind]
    box = planes.box(codes)
    assert box[0] < box[1]
    assert box[2] < box[3]
    assert np.isfinite(box).all()
    assert planes.num_inside(codes, planes.widen(planes.box(codes, 1.0))) == len(codes)
    for places in (planes.grid(box, 5), planes.cells(box, 5), planes.uniform(box, range(5))):
        assert places.isfinite().all()


def test_a_box_of_a_dead_number_is_square_and_that_of_one_place_reaches_1_to_either_side():
    x_min, x_max, y_min, y_max = planes.box(degenerate(PLANE)["dead number"])
    assert (x_min + x_max) / 2 == pytest.approx(0.37)
    assert x_max - x_min == pytest.approx(y_max - y_min)
    assert planes.box(torch.tensor([[3.0, -2.0]] * 5)) == (2, 4, -3, -1)
    assert planes.box(torch.tensor([[1e6, 0.0]] * 5)) == (999000, 1001000, -1, 1)


def test_the_box_of_sound_codes_is_that_of_their_quantiles():
    codes = seeded_normal(range(200), PLANE)
    low, high = np.quantile(codes.numpy(), [0.01, 0.99], axis=0)
    assert planes.box(codes) == pytest.approx((low[0], high[0], low[1], high[1]))


def test_support_is_a_share_everywhere(kind):
    codes = degenerate(PLANE)[kind]
    box = planes.box(codes)
    shares = planes.support(codes, torch.cat([codes, planes.cells(box, 5)]))
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert 0 <= planes.hole_share(codes, box, side=10) <= 1
    index, distance = planes.nearest_k(codes, codes[0], 5)
    assert len(index) == len(distance) == min(5, len(codes))
    assert distance[0] == 0


def test_few_codes_support_what_is_near_them_and_one_supports_nothing():
    """Once, where fewer than ten others were there, every place was as good as all."""
    two = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    assert planes.support(two, torch.tensor([[0.0, 0.1], [50.0, 0.0]])).tolist() == [1, 0]
    assert planes.support(two[:1], torch.tensor([[0.0, 0.0], [50.0, 0.0]])).tolist() == [0, 0]


def test_spread_is_exactly_zero_where_a_number_is_dead(kind):
    codes = degenerate(PLANE)[kind]
    stats = planes.plane_stats(codes, torch.arange(len(codes)) % 10)
    dead = {"dead number": [True, False], "one number alive": [False, True]}.get(kind, [kind in SAME] * 2)
    assert [spread == 0 for spread in stats.spread] == dead
    assert np.isfinite(stats.spread).all()
    assert math.isnan(stats.neighbour_accuracy) == (kind == "one")
    wider = twins.relative_width(stats.spread, (0.5, 0.4))
    assert (wider == 0) == any(dead)
    assert math.isfinite(wider)
    of_this = twins.relative_width((0.5, 0.4), stats.spread)
    assert math.isnan(of_this) == any(dead)


@pytest.mark.parametrize("link", ["place", "digit"])
def test_a_cursor_is_somewhere_in_every_plane(kind, link):
    codes = degenerate(PLANE)[kind]
    for view in (planes.box(codes), (0.37, 0.37, -1.0, 1.0), (0.0, 0.0, 0.0, 0.0)):
        for place in twins.places(codes[0], [codes, codes], [view, view], link):
            assert place.isfinite().all()


@pytest.mark.parametrize("shape", [GRID, (1,)])
@pytest.mark.parametrize("sampler", latents.SAMPLERS)
def test_a_gaussian_of_what_spreads_nowhere_has_rank_0_and_all_else_is_finite(kind, sampler, shape):
    codes = degenerate(shape)[kind]
    if kind == "one":
        with pytest.raises(ValueError, match="at least two codes"):
            latents.fit(codes, sampler)
        return
    stats = latents.fit(codes, sampler)
    size = codes[0].numel()
    expected = {"dead number": size - 1, "one number alive": 1}.get(kind, size)
    if kind in (*SAME, "very tiny"):  # squares of the latter leave float32
        expected = 0
    if kind == "an outlier" and sampler == "full":
        expected = 1
    if sampler == "standard":
        expected = size
    exact = sampler in ("full", "diagonal") and len(codes) > size and kind != "three places"
    if exact or kind in SAME:
        assert latents.rank(stats) == expected
    z = latents.sample(stats, range(3))
    steps = axes.walk(stats, codes[0], 0, torch.tensor([-1.0, 0, 1]))
    for numbers in (z, steps, latents.spectrum(stats), stats.covariance):
        assert numbers.isfinite().all()
    if kind in SAME and sampler != "standard":
        torch.testing.assert_close(z, codes[:1].flatten(1).expand(3, -1))
    if shape == GRID:
        change, share = axes.effect(decode, stats, codes[:3], 0, 2)
        assert 0 <= change <= 1
        assert 0 <= share <= 1 + 1e-6


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e6])
def test_a_mixture_of_scaled_codes_is_the_scaled_mixture(factor):
    codes = seeded_normal(range(300), GRID) + 3 * (torch.arange(300) % 2).view(-1, 1, 1, 1)
    plain, scaled = (latents.sample(latents.fit(f * codes, "mixture"), range(5)) for f in (1, factor))
    torch.testing.assert_close(scaled / factor, plain, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("factor", [1e-30, 1e-9, 1e6, 1e12])
def test_measures_without_a_unit_do_not_change_with_the_scale(factor):
    codes = seeded_normal(range(200), GRID)
    for measure in (latents.excess_kurtosis, perturbation.effective_dimensions, lambda z: probing.colour_axes(z)[2]):
        assert measure(factor * codes) == pytest.approx(measure(codes), rel=1e-4)
    white = seeded_normal([1, 2], GRID)
    shaped = perturbation.shaped_normal(factor * codes, white, [1, 2])
    torch.testing.assert_close(shaped, perturbation.shaped_normal(codes, white, [1, 2]), atol=1e-4, rtol=1e-4)
    mean, colours, _ = probing.colour_axes(codes)
    assert np.array_equal(
        probing.as_colours(codes[0], mean, colours),
        probing.as_colours(factor * codes[0], *probing.colour_axes(factor * codes)[:2]),
    )


def test_codes_that_do_not_differ_have_no_dimensions_and_give_noise_no_shape(kind):
    codes = degenerate(GRID)[kind]
    white = seeded_normal([1, 2, 3], GRID)
    dimensions, shaped = perturbation.effective_dimensions(codes), perturbation.shaped_normal(codes, white, [1, 2, 3])
    if kind in SAME:
        assert dimensions == 0
        assert not shaped.any()
    else:
        assert 1 - 1e-6 <= dimensions <= 16
        torch.testing.assert_close(shaped.square().flatten(1).mean(1), white.square().flatten(1).mean(1))
    assert -3.01 <= latents.excess_kurtosis(codes) < 300
    assert latents.mean_spacing(codes) >= 0
    assert torch.equal(latents.nearest(codes, codes[:1])[1], torch.zeros(1))


@pytest.mark.parametrize("num_channels", [1, 2, 4])
def test_a_code_can_be_shown_in_colours(kind, num_channels):
    codes = degenerate((num_channels, 2, 2))[kind]
    mean, colours, share = probing.colour_axes(codes)
    assert colours.shape == (num_channels, 3)
    assert colours.isfinite().all()
    assert 0 <= share <= 1 + 1e-9
    assert probing.as_colours(codes[0], mean, colours).shape == (2, 2, 3)


def test_equal_cells_are_grey_and_carry_no_share():
    mean, colours, share = probing.colour_axes(torch.full((5, 4, 2, 2), 0.1))
    assert share == 0
    assert (probing.as_colours(torch.full((4, 2, 2), 0.1), mean, colours) == 128).all()


def test_what_a_channel_is_worth_is_finite_even_where_nothing_is_lost(kind):
    codes = degenerate(GRID)[kind][:5]
    x, mean = decode(codes), codes.mean(0)
    errors = torch.stack([probing.knock_out_mse(decode, codes, mean, probing.channel(i), x) for i in range(4)])
    worth = probing.psnr_lost_db(errors, torch.zeros(len(codes)))
    assert worth.isfinite().all()
    assert (worth >= 0).all()
    reach = probing.reach_of_row(decode, codes, x, mean, 0)
    assert ((reach >= 0) | reach.isnan()).all()  # not a number where nothing changed


@pytest.mark.parametrize("way", [latents.lerp, latents.slerp])
def test_a_way_between_codes_is_finite_or_refused(kind, way):
    codes = degenerate(GRID)[kind]
    if way is latents.slerp and kind in ("zero", "very tiny"):  # squares of the latter leave float32
        with pytest.raises(ValueError, match="length 0"):
            way(codes[0], codes[-1], 5)
    else:
        assert way(codes[0], codes[-1], 5).isfinite().all()


def test_ink_beyond_the_range_by_rounding_has_no_entropy():
    assert planes.pixel_entropy(torch.tensor([[1 + 1e-7, -1e-7]])).tolist() == [0]
