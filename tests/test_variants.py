"""A variant of one's own: one class, one line in VARIANTS, one recipe file. What a recipe says wrong of a variant's settings."""

import copy
import functools
from dataclasses import dataclass, replace

import pytest
import torch
from browser import copy_digits

import aemodels
import train
from aemodels import language
from aemodels.errors import ConfigError
from aemodels.models import autoencoders, building, networks
from aemodels.models.autoencoders import Autoencoder
from aemodels.training import loop, needs, recipes

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


def with_loss(loss):
    """A variant whose loss is what loss(its reconstruction loss) gives."""

    class Mistaken(Autoencoder):
        def loss(self, x, generator):
            return loss(self.reconstruction_loss(x, self.training_code(x)))

    return Mistaken


def with_loss_of(factor):
    """A variant whose reconstruction loss is factor(itself) times itself."""
    return with_method("loss", lambda self, x, generator: {"reconstruction": factor(self) * self.encoder(x)})


def with_method(name, function):
    """A variant with this method in the place of Autoencoder's."""
    return type("Mistaken", (Autoencoder,), {name: function})


def init_frozen(self, config):
    Autoencoder.__init__(self, config)
    self.requires_grad_(False)


def of_layers(*layers):
    return lambda config, num_outputs=1: torch.nn.Sequential(torch.nn.Flatten(), *(make() for make in layers))


class Undecorated(Autoencoder):
    class Settings:
        price: float


class Widths(Autoencoder):
    @dataclass(frozen=True)
    class Settings:
        widths: float


class Choosy(Autoencoder):
    @dataclass(frozen=True)
    class Settings:
        def __post_init__(self):
            raise ValueError("too dear")


Linear = functools.partial(functools.partial, torch.nn.Linear)
MISTAKEN_VARIANTS = {
    "a tensor": (with_loss(lambda r: r), "is a tensor (3,) of float32; return a dictionary of terms"),
    "a tuple": (with_loss(lambda r: ({"reconstruction": r}, 3)), "is a tuple; return a dictionary of terms"),
    "nothing": (with_loss(lambda r: None), "is a NoneType; return a dictionary of terms"),
    "no terms": (with_loss(lambda r: {}), "is an empty dictionary; return a dictionary of terms"),
    "a number": (with_loss(lambda r: {"reconstruction": r, "price": 0.5}), "is a float; return a float tensor"),
    "whole numbers": (with_loss(lambda r: {"reconstruction": r, "n": r.long()}), "is a tensor (3,) of int64"),
    "not finite": (
        with_loss(lambda r: {"reconstruction": r, "log": (0 * r).log()}),
        "is not finite before the first step",
    ),
    "no gradient": (with_loss(lambda r: {"reconstruction": r.detach()}), "has no gradient"),
    "a name of the history": (with_loss(lambda r: {"epoch": r}), "has a term 'epoch'; give each a name of its own"),
    "a name that is no text": (with_loss(lambda r: {0: r}), "has a term 0; give each a name of its own"),
    "the sum": (
        with_loss(lambda r: {"reconstruction": r, "price": r / 2, "total": 1.5 * r}),
        "is the sum of the others; leave it out",
    ),
    "random codes": (
        with_method("scale", lambda self, z: z + torch.randn_like(z)),
        "makes another code of the same image each time",
    ),
    "long codes": (
        with_method("scale", lambda self, z: z.repeat(1, 2)),
        "makes a tensor (3, 4) of float32 of 3 images",
    ),
    "two codes": (with_method("scale", lambda self, z: (z, z)), "makes a tuple of 3 images"),
    "codes by a sum": (
        with_method("first_code", lambda self, x: self.encoder(x) / x.flatten(1).sum(1, keepdim=True)),
        "makes codes that are not finite",
    ),
    "beyond [0, 1]": (with_method("generate", lambda self, z: self.decoder(z)), "pictures lie in [0, 1]"),
    "swapped arguments": (
        with_method(
            "loss", lambda self, generator, x: {"reconstruction": self.reconstruction_loss(x, self.training_code(x))}
        ),
        "has no attribute 'flatten'",
    ),
    "one image is no batch": (
        with_method(
            "loss", lambda self, x, generator: {"reconstruction": self.decoder(self.encoder(x).squeeze()).mean((2, 3))}
        ),
        "fails on a batch of 1: ",
    ),
    "a setting that it has not": (
        with_loss_of(lambda self: self.settings.price),
        "'Settings' object has no attribute 'price' (test_variants.py:",
    ),
    "a wrong line": (with_method("scale", lambda self, z: z @ z), "cannot encode images: RuntimeError: "),
    "no super().__init__": (
        with_method("__init__", lambda self, config: setattr(self, "extra", torch.nn.Linear(2, 2))),
        "cannot be built: AttributeError: cannot assign module before Module.__init__() call (test_variants.py:",
    ),
    "no layers before super().__init__": (
        with_method("__init__", lambda self, config: setattr(self, "config", config)),
        "let __init__ begin with super().__init__(config)",
    ),
    "no autoencoder": (torch.nn.Identity, "Variant 'mine' (linear.py:"),
    "settings that are no dataclass": (Undecorated, "Settings of variant 'mine' (test_variants.py:"),
    "a setting called as a field": (Widths, "has a setting widths, and every model has a value of this name"),
    "settings that raise": (Choosy, "does not take its settings: ValueError: too dear (test_variants.py:"),
    "all weights frozen": (with_method("__init__", init_frozen), "do not freeze all weights"),
    "flat pictures": (
        with_method("generate", lambda self, z: self.decoder(z).sigmoid().flatten(1)),
        "makes a tensor (3, 784) of float32 of 3 codes",
    ),
}
MISTAKEN_NETWORKS = {
    "long codes": (of_layers(Linear(784, 3)), networks.mlp_decoder, "makes a tensor (3, 3) of float32 of 3 images"),
    "one row": (
        networks.mlp_encoder,
        lambda config: torch.nn.Sequential(torch.nn.Linear(2, 28), torch.nn.Unflatten(1, (1, 1, 28))),
        "makes a tensor (3, 1, 1, 28) of float32 of 3 codes",
    ),
    "no num_outputs": (
        lambda config: networks.mlp_encoder(config),
        networks.mlp_decoder,
        "give NETWORKS an encoder(config, num_outputs)",
    ),
    "lazy": (of_layers(functools.partial(torch.nn.LazyLinear, 2)), networks.mlp_decoder, "has a lazy layer"),
    "other sizes": (of_layers(Linear(100, 2)), networks.mlp_decoder, "cannot be multiplied (3x784 and 100x2)"),
    "no decoder": (networks.mlp_encoder, "cannot be built: ValueError: "),
    "no weights": (
        of_layers(functools.partial(torch.nn.AdaptiveAvgPool1d, 2)),
        lambda config: torch.nn.Sequential(torch.nn.Unflatten(1, (1, 1, 2)), torch.nn.Upsample((28, 28))),
        "Network 'mine' has no weights",
    ),
    "running means": (
        of_layers(Linear(784, 2), functools.partial(torch.nn.BatchNorm1d, 2)),
        networks.mlp_decoder,
        "changes its buffer encoder.2.running_mean",
    ),
}


