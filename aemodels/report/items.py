"""The lab's items and their titles, in its order; lab.py makes a section of each. M1 to M5 are of small images, D1 to D5 of photos."""

from aemodels.language import N_

TITLES = {
    "M1": N_("The data and the network"),
    "M2": N_("A code of two numbers"),
    "M3": N_("Denoising autoencoder"),
    "M4": N_("Uniform sampling of the latent plane"),
    "M5": N_("The same with L2"),
    "D1": N_("Convolutional autoencoder"),
    "D2": N_("Nine photos and their codes"),
    "D3": N_("Gaussian sampling"),
    "D4": N_("Noise on the code"),
    "D5": N_("Noise-regularised autoencoder"),
}
