"""Checkpoint files: one .safetensors a model, its configurations, metrics, history and provenance as JSON in the header.

Reading one runs no code from it: safetensors holds numbers and text alone, and every shape is held against the network
that the configuration describes before anything is allocated.
"""

import functools
import json
import os
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from pathvalidate import ValidationError, validate_filename
from safetensors.torch import load, save
from torch import Tensor

from aemodels.data.config import DataRecord
from aemodels.errors import CheckpointError, ConfigError
from aemodels.files import replacing
from aemodels.language import _
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.building import build_empty
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.models.flow import FlowPrior, is_prior
from aemodels.storage import digests, headers, records
from aemodels.text import one_line, shown

CHECKPOINT_FOLDER = Path(__file__).resolve().parents[2] / "checkpoints"


@dataclass(frozen=True)
class Checkpoint:
    """A trained model and all that is known of it.

    title         how it is called beside other models of its data set, such as "L2 on the code"
    data          the data set that it was trained on
    model         in evaluation mode, float32, on the CPU, its parameters without gradients
    metrics       figures on the test split, by name
    history       one dictionary an epoch
    codes         (N, *latent_shape) float32: codes of a fixed reference set of test images; none of a prior, whose autoencoder
                  has them
    labels        (N,) int64: the class of each code, a place in data.label_names; -1 where there is none
    index         (N,) int64: the place of each code's image in the test split
    provenance    device, wall seconds, steps, data fingerprint, seed, library versions, and whether training finished; of a prior
                  also "codes_of": the "name" of its autoencoder, and the "digest" of that one's weights; where
                  training started from another checkpoint, "earlier" holds the trainings() of that; where the weights are a
                  mean of this training's and others, "averaged_with" says which
    """

    name: str
    title: str
    data: DataRecord
    model: Autoencoder | FlowPrior
    train_config: TrainConfig
    metrics: dict[str, Any]
    history: list[dict[str, Any]]
    codes: Tensor
    labels: Tensor
    index: Tensor
    provenance: dict[str, Any]

    @property
    def model_config(self) -> ModelConfig:
        return self.model.config


def checkpoint_folder(folder: str | Path | None = None) -> Path:
    """Where checkpoints lie: `folder` if given, else the environment's LATENT_LAB_CHECKPOINTS, else the project's checkpoints/."""
    named = os.environ.get("LATENT_LAB_CHECKPOINTS") or CHECKPOINT_FOLDER if folder is None else folder
    return Path(os.path.expanduser(named))


def list_checkpoints(folder: str | Path | None = None) -> list[str]:
    """Names of the checkpoints in a folder (default: `checkpoint_folder()`), sorted; empty where there are none. Raises CheckpointError where
    it cannot be looked into."""
    folder = checkpoint_folder(folder)
    try:
        return sorted(path.stem for path in folder.glob("[!.]*.safetensors") if path.is_file())
    except OSError as error:
        raise CheckpointError(
            _("{path} cannot be opened ({reason}); check path and permissions.").format(
                path=one_line(folder), reason=error.strerror
            )
        ) from error


def checkpoint_path(name: str, folder: str | Path | None = None) -> Path:
    """Where the checkpoint of this name lies; raises CheckpointError for a name that is no plain file name on every system."""
    if not isinstance(name, str) or not name or name.startswith(".") or Path(name).name != name or "\\" in name:
        raise CheckpointError(_("{name} is not a checkpoint name; names look like dog-ae.").format(name=shown(name)))
    return checkpoint_folder(folder) / _file_name(name)


@functools.lru_cache(maxsize=1000)  # the app asks for the same ones many times a page
def _file_name(name: str) -> str:
    file = f"{name}.safetensors"
    try:
        validate_filename(file, platform="universal", fs_encoding="utf-8")
    except (ValidationError, UnicodeEncodeError) as error:  # the latter for bytes that are no UTF-8
        raise CheckpointError(
            _("{name} is not a checkpoint name: not every system can have a file {file}; rename it.").format(
                name=shown(name), file=shown(file)
            )
        ) from error
    return file


