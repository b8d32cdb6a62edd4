"""Differences over the same images, against resampling and by hand."""

import pytest
import torch

from aemodels.quality import metrics, pairs


def errors(n=1000):
    """Of two models on images that are easy or hard for both."""
    generator = torch.Generator().manual_seed(0)
    hardness = torch.randn(n, generator=generator).double()
    own = 0.1 * torch.randn(2, n, generator=generator).double()
    return [0.004 * (0.5 * hardness + of_model + better).exp() for of_model, better in zip(own, (-0.1, 0), strict=True)]


@pytest.mark.parametrize("convention", ["psnr_db", "psnr_of_mean_mse_db"])
def test_the_difference_is_that_of_the_means_and_its_interval_what_resampling_says(convention):
    a, b = errors()
    db, ci95 = pairs.difference(a, b, convention)
    of_each = [metrics.summarise(e) for e in (a, b)]
    assert db == pytest.approx(of_each[0][convention] - of_each[1][convention])
    picks = torch.randint(0, len(a), (2000, len(a)), generator=torch.Generator().manual_seed(1))
    drawn = [10 * (e[picks].log10().mean(1) if convention == "psnr_db" else e[picks].mean(1).log10()) for e in (b, a)]
    assert ci95 == pytest.approx(1.96 * (drawn[0] - drawn[1]).std().item(), rel=0.06)
    assert ci95 < 0.4 * of_each[0][f"{convention}_ci95"]  # much narrower than that of either mean


def test_images_that_were_not_measured_of_both_are_left_out():
    a, b = errors(100)
    alone = pairs.difference(a[:60], b[:60], "psnr_of_mean_mse_db")
    a[60:80] = b[75:] = torch.nan
    assert pairs.difference(a, b, "psnr_of_mean_mse_db") == pytest.approx(alone)
    assert pairs.in_common(a, b).tolist() == [True] * 60 + [False] * 40
    assert not pairs.in_common(a, b[:50]).any()
