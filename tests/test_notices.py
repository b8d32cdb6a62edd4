"""What is to be noticed on a page begins with the one thing to see, in bold letters."""

import pytest
from apptest import open_page

QUICK = ("mnist/latent_plane", "mnist/path", "mnist/denoise", "dogs/axes", "about/training")
OTHERS = (
    "mnist/twins",
    "dogs/reconstruct",
    "dogs/stages",
    "dogs/sample",
    "dogs/generate",
    "dogs/interpolate",
    "dogs/perturb",
    "dogs/noise_regularised",
    "any/map",
    "any/code_size",
    "any/film",
    "any/anomaly",
)


@pytest.mark.parametrize("page", [*QUICK, *(pytest.param(page, marks=pytest.mark.release) for page in OTHERS)])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_notice_begins_with_the_one_thing_to_see(page, lang, without_photos):
    heading = {"en": "What to notice", "zh": "观察要点"}[lang]
    boxes = [element.value for element in open_page(page, lang=lang).markdown if heading in str(element.value)]
    assert boxes
    for box in boxes:
        assert box.split("\n\n", 1)[1].startswith("- **")
