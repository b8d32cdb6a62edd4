"""Configurations: frozen dataclasses of plain values that round-trip through JSON and say in a sentence what is wrong."""

from dataclasses import asdict, fields
from typing import Any, Self

from aemodels.errors import ConfigError
from aemodels.language import N_, _
from aemodels.text import shown

MAX_NUMBER = 1e300


def require(condition: bool, message: str, **values: object) -> None:
    """Raises ConfigError unless the condition holds.

    message  marked by `N_`; it is translated only where it is needed
    values   what takes the places in it
    """
    if not condition:
        raise ConfigError(_(message).format(**values))


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
        require(isinstance(values, dict), N_("A {kind} must be a JSON object."), kind=cls.__name__)
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        require(
            not unknown,
            N_("{kind} has no field {fields}; update Latent Lab to read this file."),
            kind=cls.__name__,
            fields=", ".join(unknown)[:80],
        )
        try:
            return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
        except TypeError as error:
            raise ConfigError(
                _("{kind} cannot be built from {values}: {reason}.").format(
                    kind=cls.__name__, values=shown(values), reason=error
                )
            ) from error
