"""One photo through every model: what each rebuilds of it, where it errs, and what the noise of its training does to its code."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

import numpy as np
import streamlit as st
from PIL import Image

from aemodels import Checkpoint
from aemodels.data import words
from aemodels.language import _, list_of, number, sentences, signed
from aemodels.noise import perturb, seeded_normal
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures
from aemodels.storage import catalogue
from aemodels.storage.catalogue import Group
from pages.parts.photos import rebuilding, selection
from pages.parts.shared import ahead, controls, export, fields, loaders, markdown, models

MOST_A_ROW = 5  # models


@dataclass(frozen=True)
class Scene:
    """The photo's tile and name; by model: PSNR in dB of what it rebuilds without noise, and with its own where it has some; tiles of
    both and of the error; the panel's PNG file."""

    original: np.ndarray
    label: str
    psnr: dict[str, float]
    psnr_noisy: dict[str, float]
    rebuilt: dict[str, np.ndarray]
    error: dict[str, np.ndarray]
    noisy: dict[str, np.ndarray]
    variances: dict[str, float]
    panel: bytes = b""


def names(group: Group) -> list[str]:
    """Every model with maps for pictures of this group's shape, its own first."""
    groups = [group, *(g for g in loaders.read_catalogue().of_kind(catalogue.MAPS) if g.key != group.key)]
    shape = group.models[0].config.image_shape
    return [model.name for g in groups for model in g.models if model.config.image_shape == shape]


def comes_first() -> bool:
    """Whether the page was entered for this section, by an address that opens it: it then stands above the rest until one leaves."""
    state = st.session_state
    # Asked for once: the run that enters the page may have ended before it came here, by a field that refuses or by a click.
    if state.pop("enters_page", "compare_first" not in state):
        state.compare_first = st.query_params.get("compare") == "true"
    return state.compare_first


@st.fragment
def show(group: Group, photos: Callable[[int], selection.Photos] | None, seed: int, source: str) -> None:
    """The section of the page; nothing of it is computed until the visitor asks.

    photos  seed -> the page's photos; None where there are none
    source  where they are from, one of selection.SOURCES
    """
    of_shape = names(group)
    if len(of_shape) < 2:
        return
    st.header(_("One photo through every model"), anchor=False)
    if photos is None:
        st.caption(_("This needs a photo: choose “Your own” or “Camera” at the top of the page."))
        return
    label = _("Rebuild one photo by each of the {number} models").format(number=number(len(of_shape)))
    if not st.toggle(label, key="compare", **fields.BOUND):
        return
    which = fields.numbered(_("Picture"), len(photos(seed).x), "which")
    ckpts = models.present(of_shape)
    compute = partial(_compute, ckpts, group, photos, which - 1)
    with st.spinner(_("Rebuilding the photo by {number} models …").format(number=number(len(ckpts)))):
        if source == "test":
            versions = tuple(map(loaders.version, ckpts))
            scene = ahead.scene(compute, seed, "through models", versions, group.key, which, export.is_dark())
        else:
            scene = compute(seed)
    alt = _("Photo {which} ({name}), what each of {models} rebuilds of it, and error maps").format(
        which=number(which), name=scene.label, models=list_of(map(models.title, ckpts))
    )
    export.show(scene.panel, alt)
    noise = _(
        "Its own noise: Gaussian noise of the variance σ² that the model was trained with is added to its code, from the same seed for all."
    )
    legend = sentences([rebuilding.about_error(group.models[0].config.image_shape), noise if scene.noisy else ""])
    st.caption(legend)
    controls.notice([*models.notes(*ckpts), *_points(scene, ckpts, group)], key="-models")
    settings = {
        _("models"): list_of(ckpts),
        _("seed"): seed,
        _("photos"): _(selection.SOURCES[source]),
        _("picture"): _("{number} ({name})").format(number=which, name=scene.label),
    }
    if scene.noisy:
        settings[_("noise seed")] = _noise_seed(seed, which - 1)
    rows = [
        {"picture": which, "name": scene.label, "model": name, "noise_variance": variance, "psnr_db": psnr[name]}
        for psnr, of in ((scene.psnr, {}), (scene.psnr_noisy, scene.variances))
        for name in psnr
        for variance in (of.get(name, 0.0),)
    ]
    export.export_row(
        f"reconstruct-{export.of_models(ckpts)}-{which}-{seed}",
        partial(draw, scene),
        rows,
        settings,
        alt,
        "-models",
        legend,
    )
    ahead.prepare_next()


def _noise_seed(seed: int, place: int) -> int:
    """That of the page Perturb for the same picture."""
    return controls.image_seeds(seed, 18)[9 + place]


