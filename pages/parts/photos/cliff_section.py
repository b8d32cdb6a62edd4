"""The section of the page on noise that holds trained codes against VVC over a real channel code."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from aemodels import Checkpoint
from aemodels.data import words
from aemodels.data.sources import DataRecord
from aemodels.language import _, list_of
from aemodels.report import psnr_matrix
from pages.parts.photos import cliff, cliff_charts
from pages.parts.shared import controls, export


def show(data: DataRecord, ckpts: Mapping[str, Checkpoint], own: Mapping[str, float], convention: str) -> None:
    """Chart, what to notice, and downloads; nothing where nothing was measured of these models' photos.

    own         the variance that each model was trained at, of those with noise
    convention  a key of psnr_matrix.CONVENTIONS
    """
    measured = cliff.read(data, ckpts, own, convention)
    if measured is None:
        return
    st.header(_("When the channel is worse than planned"), anchor=False)
    alt = _("PSNR against the channel's SNR: a curve for each model, and one for VVC over each real channel code")
    st.plotly_chart(
        cliff_charts.interactive(measured),
        key="cliff",
        alt=alt,
        config={"toImageButtonOptions": {"filename": "cliff", "scale": 3}},
    )
    st.caption(cliff.about(measured, words.of(data.config)))
    if points := cliff.findings(measured):
        controls.notice(points, key="-cliff")
    settings = {
        _("PSNR"): _(psnr_matrix.CONVENTIONS[convention]),
        _("models"): list_of(measured.models),
        _("channel codes"): list_of(map(cliff.made, measured.codes)),
    }
    draw = partial(cliff_charts.panel, measured)
    export.export_row("cliff", draw, cliff_charts.rows(measured), settings, alt=alt, key="-cliff")
