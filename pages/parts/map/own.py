"""A picture of the visitor's own, put on the map."""

import streamlit as st

from aemodels import Checkpoint
from aemodels.codes import latents
from aemodels.language import _, number, sentences
from pages.parts.digits import own_image
from pages.parts.map import atlas


def show(name: str, ckpt: Checkpoint, method: str) -> tuple[list[float] | None, str]:
    """A widget to upload a picture; where it lies on the map, and a sentence on it, or (None, "")."""
    with st.expander(_("A picture of your own"), key="own_picture", icon=":material/upload:"):
        x = own_image.show("own", ckpt.model_config.image_shape, ckpt.data.config.source == "mnist")
    if x is None:
        return None, ""
    z = ckpt.model.encode(x[None])
    index, distance = latents.nearest(ckpt.codes, z)
    return atlas.place(name, method, z), sentences(
        [
            _("**Your picture** is the circle with the bar.")
            if method == "pca"
            else _(
                "**Your picture** is the circle with the bar. t-SNE has no formula for a new code: it starts at its nearest codes and is then moved as "
                "t-SNE would, while all others stay."
            ).replace("t-SNE", "t-\u2060SNE"),  # no line ends after its hyphen
            _("Its nearest code is number {number}, at distance {distance}.").format(
                number=int(index), distance=number(float(distance), 2)
            ),
        ]
    )
