"""What the curve over the number of numbers says, in sentences with measured figures."""

from collections.abc import Sequence
from itertools import pairwise

from aemodels.language import _, all_of, list_of, ngettext, number, percent, sentences, signed
from aemodels.quality import code_sizes
from aemodels.quality.code_sizes import Sizes
from pages.parts.shared import models
from pages.parts.sizes.rivals import Rival, best_of_each_size


def of(sizes: Sizes, others: Sequence[Rival], is_bce: bool) -> list[str]:
    """Sentences, as Markdown.

    others  models that were trained for one size alone
    """
    return [*_per_doubling(sizes), *_halves(sizes), *_against_pca(sizes), *_price(sizes, others, is_bce)]


def _per_doubling(sizes: Sizes) -> list[str]:
    psnr = dict(zip(sizes.k, sizes.network.psnr_db, strict=True))
    # The whole code may be no double of the size before it.
    steps = [(a, b) for a, b in pairwise(code_sizes.doublings(sizes.k[-1])) if b == 2 * a]
    if not steps:
        return []
    gains = [psnr[b] - psnr[a] for a, b in steps]
    best = gains.index(max(gains))
    said = list_of(
        _("{gain} dB from {first} to {last}").format(gain=signed(gain, 2), first=number(a), last=number(b))
        for gain, (a, b) in zip(gains, steps, strict=True)
    )
    falls = _(
        "**The best doubling brings {most} dB, the last one {last} dB**: after the best, more numbers help less and less."
    ).format(last=signed(gains[-1], 2), most=signed(gains[best], 2))
    return [
        sentences(
            [
                falls if best < len(gains) - 1 and gains[best:] == sorted(gains[best:], reverse=True) else "",
                _("What each doubling of the code brings: {gains} (mean PSNR of {number} test images).").format(
                    gains=said, number=number(sizes.num_images)
                ),
            ]
        )
    ]


def _halves(sizes: Sizes) -> list[str]:
    points = []
    for share in (0.5, 0.1):
        limit = -share * sizes.mean_picture_mse
        network, pca = (
            scores and code_sizes.needed([-mse for mse in scores.mse], sizes.k, limit)
            for scores in (sizes.network, sizes.pca)
        )
        if network is None:
            continue
        message = ngettext(
            "{number} number leaves at most {share} of it.",
            "{number} numbers leave at most {share} of it.",
            network,
        ).format(number=number(network), share=percent(share))
        linear = _("PCA needs {number} for that.").format(number=number(pca)) if pca else ""
        points.append(sentences([message, linear]))
    whole = _("Take as 100% the squared error of showing the mean picture in place of every picture.")
    return [sentences([whole, *points])] if points else []


def _against_pca(sizes: Sizes) -> list[str]:
    if not sizes.pca:
        return []
    reached, beyond = [], None
    for k in code_sizes.doublings(sizes.k[-1]):
        psnr = sizes.network.psnr_db[sizes.k.index(k)]
        needs = code_sizes.needed(sizes.pca.psnr_db, sizes.k, psnr)
        if needs is None:
            beyond = beyond or (k, psnr)
        else:
            reached.append((k, needs))
    said = []
    if reached:
        own, pca = (all_of(map(number, column)) for column in zip(*reached, strict=True))
        message = ngettext(
            "For what the network does with {own} number, PCA needs {pca}.",
            "For what the network does with {own} numbers, PCA needs {pca}, in this order.",
            len(reached),
        )
        said.append(message.format(own=own, pca=pca))
    if beyond:
        said.append(
            _("What the network reaches with {own} numbers ({psnr} dB), PCA does not reach with {most}.").format(
                own=number(beyond[0]), psnr=number(beyond[1], 2), most=number(sizes.k[-1])
            )
        )
    return [sentences(said)]


def _price(sizes: Sizes, others: Sequence[Rival], is_bce: bool) -> list[str]:
    said, is_always_behind = [], True
    for rival in best_of_each_size(others):
        at = sizes.k.index(rival.k)
        own_db, own_bce = sizes.network.psnr_db[at], sizes.network.bce[at]
        is_always_behind &= rival.psnr_db > own_db
        message = _(
            "With {k} numbers it reaches **{own} dB**, and {name}, the best of those trained for {k} numbers alone, {other} dB "
            "({difference} dB)."
        ).format(
            k=number(rival.k),
            own=number(own_db, 2),
            name=models.said(rival.name),
            other=number(rival.psnr_db, 2),
            difference=signed(rival.psnr_db - own_db, 2),
        )
        in_bce = _("In BCE: {own} and {other}.")
        has_bce = is_bce and rival.bce is not None
        said += [message, in_bce.format(own=number(own_bce, 4), other=number(rival.bce, 4)) if has_bce else ""]
    first = (
        _("One model for all sizes has its price.")
        if is_always_behind
        else _("How does it compare with models that were trained for one size alone?")
    )
    return [sentences([first, *said])] if said else []
