"""Fréchet distance, density and coverage against closed forms, and the fixed features on cases whose order is known."""

import dataclasses
import json
import math
from itertools import pairwise

import numpy as np
import pytest
import scipy.linalg
import torch
import torch.nn.functional as F
from broken_models import quick
from browser import copy_photos
from foreign_models import save_foreign
from small_priors import save_prior

import aemodels
from aemodels.codes import flows, latents
from aemodels.data import photo_sets
from aemodels.data.photos import open_photo
from aemodels.errors import CheckpointError, DataError, LatentLabError
from aemodels.models import building
from aemodels.quality import features, generation, learned, realism
from aemodels.quality.features import describe, oriented_filters
from aemodels.storage import checkpoints, measurements
from aemodels.training import generating, recipes
from benchmarks import generation as benchmark
from benchmarks import priors as small_priors_benchmark


def with_moments(n, mean, covariance, seed=0):
    """Points (n, D) whose sample mean and covariance are exactly these."""
    z = np.random.default_rng(seed).normal(size=(n, len(mean)))
    z -= z.mean(0)
    white = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T).reshape(len(mean), -1))).T
    return torch.from_numpy(white @ np.linalg.cholesky(np.array(covariance)).T + mean)


def test_frechet_distance_in_one_dimension():
    a, b = with_moments(50, [1.0], [[4.0]]), with_moments(70, [4.0], [[0.25]], seed=1)
    assert realism.frechet_distance(a, b) == pytest.approx(3**2 + (2 - 0.5) ** 2)


def test_frechet_distance_of_commuting_covariances_is_that_of_the_standard_deviations():
    a = with_moments(50, [0.0, 0, 0], np.diag([1.0, 4, 9]))
    b = with_moments(60, [1.0, 0, -2], np.diag([4.0, 4, 1]), seed=1)
    assert realism.frechet_distance(a, b) == pytest.approx(1 + 4 + (1 - 2) ** 2 + 0 + (3 - 1) ** 2)


def test_frechet_distance_against_scipy():
    rng = np.random.default_rng(2)
    a, b = (torch.from_numpy(rng.normal(size=(80, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6)) for _ in "ab")
    cov_a, cov_b = np.cov(a.numpy().T), np.cov(b.numpy().T)
    cross = np.real(scipy.linalg.sqrtm(cov_a @ cov_b))
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * cross)
    assert realism.frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-6)
    assert realism.frechet_distance(b, a) == pytest.approx(float(expected), rel=1e-6)


def test_frechet_distance_of_fewer_points_than_dimensions():
    a = torch.randn(10, 30, generator=torch.Generator().manual_seed(0))
    assert realism.frechet_distance(a, a) == pytest.approx(0, abs=1e-4)
    assert realism.frechet_distance(a, a + 2) == pytest.approx(30 * 4, rel=1e-4)


def points(*values):
    return torch.tensor(values, dtype=torch.float32).view(len(values), -1)


def density_and_coverage(real, fake, k=realism.NEIGHBOURS):
    return realism.density_and_coverage(real, realism.ball_radii(real, k), fake, k)


@pytest.mark.parametrize(
    ("fake", "k", "density", "coverage"),
    [
        # Reals at 0, 1, 3 and 7. With k = 1 the balls reach 1, 1, 2 and 4; a point on the edge is outside.
        ([0.5], 1, 2, 2 / 4),
        ([0.5, 0.5, 100], 1, 4 / 3, 2 / 4),
        ([1.5, 4.5], 1, 4 / 2, 3 / 4),  # 1.5 in the balls of 1 and 3, 4.5 in those of 3 and 7
        ([1.0], 1, 1, 1 / 4),
        ([-5.0], 1, 0, 0),
        # With k = 2 they reach 3, 2, 3 and 6.
        ([2.5], 2, 4 / 2, 1),
    ],
)
def test_density_and_coverage_by_hand(fake, k, density, coverage):
    result = density_and_coverage(points(0, 1, 3, 7), points(*fake), k)
    assert result == pytest.approx((density, coverage))


