"""Plotly charts, for the screen; `curves` draws the same for print."""

import html
from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np

from aemodels.report.figures import PALETTE
from aemodels.text import abridged, visible

DASHES = ("solid", "dash", "dashdot", "longdash")  # where there are more lines than colours
MOST_LETTERS = 32  # of a name in an interactive chart's key, which fits on a phone
KEY_ROW_PX, MOST_MORE = 21, 14  # rows of a key that make such a chart higher
ROW_LETTERS = 56  # of a key in half a page, whose names stand in columns as wide as the longest
FEW_ROWS = 5  # of a key, which need no more height


def plotly_text(text: str) -> str:
    """A text for plotly, which takes <b> for bold and $x$ for a formula, to be shown letter by letter."""
    return html.escape(visible(text), quote=False).replace("$", "&#36;")


def lines(
    series: dict[str, tuple[Sequence[float], Sequence[float]]],
    x_title: str,
    y_title: str,
    log_y: bool = False,
    height_px: int = 420,
    colours: Mapping[str, str] | None = None,
    mode: str = "lines+markers",
):
    """One line a series: name -> (x, y). Returns a plotly Figure, higher where its key has many rows.

    Of some hundred points give arrays: plotly looks at each number of a list.

    colours  of lines by name; the others have colours of the palette, in order
    """
    from aemodels.report.plotly_objects import go

    colour_of = {name: (colours or {}).get(name, PALETTE[i % len(PALETTE)]) for i, name in enumerate(series)}
    used = [*colour_of.values()]
    # In one piece: plotly takes ten milliseconds to put the same together from calls of its methods.
    traces = [
        {
            "type": "scatter",
            "x": x if isinstance(x, np.ndarray) else list(x),
            "y": y if isinstance(y, np.ndarray) else list(y),
            "name": plotly_text(abridged(name, MOST_LETTERS)),
            "mode": mode,
            "line": {
                "color": colour_of[name],
                "dash": DASHES[used[:i].count(colour_of[name]) % len(DASHES)],  # each line in its own way
                "width": 3,
            },
        }
        for i, (name, (x, y)) in enumerate(series.items())
    ]
    widest = max((len(trace["name"]) for trace in traces), default=0)
    num_rows = ceil(len(series) / max(1, ROW_LETTERS // (widest + 6)))
    layout = {
        # Plotly's key takes half of the height at most, and is scrolled beyond that.
        "height": height_px + KEY_ROW_PX * min(MOST_MORE, max(0, len(series) - len(PALETTE), num_rows - FEW_ROWS)),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"font": {"size": 15}, "orientation": "h", "yanchor": "bottom", "y": 1.02},
        "hovermode": "x unified",
        "xaxis": axis(x_title),
        "yaxis": axis(y_title) | {"type": "log" if log_y else "linear"},
    }
    return go.Figure(traces, layout)


def upright(figure, x: float, dash: str, text: str = ""):
    """Adds an upright grey line at x over the whole height, the text beside its upper end; one, in a sixth of the time of add_vline."""
    place = {"xref": "x", "yref": "y domain"}
    shape = {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": {"color": "#808080", "dash": dash}} | place
    note = {"x": x, "y": 1, "text": text, "showarrow": False, "xanchor": "left", "yanchor": "top"} | place
    return figure.update_layout(shapes=[shape], annotations=[note] if text else [])


def axis(title: str) -> dict[str, object]:
    """Title and numbers of a chart's axis, for plotly."""
    return {"title": {"text": title, "font": {"size": 16}}, "tickfont": {"size": 14}}


def bars(names: Sequence[str], values: Sequence[float], x_title: str, y_title: str, height_px: int = 380):
    """One bar a name, in the order given, its value above it. Returns a plotly Figure."""
    from aemodels.report.plotly_objects import go

    places = 1 if max(map(abs, values), default=0.0) >= 1 else 2
    text = [f"{value:.{places}f}" for value in values]
    figure = go.Figure(
        go.Bar(
            x=[plotly_text(name) for name in names],
            y=list(values),
            text=text,
            textposition="outside",
            cliponaxis=False,
            marker_color=PALETTE[0],
        )
    )
    figure.update_layout(height=height_px, margin={"l": 8, "r": 8, "t": 28, "b": 8}, font_size=15)
    figure.update_layout(uniformtext={"minsize": 13, "mode": "show"})  # or plotly shrinks the values that are tight
    figure.update_xaxes(title=x_title, title_font_size=16, tickfont_size=15, type="category")
    figure.update_yaxes(title=y_title, title_font_size=16, tickfont_size=14)
    return figure
