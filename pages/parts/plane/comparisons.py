"""One plane against another: sentences, as Markdown, that carry measured figures."""

from collections.abc import Mapping
from typing import Any

from aemodels.codes import twins
from aemodels.data.words import Words
from aemodels.language import _, number, percent, sentences
from pages.parts.shared import controls

Row = Mapping[str, Any]


def of_planes(
    row: Row, before: Row, label: str, plain: str, kind: Words, matrices: tuple[int, int] | None
) -> list[str]:
    """What a model's regulariser did to its plane, against the plain model's.

    row, before   the figures of both, by the names that the numbers of the page Twins have
    label, plain  what both models are called
    matrices      `twins.num_scale_free` of a model whose weights were to be small
    """
    label, plain = map(controls.literal, (label, plain))
    spread, of_plain = ((r["spread_z1"], r["spread_z2"]) for r in (row, before))
    loss, num_decimals = ("bce_nats", 4) if "bce_nats" in before else ("psnr_db", 2)
    spreads = (
        _(
            "**{model}: a plane {times} times as wide as that of “{plain}”.** The codes spread {z1} × {z2} instead of "
            "{plain_z1} × {plain_z2} (standard deviations)."
        )
        if all(of_plain)
        else _(
            "**{model}** against “{plain}”: the codes spread {z1} × {z2} instead of {plain_z1} × {plain_z2} (standard deviations)."
        )
    ).format(
        model=label,
        plain=plain,
        z1=number(spread[0], 2),
        z2=number(spread[1], 2),
        plain_z1=number(of_plain[0], 2),
        plain_z2=number(of_plain[1], 2),
        times=number(twins.relative_width(spread, of_plain), 2),
    )
    quality = _("Nearest other code of the same {class_}: {before} → {after}; {measure} {loss_before} → {loss_after}.")
    holes = _(
        "{model}, share of holes: {before} → {after} of the dashed box, {wide_before} → {wide_after} of the box of the central 99.8%."
    )
    is_one_way = (row["hole_share"] > before["hole_share"]) == (row["hole_share_wide"] > before["hole_share_wide"])
    points = [
        sentences(
            [
                spreads,
                quality.format(
                    class_=kind.class_,
                    before=percent(before["neighbour_accuracy"], 1),
                    after=percent(row["neighbour_accuracy"], 1),
                    measure=_("cross-entropy in nats a pixel") if loss == "bce_nats" else _("PSNR in dB"),
                    loss_before=number(before[loss], num_decimals),
                    loss_after=number(row[loss], num_decimals),
                ),
            ]
        ),
        sentences(
            [
                holes.format(
                    model=label,
                    before=percent(before["hole_share"]),
                    after=percent(row["hole_share"]),
                    wide_before=percent(before["hole_share_wide"]),
                    wide_after=percent(row["hole_share_wide"]),
                ),
                "" if is_one_way else _("Whether it is more or less depends on the box."),
            ]
        ),
    ]
    if "kl_nats" in row:
        draws = _(
            "{model}: **{share}** of draws from N(0, I) fall into a hole of its plane; for “{plain}” it is {before}."
        )
        share, share_before = (percent(r["normal_hole_share"], 1) for r in (row, before))
        price = (
            _("The price is a KL divergence of {total} nats per {one}: {along_z1} along z₁ and {along_z2} along z₂.")
            if row["normal_hole_share"] < before["normal_hole_share"] and share != share_before
            else _(
                "By this measure the penalty brings nothing. Its price is a KL divergence of {total} nats per {one}: {along_z1} along z₁ "
                "and {along_z2} along z₂."
            )
        )
        points.append(
            sentences(
                [
                    draws.format(
                        model=label,
                        share=share,
                        plain=plain,
                        before=share_before,
                    ),
                    price.format(
                        total=number(row["kl_nats"], 2),
                        one=kind.one,
                        along_z1=number(row["kl_nats_z1"], 2),
                        along_z2=number(row["kl_nats_z2"], 2),
                    ),
                    _("The cross-entropies are measured at the mean of each code's Gaussian.")
                    if loss == "bce_nats"
                    else _("The PSNRs are measured at the mean of each code's Gaussian."),
                ]
            )
        )
    if matrices:
        num_followed, num_matrices = matrices
        size = _("{model}, size of the weights (root mean square): {before} → {after}.")
        but = _(
            "But smaller weights alone change little: {followed} of the {number} weight matrices are followed by a LayerNorm, "
            "which divides their scale out again."
        )
        points.append(
            sentences(
                [
                    size.format(
                        model=label, before=number(before["weight_rms"], 3), after=number(row["weight_rms"], 3)
                    ),
                    but.format(followed=number(num_followed), number=number(num_matrices)),
                ]
            )
        )
    return points
