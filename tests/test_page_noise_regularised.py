"""The page's figures are those of the loaded checkpoints and baselines, whichever of them are there."""

import json
from functools import partial
from math import log10, sqrt

import apptest
import pytest
import streamlit as st
from apptest import text
from browser import REPO

import aemodels
from aemodels import checkpoints, evaluation, measurements, metrics, noise

MODELS = {"dog-ae": "Plain"} | {f"dog-noise-{v}": f"Trained at variance {v}" for v in ("0.05", "0.10", "0.15")}
LINEAR, AVIF = "PCA, optimal linear code", "AVIF at channel capacity"
LAB = (0.05, 0.10, 0.15)


open_page = partial(apptest.open_page, "dogs/noise_regularised")


def traces(app):
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return {t["name"]: t for t in figure["data"] if t.get("name")}, figure["layout"]


def numbers(values):
    """A list of a figure's numbers; plotly may write them as bytes."""
    if isinstance(values, dict):
        import base64

        import numpy as np

        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return values


def row(variance, psnr, audit=None, **more):
    """One evaluation as it is kept: both conventions 0.5 dB apart."""
    figures = {"psnr_db": psnr, "psnr_db_ci95": 0.1, "psnr_of_mean_mse_db": psnr - 0.5, "psnr_of_mean_mse_db_ci95": 0.2}
    figures |= {"noise_factor": 0.0, "noise_variance": variance, "mse": 10 ** (-(psnr - 0.5) / 10), "num_images": 10}
    return figures | (audit or {}) | more


@pytest.fixture
def copies(checkpoint_folder):
    """write(rows_of, **baselines) fills the folder with the four models, their evaluations replaced by rows_of(place)."""

    def write(rows_of, **baselines):
        for place, name in enumerate(MODELS):
            ckpt = aemodels.load_checkpoint(name, REPO / "checkpoints")
            rows = rows_of(place)
            own = next(r for r in rows if r["noise_variance"] == ckpt.model_config.noise_variance)
            kept = (ckpt.history, ckpt.codes[:64], ckpt.labels[:64], ckpt.provenance)
            checkpoints.save_checkpoint(
                name, ckpt.model, ckpt.train_config, own | {"evaluations": rows}, *kept, checkpoint_folder
            )
        if baselines:
            measurements.save_baselines({"num_components": 1024} | baselines, checkpoint_folder)
        st.cache_data.clear()

    return write


def full_rows(place):
    """Eight variances, each a plain number to recognise: 30 dB less a quarter a step, a tenth more a model."""
    audit = {"code_power": 1 + 0.01 * place, "noise_power": 0.0}
    return [
        row(v, 30 - 0.25 * i + 0.1 * place, audit | {"noise_power": v * (1 + 0.01 * place)})
        for i, v in enumerate(evaluation.TEST_VARIANCES)
    ]


def full_baselines():
    linear = [row(v, 27 - 0.25 * i) for i, v in enumerate(evaluation.TEST_VARIANCES)]
    more = {"budget_bytes": 200, "mean_payload_bytes": 190.0}
    avif = [row(v, 28 - 0.25 * i, more) for i, v in enumerate(evaluation.TEST_VARIANCES) if v]
    return {"linear_code": linear, "avif": avif}


def test_chart_and_table_are_those_of_the_checkpoints_in_the_project():
    app = open_page()
    shown, _ = traces(app)
    table = app.table[0].value
    for name, label in MODELS.items():
        rows = sorted(aemodels.load_checkpoint(name).metrics["evaluations"], key=lambda r: r["noise_variance"])
        assert numbers(shown[label]["y"]) == [r["psnr_db"] for r in rows]
        assert numbers(shown[label]["error_y"]["array"]) == [r["psnr_db_ci95"] for r in rows]
        assert numbers(shown[label]["x"]) == pytest.approx([sqrt(r["noise_variance"]) for r in rows])
        for cell, v in zip(table.loc[label], LAB, strict=True):
            (r,) = [r for r in rows if r["noise_variance"] == v]
            assert f"**{r['psnr_db']:.2f} ± {r['psnr_db_ci95']:.2f}**" in cell
    for label, key in {LINEAR: "linear_code", AVIF: "avif"}.items():
        rows = measurements.read_baselines().get(key, [])
        assert (label in shown) == bool(rows)
        if rows:
            assert numbers(shown[label]["y"]) == [r["psnr_db"] for r in rows]


def test_both_axes_tell_the_same_channel(copies):
    copies(full_rows, **full_baselines())
    _, layout = traces(open_page())
    variances = [float(t) for t in layout["xaxis"]["ticktext"]]
    assert variances == list(evaluation.TEST_VARIANCES)
    assert layout["xaxis2"]["side"] == "top"
    assert layout["xaxis2"]["ticktext"] == ["∞"] + [f"{-10 * log10(v):.1f}" for v in variances[1:]]
    assert numbers(layout["xaxis"]["tickvals"]) == numbers(layout["xaxis2"]["tickvals"])
    assert numbers(layout["xaxis"]["range"]) == numbers(layout["xaxis2"]["range"])
    assert "variance" in layout["xaxis"]["title"]["text"]
    assert "dB" in layout["xaxis2"]["title"]["text"]


