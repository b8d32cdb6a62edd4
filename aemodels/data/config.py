"""Which data set a model is of, as a recipe asks for it (DataConfig) and as a checkpoint tells it (DataRecord)."""

from dataclasses import dataclass

from aemodels.config import JsonConfig, require
from aemodels.data import splits
from aemodels.data.mnist import FAMILY
from aemodels.language import N_, _
from aemodels.text import is_text, shown

PHOTOS, DOGS = "photos", "stanford-dogs"
SOURCES = (*FAMILY, DOGS, PHOTOS)
MAX_SIDE_PX = 1024
FAMILY_RULE = N_("{data_set}'s own test images; of the rest a twentieth to validate, by a hash of each image's content")
SHIPPED_RULE = N_("every fifth of MNIST's own test images to test, the others to train on; none to validate")
# What a checkpoint's split may be; models older than the validation part have the last two.
RULES = (
    splits.RULE,
    FAMILY_RULE,
    SHIPPED_RULE,
    N_("by a hash of each image's content: a tenth to test, none to validate"),
    N_("{data_set}'s own test images; none to validate"),
)


@dataclass(frozen=True)
class DataConfig(JsonConfig):
    """Which data set a model is of: the [data] table of a recipe.

    name         as pages call it, such as "Stanford Dogs"
    source       one of SOURCES: a set of the MNIST family, Stanford Dogs in its own layout, or "photos": any folder tree
    image_shape  (C, H, W) of an image in pixels: (1, 28, 28) for the MNIST family; for photos C is 1 (grey) or 3 (colour), H = W
    folder       of "photos": a path, or one inside the data folder
    leave_out    of the MNIST family: names of classes that are neither trained nor validated on; the test images are all there
    """

    name: str
    source: str
    image_shape: tuple[int, int, int]
    folder: str = ""
    leave_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(
            is_text(self.name) and self.name.strip() != "",
            N_("name must be some text, not {value}."),
            value=shown(self.name),
        )
        require(
            type(self.source) is str and self.source in SOURCES,
            N_("source must be one of {sources}, not {value}."),
            sources=", ".join(SOURCES),
            value=shown(self.source),
        )
        require(type(self.folder) is str, N_("folder must be a path, not {value}."), value=shown(self.folder))
        require(
            self.source != PHOTOS or self.folder != "",
            N_("folder is missing; give the path of a folder of pictures."),
        )
        require(
            self.source == PHOTOS or not self.folder,
            N_("folder is for {photos}; {source} is found by its name."),
            photos=PHOTOS,
            source=self.source,
        )
        shape = self.image_shape
        require(
            isinstance(shape, tuple) and len(shape) == 3 and all(type(n) is int and n > 0 for n in shape),
            N_("image_shape must be three whole numbers above 0, channels, height and width, not {value}."),
            value=shown(shape),
        )
        if self.source in FAMILY:
            require(
                shape == (1, 28, 28),
                N_("image_shape of {source} is [1, 28, 28], not {value}."),
                source=self.source,
                value=shown(list(shape)),
            )
        else:
            require(
                shape[0] in (1, 3),
                N_("image_shape must begin with 3 for colour or 1 for grey, not {value}."),
                value=shown(shape[0]),
            )
            require(
                shape[1] == shape[2] <= MAX_SIDE_PX,
                N_("image_shape must end with a square's sides of at most {most} pixels, not {height} × {width}."),
                most=MAX_SIDE_PX,
                height=shown(shape[1]),
                width=shown(shape[2]),
            )
        require(
            isinstance(self.leave_out, tuple) and all(type(name) is str for name in self.leave_out),
            N_("leave_out must be a list of classes' names, not {value}."),
            value=shown(self.leave_out),
        )
        require(
            self.source in FAMILY or not self.leave_out,
            N_("leave_out is for the MNIST family; to leave a class of photos out, move its folder away."),
        )
        if self.source in FAMILY:
            names = FAMILY[self.source].label_names
            require(
                set(self.leave_out) < set(names) and len(set(self.leave_out)) == len(self.leave_out),
                N_("leave_out must name some of the classes {names}, each once, not {value}."),
                names=", ".join(names),
                value=shown(list(self.leave_out)),
            )


@dataclass(frozen=True)
class DataRecord(JsonConfig):
    """What a checkpoint tells of the data set that it was trained on.

    config       the recipe's [data] table
    label_names  of the classes that labels count, empty where there are none
    split        the rule in words, in English
    num_images   of each part: "train", "validation" and "test"; 0 to validate where a model is older than that part
    fingerprint  hash of the whole set's content
    """

    config: DataConfig
    label_names: tuple[str, ...]
    split: str
    num_images: dict[str, int]
    fingerprint: str

    @classmethod
    def from_dict(cls, values: dict) -> "DataRecord":
        config = values.get("config") if isinstance(values, dict) else None
        return super().from_dict({**values, "config": DataConfig.from_dict(config)} if config is not None else values)

    def __post_init__(self) -> None:
        require(isinstance(self.config, DataConfig), N_("config must be a data set's."))
        require(
            isinstance(self.label_names, tuple) and all(map(is_text, self.label_names)),
            N_("label_names must be a list of names."),
        )
        require(is_text(self.split) and is_text(self.fingerprint), N_("split and fingerprint must be text."))
        require(
            isinstance(self.num_images, dict)
            and self.num_images.keys() == {"train", "validation", "test"}
            and all(type(n) is int and n >= 0 for n in self.num_images.values()),
            N_("num_images must count those to train, to validate and to test."),
        )

    def __hash__(self) -> int:
        return hash((self.config, self.fingerprint))

    def split_rule(self) -> str:
        """`split` in the language that is spoken."""
        data_set = FAMILY[self.config.source].folder if self.config.source in FAMILY else ""
        for rule in RULES:
            if self.split == rule.format(data_set=data_set):
                return _(rule).format(data_set=data_set)
        return self.split
