"""The items of the lab on photos, D1 to D3: what stands in the section of each."""

from collections.abc import Iterator
from math import prod

from aemodels.codes import latents, perturbation, probing
from aemodels.language import _, list_of, number
from aemodels.quality import detail
from aemodels.quality.metrics import psnr_db
from aemodels.report import (
    drawing,
    losses,
    model_blocks,
    observations,
    photo_figures,
    photo_observations,
    training_described,
)
from aemodels.report.document import Block, Observations, OwnWords, Paragraph
from aemodels.report.item_blocks import about_images, key, no_model
from aemodels.report.material import Material, Scene
from aemodels.report.networks_described import times
from aemodels.storage.catalogue import Model

BLOCK_PX = 8


def convolutional(material: Material, scene: Scene) -> Iterator[Block]:
    """D1."""
    name = f"{scene.name}-d1"
    yield Paragraph(_("Task: train a convolutional autoencoder on photos and make the mean squared error small. Its code is not a row of numbers but a stack of small maps."))  # fmt: skip
    yield training_described.data_split(material.group.data)
    if not material.maps:
        yield no_maps()
        return
    model = material.maps[0]
    ckpt, shape, image = material.ckpt(model), model.config.latent_shape, model.config.image_shape
    yield Paragraph(
        _(
            "A code of {model} is {channels} maps of {height}×{width}: {size} numbers for the {pixels} of an image ({image}), one for every {ratio}."
        ).format(
            model=material.quoted(model),
            channels=shape[0],
            height=shape[1],
            width=shape[2],
            size=number(prod(shape)),
            pixels=number(prod(image)),
            image=times(image),
            ratio=number(prod(image) / prod(shape)),
        )
    )
    yield from model_blocks.network(name, material, model)
    yield from model_blocks.loss(material, [model])
    yield from losses.psnr()
    yield from model_blocks.training(name, material, [model])
    yield model_blocks.results(name, material, [model])
    found = []
    clean = [row for row in ckpt.metrics["evaluations"] if not row.get("noise_factor") and not row["noise_variance"]]
    pca = [row for row in material.baselines.get("linear_code", []) if not row["noise_variance"]]
    if clean and pca:
        found.append(
            photo_observations.against_pca(clean[0]["psnr_db"], pca[0]["psnr_db"], material.baselines["num_components"])
        )
    if material.images is not None and ckpt.model.refinement is not None:
        x = material.images
        first = ckpt.model.generate(ckpt.model.first_code(x))
        whole = ckpt.model.decode(material.encoded(model))
        found.append(
            photo_observations.of_refinement(psnr_db(x, first).mean().item(), psnr_db(x, whole).mean().item(), len(x))
        )
    if found:
        yield Observations(tuple(found))
    yield OwnWords(key(scene, "D1"), _("Why are maps a better code for photos than a row of numbers? What does the code keep of a photo, and what does it give up?"))  # fmt: skip


def nine_photos(material: Material, scene: Scene) -> Iterator[Block]:
    """D2."""
    name, many = f"{scene.name}-d2", material.words.many
    yield Paragraph(_("Task: show nine random {many}, their reconstructions, and the latent codes.").format(many=many))
    if not material.maps:
        yield no_maps()
        return
    model = material.maps[0]
    ckpt, x = material.ckpt(model), material.images
    z = drawing.pick(ckpt, 9, scene.seed) if x is None else material.encoded(model)
    x_hat = ckpt.model.decode(z)
    yield photo_figures.convolutional(name, ckpt, x, z, x_hat, many, scene)
    yield from about_images(material)
    found = []
    if x is not None:
        psnr = psnr_db(x, x_hat).tolist()
        if len(psnr) > 1:
            found.append(observations.of_nine(psnr))
        if step := detail.mean_step(x):
            share = detail.mean_step(x_hat) / step
            found.append(photo_observations.of_detail(share, detail.fine_share(x - x_hat, BLOCK_PX), BLOCK_PX))
    found += photo_observations.of_channels(probing.channel_power(ckpt.codes))
    yield Observations(tuple(found))
    yield OwnWords(key(scene, "D2"), _("What do the maps of the code have in common with the photo? Which parts of a photo are rebuilt badly, and why?"))  # fmt: skip


def gaussian_sampling(material: Material, scene: Scene) -> Iterator[Block]:
    """D3."""
    name, words = f"{scene.name}-d3", material.words
    yield Paragraph(_("Task: encode 256 random {many}, fit a Gaussian to their codes by mean and covariance, draw nine samples, decode them, and say what is seen.").format(many=words.many))  # fmt: skip
    model = plain_varied(material)
    if model is None:
        yield no_gaussian(material)
        return
    ckpt, seeds = material.ckpt(model), scene.seeds[:9]
    codes, z = drawing.fitted_codes(ckpt), drawing.sample(ckpt, seeds)
    yield Paragraph(_("The Gaussian of {model} is fitted on {num} codes of test {many} that come with the model. A Gaussian keeps the mean of each element and how each pair goes together; all else that makes codes of real photos is lost.").format(model=material.quoted(model), num=number(len(codes)), many=words.many))  # fmt: skip
    yield photo_figures.sampling(name, ckpt, z, seeds, scene)
    yield photo_figures.spectrum(name, ckpt, material.title(model))
    stats = latents.fit(codes)
    found = photo_observations.of_gaussian(
        latents.rank(stats),
        codes[0].numel(),
        len(codes),
        perturbation.effective_dimensions(codes),
        latents.excess_kurtosis(codes),
    )
    distance = latents.nearest(codes, z)[1].mean().item()
    found.append(photo_observations.of_distance(distance, latents.mean_spacing(codes)))
    if real := detail.mean_step(ckpt.model.decode(codes[:9])):
        found.append(photo_observations.of_sample_detail(detail.mean_step(ckpt.model.decode(z)) / real))
    found += photo_observations.of_generation(material.generation, model.name, ckpt.provenance, words)
    yield Observations(tuple(found))
    yield OwnWords(key(scene, "D3"), _("What do the samples look like, and why do they not look like {dogs}? What would a better distribution have to know of the codes?").format(dogs=words.what_many))  # fmt: skip


def plain_varied(material: Material) -> Model | None:
    """The model that items D3 and D4 are about: the plain one, if a Gaussian can be fitted on its codes, else another."""
    return next(iter(material.varied), None)


def no_maps() -> Paragraph:
    return no_model(_("There is no model with a code of channels × height × width."))


def no_gaussian(material: Material) -> Paragraph:
    """Why there are no Gaussian samples."""
    if not material.maps:
        return no_maps()
    return Paragraph(
        _(
            "The Gaussian samples of {models} are left out: their codes are too few or all the same. Train with more {many}."
        ).format(models=list_of(map(material.quoted, material.maps)), many=material.words.many)
    )
