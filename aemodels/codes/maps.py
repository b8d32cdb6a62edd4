"""Maps: the codes of a model, of three or more numbers each, laid out on a plane, and how far such a plane can be trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from aemodels.codes import faults

if TYPE_CHECKING:
    from openTSNE import TSNEEmbedding

METHODS = ("pca", "tsne")
K = 10  # nearest neighbours, wherever they are counted
MIN_CODES = 20  # fewer have no neighbourhoods
MAX_TRUST = 2000  # codes by which trustworthiness is measured: it takes the square of their number in memory
PERPLEXITY = 30  # of t-SNE, or a third of the codes where there are few
EARLY_STEPS, STEPS = 250, 500  # of t-SNE, those with exaggeration first
STEPS_A_TELL = 10  # between two calls of `progress`
SEED = 0


@dataclass(frozen=True)
class Layout:
    """Places on a plane of the codes of a model.

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


def lay_out(codes: Tensor, method: str, progress: Callable[[float], None] = lambda share: None) -> Layout:
    """The codes (n, ...) on a plane by "pca", exactly, or by "tsne" (van der Maaten & Hinton 2008), as openTSNE does it (Poličar, Stražar
    & Zupan 2024, https://doi.org/10.18637/jss.v109.i03): a minute of a processor core for 10,000.

    progress  told the share that is done, in [0, 1], now and then
    """
    x = flat(codes)
    is_pca = method == "pca" or not faults.vary(codes)  # t-SNE does not end where all codes are the same
    places = fit_pca(codes).transform(x) if is_pca else _tsne(codes, progress)
    places = np.ascontiguousarray(places, np.float32)
    return Layout(places, trust(x, places), share_kept(x, places))


def _tsne(codes: Tensor, progress: Callable[[float], None]) -> np.ndarray:
    from openTSNE import TSNE

    num_calls, all_calls = 0, (EARLY_STEPS + STEPS) // STEPS_A_TELL

    def tell(_iteration: int, _error: float, _embedding: np.ndarray) -> None:
        nonlocal num_calls
        num_calls += 1
        progress(num_calls / all_calls)

    tsne = TSNE(
        perplexity=_perplexity(codes),
        early_exaggeration_iter=EARLY_STEPS,
        n_iter=STEPS,
        neighbors="exact",
        initialization="pca",
        random_state=SEED,
        n_jobs=1,
        callbacks=tell,
        callbacks_every_iters=STEPS_A_TELL,
    )
    return np.asarray(tsne.fit(_scaled(codes, codes)))


def fit_tsne(codes: Tensor, places: np.ndarray) -> "TSNEEmbedding":
    """openTSNE's embedding of codes (n, ...) that it laid out at places (n, 2), for `place_by_tsne`."""
    from openTSNE import TSNEEmbedding, affinity

    nearness = affinity.PerplexityBasedNN(
        _scaled(codes, codes), _perplexity(codes), method="exact", n_jobs=1, random_state=SEED
    )
    return TSNEEmbedding(places.astype(float), nearness, n_jobs=1, random_state=SEED)


def place_by_tsne(embedding: "TSNEEmbedding", codes: Tensor, z: Tensor) -> np.ndarray:
    """Where new codes z (m, ...) lie, (m, 2), on the map of codes (n, ...) that `fit_tsne` was given: near their nearest codes, then moved as
    t-SNE would, all others held where they are (Poličar, Stražar & Zupan 2023, https://doi.org/10.1007/s10994-021-06043-1)."""
    return np.asarray(embedding.transform(_scaled(z, codes), perplexity=min(5, len(codes) / 3)), np.float32)


def _perplexity(codes: Tensor) -> float:
    return min(PERPLEXITY, (len(codes) - 1) / 3)


def _scaled(z: Tensor, codes: Tensor) -> np.ndarray:
    """Codes z (m, ...) as rows, in standard deviations of codes (n, ...): its numbers may be of any size."""
    x = flat(codes)
    return flat(z) / x.std()


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
    from scipy.spatial import cKDTree

    k = min(K, len(places) - 1)
    distances = cKDTree(places).query(places, [k + 1])[0][:, 0]  # the first is the place itself
    return distances.astype(np.float32).argsort(kind="stable").astype(np.int32)
