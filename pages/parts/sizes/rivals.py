"""Models that were trained for one size of code alone, for comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from aemodels.data.config import DataConfig
from aemodels.storage.catalogue import NESTED, Group


@dataclass(frozen=True)
class Rival:
    """A model's name, what it is called beside the others, the k numbers of its code, and its figures on test images without noise."""

    name: str
    title: str
    k: int
    psnr_db: float
    bce: float | None


def of(group: Group, data: DataConfig, longest: int) -> list[Rival]:
    """The models that were trained on these data, with a code of up to `longest` numbers, measured without noise; none that adds noise
    to its code, or that is nested."""
    found = []
    for model in group.models:
        k, title = prod(model.config.latent_shape), group.titles[model.name]
        is_other = model.data.config != data or NESTED in model.kinds or model.is_prior
        if is_other or model.noise_variance or k > longest:
            continue
        for row in model.header["metrics"]["evaluations"]:
            if not (row["noise_factor"] or row["noise_variance"]):
                found.append(Rival(model.name, title, k, row["psnr_db"], row.get("bce")))
    return found


def best_of_each_size(rivals: Sequence[Rival]) -> list[Rival]:
    """Of each k the one with the largest PSNR, by rising k."""
    return [
        max((rival for rival in rivals if rival.k == k), key=lambda rival: rival.psnr_db)
        for k in sorted({rival.k for rival in rivals})
    ]
