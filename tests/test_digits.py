"""Test digits printed, photographed and drawn in many ways must come back as MNIST shows them."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import aemodels
from aemodels.data import mnist
from aemodels.errors import DataError


@pytest.fixture(scope="module")
def digits():
    """Seven test digits, uint8 (28, 28)."""
    return mnist.load_mnist_test_digits()[0][::1600, 0].numpy()


def enlarged(digit, times=10):
    """How much ink lies where, in [0, 1]."""
    side = 28 * times
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)) / 255


def encode(values, format="PNG", **options):
    """Values (H, W) or (H, W, C) in [0, 1] as a file."""
    file = io.BytesIO()
    Image.fromarray(np.clip(255 * values, 0, 255).round().astype(np.uint8)).save(file, format, **options)
    file.seek(0)
    return file


def inked(ink, colour, ground):
    return np.array(ground) + ink[:, :, None] * (np.array(colour) - np.array(ground))


def light(shape):
    """Light that falls from one side, in [0.35, 1]."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return 0.35 + 0.65 * (0.6 * x + 0.4 * y)


def half_shadow(shape):
    """The shadow of something with a straight edge, which halves the light on the right half."""
    return np.where(np.arange(shape[1]) < shape[1] / 2, 1, 0.5)


def hand_shadow(shape):
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return np.where(np.hypot((x - 0.75) / 1.2, y - 0.85) < 0.45, 0.5, 1)


def noise(shape, sigma):
    return np.random.default_rng(0).normal(0, sigma, shape)


def on_sheet(ink, height, width, top, left):
    sheet = np.zeros((height, width))
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def on_table(ink, degrees=0, table=0.15, paper=0.9, pen=0.1, sheet=(400, 330), at=(60, 170)):
    """A sheet that does not fill the picture: what lies around it is no ink."""
    values = paper + (pen - paper) * on_sheet(ink, *sheet, 70, 30)
    picture = Image.new("F", (640, 520), table)
    layer, mask = (
        image.rotate(degrees, Image.Resampling.BILINEAR, expand=True)
        for image in (Image.fromarray(values.astype(np.float32)), Image.new("L", sheet[::-1], 255))
    )
    picture.paste(layer, at[::-1], mask)
    return np.asarray(picture)


def framed(ink, paper=0.95, pen=0.1):
    """A thin frame drawn around the digit, of which fewer pixels are ink than of the digit."""
    frame = np.ones((400, 330))
    frame[12:-12, 12:-12], frame[14:-14, 14:-14] = 0, 1
    return paper + (pen - paper) * np.maximum(on_sheet(ink, 400, 330, 70, 30), 1 - frame)


