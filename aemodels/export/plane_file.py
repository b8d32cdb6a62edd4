"""The plane of 2-D codes as one HTML file, which a browser shows without a network: one to touch, and all side by side.

Its canvases are the app's own components; file.js plays Streamlit's part, and finds out what the app finds out in Python.
"""

import base64
import gzip
import html
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from aemodels.codes import planes
from aemodels.data import words
from aemodels.errors import ConfigError
from aemodels.export import components, file_wording, packing
from aemodels.language import LANGUAGES, _, number, speaking
from aemodels.report import figures, plane_figures
from aemodels.storage.catalogue import Group
from aemodels.storage.checkpoints import Checkpoint

LARGEST_BYTES = 3_000_000  # of the file, as long as it holds more than one model
MAX_TWINS = 6
NUM_THRESHOLDS = 1001  # of density: shares to a tenth of a per cent, as they are shown
HOLES_SIDE = 100  # cells a side of the picture of the holes
CLOUD = 0.998  # nearly every code
SEED = 1  # of the place where it opens: that of the app's first scene

Record = dict[str, Any]


def build(group: Group, checkpoints: Sequence[Checkpoint]) -> tuple[bytes, list[str]]:
    """The file, UTF-8, and the names of those of the models that it has no room for, or that a browser cannot decode.

    Models without noise on the input come first. Weights are as in the checkpoints if there is room for all, else rounded.

    group        the data set, which has the models' titles
    checkpoints  models of it with a code of two numbers

    Raises ConfigError where a browser can show none of them.
    """
    able = [ckpt for ckpt in checkpoints if can_show(ckpt)]
    able.sort(key=_has_noise)
    if not able:
        raise ConfigError(
            _(
                "No model of {data_set} fits into a file: that takes a code of two numbers, at least {number} codes, and a decoder of "
                "fully connected layers."
            ).format(data_set=group.title, number=number(planes.MIN_CODES))
        )
    shown = able
    file = _page(group, able, [_record(group, ckpt, packing.pack) for ckpt in able])
    if len(file) > LARGEST_BYTES:
        records: list[Record] = []
        for ckpt in able:
            records.append(_record(group, ckpt, packing.pack_rounded))
            larger = _page(group, able[: len(records)], records)
            if len(larger) > LARGEST_BYTES and len(records) > 1:
                break
            file, shown = larger, able[: len(records)]
    names = [ckpt.name for ckpt in shown]
    return file, [ckpt.name for ckpt in checkpoints if ckpt.name not in names]


def can_show(ckpt: Checkpoint) -> bool:
    """Whether a browser can show the model's plane."""
    try:
        packing.decoder_layers(ckpt.model.decoder)
    except ConfigError:
        return False
    return ckpt.model_config.latent_shape == (2,) and len(ckpt.codes) >= planes.MIN_CODES


def _has_noise(ckpt: Checkpoint) -> bool:
    return ckpt.model_config.settings.get("noise_factor", 0) > 0


def _record(group: Group, ckpt: Checkpoint, pack: Callable[[Checkpoint, int], bytes]) -> Record:
    """What file.js knows of a model."""
    support = planes.Support(ckpt.codes)
    box, cloud = planes.box(ckpt.codes), planes.box(ckpt.codes, CLOUD)
    shares = support(planes.cells(box, HOLES_SIDE)).numpy()
    chosen = np.linspace(0, len(ckpt.codes) - 1, min(len(ckpt.codes), NUM_THRESHOLDS)).round().astype(int)
    default = ckpt.codes[torch.randint(len(ckpt.codes), (), generator=torch.Generator().manual_seed(SEED))]
    measured = file_wording.Measured(
        planes.plane_stats(ckpt.codes, ckpt.labels),
        float((shares < planes.HOLE_BELOW).mean()),
        planes.normal_hole_share(support) if ckpt.model.has_prior else None,
        ckpt.metrics,
    )
    titles, facts, notes = {}, {}, {}
    for language in LANGUAGES:
        with speaking(language):
            titles[language] = group.titles[ckpt.name]
            facts[language] = file_wording.facts(measured, words.of(ckpt.data.config))
            notes[language] = file_wording.notes(measured)
    return {
        "name": ckpt.name,
        "titles": titles,
        "facts": facts,
        "notes": notes,
        "packed": base64.b64encode(gzip.compress(pack(ckpt, 1), mtime=0)).decode(),
        "thresholds": [float(f"{d:.6g}") for d in support.of_codes[chosen]],
        "holes": figures.png_base64(plane_figures.tint(shares)),
        "box": box,
        "cloud": cloud,
        "rings": plane_figures.rings(ckpt),
        "z": default.tolist(),
        "is_twin": not _has_noise(ckpt),
    }


def _page(group: Group, shown: Sequence[Checkpoint], records: Sequence[Record]) -> bytes:
    classes = list(group.data.label_names)
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = file_wording.of_file(words.of(group.data.config), [record["name"] for record in records])
    twins = [record["name"] for record in records if record["is_twin"]] or [record["name"] for record in records]
    data = {
        "models": records,
        "twins": twins[:MAX_TWINS],
        "classes": classes,
        "colours": plane_figures.class_colours(classes),
        "words": said,
        "languages": LANGUAGES,
        "html": {"touch": components.TOUCH.html, "twins": components.TWINS.html},
        "css": components.TOUCH.css,
        "sparse_below": planes.SPARSE_BELOW,
        "hole_below": planes.HOLE_BELOW,
    }
    scripts = [
        f"const {name} = (() => {{\n{_as_function(component.js)}\nreturn component\n}})()"
        for name, component in (("STORE", components.STORE), ("TOUCH", components.TOUCH), ("TWINS", components.TWINS))
    ]
    page = components.read("file.html")
    for field, text in (
        ("title", html.escape(f"{group.title} · Latent Lab")),
        ("style", components.read("file.css")),
        ("noscript", "".join(f"<p>{html.escape(text['too_old'])}</p>" for text in said.values())),
        ("data", json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")),
        ("script", "\n".join([*scripts, components.read("file.js")])),
    ):
        page = page.replace(f"<!-- {field} -->", text, 1)
    return page.encode()


def _as_function(module: str) -> str:
    """An ES module's script with its default export as a function named `component`: one inline script cannot import another."""
    return module.replace("export default function (", "function component(", 1)