def load_checkpoint(name: str, folder: str | Path | None = None) -> Checkpoint:
    """The checkpoint of this name.

    Raises CheckpointError, in one sentence, for a missing, truncated, damaged, foreign or inconsistent file.
    """
    path = checkpoint_path(name, folder)
    # All of it from one opened file, so that header and weights are of one checkpoint, whatever takes its name meanwhile.
    with headers.opened(path) as file:
        header = headers.read(file, path)
        data = DataRecord.from_dict(header.fields["data"])
        model_config = ModelConfig.from_dict(header.fields["model_config"])
        train_config = TrainConfig.from_dict(header.fields["train_config"])
        try:
            model = build_empty(model_config)
        except ConfigError as error:
            raise headers.no_model(path, error) from error
        _check_layout(header, model, path)
        # Read and not mapped: a mapped file's numbers change when it is copied over, and end the program when it is cut.
        stored = load(header.start + file.read())
        headers.refuse_damaged(path, digests.damaged(header.metadata, stored))
        weights = {key: stored[f"model.{key}"].float() for key in model.state_dict()}
        codes = stored["reference.codes"].float()
        labels, index = (stored[f"reference.{key}"].long() for key in ("labels", "index"))
    model.load_state_dict(weights, assign=True)
    model.eval().requires_grad_(False)
    checkpoint = Checkpoint(
        name,
        header.fields["title"],
        data,
        model,
        train_config,
        header.fields["metrics"],
        header.fields["history"],
        codes,
        labels,
        index,
        header.fields["provenance"],
    )
    _check_numbers(checkpoint, path)
    return checkpoint


def _check_layout(header: headers.Header, model: torch.nn.Module, path: Path) -> None:
    """Raises CheckpointError unless the file has the weights of this network, in their shapes, and no others."""
    expected = {f"model.{key}": tuple(p.shape) for key, p in model.state_dict().items()}
    found = {key: tuple(entry["shape"]) for key, entry in header.tensors.items() if key.startswith("model.")}
    if found != expected:
        wrong = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
        raise CheckpointError(
            _("{file} does not fit its own configuration (first at {part}); train it again with {command}.").format(
                file=path.name, part=wrong[0], command=headers.command(path.stem)
            )
        )


def _check_numbers(checkpoint: Checkpoint, path: Path) -> None:
    """Raises CheckpointError unless all numbers are finite, and the reference codes are of this model and this data set."""
    config, codes, labels, index = checkpoint.model_config, checkpoint.codes, checkpoint.labels, checkpoint.index
    if (
        codes.shape[1:] != config.latent_shape
        or not (len(codes) or is_prior(config))
        or not labels.shape == index.shape == codes.shape[:1]
    ):
        raise CheckpointError(
            _("{file} holds reference codes of the wrong shape {shape}; train it again.").format(
                file=path.name, shape=tuple(codes.shape)
            )
        )
    weights = checkpoint.model.state_dict().values()
    # The least and the greatest, which are NaN where any number is: four times as fast as to look at each with isfinite.
    if not all(end.isfinite() for numbers in (*weights, codes) if len(numbers) for end in numbers.aminmax()):
        raise CheckpointError(_("{file} holds numbers that are not finite; train it again.").format(file=path.name))
    num_labels = max(1, len(checkpoint.data.label_names))
    if len(codes) and not (labels.min() >= -1 and labels.max() < num_labels and index.min() >= 0):
        raise CheckpointError(
            _(
                "{file} holds reference codes of classes or images that its data set does not have; train it again."
            ).format(file=path.name)
        )


def read_header(name: str, folder: str | Path | None = None) -> dict[str, Any]:
    """The JSON fields of a checkpoint (title, data, model_config, train_config, metrics, history, provenance), without its weights.

    Raises CheckpointError as load_checkpoint does.
    """
    return _header(name, folder).fields


