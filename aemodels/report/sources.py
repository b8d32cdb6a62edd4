"""The project's source as a zip that can be handed in with a report."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from aemodels import language
from aemodels.language import _
from aemodels.text import collapsed

PROJECT = Path(__file__).parents[2]
# What source is made of. Weights, films of trainings, photos, archives and notes of an editor are not, wherever they lie.
_KINDS = {
    ".py", ".js", ".css", ".html", ".toml", ".txt", ".md", ".po", ".json", ".jsonl",
    ".ipynb", ".sh", ".ttf", ".otf", ".npz", ".conf", ".yaml", ".service",
}  # fmt: skip
_NAMES = {"LICENSE", "run", "Dockerfile", ".dockerignore", ".gitignore", ".gitattributes"}
_PICTURES = {
    "docs/experiments/prior-states.webp",
    "docs/latent-plane.png",
    "pages/parts/icon.png",
}  # the project's own
_HIDDEN_FOLDERS = {".ci", ".streamlit"}
_LEFT_OUT = {"node_modules", "site-packages", "__pycache__", "secrets.toml"}
_LEFT_OUT_ON_TOP = {"data", "shared", "build", "dist"}
MAX_BYTES = 25 * 2**20  # of one file


def build_source_zip(spoken: str, folder: str, name: str, number: str, project: Path = PROJECT) -> bytes:
    """A zip with one folder in it: the source, and a page that says how to run it.

    spoken         the language of that page
    folder         the folder's name, such as 实验三代码_姓名_学号
    name, number   of the author; may be empty
    project        the folder whose source it is; a git checkout or not
    """
    buffer = io.BytesIO()
    with language.speaking(spoken), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        page = _("HOW TO RUN.md")
        archive.writestr(f"{folder}/{page}", how_to_run(name, number).encode())
        for path in sorted(_source(project)):
            archive.write(path, f"{folder}/{path.relative_to(project).as_posix()}")
    return buffer.getvalue()


def how_to_run(name: str, number: str) -> str:
    """The page, in Markdown and the language that is spoken."""
    author = collapsed(f"{name} {number}")
    parts = [
        _("# How to run this project"),
        author,
        _("You need Python 3.11 or newer. Install the libraries:"),
        "```\npip install -r requirements.txt\n```",
        _("The trained models and the photos are not in this archive. Fetch the data and train every model:"),
        "```\npython train.py --download\npython train.py\n```",
        _("To try it within about ten minutes, train small models instead:"),
        "```\npython train.py --quick\n```",
        _("Start the app, with the small models by the second command:"),
        "```\nstreamlit run app.py\nstreamlit run app.py -- --checkpoints checkpoints-quick\n```",
        _("README.md says more about the models, and docs/architecture.md says how the code is arranged."),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _source(project: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(project):
        here = Path(folder)
        folders[:] = [name for name in folders if _is_wanted(here / name)]
        if here == project:
            folders[:] = sorted(set(folders) - _LEFT_OUT_ON_TOP)
        for name in files:
            path = here / name
            known = path.suffix in _KINDS or name in _NAMES or path.relative_to(project).as_posix() in _PICTURES
            if known and name not in _LEFT_OUT and not path.is_symlink() and path.stat().st_size <= MAX_BYTES:
                yield path


def _is_wanted(folder: Path) -> bool:
    hidden = folder.name.startswith(".") and folder.name not in _HIDDEN_FOLDERS
    is_environment = (folder / "pyvenv.cfg").exists()
    return not (
        hidden or is_environment or folder.name in _LEFT_OUT or folder.suffix == ".egg-info" or folder.is_symlink()
    )
