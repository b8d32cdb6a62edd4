"""The map: what is here, which models and data are present, where to start."""

import pandas as pd
import streamlit as st

import aemodels
from aemodels import checkpoints
from aemodels.errors import LatentLabError
from pages.parts import controls, loaders

SECTIONS = {
    "MNIST": [
        (
            "pages/mnist/latent_plane.py",
            "Latent plane",
            "10,000 digits on a plane of two numbers. Click anywhere, see it decoded.",
        ),
        ("pages/mnist/denoise.py", "Denoise", "Noise in, clean digit out, through a code of 2 or 64 numbers."),
    ],
    "Dogs": [
        ("pages/dogs/reconstruct.py", "Reconstruct", "Nine photos, their codes made visible, and what was lost."),
        ("pages/dogs/sample.py", "Sample", "A Gaussian fitted on 256 codes: does it dream of dogs?"),
        ("pages/dogs/perturb.py", "Perturb", "Shake a code with noise and watch the picture give way."),
        (
            "pages/dogs/noise_regularised.py",
            "Noise-regularised",
            "Codes trained to survive noise: PSNR tables and samples.",
        ),
    ],
}

controls.header(
    "Latent Lab",
    "An autoencoder squeezes a picture into a short code and rebuilds it from that code alone. Here the codes can be seen, "
    "clicked, sampled, shaken and measured.",
)
for section, names in SECTIONS.items():
    st.subheader(section, anchor=False)
    for column, (page, title, sentence) in zip(st.columns(4), names, strict=False):
        with column.container(border=True, height="stretch"):
            st.page_link(page, label=f"**{title}**", icon=":material/arrow_forward:")
            st.markdown(sentence)

st.subheader("Models", anchor=False)
rows, broken = [], []
for name in aemodels.list_checkpoints():
    try:
        header = checkpoints.read_header(name)
    except LatentLabError as error:
        broken.append(str(error))
        continue
    metrics, made = header["metrics"], header["provenance"]
    model = header["model_config"]
    noise = {
        "noise while tested": f"input σ {model['noise_factor']:g}" if model["noise_factor"] else
        f"code variance {model['noise_variance']:.2f}" if model["noise_variance"] else "none"
    }  # fmt: skip
    rows.append(
        {
            "model": name,
            "code": "×".join(map(str, model["latent_shape"])),
            **noise,
            "BCE, nats a pixel": f"{metrics['bce']:.4f}" if "bce" in metrics else "–",
            "PSNR, dB": f"{metrics['psnr_db']:.2f} ± {metrics['psnr_db_ci95']:.2f}",
            "test images": f"{metrics['num_images']:,}",
            "trained": f"{made['wall_s'] / 60:.0f} min" + ("" if made["finished"] else ", unfinished"),
        }
    )
for message in broken:
    st.error(message, icon=":material/error:")
if rows:
    st.table(pd.DataFrame(rows).set_index("model"))
    st.page_link("pages/about/training.py", label="How each was trained", icon=":material/monitoring:")
    st.caption(
        "PSNR: 10·log10(1 / MSE) of each image, averaged over the test images, with the 95 % interval of that mean."
    )
else:
    st.info(
        "There are no models yet; make them with `python train.py`, or with `python train.py --quick --out checkpoints` for a first look."
    )

st.subheader("Data on this computer", anchor=False)
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
    skipped = f", {dogs.num_skipped} files skipped" if dogs.num_skipped else ""
    photos.success(
        f"{len(dogs.paths):,} photos: {len(dogs.train_index):,} for training, {len(dogs.test_index):,} for testing{skipped}.",
        icon=":material/check:",
    )
