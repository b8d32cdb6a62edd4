import numpy as np
import pytest
import torch
from torch import nn

from aemodels.codes import twins


def test_weight_rms_is_that_of_the_matrices_alone():
    layers = nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5), nn.Linear(5, 2))
    matrices = np.concatenate([layers[i].weight.detach().double().numpy().ravel() for i in (0, 2)])
    nn.init.constant_(layers[0].bias, 100.0)
    nn.init.constant_(layers[1].weight, 100.0)
    rms = twins.weight_rms(layers)
    assert type(rms) is float
    assert rms == pytest.approx(np.sqrt((matrices**2).mean()), rel=1e-6)


def test_what_layer_norm_follows_may_be_scaled_and_the_rest_not():
    layers = nn.Sequential(
        nn.Sequential(nn.Linear(8, 6), nn.LayerNorm(6), nn.SiLU()),
        nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.SiLU()),
        nn.Linear(5, 2),
    )
    assert twins.num_scale_free(layers) == (2, 3)
    x = torch.randn(7, 8, generator=torch.Generator().manual_seed(0))
    before = layers(x)
    with torch.no_grad():
        for linear in (layers[0][0], layers[1][0]):
            linear.weight.mul_(0.5)
            linear.bias.mul_(0.5)
        torch.testing.assert_close(layers(x), before, atol=1e-3, rtol=1e-3)
        layers[2].weight.mul_(0.5)
        assert (layers(x) - before).abs().max() > 0.05


def test_relative_width_is_the_geometric_mean_of_both_axes():
    assert twins.relative_width((2.0, 8.0), (1.0, 1.0)) == pytest.approx(4)
    assert twins.relative_width((0.5, 3.0), (1.0, 6.0)) == pytest.approx(0.5)


def test_places_are_at_one_share_of_each_view_or_at_one_digit():
    codes = list(torch.from_numpy(np.random.default_rng(0).normal(size=(3, 200, 2)).astype(np.float32)))
    near = codes[0][123] + 1e-4
    assert [z.tolist() for z in twins.places(near, codes, [(0, 1, 0, 1)] * 3, "digit")] == [
        of_plane[123].tolist() for of_plane in codes
    ]
    views = [(0.0, 1.0, 0.0, 1.0), (0.0, 2.0, -4.0, 0.0), (10.0, 20.0, 5.0, 6.0)]
    found = twins.places(torch.tensor([0.25, 0.5]), codes, views, "place")
    assert [z.tolist() for z in found] == [[0.25, 0.5], [0.5, -2.0], [12.5, 5.5]]
