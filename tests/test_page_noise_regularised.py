"""The page's figures are those of the loaded checkpoints and baselines, whichever of them are there."""

import csv
import io
import json
import re
from dataclasses import asdict, replace
from functools import partial
from math import log10, sqrt

import apptest
import pytest
import streamlit as st
import torch
from apptest import collected, name_of, notice, pictures, text
from broken_models import small
from browser import REPO

import aemodels
from aemodels.codes import latents
from aemodels.noise import snr_db
from aemodels.quality import evaluation
from aemodels.quality.separate import ChannelCode, Trial
from aemodels.report.panel_tables import table_of
from aemodels.storage import checkpoints, measurements, photo_errors
from pages.parts.photos import noise_samples
from pages.parts.photos.variance_curves import Curves, draw
from pages.parts.shared import models

MODELS = ("dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15")
LINEAR, AVIF, VVC = "PCA, optimal linear code", "AVIF at channel capacity", "VVC at channel capacity"
LAB = (0.05, 0.10, 0.15)
FINGERPRINT = checkpoints.read_header("dog-ae", REPO / "checkpoints")["data"]["fingerprint"]

pytestmark = pytest.mark.usefixtures("quickly")


open_page = partial(apptest.open_page, "dogs/noise_regularised")
open_samples = partial(open_page, noise_view="samples")
open_cliff = partial(open_page, noise_view="cliff")


def traces(app):
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return {name_of(t["name"]): t for t in figure["data"] if t.get("name")}, figure["layout"]


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
    """write(rows_of, **baselines) fills the folder with four small models under the names of the lab's, their evaluations replaced by rows_of(place)."""

    def write(rows_of, fingerprint=FINGERPRINT, **baselines):
        for place, name in enumerate(MODELS):
            ckpt = small(name)
            rows = rows_of(place)
            own = next(r for r in rows if r["noise_variance"] == ckpt.model.noise_variance)
            kept = {key: getattr(ckpt, key)[:64] for key in ("codes", "labels", "index")}
            checkpoints.save_checkpoint(replace(ckpt, metrics=own | {"evaluations": rows}, **kept), checkpoint_folder)
        if baselines:
            measurements.save_baselines({"num_components": 1024} | baselines, fingerprint, checkpoint_folder)
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
    vvc = [row(v, 29 - 0.25 * i, more) for i, v in enumerate(evaluation.TEST_VARIANCES) if v in LAB]
    return {"linear_code": linear, "avif": avif, "vvc": vvc}


def spaced(app):
    """The table of PSNRs, with plain spaces, a row a model's name."""
    return app.table[0].value.rename(index=name_of).map(lambda cell: cell.replace("\xa0", " "))


def test_chart_and_table_are_those_of_the_checkpoints_in_the_project():
    app = open_page()
    shown, _ = traces(app)
    table = spaced(app)
    for name in MODELS:
        rows = sorted(aemodels.load_checkpoint(name).metrics["evaluations"], key=lambda r: r["noise_variance"])
        assert numbers(shown[name]["y"]) == [r["psnr_db"] for r in rows]
        assert numbers(shown[name]["error_y"]["array"]) == [r["psnr_db_ci95"] for r in rows]
        assert numbers(shown[name]["x"]) == pytest.approx([sqrt(r["noise_variance"]) for r in rows])
        for cell, v in zip(table.loc[name], LAB, strict=True):
            (r,) = [r for r in rows if r["noise_variance"] == v]
            assert f"**{r['psnr_db']:.2f} ± {r['psnr_db_ci95']:.2f}**" in cell
    for label, key in {LINEAR: "linear_code", AVIF: "avif", VVC: "vvc"}.items():
        rows = measurements.read_baselines(FINGERPRINT).get(key, [])
        assert (label in shown) == bool(rows)
        if rows:
            assert numbers(shown[label]["y"]) == [r["psnr_db"] for r in rows]


