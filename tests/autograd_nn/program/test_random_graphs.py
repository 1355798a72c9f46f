"""Random graphs and their gradients: programs against the engine and the naive oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, gradients, jit

from ..core import oracle
from ..core.test_against_oracle import SHAPES, build, expressions

EXAMPLES = 5
"""Of programs for Numba, which takes some seconds to compile each; `tests.benchmarks.random_jit`
runs thousands."""


@settings(max_examples=40, deadline=None)
@given(e=expressions(), seed=st.integers(0, 1000), donate=st.booleans())
def test_programs_of_random_graphs(e: Any, seed: int, donate: bool) -> None:
    rng = np.random.default_rng(seed)
    arrays = {name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    others = {name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}

    def f(leaves: Any) -> Any:
        out = build(e, leaves, {})
        return out, gradients(out, list(leaves.values()), create_graph=True)

    step = jit(f, donate=0 if donate else ())
    step({name: a.copy() for name, a in arrays.items()})
    eager, eager_slopes = f({name: Tensor(a) for name, a in others.items()})
    value, slopes = step({name: a.copy() for name, a in others.items()})

    def close(got: Any, right: Any) -> None:
        scale = 1 + np.max(np.abs(right), initial=0)
        np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-10 * scale)

    close(value, eager.numpy())
    close(value, oracle.value(e, others))
    for got, right in zip(slopes, eager_slopes, strict=True):
        close(got, right.numpy())
    first = {"d" + name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    along = sum(np.sum(g * d) for g, d in zip(slopes, first.values(), strict=True))
    close(along, oracle.value(oracle.differential(e, "d"), others | first))


def test_compiled_programs_of_random_graphs() -> None:
    """One step down a random function: Numba's program, which writes in place, against eager."""
    pytest.importorskip("numba")

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(e=expressions(), seed=st.integers(0, 1000))
    def one(e: Any, seed: int) -> None:
        rng = np.random.default_rng(seed)
        arrays = {name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}

        def step(leaves: Any) -> Any:
            out = build(e, leaves, {})
            slopes = gradients(out, list(leaves.values()), create_graph=True)
            pairs = zip(leaves.items(), slopes, strict=True)
            return out, {name: leaf - 0.5 * slope for (name, leaf), slope in pairs}

        eager_value, eager_updated = step({name: Tensor(a) for name, a in arrays.items()})
        given = {name: a.copy() for name, a in arrays.items()}
        value, updated = jit(step, donate=0, engine="numba")(given)
        np.testing.assert_allclose(value, eager_value.numpy(), rtol=1e-9, atol=1e-10)
        for name, right in eager_updated.items():
            np.testing.assert_allclose(updated[name], right.numpy(), rtol=1e-9, atol=1e-10)

    one()
