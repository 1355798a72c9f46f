"""What is declared of given tensors: ``lambda y: np.sum(y, axis=0) == 1``, ``lambda s: s > 0``.

1. `called` says what a fact says of values.
2. `fulfil` moves random values to where facts hold; `refuted` names one that does not hold.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.backward import gradients
from ..core.recording import recording
from ..core.tensor import Tensor, plain

_STEPS, _NEAR, _MARGIN = 60, 1e-13, 0.1


def parameters(fact: Any) -> list[str]:
    """Return the names that a fact speaks of."""
    return list(inspect.signature(fact).parameters)


def called(fact: Any, values: Mapping[str, Any]) -> Any:
    """Return what a fact says of tensors.

    Raises
    ------
    ValueError
        If it speaks of something else.
    """
    missing = [n for n in parameters(fact) if n not in values]
    if missing:
        raise ValueError(f"assume speaks of {missing[0]!r}, which is no given tensor of the graph")
    return fact(*[values[n] for n in parameters(fact)])


def _short(fact: Any, leaves: Mapping[str, Tensor], margin: float) -> Tensor:
    """Return what is to become 0 so that a fact holds."""
    with recording():
        said = called(fact, leaves)
        sign = {"==": 0, ">": 1, ">=": 1, "<": -1, "<=": -1}.get(
            getattr(getattr(said, "op", None), "symbol", "")
        )
        if sign is None:
            raise ValueError("assume takes equations and signs, such as lambda s: s > 0")
        gap = said.inputs[0] - said.inputs[1]
        short: Tensor = gap * sign - margin
        found: Tensor = short * (plain(short) < 0) if sign else gap
    return found


def fulfil(assume: Sequence[Any], leaves: Mapping[str, Tensor], rng: np.random.Generator) -> None:
    """Move the values of leaves to where the facts hold, by Newton's method."""
    for _ in range(_STEPS if assume else 0):
        worst = 0.0
        for fact in assume:
            short = _short(fact, leaves, _MARGIN)
            flat = np.ravel(plain(short))
            worst = max(worst, float(np.abs(flat).max(initial=0)))
            moved = [leaves[n] for n in parameters(fact)]
            rows = [
                np.concatenate([np.ravel(g) for g in gradients(short, moved, seed)])
                for seed in np.eye(flat.size).reshape(-1, *short.shape)
            ]
            step = np.linalg.lstsq(np.array(rows), flat, rcond=None)[0]
            for leaf in moved:
                leaf.data = leaf.data - step[: leaf.size].reshape(leaf.shape)
                step = step[leaf.size :]
        if worst < _NEAR:
            return


def refuted(assume: Sequence[Any], leaves: Mapping[str, Tensor], rtol: float) -> list[str]:
    """Return what the facts speak of that do not hold for these values."""
    return [
        ", ".join(parameters(fact))
        for fact in assume
        if np.abs(plain(_short(fact, leaves, 0.0))).max(initial=0) > rtol
    ]
