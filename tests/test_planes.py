import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from test_latents import normal_codes

from aemodels.codes import planes


def uniform_codes(n, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random((n, 2), dtype=np.float32))


def test_share_within_a_ring_of_a_normal_distribution():
    z = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(2))
    for radius in planes.RINGS:
        assert planes.share_within(z, radius) == pytest.approx(1 - np.exp(-(radius**2) / 2), abs=0.004)
    assert planes.share_within(torch.tensor([[3.0, 4.0], [0.0, 1.0]]), 5.0) == 1
    assert planes.share_within(torch.tensor([[3.0, 4.0], [0.0, 1.0]]), 4.9) == 0.5


def test_normal_hole_share_is_how_often_draws_of_a_normal_distribution_fall_into_holes():
    codes = torch.randn(5000, 2, generator=torch.Generator().manual_seed(0))
    z = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(1))
    for moved in (codes, 0.3 * codes, codes + torch.tensor([1.5, 0.0]), codes + 50):
        drawn = (planes.support(moved, z) < planes.HOLE_BELOW).double().mean().item()
        assert planes.normal_hole_share(moved) == pytest.approx(drawn, abs=0.005)
    assert 0 < planes.normal_hole_share(codes) < 0.02  # HOLE_BELOW: few codes are lonelier than that
    assert planes.normal_hole_share(codes + 50) == 1


def test_box_holds_the_central_share_along_each_axis():
    codes = uniform_codes(20_000) * torch.tensor([10.0, 2.0]) + torch.tensor([-5.0, 7.0])
    assert planes.box(codes, 0.9) == pytest.approx((-4.5, 4.5, 7.1, 8.9), abs=0.1)
    assert planes.box(codes, 1.0) == pytest.approx(
        (codes[:, 0].min().item(), codes[:, 0].max().item(), codes[:, 1].min().item(), codes[:, 1].max().item())
    )
    x_min, x_max, y_min, y_max = planes.box(codes)
    x, y = codes.T
    assert ((x >= x_min) & (x <= x_max)).float().mean().item() == pytest.approx(0.98, abs=1e-3)
    assert ((y >= y_min) & (y <= y_max)).float().mean().item() == pytest.approx(0.98, abs=1e-3)


def test_a_stray_code_does_not_stretch_the_box():
    codes = torch.cat([uniform_codes(1000), torch.tensor([[1e6, -1e6]])])
    x_min, x_max, y_min, y_max = planes.box(codes)
    assert 0 <= x_min < x_max <= 1
    assert 0 <= y_min < y_max <= 1


def test_num_inside_counts_codes_up_to_the_edges():
    codes = torch.tensor([[0.0, 0.0], [1.0, 2.0], [1.1, 1.0], [0.5, -0.1], [0.5, 1.0]])
    assert planes.num_inside(codes, (0.0, 1.0, 0.0, 2.0)) == 3
    many = uniform_codes(5000)
    x, y = many.numpy().T
    assert planes.num_inside(many, (0.2, 0.7, 0.1, 0.4)) == ((x >= 0.2) & (x <= 0.7) & (y >= 0.1) & (y <= 0.4)).sum()


def test_widen_leaves_room_on_every_side():
    assert planes.widen((0.0, 10.0, -2.0, 2.0)) == pytest.approx((-0.3, 10.3, -2.12, 2.12))


def test_grid_lies_as_an_image_is_read():
    codes = planes.grid((-1.0, 3.0, 10.0, 20.0), 5)
    rows = codes.view(5, 5, 2)
    assert codes.shape == (25, 2)
    assert (rows[0, :, 1] == 20).all()  # the first row has the greatest y
    assert (rows[-1, :, 1] == 10).all()
    assert (rows[:, 0, 0] == -1).all()  # the first column has the least x
    assert (rows[:, -1, 0] == 3).all()
    torch.testing.assert_close(rows[2, :, 0], torch.tensor([-1.0, 0, 1, 2, 3]))
    torch.testing.assert_close(rows[:, 3, 1], torch.tensor([20.0, 17.5, 15, 12.5, 10]))