def test_both_axes_tell_the_same_channel(copies):
    copies(full_rows, **full_baselines())
    _, layout = traces(open_page())
    assert numbers(layout["xaxis"]["tickvals"]) == [sqrt(v) for v in evaluation.TEST_VARIANCES]
    texts = zip(layout["xaxis"]["ticktext"], layout["xaxis2"]["ticktext"], strict=True)
    for v, (below, above) in zip(evaluation.TEST_VARIANCES, texts, strict=True):
        if v in (0.02, 0.2):  # too near to the one before
            assert (below, above) == ("", "")
        else:
            assert (float(below), above) == (v, f"{-10 * log10(v):.1f}" if v else "∞")
    assert layout["xaxis2"]["side"] == "top"
    assert numbers(layout["xaxis"]["tickvals"]) == numbers(layout["xaxis2"]["tickvals"])
    assert numbers(layout["xaxis"]["range"]) == numbers(layout["xaxis2"]["range"])
    assert "variance" in layout["xaxis"]["title"]["text"]
    assert "dB" in layout["xaxis2"]["title"]["text"]


def test_gaps_to_the_baselines(copies):
    copies(full_rows, **full_baselines())
    app = open_page()
    table = spaced(app)
    assert list(table.index) == [*MODELS, LINEAR, AVIF, VVC]
    # Models start at 30 dB and gain 0.1 dB each; linear starts at 27, AVIF at 28, VVC at 29, all falling alike.
    for place, label in enumerate(MODELS):
        for i, cell in zip((3, 4, 5), table.loc[label], strict=True):
            psnr = 30 - 0.25 * i + 0.1 * place
            gaps = [f"{gap + 0.1 * place:+.2f} {of}" for gap, of in ((3, "linear"), (2, "AVIF"), (1, "VVC"))]
            assert cell == f"**{psnr:.2f} ± 0.10** ({', '.join(gaps)})"
    notice = text(app)
    assert notice.count("Each model under the noise of its training") == 1
    assert f"    - {LINEAR}: **+3.10 dB** (0.05), **+3.20 dB** (0.10), **+3.30 dB** (0.15)\n" in notice
    assert f"    - {AVIF}: **+2.10 dB** (0.05), **+2.20 dB** (0.10), **+2.30 dB** (0.15)\n" in notice
    assert (
        "trained at variance 0.10 is tested at the other variances, against the model that was trained at each: **+0.10 dB** (0.05), **−0.10 dB** (0.15)"
        in notice
    )


def keep_errors(folder, rows_of, baselines):
    """Of ten photos, each a little harder or easier for each model, around the figures that are kept."""
    generator = torch.Generator().manual_seed(0)
    hardness = torch.randn(10, generator=generator)

    def errors(rows):
        return {r["noise_variance"]: 10 ** (-(r["psnr_db"] + wobble(hardness)) / 10) for r in rows}

    def wobble(hardness):
        own = 0.1 * torch.randn(10, generator=generator)
        return 2 * (hardness - hardness.mean()) + own - own.mean()

    for place, name in enumerate(MODELS):
        photo_errors.save(name, errors(rows_of(place)), folder)
    for key, rows in baselines.items():
        photo_errors.save_baselines(key, errors(rows), FINGERPRINT, folder)


def test_differences_have_intervals_of_their_own(copies, checkpoint_folder):
    copies(full_rows, **full_baselines())
    keep_errors(checkpoint_folder, full_rows, full_baselines())
    app = open_page()
    of_model, of_linear = (
        photo_errors.read("dog-ae")[0.05],
        photo_errors.read_baselines(FINGERPRINT)["linear_code"][0.05],
    )
    ci95 = 1.96 * (10 * (of_linear / of_model).log10()).std().item() / sqrt(10)
    assert 0.03 < ci95 < 0.2
    cell = f"**29.25_±_0.10** (+3.00_±_{ci95:.2f}_linear, +2.00_±_".replace("_", "\xa0")  # no line ends within a figure
    assert app.table[0].value.loc["No noise"].iloc[0].startswith(cell)
    assert re.search(
        rf"- {AVIF}: \*\*\+2.10 ± 0.\d\d dB\*\* \(0.05\)",
        text(app),
    )
    assert "compared one by one" in text(app)


