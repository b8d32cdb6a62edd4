"""Who visits: a random name in the browser's cookie, by which what was collected is found again after a reload or a restart."""

import hashlib
import secrets
from http.cookies import CookieError, SimpleCookie

import streamlit as st

from aemodels.report import notebook

COOKIE = "latent_lab_visitor"


class Recognised:
    """ASGI middleware: who asks for a page gets a name, the one that the request tells or a new one, for MAX_DAYS more."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        async def send_with_cookie(message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", _cookie(scope))]
            await send(message)

        await self.app(scope, receive, send_with_cookie if _asks_for_page(scope) else send)


def name() -> str:
    """What tells this visitor from the others, and tells nobody the cookie; without a cookie as long as the visit lasts."""
    if "visitor" not in st.session_state:
        token = st.context.cookies.get(COOKIE)
        known = isinstance(token, str) and notebook.path_of(token)  # AppTest has something else in its place
        st.session_state.visitor = hashlib.sha256((token if known else secrets.token_hex()).encode()).hexdigest()[:32]
    return st.session_state.visitor


def own_notebook() -> notebook.Notebook:
    """The notebook of this visitor; without a cookie, one that lasts as long as the visit."""
    if "notebook" not in st.session_state:
        token = st.context.cookies.get(COOKIE)
        path = notebook.path_of(token) if isinstance(token, str) else None  # AppTest has something else in its place
        st.session_state.notebook = notebook.Notebook(path)
    return st.session_state.notebook


def _asks_for_page(scope) -> bool:
    """Whether a browser goes to an address: what it fetches for a page it does not accept as HTML before all else."""
    return scope["type"] == "http" and _header(scope, b"accept").startswith("text/html")


def _header(scope, name: bytes) -> str:
    return "; ".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def _cookie(scope) -> bytes:
    try:
        told = SimpleCookie(_header(scope, b"cookie"))
    except CookieError:
        told = {}
    token = told[COOKIE].value if COOKIE in told else ""
    if notebook.path_of(token) is None:
        token = secrets.token_urlsafe(32)
    cookie = SimpleCookie({COOKIE: token})
    cookie[COOKIE].update(
        {
            "max-age": notebook.MAX_DAYS * 24 * 3600,
            "path": "/",
            "httponly": True,
            "samesite": "Lax",
            "secure": scope["scheme"] == "https",
        }
    )
    return cookie[COOKIE].OutputString().encode()
