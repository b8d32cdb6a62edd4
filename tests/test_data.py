import errno
import hashlib
import io
import json
import logging
import os
import shutil
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import REAL_DATA, copy_digits
from PIL import Image

from aemodels import files
from aemodels.data import mnist, photo_cache, photo_files, photos, pictures, sources
from aemodels.data.config import DataConfig
from aemodels.data.photo_sets import find_dog_folder, load_dogs, load_photo_set
from aemodels.data.photos import load_photos, read_photo_folder
from aemodels.data.pictures import open_photo
from aemodels.data.splits import in_test_split
from aemodels.errors import DataError

needs_mnist = pytest.mark.skipif(not (REAL_DATA / "MNIST" / "raw").is_dir(), reason=f"no MNIST in {REAL_DATA}")
needs_dogs = pytest.mark.skipif(not (REAL_DATA / "stanford-dogs").is_dir(), reason=f"no dog photos in {REAL_DATA}")

RED, WHITE, BLUE = [255, 0, 0], [255, 255, 255], [0, 0, 255]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def count_decodes(monkeypatch):
    """The names of the photos decoded so far."""
    names = []

    def counting(file, size, num_channels):
        names.append(Path(file.name).name)
        return open_photo(file, size, num_channels)

    monkeypatch.setattr(photos, "open_photo", counting)
    return names


