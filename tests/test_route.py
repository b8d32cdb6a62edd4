"""The route through the lab on Home: every link opens its page with its scene, and ends in the report."""

import pytest
from apptest import go_to, open_page, start, text
from browser import REPO

from aemodels.report.items import TITLES
from aemodels.report.lab import ITEMS
from aemodels.storage import checkpoints
from pages.parts.shared import route

STEPS = route.steps()
FEW = ("M1", "M4", "D2", "")  # the others take a second each


def test_it_goes_through_every_item_in_order_and_ends_with_the_report():
    assert list(dict.fromkeys(step.item for step in STEPS)) == [*TITLES, ""]
    assert list(TITLES) == [item.key for item in ITEMS]
    assert STEPS[-1].page == "about/report"
    assert sum(step.minutes for step in STEPS) == 90


@pytest.mark.usefixtures("quickly", "without_photos")
@pytest.mark.parametrize(
    "step",
    [step if step.item in FEW else pytest.param(step, marks=pytest.mark.release) for step in STEPS],
    ids=lambda step: step.item or "report",
)
def test_its_link_opens_the_page_with_its_scene(step):
    app = open_page(step.page, **step.scene)
    assert not app.error
    shown = {key: app.session_state[key] for key in step.scene}
    assert {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in shown.items()} == step.scene
    # What a page begins with, it takes out of the address: one more entry in the browser's history.
    assert {key: app.query_params.get(key) for key in step.scene} in (
        step.scene,
        {k: [v] for k, v in step.scene.items()},
    )


def test_home_shows_it_folded_up_with_its_minutes():
    app = start()
    (folded,) = (e for e in app.expander if "route" in e.label)
    assert "90 minutes" in folded.label
    assert not folded.proto.expanded
    links = [link.proto.label for link in folded.get("page_link")]
    assert links[0] == "**M1** The data and the network · 5 min"
    assert len(links) == 12


def test_without_models_there_is_none(checkpoint_folder):
    app = start()
    assert not [e for e in app.expander if "route" in e.label]


def test_with_digits_alone_it_is_shorter(checkpoint_folder):
    (checkpoint_folder / "mnist-ae.safetensors").symlink_to(
        checkpoints.checkpoint_path("mnist-ae", REPO / "checkpoints")
    )
    assert [step.item for step in route.steps()] == ["M1", "M2", "M4", "M5", ""]
    assert "mnist-ae" in text(go_to(start(), "about/home"))
