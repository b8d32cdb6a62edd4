"""A way through the lab's items in 90 minutes: for each its minutes, a link to a page with the right scene, and a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st

from aemodels.data import words
from aemodels.language import _, number
from aemodels.report.items import TITLES
from aemodels.storage.catalogue import DENOISER, MAPS, PLANE, Group
from pages.parts.shared import loaders, models

# The values of sliders and fields are those at which a page begins: an address loses what a page begins with, which would be one
# more entry in the browser's history.
SEED = "2"
STYLE = """
.st-key-route a[data-testid="stPageLink-NavLink"] { padding: 0; }
.st-key-route a[data-testid="stPageLink-NavLink"] p { font-size: 1rem; line-height: 1.4; text-decoration: underline; }
.st-key-route a[data-testid="stPageLink-NavLink"] :is(span, div, p) { white-space: normal; overflow: visible; }
.st-key-route [class*="st-key-step-"] { gap: 0; }
"""


@dataclass(frozen=True)
class Step:
    """One step of the way.

    item   its key in TITLES; "" for the report
    page   its file in pages/, without the ending
    scene  what the page's address holds
    """

    item: str
    minutes: int
    page: str
    scene: dict[str, str]
    question: str

    @property
    def title(self) -> str:
        return f"**{self.item}** {_(TITLES[self.item])}" if self.item else f"**{_('Report')}**"


def steps() -> list[Step]:
    """All that there are models for, in the lab's order."""
    found = loaders.read_catalogue()
    planes, denoisers, photos = (found.of_kind(kind) for kind in (PLANE, DENOISER, MAPS))
    way = [*_of_planes(planes, denoisers), *_of_photos(photos)]
    if way:
        write = _("Press “The lab's report”. Write your answers beside its figures, and download it.")
        way.append(Step("", 6, "about/report", {"seed": SEED}, write))
    return way


def _of_planes(planes: Sequence[Group], denoisers: Sequence[Group]) -> list[Step]:
    if not planes:
        return []
    model, of_set = planes[0].models[0], _data_set(planes, "mnist_data")
    with_l2 = [
        other
        for other in planes[0].models[1:]
        if not other.noise_factor
        and (other.config.settings.get("code_l2") or other.header["train_config"]["weight_decay"])
    ]
    on_plane = of_set | {"mnist_model": model.name, "seed": SEED}
    way = [
        Step(
            "M1",
            5,
            "about/training",
            {"data": planes[0].key, "along": "epoch", "emphasised": model.name},
            _(
                "How many images has {model} been trained on (it stands below the charts), and after how many epochs does its training loss hardly fall any more?"
            ).format(model=models.said(model.name)),
        ),
        Step(
            "M2",
            10,
            "mnist/latent_plane",
            on_plane,
            _(
                "In the picture of the codes: which classes have a place of their own, and which two are mixed the most?"
            ),
        ),
    ]
    if denoisers:
        scene = _data_set(denoisers, "mnist_data") | {"digits": "test", "seed": SEED}
        way.append(
            Step(
                "M3",
                10,
                "mnist/denoise",
                scene,
                _(
                    "Which denoised digits would you read as another digit? In which row do they stand, and how many numbers has the code of that row?"
                ),
            )
        )
    return [
        *way,
        Step(
            "M4",
            8,
            "mnist/latent_plane",
            on_plane | {"drawn_from": "uniform"},
            _(
                "Below: how many of the 100 random samples can you not read, and what share of the random places lies in holes?"
            ),
        ),
        Step(
            "M5",
            10,
            "mnist/twins",
            of_set
            | {
                "twins": ",".join(quote(twin.name, safe="") for twin in [model, *with_l2]),
                "scale": "same",
                "link": "place",
                "seed": SEED,
            },
            _(
                "Which makes the plane narrower, L2 on the code or L2 on the weights? What happens to the holes in their dashed boxes?"
            ),
        ),
    ]


def _of_photos(groups: Sequence[Group]) -> list[Step]:
    if not groups:
        return []
    model, of_set = groups[0].models[0], _data_set(groups, "data")
    scene = of_set | {"model": model.name, "seed": SEED}
    return [
        Step(
            "D1",
            5,
            "dogs/reconstruct",
            scene | {"photos": "test", "code": "colours"},
            _(
                "Here each code is one small picture of {height}×{width} cells. In which of the nine can you still see where the {dog} is?"
            ).format(
                dog=words.of(groups[0].data.config).what,
                height=model.config.latent_shape[1],
                width=model.config.latent_shape[2],
            ),
        ),
        Step(
            "D2",
            10,
            "dogs/reconstruct",
            scene | {"photos": "test", "code": "maps"},
            _("Which of the nine is rebuilt worst, and where in the picture does its error lie?"),
        ),
        Step(
            "D3",
            8,
            "dogs/sample",
            scene | {"sampler": "full"},
            _("What do the nine samples have in common with the real ones, and what do they lack?"),
        ),
        Step(
            "D4",
            8,
            "dogs/perturb",
            scene | {"codes": "photos"},
            _(
                "Below, in the strip of rising variance: from which variance of white noise on can you no longer recognise the picture?"
            ),
        ),
        Step(
            "D5",
            6,
            "dogs/noise_regularised",
            of_set | {"noise_view": "psnr", "psnr": "psnr_db"},
            _(
                "Which model is best at noise variance 0.15, and how many dB below the best one is it where there is no noise?"
            ),
        ),
        Step(
            "D5",
            4,
            "dogs/noise_regularised",
            of_set | {"noise_view": "samples", "seed": SEED},
            _("Which model's Gaussian samples look most like photos, and which look least like them?"),
        ),
    ]


def _data_set(groups: Sequence[Group], key: str) -> dict[str, str]:
    """The first one, where pages let choose among several."""
    return {key: groups[0].key} if len(groups) > 1 else {}


def show() -> None:
    """The way, folded up, with a link for each step; as it was left, when one comes back."""
    way, state = steps(), st.session_state
    if not way:
        return
    title = _("A route through the lab in {minutes} minutes").format(minutes=number(sum(step.minutes for step in way)))
    st.html(f"<style>{STYLE}</style>")
    with st.expander(
        f"**{title}**", state.get("is_on_route", False), key="route", icon=":material/route:", bind="query-params"
    ) as folded:
        st.markdown(
            _(
                "Each link opens its page with the right scene. Find the answer by looking there, write it down, then come back for the next."
            )
        )
        for i, step in enumerate(way):
            with st.container(key=f"step-{i}"):
                st.page_link(f"{step.page}.py", label=_label(step), query_params=step.scene)
                st.markdown(step.question)
    state.is_on_route = folded.open


def _label(step: Step) -> str:
    return _("{title} · {minutes} min").format(title=step.title, minutes=number(step.minutes))