def lines(variant="plain", network="mlp"):
    return RECIPE.replace('"mlp"', f'"{network}"').format(f'variant = "{variant}"')


@pytest.mark.parametrize("mistake", MISTAKEN_VARIANTS)
def test_a_variant_that_breaks_the_contract_is_refused_in_a_sentence(mistake, monkeypatch, tmp_path):
    variant, words = MISTAKEN_VARIANTS[mistake]
    monkeypatch.setitem(autoencoders.VARIANTS, "mine", variant)
    refused(tmp_path, lines(variant="mine"), words)


@pytest.mark.parametrize("mistake", MISTAKEN_NETWORKS)
def test_a_network_that_breaks_the_contract_is_refused_in_a_sentence(mistake, monkeypatch, tmp_path):
    *network, words = MISTAKEN_NETWORKS[mistake]
    monkeypatch.setitem(networks.NETWORKS, "mine", network)
    refused(tmp_path, lines(network="mine"), words)


def refused(folder, recipe, words):
    (folder / "mine.toml").write_text(recipe)
    with pytest.raises(ConfigError) as error:
        needs.check(recipes.read(folder / "mine.toml"), 8, "cpu")
    (sentence,) = str(error.value).splitlines()
    assert words in sentence
    assert "; " in sentence  # what to do
    with language.speaking("zh"), pytest.raises(ConfigError, match="；请"):  # as Train live says it
        needs.check(recipes.read(folder / "mine.toml"), 8, "cpu")


def test_what_breaks_the_contract_ends_the_command_before_anything_is_written(
    monkeypatch, write, data_folder, tmp_path, capsys
):
    monkeypatch.setitem(autoencoders.VARIANTS, "mine", with_loss(lambda r: r))
    data = copy_digits(data_folder, tmp_path / "digits", 400, 60)
    recipe = write('variant = "mine"')
    assert train.main(["--recipe", str(recipe), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("The loss of variant 'mine' (")
    assert not list((tmp_path / "out").glob("*.safetensors"))


@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [
        (
            of_layers(functools.partial(torch.nn.Linear, 784, 2, bias=False)),
            lambda config: torch.nn.Sequential(torch.nn.Linear(2, 784, bias=False), torch.nn.Unflatten(1, (1, 28, 28))),
        ),
        (
            lambda config, num_outputs=1: torch.nn.Sequential(torch.nn.Conv2d(1, 2, 28), torch.nn.Flatten()),
            lambda config: torch.nn.Sequential(torch.nn.Unflatten(1, (2, 1, 1)), torch.nn.ConvTranspose2d(2, 1, 28)),
        ),
    ],
    ids=["matrices alone", "none"],
)
def test_a_network_need_not_have_weights_for_both_optimisers(encoder, decoder, monkeypatch, write):
    monkeypatch.setitem(networks.NETWORKS, "mine", (encoder, decoder))
    config = recipes.read(write('variant = "plain"'))
    model = building.build(replace(config.model, network="mine"))
    images = torch.randint(0, 256, (64, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    before = [weight.clone() for weight in model.parameters()]
    state = loop.fit(loop.start(model, config.training, "cpu"), images, config.training)
    assert all(not torch.equal(old, new) for old, new in zip(before, state.model.parameters(), strict=True))


def test_what_an_author_froze_stays_as_it_was(write):
    config = recipes.read(write('variant = "plain"'))
    model = building.build(config.model)
    model.encoder.requires_grad_(False)
    images = torch.randint(0, 256, (64, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    before = copy.deepcopy(model.state_dict())
    state = loop.fit(loop.start(model, config.training, "cpu"), images, config.training)
    for trained in (state.model, state.ema):
        changed = {name.split(".")[0] for name, w in trained.state_dict().items() if not torch.equal(w, before[name])}
        assert changed == {"decoder"}
