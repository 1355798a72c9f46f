"""What computes the passes of a training: three engines, one path.

"eager" and "numpy" take one step after the other (`nets.steps`); "numba" compiles the step, and the
loop over the batches of a pass around it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_nn.transforms.containers import flatten

from .samples import Part
from .steps import Pace, Plan, calm, one_by_one, program

if TYPE_CHECKING:
    from .descent import Descent


@functools.lru_cache(maxsize=64)
def _kernel(plan: Plan, size: int, rows: bool) -> Any:
    """Return the compiled step for batches of `size` samples, which lie in rows or in columns.

    Whatever the plan, it takes the same arguments, and changes all leaves in place.
    """
    from numba import njit

    net, rng = plan.network(), np.random.default_rng(0)
    x = rng.normal(size=(plan.structure[0], size)).astype(plan.dtype)
    x = np.ascontiguousarray(x.T) if rows else x
    y = np.full((plan.structure[-1], size), 1 / plan.structure[-1], plan.dtype)
    numbers = plan.optimizer.numbers(0.25, 1)
    given: dict[str, Any] = {"clip": 1.0} if plan.clip else {}
    given |= {"decay": 0.1} if plan.decay else {}
    taken = [*given, *(f"numbers[{k}]" for k in range(len(numbers)))]
    given["numbers"] = numbers
    if plan.weighted:
        given["shares"] = np.full(size, 1 / size, plan.dtype)
        taken.append("shares")
    before = net.parameters(), calm(plan.optimizer.init(net.parameters()))
    made = program(plan, "numba", rows).lower(*before, x, y, given)
    pairs = zip(flatten(before)[0], flatten(made(*before, x, y, given)[:2])[0], strict=True)
    apart = [leaf for leaf, (a, b) in enumerate(pairs) if a is not b]  # are handed back
    lines = [
        "def step(leaves, x, y, clip, decay, numbers, shares):",
        f"    result = kernel(*leaves, x{'.T' if rows else ''}, y, {', '.join(taken)})",
        *(f"    leaves[{leaf}][:, :] = result[{k}]" for k, leaf in enumerate(apart)),
        f"    return result{f'[{len(apart)}]' if apart else ''}",
    ]
    space: dict[str, Any] = {"kernel": made.kernel}
    exec("\n".join(lines), space)  # noqa: S102 - of the names above and nothing else
    return njit(nogil=True)(space["step"])


@functools.lru_cache(maxsize=1)
def _compiled_batch() -> Any:
    """Return what gathers a batch and takes its step, compiled."""
    from numba import njit

    @njit(nogil=True)
    def gather(x: Any, X: Any, chosen: Any) -> None:
        if X.strides[0] >= X.strides[1]:  # rows of X lie side by side: read them so
            for i in range(X.shape[0]):
                for j in range(len(chosen)):
                    x[i, j] = X[i, chosen[j]]
        else:
            for j in range(len(chosen)):
                for i in range(X.shape[0]):
                    x[i, j] = X[i, chosen[j]]

    @njit(nogil=True)
    def batch(
        step: Any, leaves: Any, X: Any, Y: Any, weights: Any, chosen: Any, x: Any, y: Any,
        clip: Any, decay: Any, over: Any, numbers: Any,
    ) -> Any:  # fmt: skip
        gather(x, X, chosen)
        gather(y, Y, chosen)
        count = len(chosen)
        counts, part = float(count), np.empty(len(chosen) if len(weights) else 0, x.dtype)
        if len(weights):
            counts = 0.0
            for j in range(count):
                counts += weights[chosen[j]]
            for j in range(count):
                part[j] = weights[chosen[j]] / (counts if counts else 1.0)
        if over and counts:
            decay = decay / counts
        return step(leaves, x, y, clip, decay, numbers, part) * counts, counts

    return batch


@functools.lru_cache(maxsize=64)
def _compiled_pass(full: Any, last: Any) -> Any:
    """Return the loop over the batches of a pass, the last of which may be smaller, compiled."""
    from numba import njit

    batch = _compiled_batch()

    @njit(nogil=True)
    def run(
        leaves: Any, X: Any, Y: Any, weights: Any, order: Any, buffers: Any,
        clip: Any, decay: Any, over: Any, numbers: Any,
    ) -> Any:  # fmt: skip
        x, y, last_x, last_y = buffers
        m, size = len(order), x.shape[1]
        total = counts = 0.0
        k = 0
        for start in range(0, m - size + 1, size):
            chosen = order[start : start + size]
            cost, count = batch(full, leaves, X, Y, weights, chosen, x, y, clip, decay, over,
                                numbers[k])  # fmt: skip
            total, counts, k = total + cost, counts + count, k + 1
        rest = m % size
        if rest:
            cost, count = batch(last, leaves, X, Y, weights, order[m - rest :], last_x, last_y,
                                clip, decay, over, numbers[k])  # fmt: skip
            total, counts = total + cost, counts + count
        return total, counts

    return run


def compiled(descent: Descent, plan: Plan, part: Part, pace: Pace) -> tuple[float, float]:
    """Go once over samples in one compiled loop; with dropout a compiled step at a time."""
    if plan.dropout:
        return one_by_one(descent, plan, part, pace)
    X, Y, m = np.asarray(part.X), np.asarray(part.Y), int(part.X.shape[1])
    size = min(part.size, m)
    rows = X.flags.f_contiguous  # a sample's numbers lie side by side, and stay so
    rest = m % size or size
    full, last = (_kernel(plan, count, rows) for count in (size, rest))
    buffers = [
        np.empty((len(array), count), plan.dtype, order="F" if rows and array is X else "C")
        for count in (size, rest)
        for array in (X, Y)
    ]
    total, counts = _compiled_pass(full, last)(
        tuple(flatten((descent.net.parameters(), descent.state))[0]), X, Y,
        np.empty(0) if part.weights is None else part.weights,
        np.arange(m) if part.order is None else part.order, tuple(buffers),
        pace.given.get("clip", 0.0), pace.given.get("decay", 0.0), plan.decay_over, pace.numbers,
    )  # fmt: skip
    return float(total), float(counts)


ENGINES: dict[str, Callable[[Descent, Plan, Part, Pace], tuple[float, float]]] = {
    "numpy": one_by_one,
    "numba": compiled,
    "eager": one_by_one,
}
