"""The map: six pictures that lead to the pages; which models and data are present, where to start."""

import itertools
import math

import streamlit as st

from aemodels.data import words
from aemodels.language import _, any_of, number, sentences
from aemodels.storage import catalogue
from pages.parts.shared import controls, export, glossary, loaders, markdown, models, originals, route, thumbnails

KINDS_OF_SECTIONS = {"mnist": _("small images"), "dogs": _("photos")}
MORE = {
    "mnist/twins": _("What L2 does to the plane"),
    "mnist/path": _("A path between two codes"),
    "mnist/train_live": _("A network trained before your eyes"),
    "dogs/stages": _("What encode adds"),
    "dogs/generate": _("New pictures from a learned prior"),
    "dogs/axes": _("What the main directions of the codes hold"),
    "dogs/interpolate": _("From one photo to another"),
    "any/map": _("A map of codes of many numbers"),
    "any/code_size": _("How many numbers a picture needs"),
    "any/film": _("How a plane is learnt, as a film"),
    "any/anomaly": _("Which pictures are strange"),
    "about/training": _("How each model was trained"),
    "about/report": _("Your report"),
}
# The title's link covers its whole card, so that a click on the picture follows it and the Tab key stops there once.
STYLE = """
[class*="st-key-card-"] { position: relative; gap: 0.35rem; padding: 0.7rem; }
[class*="st-key-card-"]:hover, [class*="st-key-card-"]:focus-within { border-color: var(--st-primary-color, #2f8fcf); }
[class*="st-key-card-"]:has(a:focus-visible) { outline: 2px solid var(--st-primary-color, #2f8fcf); }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"]:focus-visible { outline: none !important; }
[class*="st-key-card-"] :is([data-testid="stElementContainer"], [data-testid="stPageLink"]) { position: static; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"]::after { content: ""; position: absolute; inset: 0; z-index: 1; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"] { position: static; padding: 0.3rem 0; background: none; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"] p { font-size: 1.15rem; line-height: 1.3; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"] :is(span, div, p) { white-space: normal; overflow: visible; }
[class*="st-key-card-"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-thumbnail-"] { aspect-ratio: 2; }
[class*="st-key-models-"] :is(th, td) { padding: 0.35rem 0.4rem; }
[class*="st-key-models-"] td:nth-child(4) { min-width: 6.5rem; }
[class*="st-key-models-"] td:nth-child(6) { white-space: nowrap; }
[class*="st-key-models-"] :is(td:nth-child(1), td:nth-child(2)) { min-width: 10rem; overflow-wrap: anywhere; }  /* long names wrap */
@media (max-width: 640px) {  /* the table scrolls in its own box */
  [class*="st-key-models-"] table { font-size: 0.8rem; }
  [class*="st-key-models-"] :is(th, td:not(:nth-child(1), :nth-child(2))) { white-space: nowrap; }
}
"""

found = loaders.read_catalogue()


def on_a_plane() -> str:
    """Of the first data set that has such models, as the page itself begins with."""
    groups = found.of_kind(catalogue.PLANE)
    if not groups:
        return _("Pictures on a plane of two numbers. Click anywhere, see it decoded.")
    data = groups[0].data
    return _("{number} {many} on a plane of two numbers. Click anywhere, see it decoded.").format(
        number=number(data.num_images["test"]), many=words.of(data.config).many
    )


def denoised() -> str:
    groups = found.of_kind(catalogue.DENOISER)
    if not groups:
        return _("A noisy picture goes in, a clean one comes out, through a short code.")
    lengths = sorted({math.prod(model.config.latent_shape) for model in groups[0].models})
    return _("A noisy {one} goes in, a clean one comes out, through a code of {lengths} numbers.").format(
        one=words.of(groups[0].data.config).one,
        lengths=any_of(map(number, lengths)),
    )


