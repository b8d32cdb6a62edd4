"""The lab's report: a section for each item, from the lab's checkpoints, from others, and where something is missing."""

import io
import re
import string
from dataclasses import replace

import numpy as np
import pytest
import torch
from broken_models import DOGS, small
from foreign_models import FOREIGN, save_foreign
from PIL import Image

import aemodels
from aemodels import language
from aemodels.codes import latents, planes
from aemodels.data import mnist
from aemodels.report import lab, psnr_matrix, references
from aemodels.report.document import Equation, Figure, Observations, OwnWords, Paragraph, Table
from aemodels.report.lettering import Lettering, shown
from aemodels.report.panels import describe
from aemodels.storage import catalogue, checkpoints, measurements
from aemodels.training import recipes

LAB = catalogue.read_all(checkpoints.list_checkpoints(), {name: r.data for name, r in recipes.of_the_lab().items()})
FINGERPRINT = checkpoints.read_header("dog-ae")["data"]["fingerprint"]
BASELINES, GENERATION = measurements.read_baselines(FINGERPRINT), measurements.read_generation(FINGERPRINT)
ANSWER = "No: the samples are no dogs."
ITEMS = ["M1", "M2", "M3", "M4", "M5", "D1", "D2", "D3", "D4", "D5"]
FIGURES = [
    "mnist-m1-data", "mnist-m1-network", "mnist-m2-curves", "mnist-m2-rebuilt", "mnist-m3-network", "mnist-m3-curves",
    "mnist-m3-denoised", "mnist-m3-factors", "mnist-m4-plane", "mnist-m5-curves", "mnist-m5-plane",
    "dogs-d1-network", "dogs-d1-curves", "dogs-d2-codes", "dogs-d3-samples", "dogs-d3-spectrum", "dogs-d4-noise",
    "dogs-d5-network", "dogs-d5-curves", "dogs-d5-variances", "dogs-d5-samples",
]  # fmt: skip


@pytest.fixture(scope="module")
def ckpts():
    """Those of dogs with small networks, but with their own codes and figures."""
    return {
        model.name: small(model.name) if model.name in DOGS else aemodels.load_checkpoint(model.name)
        for model in LAB.models
    }


@pytest.fixture(scope="module")
def digits():
    return mnist.load_mnist_test_digits()[0][:9].float() / 255


@pytest.fixture(scope="module")
def photos():
    """Smooth colours: what is measured on them here holds for any picture."""
    generator = torch.Generator().manual_seed(1)
    return torch.nn.functional.interpolate(torch.rand(9, 3, 4, 4, generator=generator), 128, mode="bilinear")


def materials_of(ckpts, digits, photos, **changes):
    """Of the lab's two data sets."""
    digits_of, photos_of = LAB.groups
    values = {"baselines": BASELINES, "generation": GENERATION, "curves": measurements.read_curves(), **changes}
    return [
        lab.Material(
            group,
            {n: ckpts[n] for n in group.names if n in ckpts},
            images,
            () if images is None else list("abcdefghi")[: len(images)],
            **values,
        )
        for group, images in ((digits_of, digits), (photos_of, photos))
    ]


def made(materials, seed):
    return {s.key: s for s in lab.sections(materials, seed, range(1000 * seed, 1000 * seed + 100))}


def panels(sections):
    return {block.panel.name: block.panel for s in sections.values() for block in s.blocks if isinstance(block, Figure)}


def tables(sections):
    return {block.name: block for s in sections.values() for block in s.blocks if isinstance(block, Table)}


def said(section):
    """All that stands in a section."""
    return "\n".join(words(section.blocks))


def words(blocks):
    for block in blocks:
        match block:
            case Paragraph(text):
                yield text
            case Equation(_latex, says):
                yield says
            case Figure(panel):
                yield from (panel.title, panel.caption, panel.alt, describe(panel.settings))
            case Table(_name, caption, head, rows):
                yield from (caption, *head, *(cell for row in rows for cell in row))
            case Observations(sentences):
                yield from sentences
            case OwnWords(_key, asks, _text):
                yield asks


def observed(section):
    return [sentence for block in section.blocks if isinstance(block, Observations) for sentence in block.sentences]


@pytest.fixture(scope="module")
def english_and_sizes(ckpts, digits, photos):
    """The report, and the size of all letters that were drawn for it, in pixels."""
    sizes, draw = [], Lettering.draw

    def note(self, *args):
        sizes.append(self.size)
        draw(self, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lettering, "draw", note)
        return made(materials_of(ckpts, digits, photos, answer=ANSWER), 3), sizes


