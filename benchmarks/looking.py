"""What a prior's samples are held against: photos, reconstructions and a Gaussian's samples, looked at once and kept."""

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aemodels.codes import latents
from aemodels.data.photo_sets import PhotoSet
from aemodels.data.sources import DataSet
from aemodels.files import replacing
from aemodels.quality import copying, features, generation, learned, likeness, telling
from aemodels.quality.generation import decoded
from aemodels.quality.learned import Describe, Real, Seen
from aemodels.quality.likeness import THUMBNAIL_PX, Yardstick, in_batches
from aemodels.storage import checkpoints
from aemodels.storage.checkpoints import Checkpoint
from aemodels.training import codesets

NUM_TRAIN = 4096  # training photos that are held against, and that a classifier learns from


def say(text: str) -> None:
    """Prints what comes next, after the seconds of processor time so far."""
    print(f"{time.process_time():6.0f} s  {text}", flush=True)


def folder(out: Path, fingerprint: str) -> Path:
    """Of what was looked at, of the data set with this fingerprint; nothing in it is found again once features are computed in another way."""
    how = hashlib.sha256(Path(features.__file__).read_bytes()).hexdigest()
    return out / ".resume" / f"looked-at-{fingerprint[:8]}-{how[:8]}"


def yardstick(photos: PhotoSet, ckpts: Sequence[Checkpoint], out: Path) -> Yardstick:
    """The one that generation.measure_generation holds everything against, kept in `out`, the folder of the checkpoints."""
    learnt = torch.cat([photos.train_index, photos.validation_index]).sort().values
    reference = learnt[torch.linspace(0, len(learnt) - 1, min(generation.NUM_REFERENCE, len(learnt))).long()]
    fitted_on = photos.test_index[torch.cat([ckpt.index for ckpt in ckpts]).unique()]
    path = folder(out, photos.fingerprint) / f"yardstick-{len(reference)}-{len(learnt) + len(fitted_on)}.pt"

    def make() -> dict[str, Tensor]:
        known = [photos.images[learnt], photos.images[fitted_on]]
        return vars(likeness.make_yardstick(photos.images[reference], known))

    return Yardstick(**_kept(path, make))


@dataclass(frozen=True)
class Looker:
    """Looks at pictures of one data set, by each of described_by, and keeps what it saw in `out`, the folder of the checkpoints."""

    dataset: DataSet
    described_by: Mapping[str, Describe]
    out: Path

    def train(self) -> Seen:
        return self._look("train-photos", lambda: in_batches(self.dataset.train[self._few()]))

    def reconstructions(self, ckpt: Checkpoint) -> Seen:
        return self._look(f"reconstructions-{self._name(ckpt)}", lambda: decoded(ckpt, ckpt.codes))

    def gaussian(self, ckpt: Checkpoint) -> Seen:
        def drawn() -> Iterable[Tensor]:
            z = latents.sample(latents.fit(ckpt.codes, "full"), range(learned.NUM_COMPARED))
            return decoded(ckpt, z.unflatten(1, ckpt.model_config.latent_shape))

        return self._look(f"gaussian-{self._name(ckpt)}", drawn)

    def real(self, ckpt: Checkpoint) -> Real:
        """What priors of this autoencoder's codes are held against."""
        unseen = self._look("test-photos", lambda: in_batches(self.dataset.test[:]))
        known = _kept(self._at() / "known.pt", self._known)
        mirrored = copying.mirrored(known, known.shape[1] // THUMBNAIL_PX**2, THUMBNAIL_PX)
        return Real(
            self.train(),
            torch.cat([known, mirrored]),
            unseen,
            self.reconstructions(ckpt),
            ckpt.labels,
            self.gaussian(ckpt),
            self._classifiers(ckpt),
        )

    def _classifiers(self, ckpt: Checkpoint) -> dict[str, Any]:
        labels = self.dataset.train_labels[self._few()]
        if not (labels >= 0).any():
            return {}
        rebuilt = self._look(f"rebuilt-train-{self._name(ckpt)}", lambda: self._rebuilt(ckpt))
        say("fitting classifiers")
        return {name: telling.fit(of, labels) for name, of in rebuilt.features.items()}

    def _rebuilt(self, ckpt: Checkpoint) -> Iterable[Tensor]:
        """Training photos, encoded and decoded."""
        digest = checkpoints.read_weights_digest(ckpt.name, self.out)
        folder = codesets.folder(self.out, ckpt.name, digest, self.dataset)
        codes = codesets.make(ckpt, digest, self.dataset, False, folder, "cpu")
        return decoded(ckpt, codes.train[self._few()].float())

    def _known(self) -> Tensor:
        return torch.cat([likeness.thumbnails(x) for x in in_batches(self.dataset.train[:])])

    def _few(self) -> Tensor:
        n = len(self.dataset.train)
        return torch.linspace(0, n - 1, min(NUM_TRAIN, n)).long()

    def _name(self, ckpt: Checkpoint) -> str:
        return f"{ckpt.name}-{checkpoints.read_weights_digest(ckpt.name, self.out)[:8]}"

    def _at(self) -> Path:
        return folder(self.out, self.dataset.record.fingerprint)

    def _look(self, name: str, pictures: Callable[[], Iterable[Tensor]]) -> Seen:
        path = self._at() / f"{name}-{'-'.join(self.described_by)}.pt"
        if not path.exists():
            say(f"looking at {name}")
        return Seen(**_kept(path, lambda: vars(learned.look_at(pictures(), self.described_by))))


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """What `make` gives, tensors in dictionaries, from a file where it has been made before."""
    if path.exists():
        return torch.load(path, weights_only=True)
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        torch.save(made, file)
    return made
