"""What the first 1, 2, 4, … numbers of a nested code hold: pictures under one slider, and PSNR and BCE beside PCA of as many numbers."""

import streamlit as st
from PIL import Image

from aemodels.data import words
from aemodels.language import _, number, sentences
from aemodels.quality import code_sizes
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.digits import own_image
from pages.parts.shared import controls, export, fields, loaders, models, originals
from pages.parts.sizes import chart, findings, measured, rivals, rows

controls.header(
    _("Size of the code"),
    _(
        "How many numbers does a picture need? This model puts the numbers that tell most first: cut its code off anywhere, and what is left is still a code."
    ),
)
with controls.row():
    name, nested = models.choose_model(catalogue.NESTED)
    ckpt, title = loaders.checkpoint(name), models.title(name)
    config, kind, is_mnist = ckpt.model_config, words.of(ckpt.data.config), ckpt.data.config.source == "mnist"
    sources = own_image.sources(kind, is_mnist)
    source = controls.choose(kind.many.capitalize(), sources, key="digits")
    seed = controls.seed_control()
found = originals.of(ckpt.data)
if found is None:
    until_then = _("Until then, what a model rebuilds from its codes stands in their place.")
    st.info(sentences([originals.why_none(ckpt.data), until_then]), icon=":material/photo_library:")
own = None if source == "test" else own_image.show(source, config.image_shape, is_mnist)

longest, is_bce = config.latent_shape[0], config.reconstruction == "bce"
pictures, pca = rows.choose(ckpt, found, own, seed), measured.pca_of(ckpt)
sizes, steps = measured.of(name), code_sizes.doublings(longest)
group = next(group for group in loaders.read_catalogue().groups if group.key == nested.key)
others = rivals.of(group, ckpt.data.config, longest)
first_row, scales = _("Original") if found else _("From a code"), chart.scales(is_bce)
state = st.session_state
if state.get("k", 1) not in range(1, longest + 1):  # of a longer code
    del state["k"]


@st.fragment
def look() -> None:
    """Pictures and curve at one size, which a slider picks."""
    k = st.slider(_("Numbers kept"), 1, longest, min(8, longest), key="k", **fields.BOUND) if longest > 1 else 1
    made = rows.rebuilt(ckpt.model, pca, pictures, [k] * len(pictures.x))
    tiles = [figures.to_tiles(images) for images in (pictures.x, *made.values())]
    notes = [pictures.names, *(rows.in_db(pictures.x, x_hat) for x_hat in made.values())]
    alt = _("{number} pictures, and what {k} numbers of {model}, and of PCA where it is known, make of each")
    panel = export.pictures_panel(tiles, [first_row, *made], notes, export.SCREEN_PX, export.ink())
    export.show(panel, alt.format(number=number(len(pictures.x)), k=number(k), model=models.quoted(name)))
    st.caption(chart.said_at(sizes, k, longest, kind))
    if sizes:
        st.header(_("The error at every size"), anchor=False)
        scale = controls.choose(_("Measured in"), scales, key="size_measure")
        alt = _("{scale} against the numbers kept, of {model}, of PCA, and of models trained for one size")
        drawn = chart.interactive(sizes, scale, scales[scale], title, models.colours(group)[name], others, k)
        st.plotly_chart(drawn, key="by_size", alt=alt.format(scale=scales[scale], model=models.quoted(name)))
        st.caption(chart.how(sizes, scale, bool(others)))


look()
st.header(_("One picture at all sizes"), anchor=False)
which = fields.numbered(_("Picture"), len(pictures.x), "which")
here = rows.at_all_sizes(pictures, which - 1, steps)
strip = rows.rebuilt(ckpt.model, pca, here, steps)


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    tiles = [[*figures.to_tiles(x_hat), *figures.to_tiles(here.x[:1])] for x_hat in strip.values()]
    notes = [[*rows.in_db(here.x, x_hat), here.names[0]] for x_hat in strip.values()]
    return figures.panel(tiles, list(strip), notes, [*map(number, steps), first_row], caption, width_px, ink)


def draw_with_curve(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    """For a file: the strip below the curve in the unit that is chosen."""
    scale = state.get("size_measure", chart.PSNR)
    return chart.above(draw(width_px, ink, caption), sizes, scale, scales[scale], title)


alt = (
    _("Picture number {which} rebuilt from {sizes} numbers by {model}, and by PCA")
    if pca
    else _("Picture number {which} rebuilt from {sizes} numbers by {model}")
)
alt = alt.format(which=number(which), sizes=chart.list_of_sizes(steps), model=models.quoted(name))
export.show(draw(export.SCREEN_PX, export.ink()), alt)

points = [*models.notes(name), *(findings.of(sizes, others, is_bce) if sizes else [])]
if not pca:
    points.append(_("PCA is left out: it needs the training images, and they are not on this computer."))
if about := originals.about_others(ckpt.data):
    points.append(about)
controls.notice(points)

settings = {
    _("model"): name,
    _("seed"): seed,
    kind.many: sources[source],
    _("picture"): _("{number} ({name})").format(number=which, name=pictures.names[which - 1]),
    **({_("measured in"): scales[state.get("size_measure", chart.PSNR)]} if sizes else {}),
}
numbers = [
    {"picture": i + 1, "name": pictures.names[i], "numbers": k, "rebuilt_by": by, "psnr_db": psnr}
    for k in steps
    for by, x_hat in rows.rebuilt(ckpt.model, pca, pictures, [k] * len(pictures.x)).items()
    for i, psnr in enumerate(psnr_db(pictures.x, x_hat).tolist())
]
if source == "draw" and own is not None:
    settings[_("drawing")] = own_image.about_drawing()
    numbers.append({"name": "strokes", "sketch": st.query_params["sketch"]})
numbers += chart.as_rows(sizes) if sizes else []
export.export_row(f"code-size-{name}-{which}-{seed}", draw_with_curve if sizes else draw, numbers, settings, alt)
