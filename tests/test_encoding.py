from itertools import islice, pairwise

import pytest
import torch
from untrained import build

import aemodels
from aemodels.models import refine
from aemodels.quality import encoding
from aemodels.quality.encoding import encoder_psnr_db


def test_a_model_without_help_has_the_psnr_of_its_codes(conv_config):
    model = build(conv_config)
    x = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(encoder_psnr_db(model, x), aemodels.psnr_db(x, model.decode(model.encode(x))))


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.10"])
def test_the_encoder_alone(name):
    """Against the whole with corrector and refiner taken out; the model that was asked stays as it was."""
    model, bare = (aemodels.load_checkpoint(name).model for _ in range(2))
    x = model.decode(aemodels.load_checkpoint(name).codes[:3])
    bare.refinement = None
    psnr = encoder_psnr_db(model, x)
    torch.testing.assert_close(psnr, aemodels.psnr_db(x, bare.decode(bare.encode(x))))
    assert model.refinement is not None
    assert aemodels.psnr_db(x, model.decode(model.encode(x))).mean() > psnr.mean() + 0.2


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.10"])
def test_the_stages_lead_from_the_first_code_to_the_one_of_encode(name):
    ckpt = aemodels.load_checkpoint(name)
    model, config = ckpt.model, ckpt.model_config
    x = model.decode(ckpt.codes[:3])
    kinds, codes = zip(*refine.stages(model, x), strict=True)
    helped = [refine.CORRECTOR] * bool(config.corrector_depths) + [refine.REFINER] * config.refiner_steps
    assert [*kinds] == [refine.ENCODER, *helped, *[refine.DESCENT] * config.descent_steps, refine.KEPT]
    assert torch.equal(codes[0], model.first_code(x))
    assert torch.equal(codes[-1], model.encode(x))
    assert all((after - before).abs().max() > 1e-3 for before, after in pairwise(codes[:-1]))


def test_a_plain_model_has_one_stage(conv_config):
    model = build(conv_config)
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    ((kind, z),) = refine.stages(model, x)
    assert kind == refine.ENCODER
    assert torch.equal(z, model.encode(x))


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.10"])
def test_plain_descent_goes_down_and_each_image_by_itself(name):
    ckpt = aemodels.load_checkpoint(name)
    model, x = ckpt.model, ckpt.model.decode(ckpt.codes[:2])
    first = model.first_code(x)
    together = list(islice(encoding.plain_descent(model, x, first), 4))
    alone = list(islice(encoding.plain_descent(model, x[1:], first[1:]), 4))
    losses = [model.reconstruction_loss(x, z) for z in (first, *(z for z, _psnr in together))]
    assert all((after <= before).all() for before, after in pairwise(losses))
    assert (losses[-1] < losses[0]).all()
    for (z, psnr), (z_alone, psnr_alone) in zip(together, alone, strict=True):
        torch.testing.assert_close(z[1:], z_alone, atol=1e-2, rtol=0)
        torch.testing.assert_close(psnr[1:], psnr_alone, atol=1e-2, rtol=0)
        torch.testing.assert_close(psnr, aemodels.psnr_db(x, model.decode(z)))
    gradient = model.refinement.gradient_and_error(model, x, first)[0]
    if not model.noise_variance:  # else the code is normalised after the step
        moved = (together[0][0] - first).flatten(1)
        torch.testing.assert_close(torch.cosine_similarity(moved, -gradient.flatten(1)), torch.ones(2))
