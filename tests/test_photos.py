"""Folders of photos as people have them, and the conventions of picture files: what is read, in which colours, what is left out."""

import gzip
import io
import logging
import os
import struct

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms

from aemodels import load_photos
from aemodels.data import mnist, photo_sets, profiles, splits
from aemodels.data.photo_files import list_photos
from aemodels.data.photos import read_photo_folder
from aemodels.data.pictures import open_photo, open_picture
from aemodels.errors import DataError
from aemodels.text import one_line

COLOUR = (200, 40, 90)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))


def photo(path, seed=0, format=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, format)
    return path


def test_the_size_may_be_a_number_of_numpy(tmp_path):
    photo(tmp_path / "a.png")
    images, _paths = load_photos(tmp_path, np.int64(16))
    assert images.shape == (1, 3, 16, 16)


def tiff(values, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file


def encode(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file


def colour(file):
    """The one colour of a picture; its channels may differ by 2 from pixel to pixel."""
    pixels = np.array(open_picture(file).convert("RGB")).reshape(-1, 3).astype(int)
    assert np.ptp(pixels, axis=0).max() <= 2
    return pixels[0].tolist()


# --- which files of a folder are photos ---


@pytest.mark.parametrize("suffix", ["jfif", "jpe", "JPG", "jif", "JFIF"])
def test_all_names_of_jpeg_are_read(tmp_path, suffix):
    photo(tmp_path / "photos" / f"a.{suffix}", format="JPEG")
    assert len(load_photos(tmp_path / "photos", 8)[1]) == 1


@pytest.mark.parametrize("suffix", ["heic", "HEIC", "heif", "hif"])
def test_heic_is_read(tmp_path, suffix):
    (tmp_path / "photos").mkdir()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), COLOUR)).save(tmp_path / "photos" / "a.heic")
    (tmp_path / "photos" / "a.heic").rename(tmp_path / "photos" / f"a.{suffix}")
    images, _ = load_photos(tmp_path / "photos", 8)
    assert (images[0, :, 4, 4].int() - np.array(COLOUR)).abs().max() <= 4


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.CR2", "raw file"),
        ("a.nef", "raw file"),
        ("a.psd", "image editor"),
        ("a.svg", "drawing"),
        ("a.MOV", "video"),
        ("a.zip", "unpack"),
        ("a.jxl", "cannot be read"),
        ("._a.jpg", "hidden"),
        (".thumbnails/a.jpg", "hidden"),
        ("__MACOSX/a.jpg", "system"),
        ("@eaDir/a.jpg", "system"),
        ("RECYCLER/a.jpg", "system"),
        ("my.photoslibrary/resources/derivatives/a.jpeg", "system"),
        (".IMG_1.HEIC.icloud", "in iCloud"),
        ("2.jpg - Shortcut.lnk", "shortcut"),
        ("1_mask.png", "mask"),
        ("masks/1.png", "mask"),
        ("thumbs/1.jpg", "thumbnail"),
        ("1-150x150.jpg", "thumbnail"),
    ],
)
def test_what_is_left_out_is_counted_and_named(tmp_path, caplog, name, reason):
    folder = tmp_path / "photos"
    photo(folder / "1.jpg")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    with caplog.at_level(logging.WARNING, logger="aemodels"):
        photos = read_photo_folder(folder, 8)
    assert [p.name for p in photos.paths] == ["1.jpg"]
    ((where, why),) = photos.skipped
    assert where == path
    assert reason in why
    assert "Skipped 1 of 2 files" in caplog.text
    assert name in caplog.text


