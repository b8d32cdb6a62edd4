"""Every page in Chinese, after it was shown in English by the same process: nothing is left in English, neither by a message without
a translation nor by something that was kept in the other language."""

import itertools
import json
import os
import re
import unicodedata
from collections.abc import Iterable

import pytest
from apptest import collected, go_to, open_page, start
from browser import REPO
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from aemodels import language, list_checkpoints, load_checkpoint
from aemodels.report.panel_tables import table_of

PAGES = sorted(
    f"{file.parent.name}/{file.stem}" for file in (REPO / "pages").glob("*/*.py") if file.parent.name != "parts"
)
FEW = ("about/home", "about/report", "mnist/latent_plane", "mnist/train_live", "dogs/reconstruct", "any/code_size")
EVERY = [*FEW, *(pytest.param(page, marks=pytest.mark.release) for page in PAGES if page not in FEW)]
# Code, HTML, addresses, icons and files, whatever letters they have.
NO_WORDS = re.compile(
    r"`[^`]*`|<(script|style)>.*?</\1>|<[^>]*>|https?:\S+|:material/\w+:|--[\w-]+|\{\w+\}|[\w./-]+\.(?:md|py|npz|docx|zip|csv|png|toml|safetensors)\b"
    r"|[\w.-]*(?:/[A-Za-z][\w.-]*)+|\b[0-9a-f]{12}\b",
    re.DOTALL,
)
# What a Chinese page writes in Latin letters: names, measures, units, processors.
ALLOWED = """
    Latent Lab English MNIST ImageNet FashionMNIST KMNIST Stanford Dogs Word Streamlit
    PSNR SSIM MSE BCE SNR KL L2 VAE PCA AVIF VVC LDPC QAM MMSE PNG CSV JPEG HTML ZIP zip DPI dpi Ledoit Wolf L-BFGS Inception Muon AdamW
    log dB px bit kB MB GB ms min max bfloat float
    t-SNE LayerNorm Shift WebP HEIC TIFF GIF BMP PPM
    encode k-means ROC Cremer Li Duvenaud Inference Suboptimality in Variational Autoencoders ICML
    SDEdit Liu Lipman Rombach Meng Transformer
    NVIDIA HBM AMD EPYC Intel Xeon Processor CPU
"""
WORD = re.compile(r"[A-Za-z][A-Za-z-]+(?![A-Za-z])")
# Fields of Streamlit's messages that a visitor reads, and of a plot.
READ = {"label", "body", "help", "placeholder", "options", "content", "alt", "caption", "text", "title", "page_name"}
READ_IN_PLOTS = {"text", "name", "hovertemplate", "hovertext", "ticktext", "label"}


def strings(node: object, wanted: set[str], key: str = "") -> list[str]:
    """The strings of nested dictionaries and lists that stand under one of the keys."""
    if isinstance(node, str):
        return [node] if key in wanted else []
    if isinstance(node, dict):
        return [text for name, value in node.items() for text in strings(value, wanted, name)]
    return [text for value in node for text in strings(value, wanted, key)] if isinstance(node, list) else []


def words_of_component(data: str) -> list[str]:
    """All strings under `words` in what a component is given."""
    words = json.loads(data).get("words", {})
    return strings({"words": [*words.values()]} if isinstance(words, dict) else {"words": words}, {"words"})


def read(app) -> list[str]:
    """What stands on the page, and in its bars."""
    found = []
    for element in [*app.main, *app.sidebar]:
        proto = getattr(element, "proto", None)
        if not isinstance(proto, Message) or element.type == "latex":
            continue
        fields = MessageToDict(proto, preserving_proto_field_name=True)
        found += strings(fields, READ)
        if element.type == "plotly_chart":
            templates = strings(json.loads(proto.spec), READ_IN_PLOTS)
            found += [re.sub(r"%\{[^}]*\}|<[^>]*>", " ", text) for text in templates]
        elif element.type in {"arrow_data_frame", "arrow_table"}:
            table = element.value
            names = [*table.index.names, *table.columns, *table.index, *table.to_numpy().flatten()]
            found += [str(name) for name in names if name is not None]
        elif isinstance(fields.get("json"), str):
            found += words_of_component(fields["json"])
    return list(dict.fromkeys(found))


