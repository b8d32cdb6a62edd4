"""Keeps modules out of the garbage collection that Streamlit starts after each run, where PyTorch's alone take 90 ms."""

import gc
import sys

_num_modules = 0


def freeze_modules() -> None:
    """To be called before the first run and at the end of each; does something only where modules were imported since the last time."""
    global _num_modules
    if len(sys.modules) != _num_modules:
        _num_modules = len(sys.modules)
        gc.freeze()
