"""What a prior draws: the Gaussian it starts from, exactly; one seed a code; codes changed on the way; bad input."""

import dataclasses
from itertools import pairwise

import pytest
import torch
from untrained import build

from aemodels.codes import flows
from aemodels.codes.flows import Sampling
from aemodels.errors import ConfigError, DataError
from aemodels.models import building
from aemodels.models.config import ModelConfig
from aemodels.models.transformer import patches, unpatch
from aemodels.quality.priors import velocity_losses

CELLS = ModelConfig(
    variant="flow",
    network="transformer",
    image_shape=(4, 4, 4),
    latent_shape=(4, 4, 4),
    widths=(32,),
    reconstruction="mse",
    settings={"patch": 2, "depth": 2, "num_labels": 3, "time_shift": 1.0},
)
NUMBERS = dataclasses.replace(CELLS, image_shape=(12, 1, 1), latent_shape=(12,))
CONFIGS = [pytest.param(CELLS, id="cells"), pytest.param(NUMBERS, id="numbers")]


def codes_of(config, n=4000):
    """Codes with unlike variances along mixed axes, and a mean that is not 0."""
    generator = torch.Generator().manual_seed(0)
    size = torch.Size(config.latent_shape).numel()
    mix = torch.randn(size, size, generator=generator) * torch.linspace(2, 0.05, size)
    return (torch.randn(n, size, generator=generator) @ mix.T + 3).unflatten(1, config.latent_shape)


def prior_of(config, learnt=0.0):
    """A prior around the Gaussian of codes_of; `learnt` is the size of the weights of its head, 0 for one that is untrained."""
    prior = build(config)
    prior.fit_gaussian(codes_of(config))
    prior.network.head.weight.normal_(std=learnt)
    return prior


@pytest.mark.parametrize("config", CONFIGS)
def test_tokens_come_back_as_the_code_they_were_cut_from(config):
    z = torch.randn(3, *config.latent_shape)
    tokens = patches(z, 2)
    assert tokens.shape == ((3, 4, 16) if config is CELLS else (3, 6, 2))
    assert torch.equal(unpatch(tokens, config.latent_shape, 2), z)


@pytest.mark.parametrize("config", CONFIGS)
def test_gaussian_velocity_is_the_mean_of_noise_less_code(config):
    """Against a regression of e − x on x_t over many draws: the conditional mean of a Gaussian is linear."""
    prior, n, t = prior_of(config), 50_000, 0.3
    generator = torch.Generator().manual_seed(1)
    x = prior.from_axes(prior.variances.sqrt() * torch.randn(n, len(prior.mean), generator=generator))
    noise = torch.randn(x.shape, generator=generator)
    x_t = (1 - t) * x + t * noise
    found = torch.linalg.lstsq(x_t.flatten(1), (noise - x).flatten(1)).solution
    told = prior.gaussian_velocity(
        torch.eye(len(prior.mean)).view(-1, *config.latent_shape), torch.tensor([t])
    ).flatten(1)
    torch.testing.assert_close(told, found, atol=0.06, rtol=0.06)


@pytest.mark.parametrize("config", CONFIGS)
def test_following_the_gaussian_velocity_ends_at_the_same_place_as_one_exact_step(config):
    prior = prior_of(config)
    x = noise = torch.randn(5, *config.latent_shape, generator=torch.Generator().manual_seed(2))
    grid = torch.linspace(1, 0, 501)
    for t, t_next in pairwise(grid):
        middle = x + (t_next - t) / 2 * prior.gaussian_velocity(x, t.expand(5))
        x = x + (t_next - t) * prior.gaussian_velocity(middle, ((t + t_next) / 2).expand(5))
    exact = flows.sample_from(prior, noise, Sampling(num_steps=1))
    torch.testing.assert_close(prior.denormalise(x), exact, atol=0.02, rtol=0.01)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("solver", flows.SOLVERS)
