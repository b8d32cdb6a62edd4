"""Every page with models that the lab did not bring, beside its own and alone, and with files that are none."""

import re
from dataclasses import replace

import pytest
import torch
from apptest import go_to, make_lab_report, notice, open_page, start, text
from broken_models import DOGS, MNIST, save
from foreign_models import FOREIGN, save_foreign
from PIL import Image

from aemodels.data import sources
from pages.parts.shared import loaders, models, originals

PLANES, PHOTOS = ("mnist/latent_plane", "mnist/twins", "mnist/path"), (
    "dogs/reconstruct", "dogs/sample", "dogs/axes", "dogs/interpolate", "dogs/perturb", "dogs/noise_regularised",
)  # fmt: skip
PAGES = (
    "about/home", *PLANES, "any/film", "mnist/denoise", *PHOTOS, "any/map", "any/code_size", "about/training", "about/report"
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("without_photos", "quickly")


def check(app, page):
    go_to(app, page)
    assert not app.exception, page
    assert [error.value for error in app.error] == [], page
    words = text(app, "info", "warning")
    assert not any(word in words.split() for word in ("nan", "inf", "None")), page
    assert not re.search(r"(^|[\s(“])/\w+/", words), page  # an absolute path: where the project lies
    return words


@pytest.fixture
def foreign(checkpoint_folder):
    for name in FOREIGN:
        save_foreign(name, checkpoint_folder)
    return checkpoint_folder


@pytest.fixture
def lab(checkpoint_folder):
    for name in MNIST + DOGS:
        save(name, checkpoint_folder, num_codes=60)
    return checkpoint_folder


def test_the_labs_own_are_the_default_beside_three_others(lab):
    for name in ("shapes-ae", "grey-ae", "fashion-plane"):
        save_foreign(name, lab)
    app = start()
    assert check(app, "about/home").count("| model |") == 5
    for page in PAGES[1:]:
        check(app, page)
        if page in PLANES:
            assert app.segmented_control(key="mnist_data").options == ["MNIST", "FashionMNIST"]
            assert app.segmented_control(key="mnist_data").value == "MNIST"
        if page in PHOTOS:
            assert app.segmented_control(key="data").options == ["Stanford Dogs", "Grey shapes", "Shapes"]
            assert app.segmented_control(key="data").value == "Stanford Dogs"


@pytest.mark.parametrize("data", ["Shapes", "Grey shapes"])
def test_photo_pages_show_models_of_any_shape(data, foreign):
    app = start(data=data)
    for page in PHOTOS:
        words = check(app, page)
        assert app.segmented_control(key="data").value == data
        assert "dog" not in words.lower(), page
        assert app.get("image") or page == "dogs/noise_regularised"
    app = open_page("dogs/reconstruct", data=data)
    size = "of 12,288 numbers is squeezed into a code of 256 (16 channels of 4×4)"
    if data == "Grey shapes":
        size = "of 9,216 numbers is squeezed into a code of 288 (8 channels of 6×6)"
    assert f"Each photo {size}" in text(app)
    assert ("averaged over the colours" in text(app)) == (data == "Shapes")


def test_one_model_is_not_held_against_itself(foreign):
    assert notice(open_page("dogs/perturb", data="Grey shapes")).count("for “Grey”") == 1


def test_models_with_noise_are_held_against_the_plain_one(foreign):
    save_foreign("shapes-denoiser", foreign, as_name="a-denoiser")  # first by its name
    app = open_page("dogs/noise_regularised", data="Shapes")
    assert "(in brackets the variance of that noise), compared with:\n    - “Plain”: " in notice(app)
    names = ", ".join(map(models.said, ("a-denoiser", "shapes-ae", "shapes-denoiser")))
    assert f"Codes of {names} have no fixed mean square" in text(app)


def test_a_short_training_took_seconds(checkpoint_folder):
    save_foreign("shapes-ae", checkpoint_folder)
    assert "**Training took 60 seconds**" in notice(open_page("about/training"))


@pytest.mark.parametrize(("data", "picture"), [("FashionMNIST", "image"), ("Shapes", "photo")])
def test_plane_pages_show_models_of_any_data_set(data, picture, foreign):
    app = start(mnist_data=data)
    for page in (*PLANES, "mnist/denoise"):
        words = check(app, page)
        assert app.segmented_control(key="mnist_data").value == data
        assert "digit" not in words.lower(), page
        assert picture in words or page == "mnist/twins"
    check(app, "mnist/latent_plane")
    assert "The originals are not on this computer" in text(app)


def test_names_are_literal_in_tables(foreign):
    title = "$x^2$ and *y*"
    save_foreign("fashion-plane", foreign, as_name="second", title=title)
    save_foreign("shapes-ae", foreign, as_name=title.replace("*", "_"))
    (measured,) = open_page("mnist/twins", mnist_data="FashionMNIST").table
    assert r"\$x^2\$ and \*y\*" in measured.value.columns
    for table in open_page("dogs/noise_regularised", data="Shapes").table:
        assert any(r"\$x^2\$ and \_y\_" in row for row in table.value.index)


def test_denoisers_with_codes_of_one_length_are_told_once(foreign):
    save_foreign("fashion-denoiser", foreign, as_name="another")
    (sentence,) = re.findall("Here are .*? numbers", text(open_page("mnist/denoise", mnist_data="FashionMNIST")))
    assert sentence == "Here are 2 of them, with codes of 64 numbers"


@pytest.mark.release
def test_every_page_with_foreign_models_alone(foreign):
    app = start()
    for page in PAGES:
        check(app, page)
    keys = list(make_lab_report(app))
    assert {"M2-fashionmnist", "M4-fashionmnist", "D2-grey-shapes", "D3-grey-shapes", "D4-grey-shapes"} <= set(keys)
    assert keys == sorted(keys, key=lambda key: "MD".index(key[0]))


def test_every_page_with_no_model(checkpoint_folder):
    app = start()
    for page in PAGES:
        check(app, page)
        if page in (*PLANES, "any/film", "mnist/denoise", *PHOTOS, "any/map"):
            assert "There is no model with " in app.info[0].value


def test_files_that_are_no_models_take_out_themselves_alone(foreign):
    content = (foreign / "grey-ae.safetensors").read_bytes()
    (foreign / "cut.safetensors").write_bytes(content[: len(content) // 2])
    (foreign / "text.safetensors").write_bytes(b"this is no model")
    (foreign / "empty.safetensors").write_bytes(b"")
    app = start()
    assert sorted(sentence.split(".safetensors")[0] for sentence in app.error[0].value.split("\n\n")) == [
        "cut",
        "empty",
        "text",
    ]
    for page in (*PLANES, "mnist/denoise", *PHOTOS):
        check(app, page)
        assert "`cut`, `empty`, `text`. Home says why." in notice(app)


def test_a_model_whose_file_is_cut_while_it_is_shown_gives_way_to_another_and_this_is_said(foreign):
    app = open_page("dogs/sample", data="Shapes")
    assert app.segmented_control(key="model").value == "shapes-ae"
    file = foreign / "shapes-ae.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    app.run()
    said = "The file of the model **shapes-ae** cannot be read now. You see **{}**; Home says why."
    assert [toast.value for toast in app.toast] == [said.format(models.title(app.segmented_control(key="model").value))]
    app.run()
    assert not app.toast


def test_a_model_that_no_page_can_show_is_told_on_home(foreign, monkeypatch):
    title, data, values = FOREIGN["fashion-3d"]
    monkeypatch.setitem(FOREIGN, "fashion-3d", (title, data, values | {"latent_shape": (1,)}))
    save_foreign("fashion-3d", foreign, as_name="fashion-1d")
    (sentence,) = (info.value for info in start().info if "fashion-1d" in info.value)
    assert "The code of fashion-1d is of 1 numbers" in sentence
    for page in PLANES:
        app = open_page(page, mnist_data="FashionMNIST")
        assert all("Three numbers" not in control.options for control in app.segmented_control)


def test_a_model_of_other_data_under_a_name_of_the_lab(lab):
    save_foreign("shapes-ae", lab, as_name="dog-ae")
    app = open_page("dogs/reconstruct")
    assert app.segmented_control(key="model").value == "dog-noise-0.05"
    app = open_page("dogs/reconstruct", model="dog-ae")
    assert app.segmented_control(key="data").value == "Shapes"
    assert "12,288 numbers" in text(app)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("shapes-noise", "shapes-noise"),
        ("noise 0.1", "shapes-noise"),
        ("0.1", "shapes-noise"),
        ("no such", "shapes-ae"),
    ],
)
def test_an_address_names_a_model_or_ends_as_its_title(address, value, foreign):
    app = open_page("dogs/reconstruct", data="Shapes", model=address)
    assert app.segmented_control(key="model").value == value
    assert app.query_params["model"] == value


def test_another_model_is_in_the_address(foreign):
    app = open_page("dogs/sample")
    assert "model" not in app.query_params
    app.segmented_control(key="data").set_value("Shapes").run()
    app.segmented_control(key="model").set_value("shapes-noise").run()
    assert not app.exception
    assert (app.query_params["data"], app.query_params["model"]) == ("Shapes", "shapes-noise")
    go_to(app, "dogs/axes")
    assert app.segmented_control(key="model").value == "shapes-noise"


def test_many_models_are_a_list(checkpoint_folder):
    for i in range(8):
        save_foreign("grey-ae", checkpoint_folder, as_name=f"grey-{i}", title=f"number {i}")
    app = open_page("dogs/interpolate", model="grey-5")
    assert app.selectbox(key="model").value == "grey-5"


@pytest.fixture
def shapes(foreign, without_photos):
    """Pictures where the models' data set says: of another content than they were trained on."""
    generator = torch.Generator().manual_seed(0)
    for i in range(60):
        colour = tuple(torch.randint(256, (3,), generator=generator).tolist())
        folder = without_photos / "shapes" / ("circle", "square")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (80 + i, 70), colour).save(folder / f"{i}.png")
    return without_photos / "shapes"