@pytest.fixture(scope="module")
def english(english_and_sizes):
    return english_and_sizes[0]


@pytest.fixture(scope="module")
def chinese(ckpts, digits, photos):
    with language.speaking("zh"):
        return made(materials_of(ckpts, digits, photos), 3)


def test_there_is_a_section_for_each_item_of_the_lab(english, ckpts, digits, photos):
    assert list(english) == ITEMS
    headings = lab.headings(materials_of(ckpts, digits, photos))
    assert headings == {key: section.title for key, section in english.items()}
    assert list(panels(english)) == FIGURES
    for key, section in english.items():
        assert section.title.startswith(f"{key}, ")
        kinds = {type(block) for block in section.blocks}
        assert {Paragraph, Figure, OwnWords} <= kinds
        assert isinstance(section.blocks[0], Paragraph)
        assert section.blocks[0].text.startswith("Task: ")
        assert [block.key for block in section.blocks if isinstance(block, OwnWords)] == [key]
        assert (Observations in kinds) == (key != "M1")
        assert (Equation in kinds) == (key in ("M2", "M3", "M5", "D1", "D5"))
        assert any(name.endswith("-curves") for name in panels({key: section})) == (Equation in kinds)


def test_figures_are_at_print_size_and_say_what_makes_them_again(english):
    for name, panel in panels(english).items():
        image = Image.open(io.BytesIO(panel.png))
        image.load()
        assert image.width == 2400, name
        assert image.height <= 2400 * 20 / 17, name  # fits an A4 page 17 cm wide
        assert image.info["Description"] == describe(panel.settings)
        assert panel.rows or name == "dogs-d2-codes", name
        assert panel.caption
    assert len({panel.png for panel in panels(english).values()}) == len(FIGURES)


def test_curves_say_on_which_images_each_model_was_measured(english):
    shown = {name: panel.caption for name, panel in panels(english).items() if name.endswith("-curves")}
    assert "sample of validation images, measured" in shown["mnist-m2-curves"]
    assert "validation images (test images for “64-D code · denoiser”)" in shown["mnist-m3-curves"]
    assert "sample of test images, measured" in shown["dogs-d1-curves"]


def test_tables_are_full_and_narrow(english):
    for name, table in tables(english).items():
        assert table.caption
        assert 2 <= len(table.head) <= 9, name
        assert all(len(row) == len(table.head) for row in table.rows), name
        assert all(isinstance(cell, str) and len(cell) < 80 for row in table.rows for cell in row), name
    assert len({table.name for table in tables(english).values()}) == len(tables(english))


def test_every_citation_has_its_paper_and_every_paper_is_cited(english):
    text = "\n".join(said(section) for section in english.values())
    cited = {
        key.strip().removeprefix("@")
        for part in text.split("[")[1:]
        if part.startswith("@")
        for key in part.split("]")[0].split(";")
    }
    assert cited <= references.PAPERS.keys()
    others = {"higgins2017", "ledoit2004", "xiao2017", "clanuwat2018"}  # of other data sets
    assert references.PAPERS.keys() - cited <= others


def test_the_same_seed_makes_the_same_and_another_others(english, ckpts, digits, photos):
    again = made(materials_of(ckpts, digits, photos)[:1], 3)
    assert again == {key: section for key, section in english.items() if key in again}
    assert len(again) == 5
    other, first = (panels(s) for s in (made(materials_of(ckpts, digits, photos), 4), english))
    by_chance = (
        "mnist-m3-denoised",
        "mnist-m4-plane",
        "mnist-m5-plane",
        "dogs-d3-samples",
        "dogs-d4-noise",
        "dogs-d5-samples",
    )
    for name in by_chance:
        assert other[name].png != first[name].png


def test_numbers_name_a_model_as_its_file(english):
    named = {row["model"] for panel in panels(english).values() for row in panel.rows if "model" in row}
    assert {"mnist-ae", "dog-noise-0.05"} < named
    assert named <= {*checkpoints.list_checkpoints(), *psnr_matrix.BASELINES}


