import errno
import json
import os
import pickle
import resource
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from untrained import build

from aemodels.data.config import DataConfig, DataRecord
from aemodels.errors import CheckpointError, FileError
from aemodels.models import building
from aemodels.models.config import TrainConfig
from aemodels.storage import checkpoints, digests
from aemodels.storage.checkpoints import (
    Checkpoint,
    checkpoint_path,
    list_checkpoints,
    load_checkpoint,
    read_header,
    save_checkpoint,
)
from aemodels.training.resuming import load_state, save_state

TRAINING = TrainConfig(epochs=2, batch_size=8, learning_rate=1e-3, seed=5)
CLEAN = {"noise_factor": 0.0, "noise_variance": 0.0, "psnr_db": 21.5, "psnr_db_ci95": 0.1, "num_images": 6}
METRICS = CLEAN | {"evaluations": [CLEAN, CLEAN | {"noise_variance": 0.05, "psnr_db": 20.25}]}
HISTORY = [
    {"epoch": 1, "step": 1, "seconds": 0.75, "reconstruction": 0.5},
    {"epoch": 2, "step": 2, "seconds": 1.5, "reconstruction": 0.25},
]
PROVENANCE = {
    "device": "CPU: ünit",
    "seed": 5,
    "finished": True,
    "wall_s": 1.5,
    "steps": 2,
    "images_per_s": 10.5,
    "num_train_images": 8,
    "data_fingerprint": "0123",
}
EARLIER = {
    "name": "other",
    "psnr_db": 20.5,
    "model_config": {"reconstruction": "mse"},
    "train_config": {"learning_rate": 1e-3, "batch_size": 8},
    "history": HISTORY,
    "provenance": PROVENANCE,
}
FIELDS = ("title", "data", "model_config", "train_config", "metrics", "history", "provenance")


class Payload:
    """Creates a file when a pickle of it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def save(folder, config, name="model", seed=0):
    model = build(config, seed)
    codes = torch.randn(6, *config.latent_shape)
    save_checkpoint(checkpoint(name, model, codes), folder)
    return model, codes


def checkpoint(name, model, codes):
    """A checkpoint of that model, of a data set of pictures as it takes them."""
    _, height, width = model.config.image_shape
    shape = model.config.image_shape if height == width else (1, 28, 28)
    data = DataConfig("Pictures", "photos", shape, "pictures")
    record = DataRecord(data, ("a", "b"), "by hand", {"train": 8, "validation": 1, "test": 6}, "0123")
    labels, index = torch.arange(len(codes)) % 2, torch.arange(len(codes))
    return Checkpoint(name, "plain", record, model, TRAINING, METRICS, HISTORY, codes, labels, index, PROVENANCE)


def rounded(model):
    """A copy of the model whose weights are the nearest float16 numbers."""
    copy = building.build(model.config).eval().requires_grad_(False)
    copy.load_state_dict({key: weight.half().float() for key, weight in model.state_dict().items()})
    return copy


def path_of(folder, name="model"):
    return folder / f"{name}.safetensors"


def read_parts(path):
    """Header as a dictionary, and the bytes of the tensors, of a safetensors file: length, JSON, data."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def write_parts(path, header, data):
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def rewrite(path, **fields):
    """Replaces JSON fields of a checkpoint's metadata, by values or by text, and seals it again; None takes one away."""
    header, data = read_parts(path)
    metadata = header["__metadata__"]
    for key, value in fields.items():
        metadata[key] = value if isinstance(value, str) else json.dumps(value)
        if value is None:
            del metadata[key]
    header["__metadata__"] = digests.sealed(metadata, safetensors.torch.load(path.read_bytes()))
    write_parts(path, header, data)


def edit_tensors(path, edit):
    """Applies `edit` to the dictionary of a checkpoint's tensors, and seals it again."""
    tensors = safetensors.torch.load(path.read_bytes())
    edit(tensors)
    metadata = digests.sealed(read_parts(path)[0]["__metadata__"], tensors)
    safetensors.torch.save_file(tensors, path, metadata=metadata)


