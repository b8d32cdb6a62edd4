"""Trains every model of the lab, and yours: recipe -> data -> fit -> evaluate -> save.

    python train.py                          whatever is missing in checkpoints/
    python train.py --only dog-ae mnist-ae   these alone
    python train.py --recipe flowers.toml    a model of your own
    python train.py --photos DIR --like dog-ae   one of the lab's recipes on a folder of your pictures
    python train.py --list                   which recipes there are, and what is trained
    python train.py --quick                  all of them, with small networks, in some ten minutes on a CPU, into checkpoints-quick/
    python train.py --evaluate               trains nothing; measures what finished checkpoints and the baselines lack
    python train.py --pack photos.pack       packs the photos into one file for another computer, which trains with --data photos.pack
    python train.py --download               fetches MNIST and Stanford Dogs into the data folder first
    accelerate launch train.py               on all GPUs of this machine, or of several

Stop it at any time: run again, it goes on from the last epoch that was saved.
"""

from aemodels import stopping

STOPPED = "Stopped; run the same command again to go on from the last saved epoch."

with stopping.at_once(STOPPED):
    import argparse
    import signal
    import sys
    from pathlib import Path

    import torch

    from aemodels import console, files, starting
    from aemodels.data import packed
    from aemodels.errors import DataError, FileError, LatentLabError
    from aemodels.models.config import MAX_COUNT, MAX_MINUTES
    from aemodels.storage import checkpoints
    from aemodels.text import one_line
    from aemodels.training import carrying, choosing, commands, processes, table
    from aemodels.training.request import Request
    from aemodels.training.workplace import Workplace


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these of the lab's own recipes; --list shows them")
    parser.add_argument(
        "--recipe", type=console.path, nargs="+", metavar="FILE", help="recipes of your own, TOML files"
    )
    parser.add_argument(
        "--photos", type=console.path, metavar="DIR", help="folder of your pictures, for a recipe of the lab"
    )
    parser.add_argument("--like", metavar="NAME", help="which recipe of the lab to train on --photos")
    instead = parser.add_mutually_exclusive_group()  # of training
    instead.add_argument("--list", action="store_true", help="show the recipes and what is trained, and end")
    parser.add_argument(
        "--data",
        type=console.path,
        nargs="+",
        metavar="DIR",
        help="folders of the data sets, searched in this order (default: LATENT_LAB_DATA, else data/)",
    )
    parser.add_argument(
        "--out",
        type=console.path,
        help="folder of the checkpoints (default: LATENT_LAB_CHECKPOINTS, else checkpoints/)",
    )
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    parser.add_argument(
        "--device",
        type=console.usable_device,
        default=accelerator.type if accelerator else "cpu",
        help="where to train, such as cuda, mps or cpu (default: a GPU if there is one)",
    )
    parser.add_argument(
        "--epochs",
        type=console.above_zero(int, MAX_COUNT),
        help="at most this many passes over the train split, per model",
    )
    parser.add_argument(
        "--minutes",
        type=console.above_zero(float, MAX_MINUTES),
        help="at most this many minutes, shared among the models, for training and measuring them",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small networks and a minute or so a model; for a first look"
    )
    instead.add_argument(
        "--evaluate",
        action="store_true",
        help="train nothing; measure what finished checkpoints and the baselines lack",
    )
    parser.add_argument(
        "--compile", action="store_true", help="torch.compile the networks: some minutes to start, meant for GPUs"
    )
    parser.add_argument("--download", action="store_true", help="fetch the data sets first")
    instead.add_argument(
        "--pack",
        type=console.path,
        metavar="FILE",
        help="train nothing; pack the photos into one file for another computer, where --data FILE takes it",
    )
    parser.add_argument(
        "--quality",
        type=console.above_zero(int, 100),
        help=f"of the WebP files that --pack makes of all photos but the test photos, 1 to 100 (default: {packed.QUALITY})",
    )
    args = parser.parse_args(arguments)
    for other in ("list", "evaluate", "pack"):
        for name in ("epochs", "minutes", "compile"):
            if getattr(args, other) and getattr(args, name):
                parser.error(f"--{other} trains nothing, so --{name} does nothing there; leave it out")
    if args.list and args.download:
        parser.error("--list fetches nothing; give --download without it")
    if args.quality and not args.pack:
        parser.error("--quality belongs to --pack FILE; give both")
    args.out = args.out or (Path("checkpoints-quick") if args.quick else checkpoints.checkpoint_folder())
    return args


def main(arguments: list[str] | None = None) -> int:
    console.accept_any_text()
    try:
        args = parse(arguments)
        return run(args)
    except FileError as error:
        how = "" if args.pack else " with --out"
        print(f"\n{str(error).removesuffix('.')}{how}.", file=sys.stderr)
        return 1
    except LatentLabError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads the output has seen enough, as head has
        console.silence()
        return 1
    except OSError as error:  # such as a folder that may not be entered, or a name that is too long
        print(f"\n{console.unusable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{STOPPED}", file=sys.stderr)
        return stopping.STATUS


def run(args: argparse.Namespace) -> int:
    """Does what the command line asks for; returns 1 where a model was left out for want of images that fit, could not be measured,
    or is gone at the end."""
    request = Request(
        recipes=choosing.chosen(args.only, args.recipe, args.photos, args.like),
        out=args.out,
        data=tuple(args.data or ()),
        is_named=bool(args.only or args.recipe or args.photos),
        quick=args.quick,
        epochs=args.epochs,
        minutes=args.minutes,
    )
    if files.is_file(args.out):
        raise DataError(f"{one_line(args.out)} is a file; give --out a folder.")
    if args.list:
        others = [name for name in checkpoints.list_checkpoints(args.out) if name not in request.recipes]
        table.show([*request.recipes, *([] if args.only else others)], args.out)
        return 0
    if args.download:
        from aemodels.data import download  # needs more packages than training does

        download.download_mnist(request.roots[0])
        download.download_dogs(request.roots[0])
    request.check_places()
    if args.pack:
        print(carrying.pack(request, args.pack, args.quality or packed.QUALITY))
        return 0
    refines_later = any(recipe.training.refine_from for recipe in request.recipes.values())
    accelerator = processes.join(args.device == "cpu", refines_later)
    device = str(accelerator.device) if accelerator else args.device
    dtype = torch.float32 if args.evaluate else processes.agreed_dtype(device, accelerator)
    at = Workplace(args.out, device, dtype, args.compile, accelerator)
    left_out, unmeasured = [], []
    seen = commands.trained(request)
    if not args.evaluate:
        left_out = commands.train(request, at)
    elif at.is_first:
        unmeasured = commands.evaluate(request, at)
    if accelerator:
        accelerator.end_training()
    if not at.is_first:
        return 0
    seen |= commands.trained(request)
    if not args.quick:
        there = [name for name in request.recipes if name not in left_out]
        commands.measure_together(request, there, with_baselines=not args.only)
    table.show([*request.recipes], args.out)
    gone = sorted(seen - commands.trained(request))
    if left_out:
        print(f"\nNot trained, for want of images that fit: {', '.join(left_out)}.", file=sys.stderr)
    if unmeasured:
        print(f"\nNot measured, for they are missing or unfinished: {', '.join(unmeasured)}.", file=sys.stderr)
    if gone:
        print(
            f"\nRemoved from {args.out} while this ran: {', '.join(gone)}; train again what you miss.", file=sys.stderr
        )
    return 1 if left_out or unmeasured or gone else 0


if __name__ == "__main__":
    starting.in_utf8()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as with Ctrl-C, no half-written file stays behind
    sys.exit(main())
