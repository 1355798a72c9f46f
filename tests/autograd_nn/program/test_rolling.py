"""What a trace repeats is written as a loop, and gives what the unrolled program gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, grad, jit, scan, value_and_grad
from autograd_nn.program import program, repeats, rolling
from autograd_nn.transforms.containers import flatten, tree_map

from ..random_loops import Loops

RNG = np.random.default_rng(0)


def rnn(steps: int, argnums: tuple[int, ...] = (0, 1, 2)) -> tuple[Any, tuple[Any, ...]]:
    def cost(W: Any, U: Any, b: Any, x: Any) -> Any:
        h = np.zeros((4, 1))
        for t in range(steps):
            h = np.tanh(W @ h + U @ x[t] + b)
        return np.sum(h * h)

    shapes = [(4, 4), (4, 3), (4, 1), (steps, 3, 1)]
    return grad(cost, argnums), tuple([RNG.normal(size=shape) / 2 for shape in shapes])


def network(layers: int) -> tuple[Any, tuple[Any, ...]]:
    def cost(p: Any, x: Any) -> Any:
        for layer in range(layers):
            x = np.tanh(p[f"W{layer}"] @ x + p["b"][layer])
        return np.mean(x * x)

    p: Any = {f"W{k}": RNG.normal(size=(3, 3)) for k in range(layers)}
    return value_and_grad(cost), (p | {"b": [RNG.normal(size=(3, 1))] * layers}, np.ones((3, 5)))


def oscillator(steps: int) -> tuple[Any, tuple[Any, ...]]:
    def slope(y: Any) -> Any:
        return [y[1], -9.81 * np.sin(y[0]) - 0.1 * y[1]]

    def end(angle: Any, speed: Any) -> Any:
        y, h = [angle, speed], 0.01
        for _ in range(steps):
            k1 = slope(y)
            k2 = slope([a + h / 2 * b for a, b in zip(y, k1, strict=True)])
            k3 = slope([a + h / 2 * b for a, b in zip(y, k2, strict=True)])
            k4 = slope([a + h * b for a, b in zip(y, k3, strict=True)])
            every = zip(y, k1, k2, k3, k4, strict=True)
            y = [a + h / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in every]
        return y[0] * y[0] + y[1]

    return grad(end, (0, 1)), (0.5, 0.1)


def descent(steps: int) -> tuple[Any, tuple[Any, ...]]:
    slopes = value_and_grad(lambda w, x, y: np.mean(np.square(np.tanh(w @ x) - y)))

    def trained(w: Any, x: Any, y: Any) -> Any:
        costs = []
        for _ in range(steps):
            J, dw = slopes(w, x, y)
            w = w - 0.1 * dw
            costs.append(J)
        return w, np.stack(costs), sum(costs)

    return trained, (RNG.normal(size=(2, 3)), RNG.normal(size=(3, 6)), RNG.normal(size=(2, 6)))


def chains(steps: int) -> tuple[Any, tuple[Any, ...]]:
    """Numbers that are stepped together, and meet in a factor alone."""

    def end(factor: Any, starts: Any) -> Any:
        carry, _ = scan(lambda c, _: ([np.sin(factor * x) for x in c], ()), starts, length=steps)
        return sum(x * x for x in carry)

    return grad(end, (0, 1)), (0.9, [0.1 * k for k in range(6)])


def ring(steps: int) -> tuple[Any, tuple[Any, ...]]:
    """Numbers of which each goes into its neighbour."""

    def end(factor: Any, starts: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            return [factor * np.sin(x) + 0.1 * c[k - 1] for k, x in enumerate(c)], ()

        return sum(scan(step, starts, length=steps)[0])

    return grad(end, (0, 1)), (0.9, [0.1 * k for k in range(6)])


def path(steps: int) -> tuple[Any, tuple[Any, ...]]:
    """A path with a cost on each of its points, and windows of what it follows."""

    def cost(rate: Any, x: Any) -> Any:
        y, total = x[0], 0.0
        for t in range(steps):
            middle = y + 0.05 * np.sin(rate * y)
            y = y + 0.1 * np.sin(rate * middle) + 0.01 * np.sum(x[t : t + 3])
            total = total + np.square(y - x[t])
        return total

    return grad(cost, (0, 1)), (1.5, RNG.normal(size=steps + 2))


@pytest.mark.parametrize(
    ("make", "few", "many", "most"),
    [
        (rnn, 12, 60, 80),
        (network, 12, 60, 80),
        (oscillator, 12, 40, 250),
        (descent, 40, 80, 60),
        (chains, 24, 60, 160),
        (ring, 24, 60, 200),
        (path, 24, 60, 160),
    ],
)
def test_the_text_does_not_grow_with_the_steps(make: Any, few: int, many: int, most: int) -> None:
    lengths = set()
    for steps in (few, many):
        f, arguments = make(steps)
        made = jit(f).lower(*arguments)
        lengths.add(len(made.source.splitlines()))
        assert "for t in range(" in made.source
        assert "for t in range(" in made.readable
        got = flatten(made(*arguments))[0]
        for value, right in zip(got, flatten(f(*arguments))[0], strict=True):
            expected = right.numpy() if isinstance(right, Tensor) else right
            np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-13)
    assert len(lengths) == 1, lengths
    assert max(lengths) <= most


def test_a_thousand_steps_lose_no_digits() -> None:
    f, (factor, starts) = ring(1000)
    x, before, slope = np.array(starts, np.longdouble), [], np.longdouble(0)
    for _ in range(1000):
        before.append(x)
        x = factor * np.sin(x) + 0.1 * np.roll(x, 1)
    delta = np.ones_like(x)
    for x in reversed(before):
        slope += np.sum(delta * np.sin(x))
        delta = factor * np.cos(x) * delta + 0.1 * np.roll(delta, -1)
    got = jit(f)(factor, starts)
    np.testing.assert_allclose(got[0], float(slope), rtol=1e-12)
    np.testing.assert_allclose(got[1], delta.astype(float), rtol=1e-12)


@pytest.mark.parametrize("make", [chains, path, rnn, network, descent])
def test_a_loop_and_its_gradient_are_kernels(make: Any) -> None:
    pytest.importorskip("numba")
    lengths = set()
    for steps in (40, 80):
        f, arguments = make(steps)
        made = jit(f, engine="numba").lower(*arguments)
        lengths.add(len(made.source.splitlines()))
        called = made.source.rpartition("\ndef ")[2]
        assert "for t in range(" in made.source
        assert "    for t" not in called  # all of a loop is in a kernel
    assert len(lengths) == 1, lengths
    pairs = zip(flatten(made(*arguments))[0], flatten(f(*arguments))[0], strict=True)
    for value, right in pairs:
        expected = right.numpy() if isinstance(right, Tensor) else right
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-11)


def test_what_has_no_form_in_a_kernel_stands_between_two_in_the_loop() -> None:
    pytest.importorskip("numba")

    def f(A: Any, x: Any) -> Any:
        kept = []
        for t in range(20):
            x = np.tanh(np.linalg.solve(A, x) + np.sin(x) * t)
            kept.append(x * x + x)
        return x, np.stack(kept), kept[3]

    arguments = np.eye(3) + 0.1 * RNG.normal(size=(3, 3)), RNG.normal(size=(3, 1))
    made = jit(f, engine="numba").lower(*arguments)
    called = made.source.rpartition("\ndef ")[2]
    inside = called.partition("for t in range(20):\n")[2]
    assert "solve(A, state)" in inside
    assert " = kernel" in inside
    for value, right in zip(flatten(made(*arguments))[0], flatten(f(*arguments))[0], strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-12, atol=1e-14)


def difference(seed: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Compare a random function's program with loops to the one without; whether it has loops."""
    function = Loops(seed)
    f = function.differentiated() if seed % 3 else function
    style = "readable" if seed % 4 == 0 else "planned"
    loops = jit(f, style=style).lower(function.arguments)
    with monkeypatch.context() as patch:
        patch.setattr(program, "rolled", lambda graph: graph)
        straight = jit(f, style=style).lower(function.arguments)
    rng = np.random.default_rng(seed)

    def another(value: Any) -> Any:
        drawn = np.asarray(rng.uniform(-1, 1, np.shape(value)))
        return drawn.astype(value.dtype) if isinstance(value, np.ndarray) else value

    for arguments in (function.arguments, tree_map(another, function.arguments)):
        for _ in range(2):  # in the memory that a run leaves behind, too
            pairs = zip(flatten(loops(arguments))[0], flatten(straight(arguments))[0], strict=True)
            for got, right in pairs:
                assert np.asarray(got).dtype == np.asarray(right).dtype
                scale = 1 + float(np.max(np.abs(right), initial=0))
                room = 1e-9 if np.asarray(right).dtype == np.float64 else 2e-3
                np.testing.assert_allclose(got, right, rtol=0, atol=room * scale)
    return "for t in range(" in loops.source


