"""The score of a picture of the visitor's own."""

import streamlit as st

from aemodels import Checkpoint
from aemodels.language import _, percent, sentences
from aemodels.quality import anomaly
from aemodels.report import figures
from pages.parts.anomaly import findings
from pages.parts.anomaly.scoring import Scored
from pages.parts.digits import own_image
from pages.parts.shared import controls


def show(ckpt: Checkpoint, usual: Scored, threshold: float) -> None:
    """A widget for a picture; what it is rebuilt to, its score, and where that stands among the scores of usual pictures."""
    is_mnist, many = ckpt.data.config.source == "mnist", findings.titles(ckpt, "")["usual"]
    with st.expander(_("A picture of your own"), key="own_picture", icon=":material/upload:"):
        source = "own"
        if is_mnist:
            source = controls.choose(_("Your digit"), {"own": _("Upload"), "draw": _("Draw")}, key="own_by")
        x = own_image.show(source, ckpt.model_config.image_shape, is_mnist)
        if x is None:
            return
        x_hat = anomaly.rebuild(ckpt.model, x[None])
        score, is_bce = float(anomaly.score(ckpt.model, x[None], x_hat)), ckpt.model_config.reconstruction == "bce"
        tiles = [figures.to_tiles(x[None])[0], figures.to_tiles(x_hat)[0]]
        with controls.row():
            for tile, alt in zip(tiles, (_("Your picture"), _("Your picture, rebuilt")), strict=True):
                st.image(tile, caption=alt, alt=alt, width=160, output_format="PNG")
        below = float((usual.scores < score).float().mean())
        verdict = (
            _("At the threshold above it would be **flagged**.")
            if score >= threshold
            else _("At the threshold above it would not be flagged.")
        )
        st.markdown(
            sentences(
                [
                    _("Its score is **{score}**: {share} of the {many} have a smaller one.").format(
                        score=findings.told(score, is_bce), share=percent(below, 1), many=many
                    ),
                    verdict,
                ]
            )
        )
