"""How well scores tell usual pictures from strange ones: how they are spread, ROC curves, and what the threshold does."""

import streamlit as st

from aemodels.language import _, list_of, number, percent
from aemodels.quality import anomaly
from aemodels.quality.anomaly import Roc
from pages.parts.anomaly import charts, findings
from pages.parts.anomaly.scoring import USUAL, Scored

STYLE = "@media (width <= 1000px) { .st-key-scores .stColumn { min-width: calc(100% - 1rem); } }"


def show(
    scored: dict[str, Scored],
    said: dict[str, str],
    against: str,
    curves: dict[str, Roc],
    flagged: float,
    is_bce: bool,
    unit: str,
) -> float:
    """Both charts, and a sentence on the threshold, which it returns: the score from which the share `flagged` of the usual pictures
    is flagged. `against` are the strange ones."""
    usual, strange = scored[USUAL].scores, scored[against].scores
    threshold = anomaly.threshold(usual, flagged)
    num_flagged = int((usual >= threshold).sum())
    false_alarms = num_flagged / len(usual)
    missed = float((strange < threshold).float().mean())
    st.html(f"<style>{STYLE}</style>")
    left, right = st.container(key="scores").columns(2, gap="medium")
    with left:
        st.header(_("The score of each picture"), anchor=False)
        alt = _("Histogram of the reconstruction error of {usual} and of {strange}, with the threshold")
        chart = charts.histogram({said[USUAL]: usual, said[against]: strange}, threshold, unit)
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
            number=number(len(usual)),
            missed=percent(missed, 1),
            strange=said[against],
        )
    )
    return threshold
