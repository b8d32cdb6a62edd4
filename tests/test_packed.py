"""Photos carried to another computer in one file."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from browser import REPO
from failing import fails
from PIL import Image
from safetensors.torch import load_file, save_file

import aemodels
import train
from aemodels.data import packed, sources
from aemodels.data.config import DataConfig
from aemodels.errors import DataError
from aemodels.training import recipes

CONFIG = DataConfig("Shapes", "photos", (3, 32, 32), folder="shapes")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Sixty pictures of smooth colour in two folders, as PNG of 48×40, and one that is no picture."""
    root = tmp_path_factory.mktemp("root")
    rng = np.random.default_rng(0)
    for i in range(60):
        folder = root / "shapes" / ("round", "square")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        small.resize((48, 40), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    (root / "shapes" / "round" / "broken.png").write_bytes(b"no picture")
    return root


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def pack(photos):
    path = photos / "shapes.pack"
    assert sources.pack(CONFIG, photos, path) == 60
    return path


def test_a_file_that_cannot_be_written_is_told_before_photos_are_packed(photos, monkeypatch, capsys):
    monkeypatch.setattr(packed, "_smallest", lambda *_, **__: pytest.fail("a photo was packed"))
    like = ["--photos", str(photos / "shapes"), "--like", "mnist-ae"]
    assert train.main([*like, "--pack", str(photos / "shapes" / "round" / "broken.png" / "a.pack")]) == 1
    assert capsys.readouterr().err.rstrip().endswith("make room or choose another folder.")


def test_packed_photos_are_the_same_set(photos, pack):
    original, carried = sources.load(CONFIG, photos), sources.load(CONFIG, pack)
    assert carried.record == original.record  # fingerprint, split and labels
    for part in ("train_labels", "validation_labels", "reference_labels", "reference_index", "test", "reference"):
        assert torch.equal(getattr(carried, part), getattr(original, part)), part
    for part in ("train", "validation"):
        now, then = (getattr(of, part).float() / 255 for of in (carried, original))
        assert not torch.equal(now, then)
        assert aemodels.psnr_db(now, then).min() > 28
    assert (original.webp_quality, carried.webp_quality) == (None, packed.QUALITY)
    assert f"{pack}: " in carried.summary
    assert f"WebP of quality {packed.QUALITY}" in carried.summary
    assert "WebP of quality" not in original.summary


def test_a_better_quality_is_larger_and_nearer(photos, pack, tmp_path):
    better = tmp_path / "better.pack"
    sources.pack(CONFIG, photos, better, quality=95)
    assert better.stat().st_size > pack.stat().st_size
    train_of = [sources.load(CONFIG, root).train.float() for root in (photos, pack, better)]
    assert (train_of[2] - train_of[0]).square().mean() < (train_of[1] - train_of[0]).square().mean()


def test_grey_photos(photos, tmp_path):
    config = dataclasses.replace(CONFIG, image_shape=(1, 32, 32))
    sources.pack(config, photos, tmp_path / "grey.pack")
    assert torch.equal(sources.load(config, tmp_path / "grey.pack").test, sources.load(config, photos).test)


def test_a_file_that_is_smaller_than_its_webp_is_taken_as_it_is(tmp_path):
    (tmp_path / "shapes").mkdir()
    rng = np.random.default_rng(0)
    for i in range(20):
        noise = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "shapes" / f"{i}.jpg", quality=10)
    sources.pack(CONFIG, tmp_path, tmp_path / "small.pack", quality=100)
    own = sum(file.stat().st_size for file in tmp_path.rglob("*.jpg"))
    assert load_file(tmp_path / "small.pack")["bytes"].numel() == own
    assert torch.equal(sources.load(CONFIG, tmp_path / "small.pack").train, sources.load(CONFIG, tmp_path).train)


def test_another_pack_under_the_same_name_is_read_anew(photos, pack, tmp_path):
    path = tmp_path / "a.pack"
    path.write_bytes(pack.read_bytes())
    before = sources.load(CONFIG, path).train
    sources.pack(CONFIG, photos, path, quality=5)
    assert not torch.equal(sources.load(CONFIG, path).train, before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image_shape": (3, 64, 64)}, r"shapes.pack holds photos of 3×32×32, not of 3×64×64; pack the photos again"),
        ({"name": "Flowers"}, r"shapes.pack holds photos of 'Shapes', not of 'Flowers'; give --data the right file"),
    ],
)
def test_photos_of_another_kind_are_refused(change, said, pack):
    with pytest.raises(DataError, match=said):
        sources.load(dataclasses.replace(CONFIG, **change), pack)


