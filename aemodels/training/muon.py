"""The optimiser of the weight matrices."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class Muon(torch.optim.Muon):
    """torch.optim.Muon, which takes matrices one by one, in fewer and larger operations: those of one shape, lying or standing,
    are made orthogonal together. A GPU is kept waiting by the many small ones. State and settings are torch's, with the one
    adjustment of steps that treats lying and standing alike, "match_rms_adamw": AdamW's root mean square.

    dtype  in which they are made orthogonal; torch's own does it in bfloat16, however slow that is
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        super().__init__(params, lr, weight_decay, adjust_lr_fn="match_rms_adamw")
        self.dtype = dtype

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            alike = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    alike[min(p.shape), max(p.shape)].append(p)
            for (_, longer), matrices in alike.items():
                self._step_together(matrices, longer, group)

    def _step_together(self, matrices: list[Tensor], longer: int, group: dict) -> None:
        for p in matrices:
            if not self.state[p]:
                self.state[p]["momentum_buffer"] = torch.zeros_like(p.grad)
        grads, momenta = [p.grad for p in matrices], [self.state[p]["momentum_buffer"] for p in matrices]
        torch._foreach_lerp_(momenta, grads, 1 - group["momentum"])
        updates = torch._foreach_lerp(grads, momenta, group["momentum"])  # Nesterov's

        lying = torch.stack([u if u.shape[1] == longer else u.T for u in updates])  # (N, shorter, longer)
        lying = orthogonalise(lying.to(self.dtype), group["ns_coefficients"], group["ns_steps"], group["eps"]).float()
        updates = [u if p.shape[1] == longer else u.T for u, p in zip(lying, matrices, strict=True)]

        ratio = 0.2 * longer**0.5  # "match_rms_adamw"
        torch._foreach_mul_(matrices, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(matrices, updates, alpha=-group["lr"] * ratio)


def orthogonalise(x: Tensor, coefficients: tuple[float, float, float], num_steps: int, eps: float) -> Tensor:
    """Matrices (N, A, B), A ≤ B, with their singular values all near 1: the quintic Newton–Schulz iteration of Muon (Jordan et
    al. 2024, https://kellerjordan.github.io/posts/muon), which bfloat16 is exact enough for."""
    a, b, c = coefficients
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=eps)
    for _ in range(num_steps):
        gram = x @ x.mT  # (N, A, A)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x
