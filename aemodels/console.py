"""Text for terminals, pipes and files of every encoding."""

import io
import sys


def accept_any_text() -> None:
    """From now on, letters that standard output's encoding lacks are printed as "?" and end nothing: a dash on a Japanese Windows,
    a file name that is in no encoding. Standard error escapes them by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
