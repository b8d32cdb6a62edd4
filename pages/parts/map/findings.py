"""What the map says under "What to notice": how far it can be trusted, and what codes that are near each other share."""

from collections.abc import Sequence

from aemodels.codes import maps
from aemodels.codes.labels_read import Accuracy
from aemodels.codes.maps import Layout
from aemodels.codes.neighbourhoods import Shared
from aemodels.data.words import Words
from aemodels.language import _, number, percent
from pages.parts.map import atlas, wording


def of_axes(name: str, method: str) -> str:
    """What the axes of a model's map mean."""
    return wording.axes(method, atlas.pca(name).explained_variance_ratio_ if method == "pca" else ())


def of_layout(layout: Layout) -> str:
    """How far the map can be trusted."""
    n = len(layout.places)
    return _(
        "**Do not trust every distance.** The trustworthiness of this layout is **{trust}**, measured on {n} codes. "
        "1 means that all neighbours on the map are neighbours in the code. Of the {k} nearest codes of each code, "
        "**{kept}** are among its {k} nearest on the map."
    ).format(trust=number(layout.trust, 3), n=number(min(n, maps.MAX_TRUST)), k=maps.K, kept=percent(layout.kept))


def of_labels(by_codes: Accuracy | None, by_pixels: Accuracy | None, num_numbers: int, words: Words) -> list[str]:
    """How well the labels can be read off the codes."""
    if by_codes is None:
        return []
    found = [
        _(
            "**Is the {class_} in the code?** The {k} nearest codes name the right {class_} for **{nearest}** of {n} "
            "{many}, a linear classifier for **{linear}**. By chance, always naming the commonest {class_}, it would "
            "be {chance}."
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
                "With PCA of the pixels in place of the code ({numbers} numbers at most), these shares are **{nearest}** and **{linear}**."
            ).format(
                numbers=number(num_numbers), nearest=percent(by_pixels.nearest, 1), linear=percent(by_pixels.linear, 1)
            )
        )
    return found


def of_shared(shared: Sequence[Shared], words: Words) -> list[str]:
    """Which trait of their pictures neighbours in the code share most."""
    if not shared:
        return []
    most = min(shared, key=lambda of: of.ratio)
    return [
        _(
            "**What do neighbours share?** Most of all the {trait}: a code and its {k} nearest differ in it {share} as much as any two codes do. "
            "The table has the other traits."
        ).format(trait=wording.traits(words)[most.trait], k=maps.K, share=percent(most.ratio))
    ]


def table(shared: Sequence[Shared], words: Words) -> str:
    """How far neighbours and any two are apart, as a table in Markdown, the most alike first."""
    named = wording.traits(words)
    head = (_("Trait"), _("Neighbours in the code"), _("Any two"), _("Ratio"))
    rows = [
        (
            named[of.trait],
            wording.of_trait(of.trait, of.neighbours),
            wording.of_trait(of.trait, of.any_two),
            percent(of.ratio),
        )
        for of in sorted(shared, key=lambda of: of.ratio)
    ]
    lines = ["| " + " | ".join(row) + " |" for row in (head, ("---", "---:", "---:", "---:"), *rows)]
    return "\n".join(lines)
