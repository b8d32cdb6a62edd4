"""The throughput benchmark runs to its end; how fast anything is, is not tested."""

import re
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from aemodels import precision
from aemodels.models import building
from benchmarks import train_throughput


@pytest.mark.release
def test_it_prints_all_rates_and_the_share_of_the_matrix_rate(photo_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    train_throughput.main(["--data", str(photo_folder), "--batch-size", "2", "--steps", "1", "--rounds", "1"])
    said = capsys.readouterr().out
    chosen = precision.name(precision.fastest(torch.device("cpu")))
    other = {"bfloat16": "float32", "float32": "bfloat16"}[chosen]

    def number(start):
        return float(re.search(rf"^{re.escape(start)} +([\d.]+)", said, re.M)[1])

    rows = ("theirs, float32", f"ours, {chosen}", f"ours, {other}", "ours, from disk")
    theirs, ours, slower, from_disk = map(number, rows)
    ratios = {
        "ours / theirs": (ours, theirs),
        "disk / memory": (from_disk, ours),
        f"{chosen} / {other}": (ours, slower),
    }
    for name, (a, b) in ratios.items():
        ratio = number(name)
        # Rates are rounded to 0.05, ratios to 0.005.
        assert (a - 0.05) / (b + 0.05) - 0.005 <= ratio <= (a + 0.05) / max(b - 0.05, 1e-9) + 0.005
    assert re.search(r"GFLOP/s: \d+%$", said, re.M)


def test_operations_are_counted_as_with_modules_tracked(conv_config):
    model, x = building.build(conv_config), torch.zeros(1, *conv_config.image_shape)
    with FlopCounterMode(display=False) as counter:
        model.decoder(model.encode(x)).sum().backward()
    assert train_throughput.flop_per_image(conv_config) == counter.get_total_flops() > 0


def test_steps_of_the_refiner_are_counted(conv_config):
    counts = [
        train_throughput.flop_per_image(replace(conv_config, refiner_depth=1, refiner_steps=steps))
        for steps in (1, 2, 3)
    ]
    assert counts[2] - counts[1] == counts[1] - counts[0] > 0