def test_an_untrained_prior_draws_the_gaussian_of_the_codes(config, solver):
    prior, codes = prior_of(config), codes_of(config).flatten(1)
    drawn = flows.sample(prior, range(8_000), Sampling(num_steps=2, solver=solver)).flatten(1)
    scale = codes.std()
    torch.testing.assert_close(drawn.mean(0), codes.mean(0), atol=0.07 * scale, rtol=0)
    torch.testing.assert_close(torch.cov(drawn.T), torch.cov(codes.T), atol=0.1 * scale**2, rtol=0)


def test_strength_fades_the_learnt_part_in():
    prior, untrained = prior_of(CELLS, learnt=0.1), prior_of(CELLS)
    gaussian, half, whole = (flows.sample(prior, [1, 2], Sampling(strength=strength)) for strength in (0, 0.5, 1))
    torch.testing.assert_close(gaussian, flows.sample(untrained, [1, 2]))
    assert 0 < (half - gaussian).norm() < (whole - gaussian).norm()


@pytest.mark.parametrize("solver", flows.SOLVERS)
def test_more_steps_come_closer_to_the_end_of_the_flow(solver):
    prior = prior_of(CELLS, learnt=0.1)
    end = flows.sample(prior, range(4), Sampling(num_steps=200))
    few, more = (flows.sample(prior, range(4), Sampling(num_steps=n, solver=solver)) for n in (4, 32))
    assert (more - end).norm() < (few - end).norm() / 4


def test_a_seed_means_the_same_code_in_whatever_batch():
    prior = prior_of(CELLS, learnt=0.1)
    together = flows.sample(prior, [5, 6, 7], Sampling(label=[0, 2, 1], guidance=2.0))
    alone = flows.sample(prior, [6], Sampling(label=2, guidance=2.0))
    torch.testing.assert_close(together[1:2], alone, atol=1e-3, rtol=1e-3)  # matrices of other shapes round otherwise
    assert torch.equal(flows.sample(prior, [6], Sampling(label=2, guidance=2.0)), alone)
    assert not torch.allclose(flows.sample(prior, [7], Sampling(label=2, guidance=2.0)), alone)


def test_a_class_and_its_guidance_change_the_code():
    prior = prior_of(CELLS, learnt=0.1)
    prior.network.modulate.weight.normal_(std=0.1)  # what tells the blocks of the class, 0 before training
    plain, told, guided = (
        flows.sample(prior, [1], Sampling(**how)) for how in ({}, {"label": 1}, {"label": 1, "guidance": 3.0})
    )
    assert len({z.sum().item() for z in (plain, told, guided)}) == 3
    torch.testing.assert_close(flows.sample(prior, [1], Sampling(label=1, guidance=0.0)), plain, atol=1e-3, rtol=1e-3)


def test_path_goes_from_noise_to_the_sample():
    prior = prior_of(CELLS, learnt=0.1)
    moments = list(flows.path(prior, [3, 4], Sampling(num_steps=6)))
    assert [m.t for m in moments] == sorted((m.t for m in moments), reverse=True)
    assert (len(moments), moments[0].t, moments[-1].t) == (7, 1.0, 0.0)
    noise = torch.stack([torch.randn(CELLS.latent_shape, generator=torch.Generator().manual_seed(s)) for s in (3, 4)])
    torch.testing.assert_close(prior.normalise(moments[0].x_t), noise, atol=1e-4, rtol=1e-4)
    assert torch.equal(moments[-1].z, flows.sample(prior, [3, 4], Sampling(num_steps=6)))
    far, near = ((m.z - moments[-1].z).norm() for m in (moments[1], moments[-2]))
    assert near < far


def test_a_code_pushed_further_comes_back_less_like_itself():
    prior, z = prior_of(CELLS), codes_of(CELLS)[:3]
    assert torch.equal(flows.edit(prior, z, 0.0, [1, 2, 3]), z)
    changes = [(flows.edit(prior, z, t, [1, 2, 3]) - z).norm().item() for t in (0.1, 0.4, 0.9)]
    assert changes == sorted(changes)
    torch.testing.assert_close(flows.edit(prior, z, 1.0, [1, 2, 3]), flows.sample(prior, [1, 2, 3]))