def spoilt(pack, path, **changes):
    with packed.safe_open(pack, "numpy") as file:
        described = json.loads(file.metadata()["packed photos"])
    tensors = load_file(pack) | {key: changes.pop(key) for key in ("ends", "bytes") if key in changes}
    save_file(tensors, path, {"packed photos": json.dumps(described | changes)})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"hashes": ["a"]},
        {"paths": []},
        {"image_shape": "wide"},
        {"ends": torch.arange(60) * 10**9},
        {"ends": torch.zeros(0, dtype=torch.int64), "paths": [], "hashes": []},
        None,
    ],
)
def test_a_file_that_is_no_pack_is_refused(changes, pack, tmp_path):
    path = tmp_path / "a.pack"
    if changes is None:
        path.write_text("something else")
    else:
        spoilt(pack, path, **changes)
    with pytest.raises(DataError, match="neither a folder nor a file of packed photos") as error:
        sources.load(CONFIG, path)
    assert "\n" not in str(error.value)


def test_a_broken_photo_is_left_out_and_counted(pack, tmp_path):
    content = load_file(pack)["bytes"]
    content[:200] = 0
    path = spoilt(pack, tmp_path / "a.pack", bytes=content)
    assert "59 photos" in sources.load(CONFIG, path).summary


def test_the_command_line(photos, pack, tmp_path, capsys):
    recipe = tmp_path / "shapes.toml"
    plain = (REPO / "recipes" / "dog-ae.toml").read_text()
    for old, new in (
        ("Stanford Dogs", "Shapes"),
        ('"stanford-dogs"', '"photos"\nfolder = "shapes"'),
        ("[3, 128, 128]", "[3, 32, 32]"),
        ("[16, 8, 8]", "[64, 2, 2]"),
        ("[128, 256]", "[8, 16]"),
        ("epochs = 100", "epochs = 1"),
        ("shift_px = 8", "shift_px = 2"),
    ):
        assert old in plain
        plain = plain.replace(old, new)
    recipe.write_text(plain)
    out, file = tmp_path / "out", tmp_path / "carried.pack"
    asked = ["--recipe", recipe, "--device", "cpu", "--out", out]
    assert train.main([str(a) for a in (*asked, "--data", photos, "--pack", file, "--quality", 50)]) == 0
    assert f"60 photos of Shapes in {file}: " in capsys.readouterr().out
    assert train.main([str(a) for a in (*asked, "--data", file, "--quick", "--epochs", 1)]) == 0
    made = aemodels.load_checkpoint("shapes", out)
    assert made.provenance["webp_quality"] == 50
    assert made.data.fingerprint == sources.load(recipes.read(recipe).data, photos).record.fingerprint
    # At home it is the same model of the same photos.
    assert train.main([str(a) for a in (*asked, "--data", photos, "--quick", "--epochs", 1)]) == 0
    assert "holds packed photos already" in fails(capsys, *asked, "--data", file, "--pack", tmp_path / "again.pack")
    assert "One set of photos is packed, not 0" in fails(capsys, "--only", "mnist-ae", "--pack", file)


@pytest.mark.parametrize("name", ["shapes/round/0.png", "mine.toml", "folder"])
def test_a_pack_replaces_a_pack_and_nothing_else(photos, pack, name, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    (tmp_path / "mine.toml").write_text('title = "plain"')
    there = (photos if "/" in name else tmp_path) / name
    before = there.is_dir() or there.read_bytes()
    like = ["--photos", photos / "shapes", "--like", "mnist-ae"]
    message = fails(capsys, *like, "--pack", there)
    assert message == f"{there} is there already and holds no packed photos; give --pack another name."
    assert before == (there.is_dir() or there.read_bytes())
    again = tmp_path / "again.pack"
    again.write_bytes(pack.read_bytes())
    assert train.main([str(a) for a in (*like, "--pack", again)]) == 0


def test_photos_are_packed_from_the_first_place_that_has_them(photos, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    recipe = tmp_path / "shapes.toml"
    plain = (REPO / "recipes" / "dog-ae.toml").read_text()
    recipe.write_text(plain.replace('"stanford-dogs"', '"photos"\nfolder = "shapes"'))
    asked = ["--recipe", recipe, "--pack", tmp_path / "a.pack", "--data", tmp_path / "empty"]
    assert "There is no folder shapes" in fails(capsys, *asked)
    assert train.main([str(a) for a in (*asked, photos)]) == 0
