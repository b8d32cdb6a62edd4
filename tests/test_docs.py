"""What the texts say is true: links lead somewhere, files are there, commands are taken, figures have a source."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

import train
from aemodels.training import recipes

ROOT = Path(__file__).parent.parent
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e-?\d+)?")


def name_of(text):
    return str(text.relative_to(ROOT))


def anchors(text):
    """The headings of a Markdown file as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", text.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_and_the_story_of_the_experiments_are_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 110
    assert len((ROOT / "docs" / "experiments.md").read_text().splitlines()) <= 250


@pytest.mark.parametrize("text", TEXTS, ids=name_of)
def test_links_lead_somewhere(text):
    for link in re.findall(r"\]\((?!http)([^)]+)\)", text.read_text()):
        path, _, anchor = link.partition("#")
        target = text.parent / path if path else text
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_each_experiment_of_the_story_has_its_figures_in_a_long_table():
    long = "\n".join(text.read_text() for text in (ROOT / "docs" / "experiments").glob("*.md"))
    story = (ROOT / "docs" / "experiments.md").read_text()
    assert set(NUMBER.findall(story)) <= set(NUMBER.findall(long))


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/training.md"])
def test_files_and_folders_that_are_named_are_there(text):
    quoted = re.findall(r"`([\w./*-]+/[\w./*-]*)`", (ROOT / text).read_text())
    named = [path for path in quoted if not path.startswith("../") and path not in ("data/", "checkpoints-quick/")]
    assert named
    assert not [path for path in named if not list(ROOT.glob(path.rstrip("/")))]


@pytest.mark.parametrize("text", ["README.md", "docs/training.md"])
def test_commands_are_those_that_train_takes(text):
    commands = re.findall(r"^python train\.py(.*)$", (ROOT / text).read_text(), re.MULTILINE)
    assert commands
    for command in commands:
        arguments = shlex.split(command, comments=True)
        if arguments != ["--help"]:
            train.parse(arguments)  # ends Python where an argument is unknown


def test_the_recipe_that_is_shown_can_be_trained(tmp_path):
    block = re.search(r"```toml\n(.+?)```", (ROOT / "docs" / "training.md").read_text(), re.DOTALL).group(1)
    (tmp_path / "flowers.toml").write_text(block)
    recipe = recipes.read(tmp_path / "flowers.toml")
    assert recipe.name == "flowers"
    assert recipe.model.image_shape == (1, 96, 96)


def test_every_room_of_the_library_is_told():
    table = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {file.parent.name for file in (ROOT / "aemodels").glob("*/*.py")} - {"assets"}
    assert set(re.findall(r"^\| `aemodels/(\w+)/` \|", table, re.MULTILINE)) == rooms


def test_every_page_is_told():
    titles = re.findall(r'st\.Page\([^)]*?title=_\("([^"]+)"', (ROOT / "pages" / "router.py").read_text())
    told = re.findall(r"^- \*\*(.+?)\*\*", (ROOT / "docs" / "app.md").read_text(), re.MULTILINE)
    assert titles == ["Home", *told]


def test_requirements_stand_in_one_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "dependencies" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
