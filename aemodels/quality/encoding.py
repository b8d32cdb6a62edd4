"""What the encoder alone makes of images, before a corrector and steps along the gradient improve its codes."""

from torch import Tensor

from aemodels.models.autoencoders import Autoencoder
from aemodels.quality.metrics import psnr_db


def encoder_psnr_db(model: Autoencoder, x: Tensor) -> Tensor:
    """PSNR (B,) in dB of images x (B, C, H, W) in [0, 1] as they are rebuilt from the encoder's first codes.

    For a model without corrector and refiner these are its codes. The model is only read, so that others may use it meanwhile.
    """
    return psnr_db(x, model.decode(model.first_code(x)))
