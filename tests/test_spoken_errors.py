"""What goes wrong is told to each visitor in the own language, whoever was told first: nothing that is kept is in one of them."""

import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st
from apptest import UPLOADS, open_page, png_file
from broken_models import dead, save
from browser import REPO
from foreign_models import save_foreign
from streamlit.testing.v1 import AppTest

import aemodels
from aemodels import DataError, language
from aemodels.data import photo_sets, pictures, sources, splits, words
from aemodels.data.config import DataConfig, DataRecord
from aemodels.data.photo_cache import cache_root
from aemodels.storage import catalogue, checkpoints
from aemodels.training import recipes

LAB = recipes.of_the_lab()
CHINESE = re.compile("[一-鿿]")
LANGUAGES = ("en", "zh", "en")


def in_each(say):
    """What `say()` gives to visitors who come one after the other."""
    said = []
    for spoken in LANGUAGES:
        with language.speaking(spoken):
            said.append(say())
    assert [bool(CHINESE.search(text)) for text in said] == [False, True, False]
    assert said[0] == said[2]
    return said[:2]


def failing(function, *args):
    def say():
        with pytest.raises((DataError, checkpoints.CheckpointError)) as error:
            function(*args)
        return str(error.value)

    return say


@pytest.mark.parametrize(
    ("content", "english", "chinese"),
    [
        (b"", "bad.png is empty; choose another picture.", "bad.png 是空文件；请选择其他图片。"),
        (png_file()[:100], "bad.png is broken (", "bad.png 已损坏（"),
        (b"no picture", "bad.png is no picture this can read; use a JPEG, PNG", "bad.png 不是可读取的图片；请使用 JPEG、PNG"),
    ],
    ids=["empty", "cut", "text"],
)  # fmt: skip
def test_a_broken_upload(content, english, chinese):
    file = io.BytesIO(content)
    file.name = "bad.png"
    said = in_each(failing(pictures.open_picture, file))
    assert [text.startswith(start) for text, start in zip(said, (english, chinese), strict=True)] == [True, True]


def test_a_broken_upload_on_a_page(without_photos):
    for spoken, sentence in (
        ("zh", "bad.png 是空文件；请选择其他图片。"),
        ("en", "bad.png is empty; choose another picture."),
    ):
        app = open_page("dogs/reconstruct", photos="own", lang=spoken)
        app.file_uploader(key=UPLOADS).set_value([("bad.png", b"", "image/png")]).run()
        assert [warning.value for warning in app.warning] == [sentence]


def script(spoken):
    """A page in that language: a checkpoint that is not there, one that is broken, one whose codes went wrong."""
    import streamlit as st

    from aemodels import language
    from pages.parts.shared import loaders, markdown, models, originals

    with language.speaking(spoken):
        found = loaders.read_catalogue()
        models.say_broken(found.broken)
        for point in models.notes(*(model.name for model in found.models)):
            st.markdown(point)
        st.caption(originals.why_none(found.groups[0].data))
        st.text(markdown.literal(found.groups[0].data.split_rule()))
        loaders.checkpoint("mnist-ae")


def visit(spoken):
    app = AppTest.from_function(script, kwargs={"spoken": spoken}, default_timeout=60).run()
    assert not app.exception
    return app


def test_a_page_of_missing_broken_and_dead_models(checkpoint_folder, without_photos):
    save("dog-ae", checkpoint_folder, dead)
    (checkpoint_folder / "bad.safetensors").write_bytes(b"no checkpoint")
    expected = {
        "en": [
            "bad.safetensors is broken or incomplete",
            "; train it with `python train.py --only mnist-ae`.",
            "Channel 2 is the same for every photo: this channel carries nothing.",
            "Left out, because what is in their files cannot be used: `bad`. Home says why.",
            "No dog photos: looked for",
            "a tenth to test",
        ],
        "zh": [
            "bad.safetensors 已损坏或不完整",
            "中没有检查点 mnist-ae；请用`python train.py --only mnist-ae`训练。",
            "通道2对所有照片都相同：不携带任何信息。",
            "因文件内容无法使用而略去：`bad`。原因见首页。",
            "没有狗的照片：已查找",
            "十分之一作测试集",
        ],
    }
    for spoken in LANGUAGES:
        app = visit(spoken)
        kinds = (*app.error, *app.markdown, *app.caption, *app.text)
        shown = "\n".join(element.value for element in kinds).replace("\\", "").replace("\u2060", "")
        for sentence in expected[spoken]:
            assert sentence in shown
        from_root = re.findall(rf"(..){re.escape(str(checkpoint_folder.parent))}", shown)
        assert os.path.relpath(checkpoint_folder.parent, REPO) in shown
        assert set(from_root) <= {".."}  # where the project lies on the server is nobody's business
        assert bool(CHINESE.search(shown)) == (spoken == "zh")