def flip(path, raw, bit):
    """The content `raw` with one bit the other way round, written to path."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)


def content(checkpoint):
    """All that is loaded but the model, whose weights come as bytes, with the codes and their labels."""
    numbers = [*checkpoint.model.state_dict().items(), ("codes", checkpoint.codes), ("labels", checkpoint.labels)]
    known = {field: getattr(checkpoint, field) for field in FIELDS}
    return known | {name: tensor.numpy().tobytes() for name, tensor in numbers}


def refusal(folder, name="model"):
    """The one sentence with which a checkpoint is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(name, folder)
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 500
    return message


@pytest.fixture
def good(tmp_path, mlp_config):
    """A sound checkpoint `model` in tmp_path."""
    save(tmp_path, mlp_config)
    load_checkpoint("model", tmp_path)
    return path_of(tmp_path)


@pytest.fixture(params=["mlp", "conv"])
def config(request, mlp_config, conv_config):
    return {"mlp": mlp_config, "conv": replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1})}[
        request.param
    ]


def test_a_loaded_model_is_the_saved_one_in_float16(tmp_path, config):
    saved, _ = save(tmp_path, config)
    model = load_checkpoint("model", tmp_path).model
    expected = rounded(saved)
    x = torch.rand(3, *config.image_shape)
    z = expected.encode(x)
    assert torch.equal(model.encode(x), z)
    assert torch.equal(model.decode(z), expected.decode(z))
    assert (saved.encode(x) - z).abs().max() < 0.05
    assert all(weight.dtype == torch.float32 for weight in model.state_dict().values())


def test_a_loaded_model_is_for_evaluation(tmp_path, config):
    save(tmp_path, config)
    model = load_checkpoint("model", tmp_path).model
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.device.type == "cpu" for parameter in model.parameters())


def test_loading_does_not_touch_the_global_generator(tmp_path, config):
    save(tmp_path, config)
    before = torch.get_rng_state()
    load_checkpoint("model", tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_all_that_is_known_comes_back(tmp_path, config):
    _, codes = save(tmp_path, config)
    checkpoint = load_checkpoint("model", tmp_path)
    assert checkpoint.name == "model"
    assert checkpoint.model_config == checkpoint.model.config == config
    assert checkpoint.train_config == TRAINING
    assert checkpoint.metrics == METRICS
    assert checkpoint.history == HISTORY
    assert checkpoint.provenance == PROVENANCE
    assert checkpoint.codes.dtype == torch.float32
    torch.testing.assert_close(checkpoint.codes, codes, atol=2e-3, rtol=1e-3)
    assert checkpoint.labels.dtype == torch.int64
    assert checkpoint.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert checkpoint.index.tolist() == [0, 1, 2, 3, 4, 5]
    assert checkpoint.title == "plain"
    assert checkpoint.data.label_names == ("a", "b")


def test_codes_of_the_plane_keep_float32(tmp_path, mlp_config):
    _, codes = save(tmp_path, mlp_config)
    assert torch.equal(load_checkpoint("model", tmp_path).codes, codes)


def test_read_header_needs_no_weights(good):
    header, _ = read_parts(good)
    write_parts(good, header, bytes(len(read_parts(good)[1])))
    fields = read_header("model", good.parent)
    assert set(fields) == set(FIELDS)
    assert fields["metrics"] == METRICS
    assert fields["history"] == HISTORY
    assert fields["provenance"] == PROVENANCE
    assert fields["train_config"] == json.loads(json.dumps(TRAINING.to_dict()))


def test_list_checkpoints_is_sorted_and_knows_only_checkpoints(tmp_path, mlp_config):
    assert list_checkpoints(tmp_path) == []
    assert list_checkpoints(tmp_path / "missing") == []
    for name in ("dog-noise-0.10", "dog-ae", "mnist-ae"):
        save(tmp_path, mlp_config, name)
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".dog-ae-x1y2.part").touch()
    (tmp_path / ".resume").mkdir()
    assert list_checkpoints(tmp_path) == ["dog-ae", "dog-noise-0.10", "mnist-ae"]
    assert load_checkpoint("dog-noise-0.10", tmp_path).name == "dog-noise-0.10"


def test_hidden_files_are_not_listed(good):
    good.with_name("._model.safetensors").touch()  # macOS leaves such a file beside each one it copies to a USB stick
    assert list_checkpoints(good.parent) == ["model"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../model", "a/b", "/etc/passwd", "..\\model", ".hidden", "a/../model"]
)
def test_names_that_leave_the_folder_are_refused(good, name):
    for use in (load_checkpoint, read_header, checkpoint_path):
        with pytest.raises(CheckpointError, match="not a checkpoint name"):
            use(name, good.parent / "folder")


