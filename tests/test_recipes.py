"""Recipes: read from TOML, trained from the command line; what is wrong with one is told in a sentence."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from failing import fails, sentences
from torchvision.datasets import FashionMNIST

import aemodels
import train
from aemodels import memory
from aemodels.data import mnist, sources, splits
from aemodels.data.config import DataConfig
from aemodels.errors import ConfigError, DataError
from aemodels.models import building
from aemodels.storage import catalogue
from aemodels.training import choosing, needs, recipes

SHAPES = """
title = "plain"

[data]
name = "Shapes"
source = "photos"
folder = "{folder}"
image_shape = {image_shape}

[model]
variant = "plain"
network = "conv"
latent_shape = {latent_shape}
widths = [8, 16]
encoder_depths = [1, 1]
decoder_depths = [1, 1]
reconstruction = "mse"

[training]
epochs = 1
batch_size = 8
learning_rate = 4e-3
"""


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def shapes(tmp_path):
    """Forty pictures in two folders, none of a dog."""
    from PIL import Image

    generator = torch.Generator().manual_seed(0)
    for i in range(40):
        pixels = torch.randint(0, 256, (5, 5, 3), generator=generator, dtype=torch.uint8).numpy()
        path = tmp_path / "shapes" / ("n12345678-blue_squares", "circles")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).resize((70, 66), Image.Resampling.BICUBIC).save(path)
    return tmp_path / "shapes"


def write(path, text=SHAPES, folder="shapes", image_shape="[3, 64, 64]", latent_shape="[4, 4, 4]"):
    path.write_text(
        text.format(folder=str(folder), image_shape=image_shape, latent_shape=latent_shape), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize(("image_shape", "latent_shape"), [("[3, 64, 64]", "[4, 4, 4]"), ("[1, 96, 96]", "[2, 6, 6]")])
def test_two_words_train_a_folder_of_pictures(image_shape, latent_shape, shapes, tmp_path):
    recipe = write(tmp_path / "flowers.toml", folder=shapes, image_shape=image_shape, latent_shape=latent_shape)
    out = tmp_path / "out"
    assert train.main(["--recipe", str(recipe), "--out", str(out), "--device", "cpu"]) == 0
    ckpt = aemodels.load_checkpoint("flowers", out)
    read = recipes.read(recipe)
    assert (ckpt.title, ckpt.data.config) == ("plain", read.data)
    assert (ckpt.model_config, ckpt.train_config) == (read.model, read.training)
    assert ckpt.data.label_names == ("circles", "blue squares")
    photos = sources.load_photos_of(read.data, tmp_path)
    assert torch.equal(photos.labels[photos.test_index][ckpt.index], ckpt.labels)
    assert set(ckpt.labels.tolist()) <= {0, 1}
    counted = ckpt.data.num_images
    assert sum(counted.values()) == 40
    assert (len(photos.train), len(photos.validation), len(photos.test)) == tuple(counted.values())
    x = photos.test.float() / 255
    torch.testing.assert_close(ckpt.model.encode(x)[ckpt.index], ckpt.codes, atol=1e-2, rtol=1e-2)


def test_photos_like_a_recipe_of_the_lab(shapes, tmp_path, monkeypatch):
    small = replace(recipes.of_the_lab()["dog-ae"].model, widths=(8, 16), encoder_depths=(1, 1), decoder_depths=(1, 1))
    small = replace(small, refiner_depth=0, refiner_steps=0, descent_steps=0)
    dog = recipes.of_the_lab()["dog-ae"]
    dog = replace(dog, model=small, training=replace(dog.training, epochs=1, batch_size=8))
    monkeypatch.setattr(recipes, "of_the_lab", lambda: {"dog-ae": dog})
    out = tmp_path / "out"
    assert train.main(["--photos", str(shapes), "--like", "dog-ae", "--out", str(out), "--device", "cpu"]) == 0
    assert aemodels.list_checkpoints(out) == ["shapes-ae"]
    ckpt = aemodels.load_checkpoint("shapes-ae", out)
    assert (ckpt.data.config.name, ckpt.data.config.source) == ("shapes", "photos")
    assert ckpt.data.config.image_shape == (3, 128, 128)
    (out / "shapes-ae.safetensors").rename(out / "mine.safetensors")
    assert catalogue.read("mine", out).title == "mine"


def test_a_folder_whose_name_begins_with_a_dash(shapes, tmp_path, monkeypatch, capsys):
    (tmp_path / "-start").symlink_to(shapes)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        train.main(["--photos", "-start", "--like", "dog-ae"])
    written = os.path.join(".", "-start")
    said = f"argument --photos: expected one argument; for what is here under that name, write {written}\n"
    assert capsys.readouterr().err.endswith(said)
    assert train.parse(["--photos", written, "--like", "dog-ae"]).photos == Path("-start")


def test_photos_like_a_recipe_that_starts_from_a_model_of_dogs():
    noisy = recipes.of_the_lab()["dog-noise-0.10"]
    assert noisy.training.start_from == "dog-noise-0.05"
    mine = choosing.on_photos(noisy, "flowers")
    assert (mine.name, mine.title) == ("flowers-noise-0.10", "")  # lists would show two alike
    assert mine.training == replace(noisy.training, start_from=None)


def test_list_shows_recipes_and_what_is_trained(tmp_path, capsys):
    lab = aemodels.load_checkpoint("mnist-ae")
    aemodels.storage.checkpoints.save_checkpoint(lab, tmp_path)
    assert train.main(["--list", "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in recipes.of_the_lab():
        (line,) = [line for line in lines if line.split()[:1] == [name]]
        assert line.endswith("finished" if name == "mnist-ae" else "missing")
    for name in ("broken", "CON", "a:b", "\udcff"):  # the others are names that not every system can have
        (tmp_path / f"{name}.safetensors").write_bytes(b"no checkpoint")
    aemodels.storage.checkpoints.save_checkpoint(replace(lab, name="mine"), tmp_path)
    assert train.main(["--list", "--out", str(tmp_path)]) == 0
    states = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert states["mine"].endswith("finished")
    for name in ("broken", "CON", "a:b", "⟨U+DCFF⟩"):
        assert states[name].endswith("cannot be read")


HUGE = f"0x{'f' * 5000}"  # of more digits than Python writes
WRONG = [
    ("epochs = 1", f"epochs = {HUGE}", f"epochs must be a whole number from 1 to 1,000,000,000, not {HUGE[:18]}...fff"),
    ("epochs = 1", f"minutes = {HUGE}\nepochs = 1", "minutes must be above 0 and at most"),
    ("epochs = 1", f"seed = {HUGE}\nepochs = 1", "seed must be a whole number"),
    ("epochs = 1", f"start_from = {HUGE}\nepochs = 1", "start_from must be a checkpoint's name"),
    ("learning_rate = 4e-3", f"learning_rate = {HUGE}", "learning_rate must be above 0"),
    ("widths = [8, 16]", f"widths = [8, {HUGE}]", "widths must hold up to"),
    ("latent_shape = [4, 4, 4]", f"latent_shape = {HUGE}", "latent_shape must hold up to"),
    ("encoder_depths = [1, 1]", f"encoder_depths = [{HUGE}, 1]", "encoder_depths must hold whole numbers"),
    ('variant = "plain"', f"variant = {HUGE}", "variant must be a name"),
    (
        'variant = "plain"',
        f'variant = "noisy-code"\nnoise_variance = {HUGE}',
        "must be a number from 0 to 1e+12, not 0x",
    ),
    ('title = "plain"', f"title = {HUGE}", "title must be a text"),
    ('name = "Shapes"', f"name = [{HUGE}]", "name must be some text"),
    ('source = "photos"', f"source = {HUGE}", "source must be one of"),
    ('source = "photos"', f'source = "photos"\nleave_out = [{HUGE}]', "leave_out must be a list"),
    ("image_shape = [3, 64, 64]", f"image_shape = [3, {HUGE}, {HUGE}]", "image_shape must end with a square's"),
    ("image_shape = [3, 64, 64]", f"image_shape = [{HUGE}, 64, 64]", "image_shape must begin with 3"),
    ("epochs = 1", "epochs = 0", "table [training]: epochs must be a whole number from 1 to 1,000,000,000, not 0"),
    ("epochs = 1", "epoches = 1", "table [training] takes no key 'epoches'; did you mean epochs?"),
    ("epochs = 1\n", "", "table [training] lacks the key epochs."),
    ("epochs = 1", "epochs = nan", "table [training]: epochs must be a whole number"),
    ("learning_rate = 4e-3", "learning_rate = nan", "table [training]: learning_rate must be above 0"),
    ("learning_rate = 4e-3", "learning_rate = inf", "table [training]: learning_rate must be"),
    ("learning_rate = 4e-3", 'learning_rate = "fast"', "table [training]: learning_rate must be"),
    ("batch_size = 8", "batch_size = 2.5", "table [training]: batch_size must be a whole number"),
    ("[training]", "[trainings]", "takes no key 'trainings'; did you mean training?"),
    ('title = "plain"', "title = 5", "title must be a text"),
    ('title = "plain"', 'name = "a/b"', "'a/b' is not a checkpoint name"),
    ('title = "plain"', "title = ", "is no TOML file"),
    ('source = "photos"', 'source = "cifar"', "table [data]: source must be one of mnist, fashion-mnist, kmnist"),
    ('source = "photos"', 'source = "mnist"', "table [data]: folder is for photos; mnist is found by its name"),
    (
        'source = "photos"',
        'source = "photos"\nleave_out = ["cats"]',
        "table [data]: leave_out is for the MNIST family; to leave a class of photos out, move its folder away.",
    ),
    ("image_shape = [3, 64, 64]", "image_shape = [3, 64]", "table [data]: image_shape must be three whole numbers"),
    (
        "image_shape = [3, 64, 64]",
        "image_shape = [2, 64, 64]",
        "table [data]: image_shape must begin with 3 for colour",
    ),
    ("image_shape = [3, 64, 64]", "image_shape = [3, 64, 32]", "table [data]: image_shape must end with a square's"),
    (
        "image_shape = [3, 64, 64]",
        "image_shape = [3, 60, 60]",
        "table [model]: A conv network takes images whose sides",
    ),
    ("latent_shape = [4, 4, 4]", "latent_shape = [4, 8, 8]", "table [model]: A conv code for images"),
    ('variant = "plain"', 'variant = "fancy"', "table [model]: There is no variant 'fancy'"),
    ('variant = "plain"', 'variant = "plain"\nnoise_variance = 0.1', "noise_variance"),
    ('variant = "plain"', 'variant = "noisy-code"', "noise_variance"),
    (
        'variant = "plain"',
        'variant = "noisy-code"\nnoise_variance = 1e200',
        "table [model]: 'noise_variance', for variant 'noisy-code', must be a number from 0 to 1e+12, not 1e+200.",
    ),
    ('network = "conv"', 'network = "transformer"', "table [model]: There is no network 'transformer'"),
    ("widths = [8, 16]", "widths = [8, 17]", "table [model]: Conv widths must be multiples"),
    ('reconstruction = "mse"', 'reconstruction = "l1"', "table [model]: reconstruction must be bce, mse or log_mse"),
    (
        'reconstruction = "mse"',
        'reconstruction = "log_mse"',
        "table [model]: reconstruction must be bce or mse, not 'log_mse'.",
    ),
    ("epochs = 1", 'start_from = "wrong"\nepochs = 1', "start_from must be another model's name"),
    ("epochs = 1", 'start_from = "../a"\nepochs = 1', "table [training], start_from: '../a' is not a checkpoint name"),
    (
        "epochs = 1",
        "shift_px = 64\nepochs = 1",
        "table [training]: shift_px must be less than the images' 64 pixels, not 64",
    ),
    (
        'network = "conv"',
        'network = "mlp"',
        "table [model]: encoder_depths is of the network conv; mlp has no such part.",
    ),
    (
        "widths = [8, 16]",
        "widths = [8, 16]\nrefiner_depth = 2",
        "table [model]: refiner_depth needs refiner_steps, without which there is no refiner.",
    ),
    (
        'title = "plain"',
        f'title = "{"x" * 500}"',
        "title must be a text of one line of at most 60 letters, not 'xxxxxxxxxxxx...xxxxxxxxxxxxx'.",
    ),
    ('title = "plain"', 'title = "plain\\nand more"', "title must be a text of one line of at most 60 letters"),
    ('title = "plain"', 'title = "\\u202Eplain"', "title must be a text of one line of at most 60 letters"),
    ('name = "', f'name = "{"x" * 500}', "table [data]: name must be a text of one line of at most 60 letters"),
    ('name = "', 'name = "\\n', "table [data]: name must be a text of one line of at most 60 letters"),
    (
        "epochs = 1",
        "warp_px = 64\nepochs = 1",
        "table [training]: warp_px must be less than the images' 64 pixels, not 64",
    ),
    (
        "epochs = 1",
        "refine_from = 0.5\nepochs = 1",
        "table [training]: refine_from needs refiner_steps in [model], without which no code is refined.",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_a_wrong_recipe_is_one_sentence_with_file_table_and_key(right, wrong, said, tmp_path, capsys):
    text = SHAPES.format(folder="shapes", image_shape="[3, 64, 64]", latent_shape="[4, 4, 4]")
    assert right in text
    path = tmp_path / "wrong.toml"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    message = fails(capsys, "--recipe", path, "--out", tmp_path / "out")
    assert message.startswith(str(path))
    assert said in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("left_out", ["9", ("ten",), ("9", "9"), (9,), tuple("0123456789")])
def test_only_some_of_the_classes_may_be_left_out(left_out):
    with pytest.raises(ConfigError, match="leave_out must"):
        DataConfig("MNIST", "mnist", (1, 28, 28), leave_out=left_out)


def test_files_that_are_no_recipes(tmp_path, capsys):
    assert "cannot be read" in fails(capsys, "--recipe", tmp_path / "none.toml")
    for encoding in ("utf-16", "gbk"):  # "Unicode" of older Windows editors, and what Chinese ones take
        (tmp_path / "bytes.toml").write_text('title = "狗"', encoding=encoding)
        assert "is not in UTF-8; save it as UTF-8" in fails(capsys, "--recipe", tmp_path / "bytes.toml")
    assert "cannot be read" in fails(capsys, "--recipe", tmp_path)
    (tmp_path / "deep.toml").write_text("a = " + "[" * 2000)
    assert "is no TOML file" in fails(capsys, "--recipe", tmp_path / "deep.toml")
    (tmp_path / "empty.toml").write_text("")
    assert "lacks the table [data]." in fails(capsys, "--recipe", tmp_path / "empty.toml")
    (tmp_path / "flat.toml").write_text("data = 1\nmodel = 2\ntraining = 3")
    assert "data must be a table" in fails(capsys, "--recipe", tmp_path / "flat.toml")
    (tmp_path / "long.toml").write_text("a = " + "9" * 5000)
    assert "is no TOML file" in fails(capsys, "--recipe", tmp_path / "long.toml")


def test_a_recipe_as_windows_editors_save_it(tmp_path):
    plain = recipes.read(write(tmp_path / "a.toml"))
    text = (tmp_path / "a.toml").read_text(encoding="utf-8").replace("\n", "\r\n")
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert recipes.read(tmp_path / "a.toml") == plain


def test_a_recipe_that_is_given_twice_is_one(shapes, tmp_path):
    recipe = write(tmp_path / "a.toml", SHAPES, folder=shapes)
    assert [*choosing.chosen(files=[recipe, str(recipe)])] == ["a"]


def test_a_recipe_that_starts_from_a_model_that_is_not_there(shapes, tmp_path, capsys):
    recipe = write(tmp_path / "a.toml", SHAPES + 'start_from = "first"\n', folder=shapes)
    assert train.main(["--recipe", str(recipe), "--out", str(tmp_path / "out"), "--device", "cpu"]) == 1
    message = sentences(capsys.readouterr().err)[-1]
    assert message == f"There is no checkpoint first in {tmp_path / 'out'}; train it with its recipe."


@pytest.mark.parametrize(
    ("folder", "said"), [("~nobody-of-this-name/x", "There is no folder"), ("a" * 300, "cannot be opened")]
)
def test_a_recipe_of_a_folder_that_cannot_be(folder, said, tmp_path, capsys):
    recipe = write(tmp_path / "a.toml", folder=folder)
    assert train.main(["--recipe", str(recipe), "--out", str(tmp_path / "out"), "--device", "cpu"]) == 1
    assert said in sentences(capsys.readouterr().err)[-1]


def test_a_folder_whose_name_is_in_no_encoding(tmp_path, capsys):
    message = fails(capsys, "--photos", tmp_path / "bl\udcfcten", "--like", "dog-ae", "--out", tmp_path / "out")
    assert "is not a checkpoint name" in message
    assert "rename it" in message


def test_a_folder_without_a_name(tmp_path, capsys):
    message = fails(capsys, "--photos", "/", "--like", "dog-ae", "--out", tmp_path / "out")
    assert message == "The folder / has no name to call a model by; move the pictures into one that has."


def test_the_same_pictures_by_another_path_or_at_another_size(shapes, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    first = ["--recipe", str(write(tmp_path / "a.toml", folder=shapes)), "--out", str(out), "--device", "cpu"]
    assert train.main(first) == 0
    before = (out / "a.safetensors").read_bytes()
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.toml", folder="shapes")
    assert train.main(first) == 0
    write(tmp_path / "a.toml", folder="shapes", image_shape="[1, 96, 96]", latent_shape="[4, 6, 6]")
    capsys.readouterr()
    assert train.main(first) == 1
    assert "trained on images of 64×64 in colour, not of 96×96 in grey" in sentences(capsys.readouterr().err)[-1]
    assert (out / "a.safetensors").read_bytes() == before


def test_two_recipes_of_one_name(tmp_path, capsys):
    (tmp_path / "other").mkdir()
    first, second = write(tmp_path / "Flowers.toml"), write(tmp_path / "other" / "flowers.toml")
    message = fails(capsys, "--recipe", first, second, "--out", tmp_path / "out")
    assert message == f"{first} and {second} both have the name flowers; give one of them another `name`."


def test_recipes_that_start_from_each_other(tmp_path, capsys):
    for name, start in (("a", "b"), ("b", "a")):
        write(tmp_path / f"{name}.toml", SHAPES + f'start_from = "{start}"\n')
    message = fails(capsys, "--recipe", tmp_path / "a.toml", tmp_path / "b.toml", "--out", tmp_path / "out")
    assert "start from each other" in message


def test_a_recipe_may_not_take_the_name_of_a_model_of_the_lab(tmp_path, capsys):
    message = fails(capsys, "--recipe", write(tmp_path / "Dog-AE.toml"), "--out", tmp_path / "out")
    assert message.startswith("Dog-AE is the name of one of the lab's own models; give yours another `name`")
    lab = recipes.RECIPE_FOLDER / "dog-ae.toml"
    assert train.main(["--recipe", str(lab), "--list", "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--photos", "shapes"], "--photos DIR and --like NAME go together"),
        (["--like", "dog-ae"], "--photos DIR and --like NAME go together"),
        (["--photos", "shapes", "--like", "cat-ae"], "There is no recipe cat-ae; the lab's own are mnist-ae"),
        (["--only", "cat-ae"], "There is no recipe cat-ae; the lab's own are mnist-ae"),
        (["--only", "dog-ae", "--photos", "x", "--like", "dog-ae"], "give one of them"),
        (["--recipe", "x.toml", "--only", "dog-ae"], "give one of them"),
    ],
)
def test_a_command_line_that_contradicts_itself(arguments, said, tmp_path, capsys):
    assert said in fails(capsys, *arguments, "--out", tmp_path / "out")


def test_a_folder_of_too_few_pictures(shapes, tmp_path, capsys):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(shapes.rglob("*.png"))[:3]:
        shutil.copy(path, few)
    recipe = write(tmp_path / "few.toml", folder=few)
    capsys.readouterr()
    assert train.main(["--recipe", str(recipe), "--out", str(tmp_path / "out")]) == 1
    message = sentences(capsys.readouterr().err)[-1]
    assert "holds 3 photos" in message
    assert "at least 4 different ones" in message


def test_pictures_that_all_look_the_same(tmp_path, capsys):
    from PIL import Image

    (tmp_path / "grey").mkdir()
    for i in range(6):  # files that differ and pictures that do not
        Image.new("RGB", (20 + i, 20), (90, 90, 90)).save(tmp_path / "grey" / f"{i}.png")
    recipe = write(tmp_path / "all-grey.toml", folder=tmp_path / "grey")
    assert train.main(["--recipe", str(recipe), "--out", str(tmp_path / "out")]) == 1
    assert "look the same: nothing can be learnt" in sentences(capsys.readouterr().err)[-1]


def test_a_folder_that_is_not_there(tmp_path, capsys):
    message = fails(capsys, "--recipe", write(tmp_path / "a.toml", folder="nowhere"), "--out", tmp_path / "out")
    assert message.startswith("There is no folder nowhere for the data set 'Shapes'")


@pytest.mark.parametrize("name", ["shapes.zip", "one.png"])
def test_a_file_in_place_of_a_folder(name, tmp_path, capsys):
    (tmp_path / name).write_bytes(b"PK")
    for arguments in (
        ["--photos", tmp_path / name, "--like", "dog-ae"],
        ["--recipe", write(tmp_path / "a.toml", folder=tmp_path / name)],
        ["--recipe", write(tmp_path / "b.toml", folder=name), "--data", tmp_path],
    ):
        message = fails(capsys, *arguments, "--out", tmp_path / "out")
        assert f"{name} is a file; give the folder of the pictures, and unpack an archive first." in message


@pytest.mark.parametrize("lacking", ["missing", "link to nothing", "file/inside"])
def test_a_data_folder_that_is_not_there_is_not_passed_over(lacking, shapes, tmp_path, capsys):
    """Though the recipe's own folder is found without it."""
    (tmp_path / "file").touch()
    (tmp_path / "link to nothing").symlink_to("nothing")
    recipe = write(tmp_path / "a.toml", folder=shapes)
    for given in ([tmp_path / lacking], [tmp_path, tmp_path / lacking]):
        message = fails(capsys, "--recipe", recipe, "--data", *given, "--out", tmp_path / "out", "--epochs", "1")
        assert message.startswith(f"There is no {tmp_path / lacking}; give --data the folders of data sets, ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lacking", ["missing", "file/inside"])