def read_digest(name: str, folder: str | Path | None = None) -> str:
    """32 hexadecimal digits that are others whenever anything in the checkpoint is; raises CheckpointError as load_checkpoint does."""
    return _header(name, folder).metadata[digests.OF_HEADER]


def read_tensors_digest(name: str, folder: str | Path | None = None) -> str:
    """32 hexadecimal digits that are others whenever the weights or the reference codes of a checkpoint are, and stay when only its
    figures are measured again; raises CheckpointError as load_checkpoint does."""
    return digests.of_tensors_alone(_header(name, folder).metadata)


def read_weights_digest(name: str, folder: str | Path | None = None) -> str:
    """32 hexadecimal digits that are others whenever the weights of a checkpoint are, and stay when only its figures are measured
    again; raises CheckpointError as load_checkpoint does."""
    of_tensors = json.loads(_header(name, folder).metadata[digests.OF_TENSORS])
    return digests.of_parts({key: digest for key, digest in of_tensors.items() if key.startswith("model.")})


def _header(name: str, folder: str | Path | None) -> headers.Header:
    path = checkpoint_path(name, folder)
    with headers.opened(path) as file:
        return headers.read(file, path)


def trainings(name: str, header: dict[str, Any]) -> list[dict[str, Any]]:
    """Every training that the weights of a checkpoint went through, by its header: oldest first, its own last.

    Each has the name of the checkpoint that it made, the mean PSNR in dB that this reached on the test split (None for a prior), and
    model_config, train_config, history and provenance as in that one's header.
    """
    provenance = dict(header["provenance"])
    earlier = provenance.pop("earlier", [])
    own = {key: header[key] for key in ("model_config", "train_config", "history")}
    return [*earlier, {"name": name, "psnr_db": header["metrics"].get("psnr_db"), **own, "provenance": provenance}]


def save_checkpoint(checkpoint: Checkpoint, folder: str | Path | None = None) -> Path:
    """Writes a checkpoint atomically: weights and image codes in float16, 2-D codes in float32.

    The file of that name is the old one or the new one, never half of either, whenever the program stops.
    Raises FileError where the disk is full or the folder cannot be written, and CheckpointError where a number is not finite in
    float16 or there is no code.
    """
    name, codes = checkpoint.name, checkpoint.codes
    path = checkpoint_path(name, folder)
    if not (len(codes) or is_prior(checkpoint.model_config)):
        raise CheckpointError(_("{name} has no reference codes; give it at least one.").format(name=name))
    fields = [
        checkpoint.title,
        checkpoint.data.to_dict(),
        checkpoint.model_config.to_dict(),
        checkpoint.train_config.to_dict(),
        checkpoint.metrics,
        checkpoint.history,
        checkpoint.provenance,
    ]
    header = dict(zip(headers.FIELDS, fields, strict=True))
    if fault := records.fault(header, checkpoint.model_config):
        raise CheckpointError(
            _("{name} has no usable {key} in its {field}; it is not saved.").format(
                name=name, key=shown(fault[1]), field=fault[0]
            )
        )
    metadata = {key: json.dumps(value) for key, value in header.items()}
    code_type = torch.float32 if prod(codes.shape[1:]) <= 8 else torch.float16
    weights = checkpoint.model.state_dict()
    tensors = {f"model.{key}": w.detach().half().cpu().contiguous() for key, w in weights.items()}
    tensors["reference.codes"] = codes.to(code_type).cpu().contiguous()
    for key in ("labels", "index"):
        tensors[f"reference.{key}"] = getattr(checkpoint, key).to(torch.int32).cpu().contiguous()
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise CheckpointError(
            _("{name} has weights or codes that float16 cannot hold; train it at a lower learning rate.").format(
                name=name
            )
        )
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, metadata=digests.sealed({"format": headers.FORMAT} | metadata, tensors)))
    return path
