"""How encode goes from the encoder's first code to the one that it gives: picture, error and PSNR at each step, and what plain gradient
descent would need to get as far."""

from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.data import words
from aemodels.language import _, number, sentences, signed
from aemodels.models import refine
from aemodels.noise import seeded_order
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import descents, rebuilding, selection, stage_findings, stages
from pages.parts.photos.stages import Stages
from pages.parts.shared import ahead, controls, export, fields, loaders, models, originals

ERROR_LIMIT, CHANGE_LIMIT = 0.3, 0.1  # of the pixel range: white in a map

sentence = controls.header(
    _("What encode adds"), _("The encoder's first code is not the one that is used: encode improves it step by step.")
)
with controls.row():
    name, group = models.choose_model(catalogue.REFINED)
    seed = controls.seed_control()
    source = selection.choose_source(group.data)
controls.note_drawn("data", "model", "seed", "photos")
ckpt = loaders.checkpoint(name)
config, picture_words = ckpt.model_config, words.of(ckpt.data.config)
sentence.markdown(
    _(
        "The encoder alone gives a first code. Then `encode` improves it for each {one} by itself: {helpers}. Move the slider to see what "
        "each step adds."
    ).format(one=picture_words.one, helpers=_(", then ").join(rebuilding.helpers(config)))
)
photos = selection.from_source(source, ckpt)
has_photos = photos is not None


def codes_in_place(seed: int) -> Tensor:
    """Which codes are decoded where there are no photos (n,)."""
    return seeded_order(len(ckpt.codes), seed)[:9]


def pictures(seed: int, which: slice = slice(None)) -> Tensor:
    """The pictures x (n, C, H, W), or some of them."""
    return photos(seed).x[which] if has_photos else ckpt.model.decode(ckpt.codes[codes_in_place(seed)[which]])


def compute(seed: int, which: slice = slice(None)) -> Stages:
    return stages.of(name, pictures(seed, which))


def scene(
    key: str, compute: Callable[[int], Stages], *depends_on: Hashable, meanwhile: Callable[[], None] = lambda: None
) -> Stages:
    """compute(seed), made ahead where "Draw again" draws other pictures."""
    if source != "test":
        return compute(seed)
    return ahead.scene(compute, seed, key, loaders.version(name), has_photos, *depends_on, meanwhile=meanwhile)


if has_photos:
    labels = photos(seed).names
else:
    labels = [_("code {number}").format(number=i) for i in codes_in_place(seed).tolist()]
num_pictures = len(labels)
if st.session_state.get("which", 1) not in range(1, num_pictures + 1):
    st.session_state.which = 1
which = st.segmented_control(
    _("Picture"), range(1, num_pictures + 1), default=1, required=True, wrap=True, key="which", **fields.BOUND
)
here = which - 1
this = pictures(seed, slice(here, which))  # the others, and their stages, are for what stands below
original, kinds = this[0], refine.kinds(config)
num_stages = len(kinds)
if st.session_state.get("stage", 0) > num_stages - 1:  # of a model with more of them
    st.session_state.stage = num_stages - 1
shown_label = _("Original") if has_photos else _("Decoded code")
error_label, picture_label = _("Error"), _("Picture")


def error_maps(x_hat: Tensor, x: Tensor, limit: float) -> list[np.ndarray]:
    return list(figures.heat((x_hat - x).abs().mean(1).numpy(), limit))


def of_this(meanwhile: Callable[[], None] = lambda: None) -> tuple[Stages, Tensor, list[str]]:
    """The stages of the picture that is looked at, what they give, and its PSNR at each of them, in words."""
    shown = scene("stages", partial(compute, which=slice(here, which)), here, meanwhile=meanwhile)
    return shown, stages.decoded(name, original, shown), [f"{number(p, 2)} dB" for p in shown.psnr[:, 0].tolist()]