def test_density_and_coverage_of_one_distribution():
    """Naeem et al., section 3: the expected density is 1, the expected coverage 1 − ∏ (n − i) / (2n − i), i < k."""
    n, k = 400, 5
    results = []
    for seed in range(10):
        z = torch.randn(2 * n, 8, generator=torch.Generator().manual_seed(seed))
        results.append(density_and_coverage(z[:n], z[n:], k))
    density, coverage = np.mean(results, axis=0)
    expected = 1 - math.prod((n - 1 - i) / (2 * n - 1 - i) for i in range(k))
    assert density == pytest.approx(1, abs=0.06)
    assert coverage == pytest.approx(expected, abs=0.01)


def test_fakes_that_are_all_alike_are_dense_and_cover_little():
    real = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
    density, coverage = density_and_coverage(real, torch.zeros(300, 4))
    assert density > 1.2
    assert coverage < 0.2


def test_too_few_real_points():
    with pytest.raises(ValueError, match="more than 5 real points, not 5"):
        density_and_coverage(torch.zeros(5, 2), torch.zeros(9, 2))


def test_thumbnails_measure_grey_levels():
    x = torch.stack([torch.full((3, 128, 128), grey / 255) for grey in (100, 103, 140)])
    distance = torch.cdist(realism.thumbnails(x), realism.thumbnails(x))
    np.testing.assert_allclose(distance, [[0, 3, 40], [3, 0, 37], [40, 37, 0]], atol=0.01)


# The features


def grating(angle, wavelength_px, side=128):
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    phase = 2 * math.pi / wavelength_px * (x * math.cos(angle) + y * math.sin(angle))
    return (0.5 + 0.4 * phase.cos()).expand(1, 3, -1, -1)


# Where describe puts the first-layer energies: after 48 colours, and after 16 second-layer ones for each finer octave. What
# follows them in an octave: 2 of chroma, 8 of sparsity and, but in the finest, 16 correlations.
FIRST_LAYER = [48, 48 + 26 + 16, 48 + 26 + 42 + 16 * 3, 48 + 26 + 42 * 2 + 16 * 6]


def first_layer(features):
    """(B, 4 octaves, 4 orientations), summed over the parts of the picture."""
    return torch.stack([features[:, at : at + 16].unflatten(1, (4, 4)).sum(2) for at in FIRST_LAYER], dim=1)


@pytest.mark.parametrize("orientation", range(4))
@pytest.mark.parametrize("octave", range(4))
def test_a_grating_answers_in_its_octave_and_orientation(octave, orientation):
    energies = first_layer(describe(grating(math.pi * orientation / 4, 4 * 2**octave)))[0]
    assert divmod(int(energies.argmax()), 4) == (octave, orientation)


def test_filters_do_not_see_constant_light():
    assert oriented_filters().sum((1, 2, 3)).abs().max() < 1e-6
    flat = describe(torch.full((1, 3, 128, 128), 0.7))
    np.testing.assert_allclose(first_layer(flat), 4 * math.log(0.15), atol=1e-4)


