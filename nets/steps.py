"""The training step, and passes of it, one step after the other.

1. `Plan` says everything that a step depends on but its arrays; `step_of` is the step, to trace.
2. `program` is the step as an engine runs it: "eager" records its graph and differentiates it
   every time; the others have a program, made once by `jit`.
3. `one_by_one` goes over samples in batches and changes parameters and state in place. Batches
   are gathered from the samples as they lie, in their own dtype.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, jit, value_and_grad

from .activations import Activation
from .costs import Criterion
from .formulas import Array
from .network import Network
from .optimizers import Optimizer, State, clipped
from .samples import Part

if TYPE_CHECKING:
    from .descent import Descent


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
    slope = gradient_of(plan)

    def step(parameters: dict[str, Tensor], state: State, x: Any, y: Any, given: Any) -> Any:
        cost, gradient = slope(parameters, x, y, given)
        return *moved(plan, gradient, parameters, state, given), cost

    return step


def moved(plan: Plan, gradient: Any, parameters: Any, state: State, given: Any) -> Any:
    """Return parameters and state after the step that a gradient asks for."""
    if plan.clip:
        gradient = clipped(gradient, given["clip"])
    updates, after = plan.optimizer.update(gradient, state, parameters, given["numbers"])
    return {name: parameters[name] + updates[name] for name in parameters}, after


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
    net = plan.network()

    def J(leaves: Mapping[str, Tensor], x: Any, y: Any, given: Any) -> Tensor:
        decay = given["decay"] if plan.decay else None
        shares = given["shares"] if plan.weighted else None
        masks = {int(l): mask for l, mask in given["masks"].items()} if plan.dropout else None
        return net.record(leaves, x, y, decay, shares=shares, masks=masks)["J"]

    return value_and_grad(J)


@functools.lru_cache(maxsize=64)
def program(plan: Plan, engine: str, rows: bool = False) -> Any:
    """Return a plan's step as an engine runs it, for samples in columns or in rows."""
    step = step_of(plan)

    def by_rows(parameters: dict[str, Tensor], state: State, x: Any, y: Any, given: Any) -> Any:
        return step(parameters, state, x.T, y, given)

    taken = by_rows if rows else step
    return taken if engine == "eager" else jit(taken, donate=(0, 1), engine=engine)


class Pace(NamedTuple):
    """What the steps of a pass are given: the numbers of each, a row, and those of all."""

    numbers: Array
    given: dict[str, float]


def one_by_one(descent: Descent, plan: Plan, part: Part, pace: Pace) -> tuple[float, float]:
    """Go once over samples, and return the sum of the costs and what they count."""
    m, dtype = int(part.X.shape[1]), np.dtype(plan.dtype)
    step, parameters, state = program(plan, descent.engine), descent.net.parameters(), descent.state
    total = counts = 0.0
    for start, numbers in zip(range(0, m, part.size), pace.numbers.tolist(), strict=True):
        chosen: Any = slice(start, start + part.size)
        if part.order is not None:
            chosen = part.order[chosen]
        x, y = gathered(part.X, chosen, dtype), gathered(part.Y, chosen, dtype)
        given: dict[str, Any] = {"numbers": tuple(numbers), **pace.given}
        size = int(x.shape[1])
        count = float(size)
        if plan.weighted:
            given["shares"], count = shares(part.weights, chosen, size, dtype)
        if plan.dropout:
            given["masks"] = masks(plan, size, descent.dropped)
        if plan.decay_over and plan.decay:
            given["decay"] /= count or 1.0
        if state and descent.engine != "eager" and size not in descent.seen:
            descent.seen.add(size)
            copies = {name: array.copy() for name, array in parameters.items()}
            step(copies, calm(state), x, y, given)  # is made, and checked, on these
        *after, cost = step(parameters, state, x, y, given)
        keep(parameters, state, *after)
        total += float(cost) * count
        counts += count
    return total, counts


def masks(plan: Plan, count: int, rng: np.random.Generator) -> dict[str, Array]:
    """Return what h^(l) of a batch is multiplied by: 0, or 1 over the share that stays."""
    found = {}
    for l, share in enumerate(plan.dropout, 2):
        stays = rng.random((plan.structure[l - 1], count)) >= share
        found[str(l)] = (stays / (1 - share)).astype(plan.dtype)
    return found


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


def calm(state: State) -> State:
    """Return a state of ones, in which a step depends smoothly on the gradient.

    Where Adam has seen nothing yet, its step is the gradient's sign, and rounding turns signs
    round: no state to compare a program on.
    """
    return {
        slot: {name: np.ones_like(array) for name, array in arrays.items()}
        for slot, arrays in state.items()
    }


def keep(parameters: dict[str, Array], state: State, after: Any, state_after: Any) -> None:
    """Write what is from now on into the arrays of what was."""
    for arrays, fresh in ((parameters, after), *((state[s], state_after[s]) for s in state)):
        for name, array in arrays.items():
            if fresh[name] is not array:
                array[...] = fresh[name]