def test_numbers_are_those_of_the_models(english, ckpts, digits, photos):
    drawn = panels(english)

    def psnr(x, x_hat):
        return [-10 * np.log10(((a - b) ** 2).mean()) for a, b in zip(np.asarray(x), np.asarray(x_hat), strict=True)]

    x_hat = ckpts["mnist-ae"].model.decode(ckpts["mnist-ae"].model.encode(digits))
    assert [row["psnr_db"] for row in drawn["mnist-m2-rebuilt"].rows] == pytest.approx(psnr(digits, x_hat), abs=1e-3)
    assert f"{np.mean(psnr(digits, x_hat)):.2f}\xa0dB" in drawn["mnist-m2-rebuilt"].caption

    noise = torch.stack([torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(3000 + i)) for i in range(9)])
    noisy = psnr(digits, digits + 0.4 * noise)
    assert [row["psnr_db_noisy"] for row in drawn["mnist-m3-denoised"].rows] == pytest.approx(noisy, abs=1e-3)

    model = ckpts["dog-ae"].model
    z_photos = model.encode(photos)
    of_photos = psnr(photos, model.decode(z_photos))
    assert [row["psnr_db"] for row in drawn["dogs-d2-codes"].rows] == pytest.approx(of_photos, abs=1e-3)
    assert "rank 255" in drawn["dogs-d3-samples"].caption
    # The noise is drawn apart from the samples: their own seeds would give noise in the samples' direction.
    codes = ckpts["dog-ae"].codes[torch.randperm(1024, generator=torch.Generator().manual_seed(0))[:256]]
    z = latents.sample(latents.fit(codes), range(3000, 3009)).unflatten(1, codes.shape[1:])
    noise = torch.stack([torch.randn(16, 8, 8, generator=torch.Generator().manual_seed(3009 + i)) for i in range(9)])
    rows = {(row["codes"], row["noise_variance"]): row["psnr_db"] for row in drawn["dogs-d4-noise"].rows}
    for kind, start, x in (("samples", z, model.decode(z)), ("photos", z_photos, photos)):
        moved = model.decode(start + (0.1 * start.square().mean((1, 2, 3), keepdim=True)).sqrt() * noise)
        assert rows[kind, 0.1] == pytest.approx(np.mean(psnr(x, moved)), abs=1e-3)

    for row in drawn["mnist-m5-plane"].rows:
        codes = ckpts[row["model"]].codes
        assert row["hole_share"] == planes.hole_share(codes, planes.box(codes))
        assert f"{row['hole_share']:.0%} ({LAB.groups[0].titles[row['model']]})" in drawn["mnist-m5-plane"].caption


def test_the_psnr_table_holds_the_measured_figures(english, ckpts):
    table = tables(english)["dogs-d5-psnr"]
    names = [model.name for model in LAB.groups[1].models if not model.is_prior]
    assert [row[0] for row in table.rows] == [
        *map(LAB.groups[1].titles.get, names), *(label for label, key in psnr_matrix.BASELINES.items() if key in BASELINES),
    ]  # fmt: skip
    measured = [ckpts[name].metrics["evaluations"] for name in names] + [
        BASELINES[key] for key in psnr_matrix.BASELINES.values() if key in BASELINES
    ]
    for row, evaluations in zip(table.rows, measured, strict=True):
        at = {e["noise_variance"]: f"{e['psnr_db']:.2f}\xa0±\xa0{e['psnr_db_ci95']:.2f}" for e in evaluations}
        assert list(row[1:]) == [at.get(v, "–") for v in (0.0, 0.05, 0.10, 0.15)]
    audit = tables(english)["dogs-d5-audit"]
    assert [row[1] for row in audit.rows[1:]] == ["1.0000"] * 3
    assert ANSWER in said(english["D5"])
    assert "10·log10" not in said(english["D5"])  # D1 has it as a formula


def test_parameters_of_the_table_are_those_of_the_model(english, ckpts):
    for name, model in (("mnist-m1-layers", "mnist-ae"), ("dogs-d5-layers", "dog-noise-0.05")):
        rows = tables(english)[name].rows
        counted = sum(int(row[2].replace(",", "")) for row in rows[:-1] if row[2] != "–")
        assert counted == sum(p.numel() for p in ckpts[model].model.parameters()) == int(rows[-1][2].replace(",", ""))


def test_the_network_of_d5_is_told_as_that_of_d1(english):
    rows = tables(english)["dogs-d5-layers"].rows
    same = [row[0] for row in rows if "as in “No noise”, in D1" in row[0]]
    assert [what.partition(":")[0] for what in same] == ["Encoder", "Decoder"]
    assert "Code: noise of variance 0.05, while training" in [row[0] for row in rows]