# Page -> what it shows, in the order that a newcomer takes.
CARDS = {
    "mnist/latent_plane": (_("Latent plane"), on_a_plane()),
    "mnist/denoise": (_("Denoise"), denoised()),
    "dogs/reconstruct": (
        _("Reconstruct"),
        _("Photos, their codes made visible, and what each part of a code holds."),
    ),
    "dogs/sample": (_("Sample"), _("Codes drawn at random from a Gaussian: do they decode to new photos?")),
    "dogs/perturb": (_("Perturb"), _("Add noise to a code and watch what happens to the picture.")),
    "dogs/noise_regularised": (
        _("Noise-regularised"),
        _("Codes that were trained to survive noise, and how much quality that costs."),
    ),
}
controls.header(
    "Latent Lab",
    _(
        "An autoencoder squeezes a picture into a short code and rebuilds the picture from that code alone. Here you can see the codes, "
        "click on them, draw random ones, add noise to them, and measure what happens."
    ),
)
st.html(f"<style>{STYLE}</style>")
places = {}
for start in (0, 3):
    for column, (page, (title, sentence)) in zip(st.columns(3), list(CARDS.items())[start : start + 3], strict=True):
        section, name = page.split("/")
        with column.container(border=True, height="stretch", key=f"card-{name}"):
            places[name] = st.container(key=f"thumbnail-{name}").empty()
            places[name].html("<div></div>")  # holds the picture's place
            st.page_link(f"{page}.py", label=f"**{title}** · {KINDS_OF_SECTIONS[section]}")
            st.markdown(sentence)
st.markdown(
    _(
        "**Where to start:** take these pages in their order; each builds on the one before. All that you set is kept in the page's "
        "address: bookmark it to see the same picture again."
    )
)
route.show()
with st.container(horizontal=True):
    for page, label in MORE.items():
        st.page_link(f"{page}.py", label=label)
glossary.show()

st.header(_("Models"), anchor=False)
for i, group in enumerate(found.groups):
    with st.container(key=f"models-{i}"):
        st.subheader(markdown.literal(group.title), anchor=False)
        st.markdown(models.table(group))
if found.groups:
    legend = [
        _(
            "PSNR is taken of each image, then averaged over the test images; ± is the 95% interval of that mean. A good model has a large "
            "PSNR and a small BCE: “Words that the pages use” says what they are."
        )
    ]
    if any(model.is_prior for model in found.models):
        legend.append(_("A prior rebuilds nothing, so it has neither."))
    st.caption(sentences(legend))
else:
    models.say_none()
models.say_broken(found.broken)
if without_page := [catalogue.why_no_page(model) for model in found.models if not model.kinds]:
    st.info("\n\n".join(map(markdown.sentence, without_page)), icon=":material/visibility_off:")

wrong = st.container()  # filled last: that takes every model's codes

st.header(_("Data on this computer"), anchor=False)
columns = itertools.cycle(st.columns(2))
next(columns).success(_(originals.MNIST_FOUND), icon=":material/check:")
for group in found.groups:
    if group.data.config.source == "mnist":
        continue
    images, place = originals.of(group.data), next(columns)
    found_here = _("{title}: {found}").format(title=group.title, found=images.found()) if images else ""
    if images is None:
        until = _("Until then the pages show codes that come with the models, or photos of your own.")
        place.info(sentences([originals.why_none(group.data), until]), icon=":material/photo_library:")
    elif others := originals.about_others(group.data):
        place.info(sentences([markdown.literal(found_here), others]), icon=":material/photo_library:")
    else:
        place.success(markdown.literal(found_here), icon=":material/check:")

for name, place in places.items():  # last, so that the page stands before its pictures are computed
    if picture := thumbnails.jpeg(name, export.is_dark()):
        place.image(picture, alt=thumbnails.THUMBNAILS[name].alt, width="stretch")
    else:
        place.caption(_("There is no model here to make this picture with; `python train.py` makes one."))
if wrongs := models.faults_of(*(model.name for model in found.models)):
    wrong.warning("\n\n".join(wrongs), icon=":material/warning:")
