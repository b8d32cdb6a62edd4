"""What makes codes easy to learn? Trains small priors with equally many steps, and adds to checkpoints/generation.json how good each is.

python -m benchmarks.priors [--only spaces|photos] [--data DIR] [--out DIR] [--steps N]

spaces: one prior on the reference codes of each model of photos, those that the Gaussians are fitted on. photos: priors on the codes of the
model that has a prior among the checkpoints, of every 16th, every fourth and every training photo; these codes are made once and kept. All train
as that prior does, with a smaller network.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aemodels import console
from aemodels.data import sources
from aemodels.errors import LatentLabError
from aemodels.models import building
from aemodels.models.config import MAX_COUNT
from aemodels.models.flow import is_prior
from aemodels.quality import generation, learned
from aemodels.quality.realism import Yardstick
from aemodels.storage import checkpoints, measurements
from aemodels.storage.checkpoints import Checkpoint
from aemodels.training import codesets, loop
from benchmarks import folders, looking, running

NUM_STEPS = 254
WIDTH, DEPTH = 128, 2
SPARSER = (16, 4, 1)
TABLES = ("spaces", "photos")


def main(arguments: list[str] | None = None) -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=TABLES, help="what to measure (default: both)")
    folders.add_data(parser)
    folders.add_out(parser)
    parser.add_argument(
        "--steps",
        type=console.above_zero(int, MAX_COUNT),
        default=NUM_STEPS,
        help="about how many steps each prior is trained for",
    )
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    out = checkpoints.checkpoint_folder(args.out)
    everything = [checkpoints.load_checkpoint(name, out) for name in checkpoints.list_checkpoints(out)]
    drawn = {c.provenance["codes_of"]["name"]: c for c in everything if is_prior(c.model_config)}
    of_photos = {
        c.name: c for c in everything if len(c.model_config.latent_shape) == 3 and not is_prior(c.model_config)
    }
    like = {name: prior for name, prior in drawn.items() if name in of_photos}
    if not like:
        raise LatentLabError(
            "There is no prior of a model of photos; train one with `python train.py --only dog-prior`."
        )
    name, prior = next(iter(like.items()))
    fingerprint, shape = prior.data.fingerprint, prior.model_config.latent_shape
    rivals = [
        c for c in of_photos.values() if (c.data.fingerprint, c.model_config.latent_shape) == (fingerprint, shape)
    ]
    results = measurements.read_generation(fingerprint, out)
    if results is None:
        raise LatentLabError("Nothing is measured yet; run `python -m benchmarks.generation` first.")
    photos = sources.load_photos_of(prior.data.config, sources.data_root(args.data))
    if photos.fingerprint != fingerprint:
        raise LatentLabError(f"{name} was trained on other photos than these; point --data to those.")
    measured = [ckpt for ckpt in of_photos.values() if ckpt.data.fingerprint == fingerprint]
    yardstick = looking.yardstick(photos, measured, out)
    for table in [args.only] if args.only else TABLES:
        if table == "spaces":
            lessons = [(ckpt, ckpt.codes, ckpt.labels) for ckpt in rivals]
        else:
            codes, labels = _train_codes(of_photos[name], args.data, out)
            lessons = [(of_photos[name], codes[::every], labels[::every]) for every in SPARSER]
        rows = [teach(*lesson, prior, args.steps, yardstick) for lesson in lessons]
        measurements.save_generation({table: rows}, fingerprint, out)


def teach(
    ckpt: Checkpoint, codes: Tensor, labels: Tensor, like: Checkpoint, num_steps: int, yardstick: Yardstick
) -> dict[str, Any]:
    """The Fréchet distance of learned.NUM_CURVE samples of a small prior on codes (n, *latent_shape) of ckpt
    with their classes (n,), otherwise like another prior. There is no loss on other codes: a Gaussian of fewer codes than each has numbers
    knows no variance along the axes that are missing, and its velocity there is without bound."""
    per_epoch = len(codes) // min(like.train_config.batch_size, len(codes))
    config = replace(like.train_config, epochs=max(1, round(num_steps / per_epoch)), minutes=None)
    model = replace(like.model_config, widths=(WIDTH,), settings={**like.model_config.settings, "depth": DEPTH})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        prior = building.build(model)
    prior.fit_gaussian(codes)
    looking.say(f"{ckpt.name}: {len(codes):,} codes")
    state = loop.fit(loop.start(prior, config, "cpu"), codes.half(), config, labels=labels)
    prior = state.ema.eval()
    drawn = generation.draw_learned(ckpt, prior, range(learned.NUM_CURVE))
    row = {
        "model": ckpt.name,
        "identity": generation.identity(ckpt.provenance),
        "num_photos": len(codes),
        "num_steps": state.step,
        "frechet": yardstick.measure(drawn)[0],
    }
    looking.say(f"{row}")
    return row


def _train_codes(ckpt: Checkpoint, data: Path | None, out: Path) -> tuple[Tensor, Tensor]:
    dataset = sources.load(ckpt.data.config, sources.data_root(data))
    digest = checkpoints.read_weights_digest(ckpt.name, out)
    folder = codesets.folder(out, ckpt.name, digest, dataset)
    made = codesets.make(ckpt, digest, dataset, False, folder, "cpu")
    return made.train, made.train_labels


if __name__ == "__main__":
    running.run(main)