@pytest.mark.parametrize("data", ["Shapes", "Grey shapes"])
def test_photos_of_each_data_set_are_found_and_others_are_told(data, shapes):
    app = open_page("dogs/reconstruct", data=data)
    assert not app.exception
    assert not app.info
    assert f"others than those of {data} that the models were trained on" in text(app)
    assert "Original" in app.get("image")[0].proto.imgs[0].alt


def test_home_tells_data_sets_of_one_name_apart(shapes, foreign, monkeypatch):
    title, data, values = FOREIGN["grey-ae"]
    monkeypatch.setitem(FOREIGN, "grey-ae", (title, replace(data, name="Shapes"), values))
    save_foreign("grey-ae", foreign)
    found = [info.value for info in start().info]
    for name in ("Shapes (64×64, colour)", "Shapes (96×96, grey)"):
        assert sum(value.startswith(f"{name}: 60 photos") for value in found) == 1


def test_the_very_photos_need_no_word(shapes, foreign):
    config = FOREIGN["shapes-ae"][1]
    photos = sources.load_photos_of(config, shapes.parent)
    save_foreign("shapes-ae", foreign, fingerprint=photos.fingerprint)
    data = loaders.load("shapes-ae").data
    found = originals.of(data)
    assert found.is_same
    assert torch.equal(found.at(torch.arange(len(found))), photos.test)
    assert originals.about_others(data) == ""
    assert found.name_of(0) in ("circle", "square")
