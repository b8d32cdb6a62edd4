from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from aemodels.models import building
from aemodels.models.layers import (
    Bottleneck,
    Conv3x3,
    Down,
    PixelShuffle,
    PixelUnshuffle,
    Pointwise,
    SelfSimilarConv,
    Up,
)
from aemodels.models.networks import conv_corrector, conv_decoder, conv_encoder, conv_refiner, mlp_decoder, mlp_encoder
from aemodels.training import recipes

LAB = recipes.of_the_lab()


def without_convolution(module):
    """Down or Up with its convolution set to zero, so that its shortcut is all that is left."""
    nn.init.zeros_(module.conv.weight)
    nn.init.zeros_(module.conv.bias)
    return module


def block_widths(network):
    return [block.narrow.in_features for block in network if isinstance(block, Bottleneck)]


@pytest.mark.parametrize("latent_shape", [(2,), (64,), (4, 2, 2)])
def test_mlp_shapes(mlp_config, latent_shape):
    config = replace(mlp_config, latent_shape=latent_shape)
    z = mlp_encoder(config)(torch.rand(3, 1, 28, 28))
    assert z.shape == (3, *latent_shape)
    assert mlp_decoder(config)(z).shape == (3, 1, 28, 28)


@pytest.mark.parametrize("latent_shape", [(2,), (64,), (4, 2, 2)])
def test_an_encoder_of_two_outputs_gives_two_codes_one_after_the_other(mlp_config, latent_shape):
    z = mlp_encoder(replace(mlp_config, latent_shape=latent_shape), 2)(torch.rand(3, 1, 28, 28))
    assert z.shape == (3, 2 * latent_shape[0], *latent_shape[1:])
    for part in z.chunk(2, dim=1):
        assert part.shape == (3, *latent_shape)


def test_a_conv_encoder_of_two_outputs_has_twice_the_channels(conv_config):
    assert conv_encoder(conv_config, 2)(torch.rand(3, *conv_config.image_shape)).shape == (3, 8, 2, 2)


