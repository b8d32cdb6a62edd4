"""PSNR or BCE over the number of numbers, of a nested model, of PCA, and of models that were trained for one size."""

from collections.abc import Sequence

from PIL import Image

from aemodels.data.words import Words
from aemodels.language import _, list_of, number, sentences
from aemodels.quality import code_sizes
from aemodels.quality.code_sizes import Sizes
from aemodels.report import charts, curves, figures
from aemodels.report.curves import Chart
from aemodels.report.plotly_objects import go
from pages.parts.shared import export
from pages.parts.sizes.rivals import Rival

PSNR, BCE = "psnr_db", "bce"  # as in Scores and Rival
DECIMALS = {PSNR: 2, BCE: 4}
GREY = "#808080"


def scales(is_bce: bool) -> dict[str, str]:
    """What can be drawn, and how it is called."""
    return {PSNR: _("PSNR / dB")} | ({BCE: _("BCE / nats a pixel")} if is_bce else {})


def interactive(
    sizes: Sizes, scale: str, axis: str, name: str, colour: str, rivals: Sequence[Rival], k: int
) -> go.Figure:
    """The chart on the screen.

    scale, axis  one of `scales`, and how it is called
    colour       of the model of this name
    rivals       diamonds
    k            where a line marks the slider's place
    """
    marked, shown = code_sizes.doublings(sizes.k[-1]), f"%{{y:.{DECIMALS[scale]}f}}"
    chart = charts.lines(_series(sizes, scale, name), _("numbers kept"), axis, colours={name: colour})
    chart.update_traces(marker_size=[9 if size in marked else 0.1 for size in sizes.k], hovertemplate="%{x}: " + shown)
    if sizes.pca:
        chart.data[1].update(line={"color": GREY, "dash": "dash"}, marker_color=GREY)
    measured = [rival for rival in rivals if getattr(rival, scale) is not None]
    if measured:
        chart.add_scatter(
            x=[rival.k for rival in measured],
            y=[getattr(rival, scale) for rival in measured],
            text=[charts.plotly_text(rival.title) for rival in measured],
            name=_("trained for one size"),
            mode="markers",
            marker={"size": 12, "symbol": "diamond", "color": figures.PALETTE[9]},
            hovertemplate="%{text}: " + shown,
        )
    charts.upright(chart, k, "dot")
    chart.update_xaxes(type="log", tickvals=marked, ticktext=[*map(number, marked)])
    return chart.update_layout(hovermode="closest")


def above(strip: Image.Image, sizes: Sizes, scale: str, axis: str, name: str) -> Image.Image:
    """The same curves for a file, above a strip of pictures."""
    drawn = Chart(_series(sizes, scale, name), _("numbers kept"), axis, dashed=frozenset({"PCA"}))
    top = curves.draw([drawn], strip.width, strip.width * 3 // 8)
    return export.stacked([top, strip], figures.LIGHT)


def _series(sizes: Sizes, scale: str, name: str) -> dict[str, tuple[Sequence[float], Sequence[float]]]:
    series = {name: (sizes.k, getattr(sizes.network, scale))}
    return series | ({"PCA": (sizes.k, getattr(sizes.pca, scale))} if sizes.pca else {})


def said_at(sizes: Sizes | None, k: int, longest: int, kind: Words) -> str:
    """What the pictures are, and what all test images come to at this size."""
    parts = [
        _("Rebuilt from the first {k} of {longest} numbers, with the PSNR of each picture.").format(
            k=number(k), longest=number(longest)
        )
    ]
    if sizes and k in sizes.k:
        at = sizes.k.index(k)
        network, pca = (scores and number(scores.psnr_db[at], 2) for scores in (sizes.network, sizes.pca))
        message = (
            _("Mean of {number} test {many}: network {network} dB, PCA {pca} dB.")
            if pca
            else _("Mean of {number} test {many}: {network} dB.")
        )
        parts.append(message.format(number=number(sizes.num_images), many=kind.many, network=network, pca=pca))
    return sentences(parts)


def how(sizes: Sizes, scale: str, has_rivals: bool) -> str:
    """How the curves were measured."""
    return sentences(
        [
            _("Every size from 1 to {longest} is measured; dots mark the doublings.").format(
                longest=number(sizes.k[-1])
            )
            if len(sizes.k) == sizes.k[-1]
            else "",
            _(
                "PCA is fitted on the training images: no other linear map of so few numbers has a smaller squared error there."
            )
            if sizes.pca
            else "",
            _("Its pixels are kept half a grey level away from black and white, where BCE may be infinite.")
            if sizes.pca and scale == BCE
            else "",
            _("Diamonds: models that were trained for one size alone, measured without noise.") if has_rivals else "",
        ]
    )


def list_of_sizes(sizes: Sequence[int]) -> str:
    return list_of(map(number, sizes))


def as_rows(sizes: Sizes) -> list[dict[str, object]]:
    """The curves' numbers, a line of the CSV each."""
    return [
        {"name": "mean", "numbers": k, "rebuilt_by": by, "psnr_db": psnr, "mse": mse, "bce_nats": bce}
        for by, scores in ((_("Network"), sizes.network), ("PCA", sizes.pca))
        if scores
        for k, psnr, mse, bce in zip(sizes.k, scores.psnr_db, scores.mse, scores.bce, strict=True)
    ]