def test_gaps_are_what_a_reader_gets_who_subtracts(copies):
    """24.78 − 22.77 is 2.01, though 24.775 − 22.774 rounds to 2.00."""
    baselines = full_baselines()
    for place, r in enumerate(baselines["linear_code"]):
        r["psnr_db"] = 22.774 - 0.25 * place
    copies(lambda place: [r | {"psnr_db": r["psnr_db"] - 5.2249} for r in full_rows(place)], **baselines)
    app = open_page()
    gaps = []
    for name in MODELS:
        for v, cell in zip(LAB, spaced(app).loc[name], strict=True):
            shown, gap = (float(n) for n in re.search(r"([\d.]+) ± 0.10\*\* \(([+−][\d.]+) linear", cell).groups())
            assert gap == pytest.approx(shown - float(app.table[0].value.loc[LINEAR].iloc[LAB.index(v)].split()[0]))
            gaps.append(gap)
    assert f"- {LINEAR}: **+{gaps[3]:.2f} dB** (0.05)" in text(app)


def test_the_caption_says_whose_psnr_it_is():
    app = open_page()
    assert "of one photo; the mean over 1,886 test photos" in text(app)
    app.segmented_control(key="psnr").set_value("psnr_of_mean_mse_db").run()
    assert "of all 1,886 test photos together" in text(app)
    assert "of one photo" not in text(app)


def test_the_first_point_answers_whether_sampling_generates():
    first = notice(open_samples()).splitlines()[2]
    rows = [row for row in measurements.read_generation(FINGERPRINT)["rows"] if row["source"] in latents.SAMPLERS]
    best, plain = (
        min((row for row in rows if (row["model"] == "dog-ae") == is_plain), key=lambda row: row["frechet"][0])
        for is_plain in (False, True)
    )
    assert first.startswith("- **No, not by these figures.** ")
    distance = (
        rf"on “{models.title(best['model'])}”\. Their Fréchet distance from [\w ]+ is \*\*{best['frechet'][0]:.0f}\*\*"
    )
    assert re.search(distance, first)
    of_plain = (
        f"the best samples have a Fréchet distance of {plain['frechet'][0]:.0f}, and {plain['coverage'][0]:.1%} of the photos "
        "have a sample near"
    )
    assert f"For “No noise”, trained without noise, {of_plain}" in first


def test_the_chart_that_is_kept_is_in_each_visitors_language():
    for spoken, title, linear, answer in (
        ("en", "noise variance while testing", LINEAR, "Each model is the best one under the noise"),
        ("zh", "测试时的噪声方差", "PCA（最优线性编码）", "每个模型在自己训练时的噪声下都是最好的。"),
        ("en", "noise variance while testing", LINEAR, "Each model is the best one under the noise"),
    ):
        app = open_page(lang=spoken)
        shown, layout = traces(app)
        assert layout["xaxis"]["title"]["text"] == title
        assert linear in shown
        assert linear in app.table[0].value.index
        assert answer in text(app)


def test_without_the_measurement_it_gives_no_answer(copies):
    copies(full_rows)
    app = open_samples()
    assert not app.error
    assert "Fine detail of the samples" in notice(app)
    assert "Fréchet" not in text(app)


def test_fine_detail_is_the_same_figure_as_on_the_page_sample():
    app = open_samples(seed=3)
    shares = re.findall(r"(\d+)% \((No[\w .]+)\)", notice(app))
    assert [name_of(title) for _, title in shares] == list(MODELS)
    for share, title in shares:
        there = apptest.open_page("dogs/sample", seed=3, model=name_of(title))
        assert f"carry **{share}%** of the fine detail" in notice(there)


