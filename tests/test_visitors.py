"""The random name by which a visitor is known again."""

from http.cookies import SimpleCookie

import pytest
from visiting import run

from aemodels.report import notebook
from pages.parts.shared.visitors import COOKIE, Recognised

PAGE = (b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")


def answer(*headers, scheme="http", kind="http"):
    """The cookies that the answer to such a request sets."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "scheme": scheme, "path": "/report", "headers": list(headers)}
    run(Recognised(app)(scope, None, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return [SimpleCookie(value.decode())[COOKIE] for key, value in sent[0]["headers"] if key == b"set-cookie"]


def test_a_first_visit_gets_a_name_that_nobody_guesses(monkeypatch, tmp_path):
    names = {answer(PAGE)[0].value for _ in range(50)}
    assert len(names) == 50
    assert all(notebook.path_of(name) for name in names)


def test_a_name_is_kept_for_thirty_days_more():
    (first,) = answer(PAGE)
    (again,) = answer(PAGE, (b"cookie", f"other=1; {COOKIE}={first.value}; _xsrf=2|a".encode()))
    assert again.value == first.value
    assert (again["httponly"], again["samesite"], again["path"]) == (True, "Lax", "/")
    assert int(again["max-age"]) == 30 * 24 * 3600
    assert not again["secure"]
    assert answer(PAGE, scheme="https")[0]["secure"]


@pytest.mark.parametrize(
    "told", [b"../../etc/passwd", b"a", b"", b"x" * 5000, b'"a\\073b"', "å".encode() * 43, b"\xff\xfe;;=;"]
)
def test_what_is_no_name_gets_a_new_one(told):
    (cookie,) = answer(PAGE, (b"cookie", COOKIE.encode() + b"=" + told))
    assert notebook.path_of(cookie.value)
    assert cookie.value.encode() != told


def test_pictures_scripts_and_sockets_set_none():
    assert answer((b"accept", b"image/avif,*/*")) == []
    assert answer((b"accept", b"*/*")) == []
    assert answer() == []
    assert answer(PAGE, kind="websocket") == []
