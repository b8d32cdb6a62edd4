"""A visitor without a browser: opens the app's pages over Streamlit's websocket, as its browser side does.

Streamlit promises the messages (`streamlit.proto`) to no one; tried with 1.67. Fifty browsers would need a machine of their own.
"""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect


def run(coroutine: Coroutine) -> object:
    """As asyncio.run, beside the loop that a browser of other tests may have in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@dataclass
class Answer:
    """What came of opening a page.

    seconds   until the page's script had run
    seed      what its seed control shows; None where it has none
    headings  titles and headers, the page's own first
    texts     what its text fields hold
    pictures  addresses of its pictures, in their order
    errors    what a visitor would see in red
    """

    seconds: float = 0
    num_elements: int = 0
    seed: int | None = None
    headings: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Visitor:
    """One session, from `async with` until its end.

    cookies  name -> value, with those that the server sets when it answers the websocket
    pages    path -> key of the pages in the app's navigation, once one was opened
    """

    def __init__(self, url: str, cookies: Mapping[str, str] | None = None) -> None:
        self.address = f"ws://{urlsplit(url).netloc}{urlsplit(url).path}/_stcore/stream"
        self.cookies = dict(cookies or {})
        self.pages: dict[str, str] = {}
        self._seen: list[str] = []  # hashes of elements that need not be sent again
        self._path, self._query = "", ""  # of the page that is shown
        self._buttons: dict[str, str] = {}  # key -> identifier

    async def __aenter__(self) -> "Visitor":
        self._socket = await connect(
            self.address,
            subprotocols=["streamlit"],
            additional_headers={"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())},
            max_size=None,
            compression=None,
            proxy=None,
            open_timeout=300,
            ping_timeout=None,
        )
        for header in self._socket.response.headers.get_all("Set-Cookie"):
            self.cookies |= {key: cookie.value for key, cookie in SimpleCookie(header).items()}
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._socket.close()

    async def open(self, path: str = "", **query: object) -> Answer:
        """Opens a page with these values in its address, by its link where the links are known, and waits until all of it is there.

        Raises websockets' ConnectionClosed where the server goes away."""
        self._path, self._query = path, urlencode(query)
        return await self._run(ClientState())

    async def click(self, key: str) -> Answer:
        """Clicks on the button with this key, which no fragment holds, on the page that is shown, and waits as `open` does."""
        asked = ClientState()
        asked.widget_states.widgets.add(id=self._buttons[key], trigger_value=True)
        return await self._run(asked)

    async def _run(self, asked: ClientState) -> Answer:
        asked.query_string = self._query
        asked.page_name = "" if self._path in self.pages else self._path
        asked.page_script_hash = self.pages.get(self._path, "")
        asked.cached_message_hashes.extend(self._seen)
        start, answer = time.monotonic(), Answer()
        await self._socket.send(BackMsg(rerun_script=asked).SerializeToString())
        while not self._read(await self._socket.recv(), answer):
            pass
        answer.seconds = time.monotonic() - start
        return answer

    def _read(self, data: bytes, answer: Answer) -> bool:
        """Notes what a message says; whether it is the last one."""
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_not_found":
            answer.errors.append("page not found")
        elif kind == "new_session":
            answer.__init__()
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.HasField("new_element"):
            answer.num_elements += 1
            if message.metadata.cacheable:
                self._seen.append(message.hash)
            element = message.delta.new_element
            if element.WhichOneof("type") == "button":
                self._buttons[element.button.id.rsplit("-", 1)[1]] = element.button.id
            _note(element, answer)
        elif kind == "ref_hash":
            answer.num_elements += 1
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                answer.errors.append("compile error")
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False


def _note(element, answer: Answer) -> None:
    kind = element.WhichOneof("type")
    if kind == "number_input" and element.number_input.id.endswith("-seed"):
        widget = element.number_input
        answer.seed = int(widget.value if widget.set_value else widget.default)
    elif kind == "text_input":
        widget = element.text_input
        answer.texts.append(widget.value if widget.set_value else widget.default)
    elif kind == "imgs":
        answer.pictures.extend(picture.url for picture in element.imgs.imgs)
    elif kind == "heading":
        answer.headings.append(element.heading.body)
    elif kind == "exception":
        answer.errors.append(f"{element.exception.type}: {element.exception.message}")
    elif kind == "alert" and element.alert.format == Alert.ERROR:
        answer.errors.append(element.alert.body)
