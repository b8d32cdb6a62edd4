"""What a folder of checkpoints holds, by their headers alone: which models pages can show, each set of data with its own.

A page asks for a kind of model, and what a model is follows from its configuration, never from its name.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from aemodels.data.config import DataConfig, DataRecord
from aemodels.errors import CheckpointError
from aemodels.language import N_, _, any_of
from aemodels.models.autoencoders import VARIANTS
from aemodels.models.config import ModelConfig
from aemodels.models.flow import is_prior
from aemodels.storage import checkpoints


@dataclass(frozen=True)
class Model:
    """A checkpoint as its header describes it.

    header  the JSON fields, as `checkpoints.read_header` gives them
    """

    name: str
    title: str
    data: DataRecord
    config: ModelConfig
    header: Mapping[str, Any]

    def said_title(self) -> str:
        """`title` in the language that is spoken, where it is one of LAB_TITLES."""
        return _(self.title) if self.title in LAB_TITLES else self.title

    @cached_property
    def noise_factor(self) -> float:
        """σ of the noise on the input while training; 0 for none."""
        return self.config.settings.get("noise_factor", 0.0)

    @cached_property
    def noise_variance(self) -> float:
        """Variance of the noise on the code while training; 0 for none."""
        return self.config.settings.get("noise_variance", 0.0)

    @property
    def is_prior(self) -> bool:
        """Whether it draws codes for the autoencoder `codes_of`, and encodes and decodes nothing itself."""
        return is_prior(self.config)

    @property
    def codes_of(self) -> str | None:
        """Name of the autoencoder that a prior draws codes for."""
        return self.header["provenance"]["codes_of"]["name"] if self.is_prior else None

    @property
    def kinds(self) -> list[str]:
        """Those of KINDS that the model is of; a prior is of that kind alone."""
        if self.is_prior:
            return [PRIOR]
        return [kind for kind in AUTOENCODERS if KINDS[kind][1](self)]


def _is_plane(model: Model) -> bool:
    return model.config.latent_shape == (2,)


def _is_space(model: Model) -> bool:
    return math.prod(model.config.latent_shape) > 2


def _is_nested(model: Model) -> bool:
    """Whether the first numbers of the code, which is a row of them, are a code too."""
    return len(model.config.latent_shape) == 1 and getattr(VARIANTS.get(model.config.variant), "is_nested", False)


def _has_maps(model: Model) -> bool:
    """Whether each cell of the code stands for a block of pixels."""
    sides, pixels = model.config.latent_shape[1:], model.config.image_shape[1:]
    return len(sides) == 2 and sides[0] == sides[1] and not any(n % side for n, side in zip(pixels, sides, strict=True))


# Titles of the lab's models, which files hold in English; the title of another model is shown as it is.
LAB_TITLES = (
    N_("plain"),
    N_("L2 on the code"),
    N_("L2 on the weights"),
    N_("VAE"),
    N_("2-D code"),
    N_("64-D code"),
    N_("without 9"),
    N_("nested code"),
    N_("no noise"),
    N_("noise 0.05"),
    N_("noise 0.10"),
    N_("noise 0.15"),
    N_("prior on the codes of noise 0.10"),
    N_("prior on the 64-D codes"),
)
PLANE, MAPS, DENOISER, REFINED, SPACE = "plane", "maps", "denoiser", "refined", "space"
NESTED, PRIOR = "nested", "prior"
# Kind -> what it is in English words, and which models are of it.
KINDS: dict[str, tuple[str, Callable[[Model], bool]]] = {
    PLANE: (N_("a code of two numbers"), _is_plane),
    MAPS: (N_("a code of channels × height × width, each of its cells a block of pixels"), _has_maps),
    DENOISER: (N_("noise on the input while training"), lambda model: model.noise_factor > 0),
    REFINED: (
        N_("steps that improve the encoder's code"),
        lambda model: bool(model.config.corrector_depths or model.config.refiner_steps),
    ),
    SPACE: (N_("a code of more than two numbers"), _is_space),
    NESTED: (N_("a code whose first numbers are a code too"), _is_nested),
    PRIOR: (N_("a prior learnt on codes"), lambda model: model.is_prior),
}
AUTOENCODERS = tuple(kind for kind in KINDS if kind != PRIOR)  # what encodes and decodes


@dataclass(frozen=True)
class Group:
    """The models of one set of data, in the order in which they are shown.

    key    the data set's name, with what tells it from another one of that name; the same in every language
    title  the same in words
    """

    key: str
    title: str
    models: tuple[Model, ...]

    @property
    def data(self) -> DataRecord:
        return self.models[0].data

    @property
    def names(self) -> list[str]:
        return [model.name for model in self.models]

    @property
    def titles(self) -> dict[str, str]:
        """Name -> how the model is called beside the others, each in its own way, with a capital first letter, but as it is spelt where
        it has no title but its name; a denoiser among others is called one."""
        said = [(model.said_title(), model.title == model.name) for model in self.models]
        titles = [title if is_name else title[:1].upper() + title[1:] for title, is_name in said]
        denoise = [bool(model.noise_factor) for model in self.models]
        if not all(denoise):
            told = _("{title} · denoiser")
            titles = [told.format(title=t) if is_one else t for t, is_one in zip(titles, denoise, strict=True)]
        return {
            model.name: title if titles.count(title) == 1 else f"{title} ({model.name})"
            for model, title in zip(self.models, titles, strict=True)
        }


@dataclass(frozen=True)
class Catalogue:
    """The models of a folder by data set; of each file that is no model, a sentence that says why, by its name."""

    groups: tuple[Group, ...]
    broken: Mapping[str, str]

    @property
    def models(self) -> list[Model]:
        return [model for group in self.groups for model in group.models]

    def of_kind(self, *kinds: str) -> list[Group]:
        """The groups with their models of any of these kinds alone, without groups that have none."""
        chosen = [replace(g, models=tuple(m for m in g.models if set(kinds) & set(m.kinds))) for g in self.groups]
        return [group for group in chosen if group.models]


def read(name: str, folder: str | Path | None = None) -> Model:
    """The model of this name. Raises CheckpointError as `checkpoints.read_header` does."""
    header = checkpoints.read_header(name, folder)
    data, config = DataRecord.from_dict(header["data"]), ModelConfig.from_dict(header["model_config"])
    return Model(name, header["title"].strip() or name, data, config, header)


def read_all(names: Iterable[str], lab: Mapping[str, DataConfig], read_one: Callable[[str], Model] = read) -> Catalogue:
    """The models of these names, those that the lab brought and their data sets first, the others by name.

    lab       name -> data set of the lab's own recipes, in their order
    read_one  as `read`, which may keep what it has read
    """
    models, broken = [], {}
    for name in names:
        try:
            models.append(read_one(name))
        except CheckpointError as error:
            broken[name] = str(error)
    order = [*lab]

    def rank(model: Model) -> int:
        return order.index(model.name) if lab.get(model.name) == model.data.config else len(order)

    sets: dict[tuple, list[Model]] = {}
    for model in sorted(models, key=lambda model: (rank(model), model.data.config.name.casefold(), model.name)):
        sets.setdefault((model.data.config.name, model.data.config.image_shape, model.data.fingerprint), []).append(
            model
        )
    return Catalogue(tuple(Group(*_names(key, sets), tuple(of_set)) for key, of_set in sets.items()), broken)


def _names(key: tuple, sets: Iterable[tuple]) -> tuple[str, str]:
    """A data set's key and title: its name, and after it the shape of its images, or the beginning of its fingerprint, where another
    one has the name."""
    name, (num_channels, height, width), fingerprint = key
    same = [other for other in sets if other[0] == name and other != key]
    if not same:
        return name, name
    if not all(other[1] != key[1] for other in same):
        return (f"{name} ({fingerprint[:6]})",) * 2
    colour = _("colour") if num_channels == 3 else _("grey")
    title = _("{data_set} ({height}×{width}, {colour})").format(
        data_set=name, height=height, width=width, colour=colour
    )
    return f"{name} ({num_channels}×{height}×{width})", title


def what(*kinds: str) -> str:
    """These of KINDS in words, as what there may be one of."""
    return any_of(_(KINDS[kind][0]) for kind in kinds)


def why_no_page(model: Model) -> str:
    """Why no page can show a model that is of none of KINDS, in a sentence."""
    code, image = ("×".join(map(str, shape)) for shape in (model.config.latent_shape, model.config.image_shape))
    return _(
        "The code of {name} is of {code} numbers, for images of {image}: pages show codes of two or more numbers, and denoisers. Its figures and "
        "its training are shown."
    ).format(name=model.name, code=code, image=image)
