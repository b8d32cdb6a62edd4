"""Maps: the codes of a model, of three or more numbers each, laid out on a plane, and how far such a plane can be trusted."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from aemodels.codes import faults

METHODS = ("pca", "tsne")
K = 10  # nearest neighbours, wherever they are counted
MIN_CODES = 20  # fewer have no neighbourhoods
MAX_TSNE = 2500  # codes that t-SNE lays out: of 10,000 it takes minutes
MAX_TRUST = 2000  # codes by which trustworthiness is measured: it takes the square of their number in memory
TSNE_ITERATIONS = 500
SEED = 0


@dataclass(frozen=True)
class Layout:
    """Places on a plane of the first n codes of a model.

    places  (n, 2) float32
    trust   trustworthiness in [0, 1], 1 where nobody is a neighbour on the plane who is none in the code; of the first MAX_TRUST
            (Venna & Kaski 2001, by scikit-learn)
    kept    share of each code's K nearest codes that are among its K nearest on the plane
    """

    places: np.ndarray
    trust: float
    kept: float


def flat(codes: Tensor) -> np.ndarray:
    """Codes (n, ...) as rows (n, D), float32."""
    return codes.flatten(1).numpy()


def lay_out(codes: Tensor, method: str) -> Layout:
    """The codes (n, ...) on a plane by "pca", exactly, or by "tsne" (van der Maaten & Hinton 2008), which takes the first MAX_TSNE."""
    x = flat(codes)
    if method == "pca" or not faults.vary(codes):  # t-SNE does not end where all codes are the same
        places = fit_pca(codes).transform(x)
    else:
        from sklearn.manifold import TSNE

        x = x[:MAX_TSNE]
        perplexity = min(30.0, (len(x) - 1) / 3)
        tsne = TSNE(init="pca", perplexity=perplexity, max_iter=TSNE_ITERATIONS, random_state=SEED, n_jobs=1)
        places = tsne.fit_transform(x / x.std())
    places = np.ascontiguousarray(places, np.float32)
    return Layout(places, trust(x, places), share_kept(x, places))


def fit_pca(codes: Tensor):
    """scikit-learn's PCA of codes (n, ...) with two components; `transform` of new codes puts them on the map."""
    from sklearn.decomposition import PCA

    return PCA(2, svd_solver="full").fit(flat(codes))


def trust(x: np.ndarray, places: np.ndarray) -> float:
    """`Layout.trust` of places (n, 2) of codes x (n, D)."""
    from sklearn.manifold import trustworthiness

    x, places = x[:MAX_TRUST], places[:MAX_TRUST]
    return float(trustworthiness(x, places, n_neighbors=min(K, (len(x) - 1) // 2)))


def share_kept(x: np.ndarray, places: np.ndarray) -> float:
    """`Layout.kept` of places (n, 2) of codes x (n, D)."""
    in_code, on_plane = neighbours(x)[0], neighbours(places)[0]
    return float(
        np.mean([len(np.intersect1d(a, b)) for a, b in zip(in_code, on_plane, strict=True)]) / in_code.shape[1]
    )


def neighbours(x: np.ndarray, k: int = K) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest others of each row of x (n, D), by their numbers (n, k), and their distances (n, k), nearest first."""
    from sklearn.neighbors import NearestNeighbors

    distances, index = NearestNeighbors(n_neighbors=min(k, len(x) - 1)).fit(x).kneighbors()
    return index.astype(np.int32), distances.astype(np.float32)


def densest_first(places: np.ndarray) -> np.ndarray:
    """The order (n,) of places (n, 2) by the distance to the K-th nearest other, the densest first."""
    return neighbours(places)[1][:, -1].argsort(kind="stable").astype(np.int32)


def place_by_neighbours(codes: Tensor, places: np.ndarray, z: Tensor, k: int = 5) -> np.ndarray:
    """Where new codes z (m, ...) lie on a map that no formula extends: the median place (m, 2) of the k nearest of its codes.

    places  (n, 2), of the first n codes
    """
    from sklearn.neighbors import NearestNeighbors

    x = flat(codes)[: len(places)]
    nearest = NearestNeighbors(n_neighbors=min(k, len(x))).fit(x).kneighbors(flat(z), return_distance=False)
    return np.median(places[nearest], axis=1).astype(np.float32)
