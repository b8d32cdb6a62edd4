"""Photos by VVC and a real channel code, where the trained codes do both at once: what such a code carries, how it fails, and what the
photos are worth. Writes checkpoints/separate_coding.json, and the photos' errors into checkpoints/baselines.npz.

python -m benchmarks.separate_coding [--data DIR] [--out DIR] [--anew]

There is a code for each of the lab's noise variances, of which about one block in a thousand fails there, and it is tried around that SNR.
The best VVC within its bytes is looked up in what `python -m benchmarks.codecs vvc` measured. Trials that are known stay, unless --anew is
given; each is kept as soon as it has ended.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product

import torch
from torch import Tensor

from aemodels import console
from aemodels.data import photo_sets, sources
from aemodels.errors import LatentLabError
from aemodels.quality import codec, separate
from aemodels.quality.codec import Encoding
from aemodels.quality.separate import AVERAGE, BOUND, SENT, ChannelCode
from aemodels.storage import checkpoints, measurements, photo_errors
from benchmarks import codecs, folders, running
from benchmarks.channel_code import Link

# Bytes of a block and bits of a QAM symbol, by the noise variance that the code is made for. Of 4, 6 and 8 bits those with which fewest
# blocks fail; of whole bytes the most of which about separate.BLOCK_ERROR fails.
CODES = {0.05: (234, 6), 0.10: (180, 4), 0.15: (153, 4)}
MIN_FAILED, MAX_BLOCKS = 50, 5_000  # of a trial, which ends with the first
# Of SNR, from what a code is made for, which is tried first: readers count on that one.
STEPS_DB = (0, -2, -1.5, -1, -0.875, -0.75, -0.625, -0.5, -0.375, -0.25, -0.125, 0.5)


def main(arguments: list[str] | None = None) -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folders.add_data(parser)
    folders.add_out(parser)
    parser.add_argument("--anew", action="store_true", help="try the codes again")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    known = [] if args.anew else separate.channel_codes(measurements.read_separate_coding(args.out))
    trials = {(c.noise_variance, c.num_bytes, c.bits_per_symbol): c.trials for c in known}
    codes = {v: ChannelCode(v, *code, trials.get((v, *code), ())) for v, code in CODES.items()}
    for variance, step in product(CODES, STEPS_DB):
        if (code := tried(codes[variance], step)) != codes[variance]:
            codes[variance] = code
            measurements.save_separate_coding([asdict(code) for code in codes.values() if code.trials], args.out)
    for code in codes.values():
        print(
            f"{code.snr_db:.1f} dB: {code.num_bytes} bytes by {2**code.bits_per_symbol}-QAM; capacity "
            f"{codec.capacity_bytes(code.noise_variance)}, best code of this length "
            f"{separate.normal_approximation_bytes(code.noise_variance)}"
        )
    keep_errors([*codes.values()], args)


def tried(code: ChannelCode, step_db: float) -> ChannelCode:
    """The code with a trial so far from the SNR that it is made for; as it is where it has had that."""
    snr = code.snr_db + step_db
    if any(math.isclose(trial.snr_db, snr) for trial in code.trials):
        return code
    trial = Link(code.num_bytes, code.bits_per_symbol).simulate(snr, MIN_FAILED, MAX_BLOCKS)
    print(f"{code.num_bytes} bytes, {2**code.bits_per_symbol}-QAM, {trial}", flush=True)
    return replace(code, trials=tuple(sorted((*code.trials, trial), key=lambda trial: trial.snr_db)))


def keep_errors(codes: Sequence[ChannelCode], args: argparse.Namespace) -> None:
    """The errors of the test photos: as VVC within what the codes carry and the best codes could carry, and as the average training
    photo."""
    photos = photo_sets.load_dogs(sources.data_root(args.data))
    found = codecs.read(checkpoints.checkpoint_folder(args.out) / "vvc.jsonl", photos.fingerprint)
    if not found:
        raise LatentLabError("VVC is not measured on these photos; run `python -m benchmarks.codecs vvc` first.")

    def within(num_bytes: int) -> Tensor:
        return vvc_errors(found, num_bytes, len(photos.test_index))

    carried = {code.noise_variance: within(code.num_bytes) for code in codes}
    bound = {variance: within(separate.normal_approximation_bytes(variance)) for variance in CODES}
    average = {0.0: average_errors(photos)}
    for key, errors in ((SENT, carried), (BOUND, bound), (AVERAGE, average)):
        photo_errors.save_baselines(key, errors, photos.fingerprint, args.out)
    print(f"{len(found):,} of {len(photos.test_index):,} test photos are measured.")


def vvc_errors(found: dict[int, list[Encoding]], num_bytes: int, num_photos: int) -> Tensor:
    """Mean squared error (num_photos,) of each photo as its best encoding within so many bytes; NaN where it is not measured."""
    errors = torch.full((num_photos,), torch.nan, dtype=torch.float64)
    for i, encodings in found.items():
        errors[i] = codec.best_within(encodings, num_bytes).mse
    return errors


def average_errors(photos: photo_sets.PhotoSet) -> Tensor:
    """Mean squared error (N,) of each test photo where the mean of all training photos stands for it."""
    total = sum(photos.images[i].double().sum(0) for i in photos.train_index.split(256))
    average = total / (255 * len(photos.train_index))
    batches = (photos.images[i].double() / 255 for i in photos.test_index.split(256))
    return torch.cat([(x - average).square().flatten(1).mean(1) for x in batches])


if __name__ == "__main__":
    running.run(main)
