"""Errors whose message is one sentence that tells a person what to do; the app and train.py print it as it stands."""

import traceback
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
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "-packages" not in frame.filename] or frames
    message = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {message} ({Path(own[-1].filename).name}:{own[-1].lineno})"
