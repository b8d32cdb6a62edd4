"""Source coding and channel coding apart, with channel codes of finite length: how much they can carry, and what photos are worth where
a block of them may fail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import e, floor, log2, sqrt
from statistics import NormalDist
from typing import Any

from torch import Tensor

from aemodels.noise import snr_db
from aemodels.quality.metrics import mean_and_ci95, psnr_of_mse, summarise

BLOCK_ERROR = 1e-3  # share of the blocks that may fail at the SNR that a code is made for
# Keys of photo_errors.save_baselines: each photo as the best VVC that a real code of this length carries, and that the best code of it
# could carry at most, by the variance that the code is made for; and as the average training photo, which stands for it where its block fails.
SENT, BOUND, AVERAGE = "separate", "bound", "average"


@dataclass(frozen=True)
class Trial:
    """Of num_blocks blocks that were sent at this SNR in dB, num_failed came out wrong."""

    snr_db: float
    num_blocks: int
    num_failed: int

    @property
    def rate(self) -> float:
        return self.num_failed / self.num_blocks


@dataclass(frozen=True)
class ChannelCode:
    """A code that is made for this noise variance: the bytes of its blocks, the bits of a QAM symbol, and its trials by rising SNR."""

    noise_variance: float
    num_bytes: int
    bits_per_symbol: int
    trials: tuple[Trial, ...]

    @property
    def snr_db(self) -> float:
        return snr_db(self.noise_variance)


def channel_codes(results: Iterable[Mapping[str, Any]]) -> list[ChannelCode]:
    """From what `dataclasses.asdict` made of them."""
    return [ChannelCode(**{**code, "trials": tuple(Trial(**trial) for trial in code["trials"])}) for code in results]


def normal_approximation_bytes(variance: float, num_uses: int = 1024, block_error: float = BLOCK_ERROR) -> int:
    """Whole bytes that the best code of num_uses real channel uses carries, at unit power through noise of this variance (> 0), where
    this share of its blocks may fail: the normal approximation nC − √(nV)·Q⁻¹(ε) + ½·log2 n bits.

    C = ½·log2(1 + P) and V = P·(P + 2) / (2·(P + 1)²)·log2²e, P = 1 / variance (Polyanskiy, Poor, Verdú 2010, eq. 223 and
    Theorem 54). Less than codec.capacity_bytes, which only codes of endless length reach.
    """
    if not variance > 0:
        raise ValueError(f"A channel with noise variance {variance:g} carries any number of bytes; it must be above 0.")
    snr = 1 / variance
    capacity = 0.5 * log2(1 + snr)
    dispersion = snr * (snr + 2) / (2 * (snr + 1) ** 2) * log2(e) ** 2
    quantile = NormalDist().inv_cdf(1 - block_error)
    bits = num_uses * capacity - sqrt(num_uses * dispersion) * quantile + 0.5 * log2(num_uses)
    return max(0, floor(bits / 8))


def expected(sent: Tensor, average: Tensor, failure_rate: float) -> dict[str, Any]:
    """Figures of metrics.summarise for photos whose block fails with this probability, as expectations over the channel.

    sent     mean squared error (N,) of each photo where its block arrives
    average  that of what stands for the photo where the block fails
    """
    sent, average = sent.double(), average.double()
    mean, half_width = mean_and_ci95((1 - failure_rate) * psnr_of_mse(sent) + failure_rate * psnr_of_mse(average))
    of_errors = summarise((1 - failure_rate) * sent + failure_rate * average)
    return of_errors | {"psnr_db": mean, "psnr_db_ci95": half_width}
