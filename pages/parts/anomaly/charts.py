"""The charts of the page Anomaly: how scores are spread, and the ROC curves."""

from collections.abc import Mapping

from torch import Tensor

from aemodels.language import _, number
from aemodels.quality.anomaly import Roc
from aemodels.report import charts, figures
from aemodels.report.plotly_objects import go

CHART_PX = 340
NUM_BINS = 50


def histogram(scores: Mapping[str, Tensor], threshold: float, unit: str) -> go.Figure:
    """How the scores (n,) of each kind of pictures, by its name, are spread, and where the threshold lies."""
    low, high = min(float(s.min()) for s in scores.values()), max(float(s.max()) for s in scores.values())
    bins = {"start": low, "end": high * 1.0001, "size": (high - low) / NUM_BINS or 1}
    # In one piece, and of arrays: plotly looks at each number of a list.
    traces = [
        {
            "type": "histogram",
            "x": of_kind.numpy(),
            "xbins": bins,
            "name": charts.plotly_text(name),
            "opacity": 0.65,
            "marker": {"color": colour},
        }
        for colour, (name, of_kind) in zip(figures.PALETTE, scores.items(), strict=False)
    ]
    layout = {
        "barmode": "overlay",
        "height": CHART_PX,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"font": {"size": 15}, "orientation": "h", "yanchor": "bottom", "y": 1.02},
        "xaxis": charts.axis(unit),
        "yaxis": charts.axis(_("number of pictures")),
    }
    return charts.upright(go.Figure(traces, layout), threshold, "dash")


def roc(curves: Mapping[str, Roc], false_alarms: float, detected: float) -> go.Figure:
    """The curve of each kind of strange pictures, by its name, and the point of the threshold, shares in [0, 1]."""
    series = {
        _("{kind}: {area}").format(kind=name, area=number(curve.area, 3)): (curve.false_alarms, curve.detected)
        for name, curve in curves.items()
    }
    chart = charts.lines(series, _("false alarms"), _("detected"), mode="lines")
    grey = {"type": "scatter", "showlegend": False}
    chart.add_traces(
        [
            grey | {"x": [0, 1], "y": [0, 1], "mode": "lines", "line": {"color": "#808080", "dash": "dot"}},
            grey
            | {"x": [false_alarms], "y": [detected], "mode": "markers", "marker": {"size": 12, "color": "#808080"}},
        ]
    )
    return chart.update_layout(height=CHART_PX, hovermode="closest")