def test_the_other_convention(copies):
    copies(full_rows, **full_baselines())
    app = open_page()
    before, _ = traces(app)
    app.segmented_control(key="psnr").set_value("psnr_of_mean_mse_db").run()
    after, _ = traces(app)
    for label in before:
        assert numbers(after[label]["y"]) == pytest.approx([y - 0.5 for y in numbers(before[label]["y"])])
        assert set(numbers(after[label]["error_y"]["array"])) == {0.2}
    assert app.table[0].value.loc["No noise"].iloc[0].startswith("**28.75\xa0±\xa00.20**")


def test_models_of_old_beside_new_baselines(copies):
    copies(lambda place: [r for r in full_rows(place) if r["noise_variance"] in (0, *LAB)], **full_baselines())
    app = open_page()
    shown, layout = traces(app)
    assert len(numbers(shown["dog-ae"]["x"])) == 4
    assert len(numbers(shown[AVIF]["x"])) == 7
    assert len(layout["xaxis"]["ticktext"]) == 8


def test_that_a_baseline_is_measured_in_part_is_told(copies):
    copies(full_rows, **full_baselines())
    assert "drawn at random" not in text(open_page())
    baselines = full_baselines()
    for r in [*baselines["avif"], *baselines["vvc"]]:
        r |= {"num_images": 412, "num_test_images": 1886, "beside": "linear_code"}
    copies(full_rows, **baselines)
    told = text(open_page())
    assert (
        f"Measured on only some of the 1,886 test images, drawn at random: {AVIF} on 412, {VVC} on 412. The mean over all is an estimate: "
        "on these images each codec is compared with the linear code, which was measured on all, and the difference is added to the mean of the linear code over all."
    ) in told
    assert told.count("drawn at random") == 1  # of both in one sentence
    for r in baselines["vvc"]:
        del r["beside"]
    copies(full_rows, **baselines)
    assert f"Measured on only some of the 1,886 test images, drawn at random: {VVC} on 412." in text(open_page())


def test_broken_baselines_are_told_and_the_models_shown(copies, checkpoint_folder):
    copies(full_rows)
    (checkpoint_folder / "baselines.json").write_text("{")
    app = open_page()
    assert [error.value.split(" (")[0] for error in app.error] == ["baselines.json is broken or incomplete"]
    assert list(traces(app)[0]) == list(MODELS)


def test_baselines_of_other_photos_are_left_out(copies):
    copies(full_rows, fingerprint="0" * 32, **full_baselines())
    app = open_page()
    assert not app.exception
    assert list(traces(app)[0]) == list(MODELS)
    assert list(spaced(app).index) == list(MODELS)
    assert AVIF not in text(app)


def test_no_word_of_baselines_that_are_not_there_or_fit(copies):
    copies(full_rows)
    assert not open_page().warning
    copies(full_rows, **full_baselines())
    assert not open_page().warning


def test_the_table_of_the_report_is_the_labs(copies):
    copies(full_rows, **full_baselines())
    app = open_page()
    app.segmented_control(key="psnr").set_value("psnr_of_mean_mse_db").run()
    app.button(key="add_to_report").click().run()
    (panel,) = collected(app)
    assert panel.settings["PSNR"] == "PSNR of the mean MSE"
    rows = panel.rows
    assert [row["model"] for row in rows] == [*MODELS, LINEAR, AVIF, VVC]
    keys = [f"psnr_db_at_variance_{v:.2f}" for v in (0.0, *LAB)]
    for start, row in zip((29.5, 29.6, 29.7, 29.8, 26.5, 27.5, 28.5), rows, strict=True):
        expected = [(start - 0.25 * i, 0.2) for i in (0, 3, 4, 5)]
        if row["model"] in (AVIF, VVC):
            expected[0] = None, None
        assert [(row[key], row[f"{key}_ci95"]) for key in keys] == [pytest.approx(pair) for pair in expected]
    table = table_of(panel)
    assert table.head[1:] == ("PSNR / dB without noise", *(f"PSNR / dB at variance {v:.2f}" for v in LAB))
    assert table.rows[0][1:] == tuple(f"{29.5 - 0.25 * i:.2f}\xa0±\xa00.20" for i in (0, 3, 4, 5))


