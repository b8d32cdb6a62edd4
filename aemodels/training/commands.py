"""What `train.py` does with what a command asks for: train what is missing, measure what is lacking."""

import sys

from aemodels import precision
from aemodels.errors import CheckpointError, LatentLabError
from aemodels.storage import checkpoints
from aemodels.text import one_line
from aemodels.training import duration, generating, lacking, making, measuring, processes, provenance
from aemodels.training.request import Request
from aemodels.training.workplace import Workplace


def trained(request: Request) -> set[str]:
    """Names of the recipes that have a checkpoint, finished or not."""
    return {name for name in request.recipes if checkpoints.checkpoint_path(name, request.out).exists()}


def evaluate(request: Request, at: Workplace) -> list[str]:
    """Measures what finished checkpoints lack, and says which in the folder are of no recipe it knows; returns those of the names that the
    command gives which have none. Raises CheckpointError where none of these is there, and where there is no checkpoint at all of a quick
    look, after which nothing else is measured."""
    there = trained(request)
    if request.is_named and not there:
        checkpoints.read_header(next(iter(request.recipes)), at.out)
    if request.quick and not there:
        raise CheckpointError(
            f"There is no checkpoint of a quick look in {one_line(at.out)} to measure; `python train.py --quick` makes them."
        )
    print(f"{provenance.device_name(at.device)}: measures in float32.", flush=True)
    for recipe in request.recipes.values():
        measuring.evaluate_finished(recipe, request.load, at.out, at.device)
    if not request.is_named:
        if others := [name for name in checkpoints.list_checkpoints(at.out) if name not in request.recipes]:
            print(
                f"Left out, for want of a recipe of the lab: {', '.join(others)}. Give --recipe, or --photos and --like, as when they "
                "were trained, to measure them too."
            )
        return []
    return [n for n in request.recipes if n not in there or not _is_finished(n, at)]


def _is_finished(name: str, at: Workplace) -> bool:
    return checkpoints.read_header(name, at.out)["provenance"]["finished"]


def train(request: Request, at: Workplace) -> list[str]:
    """Trains what is missing; returns the names left out for want of images that fit."""
    if request.minutes and len(request.recipes) > 1:
        request.shares = processes.of_the_first(duration.shares(request, at) if at.is_first else {}, at.accelerator)
    # Other processes may look into other folders.
    names, left_out = lacking.with_images(lacking.lacking(request), request)
    lacking.check_what_they_start_from(names, request)
    names = processes.of_the_first(names, at.accelerator)
    if at.is_first:
        for name in request.recipes.keys() - {*names, *left_out}:
            measuring.develop_film_that_waits(request.recipes[name], request.load, at.out, at.device)
    if names:
        print(
            f"{provenance.device_name(at.device)}: trains in {precision.name(at.dtype)}, which is fastest here, and "
            "measures in float32.",
            flush=True,
        )
        print(*dict.fromkeys(request.load(request.recipes[name]).summary for name in names), sep="\n", flush=True)
        # To tell how long one model takes may take longer than the minutes that it gets.
        if at.device == "cpu" and not at.accelerator and (request.shares or not request.minutes):
            print(duration.how_long(names, request, at), flush=True)
    for name in names:
        recipe = request.recipes[name]
        making.make(request.as_trained(recipe), request.load(recipe), at, request.told_s.get(name, 0.0))
    return left_out


def measure_together(request: Request, names: list[str], with_baselines: bool) -> None:
    """What is measured of these models once all are trained: baselines, what the pages draw, and whether sampling generates. Not after a
    quick look: the pages measure for themselves what it does not keep, and principal components need more photos than it takes."""
    if with_baselines:
        measuring.measure_baselines([request.recipes[name] for name in names], request.load, request.out)
    measuring.measure_curves(request.recipes.values(), request.load, request.out)
    measuring.lay_out_codes([*request.recipes], request.out)
    if not request.is_named:
        try:
            generating.measure(*generating.models_of_photos(request.out, names), request.roots, request.out)
        except LatentLabError as error:
            print(error, file=sys.stderr)
