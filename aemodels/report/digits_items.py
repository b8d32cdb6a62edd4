"""The items of the lab on small images, M1 to M5: what stands in the section of each."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aemodels.codes import planes, survey, twins
from aemodels.language import _, all_of, list_of, number, percent, with_interval
from aemodels.quality import curves as stored
from aemodels.report import digit_figures, losses, model_blocks, networks_described, observations, training_described
from aemodels.report.document import Block, Observations, OwnWords, Paragraph, Table
from aemodels.report.item_blocks import about_images, key, no_model, side_by_side
from aemodels.report.material import Material, Scene
from aemodels.report.panels import Row
from aemodels.report.psnr_matrix import Score
from aemodels.storage.catalogue import Model

LAB_FACTOR = 0.4


def data_and_network(material: Material, scene: Scene) -> Iterator[Block]:
    """M1."""
    name, data = f"{scene.name}-m1", material.group.data
    yield Paragraph(_("Task: read the data set, look at it, and build a deep autoencoder: an encoder that makes a short code of an image, and a decoder that rebuilds the image from it [@hinton2006]."))  # fmt: skip
    yield training_described.data_split(data)
    if material.images is not None:
        yield digit_figures.with_labels(name, material.images, material.names, material.words.many, scene)
    yield from about_images(material)
    first = next(iter([*material.planar, *material.denoisers]), None)
    if first is None:
        yield no_model(_("There is no model to describe."))
        return
    yield from model_blocks.network(name, material, first)
    yield OwnWords(key(scene, "M1"), _("Why does the network become narrower towards the code? What would happen with a code as large as the image?"))  # fmt: skip


def two_numbers(material: Material, scene: Scene) -> Iterator[Block]:
    """M2."""
    name = f"{scene.name}-m2"
    yield Paragraph(_("Task: train the autoencoder with a code of two numbers, and make the binary cross-entropy between image and reconstruction small."))  # fmt: skip
    if not material.planar:
        yield no_model(_("There is no model with a code of two numbers."))
        return
    model = material.planar[0]
    ckpt, words = material.ckpt(model), material.words
    yield Paragraph(_("The model is {model}; its network is that of M1.").format(model=material.quoted(model)))
    yield from model_blocks.loss(material, [model])
    yield from losses.psnr()
    yield from model_blocks.training(name, material, [model])
    yield model_blocks.results(name, material, [model])
    figure, psnr = digit_figures.rebuilt(name, ckpt, material.images, words.many, scene)
    yield figure
    yield from about_images(material)
    found = [observations.of_nine(psnr)] if len(psnr) > 1 else []
    if len(ckpt.codes) >= planes.MIN_CODES and data_has_classes(material):
        classes = ckpt.data.label_names
        mixed = survey.most_mixed(ckpt.codes, ckpt.labels)
        accuracy = planes.plane_stats(ckpt.codes, ckpt.labels).neighbour_accuracy
        pair = (classes[mixed[0]], classes[mixed[1]], mixed[2]) if mixed else None
        found += observations.of_classes(accuracy, pair, words.class_)
    if found:
        yield Observations(tuple(found))
    yield OwnWords(key(scene, "M2"), _("Which images does a code of two numbers rebuild well, and what is lost? Look at strokes that are unusual."))  # fmt: skip


def denoising(material: Material, scene: Scene) -> Iterator[Block]:
    """M3."""
    name = f"{scene.name}-m3"
    yield Paragraph(_("Task: train a denoising autoencoder. It sees an image with Gaussian noise and must give back the clean one [@vincent2008]."))  # fmt: skip
    if not material.denoisers:
        yield no_model(_("There is no model that was trained to denoise."))
        return
    models = sorted(material.denoisers, key=lambda m: (m.noise_factor != LAB_FACTOR, -np.prod(m.config.latent_shape)))
    first, factor = models[0], models[0].noise_factor
    yield from model_blocks.network(name, material, first)
    yield from model_blocks.loss(material, models)
    if not material.planar:  # else M2 has said it
        yield from losses.psnr()
    yield from model_blocks.training(name, material, models, explains=not material.planar)
    yield model_blocks.results(name, material, models)
    found = []
    if material.images is not None:
        alike = {material.title(m): material.ckpt(m) for m in models if m.noise_factor == factor}
        drawn, before, after = digit_figures.denoised(name, alike, factor, material.images, material.words.many, scene)
        yield drawn
        found.append(observations.denoised(material.quoted(first), before, after, factor, len(material.images)))
    yield from about_images(material)
    measured = {
        material.title(m): of_model["denoising"]["psnr_db"]
        for m in models
        if material.curves
        and "denoising" in (of_model := stored.of_model(material.curves, m.name, material.ckpt(m).provenance))
    }
    references = material.curves.get("denoisers", {})
    if measured:
        labels = {"linear": _("best linear denoiser"), "none": _("noisy image, clipped")}
        others = {labels[key]: of["psnr_db"] for key, of in references.items() if key in labels}
        yield digit_figures.over_factors(name, measured, others, stored.FACTORS)
        if material.title(first) in measured and "linear" in references and factor in stored.FACTORS:
            at = stored.FACTORS.index(factor)
            linear = references["linear"]["psnr_db"][at]
            found.append(
                observations.against_linear(material.quoted(first), measured[material.title(first)][at], linear)
            )
    scores = {m.name: material.ckpt(m).metrics["psnr_db"] for m in models}
    found += [
        observations.of_bottleneck((material.quoted(first), scores[first.name]), (material.quoted(m), scores[m.name]))
        for m in models[1:]
        if m.noise_factor == factor and np.prod(m.config.latent_shape) < np.prod(first.config.latent_shape)
    ]
    without = [
        e["psnr_db"]
        for e in material.ckpt(first).metrics["evaluations"]
        if not e.get("noise_factor") and not e["noise_variance"]
    ]
    if without:
        found.append(observations.of_noise_in_training(material.quoted(first), without[0], scores[first.name], factor))
    if found:
        yield Observations(tuple(found))
    yield OwnWords(key(scene, "M3"), _("What does the network take away besides the noise? Compare thin strokes in the original and in the denoised image."))  # fmt: skip


def uniform_sampling(material: Material, scene: Scene) -> Iterator[Block]:
    """M4."""
    name = f"{scene.name}-m4"
    yield Paragraph(_("Task: draw codes uniformly from the plane of M2, decode them, and say what is seen."))
    if not material.deep:
        yield _no_plane(material)
        return
    model = material.deep[0]
    ckpt, titles = material.ckpt(model), material.group.titles
    yield Paragraph(_("The codes are drawn from the box that holds the central 98% of the test codes on each axis. A place is called a hole if 99% of the test codes lie at denser places (by the distance of the tenth nearest code)."))  # fmt: skip
    yield digit_figures.plane(name, _("Uniform sampling of the latent plane"), [ckpt], titles, scene)
    box, classes = planes.box(ckpt.codes), ckpt.data.label_names
    seen = survey.survey(ckpt.codes, ckpt.labels, len(classes), box, ckpt.model.decode)
    samples = planes.uniform(box, scene.seeds[: digit_figures.NUM_SAMPLES])
    hit = int((planes.support(ckpt.codes, samples) < planes.HOLE_BELOW).sum())
    of_test = np.bincount(ckpt.labels.clamp(min=0).numpy(), minlength=max(1, len(classes))) / len(ckpt.labels)
    yield Observations(tuple(observations.uniform_sampling(seen, hit, len(samples), classes, of_test)))
    yield OwnWords(key(scene, "M4"), _("Which samples look like real {many}, which do not, and where in the plane do these lie?").format(many=material.words.many))  # fmt: skip


def regularised(material: Material, scene: Scene) -> Iterator[Block]:
    """M5."""
    name = f"{scene.name}-m5"
    yield Paragraph(_("Task: the same with L2 regularisation; say what changed. L2 can mean two things: a penalty on the code (activity) or on the weights (weight decay). Both are compared with the plain model."))  # fmt: skip
    if len(material.deep) < 2:
        yield _no_plane(material) if not material.deep else no_model(_("There is no second model with a code of two numbers to compare with."))  # fmt: skip
        return
    models, words = material.deep, material.words
    plain, others = models[0], models[1:]
    if not any(m.config.settings.get("code_l2") or material.ckpt(m).train_config.weight_decay for m in models):
        yield no_model(_("None of the models that are compared here was trained with L2."))
    if any(material.ckpt(model).model.has_prior for model in others):
        yield Paragraph(_("Beside them stands a variational autoencoder. Its code has a penalty, too: all codes together should be distributed like N(0, I)."))  # fmt: skip
    base = networks_described.layers(material.ckpt(plain).model)
    same = [m for m in others if networks_described.layers(material.ckpt(m).model) == base]
    if same:
        yield Paragraph(_("The network of {models} is that of {plain}.").format(models=all_of(map(material.quoted, same)), plain=material.quoted(plain)))  # fmt: skip
    of_plain = model_blocks.loss(material, [plain])
    yield from (block for block in model_blocks.loss(material, others) if block not in of_plain)
    yield from model_blocks.training(name, material, models, explains=False)
    title, titles, groups, rows = _("Latent planes side by side"), material.group.titles, side_by_side(models), {}
    for group in groups:
        figure = digit_figures.plane(name, title, [material.ckpt(m) for m in group], titles, scene)
        rows |= {row["model"]: row for row in figure.panel.rows}
        yield figure
    for group in groups:
        yield _measured(name, material, group, rows)
    yield Observations(tuple(_changes(material, plain, others, rows)))
    yield Paragraph(_("Each model was trained once. Another seed would move every figure a little, so small differences say nothing."))  # fmt: skip
    yield OwnWords(key(scene, "M5"), _("Compare the uniform samples and the grids: what did each kind of L2 change, and why? Which would you choose to generate {many}?").format(many=words.many))  # fmt: skip


def _measured(name: str, material: Material, models: Sequence[Model], of_planes: Mapping[str, Row]) -> Table:
    """What is measured of each plane, a column a model; of_planes are the numbers of the figure, by model."""
    rows: dict[str, list[str]] = {}

    def add(label: str, value: str) -> None:
        rows.setdefault(label, []).append(value)

    for model in models:
        ckpt = material.ckpt(model)
        plane, kl = of_planes[model.name], ckpt.metrics.get("kl_nats")
        add(_("BCE / nats a pixel"), number(ckpt.metrics["bce"], 4) if "bce" in ckpt.metrics else "–")
        add(_("PSNR / dB"), with_interval(number(ckpt.metrics["psnr_db"], 2), number(ckpt.metrics["psnr_db_ci95"], 2)))
        add(_("standard deviation of z₁"), number(plane["spread_z1"], 2))
        add(_("standard deviation of z₂"), number(plane["spread_z2"], 2))
        add(_("hole, share of the box"), percent(plane["hole_share"]))
        add(_("hole, share of N(0, I)"), percent(plane["normal_hole_share"]))
        if data_has_classes(material):
            add(_("nearest code of the same {class_}").format(class_=material.words.class_), percent(plane["neighbour_accuracy"], 1))  # fmt: skip
        add(_("weights, root mean square"), number(twins.weight_rms(ckpt.model), 3))
        add(_("KL divergence / nats"), number(sum(kl), 2) if kl else "–")
    caption = _("The planes, measured on {number} test codes each.").format(number=number(len(material.ckpt(models[0]).codes)))  # fmt: skip
    head = (_("Measure"), *(material.title(model) for model in models))
    return Table(f"{name}-measured", caption, head, tuple((label, *values) for label, values in rows.items()))


def _changes(material: Material, plain: Model, others: list[Model], of_planes: Mapping[str, Row]) -> Iterator[str]:
    base, base_plane = material.ckpt(plain), of_planes[plain.name]
    base_stats = _stats(base_plane)
    stats = {material.title(model): _stats(of_planes[model.name]) for model in others}
    yield from observations.widths(stats, base_stats)
    holes = {material.title(model): of_planes[model.name]["hole_share"] for model in others}
    yield from observations.holes(holes, base_plane["hole_share"])
    if data_has_classes(material):
        accuracies = {title: of_model.neighbour_accuracy for title, of_model in stats.items()}
        yield from observations.separation(accuracies, base_stats.neighbour_accuracy, material.words.class_)
    scores = {material.title(model): _score(material.ckpt(model).metrics) for model in others}
    yield from observations.fidelity(scores, _score(base.metrics))
    for model in others:
        ckpt, title = material.ckpt(model), material.title(model)
        plane = of_planes[model.name]
        if ckpt.train_config.weight_decay:
            sizes = twins.weight_rms(ckpt.model), twins.weight_rms(base.model)
            yield observations.weights(title, *sizes, *twins.num_scale_free(ckpt.model))
        if kl := ckpt.metrics.get("kl_nats"):
            shares = plane["normal_hole_share"], base_plane["normal_hole_share"]
            yield observations.of_prior(title, *shares, sum(kl), material.words.one)


def _stats(plane: Row) -> planes.PlaneStats:
    return planes.PlaneStats((plane["spread_z1"], plane["spread_z2"]), plane["neighbour_accuracy"])


def data_has_classes(material: Material) -> bool:
    """Whether every code of the data set has a class."""
    return bool(material.group.data.label_names) and all(bool((c.labels >= 0).all()) for c in material.ckpts.values())


def _score(metrics: dict) -> Score:
    return Score(metrics["psnr_db"], metrics["psnr_db_ci95"])


def _no_plane(material: Material) -> Paragraph:
    if not material.planar:
        return no_model(_("There is no model with a code of two numbers."))
    return Paragraph(
        _("Left out, for fewer than {least} codes make no plane: {models}. Train with more {many}.").format(
            models=list_of(map(material.quoted, material.planar)),
            least=planes.MIN_CODES,
            many=material.words.many,
        )
    )
