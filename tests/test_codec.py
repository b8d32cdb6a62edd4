"""The capacity of the channel against closed forms, and the search for a photo's best encodings against all of them."""

from math import inf, log10
from typing import ClassVar

import pytest
import torch

from aemodels.errors import LatentLabError
from aemodels.quality import codec
from aemodels.quality.codec import Encoding


@pytest.mark.parametrize(("variance", "num_bytes"), [(0.05, 281), (0.10, 221), (0.15, 188), (1.0, 64), (1 / 3, 128)])
def test_capacity_of_1024_uses(variance, num_bytes):
    assert codec.capacity_bytes(variance) == num_bytes


def test_capacity_grows_with_uses_and_by_half_a_bit_per_6_db():
    assert codec.capacity_bytes(0.1, num_uses=2048) == 442
    # At high SNR a quarter of the noise is one bit more a use: 1,024 bits, 128 bytes.
    assert codec.capacity_bytes(0.25e-6) - codec.capacity_bytes(1e-6) == pytest.approx(128, abs=1)


@pytest.mark.parametrize("variance", [0.0, -0.1, float("nan")])
def test_a_channel_without_noise_has_no_capacity_to_speak_of(variance):
    with pytest.raises(ValueError, match="must be above 0"):
        codec.capacity_bytes(variance)


def test_best_within_is_the_least_error_that_fits():
    candidates = [
        Encoding(100, 0.02),
        Encoding(150, 0.01),
        Encoding(140, 0.03),
        Encoding(200, 0.001),
    ]
    assert codec.best_within(candidates, 199) == candidates[1]
    assert codec.best_within(candidates, 200) == candidates[3]
    assert codec.best_within(candidates, 149) == candidates[0]
    with pytest.raises(LatentLabError, match="carries 99 bytes of a photo, and no file of this codec is that small"):
        codec.best_within(candidates, 99)


def test_dominated_encodings_are_left_out():
    best = [Encoding(100, 0.02), Encoding(150, 0.01)]
    others = [Encoding(100, 0.03), Encoding(120, 0.02), Encoding(160, 0.01)]
    assert codec.undominated([others[2], best[1], *others[:2], best[0]]) == best


def test_between_two_encodings_the_error_in_db_lies_on_a_line():
    two = [Encoding(100, 0.01), Encoding(200, 0.001)]
    assert codec.interpolated(two, 150) == pytest.approx(0.01 / 10**0.5)
    assert codec.interpolated(two, 99) == inf
    assert codec.interpolated(two, 300) == pytest.approx(0.001)
    assert codec.interpolated([], 300) == inf


class Coder:
    """A codec of known bytes and errors, which counts what is asked of it. Way "b" is better above some 270 bytes, "c" nowhere."""

    errors: ClassVar = {"a": (1.0, 60), "b": (1.6, 100), "c": (5.0, 100)}

    def __init__(self):
        self.thorough = []

    def __call__(self, way, level, quick):
        if not quick:
            self.thorough.append((way, level))
        scale, wears_off = self.errors[way]
        num_bytes = round(20 * 1.1**level) + (3 if quick else level % 2)
        return Encoding(
            num_bytes, (1.05 if quick else 1) * scale * 0.1 * 2 ** (-num_bytes / wears_off) + 0.02 * (way == "a")
        )


@pytest.mark.parametrize("budgets", [[30], [100, 150], [150, 176, 281], [30, 400]])
def test_the_search_finds_the_best_of_all(budgets):
    coder = Coder()
    found = codec.search(coder, "abc", 40, budgets)
    everything = [Coder()(way, level, False) for way in "abc" for level in range(40)]
    for budget in budgets:
        assert codec.best_within(found, budget) == codec.best_within(everything, budget)
    assert len(set(coder.thorough)) == len(coder.thorough)
    assert "c" not in dict(coder.thorough)


def test_the_search_encodes_what_lies_between_the_budgets_and_little_else():
    coder = Coder()
    codec.search(coder, "a", 40, [100, 200])
    levels = sorted(level for _, level in coder.thorough)
    assert levels == list(range(levels[0], levels[-1] + 1))
    assert 8 <= len(levels) <= 11  # 1.1**8 is 2.1


def test_a_photo_that_fits_into_no_budget_has_no_encodings():
    assert codec.search(Coder(), "abc", 40, [10]) == []


FOUND = {
    2: [Encoding(200, 0.01), Encoding(280, 0.001), Encoding(282, 0.0001)],
    0: [Encoding(100, 0.1)],
}


def test_at_capacity_takes_the_best_that_fits_of_each_photo():
    photos = {0: FOUND[0], 1: FOUND[2]}
    (low, high), errors = codec.at_capacity(photos, 2, [0.05, 0.10])
    assert (low["budget_bytes"], high["budget_bytes"]) == (281, 221)
    assert (low["mean_payload_bytes"], high["mean_payload_bytes"]) == (190, 150)
    assert low["psnr_db"] == pytest.approx((30 + 10) / 2)
    assert high["psnr_of_mean_mse_db"] == pytest.approx(-10 * log10(0.055))
    assert low["num_images"] == 2
    assert "num_test_images" not in low
    assert {variance: of.tolist() for variance, of in errors.items()} == {0.05: [0.1, 0.001], 0.10: [0.1, 0.01]}


def test_of_a_part_of_the_photos_the_linear_code_tells_the_rest():
    """On both that are measured, the codec has a tenth of the linear code's error at variance 0.05."""
    linear = torch.tensor([1.0, 0.5, 0.01])
    (low, high), errors = codec.at_capacity(FOUND, 3, [0.05, 0.10], others={"linear_code": {0.05: linear}})
    assert errors[0.05].isnan().tolist() == [False, True, False]
    assert (low["num_images"], low["num_test_images"], low["beside"]) == (2, 3, "linear_code")
    assert low["psnr_db"] == pytest.approx(sum(10 - 10 * log10(e) for e in linear.tolist()) / 3)
    # Nothing is known of the linear code at the other variance.
    assert (high["num_images"], high["num_test_images"], "beside" in high) == (2, 3, False)
    assert high["psnr_db"] == pytest.approx((10 + 20) / 2)
    # What is nearer to the codec, and known on all photos, comes first.
    nearer = {"part": {0.05: torch.tensor([0.5, torch.nan, 0.5])}, "nearer": {0.05: linear}}
    low = codec.at_capacity(FOUND, 3, [0.05], others=nearer | {"linear_code": {0.05: 2 * linear}})[0][0]
    assert low["beside"] == "nearer"


def test_the_random_order_is_all_photos_and_always_the_same():
    order = codec.in_random_order(50)
    assert sorted(order) == list(range(50)) != order
    assert codec.in_random_order(50) == order
