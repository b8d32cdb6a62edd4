"""Numbers that a field does not take, and addresses that ask for what a page cannot show: said, and no other scene is taken for them."""

import pytest
from apptest import collected, open_page

from pages.parts.plane import address

LOST = "The address asks for {}. This page cannot show that, and leaves it out."
REFUSED = "“{}” takes a number from {} to {}, so {} was not taken."
FIELDS = [
    ("dogs/sample", "seed", "Seed", 0, "999,999", -1),
    ("dogs/axes", "axis", "First axis shown", 1, None, 0),
    ("mnist/path", "a", "Test digit A, its number", 0, "9,999", 10_000),
    ("mnist/train_live", "live_code", "Numbers in the code", 2, 64, 65),
    ("mnist/train_live", "live_weight_decay", "Weight decay", 0, 10, -0.5),
    ("any/map", "map_code", "Code", 0, "9,999", -1),
    ("any/film", "film_step", "Step", 0, None, -1),
    ("about/report", "seed", "Seed", 0, "999,999", 1_000_000),
]
FEW = ("dogs/sample", "mnist/train_live", "mnist/path")
FIELDS = [field if field[0] in FEW else pytest.param(*field, marks=pytest.mark.release) for field in FIELDS]
pytestmark = pytest.mark.usefixtures("quickly", "without_photos")


def toasts(app):
    return [toast.value for toast in app.toast]


@pytest.mark.parametrize(("page", "key", "label", "least", "most", "wrong"), FIELDS)
def test_a_number_beyond_the_limits_is_refused_in_a_sentence_and_the_one_before_stays(
    page, key, label, least, most, wrong
):
    app = open_page(page, live_kind="weights-l2")
    before = app.number_input(key).value
    app.number_input(key).set_value(wrong).run()
    assert not app.exception
    assert app.number_input(key).value == before
    (said,) = toasts(app)
    expected = REFUSED.format(label, least, most or "…", f"{wrong:,}")
    assert said == expected if most else said.startswith(expected.partition("…")[0])
    app.run()
    assert toasts(app) == []


def test_a_refused_number_changes_neither_the_picture_nor_what_is_collected():
    app = open_page("dogs/sample", seed=5)
    shown = [image.value for image in app.get("image")]
    app.number_input("seed").set_value(-1).run()
    assert [image.value for image in app.get("image")] == shown
    app.button("add_to_report").click().run()
    assert collected(app)[0].settings["seed"] == 5


def test_a_number_that_another_model_does_not_reach_becomes_its_last_one():
    app = open_page("dogs/reconstruct", model="dog-ae", channel=16)
    assert app.number_input("channel").value == 16
    app.session_state["channel_taken"] = app.session_state["channel"] = 17  # as of a model with more channels
    app.run()
    assert app.number_input("channel").value == 16
    assert toasts(app) == []


def test_an_address_beyond_the_limits_is_refused_field_by_field():
    app = open_page("mnist/train_live", live_kind="vae", live_code=1, live_beta=9999, live_rate=7, seed=3)
    assert [app.number_input(key).value for key in ("live_code", "seed")] == [2, 3]
    assert sorted(toasts(app)) == [
        LOST.format("`live_rate=7`"),
        REFUSED.format("Numbers in the code", 2, 64, 1),
        REFUSED.format("Weight of the KL divergence, β", 0, 100, 9999),
    ]
    assert app.query_params == {"seed": "3", "live_kind": "vae", "live_rate": "0.02"}


@pytest.mark.parametrize(
    ("page", "query", "lost"),
    [
        (
            "any/anomaly",
            {"flag": "101", "against": "nobody", "seed": "abc"},
            "`flag=101`, `against=nobody`, `seed=abc`",
        ),
        ("any/anomaly", {"flag": "5", "seed": "1", "utm_source": "mail"}, ""),
        ("any/map", {"view": "1", "model": "dog-prior"}, "`view=1`, `model=dog-prior`"),
        (
            "mnist/denoise",
            {"model": "nobody", "mnist_data": "nobody"},
            "`model=nobody`, `mnist_data=nobody`",
        ),
        ("about/home", {"model": "dog-ae", "data": "MNIST"}, ""),  # they came along from another page
        ("mnist/denoise", {"model": "dog-ae", "data": "MNIST"}, "`model=dog-ae`"),
        ("mnist/latent_plane", {"model": "dog-ae"}, "`model=dog-ae`"),
        ("mnist/twins", {"model": "mnist-vae"}, ""),
        ("mnist/twins", {"twins": "mnist-ae,dog-ae"}, "`twins=mnist-ae,dog-ae`"),
        ("dogs/noise_regularised", {"seed": "7"}, ""),
        ("any/code_size", {"which": ""}, ""),
        ("any/code_size", {"which": "nobody", "seed": "1e400"}, "`which=nobody`, `seed=1e400`"),
        ("mnist/denoise", {"digits": "Draw one"}, ""),
        ("dogs/generate", {"strength": "0.5", "guidance": "1000", "lang": "fr"}, "`guidance=1000`, `lang=fr`"),
        ("about/training", {"along": "<b>`"}, "`` along=<b>` ``"),
    ],
)
def test_what_the_address_asks_for_in_vain_is_said(page, query, lost):
    app = open_page(page, **query)
    assert toasts(app) == ([LOST.format(lost)] if lost else [])


def test_a_plane_s_model_may_be_named_as_on_other_pages():
    app = open_page("mnist/path", model="mnist-vae")
    assert app.session_state["mnist_model"] == "mnist-vae"
    assert app.query_params == {"mnist_model": "mnist-vae"}
    assert toasts(app) == []


def test_clicks_on_draw_again_count_before_the_browser_hears_of_the_first():
    app = open_page("dogs/sample", seed=5)
    for expected in (6, 7, 8):
        app.number_input("seed").set_value(5)  # what the browser's field still holds
        app.button("again").click().run()
        assert app.number_input("seed").value == expected
    app.button("again").click().run()
    assert app.number_input("seed").value == 9
    app.number_input("seed").set_value(5).run()
    assert app.number_input("seed").value == 5
    app.button("again").click().run()
    assert app.number_input("seed").value == 6


def test_a_box_far_in_comes_back_from_its_field_to_a_ten_thousandth():
    for size in (20, 1, 1e-3, 1e-5):
        box = (12.3456789, 12.3456789 + 1.7 * size, -3.21987654, -3.21987654 + size)
        back = [float(part) for part in address.join_box(box).split(",")]
        assert back == pytest.approx(box, abs=1e-4 * size)
    assert address.join_box((-10, 10, -5, 5)) == "-10, 10, -5, 5"