def encode(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file


def noise_photo(path, seed, size=(40, 30)):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def make_folder(folder, count=3):
    for i in range(count):
        noise_photo(folder / f"{i:04d}.png", seed=i)
    return folder


def colours(photo):
    """The distinct colours of a photo (3, H, W)."""
    return photo.flatten(1).unique(dim=1).T.tolist()


# --- where things lie ---


def test_data_root_takes_the_argument_then_the_environment_then_data(monkeypatch):
    monkeypatch.setenv("LATENT_LAB_DATA", "from-env")
    assert sources.data_root("given") == Path("given")
    assert sources.data_root() == Path("from-env")
    monkeypatch.delenv("LATENT_LAB_DATA")
    assert sources.data_root() == Path("data")


def test_cache_root_takes_the_environment_then_the_users_cache(monkeypatch, cache):
    assert photo_cache.cache_root() == cache
    monkeypatch.delenv("LATENT_LAB_CACHE")
    assert photo_cache.cache_root().is_absolute()
    assert photo_cache.cache_root().name == "latent-lab"


# --- MNIST ---


@needs_mnist
def test_shipped_test_digits_are_torchvisions():
    images, labels = mnist.load_mnist_test_digits()
    expected_images, expected_labels = mnist.load_mnist(REAL_DATA, train=False)
    assert images.dtype == torch.uint8
    assert labels.dtype == torch.int64
    assert torch.equal(images, expected_images)
    assert torch.equal(labels, expected_labels)


def test_shipped_test_digits_have_their_shape():
    images, labels = mnist.load_mnist_test_digits()
    assert images.shape == (10_000, 1, 28, 28)
    assert labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@needs_mnist
def test_mnist_train_set():
    images, labels = mnist.load_mnist(REAL_DATA, train=True)
    assert images.shape == (60_000, 1, 28, 28)
    assert images.dtype == torch.uint8
    assert labels[:5].tolist() == [5, 0, 4, 1, 9]


@needs_mnist
def test_a_class_that_is_left_out_is_in_the_test_images_alone(tmp_path):
    copy_digits(REAL_DATA, tmp_path, 300, 50)
    images, labels = mnist.load_mnist(tmp_path, train=True)
    whole = DataConfig("MNIST", "mnist", (1, 28, 28))
    every, without = (sources.load(config, tmp_path) for config in (whole, replace(whole, leave_out=("9", "1"))))
    kept = {x.numpy().tobytes() for x in images[(labels != 9) & (labels != 1)]}
    assert {x.numpy().tobytes() for part in (without.train, without.validation) for x in part} == kept
    assert without.record.num_images["train"] == len(without.train) < len(every.train)
    assert torch.equal(without.test, every.test)
    assert 9 in without.reference_labels
    assert without.record.fingerprint == every.record.fingerprint
    assert "Left out of those to train and to validate on: 9, 1." in without.summary


def write_digits(folder, images, labels):
    """MNIST's four files, of the same digits to train and to test on: images (N, 28, 28), labels (N,), uint8."""
    for part in ("train", "t10k"):
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(f">{array.ndim + 1}I", 0x800 + array.ndim, *array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())


def test_a_set_of_digits_of_which_none_are_left_to_train_on_is_said(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    write_digits(tmp_path, images, np.full(60, 3, np.uint8))
    with pytest.raises(
        DataError, match=r"^Of MNIST in .* 0 images are left to train on and 0 .*; give a larger set\.$"
    ):
        sources.load(DataConfig("MNIST", "mnist", (1, 28, 28), leave_out=("3",)), tmp_path)


def test_digits_that_all_look_the_same_are_said(tmp_path):
    write_digits(tmp_path, np.zeros((60, 28, 28), np.uint8), np.zeros(60, np.uint8))
    with pytest.raises(DataError, match=r"^All 60 pictures in .* look the same"):
        sources.load(DataConfig("MNIST", "mnist", (1, 28, 28)), tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"\0\0\x08\x03" + b"\0" * 12])
def test_missing_or_broken_mnist_says_what_to_do(tmp_path, content):
    if content is not None:
        (tmp_path / "MNIST" / "raw").mkdir(parents=True)
        for part in ("train", "t10k"):
            for kind in ("images-idx3", "labels-idx1"):
                (tmp_path / "MNIST" / "raw" / f"{part}-{kind}-ubyte").write_bytes(content)
    with pytest.raises(DataError, match=r"train\.py --download") as error:
        mnist.load_mnist(tmp_path, train=True)
    assert str(tmp_path) in str(error.value)


# --- one photo ---


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGB", (9, 9), "red"), RED),
        (Image.new("L", (9, 9), 100), [100, 100, 100]),
        (Image.new("1", (9, 9), 1), WHITE),
        (Image.new("RGBA", (9, 9), (255, 0, 0, 0)), WHITE),
        (Image.new("RGBA", (9, 9), (255, 0, 0, 255)), RED),
        (Image.new("RGBA", (9, 9), (0, 0, 0, 51)), [204, 204, 204]),
        (Image.new("LA", (9, 9), (0, 0)), WHITE),
        (Image.new("LA", (9, 9), (10, 255)), [10, 10, 10]),
        (Image.new("RGB", (9, 9), "blue").quantize(4), BLUE),
        (Image.fromarray(np.full((9, 9), 0x8000, np.uint16)), [128, 128, 128]),
        (Image.fromarray(np.full((9, 9), 0xFFFF, np.uint16)), WHITE),
        (Image.new("RGB", (1, 1), "blue"), BLUE),
        (Image.new("RGB", (1, 3000), "blue"), BLUE),
    ],
)
def test_every_mode_becomes_rgb(image, expected):
    photo = open_photo(encode(image), 4)
    assert photo.dtype == torch.uint8
    assert photo.shape == (3, 4, 4)
    assert photo.is_contiguous()
    assert colours(photo) == [expected]


def test_transparent_palette_becomes_white():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert colours(open_photo(encode(image, transparency=0), 8)) == [WHITE]
    assert colours(open_photo(encode(image), 8)) == [[0, 0, 0]]


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(format):
    photo = open_photo(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), format), 8)
    assert (photo.float() - torch.tensor(RED).view(3, 1, 1)).abs().max() <= 4


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_every_format_is_read(format):
    photo = open_photo(encode(Image.new("RGB", (32, 32), (200, 40, 90)), format), 8)
    assert (photo.float() - torch.tensor([200.0, 40, 90]).view(3, 1, 1)).abs().max() <= 4


def test_the_first_picture_of_an_animation_is_taken():
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    assert colours(open_photo(encode(red, "GIF", save_all=True, append_images=[blue]), 8)) == [RED]


