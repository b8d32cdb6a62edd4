"""What the first k numbers of a nested code and as many principal components rebuild."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from untrained import build

import aemodels
from aemodels.data.mnist import load_mnist_test_digits
from aemodels.quality import baselines, code_sizes, curves
from aemodels.storage import checkpoints, measurements

NESTED = [
    name for name in aemodels.list_checkpoints() if checkpoints.read_header(name)["model_config"]["variant"] == "nested"
]


@pytest.fixture(scope="module")
def digits():
    return load_mnist_test_digits()[0][::200]


@pytest.fixture
def model(mlp_config):
    return build(replace(mlp_config, variant="nested", latent_shape=(5,)))


def test_scores_at_each_size_are_those_of_the_pictures(model, digits):
    pca = code_sizes.mnist_pca(5)
    found = code_sizes.measure(model, digits, pca, batch_size=17)
    x = digits.float() / 255
    z = model.encode(x)
    assert found.k == [1, 2, 3, 4, 5]
    assert found.num_images == 50
    for i, k in enumerate(found.k):
        kept = torch.cat([z[:, :k], torch.zeros(50, 5 - k)], dim=1)
        network, components = model.decode(kept), code_sizes.project(pca, x, k)
        shown = components.clamp(0.5 / 255, 1 - 0.5 / 255)
        for scores, x_hat, in_bce in ((found.network, network, network), (found.pca, components, shown)):
            assert scores.psnr_db[i] == pytest.approx(aemodels.psnr_db(x, x_hat).mean().item(), abs=1e-3)
            assert scores.mse[i] == pytest.approx((x - x_hat).square().mean().item(), rel=1e-4)
            p, q = x.double(), in_bce.double()
            assert scores.bce[i] == pytest.approx(-(p * q.log() + (1 - p) * (1 - q).log()).mean().item(), rel=1e-4)
    mean = pca.mean.view(1, 28, 28)
    assert found.mean_picture_mse == pytest.approx((x - mean).square().mean().item(), rel=1e-4)


def test_without_components_there_is_the_network_alone(model, digits):
    found = code_sizes.measure(model, digits, None)
    x = digits.float() / 255
    assert found.pca is None
    assert found.mean_picture_mse == pytest.approx((x - x.mean(0)).square().mean().item(), rel=1e-4)


def test_components_of_the_shipped_statistics_are_those_of_the_train_digits(data_folder):
    from aemodels.data.mnist import load_mnist

    shipped = code_sizes.mnist_pca(16)
    again = baselines.fit_pca(load_mnist(data_folder, train=True)[0], 16)
    assert (shipped.components @ shipped.components.T - torch.eye(16)).abs().max() < 1e-5
    assert (shipped.components[:8] @ again.components[:8].T).diagonal().abs().min() > 0.999
    np.testing.assert_allclose(shipped.variances, again.variances, rtol=0.01)


def test_all_components_give_the_picture_back(digits):
    x = digits.float() / 255
    assert (code_sizes.project(code_sizes.mnist_pca(784), x, 784) - x).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("longest", "expected", "doubled"),
    [(1, [1], [1]), (2, [1, 2], [1, 2]), (5, [1, 2, 3, 4, 5], [1, 2, 4, 5]), (8, list(range(1, 9)), [1, 2, 4, 8])],
)
def test_sizes_of_short_codes(longest, expected, doubled):
    assert code_sizes.sizes(longest) == expected
    assert code_sizes.doublings(longest) == doubled


@pytest.mark.parametrize("longest", [64, 65, 128, 1000])
def test_sizes_of_long_codes(longest):
    sizes = code_sizes.sizes(longest)
    assert sizes[:64] == list(range(1, 65))
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == longest
    assert len(sizes) <= 64 + 8 * max(0, np.log2(longest / 64)) + 1
    assert set(code_sizes.doublings(longest)) <= set(sizes)


def test_needed_is_the_smallest():
    assert code_sizes.needed([1.0, 3.0, 2.0, 5.0], [1, 2, 4, 8], 2.5) == 2
    assert code_sizes.needed([1.0, 3.0], [1, 2], 3.5) is None


@pytest.mark.parametrize("name", NESTED)
def test_what_ships_is_measured_on_all_test_digits(name):
    kept = curves.of_model(measurements.read_curves(), name, checkpoints.read_header(name)["provenance"])["sizes"]
    metrics = checkpoints.read_header(name)["metrics"]
    assert kept["num_images"] == 10_000
    assert kept["network"]["psnr_db"][-1] == pytest.approx(metrics["psnr_db"], abs=1e-3)
    assert kept["network"]["bce"][-1] == pytest.approx(metrics["bce"], rel=1e-4)
    for scores in (kept["network"], kept["pca"]):
        assert len(scores["mse"]) == len(kept["k"]) == checkpoints.read_header(name)["model_config"]["latent_shape"][0]


@pytest.mark.release
@pytest.mark.parametrize("name", NESTED)
def test_sizes_measured_again_are_what_is_kept(name, monkeypatch):
    kept = measurements.read_curves()["models"][name]["sizes"]
    some = kept["k"][::9]  # each is measured by itself
    monkeypatch.setattr(code_sizes, "sizes", lambda longest: some)
    again = curves.measure(aemodels.load_checkpoint(name))["sizes"]
    assert again["k"] == some
    for part in ("network", "pca"):
        for score, values in kept[part].items():
            assert again[part][score] == pytest.approx(values[::9], rel=1e-4)
