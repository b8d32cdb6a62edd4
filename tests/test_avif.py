"""AVIF at capacity against a hand-made parse of the file, hand-made files, and every way to store a photo."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from aemodels.errors import LatentLabError
from aemodels.quality import avif, codec


def photo(side=64, seed=0):
    """A smooth picture with an edge and some grain, uint8 (3, side, side)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    picture = np.stack([x, y, (x + y > 1)], axis=0) * 180 + rng.normal(40, 6, (3, side, side))
    return torch.from_numpy(picture.clip(0, 255).astype(np.uint8))


def stored(x, **options):
    buffer = io.BytesIO()
    Image.fromarray(x.permute(1, 2, 0).numpy()).save(buffer, "AVIF", **options)
    return buffer.getvalue()


def box(kind, content):
    return (8 + len(content)).to_bytes(4, "big") + kind + content


@pytest.mark.parametrize("quality", [5, 60])
def test_payload_is_what_the_boxes_and_the_item_location_say(quality):
    """Parsed by hand, and held against the extent that the file's own `iloc` names."""
    file = stored(photo(), quality=quality)
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
    assert avif.payload_bytes(file) == len(frame) == length - 4 - size


def test_what_is_not_counted_is_the_same_for_every_photo():
    """Header bytes are taken off only because the receiver knows them: no photo may hide anything there."""
    headers = set()
    for seed in range(3):
        for quality in (10, 50):
            file = stored(photo(seed=seed), quality=quality, **avif.ENCODER)
            length = file.index(b"iloc") + 4 + 18  # where the file says how long its payload is
            payload = len(file) - avif.payload_bytes(file)
            mdat = file.index(b"mdat")  # before it, the size of its box
            headers.add((file[:length], file[length + 4 : mdat - 4], file[mdat:payload]))
    assert len(headers) == 1


def test_payload_of_hand_made_files():
    assert avif.payload_bytes(b"") == 0
    assert avif.payload_bytes(box(b"ftyp", b"mdat")) == 0  # the letters alone are no box
    three, two = obu(6, b"abc"), obu(6, b"d")  # of 5 and 3 bytes
    assert avif.payload_bytes(box(b"ftyp", b"avif") + box(b"mdat", three) + box(b"mdat", two)) == 5 + 3
    assert avif.payload_bytes(bytes(4) + b"mdat" + three) == 5  # size 0: to the end
    assert avif.payload_bytes(bytes([0, 0, 0, 1]) + b"mdat" + (16 + 5).to_bytes(8, "big") + three) == 5


def obu(kind, content):
    """With its size, of up to 127 bytes, in one byte."""
    return bytes([kind << 3 | 2, len(content)]) + content


def test_picture_bytes_of_hand_made_streams():
    headers = obu(2, b"") + obu(1, b"sequence")
    assert avif.picture_bytes(headers) == 0
    assert avif.picture_bytes(headers + obu(6, b"frame") + obu(5, b"data")) == 7 + 6
    assert avif.picture_bytes(headers + bytes([6 << 3]) + b"to the end") == 11  # without a size
    assert avif.picture_bytes(bytes([6 << 3 | 4, 0]) + b"to the end") == 12  # with an extension's byte
    long = bytes([6 << 3 | 2, 0x80 | 72, 1]) + bytes(200)  # of 72 + 1·128 bytes
    assert avif.picture_bytes(long + headers) == 203


@pytest.mark.parametrize("stream", [obu(6, b"frame")[:-1], bytes([6 << 3 | 2]), bytes([6 << 3 | 2, 0x80])])
def test_a_stream_cut_short_is_refused(stream):
    with pytest.raises(ValueError, match="broken"):
        avif.picture_bytes(stream)


@pytest.mark.parametrize("keep", [3, 12, -1])
def test_a_file_cut_short_is_refused(keep):
    with pytest.raises(ValueError, match="broken"):
        avif.payload_bytes(stored(photo())[:keep])


def test_one_quality_for_every_quantiser():
    quantisers = [round((100 - quality) * 63 / 100) for quality in avif.QUALITIES]
    assert quantisers == list(range(63, -1, -1))


def test_an_encoding_tells_its_own_bytes_and_error():
    x = photo(128)
    found = avif.encode(x, 1, "4:4:4", quality=0, speed=6)
    file = stored(x, quality=0, speed=6, subsampling="4:4:4", **avif.ENCODER)
    x_hat = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), dtype=float)
    assert found.num_bytes == avif.payload_bytes(file)
    assert found.mse == pytest.approx(((x.permute(1, 2, 0).numpy() - x_hat) ** 2).mean() / 255**2, rel=1e-5)
    assert found.settings == (1, "4:4:4", 0)


def test_hardly_any_scale_subsampling_or_quality_is_better_than_what_is_found():
    """Of so small a picture a coarser quality may take more bytes."""
    x, budgets = photo(), (60, 120)
    everything = [avif.encode(x, *way, quality, speed=6) for way in avif.WAYS for quality in avif.QUALITIES[:48]]
    found = avif.encodings(x, budgets, speed=6)
    for budget in budgets:
        assert codec.best_within(found, budget).mse < 1.02 * codec.best_within(everything, budget).mse
    assert len(found) < 100


def test_pillow_without_avif(monkeypatch):
    monkeypatch.setattr(avif.features, "check", lambda name: False)
    with pytest.raises(LatentLabError, match="pip install"):
        avif.encodings(photo(), [100])


def test_grey_photos_are_coded_as_they_are():
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    photo = (127 + 60 * torch.sin(x / 9) + 60 * torch.cos(y / 7)).to(torch.uint8)[None]
    assert codec.best_within(avif.encodings(photo, [442], speed=6), 442).mse < 1e-3