def test_running_text_calls_models_by_their_titles(english):
    names = re.compile(r"\b(mnist|dog)-[a-z]+")
    for section in english.values():
        told = [replace(b, rows=()) if isinstance(b, Table) else b for b in section.blocks]
        told = [replace(b, panel=replace(b.panel, settings={})) if isinstance(b, Figure) else b for b in told]
        assert not names.findall("\n".join(words(told)))
    assert "The model is “Plain”; its network is that of M1." in said(english["M2"])


def test_all_trainings_that_led_to_a_model_are_told(english):
    header = checkpoints.read_header("dog-ae")
    rows = tables(english)["dogs-d1-trainings"].rows
    assert len(rows) == len(checkpoints.trainings("dog-ae", header))
    assert rows[-1][-1] == f"{header['metrics']['psnr_db']:.2f}"
    assert "mnist-m2-trainings" not in tables(english)


def test_chinese_says_the_same_without_english(chinese, english):
    assert list(chinese) == ITEMS
    assert list(panels(chinese)) == FIGURES
    for key, section in chinese.items():
        assert [type(b) for b in section.blocks] == [type(b) for b in english[key].blocks]
        for text in words(section.blocks):
            left = [word for word in _english(text) if word not in ALLOWED]
            assert not left, (key, text)


# What stays as it is: names of models and data, units, methods; formulas and file names are left out before.
ALLOWED = {
    "MNIST", "Stanford", "Dogs", "PSNR", "BCE", "MSE", "dB", "px", "px。", "KL", "VAE", "LayerNorm", "SiLU", "ReLU", "Muon", "AdamW",
    "SNR", "PCA", "AVIF", "Wiener", "log", "AMD", "EPYC", "Intel", "Xeon", "Processor", "NVIDIA", "HBM", "GB", "ImageNet", "Fréchet",
    "python", "train", "py", "max", "min", "abcdefghi", "SHA", "sigmoid", "nats", "dog", "mnist", "ae", "dae", "vae", "code", "weights", "noise",
}  # fmt: skip


def _english(text):
    """Words of four Latin letters or more, citations left out."""
    text = "".join(part.split("]", 1)[-1] if i else part for i, part in enumerate(text.split("[@")))
    letters = "".join(c if c in string.ascii_letters or c in "é" else " " for c in text)
    return [word for word in letters.split() if len(word) >= 4]


def test_no_panel_has_a_letter_that_its_fonts_lack(chinese):
    for panel in panels(chinese).values():
        assert "⟨U+" not in shown(describe(panel.settings))


def test_without_images_codes_are_shown_and_the_section_says_so(ckpts):
    why = "There are no photos here."
    sections = made(materials_of(ckpts, None, None, about_images=why), 1)
    assert list(sections) == ITEMS
    missing = {"mnist-m1-data", "mnist-m3-denoised"}
    assert set(panels(sections)) == set(FIGURES) - missing
    for key in ("M1", "M2", "M3", "D2", "D4"):
        assert why in said(sections[key])
    assert "not on this computer" in panels(sections)["dogs-d2-codes"].caption
    assert "the originals" not in panels(sections)["dogs-d4-noise"].caption


def test_missing_models_are_said_and_never_passed_over(ckpts, digits, photos):
    some = {name: ckpts[name] for name in ("mnist-dae", "dog-noise-0.10")}
    sections = made(materials_of(some, digits[:2], photos[:2]), 1)
    assert list(sections) == ITEMS
    for key in ("M2", "M4", "M5"):
        assert "There is no model with a code of two numbers." in said(sections[key])
    assert "dog-noise-0.10" in said(sections["D1"])
    none = made(materials_of({}, digits[:2], photos[:2]), 1)
    assert list(none) == ITEMS
    assert "There is no model that was trained to denoise." in said(none["M3"])
    assert "There is no model with noise on its code" in said(none["D5"])
    assert not observed(none["D5"])
    without_l2 = {name: ckpts[name] for name in ("mnist-ae", "mnist-vae")}
    said_without, said_with = (said(made(materials_of(c, digits[:2], None), 1)["M5"]) for c in (without_l2, ckpts))
    assert "was trained with L2. Train one with “python train.py”." in said_without
    assert "was trained with L2. Train one" not in said_with
    plain = {name: ckpts[name] for name in ("mnist-ae", "dog-ae")}
    alone = made(materials_of(plain, digits[:2], photos[:2]), 1)
    assert "There is no second model" in said(alone["M5"])


