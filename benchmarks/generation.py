"""Does sampling generate? Measures every sampler on every model of photos, and every prior, and writes checkpoints/generation.json.

python -m benchmarks.generation [--data DIR] [--out DIR] [--anew]

What the file holds of checkpoints that are the same now stays, unless --anew is given. `python train.py` does the same at its end.
"""

import argparse
import sys
from pathlib import Path

from aemodels.data import sources
from aemodels.errors import LatentLabError
from aemodels.quality import generation
from aemodels.training import generating


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the data sets (default: LATENT_LAB_DATA, else data/)")
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: checkpoints/)")
    parser.add_argument("--samples", type=int, default=generation.NUM_SAMPLES, help="pictures of each kind and seed")
    parser.add_argument("--anew", action="store_true", help="measure again what is known already")
    args = parser.parse_args(arguments)
    sets, priors = generating.models_of_photos(args.out)
    if not sets:
        raise LatentLabError("There is no model of photos to measure; train one with `python train.py --only dog-ae`.")
    for results in generating.measure(sets, priors, [sources.data_root(args.data)], args.out, args.samples, args.anew):
        for row in results["rows"]:
            cells = "".join(f"{row[m][0]:>10.3f} ±{row[m][1]:<7.3f}" for m in generation.MEASURES)
            print(f"{row['model'] or '':<16}{row['source']:<16}{cells}")
        print(
            "columns: " + ", ".join(generation.MEASURES) + f"; mean ± standard deviation over seeds {results['seeds']}"
        )


if __name__ == "__main__":
    try:
        main()
    except LatentLabError as error:
        sys.exit(str(error))
