"""The papers that the report's methods and data sets come from; a text cites one by its key: [@kingma2014]."""

from aemodels.report.document import Reference

_ARXIV = "https://arxiv.org/abs/"

PAPERS: dict[str, Reference] = {
    "hinton2006": Reference(
        "Hinton, G. E. and Salakhutdinov, R. R. Reducing the dimensionality of data with neural networks. Science 313(5786), 504–507, 2006.",
        "https://doi.org/10.1126/science.1127647",
    ),
    "vincent2008": Reference(
        "Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. Extracting and composing robust features with denoising "
        "autoencoders. ICML, 1096–1103, 2008.",
        "https://doi.org/10.1145/1390156.1390294",
    ),
    "kingma2014": Reference(
        "Kingma, D. P. and Welling, M. Auto-encoding variational Bayes. ICLR, 2014.", f"{_ARXIV}1312.6114"
    ),
    "higgins2017": Reference(
        "Higgins, I., Matthey, L., Pal, A., Burgess, C., Glorot, X., Botvinick, M., Mohamed, S. and Lerchner, A. beta-VAE: Learning "
        "basic visual concepts with a constrained variational framework. ICLR, 2017.",
        "https://openreview.net/forum?id=Sy2fzU9gl",
    ),
    "bourtsoulatze2019": Reference(
        "Bourtsoulatze, E., Burth Kurka, D. and Gündüz, D. Deep joint source-channel coding for wireless image transmission. IEEE "
        "Transactions on Cognitive Communications and Networking 5(3), 567–579, 2019.",
        f"{_ARXIV}1809.01733",
    ),
    "ledoit2004": Reference(
        "Ledoit, O. and Wolf, M. A well-conditioned estimator for large-dimensional covariance matrices. Journal of Multivariate "
        "Analysis 88(2), 365–411, 2004.",
        "https://doi.org/10.1016/S0047-259X(03)00096-4",
    ),
    "dowson1982": Reference(
        "Dowson, D. C. and Landau, B. V. The Fréchet distance between multivariate normal distributions. Journal of Multivariate "
        "Analysis 12(3), 450–455, 1982.",
        "https://doi.org/10.1016/0047-259X(82)90077-X",
    ),
    "heusel2017": Reference(
        "Heusel, M., Ramsauer, H., Unterthiner, T., Nessler, B. and Hochreiter, S. GANs trained by a two time-scale update rule "
        "converge to a local Nash equilibrium. NIPS, 2017.",
        f"{_ARXIV}1706.08500",
    ),
    "naeem2020": Reference(
        "Naeem, M. F., Oh, S. J., Uh, Y., Choi, Y. and Yoo, J. Reliable fidelity and diversity metrics for generative models. ICML, 2020.",
        f"{_ARXIV}2002.09797",
    ),
    "khosla2011": Reference(
        "Khosla, A., Jayadevaprakash, N., Yao, B. and Fei-Fei, L. Novel dataset for fine-grained image categorization. First Workshop "
        "on Fine-Grained Visual Categorization, CVPR, 2011.",
        "http://vision.stanford.edu/aditya86/ImageNetDogs/",
    ),
    "lecun1998": Reference(
        "LeCun, Y., Bottou, L., Bengio, Y. and Haffner, P. Gradient-based learning applied to document recognition. Proceedings of the "
        "IEEE 86(11), 2278–2324, 1998.",
        "https://doi.org/10.1109/5.726791",
    ),
    "xiao2017": Reference(
        "Xiao, H., Rasul, K. and Vollgraf, R. Fashion-MNIST: A novel image dataset for benchmarking machine learning algorithms. "
        "arXiv:1708.07747, 2017.",
        f"{_ARXIV}1708.07747",
    ),
    "clanuwat2018": Reference(
        "Clanuwat, T., Bober-Irizar, M., Kitamoto, A., Lamb, A., Yamamoto, K. and Ha, D. Deep learning for classical Japanese "
        "literature. arXiv:1812.01718, 2018.",
        f"{_ARXIV}1812.01718",
    ),
    "he2016": Reference(
        "He, K., Zhang, X., Ren, S. and Sun, J. Deep residual learning for image recognition. CVPR, 770–778, 2016.",
        f"{_ARXIV}1512.03385",
    ),
    "marino2018": Reference(
        "Marino, J., Yue, Y. and Mandt, S. Iterative amortized inference. ICML, 2018.", f"{_ARXIV}1807.09356"
    ),
    "jordan2024": Reference(
        "Jordan, K., Jin, Y., Boza, V., You, J., Cesista, F., Newhouse, L. and Bernstein, J. Muon: An optimizer for hidden layers in "
        "neural networks. 2024.",
        "https://kellerjordan.github.io/posts/muon/",
    ),
    "loshchilov2019": Reference(
        "Loshchilov, I. and Hutter, F. Decoupled weight decay regularization. ICLR, 2019.", f"{_ARXIV}1711.05101"
    ),
    "laarhoven2017": Reference(
        "van Laarhoven, T. L2 regularization versus batch and weight normalization. arXiv:1706.05350, 2017.",
        f"{_ARXIV}1706.05350",
    ),
    "lee1976": Reference(
        "Lee, K.-H. and Petersen, D. P. Optimal linear coding for vector channels. IEEE Transactions on Communications 24(12), "
        "1283–1290, 1976.",
        "https://doi.org/10.1109/TCOM.1976.1093255",
    ),
    "shannon1949": Reference(
        "Shannon, C. E. Communication in the presence of noise. Proceedings of the IRE 37(1), 10–21, 1949.",
        "https://doi.org/10.1109/JRPROC.1949.232969",
    ),
    "bross2021": Reference(
        "Bross, B., Wang, Y.-K., Ye, Y., Liu, S., Chen, J., Sullivan, G. J. and Ohm, J.-R. Overview of the Versatile Video Coding (VVC) "
        "standard and its applications. IEEE Transactions on Circuits and Systems for Video Technology 31(10), 3736–3764, 2021.",
        "https://doi.org/10.1109/TCSVT.2021.3101953",
    ),
    "kay1993": Reference(
        "Kay, S. M. Fundamentals of statistical signal processing: Estimation theory. Prentice Hall, 1993."
    ),
}
OF_DATA = {"mnist": "lecun1998", "fashion-mnist": "xiao2017", "kmnist": "clanuwat2018", "stanford-dogs": "khosla2011"}


def of_data(source: str) -> str:
    """ " [@…]", the paper of a data set by its source, to stand after its name; empty where it has none."""
    return f" [@{OF_DATA[source]}]" if source in OF_DATA else ""
