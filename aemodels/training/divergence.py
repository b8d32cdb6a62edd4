"""When training's numbers stop being finite, it stops, before any of them is kept."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from aemodels.errors import DivergenceError


def require_finite(
    step: int, learning_rates: Sequence[float], norms: Sequence[Tensor], numbers: Iterable[Tensor] = ()
) -> None:
    """Raises DivergenceError, with the step and its learning rate, where training's numbers are finite no longer.

    Waits for the device. Processes that train together, whose gradients and weights are the same, all raise it or none.

    step            how many steps are done
    learning_rates  of the last of them
    norms           of the gradients at these, scalars
    numbers         all that came of them: weights, an optimiser's moments, losses
    """
    finite = torch.stack(list(norms)).isfinite().tolist()
    # The greatest magnitude, which is NaN where any number is.
    if all(finite) and nn.utils.get_total_norm(numbers, float("inf")).isfinite():
        return
    last = len(finite) - 1
    first = finite.index(False) if not all(finite) else last
    raise DivergenceError(
        f"Training diverged at step {step - last + first}, at a learning rate of {learning_rates[first]:.2g}: losses or weights grew "
        "too large to be numbers; lower learning_rate."
    )