def test_of_a_macs_photo_library_the_originals_are_taken(tmp_path):
    library = tmp_path / "my.photoslibrary"
    for name in ("originals/0/a.jpeg", "resources/derivatives/0/a_1_105_c.jpeg", "resources/renders/0/a_1_201_a.jpeg"):
        photo(library / name)
    assert list_photos(tmp_path).photos == ["my.photoslibrary/originals/0/a.jpeg"]
    assert list_photos(library).photos == ["originals/0/a.jpeg"]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize(
    "name", ["0001", "cat.jpg_large", "cat.JPG~", "cat.jpg.1", "cat.png!d", "cat.heic.part", "a/0001"]
)
def test_pictures_whose_names_do_not_say_so_are_named(tmp_path, name, format):
    photo(tmp_path / "1.jpg")
    (tmp_path / "a").mkdir()
    pillow_heif.register_heif_opener()
    (tmp_path / name).write_bytes(encode(Image.new("RGB", (64, 64)), format).getvalue())
    listed = list_photos(tmp_path)
    assert listed.photos == ["1.jpg"]
    ((path, why),) = listed.left_out
    assert path == name
    assert "let it end in .jpg" in why


def test_what_is_no_picture_and_has_no_ending_is_not_mentioned(tmp_path):
    photo(tmp_path / "1.jpg")
    for name in ("README", "train-images-idx3-ubyte", "1.jpg.json", "1.jpg.txt", "empty"):
        (tmp_path / name).write_bytes(b"" if name == "empty" else b"text")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # from which nothing will ever come
    assert list_photos(tmp_path).left_out == []


def test_a_folder_without_a_name_is_not_the_one_that_we_are_in(tmp_path, monkeypatch):
    photo(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    assert len(load_photos(".", 8)[1]) == 1
    with pytest.raises(DataError, match="There is no folder ''; "):
        load_photos("", 8)


def test_photos_that_are_broken_alike_are_told_in_one(tmp_path, caplog):
    for i in range(9):
        photo(tmp_path / "photos" / "breed" / f"{i}.jpg", seed=i)
    for i in range(3):
        (tmp_path / "photos" / "breed" / f"empty {i}.jpg").touch()
    photos = photo_sets.load_photo_set(list_photos(tmp_path / "photos"), 8)
    with caplog.at_level(logging.WARNING, logger="aemodels"):
        read_photo_folder(tmp_path / "photos", 8)
    told = "breed/empty 0.jpg is empty; choose another picture (3 such)."
    assert photos.summary().endswith(f"; 3 left out: {told}")
    assert caplog.messages[0].endswith(f": {told}")


def test_masks_alone_are_pictures(tmp_path):
    photo(tmp_path / "masks" / "1.png")
    photo(tmp_path / "no_mask" / "2.png")
    photo(tmp_path / "3_mask.png")
    assert len(list_photos(tmp_path).photos) == 3


def test_links_are_followed_and_nothing_is_listed_twice(tmp_path):
    folder = tmp_path / "photos"
    photo(folder / "a" / "1.jpg")
    photo(tmp_path / "elsewhere" / "2.jpg", 2)
    photo(tmp_path / "elsewhere" / "more" / "3.jpg", 3)
    try:
        (folder / "loop").symlink_to(folder)
        (folder / "a" / "up").symlink_to(tmp_path)
        (folder / "outside").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "back").symlink_to(folder)
        (folder / "again.jpg").symlink_to(folder / "a" / "1.jpg")
        (folder / "one.jpg").symlink_to(tmp_path / "elsewhere" / "more" / "3.jpg")
        (folder / "nothing.jpg").symlink_to(tmp_path / "gone.jpg")
    except OSError:
        pytest.skip("no symbolic links here")
    listed = list_photos(folder)
    real = [(folder / path).resolve().name for path in listed.photos]
    assert sorted(real) == ["1.jpg", "2.jpg", "3.jpg"]
    left_out = dict(listed.left_out)
    assert "already" in left_out["loop"]
    assert "already" in left_out["a/up"]
    assert "already" in left_out["again.jpg"]
    assert "nothing" in left_out["nothing.jpg"]