def test_gaps_to_the_baselines(copies):
    copies(full_rows, **full_baselines())
    app = open_page()
    table = app.table[0].value
    assert list(table.index) == [*MODELS.values(), LINEAR, AVIF]
    # Models start at 30 dB and gain 0.1 dB each; linear starts at 27, AVIF at 28, all falling alike.
    for place, label in enumerate(MODELS.values()):
        for i, cell in zip((3, 4, 5), table.loc[label], strict=True):
            psnr = 30 - 0.25 * i + 0.1 * place
            assert cell == f"**{psnr:.2f} ± 0.10** ({3 + 0.1 * place:+.2f} linear, {2 + 0.1 * place:+.2f} AVIF)"
    notice = text(app)
    assert (
        f"Against {LINEAR}, each at its own noise: **+3.10 dB** (0.05), **+3.20 dB** (0.10), **+3.30 dB** (0.15)"
        in notice
    )
    assert (
        f"Against {AVIF}, each at its own noise: **+2.10 dB** (0.05), **+2.20 dB** (0.10), **+2.30 dB** (0.15)"
        in notice
    )
    assert (
        "trained at 0.10 and tested elsewhere, it differs from the model trained there by **+0.10 dB** (0.05), **−0.10 dB** (0.15)"
        in notice
    )


def test_the_other_convention(copies):
    copies(full_rows, **full_baselines())
    app = open_page()
    before, _ = traces(app)
    app.segmented_control(key="psnr").set_value("psnr_of_mean_mse_db").run()
    after, _ = traces(app)
    for label in before:
        assert numbers(after[label]["y"]) == pytest.approx([y - 0.5 for y in numbers(before[label]["y"])])
        assert set(numbers(after[label]["error_y"]["array"])) == {0.2}
    assert app.table[0].value.loc["Plain"].iloc[0].startswith("**28.75 ± 0.20**")


def test_checkpoints_from_before_there_was_an_audit(copies):
    old = {"psnr_db", "psnr_db_ci95", "mse", "noise_factor", "noise_variance", "num_images"}

    def old_rows(place):
        return [{k: v for k, v in r.items() if k in old} for r in full_rows(place) if r["noise_variance"] in (0, *LAB)]

    copies(old_rows)
    app = open_page()
    assert not app.error
    shown, layout = traces(app)
    assert list(shown) == list(MODELS.values())
    assert layout["xaxis"]["ticktext"] == ["0", "0.05", "0.1", "0.15"]
    app.segmented_control(key="psnr").set_value("psnr_of_mean_mse_db").run()
    assert not app.exception
    y = numbers(traces(app)[0]["Plain"]["y"])
    assert y == pytest.approx([29.5, 28.75, 28.5, 28.25])  # from the mean MSE, which was kept
    assert "nan" not in text(app)


def test_models_of_old_beside_new_baselines(copies):
    copies(lambda place: [r for r in full_rows(place) if r["noise_variance"] in (0, *LAB)], **full_baselines())
    app = open_page()
    shown, layout = traces(app)
    assert len(numbers(shown["Plain"]["x"])) == 4
    assert len(numbers(shown[AVIF]["x"])) == 7
    assert len(layout["xaxis"]["ticktext"]) == 8


def test_broken_baselines_are_told_and_the_models_shown(copies, checkpoint_folder):
    copies(full_rows)
    (checkpoint_folder / "baselines.json").write_text("{")
    app = open_page()
    assert [error.value.split(" (")[0] for error in app.error] == ["baselines.json is broken or incomplete"]
    assert list(traces(app)[0]) == list(MODELS.values())


def test_audit_is_the_evaluations(copies):
    copies(full_rows)
    table = open_page().table[1].value
    assert list(table["E[z²]"]) == ["1.0000", "1.0100", "1.0200", "1.0300"]
    for v in LAB:
        assert set(table[f"noise variance, asked {v:.2f}"]) == {f"{v:.4f}"}


def without_audit(place):
    return [{k: v for k, v in r.items() if k not in ("noise_power", "code_power")} for r in full_rows(place)]


def test_audit_measured_on_the_page(copies):
    copies(without_audit)
    table = open_page().table[1].value
    for v in LAB:
        for shown in table[f"noise variance, asked {v:.2f}"]:
            assert float(shown) == pytest.approx(v, rel=0.01)
    assert [float(power) for power in table["E[z²]"]][1:] == pytest.approx([1, 1, 1], rel=1e-3)


def test_audit_on_the_page_would_show_halved_noise(copies, monkeypatch):
    copies(without_audit)
    monkeypatch.setattr(metrics, "perturb", lambda z, variance, normal: noise.perturb(z, variance / 2, normal))
    table = open_page().table[1].value
    for shown in table["noise variance, asked 0.10"]:
        assert float(shown) == pytest.approx(0.05, rel=0.01)
