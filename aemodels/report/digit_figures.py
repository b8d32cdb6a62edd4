"""The figures of small images: rebuilt, denoised, and planes of 2-D codes."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from aemodels.codes import planes
from aemodels.language import _, figures_of, list_of, number, percent, sentences
from aemodels.quality.metrics import bce, psnr_db, reconstruct
from aemodels.report import curves, drawing, figures, plane_figures
from aemodels.report.document import Figure
from aemodels.report.drawing import PRINT_PX, as_rows, in_db, span, tiles
from aemodels.report.material import Scene
from aemodels.report.panels import Row
from aemodels.storage.checkpoints import Checkpoint

GRID_SIDE = 20
NUM_SAMPLES = 100
GAP_PX, LABEL_PX = 17, 257  # of figures.panel, PRINT_PX wide


def with_labels(name: str, x: Tensor, names: Sequence[str], many: str, scene: Scene) -> Figure:
    """Test images, each with its label."""
    caption = _("Test {many} with their labels, drawn at random.").format(many=many)
    rows = as_rows(number=range(1, len(x) + 1), label=names)
    return tiles(
        f"{name}-data", _("The data"), caption, {"": figures.to_tiles(x)}, rows, {_("seed"): scene.seed}, [list(names)]
    )


def rebuilt(name: str, ckpt: Checkpoint, x: Tensor | None, many: str, scene: Scene) -> tuple[Figure, list[float]]:
    """Test images, and the same rebuilt from a code of two numbers; without images, codes that come with the model. Also each one's PSNR
    in dB, none without images."""
    settings, title = {_("model"): ckpt.name, _("seed"): scene.seed}, _("Rebuilt from two numbers")
    if x is None:
        z = drawing.pick(ckpt, 9, scene.seed)
        caption = _("Test {many}, rebuilt from two numbers each. The originals are not on this computer.").format(
            many=many
        )
        pictures = {_("Rebuilt"): figures.to_tiles(ckpt.model.decode(z))}
        return tiles(f"{name}-rebuilt", title, caption, pictures, as_rows(z1=z[:, 0], z2=z[:, 1]), settings), []
    _x, z, x_hat = reconstruct(ckpt.model, x)
    psnr = psnr_db(x, x_hat)
    caption = _("Test {many}, and what is rebuilt from two numbers each: {psnr} dB on average.").format(
        many=many, psnr=number(psnr.mean().item(), 2)
    )
    pictures = {_("Original"): figures.to_tiles(x), _("Rebuilt"): figures.to_tiles(x_hat)}
    rows = as_rows(number=range(1, len(x) + 1), z1=z[:, 0], z2=z[:, 1], bce_nats=bce(x, x_hat), psnr_db=psnr)
    return tiles(f"{name}-rebuilt", title, caption, pictures, rows, settings, [[], in_db(psnr)]), psnr.tolist()


def denoised(
    name: str, ckpts: Mapping[str, Checkpoint], factor: float, x: Tensor, many: str, scene: Scene
) -> tuple[Figure, float, float]:
    """Test images, the same with noise of σ = factor, and denoised by each of the models, by their titles. Also the mean PSNR in dB
    before, and after the first of them."""
    seeds = scene.seeds[: len(x)]
    pictures, notes, columns, after, before, x_noisy = {_("Original"): x}, [[]], {}, {}, 0.0, x
    for title, ckpt in ckpts.items():
        x_noisy, _z, x_hat = reconstruct(ckpt.model, x, noise_factor=factor, seeds=seeds)
        if not after:
            psnr = psnr_db(x, x_noisy)
            before = psnr.mean().item()
            pictures[_("Noisy (shown clipped)")] = x_noisy
            notes.append(in_db(psnr))
            columns["psnr_db_noisy"] = psnr
        psnr = psnr_db(x, x_hat)
        label = _("Denoised") if len(ckpts) == 1 else _("Denoised, {model}").format(model=title)
        pictures[label] = x_hat
        notes.append(in_db(psnr))
        columns["psnr_db_denoised" if not after else f"psnr_db_denoised_{ckpt.name}"] = psnr
        after[title] = psnr.mean().item()
    caption = _("Test {many}, with noise of σ = {factor} ({before} dB as the network sees them, unclipped), and denoised: {after}.").format(
        many=many,
        factor=f"{factor:g}",
        before=number(before, 2),
        after=figures_of({title: _("{psnr} dB").format(psnr=number(mean, 2)) for title, mean in after.items()}),
    )  # fmt: skip
    rows = as_rows(number=range(1, len(x) + 1), noise_seed=seeds, **columns)
    settings = {
        _("models"): list_of(ckpt.name for ckpt in ckpts.values()),
        _("seed"): scene.seed,
        _("noise factor"): f"{factor:g}",
        _("noise seeds"): span(seeds),
    }
    drawn = {label: figures.to_tiles(images) for label, images in pictures.items()}
    return (
        tiles(f"{name}-denoised", _("Denoising"), caption, drawn, rows, settings, notes),
        before,
        next(iter(after.values())),
    )


def over_factors(
    name: str,
    models: Mapping[str, Sequence[float]],
    references: Mapping[str, Sequence[float]],
    factors: Sequence[float],
) -> Figure:
    """PSNR in dB over the noise factor: solid lines for models, dashed ones for what they are held against."""
    chart = curves.Chart(
        {label: (factors, psnr) for label, psnr in {**models, **references}.items()},
        _("noise factor σ"),
        _("mean PSNR / dB"),
        dashed=frozenset(references),
    )
    caption = _("Mean PSNR at each noise factor, on one test image in twenty. Dashed: without any network.")
    rows = [
        {"denoiser": label, "noise_factor": factor, "psnr_db": value}
        for label, psnr in {**models, **references}.items()
        for factor, value in zip(factors, psnr, strict=True)
    ]
    settings = {_("models"): list_of(models)}
    return drawing.picture(
        f"{name}-factors", _("PSNR over the noise"), caption, curves.draw([chart], PRINT_PX), rows, settings
    )


def plane(name: str, title: str, ckpts: Sequence[Checkpoint], titles: Mapping[str, str], scene: Scene) -> Figure:
    """A column a model, of its test codes, its manifold grid and uniform samples of its plane; a single model's stand side by side."""
    labels = [_("Test codes"), _("Manifold grid"), _("Uniform samples")]
    pictures, rows = {label: [] for label in labels}, []
    across = 3 if len(ckpts) == 1 else len(ckpts)
    side = (PRINT_PX - (0 if len(ckpts) == 1 else LABEL_PX) - GAP_PX * (across + 1)) // across
    for ckpt in ckpts:
        box, stats = planes.box(ckpt.codes), planes.plane_stats(ckpt.codes, ckpt.labels)
        scatter = plane_figures.scatter_tile(
            ckpt.codes.numpy(),
            ckpt.labels.numpy(),
            ckpt.data.label_names,
            box,
            side,
            rings=plane_figures.rings(ckpt),
            least_px=1.01 * figures.SMALLEST * PRINT_PX,
        )
        grid, samples = planes.cells(box, GRID_SIDE), planes.uniform(box, scene.seeds[:NUM_SAMPLES])
        of_model = (
            scatter,
            drawing.mosaic(ckpt.model.decode(grid), GRID_SIDE),
            drawing.mosaic(ckpt.model.decode(samples), 10),
        )
        for label, picture in zip(labels, of_model, strict=True):
            pictures[label].append(picture)
        rows.append(_numbers(ckpt, box, stats))
    caption = [
        _("Test codes in the box that holds their central 98% on each axis; the same box decoded on a regular grid; {number} codes drawn uniformly from the box, decoded.").format(number=number(NUM_SAMPLES)),
        _("Share of the box that is hole, where hardly a code lies: {shares}.").format(shares=_of_each(rows, titles, "hole_share")),
    ]  # fmt: skip
    if any(ckpt.model.has_prior for ckpt in ckpts):
        caption += [
            _("Rings: the normal distribution N(0, I) at 1, 2 and 3 standard deviations."),
            _("Share of its draws that fall into a hole: {shares}.").format(
                shares=_of_each(rows, titles, "normal_hole_share")
            ),
        ]
    settings = {
        _("models"): list_of(ckpt.name for ckpt in ckpts),
        _("seed"): scene.seed,
        _("grid"): f"{GRID_SIDE} × {GRID_SIDE}",
        _("sample seeds"): span(scene.seeds[:NUM_SAMPLES]),
    }
    if len(ckpts) == 1:  # side by side fills the width
        columns, pictures = labels, {"": [picture for (picture,) in pictures.values()]}
    else:
        columns = [titles[ckpt.name] for ckpt in ckpts]
    return tiles(f"{name}-plane", title, sentences(caption), pictures, rows, settings, columns=columns)


def _numbers(ckpt: Checkpoint, box: planes.Extent, stats: planes.PlaneStats) -> Row:
    support = planes.Support(ckpt.codes)
    row = {
        "model": ckpt.name,
        "bce_nats": ckpt.metrics.get("bce"),
        "psnr_db": ckpt.metrics["psnr_db"],
        "spread_z1": stats.spread[0],
        "spread_z2": stats.spread[1],
        "hole_share": planes.hole_share(support, box),
        "normal_hole_share": planes.normal_hole_share(support),
        "neighbour_accuracy": stats.neighbour_accuracy,
    }
    return row | ({"kl_nats": sum(kl)} if (kl := ckpt.metrics.get("kl_nats")) else {})


def _of_each(rows: Sequence[Row], titles: Mapping[str, str], share: str) -> str:
    return list_of(_("{share} ({title})").format(share=percent(row[share]), title=titles[row["model"]]) for row in rows)
