"""The view of the page on noise that shows PSNR against the noise on the code, and the audit of the channel."""

from functools import partial
from math import prod

import pandas as pd
import streamlit as st

from aemodels import language
from aemodels.language import _, list_of, number, sentences
from aemodels.report import figures, panels, photo_figures, psnr_matrix
from pages.parts.photos import channel
from pages.parts.photos.channel_models import Compared, choose_convention
from pages.parts.shared import controls, export, markdown, measurements, models


@st.cache_resource(
    max_entries=8, show_spinner=False, hash_funcs={psnr_matrix.Score: lambda score: (score.psnr_db, score.ci95)}
)
def _chart(
    models: dict[str, psnr_matrix.Curve], references: dict[str, psnr_matrix.Curve], ink: figures.Ink, spoken: str
):
    with language.speaking(spoken):
        return psnr_matrix.chart(models, references, _("PSNR / dB"), ink)


def show(compared: Compared, row: st.delta_generator.DeltaGenerator) -> None:
    """Chart, table, what to notice, audit and downloads; its widget stands in the row."""
    with row:
        convention = choose_convention()
    group, ckpts, picture = compared.group, compared.ckpts, compared.picture
    baselines = measurements.baselines(group.data)
    measured = {name: ckpt.metrics["evaluations"] for name, ckpt in ckpts.items()}
    by_name = {
        name: psnr_matrix.curve(rows, convention, measurements.photo_errors(name)) for name, rows in measured.items()
    }
    curves = {models.title(name): curve for name, curve in by_name.items()}
    own = {models.title(name): variance for name, variance in compared.own.items()}
    plain = compared.plain and models.title(compared.plain)
    references = psnr_matrix.baseline_curves(baselines, convention, measurements.baseline_errors(group.data))
    alt = _("PSNR against noise variance while testing: one curve for each model, dashed lines for the baselines")
    st.plotly_chart(
        _chart(curves, references, export.ink(), language.current()),
        key="matrix",
        alt=alt,
        config={"toImageButtonOptions": {"filename": "noise-regularised-psnr", "scale": 3}},
    )
    points = [*models.notes(*ckpts), *channel.findings(curves, references, own, plain)]
    if points:
        controls.notice(points)
    first = next(iter(ckpts.values()))
    about_psnr = _(channel.ABOUT_PSNR[convention]).format(
        number=number(first.metrics["num_images"]), one=picture.one, many=picture.many
    )
    about_noise = _(
        "The bars are 95% intervals of the means. The noise variance is that of each number of a code of mean square 1; "
        "the axis is spaced by its square root, σ."
    )
    about_baselines = channel.about_baselines(baselines, prod(first.model_config.latent_shape))
    st.caption("\n\n".join(filter(None, [sentences([about_psnr, about_noise]), about_baselines])))

    _show_table(compared, curves, references)
    file_name = f"noise-regularised-{export.of_models(ckpts)}"
    everything = channel.numbers(
        measured, {label: baselines.get(key, []) for label, key in psnr_matrix.BASELINES.items()}
    )
    st.download_button(
        _("All figures, at every variance (CSV)"),
        partial(panels.to_csv, everything),
        file_name=f"{file_name}-all.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )
    st.page_link(
        "dogs/reconstruct.py",
        label=_("See one photo through every model"),
        icon=":material/image:",
        query_params={"compare": "true"},
    )
    _show_audit(measured)
    settings = {
        _("PSNR"): _(psnr_matrix.CONVENTIONS[convention]),
        _("models"): list_of(ckpts),
    }
    draw = partial(photo_figures.variances_panel, curves, references)
    export.export_row(file_name, draw, psnr_matrix.table(by_name | references), settings, alt=alt)


def _show_table(
    compared: Compared, curves: dict[str, psnr_matrix.Curve], references: dict[str, psnr_matrix.Curve]
) -> None:
    st.header(_("At the lab's three variances"), anchor=False)
    st.table(
        pd.DataFrame(
            {
                psnr_matrix.label(v): [channel.cell(scores.get(v), references, v) for scores in curves.values()]
                + [str(scores[v]) for scores in references.values()]
                for v in psnr_matrix.LAB_VARIANCES
            },
            index=[*map(markdown.literal, curves), *map(psnr_matrix.name, references)],
        ).rename_axis(_("model or baseline"))
    )
    about_power = [_("A model that was trained with noise sends codes of mean square 1.")]
    if compared.plain:
        relative = _(
            "Codes of {models} have no fixed mean square: their noise is scaled to each code's own, so that the signal-to-noise ratio (SNR) is the same."
        )
        about_power.append(relative.format(models=list_of(map(models.said, compared.without_noise))))
    st.caption(sentences([psnr_matrix.about_gaps(curves | references, compared.picture.many), *about_power]))


def _show_audit(measured: dict[str, channel.Evaluations]) -> None:
    st.header(_("Power audit"), anchor=False)
    audits = {markdown.literal(models.title(name)): channel.audit(rows) for name, rows in measured.items()}
    st.table(pd.DataFrame.from_dict(audits, orient="index").rename_axis(_("model")))
    st.caption(
        _(
            "A check by measurement. E[z²] is the mean square of the codes that are sent. The other columns give the measured variance of the noise, divided by "
            "E[z²]: it should be the variance asked for. Half of it would mean that noise of a complex channel was used by mistake."
        )
    )