def test_a_missing_checkpoint_says_how_to_train_it(tmp_path):
    assert "python train.py --only dog-ae" in refusal(tmp_path, "dog-ae")
    assert "train it with its recipe" in refusal(tmp_path, "flowers-ae")  # --only takes the lab's own names


def test_an_empty_file(good):
    good.write_bytes(b"")
    refusal(good.parent)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99])
def test_a_truncated_file(good, share):
    raw = good.read_bytes()
    good.write_bytes(raw[: int(share * len(raw))])
    refusal(good.parent)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(good, seed):
    noise = torch.randint(0, 256, (5000,), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    good.write_bytes(noise.numpy().tobytes())
    refusal(good.parent)


@pytest.mark.parametrize("length", [0, 2**31, 2**60, 2**64 - 1])
def test_an_absurd_header_length(good, length):
    good.write_bytes(struct.pack("<Q", length) + good.read_bytes()[8:])
    refusal(good.parent)


def test_a_pickle_in_disguise_is_refused_and_not_run(good, tmp_path):
    victim = tmp_path / "victim"
    pickle.loads(pickle.dumps(Payload(victim)))
    assert victim.exists()  # the payload does its work where a pickle is loaded
    victim.unlink()
    good.write_bytes(pickle.dumps({"model": Payload(victim)}))
    refusal(good.parent)
    torch.save({"model": Payload(victim)}, good)
    refusal(good.parent)
    assert not victim.exists()


def test_a_foreign_safetensors_file(good):
    safetensors.torch.save_file({"weight": torch.zeros(3)}, good)
    assert "not a Latent Lab checkpoint" in refusal(good.parent)
    safetensors.torch.save_file({"weight": torch.zeros(3)}, good, metadata={"format": "pt"})
    assert "not a Latent Lab checkpoint" in refusal(good.parent)


def test_a_header_that_is_no_json(good):
    header, data = read_parts(good)
    write_parts(good, json.dumps(header).encode()[:-5] + b"}}}}}", data)
    refusal(good.parent)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", ["", "{", "[1, 2", "nonsense", "[" * 100_000], ids=["", "{", "[1, 2", "word", "deep"])
def test_a_field_that_is_no_json(good, field, text):
    rewrite(good, **{field: text})
    refusal(good.parent)


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field(good, field):
    rewrite(good, **{field: None})
    refusal(good.parent)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("metrics", [1, 2]),
        ("metrics", 3),
        ("history", {"epoch": 1}),
        ("history", "soon"),
        ("history", [{"epoch": 1}]),
        ("provenance", PROVENANCE | {"earlier": 3}),
        ("provenance", PROVENANCE | {"earlier": [{"name": "model"}]}),
        ("provenance", PROVENANCE | {"earlier": [EARLIER | {"history": None}]}),
        ("provenance", PROVENANCE | {"earlier": [EARLIER | {"history": [{}]}]}),
        ("provenance", []),
        ("provenance", False),
        ("model_config", []),
        ("train_config", 1),
    ],
)
def test_a_field_of_the_wrong_kind(good, field, value):
    rewrite(good, **{field: json.dumps(value)})
    refusal(good.parent)


WRONG_VALUES = ["soon", "", None, [], [1.5], {}, True, -1.0, float("nan"), float("inf"), 10**400]
NUMBERS = [
    ("metrics", "psnr_db"),
    ("metrics", "num_images"),
    ("provenance", "wall_s"),
    ("provenance", "steps"),
    ("provenance", "images_per_s"),
    ("provenance", "num_train_images"),
    ("provenance", "seed"),
]


def changed(field, key, value):
    return {"metrics": METRICS, "provenance": PROVENANCE}[field] | {key: value}


@pytest.mark.parametrize("value", WRONG_VALUES, ids=lambda value: str(value)[:10])
@pytest.mark.parametrize(("field", "key"), NUMBERS)
def test_what_stands_in_a_numbers_place_is_refused(good, field, key, value):
    rewrite(good, **{field: changed(field, key, value)})
    assert f"has no usable '{key}' in its {field}" in refusal(good.parent)
    with pytest.raises(CheckpointError, match=key):
        read_header("model", good.parent)


ROW = METRICS["evaluations"][1]
OTHER_WRONG_VALUES = [
    ("metrics", METRICS | {"psnr_db_ci95": "wide"}, "psnr_db_ci95"),
    ("metrics", METRICS | {"evaluations": []}, "evaluations"),
    ("metrics", METRICS | {"evaluations": [ROW]}, "evaluations"),  # none of it without noise
    ("metrics", METRICS | {"evaluations": [CLEAN, ROW | {"psnr_db": "20"}]}, "evaluations"),
    ("metrics", METRICS | {"evaluations": [CLEAN, ROW | {"code_power": [1.0]}]}, "evaluations"),
    ("metrics", METRICS | {"evaluations": [CLEAN, {"noise_variance": 0.05}]}, "evaluations"),
    ("metrics", METRICS | {"evaluations": "none"}, "evaluations"),
    ("metrics", METRICS | {"kl_nats": 3.0}, "kl_nats"),
    ("metrics", METRICS | {"kl_nats": [1.0]}, "kl_nats"),
    ("metrics", METRICS | {"kl_nats": ["1", "2"]}, "kl_nats"),
    ("metrics", METRICS | {"bce": True}, "bce"),
    ("metrics", METRICS | {"note": "good"}, "note"),
    ("history", [HISTORY[0] | {"step": "1"}], "step"),
    ("history", [HISTORY[0], HISTORY[1] | {"seconds": float("nan")}], "seconds"),
    ("history", [HISTORY[0] | {"kl": "much"}], "kl"),
    ("history", [HISTORY[0] | {"psnr_db": float("inf")}], "psnr_db"),
    ("provenance", PROVENANCE | {"finished": 1}, "finished"),
    ("provenance", PROVENANCE | {"finished": "no"}, "finished"),
    ("provenance", PROVENANCE | {"device": None}, "device"),
    ("provenance", PROVENANCE | {"device": "a\ud800"}, "device"),
    ("history", [HISTORY[0] | {"k\udfffl": 1.0}], "k\\udfffl"),
    ("provenance", PROVENANCE | {"data_fingerprint": 123}, "data_fingerprint"),
    ("provenance", PROVENANCE | {"precision": 16}, "precision"),
    ("provenance", PROVENANCE | {"webp_quality": "high"}, "webp_quality"),
    ("provenance", PROVENANCE | {"codes_of": "model"}, "codes_of"),
    ("provenance", PROVENANCE | {"codes_of": {"name": "model"}}, "codes_of"),
    ("provenance", PROVENANCE | {"earlier": [EARLIER | {"psnr_db": None}]}, "earlier"),
    ("provenance", PROVENANCE | {"earlier": [EARLIER | {"name": 3}]}, "earlier"),
    ("provenance", PROVENANCE | {"earlier": [EARLIER | {"model_config": {}}]}, "earlier"),
    ("provenance", PROVENANCE | {"earlier": [EARLIER | {"train_config": {"learning_rate": "1"}}]}, "earlier"),
    ("provenance", PROVENANCE | {"earlier": [EARLIER | {"provenance": PROVENANCE | {"wall_s": "1"}}]}, "earlier"),
]


@pytest.mark.parametrize(("field", "value", "key"), OTHER_WRONG_VALUES)
def test_a_value_of_the_wrong_kind_is_refused(good, field, value, key):
    rewrite(good, **{field: value})
    assert f"has no usable '{key}' in its {field}" in refusal(good.parent)


def test_a_name_that_is_no_text_is_refused(good):
    rewrite(good, title=json.dumps("half a letter, \ud83d"))
    assert "does not fit its data set" in refusal(good.parent)
    rewrite(good, title=json.dumps("a whole one, \ud83d\ude00"))
    data = read_header("model", good.parent)["data"]
    rewrite(good, data=data | {"label_names": ["a", "\udcff"]})
    assert "label_names must be a list of names" in refusal(good.parent)
    rewrite(good, data=data | {"config": data["config"] | {"name": "\udcff"}})
    assert "name must be some text" in refusal(good.parent)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("metrics", METRICS | {"psnr_db_ci95": float("nan")}),  # of one test image
        ("metrics", METRICS | {"kl_nats": [0.5, 1]}),
        ("history", [HISTORY[0] | {"psnr_db": None, "reconstruction": -4.5}]),
        ("history", []),
        ("provenance", PROVENANCE | {"earlier": [EARLIER], "webp_quality": None, "averaged_with": "this and that"}),
    ],
)
def test_a_value_that_can_be_is_read(good, field, value):
    rewrite(good, **{field: value})
    assert str(read_header("model", good.parent)[field]) == str(value)


def test_what_could_not_be_read_is_not_written(good, mlp_config):
    before, model = good.read_bytes(), building.build(mlp_config)
    wrong = replace(checkpoint("model", model, torch.zeros(6, 2)), metrics=METRICS | {"psnr_db": float("nan")})
    with pytest.raises(CheckpointError, match="'psnr_db' in its metrics; it is not saved"):
        save_checkpoint(wrong, good.parent)
    assert good.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"variant": "unknown"},
        {"variant": {}},
        {"network": "unknown"},
        {"image_shape": [1, 28]},
        {"widths": [-1]},
        {"widths": ["a"] * 10_000},
        {"noise_variance": 10**400},
        {"noise_variance": float("nan")},
        {"layers": 3},
        {"latent_shape": [3]},
        {"image_shape": [1, 28, 27]},
        {"widths": [32, 16, 16]},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_configuration_that_does_not_fit(good, mlp_config, change):
    rewrite(good, model_config=mlp_config.to_dict() | change)
    refusal(good.parent)


def test_training_settings_that_do_not_fit(good):
    rewrite(good, train_config=TRAINING.to_dict() | {"epochs": 0})
    refusal(good.parent)


def test_a_configuration_of_a_huge_network_allocates_nothing(good, conv_config):
    huge = replace(conv_config, widths=(4096, 4096), encoder_depths=(2, 2), decoder_depths=(2, 2))  # 2 GiB
    data = read_header("model", good.parent)["data"]
    data["config"]["image_shape"] = huge.image_shape
    rewrite(good, model_config=huge.to_dict(), data=data)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "does not fit its own configuration" in refusal(good.parent)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 100 * 1024


def test_a_flipped_bit_in_the_numbers_is_refused(good):
    raw, generator = good.read_bytes(), torch.Generator().manual_seed(0)
    num_bits = 8 * len(read_parts(good)[1])
    for bit in torch.randint(num_bits, (60,), generator=generator).tolist():
        flip(good, raw, 8 * len(raw) - num_bits + bit)
        assert "is damaged (" in refusal(good.parent)


def test_a_flipped_bit_in_the_header_is_refused_or_changes_nothing(good):
    raw, generator = good.read_bytes(), torch.Generator().manual_seed(0)
    before, header = content(load_checkpoint("model", good.parent)), read_header("model", good.parent)
    num_bits, refused = 8 * (len(raw) - len(read_parts(good)[1])), 0
    for bit in torch.randint(num_bits, (300,), generator=generator).tolist():
        flip(good, raw, bit)
        for read, expected in ((lambda *at: content(load_checkpoint(*at)), before), (read_header, header)):
            try:
                assert read("model", good.parent) == expected
            except CheckpointError:
                refused += 1
    assert refused > 300


@pytest.mark.parametrize("field", ["metrics", "tensor_digests", "header_digest"])
def test_a_changed_or_lost_field_is_refused(good, field):
    raw, (header, data) = good.read_bytes(), read_parts(good)
    metadata = header["__metadata__"]
    for text in (metadata[field][1:], None):
        changed = {key: text if key == field else value for key, value in metadata.items()}
        write_parts(good, header | {"__metadata__": {k: v for k, v in changed.items() if v is not None}}, data)
        assert "its header is not as it was written" in refusal(good.parent)
        with pytest.raises(CheckpointError, match="damaged"):
            read_header("model", good.parent)
        good.write_bytes(raw)


def test_tensors_that_changed_places_are_refused(good):
    header, data = read_parts(good)
    header["model.encoder.1.0.bias"], header["model.encoder.1.1.bias"] = (
        header["model.encoder.1.1.bias"],
        header["model.encoder.1.0.bias"],
    )
    write_parts(good, header, data)
    assert "damaged" in refusal(good.parent)


@pytest.mark.parametrize("fields", [["tensor_digests"], ["header_digest"], ["tensor_digests", "header_digest"]])
def test_a_file_without_digests_is_refused(good, fields):
    header, data = read_parts(good)
    for field in fields:
        del header["__metadata__"][field]
    write_parts(good, header, data)
    assert "its header" in refusal(good.parent)


def test_a_missing_tensor(good):
    edit_tensors(good, lambda tensors: tensors.pop("model.encoder.1.0.weight"))
    assert "model.encoder.1.0.weight" in refusal(good.parent)


def test_a_tensor_too_many(good):
    edit_tensors(good, lambda tensors: tensors.update({"model.extra": torch.zeros(2)}))
    assert "model.extra" in refusal(good.parent)


def test_a_tensor_of_the_wrong_shape(good):
    edit_tensors(good, lambda tensors: tensors.update({"model.encoder.1.0.bias": torch.zeros(31)}))
    assert "model.encoder.1.0.bias" in refusal(good.parent)


@pytest.mark.parametrize("name", ["reference.codes", "reference.labels", "reference.index"])
def test_missing_reference_codes(good, name):
    edit_tensors(good, lambda tensors: tensors.pop(name))
    refusal(good.parent)


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("reference.codes", torch.zeros(6, 3)),
        ("reference.codes", torch.zeros(6)),
        ("reference.codes", torch.tensor(1.0)),
        ("reference.codes", torch.zeros(5, 2)),
        ("reference.labels", torch.zeros(7)),
        ("reference.labels", torch.zeros(6, 1)),
        ("reference.index", torch.zeros(7)),
        ("reference.index", torch.full((6,), -1)),
        ("reference.labels", torch.full((6,), 2)),
        ("reference.labels", torch.full((6,), -2)),
    ],
)
def test_reference_codes_of_the_wrong_shape(good, name, tensor):
    edit_tensors(good, lambda tensors: tensors.update({name: tensor}))
    assert "reference codes" in refusal(good.parent)


