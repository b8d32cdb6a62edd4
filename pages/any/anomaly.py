"""Reconstruction error as a score of what is unlike the training images: histogram, ROC curve and a threshold; and clusters of codes."""

import plotly.graph_objects as go
import streamlit as st
from PIL import Image

from aemodels.codes import clusters
from aemodels.data import mnist, words
from aemodels.language import _, list_of, number, percent, sentences
from aemodels.quality import anomaly
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.shared import anomalies, controls, export, loaders, models, originals
from pages.parts.shared.anomalies import NOISE, OTHER, TURNED, USUAL, Scored

CHART_PX = 380
STYLE = "@media (width <= 1200px) { .st-key-scores .stColumn { min-width: calc(100% - 1rem); } }"
BOUND = {"bind": "query-params", "persist_state": "session"}

controls.header(
    _("Anomaly"),
    _(
        "An autoencoder rebuilds well what is like its training images. So its reconstruction error may tell what is unlike them: here one sees "
        "how far that goes."
    ),
)
with controls.row():
    name, group = models.choose_model(*catalogue.AUTOENCODERS)
    seed = controls.seed_control()
ckpt = loaders.checkpoint(name)
pictures, config = words.of(ckpt.data.config), ckpt.model_config
is_bce = config.reconstruction == "bce"
unit = _("BCE, nats a pixel") if is_bce else _("mean squared error")


@st.cache_resource(max_entries=32, show_spinner=False)
def measured(name: str, modified_ns: int, seed: int, folder: str) -> tuple[dict[str, Scored], str, list[int]]:
    return anomalies.measure(loaders.load(name), seed)


@st.cache_data(max_entries=32, show_spinner=False)
def clustered(name: str, modified_ns: int, seed: int) -> clusters.Clusters | None:
    ckpt = loaders.load(name)
    return clusters.cluster(ckpt.codes, ckpt.labels, seed)


def about_clusters() -> str:
    with st.spinner(_("Looking for clusters …")):
        found = clustered(*loaders.version(name), seed)
    if found is None:
        return _("No clusters of codes: these come without labels of two kinds or more, or are all alike.")
    return _(
        "k-means finds {k} clusters among {n} codes without their labels. **{purity}** of the codes have the commonest {class_} of their "
        "cluster (purity); with shuffled labels it would be {chance}."
    ).format(
        k=number(found.k),
        n=number(found.n),
        purity=percent(found.purity, 1),
        class_=pictures.class_,
        chance=percent(found.chance, 1),
    )


images = originals.of(ckpt.data)
if images is None:
    st.info(originals.why_none(ckpt.data), icon=":material/photo_library:")
    st.markdown(
        _(
            "Without them there is no error to measure. The codes that come with the model can be clustered all the same."
        )
    )
    controls.notice([*models.notes(name), about_clusters()])
    st.stop()

with st.spinner(_("Rebuilding usual and strange pictures …")):
    scored, other_title, places = measured(*loaders.version(name), seed, str(loaders.data_folder().resolve()))
usual = scored[USUAL]
said = {
    USUAL: _("test {many}").format(many=pictures.many),
    OTHER: _("pictures of {data_set}").format(data_set=other_title),
    NOISE: _("noise"),
    TURNED: _("turned by 90°"),
}
strange = {kind: said[kind] for kind in scored if kind != USUAL}
with controls.row():
    against = controls.choose(_("Strange pictures"), strange, key="against")
    flagged = st.slider(_("Flag this share of the test images / %"), 0, 100, 5, key="flag", width=320, **BOUND)
curves = {kind: anomaly.roc(usual.scores, scored[kind].scores) for kind in strange}
threshold = float(usual.scores.double().quantile(1 - flagged / 100))
false_alarms = float((usual.scores >= threshold).float().mean()) if flagged else 0.0
missed = (
    float((scored[against].scores < threshold).float().mean())
    if flagged
    else float((scored[against].scores <= threshold).float().mean())
)


def told(score: float) -> str:
    return f"{score:.3g}"


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    rows, row_labels, notes = [], [], []
    for kind in (USUAL, against):
        of_kind = scored[kind]
        rows += [figures.to_tiles(of_kind.x), figures.to_tiles(of_kind.x_hat)]
        row_labels += [said[kind], _("Rebuilt")]
        of_name = [images.name_of(places[i]) for i in of_kind.places] if kind == USUAL else [""] * len(of_kind.places)
        notes += [of_name, [told(float(of_kind.scores[i])) for i in of_kind.places]]
    return figures.panel(rows, row_labels, notes, [], caption, width_px, ink)


