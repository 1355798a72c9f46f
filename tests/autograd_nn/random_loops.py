"""Random functions with loops in them: states that go on, lags, rows of arrays, broken steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_nn import grad

SHAPES = ((), (3,), (2, 3))
UNARY: Sequence[Any] = (np.tanh, np.sin, np.negative, lambda v: v * 0.5, lambda v: 1.25 - v, np.cos)
BINARY: Sequence[Any] = (np.add, np.subtract, np.multiply, np.maximum)


class Loops:
    """One random function of nested arguments, the same whenever it is called.

    Attributes
    ----------
    arguments : dict
        Example arguments.
    """

    def __init__(self, seed: int, longest: int = 14) -> None:
        rng = self.rng = np.random.default_rng([2026, seed])
        self.count = int(rng.integers(4, longest))
        self.shape = SHAPES[rng.integers(3)]
        self.dtype = "f8" if rng.random() < 0.8 else "f4"
        self.states = int(rng.integers(1, 4))
        n = self.count

        def draw(*shape: int) -> Any:
            return np.asarray(rng.uniform(-1, 1, shape)).astype(self.dtype)

        self.arguments: dict[str, Any] = {
            "x": draw(2 * n + 3, *self.shape),
            "w": [draw(*self.shape) for _ in range(n)],
            "p": [{"a": draw(*self.shape), "b": draw()} for _ in range(n)],
            "c": draw(*self.shape),
            "h": [draw(*self.shape) for _ in range(self.states)],
            "s": 0.75,
        }
        self.numbers = rng.uniform(-1, 1, n).tolist()
        self.permuted = rng.permutation(n).tolist()
        self.steps = [self._step() for _ in range(int(rng.integers(1, 7)))]
        self.broken = {int(t) for t in rng.integers(0, n, rng.integers(0, 3))}
        if rng.random() < 0.5:
            self.broken = set()
        self.other = self._step()
        self.inner = int(rng.integers(2, 6)) if rng.random() < 0.2 else 1
        self.zero_start = rng.random() < 0.3
        self.wanted = rng.random(6) < 0.5
        self.pick = int(rng.integers(0, n))
        self.lag = int(rng.integers(1, 4))

    def _step(self) -> tuple[Any, ...]:
        rng = self.rng
        kinds = ("state", "lag", "x", "w", "a", "b", "c", "number", "permuted", "affine", "local",
                 "back", "s", "constant")  # fmt: skip
        first, second = (str(rng.choice(kinds)) for _ in range(2))
        return (
            first,
            second,
            int(rng.integers(len(UNARY))),
            int(rng.integers(len(BINARY))),
            int(rng.integers(8)),
        )

    def _operand(
        self, kind: str, t: int, k: int, a: Any, states: Any, past: Any, local: Any
    ) -> Any:
        n = self.count
        if kind == "lag":
            return past[-min(len(past), self.lag + k % 2)][k % self.states]
        if kind == "local" and local:
            return local[-1 - k % len(local)]
        found: dict[str, Callable[[], Any]] = {
            "x": lambda: a["x"][t], "w": lambda: a["w"][t], "a": lambda: a["p"][t]["a"],
            "b": lambda: a["p"][t]["b"], "c": lambda: a["c"], "number": lambda: self.numbers[t],
            "permuted": lambda: a["x"][self.permuted[t]], "affine": lambda: a["x"][2 * t + k % 3],
            "back": lambda: a["w"][n - 1 - t], "s": lambda: a["s"], "constant": lambda: 0.5,
        }  # fmt: skip
        return found.get(kind, lambda: states[k % self.states])()

    def __call__(self, a: Any) -> Any:
        """Return a cost and further results."""
        states = list(a["h"])
        if self.zero_start:
            states[0] = np.zeros(self.shape, self.dtype)
        past, costs = [list(states)], []
        local: list[Any] = []
        for t in range(self.count):
            for _ in range(self.inner):
                local = []
                for step in self.steps:
                    broken = t in self.broken and step[-1] % 2
                    first, second, unary, binary, k = self.other if broken else step
                    u = self._operand(first, t, k, a, states, past, local)
                    v = self._operand(second, t, k + 1, a, states, past, local)
                    local.append(UNARY[unary](BINARY[binary](u, v)))
                states = [states[k] * 0.5 + np.tanh(local[k % len(local)] + states[0])
                          for k in range(self.states)]  # fmt: skip
                past.append(states)
            costs.append(np.sum(states[-1] * local[0]))
        total = sum(costs[1:], costs[0]) + np.sum(a["c"])
        first, second, third, *_ = self.wanted.tolist()
        rest: dict[str, Any] = {
            "last": states if first else None,
            "all": np.stack([s[0] for s in past[1:]]) if second else None,
            "one": past[self.pick][0] * 2 if third else None,
            "list": [s[-1] for s in past[1:]] if self.wanted[3] else None,
        }
        if second:
            total = total + np.sum(np.square(rest["all"]))
        return total, rest

    def differentiated(self) -> Callable[[Any], Any]:
        """Return the function with its gradient."""

        def f(a: Any) -> Any:
            given = {key: value for key, value in a.items() if key != "s"}
            slopes = grad(lambda g: self({**g, "s": a["s"]})[0])(given)
            return self(a), slopes

        return f
