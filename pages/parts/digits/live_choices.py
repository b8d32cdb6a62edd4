"""The widgets of a training that one watches, and the recipe that they make."""

import streamlit as st

from aemodels.data.config import DataConfig
from aemodels.language import N_, _, list_of, ngettext, number
from aemodels.training import live_recipes
from aemodels.training.recipes import Recipe
from pages.parts.shared import controls, fields
from pages.parts.training import settings as training_settings

# In the order in which they are offered.
KINDS = ("plain", "denoising", "code-l2", live_recipes.L2_WEIGHTS, "vae", "noisy-code", "nested")
NUMBERS = training_settings.OF_VARIANTS | {"weight_decay": N_("weight decay")}


def show(data: DataConfig) -> Recipe:
    """The widgets; what they make."""
    kinds = live_recipes.kinds()
    order = sorted(kinds, key=lambda kind: [*KINDS, kind].index(kind))
    with controls.row():
        kind = controls.choose(_("Kind"), {kind: word(kind) for kind in order}, key="live_kind")
        numbers = {name: _number(name) for name in kinds[kind]}
        least, most = live_recipes.CODE_SIZES
        size = fields.number(_("Numbers in the code"), least, most, "live_code", least, width=170)
    with st.expander(_("More settings: hidden layers, learning rate, time, seed")):
        widths = {"-".join(map(str, each)): list_of(map(str, each)) for each in live_recipes.WIDTHS}
        chosen = controls.choose(_("Hidden layers"), widths, key="live_widths")
        with controls.row():
            rates = {f"{rate:g}": f"{rate:g}" for rate in live_recipes.LEARNING_RATES}
            rate = controls.choose(_("Learning rate"), rates, key="live_rate")
            limits = {
                str(n): ngettext("{number} minute", "{number} minutes", n).format(number=number(n))
                for n in live_recipes.MINUTES
            }
            minutes = controls.choose(_("At most"), limits, key="live_minutes")
            seed = controls.seed_field()
    return live_recipes.recipe(
        kind, numbers, int(size), tuple(map(int, chosen.split("-"))), float(rate), float(minutes), int(seed), data
    )


def word(kind: str) -> str:
    """A kind as the page calls it; a variant that somebody added by its own name."""
    return _("L2 on the weights") if kind == live_recipes.L2_WEIGHTS else training_settings.variant(kind)


def kind_of(recipe: Recipe) -> str:
    return live_recipes.L2_WEIGHTS if recipe.training.weight_decay else recipe.model.variant


def settings(recipe: Recipe) -> dict[str, object]:
    """What makes the same training again, in words."""
    own = dict(recipe.model.settings) | (
        {"weight_decay": recipe.training.weight_decay} if recipe.training.weight_decay else {}
    )
    return {
        _("kind"): word(kind_of(recipe)),
        **{_(NUMBERS[name]) if name in NUMBERS else name: f"{value:g}" for name, value in own.items()},
        _("numbers in the code"): recipe.model.latent_shape[0],
        _("hidden layers"): list_of(map(str, recipe.model.widths)),
        _("learning rate"): f"{recipe.training.learning_rate:g}",
        _("minutes at most"): f"{recipe.training.minutes:g}",
        _("seed"): recipe.training.seed,
        _("data"): recipe.data.name,
    }


def _number(name: str) -> float:
    default, most = live_recipes.DEFAULTS.get(name, live_recipes.OF_ANOTHER_VARIANT)
    label, key = (_(NUMBERS[name]), f"live_{name}") if name in NUMBERS else (name, f"live_own_{name}")
    label = label[:1].upper() + label[1:]
    return fields.number(label, 0.0, most, key, default, step=default / 2, format="%g", width=240)
