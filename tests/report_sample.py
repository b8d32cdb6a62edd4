"""A small report with one of everything, for the tests of what is written from it; its pictures are of one colour."""

from functools import cache

import numpy as np
from PIL import Image

from aemodels.report import figures
from aemodels.report.document import (
    Cover,
    Equation,
    Figure,
    Observations,
    OwnWords,
    Paragraph,
    Reference,
    Report,
    Section,
    Table,
)
from aemodels.report.panels import Panel

NAME, NUMBER = "张三", "2023010101"
SETTINGS = {"model": "mnist-ae", "seed": 7, "噪声": "σ² = 0.1"}
LOSS = r"\mathcal{L} = -\frac{1}{N}\sum_{i=1}^{N}\left[x_i\log\hat{x}_i + (1-x_i)\log(1-\hat{x}_i)\right]"
REFERENCES = {
    "never": Reference("Nobody. Not cited. 2000."),
    "vae": Reference(
        "Kingma and Welling. Auto-encoding variational Bayes. ICLR, 2014.", "https://arxiv.org/abs/1312.6114"
    ),
    "dae": Reference("Vincent et al. Denoising autoencoders. ICML, 2008.", "https://doi.org/10.1145/1390156.1390294"),
}
WORDS = {
    "en": {
        "title": "Latent spaces of autoencoders",
        "sections": ("M2: A code of two numbers", "M3: Denoising", "M4: Uniform sampling", "D5: Noise in training"),
        "text": "The network squeezes an image into two numbers and rebuilds it [@dae], as others did before [@vae; @dae]. ",
        "caption": "Nine test digits and what is rebuilt of them [@vae].",
        "head": (
            "Model or baseline",
            "PSNR without noise (dB)",
            "PSNR at variance 0.05 (dB)",
            "at 0.10 (dB)",
            "Noise in training",
        ),
        "model": "Noise-regularised autoencoder, trained at a variance of 0.05",
        "said": "Of the 100 uniform samples, 29 fall into a hole.",
        "asks": "Which samples look like digits, and which do not?",
    },
    "zh": {
        "title": "自编码器的隐空间",
        "sections": ("M2 二维隐编码", "M3 去噪自编码器", "M4 均匀采样", "D5 训练时加噪声"),
        "text": "网络把一幅图像压缩成两个数，再由这两个数重建图像[@dae]，前人已有类似做法[@vae; @dae]。",
        "caption": "九幅测试图像及其重建结果[@vae]。",
        "head": (
            "模型或基线",
            "无噪声时的峰值信噪比（dB）",
            "方差0.05时的峰值信噪比（dB）",
            "0.10时（dB）",
            "训练时的噪声",
        ),
        "model": "在方差0.05下训练的噪声正则化自编码器",
        "said": "100个均匀采样的样本中，有29个落入空洞。",
        "asks": "哪些样本看起来像数字，哪些不像？",
    },
}


def panel(name="scene", colour=0, num_rows=3, **changes):
    image = figures.panel([[np.full((28, 28, 3), colour, np.uint8)] * 3], caption="three", width_px=2400)
    rows = [{"digit": i, "psnr_db": i / 3, "note": None} for i in range(num_rows)]
    values = dict(title=f"Title {name}", caption=f"Caption {name}", alt=f"Alt {name}", rows=rows, settings=SETTINGS)
    return Panel(**{"name": name, "png": figures.png(image), **values, **changes})


@cache
def picture(width_px, height_px):
    return figures.png(Image.new("RGB", (width_px, height_px), "grey"))


def report_of(*blocks, language="en", title="A title", **changes):
    """A report of one section."""
    sections = (Section("M2", "A section", blocks),)
    return Report(
        Cover(title, "A course", NAME, NUMBER, "2026"), sections, language, **{"references": REFERENCES, **changes}
    )


@cache
def sample(language="en", own="", name=NAME, number=NUMBER):
    """A report of some ten pages; what is in it depends on the language alone."""
    words, sections = WORDS[language], []
    for i, title in enumerate(words["sections"]):
        models = [
            (f"dog-noise-{j}" if j % 2 else words["model"], *(f"{24 + j}.{k}2 ± 0.08" for k in range(3)), "0.05")
            for j in range(5)
        ]
        layers = [(f"Linear {j}", f"{2**j}", f"{1000 * j:,}") for j in range(12 + 14 * (i % 2))]
        sections.append(
            Section(
                f"K{i}",
                title,
                (
                    Paragraph(words["text"] * (2 + 5 * i)),
                    Table(f"layers-{i}", words["caption"], ("Layer", "Shape", "Parameters"), tuple(layers)),
                    Equation(LOSS, "The binary cross-entropy, averaged over the pixels."),
                    Figure(panel(f"wide-{i}", title=title, caption=words["caption"], png=picture(2400, 900 + 500 * i))),
                    Table(f"psnr-{i}", words["caption"], words["head"], tuple(models)),
                    Observations((words["said"], words["text"] * 2)),
                    OwnWords(f"K{i}", words["asks"], own if i % 2 else ""),
                ),
            )
        )
    cover = Cover(words["title"], "Deep learning, lab 3", name, number, "2026-11-27")
    return Report(cover, tuple(sections), language, REFERENCES, words["said"])
