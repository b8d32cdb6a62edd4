"""The settings of each training, in words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aemodels.language import N_, _, list_of, number, percent
from aemodels.models.config import ModelConfig
from aemodels.report.training_described import LOSSES
from aemodels.storage.catalogue import Model

VARIANTS = {
    "plain": N_("Plain"),
    "denoising": N_("Denoising"),
    "code-l2": N_("L2 on the code"),
    "vae": N_("VAE"),
    "noisy-code": N_("Noise on the code"),
    "nested": N_("Nested code"),
    "flow": N_("Flow"),
}
NETWORKS = {"mlp": N_("fully connected"), "conv": N_("convolutional"), "transformer": N_("transformer")}
OF_VARIANTS = {
    "noise_factor": N_("noise on the input, σ"),
    "noise_variance": N_("noise on the code, variance"),
    "code_l2": N_("L2 on the code"),
    "beta": N_("weight of the KL divergence, β"),
    "patch": N_("cells along the side of a token"),
    "depth": N_("blocks of the transformer"),
    "num_labels": N_("classes"),
    "time_shift": N_("times shifted towards noise by"),
}


def of_models(models: Sequence[Model]) -> dict[str, dict[str, str]]:
    """Of each model, by its name, setting -> value."""
    own = dict.fromkeys(key for model in models for key in ModelConfig.from_dict(model.header["model_config"]).settings)
    return {model.name: _of_model(model, list(own)) for model in models}


def variant(key: str) -> str:
    """A variant in words; one that somebody added by its own name."""
    return _(VARIANTS[key]) if key in VARIANTS else key


def network(key: str) -> str:
    """A kind of network in words; one that somebody added by its own name."""
    return _(NETWORKS[key]) if key in NETWORKS else key


def _device(name: str) -> str:
    """What `provenance.device_name` gave, in the language that is spoken."""
    match = re.fullmatch(r"(.*), (\d+) of (\d+) cores", name)
    return (
        _("{processor}, {used} of {all} cores").format(processor=match[1], used=match[2], all=match[3])
        if match
        else name
    )


def _of_model(of: Model, own: Sequence[str]) -> dict[str, str]:
    header = of.header
    model, train, made = header["model_config"], header["train_config"], header["provenance"]
    return {
        _("model"): of.name,
        **_measured(header["metrics"]),
        _("variant"): list_of([variant(model["variant"]), network(model["network"])]),
        _("code"): "×".join(map(str, model["latent_shape"])),
        _("widths"): list_of(map(str, model["widths"])),
        **(_of_prior(train) if of.is_prior else _of_autoencoder(model)),
        **{
            _(OF_VARIANTS[key]) if key in OF_VARIANTS else key: f"{model[key]:g}" if model.get(key) else _("none")
            for key in own
        },
        _("weight decay"): f"{train['weight_decay']:g}",
        _("learning rate, peak"): f"{train['learning_rate']:g}",
        _("batch"): str(train["batch_size"]),
        _("mirrored at random"): _("yes") if train["flips"] else _("no"),
        _("shifted at random, px"): f"{train.get('shift_px', 0):g}",
        _("bent at random, px"): f"{train.get('warp_px', 0):g}",
        _("starts from"): train["start_from"] or _("random weights"),
        _("share of training before the learned gradient steps"): percent(train.get("refine_from", 0)),
        _("epochs done"): number(header["history"][-1]["epoch"], 1) if header["history"] else "0",
        _("steps"): number(made["steps"]),
        _("training time"): _("{minutes} min").format(minutes=number(made["wall_s"] / 60, 1)),
        _("images/s"): number(made["images_per_s"]),
        _("device"): _device(made["device"]),
        _("matrices multiplied in"): made.get("precision", "bfloat16"),  # all were, before it was chosen
        _("training images"): number(of.data.num_images["train"]),
        _("training images packed as"): _packed(made),
        _("validation images"): number(of.data.num_images["validation"]),
        _("test images"): number(of.data.num_images["test"]),
        _("data fingerprint"): made["data_fingerprint"][:12],
        _("seed"): str(made["seed"]),
        _("finished"): _("yes") if made["finished"] else _("no"),
    }


def _packed(made: Mapping[str, Any]) -> str:
    quality = made.get("webp_quality")
    return "–" if quality is None else _("WebP of quality {quality}").format(quality=quality)


def _of_prior(train: Mapping[str, Any]) -> dict[str, str]:
    return {_("codes of"): train["codes_of"]}


def _of_autoencoder(model: Mapping[str, Any]) -> dict[str, str]:
    depths = (model.get(part, ()) for part in ("encoder_depths", "decoder_depths", "corrector_depths"))
    return {
        _("blocks, encoder / decoder / corrector"): " / ".join(list_of(map(str, each)) or "–" for each in depths),
        _(
            "gradient steps on the code, learned / plain"
        ): f"{model.get('refiner_steps', 0)} / {model.get('descent_steps', 0)}",
        _("loss"): _(LOSSES[model["reconstruction"]]),
    }


def _measured(metrics: Mapping[str, Any]) -> dict[str, str]:
    if "psnr_db" in metrics:
        return {_("PSNR on test images, dB"): number(metrics["psnr_db"], 2)}
    return {
        _("velocity loss on test codes"): number(metrics["velocity_loss"], 4),
        _("that of the Gaussian alone"): number(metrics["gaussian_loss"], 4),
    }


def of_trainings(trainings: Sequence[Mapping[str, Any]], starts: Sequence[int | None]) -> dict[int, dict[str, str]]:
    """Of each training, by its number from 1, setting -> value; the arguments as `histories.each_once` gives them."""
    return {
        i + 1: {
            _("model"): t["name"],
            _("starts from"): _("random weights")
            if start is None
            else _("the end of {number}").format(number=start + 1),
            _("minutes"): number(t["provenance"]["wall_s"] / 60),
            _("epochs"): number(t["history"][-1]["epoch"], 1) if t["history"] else "0",
            _("learning rate, peak"): f"{t['train_config']['learning_rate']:g}",
            _("batch"): str(t["train_config"]["batch_size"]),
            _("corrector"): _("yes") if t["model_config"].get("corrector_depths") else _("no"),
            _("learned gradient steps"): str(t["model_config"].get("refiner_steps", 0)),
            _("PSNR / dB"): "–" if t["psnr_db"] is None else number(t["psnr_db"], 2),
        }
        for i, (t, start) in enumerate(zip(trainings, starts, strict=True))
    }
