"""Whether sampling generates: every sampler measured on every model of photos, and every prior, into generation.json."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from aemodels.data import sources
from aemodels.data.photo_sets import PhotoSet
from aemodels.errors import DataError, LatentLabError
from aemodels.models.flow import is_prior
from aemodels.quality import features, generation
from aemodels.storage import checkpoints, measurements
from aemodels.storage.checkpoints import Checkpoint
from aemodels.storage.priors import why_unfit

Priors = Mapping[str, Checkpoint]  # by the name of the autoencoder whose codes each has learnt


def models_of_photos(
    out: Path | None, names: Iterable[str] | None = None
) -> tuple[dict[str, list[Checkpoint]], Priors]:
    """The finished autoencoders of photos, of these names or all, by the fingerprint of their data set; and the best prior of each."""
    listed = checkpoints.list_checkpoints(out) if names is None else [*names]
    ckpts = [
        checkpoints.load_checkpoint(name, out) for name in listed if checkpoints.checkpoint_path(name, out).exists()
    ]
    finished = [c for c in ckpts if c.provenance["finished"]]
    by_loss = sorted((c for c in finished if is_prior(c.model_config)), key=lambda c: -c.metrics["velocity_loss"])
    sets: dict[str, list[Checkpoint]] = {}
    for ckpt in finished:
        if len(ckpt.model_config.latent_shape) == 3 and not is_prior(ckpt.model_config):
            sets.setdefault(ckpt.data.fingerprint, []).append(ckpt)
    return sets, {c.provenance["codes_of"]["name"]: c for c in by_loss}


def measure(
    sets: Mapping[str, Sequence[Checkpoint]],
    priors: Priors,
    roots: Sequence[Path],
    out: Path | None,
    num_samples: int = generation.NUM_SAMPLES,
    anew: bool = False,
) -> list[dict[str, Any]]:
    """What generation.json lacks of `models_of_photos`, measured and written there; returns what generation.measure_generation gives of
    each data set that lacked something.

    roots  data folders, searched in this order
    anew   measures again what is known already

    Raises LatentLabError, once all else is measured, with a line for each data set where that could not be done.
    """
    measured, errors = [], []
    for ckpts in sets.values():
        try:
            if results := measure_set(ckpts, priors, roots, out, num_samples, anew):
                measured.append(results)
        except LatentLabError as error:  # of this data set, which is no reason to leave out the others
            errors.append(f"Not measured for {ckpts[0].data.config.name}: {error}")
    if errors:
        raise LatentLabError("\n".join(errors))
    return measured


def measure_set(
    ckpts: Sequence[Checkpoint],
    priors: Priors,
    roots: Sequence[Path],
    out: Path | None,
    num_samples: int = generation.NUM_SAMPLES,
    anew: bool = False,
) -> dict[str, Any] | None:
    """As `measure`, for the models of one data set; None where nothing was lacking."""
    priors = {c.name: priors[c.name] for c in ckpts if c.name in priors}
    for prior in priors.values():
        if why := why_unfit(prior.name, prior.provenance, out):
            raise LatentLabError(why)
    data = ckpts[0].data
    num_channels, side = data.config.image_shape[:2]
    if num_channels != 3 or side < features.MIN_SIDE_PX or side % features.MULTIPLE_PX:
        raise LatentLabError(
            f"Samples are described by features of colour pictures with sides of {features.MIN_SIDE_PX} px or more, in multiples of "
            f"{features.MULTIPLE_PX}."
        )
    earlier = None if anew else measurements.read_generation(data.fingerprint, out)
    if earlier and earlier["num_samples"] == num_samples and _knows(earlier, ckpts, priors):
        return None

    def keep(results: dict[str, Any]) -> None:
        measurements.save_generation(results, data.fingerprint, out)

    photos = _photos_of(ckpts[0], roots)
    train = photos.images[torch.cat([photos.train_index, photos.validation_index]).sort().values]
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # small batches on one core beat large ones on several
    try:
        results = generation.measure_generation(
            ckpts,
            train,
            photos.test,
            num_samples,
            progress=lambda text: print(f"Sampling: {text}", flush=True),
            priors=priors,
            earlier=earlier,
            keep=keep,
        )
    finally:
        torch.set_num_threads(num_threads)
    keep(results)
    return results


def _knows(earlier: Mapping[str, Any], ckpts: Sequence[Checkpoint], priors: Priors) -> bool:
    """Whether generation.json tells of these checkpoints as they are, and of their priors, whatever else it tells of."""
    now = {c.name: generation.identity(c.provenance) for c in ckpts}
    of_priors = {name: generation.prior_identity(c.provenance) for name, c in priors.items()}
    return all(
        earlier["checkpoints"].get(name) == now[name] and earlier.get("priors", {}).get(name) == of_priors.get(name)
        for name in now
    )


def _photos_of(ckpt: Checkpoint, roots: Sequence[Path]) -> PhotoSet:
    """The photos that a model was trained on. Raises DataError where none of the folders has them."""
    errors = []
    for root in roots:
        try:
            photos = sources.load_photos_of(ckpt.data.config, root)
        except DataError as error:
            errors.append(error)
            continue
        if photos.fingerprint == ckpt.data.fingerprint:
            return photos
        errors.append(DataError(f"{ckpt.name} was trained on other photos than {root} holds; point --data to those."))
    raise errors[0]
