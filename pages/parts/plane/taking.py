"""The planes of a data set to take along, as one HTML file."""

from functools import partial

import streamlit as st

from aemodels import Checkpoint, language
from aemodels.export import plane_file
from aemodels.language import _
from aemodels.report.names import safe_file_name
from aemodels.storage.catalogue import Group
from pages.parts.shared import loaders, markdown, models


def offer(group: Group, ckpt: Checkpoint) -> None:
    """A button that downloads the planes of these models; the file is made when it is clicked. Nothing where a browser cannot decode
    the one of them that is shown, which the page says then."""
    if not plane_file.can_show(ckpt):
        return
    st.download_button(
        _("Take it along (HTML)"),
        language.kept(partial(_file, group)),
        file_name=f"latent-plane-{safe_file_name(group.title)}.html",
        mime="text/html",
        icon=":material/phone_iphone:",
        on_click="ignore",
        help=_(
            "The planes of {data_set} as one file. It opens in a browser without a network, on a phone too. "
            "Making it takes half a minute."
        ).format(data_set=markdown.literal(group.title)),
    )


def _file(group: Group) -> bytes:
    return _built(tuple(map(loaders.version, group.names)), group)


@st.cache_resource(max_entries=2, show_spinner=False)
def _built(versions: tuple[tuple[str, int], ...], _group: Group) -> bytes:
    return plane_file.build(_group, list(models.load_each(_group.names)[0].values()))[0]