def histogram() -> go.Figure:
    chart = go.Figure()
    both = [usual.scores, scored[against].scores]
    low, high = min(float(s.min()) for s in both), max(float(s.max()) for s in both)
    bins = {"start": low, "end": high * 1.0001, "size": (high - low) / 50 or 1}
    for i, kind in enumerate((USUAL, against)):
        chart.add_histogram(
            x=scored[kind].scores.tolist(),
            xbins=bins,
            name=figures.plotly_text(said[kind]),
            opacity=0.65,
            marker_color=figures.PALETTE[i],
        )
    chart.add_vline(threshold, line_dash="dash", line_color="#808080")
    chart.update_layout(barmode="overlay", height=CHART_PX, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    chart.update_layout(legend={"font": {"size": 15}, "orientation": "h", "yanchor": "bottom", "y": 1.02})
    chart.update_xaxes(title=unit, title_font_size=16, tickfont_size=14)
    return chart.update_yaxes(title=_("pictures"), title_font_size=16, tickfont_size=14)


def roc_chart() -> go.Figure:
    series = {
        _("{kind}: area {area}").format(kind=said[kind], area=number(curve.area, 3)): (
            curve.false_alarms.tolist(),
            curve.detected.tolist(),
        )
        for kind, curve in curves.items()
    }
    chart = figures.lines(series, _("false alarms"), _("detected"))
    chart.update_traces(mode="lines")
    chart.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": "#808080", "dash": "dot"}, showlegend=False)
    chart.add_scatter(
        x=[false_alarms], y=[1 - missed], mode="markers", marker={"size": 12, "color": "#808080"}, showlegend=False
    )
    return chart.update_layout(height=CHART_PX, hovermode="closest")


st.html(f"<style>{STYLE}</style>")
left, right = st.container(key="scores").columns(2, gap="medium")
with left:
    st.header(_("The score of each picture"), anchor=False)
    alt = _("Histogram of the reconstruction error of {usual} and of {strange}, with the threshold")
    st.plotly_chart(histogram(), key="histogram", alt=alt.format(usual=said[USUAL], strange=said[against]))
with right:
    st.header(_("ROC curve"), anchor=False)
    areas = list_of(f"{said[kind]} {number(curve.area, 3)}" for kind, curve in curves.items())
    st.plotly_chart(roc_chart(), key="roc", alt=_("ROC curves; areas: {areas}").format(areas=areas))
st.markdown(
    _(
        "At the threshold {threshold} ({unit}) **{false_alarms}** of the test images are flagged by mistake, and **{missed}** of the strange "
        "ones (“{strange}”) are missed."
    ).format(
        threshold=told(threshold),
        unit=unit,
        false_alarms=percent(false_alarms, 1),
        missed=percent(missed, 1),
        strange=said[against],
    )
)

st.header(_("The most anomalous"), anchor=False)
alt = _(
    "The test images with the largest error by {model}, and the same of “{strange}”, each above what it is rebuilt to"
)
alt = alt.format(model=name, strange=said[against])
export.show(draw(export.SCREEN_PX, export.ink()), alt)
how = [_("Below each: what it is, and its {unit}.").format(unit=unit)]
if config.corrector_depths or config.refiner_steps:
    how.append(_("Rebuilt from the encoder's first code: the steps that improve a code would fit it to any picture."))
if OTHER in scored:
    how.append(
        _(
            "The pictures of {data_set} are scaled to {height}×{width} px; colours are averaged to grey, or grey repeated, where need be."
        ).format(data_set=other_title, height=config.image_shape[1], width=config.image_shape[2])
    )
st.caption(sentences([*how, originals.about_others(ckpt.data)]))

best, worst = max(curves, key=lambda kind: curves[kind].area), min(curves, key=lambda kind: curves[kind].area)
points = [
    *models.notes(name),
    _(
        "An area of 1 tells all strange pictures from the usual ones, one of 0.5 none; below that the strange have the smaller error. Best told is “{best}” with **{most}**, worst “{worst}” with "
        "**{least}** ({n} pictures of each kind)."
    ).format(
        best=said[best],
        most=number(curves[best].area, 3),
        worst=said[worst],
        least=number(curves[worst].area, 3),
        n=number(len(usual.scores)),
    ),
]
below = [kind for kind in strange if scored[kind].psnr_db > usual.psnr_db]
points += [
    _(
        "“{kind}” is rebuilt better than the model's own test images: {strange} against {usual} dB on average. The error measures how hard a picture "
        "is to rebuild, not how strange it is."
    ).format(kind=said[kind], strange=number(scored[kind].psnr_db, 1), usual=number(usual.psnr_db, 1))
    for kind in below
]
if ckpt.data.config.source in mnist.FAMILY:
    points.append(
        _(
            "All ten classes were trained on, so there is no class here that the model has never seen. To try that, train a model on a folder from "
            "which one class was taken out."
        )
    )
if OTHER not in scored:
    points.append(_("No pictures of another data set are on this computer, so that test is left out."))
points.append(about_clusters())
controls.notice(points)

settings = {_("model"): name, _("seed"): seed, _("strange"): said[against], _("flagged"): percent(flagged / 100)}
rows = [
    {"kind": kind, "picture": i + 1, "error": value}
    for kind, of_kind in scored.items()
    for i, value in enumerate(of_kind.scores.tolist())
]
export.export_row(f"anomaly-{name}-{against}-{seed}", draw, rows, settings, alt)
