"""Scenes on the way from page to page, without a browser: what it is told, in which order."""

from apptest import go_to, open_page
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue


def test_the_address_is_whole_before_the_browser_is_sent_to_the_page(monkeypatch):
    """What comes after that is a second entry in the browser's history, and Back stays on the page."""
    app, told = open_page("dogs/sample", seed=7), []

    def note(message):
        if message.WhichOneof("type") == "page_info_changed":
            told.append(message.page_info_changed.query_string)
        for page in message.navigation.app_pages:
            if page.page_script_hash == message.navigation.page_script_hash and page.url_pathname:
                told.append(page.url_pathname)

    monkeypatch.setattr(ForwardMsgQueue, "_before_enqueue_msg", note)
    go_to(app, "dogs/interpolate")
    assert app.number_input(key="seed").value == 7
    assert told == ["", "seed=7", "dogs-interpolate"]  # at first Streamlit drops what the page before was bound to
