import numpy as np
import pytest
import torch
from untrained import build

import aemodels
from aemodels.codes import clusters
from aemodels.data.mnist import load_mnist_test_digits
from aemodels.quality import anomaly
from aemodels.quality.metrics import bce, mse


def test_the_area_is_the_chance_that_a_strange_score_is_the_larger():
    usual, strange = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([2.5, 3.0, 9.0])
    pairs = [(s > u) + (s == u) / 2 for u in usual.tolist() for s in strange.tolist()]
    curve = anomaly.roc(usual, strange)
    assert curve.area == pytest.approx(sum(pairs) / 12)
    assert (curve.false_alarms[0], curve.detected[0]) == (0, 0)
    assert (curve.false_alarms[-1], curve.detected[-1]) == (1, 1)
    assert (np.diff(curve.detected) >= 0).all()
    assert anomaly.roc(usual, usual).area == pytest.approx(0.5)
    assert anomaly.roc(usual, strange + 9).area == 1


@pytest.mark.parametrize(("share", "num_flagged"), [(0.05, 3), (0.0, 0), (0.01, 1), (1.0, 64), (0.5, 32)])
def test_as_many_are_flagged_as_come_nearest_to_the_share(share, num_flagged):
    """Of 64 pictures 5% is 3.2: three of them, 4.7%, not four, 6.2%."""
    usual = torch.rand(64, generator=torch.Generator().manual_seed(0)) / 100
    assert (usual >= anomaly.threshold(usual, share)).sum() == num_flagged


def test_the_score_is_bce_or_mse_as_the_model_was_trained(mlp_config, conv_config):
    for config, error in ((mlp_config, bce), (conv_config, mse)):
        model = build(config)
        x = torch.rand(4, *config.image_shape, generator=torch.Generator().manual_seed(0))
        score = anomaly.score(model, x, anomaly.rebuild(model, x))
        torch.testing.assert_close(score, error(x, model(x)))


def test_steps_that_improve_a_code_are_left_out():
    ckpt = aemodels.load_checkpoint("dog-ae")
    x = ckpt.model.decode(ckpt.codes[:2])
    assert torch.equal(anomaly.rebuild(ckpt.model, x), ckpt.model.decode(ckpt.model.first_code(x)))


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 28, 28), (1, 8, 12)])
def test_pictures_fit_another_shape_and_keep_their_mean(shape):
    images = torch.randint(256, (2, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    fitted = anomaly.fitted(images, shape)
    assert fitted.shape == (2, *shape)
    assert 0 <= fitted.min() < fitted.max() <= 1
    torch.testing.assert_close(fitted.mean((1, 2, 3)), images.float().mean((1, 2, 3)) / 255, atol=0.02, rtol=0)


def test_colours_are_averaged_and_grey_is_repeated():
    colours = torch.tensor([255, 255, 252], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    torch.testing.assert_close(anomaly.fitted(colours, (1, 4, 4)), torch.full((1, 1, 4, 4), 254 / 255))
    torch.testing.assert_close(anomaly.fitted(colours[:, 2:], (3, 4, 4)), torch.full((1, 3, 4, 4), 252 / 255))


def test_the_digit_model_tells_noise_and_turned_digits():
    model = aemodels.load_checkpoint("mnist-ae").model
    x = load_mnist_test_digits()[0][:300].float() / 255

    def area(strange):
        scores = [anomaly.score(model, images, anomaly.rebuild(model, images)) for images in (x, strange)]
        return anomaly.roc(*scores).area

    assert area(anomaly.noise(range(300), (1, 28, 28))) > 0.99
    assert 0.6 < area(x.rot90(1, (2, 3))) < 0.99


def test_purity_counts_the_commonest_label_of_each_cluster():
    found, labels = torch.tensor([0, 0, 0, 1, 1, 2]), torch.tensor([1, 1, 0, 0, 2, 2])
    assert clusters.purity(found, labels) == pytest.approx((2 + 1 + 1) / 6)


def test_k_means_finds_clusters_that_are_there():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    codes = 10 * torch.eye(3)[labels] + torch.randn(300, 3, generator=generator)
    found = clusters.cluster(codes.view(300, 3, 1, 1), labels, seed=0)
    assert (found.k, found.n) == (3, 300)
    assert found.purity > 0.99
    assert 1 / 3 < found.chance < 0.45
    without = labels.clone()
    without[:30] = -1
    assert clusters.cluster(codes, without, seed=0).n == 270


@pytest.mark.parametrize(
    ("codes", "labels"), [(torch.ones(9, 2), torch.arange(9) % 3), (torch.rand(9, 2), torch.full((9,), -1))]
)
def test_no_clusters_where_there_are_none(codes, labels):
    assert clusters.cluster(codes, labels, seed=0) is None
