"""The folders that benchmarks are told on the command line."""

import argparse

from aemodels import console


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=console.path, help="folder of the data sets (default: LATENT_LAB_DATA, else data/)"
    )


def add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=console.path, help="folder of the checkpoints (default: checkpoints/)")
