"""The step that every candidate takes, stated once, and the check that it is the same step.

`Problem` is a network of three layers with sigmoids, samples, and one step of gradient descent
on the mean over the samples of ½‖y − h‖². Arrays are laid out as in the rest of the package
(samples as columns); a library whose users put samples in rows transposes them before its clock
starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .timing import Candidate

TOLERANCE = {"float64": 1e-9, "float32": 1e-3}
"""Largest difference of the changes of a parameter, relative to the largest change."""


def f(z: np.ndarray) -> np.ndarray:
    """Return the sigmoid."""
    return 1 / (1 + np.exp(-z))


def f_slope(z: np.ndarray) -> np.ndarray:
    """Return the derivative of the sigmoid."""
    return f(z) * (1 - f(z))


def sample_by_sample(
    parameters: list[np.ndarray],
    X: np.ndarray,
    Y: np.ndarray,
    rate: float,
    passes: int,
    each: bool = False,
) -> list[float]:
    """Train in place by the document's algorithm (section 4.9), and return the mean costs.

    Plain Python over the samples and layers: every sample is fed forward, its δ is propagated
    back and its gradients are added up; after all of them a step is taken, or with `each` after
    every one. No mean, broadcast or sum over a batch is shared with any candidate, so this is
    what they are checked against, and what the package's training is compared with.
    """
    last = len(parameters) // 2 + 1
    W = {l: parameters[2 * l - 2] for l in range(1, last)}
    b = {l: parameters[2 * l - 1][:, 0] for l in range(1, last)}
    samples = X.shape[1]
    costs = []
    for _ in range(passes):
        sum_W = {l: np.zeros_like(W[l]) for l in W}
        sum_b = {l: np.zeros_like(b[l]) for l in b}
        total = 0.0
        for k in range(samples):
            x, y = X[:, k], Y[:, k]
            z, h, delta = {}, {1: x}, {}
            for l in range(1, last):
                z[l + 1] = W[l].dot(h[l]) + b[l]
                h[l + 1] = f(z[l + 1])
            total += 0.5 * float(np.linalg.norm(y - h[last])) ** 2
            delta[last] = -(y - h[last]) * f_slope(z[last])
            for l in range(last - 1, 0, -1):
                if l > 1:
                    delta[l] = W[l].T.dot(delta[l + 1]) * f_slope(z[l])
                sum_W[l] += np.outer(delta[l + 1], h[l])
                sum_b[l] += delta[l + 1]
            if each:
                for l in W:
                    W[l] -= rate * sum_W[l]
                    b[l] -= rate * sum_b[l]
                    sum_W[l][:] = 0
                    sum_b[l][:] = 0
        if not each:
            for l in W:
                W[l] -= rate / samples * sum_W[l]
                b[l] -= rate / samples * sum_b[l]
        costs.append(total / samples)
    return costs


@dataclass
class Problem:
    """A network, samples and a learning rate.

    Attributes
    ----------
    x : ndarray (s_1, m)
    y : ndarray (s_3, m)
    parameters : list of ndarray
        W1 (s_2, s_1), b1 (s_2, 1), W2 (s_3, s_2), b2 (s_3, 1).
    rate : float
        The learning rate α.
    """

    x: np.ndarray
    y: np.ndarray
    parameters: list[np.ndarray]
    rate: float = 0.25

    @classmethod
    def random(
        cls, structure: tuple[int, int, int], samples: int, dtype: str, seed: int = 0
    ) -> Problem:
        """Return a problem with standardised samples, one-hot targets and modest weights."""
        rng = np.random.default_rng(seed)
        inputs, hidden, outputs = structure
        x = rng.standard_normal((inputs, samples))
        y = np.zeros((outputs, samples))
        y[rng.integers(outputs, size=samples), np.arange(samples)] = 1
        weights = []
        for out, into in ((hidden, inputs), (outputs, hidden)):
            weights.append(rng.standard_normal((out, into)) / np.sqrt(into))
            weights.append(rng.uniform(-0.1, 0.1, (out, 1)))
        return cls(x.astype(dtype), y.astype(dtype), [w.astype(dtype) for w in weights])

    @classmethod
    def digits(cls, structure: tuple[int, int, int] = (64, 30, 10)) -> Problem:
        """Return the document's: its network, and the digits that are trained on."""
        from nets import load_digits

        digits = load_digits(seed=0)
        problem = cls.random(structure, 1, "float64")
        problem.x = np.ascontiguousarray(digits.X_train)
        problem.y = np.ascontiguousarray(digits.Y_train, dtype=float)
        return problem

    @property
    def samples(self) -> int:
        """The number of samples m."""
        return self.x.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of all arrays."""
        return self.x.dtype

    def copies(self) -> list[np.ndarray]:
        """Return fresh copies of the parameters, for a candidate to update."""
        return [p.copy() for p in self.parameters]

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y with a sample a row, contiguous."""
        return np.ascontiguousarray(self.x.T), np.ascontiguousarray(self.y.T)

    def after(self, passes: int = 1, each: bool = False) -> list[np.ndarray]:
        """Return the parameters after `passes` passes of `sample_by_sample`, in float64."""
        p = [w.astype(float) for w in self.parameters]
        sample_by_sample(p, self.x.astype(float), self.y.astype(float), self.rate, passes, each)
        return p

    def check(self, name: str, got: list[np.ndarray], expected: list[np.ndarray]) -> None:
        """Raise an AssertionError unless `got` are the `expected` parameters.

        The changes since the start are compared, which are much smaller than the parameters.
        """
        tolerance = TOLERANCE[self.dtype.name]
        for label, start, mine, right in zip(
            ("W1", "b1", "W2", "b2"), self.parameters, got, expected, strict=True
        ):
            if mine.shape != start.shape or mine.dtype != start.dtype:
                raise AssertionError(
                    f"{name}: {label} is {mine.dtype}{mine.shape}, "
                    f"expected {start.dtype}{start.shape}"
                )
            change = right - start
            worst = np.abs((mine.astype(float) - start) - change).max() / np.abs(change).max()
            if not worst <= tolerance:
                raise AssertionError(
                    f"{name}: the change of {label} differs from the right one by {worst:.2g} of "
                    f"its largest element, allowed are {tolerance:g}"
                )


@dataclass
class Contender(Candidate):
    """A candidate that updates parameters; `parameters` reads them in `Problem`'s layout."""

    parameters: Callable[[], list[np.ndarray]] | None = None


Maker = Callable[[Problem], Contender]


def prepare(
    makers: dict[str, Maker], problem: Problem, each: bool = False
) -> tuple[dict[str, Candidate], dict[str, str]]:
    """Make, run once and check the candidates.

    With `each` a pass takes one step a sample, in order, instead of one in all.

    Returns
    -------
    candidates : dict
        Those that can be made here, each after its first call.
    missing : dict
        For the others, why not.

    Raises
    ------
    AssertionError
        If a candidate does not compute the same step.
    """
    expected: dict[int, list[np.ndarray]] = {}
    ready: dict[str, Candidate] = {}
    missing: dict[str, str] = {}
    for name, make in makers.items():
        try:
            contender = make(problem)
        except ImportError as error:
            missing[name] = str(error)
            continue
        contender.call()
        contender.finish()
        if contender.parameters is not None:
            passes = contender.passes
            if passes not in expected:
                expected[passes] = problem.after(passes, each)
            problem.check(name, [np.array(p) for p in contender.parameters()], expected[passes])
        ready[name] = contender
    return ready, missing
