"""What there is to notice in denoised images: sentences, as Markdown, that carry measured figures."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from aemodels.data.words import Words
from aemodels.language import _, list_of, number, sentences
from pages.parts.shared import markdown


def of_these(psnr: Mapping[str, Tensor], ssim: Mapping[str, Tensor], factor: float, seen_psnr_db: float) -> str:
    """The means over the pictures shown, PSNR in dB and SSIM (n,) by what made them; seen_psnr_db: that of what the networks see."""
    parts = [
        _("{name} **{psnr} dB** (SSIM {ssim})").format(
            name=markdown.literal(label), psnr=number(of.mean(), 2), ssim=number(ssim[label].mean(), 2)
        )
        for label, of in psnr.items()
        if of.isfinite().all()
    ]
    these = _("These {number}, at factor {factor}, on average: {results}.")
    seen = _("Unclipped, as the networks see them, the noisy ones have {psnr} dB.") if factor else ""
    num_pictures = len(next(iter(psnr.values())))
    return sentences(
        [
            these.format(number=number(num_pictures), factor=f"{factor:g}", results=list_of(parts)),
            seen.format(psnr=number(seen_psnr_db, 2)),
        ]
    )


def of_all(metrics: Mapping[str, Mapping[str, Any]], trained_at: float, kind: Words) -> str:
    """The means over all test images, of models by their titles, at the noise factor of their training."""
    results = [
        _("{name} **{psnr} ± {interval} dB**").format(
            name=markdown.literal(title), psnr=number(of["psnr_db"], 2), interval=number(of["psnr_db_ci95"], 2)
        )
        for title, of in metrics.items()
    ]
    return _("All {number} test {many}, at factor {factor}: {results} (mean PSNR and its 95% interval).").format(
        number=number(next(iter(metrics.values()))["num_images"]),
        many=kind.many,
        factor=f"{trained_at:g}",
        results=list_of(results),
    )