@pytest.mark.parametrize("name", ["model.decoder.1.0.weight", "reference.codes"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite(good, name, value):
    edit_tensors(good, lambda tensors: tensors[name].view(-1)[3:4].fill_(value))
    assert "not finite" in refusal(good.parent)


def test_a_number_format_that_torch_cannot_convert(good):
    header, data = read_parts(good)
    header["reference.extra"] = {"dtype": "F4", "shape": [8], "data_offsets": [len(data), len(data) + 4]}
    write_parts(good, header, data + bytes(4))
    refusal(good.parent)
    labels = header["reference.labels"]
    labels["dtype"], labels["shape"] = "F4", [48]  # as many bytes as six int32 numbers
    write_parts(good, header, data + bytes(4))
    refusal(good.parent)


def test_a_folder_in_a_checkpoints_place(tmp_path):
    path_of(tmp_path).mkdir()
    refusal(tmp_path)


def test_changed_bytes_in_the_header_never_raise_another_error(good):
    raw = good.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    generator = torch.Generator().manual_seed(0)
    refused = 0
    for _ in range(300):
        changed = bytearray(raw)
        place, value = torch.randint(0, 2**20, (2,), generator=generator).tolist()
        changed[place % (8 + length)] = value % 256
        good.write_bytes(changed)
        try:
            load_checkpoint("model", good.parent)
        except CheckpointError:
            refused += 1
    assert refused > 100


def test_a_new_checkpoint_replaces_the_old_one(good, mlp_config):
    model, _ = save(good.parent, mlp_config, seed=1)
    loaded = load_checkpoint("model", good.parent).model
    x = torch.rand(2, 1, 28, 28)
    assert torch.equal(loaded.encode(x), rounded(model).encode(x))
    assert [path.name for path in good.parent.iterdir()] == ["model.safetensors"]


def test_a_checkpoint_makes_its_folder_and_everybody_may_read_it(tmp_path, mlp_config):
    save(tmp_path / "new" / "folder", mlp_config)
    assert list_checkpoints(tmp_path / "new" / "folder") == ["model"]
    assert path_of(tmp_path / "new" / "folder").stat().st_mode & 0o777 == 0o644


def full_disk(content, filename):
    with open(filename, "wb") as file:
        file.write(b"half of a checkpoint")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(content, filename):
    with open(filename, "wb") as file:
        file.write(b"half of a checkpoint")
    raise KeyboardInterrupt


@pytest.mark.parametrize(("failure", "error"), [(full_disk, FileError), (interrupted, KeyboardInterrupt)])
def test_a_failing_write_leaves_the_old_checkpoint(good, mlp_config, monkeypatch, failure, error):
    before = good.read_bytes()
    monkeypatch.setattr(Path, "write_bytes", lambda path, content: failure(content, path))
    with pytest.raises(error) as caught:
        save(good.parent, mlp_config, seed=1)
    assert good.read_bytes() == before
    assert [path.name for path in good.parent.iterdir()] == ["model.safetensors"]
    if error is FileError:
        assert str(good.parent) in str(caught.value)
        assert "No space left" in str(caught.value)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, mlp_config):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="file/folder"):
        save(tmp_path / "file" / "folder", mlp_config)


