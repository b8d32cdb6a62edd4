"""What people upload is read once and kept for the visit; what cannot be used is named, and the rest is used."""

import io

import pytest
from apptest import UPLOADS, go_to, open_page, png_file, start, text
from PIL import Image, ImageDraw

pytestmark = pytest.mark.usefixtures("without_photos", "quickly")


def upload(app, *files):
    app.file_uploader(key=UPLOADS).set_value([(name, content, "image/png") for name, content in files]).run()
    assert not app.exception
    return [warning.value for warning in app.warning]


def used(app):
    return [upload.name for upload in app.session_state[f"{UPLOADS}_kept"]]


@pytest.fixture
def app():
    return open_page("dogs/reconstruct", photos="Your own")


def test_photos_stay_for_the_visit_until_they_are_removed_or_replaced(app):
    upload(app, ("a.png", png_file()), ("b.png", png_file((20, 90, 200))))
    shown = app.get("image")[0].value
    go_to(app, "dogs/sample")
    go_to(app, "dogs/reconstruct")
    assert app.get("image")[0].value == shown
    assert "From before: **a.png, b.png**" in text(app)
    upload(app, ("c.png", png_file((9, 200, 9))))
    assert used(app) == ["c.png"]
    assert "From before" not in text(app)
    go_to(app, "dogs/sample")
    go_to(app, "dogs/reconstruct")
    next(button for button in app.button if button.label == "Remove the photo").click().run()
    assert not app.exception
    assert "You have not added a photo yet" in app.info[0].value
    assert f"{UPLOADS}_kept" not in start().session_state  # another visitor


def test_a_bad_file_that_is_taken_out_again_takes_nothing_with_it(app):
    upload(app, ("a.png", png_file()))
    upload(app, ("bad.png", b"no picture"))
    assert "From before: **a.png**" in text(app)
    upload(app)  # the cross beside bad.png
    assert used(app) == ["a.png"]
    assert "From before: **a.png**" in text(app)
    upload(app, ("b.png", png_file((20, 90, 200))))
    upload(app)  # the cross beside b.png
    assert used(app) == []


def with_a_digit():
    """Denoise, where seven.png has been uploaded."""
    app = open_page("mnist/denoise", digits="Upload one")
    photo, file = Image.new("RGB", (400, 300), "white"), io.BytesIO()
    ImageDraw.Draw(photo).line((180, 60, 230, 240), "black", 20)
    photo.save(file, "PNG")
    return app.file_uploader(key="digit_file").set_value(("seven.png", file.getvalue(), "image/png")).run()


def test_a_digit_stays_for_the_visit():
    app = with_a_digit()
    shown = app.get("image")[0].value
    go_to(app, "mnist/twins")
    go_to(app, "mnist/denoise")
    assert app.get("image")[0].value == shown
    assert "From before: **seven.png**" in text(app)
    assert "photo: SHA-256" in text(app)


def test_a_bad_file_in_the_place_of_a_digit_takes_it_not_away():
    app = with_a_digit()
    for name in ("bad.svg", "worse.svg"):
        # A browser tells of another file in two changes.
        app.file_uploader(key="digit_file").set_value(None).run()
        app.file_uploader(key="digit_file").set_value((name, b"no picture", "image/svg+xml")).run()
        assert not app.exception
        assert [name in warning.value for warning in app.warning] == [True]
        assert "From before: **seven.png**" in text(app)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"no picture", "is no picture"),
        (png_file()[:100], "is broken"),
        (b"GIF89a" + 20 * b"x", "is "),
    ],
    ids=["empty", "text", "cut", "only a header"],
)
def test_a_bad_file_among_good_ones_is_named_and_the_rest_is_used(app, content, reason):
    (sentence,) = upload(app, ("good.png", png_file()), ("bad.png", content), ("other.png", png_file((1, 2, 200))))
    assert sentence.startswith(f"bad.png {reason}")
    assert used(app) == ["good.png", "other.png"]
    upload(app, ("bad.png", content))
    assert used(app) == ["good.png", "other.png"]  # nothing is lost by a bad file


def test_the_same_file_twice_and_a_great_many(app):
    said = upload(app, ("a.png", png_file()), ("copy of a.png", png_file()))
    assert said == ["copy of a.png is the same file as a.png and is shown once."]
    assert used(app) == ["a.png"]
    said = upload(app, *((f"{i}.png", png_file((i, 100, 50))) for i in range(200)))
    assert said == ["The first 9 photos are shown; 191 more files are left out."]
    assert used(app) == [f"{i}.png" for i in range(9)]


@pytest.mark.parametrize("name", ["*狗*_1.png", "$x$ :smile: [a](b).png", "<b>é `c`.png", "1. 🐕.png", "# a|b.png"])
def test_odd_letters_in_a_name_are_shown_as_they_are(app, name):
    (sentence,) = upload(app, (name, b"no picture"))
    assert sentence.replace("\\", "").replace("\u2060", "").startswith(f"{name} is no picture")
    assert not any(f" {sign}" in f" {sentence}" for sign in ("*", "$", "[", "<", "`", "# ", "1. "))


def test_an_upload_is_not_said_to_stay_on_the_visitor_s_computer():
    """It goes to the server, which may be another one."""
    (said,) = (info.value for info in open_page("mnist/denoise", digits="own").info)
    assert "computer" not in said
    assert "forgotten when you close or reload this tab" in said
