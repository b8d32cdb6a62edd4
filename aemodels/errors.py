"""Errors whose message is one sentence that tells a person what to do; the app and train.py print it as it stands."""

import inspect
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path


class LatentLabError(Exception):
    """Base of every error that bad input, a missing file or a full disk can cause."""


class ConfigError(LatentLabError):
    """A configuration value that no model can be built or trained from."""


class DataError(LatentLabError):
    """Missing, broken or unusable data."""


class CheckpointError(LatentLabError):
    """A checkpoint that is missing, broken or not one of ours."""


class DivergenceError(LatentLabError):
    """Training whose losses, gradients or weights are finite numbers no longer."""


class FileError(LatentLabError, OSError):
    """A file that could not be written."""


def as_words(error: Exception) -> str:
    """What went wrong in code that somebody is writing, in one line and without a final stop: its kind, its message, and the innermost
    line outside of the installed packages."""
    if isinstance(error, SyntaxError):  # which Python finds before a line of that file has run
        message, file, line = error.msg, error.filename, error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "-packages" not in frame.filename] or frames
        message, file, line = str(error), own[-1].filename, own[-1].lineno
    return f"{type(error).__name__}: {textwrap.shorten(message, 300, placeholder=' …').rstrip('.')} ({Path(file).name}:{line})"


def place_of(written: type | Callable) -> str:
    """File and line at which a class or function begins, such as "autoencoders.py:110"; of what is neither, its type."""
    try:
        return f"{Path(inspect.getsourcefile(written)).name}:{inspect.getsourcelines(written)[1]}"
    except (OSError, TypeError):
        return type(written).__name__