def test_a_data_folder_of_the_environment_that_is_not_there_is_not_passed_over(
    lacking, shapes, tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LATENT_LAB_DATA", str(tmp_path / lacking))
    recipe = write(tmp_path / "a.toml", folder=shapes)
    message = fails(capsys, "--recipe", recipe, "--out", tmp_path / "out", "--epochs", "1")
    assert message.startswith(f"There is no {tmp_path / lacking}; LATENT_LAB_DATA names it: ")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_the_data_folder(shapes, tmp_path):
    config = recipes.read(write(tmp_path / "a.toml", folder="shapes")).data
    assert sources.load_photos_of(config, shapes.parent).folder == shapes


def test_a_recipe_that_needs_more_memory_than_there_is(tmp_path, monkeypatch):
    recipe = recipes.read(write(tmp_path / "a.toml"))
    model = building.build(recipe.model)
    weights = needs.COPIES * sum(4 * p.numel() for p in model.parameters())
    kept = needs.bytes_kept(model)
    assert kept > 4 * 3 * 64 * 64
    for free, fits, said in (
        (weights - 1, False, "smaller widths"),
        (weights + 8 * kept - 1, False, "smaller batch_size"),
        (weights + 8 * kept, True, ""),
    ):
        monkeypatch.setattr(memory, "free_bytes", lambda device, free=free: free)
        if fits:
            needs.check(recipe, 8, "cpu")
        else:
            with pytest.raises(ConfigError, match=said):
                needs.check(recipe, 8, "cpu")


def test_another_data_set_under_a_name_of_the_lab_is_told(tmp_path, capsys):
    lab = aemodels.load_checkpoint("mnist-ae")
    other = replace(lab.data, config=DataConfig("Fashion", "fashion-mnist", (1, 28, 28)))
    path = aemodels.storage.checkpoints.save_checkpoint(replace(lab, data=other), tmp_path)
    before = path.read_bytes()
    message = fails(capsys, "--only", "mnist-ae", "--out", tmp_path)
    assert "trained on Fashion, not as its recipe says on MNIST" in message
    assert path.read_bytes() == before


# --- data sets by name ---


def test_fashion_mnist_is_read_from_files_in_its_format(data_folder, tmp_path):
    """Its files have MNIST's format and names; torchvision, which reads them too, says what is in them."""
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):  # MNIST's own bytes, in the place and under the name of the other set
        for kind in ("images-idx3", "labels-idx1"):
            shutil.copy(data_folder / "MNIST" / "raw" / f"{part}-{kind}-ubyte", raw)
    for train_part in (True, False):
        theirs = FashionMNIST(tmp_path, train=train_part)
        images, labels = mnist.load_mnist(tmp_path, train_part, "fashion-mnist")
        assert torch.equal(images[:, 0], theirs.data)
        assert torch.equal(labels, theirs.targets)
    assert mnist.FAMILY["fashion-mnist"].label_names == tuple(FashionMNIST.classes)
    dataset = sources.load(DataConfig("Fashion", "fashion-mnist", (1, 28, 28)), tmp_path)
    assert dataset.record.label_names[9] == "Ankle boot"
    assert len(dataset.test) == 10_000
    assert len(dataset.train) + len(dataset.validation) == 60_000
    assert len(dataset.validation) == pytest.approx(3000, abs=200)
    with pytest.raises(DataError, match=r"KMNIST is missing .*torchvision.datasets.KMNIST"):
        sources.load(DataConfig("Kuzushiji", "kmnist", (1, 28, 28)), tmp_path)


def test_validation_never_takes_a_test_image_and_copies_stay_together():
    hashes = [f"{i * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128:032x}" for i in range(20_000)]
    is_test = splits.test_split(hashes)
    rest = [h for h, test in zip(hashes, is_test.tolist(), strict=True) if not test]
    is_validation = splits.validation_split(rest)
    assert 0.04 < is_validation.float().mean() < 0.06
    assert torch.equal(splits.validation_split(rest + rest), torch.cat([is_validation, is_validation]))
    assert torch.equal(splits.validation_split(rest[:5000])[:5000], is_validation[:5000])
    assert splits.validation_split(["0" * 32]).tolist() == [False]
    assert splits.validation_split(["0" * 32] * 2).tolist() == [False, False]
    assert splits.validation_split([]).tolist() == []