def test_uniform_stays_in_its_box_and_covers_it():
    x, y = planes.uniform((-2.0, 6.0, 10.0, 11.0), range(4000)).T
    assert -2 <= x.min() < -1.9
    assert 5.9 < x.max() <= 6
    assert 10 <= y.min() < 10.02
    assert 10.98 < y.max() <= 11
    counts, _, _ = np.histogram2d(x, y, bins=4, range=[[-2, 6], [10, 11]])
    assert counts.min() > 180  # 250 expected in each of 16 cells, standard deviation 15
    assert counts.max() < 320


def test_uniform_takes_one_seed_a_code():
    batch = planes.uniform((0, 1, 0, 1), [3, 4])
    assert torch.equal(planes.uniform((0, 1, 0, 1), [4])[0], batch[1])
    assert not torch.equal(batch[0], batch[1])


def test_support_against_brute_force():
    codes, z = normal_codes(300, 2), normal_codes(40, 2, seed=1) * 1.5
    k = 10
    a, b = codes.double().numpy(), z.double().numpy()
    of_codes = np.sort(np.linalg.norm(a[:, None] - a[None], axis=2), axis=1)[:, k]  # column 0 is the code itself
    of_z = np.sort(np.linalg.norm(b[:, None] - a[None], axis=2), axis=1)[:, k - 1]
    expected = (of_codes[None] >= of_z[:, None]).mean(1)
    np.testing.assert_allclose(planes.support(codes, z, k), expected, atol=1.5 / 300)
    assert expected.std() > 0.2


def test_support_of_the_densest_place_and_of_a_far_one():
    codes = torch.cat([normal_codes(1000, 2), normal_codes(20, 2, seed=1) * 1e-3])
    densest, far, edge = planes.support(codes, torch.tensor([[0.0, 0.0], [100.0, 100.0], [2.5, 0.0]])).tolist()
    assert far == 0
    assert densest > 0.98
    assert 0 < edge < 0.3


def test_support_of_a_hole_between_clusters_is_low():
    codes = torch.cat([normal_codes(500, 2) * 0.1 - 2, normal_codes(500, 2, seed=1) * 0.1 + 2])
    hole, cluster = planes.support(codes, torch.tensor([[0.0, 0.0], [2.0, 2.0]])).tolist()
    assert hole == 0
    assert cluster > 0.6


def test_plane_stats_of_two_tight_pure_clusters():
    codes = torch.cat([normal_codes(500, 2) * 0.01 - 1, normal_codes(500, 2, seed=1) * 0.01 + 1])
    labels = torch.arange(1000) // 500
    stats = planes.plane_stats(codes, labels)
    assert stats.neighbour_accuracy == 1
    assert stats.spread == pytest.approx((1, 1), rel=0.01)


def test_plane_stats_of_a_uniform_square_with_random_labels():
    codes = uniform_codes(30_000) * torch.tensor([10.0, 1.0])
    labels = torch.from_numpy(np.random.default_rng(1).integers(0, 10, 30_000))
    stats = planes.plane_stats(codes, labels)
    assert stats.neighbour_accuracy == pytest.approx(0.1, abs=0.01)
    assert stats.spread == pytest.approx((10 / np.sqrt(12), 1 / np.sqrt(12)), rel=0.02)


def test_a_code_on_top_of_another_is_not_its_own_neighbour():
    codes = uniform_codes(100).repeat(2, 1)
    labels = torch.cat([torch.zeros(100), torch.ones(100)])  # each code's twin has the other label
    assert planes.plane_stats(codes, labels).neighbour_accuracy == 0


@pytest.mark.parametrize(
    ("share", "kind"),
    [(0, "hole"), (0.009, "hole"), (0.01, "sparse"), (0.04, "sparse"), (0.05, "supported"), (1, "supported")],
)
def test_kinds_of_place(share, kind):
    assert planes.kind_of_place(share) == kind