@st.fragment
def look() -> None:
    """One stage, picked by a slider."""
    stage = st.slider(_("Stage"), 0, num_stages - 1, 1, key="stage", **fields.BOUND)
    place, names = st.empty(), stages.names(kinds)
    heads = [shown_label, names[0], names[stage], error_label, _("Change")]
    alt = _("{picture}, what the first code and the code after “{stage}” give, error map, and what this step changed")
    alt = alt.format(picture=shown_label, stage=names[stage])

    def show(tiles: list[np.ndarray], texts: list[str]) -> None:
        panel = figures.panel([tiles], [], [texts], heads, width_px=export.SCREEN_PX, ink=export.ink())
        with place:
            export.show(panel, alt)

    def show_original() -> None:
        """The picture at once, and room for what is made of it."""
        blank = figures.blank(config.image_shape, export.ink())
        show([*figures.to_tiles(original[None]), *[blank] * 4], [labels[here], *["…"] * 4])

    shown, x_hat, in_db = of_this(show_original)
    now, before = x_hat[stage][None], x_hat[max(0, stage - 1)][None]
    if stage:
        gain = float(shown.psnr[stage, 0] - shown.psnr[stage - 1, 0])
        said = _("{gain} dB by this step").format(gain=signed(gain, 2))
    else:
        said = _("nothing yet")
    tiles = [
        *figures.to_tiles(torch.cat([original[None], x_hat[:1], now])),
        *error_maps(now, original[None], ERROR_LIMIT),
        *error_maps(now, before, CHANGE_LIMIT),
    ]
    show(tiles, [labels[here], in_db[0], in_db[stage], "", said])
    st.caption(
        sentences(
            [
                _("Stage {stage} of {last}: **{name}**.").format(
                    stage=number(stage), last=number(num_stages - 1), name=names[stage]
                ),
                _("This {one}: {psnr}.").format(one=picture_words.one, psnr=in_db[stage]),
                _(
                    "Maps: absolute difference; white is {error} of the range in the error, {change} in the change."
                ).format(error=number(ERROR_LIMIT, 1), change=number(CHANGE_LIMIT, 1)),
            ]
        )
    )


look()
shown, x_hat, in_db = of_this()


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    rows = [figures.to_tiles(x_hat), error_maps(x_hat, original[None], ERROR_LIMIT)]
    rows[0].append(figures.to_tiles(original[None])[0])
    notes = [[*in_db, ""], shown.names]
    heads = [*map(number, range(num_stages)), shown_label]
    return figures.panel(rows, [picture_label, error_label], notes, heads, caption, width_px, ink)


st.header(_("All stages"), anchor=False)
alt = _("{picture} number {which} at {number} stages of encode by {model}, with error maps").format(
    picture=shown_label, which=number(which), number=number(num_stages), model=models.quoted(name)
)
export.show(draw(export.SCREEN_PX, export.ink()), alt)

st.header(_("Against plain gradient descent"), anchor=False)
st.markdown(
    _(
        "One network must give the codes of all {many}, so its code for a single {one} is seldom the best that there "
        "is. What this costs is called the *amortisation gap* (Cremer, Li & Duvenaud, *Inference Suboptimality in "
        "Variational Autoencoders*, ICML 2018). They measure it on the bound of a variational autoencoder. Here it "
        "is the PSNR that is gained when the code of each {one} is improved by itself."
    ).format(many=picture_words.many, one=picture_words.one)
)
measures_all = st.toggle(
    _("All {pictures}").format(pictures=picture_words.count(num_pictures)),
    key="all",
    disabled=num_pictures == 1,
    help=_("Also the stages of the others, and the mean over all; it takes {number} times as long.").format(
        number=number(num_pictures)
    ),
    **fields.BOUND,
)
found = scene("all stages", compute) if measures_all else shown
told = labels if measures_all else [labels[here]]
descents.show(name, pictures(seed) if measures_all else this, found, here if measures_all else 0, picture_words.one)

points = [*models.notes(name), *stage_findings.of_stages(found, ckpt.model.noise_variance)]
if not has_photos:
    points.append(
        _(
            "These pictures were decoded from codes, so for each there is a code that rebuilds it without any error. "
            "All that is missing at the last stage is what `encode` did not reach."
        )
    )
elif about := originals.about_others(ckpt.data) if source == "test" else "":
    points.append(about)
controls.notice(points)

settings = {
    _("model"): name,
    _("seed"): seed,
    _("photos"): _(selection.SOURCES[source]) if has_photos else _("reference codes"),
    _("picture"): _("{number} ({name})").format(number=which, name=labels[here]),
}
rows = [
    {
        "picture": i + 1 if measures_all else which,
        "name": label,
        "stage": stage,
        "made_by": name_of_stage,
        "psnr_db": float(found.psnr[stage, i]),
    }
    for i, label in enumerate(told)
    for stage, name_of_stage in enumerate(found.names)
]
legend = rebuilding.about_error(config.image_shape)
export.export_row(f"stages-{name}-{which}-{seed}", draw, rows, settings, alt, legend=legend)
