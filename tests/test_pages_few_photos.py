"""Every page of photos, and the report, with folders of very few photos."""

import shutil

import pytest
from apptest import go_to, make_lab_report, start, text
from broken_models import DOGS, MNIST, save, small_with_stages

from aemodels.data import photo_sets
from aemodels.report.document import Figure

PAGES = ["reconstruct", "stages", "sample", "axes", "interpolate", "perturb", "noise_regularised"]


@pytest.fixture(params=[3, 20], ids=lambda number: f"{number} photos")
def few_photos(request, data_folder, checkpoint_folder, tmp_path, monkeypatch):
    """A folder of so many real photos, where the pages look for them; small models, one of them with the stages that a page shows."""
    for name in MNIST + DOGS[1:]:
        save(name, checkpoint_folder)
    save("dog-ae", checkpoint_folder, model_of=small_with_stages)
    files = sorted((data_folder / "stanford-dogs" / "Images").glob("*/*.jpg"))[:: 19000 // request.param][
        : request.param
    ]
    (tmp_path / "photos").mkdir()
    for i, file in enumerate(files):
        shutil.copy(file, tmp_path / "photos" / f"{i}.jpg")
    monkeypatch.setenv("LATENT_LAB_DATA", str(tmp_path / "photos"))
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "photos"


def open_pages(pages):
    app = start()
    for page in pages:
        go_to(app, f"dogs/{page}")
        assert "What to notice" in text(app), page
    return app


@pytest.mark.parametrize("few_photos", [3], indirect=True)
def test_a_page_of_photos_and_one_of_codes_run(few_photos):
    open_pages(["perturb", "sample"])


@pytest.mark.release
def test_every_page_runs_and_of_the_fewest_the_report(few_photos):
    app = open_pages(PAGES)
    go_to(app, "any/anomaly")
    app.segmented_control(key="data").set_value("Stanford Dogs").run()
    assert "What to notice" in text(app)
    assert not app.exception
    if len(list(few_photos.iterdir())) > 3:
        return
    go_to(app, "about/report")
    sections = make_lab_report(app)
    num_test = len(photo_sets.load_dogs(few_photos).test_index)
    assert 2 <= num_test < 9
    (figure, *_others) = [block for block in sections["D2"].blocks if isinstance(block, Figure)]
    assert len(figure.panel.rows) == num_test