def in_english(text: str, names: Iterable[str] = ()) -> str:
    """The words of a text that are neither Chinese nor allowed nor one of these names."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    text = NO_WORDS.sub(" ", text.replace("\\", "").replace("\u2060", "").replace("\u200b", ""))
    return " ".join(word for word in WORD.findall(text) if word.strip("-") not in ALLOWED.split())


def unmarked(text: str) -> str:
    """The words beside marks of what is bold that Markdown takes for asterisks (CommonMark 0.31, 6.2)."""
    parts = text.split("**")
    wrong = []
    for i, (before, after) in enumerate(itertools.pairwise(parts)):
        # Seen from the bold words: the character next to the mark inside, and the one outside.
        inside, outside = (after[:1], before[-1:]) if i % 2 == 0 else (before[-1:], after[:1])
        if inside.isspace() or (_is_sign(inside) and not (outside.isspace() or not outside or _is_sign(outside))):
            wrong.append(f"{before[-8:]}**{after[:8]}")
    return ", ".join(wrong)


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" if character else False


def left(page: str, names: Iterable[str], **query: str) -> dict[str, str]:
    """Text -> what of it is in English, or would have asterisks, on a page in Chinese that was shown in English before."""
    for told in ("en", "zh"):
        app = go_to(start(lang=told, **query), page)
        assert not app.exception
    names = [*names, *list_checkpoints(), os.path.relpath(os.environ["LATENT_LAB_DATA"], REPO)]
    texts = read(app)
    assert len(texts) > 5
    return {text: wrong for text in texts if (wrong := in_english(text, names) or unmarked(text))}


def say(page: str, found: dict[str, str]) -> str:
    return f"\n{page}:\n" + "\n".join(f"  {words!r} in {text[:300]!r}" for text, words in found.items())


@pytest.mark.usefixtures("without_photos")
@pytest.mark.parametrize("page", EVERY)
def test_no_english_is_left(page):
    breeds = load_checkpoint("dog-prior").data.label_names if page == "dogs/generate" else ()
    found = left(page, breeds)
    assert not found, say(page, found)


@pytest.mark.usefixtures("without_photos")
@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("about/training", {"data": "Stanford Dogs", "along": "step"}),
        ("mnist/latent_plane", {"mnist_model": "mnist-vae", "z": "1,1"}),
        ("mnist/denoise", {"digits": "draw"}),
        ("dogs/reconstruct", {"photos": "own"}),
        ("dogs/reconstruct", {"compare": "true"}),
        ("dogs/sample", {"sampler": "mixture"}),
        ("dogs/perturb", {"codes": "samples"}),
    ],
    ids=str,
)
def test_no_english_is_left_in_another_scene(page, query):
    found = left(page, (), **query)
    assert not found, say(page, found)


@pytest.mark.parametrize("page", ["about/home", "dogs/reconstruct", "dogs/sample", "mnist/denoise"])
def test_no_english_is_left_where_there_are_photos(page, dogs, with_photos):
    found = left(page, dogs.label_names)
    assert not found, say(page, found)


def test_no_english_is_left_where_a_photo_goes_through_every_model(dogs, with_photos, quickly):
    found = left("dogs/reconstruct", dogs.label_names, compare="true")
    assert not found, say("dogs/reconstruct", found)


PRINTED = ["mnist/path", "dogs/reconstruct"]
MORE_PRINTED = ["mnist/twins", "dogs/sample", "dogs/noise_regularised", "dogs/generate", "dogs/stages"]


@pytest.mark.usefixtures("without_photos")
@pytest.mark.parametrize("page", [*PRINTED, *(pytest.param(page, marks=pytest.mark.release) for page in MORE_PRINTED)])
def test_no_english_is_left_in_the_numbers_that_a_report_prints(page, request):
    if page != "dogs/stages":  # which needs the steps that improve a code
        request.getfixturevalue("quickly")
    app = open_page(page, lang="zh")
    app.button(key="add_to_report").click().run()
    assert not app.exception
    (panel,) = collected(app)
    with language.speaking("zh"):
        table = table_of(panel)
    names = list_checkpoints()
    found = {text: wrong for row in (table.head, *table.rows) for text in row if (wrong := in_english(text, names))}
    assert not found, say(page, found)


def test_an_english_page_would_be_found():
    assert in_english("The loss “log MSE”, averaged: **25.5 dB** on `dog-ae`") == "The loss averaged on"
    assert in_english("损失“log MSE”：**25.5 dB**，`dog-ae`") == ""


@pytest.mark.parametrize(
    ("text", "is_bold"),
    [
        ("得到**25 dB**。", True),
        ("得到**−1 dB**。", False),
        ("占**25%**的", False),
        ("占 **25%** 的", True),
        ("**−1**", True),
    ],
)
def test_bold_that_would_be_asterisks_would_be_found(text, is_bold):
    assert bool(unmarked(text)) != is_bold
