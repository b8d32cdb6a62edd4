"""Codes of photos that are kept: the same ones, for the same photo and model alone, whatever happens to the disk."""

import threading

import pytest
import torch
from torch.testing import assert_close
from untrained import build

import aemodels
from aemodels.models.config import ModelConfig
from aemodels.storage import encoded

CONFIG = ModelConfig(
    variant="noisy-code",
    network="conv",
    image_shape=(3, 16, 16),
    latent_shape=(4, 1, 1),
    widths=(8, 16),
    encoder_depths=(1, 1),
    decoder_depths=(1, 1),
    reconstruction="mse",
    settings={"noise_variance": 0.1},
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    forget()
    return tmp_path / "cache/codes"


@pytest.fixture
def model():
    return build(CONFIG, seed=1)


@pytest.fixture
def x():
    return torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(2))


def forget():
    """As a new process."""
    encoded.recent.clear()
    encoded._num_written = 0
    encoded._warn.cache_clear()


def asked(model, x, keeps_on_disk=True):
    """The codes, and how many photos were encoded for them."""
    rows = []

    def encode_new(new):
        rows.extend(new)
        return model.encode(new)

    return encoded.encode(model, x, keeps_on_disk, encode_new), len(rows)


def test_photos_are_encoded_once_and_come_out_in_their_order(model, x):
    z, num_encoded = asked(model, x[:3])
    assert num_encoded == 3
    assert torch.equal(z, model.encode(x[:3]))
    assert asked(model, x[:3].flip(0))[1] == 0
    forget()
    z, num_encoded = asked(model, x.flip(0))
    assert num_encoded == 2
    assert_close(z, model.encode(x.flip(0)))


def test_another_model_and_another_photo_have_codes_of_their_own(model, x):
    asked(model, x)
    other = build(CONFIG, seed=2)
    z, num_encoded = asked(other, x)
    assert num_encoded == 5
    assert_close(z, other.encode(x))
    changed = x.clone()
    changed[3, 0, 0, 0] = 1 - changed[3, 0, 0, 0].round()
    assert asked(model, changed)[1] == 1
    same_weights = build(ModelConfig.from_dict({**CONFIG.to_dict(), "noise_variance": 0.2}), seed=1)
    assert asked(same_weights, x)[1] == 5


def test_a_changed_way_to_encode_encodes_anew(model, x, monkeypatch):
    asked(model, x)
    forget()
    monkeypatch.setattr(encoded, "_of_sources", lambda: b"another way")
    encoded._digests.clear()
    assert asked(model, x)[1] == 5


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: 2 * b]
)
def test_a_damaged_file_counts_as_missing_and_is_mended(model, x, cache, damage):
    z, _ = asked(model, x)
    file = sorted(cache.iterdir())[0]
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    forget()
    again, num_encoded = asked(model, x)
    assert num_encoded == 1
    assert_close(again, z)
    forget()
    assert asked(model, x)[1] == 0


def test_a_file_under_anothers_name_counts_as_missing(model, x, cache):
    asked(model, x)
    first, second = sorted(cache.iterdir())[:2]
    first.write_bytes(second.read_bytes())
    forget()
    z, num_encoded = asked(model, x)
    assert num_encoded == 1
    assert_close(z, model.encode(x))


def test_codes_of_visitors_photos_stay_in_memory(model, x, cache):
    asked(model, x, keeps_on_disk=False)
    assert not cache.exists()
    assert asked(model, x, keeps_on_disk=False)[1] == 0
    forget()
    assert asked(model, x, keeps_on_disk=False)[1] == 5


def test_a_disk_that_cannot_be_written_is_said_once_and_codes_stay_in_memory(model, x, cache, caplog):
    cache.parent.mkdir()
    cache.write_text("")  # where the folder should be
    z, _ = asked(model, x)
    assert_close(z, model.encode(x))
    assert asked(model, x)[1] == 0
    (record,) = caplog.records
    assert "free some space or set LATENT_LAB_CACHE" in record.message


def test_a_full_disk_leaves_nothing_half_written(model, x, cache, monkeypatch):
    def full(self, content):
        with open(self, "wb") as file:
            file.write(content[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    assert_close(asked(model, x)[0], model.encode(x))
    assert not list(cache.iterdir())


def test_there_is_never_more_than_so_much(model, x, cache, monkeypatch):
    monkeypatch.setattr(encoded, "LOOK_EVERY", 1)
    size = encoded.DIGEST_BYTES + 16
    monkeypatch.setattr(encoded, "MAX_BYTES", 4 * size)
    for image in x:
        asked(model, image[None])
    assert len(list(cache.iterdir())) == 3
    monkeypatch.setattr(encoded, "MAX_NUMBERS", 8)
    forget()
    asked(model, x, keeps_on_disk=False)
    assert asked(model, x[-2:], keeps_on_disk=False)[1] == 0
    assert asked(model, x[:1], keeps_on_disk=False)[1] == 1


def test_many_who_ask_at_once_get_the_right_codes(model, x):
    expected, wrong = model.encode(x), []

    def visit(shift):
        for _ in range(5):
            z = encoded.encode(model, x.roll(shift, 0), keeps_on_disk=True)
            if not torch.allclose(z, expected.roll(shift, 0), atol=1e-5):
                wrong.append(shift)

    visitors = [threading.Thread(target=visit, args=(shift,)) for shift in range(8)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert not wrong


def test_a_models_codes_agree_with_encode_to_rounding():
    ckpt = aemodels.load_checkpoint("dog-noise-0.10")
    x = ckpt.model.decode(ckpt.codes[:3])
    first = encoded.encode(ckpt.model, x[:2], keeps_on_disk=True)  # with others beside them than later
    forget()
    z = encoded.encode(ckpt.model, x, keeps_on_disk=True)
    assert torch.equal(z[:2], first)
    assert_close(
        aemodels.psnr_db(x, ckpt.model.decode(z)),
        aemodels.psnr_db(x, ckpt.model.decode(ckpt.model.encode(x))),
        atol=5e-3,
        rtol=0,
    )
