"""How good the samples are: what was measured of the prior, in a table and in curves."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from PIL import Image

from aemodels.language import _, number, percent, sentences, with_interval
from aemodels.quality.learned import NUM_CURVE
from aemodels.report import charts, curves, figures
from aemodels.report.curves import Chart
from aemodels.report.plotly_objects import go
from pages.parts.generate import nine
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings, generation_findings, learned
from pages.parts.shared import controls, export, models

CHART_PX = 300
STYLE = "@media (width <= 900px) { .st-key-measured .stColumn { min-width: calc(100% - 1rem); } }"


def show(chosen: Chosen) -> None:
    data, model = chosen.group.data, chosen.ckpt.name
    found = learned.of(data, model)
    if found is None:
        st.info(
            _("Not measured yet for {prior}; `python -m benchmarks.generation --curves` does it.").format(
                prior=models.said(chosen.setting.prior[0])
            ),
            icon=":material/straighten:",
        )
        return
    names = {name: _(learned.FEATURES[name]) for name in found["frechet"]}
    features = controls.choose(_("Features"), names, key="features")
    st.table(_table(found, features))
    about = _(
        "{n} pictures of each kind against training {photos}. The distance depends on the features and on how many pictures there are: compare it within this "
        "table alone."
    ).format(n=number(found["num_compared"]), photos=chosen.picture.many)
    accuracy = _(
        "Accuracy: how often a linear classifier on the same features names the right {class_}. It was fitted on "
        "reconstructions of training {photos}. Top 5: how often the right {class_} is among its five likeliest."
    ).format(photos=chosen.picture.many, class_=chosen.picture.class_)
    st.caption(sentences([about, accuracy if features in found["told"] else ""]))
    titled = _charts(found, learned.small(data, "photos"), features)
    st.html(f"<style>{STYLE}</style>")
    with st.container(key="measured"):
        for pair in (titled[i : i + 2] for i in range(0, len(titled), 2)):
            for column, (title, chart) in zip(st.columns(2, gap="medium"), pair, strict=False):
                with column:
                    st.subheader(title, anchor=False)
                    alt = _("Fréchet distance of samples. Along the axis: {title}").format(title=title)
                    st.plotly_chart(_interactive(chart), key=title, alt=alt)
    st.caption(
        _(
            "Each point of the charts, and each figure of a table below them, is of {n} pictures: of fewer than the table on top, so its distance is "
            "a little larger."
        ).format(n=number(NUM_CURVE))
    )
    if spaces := learned.spaces(data):
        st.subheader(_("Which codes are the best to generate in?"), anchor=False)
        st.table(_spaces_table(spaces))
    controls.notice(
        [
            *generation_findings.learnt(data, model, found),
            *models.notes(model),
            *learned.points(data, model),
            *learned.best_space(data),
        ]
    )
    with st.spinner(_("Drawing nine samples …")):
        x = drawings.watch(chosen.setting, nine.seeds(chosen.seed), lambda moment: None).x
    tiles = figures.to_tiles(x)
    draw = partial(_draw, [chart for _title, chart in titled], tiles)
    rows = [
        {"chart": title, "series": name, "x": x, "frechet": y}
        for title, chart in titled
        for name, (xs, ys) in chart.curves.items()
        for x, y in zip(xs, ys, strict=True)
    ]
    settings = chosen.settings(**{_("features"): names[features]})
    alt = _("How the Fréchet distance of samples depends on {what}, and nine samples")
    what = ", ".join(title for title, _chart in titled)
    export.export_row(chosen.file_name(f"measured-{features}"), draw, rows, settings, alt.format(what=what))


def _table(found: learned.Found, features: str) -> pd.DataFrame:
    told = found["told"].get(features, {})
    rows = {
        _(title): {
            _("Fréchet distance"): number(found["frechet"][features][kind], 1),
            **(
                {
                    _("Accuracy, top 1"): _share(told.get(kind), "top1"),
                    _("Accuracy, top 5"): _share(told.get(kind), "top5"),
                }
                if told
                else {}
            ),
        }
        for kind, title in learned.KINDS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("pictures"))


def _share(told: Mapping[str, float] | None, name: str) -> str:
    return "–" if told is None else with_interval(percent(told[name], 1), percent(told[f"{name}_ci95"], 1))


def _spaces_table(spaces: Sequence[learned.Space]) -> pd.DataFrame:
    rows = {
        models.title(space.model): {
            _("Small prior"): number(space.samples, 1),
            _("Reconstructions"): number(space.reconstructions, 1),
            _("Best Gaussian"): number(space.gaussian, 1),
        }
        for space in spaces
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Fréchet distance"))


def _charts(found: learned.Found, photos: Sequence[Mapping[str, Any]], features: str) -> list[tuple[str, Chart]]:
    """Those that were measured, each with its title.

    photos  rows of small priors that have learnt from more and more photos, which were seen through fixed filters alone
    """
    measured = found.get("curves", {})
    others = {kind: measured["others"][features][kind] for kind in ("reconstructions", "gaussian")} if measured else {}
    axes = {
        "num_steps": (measured.get("steps", ()), _("Steps of drawing"), _("steps")),
        "guidance": (measured.get("guidance", ()), _("Guidance"), _("guidance")),
        "steps": (measured.get("training", ()), _("Training"), _("steps of training")),
    }
    titled = []
    for key, (rows, title, x_title) in axes.items():
        x, y = [row[key] for row in rows], [row["frechet"][features] for row in rows]
        if len(x) > 1:
            lines = {_(learned.KINDS[kind]): ([x[0], x[-1]], [value] * 2) for kind, value in others.items()}
            titled.append((title, _chart({_("Learned"): (x, y)} | lines, x_title)))
    if features == learned.FIXED and len(photos) > 1:
        small = [row["num_photos"] for row in photos], [row["frechet"] for row in photos]
        titled.append(
            (_("Photos that a small prior has learnt from"), _chart({_("Small prior"): small}, _("photos learnt from")))
        )
    return titled


def _chart(of: dict[str, curves.Curve], x_title: str) -> Chart:
    return Chart(of, x_title, _("Fréchet distance"), dashed=frozenset(list(of)[1:]))


def _interactive(chart: Chart) -> go.Figure:
    figure = charts.lines(chart.curves, chart.x_title, chart.y_title)
    figure.update_layout(height=CHART_PX)
    for line in figure.data[1:]:
        line.update(mode="lines", line_dash="dash")
    return figure


def _draw(of: Sequence[Chart], tiles: Sequence[Any], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    strip = figures.panel([tiles], caption=caption, width_px=width_px, ink=ink)
    above = [curves.draw(of, width_px, width_px // 3)] if of else []
    return export.stacked([*above, strip], ink)
