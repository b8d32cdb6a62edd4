"""One photo through every model, on the page Reconstruct."""

import re
from functools import partial

import apptest
import pytest
import torch
from apptest import UPLOADS, collected, pictures, png_file, text
from broken_models import DOGS

import aemodels
from aemodels.language import signed
from aemodels.noise import perturb, seeded_normal
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import through_models
from pages.parts.shared import models

pytestmark = pytest.mark.usefixtures("quickly")
open_page = partial(apptest.open_page, "dogs/reconstruct", seed=4)


@pytest.fixture
def x(dogs):
    """The third test photo of seed 4, float (1, 3, 128, 128); the app sees it too."""
    order = torch.randperm(len(dogs.test_index), generator=torch.Generator().manual_seed(4))
    return dogs.images[dogs.test_index[order[2:3]]].float() / 255


def rows_of(app):
    """The numbers of the section, by model and variance, as "Add to report" collects them."""
    app.button(key="add_to_report-models").click().run()
    assert not app.exception
    panel = collected(app)[-1]
    return panel, {(row["model"], row["noise_variance"]): row["psnr_db"] for row in panel.rows}


def test_psnr_is_that_of_each_model_without_noise_and_with_its_own(x):
    app = open_page(compare="true", which=3)
    panel, rows = rows_of(app)
    expected = {}
    for name in DOGS:
        model = aemodels.load_checkpoint(name).model
        z = model.encode(x)
        expected[name, 0.0] = aemodels.psnr_db(x, model.decode(z)).item()
        if variance := model.noise_variance:
            noisy = perturb(z, variance, seeded_normal([4011], z.shape[1:]))
            expected[name, variance] = aemodels.psnr_db(x, model.decode(noisy)).item()
    assert rows == pytest.approx(expected, abs=2e-3)
    assert panel.settings["noise seed"] == 4011
    assert panel.alt.startswith("Photo 3 (")
    best = max(DOGS, key=lambda name: expected[name, 0.0])
    said = text(app)
    assert f"**{models.title(best)}** rebuilds this photo best: **{expected[best, 0.0]:.2f} dB**" in said
    means = {name: aemodels.load_checkpoint(name).metrics["evaluations"][0]["psnr_db"] for name in DOGS}
    told = re.search(rf"test photos they differ from “{models.title(best)}” by (.*?)\)\.", said)[1]
    for name in set(DOGS) - {best}:
        assert f"{signed(means[name] - means[best], 2)} dB ({models.title(name)}" in told


def test_nothing_of_it_is_computed_until_it_is_asked_for(x, monkeypatch):
    computed = []
    compute = through_models._compute
    monkeypatch.setattr(through_models, "_compute", lambda *scene: computed.append(1) or compute(*scene))
    app = open_page()
    assert not computed
    before = len(pictures(app))
    app.toggle(key="compare").set_value(True).run()
    assert not app.exception
    assert computed == [1]
    assert len(pictures(app)) == before + 1


def test_whoever_comes_for_it_sees_it_first_and_it_stays_there(x):
    first = "One photo through every model"
    app = open_page(compare="true")
    assert [header.value for header in app.header][:2] == [first, "What this model rebuilds"]
    app.button(key="again").click().run()
    assert app.header[0].value == first
    app = open_page()
    below = [header.value for header in app.header]
    assert first in below[1:]
    app.toggle(key="compare").set_value(True).run()
    app.button(key="again").click().run()
    assert [header.value for header in app.header] == below  # where it was switched on


def test_it_comes_first_too_where_the_address_holds_a_number_that_is_refused(without_photos):
    app = apptest.new_session(seed=-1, compare="true")
    app._registered_pages = apptest.registered_pages()
    app.switch_page("dogs/reconstruct.py").run()  # the run that enters the page ends with the field that refuses
    assert not app.exception
    assert app.number_input(key="seed").value == 1
    assert app.header[0].value == "One photo through every model"


def test_a_photo_of_the_visitor_s_own_goes_through_them_too(without_photos):
    app = open_page(compare="true", photos="own")
    assert "This needs a photo" in text(app)
    app.file_uploader(key=UPLOADS).set_value([("a.png", png_file(), "image/png")]).run()
    assert not app.exception
    panel, rows = rows_of(app)
    assert {name for name, _ in rows} == set(DOGS)
    assert panel.settings["picture"] == "1 (a.png)"


def test_pictures_of_another_shape_are_not_compared(monkeypatch):
    found = through_models.loaders.read_catalogue()
    (group,) = found.of_kind(catalogue.MAPS)
    small = catalogue.replace(group.models[0].config, image_shape=(3, 64, 64))
    other = catalogue.replace(group, key="other", models=(catalogue.replace(group.models[0], name="b", config=small),))
    same = catalogue.replace(group, key="same", models=(catalogue.replace(group.models[0], name="a"),))
    both = catalogue.replace(found, groups=(group, other, same))
    monkeypatch.setattr(through_models.loaders, "read_catalogue", lambda: both)
    assert through_models.names(group) == [*group.names, "a"]


@pytest.mark.parametrize(("num_models", "num_panels"), [(4, 1), (5, 1), (6, 2), (11, 3)])
def test_many_models_stand_in_several_rows(num_models, num_panels):
    tiles = {f"model-{i}": figures.to_tiles(torch.full((1, 3, 8, 8), i / 20))[0] for i in range(num_models)}
    psnr = dict.fromkeys(tiles, 25.0)
    scene = through_models.Scene(tiles["model-0"], "photo", psnr, {}, tiles, tiles, {}, {})
    one = through_models.Scene(
        tiles["model-0"], "photo", {"model-0": 25.0}, {}, {"model-0": tiles["model-0"]}, tiles, {}, {}
    )
    assert through_models.draw(one, 1400, figures.LIGHT).width == 1400
    image = through_models.draw(scene, 1400, figures.LIGHT)
    columns = 1 + -(-num_models // num_panels)
    side = (1400 - 150 - 10 * (columns + 1)) // columns
    assert 2 * num_panels * side < image.height < 2 * num_panels * (side + 70)
