"""Every page with models that went wrong, and with models that come with few codes: it runs, and says what is wrong."""

import re

import pytest
from apptest import go_to, make_lab_report, start, text
from broken_models import BROKEN, DOGS, MNIST, save

from aemodels.report.document import Paragraph

PAGES = {
    "mnist/latent_plane": MNIST[:1],
    "mnist/twins": MNIST[:3],
    "mnist/path": MNIST[:1],
    "mnist/denoise": MNIST[3:],
    "dogs/reconstruct": DOGS[:1],
    "dogs/sample": DOGS[:1],
    "dogs/axes": DOGS[:1],
    "dogs/interpolate": DOGS[:1],
    "dogs/perturb": DOGS[:1],
    "dogs/noise_regularised": DOGS,
}
SAYS = {  # of digits, of photos
    "dead": ("z₂ is the same for every digit: this number carries nothing.", "Channel 2 is the same for every photo"),
    "equal": ("All 500 codes are the same", "All 60 codes are the same"),
    "zero": ("The codes are all zero", "The codes are all zero"),
    "huge": ("The codes are huge", "The codes are huge"),
    "tiny": ("The codes are tiny", "The codes are all zero"),  # a photo's code is kept in float16, where this is zero
}


def shown(app):
    assert not app.exception
    assert [error.value for error in app.error] == []
    return text(app, "warning", "info")


def has_no_nonsense(words):
    return not re.search(r"\b(nan|inf)\b", words)


@pytest.mark.parametrize(
    "fault", ["dead", *(pytest.param(f, marks=pytest.mark.release) for f in BROKEN if f != "dead")]
)
def test_a_model_that_went_wrong_is_shown_as_that(fault, checkpoint_folder, without_photos):
    for name in MNIST:
        save(name, checkpoint_folder, BROKEN[fault], 500)
    for name in DOGS:
        save(name, checkpoint_folder, BROKEN[fault], 60)
    of_digits, of_photos = SAYS[fault]
    app = start()
    home = shown(app)
    assert of_digits in home
    assert of_photos in home
    for page in PAGES:
        words = shown(go_to(app, page))
        expected = of_digits if page.startswith("mnist") else of_photos
        # Where a page cannot work with such codes it says that instead.
        assert expected in words or "60 codes, all the same" in words, page
        assert has_no_nonsense(words), page
    assert of_digits in shown(go_to(app, "about/training"))


@pytest.mark.parametrize("num_codes", [1, *(pytest.param(n, marks=pytest.mark.release) for n in (2, 3, 20))])
def test_a_model_with_few_codes_runs_or_says_that_they_are_too_few(num_codes, checkpoint_folder, without_photos):
    for name in MNIST + DOGS:
        save(name, checkpoint_folder, num_codes=num_codes)
    app = start()
    for page in ("about/home", *PAGES, "about/training", "about/report"):
        words = shown(go_to(app, page))
        assert has_no_nonsense(words), page
        if page in PAGES:
            come = "1 code comes" if num_codes == 1 else f"{num_codes} codes come"
            assert any(say in words for say in (come, "one code", "needs at least 11 codes")), page
    sections = make_lab_report(app)
    assert list(sections) == [f"{letter}{item}" for letter in "MD" for item in (1, 2, 3, 4, 5)]
    assert has_no_nonsense(shown(app))
    printed = " ".join(block.text for block in sections["D2"].blocks if isinstance(block, Paragraph))
    assert "“python train.py --download”" in printed
    assert not set(printed) & set("`\\*")


def test_only_the_model_that_went_wrong_is_named(checkpoint_folder, without_photos):
    for name in MNIST:
        save(name, checkpoint_folder, BROKEN["dead"] if name == "mnist-ae-l2-code" else lambda codes: codes, 500)
    words = shown(go_to(start(), "mnist/twins"))
    assert "“L2 on the code”: z₂ is the same for every digit" in words
    assert words.count("z₂ is the same") == 1
