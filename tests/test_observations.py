"""What the lab's report says of figures: other figures make other sentences, and each sentence has its figure."""

import numpy as np
import pytest
import torch

from aemodels.codes import survey
from aemodels.codes.planes import PlaneStats
from aemodels.codes.survey import Survey
from aemodels.data.words import Words
from aemodels.report import noise_observations, observations, photo_observations
from aemodels.report.psnr_matrix import AVIF, LINEAR, Gap, Score
from aemodels.storage import checkpoints, measurements

DOGS = Words("dog", "photo", "photos", "dog", "dogs", "breed")


def plain(sentences):
    """The sentences a line each, with plain spaces within figures such as "2.00 dB"."""
    return "\n".join(sentences).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("function", "values", "says", "others", "says_then"),
    [
        (observations.denoised, ("a", 8.0, 21.9, 0.4, 9), "13.9 dB more", ("a", 8.0, 7.5, 0.4, 9), "does not help"),
        (observations.against_linear, ("a", 22.15, 18.67), "a 22.15 dB: 3.48 dB more", ("a", 18.0, 18.67), "0.67 dB less"),
        (observations.of_bottleneck, (("a", 22.0), ("b", 15.0)), "7.00 dB less", (("a", 15.0), ("b", 22.0)), "does not help"),
        (observations.of_noise_in_training, ("a", 24.6, 22.1, 0.4), "costs 2.50 dB", ("a", 22.0, 22.1, 0.4), "costs nothing"),
        (observations.holes, ({"a": 0.15}, 0.26), "Less of the box", ({"a": 0.30}, 0.26), "More of the box"),
        (observations.holes, ({"a": 0.27}, 0.26), "About as much", ({"a": 0.06}, 0.26), "plain model's plane (26%), so fewer uniform samples fall into one: 6% (a)."),
        (observations.separation, ({"a": 0.9}, 0.8, "digit"), "more often", ({"a": 0.7}, 0.8, "digit"), "less often"),
        (observations.separation, ({"a": 0.801}, 0.8, "digit"), "as often", ({"a": 0.9}, 0.8, "digit"), "plain model's plane (80.0%): 90.0% (a)."),
        (observations.fidelity, ({"a": Score(15.0, 0.1)}, Score(16.0, 0.1)), "are worse than the plain model's (16.00 dB)", ({"a": Score(17.0, 0.1)}, Score(16.0, 0.1)), "better than the plain model's (16.00 dB): 17.00 dB (a)."),
        (observations.fidelity, ({"a": Score(16.1, 0.1)}, Score(16.0, 0.1)), "do not tell them apart: 16.10 dB (a).", ({"a": Score(16.1, 0.01)}, Score(16.0, 0.01)), "better than the plain model's (16.00 dB): 16.10 dB (a)."),
        (observations.weights, ("a", 0.07, 0.12, 12, 14), "12 of the 14", ("a", 0.13, 0.12, 12, 14), "no smaller"),
        (observations.of_prior, ("a", 0.02, 0.04, 7.2, "digit"), "can sample", ("a", 0.05, 0.04, 7.2, "digit"), "brings nothing"),
        (photo_observations.against_pca, (26.0, 23.7, 1024), "2.30 dB more", (23.0, 23.7, 1024), "brings nothing"),
        (photo_observations.of_refinement, (23.0, 25.0, 9), "2.00 dB come", (25.0, 25.0, 9), "brings nothing"),
        (photo_observations.of_detail, (0.5, 0.9, 8), "detail is lost", (1.2, 0.9, 8), "detail is added"),
        (photo_observations.of_detail, (1.0, 0.9, 8), "as much fine detail", (0.5, 0.1, 8), "10% is finer"),
        (photo_observations.of_channels, (torch.tensor([[4.0, 1, 1.5, 1.5]]),), "channel 1 carries the most, 50.0%, and channel 2 the least, 12.5%", (torch.tensor([[1.0, 2], [1.0, 4]]),), "Of the power of 2 codes, channel 2 carries the most, 75.0%, and channel 1 the least"),
        (photo_observations.of_distance, (50.0, 40.0), "farther", (30.0, 40.0), "nearer"),
        (photo_observations.of_distance, (40.0, 40.5), "look like real codes", (50.0, 40.0), "50.0 from"),
        (photo_observations.of_sample_detail, (0.6,), "less fine detail", (1.3,), "more fine detail"),
        (noise_observations.of_patches, (0.69, 4), "patches, not grain", (0.07, 4), "mostly grain"),
        (noise_observations.of_sampling, ({"p": 327.0, "n": 228.0}, "p", "photos"), "nearer to real photos", ({"p": 200.0, "n": 228.0}, "p", "photos"), "farther"),
        (noise_observations.of_sampling, ({"p": 220.0, "n": 228.0, "m": 100.0}, "p", "photos"), "does not bring all", ({"p": 327.0, "n": 228.0}, "p", "photos"), "327 (p), 228 (n)"),
        (noise_observations.of_audit, ({"a": 0.1}, {"a": 0.1001}, {"a": 1.0}), "had the variance", ({"a": 0.1}, {"a": 0.05}, {"a": 1.0}), "Look for a mistake"),
    ],
)  # fmt: skip
def test_a_sentence_follows_its_figures(function, values, says, others, says_then):
    first, then = (plain([told] if isinstance(told := function(*of), str) else told) for of in (values, others))
    assert says in first
    assert says_then in then
    assert says not in then


