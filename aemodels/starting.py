"""How a command begins."""

import os
import sys


def in_utf8() -> None:
    """Starts the command anew, in Python's UTF-8 mode, where Python takes the names of files for ASCII: under the C locale, when that mode
    is switched off. A file named in Chinese would have a name there that no checkpoint can have."""
    if sys.getfilesystemencoding() == "ascii":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
