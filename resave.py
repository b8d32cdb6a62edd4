"""Brings the checkpoints that the lab brought to the present format: weights and codes stay as they are, bit by bit.

python resave.py DATA
"""

import json
import re
import sys
from pathlib import Path

import torch
from safetensors import safe_open

from aemodels.data import photo_sets
from aemodels.data.sources import DataRecord
from aemodels.models.autoencoders import build
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.storage.checkpoints import CHECKPOINT_FOLDER, Checkpoint, load_checkpoint, save_checkpoint
from aemodels.training import recipes

SPLITS = {
    "mnist": "MNIST's own test images; none to validate",
    "stanford-dogs": "by a hash of each image's content: a tenth to test, none to validate",
}
OTHERS_SETTINGS = ("noise_factor", "code_l2", "noise_variance")


def plain(config: dict) -> dict:
    """A model's configuration without the settings of other variants, which older files hold as zeros."""
    return {key: value for key, value in config.items() if value or key not in OTHERS_SETTINGS}


def present(key: str) -> str:
    """What a weight of an older file is called in the model."""
    return re.sub(r"^(corrector|refiner)\.", r"refinement.\1.", key.removeprefix("model."))


def main(data: Path) -> None:
    dogs = photo_sets.load_dogs(data)
    for name, recipe in recipes.of_the_lab().items():
        path = CHECKPOINT_FOLDER / f"{name}.safetensors"
        if not path.exists():
            continue
        with safe_open(path, "pt") as file:
            header = file.metadata()
            if header["format"] != "latent-lab/1":
                continue
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        model_config, train_config, metrics, history, provenance = (
            json.loads(header[key]) for key in ("model_config", "train_config", "metrics", "history", "provenance")
        )
        for earlier in provenance.get("earlier", []):
            earlier["model_config"] = plain(earlier["model_config"])
        labels = index = tensors["reference.labels"].long()
        names = tuple("0123456789")
        if recipe.data.source == "mnist":
            index = torch.arange(len(labels))
        else:
            assert provenance["data_fingerprint"] == dogs.fingerprint, name
            labels, names = dogs.labels[dogs.test_index][index], dogs.label_names
        num_images = {"train": provenance["num_train_images"], "validation": 0, "test": metrics["num_images"]}
        record = DataRecord(recipe.data, names, SPLITS[recipe.data.source], num_images, provenance["data_fingerprint"])
        model = build(ModelConfig.from_dict(plain(model_config)))
        model.load_state_dict({present(key): w.float() for key, w in tensors.items() if key.startswith("model.")})
        codes = tensors["reference.codes"].float()
        checkpoint = Checkpoint(
            name,
            recipe.title,
            record,
            model,
            TrainConfig.from_dict(train_config),
            metrics,
            history,
            codes,
            labels,
            index,
            provenance,
        )
        save_checkpoint(checkpoint)
        again = load_checkpoint(name)
        assert torch.equal(again.codes, codes)
        assert all(torch.equal(again.model.state_dict()[key], w) for key, w in model.state_dict().items())
        with safe_open(path, "pt") as file:
            for key, tensor in tensors.items():
                if key != "reference.labels":
                    now = f"model.{present(key)}" if key.startswith("model.") else key
                    assert torch.equal(file.get_tensor(now), tensor)
        print(name, "re-saved", flush=True)


main(Path(sys.argv[1]))
