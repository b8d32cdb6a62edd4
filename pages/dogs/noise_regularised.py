"""Autoencoders whose power-normalised code passed through Gaussian noise while training."""

from aemodels.language import _
from aemodels.storage import catalogue
from pages.parts.photos import channel_models, cliff_section, noise_samples, under_noise
from pages.parts.shared import controls, models

VIEWS = {
    "psnr": (_("PSNR under noise"), under_noise.show),
    "samples": (_("Does sampling generate now?"), noise_samples.show),
    "cliff": (_("When the channel is worse than planned"), cliff_section.show),
}

controls.header(
    _("Noise-regularised"),
    _(
        "While these networks train, each code is scaled to a mean square of 1, and Gaussian noise of mean zero is added to it. So they learn "
        "codes that survive noise, like a transmitter and a receiver with a noisy channel between them."
    ),
)
with controls.row():
    group = models.choose_group(catalogue.MAPS, key="data")
    view = controls.choose(_("Show"), {key: name for key, (name, _show) in VIEWS.items()}, key="noise_view")
row = controls.row()
VIEWS[view][1](channel_models.of(group), row)
