"""Channel codes of finite length: the bound, a real code, and what photos are worth where a block may fail."""

from dataclasses import asdict

import pytest
import torch

from aemodels.noise import snr_db
from aemodels.quality import codec, metrics, separate
from aemodels.quality.codec import Encoding
from aemodels.quality.separate import ChannelCode, Trial
from aemodels.storage import measurements
from benchmarks import separate_coding
from benchmarks.channel_code import Link


def test_the_best_code_of_this_length():
    """Figures as of Polyanskiy, Poor and Verdú's formula; a longer code comes nearer to the capacity, a surer one carries less."""
    at = [separate.normal_approximation_bytes(v) for v in (0.05, 0.10, 0.15)]
    assert at == [269, 209, 176]
    assert all(a < codec.capacity_bytes(v) for a, v in zip(at, (0.05, 0.10, 0.15), strict=True))
    assert separate.normal_approximation_bytes(0.1, num_uses=102_400) == pytest.approx(100 * 221.4, rel=0.01)
    assert separate.normal_approximation_bytes(0.1, block_error=1e-6) < 209
    assert separate.normal_approximation_bytes(1e6) == 0
    with pytest.raises(ValueError, match="above 0"):
        separate.normal_approximation_bytes(0.0)


def test_a_real_code_works_where_it_can_and_fails_where_none_could():
    """230 bytes are possible at 13 dB (281 without error at best), and at 10 dB, where 221 are the most, hopeless."""
    link = Link(230, bits_per_symbol=6)
    good, hopeless = (link.simulate(snr, min_failed=1000, max_blocks=64) for snr in (13.5, 10.0))
    assert (good.num_blocks, good.rate) == (64, 0)
    assert (hopeless.num_blocks, hopeless.rate) == (64, 1)


def test_trials_end_with_enough_failures():
    trial = Link(230, bits_per_symbol=6).simulate(10.0, min_failed=1, max_blocks=10_000)
    assert (trial.num_blocks, trial.num_failed) == (16, 16)


def test_a_photo_whose_block_may_fail_is_worth_the_mean_of_both():
    sent, average = torch.tensor([0.001, 0.01]), torch.tensor([0.1, 0.1])
    assert separate.expected(sent, average, 0.0) == pytest.approx(metrics.summarise(sent))
    assert separate.expected(sent, average, 1.0)["psnr_db"] == pytest.approx(10)
    half = separate.expected(sent, average, 0.5)
    assert half["psnr_db"] == pytest.approx((30 + 20) / 4 + 10 / 2)
    assert half["mse"] == pytest.approx((0.0055 + 0.1) / 2)


def test_the_best_picture_that_a_block_carries():
    found = {2: [Encoding(100, 0.04), Encoding(150, 0.03), Encoding(151, 0.02)]}
    errors = separate_coding.vvc_errors(found, 150, 4)
    assert errors[2] == 0.03
    assert errors.isfinite().tolist() == [False, False, True, False]


def test_a_trial_that_is_known_is_not_made_again(monkeypatch):
    asked = []

    def simulate(link, snr, *limits):
        asked.append(snr)
        return Trial(snr, 16, 1)

    monkeypatch.setattr(Link, "simulate", simulate)
    code = ChannelCode(0.05, 230, 6, (Trial(snr_db(0.05) - 1, 64, 64), Trial(snr_db(0.05), 1000, 1)))
    assert separate_coding.tried(code, -1) == separate_coding.tried(code, 0) == code
    more = separate_coding.tried(code, -0.5)
    assert [trial.num_blocks for trial in more.trials] == [64, 16, 1000]  # by rising SNR
    assert asked == [snr_db(0.05) - 0.5]


def test_codes_come_back_as_they_were_kept(checkpoint_folder):
    assert measurements.read_separate_coding() == []
    code = ChannelCode(0.05, 230, 6, (Trial(12.0, 64, 64), Trial(snr_db(0.05), 1000, 1)))
    measurements.save_separate_coding([asdict(code)])
    assert separate.channel_codes(measurements.read_separate_coding()) == [code]
    assert code.trials[1].snr_db == code.snr_db
