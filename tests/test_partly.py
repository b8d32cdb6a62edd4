"""The mean over all images from the errors of some, against the truth, where it is known."""

import pytest
import torch

from aemodels.quality.metrics import summarise
from aemodels.quality.partly import summarise_part


def errors(num=400, seed=0):
    """Of two codecs that find the same images hard: one is some 1 dB better."""
    generator = torch.Generator().manual_seed(seed)
    hard = 10 ** torch.empty(num).normal_(-2.4, 0.25, generator=generator)
    return hard * 10 ** torch.empty(num).normal_(-0.1, 0.03, generator=generator), hard


def part(whole, num, generator):
    chosen = torch.randperm(len(whole), generator=generator)[:num]
    return torch.full_like(whole, float("nan")).index_copy(0, chosen, whole[chosen])


def test_where_all_are_measured_it_is_the_mean():
    better, known = errors()
    expected = summarise(better)
    found = summarise_part(better, known)
    assert found.pop("num_test_images") == 400
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("key", ["psnr_db", "psnr_of_mean_mse_db"])
def test_of_a_few_it_is_far_nearer_than_their_own_mean(key):
    better, known = errors()
    truth = summarise(better)[key]
    generator = torch.Generator().manual_seed(0)
    parts = [part(better, 40, generator) for _ in range(100)]
    carried = torch.tensor([summarise_part(p, known)[key] - truth for p in parts])
    alone = torch.tensor([summarise(p[p.isfinite()])[key] - truth for p in parts])
    assert carried.mean().abs() < 3 * carried.std() / 10
    assert carried.std() < alone.std() / 3


def test_the_interval_holds_the_truth_19_times_of_20():
    """The truth being the mean of the distribution that all images are drawn from."""
    many, _ = errors(200_000, seed=1)
    truth = summarise(many)["psnr_db"]
    held, generator = 0, torch.Generator().manual_seed(0)
    for seed in range(300):
        better, known = errors(seed=seed + 10)
        found = summarise_part(part(better, 60, generator), known)
        held += abs(found["psnr_db"] - truth) < found["psnr_db_ci95"]
        assert found["num_images"] == 60
    assert 0.91 < held / 300 < 0.985
