"""The items of the lab on noise in the codes of photos, D4 and D5: what stands in the section of each."""

from collections.abc import Iterator
from math import prod

from aemodels.language import _, all_of, list_of, number, sentences, with_interval
from aemodels.noise import perturb, seeded_normal, snr_db
from aemodels.quality import detail
from aemodels.report import drawing, model_blocks, noise_observations, photo_figures, photo_observations, psnr_matrix
from aemodels.report.document import Block, Observations, OwnWords, Paragraph, Table
from aemodels.report.item_blocks import about_images, key, no_model, side_by_side
from aemodels.report.material import Material, Scene
from aemodels.report.photo_figures import VARIANCE, VARIANCES
from aemodels.report.photos_items import no_gaussian, plain_varied
from aemodels.report.psnr_matrix import LAB_VARIANCES, Curve
from aemodels.storage.catalogue import Model


def perturbation(material: Material, scene: Scene) -> Iterator[Block]:
    """D4."""
    name, words = f"{scene.name}-d4", material.words
    yield Paragraph(_("Task: add Gaussian noise to the nine sampled codes of D3, and beside them to the codes of the nine {many}; decode and explain.").format(many=words.many))  # fmt: skip
    model = plain_varied(material)
    if model is None:
        yield no_gaussian(material)
        return
    ckpt, x = material.ckpt(model), material.images
    samples = drawing.sample(ckpt, scene.seeds[:9])
    photos = drawing.pick(ckpt, 9, scene.seed) if x is None else material.encoded(model)
    yield Paragraph(_("The noise is scaled to each code's own mean square, so that its variance means the same for every model: at variance {variance} the signal-to-noise ratio is {snr} dB.").format(variance=f"{VARIANCE:g}", snr=number(snr_db(VARIANCE), 1)))  # fmt: skip
    figure, measured = photo_figures.perturbed(name, ckpt, samples, photos, x, words.many, scene)
    yield figure
    yield from about_images(material)
    rows = [
        (f"{v:g}", number(snr_db(v), 1), *(number(measured[kind][i], 2) for kind in ("samples", "photos")))
        for i, v in enumerate(VARIANCES)
    ]
    head = (
        _("Noise variance"),
        _("SNR / dB"),
        _("Samples, PSNR / dB"),
        _("{many}, PSNR / dB").format(many=words.many[:1].upper() + words.many[1:]),
    )
    yield Table(f"{name}-psnr", _("Mean PSNR of the pictures shown, by the variance of the noise, with the same noise each time."), head, tuple(rows))  # fmt: skip
    noise = seeded_normal(scene.seeds[9 : 9 + len(photos)], photos.shape[1:])
    change = ckpt.model.decode(perturb(photos, VARIANCE, noise)) - ckpt.model.decode(photos)
    cell_px = model.config.image_shape[1] // model.config.latent_shape[1]
    block_px = max(2, cell_px // 4)
    found = [_("One cell of the code stands for {px}×{px} px of the image.").format(px=cell_px)]
    if change.any():
        found.append(noise_observations.of_patches(1 - detail.fine_share(change, block_px), block_px))
    found.append(noise_observations.of_variances(measured, VARIANCES, words.many))
    yield Observations(tuple(found))
    yield OwnWords(key(scene, "D4"), _("What does noise on the code do to the picture, and how does it differ from noise on the pixels? What changes first, colours or shapes?"))  # fmt: skip


def noise_regularised(material: Material, scene: Scene) -> Iterator[Block]:
    """D5."""
    name, words = f"{scene.name}-d5", material.words
    yield Paragraph(_("Task: normalise the power of the code and add Gaussian noise to it while training. Measure the mean PSNR at noise variance 0.05, 0.10 and 0.15, and see whether sampling from the latent space now generates."))  # fmt: skip
    if not material.noisy:
        yield no_model(_("There is no model with noise on its code while training."))
        return
    models, everyone = material.noisy, material.maps
    yield Paragraph(_("Such an autoencoder is a transmitter and a receiver with a noisy channel between them: joint source-channel coding [@bourtsoulatze2019]."))  # fmt: skip
    yield from model_blocks.network(name, material, models[0], everyone[0], "D1")
    yield from model_blocks.loss(material, models)
    yield from model_blocks.training(name, material, models, explains=False)
    by_name = {
        m.name: psnr_matrix.curve(material.ckpt(m).metrics["evaluations"], "psnr_db", material.errors.get(m.name))
        for m in everyone
    }
    curves = {material.group.titles[model]: curve for model, curve in by_name.items()}
    baselines = psnr_matrix.baseline_curves(material.baselines, "psnr_db", material.baseline_errors)
    yield _table(f"{name}-psnr", material, curves, baselines)
    yield from _about_baselines(material, everyone[0])
    yield photo_figures.over_variances(name, by_name, baselines, material.group.titles)
    yield _audit(f"{name}-audit", material)
    if material.varied:
        for group in side_by_side(material.varied):
            yield photo_figures.samples_of_all(name, [material.ckpt(m) for m in group], material.group.titles, scene)
    else:
        yield no_gaussian(material)
    yield Observations(tuple(_findings(material, curves, baselines)))
    yield OwnWords(key(scene, "D5"), _("Do the samples look like {dogs} now? Why can noise in training help sampling, and why may it not be enough?").format(dogs=words.what_many))  # fmt: skip


def _table(name: str, material: Material, curves: dict[str, Curve], baselines: dict[str, Curve]) -> Table:
    variances = (0.0, *LAB_VARIANCES)
    rows = [
        (psnr_matrix.name(label), *(_score(curve, variance) for variance in variances))
        for label, curve in {**curves, **baselines}.items()
    ]
    head = (_("Model or baseline"), _("Without noise"), *(_("Variance {variance}").format(variance=number(v, 2)) for v in LAB_VARIANCES))  # fmt: skip
    caption = [
        _(
            "PSNR in dB over {num} test {many}, mean ± 95% interval, by the variance of the noise on the code while testing."
        ).format(num=number(material.ckpt(material.maps[0]).metrics["num_images"]), many=material.words.many)
    ]
    if plain := [material.quoted(m) for m in material.maps if not m.noise_variance]:
        caption.append(_("On the codes of {models} the noise is scaled to each code's own mean square.").format(models=all_of(plain)))  # fmt: skip
    return Table(name, sentences(caption), head, tuple(rows))


def _score(curve: Curve, variance: float) -> str:
    score = curve.get(variance)
    return with_interval(number(score.psnr_db, 2), number(score.ci95, 2)) if score else "–"


def _about_baselines(material: Material, model: Model) -> Iterator[Paragraph]:
    baselines, size = material.baselines, prod(model.config.latent_shape)
    if baselines.get("linear_code"):
        yield Paragraph(_("{label}: no network, but the best linear encoder and decoder for this noise: {num} principal components, with the power shared out by water-filling [@lee1976].").format(label=_(psnr_matrix.LINEAR), num=number(baselines["num_components"])))  # fmt: skip
    codecs = [label for label in (psnr_matrix.AVIF, psnr_matrix.VVC) if baselines.get(psnr_matrix.BASELINES[label])]
    if codecs:
        at = {row["noise_variance"]: row for row in baselines[psnr_matrix.BASELINES[codecs[0]]]}
        budgets = [number(at[v]["budget_bytes"]) for v in LAB_VARIANCES if v in at]
        yield Paragraph(_("{labels}: each image as the best picture that the codec makes in no more bytes than {size} uses of the channel can carry without error [@shannon1949]: {budgets} bytes at these variances.").format(labels=all_of(map(_, codecs)), size=number(size), budgets=list_of(budgets)))  # fmt: skip
    if part := psnr_matrix.measured_in_part(baselines):
        yield Paragraph(sentences(part))
    if not baselines:
        yield Paragraph(
            _("Baselines have not been measured for this data set; “python train.py --evaluate” measures them.")
        )


def _audits(material: Material, models: list[Model]) -> dict[str, dict[float, tuple[float, float]]]:
    """Title of a model -> variance asked for -> E[z²], and the measured variance of the noise per unit of it."""
    return {
        material.title(model): {
            row["noise_variance"]: (row["code_power"], row["noise_power"] / row["code_power"])
            for row in material.ckpt(model).metrics["evaluations"]
            if row.get("code_power") and not row.get("noise_factor")
        }
        for model in models
    }


def _audit(name: str, material: Material) -> Table:
    rows = []
    for title, at in _audits(material, material.maps).items():
        powers = [number(power, 4) for power, _v in at.values()]
        measured = [number(at[v][1], 4) if v in at else "–" for v in LAB_VARIANCES]
        rows.append((title, powers[0] if powers else "–", *measured))
    head = (_("Model"), "E[z²]", *(_("Asked: {variance}").format(variance=number(v, 2)) for v in LAB_VARIANCES))
    caption = _("Power audit: the mean square of the codes that are sent, and the measured variance of the noise divided by it. It should be what was asked for.")  # fmt: skip
    return Table(name, caption, head, tuple(rows))


def _findings(material: Material, curves: dict[str, Curve], baselines: dict[str, Curve]) -> Iterator[str]:
    plain = next((material.title(m) for m in material.maps if not m.noise_variance), None)
    noisy = {model.noise_variance: curves[material.title(model)] for model in material.noisy}
    if plain:
        yield from noise_observations.price(noisy, curves[plain], f"“{plain}”")
    yield from noise_observations.against_baselines(noisy, baselines)
    if about := psnr_matrix.about_gaps({**curves, **baselines}, material.words.many):
        yield about
    variances = {material.title(model): model.noise_variance for model in material.noisy}
    audits = {t: at[variances[t]] for t, at in _audits(material, material.noisy).items() if variances[t] in at}
    if audits:
        powers, measured = ({title: figures[i] for title, figures in audits.items()} for i in (0, 1))
        yield noise_observations.of_audit({title: variances[title] for title in audits}, measured, powers)
    distances = {
        material.title(m): photo_observations.samples_distance(material.generation, m.name, material.ckpt(m).provenance)
        for m in material.maps
    }
    known = {title: distance for title, distance in distances.items() if distance is not None}
    if plain in known and len(known) > 1:
        yield noise_observations.of_sampling(known, plain, material.words.many)
    if material.answer:
        yield _("Does sampling generate now? {answer}").format(answer=material.answer)
    elif of_noisy := [model for model in material.noisy if material.title(model) in known]:
        best = min(of_noisy, key=lambda model: known[material.title(model)])
        sentences_of_best = photo_observations.of_generation(
            material.generation, best.name, material.ckpt(best).provenance, material.words
        )
        yield from (_("{title}: {sentence}").format(title=material.title(best), sentence=s) for s in sentences_of_best)
    else:
        yield _(
            "Whether sampling generates was not measured for these models; “python -m benchmarks.generation” measures it."
        )