@pytest.mark.parametrize("name", ["a\udcff", "犬", "a\nb", "a\x1b[31m", "\u202egpj"])
def test_names_of_any_kind_are_printable(tmp_path, caplog, name):
    folder = tmp_path / "photos"
    photo(folder / "1.jpg")
    try:
        (folder / f"{name}.jpg").write_bytes(b"")
    except OSError:
        pytest.skip("this file system does not take the name")
    with caplog.at_level(logging.WARNING, logger="aemodels"):
        assert len(read_photo_folder(folder, 8).paths) == 1
    message = caplog.records[0].getMessage()
    message.encode()
    assert message.isprintable()
    assert one_line("ok 犬.jpg") == "ok 犬.jpg"


# --- the cache ---


def test_another_folder_of_the_same_names_sizes_and_times_is_another(tmp_path):
    import os

    for name, rgb in (("cats", "red"), ("dogs", "blue")):
        (tmp_path / name).mkdir()
        Image.new("RGB", (64, 64), rgb).save(tmp_path / name / "1.bmp")
        os.utime(tmp_path / name / "1.bmp", ns=(0, 0))
    assert load_photos(tmp_path / "cats", 8)[0][0, :, 0, 0].tolist() == [255, 0, 0]
    assert load_photos(tmp_path / "dogs", 8)[0][0, :, 0, 0].tolist() == [0, 0, 255]
    Image.new("RGB", (64, 64), "lime").save(tmp_path / "cats" / "1.bmp")
    os.utime(tmp_path / "cats" / "1.bmp", ns=(0, 0))
    assert load_photos(tmp_path / "cats", 8)[0][0, :, 0, 0].tolist() == [0, 255, 0]
    assert len(list((tmp_path / "cache").glob("*.npy"))) == 2  # what the folder was before is not kept


# --- which folder, and the split ---


def test_images_is_used_only_where_it_is_the_one_place(tmp_path):
    for i in range(4):
        photo(tmp_path / "Images" / f"{i}.png", i)
    dogs = photo_sets.load_dogs(tmp_path)
    assert dogs.folder == tmp_path / "Images"
    assert dogs.summary() == f"4 photos in {tmp_path / 'Images'}: 1 to train on, 1 to validate on, 2 to test on."
    photo(tmp_path / "beside" / "5.png", 5)
    assert len(photo_sets.load_dogs(tmp_path).paths) == 5


@pytest.mark.parametrize("count", [3, 4, 5, 20, 50])
def test_small_sets_fill_both_sides(tmp_path, count):
    for i in range(count):
        photo(tmp_path / f"{i}.png", i)
    dogs = photo_sets.load_dogs(tmp_path)
    assert len(dogs.test_index) >= 2
    assert len(dogs.train_index) >= 1
    assert bool(len(dogs.validation_index)) == (count > 3)
    assert len(dogs.test_index) + len(dogs.validation_index) + len(dogs.train_index) == count


def test_the_sides_of_sets_that_fill_both_do_not_depend_on_their_size():
    hashes = [f"{i:032x}" for i in range(0, 2**127, 2**120)]
    by_hash = [splits.in_test_split(h) for h in hashes]
    assert sum(by_hash) >= 2
    assert splits.test_split(hashes).tolist() == by_hash
    with pytest.raises(ValueError, match="at least 3"):
        splits.test_split(["00", "00", "01"])


# --- MNIST's files ---


@pytest.mark.parametrize("folder", ["MNIST/raw", "MNIST", "mnist", "", "raw"])
@pytest.mark.parametrize("name", ["{}-{}-idx{}-ubyte", "{}-{}.idx{}-ubyte", "{}-{}-idx{}-ubyte.gz"])
def test_mnist_is_found_packed_and_under_other_names(tmp_path, folder, name):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for kind, content in (
        ("images", struct.pack(">4I", 2051, 5, 28, 28) + bytes(range(5)) * 784),
        ("labels", struct.pack(">2I", 2049, 5) + bytes(range(5))),
    ):
        path = tmp_path / folder / name.format("t10k", kind, 3 if kind == "images" else 1)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    images, labels = mnist.load_mnist(tmp_path, train=False)
    assert images.shape == (5, 1, 28, 28)
    assert labels.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(DataError, match=r"four files train-images-idx3-ubyte.*found t10k-images"):
        mnist.load_mnist(tmp_path, train=True)


