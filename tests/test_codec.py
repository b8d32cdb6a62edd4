"""AVIF at capacity against closed forms, a hand-made parse of the file, and hand-made files."""

import io
from math import log10

import numpy as np
import pytest
import torch
from PIL import Image

from aemodels.errors import LatentLabError
from aemodels.quality import codec


def photo(side=64, seed=0):
    """A smooth picture with an edge and some grain, uint8 (3, side, side)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    picture = np.stack([x, y, (x + y > 1)], axis=0) * 180 + rng.normal(40, 6, (3, side, side))
    return torch.from_numpy(picture.clip(0, 255).astype(np.uint8))


def avif(x, **options):
    buffer = io.BytesIO()
    Image.fromarray(x.permute(1, 2, 0).numpy()).save(buffer, "AVIF", **options)
    return buffer.getvalue()


def box(kind, content):
    return (8 + len(content)).to_bytes(4, "big") + kind + content


@pytest.mark.parametrize(("variance", "num_bytes"), [(0.05, 281), (0.10, 221), (0.15, 188), (1.0, 64), (1 / 3, 128)])
def test_capacity_of_1024_uses(variance, num_bytes):
    assert codec.capacity_bytes(variance) == num_bytes


def test_capacity_grows_with_uses_and_by_half_a_bit_per_6_db():
    assert codec.capacity_bytes(0.1, num_uses=2048) == 442
    # At high SNR a quarter of the noise is one bit more a use: 1,024 bits, 128 bytes.
    assert codec.capacity_bytes(0.25e-6) - codec.capacity_bytes(1e-6) == pytest.approx(128, abs=1)


@pytest.mark.parametrize("variance", [0.0, -0.1, float("nan")])
def test_a_channel_without_noise_has_no_capacity_to_speak_of(variance):
    with pytest.raises(ValueError, match="must be above 0"):
        codec.capacity_bytes(variance)


@pytest.mark.parametrize("quality", [5, 60])
def test_payload_is_what_the_boxes_and_the_item_location_say(quality):
    """Parsed by hand, and held against the extent that the file's own `iloc` names."""
    file = avif(photo(), quality=quality)
    boxes, start = {}, 0
    while start < len(file):
        size = int.from_bytes(file[start : start + 4], "big")
        boxes[file[start + 4 : start + 8]] = file[start + 8 : start + size]
        start += size
    assert start == len(file)
    assert set(boxes) == {b"ftyp", b"meta", b"mdat"}
    iloc = boxes[b"meta"][boxes[b"meta"].index(b"iloc") + 4 :]
    # Version and flags (4), sizes of offset and length, 4 bytes each (2), one item (2): id, reference, one extent (6).
    assert iloc[:8] == bytes([0, 0, 0, 0, 0x44, 0, 0, 1])
    offset, length = (int.from_bytes(iloc[14 + 4 * i : 18 + 4 * i], "big") for i in range(2))
    assert file[offset : offset + length] == boxes[b"mdat"]
    # A temporal delimiter (OBU type 2, empty), the sequence header (type 1, `size` bytes), and one frame (type 6).
    assert boxes[b"mdat"][:3] == bytes([2 << 3 | 2, 0, 1 << 3 | 2])
    size = boxes[b"mdat"][3]
    frame = boxes[b"mdat"][4 + size :]
    assert frame[0] == 6 << 3 | 2
    assert codec.payload_bytes(file) == len(frame) == length - 4 - size


def test_what_is_not_counted_is_the_same_for_every_photo():
    """Header bytes are taken off only because the receiver knows them: no photo may hide anything there."""
    headers = set()
    for seed in range(3):
        for quality in (10, 50):
            file = avif(photo(seed=seed), quality=quality, **codec.ENCODER)
            length = file.index(b"iloc") + 4 + 18  # where the file says how long its payload is
            payload = len(file) - codec.payload_bytes(file)
            mdat = file.index(b"mdat")  # before it, the size of its box
            headers.add((file[:length], file[length + 4 : mdat - 4], file[mdat:payload]))
    assert len(headers) == 1


def test_payload_of_hand_made_files():
    assert codec.payload_bytes(b"") == 0
    assert codec.payload_bytes(box(b"ftyp", b"mdat")) == 0  # the letters alone are no box
    three, two = obu(6, b"abc"), obu(6, b"d")  # of 5 and 3 bytes
    assert codec.payload_bytes(box(b"ftyp", b"avif") + box(b"mdat", three) + box(b"mdat", two)) == 5 + 3
    assert codec.payload_bytes(bytes(4) + b"mdat" + three) == 5  # size 0: to the end
    assert codec.payload_bytes(bytes([0, 0, 0, 1]) + b"mdat" + (16 + 5).to_bytes(8, "big") + three) == 5