def test_random_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (repeats, rolling):
        monkeypatch.setattr(module, "FEWEST", 4)
        monkeypatch.setattr(module, "SHORTEST", 8)
    assert sum(difference(seed, monkeypatch) for seed in range(24)) > 16


def test_results_share_no_memory_with_each_other_or_with_arguments() -> None:
    def f(x: Any, h: Any) -> Any:
        rows = []
        for t in range(20):
            previous = x[t] if t else h
            h = np.tanh(h + x[t]) * previous
            rows.append(h)
        return h, rows, np.stack(rows), previous

    x, h = RNG.normal(size=(20, 3)), np.ones(3)
    made = jit(f).lower(x, h)
    assert "for t in range(" in made.source
    before = x.copy()
    results = flatten(made(x, h))[0]
    for position, result in enumerate(results):
        kept = [np.array(other) for other in results]
        result[...] = 7
        np.testing.assert_array_equal(x, before)
        for other, old in zip(results[position + 1 :], kept[position + 1 :], strict=True):
            np.testing.assert_array_equal(other, old)


def test_numbers_keep_to_the_dtype_of_what_they_meet() -> None:
    def f(x: Any) -> Any:
        for k in range(40):
            x = x * (1 + 1 / (k + 2)) - 0.1 * k**2
        return x

    for dtype in ("f4", "f8"):
        made = jit(f).lower(np.ones(3, dtype))
        assert "for t in range(" in made.source
        assert made(np.ones(3, dtype)).dtype == dtype


def test_gradients_by_elements_are_added_where_they_belong() -> None:
    f, arguments = rnn(40, (3,))
    made = jit(f).lower(*arguments)
    assert "] += " in made.source
    assert "scatter" not in made.source.partition("for t in range(39)")[2]
    np.testing.assert_allclose(made(*arguments), f(*arguments), rtol=1e-12)


def test_short_repeats_are_left_as_they_are() -> None:
    f, arguments = network(5)
    assert "for t in" not in jit(f).lower(*arguments).source


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_batches_are_taken_by_the_rows_of_an_order(engine: str) -> None:
    pytest.importorskip(engine)

    def f(X: Any, order: Any, W: Any) -> Any:
        return scan(lambda W, chosen: (W + np.take(X, chosen, axis=1).sum(), W * 2), W, order)

    given = RNG.normal(size=(2, 36)), RNG.permutation(36).reshape(9, 4), RNG.normal(size=(2,))
    made = jit(f, engine=engine).lower(*given)
    assert "for t in range(9)" in made.source
    for got, right in zip(made(*given), f(*given), strict=True):
        np.testing.assert_allclose(got, np.asarray(right), rtol=1e-12)
