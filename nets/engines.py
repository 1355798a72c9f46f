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


@functools.lru_cache(maxsize=64)
def _compiled_pass(full: Any, last: Any) -> Any:
    """Return the loop over the batches of a pass, the last of which may be smaller, compiled."""
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
    def run(
        leaves: Any, X: Any, Y: Any, order: Any, shares: Any, counts: Any, buffers: Any,
        clip: Any, decays: Any, numbers: Any,
    ) -> Any:  # fmt: skip
        x, y, last_x, last_y = buffers
        m, size = len(order), x.shape[1]
        total = 0.0
        for k in range(m // size):
            chosen, share = order[k * size : (k + 1) * size], shares[k * size : (k + 1) * size]
            gather(x, X, chosen)
            gather(y, Y, chosen)
            total += counts[k] * full(leaves, x, y, clip, decays[k], numbers[k], share)
        rest = m % size
        if rest:
            gather(last_x, X, order[m - rest :])
            gather(last_y, Y, order[m - rest :])
            share = shares[m - rest :]
            total += counts[-1] * last(leaves, last_x, last_y, clip, decays[-1], numbers[-1], share)
        return total

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
    order = np.arange(m) if part.order is None else part.order
    starts, shares = np.arange(0, m, size), np.empty(0, plan.dtype)
    sizes = np.diff(starts, append=m)
    counts = sizes.astype(float)
    if part.weights is not None:
        w = part.weights[order]
        counts = np.add.reduceat(w, starts)
        shares = (w / np.repeat(np.where(counts, counts, 1), sizes)).astype(plan.dtype)
    decays = np.full(len(starts), pace.given.get("decay", 0.0))
    decays /= np.where(counts, counts, 1) if plan.decay_over else 1
    total = _compiled_pass(full, last)(
        tuple(flatten((descent.net.parameters(), descent.state))[0]), X, Y, order, shares, counts,
        tuple(buffers), pace.given.get("clip", 0.0), decays, pace.numbers,
    )  # fmt: skip
    return float(total), float(counts.sum())


ENGINES: dict[str, Callable[[Descent, Plan, Part, Pace], tuple[float, float]]] = {
    "numpy": one_by_one,
    "numba": compiled,
    "eager": one_by_one,
}