# For each EXIF orientation, where the red left half of the stored picture is to be seen.
@pytest.mark.parametrize(
    ("orientation", "side"),
    [(1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")],
)
def test_exif_orientation_turns_the_picture(orientation, side):
    image = Image.new("RGB", (16, 16), "blue")
    image.paste("red", (0, 0, 8, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encode(image, exif=exif), 16)
    half = {"left": photo[:, :, :8], "right": photo[:, :, 8:], "top": photo[:, :8], "bottom": photo[:, 8:]}[side]
    assert colours(half) == [RED]
    assert (photo[2] == 255).sum() == 128


def test_a_broken_exif_does_not_spoil_a_good_picture():
    file = encode(Image.new("RGB", (8, 8), "white"), "JPEG", exif=b"Exif\0\0garbage")
    assert colours(open_photo(file, 8)) == [WHITE]


@pytest.mark.parametrize(("width", "height"), [(30, 10), (10, 30)])
def test_the_centre_is_kept(width, height):
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", ((width - 10) // 2, (height - 10) // 2, (width + 10) // 2, (height + 10) // 2))
    assert colours(open_photo(encode(image), 5)) == [RED]


def test_a_photo_of_the_right_size_keeps_every_pixel(tmp_path):
    path = noise_photo(tmp_path / "a.png", seed=0, size=(20, 20))
    expected = torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1)
    assert torch.equal(open_photo(path, 20), expected)
    assert torch.equal(open_photo(str(path), 20), expected)


def test_a_large_jpeg_is_reduced_without_aliasing():
    # Stripes of one pixel: their mean is grey, and taking every n-th pixel would give black or white.
    stripes = np.zeros((1024, 1024, 3), np.uint8)
    stripes[:, ::2] = 255
    photo = open_photo(encode(Image.fromarray(stripes), "JPEG", quality=95), 64)
    assert (photo.float() - 127.5).abs().max() < 8


def test_a_large_jpeg_keeps_its_detail():
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)).resize((640, 640))
    fast, exact = (open_photo(encode(image, *options), 80).float() for options in (["JPEG"], ["PNG"]))
    assert (fast - exact).abs().mean() < 3  # and 5 if decoded at the target size


def test_a_stream_is_read_from_its_start_and_stays_open():
    file = encode(Image.new("RGB", (8, 8), "red"))
    file.seek(0, io.SEEK_END)
    for _ in range(2):
        assert colours(open_photo(file, 8)) == [RED]


