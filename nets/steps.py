"""The training step, and what computes passes of it: three engines, one path.

1. `Plan` says everything that a step depends on but its arrays; `step_of` is the step, to trace.
2. "eager" records every step's graph and differentiates it; "numpy" runs the step as a program
   of NumPy calls, made once by `jit`; "numba" compiles the step, and the loop over the batches
   of a pass around it.
3. Each is a class whose `run` goes over samples in batches and changes parameters and state in
   place. Batches are gathered from the samples as they lie, in their own dtype.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_nn import Tensor, gradients, jit, value_and_grad

from .activations import Activation
from .costs import Criterion
from .network import Network
from .optimizers import Optimizer, State, clipped

Array = NDArray[Any]


class Plan(NamedTuple):
    """What a step depends on but its arrays.

    Attributes
    ----------
    optimizer : Optimizer
    decay, clip, weighted : bool
        Whether there is weight decay in J, a bound for the gradient, weights of the samples.
    decay_over : bool
        Whether the λ that is given is divided by what a batch counts.
    dropout : tuple of float
        The share of the nodes of each hidden layer that is left out; () for none.
    """

    structure: tuple[int, ...]
    dtype: str
    activations: tuple[Activation, ...]
    criterion: Criterion
    optimizer: Optimizer = Optimizer()
    decay: bool = False
    decay_over: bool = False
    clip: bool = False
    weighted: bool = False
    dropout: tuple[float, ...] = ()

    @classmethod
    def of(cls, net: Network, **how: Any) -> Plan:
        """Return the plan for networks like `net`."""
        hidden = tuple([net.activations[l] for l in range(2, net.n_layers)])
        return cls(net.structure, net.dtype.name, hidden, net.criterion, **how)

    def network(self) -> Network:
        """Return a network of this kind, whose weights say nothing."""
        output, cost = self.criterion
        return Network(self.structure, seed=0, dtype=self.dtype, activation=self.activations,
                       output=output, cost=cost)  # fmt: skip


def step_of(plan: Plan) -> Callable[..., Any]:
    """Return the step of descent of a plan, as a function to trace.

    It takes ``(parameters, state, x, y, given)``; `given` holds ``"numbers"``, those of the
    optimiser, and what else the plan needs: ``"decay"``, ``"clip"``, ``"shares"``, ``"masks"``. It
    returns parameters and state after the step, and the cost before it.
    """
    slope, optimizer = gradient_of(plan), plan.optimizer

    def step(parameters: dict[str, Tensor], state: State, x: Any, y: Any, given: Any) -> Any:
        cost, gradient = slope(parameters, x, y, given)
        if plan.clip:
            gradient = clipped(gradient, given["clip"])
        updates, after = optimizer.update(gradient, state, parameters, given["numbers"])
        return {name: parameters[name] + updates[name] for name in parameters}, after, cost

    return step


def training_step(net: Network) -> Callable[..., Any]:
    """Return one step of plain descent for networks like `net`, as a function to trace and read.

    It takes ``(parameters, x, y, alpha)`` and returns the parameters after the step and the cost
    before it (sections 4.3 and 4.8).
    """

    def step(parameters: dict[str, Tensor], x: Any, y: Any, alpha: Any) -> Any:
        cost, gradient = value_and_grad(lambda p: net.record(p, x, y)["J"])(parameters)
        return {name: parameters[name] - alpha * gradient[name] for name in parameters}, cost

    return step


def gradient_of(plan: Plan) -> Callable[..., Any]:
    """Return the function ``(parameters, x, y, given)`` that gives J and its gradient."""
    return value_and_grad(functools.partial(recorded, plan.network(), plan))


def recorded(
    net: Network, plan: Plan, leaves: Mapping[str, Tensor], x: Any, y: Any, given: Any
) -> Tensor:
    """Return J of a batch, recorded."""
    decay = given["decay"] if plan.decay else None
    shares = given["shares"] if plan.weighted else None
    masks = {int(l): mask for l, mask in given["masks"].items()} if plan.dropout else None
    return net.record(leaves, x, y, decay, shares=shares, masks=masks)["J"]


@functools.lru_cache(maxsize=64)
def program(plan: Plan, engine: str, rows: bool = False) -> Any:
    """Return the program of a plan's step, for samples in columns or in rows."""
    step = step_of(plan)

    def by_rows(parameters: dict[str, Tensor], state: State, x: Any, y: Any, given: Any) -> Any:
        return step(parameters, state, x.T, y, given)

    return jit(by_rows if rows else step, donate=(0, 1), engine=engine)


class Pace(NamedTuple):
    """What the steps of a pass are given: the numbers of each, a row, and those of all."""

    numbers: Array
    given: dict[str, float]


