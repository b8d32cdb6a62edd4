"""Which models a folder holds, by their configurations alone: data sets, kinds, order, and files that are none."""

from pathlib import Path

import pytest
from foreign_models import COLOUR, FOREIGN, save_foreign

from aemodels.storage import catalogue, checkpoints
from aemodels.storage.catalogue import DENOISER, MAPS, PLANE, SPACE
from aemodels.training import recipes

SHIPPED = Path(__file__).parents[1] / "checkpoints"
LAB = {name: recipe.data for name, recipe in recipes.of_the_lab().items()}


def read(folder):
    return catalogue.read_all(checkpoints.list_checkpoints(folder), LAB, lambda name: catalogue.read(name, folder))


def link(folder, *names):
    for name in names:
        (folder / f"{name}.safetensors").symlink_to(SHIPPED / f"{name}.safetensors")


def test_the_lab_alone():
    found = read(SHIPPED)
    assert [group.title for group in found.groups] == ["MNIST", "Stanford Dogs"]
    assert found.groups[0].names[:3] == ["mnist-ae", "mnist-ae-l2-code", "mnist-ae-l2-weights"]
    assert found.groups[1].names == ["dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15", "dog-prior"]
    assert found.groups[0].titles["mnist-ae"] == "Plain"
    assert not found.broken


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("shapes-ae", [MAPS, SPACE]),
        ("shapes-noise", [MAPS, SPACE]),
        ("grey-ae", [MAPS, SPACE]),
        ("fashion-plane", [PLANE]),
        ("fashion-denoiser", [DENOISER, SPACE]),
        ("shapes-denoiser", [MAPS, DENOISER, SPACE]),
        ("shapes-plane", [PLANE]),
        ("fashion-3d", [SPACE]),
    ],
)
def test_what_a_model_is_follows_from_its_configuration(name, kinds, tmp_path):
    save_foreign(name, tmp_path, as_name="dog-ae")  # whatever it is called
    model = catalogue.read("dog-ae", tmp_path)
    assert model.kinds == kinds
    assert (model.noise_factor, model.noise_variance) == tuple(
        FOREIGN[name][2].get(key, 0) for key in ("noise_factor", "noise_variance")
    )


def test_the_labs_own_come_first_and_the_rest_by_data_set_and_name(tmp_path):
    link(tmp_path, "dog-noise-0.10", "dog-ae", "mnist-ae")
    for name in FOREIGN:
        save_foreign(name, tmp_path)
    groups = read(tmp_path).groups
    assert [group.title for group in groups] == ["MNIST", "Stanford Dogs", "FashionMNIST", "Grey shapes", "Shapes"]
    assert groups[1].names == ["dog-ae", "dog-noise-0.10"]
    assert groups[4].names == ["shapes-ae", "shapes-denoiser", "shapes-noise", "shapes-plane"]
    assert [(g.title, g.names) for g in read(tmp_path).of_kind(DENOISER)] == [
        ("FashionMNIST", ["fashion-denoiser"]),
        ("Shapes", ["shapes-denoiser"]),
    ]


def test_a_model_of_other_data_under_a_name_of_the_lab_is_not_the_labs_own(tmp_path):
    save_foreign("shapes-ae", tmp_path, as_name="dog-ae")
    link(tmp_path, "dog-noise-0.05")
    groups = read(tmp_path).groups
    assert [(group.title, group.names) for group in groups] == [
        ("Stanford Dogs", ["dog-noise-0.05"]),
        ("Shapes", ["dog-ae"]),
    ]


def test_data_sets_of_one_name_and_models_of_one_title_are_told_apart(tmp_path):
    save_foreign("shapes-ae", tmp_path)
    save_foreign("shapes-ae", tmp_path, as_name="again")
    save_foreign("shapes-ae", tmp_path, as_name="others", fingerprint="a" * 32)
    assert [group.title for group in read(tmp_path).groups] == ["Shapes (000000)", "Shapes (aaaaaa)"]
    assert read(tmp_path).groups[0].titles == {"again": "Plain (again)", "shapes-ae": "Plain (shapes-ae)"}
    assert read(tmp_path).groups[0].data.config == COLOUR


def test_a_name_is_spelt_as_its_owner_did(tmp_path):
    save_foreign("shapes-ae", tmp_path, title="plain")
    save_foreign("shapes-ae", tmp_path, as_name="my-plane", title=" ")
    assert read(tmp_path).groups[0].titles == {"my-plane": "my-plane", "shapes-ae": "Plain"}


def test_a_denoiser_among_others_is_called_one():
    (group,) = (group for group in read(SHIPPED).groups if group.title == "MNIST")
    assert [group.titles[name] for name in ("mnist-dae", "mnist-dae-2d")] == [
        "64-D code · denoiser",
        "2-D code · denoiser",
    ]
    (alone,) = read(SHIPPED).of_kind(DENOISER)
    assert [*alone.titles.values()] == ["64-D code", "2-D code"]


@pytest.mark.parametrize(
    "spoil", [lambda content: b"", lambda content: content[: len(content) // 2], lambda content: b"no model" * 99]
)
def test_one_file_that_is_no_model_takes_out_itself_alone(spoil, tmp_path):
    save_foreign("shapes-ae", tmp_path)
    save_foreign("grey-ae", tmp_path)
    file = tmp_path / "grey-ae.safetensors"
    file.write_bytes(spoil(file.read_bytes()))
    found = read(tmp_path)
    assert [model.name for model in found.models] == ["shapes-ae"]
    assert list(found.broken) == ["grey-ae"]
    assert found.broken["grey-ae"].startswith("grey-ae.safetensors is broken or incomplete")


def test_the_environment_says_where_checkpoints_lie(tmp_path, monkeypatch):
    save_foreign("shapes-ae", tmp_path)
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", str(tmp_path))
    assert checkpoints.list_checkpoints() == ["shapes-ae"]
    assert checkpoints.load_checkpoint("shapes-ae").title == "plain"
    assert checkpoints.list_checkpoints(SHIPPED) != ["shapes-ae"]
