"""What stands after `streamlit run app.py --`: where models and photos lie, if elsewhere, and whether the app measures while nobody comes."""

import argparse
import functools
import sys

from aemodels import console


def _parser() -> console.Parser:
    parser = console.Parser("streamlit run app.py --", allow_abbrev=False)
    parser.add_argument("--data", type=console.path, metavar="DIR", help="folder of the data sets")
    parser.add_argument("--checkpoints", type=console.path, metavar="DIR", help="folder of the models")
    parser.add_argument("--only-when-asked", action="store_true", help="measure nothing while nobody comes")
    return parser


def check() -> None:
    """Ends the program, with a sentence, where something else stands there."""
    _parser().parse_args()


def given() -> argparse.Namespace:
    """data and checkpoints, each a Path or None; only_when_asked, a bool."""
    return _parse(tuple(sys.argv[1:]))


@functools.cache  # a page asks some sixty times
def _parse(arguments: tuple[str, ...]) -> argparse.Namespace:
    return _parser().parse_known_args(arguments)[0]  # where a test starts a page, these are the arguments of pytest
