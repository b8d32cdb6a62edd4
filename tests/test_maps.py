"""Codes laid out on a plane: where they lie, how far that can be trusted, what is kept of it on disk."""

import os
import sys

import numpy as np
import pytest
import torch
from broken_models import save

from aemodels.codes import directions, groups, labels_read, layouts, maps, neighbourhoods
from aemodels.report import sheets
from aemodels.storage import catalogue, checkpoints, kept
from aemodels.training import measuring


@pytest.fixture(scope="module")
def codes():
    """Three clouds of 60 codes (3, 2, 2), far apart."""
    generator = torch.Generator().manual_seed(0)
    centres = 8 * torch.randn(3, 3, 2, 2, generator=generator)
    return torch.cat([centre + torch.randn(60, 3, 2, 2, generator=generator) for centre in centres])


LABELS = torch.arange(3).repeat_interleave(60)


def test_pca_lays_out_along_the_two_strongest_directions(codes):
    layout = maps.lay_out(codes, "pca")
    x = codes.flatten(1).double()
    x = x - x.mean(0)
    expected = x @ torch.linalg.eigh(x.T @ x)[1].flip(1)[:, :2]
    np.testing.assert_allclose(np.abs(layout.places), expected.abs().numpy(), atol=1e-4)


def test_tsne_keeps_clouds_together_and_is_the_same_again(codes):
    layout = maps.lay_out(codes, "tsne")
    nearest = maps.neighbours(layout.places, 1)[0][:, 0]
    assert (LABELS[nearest] == LABELS).float().mean() > 0.98
    assert layout.trust > 0.9
    np.testing.assert_array_equal(layout.places, maps.lay_out(codes, "tsne").places)


def test_tsne_tells_how_far_it_is(codes):
    told = []
    maps.lay_out(codes, "tsne", told.append)
    assert told == sorted(told)
    assert (told[0] < 0.05, told[-1]) == (True, 1)


def test_tsne_lays_out_codes_of_any_size(codes):
    small, large = (maps.lay_out(codes[::6] * factor, "tsne") for factor in (1e-9, 1e6))
    assert small.kept == pytest.approx(large.kept, abs=0.1)
    assert small.kept > 0.6


def test_a_shuffled_map_cannot_be_trusted(codes):
    layout = maps.lay_out(codes, "pca")
    x, shuffled = maps.flat(codes), np.random.default_rng(0).permutation(layout.places)
    assert maps.trust(x, shuffled) < 0.6 < layout.trust
    assert maps.share_kept(x, shuffled) < 0.15 < layout.kept
    flat = maps.flat(codes)[:, :2]
    assert maps.trust(flat, flat) == 1
    assert maps.share_kept(flat, flat) == 1