def test_a_picture_is_described_the_same_in_any_batch():
    x = torch.rand(5, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    features = describe(x)
    assert features.shape == (5, 296)
    torch.testing.assert_close(describe(x[2:3])[0], features[2], atol=1e-5, rtol=1e-5)


def test_a_mirrored_picture_swaps_its_diagonals():
    x = torch.rand(3, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    energies, mirrored = first_layer(describe(x)), first_layer(describe(x.flip(3)))
    torch.testing.assert_close(mirrored, energies[:, :, [0, 3, 2, 1]], atol=1e-3, rtol=0)


def test_an_edge_is_sparser_than_texture_and_goes_with_its_coarser_self():
    edge = torch.zeros(1, 3, 128, 128)
    edge[..., 64:] = 1
    texture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    last = FIRST_LAYER[3] + 16 + 2
    sparsity, correlation = describe(torch.cat([edge, texture]))[:, last:].split([8, 16], dim=1)
    assert (sparsity[0, [0, 4]] > sparsity[1, [0, 4]] + 0.1).all()  # horizontal orientation: L2 over L1, L4 over L2
    across = correlation[:, 0]  # of that orientation with itself, an octave finer
    assert across[0] > 0.8
    assert abs(across[1]) < 0.5


def test_correlation_against_numpy():
    a, b = torch.rand(2, 3, 4, 9, 9, generator=torch.Generator().manual_seed(0)) * 10  # variances far above the floor
    for i in range(3):
        expected = np.corrcoef(a[i].flatten(1), b[i].flatten(1))[:4, 4:]
        np.testing.assert_allclose(features._correlation(a, b)[i].view(4, 4), expected, atol=1e-3)


# On real photos


def read_photos(data_folder, places):
    """The photos at these places of every breed, uint8 (len(places), 120, 3, 128, 128)."""
    files = [sorted(breed.glob("*.jpg")) for breed in sorted((data_folder / "stanford-dogs" / "Images").iterdir())]
    return torch.stack([torch.stack([open_photo(of_breed[i], 128) for of_breed in files]) for i in places])


@pytest.fixture(scope="module")
def photos(data_folder):
    return read_photos(data_folder, range(6))


@pytest.fixture(scope="module")
def many_photos(data_folder, photos):
    """Eighteen photos of every breed, the first six as above."""
    return torch.cat([photos, read_photos(data_folder, range(6, 18))])


@pytest.fixture(scope="module")
def yardstick(many_photos):
    """Of 1,920 photos: among 480, density does not tell rebuilt from sampled."""
    return realism.make_yardstick(many_photos[:16].flatten(0, 1), [many_photos[:16].flatten(0, 1)])


@pytest.fixture(scope="module")
def others(many_photos):
    """240 photos that the yardstick has not seen, (240, 3, 128, 128) in [0, 1]."""
    return many_photos[16:].flatten(0, 1).float() / 255


@pytest.fixture(scope="module")
def real(yardstick, others):
    return measure(yardstick, others)


def measure(yardstick, x):
    return dict(zip(realism.MEASURES, yardstick.measure(x.split(16)), strict=True))


def noise_like(x, seed=0):
    return torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))


def blurred(x, sigma):
    t = torch.arange(-round(3 * sigma), round(3 * sigma) + 1.0)
    line = torch.exp(-t.square() / (2 * sigma**2))
    line = (line / line.sum()).expand(3, 1, 1, -1)
    pad = line.shape[3] // 2
    x = F.conv2d(F.pad(x, (pad, pad, 0, 0), mode="reflect"), line, groups=3)
    return F.conv2d(F.pad(x, (0, 0, pad, pad), mode="reflect"), line.mT, groups=3)


@pytest.mark.release
@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.05"])
def test_real_before_reconstruction_before_sample_before_noise(name, yardstick, others, real):
    ckpt = quick(name)
    rebuilt = torch.cat([ckpt.model.decode(ckpt.model.encode(x)) for x in others.split(16)])
    z = latents.sample(latents.fit(ckpt.codes), range(len(others))).unflatten(1, (16, 8, 8))
    sampled = torch.cat([ckpt.model.decode(batch) for batch in z.split(16)])
    pixel_noise = (others.mean(0) + others.std(0) * noise_like(others)).clamp(0, 1)
    order = [real, *(measure(yardstick, x) for x in (rebuilt, sampled, pixel_noise))]
    frechet, density, coverage = ([m[key] for m in order] for key in ("frechet", "density", "coverage"))
    for better, worse in pairwise(frechet):
        assert worse > 1.05 * better
    assert density[0] > density[1] > density[2] >= density[3] == 0
    assert coverage[0] > coverage[1] > coverage[2] >= coverage[3] == 0


@pytest.mark.release
@pytest.mark.parametrize(
    ("spoil", "amounts"),
    [
        (blurred, (1, 2, 4, 8)),
        (lambda x, sigma: (x + sigma * noise_like(x)).clamp(0, 1), (0.05, 0.1, 0.2, 0.4)),
    ],
    ids=["blur", "noise"],
)
def test_the_more_spoilt_the_worse(spoil, amounts, yardstick, others, real):
    rows = [real, *(measure(yardstick, spoil(others, amount)) for amount in amounts)]
    frechet, coverage = ([row[key] for row in rows] for key in ("frechet", "coverage"))
    assert (np.diff(frechet) > 0.1 * np.array(frechet[:-1])).all()
    assert (np.diff(coverage[:4]) < 0).all()
    assert coverage[4] <= coverage[3]


