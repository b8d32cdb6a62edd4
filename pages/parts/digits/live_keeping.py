"""A trained model gets a name and is kept; kept ones can be removed."""

import streamlit as st

from aemodels.errors import LatentLabError
from aemodels.language import _, sentences
from aemodels.storage import own_models
from aemodels.storage.own_models import NameTaken
from aemodels.training.live_jobs import Job
from aemodels.training.live_queue import KEPT_S
from pages.parts.digits import live_choices
from pages.parts.shared import loaders, markdown


def show(job: Job) -> None:
    """Asks for a name, or says under which one the model is kept, and where it can be seen."""
    state = st.session_state
    if name := job.kept_name():
        _say_kept(job, name)
        return
    if state.get("live_named") != job.folder.name:  # another training: another name
        state.live_named = job.folder.name
        wish = f"my-{live_choices.kind_of(job.recipe())}"
        state.live_name = own_models.free_name(wish, loaders.never_replaced())
        state.pop("live_refused", None)
    taken = isinstance(state.get("live_refused"), NameTaken)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            _("Name of your model"),
            key="live_name",
            width=280,
            persist_state="session",
            on_change=_forget_refusal,
        )
        st.button(
            _("Replace") if taken else _("Keep"),
            icon=":material/save:",
            type="primary",
            key="live_keep",
            on_click=_keep,
            args=(job, state.live_name if taken else None),
        )
    if refused := state.get("live_refused"):
        st.error(markdown.sentence(refused), icon=":material/error:")
    st.caption(
        _(
            "Every page that can show it then lists it, for all visitors of this server. Without a name it is gone after {minutes} minutes, or when you start "
            "another training."
        ).format(minutes=KEPT_S // 60)
    )


def _forget_refusal() -> None:
    """What was said of one name holds for no other: each model is asked about before it is replaced."""
    st.session_state.pop("live_refused", None)


def _keep(job: Job, replaces: str | None) -> None:
    """replaces: the name of the model that may be replaced, if the name in the field is still that one."""
    state, name = st.session_state, st.session_state.live_name.strip()
    _forget_refusal()
    if job.kept_name():  # in another tab
        return
    try:
        kept = own_models.keep(
            job.model_path, name, loaders.never_replaced(), replaces is not None and replaces.strip() == name
        )
        job.note_kept(kept)
    except LatentLabError as error:
        state.live_refused = error


def _say_kept(job: Job, name: str) -> None:
    size = job.recipe().model.latent_shape[0]
    st.success(
        sentences(
            [
                _("Kept as **{name}**: every page that can show it lists it now.").format(name=markdown.literal(name)),
                _("On this page you can remove it again."),
            ]
        ),
        icon=":material/check:",
    )
    with st.container(horizontal=True):
        if size == 2:
            _link(
                "mnist/latent_plane.py", _("See it on Latent plane"), ":material/scatter_plot:", {"mnist_model": name}
            )
        else:
            _link("any/map.py", _("See it on Map"), ":material/map:", {"model": name})
        keys = [group.key for group in loaders.read_catalogue().groups if name in group.names]
        data_set = {"data": keys[0]} if keys else {}
        _link("about/training.py", _("See how it was trained"), ":material/monitoring:", data_set)


def _link(page: str, label: str, icon: str, values: dict[str, str]) -> None:
    st.page_link(page, label=label, icon=icon, query_params=values)


def show_kept() -> None:
    """The models that visitors have kept, and a way to remove one."""
    names = own_models.names()
    if not names:
        return
    with st.expander(_("Models that visitors have kept")), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(_("Model"), names, key="live_kept", width=280)
        # Of another model it is another one, which is off.
        sure = st.toggle(_("Yes, for all visitors"), key=_sure_key(name))
        st.button(
            _("Remove"), icon=":material/delete:", disabled=not sure, on_click=_remove, args=(name,), key="live_remove"
        )
    if error := st.session_state.pop("live_not_removed", None):
        st.error(markdown.sentence(error), icon=":material/error:")


def _remove(name: str) -> None:
    try:
        own_models.remove(name)
    except LatentLabError as error:
        st.session_state.live_not_removed = error
    st.session_state[_sure_key(name)] = False


def _sure_key(name: str) -> str:
    return f"live_sure_{name}"
