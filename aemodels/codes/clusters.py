"""Clusters of codes, and how far they agree with labels that they were not told."""

from dataclasses import dataclass

import torch
from torch import Tensor

NUM_STARTS = 4  # of k-means, of which the best is kept
NUM_SHUFFLES = 20


@dataclass(frozen=True)
class Clusters:
    """k clusters of n codes, and their purity: the share of codes whose label is their cluster's commonest (Manning, Raghavan &
    Schütze 2008, Introduction to Information Retrieval, 16.3).

    chance  the mean purity of the same clusters when the labels are shuffled
    """

    k: int
    n: int
    purity: float
    chance: float


def cluster(codes: Tensor, labels: Tensor, seed: int) -> Clusters | None:
    """k-means on those of codes (n, ...) that have a label (n,), not −1, with as many clusters as there are labels.

    None where there are fewer than two labels, or codes all alike.
    """
    codes, labels = codes[labels >= 0].flatten(1), labels[labels >= 0]
    classes, labels = labels.unique(return_inverse=True)
    if len(classes) < 2 or len(codes.unique(dim=0)) < len(classes):
        return None
    from sklearn.cluster import KMeans  # slow to import

    found = KMeans(len(classes), n_init=NUM_STARTS, random_state=seed).fit_predict(codes.float().numpy())
    clusters = torch.from_numpy(found).long()
    generator = torch.Generator().manual_seed(seed)
    shuffled = [labels[torch.randperm(len(labels), generator=generator)] for _i in range(NUM_SHUFFLES)]
    chance = sum(purity(clusters, of_one) for of_one in shuffled) / NUM_SHUFFLES
    return Clusters(len(classes), len(labels), purity(clusters, labels), chance)


def purity(clusters: Tensor, labels: Tensor) -> float:
    """The share of items whose label is the commonest of their cluster; clusters and labels (n,), from 0."""
    num_labels = int(labels.max()) + 1
    counts = torch.bincount(clusters * num_labels + labels, minlength=(int(clusters.max()) + 1) * num_labels)
    return float(counts.view(-1, num_labels).amax(1).sum() / len(labels))