class Engine:
    """Passes in batches, one step after the other; what takes the step is the subclass's.

    Parameters
    ----------
    plan : Plan
    parameters : dict of str to array
        Changed in place.
    state : dict
        Of the optimiser; changed in place.
    rng : Generator
        Of the dropout.
    """

    def __init__(self, plan: Plan, parameters: dict[str, Array], state: State, rng: Any) -> None:
        self.plan = plan
        self.parameters = parameters
        self.state = state
        self.rng = rng

    def run(
        self, X: Array, Y: Array, weights: Array | None, order: Array | None, size: int, pace: Pace
    ) -> tuple[float, float]:
        """Go once over the samples, and return the sum of the costs and what they count.

        Parameters
        ----------
        X, Y : array, shape (s_1, m), (s_{n_l}, m)
        weights : array, shape (m,), optional
        order : array of int, optional
            The order of the samples; as they stand, if left out.
        size : int
            Of the batches.
        pace : Pace
        """
        m, dtype = int(X.shape[1]), np.dtype(self.plan.dtype)
        total = counts = 0.0
        for start, numbers in zip(range(0, m, size), pace.numbers.tolist(), strict=True):
            chosen: Any = slice(start, start + size)
            if order is not None:
                chosen = order[chosen]
            x, y = gathered(X, chosen, dtype), gathered(Y, chosen, dtype)
            given: dict[str, Any] = {"numbers": tuple(numbers), **pace.given}
            count = float(x.shape[1])
            if self.plan.weighted:
                given["shares"], count = shares(weights, chosen, int(x.shape[1]), dtype)
            if self.plan.dropout:
                given["masks"] = self.masks(int(x.shape[1]))
            if self.plan.decay_over and self.plan.decay:
                given["decay"] /= count or 1.0
            total += self.step(x, y, given) * count
            counts += count
        return total, counts

    def masks(self, count: int) -> dict[str, Array]:
        """Return what h^(l) of a batch is multiplied by: 0, or 1 over the share that stays."""
        found = {}
        for l, share in enumerate(self.plan.dropout, 2):
            stays = self.rng.random((self.plan.structure[l - 1], count)) >= share
            found[str(l)] = (stays / (1 - share)).astype(self.plan.dtype)
        return found

    def step(self, x: Array, y: Array, given: dict[str, Any]) -> float:
        """Take a step, and return the cost before it."""
        raise NotImplementedError


def gathered(X: Array, chosen: Any, dtype: Any) -> Array:
    """Return some columns of `X`, in the order in which they lie in memory, as `dtype`."""
    if isinstance(chosen, slice):
        part = X[:, chosen]
    elif X.flags.f_contiguous:  # a sample's numbers lie side by side
        part = X.T[chosen].T
    else:
        part = X.take(chosen, axis=1)
    return part.astype(dtype, copy=False)


def shares(weights: Array | None, chosen: Any, count: int, dtype: Any) -> tuple[Array, float]:
    """Return what each sample of a batch counts, 1 in all, and what they weigh together."""
    if weights is None:
        return np.full(count, 1 / count, dtype), float(count)
    w = weights[chosen]
    total = float(w.sum())
    return (w / total if total else w).astype(dtype), total


class Eager(Engine):
    """Record the cost of every batch, differentiate it and descend (section 4.3)."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.net = self.plan.network()
        self.leaves = {
            name: Tensor(array, requires_grad=True, name=name)
            for name, array in self.parameters.items()
        }

    def step(self, x: Array, y: Array, given: dict[str, Any]) -> float:
        """Take a step, and return the cost before it."""
        J = recorded(self.net, self.plan, self.leaves, x, y, given)
        found = gradients(J, list(self.leaves.values()))
        gradient = dict(zip(self.leaves, found, strict=True))
        if self.plan.clip:
            gradient = clipped(gradient, given["clip"])
        descend(self.plan.optimizer, gradient, self.parameters, self.state, given["numbers"])
        return float(J.item())


class Programmed(Engine):
    """Run the step as a program, which updates the network's arrays in place."""

    engine = "numpy"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.program = program(self.plan, self.engine)
        self.seen: set[int] = set()

    def step(self, x: Array, y: Array, given: dict[str, Any]) -> float:
        """Take a step, and return the cost before it."""
        if self.state and int(x.shape[1]) not in self.seen:
            self.seen.add(int(x.shape[1]))
            copies = {name: array.copy() for name, array in self.parameters.items()}
            self.program(copies, calm(self.state), x, y, given)  # is made, and checked, on these
        after, state, cost = self.program(self.parameters, self.state, x, y, given)
        keep(self.parameters, after)
        for slot, arrays in self.state.items():
            keep(arrays, state[slot])
        return float(cost)


def calm(state: State) -> State:
    """Return a state of ones, in which a step depends smoothly on the gradient.

    Where Adam has seen nothing yet, its step is the gradient's sign, and rounding turns signs
    round: no state to compare a program on.
    """
    return {
        slot: {name: np.ones_like(array) for name, array in arrays.items()}
        for slot, arrays in state.items()
    }


def keep(arrays: Mapping[str, Array], after: Mapping[str, Array]) -> None:
    """Write what is from now on into the arrays of what was."""
    for name, array in arrays.items():
        if after[name] is not array:
            array[...] = after[name]


def descend(
    optimizer: Optimizer,
    gradient: Mapping[str, Array],
    parameters: Mapping[str, Array],
    state: State,
    numbers: tuple[float, ...],
) -> None:
    """Take the step that a gradient asks for, in place."""
    updates, after = optimizer.update(gradient, state, parameters, numbers)
    for name, array in parameters.items():
        np.add(array, updates[name], out=array)
    for slot, arrays in state.items():
        keep(arrays, after[slot])
