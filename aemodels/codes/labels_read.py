"""How well the labels can be read off the codes: by nearest neighbours and by a linear classifier, beside chance."""

from dataclasses import dataclass

import numpy as np
import torch

from aemodels.codes.maps import SEED, K

FOLDS = 5
MAX_ITERATIONS = 200


@dataclass(frozen=True)
class Accuracy:
    """Shares of images whose label is told, each by a classifier fitted on the other folds.

    nearest  by a vote of the K nearest
    linear   by logistic regression on standardised numbers, a linear probe (Alain & Bengio 2016)
    chance   share of the commonest label: what one is right in who always says that one
    n        number of images
    """

    nearest: float
    linear: float
    chance: float
    n: int


def accuracy(x: np.ndarray, labels: np.ndarray) -> Accuracy | None:
    """How well labels (n,) are told by rows x (n, D), those without label, −1, left out; None where fewer than two labels have FOLDS
    images each."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    counts = np.bincount(labels[labels >= 0])
    if (counts >= FOLDS).sum() < 2:
        return None
    is_used = np.isin(labels, np.flatnonzero(counts >= FOLDS))
    x, labels = x[is_used], labels[is_used]
    folds = KFold(FOLDS, shuffle=True, random_state=SEED)
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=MAX_ITERATIONS, tol=1e-3))
    nearest, linear = (
        float(cross_val_score(model, x, labels, cv=folds).mean()) for model in (KNeighborsClassifier(K), probe)
    )
    return Accuracy(nearest, linear, float(counts.max() / len(labels)), len(labels))


def principal_scores(images: torch.Tensor, num_components: int) -> np.ndarray:
    """The first principal components of images (n, C, H, W), uint8: (n, at most num_components), in grey levels."""
    x = images.flatten(1).float()
    x = x - x.mean(0)
    if len(x) <= x.shape[1]:  # as many components as images: by the smaller matrix of their products
        variances, axes = torch.linalg.eigh(x @ x.T)
        scores = axes * variances.clamp(min=0).sqrt()
    else:
        scores = x @ torch.linalg.eigh(x.T @ x)[1]
    return scores.flip(1)[:, :num_components].contiguous().numpy()
