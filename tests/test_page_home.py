"""The map: its six pictures come from the loaded checkpoints, and every page can be reached from it."""

import numpy as np
import pytest
import torch
from apptest import start
from broken_models import save
from browser import REPO
from PIL import Image

import aemodels
from aemodels.codes import latents
from aemodels.data import mnist
from aemodels.report import figures
from aemodels.storage import catalogue, checkpoints
from pages.parts.shared import thumbnails

SHIPPED = REPO / "checkpoints"


pytestmark = pytest.mark.usefixtures("without_photos")


def pictures(app):
    return {image.proto.imgs[0].alt: image.value[0] for image in app.get("image")}


def draw(page, *names):
    """The thumbnail as floats in [0, 1], and its left and right halves."""
    ckpts = [aemodels.load_checkpoint(name) for name in names]
    models = map(catalogue.read, names)
    image = np.asarray(thumbnails.THUMBNAILS[page].draw(figures.LIGHT, *models, *ckpts)).astype(float) / 255
    return ckpts, image, image[:, :320], image[:, 320:]


def enlarged(x):
    """An image (1, C, H, W) as a square of the thumbnail."""
    return np.asarray(Image.fromarray(figures.to_tiles(x)[0]).resize((320, 320), Image.Resampling.LANCZOS)) / 255


def test_six_pictures_and_a_link_to_every_page():
    app = start()
    shown = pictures(app)
    assert len(shown) == len(set(shown.values())) == 6
    assert all(len(alt) > 20 for alt in shown)
    on_route = {id(link.proto) for folded in app.expander for link in folded.get("page_link")}
    links = [link.proto.page for link in app.get("page_link") if id(link.proto) not in on_route]
    files = [f for f in (REPO / "pages").glob("*/*.py") if f.parent.name != "parts" and f.stem != "home"]
    assert len(links) == len(set(links)) == len(files)


def test_cards_without_a_model_say_so(checkpoint_folder):
    (checkpoint_folder / "mnist-ae.safetensors").write_bytes((SHIPPED / "mnist-ae.safetensors").read_bytes())
    app = start()
    assert len(pictures(app)) == 1
    assert sum("no model here to make this picture with" in caption.value for caption in app.caption) == 5


def test_pictures_are_computed_once_a_checkpoint(checkpoint_folder):
    for name in ("dog-ae", "dog-noise-0.15"):
        (checkpoint_folder / f"{name}.safetensors").write_bytes((SHIPPED / f"{name}.safetensors").read_bytes())
    first = pictures(start())
    assert pictures(start()) == first
    save("dog-ae", checkpoint_folder, lambda codes: codes.flip(0))
    save("dog-noise-0.15", checkpoint_folder, lambda codes: codes.flip(0))
    second = pictures(start())
    assert first.keys() == second.keys()
    assert all(first[alt] != second[alt] for alt in first)


def test_pages_whose_checkpoint_is_missing_or_broken_have_no_picture(checkpoint_folder):
    (checkpoint_folder / "mnist-ae.safetensors").symlink_to(checkpoints.checkpoint_path("mnist-ae", SHIPPED))
    (checkpoint_folder / "dog-ae.safetensors").write_bytes((SHIPPED / "dog-ae.safetensors").read_bytes()[:5000])
    app = start()
    assert list(pictures(app)) == [thumbnails.THUMBNAILS["latent_plane"].alt]
    assert len(app.error) == 1
    assert app.error[0].value.startswith("dog-ae.safetensors is broken or incomplete")


def test_the_denoise_picture_is_the_first_test_digits_made_cleaner():
    _, _, noisy, denoised = draw("denoise", "mnist-dae")
    digits = mnist.load_mnist_test_digits()[0][:9, 0].numpy() / 255
    rows = np.block([[digits[3 * r + c] for c in range(3)] for r in range(3)])
    clean = (
        np.asarray(Image.fromarray((255 * rows).astype(np.uint8)).resize((320, 320), Image.Resampling.LANCZOS)) / 255
    )
    error_noisy, error_denoised = (np.square(half[..., 0] - clean).mean() for half in (noisy, denoised))
    assert error_denoised < 0.25 * error_noisy
    assert error_noisy < np.square(noisy[..., 0] - np.roll(clean, 107, axis=1)).mean()


def test_the_reconstruct_picture_is_a_decoded_reference_code():
    (ckpt,), _, _, rebuilt = draw("reconstruct", "dog-ae")
    assert rebuilt == pytest.approx(enlarged(ckpt.model.decode(ckpt.codes[13:14])), abs=1e-6)


def test_the_perturb_picture_starts_without_noise_and_ends_with_most():
    (ckpt,), strip, _, _ = draw("perturb", "dog-ae")
    tiles = [strip[160 * r : 160 * (r + 1), 160 * c : 160 * (c + 1)] for r in range(2) for c in range(4)]
    clean = enlarged(ckpt.model.decode(ckpt.codes[13:14]))[::2, ::2]
    errors = [np.square(tile - clean).mean() for tile in tiles]
    assert errors == sorted(errors)
    assert errors[0] < 0.1 * errors[-1]


def test_under_the_same_noise_the_noise_regularised_model_changes_less():
    (plain, regularised), _, left, right = draw("noise_regularised", "dog-ae", "dog-noise-0.15")
    changes = [
        np.square(half - enlarged(ckpt.model.decode(ckpt.codes[13:14]))).mean()
        for half, ckpt in ((left, plain), (right, regularised))
    ]
    assert 0 < changes[1] < changes[0]


def test_the_sample_picture_is_of_no_reference_code():
    (ckpt,), strip, _, _ = draw("sample", "dog-ae")
    tiles = [strip[160 * r : 160 * (r + 1), 160 * c : 160 * (c + 1)] for r in range(2) for c in range(4)]
    assert len({tile.tobytes() for tile in tiles}) == 8
    # The reference code that rebuilds a picture most like a tile is the one nearest to the tile's own code.
    x = torch.from_numpy(np.stack(tiles)).permute(0, 3, 1, 2).float()
    x = torch.nn.functional.interpolate(x, 128, mode="bilinear", antialias=True)
    nearest = latents.nearest(ckpt.codes, ckpt.model.encode(x))[0]
    assert (x - ckpt.model.decode(ckpt.codes[nearest])).square().mean((1, 2, 3)).sqrt().min() > 0.08
    spread = ckpt.model.decode(ckpt.codes[:64]).std(0).mean().item()  # how much decoded photos differ at a pixel
    assert np.std(tiles, axis=0).mean() == pytest.approx(spread, rel=0.5)


def test_the_plane_picture_has_the_codes_left_and_digits_right():
    (ckpt,), _, codes, grid = draw("latent_plane", "mnist-ae")
    assert codes.mean() > 0.7  # dots on white
    assert grid.mean() < 0.3  # white digits on black
    (x_min, _), (_, y_max) = np.quantile(ckpt.codes.numpy(), [0.01, 0.99], axis=0).T.tolist()
    corner = ckpt.codes.new_tensor([[x_min, y_max]])
    expected = ckpt.model.decode(corner)[0, 0].numpy()
    shown = (
        np.asarray(Image.fromarray((255 * grid[..., 0]).astype(np.uint8)).resize((12 * 28, 12 * 28)))[:28, :28] / 255
    )
    assert np.corrcoef(shown.flatten(), expected.flatten())[0, 1] > 0.9