def test_neighbours_are_the_nearest_others(codes):
    x = maps.flat(codes)
    index, distances = maps.neighbours(x, 4)
    every = np.linalg.norm(x[:, None] - x[None], axis=-1)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_array_equal(index, every.argsort(1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(every, 1)[:, :4], rtol=1e-4)


def test_the_densest_places_come_first():
    generator = np.random.default_rng(0)
    places = np.concatenate([generator.normal(0, 10, (40, 2)), generator.normal(100, 0.1, (40, 2))])
    assert set(maps.densest_first(places)[:40]) == set(range(40, 80))


def test_a_new_code_lies_among_its_like(codes):
    layout = maps.lay_out(codes, "tsne")
    embedding = maps.fit_tsne(codes, layout.places)
    z = torch.stack([codes[60 * i : 60 * i + 60].mean(0) for i in range(3)])
    placed = maps.place_by_tsne(embedding, codes, z)
    assert placed.shape == (3, 2)
    for i, place in enumerate(placed):
        nearest = np.linalg.norm(layout.places - place, axis=1).argsort()[:10]
        assert (LABELS[nearest] == i).all()


def test_pca_puts_a_new_code_where_its_formula_says(codes):
    pca = maps.fit_pca(codes)
    np.testing.assert_allclose(pca.transform(maps.flat(codes[3:4]))[0], maps.lay_out(codes, "pca").places[3], atol=1e-4)


def test_labels_are_read_where_codes_tell_them(codes):
    found = labels_read.accuracy(maps.flat(codes), LABELS.numpy())
    assert (found.nearest, found.linear) == (1, 1)
    assert found.chance == pytest.approx(1 / 3)
    shuffled = np.random.default_rng(0).permutation(LABELS.numpy())
    by_chance = labels_read.accuracy(maps.flat(codes), shuffled)
    assert by_chance.nearest < 0.5
    assert by_chance.linear < 0.5


@pytest.mark.parametrize("labels", [np.full(180, -1), np.zeros(180, int), np.arange(180)])
def test_there_is_nothing_to_read_without_two_labels(codes, labels):
    assert labels_read.accuracy(maps.flat(codes), labels) is None


@pytest.mark.parametrize("num_images", [20, 100])
def test_principal_scores_keep_distances(num_images):
    images = torch.randint(256, (num_images, 1, 6, 6), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    scores = torch.from_numpy(labels_read.principal_scores(images, 100))
    x = images.flatten(1).float()
    torch.testing.assert_close(torch.cdist(scores, scores), torch.cdist(x, x), rtol=1e-3, atol=1)
    variances = scores.var(0)
    assert (variances[:-1] >= variances[1:] - 1e-3).all()


def test_the_direction_between_clouds_leads_from_one_to_the_other(codes):
    def decode(z):
        return z.flatten(1)[:, None, :, None].sigmoid()

    a, b = torch.arange(60), torch.arange(60, 120)
    direction = directions.between(codes, a, b)
    torch.testing.assert_close(codes[a].mean(0) + direction, codes[b].mean(0))
    other = directions.random_like(direction, 1)
    assert float(other.norm()) == pytest.approx(float(direction.norm()), rel=1e-5)
    ours = directions.effect(codes, LABELS, a, direction, 1, decode)
    random = directions.effect(codes, LABELS, a, other, 1, decode)
    assert ours.reached > 0.95 > 0.3 > random.reached
    assert ours.change > 0
    assert np.isnan(directions.effect(codes, LABELS, a, direction, -1, decode).reached)


def test_what_is_computed_is_kept_for_that_checkpoint_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    asked = []

    def compute():
        asked.append(1)
        return {"places": np.arange(4.0)}

    for digest in ("a", "a", "b"):
        np.testing.assert_array_equal(kept.once(digest, "pca", compute)["places"], np.arange(4.0))
    assert len(asked) == 2
    (file,) = tmp_path.glob("*-a-pca.npz")
    file.write_bytes(file.read_bytes()[:50])  # as after a crash of the machine
    kept.once("a", "pca", compute)
    assert len(asked) == 3


def test_what_is_computed_of_an_older_film_gives_way(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    asked = []
    for source in ("1", "1", "2", "2"):
        found = kept.once("a", "film", lambda: asked.append(1) or {"n": np.array(len(asked))}, source=source)
        assert found == {"n": int(source)}
    assert len(list(tmp_path.iterdir())) == 1


def test_of_what_is_computed_the_oldest_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(kept, "MAX_BYTES", 10_000)
    (tmp_path / "photos.npy").write_bytes(bytes(20_000))
    for i, digest in enumerate("abcd"):
        kept.once(digest, "pca", lambda: {"n": np.zeros(400)})
        os.utime(next(tmp_path.glob(f"map*-{digest}-*")), ns=(i, i))
    assert sorted(path.name.split("-")[1] for path in tmp_path.glob("map*")) == ["c", "d"]
    assert (tmp_path / "photos.npy").exists()


def test_layouts_lie_beside_their_checkpoint_and_are_of_its_codes_alone(codes, tmp_path):
    made = {"pca": maps.lay_out(codes, "pca")}
    path = layouts.save("mine", codes, made, tmp_path)
    found = layouts.read("mine", codes, "pca", tmp_path)
    np.testing.assert_array_equal(found.places, made["pca"].places)
    assert (found.trust, found.kept) == (made["pca"].trust, made["pca"].kept)
    assert layouts.read("mine", codes, "tsne", tmp_path) is None
    assert layouts.read("mine", codes + 1, "pca", tmp_path) is None  # it was trained again
    assert layouts.read("other", codes, "pca", tmp_path) is None
    path.write_bytes(path.read_bytes()[:60])
    assert layouts.read("mine", codes, "pca", tmp_path) is None


def test_train_lays_out_what_has_no_map_yet(tmp_path, capsys, monkeypatch):
    for name, num_codes in (("mnist-dae", 60), ("mnist-ae", 60), ("dog-ae", 5)):  # a space, a plane, too few codes
        save(name, tmp_path, num_codes=num_codes)
    names = ["mnist-dae", "mnist-ae", "dog-ae", "not-there"]
    with monkeypatch.context() as patched:  # as on a rented GPU
        patched.setitem(sys.modules, "openTSNE", None)
        measuring.lay_out_codes(names, tmp_path)
    assert "mnist-dae gets no map without openTSNE" in capsys.readouterr().out
    measuring.lay_out_codes(names, tmp_path)
    assert capsys.readouterr().out == "mnist-dae: 60 codes laid out on maps.\n"
    (path,) = tmp_path.glob("*.map.npz")
    codes = checkpoints.load_checkpoint("mnist-dae", tmp_path).codes
    for method in maps.METHODS:
        assert layouts.read("mnist-dae", codes, method, tmp_path).places.shape == (60, 2)
    written = path.stat().st_mtime_ns
    measuring.lay_out_codes(names, tmp_path)
    assert path.stat().st_mtime_ns == written


def test_the_labs_models_bring_their_maps():
    for model in catalogue.read_all(checkpoints.list_checkpoints(), {}).models:
        codes = checkpoints.load_checkpoint(model.name).codes
        for method in maps.METHODS if catalogue.SPACE in model.kinds else ():
            layout = layouts.read(model.name, codes, method)
            assert layout is not None, f"`python train.py --evaluate` lays out {model.name}"
            assert layout.trust == pytest.approx(maps.trust(maps.flat(codes), layout.places), abs=1e-3)


def test_groups_are_what_an_outline_holds():
    places = np.array([[0.5, 0.5], [0.9, 0.8], [2, 0.5], [0.1, 0.05]])
    assert groups.inside(places, (0, 1, 0, 0.6)).tolist() == [0, 3]
    assert groups.inside(places, (0, 0, 1, 0, 0, 1)).tolist() == [3]  # a triangle; its long side goes through the first
    notch = (0, 0, 1, 0, 1, 1, 0.5, 0.2, 0, 1)  # what lies in the notch lies outside
    assert groups.inside(places, notch).tolist() == [1, 3]
    assert groups.inside(places, (5, 5, 6, 5, 6, 6)).tolist() == []


def test_groups_are_the_nearest_of_a_code_and_a_class(codes):
    chosen = groups.nearest(codes, 7, 5)
    assert chosen[0] == 7
    assert chosen[1:].tolist() == maps.neighbours(maps.flat(codes), 4)[0][7].tolist()
    assert len(groups.nearest(codes, 7, 1000)) == 180
    assert groups.of_label(LABELS, 1).tolist() == list(range(60, 120))


def test_neighbours_share_what_the_codes_were_made_by():
    """Codes that are the pictures' brightness alone keep that together, and the label that tells bright from dark, and nothing else."""
    generator = torch.Generator().manual_seed(0)
    pattern = torch.rand(300, 3, 32, 32, generator=generator) / 2
    brightness = torch.rand(300, generator=generator) / 2
    x = pattern - pattern.mean((1, 2, 3), keepdim=True) + 0.25 + brightness.view(-1, 1, 1, 1)
    traits = {trait: values.numpy() for trait, values in neighbourhoods.traits(x).items()}
    index = maps.neighbours(brightness[:, None].numpy())[0]
    labels = (brightness > 0.25).long().numpy()
    found = {of.trait: of.ratio for of in neighbourhoods.shared(index, traits, labels)}
    assert found["brightness"] < 0.1
    assert found["label"] < 0.2
    assert found["colour"] == pytest.approx(1, abs=0.1)
    assert found["shape"] == pytest.approx(1, abs=0.1)
    grey = neighbourhoods.traits(x[:, :1])
    assert "colour" not in grey
    assert "label" not in {of.trait for of in neighbourhoods.shared(index, traits, np.zeros(300, int))}


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "file"))
    assert kept.once("a", "pca", lambda: {"n": np.ones(1)})["n"] == 1


def test_a_sheet_holds_each_picture_in_its_place():
    import io

    from PIL import Image

    x = torch.linspace(0, 1, 5).view(5, 1, 1, 1).expand(5, 1, 8, 8)
    tiles = sheets.shrink(x, 4)
    assert tiles.shape == (5, 4, 4, 3)
    tiles = np.kron(tiles, np.ones((1, 8, 8, 1), np.uint8))
    sheet = np.asarray(Image.open(io.BytesIO(sheets.webp(tiles))))
    assert sheets.columns(5) == 3
    means = [
        sheet[32 * (i // 3) + 4 : 32 * (i // 3) + 28, 32 * (i % 3) + 4 : 32 * (i % 3) + 28].mean() for i in range(5)
    ]
    np.testing.assert_allclose(means, [0, 64, 128, 191, 255], atol=6)
    assert (sheets.tile_px(28, 10_000), sheets.tile_px(128, 1024), sheets.tile_px(128, 10_000)) == (28, 64, 32)
