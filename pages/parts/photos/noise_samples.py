"""The view of the page on noise that draws codes for each model's decoder: does sampling generate now?"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image

from aemodels.language import _, list_of, percent, sentences, signed
from aemodels.quality.generation import LEARNED
from aemodels.report import figures
from pages.parts.photos import generation_findings, sampling
from pages.parts.photos.channel_models import Compared
from pages.parts.shared import ahead, controls, export, loaders, models


@dataclass(frozen=True)
class Scene:
    """The panel's rows of tiles, samples and real codes, a tile a model; its PNG file; the samples' fine detail by model, as a
    share of the real codes'."""

    rows: dict[str, list[np.ndarray | str]]
    panel: bytes
    detail: dict[str, float]


def show(compared: Compared, row: st.delta_generator.DeltaGenerator) -> None:
    """The panel, what to notice and the downloads; its seed stands in the row."""
    with row:
        seed = controls.seed_control()
    names = models.varying(compared.ckpts)
    if not names:
        return
    priors = {name: loaders.version(prior) for name in names if (prior := loaders.prior_of(name))}
    alt = _("Nine Gaussian samples and nine decoded real codes of each model")
    if priors:
        alt = _(
            "Nine Gaussian samples and nine decoded real codes of each model, and nine learned samples of each that has a learned prior"
        )
    depends_on = (tuple(map(loaders.version, names)), tuple(priors.items()), export.is_dark())
    place = st.empty()

    def show_gaussians(drawn: list[str]) -> None:
        """The panel with the Gaussian samples of these models alone, and room for what is still to come."""
        tile = {name: _gaussian_nine(name, seed).tile for name in drawn}
        blank = figures.blank((3, *tile[drawn[0]].shape[:2]), export.ink())
        rows = _rows(names, {name: tile.get(name, blank) for name in names}, dict.fromkeys(priors, blank))
        with place:
            export.show(export.on_screen(partial(_draw, names), rows), alt)

    def show_first() -> None:
        """One model's samples at once, and the Gaussian ones of all while learned samples, which take longer, are still drawn."""
        if len(names) > 1:
            show_gaussians(names[:1])
        if priors:
            show_gaussians(names)

    compute = partial(_compute, names, list(priors))
    scene = ahead.scene(compute, seed, "noise-regularised", *depends_on, meanwhile=show_first)
    with place:
        export.show(scene.panel, alt)
    if priors:
        about_priors = _(
            "A learned prior has been trained on the codes of {models}; the page Generate shows how it draws."
        )
        st.caption(about_priors.format(models=list_of(map(models.said, priors))))
    kurtosis = {name: sampling.excess_kurtosis(name) for name in names}
    controls.notice(_points(compared, scene, priors, kurtosis))
    group = compared.group
    of_all = _("all {number} of {data}").format(number=len(names), data=group.title)
    settings = {
        _("seed"): seed,
        _("Gaussian"): _("full covariance of {number} codes").format(number=len(sampling.fitting_codes(names[0], 256))),
        _("models"): of_all if names == group.names and len(names) > 1 else list_of(names),
    }
    file_name = f"noise-regularised-samples-{export.of_models(names)}-{seed}"
    numbers = [
        {"model": name, "share_of_fine_detail": scene.detail[name], "mean_excess_kurtosis": kurtosis[name]}
        for name in names
    ]
    export.export_row(file_name, partial(_draw, names, scene.rows), numbers, settings, alt)


def _points(compared: Compared, scene: Scene, priors: dict[str, object], kurtosis: dict[str, float]) -> list[str]:
    data = compared.group.data
    shares = _("Fine detail of the samples, as a share of what decoded real codes have: {shares}.").format(
        shares=models.with_figures({name: percent(share) for name, share in scene.detail.items()})
    )
    warning = _(
        "Samples with a share near 100% need not look like {dogs}: check whether their parts belong together."
    ).format(dogs=compared.picture.what_many)
    return [
        *models.notes(*compared.ckpts),
        *generation_findings.verdict(data, *compared.own, beside=compared.plain),
        *(point for name in priors for point in generation_findings.learnt(data, name)),
        sentences([shares, warning]),
        _(
            "How Gaussian each element of the code is (mean excess kurtosis: 0 for a Gaussian, larger if more values "
            "lie far from the mean): {kurtosis}."
        ).format(kurtosis=models.with_figures({name: signed(value, 2) for name, value in kurtosis.items()})),
    ]


def _compute(names: list[str], with_prior: list[str], seed: int) -> Scene:
    samples = {name: _gaussian_nine(name, seed) for name in names}
    learned = {name: sampling.nine_samples(name, 256, LEARNED, seed).tile for name in with_prior}
    rows = _rows(names, {name: of_model.tile for name, of_model in samples.items()}, learned)
    shares = {name: of_model.detail / sampling.rebuilt_detail(name) for name, of_model in samples.items()}
    return Scene(rows, export.on_screen(partial(_draw, names), rows), shares)


def _gaussian_nine(name: str, seed: int) -> sampling.Nine:
    return sampling.nine_samples(name, 256, "full", seed)


def _rows(
    names: list[str], gaussian: dict[str, np.ndarray], learned: dict[str, np.ndarray]
) -> dict[str, list[np.ndarray | str]]:
    """The panel's rows, from tiles by model."""
    rows = {_("Gaussian samples"): [gaussian[name] for name in names]}
    if learned:
        rows[_("Learned samples")] = [learned.get(name, _("No learned prior")) for name in names]
    return rows | {_("Real codes, decoded"): list(map(sampling.rebuilt_nine, names))}


def _draw(
    names: list[str], rows: dict[str, list[np.ndarray | str]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    return export.models_panel(rows, [*map(models.title, names)], width_px, ink, caption)
