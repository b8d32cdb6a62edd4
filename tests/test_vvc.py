"""VVC: what is counted of a stream, what a photo becomes, and the search against every scale and quantiser."""

import numpy as np
import pytest
import torch

from aemodels.errors import LatentLabError
from aemodels.quality import codec
from benchmarks import vvc


def photo(height=64, width=64):
    """A smooth picture with an edge and some grain, uint8 (3, height, width)."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width] / 64
    picture = np.stack([x, y, (x + y > 1)], axis=0) * 150 + rng.normal(40, 6, (3, height, width))
    return torch.from_numpy(picture.clip(0, 255).astype(np.uint8))


def unit(kind, content):
    """A NAL unit of layer 0 and temporal level 0, without start code."""
    return bytes([0, kind << 3 | 1]) + content


def test_slices_alone_are_counted():
    sps, pps, sei = unit(15, b"parameters"), unit(16, b"more"), unit(23, b"words")
    idr, cra = unit(8, b"picture"), unit(9, b"slice")  # of 9 and 7 bytes
    stream = b"\0\0\0\1" + sps + b"\0\0\1" + pps + b"\0\0\0\1" + idr + b"\0\0\1" + cra + b"\0\0\1" + sei
    assert vvc.slice_bytes(stream) == 9 + 7
    assert vvc.slice_bytes(b"\0\0\1" + idr + bytes(3)) == 9  # zeros after a unit belong to none


def test_an_escaped_start_code_is_part_of_its_unit():
    assert vvc.slice_bytes(b"\0\0\1" + unit(8, b"a\0\0\3\1b")) == 8


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"", "start code"),
        (b"picture", "start code"),
        (b"\0\0\1" + unit(15, b"parameters"), "no picture"),
        (b"\0\0\1" + unit(15, b"parameters") + b"\0\0\1\0", "ends before"),
    ],
)
def test_a_stream_cut_short_is_refused(stream, reason):
    with pytest.raises(ValueError, match=f"broken: .*{reason}"):
        vvc.slice_bytes(stream)


def test_a_stream_of_ffmpeg_cut_before_its_picture_is_refused():
    stream = vvc.compress(photo(), 1, 40, "faster")
    assert 0 < vvc.slice_bytes(stream) < len(stream)
    picture = stream.rindex(vvc.START_CODE) + 3  # which comes last
    assert vvc.slice_bytes(stream) == len(stream) - picture
    cut = stream[: stream.rindex(vvc.START_CODE)]
    with pytest.raises(ValueError, match="no picture"):
        vvc.slice_bytes(cut)
    with pytest.raises(LatentLabError, match="ffmpeg"):
        vvc.picture(cut, (64, 64), 1)


@pytest.mark.parametrize("preset", ["faster", "slower"])
def test_what_vvenc_prints_is_no_part_of_the_stream(preset):
    assert b"warning" not in vvc.compress(photo(), 1, 45, preset)


@pytest.mark.parametrize("shape", [(64, 64), (96, 72)])
def test_a_finer_quantiser_takes_more_bytes_and_comes_nearer(shape):
    x = photo(*shape)
    for scale in vvc.SCALES:
        fine, coarse = (vvc.encode(x, scale, qp, "faster") for qp in (20, 45))
        assert coarse.num_bytes < fine.num_bytes
        assert fine.mse < coarse.mse < 0.02
        assert coarse.settings == (scale, 45)


def test_a_photo_is_itself_but_for_its_colours_detail():
    """By a fine quantiser little is lost but what 4:2:0 takes."""
    grey = photo().float().mean(0, keepdim=True).round().to(torch.uint8).expand(3, -1, -1)
    assert vvc.encode(grey, 1, 8, "faster").mse < (1 / 255) ** 2
    colour = vvc.picture(vvc.compress(photo(), 1, 8, "faster"), (64, 64), 1)
    assert np.abs(colour.mean((0, 1)) - photo().numpy().mean((1, 2)) / 255).max() < 0.002


@pytest.mark.release
def test_no_scale_or_quantiser_is_better_than_what_is_found(monkeypatch):
    monkeypatch.setattr(vvc, "SCALES", (1, 1 / 2))
    x, budgets = photo(), (80, 120)
    everything = [vvc.encode(x, scale, qp, "faster") for scale in vvc.SCALES for qp in range(24, 46)]
    found = vvc.encodings(x, budgets, preset="faster")
    for budget in budgets:
        assert codec.best_within(found, budget) == codec.best_within(everything, budget)
    assert min(e.num_bytes for e in everything) < 80
    assert len(found) < 20


def test_ffmpegs_complaint_is_told():
    with pytest.raises(LatentLabError, match=r"ffmpeg failed: \S"):
        vvc.picture(b"no stream", (64, 64), 1)
