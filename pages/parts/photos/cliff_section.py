"""The view of the page on noise that holds trained codes against VVC over a real channel code."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from aemodels import Checkpoint, language
from aemodels.data.config import DataRecord
from aemodels.language import _, list_of
from aemodels.report import psnr_matrix
from aemodels.report.plotly_objects import go
from pages.parts.photos import cliff, cliff_charts
from pages.parts.photos.channel_models import Compared, choose_convention
from pages.parts.shared import controls, export, measurements


def show(compared: Compared, row: st.delta_generator.DeltaGenerator) -> None:
    """Chart, what to notice, and downloads, or what is missing for them; its widget stands in the row."""
    with row:
        convention = choose_convention()
    data, ckpts, own = compared.group.data, compared.ckpts, compared.own
    kept_for = (
        data.fingerprint,
        tuple(ckpts),
        tuple(own.items()),
        convention,
        language.current(),
        measurements.measured(),
    )
    measured, chart = _measured(*kept_for, data, ckpts)
    if measured is None:
        st.info(
            _(
                "VVC over a real channel code has not been measured on these {photos} yet. `python -m benchmarks.separate_coding` does it."
            ).format(photos=compared.picture.many),
            icon=":material/info:",
        )
        return
    alt = _("PSNR against the channel's SNR: a curve for each model, and one for VVC over each real channel code")
    st.plotly_chart(
        chart,
        key="cliff",
        alt=alt,
        config={"toImageButtonOptions": {"filename": "cliff", "scale": 3}},
    )
    if points := cliff.findings(measured):
        controls.notice(points)
    st.caption(cliff.about(measured, compared.picture))
    settings = {
        _("PSNR"): _(psnr_matrix.CONVENTIONS[convention]),
        _("models"): list_of(measured.models),
        _("channel codes"): list_of(map(cliff.made, measured.codes)),
    }
    draw = partial(cliff_charts.panel, measured)
    export.export_row(
        f"noise-regularised-cliff-{export.of_models(measured.models)}",
        draw,
        cliff_charts.rows(measured),
        settings,
        alt=alt,
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _measured(
    fingerprint: str,
    names: tuple[str, ...],
    own: tuple[tuple[str, float], ...],
    convention: str,
    spoken: str,
    files: tuple[tuple[str, int], ...],
    _data: DataRecord,
    _ckpts: Mapping[str, Checkpoint],
) -> tuple[cliff.Cliff | None, go.Figure | None]:
    """What was measured, and its chart."""
    with language.speaking(spoken):
        measured = cliff.read(_data, _ckpts, dict(own), convention)
        return measured, measured and cliff_charts.interactive(measured)
