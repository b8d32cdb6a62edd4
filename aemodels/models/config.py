"""What rebuilds a network (ModelConfig) and what trained it (TrainConfig): plain values that round-trip through JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from math import prod
from typing import Any, Self

from aemodels.config import JsonConfig, is_number, require
from aemodels.language import N_
from aemodels.text import shown

MAX_WIDTH = 4096
MAX_ELEMENTS = 2**22
MAX_LAYERS = 64
MAX_COUNT = 10**9
MAX_LEARNING_RATE = 1e6
MAX_MINUTES = 1e9
MAX_SETTING = 1e12  # what networks make of noise that is much stronger leaves float32


class FrozenMapping(Mapping[str, float]):
    """Numbers by name, which cannot be changed: for a field of a frozen dataclass."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        return f"FrozenMapping({self._values})"


@dataclass(frozen=True)
class ModelConfig(JsonConfig):
    """What rebuilds a model: `building.build(config)`.

    variant           key of autoencoders.VARIANTS, or of flow.PRIORS
    network           key of networks.NETWORKS; "transformer" for a prior
    image_shape       (C, H, W) of x, in pixels; a prior's images are codes
    latent_shape      shape of one code z: (D,) for "mlp", (D, H/16, W/16) for "conv"; of a prior the shape of the codes that it draws
    widths            units of each hidden layer from image to code ("mlp"); channels at 16×16 and at 8×8 ("conv"); of each token
                      ("transformer")
    encoder_depths    blocks at each width, "conv" only
    decoder_depths    blocks at each width, in the encoder's order, "conv" only
    corrector_depths  likewise of the corrector, half as wide, which improves codes at a second look; () for none, "conv" only
    refiner_depth     blocks of the refiner, which improves codes by the gradient of their error, "conv" only
    refiner_steps     how often it does so, with the same weights; 0 for no refiner
    descent_steps     steps of descent on the code after the refiner's, not while training
    reconstruction    loss: "bce" (binary cross-entropy) or "mse"; "log_mse" (natural logarithm of each image's MSE) is what older
                      models were trained with, and no recipe takes it
    settings          the variant's own numbers, by name: its class in models.autoencoders says which, and `build` checks that it
                      has these and no others. As JSON they stand beside the fields above
    """

    variant: str
    network: str
    image_shape: tuple[int, int, int]
    latent_shape: tuple[int, ...]
    widths: tuple[int, ...]
    reconstruction: str
    encoder_depths: tuple[int, ...] = ()
    decoder_depths: tuple[int, ...] = ()
    corrector_depths: tuple[int, ...] = ()
    refiner_depth: int = 0
    refiner_steps: int = 0
    descent_steps: int = 0
    settings: Mapping[str, float] = FrozenMapping({})

    def __post_init__(self) -> None:
        for name in ("variant", "network"):
            value = getattr(self, name)
            require(type(value) is str, N_("{field} must be a name, not {value}."), field=name, value=shown(value))
        for name in ("image_shape", "latent_shape", "widths"):
            sizes = getattr(self, name)
            require(
                isinstance(sizes, tuple)
                and 0 < len(sizes) <= MAX_LAYERS
                and all(type(n) is int and 0 < n <= MAX_WIDTH for n in sizes),
                N_("{field} must hold up to {num_layers} whole numbers from 1 to {most}, not {value}."),
                field=name,
                num_layers=MAX_LAYERS,
                most=MAX_WIDTH,
                value=shown(sizes),
            )
        for name in ("encoder_depths", "decoder_depths", "corrector_depths"):
            depths = getattr(self, name)
            require(
                isinstance(depths, tuple) and all(type(n) is int and 0 <= n <= 64 for n in depths),
                N_("{field} must hold whole numbers from 0 to 64, not {value}."),
                field=name,
                value=shown(depths),
            )
        for name in ("refiner_depth", "refiner_steps", "descent_steps"):
            number = getattr(self, name)
            require(
                type(number) is int and 0 <= number <= 64,
                N_("{field} must be a whole number from 0 to 64, not {value}."),
                field=name,
                value=shown(number),
            )
        image_shape, latent_shape = self.image_shape, self.latent_shape
        require(len(image_shape) == 3, N_("image_shape must be (C, H, W), not {value}."), value=image_shape)
        require(prod(image_shape) <= MAX_ELEMENTS, N_("Images of shape {shape} are too large."), shape=image_shape)
        require(prod(latent_shape) <= MAX_ELEMENTS, N_("Codes of shape {shape} are too large."), shape=latent_shape)
        require(
            self.reconstruction in ("bce", "mse", "log_mse"),
            N_("reconstruction must be bce, mse or log_mse, not {value}."),
            value=shown(self.reconstruction),
        )
        require(
            isinstance(self.settings, Mapping),
            N_("settings must be numbers by name, not {value}."),
            value=shown(self.settings),
        )
        for name, value in self.settings.items():
            require(
                is_number(value) and value <= MAX_SETTING,
                N_("{field}, for variant {variant}, must be a number from 0 to {most}, not {value}."),
                field=shown(name),
                variant=shown(self.variant),
                most=f"{MAX_SETTING:g}",
                value=shown(value),
            )
        object.__setattr__(self, "settings", FrozenMapping(self.settings))

    def to_dict(self) -> dict[str, Any]:
        names = [field.name for field in fields(self) if field.name != "settings"]
        return {name: getattr(self, name) for name in names} | dict(self.settings)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Raises ConfigError for missing keys and for values out of range; a key that is no field is a setting of the variant."""
        require(isinstance(values, dict), N_("A {kind} must be a JSON object."), kind=cls.__name__)
        names = {field.name for field in fields(cls)} - {"settings"}
        settings = {key: value for key, value in values.items() if key not in names}
        return super().from_dict({key: values[key] for key in values.keys() & names} | {"settings": settings})


@dataclass(frozen=True)
class TrainConfig(JsonConfig):
    """What trained a model: `training.fit(state, images, config)`.

    epochs         passes over the train split; the learning rate falls to zero at the end of the last one
    minutes        if set, training and measuring end after about this many minutes of wall time, or after `epochs` if that is
                   sooner, and the learning rate follows whichever is further on (the result then depends on the machine's speed)
    batch_size     images a step
    learning_rate  peak of the learning rate of Muon and AdamW alike, after warm-up over the first `warmup` share of training
    weight_decay   Muon's decoupled decay (L2 on the weights), on weight matrices and kernels only; where a LayerNorm follows, the
                   common scale of a matrix and its bias does not change what the network computes (van Laarhoven 2017,
                   https://arxiv.org/abs/1706.05350), so that the matrices before code and pixels feel it most
    ema_decay      decay per step of the exponential moving average of the weights, which is what is evaluated and saved
    flips          mirror each image left-right with probability ½
    shift_px       move each image by up to this many pixels along both axes, mirrored at the edge
    warp_px        bend each image with probability ½, by a smooth random field of this standard deviation in pixels
    refine_from    share of training in [0, 1) from which codes are refined: a step with the refiner costs several without
    start_from     name of the checkpoint whose weights training starts from, or None
    codes_of       name of the autoencoder whose codes a prior learns from; None for all that is no prior
    seed           of everything drawn: initial weights, order, flips, shifts, warps, noise
    """

    epochs: int
    batch_size: int
    learning_rate: float
    minutes: float | None = None
    weight_decay: float = 0.0
    ema_decay: float = 0.999
    warmup: float = 0.05
    flips: bool = False
    shift_px: int = 0
    warp_px: float = 0.0
    refine_from: float = 0.0
    start_from: str | None = None
    codes_of: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            require(
                type(value) is int and 1 <= value <= MAX_COUNT,
                N_("{field} must be a whole number from 1 to {most}, not {value}."),
                field=name,
                most=f"{MAX_COUNT:,}",
                value=shown(value),
            )
        require(
            type(self.seed) is int and 0 <= self.seed < 2**32,
            N_("seed must be a whole number from 0 to 2³² − 1, not {value}."),
            value=shown(self.seed),
        )
        require(
            self.minutes is None or (is_number(self.minutes) and 0 < self.minutes <= MAX_MINUTES),
            N_("{field} must be above 0 and at most {most}, not {value}."),
            field="minutes",
            most=f"{MAX_MINUTES:g}",
            value=shown(self.minutes),
        )
        require(
            is_number(self.learning_rate) and 0 < self.learning_rate <= MAX_LEARNING_RATE,
            N_("{field} must be above 0 and at most {most}, not {value}."),
            field="learning_rate",
            most=f"{MAX_LEARNING_RATE:g}",
            value=shown(self.learning_rate),
        )
        for name in ("weight_decay", "warp_px"):
            value = getattr(self, name)
            require(is_number(value), N_("{field} must be at least 0, not {value}."), field=name, value=shown(value))
        for name in ("ema_decay", "warmup", "refine_from"):
            value = getattr(self, name)
            require(
                is_number(value) and value < 1,
                N_("{field} must be in [0, 1), not {value}."),
                field=name,
                value=shown(value),
            )
        require(type(self.flips) is bool, N_("flips must be true or false, not {value}."), value=shown(self.flips))
        require(
            type(self.shift_px) is int and 0 <= self.shift_px < MAX_WIDTH,
            N_("shift_px must be a whole number of at least 0, not {value}."),
            value=shown(self.shift_px),
        )
        require(
            self.start_from is None or type(self.start_from) is str,
            N_("start_from must be a checkpoint's name or nothing, not {value}."),
            value=shown(self.start_from),
        )
        require(
            self.codes_of is None or type(self.codes_of) is str,
            N_("codes_of must be an autoencoder's name or nothing, not {value}."),
            value=shown(self.codes_of),
        )
