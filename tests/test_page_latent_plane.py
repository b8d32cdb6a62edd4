"""The plane's three pages, run without a browser against the checkpoints of the project."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from apptest import notice, open_page, text
from PIL import Image
from torch import nn

import aemodels
from aemodels import language
from aemodels.codes import planes
from aemodels.data import mnist, words
from aemodels.errors import ConfigError
from aemodels.export import packing
from aemodels.storage import checkpoints
from pages.parts.plane import comparisons, measured, plane

NAMES = {
    "mnist-ae": "Plain",
    "mnist-ae-l2-code": "L2 on the code",
    "mnist-ae-l2-weights": "L2 on the weights",
    "mnist-vae": "VAE",
}
MODELS = tuple(NAMES)
PAGES = ("latent_plane", "twins", "path")


def sent(app, component: str) -> list[dict]:
    """What the page hands to a component's canvases."""
    elements = [element.proto for element in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in elements if proto.component_name == component and proto.json]


def touched(app) -> dict:
    (shown,) = sent(app, "plane")
    return shown


def grid_picture(app) -> np.ndarray:
    (shown,) = [thing for thing in sent(app, "plane_store") if thing["name"] == "grid"]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["picture"]))))


@pytest.fixture(scope="module")
def ckpts():
    return {name: aemodels.load_checkpoint(name) for name in MODELS}


