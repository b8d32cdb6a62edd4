"""Does sampling generate? Measures every sampler on every model of photos and writes checkpoints/generation.json.

python -m benchmarks.generation [--data DIR] [--out DIR]
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from aemodels.data import sources
from aemodels.errors import LatentLabError
from aemodels.quality import generation
from aemodels.storage import checkpoints, measurements


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets (default: LATENT_LAB_DATA, else data/)")
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: checkpoints/)")
    parser.add_argument("--samples", type=int, default=generation.NUM_SAMPLES, help="pictures of each kind and seed")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)  # small batches on one core beat large ones on several
    everything = [checkpoints.load_checkpoint(name, args.out) for name in checkpoints.list_checkpoints(args.out)]
    of_photos = [c for c in everything if len(c.model_config.latent_shape) == 3]
    sets = {c.data.fingerprint: c.data.config for c in of_photos}
    if not sets:
        raise LatentLabError("There is no model of photos to measure; train one with `python train.py --only dog-ae`.")
    errors = []
    for fingerprint in sets:
        try:
            measure([c for c in of_photos if c.data.fingerprint == fingerprint], args)
        except LatentLabError as error:  # of this data set, which is no reason to leave out the others
            errors.append(f"Not measured for {sets[fingerprint].name}: {error}")
    if errors:
        raise LatentLabError("\n".join(errors))


def measure(ckpts: list[checkpoints.Checkpoint], args: argparse.Namespace) -> None:
    """Measures the models of one data set."""
    root = sources.data_root(args.data)
    photos = sources.load_photos_of(ckpts[0].data.config, root)
    if photos.fingerprint != ckpts[0].data.fingerprint:
        raise LatentLabError(f"{ckpts[0].name} was trained on other photos than {root} holds; point --data to those.")
    start = time.process_time()

    def progress(text: str) -> None:
        print(f"{time.process_time() - start:6.0f} s  {text}", flush=True)

    known = photos.images[torch.cat([photos.train_index, photos.validation_index]).sort().values]
    results = generation.measure_generation(ckpts, known, photos.test, args.samples, progress=progress)
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
