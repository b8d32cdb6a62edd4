"""The codes of the test photos, made while the app has nothing else to do: a photo that a page encodes takes 0.1 s of a core."""

from collections.abc import Callable, Iterator
from functools import partial

import torch

from aemodels.storage import catalogue, encoded
from pages.parts.shared import loaders, models, originals
from pages.parts.shared.originals import Originals

NUM_AT_ONCE = 3


def steps() -> Iterator[Callable[[], object]]:
    """Short ones that encode each test photo whose code does not come with the model, by the model with which the pages begin."""
    for group in loaders.read_catalogue().of_kind(catalogue.MAPS):
        if (found := originals.when_read(group.data)) is None:
            continue
        for ckpt in models.load_each(group.names[:1])[0].values():
            places = torch.arange(len(found))
            if found.is_same:
                places = places[~torch.isin(places, ckpt.index)]
            for index in places.split(NUM_AT_ONCE):
                yield partial(_encode, ckpt.model, found, index)


def _encode(model: torch.nn.Module, found: Originals, index: torch.Tensor) -> None:
    encoded.encode(model, found.pictures(index), keeps_on_disk=True)