@pytest.mark.parametrize("page", [*PAGES, "denoise"])
def test_that_there_is_no_model_is_one_sentence(page, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", tmp_path)
    app = open_page(f"mnist/{page}")
    assert not app.error
    assert len(app.info) == 1
    assert app.info[0].value.startswith("There is no model with ")
    assert "`python train.py`" in app.info[0].value


def test_plane_starts_at_the_code_of_the_seeds_digit(ckpts):
    for seed in (1, 7):
        app = open_page("mnist/latent_plane", seed=str(seed))
        index = torch.randint(10000, (), generator=torch.Generator().manual_seed(seed)).item()
        shown = touched(app)
        assert shown["z"] == pytest.approx(ckpts["mnist-ae"].codes[index].tolist(), abs=1e-5)
        assert shown["readout"]["nearest"][0]["index"] == index
        assert shown["readout"]["nearest"][0]["distance"] == "0"  # not 3.4e-06: its place is rounded


def test_readout_agrees_with_a_search_over_all_codes(ckpts):
    digits, labels = mnist.load_mnist_test_digits()
    for name in MODELS:
        codes = ckpts[name].codes.double().numpy()
        for place in ([0.1, -0.2], [0.9, 0.9], [50.0, 50.0]):
            far = np.sqrt(((codes - place) ** 2).sum(1))
            shown = plane.read(name, torch.tensor(place))
            for digit, index in zip(shown["nearest"], np.argsort(far), strict=False):
                assert digit["index"] == index
                assert digit["label"] == str(labels[index].item())
                assert float(digit["distance"]) == pytest.approx(far[index], rel=0.06)
                tile = np.asarray(Image.open(io.BytesIO(base64.b64decode(digit["picture"]))))
                assert (tile[..., 0] == digits[index, 0].numpy()).all()
            share = planes.support(ckpts[name].codes, torch.tensor([place])).item()
            assert shown["share"] == f"{share:.1%}"
            assert shown["kind"] == planes.kind_of_place(share)
        assert shown["kind"] == "hole"


def test_a_place_may_be_typed_with_the_signs_of_these_pages_and_of_a_chinese_keyboard():
    app = open_page("mnist/latent_plane", z="0.25，−0.5")
    assert not app.warning
    assert touched(app)["z"] == [0.25, -0.5]


@pytest.mark.parametrize("wrong", ["nan, 1", "abc", "1, 2, 3", ","])
def test_any_text_for_a_place_leaves_the_plane_standing(wrong):
    app = open_page("mnist/latent_plane", z=wrong, side="99", mnist_model="none", fade="maybe")
    assert [warning.value for warning in app.warning] == [f"“{wrong}” is not two numbers, such as 0.5, -1."]
    assert touched(app)["z"] == touched(open_page("mnist/latent_plane"))["z"]


@pytest.mark.parametrize(
    ("key", "wrong"), [("z", "1e9, 2"), ("z", "1e300, 2"), ("z", "0, -inf"), ("box", "0, 1, 0, 2e6")]
)
def test_numbers_that_are_too_large_are_told_their_range(key, wrong):
    app = open_page("mnist/latent_plane", **{key: wrong})
    assert [warning.value for warning in app.warning] == [f"“{wrong}”: each number must lie within ±1,000,000."]


def test_any_text_in_the_address_leaves_the_twins_and_the_path_standing():
    open_page("mnist/twins", twins_z="inf, 0", scale="none", link="none")
    open_page("mnist/path", a="-3", b="abc", mnist_model="none")


@pytest.mark.parametrize("box", ["1, 0, 0, 1", "0, 1, 2, 2", "0, 1, 0"])
def test_an_empty_or_turned_box_is_refused_in_one_sentence(box):
    app = open_page("mnist/latent_plane", box=box)
    assert [warning.value for warning in app.warning] == [
        f"“{box}” is not four numbers, such as -1, 1, -2, 2, each pair rising."
    ]
    assert touched(app)["view"] == touched(app)["whole"]


def test_scene_comes_from_the_address():
    app = open_page(
        "mnist/latent_plane",
        z="0.25, -0.5",
        box="-1, 1, -0.5, 1.5",
        mnist_model="L2 on the weights",
        side="12",
        fade="true",
    )
    shown = touched(app)
    assert shown["name"] == "mnist-ae-l2-weights"
    assert shown["z"] == [0.25, -0.5]
    assert shown["view"] == [-1, 1, -0.5, 1.5]
    assert grid_picture(app).shape == (12 * 28, 12 * 28, 4)


def test_grid_is_the_decoded_box_and_the_box_is_the_datas_quantiles_by_default(ckpts):
    ckpt = ckpts["mnist-ae"]
    tails = np.quantile(ckpt.codes.numpy(), [0.01, 0.99], axis=0)
    quantiles = [tails[0, 0], tails[1, 0], tails[0, 1], tails[1, 1]]
    shown = touched(open_page("mnist/latent_plane"))
    assert shown["dashed"] == pytest.approx(quantiles, rel=1e-5)
    x1, x2, y1, y2 = quantiles
    whole = grid_picture(open_page("mnist/latent_plane", side="10")).astype(int)
    first = ckpt.model.decode(torch.tensor([[x1 + 0.05 * (x2 - x1), y2 - 0.05 * (y2 - y1)]], dtype=torch.float32))[0, 0]
    assert np.abs(whole[:28, :28, 0] - 255 * first.numpy()).max() <= 0.6
    x1, x2, y1, y2 = -1.0, 1.0, -0.5, 1.5
    picture = grid_picture(open_page("mnist/latent_plane", box=f"{x1}, {x2}, {y1}, {y2}", side="10")).astype(int)
    assert picture.shape == (280, 280, 3)
    for row, column in ((0, 0), (0, 9), (9, 0), (4, 6)):
        z = [x1 + (column + 0.5) / 10 * (x2 - x1), y2 - (row + 0.5) / 10 * (y2 - y1)]
        image = (255 * ckpt.model.decode(torch.tensor([z]))[0, 0]).numpy()
        cell = picture[28 * row : 28 * row + 28, 28 * column : 28 * column + 28, 0]
        assert np.abs(cell - image).max() <= 0.51


def test_whole_plane_shows_nearly_every_code_and_says_how_many(ckpts):
    for model, ckpt in ckpts.items():
        app = open_page("mnist/latent_plane", mnist_model=NAMES[model])
        shown, codes = touched(app), ckpt.codes.double()

        def inside(extent, codes=codes):
            x1, x2, y1, y2 = extent
            return int(((codes >= codes.new_tensor([x1, y1])) & (codes <= codes.new_tensor([x2, y2]))).all(1).sum())

        assert shown["view"] == shown["whole"]
        assert shown["titles"]["codes"] == f"{inside(shown['whole']):,} of 10,000 test codes"
        assert inside(shown["whole"]) >= 9970
        assert inside(shown["dashed"]) < 9700
        assert f"central 98% of the codes along each axis, {inside(shown['dashed']):,} of all 10,000" in text(app)
        zoomed = touched(open_page("mnist/latent_plane", mnist_model=NAMES[model], box="-1, 1, -1, 1"))
        assert zoomed["titles"]["codes"] == f"{inside([-1, 1, -1, 1]):,} of 10,000 test codes"


def test_settings_have_three_digits_and_words():
    caption = open_page("mnist/latent_plane", z="0.123456, -2", box="-1.23456, 1, -1, 1", fade="true").caption[-1].value
    assert "z: 0.123, -2 · box: z₁ −1.23 to 1, z₂ −1 to 1" in caption
    assert "faded: yes" in caption
    assert "faded: no" in open_page("mnist/latent_plane").caption[-1].value


def test_faded_cells_are_the_fainter_the_fewer_codes_lie_there(ckpts):
    box = (-6.0, 6.0, -6.0, 6.0)
    picture = grid_picture(open_page("mnist/latent_plane", box="-6, 6, -6, 6", side="10", fade="true"))
    alpha = picture[..., 3].reshape(10, 28, 10, 28)
    assert (alpha == alpha[:, :1, :, :1]).all()  # one a cell
    alpha = alpha[:, 0, :, 0].flatten() / 255
    shares = planes.support(ckpts["mnist-ae"].codes, planes.cells(box, 10)).numpy()
    assert (np.diff(alpha[np.argsort(shares)]) >= 0).all()
    assert alpha.min() == pytest.approx(0.1, abs=0.01)
    assert alpha[shares > 0.5].min() == 1


def test_pick_and_box_stay_through_a_new_seed_and_go_with_the_model():
    app = open_page("mnist/latent_plane", z="0.25, -0.5", box="-1, 1, -1, 1")
    app.button(key="again").click().run()
    assert app.number_input(key="seed").value == 2
    assert touched(app)["z"] == [0.25, -0.5]
    app.segmented_control(key="mnist_model").set_value("mnist-ae-l2-code").run()
    assert app.text_input(key="z").value == app.text_input(key="box").value == ""
    assert touched(app)["view"] == touched(app)["whole"]
    assert not app.exception


def entropy(x_hat):
    """Mean of −p ln p − (1 − p) ln(1 − p) over the pixels of each image (B, ...)."""
    p = x_hat.double().flatten(1).numpy().clip(1e-12, 1 - 1e-12)
    return -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean(1)


@pytest.mark.parametrize("model", ["mnist-ae", "mnist-ae-l2-code"])
@pytest.mark.parametrize("box", [None, (-20.0, 20.0, -20.0, 20.0), (-0.5, 0.5, -0.5, 0.5)])
def test_plane_notice_holds_the_librarys_figures(box, model, ckpts):
    ckpt = ckpts[model]
    query = {"box": ", ".join(map(str, box))} if box else {}
    app = open_page("mnist/latent_plane", mnist_model=NAMES[model], side="20", seed="3", **query)
    which = "the box in view" if box else "the dashed box"
    box = box or planes.box(ckpt.codes)
    z = planes.cells(box, 20)
    random = planes.uniform(box, [3000 + i for i in range(100)])
    shares, sampled = (planes.support(ckpt.codes, places).numpy() for places in (z, random))
    text = notice(app)
    assert f"**Holes fill {planes.hole_share(ckpt.codes, box):.0%} of {which}**" in text
    assert f"{(sampled < 0.01).mean():.0%} of the random places lie in them" in text
    assert f"{(shares >= 0.05).mean():.0%} of the grid's places are supported" in text
    in_holes, supported = shares < 0.01, shares >= 0.05
    assert ("Images decoded in holes" in text) == (in_holes.any() and supported.any())
    if in_holes.any() and supported.any():
        hole, well = (entropy(ckpt.model.decode(z[kind])).mean() for kind in (in_holes, supported))
        word = "greyer than" if hole > 1.05 * well else "less grey than" if well > 1.05 * hole else "about as grey as"
        assert f"in holes are {word} those at supported places: pixel entropy {hole:.3f} against {well:.3f}" in text


def test_plane_and_twins_and_uniform_draws_agree_on_how_much_is_hole(ckpts):
    """One measure: what the plane's page says of its whole box is in the twins' table, and is how often draws hit a hole."""
    shown = open_page("mnist/twins").table[0].value.set_index("measure")
    (row,) = (row for row in shown.index if row.startswith("Holes, share of the dashed box"))
    for model, ckpt in ckpts.items():
        (share,) = re.findall(
            r"Holes fill (\d+)% of the dashed box",
            notice(open_page("mnist/latent_plane", mnist_model=NAMES[model])),
        )
        assert float(shown.loc[row, NAMES[model]].rstrip("%")) == pytest.approx(float(share), abs=0.51)
        drawn = planes.support(ckpt.codes, planes.uniform(planes.box(ckpt.codes), range(4000))) < 0.01
        assert 100 * drawn.double().mean().item() == pytest.approx(
            float(share), abs=2.7
        )  # 3 standard errors and rounding


def test_decoder_as_the_browser_gets_it_decodes_as_torch_does(ckpts):
    for ckpt in ckpts.values():
        layers, weights = packing.decoder_layers(ckpt.model.decoder)
        assert (weights == weights.half().float()).all()  # float16 loses nothing
        z = torch.tensor([0.3, -0.8])
        x, rest = z.double().numpy(), weights.double().numpy()

        def take(count):
            nonlocal rest
            taken, rest = rest[:count], rest[count:]
            return taken

        for layer in layers:
            if layer["kind"] == "linear":
                x = take(layer["inputs"] * layer["outputs"]).reshape(layer["outputs"], -1) @ x + take(layer["outputs"])
            elif layer["kind"] == "norm":
                x = (x - x.mean()) / np.sqrt(x.var() + layer["eps"]) * take(layer["size"]) + take(layer["size"])
            else:
                assert layer["kind"] == "silu"
                x = x / (1 + np.exp(-x))
        assert len(rest) == 0
        expected = ckpt.model.decode(z[None]).flatten().numpy()
        assert 1 / (1 + np.exp(-x)) == pytest.approx(expected, abs=1e-5)


def test_decoder_with_a_layer_that_the_browser_lacks_is_refused():
    with pytest.raises(ConfigError, match="Tanh"):
        packing.decoder_layers(nn.Sequential(nn.Linear(2, 3), nn.Tanh()))


def test_twins_table_holds_the_librarys_numbers(ckpts):
    app = open_page("mnist/twins")
    shown = app.table[0].value
    for ckpt in ckpts.values():
        stats = planes.plane_stats(ckpt.codes, ckpt.labels)
        holes, wide = (planes.hole_share(ckpt.codes, planes.box(ckpt.codes, share)) for share in (0.98, 0.998))
        matrices = torch.cat([w.flatten() for w in ckpt.model.state_dict().values() if w.ndim == 2]).double()
        grid = entropy(ckpt.model.decode(planes.cells(planes.box(ckpt.codes), 20))).mean()
        kl = ckpt.metrics.get("kl_nats")
        expected = [
            f"{stats.spread[0]:.2f}", f"{stats.spread[1]:.2f}", f"{holes:.0%}", f"{wide:.0%}", f"{stats.neighbour_accuracy:.1%}",
            f"{planes.normal_hole_share(ckpt.codes):.1%}",
            f"{ckpt.metrics['bce']:.4f}", *([f"{sum(kl):.2f}", f"{kl[0]:.2f}", f"{kl[1]:.2f}"] if kl else 3 * ["–"]),
            f"{matrices.square().mean().sqrt():.3f}", f"{grid:.3f}",
        ]  # fmt: skip
        assert [cell.split(" (")[0] for cell in shown[NAMES[ckpt.name]]] == expected
    (canvases,) = sent(app, "plane_twins")
    views = [shown["view"] for shown in canvases["planes"]]
    assert len(views) == 4
    assert all(view == views[0] for view in views)
    assert all(len(str(shown["facts"])) > 20 for shown in canvases["planes"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_heads_of_the_twins_table_take_three_lines_of_a_phone_at_most(lang):
    with language.speaking(lang):
        heads = [language._(head) for head in measured.MEASURES]
    wide = {head: sum(2 if ord(letter) > 0x2E80 else 1 for letter in head) for head in heads}  # in letters of English
    assert max(wide.values()) <= 3 * 16


def test_twins_notice_says_each_thing_once_with_the_figures_of_all(ckpts):
    plain, *others = ckpts.values()
    text = notice(open_page("mnist/twins"))

    def each(ckpts, figure):
        return ", ".join(f"{figure(ckpt)} ({NAMES[ckpt.name]})" for ckpt in ckpts)

    def width(ckpt):
        ratio = ckpt.codes.numpy().std(0) / plain.codes.numpy().std(0)
        return f"**{np.exp(np.log(ratio).mean()):.2f}** times"

    (spread,) = (line for line in text.splitlines() if "How wide is each plane" in line)
    assert f"Compared with the plane of “Plain”: {each(others, width)}." in spread
    assert each(ckpts.values(), lambda c: "{:.2f} × {:.2f}".format(*c.codes.numpy().std(0))) in spread
    (loss,) = (line for line in text.splitlines() if "cross-entropy in nats a pixel" in line)
    assert each(ckpts.values(), lambda c: f"{c.metrics['bce']:.4f}") in loss
    assert each(ckpts.values(), lambda c: f"{planes.plane_stats(c.codes, c.labels).neighbour_accuracy:.1%}") in loss
    (holes,) = (line for line in text.splitlines() if "Share of holes" in line)
    for share in (0.98, 0.998):
        assert (
            each(ckpts.values(), lambda c, s=share: f"{planes.hole_share(c.codes, planes.box(c.codes, s)):.0%}")
            in holes
        )
    assert "depends on the box" not in holes  # of these models less is hole in either box


def rows(**of_twin):
    same = {"spread_z1": 1.0, "spread_z2": 1.0, "neighbour_accuracy": 0.5, "bce_nats": 0.16}
    plain = same | {"model": "mnist-ae", "hole_share": 0.2, "hole_share_wide": 0.4, "normal_hole_share": 0.02}
    return [plain, plain | {"model": "mnist-vae"} | of_twin]


@pytest.mark.parametrize(("narrow", "wide", "said"), [(0.1, 0.3, False), (0.1, 0.5, True), (0.3, 0.3, True)])
def test_holes_that_another_box_turns_round_are_said_to_depend_on_it(ckpts, narrow, wide, said):
    kind = words.of(ckpts["mnist-ae"].data.config)
    points = comparisons.of_planes(rows(hole_share=narrow, hole_share_wide=wide), kind, {})
    assert ("more or less than for “Plain” depends on the box: “VAE”." in points[2]) == said


@pytest.mark.parametrize(("of_twin", "said"), [(0.02, False), (0.0199, False), (0.01, True), (0.3, False)])
def test_a_prior_that_spares_no_hole_is_not_said_to_be_worth_its_price(ckpts, of_twin, said):
    kind = words.of(ckpts["mnist-ae"].data.config)
    point = comparisons.of_planes(rows(kl_nats=7.0, normal_hole_share=of_twin), kind, {})[3]
    assert "Its price is a KL divergence, in nats per digit: 7.00 (VAE)." in point
    assert ("By this measure the penalty of “VAE” brings nothing." in point) != said


def test_twins_notice_says_why_weight_decay_changes_little(ckpts):
    (point,) = (line for line in notice(open_page("mnist/twins")).splitlines() if "LayerNorm" in line)
    rms = [
        torch.cat([w.flatten() for w in ckpts[name].model.state_dict().values() if w.ndim == 2]).square().mean().sqrt()
        for name in ("mnist-ae", "mnist-ae-l2-weights")
    ]
    assert f"(root mean square): {rms[0]:.3f} (Plain), {rms[1]:.3f} (L2 on the weights)." in point
    assert (
        "with a LayerNorm after them: 12 of 14 (L2 on the weights)." in point
    )  # six hidden layers either way, and the two last ones


def test_twins_own_scale_shows_each_nearly_all_its_codes_and_its_own_box(ckpts):
    (shown,) = sent(open_page("mnist/twins", scale="Each its own", link="Same digit"), "plane_twins")
    assert shown["link"] == "digit"
    for twin in shown["planes"]:
        codes = ckpts[twin["name"]].codes
        assert twin["box"] == pytest.approx(planes.box(codes))
        (x1, x2, y1, y2), (x, y) = twin["view"], codes.T
        assert ((x > x1) & (x < x2) & (y > y1) & (y < y2)).double().mean() > 0.996
        a, b, c, d = planes.box(codes, 0.998)
        assert min((b - a) / (x2 - x1), (d - c) / (y2 - y1)) > 0.9  # and not much besides


@pytest.mark.parametrize(
    ("a", "b", "model"), [(3, 8, "mnist-ae"), (0, 1, "mnist-ae-l2-code"), (7, 8, "mnist-ae-l2-weights")]
)
def test_path_says_which_row_is_nearer_to_digits_and_which_is_greyer(a, b, model, ckpts):
    digits, ckpt = mnist.load_mnist_test_digits()[0].float().flatten(1).numpy() / 255, ckpts[model]
    shares = np.linspace(0, 1, 9, dtype=np.float32)[1:-1, None]
    walk = ckpt.model.decode(torch.from_numpy((1 - shares) * ckpt.codes[a].numpy() + shares * ckpt.codes[b].numpy()))
    fade = torch.from_numpy((1 - shares) * digits[a] + shares * digits[b])
    others = np.delete(digits, [a, b], 0)
    walked, faded = (
        np.mean([np.sqrt(((others - image) ** 2).mean(1).min()) for image in x.flatten(1).numpy()])
        for x in (walk, fade)
    )
    greys = [entropy(x).mean() for x in (walk, fade)]
    text = notice(open_page("mnist/path", a=str(a), b=str(b), mnist_model=NAMES[model]))
    rows = {"walk": walked, "cross-fade": faded}
    nearer, farther = sorted(rows, key=rows.get)
    assert f"the {nearer} stays nearer to real digits: its images are {rows[nearer]:.3f} from" in text
    assert f"those of the {farther} {rows[farther]:.3f}." in text
    assert f"pixel entropy is {greys[0]:.3f} nats on the walk, {greys[1]:.3f} in the cross-fade" in text
    assert f"Between the ends, the {'walk' if greys[0] > greys[1] else 'cross-fade'} is greyer" in text


def test_path_walks_between_the_digits_of_the_address(ckpts):
    digits, labels = mnist.load_mnist_test_digits()
    app = open_page("mnist/path", a="3", b="8", mnist_model="L2 on the code")
    (shown,) = sent(app, "plane_path")
    assert shown["ends"] == [3, 8]
    assert shown["labels"] == [f"a {label}" for label in labels[[3, 8]].tolist()]
    assert base64.b64decode(shown["digits"][1]) == digits[8].numpy().tobytes()
    codes = ckpts["mnist-ae-l2-code"].codes
    near = [
        labels[((codes - torch.lerp(codes[3], codes[8], t)) ** 2).sum(1).argmin()].item()
        for t in torch.linspace(0, 1, 9)
    ]
    passed = [str(d) for i, d in enumerate(near) if i == 0 or near[i - 1] != d]
    assert f"passes the codes of {' → '.join(passed)}.**" in notice(app)


def test_draw_again_lets_go_of_digits_that_were_picked():
    app = open_page("mnist/path", a="3", b="8", seed="4")
    app.button(key="again").click().run()
    (shown,), (drawn,) = sent(app, "plane_path"), sent(open_page("mnist/path", seed="5"), "plane_path")
    assert shown["ends"] == drawn["ends"] != [3, 8]
    assert app.number_input(key="a").value is app.number_input(key="b").value is None
    app.number_input(key="a").set_value(3).run()
    (shown,) = sent(app, "plane_path")
    assert shown["ends"] == [3, drawn["ends"][1]]  # a pick holds until the next draw
    assert not app.exception


def test_path_of_a_seed_joins_two_classes_and_draw_again_joins_others():
    app = open_page("mnist/path")
    pairs = []
    for _ in range(3):
        (shown,) = sent(app, "plane_path")
        assert shown["labels"][0] != shown["labels"][1]
        pairs.append(tuple(shown["ends"]))
        app.button(key="again").click().run()
    assert len(set(pairs)) == 3
