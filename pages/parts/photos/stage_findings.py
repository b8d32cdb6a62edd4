"""What there is to notice in the stages of encode: sentences, as Markdown, that carry measured figures."""

from aemodels.language import _, ngettext, number, percent, signed
from aemodels.models import refine
from pages.parts.photos.stages import Stages


def of_stages(found: Stages, noise_variance: float) -> list[str]:
    """What encode gains on these pictures, by which steps, and how far the codes move.

    noise_variance  that the codes are to survive, 0 where there is none
    """
    num_pictures = found.psnr.shape[1]
    mean_psnr = found.psnr.mean(1)
    gains = mean_psnr.diff()
    best, last = int(gains.argmax()), found.num_steps - 1
    moved = float((found.codes[-1] - found.codes[0]).square().mean().sqrt() / found.codes[0].square().mean().sqrt())
    gained = (
        _("**`encode` brings {gain} dB on this picture**: the encoder alone reaches {first} dB, `encode` {last} dB.")
        if num_pictures == 1
        else _(
            "**`encode` brings {gain} dB on these {number} pictures**: the encoder alone reaches {first} dB on average, `encode` {last} dB."
        )
    )
    points = [
        gained.format(
            number=number(num_pictures),
            first=number(float(mean_psnr[0]), 2),
            last=number(float(mean_psnr[-1]), 2),
            gain=signed(float(mean_psnr[-1] - mean_psnr[0]), 2),
        ),
        _("The largest gain, {gain} dB, comes with “{stage}”; the last step brings {last} dB.").format(
            gain=signed(float(gains[best]), 2), stage=found.names[best + 1], last=signed(float(gains[last]), 2)
        ),
        _(
            "On the way the code moves by {share} of its own size (root mean square of the change over that of the first code)."
        ).format(share=percent(moved)),
    ]
    if noise_variance:
        points.append(
            _(
                "This model's codes are to survive noise of variance {variance}, so its last steps lower the error under such noise. The PSNR here is "
                "without noise: that it hardly grows at the end, or falls, is no fault."
            ).format(variance=number(noise_variance, 2))
        )
    return points + ([_of_taken_back(found.num_taken_back, num_pictures)] if refine.KEPT in found.kinds else [])


def _of_taken_back(taken_back: int, num_pictures: int) -> str:
    """How many pictures keep the code from before the steps."""
    if not taken_back:
        return _(
            "Where the steps make the error larger, `encode` keeps the code from before them; here that was so for no picture."
        )
    message = ngettext(
        "For {number} of {total} pictures the steps went astray and the error grew: `encode` keeps the code from before them.",
        "For {number} of {total} pictures the steps went astray and the error grew: `encode` keeps the codes from before them.",
        taken_back,
    )
    return message.format(number=number(taken_back), total=number(num_pictures))
