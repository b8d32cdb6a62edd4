"""The plane's file and what is packed into it, without a browser."""

import contextlib
import json
import os

import numpy as np
import pytest
import torch
from foreign_models import save_foreign
from torch import nn

import aemodels
from aemodels.codes import planes
from aemodels.errors import ConfigError
from aemodels.export import __main__ as command
from aemodels.export import packing, plane_file, rounding
from aemodels.storage import catalogue


def unpacked(content):
    """Header, weights, codes, labels, whole numbers."""
    length = int.from_bytes(content[:4], "little")
    header, start, parts = json.loads(content[4 : 4 + length]), 4 + length, []
    sizes = (("num_weights", np.float16, 1), ("num_codes", np.float32, 2), ("num_codes", np.uint8, 1))
    for key, kind, width in (*sizes, ("num_whole", np.int8, 1)):
        count = header[key] * width
        parts.append(np.frombuffer(content[start : start + count * np.dtype(kind).itemsize], kind))
        start += parts[-1].nbytes
    assert start == len(content)
    return header, *parts


def decode(header, weights, whole, z):
    """Pixels (n, P) as decoder.js computes them of places (n, 2)."""
    x, at, at_whole = z.double(), 0, 0
    weights = torch.from_numpy(weights.astype(float))

    def take(count):
        nonlocal at
        at += count
        return weights[at - count : at]

    for layer in header["layers"]:
        if layer["kind"] == "linear":
            size = layer["inputs"] * layer["outputs"]
            if layer["rounded"]:
                at_whole += size
                matrix = torch.from_numpy(whole[at_whole - size : at_whole].astype(float)).view(layer["outputs"], -1)
                matrix = matrix * take(layer["outputs"])[:, None]
            else:
                matrix = take(size).view(layer["outputs"], -1)
            x = x @ matrix.T + take(layer["outputs"])
        elif layer["kind"] == "norm":
            x = nn.functional.layer_norm(x, x.shape[1:], eps=layer["eps"])
            x = x * take(layer["size"]) + take(layer["size"])
        else:
            x = {"silu": nn.functional.silu, "sigmoid": torch.sigmoid}[layer["kind"]](x)
    assert (at, at_whole) == (len(weights), len(whole))
    return x


def test_rounded_weights_decode_as_before_to_two_grey_levels_nearly_everywhere():
    ckpt = aemodels.load_checkpoint("mnist-ae")
    header, weights, codes, labels, whole = unpacked(packing.pack_rounded(ckpt, 1))
    assert (labels == ckpt.labels.numpy()).all()
    assert codes.reshape(-1, 2) == pytest.approx(ckpt.codes.numpy(), rel=2e-5)
    z = torch.cat([planes.cells(planes.widen(planes.box(ckpt.codes, 0.998)), 29), ckpt.codes[1::11]])
    error = 255 * (decode(header, weights, whole, z) - ckpt.model.decode(z).flatten(1)).abs().amax(1)
    assert error.max() <= 4
    assert (error <= 2).double().mean() > 0.99
    assert len(whole) > 0.9 * sum(p.numel() for p in ckpt.model.decoder.parameters())


def test_rounding_makes_up_for_what_it_changes():
    """On correlated inputs it is closer than rounding each entry by itself."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2000, 8, generator=generator) @ torch.randn(8, 64, generator=generator)
    weight = torch.randn(50, 64, generator=generator)
    steps = torch.full((50,), 0.2)
    by_itself = (weight / 0.2).round()
    whole = rounding._gptq(weight, x, steps)
    assert (whole == whole.round()).all()
    far, near = ((x @ (weight - 0.2 * numbers).T).square().mean() for numbers in (by_itself, whole))
    assert near < 0.2 * far


def group_of(*names, folder=None):
    found = catalogue.read_all(names, {}, lambda name: catalogue.read(name, folder))
    return found.groups[0], [aemodels.load_checkpoint(name, folder) for name in names]


def test_few_models_keep_their_weights_as_they_are(tmp_path):
    save_foreign("fashion-plane", tmp_path)
    content, left_out = plane_file.build(*group_of("fashion-plane", folder=tmp_path))
    assert left_out == []
    assert len(content) < plane_file.LARGEST_BYTES
    text = content.decode()
    for outside in ("http://", "https://", "src=", "@import", "<!-- "):
        assert outside not in text.replace('src="data:', "")


def test_a_model_that_no_browser_decodes_is_refused_in_a_sentence(tmp_path):
    save_foreign("shapes-denoiser", tmp_path)
    group, found = group_of("shapes-denoiser", folder=tmp_path)
    with pytest.raises(ConfigError, match="No model of Shapes fits into a file"):
        plane_file.build(group, found)


@pytest.mark.parametrize("arguments", [["", "--checkpoints", "."], ["plane.html", "--checkpoints", ""]])
def test_an_empty_path_is_refused(arguments, monkeypatch, capsys):
    """As "$FOLDER" is where no FOLDER is set."""
    monkeypatch.setattr("sys.argv", ["export", *arguments])
    with pytest.raises(SystemExit) as stopped:
        command.main()
    assert stopped.value.code == 2
    assert "is empty; write . for the folder that you are in" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-start"], ["plane.html", "--checkpoints", "-start"]])
def test_a_name_that_begins_with_a_dash(arguments, tmp_path, monkeypatch, capsys):
    (tmp_path / "-start").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["export", *arguments])
    with pytest.raises(SystemExit):
        command.main()
    assert f"for what is here under that name, write {os.path.join('.', '-start')}" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_an_output_that_is_full_is_one_sentence(tmp_path, monkeypatch, capsys):
    save_foreign("fashion-plane", tmp_path)
    monkeypatch.setattr("sys.argv", ["export", str(tmp_path / "plane.html"), "--checkpoints", str(tmp_path)])
    with contextlib.suppress(OSError), open("/dev/full", "w", buffering=1) as full:
        monkeypatch.setattr("sys.stdout", full)
        assert command.main() == 1
    assert (
        capsys.readouterr().err == "The output cannot be used (No space left on device); check path and permissions.\n"
    )
    assert (tmp_path / "plane.html").exists()


def test_a_page_replaces_a_page_and_nothing_else(tmp_path, monkeypatch, capsys):
    save_foreign("fashion-plane", tmp_path)
    page, model = tmp_path / "plane.html", tmp_path / "fashion-plane.safetensors"
    before = model.read_bytes()
    for path, status in ((page, 0), (page, 0), (model, 1)):
        monkeypatch.setattr("sys.argv", ["export", str(path), "--checkpoints", str(tmp_path)])
        assert command.main() == status
    assert capsys.readouterr().err == f"{model} is there already and is no page of HTML; give the file another name.\n"
    assert model.read_bytes() == before
