"""One training that is watched, in a process of its own: `python -m aemodels.training.live FOLDER`, the folder of a `live_jobs.Job`.

It trains as train.py does, by `loop.fit`, and leaves a moment in the folder about once a second. It ends when its time is over, when it is
asked to stop, and when nobody watches any more; only in the last case is nothing saved.
"""

import sys
import time
import traceback
from pathlib import Path

import torch
from torch import Tensor

from aemodels.data import shipped, sources
from aemodels.errors import CheckpointError, DataError, DivergenceError, LatentLabError, as_words
from aemodels.quality import evaluation, metrics
from aemodels.training import autoencoding, live_jobs, loop, moments
from aemodels.training.divergence import require_finite
from aemodels.training.live_jobs import Job
from aemodels.training.recipes import Recipe
from aemodels.training.workplace import Workplace

EVERY_S = 1.0  # from one moment to the next
LOOK_S = 0.2  # how often it looks whether it shall end
NUM_VALIDATED = 256


class Left(Exception):
    """Nobody watches."""


def data_of(recipe: Recipe, folder: Path) -> sources.DataSet:
    """The digits to train on. Raises DataError where MNIST is asked for and gone."""
    return shipped.load() if recipe.data == shipped.CONFIG else sources.load(recipe.data, folder)


def train(job: Job) -> loop.TrainState:
    """Trains the job's model until it is to end, and saves it. Raises Left, DataError, DivergenceError and FileError."""
    recipe = job.recipe()
    dataset = data_of(recipe, Path(job.asked()["folder"]))
    state = loop.start(autoencoding.initial_model(recipe, job.folder), recipe.training, "cpu", torch.float32)
    moment = moments.load(job.moment_path) or moments.measure(state.ema.eval())
    validation = dataset.validation if len(dataset.validation) else dataset.test
    sample = validation[:: max(1, len(validation) // NUM_VALIDATED)]
    own_noise = evaluation.own_noise(recipe.model)
    looked = shown = time.monotonic()
    loss_sum, num_steps = 0.0, 0

    def show() -> None:
        nonlocal moment, shown, loss_sum, num_steps
        model = state.ema.eval()
        with torch.no_grad():
            seen = model.generate(evaluation.encode_all(model, sample))
        require_finite(state.step, [recipe.training.learning_rate], [seen.norm()])  # the loop itself looks less often
        moment = moments.measure(model, moment, state.seconds, state.step, loss_sum / max(1, num_steps))
        moments.save(moment, job.moment_path)
        shown, loss_sum, num_steps = time.monotonic(), 0.0, 0

    def on_step(state: loop.TrainState, num_images: int, loss: Tensor) -> None:
        nonlocal looked, loss_sum, num_steps
        loss_sum, num_steps = loss_sum + loss.item(), num_steps + 1
        if time.monotonic() - looked > LOOK_S:
            if job.is_alone() or not job.folder.exists():
                raise Left
            state.finished = state.finished or job.is_asked_to_stop()
            looked = time.monotonic()
        if time.monotonic() - shown > EVERY_S:
            show()

    def on_epoch(state: loop.TrainState) -> None:
        if state.history:
            state.history[-1] |= {"psnr_db": metrics.evaluate(state.ema.eval(), sample, **own_noise)["psnr_db"]}

    loop.fit(state, dataset.train, recipe.training, on_epoch, on_step)
    if state.step:
        if num_steps:
            show()
        (job.folder / "measuring").touch()
        autoencoding.save(recipe, state.ema.eval(), state, dataset, Workplace(job.folder, "cpu", torch.float32))
    return state


def run(job: Job) -> None:
    """`train`, and its end said in the folder."""
    try:
        state = train(job)
        job.end(live_jobs.DONE if state.step else live_jobs.TOO_SHORT)
    except Left:
        job.end(live_jobs.LEFT)
    except (DivergenceError, CheckpointError):  # the latter where float16 cannot hold the weights
        job.end(live_jobs.DIVERGED)
    except DataError:
        job.end(live_jobs.NO_DATA)
    except OSError:
        job.end(live_jobs.NO_ROOM)
    except Exception as error:  # a fault of a variant that somebody is writing, for example
        traceback.print_exc()
        job.end(live_jobs.FAILED, reason=str(error) if isinstance(error, LatentLabError) else as_words(error))


if __name__ == "__main__":
    run(Job(Path(sys.argv[1])))
