import numpy as np

from aemodels.report import plane_figures


def test_tint_is_red_in_holes_yellow_in_sparse_places_and_nothing_elsewhere():
    picture = plane_figures.tint(np.array([0.0, 0.009, 0.01, 0.049, 0.05, 1.0, 0.5, 0.0, 0.03]))
    red, yellow, none = list(plane_figures.HOLE_COLOUR), list(plane_figures.SPARSE_COLOUR), [0, 0, 0, 0]
    assert picture.tolist() == [[red, red, yellow], [yellow, none, none], [none, red, yellow]]
    assert red[0] > 2 * red[1]
    assert yellow[0] > yellow[1] > 2 * yellow[2]


def test_fade_makes_each_cell_as_full_as_twice_its_density():
    picture = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    faded = plane_figures.fade(picture, np.array([0.0, 0.05, 0.3, 0.9]))
    assert (faded[..., :3] == picture).all()
    expected = np.block([[np.full((6, 6), 26), np.full((6, 6), 26)], [np.full((6, 6), 153), np.full((6, 6), 255)]])
    assert (faded[..., 3] == expected).all()  # 255 × 0.1, 0.1, 0.6, 1


def test_over_mixes_by_the_alpha_and_leaves_an_opaque_picture():
    picture = np.array([[[200, 0, 100, 255], [200, 0, 100, 51], [200, 0, 100, 0]]], dtype=np.uint8)
    laid = plane_figures.over(picture, "#0a141e").astype(int)
    assert laid[0, [0, 2]].tolist() == [[200, 0, 100], [10, 20, 30]]
    assert np.abs(laid[0, 1] - (0.2 * np.array([200, 0, 100]) + 0.8 * np.array([10, 20, 30]))).max() <= 1
    assert (plane_figures.over(picture[..., :3], "#0a141e") == picture[..., :3]).all()
