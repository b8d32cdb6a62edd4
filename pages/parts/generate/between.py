"""Between two samples: a walk in the noise that they were drawn from, against the straight line between their codes."""

from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import flows, latents
from aemodels.language import _, number, percent, percents_of_way, sentences
from aemodels.noise import power, seeded_normal
from aemodels.quality import detail
from aemodels.report import figures
from pages.parts.generate import nine
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings, sampling
from pages.parts.photos.drawings import Setting
from pages.parts.shared import controls, cores, export, fields, loaders

NUM_STEPS = 9
MIDDLE = NUM_STEPS // 2


@dataclass(frozen=True)
class Walk:
    """Codes (NUM_STEPS, *latent_shape) and their pictures."""

    z: Tensor
    x: Tensor


@st.cache_resource(max_entries=32, show_spinner=False)
def walks(setting: Setting, seeds: tuple[int, int]) -> tuple[Walk, Walk]:
    """From the sample of one seed to that of the other: in the noise, on the great circle; and in the code, on the straight line."""
    prior, ckpt = setting.model(), loaders.load(setting.autoencoder[0])
    noise = latents.slerp(*seeded_normal(seeds, prior.config.latent_shape), NUM_STEPS)
    first, second = setting.in_turn(seeds) or (0, 0)
    labels = [first] * MIDDLE + [second] * (NUM_STEPS - MIDDLE)
    in_noise = cores.rows(lambda e, label: flows.sample_from(prior, e, setting.how(label.tolist())), noise, labels)
    in_code = latents.lerp(in_noise[0], in_noise[-1], NUM_STEPS)
    return tuple(Walk(z, drawings.decode(ckpt, z)) for z in (in_noise, in_code))


@st.fragment
def show(chosen: Chosen) -> None:
    seeds = nine.seeds(chosen.seed)
    with st.spinner(_("Drawing nine samples …")):
        x = drawings.watch(chosen.setting, seeds, lambda moment: None).x
    tiles = figures.to_tiles(x)
    labels = [str(i + 1) for i in range(len(tiles))]
    strip = figures.panel([tiles], column_labels=labels, width_px=export.SCREEN_PX, ink=export.ink())
    export.show(strip, _("Nine samples, numbered"))
    numbered, kept = range(1, nine.NUM_SAMPLES + 1), {"required": True, "wrap": True, **fields.BOUND}
    with controls.row():
        start = st.segmented_control(_("From"), numbered, default=1, key="sample_from", **kept)
        end = st.segmented_control(_("To"), numbered, default=2, key="sample_to", **kept)
    if start == end:
        st.info(_("Both ends are the same sample: choose another one."), icon=":material/timeline:")
        return
    with st.spinner(_("Walking from sample to sample …")):
        in_noise, in_code = walks(chosen.setting, (seeds[start - 1], seeds[end - 1]))
    rows = {_("In the noise"): in_noise, _("In the code"): in_code}
    draw = partial(_draw, rows)
    alt = _(
        "Nine steps from sample {start} to sample {end}: above in the noise, below on the straight line in the code"
    )
    alt = alt.format(start=start, end=end)
    export.show(export.on_screen(draw), alt)
    change = _("Half way, the {class_} that the prior is told changes from that of one end to that of the other.")
    changes = chosen.setting.label == drawings.IN_TURN
    legend = _("Below each picture: E[z²], the mean square of its code.")
    st.caption(sentences([legend, change.format(class_=chosen.picture.class_) if changes else ""]))
    fine = [detail.mean_step(walk.x[MIDDLE][None]) for walk in (in_noise, in_code)]
    ends = detail.mean_step(in_noise.x[[0, -1]])
    square = power(in_code.z)
    spacing = sampling.mean_spacing(chosen.ckpt.name, len(chosen.ckpt.codes))
    _index, far = latents.nearest(chosen.ckpt.codes, torch.stack([in_noise.z[MIDDLE], in_code.z[MIDDLE]]))
    controls.notice(
        [
            _(
                "**Each step of the walk in the noise is a sample of its own**, and so is the picture half way. The "
                "straight line in the code blends two pictures."
            ),
            _(
                "Fine detail half way (mean difference between neighbouring pixels, of 255 grey levels): {noise} on "
                "the walk in the noise, {code} on the line in the code. The two ends have {ends} on average."
            ).format(noise=number(fine[0], 1), code=number(fine[1], 1), ends=number(ends, 1)),
            _("Half way on the straight line, the code's mean square is {share} of what it is at the ends.").format(
                share=percent(float(square[MIDDLE] / ((square[0] + square[-1]) / 2)))
            ),
            sentences(
                [
                    _(
                        "Distance half way to the nearest real code, where 1 is the mean distance from a real code to its own nearest: "
                        "{noise} on the walk in the noise, {code} on the line in the code."
                    ).format(noise=number(float(far[0]) / spacing, 2), code=number(float(far[1]) / spacing, 2)),
                    _("The blend is nearer: it lies closer to the mean of all codes.") if far[1] < far[0] else "",
                ]
            ),
        ]
    )
    numbers = [
        {"way": way, "step": i, "mean_square": float(p), "detail": detail.mean_step(x[None])}
        for way, walk in (("noise", in_noise), ("code", in_code))
        for i, (p, x) in enumerate(zip(power(walk.z), walk.x, strict=True))
    ]
    settings = chosen.settings(**{_("from"): start, _("to"): end})
    export.export_row(chosen.file_name(f"between-{start}-{end}"), draw, numbers, settings, alt, legend=legend)


def _draw(rows: dict[str, Walk], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    tiles = [figures.to_tiles(walk.x) for walk in rows.values()]
    notes = [[f"E[z²] {number(p, 2)}" for p in power(walk.z).tolist()] for walk in rows.values()]
    return figures.panel(tiles, list(rows), notes, percents_of_way(NUM_STEPS), caption, width_px, ink)
