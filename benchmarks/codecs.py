"""What an image codec at the capacity of the channel makes of the test photos: photo by photo, so that it can be stopped at any time.

python -m benchmarks.codecs {vvc,avif,avif_quick} [--minutes M] [--share I/N] [--data DIR] [--out DIR]

Measured photos are lines of a file in --out, such as vvc.jsonl, and the next run measures those that it lacks. The photos come in a
fixed random order, so that the first are a fair sample of all. avif_quick, AVIF by a faster encoder, takes a second a photo: once all
photos are measured by it, its figures carry those of the slow ones over to the photos that they have not reached. At the end, the
figures of all that are measured go into baselines.json; `--minutes 0` does that alone. Several processes measure side by side, each one share: --share 0/2 and --share 1/2.
"""

import argparse
import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels import console
from aemodels.data import photo_sets, sources
from aemodels.errors import LatentLabError
from aemodels.files import said
from aemodels.models.config import MAX_MINUTES
from aemodels.quality import avif, codec
from aemodels.quality.codec import Encoding
from aemodels.quality.evaluation import TEST_VARIANCES
from aemodels.storage import checkpoints, measurements, photo_errors
from benchmarks import folders, running, vvc


@dataclass(frozen=True)
class Codec:
    """encodings(photo, budgets) as codec.search gives them; the variances that it is judged at; further budgets in bytes, for codes
    that carry less than the capacity; what its file says of how it encodes."""

    encodings: Callable[[Tensor, Sequence[int]], list[Encoding]]
    variances: tuple[float, ...]
    further: tuple[int, ...]
    settings: dict[str, Any]

    @property
    def budgets(self) -> list[int]:
        return sorted({*map(codec.capacity_bytes, self.variances), *self.further})


CODECS = {
    "vvc": Codec(vvc.encodings, (0.05, 0.10, 0.15), (269, 209, 176, 140), {"preset": vvc.PRESET}),
    "avif": Codec(avif.encodings, TEST_VARIANCES[1:], (), {"speed": avif.SPEED}),
    "avif_quick": Codec(
        partial(avif.encodings, speed=avif.QUICK_SPEED), TEST_VARIANCES[1:], (), {"speed": avif.QUICK_SPEED}
    ),
}
# By whose errors the figures of a part of the photos are carried over to all: the first that is known.
NEAREST = ("avif_quick", "linear_code")


def main(arguments: list[str] | None = None) -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("codec", choices=CODECS)
    parser.add_argument("--minutes", type=minutes, default=float("inf"), help="start no photo after so many")
    parser.add_argument(
        "--share", type=share, default=(0, 1), help="I/N: every N-th photo, from the I-th (0 is the first)"
    )
    folders.add_data(parser)
    folders.add_out(parser)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    photos = photo_sets.load_dogs(sources.data_root(args.data))
    path = checkpoints.checkpoint_folder(args.out) / f"{args.codec}.jsonl"
    measure(CODECS[args.codec], photos, path, args.minutes * 60, *args.share)
    keep(args.codec, photos.fingerprint, len(photos.test_index), args.out)


def minutes(text: str) -> float:
    """ "0", for no photo, or a number above it."""
    return 0.0 if text == "0" else console.above_zero(float, MAX_MINUTES)(text)


def share(text: str) -> tuple[int, int]:
    """ "0/2" as (0, 2)."""
    first, number = map(int, text.split("/"))
    if not 0 <= first < number:
        raise ValueError
    return first, number


def measure(
    of: Codec, photos: photo_sets.PhotoSet, path: Path, seconds: float = float("inf"), first: int = 0, number: int = 1
) -> None:
    """Adds a line to the file for each test photo of this share that it lacks, until the time is over."""
    end = time.monotonic() + seconds
    known = read(path, photos.fingerprint)
    head = {"data_fingerprint": photos.fingerprint, "budgets": of.budgets} | of.settings
    if not path.exists():
        _append(path, head)
    elif _entries(path)[0] != head:
        raise LatentLabError(f"{path} was measured with other settings; delete it and measure again.")
    order = codec.in_random_order(len(photos.test_index))
    for i in tqdm([i for i in order[first::number] if i not in known], desc=path.stem, unit="photo"):
        if time.monotonic() > end:
            return
        encodings = codec.undominated(of.encodings(photos.images[photos.test_index[i : i + 1]][0], of.budgets))
        _append(path, {"photo": i, "encodings": [[e.num_bytes, float(f"{e.mse:.6g}"), *e.settings] for e in encodings]})


def read(path: Path, fingerprint: str) -> dict[int, list[Encoding]]:
    """The encodings of each photo that is measured, by its place among the test photos; empty where there is no file.

    A line that was cut off counts for nothing. Raises LatentLabError for a file that is of other photos.
    """
    if not path.exists():
        return {}
    head, *entries = _entries(path)
    if head["data_fingerprint"] != fingerprint:
        raise LatentLabError(f"{path} is of other photos; point --data to those, or delete it and measure again.")
    return {
        entry["photo"]: [Encoding(num_bytes, mse, tuple(how)) for num_bytes, mse, *how in entry["encodings"]]
        for entry in entries
    }


def keep(name: str, fingerprint: str, num_photos: int, out: Path | None = None) -> None:
    """Writes the codec's figures on num_photos test photos into baselines.json, and its errors on each that is measured into
    baselines.npz; figures of a part are carried over to all by the errors of NEAREST there."""
    baselines = measurements.read_baselines(fingerprint, out)
    if baselines is None:
        raise LatentLabError("baselines.json has nothing of these photos; run `python train.py --evaluate` first.")
    found = read(checkpoints.checkpoint_folder(out) / f"{name}.jsonl", fingerprint)
    if not found:
        raise LatentLabError("No photo has been measured yet.")
    known = photo_errors.read_baselines(fingerprint, out)
    others = {key: known[key] for key in NEAREST if key in known and key != name}
    variances, num_uses = CODECS[name].variances, baselines["num_components"]
    rows, errors = codec.at_capacity(found, num_photos, variances, num_uses, others)
    measurements.save_baselines({name: rows}, fingerprint, out)
    photo_errors.save_baselines(name, errors, fingerprint, out)
    for row in rows:
        print(
            f"{name}, {row['num_images']:,} photos, variance {row['noise_variance']:g}: "
            f"{row['psnr_db']:.3f} ± {row['psnr_db_ci95']:.3f} dB in {row['mean_payload_bytes']:.1f} of {row['budget_bytes']} bytes"
        )


def _entries(path: Path) -> list[dict[str, Any]]:
    """What the lines say, the head first."""
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            entries.append(json.loads(line))
    return entries


def _append(path: Path, entry: dict[str, Any]) -> None:
    """In one write, so that lines of processes side by side do not mix; each stands on its own, whatever became of the one before. Raises
    FileError where the file cannot be written."""
    line = json.dumps(entry) + "\n"
    if path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n"):
        line = "\n" + line
    with said(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


if __name__ == "__main__":
    running.run(main)
