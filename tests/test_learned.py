"""What is measured of a learned prior: copies, classes that are told, distances by any features; against closed forms and cases whose answer is known."""

import dataclasses
import json
from itertools import combinations
from statistics import mean

import pytest
import torch
from small_priors import save_prior

import aemodels
from aemodels.codes import flows
from aemodels.errors import CheckpointError
from aemodels.quality import copying, generation, learned, likeness, telling
from aemodels.quality.likeness import thumbnails
from aemodels.storage import measurements


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# Copies


@pytest.mark.parametrize("m", range(1, 6))
def test_the_expected_smallest_is_the_mean_over_all_ways_to_choose(m):
    distances = torch.tensor([3.0, 1, 7, 4, 9])
    expected = mean(min(chosen) for chosen in combinations(distances.tolist(), m))
    assert copying.expected_smallest(distances, m) == pytest.approx(expected)


def test_the_expected_smallest_of_many_does_not_overflow():
    distances = torch.arange(1, 20_001.0)
    assert copying.expected_smallest(distances, 10_000) == pytest.approx(20_001 / 10_001, rel=1e-6)
    with pytest.raises(ValueError, match="cannot be chosen"):
        copying.expected_smallest(distances, 20_001)


def test_nearest_is_the_smallest_distance_whatever_the_batch():
    a, known = normal(7, 3), normal(5, 3, seed=1)
    torch.testing.assert_close(copying.nearest(a, known, batch_size=2), torch.cdist(a, known).min(1).values)


def test_the_thumbnail_of_a_mirrored_picture_is_the_mirrored_thumbnail():
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        copying.mirrored(thumbnails(x), 3, likeness.THUMBNAIL_PX), thumbnails(x.flip(3)), atol=1e-4, rtol=0
    )


def test_samples_like_unseen_pictures_are_near_as_often_and_copies_more_often():
    known = normal(500, 6)
    unseen, samples = (copying.nearest(normal(2000, 6, seed=seed), known) for seed in (1, 2))
    of_new = copying.compare(samples, unseen)
    assert of_new["near"] == pytest.approx(copying.NEAR, abs=0.008)
    smallest = of_new["smallest_of_equal"]
    assert smallest["samples"] == pytest.approx(smallest["unseen"], rel=0.5)
    copied = copying.nearest(torch.cat([normal(1900, 6, seed=2), known[:100] + 0.01]), known)
    assert copying.compare(copied, unseen)["near"] > 0.05
    of_fewer = copying.compare(samples, unseen[:1000])
    assert of_fewer["smallest_of_equal"]["samples"] > of_fewer["smallest_sample"] == float(samples.min())
    assert of_fewer["smallest_of_equal"]["unseen"] == pytest.approx(of_fewer["smallest_unseen"])


# Classes


def of_classes(n, seed):
    labels = torch.arange(n) % 4
    return normal(n, 6, seed=seed) + 4 * torch.nn.functional.one_hot(labels, 6), labels


def test_classes_that_lie_apart_are_told_and_shuffled_ones_are_not():
    classifier = telling.fit(*of_classes(200, 0))
    x, labels = of_classes(400, 1)
    told = telling.shares(telling.ranks(classifier, x, labels))
    assert told["top1"] > 0.9
    assert told["top5"] == 1
    assert told["num_images"] == 400
    shuffled = telling.shares(telling.ranks(classifier, x, labels.roll(1)))
    assert shuffled["top1"] < 0.1


def test_a_rank_counts_the_likelier_classes_and_pictures_without_a_class_are_left_out():
    x, labels = of_classes(200, 0)
    classifier = telling.fit(x, torch.where(labels == 3, -1, labels))
    ranks = telling.ranks(classifier, x, torch.where(labels == 2, -1, labels))
    assert len(ranks) == 150
    of = ranks.view(-1, 3)  # classes 0, 1 and 3, of which the last was never seen
    assert (of[:, 2] == 3).all()
    scores = classifier.decision_function(x[:1].numpy())[0]
    assert ranks[0] == (scores > scores[0]).sum()


def test_the_ratio_of_two_shares_and_its_error():
    part, whole = ({"top1": share, "top1_ci95": ci} for share, ci in ((0.2, 0.02), (0.4, 0.03)))
    assert telling.ratio(part, whole, "top1") == pytest.approx((0.5, 0.5 * (0.1**2 + 0.075**2) ** 0.5))


