"""Models side by side: those that can be loaded, and what is wrong with the codes of each, in words."""

import itertools
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

import streamlit as st

import aemodels
from aemodels.codes import faults
from aemodels.data import words
from aemodels.errors import LatentLabError
from aemodels.language import _, current, figures_of, list_of, number, speaking, with_interval
from aemodels.models.flow import is_prior
from aemodels.report import figures
from aemodels.storage import catalogue, checkpoints
from aemodels.storage.catalogue import Group, Model
from pages.parts.shared import controls, loaders, markdown, wishes
from pages.parts.shared.once import per_model


def choose_group(*kinds: str, key: str) -> Group:
    """The data set whose models of these kinds the page shows; a widget chooses where there are several. Stops the page, with what
    to do, where there is none."""
    found = loaders.read_catalogue()
    groups = {group.key: group for group in _of_kind(*kinds)}
    st.session_state.fitting = {name for group in groups.values() for name in group.names}
    if not groups:
        if kinds == catalogue.AUTOENCODERS:
            message = _("There is no autoencoder yet. `python train.py` makes some in the folder of checkpoints.")
        else:
            message = _("There is no model with {what}. `python train.py` makes some in the folder of checkpoints.")
        st.info(message.format(what=catalogue.what(*kinds)), icon=":material/info:")
        say_broken(found.broken)
        st.stop()
    if len(groups) == 1:
        return next(iter(groups.values()))
    titles = {name: group.title for name, group in groups.items()}
    return groups[controls.choose(_("Data set"), titles, key)]


def choose_model(*kinds: str, key: str = "model", data_key: str = "data") -> tuple[str, Group]:
    """The model of one of these kinds that the page shows, by name, and the models of its data set; widgets choose the data set, where there are several,
    and then the model. An address that names a model alone has its data set with it, and may name it as most pages do: model=NAME."""
    groups = _of_kind(*kinds)
    asked = st.query_params.get(key)
    if asked is None and any(wishes.asked("model") in group.names for group in groups):
        st.query_params[key] = asked = st.query_params.pop("model")
        wishes.settle("model")
    is_new = st.session_state.get("goes_back") or asked != st.session_state.get(key + controls.IN_ADDRESS)
    if len(groups) > 1 and asked is not None and data_key not in st.query_params and is_new:
        data_set = next((group.key for group in groups if asked in group.names), None)
        st.session_state[data_key], st.session_state[data_key + controls.IN_ADDRESS] = data_set, None
    group = choose_group(*kinds, key=data_key)
    titles, asked = group.titles, asked or st.session_state.get(key)
    name = controls.choose(_("Model"), titles, key)
    if asked and controls.told_by(asked, titles) not in titles:
        _say_gone(key, asked, titles[name])
    return name, group


def title(name: str) -> str:
    """How every page calls the model of this name; a model that is not here by its name."""
    group = next((group for group in loaders.last_catalogue().groups if name in group.names), None)
    return group.titles[name] if group else name


def quoted(name: str) -> str:
    """`title` in a sentence that is no Markdown, as a picture's description is."""
    return f"“{title(name)}”"


def said(name: str) -> str:
    """`title` in a sentence, as Markdown."""
    return markdown.literal(quoted(name))


def with_figures(figures: Mapping[str, str]) -> str:
    """`figures_of` models, by their names: each with its title, as Markdown."""
    return figures_of({markdown.literal(title(name)): figure for name, figure in figures.items()})


def colours(group: Group) -> dict[str, str]:
    """The colour of each autoencoder of the group's data set, by name: the same in the charts of all pages, whichever models they show."""
    whole = next(of for of in loaders.read_catalogue().groups if of.key == group.key)
    names = [model.name for model in whole.models if not model.is_prior]
    return dict(zip(names, itertools.cycle(figures.PALETTE)))


def choose_several(titles: Mapping[str, str], key: str, num_first: int) -> list[str]:
    """Some of these models, name -> title, as `controls.choose_several`; says which of those that the address asks for are not here."""
    asked = st.query_params.get(key) or ""
    chosen = controls.choose_several(_("Models"), titles, key, num_first)
    for name in filter(None, map(unquote, asked.split(","))):
        if name not in titles:
            _say_gone(key, name, list_of(titles[shown] for shown in chosen))
    return chosen


def _say_gone(key: str, asked: str, shown: str) -> None:
    """A note that stays until it is closed, where no page has the model that the address asks for, or that was shown just now."""
    found = loaders.read_catalogue()
    if asked in {model.name for model in found.models}:  # of another page
        return
    wishes.settle(key)
    message = (
        _("The file of the model **{name}** cannot be read now. You see **{shown}**; Home says why.")
        if asked in found.broken
        else _("There is no model **{name}** here: it has been removed, or it is on another computer. You see **{shown}**; choose any other.")
    )  # fmt: skip
    said = message.format(name=markdown.literal(asked[:40]), shown=markdown.literal(shown))
    st.toast(said, icon=":material/delete:", duration="infinite")


