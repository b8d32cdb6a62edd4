import copy
import dataclasses
import json
import pickle
from math import inf, nan

import pytest

from aemodels.errors import ConfigError
from aemodels.models.config import ModelConfig, TrainConfig

MODEL = ModelConfig(
    variant="noisy-code",
    network="conv",
    image_shape=(3, 32, 64),
    latent_shape=(4, 2, 4),
    widths=(16, 32),
    reconstruction="mse",
    encoder_depths=(1, 2),
    decoder_depths=(3, 0),
    corrector_depths=(2, 1),
    refiner_depth=2,
    refiner_steps=3,
    descent_steps=2,
    settings={"noise_variance": 0.15, "weight": 3},
)
TRAIN = TrainConfig(
    epochs=3,
    batch_size=64,
    learning_rate=2e-3,
    minutes=1.5,
    weight_decay=0.01,
    ema_decay=0.99,
    warmup=0.1,
    flips=True,
    refine_from=0.8,
    shift_px=4,
    warp_px=0.5,
    start_from="dog-ae",
    codes_of="dog-noise-0.10",
    seed=7,
)


@pytest.mark.parametrize("config", [MODEL, TRAIN])
def test_no_field_of_the_examples_is_left_at_its_default(config):
    for field in dataclasses.fields(config):
        assert getattr(config, field.name) != field.default


@pytest.mark.parametrize("config", [MODEL, TRAIN, TrainConfig(epochs=1, batch_size=1, learning_rate=1)])
def test_configs_survive_json(config):
    assert type(config).from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_lists_become_tuples():
    config = ModelConfig.from_dict(json.loads(json.dumps(MODEL.to_dict())))
    for name in ("image_shape", "latent_shape", "widths", "encoder_depths", "decoder_depths", "corrector_depths"):
        assert type(getattr(config, name)) is tuple


@pytest.mark.parametrize("config", [MODEL, TRAIN])
def test_configs_cannot_be_changed(config):
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 1


def test_a_variants_settings_stand_beside_the_fields_in_json_and_are_apart_in_the_config():
    values = MODEL.to_dict()
    assert values["noise_variance"] == 0.15
    assert "settings" not in values
    config = ModelConfig.from_dict(values)
    assert config.settings == {"noise_variance": 0.15, "weight": 3}
    assert hash(config) == hash(MODEL)
    assert config != dataclasses.replace(config, settings={"noise_variance": 0.1, "weight": 3})
    with pytest.raises(TypeError):
        config.settings["noise_variance"] = 0.1
    mine = {"noise_variance": 0.1}
    config = dataclasses.replace(config, settings=mine)
    mine["noise_variance"] = 0.2
    assert config.settings == {"noise_variance": 0.1}
    assert copy.deepcopy(config) == pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize("value", ["high", None, [1], -1, nan])
def test_a_setting_out_of_range_is_refused_with_the_variants_name(value):
    with pytest.raises(ConfigError, match="'weight', for variant 'noisy-code', must be a number from 0"):
        ModelConfig.from_dict(MODEL.to_dict() | {"weight": value})


@pytest.mark.parametrize("settings", [None, 3, [("weight", 3)]])
def test_settings_are_a_mapping(settings):
    with pytest.raises(ConfigError, match="settings must be numbers by name"):
        dataclasses.replace(MODEL, settings=settings)


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"no field '?dropout"):
        TrainConfig.from_dict(TRAIN.to_dict() | {"dropout": 0.1})


@pytest.mark.parametrize(("config", "name"), [(MODEL, "variant"), (MODEL, "widths"), (TRAIN, "epochs")])
def test_a_missing_field_is_refused_by_name(config, name):
    values = config.to_dict()
    del values[name]
    with pytest.raises(ConfigError, match=name):
        type(config).from_dict(values)


