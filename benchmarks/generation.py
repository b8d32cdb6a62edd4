"""Does sampling generate? Measures every sampler on every dog model and writes checkpoints/generation.json.

python -m benchmarks.generation [--data DIR] [--out DIR]
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from aemodels.data import datasets, sources
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
    names = [name for name in checkpoints.list_checkpoints(args.out) if name.startswith("dog-")]
    ckpts = [checkpoints.load_checkpoint(name, args.out) for name in names]
    dataset = datasets.load_dogs(sources.data_root(args.data))
    foreign = [c.name for c in ckpts if c.provenance["data_fingerprint"] != dataset.fingerprint]
    if foreign or not ckpts:
        raise LatentLabError(
            f"{foreign[0]} was trained on other photos than {sources.data_root(args.data)} holds; point --data to those."
            if foreign
            else "There is no dog model to measure; train one with `python train.py --only dog-ae`."
        )
    start = time.process_time()

    def progress(text: str) -> None:
        print(f"{time.process_time() - start:6.0f} s  {text}", flush=True)

    results = generation.measure_generation(ckpts, dataset.train, dataset.test, args.samples, progress=progress)
    measurements.save_generation(results, args.out)
    for row in results["rows"]:
        cells = "".join(f"{row[m][0]:>10.3f} ±{row[m][1]:<7.3f}" for m in generation.MEASURES)
        print(f"{row['model'] or '':<16}{row['source']:<16}{cells}")
    print("columns: " + ", ".join(generation.MEASURES) + f"; mean ± standard deviation over seeds {results['seeds']}")


if __name__ == "__main__":
    try:
        main()
    except LatentLabError as error:
        sys.exit(str(error))
