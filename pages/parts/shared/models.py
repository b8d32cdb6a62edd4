"""Models side by side: those that can be loaded, and what is wrong with the codes of each, in words."""

from collections.abc import Iterable, Mapping

import streamlit as st

import aemodels
from aemodels.codes import faults
from aemodels.data import words
from aemodels.errors import LatentLabError
from aemodels.storage import catalogue, checkpoints
from aemodels.storage.catalogue import Group
from pages.parts.shared import controls, loaders


def choose_group(*kinds: str, key: str) -> Group:
    """The data set whose models of these kinds the page shows; a widget chooses where there are several. Stops the page, with what
    to do, where there is none."""
    found = loaders.read_catalogue()
    groups = {group.title: group for group in found.of_kind(*kinds)}
    if not groups:
        what = " or ".join(catalogue.KINDS[kind][0] for kind in kinds)
        st.info(
            f"There is no model with {what} in the folder of checkpoints; `python train.py` makes some.",
            icon=":material/info:",
        )
        say_broken(found.broken)
        st.stop()
    title = controls.choose_named("Data set", {t: t for t in groups}, key) if len(groups) > 1 else next(iter(groups))
    return groups[title]


def choose_model(kind: str, key: str = "model", data_key: str = "data") -> tuple[str, Group]:
    """The model that the page shows, by name, and the models of its data set; widgets choose the data set, where there are several,
    and then the model. An address that names a model alone has its data set with it."""
    groups = loaders.read_catalogue().of_kind(kind)
    asked = st.query_params.get(key)
    if asked is not None and data_key not in st.query_params and asked != st.session_state.get(f"{key}_address"):
        title = next((group.title for group in groups if asked in group.names), None)
        st.session_state[data_key], st.session_state[f"{data_key}_address"] = title, None
    group = choose_group(kind, key=data_key)
    denoisers = {model.name for model in group.models if model.noise_factor} if kind == catalogue.PLANE else ()
    titles = {name: f"{title}, denoiser" if name in denoisers else title for name, title in group.titles.items()}
    return controls.choose_named("Model", titles, key), group


def say_broken(broken: Mapping[str, str]) -> None:
    """What is wrong with the files that are no models, a sentence each."""
    if broken:
        st.error("\n\n".join(map(controls.sentence, broken.values())), icon=":material/error:")


def table(group: Group) -> str:
    """The models of a data set with their figures, a line a model, in Markdown: st.table would load pandas before the first page
    shows."""
    rows = []
    for model in group.models:
        header, made = model.header, model.header["provenance"]
        metrics = header["metrics"]
        num_epochs = sum(t["history"][-1]["epoch"] for t in checkpoints.trainings(model.name, header) if t["history"])
        noise = (
            f"input, σ {model.noise_factor:g}" if model.noise_factor else
            f"code, variance {model.noise_variance:.2f}" if model.noise_variance else "none"
        )  # fmt: skip
        rows.append(
            {
                "model": model.name,
                "code": "×".join(map(str, model.config.latent_shape)),
                "noise while tested": noise,
                "BCE, nats a pixel": f"{metrics['bce']:.4f}" if "bce" in metrics else "–",
                "PSNR, dB": f"{metrics['psnr_db']:.2f} ± {metrics['psnr_db_ci95']:.2f}",
                "test images": f"{metrics['num_images']:,}",
                "epochs": f"{num_epochs:.1f}" + ("" if made["finished"] else ", unfinished"),
                "title": model.title,
            }
        )
    lines = [list(rows[0]), *([*map(controls.literal, row.values())] for row in rows)]
    lines.insert(1, ["---"] * len(rows[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def load_each(names: Iterable[str]) -> tuple[dict[str, aemodels.Checkpoint], list[str]]:
    """Those of the checkpoints that can be loaded, by name, and of each other one a sentence, as Markdown, that says why not."""
    found, missing = {}, []
    for name in names:
        try:
            found[name] = loaders.load(name)
        except LatentLabError as error:
            missing.append(controls.sentence(error))
    return found, missing


def present(names: Iterable[str]) -> dict[str, aemodels.Checkpoint]:
    """Those of the checkpoints that can be loaded, by name; the page says of each other one why not, and stops where there is none."""
    found, missing = load_each(names)
    if missing:
        st.error("\n\n".join(missing), icon=":material/error:")
    if not found:
        st.stop()
    return found


def notes(*names: str) -> list[str]:
    """For "What to notice": `faults_of` these models, and which files of the folder are left out."""
    broken = ", ".join(controls.code(name) for name in loaders.read_catalogue().broken)
    return faults_of(*names) + (
        [f"Left out, for what is in the file cannot be used: {broken}. Home says why."] if broken else []
    )


def faults_of(*names: str) -> list[str]:
    """What is wrong with these models and their codes, a sentence each, as Markdown; named where there are several models."""
    of: dict[str, list[str]] = {}
    for name in names:
        try:
            found = _faults(*loaders.version(name))
        except LatentLabError as error:
            found = [str(error)]
        for sentence in found:
            of.setdefault(sentence, []).append(f"`{name}`")
    return [sentence if len(names) == 1 else f"{', '.join(of[sentence])}: {sentence}" for sentence in of]


def varying(names: Iterable[str]) -> list[str]:
    """Those of the models on whose codes a Gaussian can be fitted; the page says which are left out."""
    found, others = [], []
    for name in names:
        if _vary(*loaders.version(name)):
            found.append(name)
        else:
            n = len(loaders.load(name).codes)
            others.append(f"{name} ({f'{n:,} codes, all the same' if n > 1 else 'one code'})")
    if others:
        st.info(
            f"A Gaussian can only be fitted to two or more codes that differ. Left out: {', '.join(others)}. Train with more photos.",
            icon=":material/casino:",
        )
    return found


@st.cache_data(max_entries=1000, show_spinner=False)
def _faults(name: str, modified_ns: int) -> list[str]:
    ckpt = loaders.load(name)
    return faults.describe(ckpt.codes, words.of(ckpt.data.config).one)


@st.cache_data(max_entries=1000, show_spinner=False)
def _vary(name: str, modified_ns: int) -> bool:
    return faults.vary(loaders.load(name).codes)
