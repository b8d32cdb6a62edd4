"""Widgets and boxes that pages share; each keeps its value in the URL."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import streamlit as st

from aemodels.language import _, number
from aemodels.text import visible
from pages.parts.shared import fields, markdown, wishes

MAX_SEED = 999_999
MAX_SEGMENTS = 6  # options that stand side by side; more are a list to choose from
IN_ADDRESS = "_address"  # after a widget's key: what the address held of it, in session_state
BEFORE = "_told_before"  # after it: all that the address held of it before, since the page was entered


def header(title: str, sentence: str) -> st.delta_generator.DeltaGenerator:
    """The page's title and the one sentence that says what it shows; returns the sentence's place, to say it of the chosen model."""
    st.title(title, anchor=False)
    place = st.empty()
    place.markdown(sentence)
    st.session_state.fitting = set()  # names of the models that the page can show, see models.py
    st.session_state.page_title = title  # the report names a panel after its page
    st.session_state.next_scenes = {}  # a fragment of the page that was left may have noted some, see ahead.py
    st.session_state.drawn_with = {}  # and that page's widgets have no values here, see `redraw_if_missed`
    return place


def row() -> st.delta_generator.DeltaGenerator:
    """A row for a page's widgets, which wraps where the window is narrow."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="small")


def choose(label: str, options: Mapping[str, str], key: str, most: int = MAX_SEGMENTS) -> str:
    """One of `options` (value -> name on the screen), kept in the URL by its value; the first one unless the URL has another. Up to `most`
    stand side by side.

    An address may also tell an option by its English name, or how that begins or ends, as addresses of older versions do.
    """
    state, values = st.session_state, list(options)
    address = st.query_params.get(key)
    if comes_anew(key, address) or state.get(key) not in options:
        state[key] = told_by(address, options)
        if state[key] in options:
            wishes.settle(key)
    # Set in each run: on another page the widget is a new one, which would start without a value.
    state[key] = state[key] if state.get(key) in options else values[0]
    kept = {"key": key, "persist_state": "session"}
    if len(values) > most:
        value = st.selectbox(label, values, format_func=lambda value: visible(options[value]), width=200, **kept)
    else:
        names = {value: markdown.literal(name) for value, name in options.items()}
        value = st.segmented_control(label, values, required=True, wrap=True, format_func=names.get, **kept)
    if address != value and (value != values[0] or address is not None):
        st.query_params[key] = value
    note_address(key)
    return value


def choose_several(label: str, options: Mapping[str, str], key: str, num_first: int) -> list[str]:
    """Some of `options` (value -> name on the screen), at least one, in their order; kept in the URL by their values. The first
    num_first unless the URL has others."""
    state, values = st.session_state, list(options)
    first, address = values[:num_first], st.query_params.get(key)
    told = [value for value in values if quote(value, safe="") in (address or "").split(",")]
    if comes_anew(key, address) or not set(state.get(key) or ()) & set(values):
        state[key] = told or first
    state[key] = [value for value in values if value in state[key]]
    chosen = st.pills(
        label,
        values,
        selection_mode="multi",
        wrap=True,
        format_func={value: markdown.literal(name) for value, name in options.items()}.get,
        key=key,
        persist_state="session",
        on_change=lambda: state[key] or state.update({key: first}),
    )
    chosen = [value for value in values if value in chosen]
    written = ",".join(quote(value, safe="") for value in chosen)
    if address != written and (chosen != first or address is not None):
        st.query_params[key] = written
    note_address(key)
    return chosen


def in_address() -> dict[str, str | None]:
    """What the address holds of each widget of `choose` on the page, and of a drawing, by its key."""
    state = st.session_state
    return {key.removesuffix(IN_ADDRESS): state[key] for key in state if str(key).endswith(IN_ADDRESS)}


def begin_choices() -> None:
    """Before the page is drawn, for `forget_undrawn`."""
    st.session_state.drawn_choices = set()


def forget_undrawn() -> None:
    """After it: the address tells nothing of a choice that stands in another view of the page; it waits in the visit."""
    for key in in_address().keys() - st.session_state.drawn_choices:
        st.query_params.pop(key, None)
        del st.session_state[key + IN_ADDRESS]


def forget_address() -> None:
    """The page is left, and its widgets with it."""
    for key in in_address():
        del st.session_state[key + IN_ADDRESS]
        st.session_state.pop(key + BEFORE, None)