def png_header(width, height):
    """A PNG that claims to be this large and holds no pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


PNG = encode(Image.effect_noise((64, 64), 50)).getvalue()
JPEG = encode(Image.effect_noise((64, 64), 50), "JPEG").getvalue()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello", "is no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "is no picture"),
        (PNG[:200], "is broken"),
        (JPEG[:400], "is broken"),
        (PNG[:60] + b"\xff" * 40 + PNG[100:], "is broken"),
        (png_header(10_100, 10_000), "has more than 100 megapixels"),
        (png_header(60_000, 60_000), "has more than 100 megapixels"),
        (encode(Image.new("F", (4, 4), 3.5), "TIFF").getvalue(), "has numbers from 3.5 to 3.5, and nothing tells"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "dog.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        open_photo(path, 8)
    text = str(error.value)
    assert text.startswith("dog.jpg ")
    assert text.endswith(".")
    assert "\n" not in text
    with pytest.raises(DataError, match=f"The picture {message}"):
        open_photo(io.BytesIO(content), 8)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files_raise_nothing_but_data_errors():
    rng = np.random.default_rng(0)
    outcomes = set()
    for format in ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"]:
        good = np.frombuffer(encode(Image.effect_noise((32, 32), 50).convert("RGB"), format).getvalue(), np.uint8)
        for _ in range(60):
            bad = good.copy()
            where = rng.integers(0, min(len(bad), 200), 8)
            bad[where] = rng.integers(0, 256, 8)
            try:
                outcomes.add(open_photo(io.BytesIO(bad.tobytes()), 8).shape)
            except DataError:
                outcomes.add("refused")
    assert outcomes == {(3, 8, 8), "refused"}


@pytest.mark.parametrize("error", [OverflowError("x"), KeyError("x"), struct.error(), SyntaxError("x")])
def test_whatever_pillow_raises_becomes_a_data_error(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(DataError, match="is broken"):
        open_photo(io.BytesIO(PNG), 8)


def test_a_path_that_cannot_be_opened(tmp_path):
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(DataError, match="cannot be opened"):
            open_photo(path, 8)


def test_size_must_be_positive():
    with pytest.raises(ValueError, match="at least 1"):
        open_photo(io.BytesIO(PNG), 0)


@pytest.mark.parametrize("size", [10_001, 1_000_000, 10**30])
def test_size_may_not_fill_the_memory(size, tmp_path, cache):
    with pytest.raises(ValueError, match="must be at most 10000"):
        open_photo(io.BytesIO(PNG), size)
    with pytest.raises(ValueError, match="must be at most 10000"):
        load_photos(make_folder(tmp_path / "photos"), size)
    assert list(cache.iterdir()) == []


# --- a folder of photos ---


def test_a_tree_is_read_in_order_and_hidden_files_are_not(tmp_path):
    folder = tmp_path / "photos"
    for name in ("b/2.PNG", "a/1.jpeg", "c.Webp", ".hidden.png", ".git/x.png", "a/._1.png"):
        noise_photo(folder / name, seed=len(name))
    (folder / "notes.txt").write_text("no photo")
    images, paths = load_photos(folder, 16)
    assert paths == [folder / "a/1.jpeg", folder / "b/2.PNG", folder / "c.Webp"]
    assert images.dtype == torch.uint8
    assert images.shape == (3, 3, 16, 16)
    for image, path in zip(images, paths, strict=True):
        assert torch.equal(image, open_photo(path, 16))


def test_progress_counts_every_file(tmp_path):
    folder = make_folder(tmp_path / "photos", 300)
    calls = []
    read_photo_folder(folder, 4, lambda done, total: calls.append((done, total)))
    assert calls == [(i, 300) for i in range(1, 301)]


def test_the_cache_spares_decoding(tmp_path, cache, count_decodes):
    folder = make_folder(tmp_path / "photos")
    first = read_photo_folder(folder, 8)
    again = read_photo_folder(folder, 8)
    assert sorted(count_decodes) == ["0000.png", "0001.png", "0002.png"]
    assert torch.equal(first.images.in_memory(), again.images.in_memory())
    assert (first.paths, first.hashes, first.fingerprint) == (again.paths, again.hashes, again.fingerprint)
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".npy"]
    read_photo_folder(folder, 9)
    assert len(count_decodes) == 6


def test_a_moved_folder_is_the_same_photos(tmp_path, count_decodes):
    first = read_photo_folder(make_folder(tmp_path / "photos"), 8)
    (tmp_path / "photos").rename(tmp_path / "moved")
    moved = read_photo_folder(tmp_path / "moved", 8)
    assert len(count_decodes) == 6  # another folder of this name, size and time must not be taken for it
    assert torch.equal(moved.images.in_memory(), first.images.in_memory())
    assert moved.paths[0] == tmp_path / "moved" / "0000.png"
    assert moved.fingerprint == first.fingerprint


def test_a_change_of_the_folder_is_seen(tmp_path, count_decodes):
    folder = make_folder(tmp_path / "photos")
    first = read_photo_folder(folder, 8)
    noise_photo(folder / "0001.png", seed=99)
    changed = read_photo_folder(folder, 8)
    assert len(count_decodes) == 6
    assert (first.images.in_memory() != changed.images.in_memory()).flatten(1).any(dim=1).tolist() == [
        False,
        True,
        False,
    ]
    assert changed.fingerprint != first.fingerprint
    (folder / "0000.png").unlink()
    assert len(read_photo_folder(folder, 8).paths) == 2


def test_writing_into_the_images_does_not_change_the_cache(tmp_path):
    folder = make_folder(tmp_path / "photos")
    expected = load_photos(folder, 8)[0].clone()
    load_photos(folder, 8)[0].zero_()
    assert torch.equal(load_photos(folder, 8)[0], expected)


@pytest.mark.parametrize("suffix", [".npy", ".json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "other"])
def test_a_broken_cache_is_built_again(tmp_path, cache, count_decodes, suffix, damage):
    folder = make_folder(tmp_path / "photos")
    expected = read_photo_folder(folder, 8).images.in_memory()
    (file,) = cache.glob(f"*{suffix}")
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-5])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "gone":
        file.unlink()
    elif suffix == ".npy":
        np.save(file, np.zeros((2, 3, 8, 8), np.uint8))
    else:
        file.write_text(json.dumps({"paths": ["0000.png"], "hashes": [], "skipped": []}))
    assert torch.equal(read_photo_folder(folder, 8).images.in_memory(), expected)
    assert len(count_decodes) == 6


def test_an_interrupted_run_leaves_nothing(tmp_path, cache):
    folder = make_folder(tmp_path / "photos")

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_photo_folder(folder, 8, interrupt)
    assert list(cache.iterdir()) == []
    assert len(read_photo_folder(folder, 8).paths) == 3


def test_a_photo_that_is_removed_while_its_folder_is_decoded_is_told_as_that(tmp_path, cache):
    folder = make_folder(tmp_path / "photos")
    listed = photo_files.list_photos(folder)
    (folder / "0001.png").unlink()
    found = photos.read_photos(listed, 8)
    assert len(found.paths) == 2
    ((path, reason),) = found.skipped
    assert (path.name, reason) == (
        "0001.png",
        "was removed after its folder had been listed; put it back to have it read",
    )


@pytest.mark.release
def test_a_killed_run_leaves_nothing_to_the_next_one(tmp_path, cache):
    folder = make_folder(tmp_path / "photos")
    code = (
        "import os, sys; from aemodels.data import photos\n"
        "photos.read_photo_folder(sys.argv[1], 8, lambda done, total: os.kill(os.getpid(), 9))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, folder], env=os.environ | {"LATENT_LAB_CACHE": str(cache)}, check=False
    )
    assert killed.returncode == -9
    assert len(list(cache.iterdir())) == 2
    assert len(read_photo_folder(folder, 8).paths) == 3
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".npy"]


def test_what_a_killed_run_left_is_removed_by_one_that_only_reads(tmp_path, cache):
    folder = make_folder(tmp_path / "photos")
    read_photo_folder(folder, 8)
    left = cache / f"{files.PREFIX}x{files.SUFFIX}"
    left.touch()
    files.remove_leftovers.cache_clear()  # as in a new process
    read_photo_folder(folder, 8)
    assert not left.exists()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, cache):
    resource = pytest.importorskip("resource")
    folder = make_folder(tmp_path / "photos", 40)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # 40 photos at 30 px are 108 kB
    try:
        with pytest.raises(DataError, match=r"need 1 MB in .*LATENT_LAB_CACHE") as error:
            read_photo_folder(folder, 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(cache) in str(error.value)
    assert list(cache.iterdir()) == []


def test_a_failing_replace_leaves_no_temporary_file(tmp_path, cache, monkeypatch):
    def fail(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DataError, match="No space left on device"):
        read_photo_folder(make_folder(tmp_path / "photos"), 8)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_made(tmp_path, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="LATENT_LAB_CACHE"):
        read_photo_folder(make_folder(tmp_path / "photos"), 8)


@pytest.mark.parametrize("reason", [errno.EIO, errno.EMFILE, errno.ESTALE, errno.EACCES])
def test_a_photo_that_cannot_be_read_now_is_tried_again(tmp_path, count_decodes, monkeypatch, reason):
    folder = make_folder(tmp_path / "photos")
    (folder / "0003.jpg").write_text("damaged, now and always")
    fails = {"0001.png"}

    def open_or_fail(path, mode):
        if path.name in fails:
            raise OSError(reason, os.strerror(reason))
        return open(path, mode)

    monkeypatch.setattr(photos, "open", open_or_fail, raising=False)
    for _ in range(2):  # while it lasts, the others are taken from the cache
        found = read_photo_folder(folder, 8)
        assert [path.name for path, _ in found.skipped] == ["0001.png", "0003.jpg"]
        assert os.strerror(reason) in found.skipped[0][1]
        assert sorted(count_decodes) == ["0000.png", "0002.png", "0003.jpg"]
    fails.clear()
    for _ in range(2):
        found = read_photo_folder(folder, 8)
        assert [path.name for path, _ in found.skipped] == ["0003.jpg"]
        assert torch.equal(found.images[1], open_photo(folder / "0001.png", 8))
    count_decodes.clear()
    read_photo_folder(folder, 8)
    assert not count_decodes


def test_a_run_that_ends_between_the_two_files_of_the_cache_pairs_no_photo_with_anothers_name(tmp_path, monkeypatch):
    folder = make_folder(tmp_path / "photos")
    fails = {"0000.png"}

    def open_or_fail(path, mode):
        if path.name in fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open(path, mode)

    def replace_or_end(source, target, replace=os.replace):
        if Path(target).suffix == ".json":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(photos, "open", open_or_fail, raising=False)
    assert len(read_photo_folder(folder, 8).paths) == 2
    fails ^= {"0000.png", "0002.png"}  # as many as before, but others
    with monkeypatch.context() as context:
        context.setattr(os, "replace", replace_or_end)
        with pytest.raises(KeyboardInterrupt):
            read_photo_folder(folder, 8)
    fails ^= {"0000.png", "0002.png"}
    found = read_photo_folder(folder, 8)
    assert [path.name for path in found.paths] == ["0001.png", "0002.png"]
    for image, path in zip(found.images, found.paths, strict=True):
        assert torch.equal(image, open_photo(path, 8))


def test_a_photo_for_which_memory_was_too_short_is_tried_again(tmp_path, monkeypatch):
    folder, fails = make_folder(tmp_path / "photos"), {"0001.png"}
    decode = pictures._decode

    def decode_or_fail(file, name, side_px):
        if name in fails:
            raise MemoryError
        return decode(file, name, side_px)

    monkeypatch.setattr(pictures, "_decode", decode_or_fail)
    ((path, reason),) = read_photo_folder(folder, 8).skipped
    assert path.name == "0001.png"
    assert "needs more memory than is free" in reason
    fails.clear()
    assert not read_photo_folder(folder, 8).skipped


def test_broken_files_are_skipped_counted_and_named(tmp_path, caplog, count_decodes):
    folder = make_folder(tmp_path / "photos")
    (folder / "0000-empty.jpg").write_bytes(b"")
    (folder / "0001-text.jpg").write_text("no photo")
    for _ in range(2):  # decoded, then from the cache
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="aemodels"):
            photos = read_photo_folder(folder, 8)
        assert [path.name for path, _ in photos.skipped] == ["0000-empty.jpg", "0001-text.jpg"]
        assert "is empty" in photos.skipped[0][1]
        assert [path.name for path in photos.paths] == ["0000.png", "0001.png", "0002.png"]
        for image, path in zip(photos.images, photos.paths, strict=True):
            assert torch.equal(image, open_photo(path, 8))
        (record,) = caplog.records
        assert "Skipped 2 of 5 files" in record.getMessage()
        assert "0000-empty.jpg" in record.getMessage()
    assert len(count_decodes) == 5


def test_a_set_of_photos_says_once_what_it_left_out(tmp_path, caplog):
    folder = make_folder(tmp_path / "photos")
    (folder / "text.jpg").write_text("no photo")
    with caplog.at_level(logging.WARNING, logger="aemodels"):
        assert "1 left out: text.jpg is no picture" in load_photo_set(photo_files.list_photos(folder), 8).summary()
    assert not caplog.records


def test_no_usable_photo_is_said(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    with pytest.raises(DataError, match="0 picture files were looked at and 0 skipped"):
        load_photos(folder, 8)
    (folder / "a.jpg").write_text("no photo")
    for _ in range(2):
        with pytest.raises(DataError, match="1 picture files were looked at and 1 skipped") as error:
            load_photos(folder, 8)
        assert str(folder) in str(error.value)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        load_photos(tmp_path / "none", 8)


def test_file_names_of_any_bytes(tmp_path):
    folder = make_folder(tmp_path / "photos", 1)
    try:
        (folder / "0000.png").rename(folder / "犬\udcff.png")
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    for _ in range(2):
        assert load_photos(folder, 8)[1] == [folder / "犬\udcff.png"]


# --- the split ---


def test_about_a_tenth_is_test():
    hashes = [hashlib.blake2b(str(i).encode(), digest_size=16).hexdigest() for i in range(20_000)]
    assert sum(map(in_test_split, hashes)) / len(hashes) == pytest.approx(0.1, abs=0.01)


def test_the_split_depends_on_content_alone(tmp_path):
    dogs = load_dogs(make_folder(tmp_path / "a", 80))
    assert len(dogs.train) + len(dogs.validation) + len(dogs.test) == 80
    assert len(dogs.validation)
    sides = {path.read_bytes(): "train" for path in dogs.train_paths}
    sides |= {path.read_bytes(): "test" for path in dogs.test_paths}
    sides |= {dogs.paths[i].read_bytes(): "validation" for i in dogs.validation_index.tolist()}

    other = tmp_path / "b" / "Images"
    for i, path in enumerate(dogs.paths):  # elsewhere, under other names and in other order, every tenth twice
        (other / f"breed-{i % 3}").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, other / f"breed-{i % 3}" / f"{1000 - i}.png")
    moved = load_dogs(tmp_path / "b")
    assert moved.fingerprint == dogs.fingerprint
    for i, path in enumerate(dogs.paths[::10] + dogs.test_paths):
        shutil.copy(path, other / f"copy-{i}.png")
    copied = load_dogs(tmp_path / "b")
    assert len(copied.paths) == 88 + len(dogs.test_paths)
    for split in (moved, copied):
        assert {sides[path.read_bytes()] for path in split.train_paths} == {"train"}
        assert {sides[path.read_bytes()] for path in split.test_paths} == {"test"}
        validation = [split.paths[i] for i in split.validation_index.tolist()]
        assert {sides[path.read_bytes()] for path in validation} == {"validation"}


def test_dogs_gather_their_sides(tmp_path):
    folder = make_folder(tmp_path / "photos", 60)
    (folder / "broken.jpg").write_bytes(b"")
    dogs = load_dogs(tmp_path / "photos")
    assert dogs.images.shape == (60, 3, 128, 128)
    assert dogs.num_skipped == 1
    assert torch.cat([dogs.train_index, dogs.validation_index, dogs.test_index]).sort().values.tolist() == list(
        range(60)
    )
    assert torch.equal(dogs.test[0], open_photo(dogs.test_paths[0], 128))
    assert torch.equal(dogs.train[-1], open_photo(dogs.train_paths[-1], 128))


def test_too_few_photos_to_split(tmp_path):
    with pytest.raises(DataError, match="holds 1 photo, too few"):
        load_dogs(make_folder(tmp_path / "photos", 1))


def test_dog_folder_is_found_in_its_places(tmp_path):
    with pytest.raises(DataError, match=r"train\.py --download") as error:
        find_dog_folder(tmp_path)
    assert str(tmp_path / "stanford-dogs" / "Images") in str(error.value)
    noise_photo(tmp_path / "MNIST" / "0.png", seed=0)
    noise_photo(tmp_path / "stanford-dogs" / ".Images.part" / "half.png", seed=0)
    with pytest.raises(DataError, match="No dog photos"):
        find_dog_folder(tmp_path)
    noise_photo(tmp_path / "Images" / "0.png", seed=0)
    assert find_dog_folder(str(tmp_path)) == tmp_path / "Images"
    noise_photo(tmp_path / "holiday" / "0.png", seed=0)
    assert find_dog_folder(tmp_path) == tmp_path
    (tmp_path / "stanford-dogs" / "Images").mkdir()
    assert find_dog_folder(tmp_path) == tmp_path
    noise_photo(tmp_path / "stanford-dogs" / "Images" / "0.png", seed=0)
    assert find_dog_folder(tmp_path) == tmp_path / "stanford-dogs" / "Images"


@needs_dogs
def test_real_dogs_are_read_as_they_are(tmp_path):
    """One breed of the real photos, through the whole way."""
    breed = sorted(find_dog_folder(REAL_DATA).iterdir())[0]
    dogs = load_dogs(breed)
    assert dogs.num_skipped == 0
    assert len(dogs.paths) == len(list(breed.iterdir()))
    assert 0.03 < len(dogs.test_index) / len(dogs.paths) < 0.2
    assert 50 < dogs.test.float().mean() < 200
