import pytest
import torch

import aemodels
from aemodels.models import autoencoders
from aemodels.quality.encoding import encoder_psnr_db


def test_a_model_without_help_has_the_psnr_of_its_codes(conv_config):
    torch.manual_seed(0)
    model = autoencoders.build(conv_config).eval().requires_grad_(False)
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
