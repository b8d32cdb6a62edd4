"""Trains on digits in as many processes as it is launched in; each writes what it saw into the folder it is given.

torchrun --nproc-per-node 2 -m tests.two_processes FOLDER [DATA]
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from aemodels.data.mnist import load_mnist_test_digits
from aemodels.models import building
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.training import commands, loop, making, processes, recipes
from aemodels.training.request import Request
from aemodels.training.workplace import Workplace

if TYPE_CHECKING:
    from accelerate import Accelerator

MODELS = {
    "mlp": ModelConfig(
        variant="plain",
        network="mlp",
        image_shape=(1, 28, 28),
        latent_shape=(2,),
        widths=(64, 32),
        reconstruction="bce",
    ),
    "conv": ModelConfig(
        variant="plain",
        network="conv",
        image_shape=(1, 32, 32),
        latent_shape=(4, 2, 2),
        widths=(16, 32),
        encoder_depths=(1, 1),
        decoder_depths=(1, 1),
        corrector_depths=(1, 1),
        refiner_depth=1,
        refiner_steps=2,
        reconstruction="mse",
    ),
}
TRAINING = TrainConfig(epochs=4, batch_size=32, learning_rate=4e-3, refine_from=0.5)


def train(network: str, accelerator: "Accelerator | None") -> tuple[loop.TrainState, list[int]]:
    """The trained state, and the epochs after which this process was asked to write."""
    model = MODELS[network]
    torch.manual_seed(0)
    written: list[int] = []
    state = loop.start(building.build(model), TRAINING, "cpu")
    margin = (model.image_shape[1] - 28) // 2
    digits = F.pad(load_mnist_test_digits()[0][:512], [margin] * 4)
    loop.fit(state, digits, TRAINING, lambda s: written.append(s.epoch), accelerator=accelerator)
    return state, written


def trained_with(out: Path, data: Path, accelerator: "Accelerator") -> list[str]:
    """Which of two models this process would train into `out`, a folder of its own."""
    names: list[str] = []
    making.make = lambda recipe, *_: names.append(recipe.name)
    lab = recipes.of_the_lab()
    asked = Request({name: lab[name] for name in ("mnist-ae", "mnist-dae-2d")}, out, (data,), is_named=True)
    commands.train(asked, Workplace(out, "cpu", torch.float32, accelerator=accelerator))
    return names


if __name__ == "__main__":
    torch.set_num_threads(1)
    accelerator = processes.join(use_cpu=True, refines_later=True)
    results = {}
    for network in MODELS:
        state, written = train(network, accelerator)
        results[network] = {
            "written": written,
            "loss": [epoch["reconstruction"] for epoch in state.history],
            "weights": sum(p.double().sum().item() for p in state.model.parameters()),
        }
    folder, *data = map(Path, sys.argv[1:])
    if data:
        results["names"] = trained_with(folder / f"models-{accelerator.process_index}", data[0], accelerator)
    accelerator.end_training()
    results["threads"] = [thread.read_text() for thread in Path("/proc/self/task").glob("*/comm")]
    (folder / f"{accelerator.process_index}.json").write_text(json.dumps(results))
