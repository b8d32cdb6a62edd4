"""The table that a command ends with: what is trained, how well, and how it ended."""

from pathlib import Path
from typing import Any

from aemodels.errors import CheckpointError
from aemodels.storage import checkpoints
from aemodels.text import one_line


def show(names: list[str], out: Path) -> None:
    """Prints it: a line for each of the names."""
    print(f"\n{'checkpoint':<22}{'BCE':>8}{'PSNR/dB':>9}{'± 95%':>8}{'steps':>9}{'minutes':>9}  state")
    for name in names:
        state = "cannot be read"
        try:
            if not checkpoints.checkpoint_path(name, out).exists():
                state = "missing"
            header = checkpoints.read_header(name, out)
        except CheckpointError:
            print(f"{one_line(name):<22}{'–':>8}{'–':>9}{'–':>8}{'–':>9}{'–':>9}  {state}")
            continue
        m, p = header["metrics"], header["provenance"]
        cells = (
            f"{m[key]:.{places}f}" if key in m else "–"
            for key, places in (("bce", 4), ("psnr_db", 2), ("psnr_db_ci95", 2))
        )
        of_prior = f", velocity loss {m['velocity_loss']:.4f}" if "velocity_loss" in m else ""
        print(
            "{:<22}{:>8}{:>9}{:>8}".format(name, *cells)
            + f"{p['steps']:>9}{p['wall_s'] / 60:>9.1f}  {_how_it_ended(header)}{of_prior}"
        )
    print("PSNR = 10·log10(1 / MSE) of each image, averaged; each model under the noise it was trained with.")


def _how_it_ended(header: dict[str, Any]) -> str:
    """Whether a checkpoint's training is finished, and how far it came where a time limit ended it."""
    epochs, done = header["train_config"]["epochs"], header["history"][-1]["epoch"] if header["history"] else 0
    if not header["provenance"]["finished"]:
        return "unfinished"
    return "finished" if done >= epochs else f"finished by its time limit, after {done:.3g} of {epochs} epochs"