def test_a_state_comes_back(tmp_path):
    state = {"epoch": 2, "history": [{"loss": 0.5}], "model": {"weight": torch.randn(3, 2)}}
    save_state(tmp_path / "model.pt", state)
    loaded = load_state(tmp_path / "model.pt")
    assert torch.equal(loaded["model"]["weight"], state["model"]["weight"])
    assert loaded["epoch"] == 2
    assert loaded["history"] == [{"loss": 0.5}]
    assert [path.name for path in tmp_path.iterdir()] == ["model.pt"]


@pytest.mark.parametrize("save_payload", [torch.save, lambda state, path: path.write_bytes(pickle.dumps(state, 2))])
def test_a_state_with_a_payload_is_refused_and_not_run(tmp_path, save_payload):
    victim, path = tmp_path / "victim", tmp_path / "model.pt"
    save_payload({"epoch": 1, "model": Payload(victim)}, path)
    with pytest.raises(CheckpointError, match=r"model\.pt"):
        load_state(path)
    assert not victim.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(1000)])
def test_a_broken_state_is_refused(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.pt"):
        load_state(tmp_path / "model.pt")


def test_a_truncated_state_is_refused(tmp_path):
    path = tmp_path / "model.pt"
    save_state(path, {"weight": torch.randn(1000)})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match=r"model\.pt"):
        load_state(path)