@pytest.mark.parametrize(("channels", "height", "width"), [(3, 32, 32), (1, 16, 48), (3, 128, 128)])
def test_conv_shapes(conv_config, channels, height, width):
    config = replace(conv_config, image_shape=(channels, height, width), latent_shape=(5, height // 16, width // 16))
    z = conv_encoder(config)(torch.rand(2, channels, height, width))
    assert z.shape == (2, 5, height // 16, width // 16)
    assert conv_decoder(config)(z).shape == (2, channels, height, width)


def test_mlp_decoder_mirrors_the_encoder():
    encoder = [m.in_features for m in mlp_encoder(LAB["mnist-ae"].model).modules() if isinstance(m, nn.Linear)]
    decoder = [m.out_features for m in mlp_decoder(LAB["mnist-ae"].model).modules() if isinstance(m, nn.Linear)]
    assert encoder == [784, 512, 256, 256, 128, 128, 64]
    assert decoder == [64, 128, 128, 256, 256, 512, 784]


def test_depths_are_the_numbers_of_blocks_at_each_width(conv_config):
    config = replace(conv_config, encoder_depths=(1, 2), decoder_depths=(3, 1))
    assert block_widths(conv_encoder(config)) == [16, 32, 32]
    assert block_widths(conv_decoder(config)) == [32, 16, 16, 16]


def test_down_shortcut_averages_the_patch_in_groups():
    down = without_convolution(Down(1, 2))
    x = torch.tensor([[1.0, 2, 5, 6], [3, 4, 7, 8]]).view(1, 1, 2, 4)
    # The first patch is 1 2 / 3 4: its first pair averages to 1.5, its second to 3.5.
    assert down(x).tolist() == [[[[1.5, 5.5]], [[3.5, 7.5]]]]


def test_down_shortcut_keeps_channels_apart():
    down = without_convolution(Down(2, 2))
    x = torch.stack([torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([[10.0, 20], [30, 40]])]).unsqueeze(0)
    assert down(x).flatten().tolist() == [2.5, 25]


def test_up_shortcut_repeats_the_channels():
    up = without_convolution(Up(2, 1))
    x = torch.tensor([[1.0, 5], [2, 6]]).view(1, 2, 1, 2)
    # Each place's channels a, b become the patch a a / b b.
    assert up(x).tolist() == [[[[1, 1, 5, 5], [2, 2, 6, 6]]]]


def test_up_shortcut_then_down_shortcut_is_the_identity():
    x = torch.rand(2, 32, 3, 3)
    up, down = without_convolution(Up(32, 16)), without_convolution(Down(16, 32))
    torch.testing.assert_close(down(up(x)), x)


def test_down_and_up_add_a_convolution_to_their_shortcuts():
    x = torch.rand(1, 16, 4, 4)
    for module in (Down(16, 32), Up(16, 8)):
        with torch.no_grad():
            whole = module(x)
            module.conv.bias += 1
            torch.testing.assert_close(module(x), whole + 1)
            assert (without_convolution(module)(x) - whole).abs().max() > 0.01


def test_a_new_block_is_the_identity_and_a_trained_one_is_not():
    block = Bottleneck(8)
    x = torch.rand(2, 8, 4, 4)
    torch.testing.assert_close(block(x), x)
    nn.init.normal_(block.widen.weight)
    assert (block(x) - x).abs().max() > 0.01


def test_a_block_sees_one_place_in_each_direction():
    torch.manual_seed(0)
    block = Bottleneck(32)
    nn.init.normal_(block.widen.weight)
    x = torch.rand(1, 32, 9, 9)
    changed = x.clone()
    changed[0, :, 4, 4] += 10
    difference = (block(changed) - block(x)).abs().amax((0, 1)) > 1e-4
    expected = torch.zeros(9, 9, dtype=torch.bool)
    expected[3:6, 3:6] = True
    assert torch.equal(difference, expected)


def test_a_grey_image_starts_from_zero(conv_config):
    """Encoder and decoder work around mid-grey: what the networks see and make there is 0, and 0.5 on the outside."""
    encoder, decoder = conv_encoder(conv_config), conv_decoder(conv_config)
    seen = []
    encoder[1].register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    decoder[-2].register_forward_hook(lambda module, inputs, output: seen.append(output))
    grey = torch.full((1, *conv_config.image_shape), 0.5)
    x_hat = decoder(encoder(grey))
    assert (seen[0] == 0).all()
    torch.testing.assert_close(x_hat, seen[1] + 0.5)


def test_the_dog_model_decodes_an_image_in_half_a_gflop():
    model = building.build(LAB["dog-ae"].model).requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        model.decode(torch.zeros(1, 16, 8, 8))
    assert 0.05e9 < counter.get_total_flops() <= 0.5e9


def test_pointwise_is_a_1x1_convolution():
    pointwise = Pointwise(6, 4)
    x = torch.rand(2, 6, 3, 5)
    expected = nn.functional.conv2d(x, pointwise.weight[:, :, None, None], pointwise.bias)
    torch.testing.assert_close(pointwise(x), expected)


def test_conv3x3_is_a_3x3_convolution_with_zeros_beyond_the_edge():
    conv = Conv3x3(2, 4)
    x = torch.rand(2, 2, 5, 6)
    patches = nn.functional.unfold(x, 3, padding=1)  # (2, 2·9, 30)
    expected = torch.einsum("od,bdp->bop", conv.weight, patches) + conv.bias[:, None]
    torch.testing.assert_close(conv(x).flatten(2), expected)


def test_the_corrector_is_an_encoder_of_half_the_width_for_two_pictures_that_starts_at_zero(conv_config):
    network = conv_corrector(replace(conv_config, corrector_depths=(2, 1)))
    assert block_widths(network) == [8, 8, 16]
    pictures = torch.rand(2, 6, 32, 32)
    assert network(pictures).shape == (2, 4, 2, 2)
    assert not network(pictures).any()


def test_the_refiner_takes_codes_and_gradients_and_starts_at_zero(conv_config):
    network = conv_refiner(replace(conv_config, refiner_depth=2))
    assert block_widths(network) == [16, 16]
    codes_and_gradients = torch.rand(2, 12, 2, 2)
    assert network(codes_and_gradients).shape == (2, 4, 2, 2)
    assert not network(codes_and_gradients).any()


@pytest.mark.parametrize("make_network", [conv_encoder, conv_decoder, conv_corrector, conv_refiner])
def test_all_weights_but_biases_are_matrices(make_network):
    network = make_network(LAB["dog-noise-0.10"].model)
    assert {p.ndim for name, p in network.named_parameters() if name.endswith("weight")} == {2}
    assert {p.ndim for name, p in network.named_parameters() if name.endswith("bias")} == {1}


@pytest.mark.parametrize("factor", [2, 8])
def test_pixels_become_channels_and_back_as_with_torch(factor):
    x = torch.rand(2, 3, 16, 32)
    patches = PixelUnshuffle(factor)(x)
    assert torch.equal(patches, nn.functional.pixel_unshuffle(x, factor))
    assert torch.equal(PixelShuffle(factor)(patches), x)
    assert patches.is_contiguous(memory_format=torch.channels_last)
    assert PixelShuffle(factor)(patches).is_contiguous(memory_format=torch.channels_last)


def test_channels_come_last_in_memory_in_every_block_and_its_gradient(conv_config):
    """A block that gets them in another order copies them."""
    config = replace(conv_config, encoder_depths=(2, 2), decoder_depths=(2, 2))
    seen = []

    def note(block, inputs, output):
        for tensor in (inputs[0], output):
            seen.append(tensor)
            tensor.register_hook(seen.append)

    network = nn.Sequential(conv_encoder(config), conv_decoder(config))
    for block in network.modules():
        if isinstance(block, Bottleneck):
            nn.init.normal_(block.widen.weight)
            block.register_forward_hook(note)
    x = torch.rand(2, *config.image_shape).contiguous(memory_format=torch.channels_last)
    network(x).square().sum().backward()
    assert len(seen) == 2 * 2 * 8
    assert all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in seen)


def test_the_convolution_for_gpus_is_a_convolution_with_both_its_gradients():
    generator = torch.Generator().manual_seed(0)
    shapes = {"x": (2, 3, 5, 4), "weight": (4, 3, 3, 3), "bias": (4,)}
    inputs = [
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in shapes.values()
    ]
    x, weight, bias = inputs
    expected = nn.functional.conv2d(x, weight, bias, padding=1)
    torch.testing.assert_close(SelfSimilarConv.apply(x, weight, bias), expected)
    assert torch.autograd.gradcheck(SelfSimilarConv.apply, inputs)
    assert torch.autograd.gradgradcheck(SelfSimilarConv.apply, inputs)


def test_a_gradient_through_a_gradient_is_the_same_with_the_convolution_for_gpus(conv_config, monkeypatch):
    model = building.build(replace(conv_config, corrector_depths=(1, 1), refiner_depth=1, refiner_steps=2)).double()
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    x = torch.rand(2, *conv_config.image_shape, dtype=torch.float64)

    def gradient():
        loss = model.loss(x, torch.Generator())["reconstruction"].sum()
        return torch.autograd.grad(loss, list(model.parameters()))

    expected = gradient()

    def forward(self, x):
        return SelfSimilarConv.apply(x, self.weight.view(self.kernel_shape), self.bias)

    monkeypatch.setattr(Conv3x3, "forward", forward)
    torch.testing.assert_close(gradient(), expected)