@pytest.mark.release
def test_noise_of_the_photos_own_spectrum_is_no_photo(yardstick, others, real):
    """Each photo with its amplitudes but other phases: what the second layer is for."""
    spectrum = torch.fft.rfft2(others)
    phase = torch.fft.rfft2(noise_like(others[:, :1])).angle()
    scrambled = torch.fft.irfft2(torch.polar(spectrum.abs(), phase), s=(128, 128))
    scrambled = (scrambled - scrambled.mean((2, 3), keepdim=True) + others.mean((2, 3), keepdim=True)).clamp(0, 1)
    assert measure(yardstick, scrambled)["frechet"] > 2 * real["frechet"]


@pytest.mark.release
def test_copies_of_known_photos_show(yardstick, photos, real):
    copies = (photos[0].float() / 255 + 0.02 * noise_like(photos[0])).clamp(0, 1)
    copied = measure(yardstick, copies)
    assert copied["nearest"] < 2
    assert real["nearest"] > 20
    one_copy = torch.cat([photos[4, :30].float() / 255, copies[:1]])
    assert measure(yardstick, one_copy)["nearest_of_all"] < 2
    assert real["nearest_of_all"] > 5


# Measuring a model


@pytest.fixture(scope="module")
def ckpt(photos):
    """dog-ae with the codes of photos[5, :20] as its reference, which come as the last 20 of the test split below."""
    ckpt = quick("dog-ae")
    codes = ckpt.model.encode(photos[5, :20].float() / 255)
    return dataclasses.replace(ckpt, codes=codes, index=torch.arange(30, 50))


@pytest.fixture(scope="module")
def results(ckpt, photos):
    test = torch.cat([photos[4, :30], photos[5, :20]])
    return generation.measure_generation([ckpt], photos[0], test, num_samples=10, seeds=(0, 3), progress=lambda _: None)


def test_every_sampler_of_a_model_is_measured(results):
    kinds = [(row["model"], row["source"]) for row in results["rows"]]
    assert kinds == [
        (None, "photos"),
        (None, "pixel noise"),
        ("dog-ae", "reconstructions"),
        *[("dog-ae", sampler) for sampler in ("full", "diagonal", "shrinkage", "mixture")],
    ]
    assert results["num_known"] == 120 + 20
    assert results["num_fitted"] == {"dog-ae": 20}


def test_the_figures_of_a_sampler_are_mean_and_spread_over_its_seeds(results, ckpt, photos):
    reference = describe(photos[0].float() / 255)
    mean, std = reference.mean(0), reference.std(0)
    stats = latents.fit(ckpt.codes, "shrinkage")
    frechet = []
    for seed in (0, 3):
        z = latents.sample(stats, range(10 * seed, 10 * seed + 10)).unflatten(1, (16, 8, 8))
        fake = (describe(ckpt.model.decode(z)) - mean) / std
        frechet.append(realism.frechet_distance((reference - mean) / std, fake))
    row = next(row for row in results["rows"] if row["source"] == "shrinkage")
    assert row["frechet"] == pytest.approx([np.mean(frechet), np.std(frechet, ddof=1)], rel=1e-3)


def test_reconstructions_lie_near_the_photos_they_are_of(results):
    rows = {row["source"]: row for row in results["rows"]}
    assert rows["reconstructions"]["nearest"][0] < 0.5 * rows["photos"]["nearest"][0]
    assert rows["reconstructions"]["nearest_of_all"][0] < 0.5 * rows["full"]["nearest_of_all"][0]


def test_n_0_i_is_for_models_of_unit_power_and_for_those_with_a_prior(conv_config):
    noisy = dataclasses.replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1})
    vae = dataclasses.replace(conv_config, variant="vae", settings={"beta": 1})
    for config in (noisy, vae):
        assert set(generation.samplers_of(config)) - set(generation.samplers_of(conv_config)) == {"standard"}


