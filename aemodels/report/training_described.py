"""How models were trained, as a report tells it: the data's split, hyper-parameters, every training that led to them, and curves."""

from collections.abc import Iterable, Mapping, Sequence

from aemodels.data.config import DataRecord
from aemodels.data.mnist import FAMILY
from aemodels.language import N_, _, list_of, number, percent, sentences
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.report import curves, references
from aemodels.report.document import Figure, Paragraph, Table
from aemodels.report.drawing import PRINT_PX, picture
from aemodels.storage import checkpoints, histories
from aemodels.storage.catalogue import Model

LOSSES = {"bce": N_("BCE"), "mse": N_("MSE"), "log_mse": N_("log MSE")}
OF_CURVES = {"bce": N_("BCE / nats a pixel"), "mse": N_("MSE"), "log_mse": N_("geometric mean of MSE")}


def data_split(data: DataRecord) -> Paragraph:
    """Which data set, how it is split, and its fingerprint."""
    counts = {part: number(n) for part, n in data.num_images.items()}
    split = (
        _("The images to test on are the data set's own.")
        if data.config.source in FAMILY
        else _("A hash of each image's content says to which part it belongs, so that copies stay together.")
    )
    if data.num_images["validation"]:
        text = _(
            "Data: {name}{cited}, images of {shape}: {train} to train on, {validation} to validate on and {test} to test on. {split} "
            "Fingerprint of the whole set: {fingerprint}."
        )
    else:
        text = _(
            "Data: {name}{cited}, images of {shape}: {train} to train on and {test} to test on, none to validate on. {split} "
            "Fingerprint of the whole set: {fingerprint}."
        )
    return Paragraph(
        text.format(
            name=data.config.name,
            cited=references.of_data(data.config.source),
            shape="×".join(map(str, data.config.image_shape)),
            split=split,
            fingerprint=data.fingerprint[:12],
            **counts,
        )
    )


def hyper_parameters(name: str, models: Sequence[Model], titles: Sequence[str]) -> Table:
    """What each model was trained with, a column a model; where several trainings led to one, those of the last."""
    of_variants = dict.fromkeys(key for model in models for key in _of_variant(model.config))
    columns = [_of_training(model, of_variants) for model in models]
    keys = dict.fromkeys(key for column in columns for key in column)
    rows = tuple((key, *(column.get(key, "–") for column in columns)) for key in keys)
    several = any(len(_trainings(model)) > 1 for model in models)
    caption = _("Hyper-parameters of the last training.") if several else _("Hyper-parameters.")
    return Table(name, caption, (_("Setting"), *titles), rows)


def each_training(name: str, models: Sequence[Model], titles: Mapping[str, str]) -> Table | None:
    """Every training that led to these models, oldest first; None where each had but one.

    titles  how the models that are here are called, by name
    """
    of_models = {model.name: _trainings(model) for model in models}
    if all(len(of_model) < 2 for of_model in of_models.values()):
        return None
    made, starts = histories.each_once(of_models)
    rows = []
    for i, (training, start) in enumerate(zip(made, starts, strict=True), 1):
        train, model = training["train_config"], training["model_config"]
        rows.append(
            (
                number(i),
                titles.get(training["name"], training["name"]),
                _("random weights") if start is None else _("training {number}").format(number=start + 1),
                _(LOSSES[model["reconstruction"]]),
                number(training["history"][-1]["epoch"] if training["history"] else 0, 1),
                f"{train['learning_rate']:g}",
                number(train["batch_size"]),
                number(training["provenance"]["wall_s"] / 60, 1),
                number(training["psnr_db"], 2),
            )
        )
    head = (
        _("No."), _("Model"), _("Starts from"), _("Loss"), _("Epochs"), _("Learning rate"), _("Batch"), _("Minutes"), _("PSNR / dB"),
    )  # fmt: skip
    processors = list_of(histories.processors(made))
    caption = _("All trainings that led to these models, on {processors}. PSNR: mean over the test images.")
    return Table(name, caption.format(processors=processors), head, tuple(rows))


