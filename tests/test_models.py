from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from aemodels.errors import ConfigError
from aemodels.models import autoencoders, building
from aemodels.models.autoencoders import VARIANTS
from aemodels.models.config import ModelConfig
from aemodels.models.quasi_newton import lbfgs_step
from aemodels.models.refine import DESCENT_RATE
from aemodels.noise import power_normalise, seeded_signs

SETTINGS = {
    "plain": {},
    "denoising": {"noise_factor": 0.4},
    "code-l2": {"code_l2": 0.5},
    "noisy-code": {"noise_variance": 0.15},
    "vae": {"beta": 1},
    "nested": {},
}
NETWORKS = ["mlp", "conv", "corrected", "refined"]


@pytest.fixture
def make(mlp_config, conv_config):
    """Builds a model of a variant and a network; its codes can be made longer."""

    def build(variant, network="mlp", seed=0, **changes):
        corrected = replace(conv_config, corrector_depths=(1, 1))
        refined = replace(conv_config, refiner_depth=1, refiner_steps=2)
        config = {"mlp": mlp_config, "conv": conv_config, "corrected": corrected, "refined": refined}[network]
        torch.manual_seed(seed)
        model = building.build(replace(config, variant=variant, settings=SETTINGS[variant], **changes))
        for parameter in model.parameters():  # biases and blocks that start at zero would hide mistakes
            parameter.data += 0.05 * torch.randn(parameter.shape)
        return model.requires_grad_(False)

    return build


def images_for(model, num=5, seed=0):
    return torch.rand(num, *model.config.image_shape, generator=torch.Generator().manual_seed(seed))


def loss(model, x, seed=0):
    return model.loss(x, torch.Generator().manual_seed(seed))


def inputs_of(module):
    """A list that fills with each input of a module."""
    seen = []
    module.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    return seen


def test_every_variant_has_settings_here():
    assert set(SETTINGS) == set(VARIANTS)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("variant", SETTINGS)
