"""Can the class of pictures be told? By a linear classifier on fixed features, so that all it knows is what the features show."""

from math import nan, sqrt
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TOP = 5
STRENGTH = 0.01  # C of the logistic regression; chosen on reconstructions of held-out training photos
MAX_ITERATIONS = 200


def fit(features: Tensor, labels: Tensor) -> "Pipeline":
    """Multinomial logistic regression on standardised features (n, D), from pictures of the classes labels (n,), int64; those of -1 are
    left out."""
    from sklearn.linear_model import LogisticRegression  # slow to import
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    is_known = labels >= 0
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=MAX_ITERATIONS, tol=1e-3))
    return classifier.fit(features[is_known].numpy(), labels[is_known].numpy())


def ranks(classifier: "Pipeline", features: Tensor, labels: Tensor) -> Tensor:
    """How many classes are taken to be likelier than the right one (n,), 0 where that is told; all where the classifier has seen none of
    it. Pictures of label -1 are left out."""
    is_known = labels >= 0
    scores = torch.from_numpy(classifier.predict_log_proba(features[is_known].numpy()))
    classes = torch.from_numpy(classifier.classes_)
    is_right = classes == labels[is_known, None]
    right = scores.masked_fill(~is_right, -torch.inf).amax(1, keepdim=True)
    return (~is_right & (scores >= right)).sum(1)


def shares(ranks: Tensor) -> dict[str, float]:
    """Of how many pictures the class is told ("top1"), and is among the TOP likeliest ("top5"), each with half its 95 % confidence
    interval; "num_images" of them."""
    n, told = len(ranks), {}
    for name, most in (("top1", 1), ("top5", TOP)):
        share = float((ranks < most).double().mean())
        told |= {name: share, f"{name}_ci95": 1.96 * sqrt(share * (1 - share) / n)}
    return told | {"num_images": n}


def ratio(part: dict[str, float], whole: dict[str, float], name: str) -> tuple[float, float]:
    """part / whole of the shares of that name, and half its 95 % confidence interval, by propagating both errors (delta method); not a
    number where whole is 0."""
    a, b = part[name], whole[name]
    if not b:
        return nan, nan
    errors = [of[f"{name}_ci95"] / of[name] for of in (part, whole) if of[name]]
    return a / b, a / b * sqrt(sum(error**2 for error in errors))
