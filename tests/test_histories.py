import numpy as np
import pytest

from aemodels.storage import histories


def epochs(steps, psnr=None, seconds=60, **values):
    """A history with an epoch at each step; the epoch's number is the step over 100."""
    psnr = psnr or [None] * len(steps)
    return [
        {"epoch": s / 100, "step": s, "seconds": seconds * i, "psnr_db": p} | {k: v[i - 1] for k, v in values.items()}
        for i, (s, p) in enumerate(zip(steps, psnr, strict=True), start=1)
    ]


def training(name, history, reconstruction="mse"):
    return {"name": name, "model_config": {"reconstruction": reconstruction}, "history": history}


THREE = [
    training("a", epochs([100, 200], [20.0, 21.0], reconstruction=[0.5, 0.4])),
    training("b", epochs([50], [22.0], reconstruction=[0.3])),
    training("a", epochs([100, 300], [23.0, None], reconstruction=[-2.0, -3.0]), "log_mse"),
]


def test_a_curve_goes_on_after_the_trainings_between_with_a_gap_there():
    assert histories.curve(THREE, "a", "step", "psnr_db") == ([100, 200, 200, 350], [20.0, 21.0, None, 23.0])
    assert histories.curve(THREE, "b", "step", "psnr_db") == ([250, 250], [22.0, None])
    assert histories.curve(THREE, "c", "step", "psnr_db") == ([], [])


@pytest.mark.parametrize(
    ("along", "expected"), [("epoch", [1, 2, 2, 3.5]), ("minutes", [1, 2, 2, 4]), ("step", [100, 200, 200, 350])]
)
def test_a_curve_is_drawn_along_epochs_minutes_or_steps(along, expected):
    assert histories.curve(THREE, "a", along, "psnr_db")[0] == expected


def test_further_terms_are_those_that_the_loss_has_beside_the_reconstruction():
    told = {"epoch": 1, "step": 2, "seconds": 3.0, "learning_rate": 1e-3, "reconstruction": 0.2}
    assert histories.further_terms([told, told | {"psnr_db": 20.0}]) == []
    assert histories.further_terms([told | {"kl": 0.1}, told | {"sparsity": 0.1, "kl": 0.2}]) == ["kl", "sparsity"]
    assert histories.further_terms([]) == []


def test_a_logarithm_of_the_mse_is_drawn_as_the_mse():
    x, y = histories.curve(THREE, "a", "step", "reconstruction")
    assert x == [100, 200, 200, 350, 550]
    assert y == [0.5, 0.4, None, pytest.approx(np.exp(-2)), pytest.approx(np.exp(-3))]


def test_a_training_without_an_epoch_has_no_curve():
    assert histories.curve([training("a", [])], "a", "epoch", "psnr_db") == ([], [])


def test_gain_of_the_last_tenth_by_hand():
    # 90 % of 1000 steps lie halfway between the epochs at 800 and 1000, where the PSNR is 20.5.
    assert histories.last_tenth_gain_db(epochs([400, 800, 1000], [10.0, 20.0, 21.0])) == pytest.approx(0.5)
    assert histories.last_tenth_gain_db(epochs([900, 950, 1000], [20.0, None, 19.0])) == pytest.approx(-1.0)


@pytest.mark.parametrize("history", [[], epochs([10], [20.0]), epochs([10, 20], [None, 20.0])])
def test_no_gain_is_known_from_fewer_than_two_measurements(history):
    assert histories.last_tenth_gain_db(history) is None


def test_a_training_that_two_checkpoints_share_comes_once():
    shared, first, second, third = (training(name, epochs([n])) for n, name in enumerate("abcd", start=1))
    made, starts = histories.each_once({"b": [shared, first], "d": [shared, second, third], "a": [shared]})
    assert made == [shared, first, second, third]
    assert starts == [None, 0, 0, 2]


def test_processors_are_named_once_without_cores_and_processes():
    devices = [
        "CPU: AMD EPYC, 1 of 2 cores",
        "2 × CPU: AMD EPYC, 1 of 2 cores",
        "CPU: Intel(R) Xeon(R) Processor, 2 of 2 cores",
        "NVIDIA H100 80GB HBM3",
        "4 × NVIDIA H100 80GB HBM3",
    ]
    made = [{"provenance": {"device": device}} for device in devices]
    assert histories.processors(made) == ["AMD EPYC", "Intel Xeon Processor", "NVIDIA H100 80GB HBM3"]
