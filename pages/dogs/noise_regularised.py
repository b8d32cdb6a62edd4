"""Autoencoders whose power-normalised code passed through Gaussian noise while training."""

from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from aemodels import language
from aemodels.data import words
from aemodels.language import _, list_of, number, percent, sentences, signed
from aemodels.quality.generation import LEARNED
from aemodels.report import figures, panels, psnr_matrix
from aemodels.storage import catalogue
from pages.parts.photos import channel, cliff_section, generation, sampling
from pages.parts.shared import ahead, controls, export, loaders, models


@st.cache_resource(
    max_entries=8, show_spinner=False, hash_funcs={psnr_matrix.Score: lambda score: (score.psnr_db, score.ci95)}
)
def chart(
    models: dict[str, psnr_matrix.Curve], references: dict[str, psnr_matrix.Curve], ink: figures.Ink, spoken: str
):
    with language.speaking(spoken):
        return psnr_matrix.chart(models, references, _("PSNR / dB"), ink)


controls.header(
    _("Noise-regularised"),
    _(
        "While these networks train, each code is scaled to a mean square of 1, and Gaussian noise of mean zero is added to it. So they learn "
        "codes that survive noise, like a transmitter and a receiver with a noisy channel between them."
    ),
)
with controls.row():
    group = models.choose_group(catalogue.MAPS, key="data")
    conventions = {key: _(name) for key, name in psnr_matrix.CONVENTIONS.items()}
    convention = controls.choose(_("PSNR of a set of photos"), conventions, key="psnr")
    seed = controls.seed_control()
ckpts = models.present(group.names)
baselines = loaders.baselines(group.data)
present = [model for model in group.models if model.name in ckpts]
own = {model.name: model.noise_variance for model in present if model.noise_variance}
without_noise = [model for model in present if not model.noise_variance]
# The one that the others are held against: plain, where there is one.
plain = next((m.name for m in sorted(without_noise, key=lambda m: m.config.variant != "plain")), None)
measured = {name: ckpt.metrics["evaluations"] for name, ckpt in ckpts.items()}
curves = {name: psnr_matrix.curve(rows, convention, loaders.photo_errors(name)) for name, rows in measured.items()}
references = psnr_matrix.baseline_curves(baselines, convention, loaders.baseline_errors(group.data))
above = st.container()  # what does not depend on the seed is sent after the samples, which do


@dataclass(frozen=True)
class Scene:
    """The panel's rows of tiles, samples and real codes, a tile a model; its PNG file; the samples' fine detail by model, as a
    share of the real codes'."""

    rows: dict[str, list[np.ndarray | str]]
    panel: bytes
    detail: dict[str, float]


def compute(seed: int) -> Scene:
    samples = {m: gaussian_nine(m, seed) for m in sampled}
    learned = {m: sampling.nine_samples(m, 256, LEARNED, seed).tile for m in priors}
    rows = rows_of({m: of_model.tile for m, of_model in samples.items()}, learned)
    shares = {m: of_model.detail / sampling.rebuilt_detail(m) for m, of_model in samples.items()}
    return Scene(rows, export.on_screen(draw, rows), shares)


def show_gaussians() -> None:
    """The panel while learned samples, which take longer, are still drawn."""
    if priors:
        tiles = {m: gaussian_nine(m, seed).tile for m in sampled}
        blanks = {m: figures.blank((3, *tiles[m].shape[:2]), export.ink()) for m in priors}
        with place:
            export.show(export.on_screen(draw, rows_of(tiles, blanks)), shown)


def gaussian_nine(name: str, seed: int) -> sampling.Nine:
    return sampling.nine_samples(name, 256, "full", seed)


def rows_of(gaussian: dict[str, np.ndarray], learned: dict[str, np.ndarray]) -> dict[str, list[np.ndarray | str]]:
    """The panel's rows, from tiles by model."""
    rows = {_("Gaussian samples"): [gaussian[m] for m in sampled]}
    if priors:
        rows[_("Learned samples")] = [learned.get(m, _("No learned prior")) for m in sampled]
    return rows | {_("Real codes, decoded"): list(map(sampling.rebuilt_nine, sampled))}


def of_models(values: dict[str, str]) -> str:
    """Figures in a line, each with the model that has it."""
    return list_of(_("{figure} ({model})").format(figure=value, model=model) for model, value in values.items())