# --- colours ---

U16 = np.tile((np.array(COLOUR) * 257).astype(np.uint16), (9, 9, 1))
U12 = np.tile((np.array([4095, 0, 2048])).astype(np.uint16), (9, 9, 1))
RGB = Image.new("RGB", (16, 16), COLOUR)
U8 = np.array(RGB)
HALF = np.full((16, 16, 1), 128, np.uint8)  # alpha


def over_alpha(values, extra, **options):
    return tiff(np.concatenate([values, HALF], axis=2), extrasamples=[extra], **options)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (tiff(U16, photometric="rgb"), COLOUR),
        (tiff(U16, photometric="rgb", byteorder=">"), COLOUR),
        (tiff(U16, photometric="rgb", compression="zlib"), COLOUR),
        (tiff(np.moveaxis(U16, 2, 0), photometric="rgb", planarconfig="separate"), COLOUR),
        (tiff(U16, photometric="rgb", tile=(16, 16)), COLOUR),
        (tiff(U12, photometric="rgb"), (255, 0, 128)),
        (tiff(U12[:, :, 0]), (255, 255, 255)),
        (tiff(U16[:, :, 0], photometric="miniswhite"), (55, 55, 55)),
        (tiff(np.full((9, 9), 0.5, np.float32)), (128, 128, 128)),
        (tiff(np.full((9, 9), 200, np.float32)), (200, 200, 200)),
        (tiff((U16 / 65535).astype(np.float32), photometric="rgb"), COLOUR),
        (tiff((U16 / 65535).astype(np.float64), photometric="rgb"), COLOUR),
        (encode(Image.fromarray(np.full((9, 9), 2048, np.uint16))), (128, 128, 128)),
        (encode(Image.new("L", (9, 9), 7), transparency=7), (7, 7, 7)),
        (encode(Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "TIFF", compression="tiff_lzw"), (255, 0, 0)),
        (encode(Image.new("RGB", (9, 9), COLOUR), "PPM"), COLOUR),
        (encode(Image.new("RGB", (9, 9), COLOUR), "TIFF", compression="tiff_lzw"), COLOUR),
    ],
)
def test_conventions_of_numbers(file, expected):
    assert np.abs(np.array(colour(file)) - expected).max() <= 1