def obu(kind, content):
    """With its size, of up to 127 bytes, in one byte."""
    return bytes([kind << 3 | 2, len(content)]) + content


def test_picture_bytes_of_hand_made_streams():
    headers = obu(2, b"") + obu(1, b"sequence")
    assert codec.picture_bytes(headers) == 0
    assert codec.picture_bytes(headers + obu(6, b"frame") + obu(5, b"data")) == 7 + 6
    assert codec.picture_bytes(headers + bytes([6 << 3]) + b"to the end") == 11  # without a size
    assert codec.picture_bytes(bytes([6 << 3 | 4, 0]) + b"to the end") == 12  # with an extension's byte
    long = bytes([6 << 3 | 2, 0x80 | 72, 1]) + bytes(200)  # of 72 + 1·128 bytes
    assert codec.picture_bytes(long + headers) == 203


@pytest.mark.parametrize("stream", [obu(6, b"frame")[:-1], bytes([6 << 3 | 2]), bytes([6 << 3 | 2, 0x80])])
def test_a_stream_cut_short_is_refused(stream):
    with pytest.raises(ValueError, match="broken"):
        codec.picture_bytes(stream)


@pytest.mark.parametrize("keep", [3, 12, -1])
def test_a_file_cut_short_is_refused(keep):
    with pytest.raises(ValueError, match="broken"):
        codec.payload_bytes(avif(photo())[:keep])


def test_one_quality_for_every_quantiser():
    quantisers = [round((100 - quality) * 63 / 100) for quality in codec.QUALITIES]
    assert quantisers == list(range(63, -1, -1))


def test_encodings_keep_to_the_budget_and_tell_their_own_error():
    x = photo(128)
    found = list(codec.encodings(x, 150))
    assert found
    assert max(e.num_bytes for e in found) <= 150
    # The first is the original size at the coarsest quality: encoded, decoded and measured here once more.
    file = avif(x, quality=0, **codec.ENCODER)
    x_hat = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), dtype=float)
    assert found[0].num_bytes == codec.payload_bytes(file)
    assert found[0].mse == pytest.approx(((x.permute(1, 2, 0).numpy() - x_hat) ** 2).mean() / 255**2, rel=1e-5)
    assert len(list(codec.encodings(x, 300))) > len(found)


def test_best_within_is_the_least_error_that_fits():
    candidates = [
        codec.Encoding(100, 0.02),
        codec.Encoding(150, 0.01),
        codec.Encoding(140, 0.03),
        codec.Encoding(200, 0.001),
    ]
    assert codec.best_within(candidates, 199) == candidates[1]
    assert codec.best_within(candidates, 200) == candidates[3]
    assert codec.best_within(candidates, 149) == candidates[0]
    with pytest.raises(LatentLabError, match="No AVIF of this photo fits into 99 bytes"):
        codec.best_within(candidates, 99)


def test_at_capacity():
    photos = torch.stack([photo(128, seed) for seed in range(2)])
    results = codec.avif_at_capacity(photos, [0.05, 0.3])
    assert [r["noise_variance"] for r in results] == [0.05, 0.3]
    assert [r["budget_bytes"] for r in results] == [281, 135]
    for r in results:
        assert r["num_images"] == 2
        assert 0.8 * r["budget_bytes"] < r["mean_payload_bytes"] <= r["budget_bytes"]
        best = [codec.best_within(list(codec.encodings(x, 281)), r["budget_bytes"]).mse for x in photos]
        assert r["psnr_db"] == pytest.approx(np.mean([-10 * log10(error) for error in best]), abs=1e-4)
    assert results[0]["psnr_db"] > results[1]["psnr_db"]


def test_pillow_without_avif(monkeypatch):
    monkeypatch.setattr(codec.features, "check", lambda name: False)
    with pytest.raises(LatentLabError, match="pip install"):
        codec.avif_at_capacity(photo()[None], [0.1])


def test_grey_photos_are_coded_as_they_are():
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    photo = (127 + 60 * torch.sin(x / 9) + 60 * torch.cos(y / 7)).to(torch.uint8)[None]
    (row,) = codec.avif_at_capacity([photo], [0.1], 2048)
    assert row["num_images"] == 1
    assert row["psnr_db"] > 30
