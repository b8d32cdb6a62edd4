"""The images of each step: from the device's memory where all fit into it, else read before they are asked for."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from aemodels import memory
from aemodels.data.stored_images import Images

NUM_AHEAD = 4  # batches in memory beside the one that is learnt from


def place(images: Images, device: torch.device) -> Images:
    """images on the device if they are in memory and the device can hold them all (memory.can_hold), else where they are."""
    if isinstance(images, Tensor) and images.device != device:
        return images.to(device) if memory.can_hold(images.nbytes, device) else images
    return images


def batches(images: Images, places: Sequence[Tensor], device: torch.device) -> Generator[Tensor]:
    """images[p], uint8 (B, C, H, W) on the device, for each p of places in turn; int64 (B,) on the device.

    What is not on the device is read by a thread, some batches ahead; an error in reading is raised where its batch is due. The
    thread ends with the last batch, or when this is closed.
    """
    if isinstance(images, Tensor) and images.device == device:
        yield from (images[p] for p in places)
        return
    thread = ThreadPoolExecutor(1, "reading images")
    ahead: deque[Future[Tensor]] = deque()
    try:
        for p in places:
            ahead.append(thread.submit(images.__getitem__, p.cpu()))
            if len(ahead) > NUM_AHEAD:
                yield ahead.popleft().result().to(device)
        while ahead:
            yield ahead.popleft().result().to(device)
    finally:
        thread.shutdown(cancel_futures=True)