def test_a_plane_is_narrower_wider_or_as_wide():
    plain = PlaneStats((2.0, 2.0), 0.8)
    stats = {str(s): PlaneStats((s, s), 0.8) for s in (1.0, 1.5, 3.0, 2.01)}
    assert observations.widths(stats, plain) == [
        "Planes narrower than the plain model's, whose codes spread 2.00 × 2.00 (standard deviations): "
        "0.50 times as wide at 1.00 × 1.00 (1.0), 0.75 times as wide at 1.50 × 1.50 (1.5).",
        "Planes wider than the plain model's, whose codes spread 2.00 × 2.00 (standard deviations): "
        "1.50 times as wide at 3.00 × 3.00 (3.0).",
        "Planes about as wide as the plain model's, whose codes spread 2.00 × 2.00 (standard deviations): "
        "1.00 times as wide at 2.01 × 2.01 (2.01).",
    ]
    assert "nan" not in str(observations.widths({"a": plain}, PlaneStats((0.0, 2.0), 0.8)))


def of_plane(**changes):
    values = {
        "hole_share": 0.25,
        "entropy": {"supported": 0.18, "hole": 0.2},
        "border_share": 0.3,
        "border_entropy": 0.21,
        "inside_entropy": 0.18,
        "class_shares": np.array([0.7, 0.3]),
    }
    found = Survey(**values | changes)
    return "\n".join(observations.uniform_sampling(found, 19, 100, ("cat", "dog"), np.array([0.4, 0.6])))


def test_uniform_sampling_says_where_it_fails():
    text = of_plane()
    for say in (
        "25% of the box is hole",
        "19 fall into a hole",
        "greyer than those at supported places: pixel entropy 0.200",
        "30% of the box lies between",
    ):
        assert say in text
    assert "“cat” takes the most room: at 70% of the places on a fine grid" in text
    assert "40% of the test images are. “dog” takes the least: 30% of the places, 60% of the test images." in text
    assert "about as grey as" in of_plane(entropy={"supported": 0.2, "hole": 0.209})
    assert "as clear as elsewhere" in of_plane(border_entropy=0.1)
    assert "“dog” takes the most room: at 60%" in of_plane(class_shares=np.array([0.4, 0.6]))
    nan = float("nan")
    text = of_plane(entropy={"supported": 0.2, "hole": nan}, border_share=nan)
    assert "nan" not in text
    assert len(text.splitlines()) == 1


def test_one_of_a_thing_is_told_as_one():
    found = Survey(0.25, {"supported": 0.18, "hole": 0.2}, 0.3, 0.21, 0.18, np.array([0.7, 0.3]))
    one_hit = observations.uniform_sampling(found, 1, 100, ("cat", "dog"), np.array([0.4, 0.6]))
    assert "1 falls into a hole" in one_hit[0]
    assert "along one direction alone" in photo_observations.of_gaussian(8, 8, 256, 1.2, 0.0)[1]


def curve(*psnr):
    return {v: Score(p, 0.1) for v, p in zip((0.0, 0.05, 0.1, 0.15), psnr, strict=True)}