# A prior


def colours(x):
    return x.mean((2, 3))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A small prior, of which nothing is learnt well, with what it is held against: 24 decoded codes for training photos and 16 others."""
    folder = tmp_path_factory.mktemp("priors")
    save_prior("dog-prior", folder)
    prior = aemodels.load_checkpoint("dog-prior", folder)
    ckpt = aemodels.load_checkpoint("dog-noise-0.10", folder)
    see = {"colours": colours}
    train = learned.look_at([ckpt.model.decode(ckpt.codes[:24])], see)
    rebuilt = learned.look_at([ckpt.model.decode(ckpt.codes[24:32]), ckpt.model.decode(ckpt.codes[32:40])], see)
    classifiers = {"colours": telling.fit(train.features["colours"], torch.arange(24) % 120)}
    known = torch.cat([train.thumbnails, train.thumbnails])
    real = learned.Real(train, known, rebuilt, rebuilt, torch.arange(16) % 24, rebuilt, classifiers)
    return ckpt, prior, real, see


def test_what_is_measured_of_a_prior_is_of_its_own_samples(measured):
    ckpt, prior, real, see = measured
    found = learned.measure(ckpt, prior, real, see, num_samples=18)
    label = list(range(18))
    z = flows.sample(prior.model, range(18), dataclasses.replace(flows.GUIDED, label=label))
    x = torch.cat([ckpt.model.decode(z[:16]), ckpt.model.decode(z[16:])])
    nearest = torch.cdist(thumbnails(x), real.train.thumbnails).min(1).values
    assert found["copies"]["smallest_sample"] == pytest.approx(float(nearest.min()), rel=1e-3)
    assert (found["num_known"], found["num_compared"], found["num_classes"]) == (24, 16, 120)
    ranks = telling.ranks(real.classifiers["colours"], colours(x), torch.arange(18))
    assert found["told"]["colours"]["samples"] == telling.shares(ranks)
    reference = real.train.features["colours"]
    mean, std = reference.mean(0), reference.std(0)
    expected = likeness.frechet_distance((reference - mean) / std, (colours(x[:16]) - mean) / std)
    assert found["frechet"]["colours"]["samples"] == pytest.approx(expected, rel=1e-3)
    assert found["prior"] == generation.prior_identity(prior.provenance)


def test_curves_are_of_the_settings_that_they_tell(measured, monkeypatch):
    ckpt, prior, real, see = measured
    monkeypatch.setattr(learned, "NUM_CURVE", 6)
    monkeypatch.setattr(learned, "STEPS", (1, 3))
    by_steps = learned.over_steps(ckpt, prior.model, real.train, see)
    assert [row["num_steps"] for row in by_steps] == [1, 3]
    assert by_steps[1]["frechet"] == learned.of_few(
        ckpt, prior.model, real.train, see, dataclasses.replace(flows.GUIDED, num_steps=3)
    )
    assert by_steps[0]["frechet"] != by_steps[1]["frechet"]
    rows = learned.over_guidance(ckpt, prior.model, real, see, num_samples=6)
    assert [row["guidance"] for row in rows] == list(learned.GUIDANCES)
    assert len({row["frechet"]["colours"] for row in rows}) == len(rows)


def test_what_was_measured_is_kept_and_a_row_without_a_figure_is_broken(measured, tmp_path):
    ckpt, prior, real, see = measured
    results = measurements.read_generation(prior.data.fingerprint)
    of_prior = learned.measure(ckpt, prior, real, see, num_samples=6)
    made = generation.identity(ckpt.provenance)
    row = {"model": ckpt.name, "identity": made, "num_photos": 9, "num_steps": 3, "frechet": 150.0}
    results |= {"learned": {ckpt.name: of_prior}, "spaces": [row]}
    measurements.save_generation(results, "0123", tmp_path)
    assert measurements.read_generation("0123", tmp_path) == results
    for key, broken in (("learned", {ckpt.name: {}}), ("photos", [{"model": ckpt.name}])):
        path = tmp_path / "generation.json"
        path.write_text(json.dumps({"0123": results | {key: broken}}))
        with pytest.raises(CheckpointError, match="broken"):
            measurements.read_generation("0123", tmp_path)