@pytest.mark.parametrize("alpha", [[], ["unassalpha"]])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_that_lie_one_plane_after_another_stay_in_their_places(dtype, compression, alpha):
    values = np.random.default_rng(0).integers(0, 256, (3 + len(alpha), 20, 30), dtype=np.uint8)
    wide = values.astype(dtype) * dtype(np.iinfo(dtype).max // 255)
    file = tiff(wide, photometric="rgb", planarconfig="separate", compression=compression, extrasamples=alpha)
    assert (np.array(open_picture(file)) == np.moveaxis(values, 0, 2)).all()


@pytest.mark.parametrize(
    "file",
    [
        encode(RGB.convert("CMYK"), "JPEG", quality=95),
        encode(RGB, "TIFF", compression="jpeg", quality=95),
        encode(RGB.convert("YCbCr"), "TIFF"),
        encode(RGB.convert("YCbCr"), "TIFF", compression="jpeg", quality=95),
        encode(RGB.convert("CMYK"), "TIFF", compression="jpeg", quality=95),
        tiff(np.array(RGB.convert("CMYK")).astype(np.uint16) * 257, photometric="separated"),
        tiff(np.ones((16, 16), np.uint8), photometric="palette", colormap=np.array([[0, 257 * c] + [0] * 254 for c in COLOUR], np.uint16)),
        encode(RGB, "JPEG2000"),
        encode(RGB.convert("YCbCr"), "JPEG2000"),
        encode(RGB.quantize(2), "GIF"),
    ],
)  # fmt: skip
def test_colours_stored_otherwise_than_as_red_green_and_blue(file):
    assert np.abs(np.array(colour(file)) - COLOUR).max() <= 3


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (over_alpha(U8 // 2, "assocalpha", photometric="rgb"), (*COLOUR, 128)),
        (over_alpha(U8, "unassalpha", photometric="rgb"), (*COLOUR, 128)),
        (over_alpha(HALF // 2, "assocalpha", photometric="minisblack"), (128, 128, 128, 128)),
        (over_alpha(HALF, "unassalpha", photometric="minisblack"), (128, 128, 128, 128)),
        (encode(Image.new("RGBA", (16, 16), (*COLOUR, 128)), "AVIF", quality=100), (*COLOUR, 128)),
        (encode(Image.new("RGBA", (16, 16), (*COLOUR, 128)), "JPEG2000"), (*COLOUR, 128)),
    ],
)
def test_colours_multiplied_by_their_alpha_are_divided_by_it(file, expected):
    picture = open_picture(file)
    assert picture.mode == "RGBA"
    assert np.abs(np.array(picture.getpixel((8, 8))) - expected).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_stands_as_a_jpeg_of_the_same_orientation(orientation):
    image = Image.new("RGB", (64, 32))
    image.paste(COLOUR, (0, 0, 48, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pillow_heif.register_heif_opener()
    turned, right = (
        np.array(open_picture(encode(image, kind, quality=95, exif=exif.tobytes())), float) for kind in ("HEIF", "JPEG")
    )
    assert turned.shape == right.shape
    assert np.abs(turned - right).mean() < 4


@pytest.mark.parametrize(
    "values", [np.full((9, 9), 100_000, np.int32), np.full((9, 9), np.nan, np.float32), np.full((9, 9), -5, np.int16)]
)
def test_numbers_of_unknown_range_are_one_sentence(values):
    with pytest.raises(
        DataError, match=r"^The picture has numbers from .* nothing tells which of them is white; save it"
    ):
        open_picture(tiff(values))


@pytest.mark.parametrize(
    ("format", "mode"), [("PNG", "RGB"), ("TIFF", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("PNG", "P")]
)
def test_profiles_are_followed_and_broken_ones_ignored(format, mode):
    adobe = profiles.of_gamma(563 / 256, profiles.ADOBE_RGB)
    image = Image.new("RGB", (9, 9), (100, 160, 70))
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    rgb = image.convert("RGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(adobe))
    right = ImageCms.profileToProfile(rgb, source, ImageCms.createProfile("sRGB")).getpixel((0, 0))
    assert colour(encode(image, format, icc_profile=adobe)) == list(right)
    assert colour(encode(image, format, icc_profile=b"broken")) == list(rgb.getpixel((0, 0)))


def test_adobe_rgb_is_what_it_is_by_definition():
    # Adobe RGB (1998) of sRGB's (60, 160, 60), by the two standards' formulas.
    file = encode(
        Image.new("RGB", (9, 9), (102, 159, 70)), icc_profile=profiles.of_gamma(563 / 256, profiles.ADOBE_RGB)
    )
    assert np.abs(np.array(colour(file)) - (60, 160, 60)).max() <= 2


def test_exif_does_not_turn_heic(tmp_path):
    """The file's own properties do (ISO/IEC 23008-12), which the decoder follows; EXIF only repeats them."""
    image = Image.new("RGB", (64, 32), "blue")
    image.paste("red", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6
    pillow_heif.register_heif_opener()
    image.save(tmp_path / "a.heic", exif=exif, quality=95)
    assert b"irot" not in (tmp_path / "a.heic").read_bytes()
    picture = open_picture(tmp_path / "a.heic")
    assert picture.size == (64, 32)
    assert picture.getpixel((8, 16))[0] > 200


@pytest.mark.parametrize("format", ["TIFF", "GIF", "WEBP", "PNG", "MPO"])
def test_of_several_pictures_the_first_is_taken(format):
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    photo = open_photo(encode(first, format, save_all=True, append_images=[second]), 8)
    assert photo[0].min() >= 250
    assert photo[2].max() <= 5
