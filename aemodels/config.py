"""Configurations: frozen dataclasses of plain values that round-trip through JSON and say in a sentence what is wrong."""

from dataclasses import asdict, fields
from reprlib import repr  # shortens what a hostile file makes long
from typing import Any, Self

from aemodels.errors import ConfigError

MAX_NUMBER = 1e300


def require(condition: bool, message: str) -> None:
    """Raises ConfigError with this message unless the condition holds."""
    if not condition:
        raise ConfigError(message)


def is_number(value: object) -> bool:
    """Whether a value is a finite number of at least 0, and no bool."""
    return type(value) in (int, float) and 0 <= value <= MAX_NUMBER


class JsonConfig:
    """to_dict and from_dict for frozen dataclasses; lists come back as tuples."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Raises ConfigError for unknown or missing keys and for values out of range."""
        require(isinstance(values, dict), f"A {cls.__name__} must be a JSON object.")
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        require(
            not unknown, f"{cls.__name__} has no field {', '.join(unknown)[:80]}; update Latent Lab to read this file."
        )
        try:
            return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
        except TypeError as error:
            raise ConfigError(f"{cls.__name__} cannot be built from {repr(values)}: {error}.") from error
