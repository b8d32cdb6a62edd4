"""Codes of real photos, pushed part of the way to noise and brought back."""

from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import flows
from aemodels.language import _, number, percent
from aemodels.noise import seeded_normal, seeded_order
from aemodels.quality import detail
from aemodels.report import figures
from pages.parts.generate import nine
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings
from pages.parts.photos.drawings import Setting
from pages.parts.shared import controls, cores, export, fields, loaders


@st.cache_resource(max_entries=32, show_spinner=False)
def pushed(setting: Setting, places: tuple[int, ...], t: float, seeds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """The reference codes at these places, with noise as at time t, and brought back from there."""
    prior = setting.model()
    ckpt = loaders.load(setting.autoencoder[0])
    z, labels = ckpt.codes[list(places)], ckpt.labels[list(places)]
    noise = seeded_normal(seeds, z.shape[1:])
    noisy = prior.denormalise((1 - t) * prior.normalise(z) + t * noise)

    def bring_back(z: Tensor, seeds: Tensor, labels: Tensor) -> Tensor:
        return flows.edit(prior, z, t, seeds.tolist(), setting.how(drawings.known(labels)))

    back = cores.rows(bring_back, z, seeds, labels)
    return noisy, back


@st.fragment
def show(chosen: Chosen) -> None:
    t = st.slider(_("How far to noise, t"), 0.1, 1.0, 0.5, 0.1, key="push", width=480, **fields.BOUND)
    codes, seeds = chosen.ckpt.codes, nine.seeds(chosen.seed)
    places = seeded_order(len(codes), chosen.seed)[: nine.NUM_SAMPLES].tolist()
    seeds = seeds[: len(places)]
    with st.spinner(_("Bringing the codes back from the noise …")):
        noisy, back = pushed(chosen.setting, tuple(places), t, tuple(seeds))
    x, x_noisy, x_back = drawings.decode(chosen.ckpt, torch.cat([codes[places], noisy, back])).split(len(places))
    apart = [255 * float((a - b).square().mean().sqrt()) for a, b in zip(x, x_back, strict=True)]
    rows = {
        _("Real code"): (x, [_("code {number}").format(number=i) for i in places]),
        _("With noise, t = {t}").format(t=number(t, 1)): (x_noisy, [""] * len(places)),
        _("Brought back"): (x_back, [number(d, 1) for d in apart]),
    }
    draw = partial(_draw, rows)
    alt = _(
        "Codes of {many} decoded: above as they are, in the middle pushed to noise as far as t = {t}, below brought back by the prior"
    ).format(many=chosen.picture.many, t=number(t, 1))
    export.show(export.on_screen(draw), alt)
    legend = _(
        "Below the last row: the difference from the picture in the first row, in grey levels of 255 (RMS). The "
        "method is SDEdit (Meng et al. 2022)."
    )
    st.caption(legend)
    others = [255 * float((a - b).square().mean().sqrt()) for a, b in zip(x, x.roll(1, 0), strict=True)]
    before, noisy, after = map(detail.mean_step, (x, x_noisy, x_back))
    what = (
        _("**The noise takes fine detail away.** The prior puts new detail in its place, from what it has learnt of {many}.")
        if noisy < detail.LITTLE * before and noisy < after
        else _("**The noise moves each code away.** The prior brings it back to where it has learnt that codes of {many} lie.")
    )  # fmt: skip
    points = [
        what.format(many=chosen.picture.many),
        _(
            "At t = {t} each code is mixed with noise: {kept} code, {noise} noise. The pictures that come back "
            "differ by **{apart}** of 255 grey levels from those of the first row (RMS, on average). Two different "
            "{many} differ by {others}."
        ).format(
            t=number(t, 1),
            kept=percent(1 - t),
            noise=percent(t),
            apart=number(sum(apart) / len(apart), 1),
            many=chosen.picture.many,
            others=number(sum(others) / len(others), 1),
        ),
        _(
            "Fine detail (mean difference between neighbouring pixels, of 255 grey levels): {before} before, {noisy} "
            "with the noise, {after} after."
        ).format(before=number(before, 1), noisy=number(noisy, 1), after=number(after, 1)),
    ]
    if chosen.class_name:
        points.append(
            _(
                "On the way back the prior is told “{name}”. Move t: from which value on do the pictures turn into one?"
            ).format(name=chosen.class_name)
        )
    elif chosen.setting.label == drawings.IN_TURN:
        points.append(
            _("On the way back the prior is told each one's own {class_}.").format(class_=chosen.picture.class_)
        )
    controls.notice(points)
    numbers = [
        {"picture": i + 1, "code": place, "seed": seed, "t": t, "rms_grey_levels": d}
        for i, (place, seed, d) in enumerate(zip(places, seeds, apart, strict=True))
    ]
    settings = chosen.settings(t=number(t, 1))
    export.export_row(chosen.file_name(f"back-{t:g}"), draw, numbers, settings, alt, legend=legend)


def _draw(rows: dict[str, tuple[Tensor, list[str]]], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    tiles, notes = zip(*((figures.to_tiles(x), texts) for x, texts in rows.values()), strict=True)
    return figures.panel(tiles, list(rows), notes, caption=caption, width_px=width_px, ink=ink)
