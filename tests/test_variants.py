"""A variant of one's own: one class, one line in VARIANTS, one recipe file. What a recipe says wrong of a variant's settings."""

from dataclasses import dataclass

import pytest
import torch
from browser import copy_digits

import aemodels
import train
from aemodels.errors import ConfigError
from aemodels.models import autoencoders
from aemodels.models.autoencoders import Autoencoder
from aemodels.training import recipes

RECIPE = """
[data]
name = "MNIST"
source = "mnist"
image_shape = [1, 28, 28]

[model]
network = "mlp"
latent_shape = [2]
widths = [16]
reconstruction = "bce"
{}

[training]
epochs = 1
batch_size = 50
learning_rate = 1e-3
"""


class SparseAutoencoder(Autoencoder):
    """Pays price · mean(|z|)."""

    @dataclass(frozen=True)
    class Settings:
        price: float

    def loss(self, x, generator):
        z = self.training_code(x)
        return {
            "reconstruction": self.reconstruction_loss(x, z),
            "sparsity": self.settings.price * z.abs().flatten(1).mean(1),
        }


@pytest.fixture
def sparse(monkeypatch):
    monkeypatch.setitem(autoencoders.VARIANTS, "sparse", SparseAutoencoder)


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "mine.toml"
        path.write_text(RECIPE.format("\n".join(lines)))
        return path

    return write


def test_a_variant_of_ones_own_trains_from_a_recipe_and_comes_back_from_its_checkpoint(
    sparse, write, data_folder, tmp_path
):
    data = copy_digits(data_folder, tmp_path / "digits", 400, 60)
    recipe = write('variant = "sparse"', "price = 0.25")
    arguments = ["--recipe", recipe, "--data", data, "--out", tmp_path, "--device", "cpu"]
    assert train.main([str(a) for a in arguments]) == 0
    ckpt = aemodels.load_checkpoint("mine", tmp_path)
    assert type(ckpt.model) is SparseAutoencoder
    assert ckpt.model.settings == SparseAutoencoder.Settings(price=0.25)
    assert ckpt.model_config.to_dict()["price"] == 0.25
    assert ckpt.history[-1]["sparsity"] > 0
    x = torch.rand(3, 1, 28, 28)
    assert ckpt.model(x).shape == x.shape


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['variant = "noisy-code"'], "Variant 'noisy-code' needs its setting 'noise_variance'."),
        (['variant = "plain"', "noise_variance = 0.1"], "Variant 'plain' has no setting 'noise_variance'"),
        (['variant = "vae"', "beta = -1"], "'beta', for variant 'vae', must be a number from 0 to 1e+12, not -1."),
        (['variant = "vae"', "beta = inf"], "'beta', for variant 'vae', must be a number"),
        (['variant = "vae"', 'beta = "1"'], "'beta', for variant 'vae', must be a number"),
        (['variant = "vae"', "beta = 1", "code_l2 = 1"], "Variant 'vae' has no setting 'code_l2'; it has beta."),
        (['variant = "vae"', "betta = 1"], "takes no key 'betta'; did you mean beta?"),
        (['variant = "vae"', "beta = 1", "settings = 3"], "takes no key 'settings'"),
        (['variant = "vea"', "beta = 1"], "There is no variant 'vea'; there are plain, "),
        (["variant = []"], "variant must be a name"),
    ],
)
def test_a_wrong_setting_is_one_sentence_with_file_table_variant_and_key(write, lines, words):
    with pytest.raises(ConfigError) as error:
        recipes.read(write(*lines))
    (sentence,) = str(error.value).splitlines()
    assert "mine.toml, table [model]" in sentence
    assert words in sentence


def test_a_key_of_a_variant_of_ones_own_is_known_to_recipes(sparse, write):
    assert recipes.read(write('variant = "sparse"', "price = 1")).model.settings == {"price": 1}
    with pytest.raises(ConfigError, match="did you mean price"):
        recipes.read(write('variant = "sparse"', "prize = 1"))
