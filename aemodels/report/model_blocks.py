"""The blocks that describe models in a section: network, loss, hyper-parameters, training, and their figures on the test images."""

from collections.abc import Iterator, Sequence

from aemodels.language import _, number, sentences, with_interval
from aemodels.quality.evaluation import own_noise
from aemodels.report import losses, network_figures, networks_described, training_described
from aemodels.report.document import Block, Paragraph, Table
from aemodels.report.drawing import PRINT_PX, picture
from aemodels.report.item_blocks import side_by_side
from aemodels.report.material import Material
from aemodels.storage import checkpoints
from aemodels.storage.catalogue import Model


def network(name: str, material: Material, model: Model, known: Model | None = None, section: str = "") -> list[Block]:
    """A model's network as a drawing and as a table.

    known    a model whose network an earlier section describes: the table tells what is different
    section  that one's name, such as "D1"
    """
    net = material.ckpt(model).model
    caption = _(
        "The layers of {model}, from the image to its reconstruction. A bar is as long as the logarithm of how many numbers its layer gives."
    )
    caption = caption.format(model=material.quoted(model))
    if net.noise_variance or net.takes_noisy or net.encoder_outputs == 2:
        caption = sentences([caption, _("A circle is noise that is added.")])
    if known and known != model:
        known_as = _("{model}, in {section}").format(model=material.quoted(known), section=section)
        table = networks_described.table(f"{name}-layers", net, material.ckpt(known).model, known_as)
    else:
        table = networks_described.table(f"{name}-layers", net)
    rows = [dict(zip(("layer", "output_shape", "parameters"), row, strict=True)) for row in table.rows]
    settings = {_("model"): model.name}
    drawn = picture(f"{name}-network", _("The network"), caption, network_figures.draw(net, PRINT_PX), rows, settings)
    blocks: list[Block] = [drawn, table]
    if model.config.network == "conv":
        blocks.append(
            Paragraph(
                _(
                    "Each block adds what it computes to what it was given: a residual network, without normalisation [@he2016]."
                )
            )
        )
    if model.config.refiner_steps:
        blocks.append(
            Paragraph(
                _(
                    "The encoder's code is improved before it is used: a small network sees the gradient of the picture's error with respect "
                    "to the code and says what to add to it [@marino2018]. All of this is part of the encoder; the decoder is one plain network."
                )
            )
        )
    return blocks


def loss(material: Material, models: Sequence[Model]) -> list[Block]:
    """The formulas of the models' losses, each once; the reconstruction losses of earlier trainings first."""
    blocks: list[Block] = []
    trainings = [
        t for model in models for t in checkpoints.trainings(model.name, dict(model.header)) if t["name"] == model.name
    ]
    kinds = dict.fromkeys(training["model_config"]["reconstruction"] for training in trainings)
    for kind in kinds:
        blocks += [block for block in losses.reconstruction(kind) if block not in blocks]
    for model in models:
        blocks += [b for b in losses.describe(model.config, material.ckpt(model).train_config) if b not in blocks]
    if "log_mse" in kinds:
        blocks.append(
            Paragraph(
                _(
                    "The lab asks for the MSE. All trainings below made its logarithm smaller, which had brought 0.01 dB. For a single image both fall "
                    "together; over many they weigh easy and hard images differently."
                )
                if "mse" not in kinds
                else _(
                    "Of the trainings below, some made the MSE smaller, as the lab asks for, and others its logarithm: the table tells which. "
                    "For a single image both fall together; over many they weigh easy and hard images differently."
                )
            )
        )
    return blocks


def training(name: str, material: Material, models: Sequence[Model], explains: bool = True) -> Iterator[Block]:
    """Hyper-parameters, all trainings where there were several, and the curves; first how it is done, unless an earlier section
    explains that."""
    titles = [material.title(model) for model in models]
    if explains:
        yield Paragraph(
            _(
                "The weight matrices are trained by Muon [@jordan2024], all other parameters by AdamW [@loshchilov2019], with one learning "
                "rate. It rises in the warm-up and then falls to zero. What is kept is a moving average of the weights."
            )
        )
    for group in side_by_side(models):
        yield training_described.hyper_parameters(f"{name}-settings", group, [material.title(model) for model in group])
    if table := training_described.each_training(f"{name}-trainings", models, material.group.titles):
        yield table
    yield training_described.training_curves(f"{name}-curves", models, titles)


def results(name: str, material: Material, models: Sequence[Model]) -> Table:
    """The models' figures on the test images, each under its own noise."""
    has_bce = any("bce" in material.ckpt(model).metrics for model in models)
    has_noise = any(any(own_noise(model.config).values()) for model in models)
    rows = []
    for model in models:
        metrics = material.ckpt(model).metrics
        row = [material.title(model), "×".join(map(str, model.config.latent_shape))]
        if has_noise:
            row.append(_noise(model))
        if has_bce:
            row.append(number(metrics["bce"], 4) if "bce" in metrics else "–")
        rows.append((*row, with_interval(number(metrics["psnr_db"], 2), number(metrics["psnr_db_ci95"], 2))))
    head = [_("Model"), _("Code")]
    head += [_("Noise while testing")] if has_noise else []
    head += [_("BCE / nats a pixel")] if has_bce else []
    caption = _("On {number} test {many}, mean ± 95% interval.").format(
        number=number(material.ckpt(models[0]).metrics["num_images"]), many=material.words.many
    )
    return Table(f"{name}-results", caption, (*head, _("PSNR / dB")), tuple(rows))


def _noise(model: Model) -> str:
    if model.noise_factor:
        return _("input, σ = {factor}").format(factor=f"{model.noise_factor:g}")
    if model.noise_variance:
        return _("code, variance {variance}").format(variance=f"{model.noise_variance:g}")
    return _("none")
