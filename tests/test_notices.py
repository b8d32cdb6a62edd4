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
VIEWS = [
    *(("dogs/generate", {"view": view}) for view in ("way", "between", "back", "filling", "measured", "why")),
    *(("dogs/noise_regularised", {"noise_view": view}) for view in ("samples", "cliff")),
    ("any/anomaly", {"model": "dog-ae"}),  # of whose photos there is none
]


def begins_in_bold(page: str, lang: str = "en", **query: str) -> bool:
    heading = {"en": "What to notice", "zh": "观察要点"}[lang]
    boxes = [element.value for element in open_page(page, lang=lang, **query).markdown if heading in str(element.value)]
    assert boxes
    return all(box.split("\n\n", 1)[1].startswith("- **") for box in boxes)


@pytest.mark.parametrize("page", [*QUICK, *(pytest.param(page, marks=pytest.mark.release) for page in OTHERS)])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_notice_begins_with_the_one_thing_to_see(page, lang, without_photos):
    assert begins_in_bold(page, lang)


@pytest.mark.release
@pytest.mark.parametrize(("page", "query"), VIEWS)
def test_so_does_that_of_each_view(page, query, without_photos):
    assert begins_in_bold(page, **query)