def measured_again(ckpt, photos, earlier, priors=None):
    test = torch.cat([photos[4, :30], photos[5, :20]])
    return generation.measure_generation(
        [ckpt], photos[0], test, 10, (0, 3), lambda _: None, priors=priors or {}, earlier=earlier
    )


def test_rows_of_the_same_checkpoints_stay(results, ckpt, photos, monkeypatch):
    monkeypatch.setattr(generation, "make_yardstick", lambda *_: pytest.fail("measured again"))
    assert measured_again(ckpt, photos, results) == results


def test_rows_of_other_weights_or_of_another_number_of_samples_are_measured_again(results, ckpt, photos, monkeypatch):
    class Measured(Exception): ...

    def measure(*_):
        raise Measured

    monkeypatch.setattr(generation, "make_yardstick", measure)
    longer = dataclasses.replace(ckpt, provenance={**ckpt.provenance, "steps": 1})
    for of, earlier in [(longer, results), (ckpt, {**results, "num_samples": 11}), (ckpt, None)]:
        with pytest.raises(Measured):
            measured_again(of, photos, earlier)


def test_a_model_is_kept_as_soon_as_it_is_measured_and_not_measured_again(ckpt, photos, monkeypatch):
    """A run that is cut short in its second model goes on there."""
    both, seen = [ckpt, dataclasses.replace(ckpt, name="another")], []
    test = torch.cat([photos[4, :30], photos[5, :20]])
    how = {"num_samples": 4, "seeds": (0,), "progress": seen.append}

    def cut(text):
        seen.append(text)
        if text == "another: diagonal":
            raise KeyboardInterrupt

    kept = []
    with pytest.raises(KeyboardInterrupt):
        generation.measure_generation(both, photos[0], test, **how | {"progress": cut}, keep=kept.append)
    (half,) = kept
    assert (list(half["checkpoints"]), list(half["num_fitted"])) == (["dog-ae"], ["dog-ae"])
    assert {row["model"] for row in half["rows"]} == {None, "dog-ae"}
    seen.clear()
    whole = generation.measure_generation(both, photos[0], test, **how, earlier=half)
    assert {text.partition(":")[0] for text in seen[1:]} == {"another"}
    at_once = generation.measure_generation(both, photos[0], test, **how)
    assert repr(whole) == repr(at_once)  # of one seed there is no spread: NaN, which equals nothing


def test_a_learned_prior_adds_a_row(results, ckpt, photos):
    config = recipes.of_the_lab()["dog-prior"].model
    small = dataclasses.replace(config, widths=(32,), settings={**config.settings, "depth": 1})
    model = building.build(small).eval().requires_grad_(False)
    model.fit_gaussian(ckpt.codes)
    prior = dataclasses.replace(ckpt, name="dog-prior", model=model, codes=ckpt.codes[:0])
    again = measured_again(ckpt, photos, results, {"dog-ae": prior})
    *before, row = again["rows"]
    assert before == results["rows"]
    assert (row["source"], row["model"]) == ("learned", "dog-ae")
    # Untrained it draws from the Gaussian that the row "full" is of, with noise of its own.
    full = next(row for row in before if row["source"] == "full")
    assert row["frechet"][0] == pytest.approx(full["frechet"][0], rel=0.3)
    assert generation.learned_codes(model, [3, 4]).shape == (2, 16, 8, 8)


def test_too_few_train_photos(ckpt, photos):
    with pytest.raises(DataError, match="more than 5 training photos, not 5"):
        generation.measure_generation([ckpt], photos[0, :5], photos[5], progress=lambda _: None)