def test_the_other_download_has_every_figure(copies, monkeypatch):
    files, download_button = {}, st.download_button

    def keep(label, data, **options):
        files[label] = data
        return download_button(label, data, **options)

    monkeypatch.setattr(st, "download_button", keep)
    copies(full_rows, **full_baselines())
    open_page()
    rows = list(csv.DictReader(io.StringIO(files["All figures, at every variance (CSV)"]().decode("utf-8-sig"))))
    baselines = [LINEAR] * 8 + [AVIF] * 7 + [VVC] * 3
    assert [row["model"] for row in rows] == [label for label in MODELS for _ in range(8)] + baselines
    for place in range(4):
        for row, expected in zip(rows[8 * place :], full_rows(place), strict=False):
            for key, value in expected.items():
                assert float(row[key]) == pytest.approx(value, rel=1e-6)


def test_the_samples_go_into_the_report_with_their_numbers():
    app = open_samples(seed=3)
    shares = {name_of(title): int(share) for share, title in re.findall(r"(\d+)% \((No[\w .]+)\)", notice(app))}
    app.button(key="add_to_report").click().run()
    (panel,) = collected(app)
    assert panel.settings["seed"] == 3
    assert {row["model"]: round(100 * row["share_of_fine_detail"]) for row in panel.rows} == shares


@pytest.mark.parametrize("view", ["samples", "cliff"])
def test_a_view_is_found_again_by_its_address(view):
    app = open_page()
    app.segmented_control(key="noise_view").set_value(view).run()
    assert app.query_params["noise_view"] == view
    assert open_page(noise_view=view).segmented_control(key="noise_view").value == view


def test_audit_is_the_evaluations(copies):
    copies(full_rows)
    table = open_page().table[1].value
    assert list(table["E[z²]"]) == ["1.0000", "1.0100", "1.0200", "1.0300"]
    for v in LAB:
        assert set(table[f"noise variance, asked {v:.2f}"]) == {f"{v:.4f}"}


@pytest.fixture
def cliff(copies, checkpoint_folder):
    """The lab's models, and VVC over three codes measured on the first eight of ten photos: at 26 dB where blocks arrive, at 10 dB
    where they fail."""
    copies(full_rows)
    sent = torch.full((10,), 10**-2.6).index_fill(0, torch.tensor([8, 9]), torch.nan)
    measured = {"separate": dict.fromkeys(LAB, sent), "bound": dict.fromkeys(LAB, sent / 10**0.1)}
    keep_errors(checkpoint_folder, full_rows, {})
    for key, errors in (measured | {"average": {0.0: torch.full((10,), 0.1)}}).items():
        photo_errors.save_baselines(key, errors, FINGERPRINT, checkpoint_folder)
    trials = [(-2, 100, 100), (-0.5, 100, 25), (0, 1000, 1)]
    codes = [ChannelCode(v, 200, 4, tuple(Trial(snr_db(v) + step, *blocks) for step, *blocks in trials)) for v in LAB]
    measurements.save_separate_coding([asdict(code) for code in codes], checkpoint_folder)
    return checkpoint_folder


def cliff_chart(app):
    traces = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    return {name_of(t["name"].replace("\xa0", " ")): t for t in traces}