@pytest.mark.parametrize("values", [None, [], "plain", 3])
@pytest.mark.parametrize("kind", [ModelConfig, TrainConfig])
def test_what_is_no_object_is_refused(kind, values):
    with pytest.raises(ConfigError, match="JSON object"):
        kind.from_dict(values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("variant", {}),
        ("variant", [{}]),
        ("network", {}),
        ("image_shape", (28, 28)),
        ("image_shape", (1, 1, 28, 28)),
        ("image_shape", (1, 0, 28)),
        ("image_shape", (1, -28, 28)),
        ("image_shape", (1, 28.0, 28)),
        ("image_shape", (True, 28, 28)),
        ("image_shape", (1, 4097, 28)),
        ("image_shape", (3, 4096, 4096)),
        ("image_shape", "abc"),
        ("latent_shape", ()),
        ("latent_shape", (0,)),
        ("latent_shape", (4096, 4096)),
        ("latent_shape", None),
        ("widths", ()),
        ("widths", (4097,)),
        ("widths", ("16", "32")),
        ("widths", ((16, 32),)),
        ("widths", 512),
        ("widths", (1,) * 100_000),
        ("encoder_depths", (-1, 1)),
        ("encoder_depths", (65, 1)),
        ("decoder_depths", (1.0, 1)),
        ("decoder_depths", 2),
        ("corrector_depths", (-1, 1)),
        ("corrector_depths", (1.0, 1)),
        ("reconstruction", "l1"),
        ("reconstruction", None),
        ("noise_factor", -0.1),
        ("noise_factor", nan),
        ("noise_factor", "0.4"),
        pytest.param("noise_factor", 10**400, id="noise_factor-beyond-float"),
        ("code_l2", -1e-9),
        ("code_l2", inf),
        ("code_l2", True),
        ("noise_variance", -0.05),
        ("noise_variance", inf),
        ("noise_variance", None),
    ],
)
def test_a_model_value_out_of_range_is_refused(name, value):
    with pytest.raises(ConfigError):
        ModelConfig.from_dict(MODEL.to_dict() | {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("epochs", nan),
        ("epochs", 10**400),
        ("minutes", inf),
        ("minutes", 1e300),
        ("learning_rate", 1e300),
        ("minutes", 0),
        ("minutes", -1),
        ("minutes", nan),
        ("minutes", "1"),
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("learning_rate", 0),
        ("learning_rate", -1e-3),
        ("learning_rate", nan),
        ("learning_rate", inf),
        ("learning_rate", "fast"),
        ("learning_rate", None),
        ("weight_decay", -0.1),
        ("weight_decay", nan),
        ("weight_decay", inf),
        ("ema_decay", 1),
        ("ema_decay", -0.1),
        ("ema_decay", nan),
        ("warmup", -0.1),
        ("warmup", 1.1),
        ("warmup", 1),
        ("flips", 3),
        ("refine_from", -0.1),
        ("refine_from", 1),
        ("shift_px", -1),
        ("shift_px", 0.5),
        ("shift_px", 5000),
        ("shift_px", True),
        ("warp_px", -1),
        ("warp_px", nan),
        ("warp_px", None),
        ("start_from", {}),
        ("seed", "a"),
        ("seed", 1.5),
        ("seed", None),
        ("seed", -1),
        ("seed", 2**32),
    ],
)
def test_a_training_value_out_of_range_is_refused(name, value):
    with pytest.raises(ConfigError):
        TrainConfig.from_dict(TRAIN.to_dict() | {name: value})


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (MODEL, "widths", (4096,)),
        (MODEL, "widths", (1,)),
        (MODEL, "image_shape", (1, 2048, 2048)),
        (MODEL, "encoder_depths", (0, 64)),
        (MODEL, "weight", 0),
        (TRAIN, "epochs", 1),
        (TRAIN, "minutes", None),
        (TRAIN, "ema_decay", 0),
        (TRAIN, "warmup", 0),
        (TRAIN, "refine_from", 0),
        (TRAIN, "weight_decay", 0),
    ],
)
def test_the_ends_of_the_ranges_are_accepted(config, name, value):
    assert type(config).from_dict(config.to_dict() | {name: value}).to_dict()[name] == value
