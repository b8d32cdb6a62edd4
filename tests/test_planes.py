import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from aemodels import latents, planes


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
    kinds = [latents.kind_of_place(s) for s in latents.support(codes, planes.cells(extent, 25)).tolist()]
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
