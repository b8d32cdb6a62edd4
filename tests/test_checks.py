"""What is no image or no code is refused with one sentence, by whatever a user calls."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import aemodels
from aemodels import noise
from aemodels.models import building
from aemodels.quality import denoising, evaluation, metrics

SHAPE = (3, 32, 32)
NAN, INF = float("nan"), float("inf")


def images(*shape, num=4):
    return torch.rand(num, *(shape or SHAPE), generator=torch.Generator().manual_seed(0))


def with_value(x, value):
    x = x.clone()
    x.view(-1)[7] = value
    return x


@pytest.fixture
def conv(conv_config):
    return building.build(conv_config).requires_grad_(False)


@pytest.fixture
def mlp(mlp_config):
    return building.build(mlp_config).requires_grad_(False)


def refusal(function, *arguments, **settings):
    """The sentence of the ValueError."""
    with pytest.raises(ValueError, match=r"^[^\n]+\.$") as caught:
        function(*arguments, **settings)
    return str(caught.value)


NO_IMAGES = {
    "uint8": (255 * images()).byte(),
    "int64": images().long(),
    "int32": images().int(),
    "bool": images() > 0.5,
    "complex64": images().to(torch.complex64),
    "float8_e4m3fn": images().to(torch.float8_e4m3fn),
    "sparse": images().to_sparse(),
    "ndarray": images().numpy(),
    "list": images().tolist(),
    "NoneType": None,
    "0.5 to 255": with_value(255 * images() + 0.5, 0.5).clamp(max=255),
    "-1 to 1": with_value(2 * images() - 1, -1),
    "1.004": with_value(images(), 1 + 1 / 255),
    "-0.0039": with_value(images(), -1 / 255),
    "nan": with_value(images(), NAN),
    "inf": with_value(images(), INF),
    "-inf": with_value(images(), -INF),
}
OTHER_SHAPES = {
    "x[None]": images()[0],
    "(4, 1, 32, 32)": images(1, 32, 32),
    "(4, 3, 64, 64)": images(3, 64, 64),
    "(4, 3, 32, 16)": images(3, 32, 16),
    "(4, 32, 32, 3)": images(32, 32, 3),
    "(32, 32)": images()[0, 0],
    "(1, 4, 3, 32, 32)": images()[None],
    "()": torch.tensor(0.5),
}


@pytest.mark.parametrize("what", NO_IMAGES)
def test_what_is_no_image_is_refused_by_a_model(conv, what):
    for use in (conv.encode, conv, lambda x: metrics.reconstruct(conv, x)):
        sentence = refusal(use, NO_IMAGES[what])
        assert what in sentence or " to " in sentence, sentence


@pytest.mark.parametrize("what", OTHER_SHAPES)
def test_images_of_another_shape_are_refused_by_a_model(conv, what):
    for use in (conv.encode, conv, lambda x: metrics.reconstruct(conv, x)):
        sentence = refusal(use, OTHER_SHAPES[what])
        assert what in sentence
        assert "(B, 3, 32, 32)" in sentence


def test_one_digit_without_its_batch_axis_is_refused(mlp):
    """The fully connected network would take it, for its one channel looks like a batch of one."""
    assert "x[None]" in refusal(mlp.encode, images(1, 28, 28)[0])


@pytest.mark.parametrize("what", NO_IMAGES)
@pytest.mark.parametrize("measure", [metrics.psnr_db, metrics.mse, metrics.bce])
def test_what_is_no_image_is_measured_by_none(measure, what):
    assert refusal(measure, NO_IMAGES[what], images()).startswith("x ")
    if what not in ("-1 to 1", "1.004", "-0.0039") or measure is metrics.bce:  # noise may have moved x_hat
        assert refusal(measure, images(), NO_IMAGES[what]).startswith("x_hat ")


@pytest.mark.parametrize("x", [images()[None], images()[0], images()[0, 0], torch.tensor(0.5)])
def test_a_batch_axis_is_advised_to_one_image_alone(x):
    assert ("x[None]" in refusal(metrics.psnr_db, x, x)) == (x.ndim == 3)


@pytest.mark.parametrize("measure", [metrics.psnr_db, metrics.mse, metrics.bce])
@pytest.mark.parametrize("shape", [(0, 32, 32), (1, 0, 32), (1, 32, 0)])
def test_images_without_a_pixel_are_measured_by_none(measure, shape):
    """The mean over no pixel is no number."""
    assert "without a pixel" in refusal(measure, images(*shape), images(*shape))


@pytest.mark.parametrize("measure", [metrics.psnr_db, metrics.mse, metrics.bce])
def test_images_without_values_are_measured_by_none(measure):
    assert "no values" in refusal(measure, images().to("meta"), images().to("meta"))


@pytest.mark.parametrize("what", ["x[None]", "(32, 32)", "(1, 4, 3, 32, 32)", "()"])
@pytest.mark.parametrize("measure", [metrics.psnr_db, metrics.mse, metrics.bce])
def test_what_is_no_batch_is_measured_by_none(measure, what):
    """One photo alone would give three numbers, one a channel."""
    assert str(tuple(OTHER_SHAPES[what].shape)) in refusal(measure, OTHER_SHAPES[what], OTHER_SHAPES[what])


def test_photos_one_grey_level_apart_are_48_db_apart_as_floats_and_refused_as_bytes():
    x = (254 * images()).byte()
    y = x + 1
    refusal(aemodels.psnr_db, x, y)
    assert aemodels.psnr_db(x / 255, y / 255).tolist() == pytest.approx([48.13] * 4, abs=0.01)


def test_noise_beyond_the_range_is_measured_as_it_is():
    x, white = images(), 0.4 * torch.randn(4, *SHAPE)
    np.testing.assert_allclose(metrics.mse(x, x + white), white.square().flatten(1).mean(1), rtol=1e-4)


def test_what_blending_and_rounding_leave_beyond_the_range_is_taken(conv):
    x = with_value(with_value(images(), 1 + 1e-6), 1 + 1e-6)
    x.view(-1)[8] = -1e-6
    for use in (conv.encode, lambda x: metrics.psnr_db(x, 1 - images()), lambda x: metrics.bce(images(), x)):
        assert use(x).isfinite().all()


@pytest.mark.parametrize("measure", [metrics.psnr_db, metrics.mse, metrics.bce])
def test_of_no_images_there_are_no_figures(measure):
    assert measure(images()[:0], images()[:0]).shape == (0,)


def test_a_denoising_model_takes_noise_but_neither_bytes_nor_nan(mlp_config):
    model = building.build(replace(mlp_config, variant="denoising", settings={"noise_factor": 0.4})).requires_grad_(
        False
    )
    x = images(1, 28, 28)
    x_noisy = x + 2 * torch.randn(x.shape)
    assert torch.equal(model.encode(x_noisy), model.infer(x_noisy))
    for wrong in ((255 * x).byte(), with_value(255 * x, 255), with_value(x, NAN), with_value(x, INF), x[0], x.numpy()):
        refusal(model.encode, wrong)
    refusal(metrics.reconstruct, model, x_noisy)  # it adds the noise itself


NO_CODES = {
    "int64": torch.ones(2, 4, 2, 2, dtype=torch.int64),
    "bool": torch.ones(2, 4, 2, 2) > 0,
    "complex64": torch.ones(2, 4, 2, 2, dtype=torch.complex64),
    "ndarray": np.ones((2, 4, 2, 2), np.float32),
    "list": [[1.0, 2.0]],
    "z[None]": torch.ones(4, 2, 2),
    "(2, 16)": torch.ones(2, 16),
    "(2, 4, 2, 3)": torch.ones(2, 4, 2, 3),
    "(2, 3, 2, 2)": torch.ones(2, 3, 2, 2),
    "()": torch.tensor(1.0),
    "nan": with_value(torch.ones(2, 4, 2, 2), NAN),
    "inf": with_value(torch.ones(2, 4, 2, 2), INF),
    "-inf": with_value(torch.ones(2, 4, 2, 2), -INF),
    "1e+20": torch.full((2, 4, 2, 2), 1e20),
}


@pytest.mark.parametrize("what", NO_CODES)
def test_what_is_no_code_is_not_decoded(conv, what):
    assert what.strip("-") in refusal(conv.decode, NO_CODES[what])


@pytest.mark.parametrize("name", ["mnist-ae", "mnist-dae", "dog-ae", "dog-noise-0.15"])
@pytest.mark.parametrize("size", [0.0, 1e-9, 1e3, 1e6, 1e12])
def test_codes_of_every_size_that_is_taken_are_decoded_to_images(name, size):
    model = aemodels.load_checkpoint(name).model
    noise = torch.rand(2, *model.config.latent_shape, generator=torch.Generator().manual_seed(0))
    x_hat = model.decode(size * (2 * noise - 1))
    assert x_hat.min() >= 0
    assert x_hat.max() <= 1


BYTES = [images(), (255 * images()).int(), (255 * images()).byte().numpy(), None]


@pytest.mark.parametrize("wrong", BYTES, ids=["float", "int32", "numpy", "None"])
def test_what_takes_bytes_refuses_all_else(conv, wrong):
    """Floats would be divided by 255 once more."""
    for use in (metrics.evaluate, evaluation.evaluate_all, evaluation.encode_all):
        assert "uint8" in refusal(use, conv, wrong)
    assert "uint8" in refusal(denoising.fit_linear, wrong)
    assert "uint8" in refusal(denoising.sweep, lambda x, factor: x, wrong, [0.4])


@pytest.mark.parametrize("wrong", [(1, 32, 32), (3, 64, 64), (32, 32, 3)])
def test_bytes_of_another_shape_are_refused(conv, wrong):
    for use in (metrics.evaluate, evaluation.evaluate_all, evaluation.encode_all):
        assert "(B, 3, 32, 32)" in refusal(use, conv, torch.zeros(2, *wrong, dtype=torch.uint8))


def test_an_evaluation_of_no_images_has_no_figures(conv_config, mlp_config):
    nothing = torch.empty(0, *SHAPE, dtype=torch.uint8)
    model = building.build(replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1}))
    figures = evaluation.evaluate_all(model, nothing)
    assert figures["num_images"] == 0
    assert np.isnan([figures[key] for key in ("psnr_db", "psnr_db_ci95", "mse", "code_power", "noise_power")]).all()
    assert evaluation.encode_all(model, nothing).shape == (0, 4, 2, 2)
    digits = torch.empty(0, 1, 28, 28, dtype=torch.uint8)
    assert np.isnan(metrics.evaluate(building.build(mlp_config), digits, noise_factor=0.4)["bce"])
    x_in, z, x_hat = metrics.reconstruct(model, images()[:0], 0.4, 0.1)
    assert (x_in.shape, z.shape, x_hat.shape) == ((0, *SHAPE), (0, 4, 2, 2), (0, *SHAPE))


@pytest.mark.parametrize("amount", [-0.1, -1e-9, NAN, INF, -INF])
def test_noise_of_no_possible_strength_is_refused(conv, amount):
    """A root of a negative variance is not a number."""
    x = images()
    assert str(amount) in refusal(noise.perturb, x, amount, x)
    assert str(amount) in refusal(metrics.reconstruct, conv, x, noise_factor=amount, seeds=range(4))
    assert str(amount) in refusal(metrics.reconstruct, conv, x, noise_variance=amount, seeds=range(4))
    assert str(amount) in refusal(metrics.evaluate, conv, (255 * x).byte(), noise_variance=amount)
    assert str(amount) in refusal(noise.add_noise, x, amount, torch.Generator())


def test_a_tensor_on_another_device_is_refused(conv):
    for use in (conv.encode, conv.decode):
        x = torch.empty(2, *(SHAPE if use == conv.encode else (4, 2, 2)), device="meta")
        assert "on meta and the model on cpu" in refusal(use, x)


def test_a_compiled_model_is_one_graph(conv, mlp):
    for model in (conv, mlp):
        x, z = images(*model.config.image_shape), torch.rand(3, *model.config.latent_shape)
        for use, value in ((model.encode, x), (model.decode, z)):
            torch.testing.assert_close(torch.compile(use, fullgraph=True, backend="eager")(value), use(value))


def test_a_decoder_can_be_differentiated_with_respect_to_the_code(mlp):
    z = torch.randn(1, 2)
    jacobian = torch.func.jacrev(mlp.decode)(z)
    ahead, behind = (mlp.decode(z + step * torch.tensor([[1.0, 0]])) for step in (1e-2, -1e-2))
    torch.testing.assert_close(jacobian[..., 0, 0], (ahead - behind) / 2e-2, atol=1e-3, rtol=0.01)
