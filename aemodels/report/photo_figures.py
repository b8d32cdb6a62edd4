"""The figures of photos: rebuilt with their codes, Gaussian samples, noise on codes, and PSNR over the variance of noise."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from aemodels.codes import latents
from aemodels.language import _, list_of, number, sentences
from aemodels.noise import perturb, seeded_normal
from aemodels.quality.metrics import psnr_db
from aemodels.report import curves, drawing, figures, psnr_matrix
from aemodels.report.document import Figure
from aemodels.report.drawing import PRINT_PX, as_rows, fitted_codes, in_db, picture, sample, span, tiles
from aemodels.report.material import Scene
from aemodels.storage.checkpoints import Checkpoint

VARIANCE = 0.1  # of the noise added to codes
VARIANCES = (0.01, 0.05, 0.10, 0.15, 0.30)


def convolutional(
    name: str, ckpt: Checkpoint, x: Tensor | None, z: Tensor, x_hat: Tensor, many: str, scene: Scene
) -> Figure:
    """Photos x, the same rebuilt as x_hat, what is wrong with them, and their codes z; without photos, what there is."""
    limit = float(z.abs().quantile(0.995))
    codes = [figures.channel_maps(code, limit) for code in z]
    num_channels = z.shape[1]
    explained = _("Code: its {num} channels, {columns} a row; blue is negative, white zero, red positive.").format(
        num=num_channels, columns=figures.map_columns(num_channels)
    )
    settings = {_("model"): ckpt.name, _("seed"): scene.seed}
    if x is None:
        caption = _("Test {many}, rebuilt from codes that come with the model; the originals are not on this computer.")
        pictures = {_("Rebuilt"): figures.to_tiles(x_hat), _("Code"): codes}
        return tiles(
            f"{name}-codes",
            _("Photos and their codes"),
            sentences([caption.format(many=many), explained]),
            pictures,
            [],
            settings,
        )
    psnr = psnr_db(x, x_hat)
    error = (x - x_hat).square().mean(1).sqrt().numpy()
    worst = float(np.quantile(error, 0.995))
    caption = _(
        "Test {many}, the same rebuilt ({psnr} dB on average), and the error of each pixel (black none, white {worst} of the range or more)."
    ).format(many=many, psnr=number(psnr.mean().item(), 2), worst=number(worst, 2))
    pictures = {
        _("Original"): figures.to_tiles(x),
        _("Rebuilt"): figures.to_tiles(x_hat),
        _("Error"): list(figures.heat(error, worst)),
        _("Code"): codes,
    }
    rows = as_rows(number=range(1, len(x) + 1), psnr_db=psnr)
    notes = [[], in_db(psnr)]
    return tiles(
        f"{name}-codes", _("Photos and their codes"), sentences([caption, explained]), pictures, rows, settings, notes
    )


def sampling(name: str, ckpt: Checkpoint, z: Tensor, seeds: Sequence[int], scene: Scene) -> Figure:
    """Codes z, drawn from a Gaussian that is fitted on real ones, and such real ones, decoded."""
    codes = fitted_codes(ckpt)
    caption = _(
        "Above: samples of the Gaussian with the mean and covariance (rank {rank}) of {num} codes. Below: some of these codes. All are decoded."
    ).format(rank=number(latents.rank(latents.fit(codes))), num=number(len(codes)))
    images = {_("Samples"): ckpt.model.decode(z), _("Real codes"): ckpt.model.decode(codes[:9])}
    pictures = {label: figures.to_tiles(x_hat) for label, x_hat in images.items()}
    rows = as_rows(sample=range(1, len(z) + 1), seed=seeds, distance_to_nearest_code=latents.nearest(codes, z)[1])
    settings = {_("model"): ckpt.name, _("seed"): scene.seed, _("codes"): len(codes), _("sample seeds"): span(seeds)}
    return tiles(f"{name}-samples", _("Gaussian sampling"), caption, pictures, rows, settings)


def spectrum(name: str, ckpt: Checkpoint, model_title: str) -> Figure:
    """The variance along each principal axis of the codes that the Gaussian is fitted on."""
    variances = latents.used(latents.spectrum(latents.fit(fitted_codes(ckpt)))).tolist()
    numbers = list(range(1, len(variances) + 1))
    chart = curves.Chart(
        {model_title: (numbers, variances)}, _("principal axis, strongest first"), _("variance"), log_y=True
    )
    caption = _(
        "Along each principal axis, the strongest first. The line ends at the rank of the covariance: along further axes there is no variance."
    )
    rows = [{"axis": axis, "variance": variance} for axis, variance in zip(numbers, variances, strict=True)]
    settings = {_("model"): ckpt.name, _("codes"): len(fitted_codes(ckpt))}
    return picture(
        f"{name}-spectrum", _("Variances of the codes"), caption, curves.draw([chart], PRINT_PX, 700), rows, settings
    )


def perturbed(
    name: str, ckpt: Checkpoint, samples: Tensor, photos: Tensor, originals: Tensor | None, many: str, scene: Scene
) -> tuple[Figure, dict[str, list[float]]]:
    """Codes of samples and of photos, decoded without and with noise of VARIANCE. Also, for "samples" and "photos", the mean PSNR in dB
    at each of VARIANCES: of samples against their pictures without noise, of photos against the originals where there are some.

    samples, photos  codes (n, C, h, w) of each, as many
    """
    seeds = scene.seeds[9 : 9 + len(samples)]
    noise = seeded_normal(seeds, samples.shape[1:])
    pictures, notes, measured = {}, [], {}
    labels = {"samples": (_("Samples"), _("Samples, noise")), "photos": (_("Rebuilt {many}").format(many=many), _("Rebuilt {many}, noise").format(many=many))}  # fmt: skip
    for kind, z, against in (("samples", samples, None), ("photos", photos, originals)):
        noise_of_kind = noise[: len(z)]
        clean = ckpt.model.decode(z)
        against = clean if against is None else against
        at = {v: ckpt.model.decode(perturb(z, v, noise_of_kind)) for v in VARIANCES}
        measured[kind] = [psnr_db(against, x_hat).mean().item() for x_hat in at.values()]
        pictures[labels[kind][0]] = figures.to_tiles(clean)
        pictures[labels[kind][1]] = figures.to_tiles(at[VARIANCE])
        notes += [[] if against is clean else in_db(psnr_db(against, clean)), in_db(psnr_db(against, at[VARIANCE]))]
    caption = _(
        "Above: Gaussian samples, and the same with noise of variance {variance} times each code's mean square. Below: test {many}, rebuilt "
        "without and with such noise. dB: samples against their picture without noise, {many} against {reference}."
    ).format(
        variance=f"{VARIANCE:g}",
        many=many,
        reference=_("the originals") if originals is not None else _("their picture without noise"),
    )
    rows = [
        {"codes": kind, "noise_variance": v, "psnr_db": psnr}
        for kind, values in measured.items()
        for v, psnr in zip(VARIANCES, values, strict=True)
    ]
    settings = {
        _("model"): ckpt.name,
        _("seed"): scene.seed,
        _("noise variance"): f"{VARIANCE:g}",
        _("sample seeds"): span(scene.seeds[:9]),
        _("noise seeds"): span(seeds),
    }
    return tiles(f"{name}-noise", _("Noise on the code"), caption, pictures, rows, settings, notes), measured


def over_variances(
    name: str,
    models: Mapping[str, psnr_matrix.Curve],
    baselines: Mapping[str, psnr_matrix.Curve],
    titles: Mapping[str, str],
) -> Figure:
    """PSNR over the variance of the noise while testing: a solid line a model, by its name, a dashed one a baseline; titles: by name."""
    caption = _(
        "Mean PSNR of the test images at each variance of the noise on the code. Dashed: baselines without a network."
    )
    rows = [
        {"model": psnr_matrix.name(label), "noise_variance": v, "psnr_db": score.psnr_db, "psnr_db_ci95": score.ci95}
        for label, curve in {**models, **baselines}.items()
        for v, score in curve.items()
    ]
    settings = {_("models"): list_of(models)}
    titled = {titles[name]: curve for name, curve in models.items()}
    drawn = curves.draw([_of_variances(titled, baselines)], PRINT_PX, 1000)
    return picture(f"{name}-variances", _("PSNR over the variance"), caption, drawn, rows, settings)


def variances_panel(
    models: Mapping[str, psnr_matrix.Curve],
    baselines: Mapping[str, psnr_matrix.Curve],
    width_px: int,
    ink: figures.Ink,
    caption: str = "",
) -> Image.Image:
    """The same picture as a panel of a page."""
    return curves.panel(_of_variances(models, baselines), width_px, ink, caption)


def _of_variances(models: Mapping[str, psnr_matrix.Curve], baselines: Mapping[str, psnr_matrix.Curve]) -> curves.Chart:
    return curves.Chart(
        {
            psnr_matrix.name(label): ([*curve], [score.psnr_db for score in curve.values()])
            for label, curve in {**models, **baselines}.items()
        },
        _("noise variance while testing"),
        _("mean PSNR / dB"),
        dashed=frozenset(map(psnr_matrix.name, baselines)),
        colours={psnr_matrix.name(label): psnr_matrix.LINES[label][0] for label in baselines},
    )


def samples_of_all(name: str, ckpts: Sequence[Checkpoint], titles: Mapping[str, str], scene: Scene) -> Figure:
    """Nine Gaussian samples of each model, and nine of its real codes, decoded."""
    seeds = scene.seeds[:9]
    rows = {
        _("Gaussian samples"): [drawing.mosaic(c.model.decode(sample(c, seeds)), 3, gap=4) for c in ckpts],
        _("Real codes"): [drawing.mosaic(c.model.decode(fitted_codes(c)[:9]), 3, gap=4) for c in ckpts],
    }
    num_codes = len(fitted_codes(ckpts[0]))
    caption = _(
        "Above: nine samples of each model, from the Gaussian with the mean and covariance of {num} of its codes. Below: nine of these codes. All are decoded."
    ).format(num=number(num_codes))
    settings = {
        _("models"): list_of(ckpt.name for ckpt in ckpts),
        _("seed"): scene.seed,
        _("codes"): num_codes,
        _("sample seeds"): span(seeds),
    }
    numbers = [{"model": c.name, "sample": i, "seed": s} for c in ckpts for i, s in enumerate(seeds, 1)]
    columns = [titles[ckpt.name] for ckpt in ckpts]
    return tiles(f"{name}-samples", _("Does sampling generate?"), caption, rows, numbers, settings, columns=columns)
