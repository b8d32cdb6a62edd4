"""How long a prior takes to draw nine samples as the page Generate does by default, and to decode them.

python -m benchmarks.nine_samples [--out DIR]

On one core: seconds of processor time, which other programs do not change. On all: seconds until the pictures are there, a core for each
share of the nine, as in the app. The shortest of five each; the first call, which is slower, is not timed.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from aemodels import console
from aemodels.errors import LatentLabError
from aemodels.quality.generation import learned_codes
from aemodels.storage import checkpoints, priors
from benchmarks import folders, running

NUM_SAMPLES, ROUNDS = 9, 5


def main(arguments: list[str] | None = None) -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folders.add_out(parser)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cores = os.cpu_count() or 1
    names = checkpoints.list_checkpoints(args.out)
    drawing = [name for name in names if "codes_of" in checkpoints.read_header(name, args.out)["provenance"]]
    if not drawing:
        raise LatentLabError(
            f"There is no prior in {checkpoints.checkpoint_folder(args.out)}; give --out another folder."
        )
    for name in drawing:
        prior = checkpoints.load_checkpoint(name, args.out)
        decode = priors.autoencoder_of(prior, args.out).model.decode
        seeds = torch.arange(NUM_SAMPLES)

        def draw(share: Tensor, prior: checkpoints.Checkpoint = prior, decode: Callable = decode) -> Tensor:
            return decode(learned_codes(prior.model, share.tolist()))

        with ThreadPoolExecutor(cores) as pool:
            one = _shortest(lambda: draw(seeds), time.process_time)  # noqa: B023
            every = _shortest(lambda: [*pool.map(draw, seeds.chunk(cores))], time.monotonic)  # noqa: B023
        print(f"{name}: {one:.2f} s of one core, {every:.2f} s on {cores}")


def _shortest(work: Callable[[], object], clock: Callable[[], float]) -> float:
    work()
    seconds = []
    for _ in range(ROUNDS):
        began = clock()
        work()
        seconds.append(clock() - began)
    return min(seconds)


if __name__ == "__main__":
    running.run(main)