def comes_anew(key: str, address: str | None) -> bool:
    """Whether another value came by a bookmark, by Back and Forward, or along from another page.

    One from before without Back is none: a click sends along the browser's address, and the browser may not have heard of the last.
    """
    state = st.session_state
    is_old = address in state.get(key + BEFORE, ()) and not state.get("goes_back")
    return address != state.get(key + IN_ADDRESS) and not is_old


def note_address(key: str) -> None:
    """What the address holds of this widget now that it is drawn, for `comes_anew`."""
    state, told = st.session_state, st.query_params.get(key)
    if key + IN_ADDRESS in state and told != (before := state[key + IN_ADDRESS]):
        state[key + BEFORE] = {*state.get(key + BEFORE, ()), before} - {told}
    state[key + IN_ADDRESS] = told
    state.setdefault("drawn_choices", set()).add(key)


def told_by(address: str | None, options: Mapping[str, str]) -> str | None:
    """The option that an address tells by its value or, as those of older versions do, by its English name; else what is none of them."""
    if not address or address in options:
        return address
    wanted = _(address).casefold()
    names = {value: name.casefold() for value, name in options.items()}
    alike = (
        lambda name: name == wanted,
        lambda name: name.startswith(f"{wanted} "),
        lambda name: name.endswith(f" {wanted}"),
    )
    return next((value for is_alike in alike for value, name in names.items() if is_alike(name)), None)


def seed_control() -> int:
    """The scene's seed, and a button (key: N) that draws the next one."""
    # Where the row wraps, both go to the next line.
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
        seed = seed_field()
        if seed not in (before := st.session_state.get("seeds_before", {})).values():  # typed, or of another scene
            before.clear()
        st.button(
            _("Draw again"), icon=":material/casino:", shortcut="N", type="primary", on_click=_draw_again, key="again"
        )
    return seed


def seed_field() -> int:
    """The scene's seed alone."""
    return int(fields.number(_("Seed"), 0, MAX_SEED, "seed", 1, width=130))


def next_seed(seed: int) -> int:
    """The seed that "Draw again" leads to."""
    return (seed + 1) % (MAX_SEED + 1)


def _draw_again() -> None:
    """Counts on from the seed drawn last where the browser's field still holds one from before: a click sends it along, and the next
    click may come before the browser hears of the new one."""
    state = st.session_state
    before = state.setdefault("seeds_before", {})  # each with the one that was drawn last since
    last = before.get(state.seed, state.seed)
    if last == state.seed:
        before.clear()
    state.seed = next_seed(last)
    for seed in (*before, last):
        before[seed] = state.seed
    state.has_drawn_again = True


def image_seeds(seed: int, num_images: int) -> list[int]:
    """One seed an image, none shared with another scene's."""
    return [1000 * seed + i for i in range(num_images)]


def note_drawn(*keys: str) -> None:
    """Remembers the values of these widgets, with which the page or a fragment of it is drawn in this run."""
    st.session_state.setdefault("drawn_with", {}).update({key: st.session_state.get(key) for key in keys})


def redraw_if_missed() -> None:
    """For a fragment that a timer runs: draws the page anew where it is not drawn with its widgets' values.

    Streamlit's browser side sends what changes in one moment as one message. Where the timer fires in the moment of a click, that
    message asks for the timer's fragment alone (scheduleFlush in WidgetStateManager.ts, 1.67), and the click would change nothing.
    """
    drawn_with = st.session_state.get("drawn_with", {})
    if any(st.session_state.get(key) != value for key, value in drawn_with.items()):
        st.rerun()


def notice(points: Sequence[str], key: str = "") -> None:
    """The box "What to notice": Markdown sentences that carry measured figures; key: tells a second one of a page from its first."""
    with st.container(border=True, key=f"notice{key}"):
        st.markdown(_("**What to notice**") + "\n\n" + "\n".join(f"- {point}" for point in points))


def shortened(text: str, most: int) -> str:
    """The first `most` letters of a text; where there are more, `say_shortened` says so.

    Streamlit's own `max_chars` drops the whole of a pasted text that is too long, without a word.
    """
    if len(text) > most:
        st.session_state.shortened_to = most
    return text[:most]


def say_shortened() -> None:
    """A toast on the text that was shortened just now; not in a callback, where Streamlit does not want elements of a fragment."""
    if most := st.session_state.pop("shortened_to", None):
        st.toast(
            _("Your text is too long: its first {number} letters are kept.").format(number=number(most)),
            icon=":material/content_cut:",
        )
