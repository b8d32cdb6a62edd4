"""What a checkpoint file begins with: its header, read without its numbers, and held against all that a reader counts on.

A safetensors file is the length of its header in 8 bytes, least first, that header as JSON, and the numbers.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from safetensors import SafetensorError

from aemodels.data.config import DataRecord
from aemodels.errors import CheckpointError, ConfigError
from aemodels.language import _, list_of
from aemodels.models.building import check_settings
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.models.flow import is_prior
from aemodels.storage import digests, records
from aemodels.text import is_text, shown

RECIPE_FOLDER = Path(__file__).resolve().parents[2] / "recipes"  # of the lab's own models
FORMAT = "latent-lab/2"
MAX_NAMED = 20  # models in a sentence
# As JSON in the metadata.
FIELDS = ("title", "data", "model_config", "train_config", "metrics", "history", "provenance")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The checkpoint, opened; what goes wrong with it in the block is raised as CheckpointError, in one sentence."""
    try:
        with open(path, "rb") as file:
            yield file
    except FileNotFoundError as error:
        raise CheckpointError(_why_none(path)) from error
    except OSError as error:
        raise CheckpointError(
            _("{file} cannot be read ({reason}); check that it is a file you may read.").format(
                file=path.name, reason=error.strerror
            )
        ) from error
    except (SafetensorError, EOFError, LookupError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            _("{file} is broken or incomplete ({reason}); copy it again or train it with {command}.").format(
                file=path.name, reason=type(error).__name__, command=command(path.stem)
            )
        ) from error


def _why_none(path: Path) -> str:
    """That there is no such file, and what there is in its place: the lab's recipe for it, or other models."""
    name, folder = path.stem, path.parent
    others = sorted(other.stem for other in folder.glob("[!.]*.safetensors"))
    if _is_of_the_lab(name) or not others:
        return _("There is no checkpoint {name} in {folder}; train it with {command}.").format(
            name=name, folder=folder, command=command(name)
        )
    named = list_of(others[:MAX_NAMED]) + (" …" if len(others) > MAX_NAMED else "")
    return _("There is no checkpoint {name} in {folder}; it holds {names}.").format(
        name=name, folder=folder, names=named
    )


@dataclass(frozen=True)
class Header:
    """The bytes that a file begins with, each tensor's "dtype" and "shape" by name, the FIELDS, and the metadata that holds these as text."""

    start: bytes
    tensors: dict[str, Any]
    fields: dict[str, Any]
    metadata: dict[str, str]


def read(file: BinaryIO, path: Path) -> Header:
    """The header of a file that `opened` gives, which then stands at the numbers."""
    length = file.read(8)
    num_bytes = int.from_bytes(length, "little")
    if len(length) < 8 or num_bytes > os.fstat(file.fileno()).st_size:
        raise EOFError("no header")
    text = file.read(num_bytes)
    tensors = json.loads(text)
    metadata = tensors.pop("__metadata__", {})
    ends = [entry["data_offsets"][1] for entry in tensors.values()]
    if 8 + num_bytes + max(ends, default=0) > os.fstat(file.fileno()).st_size:
        raise EOFError("cut short")
    if metadata.get("format") == "latent-lab/1":
        raise CheckpointError(
            _("{file} was made by an older Latent Lab; train it again, or get the new file.").format(file=path.name)
        )
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            _("{file} is not a Latent Lab checkpoint (format {format}).").format(
                file=path.name, format=shown(metadata.get("format"))
            )
        )
    refuse_damaged(path, digests.damaged(metadata))
    fields = {field: json.loads(metadata[field]) for field in FIELDS}
    _check(fields, path)
    return Header(length + text, tensors, fields, metadata)


def _check(fields: dict[str, Any], path: Path) -> None:
    try:
        data = DataRecord.from_dict(fields["data"])
        config = ModelConfig.from_dict(fields["model_config"])
        check_settings(config)
        TrainConfig.from_dict(fields["train_config"])
    except ConfigError as error:
        raise no_model(path, error) from error
    if (config.image_shape != data.config.image_shape and not is_prior(config)) or not is_text(fields["title"]):
        raise CheckpointError(
            _("{file} is of a model that does not fit its data set; train it again.").format(file=path.name)
        )
    if fault := records.fault(fields, config):
        field, key = fault
        raise CheckpointError(
            _("{file} has no usable {key} in its {field}; copy it again or train it with {command}.").format(
                file=path.name, key=shown(key), field=field, command=command(path.stem)
            )
        )


def refuse_damaged(path: Path, part: str | None) -> None:
    if part is not None:
        raise CheckpointError(
            _("{file} is damaged ({part} is not as it was written); copy it again or train it with {command}.").format(
                file=path.name, part=_(part), command=command(path.stem)
            )
        )


def no_model(path: Path, error: ConfigError) -> CheckpointError:
    return CheckpointError(
        _("{file} describes no model that can be built: {reason}").format(file=path.name, reason=error)
    )


def command(name: str) -> str:
    """What trains the model of this name."""
    return f"`python train.py --only {name}`" if _is_of_the_lab(name) else _("its recipe")


def _is_of_the_lab(name: str) -> bool:
    return (RECIPE_FOLDER / f"{name}.toml").exists()
