"""What the map says under "What to notice": how far it can be trusted, and what codes that are near each other share."""

import numpy as np

from aemodels.codes import maps
from aemodels.codes.labels_read import Accuracy
from aemodels.codes.maps import Layout
from aemodels.data.words import Words
from aemodels.language import _, number, percent


def of_layout(layout: Layout, method: str) -> str:
    """How far the map can be trusted."""
    n = len(layout.places)
    said = _(
        "**Do not trust every distance.** The trustworthiness of this layout is **{trust}** (1 means: whoever is a neighbour on the map is one in "
        "the code; measured on {n} codes). Of the {k} nearest codes of each code, **{kept}** are among its {k} nearest on the map."
    ).format(trust=number(layout.trust, 3), n=number(min(n, maps.MAX_TRUST)), k=maps.K, kept=percent(layout.kept))
    return said


def of_labels(by_codes: Accuracy | None, by_pixels: Accuracy | None, num_numbers: int, words: Words) -> list[str]:
    """How well the labels can be read off the codes."""
    if by_codes is None:
        return []
    found = [
        _(
            "**Is the {class_} in the code?** The {k} nearest codes tell the {class_} of **{nearest}** of {n} {many}, a linear classifier that of "
            "**{linear}**. Chance, always the commonest {class_}: {chance}."
        ).format(
            class_=words.class_,
            k=maps.K,
            nearest=percent(by_codes.nearest, 1),
            linear=percent(by_codes.linear, 1),
            n=number(by_codes.n),
            many=words.many,
            chance=percent(by_codes.chance, 1),
        )
    ]
    if by_pixels:
        found.append(
            _(
                "The same with PCA of the pixels, also of {numbers} numbers at most: **{nearest}** and **{linear}**."
            ).format(
                numbers=number(num_numbers), nearest=percent(by_pixels.nearest, 1), linear=percent(by_pixels.linear, 1)
            )
        )
    return found


def of_neighbours(index: np.ndarray, brightness: np.ndarray, labels: np.ndarray, words: Words) -> list[str]:
    """What each code shares with its nearest ones, index (n, k), beside what any two share."""
    apart = float(np.abs(brightness[index] - brightness[:, None]).mean())
    order = np.random.default_rng(maps.SEED).permutation(len(brightness))
    any_two = float(np.abs(brightness - brightness[order]).mean())
    found = [
        _(
            "The brightness of neighbours in the code differs by **{apart}** of 255 grey levels on average, that of any two by **{any_two}**."
        ).format(apart=number(255 * apart, 1), any_two=number(255 * any_two, 1))
    ]
    has_label = labels >= 0
    if has_label.all() and len(np.unique(labels)) > 1:
        same = float((labels[index] == labels[:, None]).mean())
        shares = np.bincount(labels) / len(labels)
        found.append(
            _("**{same}** of the neighbours in the code have the same {class_}, of any two **{any_two}**.").format(
                same=percent(same, 1), class_=words.class_, any_two=percent(float((shares**2).sum()), 1)
            )
        )
    return found