def test_known_cells_stay_and_the_others_go_with_them():
    prior, z = prior_of(CELLS), codes_of(CELLS)[:200]
    known = torch.zeros(4, 4, dtype=torch.bool)
    known[:, :2] = True
    found = flows.inpaint(prior, z, known, range(200), Sampling(num_steps=50))
    assert torch.equal(found[..., :2], z[..., :2])
    assert not torch.allclose(found[..., 2:], z[..., 2:])
    # What is drawn with the known half at hand is closer to the truth than what is drawn without.
    free = flows.sample(prior, range(200))
    assert (found - z)[..., 2:].square().mean() < 0.8 * (free - z)[..., 2:].square().mean()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_steps": 0}, "number of steps from 1 to"),
        ({"num_steps": 2.5}, "number of steps from 1 to"),
        ({"guidance": 1e9}, "guidance from 0 to 20"),
        ({"guidance": float("nan")}, "guidance from 0 to 20"),
        ({"strength": -1}, "strength from 0 to 2"),
        ({"solver": "magic"}, "one of the solvers heun, euler, not"),
        ({"label": 3}, "no class 3; the prior knows 3"),
        ({"label": -1}, "no class -1"),
        ({"label": [0]}, "2 codes need as many classes, not 1"),
    ],
)
def test_bad_settings_are_one_sentence(change, words):
    with pytest.raises(DataError, match=words) as error:
        flows.sample(prior_of(CELLS), [0, 1], Sampling(**change))
    assert "\n" not in str(error.value)


def test_bad_codes_are_one_sentence():
    prior, z = prior_of(CELLS), codes_of(CELLS)[:2]
    known = torch.ones(4, 4, dtype=torch.bool)
    with pytest.raises(DataError, match=r"codes of shape \(4, 4, 4\), not \(4, 2, 2\)"):
        flows.sample_from(prior, torch.zeros(1, 4, 2, 2))
    with pytest.raises(DataError, match="not finite or far too large"):
        flows.edit(prior, z * torch.nan, 0.5, [1, 2])
    with pytest.raises(DataError, match=r"from 0 to 1, not 1\.5"):
        flows.edit(prior, z, 1.5, [1, 2])
    with pytest.raises(DataError, match="2 codes need as many seeds, not 1"):
        flows.inpaint(prior, z, known, [1])
    for wrong in (known[:3], known.float()):
        with pytest.raises(DataError, match="true or false for each cell"):
            flows.inpaint(prior, z, wrong, [1, 2])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": {**CELLS.settings, "patch": 3}}, "patch must divide the code's sides, 4×4"),
        ({"settings": {**CELLS.settings, "depth": 1.5}}, "depth must be a whole number"),
        ({"settings": {**CELLS.settings, "num_labels": 1e9}}, "num_labels must be a whole number"),
        ({"settings": {**CELLS.settings, "time_shift": 0}}, "time_shift must be above 0"),
        ({"widths": (33,)}, "a multiple of 32"),
        ({"network": "conv"}, 'network = "transformer"'),
        ({"image_shape": (3, 32, 32)}, "its image_shape that of such codes"),
        ({"latent_shape": (8, 32, 32), "image_shape": (8, 32, 32)}, "at most 4096 numbers"),
    ],
)
def test_a_prior_that_cannot_be_built_is_one_sentence(change, words):
    with pytest.raises(ConfigError, match=words):
        building.build(dataclasses.replace(CELLS, **change))


@pytest.mark.parametrize("config", CONFIGS)
def test_loss_of_an_untrained_prior_is_that_of_its_gaussian(config):
    prior, z = prior_of(config), codes_of(config)[:500]
    labels = torch.arange(500) % 3
    torch.testing.assert_close(velocity_losses(prior, z, labels), velocity_losses(prior, z, labels, strength=0.0))
    losses = prior.loss(z, torch.Generator().manual_seed(0), labels)["velocity"]
    assert losses.shape == (500,)
    # The least that any linear velocity can reach: x_t tells e − x but for λ / ((1 − t)² λ + t²) along each axis.
    t = (torch.arange(1, 501) * 0.618034) % 1
    floor = (prior.variances / prior.spread(t).square()).mean()
    assert velocity_losses(prior, z, labels).mean() == pytest.approx(floor.item(), rel=0.1)