def _compute(
    ckpts: Mapping[str, Checkpoint], group: Group, photos: Callable[[int], selection.Photos], place: int, seed: int
) -> Scene:
    found, one = photos(seed), slice(place, place + 1)
    x, label = found.x[one], found.names[place]
    psnr, psnr_noisy, rebuilt, error, noisy, variances = {}, {}, {}, {}, {}, {}
    for name, ckpt in ckpts.items():
        # A place in the test split means another photo in another data set.
        is_of_set = found.index is not None and ckpt.data.fingerprint == group.data.fingerprint
        z = selection.encode(ckpt, selection.Photos(x, [label], found.index[one] if is_of_set else None))
        x_hat = ckpt.model.decode(z)
        psnr[name] = float(psnr_db(x, x_hat))
        rebuilt[name] = figures.to_tiles(x_hat)[0]
        error[name] = figures.heat((x - x_hat).abs().mean(1).numpy(), rebuilding.ERROR_LIMIT)[0]
        if variance := ckpt.model.noise_variance:
            noise = seeded_normal([_noise_seed(seed, place)], z.shape[1:])
            x_noisy = ckpt.model.decode(perturb(z, variance, noise))
            psnr_noisy[name] = float(psnr_db(x, x_noisy))
            noisy[name], variances[name] = figures.to_tiles(x_noisy)[0], variance
    scene = Scene(figures.to_tiles(x)[0], label, psnr, psnr_noisy, rebuilt, error, noisy, variances)
    return replace(scene, panel=export.on_screen(draw, scene))


def draw(scene: Scene, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    """The photo, and a column a model; where there are many, several such panels below each other."""
    of_all = list(scene.psnr)
    num_panels = ceil(len(of_all) / MOST_A_ROW)
    num_columns = ceil(len(of_all) / num_panels)
    panels = []
    for i in range(num_panels):
        shown = of_all[i * num_columns : (i + 1) * num_columns]
        is_last, gap = i == num_panels - 1, [""] * (num_columns - len(shown))
        labels = [_("Rebuilt"), _("Error")]
        rows = [[scene.original, *map(scene.rebuilt.get, shown)], ["", *map(scene.error.get, shown)]]
        notes = [[scene.label, *(_in_db(scene.psnr[name]) for name in shown)], []]
        if any(name in scene.noisy for name in shown):
            labels.append(_("Rebuilt, with its own noise"))
            rows.append(["", *(scene.noisy.get(name, _("Trained without noise")) for name in shown)])
            notes.append(["", *(_noise_note(scene, name) for name in shown)])
        rows = [[*row, *gap] for row in rows]
        heads = [_("Original"), *map(models.title, shown)]
        panels.append(figures.panel(rows, labels, notes, heads, caption if is_last else "", width_px, ink))
    return export.stacked(panels, ink)


def _noise_note(scene: Scene, name: str) -> str:
    if name not in scene.noisy:
        return ""
    return _("{psnr} · σ² {variance}").format(
        psnr=_in_db(scene.psnr_noisy[name]), variance=number(scene.variances[name], 2)
    )


def _in_db(psnr: float) -> str:
    return _("{psnr} dB").format(psnr=number(psnr, 2))


def _points(scene: Scene, ckpts: Mapping[str, Checkpoint], group: Group) -> list[str]:
    if len(scene.psnr) < 2:
        return []
    best = max(scene.psnr, key=scene.psnr.get)
    others = [name for name in scene.psnr if name != best]
    here = {name: scene.psnr[name] - scene.psnr[best] for name in others}
    clean = {name: mean for name, ckpt in ckpts.items() if (mean := _mean(ckpt, 0.0, group)) is not None}
    on_split = {name: clean[name] - clean[best] for name in others if name in clean} if best in clean else {}
    picture = words.of(group.data.config)
    points = [
        _("**{best}** rebuilds this {one} best: **{psnr}**. The others differ from it by {differences}.").format(
            best=markdown.literal(models.title(best)),
            one=picture.one,
            psnr=_in_db(scene.psnr[best]),
            differences=_of(here),
        )
    ]
    means = _("Averaged over all test {many} they differ from {best} by {differences}.")
    if on_split:
        points.append(means.format(many=picture.many, best=models.said(best), differences=_of(on_split)))
    costs = {name: psnr - scene.psnr[name] for name, psnr in scene.psnr_noisy.items()}
    if not costs:
        return [sentences(points)]
    noise = [
        _("With the noise of its training, a model's PSNR on this {one} changes by {costs}.").format(
            one=picture.one, costs=_of(costs)
        )
    ]
    under = {name: _mean(ckpts[name], scene.variances[name], group) for name in costs}
    of_mean = {name: mean - clean[name] for name, mean in under.items() if mean is not None and name in clean}
    if of_mean:
        noise.append(
            _("Averaged over all test {many} it changes by {costs}.").format(many=picture.many, costs=_of(of_mean))
        )
    return [sentences(points), sentences(noise)]


def _of(values: Mapping[str, float]) -> str:
    """Differences in dB in a line, each with its model."""
    return models.with_figures({name: _("{psnr} dB").format(psnr=signed(value, 2)) for name, value in values.items()})


def _mean(ckpt: Checkpoint, variance: float, group: Group) -> float | None:
    """The model's mean PSNR on the group's test split at this noise variance on the code; None where that was not measured."""
    rows: Sequence[Mapping[str, float]] = ckpt.metrics["evaluations"]
    if ckpt.data.fingerprint != group.data.fingerprint:
        return None
    at = (r["psnr_db"] for r in rows if r["noise_variance"] == variance and not r.get("noise_factor"))
    return next(at, None)
