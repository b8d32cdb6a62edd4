"""Writes the plane of a data set's models into one HTML file, which needs no network and no installation.

python -m aemodels.export plane.html                       the first data set that has models with a code of two numbers
python -m aemodels.export plane.html --data FashionMNIST   this one
python -m aemodels.export plane.html --checkpoints DIR     of the models in another folder
"""

from aemodels import stopping

STOPPED = "Stopped; nothing was written."
BEGINNING = b"<!doctype html>"

with stopping.at_once(STOPPED):
    import argparse
    import sys
    from pathlib import Path

    from aemodels import console, starting
    from aemodels.errors import CheckpointError, LatentLabError
    from aemodels.export import plane_file
    from aemodels.files import replacing
    from aemodels.memory import size
    from aemodels.storage import catalogue, checkpoints
    from aemodels.training import recipes


def main() -> int:
    console.accept_any_text()
    parser = console.Parser(
        prog="python -m aemodels.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=console.path, help="where to write it, such as plane.html")
    parser.add_argument("--data", metavar="NAME", help="the data set, as Home calls it")
    parser.add_argument("--checkpoints", type=console.path, metavar="DIR", help="the folder of checkpoints")
    args = parser.parse_args()
    try:
        group = _group(args.checkpoints, args.data)
        loaded = []
        for name in group.names:
            try:
                loaded.append(checkpoints.load_checkpoint(name, args.checkpoints))
            except CheckpointError as error:
                print(f"Left out: {error}", file=sys.stderr)
        _check_replaceable(args.file)
        with replacing(args.file) as temporary:  # says at once where it cannot be written
            content, left_out = plane_file.build(group, loaded)
            temporary.write_bytes(content)
        print(f"{args.file}: {size(len(content))}, {group.title}")
        if left_out:
            print(f"Left out, for want of room or because a browser cannot decode them: {', '.join(left_out)}.")
        return 0
    except LatentLabError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads the output has seen enough
        console.silence()
        return 1
    except OSError as error:
        print(console.unusable(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{STOPPED}", file=sys.stderr)
        return stopping.STATUS


def _check_replaceable(path: Path) -> None:
    """Raises LatentLabError where something else lies there: a checkpoint, say."""
    if not path.is_file():
        return
    with open(path, "rb") as file:
        if not file.read(len(BEGINNING)).lower() == BEGINNING:
            raise LatentLabError(f"{path} is there already and is no page of HTML; give the file another name.")


def _group(folder: Path | None, name: str | None) -> catalogue.Group:
    """The data set of this name, or the first, with its models that have a code of two numbers."""
    lab = {recipe.name: recipe.data for recipe in recipes.of_the_lab().values()}
    found = catalogue.read_all(
        checkpoints.list_checkpoints(folder), lab, lambda of: catalogue.read(of, folder)
    ).of_kind(catalogue.PLANE)
    if not found:
        raise LatentLabError(
            f"There is no model with a code of two numbers in {checkpoints.checkpoint_folder(folder)}; `python train.py` makes some."
        )
    groups = {group.key: group for group in found}
    if name is None:
        return found[0]
    if name not in groups:
        raise LatentLabError(f"There is no data set {name} with a code of two numbers; there is {', '.join(groups)}.")
    return groups[name]


if __name__ == "__main__":
    starting.in_utf8()
    sys.exit(main())
