"""Trained codes beside VVC over a real channel code, at any SNR of the channel: what the page shows of it and says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from torch import Tensor

from aemodels import Checkpoint
from aemodels.data.config import DataRecord
from aemodels.data.words import Words
from aemodels.language import _, list_of, number, percent, sentences
from aemodels.noise import snr_db
from aemodels.quality import separate
from aemodels.quality.separate import ChannelCode
from aemodels.report import psnr_matrix
from aemodels.report.psnr_matrix import Curve, Score
from pages.parts.shared import measurements, models

NUM_USES = 1024  # real uses of the channel, for which the codes are made


@dataclass(frozen=True)
class Cliff:
    """own       the variance that each model was trained at, of those with noise
    models    PSNR by noise variance of each model, on the photos that VVC was measured on
    falls     by the variance that a channel code is made for, VVC's PSNR by SNR in dB, at each of the code's trials
    bound     VVC's PSNR by variance, each with the best code of this length that could exist there
    """

    codes: Sequence[ChannelCode]
    own: Mapping[str, float]
    models: Mapping[str, Curve]
    falls: Mapping[float, Mapping[float, Score]]
    bound: Curve
    num_photos: int


def read(data: DataRecord, ckpts: Mapping[str, Checkpoint], own: Mapping[str, float], convention: str) -> Cliff | None:
    """What was measured of these models' photos, in this convention; None where nothing was that can be compared.

    own  as in Cliff
    """
    codes, errors = measurements.channel_codes(), measurements.baseline_errors(data)
    sent, bound, average = (errors.get(key, {}) for key in (separate.SENT, separate.BOUND, separate.AVERAGE))
    if not (bound and average and codes and all(code.noise_variance in sent for code in codes)):
        return None
    measured = sent[codes[0].noise_variance].isfinite()
    models = {
        name: of_model
        for name, of_model in ((name, measurements.photo_errors(name)) for name in ckpts)
        if prod(ckpts[name].model_config.latent_shape) == NUM_USES
        and of_model
        and all(len(e) == len(measured) for e in of_model.values())
    }
    if not models:
        return None

    def of(errors: Tensor, failure_rate: float = 0.0) -> Score:
        figures = separate.expected(errors[measured], average[0.0][measured], failure_rate)
        return Score(figures[convention], figures[f"{convention}_ci95"], errors[measured], convention)

    return Cliff(
        codes,
        own,
        {name: {v: of(e) for v, e in of_model.items() if v} for name, of_model in models.items()},
        {c.noise_variance: {t.snr_db: of(sent[c.noise_variance], t.rate) for t in c.trials} for c in codes},
        {v: of(e, separate.BLOCK_ERROR) for v, e in bound.items()},
        int(measured.sum()),
    )


def about(cliff: Cliff, picture: Words) -> str:
    """What the curves are, a paragraph each."""
    dashed = _(
        "Solid: the models. Dashed: the image codec VVC over a real channel code, which protects the bytes "
        "against noise (5G's LDPC code, and QAM, which puts several bits into each use of the channel). Like a "
        "model, it sends a photo by {uses} uses of the channel, which are one block. Each channel code is made for "
        "one signal-to-noise ratio (SNR), at which about one block in a thousand fails: {codes}."
    ).format(uses=number(NUM_USES), codes=list_of(map(made, cliff.codes)))
    failures = _(
        "Where a block fails, the average training photo is shown. How many fail was measured on random blocks. "
        "The PSNR is the mean of both outcomes, each counted as often as it occurs."
    )
    dotted = _(
        "Dotted: VVC over the best channel code of this length that could exist. It carries {bytes}, by a formula "
        "for codes of finite length (the normal approximation)."
    ).format(bytes=list_of(map(_carried, cliff.bound)))
    means = _("Means over {photos}, the same ones for all curves.").format(photos=picture.count(cliff.num_photos))
    return "\n\n".join([dashed, failures, sentences([dotted, means])])


def _carried(variance: float) -> str:
    """How much the best code of this length carries at this noise."""
    return _("{bytes} bytes at {snr} dB").format(
        bytes=number(separate.normal_approximation_bytes(variance)), snr=number(snr_db(variance), 1)
    )


def made(code: ChannelCode) -> str:
    """What a code is, in words."""
    return _("{bytes} bytes by {points}-QAM for {snr} dB").format(
        bytes=number(code.num_bytes), points=2**code.bits_per_symbol, snr=number(code.snr_db, 1)
    )


def findings(cliff: Cliff) -> list[str]:
    """What to notice, the fall first."""
    pairs = [
        (name, code)
        for code in cliff.codes
        for name, variance in cliff.own.items()
        if variance == code.noise_variance and variance in cliff.models.get(name, {})
    ]
    if not pairs:
        return []
    at_home = {variance: fall[snr_db(variance)] for variance, fall in cliff.falls.items()}
    against = [
        (
            _("Each model at the SNR of its training, against VVC over the real channel code for that SNR: {gaps}."),
            at_home,
        ),
        (_("Against VVC over the best channel code of this length that could exist: {gaps}."), cliff.bound),
    ]
    return [
        *_of_fall(cliff, *pairs[0]),
        *_of_failures(pairs[0][1]),
        *(text.format(gaps=_gaps(cliff, pairs, scores)) for text, scores in against),
    ]


def _of_fall(cliff: Cliff, name: str, code: ChannelCode) -> list[str]:
    """What becomes of both at the next higher noise at which the model was tested; empty where VVC does not fall further."""
    model, fall = cliff.models[name], cliff.falls[code.noise_variance]
    higher = [v for v in model if v > code.noise_variance]
    if not higher:
        return []
    worse = min(higher)
    own, own_worse = model[code.noise_variance].psnr_db, model[worse].psnr_db
    # The trials begin where all blocks fail, and at a lower SNR no fewer do.
    vvc, vvc_worse = fall[code.snr_db].psnr_db, fall[min(fall)].psnr_db
    if snr_db(worse) > min(fall) or vvc - vvc_worse <= own - own_worse:
        return []
    text = _(
        "**VVC over a real channel code falls off a cliff; the trained code fades.** Both are made for an SNR of "
        "{snr} dB. When it drops to {worse} dB, the PSNR of VVC goes from {vvc} to {vvc_worse} dB, that of {model} "
        "from {own} to {own_worse} dB."
    )
    psnr = {"vvc": vvc, "vvc_worse": vvc_worse, "own": own, "own_worse": own_worse}
    return [
        text.format(
            snr=number(code.snr_db, 1),
            worse=number(snr_db(worse), 1),
            model=models.said(name),
            **{key: number(value, 2) for key, value in psnr.items()},
        )
    ]


def _of_failures(code: ChannelCode) -> list[str]:
    """How steep the cliff is: the share of blocks that fail half a decibel below."""
    failing = [trial for trial in code.trials if trial.snr_db < code.snr_db]
    if not failing:
        return []
    trial = min(failing, key=lambda trial: abs(code.snr_db - trial.snr_db - 0.5))
    return [
        _("With an SNR only {below} dB too low, the channel code for {snr} dB loses {share} of its blocks.").format(
            below=number(code.snr_db - trial.snr_db, 1), snr=number(code.snr_db, 1), share=percent(trial.rate)
        )
    ]


def _gaps(cliff: Cliff, pairs: Sequence[tuple[str, ChannelCode]], scores: Mapping[float, Score]) -> str:
    """Of each model at its own SNR."""
    return list_of(
        _("**{gap} dB** ({snr} dB)").format(
            gap=psnr_matrix.gap(cliff.models[name][code.noise_variance], scores[code.noise_variance]),
            snr=number(code.snr_db, 1),
        )
        for name, code in pairs
    )