def test_shapes_and_ranges(make, variant, network):
    model = make(variant, network)
    x = images_for(model)
    z = model.encode(x)
    assert z.shape == (5, *model.config.latent_shape)
    x_hat = model.decode(10 * z)  # far out, where an unbounded output would leave [0, 1]
    assert x_hat.shape == x.shape
    assert x_hat.dtype == torch.float32
    assert x_hat.min() >= 0
    assert x_hat.max() <= 1


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("network", NETWORKS)
def test_an_empty_model_has_the_shapes_of_one_with_weights(make, variant, network):
    model = make(variant, network)
    empty = building.build_empty(model.config)
    assert {key: value.shape for key, value in empty.state_dict().items()} == {
        key: value.shape for key, value in model.state_dict().items()
    }
    assert all(value.is_meta for value in empty.state_dict().values())
    assert torch.nn.Linear(2, 2).weight.any()  # what is built afterwards has its weights


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("reconstruction", ["bce", "mse", "log_mse"])
def test_decode_stays_in_range_for_either_loss(make, network, reconstruction):
    model = make("plain", network, reconstruction=reconstruction)
    output = model.decode(100 * torch.randn(20, *model.config.latent_shape))
    raw = model.decoder(100 * torch.randn(20, *model.config.latent_shape))
    assert raw.min() < 0  # so that the range is decode's doing
    assert raw.max() > 1
    assert output.min() >= 0
    assert output.max() <= 1


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("variant", SETTINGS)
def test_encode_is_deterministic_and_the_same_while_training(make, variant, network):
    model = make(variant, network, **({"descent_steps": 2} if network == "refined" else {})).train()
    x = images_for(model)
    z = model.encode(x)
    assert torch.equal(model.encode(x), z)
    assert torch.equal(model.eval().encode(x), z)
    if model.refinement:
        model.refinement.uses_refiner = False  # as in the first part of a training
    assert torch.equal(model.train().encode(x), z)
    assert (model.training_code(x) - z).abs().max() > 0.01 or network != "refined"
    torch.testing.assert_close(model.encode(x[2:3]), model.encode(x)[2:3], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_code_of_the_noisy_code_model_has_unit_mean_square(make, network):
    model = make("noisy-code", network)
    power = model.encode(images_for(model)).square().flatten(1).mean(1)
    assert (power - 1).abs().max() < 1e-5
    plain = make("plain", network)
    assert (plain.encode(images_for(plain)).square().flatten(1).mean(1) - 1).abs().max() > 0.01


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("variant", SETTINGS)
def test_loss_terms_are_per_image(make, variant, network):
    model = make(variant, network)
    x = images_for(model)
    terms = loss(model, x)
    assert terms.keys() == {"reconstruction"} | {"code-l2": {"code_l2"}, "vae": {"kl"}}.get(variant, set())
    for term in terms.values():
        assert term.shape == (5,)
        assert term.min() > 0
        assert term.std() > 0


@pytest.mark.parametrize("variant", ["plain", "code-l2"])
@pytest.mark.parametrize("network", NETWORKS)
def test_an_images_loss_without_noise_is_its_own_alone(make, variant, network):
    model = make(variant, network)
    x = images_for(model)
    for name, term in loss(model, x).items():
        torch.testing.assert_close(loss(model, x[3:4])[name], term[3:4], atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("variant", SETTINGS)
def test_loss_draws_only_where_there_is_noise(make, variant):
    model = make(variant)
    x = images_for(model)
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    model.loss(x, generator)
    draws = not torch.equal(generator.get_state(), before)
    assert draws == (variant in ("denoising", "noisy-code", "vae", "nested"))
    same, other = loss(model, x, seed=0), loss(model, x, seed=1)
    assert torch.equal(same["reconstruction"], loss(model, x, seed=0)["reconstruction"])
    assert torch.equal(same["reconstruction"], other["reconstruction"]) != draws


@pytest.mark.parametrize("variant", SETTINGS)
def test_loss_leaves_the_global_generator_alone(make, variant):
    model = make(variant)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    loss(model, images_for(model))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_the_nested_model_decodes_the_first_k_numbers_of_each_code(make, network):
    model = make("nested", network)
    x = images_for(model, num=400)
    seen = inputs_of(model.decoder)
    loss(model, x)
    z, kept = model.encode(x), seen[0]
    longest = model.config.latent_shape[0]
    k = kept.flatten(2).any(2).sum(1) if network == "conv" else (kept != 0).sum(1)
    for z_i, kept_i, k_i in zip(z, kept, k, strict=True):
        torch.testing.assert_close(kept_i[:k_i], z_i[:k_i])
        assert not kept_i[k_i:].any()
    assert (k.min(), k.max()) == (1, longest)
    expected = np.log((np.arange(longest) + 2) / (np.arange(longest) + 1)) / np.log(longest + 1)
    assert np.abs(np.bincount(k, minlength=longest + 1)[1:] / 400 - expected).max() < 0.1


def test_keep_first_takes_one_size_for_all_or_one_for_each():
    z = torch.arange(1.0, 13).view(3, 4)
    assert autoencoders.keep_first(z, 2).tolist() == [[1, 2, 0, 0], [5, 6, 0, 0], [9, 10, 0, 0]]
    assert autoencoders.keep_first(z, torch.tensor([4, 1, 2])).tolist() == [[1, 2, 3, 4], [5, 0, 0, 0], [9, 10, 0, 0]]
    assert torch.equal(autoencoders.keep_first(z, 4), z)


def test_bce_loss_against_numpy(make):
    model = make("plain")
    x = images_for(model)
    p, q = x.double().numpy(), model.decode(model.encode(x)).double().numpy()
    expected = -(p * np.log(q) + (1 - p) * np.log(1 - q)).reshape(5, -1).mean(1)
    np.testing.assert_allclose(loss(model, x)["reconstruction"], expected, rtol=1e-4)


def test_mse_loss_against_numpy_without_the_clamp(make):
    model = make("plain", "conv")
    x = images_for(model)
    output = model.decoder(model.encode(x))
    assert output.min() < 0  # so that a clamp would show
    expected = ((output.double().numpy() - x.double().numpy()) ** 2).reshape(5, -1).mean(1)
    np.testing.assert_allclose(loss(model, x)["reconstruction"], expected, rtol=1e-4)


def test_log_mse_loss_is_the_logarithm_of_each_images_mse(make):
    model, twin = make("plain", "conv", reconstruction="log_mse"), make("plain", "conv")
    x = images_for(model)
    expected = loss(twin, x)["reconstruction"].log()
    torch.testing.assert_close(loss(model, x)["reconstruction"], expected)
    assert expected.std() > 1e-3  # the logarithm of the mean would not pass


def test_an_image_rebuilt_without_error_has_a_finite_log_mse_loss_and_gradient(conv_config):
    model = building.build(replace(conv_config, reconstruction="log_mse"))
    grey = torch.full(
        (2, *conv_config.image_shape), 0.5
    )  # what a fresh network rebuilds exactly, as its biases are zero
    for module in model.modules():
        if getattr(module, "bias", None) is not None:
            torch.nn.init.zeros_(module.bias)
    per_image = loss(model, grey)["reconstruction"]
    assert (per_image < -18).all()
    per_image.mean().backward()
    assert per_image.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_code_l2_is_the_weighted_mean_square_of_the_code(make):
    model = make("code-l2", latent_shape=(8,))
    x = images_for(model)
    terms = loss(model, x)
    np.testing.assert_allclose(terms["code_l2"], 0.5 * (model.encode(x).numpy() ** 2).mean(1), rtol=1e-5)
    plain = make("plain", latent_shape=(8,))
    assert torch.equal(terms["reconstruction"], loss(plain, x)["reconstruction"])


def test_the_kl_term_is_that_of_torchs_normal_distributions_weighted_per_pixel(make):
    model = make("vae", latent_shape=(8,))
    x = images_for(model)
    mean, log_variance = (part.double() for part in model.posterior(x))
    assert min(mean.std(), log_variance.std()) > 0.01
    expected = kl_divergence(Normal(mean, log_variance.exp().sqrt()), Normal(0.0, 1.0))
    torch.testing.assert_close(autoencoders.gaussian_kl(mean, log_variance), expected)
    for beta in (1, 0.25):
        vae = building.build(replace(model.config, settings={"beta": beta}))
        vae.load_state_dict(model.state_dict())
        torch.testing.assert_close(loss(vae, x)["kl"].double(), beta * expected.sum(1) / 784, atol=1e-7, rtol=1e-4)


def test_the_loss_of_the_vae_is_the_negative_elbo_of_its_draw(make):
    """-log p(x|z) of a Bernoulli decoder + KL, over all draws: E over z of log q(z|x) - log p(x, z)."""
    model = make("vae")
    x = (images_for(model, num=1) > 0.5).float().expand(4000, -1, -1, -1)
    mean, log_variance = model.posterior(x)
    terms = loss(model, x)
    posterior = Normal(mean, (log_variance / 2).exp())
    torch.manual_seed(1)
    z = posterior.sample()
    log_p = Bernoulli(model.decode(z)).log_prob(x).flatten(1).sum(1) + Normal(0.0, 1.0).log_prob(z).sum(1)
    elbo = (log_p - posterior.log_prob(z).sum(1)).mean().item()
    assert -784 * sum(term.mean() for term in terms.values()).item() == pytest.approx(elbo, abs=0.3)


def test_the_decoder_of_the_vae_sees_draws_from_the_posterior_and_encode_its_mean(make):
    model = make("vae")
    x = images_for(model, num=1).expand(20_000, -1, -1, -1)
    seen = inputs_of(model.decoder)
    loss(model, x)
    mean, log_variance = model.posterior(x[:1])
    torch.testing.assert_close(seen[0].mean(0), mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(seen[0].var(0).log(), log_variance[0], atol=0.05, rtol=0)
    assert torch.equal(model.encode(x[:1]), mean)
    assert torch.equal(model.posterior(x[:1].double())[1], log_variance)
    assert torch.equal(mean, model.encoder(x[:1])[:, :2])


@pytest.mark.parametrize("network", ["corrected", "refined"])
def test_the_vae_learns_around_the_mean_that_encode_improves(make, network):
    model = make("vae", network)
    x = images_for(model, num=3)
    model.encoder[-1].bias[4:] = -30  # hardly any noise
    seen = inputs_of(model.decoder)
    loss(model, x)
    torch.testing.assert_close(seen[-1], model.training_code(x))
    assert (model.training_code(x) - model.first_code(x)).abs().max() > 0.01


@pytest.mark.parametrize("noise_factor", [0.2, 0.4])
def test_the_denoising_model_sees_unclipped_noise_and_is_judged_on_the_clean_image(make, noise_factor):
    model = make("plain")  # the noise-free twin: same weights
    noisy = building.build(
        replace(model.config, variant="denoising", settings={"noise_factor": noise_factor})
    ).requires_grad_(False)
    noisy.load_state_dict(model.state_dict())
    x = (images_for(model, num=1400) > 0.5).float()  # at both ends of the range, where clipping would show
    seen = inputs_of(noisy.encoder)
    terms = loss(noisy, x)
    noise = (seen[0] - x).double()
    assert noise.numel() > 1e6
    assert noise.var().item() == pytest.approx(noise_factor**2, rel=0.01)
    assert noise.mean().item() == pytest.approx(0, abs=0.002)
    expected = model.reconstruction_loss(x, model.training_code(seen[0]))
    torch.testing.assert_close(terms["reconstruction"], expected)


@pytest.mark.parametrize("variance", [0.05, 0.10, 0.15])
def test_the_decoder_of_the_noisy_code_model_sees_unit_power_plus_the_noise(make, variance):
    model = make("noisy-code", latent_shape=(4096,), widths=(16,)).train()
    config = replace(model.config, settings={"noise_variance": variance})
    channel = building.build(config).requires_grad_(False)
    channel.load_state_dict(model.state_dict())
    seen = inputs_of(channel.decoder)
    x = images_for(model, num=300)
    loss(channel, x)
    z_noisy = seen[0].double()
    assert z_noisy.square().mean().item() == pytest.approx(1 + variance, rel=0.01)
    assert (z_noisy - channel.encode(x)).var().item() == pytest.approx(variance, rel=0.01)


def test_decode_of_the_noisy_code_model_adds_no_noise_and_does_not_normalise(make):
    model = make("noisy-code", latent_shape=(16,))
    seen = inputs_of(model.decoder)
    z = 3 * torch.randn(4, 16)
    model.decode(z)
    assert torch.equal(seen[0], z)


def test_the_noisy_code_model_normalises_its_own_encoders_output(make):
    model = make("noisy-code", "conv")
    x = images_for(model)
    torch.testing.assert_close(model.encode(x), power_normalise(model.encoder(x)))


@pytest.mark.parametrize("part", [{"corrector_depths": (2, 1)}, {"refiner_depth": 1, "refiner_steps": 3}])
@pytest.mark.parametrize("variant", SETTINGS)
def test_a_fresh_corrector_or_refiner_leaves_the_code_as_it_is(conv_config, variant, part):
    config = replace(conv_config, variant=variant, settings=SETTINGS[variant])
    plain, improved = building.build(config), building.build(replace(config, **part))
    improved.load_state_dict(improved.state_dict() | plain.state_dict())
    x = images_for(plain)
    torch.testing.assert_close(improved.encode(x), plain.encode(x))


@pytest.mark.parametrize("variant", ["plain", "noisy-code"])
def test_the_corrector_adds_to_the_code_what_it_makes_of_image_and_reconstruction(make, variant):
    model = make(variant, "corrected")
    x = images_for(model)
    seen = inputs_of(model.refinement.corrector)
    z = model.encode(x)
    first = model.first_code(x)
    torch.testing.assert_close(seen[0], torch.cat([x, model.decode(first)], dim=1))
    torch.testing.assert_close(z, model.scale(first + model.refinement.corrector(seen[0])))
    assert (z - first).abs().max() > 0.01


@pytest.mark.parametrize("network", ["corrected", "refined"])
def test_the_decoder_learns_from_the_code_too_where_it_helped_to_make_it(make, network):
    model = make("plain", network).requires_grad_(True)
    model.training_code(images_for(model)).square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in model.parameters())


@pytest.mark.parametrize("variant", ["plain", "noisy-code"])
def test_the_refiner_adds_to_the_code_what_it_makes_of_code_and_gradients(make, variant):
    model = make(variant, "refined")
    x = images_for(model)
    seen = inputs_of(model.refinement.refiner)
    z = model.training_code(x)
    first = model.first_code(x)
    gradients = [torch.zeros_like(first), model.refinement.gradient_and_error(model, x, first)[0]]
    second = model.scale(first + model.refinement.refiner(torch.cat([first, gradients[1], gradients[0]], dim=1)))
    gradients.append(model.refinement.gradient_and_error(model, x, second)[0])
    third = model.scale(second + model.refinement.refiner(torch.cat([second, gradients[2], gradients[1]], dim=1)))
    torch.testing.assert_close(z, third)
    torch.testing.assert_close(seen[0][:, : first.shape[1]], first)
    assert min((second - first).abs().max(), (third - second).abs().max()) > 0.01


@pytest.mark.parametrize("variant", ["plain", "noisy-code"])
def test_an_image_that_the_refiner_leads_astray_keeps_its_code(make, variant):
    model = make(variant, "refined", seed=1)
    x = model.decode(torch.randn(32, *model.config.latent_shape))
    first, refined, kept = model.first_code(x), model.training_code(x), model.encode(x)
    is_better = model.reconstruction_loss(x, refined) < model.reconstruction_loss(x, first)
    assert 0 < is_better.sum() < len(x)
    torch.testing.assert_close(kept[is_better], refined[is_better])
    torch.testing.assert_close(kept[~is_better], first[~is_better])


def test_a_refiner_that_runs_away_costs_no_image_its_code(make):
    model = make("plain", "refined").eval()
    model.refinement.refiner[-1].bias.fill_(float("nan"))
    x = images_for(model)
    torch.testing.assert_close(model.encode(x), model.encoder(x))


def test_descent_without_noise_is_lbfgs_from_the_learned_steps_on(make):
    model = make("plain", "refined", descent_steps=3)
    x = images_for(model)
    codes, gradients, _ = model.refinement.refine(model, x, model.encoder(x))
    num_learned = len(codes)
    *_, descended = model.refinement.descent(model, x, codes, gradients)
    assert len(codes) == num_learned, "descent changed what it was given"
    for _ in range(3):
        z = codes[-1].clone().requires_grad_(True)
        error = model.code_error(x, z).sum()
        gradients.append(z[0].numel() * torch.autograd.grad(error, z)[0])
        codes.append(z.detach() + lbfgs_step(codes, gradients))
    assert (codes[-1] - codes[num_learned - 1]).abs().max() > 0.01
    torch.testing.assert_close(descended, codes[-1], atol=1e-4, rtol=1e-4)


def test_descent_under_noise_goes_down_the_mean_error_over_opposite_noises(make):
    model = make("noisy-code", "refined", descent_steps=2)
    x = images_for(model)
    codes, gradients, _ = model.refinement.refine(model, x, model.first_code(x))
    z = codes[-1]
    for t, rate in enumerate([DESCENT_RATE, DESCENT_RATE / 2]):
        noise = model.noise_variance**0.5 * seeded_signs(t, z[0])
        z = z.clone().requires_grad_(True)
        error = (model.code_error(x, z + noise) + model.code_error(x, z - noise)) / 2
        direction = torch.autograd.grad(error.sum(), z)[0]
        length = direction.flatten(1).square().mean(1).sqrt()
        z = model.scale(z.detach() - rate * direction / length.view(-1, 1, 1, 1))
    assert (z - codes[-1]).abs().max() > 0.01
    *_, descended = model.refinement.descent(model, x, codes, gradients)
    torch.testing.assert_close(descended, z, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("variant", ["plain", "noisy-code"])
def test_an_image_has_the_code_of_descent_unless_its_error_grew_and_none_while_training(make, variant):
    model, refines = make(variant, "refined", descent_steps=3), make(variant, "refined")
    refines.load_state_dict(model.state_dict())
    x = model.decode(torch.randn(32, *model.config.latent_shape))
    first = model.first_code(x)
    codes, gradients, _ = model.refinement.refine(model, x, first)
    *_, descended = model.refinement.descent(model, x, codes, gradients)
    is_better = model.code_error(x, descended) < model.code_error(x, first)
    assert is_better.any()
    expected = torch.where(is_better.view(-1, 1, 1, 1), descended, first)
    torch.testing.assert_close(model.encode(x), expected)
    torch.testing.assert_close(model.training_code(x), refines.training_code(x))


def test_each_image_descends_by_itself(make):
    model = make("noisy-code", "refined", descent_steps=3).eval()
    x = images_for(model)
    torch.testing.assert_close(model.encode(x)[1:2], model.encode(x[1:2]), atol=1e-4, rtol=1e-4)


def test_descent_lessens_the_error_under_noise(make):
    """Over draws that it has not seen; what a fresh network rebuilds badly leaves much to gain."""
    model = make("noisy-code", "refined", descent_steps=8)
    x = images_for(model)
    z = model.first_code(x)
    *_, descended = model.refinement.descent(model, x, [z], [])
    noise = model.noise_variance**0.5 * torch.randn(64, 1, *z.shape[1:])
    before, after = (torch.stack([model.code_error(x, z + n) for n in noise]).mean(0) for z in (z, descended))
    assert (after < before).all()


@pytest.mark.parametrize("reconstruction", ["mse", "log_mse", "bce"])
def test_the_error_gradient_tells_how_the_loss_of_each_image_changes_with_its_code(make, reconstruction):
    model = make("plain", "refined", reconstruction=reconstruction).double()
    x = images_for(model).double()
    z = model.encode(x)
    gradient, error = model.refinement.gradient_and_error(model, x, z)
    torch.testing.assert_close(error, model.code_error(x, z))
    aside = torch.randn(z.shape, generator=torch.Generator().manual_seed(1), dtype=z.dtype)
    for direction in (gradient, gradient + gradient.square().mean().sqrt() * aside):
        step = 0.02 / direction.square().mean().sqrt()  # the loss is taken in float32: no tiny steps
        ahead, behind = (model.code_error(x, z + move).double() for move in (step * direction, -step * direction))
        slope = (gradient * direction).flatten(1).mean(1)
        torch.testing.assert_close((ahead - behind) / (2 * step), slope, atol=0, rtol=0.05)
        assert slope.min() > 0


def test_a_code_is_improved_alike_by_models_of_the_mse_and_of_its_logarithm(make):
    model, older = (
        make("noisy-code", "refined", descent_steps=1, reconstruction=of).eval() for of in ("mse", "log_mse")
    )
    older.load_state_dict(model.state_dict())
    x = images_for(model)
    assert not torch.equal(model.first_code(x), model.encode(x))
    assert torch.equal(model.encode(x), older.encode(x))
    assert not torch.allclose(loss(model, x)["reconstruction"], loss(older, x)["reconstruction"])


def test_a_refiner_works_where_gradients_are_switched_off_and_leaves_none_behind(make):
    model = make("noisy-code", "refined").requires_grad_(True)
    x = images_for(model)
    expected = model.encode(x).detach()
    with torch.inference_mode():
        torch.testing.assert_close(model.encode(x.clone()), expected)
    with torch.no_grad():
        z = model.encode(x)
    torch.testing.assert_close(z, expected)
    assert not z.requires_grad
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    ("network", "latent_shape"), [("mlp", (16,)), ("corrected", (4, 2, 2)), ("refined", (4, 2, 2))]
)
def test_the_loss_can_be_learnt_from(make, network, latent_shape):
    for variant in SETTINGS:
        model = make(variant, network, latent_shape=latent_shape).requires_grad_(True)
        sum(loss(model, images_for(model)).values()).mean().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad.abs().max() > 0, (variant, name)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("variant", SETTINGS)
def test_of_no_images_there_are_no_codes_and_of_no_codes_no_images(make, variant, network):
    model = make(variant, network, **({"descent_steps": 2} if network == "refined" else {}))
    x = images_for(model)[:0]
    z = model.encode(x)
    assert z.shape == (0, *model.config.latent_shape)
    assert model.decode(z).shape == model(x).shape == x.shape
    assert loss(model, x)["reconstruction"].shape == (0,)


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("variant", SETTINGS)
def test_a_model_without_a_generator_rebuilds_and_with_one_gives_its_loss(make, variant, mode):
    model = make(variant, "refined").train(mode)
    x = images_for(model)
    assert torch.equal(model(x), model.decode(model.encode(x)))
    terms, expected = model(x, torch.Generator().manual_seed(3)), loss(model, x, seed=3)
    assert all(torch.equal(terms[name], expected[name]) for name in terms.keys() | expected.keys())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("network", NETWORKS)
def test_floats_of_another_precision_count_as_the_numbers_that_they_are(make, network, dtype):
    model = make("plain", network)
    x, z = images_for(model).to(dtype), torch.randn(3, *model.config.latent_shape).to(dtype)
    assert torch.equal(model.encode(x), model.encode(x.float()))
    assert torch.equal(model.decode(z), model.decode(z.float()))


@pytest.mark.parametrize(
    "change",
    [
        {"variant": "variational"},
        {"variant": ""},
        {"variant": None},
        {"network": "transformer"},
        {"network": None},
        {"image_shape": (3, 40, 32)},
        {"image_shape": (3, 32, 24)},
        {"image_shape": (3, 64, 64)},
        {"latent_shape": (4, 2, 3)},
        {"latent_shape": (4, 4, 4)},
        {"latent_shape": (16,)},
        {"latent_shape": (4, 2, 2, 1)},
        {"widths": (16,)},
        {"widths": (16, 32, 64)},
        {"widths": (16, 48)},
        {"widths": (16, 128)},
        {"widths": (15, 30)},
        {"encoder_depths": ()},
        {"encoder_depths": (1,)},
        {"decoder_depths": (1, 1, 1)},
        {"corrector_depths": (1,)},
        {"corrector_depths": (1, 1, 1)},
        {"corrector_depths": (1, 1), "widths": (18, 36)},
        {"refiner_depth": -1},
        {"refiner_steps": 65},
        {"refiner_steps": 1.0},
        {"refiner_steps": True},
        {"refiner_depth": 1, "refiner_steps": 1, "descent_steps": -1},
        {"descent_steps": 1},
    ],
)
def test_what_cannot_be_built_is_refused(conv_config, change):
    with pytest.raises(ConfigError):
        building.build(ModelConfig.from_dict(conv_config.to_dict() | change))


@pytest.mark.parametrize("change", [{"corrector_depths": (1, 1)}, {"refiner_steps": 1}])
def test_a_corrector_and_a_refiner_are_for_convolutional_networks(mlp_config, change):
    with pytest.raises(ConfigError, match="only a conv network"):
        building.build(replace(mlp_config, **change))


@pytest.mark.parametrize("setting", ["noise_factor", "code_l2", "noise_variance"])
@pytest.mark.parametrize("variant", SETTINGS)
def test_a_setting_of_another_variant_is_refused_with_both_names(mlp_config, variant, setting):
    """It would do nothing in training, and the model would be judged as if it had."""
    settings = SETTINGS[variant] | {setting: 0.1}
    config = replace(mlp_config, variant=variant, settings=settings)
    if settings.keys() == SETTINGS[variant].keys():
        assert building.build(config).settings == VARIANTS[variant].Settings(**settings)
    else:
        with pytest.raises(ConfigError, match=f"Variant '{variant}' has no setting '{setting}'"):
            building.build(config)


@pytest.mark.parametrize("variant", [variant for variant, settings in SETTINGS.items() if settings])
def test_a_missing_setting_is_refused_by_name(mlp_config, variant):
    (name,) = SETTINGS[variant]
    with pytest.raises(ConfigError, match=f"Variant '{variant}' needs its setting '{name}'"):
        building.build(replace(mlp_config, variant=variant))


def test_weights_come_from_the_global_seed(mlp_config):
    torch.manual_seed(3)
    first = building.build(mlp_config).state_dict()
    torch.manual_seed(3)
    second = building.build(mlp_config).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
