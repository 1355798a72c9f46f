"""Every formula of random networks: against the automatic gradient, and against differences."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nets import Network, formulas, verify

pytestmark = [pytest.mark.section_4_6, pytest.mark.section_4_7]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Network, Any, Any]:
    """Draw a network of 2 to 6 layers with samples and targets for it."""
    structure = draw(st.lists(st.integers(1, 6), min_size=2, max_size=6))
    m = draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    net = Network(structure, seed=0)
    for l in net.W:
        net.W[l] = rng.normal(size=net.W[l].shape)
        net.b[l] = rng.normal(size=net.b[l].shape)
    return net, rng.normal(size=(structure[0], m)), rng.random((structure[-1], m))


def by_formulas(net: Network, x: Any, y: Any) -> dict[str, Any]:
    found = formulas.backpropagation(net.W, net.b, x, y)
    return {f"{k}{l}": getattr(found, f"d{k}")[l] for l in net.W for k in ("W", "b")}


@given(problems())
@settings(max_examples=60, deadline=None)
def test_formulas_and_automatic_gradients_agree(problem: tuple[Network, Any, Any]) -> None:
    net, x, y = problem
    automatic, by_hand = net.gradients(x, y), by_formulas(net, x, y)
    assert automatic.keys() == by_hand.keys()
    for name, gradient in automatic.items():
        scale = np.abs(gradient).max()
        np.testing.assert_allclose(by_hand[name], gradient, rtol=0, atol=1e-12 * scale)


@given(problems())
@settings(max_examples=25, deadline=None)
def test_formulas_and_finite_differences_agree(problem: tuple[Network, Any, Any]) -> None:
    net, x, y = problem
    by_hand = by_formulas(net, x, y)
    scale = max(np.abs(gradient).max() for gradient in by_hand.values())
    step = 1e-5
    for name, array in net.parameters().items():
        for where in np.ndindex(array.shape):
            value, costs = array[where], []
            for moved in (value + step, value - step):
                array[where] = moved
                costs.append(formulas.cost(y, net.feed_forward(x)))
            array[where] = value
            # of the order of the step squared, and of the rounding of J over the step
            difference = (costs[0] - costs[1]) / (2 * step)
            assert abs(difference - by_hand[name][where]) <= 1e-7 * scale + 1e-10


@given(problems())
@settings(max_examples=8, deadline=None)
def test_verify_passes_them_all(problem: tuple[Network, Any, Any]) -> None:
    net, x, y = problem
    report = verify(net, x, y)
    assert report.ok, report
    # δ of every layer but the first, W and b of every layer but the last
    assert len(report.lines) == 3 * (net.n_layers - 1)


@pytest.mark.parametrize("structure", [[2, 3], [3, 3, 1], [2, 3, 4, 3, 2]])
@pytest.mark.parametrize("break_it", ["times 1.001", "f_prime at h", "no sum over the samples"])
def test_a_formula_that_is_off_is_seen(
    structure: list[int], break_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    net = Network(structure, seed=0)
    x, y = rng.normal(size=(structure[0], 5)), rng.random((structure[-1], 5))
    if break_it == "times 1.001":
        right = formulas.gradient_W
        monkeypatch.setattr(formulas, "gradient_W", lambda delta, h: 1.001 * right(delta, h))
    elif break_it == "f_prime at h":
        monkeypatch.setattr(
            formulas, "delta_output", lambda y, h, z: -(y - h) * formulas.f_prime(h)
        )
    else:
        monkeypatch.setattr(formulas, "gradient_b", lambda delta: delta[:, :1])
    assert not verify(net, x, y).ok