def test_two_who_wait_for_the_same_images(without_photos, monkeypatch):
    """The thread that looks for images is one for all; each of them reads why there are none."""
    from pages.parts.shared import originals

    st.cache_resource.clear()
    data = DataRecord(LAB["dog-ae"].data, (), splits.RULE, {"train": 1, "validation": 1, "test": 1}, fingerprint="0")
    look_for = sources.load_photos_of

    def slowly(*args):
        import time

        time.sleep(0.5)
        return look_for(*args)

    monkeypatch.setattr(sources, "load_photos_of", slowly)

    def why(spoken):
        with language.speaking(spoken):
            return originals.why_none(data)

    with ThreadPoolExecutor(2) as pool:
        english, chinese = pool.map(why, ("en", "zh"))
    assert english.startswith("No dog photos")
    assert chinese.startswith("没有狗的照片")


def test_a_model_that_no_page_can_show_and_names_of_data_sets(tmp_path):
    save_foreign("fashion-3d", tmp_path)
    save_foreign("shapes-ae", tmp_path)
    model = catalogue.read("fashion-3d", tmp_path)
    english, chinese = in_each(lambda: catalogue.why_no_page(model))
    assert "fashion-3d is of 3 numbers, for images of 1×28×28" in english
    assert "fashion-3d 的编码形状为3，图片形状为1×28×28" in chinese

    def title():
        found = catalogue.read_all(["shapes-ae", "other"], {}, lambda name: models[name])
        assert found.groups[1].key == "Shapes (3×64×64)"  # an address is the same in every language
        return found.groups[1].title

    shapes = catalogue.read("shapes-ae", tmp_path)
    save_foreign("grey-ae", tmp_path)
    grey = catalogue.read("grey-ae", tmp_path)
    config = shapes.data.config
    other = DataConfig(config.name, config.source, grey.data.config.image_shape, config.folder)
    models = {
        "shapes-ae": shapes,
        "other": catalogue.Model(
            "other",
            "plain",
            DataRecord(other, (), splits.RULE, grey.data.num_images, "1"),
            grey.config,
            grey.header,
        ),
    }
    assert in_each(title) == ["Shapes (64×64, colour)", "Shapes（64×64，彩色）"]


def test_titles_of_the_lab_are_translated_and_others_are_not():
    titles = {recipe.title for recipe in LAB.values()}
    assert titles == set(catalogue.LAB_TITLES)
    with language.speaking("zh"):
        assert all(language._(title) != title or title == "VAE" for title in titles)


def test_every_split_of_the_labs_models_is_told_in_both_languages():
    for name in aemodels.list_checkpoints():
        data = catalogue.read(name).data
        assert in_each(data.split_rule)[0] == data.split


@pytest.mark.parametrize("first", ["en", "zh"])
def test_the_cache_of_photos_is_in_no_visitors_language(tmp_path, monkeypatch, first):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "Images").mkdir()
    for i in range(4):
        (tmp_path / "Images" / f"{i}.png").write_bytes(png_file()[: 100 + i])
    with language.speaking(first):
        failing(photo_sets.load_dogs, tmp_path)()
    (index,) = cache_root().glob("*.json")
    assert not CHINESE.search(index.read_text())
    assert all("is broken" in reason for _file, reason in json.loads(index.read_text())["skipped"])
    english, chinese = in_each(failing(photo_sets.load_dogs, tmp_path))
    assert "4 picture files were looked at and 4 skipped (2.png: 2.png is broken" in english
    assert "查看了4个图片文件，跳过了4个（2.png：2.png 已损坏（" in chinese


def test_words_for_pictures():
    assert in_each(lambda: words.of(LAB["dog-ae"].data).count(1886)) == ["1,886 photos", "1,886张照片"]
    assert in_each(lambda: words.of(LAB["mnist-ae"].data).count(1)) == ["1 digit", "1张数字图片"]
    assert words.of(LAB["dog-ae"].data).what_many == "dogs"
