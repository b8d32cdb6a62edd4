"""Errors whose message is one sentence that tells a person what to do; the app and train.py print it as it stands."""


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
