"""What a command line needs: numbers and devices read from it, text printed to terminals, pipes and files of every encoding."""

import argparse
import io
import math
import sys
from collections.abc import Callable

import torch


def accept_any_text() -> None:
    """From now on, letters that standard output's encoding lacks are printed as "?" and end nothing: a dash on a Japanese Windows,
    a file name that is in no encoding. Standard error escapes them by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def usable_device(name: str) -> str:
    """An argument's type: a device of PyTorch, such as "cuda", that works here."""
    try:
        torch.empty(1, device=name)
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