def test_what_noise_in_training_costs_and_brings():
    without = curve(26.0, 23.0, 21.0, 20.0)
    noisy = {0.05: curve(25.5, 24.8, 24.0, 23.0), 0.1: curve(25.0, 24.7, 24.2, 23.6)}
    costs, brings = plain(noise_observations.price(noisy, without, "“p”")).splitlines()
    assert "every model trained with noise is worse than “p”" in costs
    assert "−0.50 dB (0.05), −1.00 dB (0.10)" in costs
    assert "every model is better than “p”" in brings
    assert "+1.80 dB (0.05), +3.20 dB (0.10)" in brings
    better = {0.05: curve(26.5, 22.0, 20.0, 19.0)}
    costs, brings = noise_observations.price(better, without, "p")
    assert "no model trained with noise is worse" in costs
    assert "no model is better" in brings
    costs, brings = noise_observations.price(better | {0.1: noisy[0.1]}, without, "p")
    assert "some models trained with noise are worse than p, and others are not" in costs
    assert "only some models are better" in brings
    assert noise_observations.price(noisy, {}, "p") == []

    sentences = noise_observations.against_baselines(
        noisy, {LINEAR: curve(23.7, 22.8, 22.2, 21.7), AVIF: curve(30, 30, 30, 30)}
    )
    assert sentences[0].startswith("Every model is better at its own variance than the optimal linear code")
    assert sentences[1].startswith("No model is better at its own variance than AVIF")
    (both,) = noise_observations.against_baselines(noisy, dict.fromkeys((LINEAR, AVIF), curve(23.7, 22.8, 22.2, 21.7)))
    assert both.count("Every model") == 1
    assert plain([both]).count("+2.00 dB (0.05), +2.00 dB (0.10)") == 2
    mixed = noise_observations.against_baselines(noisy, {LINEAR: curve(23.7, 22.8, 25.0, 21.7)})
    assert mixed[0].startswith("Only some models are better at their own variance than the optimal")


def test_what_a_gaussian_lacks():
    low = photo_observations.of_gaussian(255, 1024, 256, 98.0, 0.9)
    full = photo_observations.of_gaussian(8, 8, 256, 7.0, -0.5)
    assert "only 255 of the 1,024" in low[0]
    assert "all 8 directions" in full[0]
    assert ("heavier" in low[2], "lighter" in full[2]) == (True, True)
    assert all("256 codes" in sentence for sentence in low)
    assert "beyond pairs" in photo_observations.of_gaussian(8, 8, 256, 7.0, 0.02)[2]


def test_how_far_samples_are_from_photos():
    header = checkpoints.read_header("dog-ae")
    results = measurements.read_generation(header["data"]["fingerprint"])
    provenance = header["provenance"]
    distance, coverage = photo_observations.of_generation(results, "dog-ae", provenance, DOGS)
    assert "times as far" in distance
    assert coverage.startswith("0.4% of real photos have a sample near them, 7.9% have a reconstruction")
    rows = [dict(row) for row in results["rows"]]
    for row in rows:
        if (row["source"], row["model"]) == ("full", "dog-ae"):
            row |= {"frechet": [120.0, 1.0], "coverage": [0.079, 0.0]}
    distance, coverage = photo_observations.of_generation(results | {"rows": rows}, "dog-ae", provenance, DOGS)
    assert "samples are as near" in distance
    assert coverage.startswith("7.9% of real photos")
    assert photo_observations.of_generation(results, "dog-ae", provenance | {"steps": 1}, DOGS) == []
    assert photo_observations.of_generation(None, "dog-ae", provenance, DOGS) == []


def test_a_survey_finds_borders_and_classes():
    generator = torch.Generator().manual_seed(0)
    left = torch.rand(500, 2, generator=generator) * torch.tensor([1.0, 1.0])
    codes = torch.cat([left, left + torch.tensor([1.0, 0.0])])
    labels = torch.arange(2).repeat_interleave(500)

    def decode(z):
        return torch.where((z[:, :1] - 1).abs() < 0.1, 0.5, 1.0).view(-1, 1, 1, 1).expand(-1, 1, 4, 4)

    seen = survey.survey(codes, labels, 2, (0.0, 2.0, 0.0, 1.0), decode, side=40)
    assert seen.class_shares == pytest.approx([0.5, 0.5], abs=0.05)
    assert 0 < seen.border_share < 0.2
    assert seen.border_entropy > 3 * seen.inside_entropy
    few = torch.cat(
        [codes, torch.tensor([[0.5, 0.5]])]
    )  # among many of another class it is the nearest to what is around it, as on the page
    alone = survey.survey(
        few, torch.cat([labels * 0, torch.ones(1, dtype=torch.long)]), 2, (0.49, 0.51, 0.49, 0.51), decode, side=4
    )
    assert alone.class_shares[1] > 0.5
    assert survey.most_mixed(codes, labels)[:2] == (0, 1)
    assert survey.most_mixed(left, labels[:500]) is None
    without = survey.survey(codes, -torch.ones(1000, dtype=torch.long), 2, (0.0, 2.0, 0.0, 1.0), decode, side=10)
    assert np.isnan(without.border_share)


def test_a_model_is_called_better_where_that_is_more_than_chance():
    assert Gap(0.08, 0.05).is_better
    assert not Gap(0.04, 0.05).is_better
    assert not Gap(-0.08, 0.05).is_better
    assert Gap(0.01).is_better
