"""Which autoencoder a prior draws codes for, and whether it still is the one whose codes the prior has learnt."""

from collections.abc import Callable
from pathlib import Path

from aemodels.errors import CheckpointError
from aemodels.language import _
from aemodels.storage import checkpoints
from aemodels.storage.checkpoints import Checkpoint


def autoencoder_of(
    prior: Checkpoint, folder: str | Path | None = None, load: Callable[[str], Checkpoint] | None = None
) -> Checkpoint:
    """The autoencoder that decodes what a prior draws.

    load  what gives the checkpoint of a name; load_checkpoint in `folder`, if not given

    Raises CheckpointError, in one sentence, where it is missing, or has other weights than those whose codes the prior has learnt.
    """
    if why := why_unfit(prior.name, prior.provenance, folder):
        raise CheckpointError(why)
    name = prior.provenance["codes_of"]["name"]
    autoencoder = load(name) if load else checkpoints.load_checkpoint(name, folder)
    if autoencoder.model_config.latent_shape != prior.model_config.latent_shape:
        raise CheckpointError(_retrained(prior.name, name))
    return autoencoder


def why_unfit(name: str, provenance: dict, folder: str | Path | None = None) -> str | None:
    """Why the prior of this name, with this provenance, cannot be used, in a sentence; None where it can."""
    autoencoder, digest = (provenance["codes_of"][key] for key in ("name", "digest"))
    try:
        found = checkpoints.read_weights_digest(autoencoder, folder)
    except CheckpointError as error:
        return _("{prior} draws codes for {autoencoder}, which cannot be used. {reason}").format(
            prior=name, autoencoder=autoencoder, reason=error
        )
    return None if found == digest else _retrained(name, autoencoder)


def _retrained(prior: str, autoencoder: str) -> str:
    return _(
        "{prior} has learnt the codes of another training of {autoencoder} than the one that is here; delete {prior} and train it again, or "
        "bring back the {autoencoder} that it belongs to."
    ).format(prior=prior, autoencoder=autoencoder)
