"""What the sections of one data set's models are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from aemodels.codes import faults, planes
from aemodels.data import words
from aemodels.storage.catalogue import DENOISER, MAPS, PLANE, Group, Model
from aemodels.storage.checkpoints import Checkpoint
from aemodels.storage.photo_errors import Errors

NUM_SEEDS = 100


@dataclass(frozen=True)
class Material:
    """What the sections of one data set's models are drawn from.

    group         the models, as `catalogue` has them
    ckpts         by name, those of them that could be loaded
    images        up to nine test images (n, C, H, W) in [0, 1]; None where there are none on this computer
    names         of these images, one each: a class, or the name of a file
    about_images  a sentence where something is to be said of them: why there are none, or that the models were trained on others
    baselines     as `measurements.read_baselines` gives them; may be empty
    generation    as `measurements.read_generation` gives it; None where it was not measured
    curves        as `measurements.read_curves` gives them; may be empty
    errors        model -> what `photo_errors.read` gives of it
    baseline_errors  as `photo_errors.read_baselines` gives them
    answer        whether sampling from the noise-regularised models generates, in words; may be empty
    """

    group: Group
    ckpts: Mapping[str, Checkpoint]
    images: Tensor | None = None
    names: Sequence[str] = ()
    about_images: str = ""
    baselines: Mapping[str, Any] = field(default_factory=dict)
    generation: Mapping[str, Any] | None = None
    curves: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Errors] = field(default_factory=dict)
    baseline_errors: Mapping[str, Errors] = field(default_factory=dict)
    answer: str = ""

    @property
    def words(self) -> words.Words:
        """How its pictures are called, in the language that is spoken."""
        return words.of(self.group.data.config)

    @cached_property
    def models(self) -> list[Model]:
        """Those whose checkpoints are here."""
        return [model for model in self.group.models if model.name in self.ckpts]

    def ckpt(self, model: Model) -> Checkpoint:
        return self.ckpts[model.name]

    def encoded(self, model: Model) -> Tensor:
        """The codes of `images`, of which there must be some, by a model; each model encodes them but once."""
        if model.name not in self._codes:
            self._codes[model.name] = self.ckpt(model).model.encode(self.images)
        return self._codes[model.name]

    @cached_property
    def _codes(self) -> dict[str, Tensor]:
        return {}

    def title(self, model: Model) -> str:
        """How a model is called beside the others."""
        return self.group.titles[model.name]

    def quoted(self, model: Model) -> str:
        """The same in a sentence."""
        return f"“{self.title(model)}”"

    @cached_property
    def planar(self) -> list[Model]:
        """The models with a plane that see images without noise, those without a regulariser first."""
        found = [model for model in self.models if PLANE in model.kinds and not model.noise_factor]
        return sorted(
            found, key=lambda model: bool(model.config.settings or self.ckpt(model).train_config.weight_decay)
        )

    @cached_property
    def deep(self) -> list[Model]:
        """Those of `planar` that come with enough codes to say where a plane is dense."""
        return [model for model in self.planar if len(self.ckpt(model).codes) >= planes.MIN_CODES]

    @cached_property
    def denoisers(self) -> list[Model]:
        return [model for model in self.models if DENOISER in model.kinds]

    @cached_property
    def maps(self) -> list[Model]:
        """The models with codes of channels × height × width, those without noise on the code first, the plain one before all."""
        found = [model for model in self.models if MAPS in model.kinds]
        return sorted(found, key=lambda model: (model.noise_variance, model.config.variant != "plain"))

    @cached_property
    def noisy(self) -> list[Model]:
        """Those of `maps` that had noise on the code while training, the weakest first."""
        return [model for model in self.maps if model.noise_variance]

    @cached_property
    def varied(self) -> list[Model]:
        """Those of `maps` on whose codes a Gaussian can be fitted."""
        return [model for model in self.maps if faults.vary(self.ckpt(model).codes)]


@dataclass(frozen=True)
class Scene:
    """What chance has a part in: the seed, told in the settings, NUM_SEEDS more, one for each image that is drawn, and how the files of
    the data set's figures begin."""

    seed: int
    seeds: Sequence[int]
    name: str
