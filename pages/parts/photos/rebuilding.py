"""What the page Reconstruct says of the pictures it shows: how well they are rebuilt, what helps, what is lost, which channels work."""

from collections.abc import Sequence
from math import prod

from torch import Tensor

from aemodels import Checkpoint
from aemodels.data import words
from aemodels.data.words import Words
from aemodels.language import _, ngettext, number, percent, sentences
from aemodels.models.config import ModelConfig
from aemodels.quality import detail
from pages.parts.shared import markdown

FINE_PX = 4
ERROR_LIMIT = 0.3  # of the range: white in an error map


def about_error(image_shape: Sequence[int]) -> str:
    """How to read an error map of pictures of this shape."""
    if image_shape[0] == 3:
        return _(
            "Error: absolute difference, averaged over the colours. Black is 0; white is 0.3 of the range, or more."
        )
    return _("Error: absolute difference. Black is 0; white is 0.3 of the range, or more.")


def of_model(ckpt: Checkpoint) -> str:
    """The model's PSNR on all test images."""
    score, config = ckpt.metrics["evaluations"][0], ckpt.model_config
    return _(
        "**On the {number} test {many} this model reaches {psnr} ± {interval} dB** (mean PSNR of the images, peak 1.0, with the 95% interval of "
        "the mean), from a code of {times} times fewer numbers."
    ).format(
        number=number(score["num_images"]),
        many=words.of(ckpt.data.config).many,
        psnr=number(score["psnr_db"], 2),
        interval=number(score["psnr_db_ci95"], 2),
        times=f"{prod(config.image_shape) / prod(config.latent_shape):g}",
    )


def of_photos(
    ckpt: Checkpoint, x: Tensor, x_hat: Tensor, psnr: Tensor, encoder_psnr: Tensor, names: Sequence[str]
) -> list[str]:
    """Of photos x (n, C, H, W), rebuilt as x_hat: the PSNR (n,) of each in dB, also from the encoder alone, and what is lost."""
    picture = words.of(ckpt.data.config)
    points = [_how_well(picture, psnr, names)]
    if helping := helpers(ckpt.model_config):
        points.append(
            _(
                "The encoder gets help. Its first code alone would give **{before} dB** here; with {helpers} it is **{after} dB**."
            ).format(
                before=number(encoder_psnr.mean().item(), 2),
                helpers=_(", then ").join(helping),
                after=number(psnr.mean().item(), 2),
            )
        )
    variation = x - x.mean((2, 3), keepdim=True)
    if variation.any():  # a blank one, from a covered camera, has none
        points.append(_what_is_lost(picture, x - x_hat, variation))
    return points


def _how_well(picture: Words, psnr: Tensor, names: Sequence[str]) -> str:
    if len(psnr) == 1:
        return _("This {one} ({name}) reaches {psnr} dB.").format(
            one=picture.one, name=markdown.literal(names[0]), psnr=number(psnr[0].item(), 2)
        )
    worst = int(psnr.argmin())
    return _(
        "These {number} reach {mean} dB on average; the hardest, number {place} ({name}), {least} dB, the easiest {most} dB."
    ).format(
        number=len(psnr),
        mean=number(psnr.mean().item(), 2),
        place=worst + 1,
        name=markdown.literal(names[worst]),
        least=number(psnr[worst].item(), 1),
        most=number(psnr.max().item(), 1),
    )


def _what_is_lost(picture: Words, error: Tensor, variation: Tensor) -> str:
    """How much of the error (n, C, H, W) is fine detail, beside how much of the photos' own variation is."""
    in_error, in_photos = detail.fine_share(error, FINE_PX), detail.fine_share(variation, FINE_PX)
    if in_error > max(in_photos, 0.5):
        of_photos = ngettext(
            "In the {photos}'s own variation such detail makes up {share}: fine detail is lost first.",
            "In the {photos}' own variation such detail makes up {share}: fine detail is lost first.",
            len(error),
        )
    else:
        of_photos = ngettext(
            "In the {photos}'s own variation such detail makes up {share}.",
            "In the {photos}' own variation such detail makes up {share}.",
            len(error),
        )
    of_error = _("**{share}** of the squared error is detail finer than {size} px.")
    return sentences(
        [
            of_error.format(share=percent(in_error), size=FINE_PX),
            of_photos.format(photos=picture.many if len(error) > 1 else picture.one, share=percent(in_photos)),
        ]
    )


def helpers(config: ModelConfig) -> list[str]:
    """What improves the encoder's code, in the order in which it works."""
    found = []
    if config.corrector_depths:
        found.append(_("a corrector that compares the original with its first reconstruction"))
    if num_steps := config.refiner_steps:
        learned = ngettext(
            "{number} learned step along the gradient of the picture's error",
            "{number} learned steps along the gradient of the picture's error",
            num_steps,
        )
        found.append(learned.format(number=num_steps))
    if num_steps := config.descent_steps:
        plain = ngettext(
            "{number} step of plain descent on the code", "{number} steps of plain descent on the code", num_steps
        )
        found.append(plain.format(number=num_steps))
    return found