def test_vvc_falls_off_where_its_code_fails_and_the_models_fade(cliff):
    app = open_cliff()
    lines = cliff_chart(app)
    assert list(lines) == [
        *MODELS,
        *(f"VVC, real code for {snr} dB" for snr in ("13.0", "10.0", "8.2")),
        "VVC, best code of this length",
    ]
    # Flat beyond the trials: all fail below, a thousandth above; of the mean of both outcomes.
    assert numbers(lines["VVC, real code for 10.0 dB"]["y"]) == pytest.approx(
        [10, 10, 0.75 * 26 + 0.25 * 10, 25.984, 25.984], abs=1e-3
    )
    assert numbers(lines["VVC, real code for 10.0 dB"]["x"]) == pytest.approx([snr_db(0.3), 8, 9.5, 10, 20])
    assert lines["VVC, real code for 10.0 dB"]["line"]["color"] == lines["dog-noise-0.10"]["line"]["color"]
    of_model = photo_errors.read("dog-noise-0.10")
    expected = {snr_db(v): -10 * e[:8].log10().mean().item() for v, e in of_model.items() if v}
    shown = lines["dog-noise-0.10"]
    assert dict(zip(numbers(shown["x"]), numbers(shown["y"]), strict=True)) == pytest.approx(expected)
    first, steep, own, _best = notice(app).splitlines()[2:]
    assert first.startswith("- **VVC over a real channel code falls off a cliff; the trained code fades.** ")
    assert "When it drops to 10.0 dB, the PSNR of VVC goes from 25.98 to 10.00 dB, that of “Noise 0.05” from " in first
    assert "an SNR only 0.5 dB too low, the channel code for 13.0 dB loses 25% of its blocks" in steep
    gap = round(-10 * photo_errors.read("dog-noise-0.05")[0.05][:8].log10().mean().item(), 2) - 25.98
    assert f"**+{gap:.2f} ± " in own
    assert "Means over 8 photos" in text(app)


def test_the_cliff_goes_into_the_report_with_its_numbers(cliff):
    app = open_cliff()
    app.button(key="add_to_report").click().run()
    (panel,) = collected(app)
    assert panel.settings["channel codes"].startswith("200 bytes by 16-QAM for 13.0\xa0dB, ")
    failed = [row for row in panel.rows if row.get("failed_blocks") == 25]
    assert [row["snr_db"] for row in failed] == [snr_db(v) - 0.5 for v in LAB]
    assert {name_of(row["curve"].replace("\xa0", " ")) for row in panel.rows} == set(cliff_chart(app))


def test_no_cliff_where_vvc_falls_no_further_than_a_model(cliff):
    codes = [ChannelCode(v, 200, 4, (Trial(snr_db(v) - 2, 100, 0), Trial(snr_db(v), 100, 0))) for v in LAB]
    measurements.save_separate_coding([asdict(code) for code in codes], cliff)
    assert "falls off" not in notice(open_cliff())


def test_the_cliff_needs_all_of_its_measurements(cliff):
    photo_errors.errors_path("dog-noise-0.10", cliff).unlink()
    assert "dog-noise-0.10" not in cliff_chart(open_cliff())
    path = cliff / "separate_coding.json"
    path.write_text("{", encoding="utf-8")
    app = open_cliff()
    assert [error.value.split(" (")[0] for error in app.error] == ["separate_coding.json is broken or incomplete"]
    path.unlink()
    photo_errors.baselines_path(cliff).unlink()
    app = open_cliff()
    assert not app.error
    assert not app.get("plotly_chart")
    (said,) = app.info
    assert "has not been measured on these photos yet. `python -m benchmarks.separate_coding` does it." in said.value


def test_a_model_whose_name_is_long_has_one_colour_for_both_noises():
    line = ([0.0, 0.1], [26.0, 23.0])
    names = [f"{'a-model-of-a-long-name-' * 3}{i}" for i in (1, 2)]
    chart = draw(Curves("", dict.fromkeys(names, line), {names[1]: line}))
    assert [trace.line.dash for trace in chart.data] == ["solid", "solid", "dot"]
    assert chart.data[2].line.color == chart.data[1].line.color != chart.data[0].line.color


def test_the_first_model_s_samples_are_shown_before_the_others_are_drawn(monkeypatch):
    app, draw = open_samples(), noise_samples._gaussian_nine
    monkeypatch.setattr(noise_samples, "_gaussian_nine", lambda name, seed: [draw(name, seed)][name != MODELS[0]])
    app.number_input(key="seed").set_value(5151).run()  # of which nothing is kept
    assert app.exception
    assert len(pictures(app)) == 1