def _of_kind(*kinds: str) -> list[Group]:
    """`Catalogue.of_kind`; of priors those of codes with cells first, whose pictures are the larger ones."""
    groups = loaders.read_catalogue().of_kind(*kinds)
    if kinds == (catalogue.PRIOR,):
        groups.sort(key=lambda group: len(group.models[0].config.latent_shape) != 3)
    return groups


def say_none() -> None:
    """What to do where there are no models at all."""
    st.info(
        _(
            "There are no models yet; make them with `python train.py`, or with `python train.py --quick --out checkpoints` for a first look."
        )
    )


def say_broken(broken: Mapping[str, str]) -> None:
    """What is wrong with the files that are no models, a sentence each."""
    if broken:
        st.error("\n\n".join(map(markdown.sentence, broken.values())), icon=":material/error:")


def table(group: Group) -> str:
    """The models of a data set with their figures, a line a model, in Markdown: st.table would load pandas before the first page
    shows."""
    rows = []
    for model in group.models:
        header, made = model.header, model.header["provenance"]
        metrics = header["metrics"]
        num_epochs = sum(t["history"][-1]["epoch"] for t in checkpoints.trainings(model.name, header) if t["history"])
        epochs = number(num_epochs, 1)
        rows.append(
            {
                _("model"): model.name,
                _("title"): group.titles[model.name],
                _("code"): "×".join(map(str, model.config.latent_shape)),
                _("noise while tested"): "–" if model.is_prior else _noise(model),
                _("BCE, nats a pixel"): number(metrics["bce"], 4) if "bce" in metrics else "–",
                _("PSNR, dB"): "–"
                if model.is_prior
                else with_interval(number(metrics["psnr_db"], 2), number(metrics["psnr_db_ci95"], 2)),
                _("test images"): number(metrics["num_images"]),
                _("epochs"): epochs if made["finished"] else _("{epochs}, unfinished").format(epochs=epochs),
            }
        )
    lines = [list(rows[0]), *([*map(markdown.literal, row.values())] for row in rows)]
    lines.insert(1, ["---"] * len(rows[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _noise(model: Model) -> str:
    if model.noise_factor:
        return _("input, σ {factor}").format(factor=f"{model.noise_factor:g}")
    if model.noise_variance:
        return _("code, variance {variance}").format(variance=number(model.noise_variance, 2))
    return _("none")


def load_each(names: Iterable[str]) -> tuple[dict[str, aemodels.Checkpoint], list[str]]:
    """Those of the checkpoints that can be loaded, by name, and of each other one a sentence, as Markdown, that says why not."""
    found, missing = {}, []
    for name in names:
        try:
            found[name] = loaders.load(name)
        except LatentLabError as error:
            missing.append(markdown.sentence(error))
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
    broken = list_of(markdown.code(name) for name in loaders.read_catalogue().broken)
    left_out = _("Left out, because what is in their files cannot be used: {names}. Home says why.").format(
        names=broken
    )
    return faults_of(*names) + ([left_out] if broken else [])


def faults_of(*names: str) -> list[str]:
    """What is wrong with these models and their codes, a sentence each, as Markdown; named where there are several models."""
    of: dict[str, list[str]] = {}
    for name in names:
        try:
            ckpt = loaders.load(name)
            if is_prior(ckpt.model_config):
                loaders.autoencoder_of(ckpt)
                found = []
            else:
                found = _faults(name, current())
        except LatentLabError as error:
            found = [str(error)]
        for sentence in found:
            of.setdefault(sentence, []).append(said(name))
    if len(names) == 1:
        return list(of)
    return [_("{names}: {sentence}").format(names=list_of(of[sentence]), sentence=sentence) for sentence in of]


def varying(names: Iterable[str]) -> list[str]:
    """Those of the models on whose codes a Gaussian can be fitted; the page says which are left out."""
    found, others = [], []
    for name in names:
        if vary(name):
            found.append(name)
        else:
            n = len(loaders.load(name).codes)
            message = _("{name} (one code)") if n == 1 else _("{name} ({number} codes, all the same)")
            others.append(message.format(name=markdown.literal(title(name)), number=number(n)))
    if others:
        st.info(
            _(
                "A Gaussian can only be fitted to two or more codes that differ. Left out: {models}. Train with more photos."
            ).format(models=list_of(others)),
            icon=":material/casino:",
        )
    return found


@per_model(1000)
def vary(name: str) -> bool:
    """`faults.vary` of the checkpoint's codes."""
    return faults.vary(loaders.load(name).codes)


@per_model(1000)
def _faults(name: str, language: str) -> list[str]:
    ckpt = loaders.load(name)
    with speaking(language):
        return faults.describe(ckpt.codes, words.of(ckpt.data.config))
