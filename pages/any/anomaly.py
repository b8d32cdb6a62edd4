"""Reconstruction error as a score of what is unlike the training images: histogram, ROC curve and a threshold; and clusters of codes."""

from functools import partial

import streamlit as st
from PIL import Image

from aemodels.language import _, percent, sentences
from aemodels.quality import anomaly
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.anomaly import findings, own, scoring, separation
from pages.parts.anomaly.scoring import LEFT_OUT, OTHER, USUAL, Scored
from pages.parts.shared import ahead, controls, export, fields, loaders, models, originals

controls.header(
    _("Anomaly"),
    _(
        "An autoencoder rebuilds well what is like its training images. So its reconstruction error may show what is "
        "unlike them. Here you see where that works and where it fails."
    ),
)
with controls.row():
    name, group = models.choose_model(*catalogue.AUTOENCODERS)
    seed = controls.seed_control()
ckpt = loaders.checkpoint(name)
config = ckpt.model_config
is_bce = config.reconstruction == "bce"
unit = _("BCE, nats a pixel") if is_bce else _("mean squared error")

images = originals.of(ckpt.data)
if images is None:
    st.info(originals.why_none(ckpt.data), icon=":material/photo_library:")
    st.markdown(
        _("Without them there is no error to measure. The codes that come with the model can still be clustered.")
    )
    controls.notice([*models.notes(name), findings.of_clusters(name)])
    st.stop()

kinds, other_title = scoring.kinds(ckpt)
said = findings.titles(ckpt, other_title)
strange = {kind: said[kind] for kind in kinds if kind != USUAL}
with controls.row():
    against = controls.choose(_("Strange pictures"), strange, key="against")
    flagged = st.slider(_("Flag this share of the test images / %"), 0, 100, 5, key="flag", width=320, **fields.BOUND)
scores = st.container()  # of all kinds of pictures; the two kinds that are shown come first
depends_on = loaders.version(name), str(loaders.data_folder().resolve()), *kinds


def compute(seed: int) -> tuple[dict[str, Scored], list[int], bytes]:
    """The scores of the pictures that are shown, the places of the usual ones, and the panel's PNG file."""
    shown = scoring.measure(ckpt, seed, (USUAL, against))
    places = scoring.usual(ckpt, seed).tolist()
    return shown, places, export.on_screen(draw, shown, places)


def draw(
    shown: dict[str, Scored], places: list[int], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    rows, row_labels, notes = [], [], []
    for kind, of_kind in shown.items():
        rows += [figures.to_tiles(of_kind.x), figures.to_tiles(of_kind.x_hat)]
        row_labels += [said[kind], _("Rebuilt")]
        of_name = [images.name_of(places[i]) for i in of_kind.places] if kind == USUAL else [""] * len(of_kind.places)
        notes += [of_name, [findings.told(float(of_kind.scores[i]), is_bce) for i in of_kind.places]]
    return export.pictures_panel(rows, row_labels, notes, width_px, ink, caption)


with st.spinner(_("Rebuilding usual and strange pictures …")):
    shown, places, panel = ahead.scene(compute, seed, "anomaly", *depends_on, against, export.is_dark())
st.header(_("The most anomalous"), anchor=False)
alt = _("The test images with the largest error by {model}, and the same of “{strange}”, each above its reconstruction")
alt = alt.format(model=models.quoted(name), strange=said[against])
export.show(panel, alt)
how = [_("Below each: what it is, and its score ({unit}).").format(unit=unit)]
if config.corrector_depths or config.refiner_steps:
    how.append(_("Rebuilt from the encoder's first code: the steps that improve a code would fit it to any picture."))
if OTHER in kinds:
    how.append(
        _(
            "The pictures of {data_set} are scaled to {height}×{width} px; colours are averaged to grey, or grey repeated, where need be."
        ).format(data_set=other_title, height=config.image_shape[1], width=config.image_shape[2])
    )
st.caption(sentences([*how, originals.about_others(ckpt.data)]))

with scores:
    with st.spinner(_("Rebuilding usual and strange pictures …")):
        scored = scoring.measure(ckpt, seed, kinds)
    curves = {kind: anomaly.roc(scored[USUAL].scores, scored[kind].scores) for kind in strange}
    threshold = separation.show(scored, said, against, curves, flagged / 100, is_bce, unit)
    own.show(ckpt, scored[USUAL], threshold)

never_seen = findings.of_left_out(ckpt, curves)
points = [
    *models.notes(name),
    *(never_seen if LEFT_OUT in curves else []),
    findings.of_areas(curves, said, len(places)),
    *findings.of_easy(scored, said),
    *([] if LEFT_OUT in curves else never_seen),
]
if OTHER not in scored:
    points.append(_("No pictures of another data set are on this computer, so that test is left out."))
points.append(findings.of_clusters(name))
controls.notice(points)

settings = {_("model"): name, _("seed"): seed, _("strange"): said[against], _("flagged"): percent(flagged / 100)}


def numbers() -> list[dict[str, object]]:
    return [
        {"kind": kind, "picture": i + 1, "error_bce_nats" if is_bce else "error_mse": value}
        for kind, of_kind in scored.items()
        for i, value in enumerate(of_kind.scores.tolist())
    ]


printed = partial(draw, shown, places)
export.export_row(f"anomaly-{name}-{against}-{seed}", printed, numbers, settings, alt, legend=how[0])
