"""Transforms in transforms, to depth 3, against JAX; many parts of one array."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_nn as ours
from autograd_nn import Tensor, gradients
from autograd_nn.core.graph import topological_order
from autograd_nn.transforms import batching, derivatives, run, sweeps

Function = Callable[[Any], Any]

FUNCTIONS: dict[str, Callable[[Any], Function]] = {
    "smooth": lambda xp: lambda x: xp.sin(x) * x**2,
    "linear": lambda xp: lambda x: 2.0 * x,
    "piecewise": lambda xp: lambda x: xp.where(x > 1, x * x, -x),
    "slope": lambda xp: lambda x: xp.maximum(x, 0.0) * 3.0,
    "sign": lambda xp: xp.sign,
    "floor": lambda xp: lambda x: xp.floor(x) * x,
    "constant": lambda xp: lambda x: xp.sign(x) * 0.0 + 3.0,
    "mask": lambda xp: lambda x: (x > 1).astype(float) * x,
}
TRANSFORMS: dict[str, Callable[[Any, Function], Function]] = {
    "grad": lambda lib, f: lib.grad(f),
    "vjp": lambda lib, f: lambda x: lib.vjp(f, x)[1](lib.array(2.0))[0],
    "jvp": lambda lib, f: lambda x: lib.jvp(f, (x,), (lib.array(1.5),))[1],
    "hvp": lambda lib, f: lambda x: lib.hvp(f, x),
    "jacobian": lambda lib, f: lib.jacobian(f),
    "hessian": lambda lib, f: lib.hessian(f),
    "checkpoint": lambda lib, f: lib.checkpoint(f),
    "stop_gradient": lambda lib, f: lambda x: f(x) * lib.stop_gradient(x),
    "jit": lambda lib, f: lib.jit(f),
    "vmap": lambda lib, f: lambda x: lib.vmap(f)(x * lib.array([1.0, -0.5]))[1],
}


class Ours:
    """This package by the names that are used here."""

    grad, vjp, jvp, jacobian = ours.grad, ours.vjp, ours.jvp, ours.jacobian
    hessian, checkpoint, stop_gradient = ours.hessian, ours.checkpoint, ours.stop_gradient
    jit, vmap, array = ours.jit, ours.vmap, np.array

    @staticmethod
    def hvp(f: Function, x: Any) -> Any:
        return ours.hvp(f, (x,), (np.array(1.5),))


def theirs() -> Any:
    jax: Any = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    class Jax:
        grad, vjp, jvp, jacobian = jax.grad, jax.vjp, jax.jvp, jax.jacrev
        hessian, checkpoint, stop_gradient = jax.hessian, jax.checkpoint, jax.lax.stop_gradient
        jit, vmap, array = jax.jit, jax.vmap, jax.numpy.array

        @staticmethod
        def hvp(f: Function, x: Any) -> Any:
            return jax.jvp(jax.grad(f), (x,), (jax.numpy.array(1.5),))[1]

    return Jax, jax.numpy


def compared(name: str, chain: tuple[str, ...], x: float) -> tuple[Any, Any]:
    """Return what both libraries give for `chain` of transforms of a function."""
    jax, jnp = theirs()
    mine, other = FUNCTIONS[name](np), FUNCTIONS[name](jnp)
    for transform in chain:
        mine = TRANSFORMS[transform](Ours, mine)
        other = TRANSFORMS[transform](jax, other)
    found = mine(np.float64(x))
    found = found.numpy() if isinstance(found, Tensor) else found
    return np.asarray(found), other(jnp.asarray(x))


CHAINS = [c for n in (1, 2, 3) for c in itertools.product(TRANSFORMS, repeat=n)]
CASES = random.Random(0).sample(  # noqa: S311 - a choice of tests
    [*itertools.product(FUNCTIONS, CHAINS, (0.7, 2.3))], 60
)


@pytest.mark.parametrize(("name", "chain", "x"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_nested_transforms_are_jaxs(name: str, chain: tuple[str, ...], x: float) -> None:
    found, right = compared(name, chain, x)
    np.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-12)


def test_the_parts_of_many_share_what_their_rules_compute() -> None:
    """One call of the rule for all parts, so that the backward pass is linear in their number."""
    for axis in (0, None):
        parts = [Tensor(np.full(2, float(i)), requires_grad=True) for i in range(300)]
        J: Any = np.sum(np.concatenate(parts, axis=axis) ** 2)
        (node,) = [x for x in topological_order([J]) if x.op and x.op.name == "concatenate"]
        assert node.op is not None
        calls: list[int] = []
        rule = node.op.every

        def counted(*args: Any, rule: Any = rule, calls: Any = calls, **params: Any) -> Any:
            calls.append(1)
            return rule(*args, **params)

        node.op.every = counted
        try:
            found = gradients(J, parts)
        finally:
            node.op.every = rule
        assert len(calls) == 1
        np.testing.assert_array_equal(found, [[2.0 * i] * 2 for i in range(300)])


def test_a_loop_of_transforms_looks_at_each_step_once() -> None:
    """Gradients in a loop walk what they differentiate, not what led to it."""

    def steps(count: int, wrapped: Any) -> int:
        seen: list[int] = []
        walk = topological_order

        def counted(outputs: Any, stop: Any = ()) -> list[Tensor]:
            order = walk(outputs, stop)
            seen.append(len(order))
            return order

        def f(x: Any) -> Any:
            for _ in range(count):
                x = x - 0.1 * wrapped(lambda y: np.sum(np.sin(y) ** 2))(x)
            return np.sum(x)

        with pytest.MonkeyPatch.context() as patch:
            for module in (run, derivatives, sweeps, batching):
                patch.setattr(module, "topological_order", counted)
            ours.grad(f)(np.ones(3))
        return sum(seen)

    for wrapped in (
        ours.grad,
        lambda f: lambda x: ours.jvp(ours.grad(f), (x,), (x,))[1],
        lambda f: lambda x: ours.jacobian(ours.grad(f))(x) @ x,
        lambda f: lambda x: ours.jacobian(lambda y: np.tile(y, 2))(x)[:3] @ x,
    ):
        assert steps(20, wrapped) < 2.2 * steps(10, wrapped)