def cropped(ink):
    rows, columns = np.flatnonzero((ink > 0.5).any(1)), np.flatnonzero((ink > 0.5).any(0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def specked(ink):
    ink = ink.copy()
    for y, x in np.random.default_rng(0).integers(2, 270, (20, 2)):
        ink[y : y + 3, x : x + 3] = 1
    return ink


def ruled(ink, step, line=(0.65, 0.75, 0.9), pen=(0.1, 0.1, 0.25), squared=True):
    paper = np.full((*ink.shape, 3), 0.96)
    paper[::step] = paper[1::step] = line
    if squared:
        paper[:, ::step] = paper[:, 1::step] = line
    return paper * (1 - ink[:, :, None]) + ink[:, :, None] * np.array(pen)


def turned(degrees_by_exif):
    exif = Image.Exif()
    exif[0x0112] = degrees_by_exif
    return exif


def in_dots(values):
    """As a fax machine or an old scanner has it."""
    file = io.BytesIO()
    Image.fromarray((255 * values).clip(0, 255).astype(np.uint8)).convert("1").save(file, "TIFF", compression="group4")
    return file


def on_nothing(values):
    """A GIF of a few colours, the lightest of which is transparent."""
    file = io.BytesIO()
    image = Image.fromarray((255 * values).clip(0, 255).astype(np.uint8)).quantize(4)
    image.save(file, "GIF", transparency=image.getpixel((0, 0)))
    return file


def disc(ink):
    y, x = np.mgrid[-1 : 1 : ink.shape[0] * 1j, -1 : 1 : ink.shape[1] * 1j]
    return x * x + y * y < 0.95


UPLOADS = {
    "printed": lambda ink: encode(1 - ink),
    "light on dark": lambda ink: encode(ink),
    "red on blue, equally bright": lambda ink: encode(inked(ink, (0.8, 0.1, 0.1), (0.1, 0.1, 0.8))),
    "yellow on white": lambda ink: encode(inked(ink, (1, 0.9, 0.2), (1, 1, 1))),
    "black on transparent": lambda ink: encode(np.dstack([np.zeros((*ink.shape, 3)), ink])),
    "white on transparent": lambda ink: encode(np.dstack([np.ones((*ink.shape, 3)), ink])),
    "in a shadow": lambda ink: encode((1 - 0.8 * ink) * 0.95 * light(ink.shape)),
    "in a shadow, a grainy JPEG": lambda ink: encode(
        (1 - 0.8 * ink) * 0.9 * light(ink.shape) + noise(ink.shape, 0.03), "JPEG", quality=70
    ),
    "lit from one side": lambda ink: encode((1 - 0.7 * ink) * np.linspace(0.3, 1, ink.shape[1])),
    "cropped at the digit": lambda ink: encode(1 - cropped(ink)),
    "cropped, light on dark": lambda ink: encode(cropped(ink)),
    "at the right of a wide sheet": lambda ink: encode(1 - on_sheet(ink, 300, 800, 10, 510)),
    "low on a tall sheet": lambda ink: encode(1 - on_sheet(ink, 900, 300, 600, 10)),
    "grainy": lambda ink: encode(1 - 0.8 * ink + noise(ink.shape, 0.06)),
    "with specks": lambda ink: encode(1 - specked(ink)),
    "on chequered paper": lambda ink: encode(ruled(ink, 20)),
    "on ruled paper whose lines are dark": lambda ink: encode(
        ruled(np.pad(ink, 140), 70, line=(0.4, 0.45, 0.6), squared=False)
    ),
    "in pencil on squared paper": lambda ink: encode(ruled(np.pad(ink, 140), 40, pen=(0.45, 0.45, 0.47))),
    "half in a shadow": lambda ink: encode((0.9 - 0.8 * ink) * half_shadow(ink.shape), "JPEG"),
    "in the shadow of a hand": lambda ink: encode((0.9 - 0.8 * np.pad(ink, 60)) * hand_shadow((400, 400)), "JPEG"),
    "a sheet on a table, half in a shadow": lambda ink: encode(on_table(ink) * half_shadow((520, 640)), "JPEG"),
    "in faint pencil": lambda ink: encode(0.9 - 0.25 * ink + noise(ink.shape, 0.01)),
    "in the dots of two colours": lambda ink: in_dots(1 - ink),
    "smooth ink on a ground that was made transparent": lambda ink: on_nothing(1 - ink),
    "a cut-out paper on nothing": lambda ink: encode(
        np.dstack([np.repeat(0.95 * (1 - ink)[:, :, None], 3, 2), disc(ink)])
    ),
    "a sheet on a dark table": lambda ink: encode(on_table(ink)),
    "a sheet on a dark table, unevenly lit": lambda ink: encode(
        on_table(ink) * light((520, 640)) + noise((520, 640), 0.02), "JPEG"
    ),
    "a small sheet on a black table": lambda ink: encode(np.pad(on_table(ink, table=0), 300)),
    "a tilted sheet on a table": lambda ink: encode(on_table(ink, 9, table=0.3)),
    "a sheet tilted the other way": lambda ink: encode(on_table(ink, -9) * light((520, 640))),
    "a sheet that the picture cuts off": lambda ink: encode(on_table(ink)[:, 190:]),
    "a dark card on a light table": lambda ink: encode(on_table(ink, 4, table=0.9, paper=0.15, pen=0.85)),
    "a sheet on a board on a table": lambda ink: encode(
        np.pad(np.pad(on_table(ink, table=0.1), 40, constant_values=0.95), 60)
    ),
    "a sheet over three borders, a table at the left": lambda ink: encode(
        np.pad(1 - 0.9 * on_sheet(ink, 420, 420, 70, 70), ((0, 0), (120, 0)), constant_values=0.5)
    ),
    "a small sheet on a wide dark table": lambda ink: encode(
        np.pad(on_table(ink, table=0.1), 450, constant_values=0.1)
    ),
    "in a drawn frame": lambda ink: encode(framed(ink)),
    "in a light frame on dark": lambda ink: encode(framed(ink, 0.05, 0.95)),
    "in a tilted frame": lambda ink: encode(
        np.asarray(
            Image.fromarray(np.pad(framed(ink), 60, constant_values=0.95).astype(np.float32)).rotate(8, fillcolor=0.95)
        )
    ),
    "turned by EXIF": lambda ink: encode(np.rot90(1 - ink), "JPEG", exif=turned(6)),
}


@pytest.mark.parametrize("kind", UPLOADS)
def test_an_upload_lands_where_mnists_digits_lie(digits, kind):
    read = torch.stack([aemodels.read_digit(UPLOADS[kind](enlarged(digit))) for digit in digits])
    assert read.shape == (7, 1, 28, 28)
    assert read.dtype == torch.float32
    assert read.min() >= 0
    assert read.max() <= 1
    x = torch.from_numpy(digits).float().unsqueeze(1) / 255
    assert aemodels.psnr_db(x, read).mean() >= 20


@pytest.mark.parametrize("place", [3115, 4974, 9044])
def test_the_brighter_half_of_a_sheet_is_no_sheet(place):
    """Light that falls from one side has no edge, as a sheet has."""
    digit = mnist.load_mnist_test_digits()[0][place]
    read = aemodels.read_digit(UPLOADS["lit from one side"](enlarged(digit[0].numpy())))
    assert aemodels.psnr_db(digit[None] / 255, read[None]).item() >= 20


@pytest.mark.parametrize("dark", [False, True])
def test_a_digit_of_mnist_comes_back_as_it_is(digits, dark):
    for digit in digits:
        x = torch.from_numpy(digit).float() / 255
        read = aemodels.read_digit(encode((1 - digit / 255) if dark else digit / 255))
        assert (read[0] - x).abs().max() <= 2 / 255


def test_the_centre_of_mass_is_mnists(digits):
    read = torch.stack([aemodels.read_digit(encode(1 - enlarged(digit)))[0] for digit in digits])
    places = torch.arange(28.0)
    for axis in (1, 2):
        mass = read.sum(3 - axis)
        assert ((mass @ places) / mass.sum(1) - 14).abs().max() <= 0.55


@pytest.mark.parametrize("radius_px", [1, 2, 12, 25, 40])
def test_pens_of_any_breadth_become_mnists(radius_px):
    y, x = np.mgrid[:280, :280]
    ring = abs(np.hypot(y - 140, x - 140) - 90) <= radius_px
    digit = aemodels.read_digit(encode(1.0 - ring))[0]
    across = digit[14, :14]
    assert 1.4 <= float(across.sum()) <= 5.2
    assert across.max() > 0.7


def test_a_path_or_a_stream(tmp_path, digits):
    file = encode(1 - enlarged(digits[0]))
    path = tmp_path / "digit.png"
    path.write_bytes(file.getvalue())
    assert torch.equal(aemodels.read_digit(path), aemodels.read_digit(file))
    assert torch.equal(aemodels.read_digit(str(path)), aemodels.read_digit(file))


@pytest.mark.parametrize("values", [np.ones((90, 90)), np.zeros((90, 90)), np.full((28, 28), 0.5), np.ones((1, 1))])
def test_a_picture_of_nothing_is_one_sentence(tmp_path, values):
    path = tmp_path / "empty.png"
    path.write_bytes(encode(values).getvalue())
    with pytest.raises(DataError, match=r"^empty\.png shows no digit: nothing stands out from the background\.$"):
        aemodels.read_digit(path)


def test_several_digits_are_one_sentence(digits):
    three = np.hstack([enlarged(digit) for digit in digits[:3]])
    for picture in (three, np.vstack([three, three])):
        with pytest.raises(DataError, match=r"^The picture shows more than one digit; draw or cut out one alone\.$"):
            aemodels.read_digit(encode(1 - picture))


@pytest.mark.parametrize("shape", [(58, 4), (18, 252), (2, 354), (1, 400), (400, 1), (3, 3)])
def test_a_dot_in_a_picture_of_any_shape_is_a_digit_or_none(shape):
    values = np.zeros(shape)
    values[shape[0] // 2, shape[1] // 2] = 1
    digit = aemodels.read_digit(encode(values))
    assert digit.shape == (1, 28, 28)
    assert 0 <= digit.min() < digit.max() <= 1


def test_a_file_that_is_no_picture_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(DataError, match=r"^notes\.txt is no picture"):
        aemodels.read_digit(tmp_path / "notes.txt")
