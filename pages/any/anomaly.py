"""Reconstruction error as a score of what is unlike the training images: histogram, ROC curve and a threshold; and clusters of codes."""

import streamlit as st
from PIL import Image

from aemodels.language import _, list_of, number, percent, sentences
from aemodels.quality import anomaly
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.anomaly import charts, findings, own, scoring
from pages.parts.anomaly.scoring import LEFT_OUT, OTHER, USUAL, Scored
from pages.parts.shared import ahead, controls, export, loaders, models, originals

STYLE = "@media (width <= 1200px) { .st-key-scores .stColumn { min-width: calc(100% - 1rem); } }"
BOUND = {"bind": "query-params", "persist_state": "session"}

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


def measured(seed: int) -> tuple[dict[str, Scored], str, list[int]]:
    return scoring.measure(ckpt, seed)


images = originals.of(ckpt.data)
if images is None:
    st.info(originals.why_none(ckpt.data), icon=":material/photo_library:")
    st.markdown(
        _("Without them there is no error to measure. The codes that come with the model can still be clustered.")
    )
    controls.notice([*models.notes(name), findings.of_clusters(name)])
    st.stop()

with st.spinner(_("Rebuilding usual and strange pictures …")):
    depends_on = (loaders.version(name), str(loaders.data_folder().resolve()))
    scored, other_title, places = ahead.scene(measured, seed, "anomaly", *depends_on)
usual, said = scored[USUAL], findings.titles(ckpt, other_title)
strange = {kind: said[kind] for kind in scored if kind != USUAL}
with controls.row():
    against = controls.choose(_("Strange pictures"), strange, key="against")
    flagged = st.slider(_("Flag this share of the test images / %"), 0, 100, 5, key="flag", width=320, **BOUND)
curves = {kind: anomaly.roc(usual.scores, scored[kind].scores) for kind in strange}
threshold = anomaly.threshold(usual.scores, flagged / 100)
num_flagged = int((usual.scores >= threshold).sum())
false_alarms = num_flagged / len(usual.scores)
missed = float((scored[against].scores < threshold).float().mean())


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    rows, row_labels, notes = [], [], []
    for kind in (USUAL, against):
        of_kind = scored[kind]
        rows += [figures.to_tiles(of_kind.x), figures.to_tiles(of_kind.x_hat)]
        row_labels += [said[kind], _("Rebuilt")]
        of_name = [images.name_of(places[i]) for i in of_kind.places] if kind == USUAL else [""] * len(of_kind.places)
        notes += [of_name, [findings.told(float(of_kind.scores[i]), is_bce) for i in of_kind.places]]
    return figures.panel(rows, row_labels, notes, [], caption, width_px, ink)


st.html(f"<style>{STYLE}</style>")
left, right = st.container(key="scores").columns(2, gap="medium")
with left:
    st.header(_("The score of each picture"), anchor=False)
    alt = _("Histogram of the reconstruction error of {usual} and of {strange}, with the threshold")
    chart = charts.histogram({said[kind]: scored[kind].scores for kind in (USUAL, against)}, threshold, unit)
    st.plotly_chart(chart, key="histogram", alt=alt.format(usual=said[USUAL], strange=said[against]))
with right:
    st.header(_("ROC curves and their areas"), anchor=False)
    areas = list_of(f"{said[kind]} {number(curve.area, 3)}" for kind, curve in curves.items())
    chart = charts.roc({said[kind]: curve for kind, curve in curves.items()}, false_alarms, 1 - missed)
    st.plotly_chart(chart, key="roc", alt=_("ROC curves; areas: {areas}").format(areas=areas))
st.markdown(
    _(
        "At the threshold {threshold} ({unit}) **{false_alarms}** of the test images ({flagged} of {number}) are flagged by mistake, and "
        "**{missed}** of the strange ones (“{strange}”) are missed."
    ).format(
        threshold=findings.told(threshold, is_bce),
        unit=unit,
        false_alarms=percent(false_alarms, 1),
        flagged=number(num_flagged),
        number=number(len(usual.scores)),
        missed=percent(missed, 1),
        strange=said[against],
    )
)

own.show(ckpt, usual, threshold)

st.header(_("The most anomalous"), anchor=False)
alt = _("The test images with the largest error by {model}, and the same of “{strange}”, each above its reconstruction")
alt = alt.format(model=models.quoted(name), strange=said[against])
export.show(draw(export.SCREEN_PX, export.ink()), alt)
how = [_("Below each: what it is, and its score ({unit}).").format(unit=unit)]
if config.corrector_depths or config.refiner_steps:
    how.append(_("Rebuilt from the encoder's first code: the steps that improve a code would fit it to any picture."))
if OTHER in scored:
    how.append(
        _(
            "The pictures of {data_set} are scaled to {height}×{width} px; colours are averaged to grey, or grey repeated, where need be."
        ).format(data_set=other_title, height=config.image_shape[1], width=config.image_shape[2])
    )
st.caption(sentences([*how, originals.about_others(ckpt.data)]))

never_seen = findings.of_left_out(ckpt, curves)
points = [
    *models.notes(name),
    *(never_seen if LEFT_OUT in curves else []),
    findings.of_areas(curves, said, len(usual.scores)),
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


export.export_row(f"anomaly-{name}-{against}-{seed}", draw, numbers, settings, alt, legend=how[0])
