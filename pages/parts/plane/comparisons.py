"""Planes against the first of them: sentences, as Markdown, that carry measured figures, each sentence once with the figures of all models."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aemodels.codes import twins
from aemodels.data.words import Words
from aemodels.language import _, list_of, number, percent, sentences
from pages.parts.shared import models

Row = Mapping[str, Any]


def of_planes(rows: Sequence[Row], kind: Words, matrices: Mapping[str, tuple[int, int]]) -> list[str]:
    """What the models' regularisers did to their planes; nothing of a single plane.

    rows      the figures of each model, by the names that the numbers of the page Twins have; the first is what the others are held against
    matrices  `twins.num_scale_free` of each model whose weights were to be small, by its name
    """
    plain, *others = rows
    if not others:
        return []
    return [
        _width(plain, others),
        _quality(rows, kind),
        _holes(plain, others),
        *_priors(plain, [row for row in others if "kl_nats" in row], kind),
        *_weights(plain, [row for row in others if row["model"] in matrices], matrices),
    ]


def _each(rows: Sequence[Row], figure: Callable[[Row], str]) -> str:
    return models.with_figures({row["model"]: figure(row) for row in rows})


def _spread(row: Row) -> tuple[float, float]:
    return row["spread_z1"], row["spread_z2"]


def _width(plain: Row, others: Sequence[Row]) -> str:
    of_plain = _spread(plain)
    wide = _("**How wide is each plane?** Compared with the plane of {plain}: {times}.").format(
        plain=models.said(plain["model"]),
        times=_each(
            others,
            lambda row: _("**{number}** times").format(number=number(twins.relative_width(_spread(row), of_plain), 2)),
        ),
    )
    spreads = _("The standard deviations of the codes along z₁ and z₂: {spreads}.").format(
        spreads=_each([plain, *others], lambda row: " × ".join(number(s, 2) for s in _spread(row)))
    )
    return sentences([wide if all(of_plain) else "", spreads])


def _quality(rows: Sequence[Row], kind: Words) -> str:
    loss, num_decimals = ("bce_nats", 4) if "bce_nats" in rows[0] else ("psnr_db", 2)
    measure = _("cross-entropy in nats a pixel") if loss == "bce_nats" else _("PSNR in dB")
    return _("Codes whose nearest other code is of the same {class_}: {shares}; {measure}: {losses}.").format(
        class_=kind.class_,
        shares=_each(rows, lambda row: percent(row["neighbour_accuracy"], 1)),
        measure=measure,
        losses=_each(rows, lambda row: number(row[loss], num_decimals)),
    )


def _holes(plain: Row, others: Sequence[Row]) -> str:
    rows = [plain, *others]
    holes = _("Share of holes in the dashed box: {shares}. In the box of the central 99.8%: {wide}.").format(
        shares=_each(rows, lambda row: percent(row["hole_share"])),
        wide=_each(rows, lambda row: percent(row["hole_share_wide"])),
    )
    both_ways = [
        models.said(row["model"])
        for row in others
        if (row["hole_share"] > plain["hole_share"]) != (row["hole_share_wide"] > plain["hole_share_wide"])
    ]
    depends = _("Whether it is more or less than for {plain} depends on the box: {models}.")
    told = depends.format(plain=models.said(plain["model"]), models=list_of(both_ways)) if both_ways else ""
    return sentences([holes, told])


def _priors(plain: Row, priors: Sequence[Row], kind: Words) -> list[str]:
    """priors: the rows of the models that learnt to have their codes lie as N(0, I)."""
    if not priors:
        return []

    def share(row: Row) -> str:
        return percent(row["normal_hole_share"], 1)

    draws = _("Draws from N(0, I) that fall into a hole of the plane: {shares}; for {plain} it is {before}.").format(
        shares=_each(priors, lambda row: f"**{share(row)}**"), plain=models.said(plain["model"]), before=share(plain)
    )
    useless = [
        models.said(row["model"])
        for row in priors
        if row["normal_hole_share"] >= plain["normal_hole_share"] or share(row) == share(plain)
    ]
    nothing = _("By this measure the penalty of {models} brings nothing.").format(models=list_of(useless))
    price = _("Its price is a KL divergence, in nats per {one}: {totals}.").format(
        one=kind.one, totals=_each(priors, lambda row: number(row["kl_nats"], 2))
    )
    at_mean = (
        _("The cross-entropies are measured at the mean of each code's Gaussian.")
        if "bce_nats" in plain
        else _("The PSNRs are measured at the mean of each code's Gaussian.")
    )
    return [sentences([draws, nothing if useless else "", price, at_mean])]


def _weights(plain: Row, small: Sequence[Row], matrices: Mapping[str, tuple[int, int]]) -> list[str]:
    """small: the rows of the models whose weights were to be small."""
    if not small:
        return []
    sizes = _("Size of the weights (root mean square): {sizes}.").format(
        sizes=_each([plain, *small], lambda row: number(row["weight_rms"], 3))
    )
    of_all = _("{followed} of {number}")
    but = _(
        "A LayerNorm after a weight matrix divides the matrix's scale out again, so smaller weights change nothing there. Weight matrices "
        "with a LayerNorm after them: {counts}."
    ).format(
        counts=_each(
            small,
            lambda row: of_all.format(
                **dict(zip(("followed", "number"), map(number, matrices[row["model"]]), strict=True))
            ),
        )
    )
    return [sentences([sizes, but])]
