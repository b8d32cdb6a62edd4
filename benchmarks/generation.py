"""Does sampling generate? Measures every sampler on every model of photos, and every prior, and writes checkpoints/generation.json.

python -m benchmarks.generation [--data DIR] [--out DIR] [--anew] [--curves [--states DIR]]

What the file holds of checkpoints that are the same now stays, unless --anew is given. `python train.py` does the same at its end.

Of each prior it is also measured here how near 2,048 samples come to a photo that was learnt from, how often the class that they were told is
told from them, and how far they are by features that were learnt elsewhere, where those are installed (benchmarks/elsewhere.py). With --curves:
the Fréchet distance over steps, guidance and, where --states names a folder of checkpoints that a training left on its way, training.
Each part is kept as soon as it is measured: the same command goes on after it.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from aemodels import console
from aemodels.data import sources
from aemodels.errors import LatentLabError
from aemodels.models.config import MAX_COUNT
from aemodels.quality import generation, learned, realism
from aemodels.quality.features import describe
from aemodels.storage import checkpoints, measurements
from aemodels.storage.checkpoints import Checkpoint
from aemodels.training import generating
from benchmarks import elsewhere, folders, looking, running


def main(arguments: list[str] | None = None) -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folders.add_data(parser)
    folders.add_out(parser)
    parser.add_argument(
        "--samples",
        type=console.above_zero(int, MAX_COUNT),
        default=generation.NUM_SAMPLES,
        help="pictures of each kind and seed",
    )
    parser.add_argument("--anew", action="store_true", help="measure again what is known already")
    parser.add_argument("--curves", action="store_true", help="measure priors over steps, guidance and training, too")
    parser.add_argument(
        "--states", type=console.path, help="folder of a prior's checkpoints on the way of its training"
    )
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)  # small batches on one core beat large ones on several
    sets, priors = generating.models_of_photos(args.out)
    if not sets:
        raise LatentLabError("There is no model of photos to measure; train one with `python train.py --only dog-ae`.")
    for results in generating.measure(sets, priors, [sources.data_root(args.data)], args.out, args.samples, args.anew):
        for row in results["rows"]:
            cells = "".join(f"{row[m][0]:>10.3f} ±{row[m][1]:<7.3f}" for m in realism.MEASURES)
            print(f"{row['model'] or '':<16}{row['source']:<16}{cells}")
        print("columns: " + ", ".join(realism.MEASURES) + f"; mean ± standard deviation over seeds {results['seeds']}")
    for ckpts in sets.values():
        if known := {c.name: priors[c.name] for c in ckpts if c.name in priors}:
            measure_priors(ckpts, known, args)


def measure_priors(ckpts: Sequence[Checkpoint], priors: Mapping[str, Checkpoint], args: argparse.Namespace) -> None:
    """Measures more of the priors of one data set, by autoencoder."""
    data, out = ckpts[0].data, checkpoints.checkpoint_folder(args.out)
    results = measurements.read_generation(data.fingerprint, out) or {}
    described_by = {"fixed": describe}
    if (of_elsewhere := elsewhere.load()) is None:
        print(f"No second opinion: {elsewhere.HOW} brings features that were learnt elsewhere.")
    else:
        described_by[elsewhere.NAME] = of_elsewhere
    known = results.setdefault("learned", {})
    with_prior = [c for c in ckpts if c.name in priors]
    measured = set() if args.anew else {c.name for c in with_prior if _is_measured(known, c, priors, described_by)}
    lacking = [c for c in with_prior if args.curves or c.name not in measured]
    if not lacking:
        return
    dataset = sources.load(data.config, sources.data_root(args.data))
    looker = looking.Looker(dataset, described_by, out)

    for ckpt in lacking:

        def keep(name: str = ckpt.name) -> None:
            measurements.save_generation({"learned": {name: known[name]}}, data.fingerprint, out)

        prior, real = priors[ckpt.name], looker.real(ckpt)
        if ckpt.name not in measured:
            looking.say(f"{prior.name}: {learned.NUM_SAMPLES:,} samples")
            known[ckpt.name] = learned.measure(ckpt, prior, real, described_by, learned.NUM_SAMPLES)
            keep()
        if args.curves:
            measure_curves(
                known[ckpt.name].setdefault("curves", {}), ckpt, prior, real, described_by, args.states, keep
            )
        print(json.dumps(known[ckpt.name], indent=1))


def _is_measured(
    known: Mapping[str, Any],
    ckpt: Checkpoint,
    priors: Mapping[str, Checkpoint],
    described_by: Mapping[str, learned.Describe],
) -> bool:
    found = known.get(ckpt.name, {})
    is_same = found.get("prior") == generation.prior_identity(priors[ckpt.name].provenance)
    return is_same and found["frechet"].keys() >= described_by.keys()


def measure_curves(
    curves: dict[str, Any],
    ckpt: Checkpoint,
    prior: Checkpoint,
    real: learned.Real,
    described_by: Mapping[str, learned.Describe],
    states: Path | None,
    keep: Callable[[], None],
) -> None:
    """Adds to the curves what they lack of a prior's samples over guidance, steps and training, beside others; keeps each."""
    kinds = {"reconstructions": real.reconstructions, "gaussian": real.gaussian}
    parts: dict[str, Callable[[], Any]] = {  # the others first, for a chart of any of the curves shows them
        "others": lambda: learned.distances(real.train, kinds, learned.NUM_CURVE),
        "guidance": lambda: learned.over_guidance(ckpt, prior.model, real, described_by, learned.NUM_TUNING),
        "steps": lambda: learned.over_steps(ckpt, prior.model, real.train, described_by),
    }
    for part, measure in parts.items():
        if part not in curves:
            looking.say(f"{prior.name}: {part}")
            curves[part] = measure()
            keep()
    over_training = curves.setdefault("training", [])
    for state in _states(states):
        made = {key: state.provenance[key] for key in ("steps", "wall_s")}
        if any(row.items() >= made.items() for row in over_training):
            continue
        looking.say(f"{state.name}: after {made['steps']:,} steps")
        distance = learned.of_few(ckpt, state.model, real.train, described_by)
        over_training.append(made | {"velocity_loss": state.metrics["velocity_loss"], "frechet": distance})
        over_training.sort(key=lambda row: row["steps"])
        keep()


def _states(folder: Path | None) -> Iterator[Checkpoint]:
    for name in checkpoints.list_checkpoints(folder) if folder else ():
        yield checkpoints.load_checkpoint(name, folder)


if __name__ == "__main__":
    running.run(main)