def test_without_measures_the_report_says_that_there_are_none(ckpts, digits, photos):
    materials = materials_of(ckpts, digits[:2], photos[:2], baselines={}, generation=None, curves={})
    section = made(materials[1:], 1)["D5"]
    assert "Baselines have not been measured" in said(section)
    assert any("was not measured" in sentence for sentence in observed(section))
    assert not any("linear code" in sentence for sentence in observed(section))


@pytest.fixture
def foreign(checkpoint_folder):
    for name in FOREIGN:
        save_foreign(name, checkpoint_folder)
    found = catalogue.read_all(checkpoints.list_checkpoints(checkpoint_folder), {})
    return [
        lab.Material(group, {name: aemodels.load_checkpoint(name) for name in group.names}) for group in found.groups
    ]


def test_other_data_sets_have_the_items_that_their_models_are_of(foreign):
    sections = made(foreign, 1)
    assert list(sections) == list(lab.headings(foreign))
    by_set = {}
    for key in sections:
        item, _dash, name = key.partition("-")
        by_set.setdefault(name, []).append(item)
    assert by_set["grey-shapes"] == ["D1", "D2", "D3", "D4"]
    assert by_set["fashionmnist"] == ["M1", "M2", "M3", "M4", "M5"]
    assert by_set["shapes"] == ["M1", "M2", "M3", "M4", "M5", "D1", "D2", "D3", "D4", "D5"]
    own_words = {b.key: key for key, s in sections.items() for b in s.blocks if isinstance(b, OwnWords)}
    assert all(own == key for own, key in own_words.items())
    assert {"M2-fashionmnist", "D3-grey-shapes", "D5-shapes"} <= own_words.keys()
    text = "\n".join(said(section) for section in sections.values())
    assert "nan" not in text
    assert "digit" not in text.lower()
    assert {name.split("-m")[0].split("-d")[0] for name in panels(sections)} == {
        "grey-shapes",
        "fashionmnist",
        "shapes",
    }


def test_many_models_stand_in_several_figures_and_tables(checkpoint_folder):
    """Beside one another in one, twenty planes had no room left, and the report ended with an error."""
    of_many = {name: [f"{name}-{i:02}" for i in range(20)] for name in ("fashion-plane", "shapes-noise")}
    for name, copies in of_many.items():
        for copy in copies:
            save_foreign(name, checkpoint_folder, as_name=copy)
    found = catalogue.read_all(checkpoints.list_checkpoints(checkpoint_folder), {})
    sections = made([lab.Material(g, {n: aemodels.load_checkpoint(n) for n in g.names}) for g in found.groups], 1)
    for key, name in (("M5-fashionmnist", "fashion-plane"), ("D5-shapes", "shapes-noise")):
        blocks = sections[key].blocks
        drawn = [block.panel for block in blocks if isinstance(block, Figure)]
        shown = [{row["model"] for row in p.rows} for p in drawn if p.name.endswith(("plane", "samples"))]
        assert [len(models) for models in shown] == [5, 5, 5, 5]
        assert set.union(*shown) == set(of_many[name])
        settings = [block for block in blocks if isinstance(block, Table) and block.name.endswith("settings")]
        assert [len(table.head) for table in settings] == [6, 6, 6, 6]


@pytest.mark.parametrize("num_codes", [1, 3, 20])
def test_few_codes_are_said(ckpts, digits, photos, num_codes):
    few = {
        name: replace(ckpt, codes=ckpt.codes[:num_codes], labels=ckpt.labels[:num_codes], index=ckpt.index[:num_codes])
        for name, ckpt in ckpts.items()
    }
    sections = made(materials_of(few, digits[:2], photos[:2]), 1)
    text = "\n".join(said(section) for section in sections.values())
    assert "nan" not in text
    assert ("make no plane" in text) == (num_codes < planes.MIN_CODES)
    assert ("The Gaussian samples of" in text) == (num_codes < 2)
    assert f"Only {num_codes} code" in text


def test_the_data_note_says_whose_the_photos_are(ckpts, digits, photos, foreign):
    materials = materials_of(ckpts, digits, photos)
    assert "do not pass them on" in lab.data_note(materials)
    assert lab.data_note(materials[:1]) == ""
    assert "unless you may" in lab.data_note([m for m in foreign if m.group.key == "Grey shapes"])


def test_letters_of_figures_are_at_least_seven_points_high(english_and_sizes):
    assert min(english_and_sizes[1]) >= 2400 * 7 / (17 / 2.54 * 72) - 0.01