def draw(rows: dict[str, list[np.ndarray | str]], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return export.models_panel(rows, sampled, width_px, ink, caption)


st.header(_("Does sampling generate now?"), anchor=False)
sampled, scene = models.varying(ckpts), None
priors = {m: loaders.version(prior) for m in sampled if (prior := loaders.prior_of(m))}
shown = _("Nine Gaussian samples and nine decoded real codes of each model")
if priors:
    shown = _(
        "Nine Gaussian samples and nine decoded real codes of each model, and nine learned samples of each that has a learned prior"
    )
if sampled:
    depends_on = (tuple(map(loaders.version, sampled)), tuple(priors.items()), export.is_dark())
    place = st.empty()
    scene = ahead.scene(compute, seed, "noise-regularised", *depends_on, meanwhile=show_gaussians)
    with place:
        export.show(scene.panel, alt=shown)
    if priors:
        about_priors = _(
            "A learned prior has been trained on the codes of {models}; the page Generate shows how it draws."
        )
        st.caption(about_priors.format(models=controls.literal(list_of(priors))))

with above:
    st.plotly_chart(
        chart(curves, references, export.ink(), language.current()),
        key="matrix",
        alt=_("PSNR against noise variance while testing: one curve for each model, dashed lines for the baselines"),
        config={"toImageButtonOptions": {"filename": "noise-regularised-psnr", "scale": 3}},
    )
    num_images = next(iter(ckpts.values())).metrics["num_images"]
    picture = words.of(group.data.config)
    about_psnr = _(channel.ABOUT_PSNR[convention]).format(number=number(num_images), one=picture.one, many=picture.many)
    about_noise = _(
        "The bars are 95% intervals of the means. The noise variance is that of each number of a code of mean square 1; "
        "the axis is spaced by its square root, σ."
    )
    about_baselines = channel.about_baselines(baselines, prod(present[0].config.latent_shape))
    st.caption("\n\n".join(filter(None, [sentences([about_psnr, about_noise]), about_baselines])))

    st.header(_("At the lab's three variances"), anchor=False)
    st.table(
        pd.DataFrame(
            {
                psnr_matrix.label(v): [channel.cell(scores.get(v), references, v) for scores in curves.values()]
                + [str(scores[v]) for scores in references.values()]
                for v in psnr_matrix.LAB_VARIANCES
            },
            index=[*curves, *map(psnr_matrix.name, references)],
        ).rename_axis(_("model or baseline"))
    )
    about_power = [_("A model that was trained with noise sends codes of mean square 1.")]
    if plain:
        relative = _(
            "Codes of {models} have no fixed mean square: their noise is scaled to each code's own, so that the signal-to-noise ratio (SNR) is the same."
        )
        about_power.append(relative.format(models=controls.literal(list_of(m.name for m in without_noise))))
    st.caption(sentences([psnr_matrix.about_gaps(curves | references, picture.many), *about_power]))
    everything = channel.numbers(
        measured, {label: baselines.get(key, []) for label, key in psnr_matrix.BASELINES.items()}
    )
    st.download_button(
        _("All figures, at every variance (CSV)"),
        partial(panels.to_csv, everything),
        file_name="noise-regularised-all.csv",
        mime="text/csv",
        icon=":material/table:",
        on_click="ignore",
    )

of_samples = []
if scene:
    shares = _("Fine detail of the samples, as a share of what decoded real codes have: {shares}.").format(
        shares=of_models({m: percent(share) for m, share in scene.detail.items()})
    )
    warning = _(
        "Samples with a share near 100% need not look like {dogs}: check whether their parts belong together."
    ).format(dogs=picture.what_many)
    of_samples = [sentences([shares, warning])]
kurtosis = _(
    "How Gaussian each element of the code is (mean excess kurtosis: 0 for a Gaussian, larger if more values "
    "lie far from the mean): {kurtosis}."
).format(kurtosis=of_models({m: signed(sampling.excess_kurtosis(m), 2) for m in ckpts}))
controls.notice(
    [
        *models.notes(*ckpts),
        *generation.verdict(group.data, *own, beside=plain),
        *(point for name in priors for point in generation.learnt(group.data, name)),
        *channel.findings(curves, references, own, plain),
        *of_samples,
        kurtosis,
    ]
)

st.header(_("Power audit"), anchor=False)
audits = {label: channel.audit(rows) for label, rows in measured.items()}
st.table(pd.DataFrame.from_dict(audits, orient="index").rename_axis(_("model")))
st.caption(
    _(
        "A check by measurement. E[z²] is the mean square of the codes that are sent. The other columns give the measured variance of the noise, divided by "
        "E[z²]: it should be the variance asked for. Half of it would mean that noise of a complex channel was used by mistake."
    )
)

if scene:
    num_codes = len(sampling.fitting_codes(sampled[0], 256))
    of_all = _("all {number} of {data}").format(number=len(sampled), data=group.title)
    settings = {
        _("seed"): seed,
        _("PSNR"): conventions[convention],
        _("Gaussian"): _("full covariance of {number} codes").format(number=num_codes),
        _("models"): of_all if sampled == group.names and len(sampled) > 1 else list_of(sampled),
    }
    numbers = psnr_matrix.table(curves | references)
    export.export_row(f"noise-regularised-{seed}", partial(draw, scene.rows), numbers, settings, alt=shown)

cliff_section.show(group.data, ckpts, own, convention)
