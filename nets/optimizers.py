"""Optimisers: what is done with the gradient, as (init, update), and learning rates that change.

The rules are plain formulas on arrays, which are traced into the training step, so that they run
in its program; on Tensors they are recorded like anything else. The few numbers that change from
step to step are worked out beside it.

1. `Optimizer` carries one rule to all parameters; `OPTIMIZERS` are those with a name.
2. `exponential`, `cosine`, `inverse`, `warmup`, `piecewise` are schedules: functions of the
   number of the step, from 0, that say what the learning rate is multiplied by.
3. `clipped` bounds the length of the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .parameters import one_of

State = dict[str, dict[str, Any]]
Schedule = Callable[[int], float]


@dataclass(frozen=True)
class Optimizer:
    """Plain gradient descent, and what every optimiser of one's own overrides.

    p ← p − α g  (section 4.3 of the document).

    Attributes
    ----------
    slots : tuple of str
        What is kept for each parameter from step to step, 0 at first.
    """

    slots: ClassVar[tuple[str, ...]] = ()

    def numbers(self, alpha: float, t: int) -> tuple[float, ...]:
        """Return the numbers that the rule needs in step t, from 1, at the learning rate α."""
        return (alpha,)

    def rule(self, g: Any, kept: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return what is added to a parameter, and what is kept from now on.

        Parameters
        ----------
        g : array or Tensor
            The gradient.
        kept : tuple
            What is kept, in the order of `slots`.
        numbers : tuple
            Those of the step.
        """
        (alpha,) = numbers
        return (-(alpha * g),)

    def init(self, parameters: Mapping[str, Any]) -> State:
        """Return what is kept before the first step: ``{slot: {name: zeros}}``."""
        return {
            slot: {name: np.zeros_like(array) for name, array in parameters.items()}
            for slot in self.slots
        }

    def update(
        self,
        gradients: Mapping[str, Any],
        state: State,
        parameters: Mapping[str, Any],
        numbers: tuple[Any, ...],
    ) -> tuple[dict[str, Any], State]:
        """Return what is added to each parameter, and what is kept from now on."""
        updates: dict[str, Any] = {}
        after: State = {slot: {} for slot in self.slots}
        for name, g in gradients.items():
            kept = tuple([state[slot][name] for slot in self.slots])
            updates[name], *fresh = self.rule(g, kept, numbers)
            for slot, value in zip(self.slots, fresh, strict=True):
                after[slot][name] = value
        return updates, after


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← μ v + g, p ← p − α v  (Polyak, 1964; as in ``torch.optim.SGD(momentum=μ)``)."""

    momentum: float = 0.9
    slots: ClassVar[tuple[str, ...]] = ("v",)

    def rule(self, g: Any, kept: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the update and v."""
        (alpha,) = numbers
        v = self.momentum * kept[0] + g
        return -(alpha * v), v


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v ← μ v + g, p ← p − α (g + μ v)  (Sutskever et al., 2013; ``SGD(nesterov=True)``)."""

    def rule(self, g: Any, kept: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the update and v."""
        (alpha,) = numbers
        v = self.momentum * kept[0] + g
        return -(alpha * (g + self.momentum * v)), v


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """s ← ρ s + (1 − ρ) g², p ← p − α g / (√s + ε)  (Hinton, lecture 6e, 2012)."""

    rho: float = 0.99
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("s",)

    def rule(self, g: Any, kept: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the update and s."""
        (alpha,) = numbers
        s = self.rho * kept[0] + (1 - self.rho) * np.square(g)
        return -(alpha * g) / (np.sqrt(s) + self.epsilon), s


@dataclass(frozen=True)
class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − α m̂ / (√v̂ + ε).

    m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) undo that both start at 0 (Kingma and Ba, 2015).
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("m", "v")

    def numbers(self, alpha: float, t: int) -> tuple[float, ...]:
        """Return α √(1 − β₂ᵗ)/(1 − β₁ᵗ) and ε √(1 − β₂ᵗ), m̂ and v̂ being multiplied out."""
        root = float((1 - self.beta_2**t) ** 0.5)
        return alpha * root / (1 - self.beta_1**t), self.epsilon * root

    def rule(self, g: Any, kept: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the update, m and v."""
        rate, epsilon = numbers
        m = self.beta_1 * kept[0] + (1 - self.beta_1) * g
        v = self.beta_2 * kept[1] + (1 - self.beta_2) * np.square(g)
        return -(rate * m) / (np.sqrt(v) + epsilon), m, v


@dataclass(frozen=True)
class AdamW(Adam):
    """As `Adam`, and w ← w − α λ w of every weight (not biases) (Loshchilov and Hutter, 2019).

    The decay does not go through m and v, and J has no penalty.
    """

    weight_decay: float = 0.01

    def numbers(self, alpha: float, t: int) -> tuple[float, ...]:
        """Return the numbers of Adam, and α λ."""
        return *super().numbers(alpha, t), alpha * self.weight_decay

    def update(
        self,
        gradients: Mapping[str, Any],
        state: State,
        parameters: Mapping[str, Any],
        numbers: tuple[Any, ...],
    ) -> tuple[dict[str, Any], State]:
        """Return what is added to each parameter, and what is kept from now on."""
        updates, after = super().update(gradients, state, parameters, numbers[:-1])
        for name, p in parameters.items():
            if name.startswith("W"):
                updates[name] = updates[name] - numbers[-1] * p
        return updates, after


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Optimizer,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}


def optimizer_of(given: str | Optimizer) -> Optimizer:
    """Return the optimiser of that name, or the one that is given itself.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if isinstance(given, Optimizer):
        return given
    return OPTIMIZERS[one_of("optimizer", given, OPTIMIZERS, ", or a nets.optimizers.Optimizer")]()


# -- the gradient's length ------------------------------------------------------------------------


def clipped(gradients: Mapping[str, Any], most: Any) -> dict[str, Any]:
    """Return the gradients, scaled so that all together are no longer than `most`.

    g ← g · c / max(‖g‖, c), ‖g‖² being the sum of the squares of all elements of all gradients.
    """
    length = sum(np.sum(np.square(g)) for g in gradients.values()) ** 0.5
    factor = most / np.maximum(length, most)
    return {name: factor * g for name, g in gradients.items()}


# -- learning rates -------------------------------------------------------------------------------


def exponential(rate: float, steps: int = 1) -> Schedule:
    """Return the schedule rate^(t/steps)."""
    return lambda t: float(rate ** (t / steps))


def inverse(power: float = 0.5) -> Schedule:
    """Return the schedule 1/(t + 1)^power."""
    return lambda t: float((t + 1) ** -power)


def cosine(steps: int, last: float = 0.0) -> Schedule:
    """Return the schedule from 1 to `last` in `steps` steps, along half a cosine."""
    return lambda t: last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(t / steps, 1.0)))


def warmup(steps: int, then: Schedule | None = None) -> Schedule:
    """Return the schedule that rises evenly to 1 in `steps` steps, and goes on as `then`."""

    def schedule(t: int) -> float:
        if t < steps:
            return (t + 1) / steps
        return 1.0 if then is None else then(t - steps)

    return schedule


def piecewise(factors: Mapping[int, float]) -> Schedule:
    """Return the schedule that changes to a factor at each of the given steps.

    >>> halved = piecewise({100: 0.5, 200: 0.25})
    >>> halved(99), halved(100), halved(1000)
    (1.0, 0.5, 0.25)
    """
    marks = sorted(factors)

    def schedule(t: int) -> float:
        passed = [mark for mark in marks if mark <= t]
        return float(factors[passed[-1]]) if passed else 1.0

    return schedule
