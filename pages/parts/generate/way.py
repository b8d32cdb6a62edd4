"""From noise to a code: the nine samples at a moment of their way, and one of them at many."""

from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import flows
from aemodels.language import _, number
from aemodels.quality import detail
from aemodels.report import figures
from pages.parts.generate import nine
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings, sampling
from pages.parts.shared import controls, export, fields

NUM_MOMENTS = 9


def show(chosen: Chosen) -> None:
    with st.spinner(_("Drawing nine samples …")):
        drawn = drawings.watch(chosen.setting, nine.seeds(chosen.seed), lambda moment: None)
    look(chosen, drawn.moments, drawn.x)


@st.fragment
def look(chosen: Chosen, moments: list[flows.Moment], x_end: Tensor) -> None:
    last = len(moments) - 1
    if st.session_state.get("moment", 0) > last:  # of a way with more steps
        st.session_state.moment = last
    with controls.row():
        at = st.slider(_("Step"), 0, last, last // 2, key="moment", width=400, **fields.BOUND)
        which = fields.numbered(_("Sample below"), nine.NUM_SAMPLES, "sample")
    moment = moments[at]
    x_on_way, x_seen = drawings.decode(chosen.ckpt, torch.cat([moment.x_t, moment.z])).chunk(2)
    heads = [
        _("On the way, t = {t}").format(t=number(moment.t, 2)),
        _("Where the network sees it go"),
        _("Where it ends, t = 0"),
    ]
    tiles = [sampling.nine(x) for x in (x_on_way, x_seen, x_end)]
    alt = _(
        "Nine samples at step {step} of {last}: left decoded as they are, in the middle the code to which the network points, right the end"
    ).format(step=at, last=last)
    export.show(figures.panel([tiles], column_labels=heads, width_px=export.SCREEN_PX, ink=export.ink()), alt)

    shown = [round(i * last / (NUM_MOMENTS - 1)) for i in range(NUM_MOMENTS)]
    shown = sorted(set(shown))
    one = torch.stack([moments[i].x_t[which - 1] for i in shown] + [moments[i].z[which - 1] for i in shown])
    x_of_one, x_points_at = drawings.decode(chosen.ckpt, one).chunk(2)
    columns = [f"t = {number(moments[i].t, 2)}" for i in shown]
    draw_strip = partial(_draw_strip, x_of_one, x_points_at, columns)
    strip_alt = _(
        "Sample {which} from noise to its code: above as it is on the way, below where the network sees it go"
    )
    strip_alt = strip_alt.format(which=which)
    export.show(export.on_screen(draw_strip), strip_alt)

    codes = [m.z for m in moments]
    away = [float((z - codes[-1]).square().mean().sqrt() / codes[-1].square().mean().sqrt()) for z in codes]
    half = next(i for i, share in enumerate(away) if share < away[0] / 2)
    first, end = (detail.mean_step(x) for x in (drawings.decode(chosen.ckpt, codes[0]), x_end))
    points = [
        _(
            "**First comes the whole, then the detail**: at the start the network points to a blur, the mean of all codes that the noise may become."
        )
        if first < detail.LITTLE * end
        else _("**At the start the network points to the mean of all codes that the noise may become.**"),
        _(
            "By step {step} of {last} (t = {t}) the code that the network points to has come more than half of the "
            "way from its start to the end."
        ).format(step=half, last=last, t=number(moments[half].t, 2)),
        _(
            "Fine detail of the pictures that it points to (mean difference between neighbouring pixels, of 255 grey "
            "levels): {first} at the start, {now} at the step shown, {end} at the end."
        ).format(first=number(first, 1), now=number(detail.mean_step(x_seen), 1), end=number(end, 1)),
    ]
    controls.notice(points)
    numbers = [
        {"step": i, "t": m.t, "distance_of_pointed_at_from_end": share}
        | {f"mean_square_{k + 1}": float(z.square().mean()) for k, z in enumerate(m.x_t)}
        for i, (m, share) in enumerate(zip(moments, away, strict=True))
    ]
    export.export_row(
        chosen.file_name(f"way-{which}"), draw_strip, numbers, chosen.settings(**{_("sample"): which}), strip_alt
    )


def _draw_strip(
    x_on_way: torch.Tensor,
    x_seen: torch.Tensor,
    columns: list[str],
    width_px: int,
    ink: figures.Ink,
    caption: str = "",
) -> Image.Image:
    rows = [figures.to_tiles(x_on_way), figures.to_tiles(x_seen)]
    return figures.panel(rows, [_("On the way"), _("Pointed at")], [], columns, caption, width_px, ink)