def test_results_are_written_and_read(results, tmp_path):
    assert measurements.read_generation("0123", tmp_path) is None
    measurements.save_generation(results, "0123", tmp_path)
    assert measurements.read_generation("0123", tmp_path) == results
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["generation.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"0": {}}', '{"rows": 5}', "\xff"])
def test_a_broken_file_is_said_in_a_sentence(content, tmp_path):
    (tmp_path / "generation.json").write_text(content, encoding="latin-1")
    with pytest.raises(CheckpointError, match=r"generation.json is broken .*python -m benchmarks.generation"):
        measurements.read_generation("0123", tmp_path)


def test_a_row_without_a_figure_is_broken(results, tmp_path):
    row = {key: value for key, value in results["rows"][0].items() if key != "density"}
    (tmp_path / "generation.json").write_text(json.dumps({"0123": results | {"rows": [row]}}))
    with pytest.raises(CheckpointError, match="broken"):
        measurements.read_generation("0123", tmp_path)


def test_the_command_refuses_other_photos_than_the_models(data_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    copy_photos(data_folder, tmp_path, 1)
    with pytest.raises(LatentLabError, match="dog-ae was trained on other photos"):
        benchmark.main(["--data", str(tmp_path), "--samples", "6"])
    with pytest.raises(LatentLabError, match="no model of photos"):
        benchmark.main(["--data", str(tmp_path), "--out", str(tmp_path)])


def test_a_data_set_that_is_not_there_leaves_the_others_measured(tmp_path, monkeypatch):
    measured = []

    def measure(ckpts, *_):
        if ckpts[0].name == "grey-ae":
            raise DataError("No photos.")
        measured.append([c.name for c in ckpts])

    monkeypatch.setattr(generating, "measure_set", measure)
    for name, fingerprint in (("grey-ae", "0" * 32), ("shapes-ae", "1" * 32), ("shapes-plane", "1" * 32)):
        save_foreign(name, tmp_path, fingerprint=fingerprint)
    with pytest.raises(LatentLabError, match="Not measured for Grey shapes: No photos"):
        benchmark.main(["--out", str(tmp_path)])
    assert measured == [["shapes-ae"]]  # a code of two numbers is no photo model's


@pytest.fixture
def few_dogs(data_folder, tmp_path, monkeypatch):
    """A photo of each breed, and a folder with dog-noise-0.10 as if it had been trained on them: photos, folder."""
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    dogs = photo_sets.load_dogs(copy_photos(data_folder, tmp_path, 1))
    c = quick("dog-noise-0.10")
    provenance = c.provenance | {"data_fingerprint": dogs.fingerprint}
    num_test = len(dogs.test_index)
    checkpoints.save_checkpoint(
        dataclasses.replace(
            c,
            data=dataclasses.replace(c.data, fingerprint=dogs.fingerprint),
            codes=c.codes[:num_test],
            labels=c.labels[:num_test],
            index=torch.arange(num_test),
            provenance=provenance,
        ),
        tmp_path,
    )
    return dogs, tmp_path


def test_the_command_writes_what_it_measures(few_dogs, capsys):
    dogs, folder = few_dogs
    benchmark.main(["--data", str(folder), "--out", str(folder), "--samples", "6"])
    results = measurements.read_generation(dogs.fingerprint, folder)
    provenance = aemodels.load_checkpoint("dog-noise-0.10", folder).provenance
    assert results["checkpoints"]["dog-noise-0.10"] == generation.identity(provenance)
    kinds = [row["source"] for row in results["rows"]]
    assert kinds == ["pixel noise", "reconstructions", *latents.SAMPLERS]  # no test photo is left unseen
    assert "standard" in capsys.readouterr().out


@pytest.mark.release
def test_of_a_prior_the_commands_measure_more_and_only_once(few_dogs, monkeypatch):
    dogs, folder = few_dogs
    save_prior("dog-prior", folder)
    prior = aemodels.load_checkpoint("dog-prior", folder)
    prior = dataclasses.replace(prior, data=dataclasses.replace(prior.data, fingerprint=dogs.fingerprint))
    checkpoints.save_checkpoint(prior, folder)
    for key, few in (("NUM_SAMPLES", 12), ("NUM_COMPARED", 9), ("NUM_TUNING", 4), ("NUM_CURVE", 4), ("STEPS", (1, 2))):
        monkeypatch.setattr(learned, key, few)
    (folder / "states").mkdir()
    checkpoints.save_checkpoint(dataclasses.replace(prior, name="early"), folder / "states")
    of_folder = ["--data", str(folder), "--out", str(folder)]
    benchmark.main([*of_folder, "--samples", "6", "--curves", "--states", str(folder / "states")])
    results = measurements.read_generation(dogs.fingerprint, folder)
    found = results["learned"]["dog-noise-0.10"]
    assert (found["num_samples"], found["num_known"]) == (12, len(dogs.train_index))
    assert found["copies"]["num_unseen"] == len(dogs.test_index)
    assert [row["num_steps"] for row in found["curves"]["steps"]] == [1, 2]
    assert [row["steps"] for row in found["curves"]["training"]] == [prior.provenance["steps"]]

    monkeypatch.setattr(learned, "look_at", lambda *_: pytest.fail("looked at pictures again"))
    benchmark.main([*of_folder, "--samples", "6"])
    assert measurements.read_generation(dogs.fingerprint, folder) == results
    with monkeypatch.context() as patch:  # a prior that draws in another way is measured again
        patch.setattr(flows, "GUIDED", dataclasses.replace(flows.GUIDED, num_steps=flows.NUM_STEPS + 1))
        patch.setattr(learned, "look_at", lambda *_: pytest.fail("looked again"))
        with pytest.raises(pytest.fail.Exception, match="looked again"):
            benchmark.main([*of_folder, "--samples", "6"])

    # What a run that was cut short lacks is measured, and nothing else.
    curves = found["curves"]
    measurements.save_generation(
        results
        | {
            "learned": {
                "dog-noise-0.10": found | {"curves": {"others": curves["others"], "steps": curves["steps"][:1]}}
            }
        },
        dogs.fingerprint,
        folder,
    )
    monkeypatch.setattr(learned, "over_guidance", lambda *_: curves["guidance"])
    monkeypatch.setattr(learned, "of_few", lambda *_: {})
    monkeypatch.setattr(learned, "distances", lambda *_: pytest.fail("measured again"))
    benchmark.main([*of_folder, "--samples", "6", "--curves", "--states", str(folder / "states")])
    now = measurements.read_generation(dogs.fingerprint, folder)["learned"]["dog-noise-0.10"]["curves"]
    assert (now["guidance"], now["steps"], len(now["training"])) == (curves["guidance"], curves["steps"][:1], 1)


def test_small_priors_are_trained_and_kept_beside_it(few_dogs, monkeypatch):
    dogs, folder = few_dogs
    with pytest.raises(LatentLabError, match="There is no prior of a model of photos"):
        small_priors_benchmark.main(["--data", str(folder), "--out", str(folder)])
    save_prior("dog-prior", folder)
    prior = aemodels.load_checkpoint("dog-prior", folder)
    record = dataclasses.replace(prior.data, fingerprint=dogs.fingerprint)
    checkpoints.save_checkpoint(dataclasses.replace(prior, data=record), folder)
    with pytest.raises(LatentLabError, match="Nothing is measured yet"):
        small_priors_benchmark.main(["--data", str(folder), "--out", str(folder)])
    rows = {"num_samples": 6, "seeds": [0], "num_reference": 9, "num_known": 9, "num_fitted": {}, "checkpoints": {}}
    measurements.save_generation(rows | {"rows": []}, dogs.fingerprint, folder)
    monkeypatch.setattr(learned, "NUM_COMPARED", 6)
    monkeypatch.setattr(learned, "NUM_CURVE", 6)
    monkeypatch.setattr(small_priors_benchmark, "SPARSER", (4, 2))
    small_priors_benchmark.main(["--data", str(folder), "--out", str(folder), "--steps", "3"])
    results = measurements.read_generation(dogs.fingerprint, folder)
    (row,) = results["spaces"]
    assert (row["model"], row["num_photos"]) == ("dog-noise-0.10", len(dogs.test_index))
    assert [of["num_photos"] for of in results["photos"]] == [-(-len(dogs.train_index) // every) for every in (4, 2)]
    assert {of["num_steps"] for of in (row, *results["photos"])} == {3}
    assert row["frechet"] > 0
