"""The loss of a model as formulas, each with its symbols explained, from its configuration."""

from collections.abc import Iterator

from aemodels.language import _
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.report.document import Equation, Paragraph

BCE = r"L(x,\hat{x})=-\frac{1}{N}\sum_{i=1}^{N}\left[x_i\log\hat{x}_i+(1-x_i)\log(1-\hat{x}_i)\right]"
MSE = r"L(x,\hat{x})=\frac{1}{N}\sum_{i=1}^{N}(x_i-\hat{x}_i)^2"
LOG_MSE = r"L(x,\hat{x})=\log\left(\frac{1}{N}\sum_{i=1}^{N}(x_i-\hat{x}_i)^2\right)"
PSNR = r"\mathrm{PSNR}=10\log_{10}\frac{\max(x)^2}{\mathrm{MSE}}"
POWER = r"z=\frac{z'}{\sqrt{\frac{1}{D}\sum_{j=1}^{D}z_j'^2}}"


def psnr() -> tuple[Equation, Paragraph]:
    """How PSNR is measured, as everywhere here."""
    return (
        Equation(PSNR, _("PSNR is ten times the decimal logarithm of the squared peak over the mean squared error.")),
        Paragraph(
            _(
                "PSNR is in decibels. max(x) = 1.0 is the largest value that a pixel can have. The MSE is taken over all pixels and "
                "channels of one image. A table tells the mean of the images' PSNRs; ± is the 95% interval of that mean."
            )
        ),
    )


def reconstruction(kind: str) -> Iterator[Equation | Paragraph]:
    """The formula of a reconstruction loss, a value of `ModelConfig.reconstruction`."""
    if kind == "bce":
        yield Equation(
            BCE, _("The mean over all pixels of the binary cross-entropy between a pixel and its reconstruction.")
        )
        yield Paragraph(
            _(
                "x is the image, x̂ its reconstruction, both in [0, 1]; N is the number of pixels and i counts them. log is the natural "
                "logarithm, so the loss is in nats a pixel. It is averaged over the images of a batch."
            )
        )
        return
    explained = _(
        "x is the image, x̂ its reconstruction, both in [0, 1]; N is the number of pixels times channels and i counts them. The loss is "
        "averaged over the images of a batch."
    )
    if kind == "mse":
        yield Equation(
            MSE, _("The mean over all pixels and channels of the squared difference from the reconstruction.")
        )
        yield Paragraph(explained)
        return
    yield Equation(LOG_MSE, _("The logarithm of the mean over all pixels and channels of the squared difference."))
    yield Paragraph(explained)
    yield Paragraph(
        _(
            "The logarithm gives each image the same weight, however hard it is to rebuild: the mean of this loss over images is their mean "
            "PSNR but for sign and unit."
        )
    )


def describe(model: ModelConfig, train: TrainConfig) -> Iterator[Equation | Paragraph]:
    """The formulas of a model's reconstruction loss, of what it pays besides, and of what is done to its input, code or weights."""
    yield from reconstruction(model.reconstruction)
    yield from _of_settings(model)
    if train.weight_decay:
        yield Equation(
            r"W\leftarrow(1-\eta\lambda)W-\eta\,\Delta W",
            _(
                "Every step first shrinks each weight matrix by a share of itself, the learning rate times lambda, and then takes the optimiser's step."
            ),
        )
        yield Paragraph(
            _(
                "Weight decay is L2 on the weights: W is a weight matrix, ΔW the optimiser's step, η the learning rate and λ = {decay} the "
                "decay. It is decoupled from the gradient [@loshchilov2019]."
            ).format(decay=f"{train.weight_decay:g}")
        )


def _of_settings(model: ModelConfig) -> Iterator[Equation | Paragraph]:
    settings = model.settings
    if factor := settings.get("noise_factor"):
        yield Equation(
            rf"\tilde{{x}}=x+{factor:g}\,\varepsilon,\quad\varepsilon\sim\mathcal{{N}}(0,I),\quad\hat{{x}}=g(f(\tilde{{x}}))",
            _("Noise is added to the image; the network sees the noisy image and is held against the clean one."),
        )
        yield Paragraph(
            _(
                "f is the encoder, g the decoder, and ε is drawn anew for every image and every step. The noisy image is not clipped "
                "before the network sees it, only to be shown. The loss compares x̂ with the clean x [@vincent2008]."
            )
        )
    if "code_l2" in settings:
        yield Equation(
            r"L=L(x,\hat{x})+\lambda\,\frac{1}{D}\sum_{j=1}^{D}z_j^2",
            _("The loss plus lambda times the mean square of the code."),
        )
        yield Paragraph(
            _("L2 on the code: z is the code, D = {size} the number of its elements, and λ = {weight}.").format(
                size=model.latent_shape[0], weight=f"{settings['code_l2']:g}"
            )
        )
    if "beta" in settings:
        yield Equation(
            r"L=L(x,\hat{x})+\frac{\beta}{N}\sum_{j=1}^{D}\frac{1}{2}\left(\mu_j^2+\sigma_j^2-1-\log\sigma_j^2\right),\quad z=\mu+\sigma\varepsilon",
            _(
                "The loss plus beta times the divergence of the code's Gaussian from the standard normal one, over the number of pixels."
            ),
        )
        yield Paragraph(
            _(
                "The variational autoencoder's encoder gives a mean μ and a standard deviation σ for each of the D elements of the code; "
                "z is drawn from them with ε from N(0, I), and β = {beta} [@kingma2014]."
            ).format(beta=f"{settings['beta']:g}")
        )
    if "noise_variance" in settings:
        yield Equation(POWER, _("The encoder's output is divided by the root of its mean square."))
        yield Equation(
            r"\tilde{z}=z+\varepsilon,\quad\varepsilon\sim\mathcal{N}(0,\sigma^2I),\quad\hat{x}=g(\tilde{z})",
            _("Gaussian noise is added to the normalised code, and the decoder g sees the noisy code."),
        )
        yield Paragraph(
            _(
                "z′ is what the encoder gives, D the number of its elements, and z the code after power normalisation: the mean of z² is 1 in "
                "every image. So the variance σ² of the noise, which the table below tells, is at once the ratio of noise power to signal power."
            )
        )
