"""Does sampling generate? Measures every sampler on every model of photos, and every prior, and writes checkpoints/generation.json.

python -m benchmarks.generation [--data DIR] [--out DIR] [--anew]

What the file holds of checkpoints that are the same now stays, unless --anew is given.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from aemodels.data import sources
from aemodels.errors import LatentLabError
from aemodels.models.flow import is_prior
from aemodels.quality import generation
from aemodels.storage import checkpoints, measurements
from aemodels.storage.priors import why_unfit


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets (default: LATENT_LAB_DATA, else data/)")
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: checkpoints/)")
    parser.add_argument("--samples", type=int, default=generation.NUM_SAMPLES, help="pictures of each kind and seed")
    parser.add_argument("--anew", action="store_true", help="measure again what is known already")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)  # small batches on one core beat large ones on several
    everything = [checkpoints.load_checkpoint(name, args.out) for name in checkpoints.list_checkpoints(args.out)]
    of_photos = [c for c in everything if len(c.model_config.latent_shape) == 3 and not is_prior(c.model_config)]
    priors = [c for c in everything if is_prior(c.model_config)]
    # Of several of one autoencoder, the best stays.
    priors = {
        c.provenance["codes_of"]["name"]: c
        for c in sorted(priors, key=lambda c: c.metrics["velocity_loss"], reverse=True)
    }
    sets = {c.data.fingerprint: c.data.config for c in of_photos}
    if not sets:
        raise LatentLabError("There is no model of photos to measure; train one with `python train.py --only dog-ae`.")
    errors = []
    for fingerprint in sets:
        try:
            measure([c for c in of_photos if c.data.fingerprint == fingerprint], priors, args)
        except LatentLabError as error:  # of this data set, which is no reason to leave out the others
            errors.append(f"Not measured for {sets[fingerprint].name}: {error}")
    if errors:
        raise LatentLabError("\n".join(errors))


def measure(
    ckpts: list[checkpoints.Checkpoint], priors: dict[str, checkpoints.Checkpoint], args: argparse.Namespace
) -> None:
    """Measures the models of one data set, with those of the priors, by autoencoder, that are of their codes."""
    priors = {c.name: priors[c.name] for c in ckpts if c.name in priors}
    for prior in priors.values():
        if why := why_unfit(prior.name, prior.provenance, args.out):
            raise LatentLabError(why)
    root = sources.data_root(args.data)
    photos = sources.load_photos_of(ckpts[0].data.config, root)
    if photos.fingerprint != ckpts[0].data.fingerprint:
        raise LatentLabError(f"{ckpts[0].name} was trained on other photos than {root} holds; point --data to those.")
    start = time.process_time()

    def progress(text: str) -> None:
        print(f"{time.process_time() - start:6.0f} s  {text}", flush=True)

    known = photos.images[torch.cat([photos.train_index, photos.validation_index]).sort().values]
    earlier = None if args.anew else measurements.read_generation(photos.fingerprint, args.out)
    results = generation.measure_generation(
        ckpts, known, photos.test, args.samples, progress=progress, priors=priors, earlier=earlier
    )
    measurements.save_generation(results, photos.fingerprint, args.out)
    for row in results["rows"]:
        cells = "".join(f"{row[m][0]:>10.3f} ±{row[m][1]:<7.3f}" for m in generation.MEASURES)
        print(f"{row['model'] or '':<16}{row['source']:<16}{cells}")
    print("columns: " + ", ".join(generation.MEASURES) + f"; mean ± standard deviation over seeds {results['seeds']}")


if __name__ == "__main__":
    try:
        main()
    except LatentLabError as error:
        sys.exit(str(error))
