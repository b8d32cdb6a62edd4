"""The map: six pictures that lead to the pages; which models and data are present, where to start."""

import streamlit as st

import aemodels
from aemodels.errors import LatentLabError
from aemodels.storage import checkpoints
from pages.parts.shared import controls, loaders, models, thumbnails

# Page -> what it shows, in the order that a newcomer takes.
CARDS = {
    "mnist/latent_plane": ("Latent plane", "10,000 digits on a plane of two numbers. Click anywhere, see it decoded."),
    "mnist/denoise": ("Denoise", "Noise in, clean digit out, through a code of 2 or 64 numbers."),
    "dogs/reconstruct": ("Reconstruct", "Dog photos, their codes made visible, and what each part of a code holds."),
    "dogs/sample": ("Sample", "New codes from a Gaussian: does it dream of dogs?"),
    "dogs/perturb": ("Perturb", "Shake a code with noise and watch the picture give way."),
    "dogs/noise_regularised": ("Noise-regularised", "Codes trained to survive noise, and what that costs."),
}
MORE = {
    "mnist/twins": "What L2 does to the plane",
    "mnist/path": "A path between two digits",
    "dogs/axes": "What the strongest axes hold",
    "dogs/interpolate": "From one dog to another",
    "about/training": "How each model was trained",
    "about/report": "Your report",
}
# The title's link covers its whole card, so that a click on the picture follows it and the Tab key stops there once.
STYLE = """
.stMainBlockContainer { padding-left: clamp(1rem, 3vw, 5rem); padding-right: clamp(1rem, 3vw, 5rem); }
[class*="st-key-card-"] { position: relative; gap: 0.35rem; padding: 0.7rem; }
[class*="st-key-card-"]:hover, [class*="st-key-card-"]:focus-within { border-color: var(--st-primary-color, #2f8fcf); }
[class*="st-key-card-"] :is([data-testid="stElementContainer"], [data-testid="stPageLink"]) { position: static; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"]::after { content: ""; position: absolute; inset: 0; z-index: 1; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"] { position: static; padding: 0.3rem 0; background: none; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"] p { font-size: 1.15rem; line-height: 1.3; }
[class*="st-key-card-"] a[data-testid="stPageLink-NavLink"] :is(span, div, p) { white-space: normal; overflow: visible; }
[class*="st-key-card-"] [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-thumbnail-"] { aspect-ratio: 2; }
.st-key-models [data-testid="stMarkdown"] { overflow-x: auto; }
.st-key-models :is(th, td) { padding: 0.35rem 0.4rem; }
.st-key-models :is(td:nth-child(1), td:nth-child(5)) { white-space: nowrap; }
@media (max-width: 640px) { .st-key-models table { font-size: 0.8rem; } }
"""

controls.header(
    "Latent Lab",
    "An autoencoder squeezes a picture into a short code and rebuilds it from that code alone. Here the codes can be seen, "
    "clicked, sampled, shaken and measured.",
)
st.html(f"<style>{STYLE}</style>")
places = {}
for start in (0, 3):
    for column, (page, (title, sentence)) in zip(st.columns(3), list(CARDS.items())[start : start + 3], strict=True):
        section, name = page.split("/")
        with column.container(border=True, height="stretch", key=f"card-{name}"):
            places[name] = st.container(key=f"thumbnail-{name}").empty()
            places[name].html("<div></div>")  # holds the picture's place
            st.page_link(f"{page}.py", label=f"**{title}** · {'MNIST' if section == 'mnist' else 'dogs'}")
            st.markdown(sentence)
st.markdown(
    "**Where to start:** go from left to right, each page builds on the one before. What you have set is in the page's "
    "address: bookmark it, and the scene comes back."
)
with st.container(horizontal=True):
    for page, label in MORE.items():
        st.page_link(f"{page}.py", label=label)

st.header("Models", anchor=False)
rows = []
for name in aemodels.list_checkpoints():
    try:
        header = checkpoints.read_header(name)
    except LatentLabError as error:
        st.error(controls.sentence(error), icon=":material/error:")
        continue
    model, metrics, made = header["model_config"], header["metrics"], header["provenance"]
    num_epochs = sum(t["history"][-1]["epoch"] for t in checkpoints.trainings(name, header) if t["history"])
    noise = (
        f"input, σ {model['noise_factor']:g}" if model.get("noise_factor") else
        f"code, variance {model['noise_variance']:.2f}" if model.get("noise_variance") else "none"
    )  # fmt: skip
    rows.append(
        {
            "model": name,
            "code": "×".join(map(str, model["latent_shape"])),
            "noise while tested": noise,
            "BCE, nats a pixel": f"{metrics['bce']:.4f}" if "bce" in metrics else "–",
            "PSNR, dB": f"{metrics['psnr_db']:.2f} ± {metrics['psnr_db_ci95']:.2f}",
            "test images": f"{metrics['num_images']:,}",
            "epochs": f"{num_epochs:.1f}" + ("" if made["finished"] else ", unfinished"),
        }
    )
if rows:
    # Markdown and not st.table, which would load pandas before the first page shows.
    lines = [list(rows[0]), *([*map(controls.literal, row.values())] for row in rows)]
    lines.insert(1, ["---"] * len(rows[0]))
    with st.container(key="models"):
        st.markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))
    st.caption(
        "PSNR: 10·log10(1 / MSE) of each image, averaged over the test images, with the 95 % interval of that mean."
    )
else:
    st.info(
        "There are no models yet; make them with `python train.py`, or with `python train.py --quick --out checkpoints` for a first look."
    )

wrong = st.container()  # filled last: that takes every model's codes

st.header("Data on this computer", anchor=False)
digits, photos = st.columns(2)
digits.success("MNIST: the 10,000 test digits are part of Latent Lab.", icon=":material/check:")
dogs = loaders.dogs()
if dogs is None:
    photos.info(
        "No dog photos: the pages work from the codes that come with the models, and with photos of your own. "
        "`python train.py --download` fetches Stanford Dogs, or start with `streamlit run app.py -- --data DIR`.",
        icon=":material/photo_library:",
    )
else:
    skipped = f", {dogs.num_skipped} file{'s' * (dogs.num_skipped > 1)} skipped" if dogs.num_skipped else ""
    photos.success(
        f"{len(dogs.paths):,} photos: {len(dogs.train_index):,} for training, {len(dogs.test_index):,} for testing{skipped}.",
        icon=":material/check:",
    )

for name, place in places.items():  # last, so that the page stands before its pictures are computed
    if picture := thumbnails.jpeg(name):
        place.image(picture, alt=thumbnails.THUMBNAILS[name].alt, width="stretch")
if wrongs := models.notes(*(row["model"] for row in rows)):
    wrong.warning("\n\n".join(wrongs), icon=":material/warning:")
