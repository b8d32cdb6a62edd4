"""How long the recipes of a command take on this machine, and how the time that it gives them is shared."""

import time
from pathlib import Path

from tqdm import tqdm

from aemodels.errors import CheckpointError, DataError
from aemodels.storage import checkpoints, priors
from aemodels.training import forecast
from aemodels.training.priors import check_classes
from aemodels.training.request import Request
from aemodels.training.workplace import Workplace


def how_long(names: list[str], request: Request, at: Workplace) -> str:
    """How long training will take, in a sentence, and how a limited time is shared."""
    needed = _seconds_needed(names, request, at)
    each = ", ".join(f"{name} {forecast.in_words(seconds)}" for name, seconds in needed.items())
    total = forecast.in_words(sum(needed.values())) + (f" ({each})" if len(names) > 1 else "")
    if not request.minutes:
        return f"This will take about {total}; --minutes sets a limit."
    shares = ", ".join(f"{name} {forecast.in_words(60 * request.shares[name])}" for name in names)
    return f"Without --minutes this would take about {total}. Now each has a share: {shares}."


def shares(request: Request, at: Workplace) -> dict[str, float | None]:
    """How many of its minutes each of the recipes gets; None for one whose images are not there, or that was trained without a limit. Those
    that such a command has finished count too, so that all shares are the same when it goes on."""
    sharing: list[str] = []
    for name, recipe in request.recipes.items():
        if recipe.training.codes_of not in sharing and _is_finished_without_limit(name, request.out):
            continue
        try:
            check_classes(recipe, request.load(recipe))
        except DataError:
            continue
        sharing.append(name)
    shared = forecast.share_out(60 * request.minutes, _seconds_needed(sharing, request, at))
    none: dict[str, float | None] = dict.fromkeys(request.recipes)
    return none | {name: max(0.01, round(seconds / 60, 2)) for name, seconds in shared.items()}


def _seconds_needed(names: list[str], request: Request, at: Workplace) -> dict[str, float]:
    """About how many seconds each of the models takes here without a time limit."""
    found = forecast.Forecast(at)

    def needed(name: str) -> float:
        recipe = request.recipes[name]
        encoder = recipe.training.codes_of
        if encoder in request.recipes:
            codes_of = request.as_asked(request.recipes[encoder]).model
        else:
            codes_of = checkpoints.load_checkpoint(encoder, request.out).model_config if encoder else None
        asked, dataset, began = request.as_trained(recipe), request.load(recipe), time.monotonic()
        seconds = found.seconds(asked, dataset, codes_of)
        request.told_s[name] = request.told_s.get(name, 0.0) + time.monotonic() - began
        return seconds

    with tqdm(names, desc="how long it will take", leave=False) as bar:
        return {name: needed(name) for name in bar}


def _is_finished_without_limit(name: str, out: Path) -> bool:
    """Whether there is a finished checkpoint that no time limit cut short, and for a prior, whether it belongs to its autoencoder."""
    try:
        header = checkpoints.read_header(name, out)
    except CheckpointError:
        return False
    made = header["provenance"]
    fits = "codes_of" not in made or not priors.why_unfit(name, made, out)
    return made["finished"] and fits and not header["train_config"].get("minutes")