def test_a_failing_write_leaves_the_old_state(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    save_state(path, {"epoch": 1})
    monkeypatch.setattr(torch, "save", lambda content, file: full_disk(content, file.name))
    with pytest.raises(FileError, match="No space left"):
        save_state(path, {"epoch": 2})
    assert load_state(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt"]


def test_weights_that_float16_cannot_hold_are_not_written(good, mlp_config):
    folder = good.parent
    before = {path: path.read_bytes() for path in folder.iterdir()}
    model = building.build(mlp_config)
    with torch.no_grad():
        next(model.parameters()).fill_(1e6)
    codes = torch.zeros(6, *mlp_config.latent_shape)
    with pytest.raises(CheckpointError, match="lower learning rate"):
        save_checkpoint(checkpoint("model", model, codes), folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def other(folder, mlp_config):
    """A sound checkpoint of another model and size."""
    save(folder, replace(mlp_config, widths=(64, 16)), "other", seed=3)
    return path_of(folder, "other")


OVERWRITE = {
    "copied over": lambda path, other: shutil.copyfile(other, path),
    "emptied": lambda path, other: path.write_bytes(b""),
    "cut": lambda path, other: os.truncate(path, 100),
    "deleted": lambda path, other: path.unlink(),
    "moved": lambda path, other: path.rename(path.with_suffix(".old")),
    "filled with noise": lambda path, other: path.write_bytes(b"\xff" * path.stat().st_size),
}


@pytest.mark.parametrize("happens", OVERWRITE)
def test_nothing_loaded_depends_on_its_file(good, mlp_config, happens):
    """A mapped file would change the numbers in memory, or end the program by SIGBUS."""
    loaded, header = load_checkpoint("model", good.parent), read_header("model", good.parent)
    tensors = [loaded.codes, loaded.labels, *loaded.model.state_dict().values()]
    before = [tensor.clone() for tensor in tensors]
    OVERWRITE[happens](good, other(good.parent, mlp_config))
    assert all(torch.equal(a, b) for a, b in zip(tensors, before, strict=True))
    assert loaded.metrics == header["metrics"] == METRICS


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells which files are mapped")
def test_a_loaded_file_is_neither_open_nor_mapped(good):
    loaded = load_checkpoint("model", good.parent)
    opened = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert str(good) not in Path("/proc/self/maps").read_text()
    assert str(good) not in opened
    assert loaded.codes.isfinite().all()


def test_a_file_that_shrinks_while_it_is_read_is_refused(good, monkeypatch):
    def shrink(config):
        os.truncate(good, good.stat().st_size // 2)
        return building.build_empty(config)

    monkeypatch.setattr(checkpoints, "build_empty", shrink)
    assert "broken or incomplete" in refusal(good.parent)


def test_header_and_weights_are_of_one_file_whatever_takes_its_name_meanwhile(good, mlp_config, monkeypatch):
    expected, replacement = load_checkpoint("model", good.parent).codes, other(good.parent, mlp_config)

    def swap(config):
        os.replace(replacement, good)
        return building.build_empty(config)

    monkeypatch.setattr(checkpoints, "build_empty", swap)
    loaded = load_checkpoint("model", good.parent)
    assert loaded.model_config == mlp_config
    assert torch.equal(loaded.codes, expected)


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "con",
        "NUL",
        "aux.v2",
        "COM1",
        "a:b",
        "a*b",
        "a?b",
        "a|b",
        'a"b',
        "a<b",
        "a\nb",
        "a\0b",
        " a",
        "a" * 250,
        "\udcfc",
    ],
)
def test_names_that_some_system_cannot_have_are_refused(good, name):
    for use in (load_checkpoint, read_header, checkpoint_path):
        with pytest.raises(CheckpointError, match=r"not a checkpoint name: .* rename it\.$"):
            use(name, good.parent)


@pytest.mark.parametrize("name", ["小狗 0.05", "mnist-ä", "собака", "犬" * 80, "😀", "a.b.c", "a'b & c", "50%"])
@pytest.mark.parametrize("folder", ["", "用户/模型", "Ünï cödé (1)"])
def test_names_and_folders_in_every_script(tmp_path, mlp_config, name, folder):
    _, codes = save(tmp_path / folder, mlp_config, name)
    assert list_checkpoints(tmp_path / folder) == [name]
    assert torch.equal(load_checkpoint(name, tmp_path / folder).codes, codes)


def test_a_checkpoint_without_codes_is_neither_written_nor_read(good, mlp_config):
    model = building.build(mlp_config)
    with pytest.raises(CheckpointError, match="no reference codes"):
        save_checkpoint(checkpoint("model", model, torch.empty(0, 2)), good.parent)
    edit_tensors(
        good,
        lambda t: t.update(
            {"reference.codes": torch.empty(0, 2)}
            | dict.fromkeys(["reference.labels", "reference.index"], torch.arange(0).int())
        ),
    )
    assert "reference codes" in refusal(good.parent)


@pytest.mark.parametrize("name", ["dog-ae.safetensors", "dogae"])
def test_a_name_that_there_is_not_is_told_with_those_that_there_are(name, tmp_path):
    for there in ("mine", "dog-ae"):
        shutil.copy(checkpoints.checkpoint_path("mnist-ae"), tmp_path / f"{there}.safetensors")
    with pytest.raises(CheckpointError) as error:
        checkpoints.load_checkpoint(name, tmp_path)
    assert str(error.value) == f"There is no checkpoint {name} in {tmp_path}; it holds dog-ae, mine."


def test_a_folder_without_a_name_is_not_the_labs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert checkpoints.list_checkpoints("") == []
    with pytest.raises(CheckpointError, match="There is no checkpoint mnist-ae in "):
        checkpoints.load_checkpoint("mnist-ae", "")


def test_a_folder_that_cannot_be_looked_into_is_one_sentence(tmp_path):
    with pytest.raises(
        CheckpointError, match=r"cannot be opened \(File name too long\); check path and permissions\.$"
    ):
        checkpoints.list_checkpoints(tmp_path / ("x" * 300))
