"""What the planes' pages and the training page show of a variational autoencoder, beside a plain one."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from apptest import notice, open_page, text
from test_page_latent_plane import sent, touched
from torch import nn

import aemodels
from aemodels.codes import planes
from aemodels.models import building
from aemodels.noise import seeded_normal
from aemodels.report import digit_figures, plane_figures
from aemodels.report.material import NUM_SEEDS, Scene
from aemodels.storage import checkpoints
from pages.parts.plane import plane

PLAIN = aemodels.load_checkpoint("mnist-ae")
KL_NATS = [1.5, 2.25]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with mnist-ae, and a VAE of its weights: its plane is the same, smaller."""
    folder = tmp_path_factory.mktemp("models")
    scale = 1 / PLAIN.codes.std()
    config = dataclasses.replace(PLAIN.model_config, variant="vae", settings={"beta": 0.5})
    model = building.build(config).requires_grad_(False)
    weights = PLAIN.model.state_dict()
    last = [key for key, weight in model.state_dict().items() if weight.shape != weights[key].shape]
    for key in last:
        weights[key] = torch.cat([scale * weights[key], torch.zeros_like(weights[key])])
    first = next(module for module in model.decoder.modules() if isinstance(module, nn.Linear))
    model.load_state_dict(weights)
    first.weight /= scale
    history = [epoch | {"kl": 0.01 / i} for i, epoch in enumerate(PLAIN.history, start=1)]
    ckpt = dataclasses.replace(
        PLAIN,
        name="mnist-vae",
        title="VAE",
        model=model.eval(),
        codes=scale * PLAIN.codes,
        metrics=PLAIN.metrics | {"kl_nats": KL_NATS},
        history=history,
    )
    for made in (PLAIN, ckpt):
        checkpoints.save_checkpoint(made, folder)
    return folder


@pytest.fixture(autouse=True)
def vae(models, monkeypatch):
    """The VAE, in whose folder the pages look for models."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", models)
    return aemodels.load_checkpoint("mnist-vae")


def holes(z, codes):
    return (planes.support(codes, z) < planes.HOLE_BELOW).double().mean().item()


def test_rings_and_what_they_hold_are_shown_of_the_vae_alone(vae):
    app = open_page("mnist/latent_plane", mnist_model="mnist-vae")
    assert touched(app)["rings"] == [1, 2, 3]
    assert "**Rings**" in text(app)
    far = vae.codes.double().square().sum(1).sqrt().numpy()
    within = [f"{(far <= r).mean():.0%}" for r in (1, 2, 3)]
    assert (
        f"rings hold {within[0]}, {within[1]} and {within[2]} of the test codes. Of draws from N(0, I) they hold 39%, 86% and 99%."
        in notice(app)
    )
    plain = open_page("mnist/latent_plane")
    assert touched(plain)["rings"] == []
    assert "ings" not in notice(plain)
    assert "N(0, I)" not in notice(plain)


@pytest.mark.parametrize("model", ["mnist-ae", "mnist-vae"])
def test_samples_can_be_drawn_from_the_normal_distribution_on_any_plane(model):
    ckpt = checkpoints.load_checkpoint(model)
    app = open_page("mnist/latent_plane", mnist_model=model, drawn_from="N(0, I)", seed="4")
    z = seeded_normal([4000 + i for i in range(100)], (2,))
    samples = plane.decode_normal(model, 10, 4)
    x_hat = (255 * ckpt.model.decode(z[:1])[0, 0]).numpy()
    assert np.abs(samples["picture"][:28, :28, 0].astype(float) - x_hat).max() <= 0.51
    assert "N(0, I) random samples" in [header.value for header in app.header]
    of_all, of_shown = re.search(
        r"from N\(0, I\), \*\*(.+?)%\*\* fall into holes of this plane; \*\*(\d+)%\*\*", notice(app)
    ).groups()
    assert float(of_shown) == pytest.approx(100 * holes(z, ckpt.codes), abs=0.51)
    many = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(9))
    assert float(of_all) == pytest.approx(100 * holes(many, ckpt.codes), abs=1.5)
    assert "of the random places" not in notice(app)
    assert "samples: N(0, I)" in app.caption[-1].value
    assert "100 codes drawn from N(0, I), also outside the box, seed 4" in text(app)


def test_twins_show_what_the_vaes_codes_cost_and_how_often_draws_fall_into_holes(vae):
    app = open_page("mnist/twins")
    (shown,) = sent(app, "plane_twins")
    assert [twin["rings"] for twin in shown["planes"]] == [[], [1, 2, 3]]
    table = app.table[0].value
    table = table.set_index(table.columns[0])
    plain, of_vae = (table[column] for column in table.columns)
    rows = ["KL divergence from N(0, I)", "– its part along z₁", "– its part along z₂"]
    found = [
        [column[next(row for row in table.index if row.startswith(start))] for start in rows]
        for column in (plain, of_vae)
    ]
    assert found == [["–"] * 3, ["3.75", "1.50", "2.25"]]
    (row,) = (row for row in table.index if row.startswith("Draws from N(0, I)"))
    shares = [planes.normal_hole_share(ckpt.codes) for ckpt in (PLAIN, vae)]
    assert [plain[row], of_vae[row]] == [f"{share:.1%}" for share in shares]
    (point,) = (line for line in notice(app).splitlines() if "Draws from N(0, I)" in line)
    assert f"a hole of the plane: **{shares[1]:.1%}** (VAE); for “Plain” it is {shares[0]:.1%}. " in point
    assert "in nats per digit: 3.75 (VAE)" in point
    assert "Rings: N(0, I)" in text(app)


def test_the_reports_planes_have_rings_and_tell_of_draws_from_the_normal_distribution(vae):
    titles, scene = {"mnist-ae": "plain", "mnist-vae": "VAE"}, Scene(1, range(NUM_SEEDS), "mnist")
    panel = digit_figures.plane("mnist-5", "Planes", [PLAIN, vae], titles, scene).panel
    shares = [planes.normal_hole_share(ckpt.codes) for ckpt in (PLAIN, vae)]
    assert [row["normal_hole_share"] for row in panel.rows] == shares
    assert [row.get("kl_nats") for row in panel.rows] == [None, sum(KL_NATS)]
    assert f"Share of its draws that fall into a hole: {shares[0]:.0%} (plain), {shares[1]:.0%} (VAE)." in panel.caption
    without = digit_figures.plane("mnist-4", "Plane", [PLAIN], titles, scene).panel
    assert "N(0, I)" not in without.caption
    assert [plane_figures.rings(ckpt) for ckpt in (PLAIN, vae)] == [(), planes.RINGS]


def test_training_draws_the_kl_divergence_and_tells_its_weight():
    app = open_page("about/training")
    assert "Further terms of the loss" in [header.value for header in app.header]
    assert len(app.get("plotly_chart")) == 3
    (row,) = (
        table.value.loc["weight of the KL divergence, β"]
        for table in app.table
        if "weight of the KL divergence, β" in table.value.index
    )
    assert row.to_dict() == {"Plain": "none", "VAE": "0.5"}