def training_curves(name: str, models: Sequence[Model], titles: Sequence[str]) -> Figure:
    """Loss and PSNR over the epochs of each model."""
    trainings = {title: (model.name, _trainings(model)) for title, model in zip(titles, models, strict=True)}

    def of(value: str) -> dict[str, curves.Curve]:
        return {title: histories.curve(made, own, "epoch", value) for title, (own, made) in trainings.items()}

    units = list(dict.fromkeys(_(OF_CURVES[model.config.reconstruction]) for model in models))
    loss = curves.Chart(
        of("reconstruction"), _("epochs"), _("training loss: {unit}").format(unit=list_of(units)), log_y=True
    )
    psnr = curves.Chart(of("psnr_db"), _("epochs"), _("mean PSNR / dB"))
    caption = _(
        "Left: the training loss, its mean over each epoch. Right: the mean PSNR of a fixed sample of {images}, measured with the averaged "
        "weights, which are the ones kept."
    ).format(images=_images_of(models, titles))
    if any(len(made) > 1 for own, made in trainings.values()):
        more = _(
            "Epochs are counted over all trainings that led to a model. Drawn are only those under the model's own name."
        )
        caption = sentences([caption, more])
    rows = [
        {"model": own, "training": i, **epoch}
        for own, made in trainings.values()
        for i, training in enumerate(made, 1)
        for epoch in training["history"]
    ]
    return picture(
        name,
        _("Loss and PSNR in training"),
        caption,
        curves.draw([loss, psnr], PRINT_PX),
        rows,
        {_("models"): list_of(titles)},
    )


def _images_of(models: Sequence[Model], titles: Sequence[str]) -> str:
    """On which images the PSNR was measured while these models were trained."""
    tested = [f"“{t}”" for m, t in zip(models, titles, strict=True) if not m.data.num_images["validation"]]
    if not tested:
        return _("validation images")
    if len(tested) == len(models):
        return _("test images")
    return _("validation images (test images for {models})").format(models=list_of(tested))


def _trainings(model: Model) -> list[dict]:
    return checkpoints.trainings(model.name, dict(model.header))


def _of_training(model: Model, of_variants: Iterable[str]) -> dict[str, str]:
    """Setting -> value, in words; of_variants: the settings of the variants that are shown."""
    config, made = model.config, _trainings(model)
    train = TrainConfig.from_dict(model.header["train_config"])
    last = model.header["provenance"]
    augmented = [
        *([_("mirrored")] if train.flips else []),
        *([_("moved by up to {px} px").format(px=train.shift_px)] if train.shift_px else []),
        *([_("bent by {px} px").format(px=f"{train.warp_px:g}")] if train.warp_px else []),
    ]
    values = {
        _("loss"): _(LOSSES[config.reconstruction]),
        **dict.fromkeys(of_variants, "–"),
        **_of_variant(config),
        _("optimiser"): list_of(["Muon", "AdamW"]),
        _("learning rate, peak"): f"{train.learning_rate:g}",
        _("weight decay"): f"{train.weight_decay:g}",
        _("batch"): number(train.batch_size),
        _("epochs"): number(model.header["history"][-1]["epoch"] if model.header["history"] else 0, 1),
        _("steps"): number(last["steps"]),
        _("warm-up"): percent(train.warmup),
        _("decay of the weights' moving average"): f"{train.ema_decay:g}",
        _("images changed at random"): list_of(augmented) or _("none"),
        _("starts from"): train.start_from or _("random weights"),
        _("seed"): str(last["seed"]),
        _("time of training"): _("{minutes} min").format(minutes=number(last["wall_s"] / 60, 1)),
        _("processor"): list_of(histories.processors(made[-1:])),
    }
    return values


def _of_variant(config: ModelConfig) -> dict[str, str]:
    names = {
        "noise_factor": _("noise on the input, σ"),
        "noise_variance": _("noise on the code, variance"),
        "code_l2": _("L2 on the code, λ"),
        "beta": _("weight of the KL divergence, β"),
    }
    return {names.get(key, key): f"{value:g}" for key, value in config.settings.items()}
