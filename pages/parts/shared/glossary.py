"""The words that the pages use without explaining them each time."""

import streamlit as st

from aemodels.language import N_, _

# Term -> what it means, in the order in which the pages need them.
WORDS = {
    N_("Code, z"): N_("The few numbers into which the encoder squeezes a picture. The decoder makes a picture of them again. 16×8×8 means 16 channels of 8×8 numbers each."),
    N_("Latent space"): N_("All possible codes together. Each point of it is a code, and decodes to a picture."),
    N_("Reconstruction, x̂"): N_("What the decoder makes of a picture's own code."),
    N_("A sample"): N_("What the decoder makes of a code that was drawn at random."),
    N_("Test images"): N_("Images that no network has learnt from. All figures are measured on them unless something else is said."),
    N_("MSE"): N_("Mean squared error: the differences between two pictures' pixels, squared and averaged. A pixel goes from 0 to 1."),
    N_("RMS"): N_("Root mean square: square the numbers, average, and take the root. It says how large they are, whatever their signs."),
    N_("PSNR"): N_("Peak signal-to-noise ratio: 10·log10(1 / MSE), in decibels. Three decibels more are half the MSE."),
    N_("BCE"): N_("Binary cross-entropy, in nats a pixel: the digits' error. It does not reach 0, as a grey pixel costs something even if it is met exactly."),
    N_("Nat"): N_("A unit of information, like the bit: one nat is 1.44 bits."),
    N_("Noise variance, σ²"): N_("The mean square of the noise that is added to each number of a code of mean square 1."),
    N_("SNR"): N_("Signal-to-noise ratio: the mean square of a code, divided by that of its noise, in decibels."),
    N_("Power"): N_("The mean square of the numbers of a code."),
    N_("Codec"): N_("A program that stores a picture in few bytes and makes the picture of them again, such as AVIF or VVC."),
    N_("KL divergence"): N_("How much one distribution differs from another, in nats. It is 0 if both are the same."),
    N_("Manifold grid"): N_("The plane of a model with a code of two numbers, decoded at places in rows and columns."),
    N_("Hole"): N_("A place where hardly any code of a real picture lies. What is decoded there, the decoder has never learnt."),
    N_("Prior"): N_("A second network, which has learnt how the codes of real pictures are spread. It draws new codes like them."),
    N_("Fréchet distance"): N_("How different two sets of pictures are, by means and covariances of their colours and textures. Less is nearer."),
    N_("Epoch"): N_("One pass of a training through all its training pictures."),
    N_("Random seed"): N_("The number that random draws start from. The same seed draws the same again."),
    N_("±"): N_("Half the width of a 95% interval: of 100 such intervals, measured on other pictures of the kind, some 95 hold the true mean."),
}  # fmt: skip


def show() -> None:
    """All of them, folded away."""
    told = [
        _("{name}: {sentence}").format(name=f"**{_(term)}**", sentence=_(meaning)) for term, meaning in WORDS.items()
    ]
    with st.expander(_("Words that the pages use")):
        st.markdown("\n".join(f"- {line}" for line in told))