def test_pixel_entropy_against_numpy():
    x_hat = torch.from_numpy(np.random.default_rng(0).random((4, 1, 9, 9), dtype=np.float32))
    p = x_hat.double().numpy().reshape(4, -1)
    expected = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean(1)
    np.testing.assert_allclose(planes.pixel_entropy(x_hat), expected, rtol=1e-5)


def test_pixel_entropy_is_none_in_black_and_white_and_most_in_grey():
    x_hat = torch.stack([torch.zeros(1, 4, 4), torch.ones(1, 4, 4), torch.full((1, 4, 4), 0.5)])
    assert planes.pixel_entropy(x_hat).tolist() == pytest.approx([0, 0, np.log(2)])


def test_plane_stats_are_plain_values():
    plane = planes.plane_stats(uniform_codes(50), torch.zeros(50))
    assert all(type(value) is float for value in (*plane.spread, plane.neighbour_accuracy))


def test_cells_tile_the_box_row_by_row_from_the_top():
    z = planes.cells((0.0, 4.0, 10.0, 18.0), 2)
    assert z.tolist() == [[1, 16], [3, 16], [1, 12], [3, 12]]


def test_nearest_k_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(500, 2)).astype(np.float32)
    for place in rng.normal(size=(20, 2)).astype(np.float32):
        index, distance = planes.nearest_k(torch.from_numpy(codes), torch.from_numpy(place), 5)
        expected, order = NearestNeighbors(n_neighbors=5).fit(codes).kneighbors(place[None])
        assert index.tolist() == order[0].tolist()
        assert distance.numpy() == pytest.approx(expected[0], rel=1e-5)


def test_hole_share_of_a_half_filled_box():
    codes = torch.from_numpy(np.random.default_rng(1).random((5000, 2)).astype(np.float32))
    codes[:, 0] /= 2
    # The left half is full; the right half is empty but for a rim, narrow beside it, whose width is set by the loneliest.
    tree_distance = np.sort(NearestNeighbors(n_neighbors=11).fit(codes).kneighbors(codes)[0][:, -1])
    rim = tree_distance[int(0.99 * len(codes))]
    share = planes.hole_share(codes, (0.0, 1.0, 0.0, 1.0))
    assert 0.5 - 1.5 * rim < share < 0.51
    assert planes.hole_share(codes, (0.1, 0.4, 0.1, 0.9)) < 0.02
    assert planes.hole_share(codes, (5.0, 6.0, 5.0, 6.0)) == 1


def test_hole_share_counts_the_cells_that_the_rule_calls_holes():
    codes = torch.from_numpy(np.random.default_rng(2).normal(size=(2000, 2)).astype(np.float32))
    extent = (-3.0, 3.0, -3.0, 3.0)
    kinds = [planes.kind_of_place(s) for s in planes.support(codes, planes.cells(extent, 25)).tolist()]
    assert planes.hole_share(codes, extent, 25) == pytest.approx(kinds.count("hole") / 625)
    assert 0.1 < kinds.count("hole") / 625 < 0.9


def test_distance_to_images_is_the_least_root_mean_square_difference():
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (40, 1, 6, 6), dtype=np.uint8)
    x = rng.random((3, 1, 6, 6)).astype(np.float32)
    x[0] = images[7] / 255
    rms = np.sqrt(((x[:, None] - images[None] / 255.0) ** 2).mean((2, 3, 4)))
    found = planes.distance_to_images(torch.from_numpy(x), torch.from_numpy(images), [])
    assert found.numpy() == pytest.approx(rms.min(1), abs=1e-3)
    assert found[0] == pytest.approx(0, abs=1e-3)
    besides = planes.distance_to_images(torch.from_numpy(x), torch.from_numpy(images), [7])
    assert besides.numpy() == pytest.approx(np.delete(rms, 7, 1).min(1), abs=1e-3)
    assert besides[0] > 0.1
