"""What a command line needs: numbers and devices read from it, text printed to terminals, pipes and files of every encoding."""

import argparse
import io
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from aemodels.text import one_line


def accept_any_text() -> None:
    """From now on, letters that standard output's encoding lacks are printed as "?" and end nothing: a dash on a Japanese Windows,
    a file name that is in no encoding. Standard error escapes them by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def silence() -> None:
    """From now on, what is printed goes nowhere, for nobody reads it any more; Python would fail at its end otherwise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unusable(error: OSError) -> str:
    """The sentence for a file, or for the output, that cannot be used."""
    where = one_line(error.filename) if error.filename else "The output"
    return f"{where} cannot be used ({error.strerror}); check path and permissions."


class Parser(argparse.ArgumentParser):
    """One that says how to write the name of a file or folder that it took for an option."""

    def error(self, message: str) -> NoReturn:
        for name in (argument for argument in self.given if argument.startswith("-")):
            written = os.path.join(".", one_line(name))
            if os.path.lexists(name):
                message += f"; for what is here under that name, write {written}"
            elif "expected" in message and re.match(r"-[^\W\d]", name):  # options have two dashes
                message += f"; if that is to be a name, write {written}"
        super().error(message)

    def parse_known_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        self.given = sys.argv[1:] if args is None else args
        return super().parse_known_args(args, namespace)


def path(text: str) -> Path:
    """An argument's type: a path, in which ~ stands for the home folder: of --out=~/models a shell leaves it. An empty one, as "$FOLDER" is where no FOLDER is set, would be the folder that one works in."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; write . for the folder that you are in")
    return Path(os.path.expanduser(text))


def usable_device(name: str) -> str:
    """An argument's type: a device of PyTorch, such as "cuda", that works here."""
    import torch  # here, for the app reads its arguments before it takes the seconds that PyTorch needs

    try:
        torch.ones(1, device=name).item()  # which "meta" cannot give
    except Exception as error:  # each back end fails in its own way
        raise argparse.ArgumentTypeError(f"{name} cannot be used here; leave --device out, or say cpu") from error
    return name


def above_zero(number: Callable[[str], float], most: float) -> Callable[[str], float]:
    """An argument's type: a number above 0 and at most `most`."""

    def parse_number(text: str) -> float:
        try:
            value = number(text)
        except ValueError:
            value = math.nan
        if not 0 < value <= most:
            kind = "whole number" if number is int else "number"
            raise argparse.ArgumentTypeError(f"{text[:80]!r} is no {kind} above 0 and up to {most:,.0f}")
        return value

    return parse_number
