"""NumPy's namespace for Tensors: lists of them, and everything else as NumPy has it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_nn.numpy as anp
from autograd_nn import Tensor, check_grads, grad, jacobian, jit, vjp

X = np.array([0.7, 1.4, 0.4])


def test_everything_else_is_numpys() -> None:
    assert anp.exp is np.exp
    assert anp.float64 is np.float64
    assert anp.pi == np.pi
    assert {"sum", "exp", "r_"} <= set(dir(anp))
    with pytest.raises(AttributeError):
        _ = anp.nonsense
    np.testing.assert_array_equal(anp.array([1, 2]), [1, 2])
    assert type(anp.zeros(3)) is np.ndarray
    assert anp.sum.__name__ == "sum"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: anp.array([x[0], 2.0, x[1] * x[2]]),
        lambda x: anp.array([[x[0], 1.0], [x[1], x[2]]]),
        lambda x: anp.array(x, ndmin=2),
        lambda x: anp.asarray([x, x * x]),
        lambda x: anp.ascontiguousarray(x) ** 2,
        lambda x: anp.full((2, 3), x),
        lambda x: anp.full_like(x, x[1]),
        lambda x: anp.r_[x, x[0], 0:2, [x[1], 3.0]],
        lambda x: anp.r_["0,2", x, x * x],
        lambda x: anp.c_[x, [x[0], 1.0, 2.0]],
        lambda x: anp.sum([x, 2 * x], axis=0),
        lambda x: anp.mean([x[0], x[1] ** 2]),
        lambda x: anp.max([x[0], x[1]]),
        lambda x: anp.concatenate([[x[0], 1.0], x]),
        lambda x: anp.append(x, [x[0], x[1]]),
        lambda x: anp.stack({"a": x, "b": x * x}.values()),
        lambda x: anp.linalg.norm([x[0], x[1]]),
        lambda x: anp.arange(x[0], 3.0) * anp.arange(3),
        lambda x: anp.fromiter((v * v for v in x), float),
        lambda x: anp.where(X > 1, [x[0], x[1], x[2]], 0.0),
    ],
)
def test_lists_of_tensors_are_recorded(f: Any) -> None:
    """The values are NumPy's on arrays, the derivatives those of differences."""
    np.testing.assert_allclose(f(Tensor(X, requires_grad=True)).numpy(), f(X))
    check_grads(f, X)


def test_parts_of_several_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3,\), \(\)"):
        grad(lambda x: anp.sum(anp.array([x, x[0]])))(X)


def test_the_plain_functions_name_it() -> None:
    with pytest.raises(TypeError, match=r"autograd_nn\.numpy"):
        grad(lambda x: np.array([x[0], x[1]]).sum())(X)


# -- arrays that are written into -----------------------------------------------------------------


def _recurrence(x: Any, np: Any = anp) -> Any:
    y = np.zeros(4)
    y[0] = x[0]
    for i in range(1, 4):
        y[i] = y[i - 1] * x[1] + np.sin(y[i - 1]) * x[2]
    return y


def _overwritten(x: Any, np: Any = anp) -> Any:
    y = np.ones((2, 3))
    y[0] = x
    y[:, 1] = x[0] * y[:, 0]
    y[1, [0, 0, 2]] = x * x
    y[y < 0.5] = 2 * x[1]
    y += x
    y[1] *= 2.0
    return y


def _by_functions(x: Any, np: Any = anp) -> Any:
    y = np.zeros((3, 3))
    np.fill_diagonal(y, x)
    np.add.at(y, (0, [0, 0, 1]), x)
    np.put(y, [5, 6], x[:2])
    np.putmask(y, X[:, None] * X > 1.5, x)
    np.place(y, X[:, None] - X > 0.9, x[1:])
    np.multiply(y, x, out=y)
    return y


@pytest.mark.parametrize("f", [_recurrence, _overwritten, _by_functions])
def test_writes_are_updates(f: Any) -> None:
    values = vjp(f, X)[0]
    np.testing.assert_allclose(values, f(X, np))
    check_grads(grad(lambda x: np.sum(np.sin(f(x)))), X, order=1)
    rows = [(f(X + h, np) - f(X - h, np)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(jacobian(f)(X), np.stack(rows, -1), rtol=1e-6, atol=1e-8)


def test_reading_gives_what_is_there_at_that_time() -> None:
    def f(x: Any) -> Any:
        y = anp.zeros(3)
        y[0] = x[0]
        before, row = y * 1.0, y[0]
        y[0] = x[1]
        return before[0] * 10 + row * 100 + y[0]

    np.testing.assert_allclose(grad(f)(X), [110, 1, 0])


_LOOKS: list[Callable[[Any, Any], Any]] = [
    lambda np, y: y[1:], lambda np, y: y[0], lambda np, y: y[:, ::-1], lambda np, y: y[None, :, 1],
    lambda np, y: y[[0, 1]], lambda np, y: y.T, lambda np, y: y.T.reshape(-1),
    lambda np, y: y.reshape(3, -1), lambda np, y: y.ravel(), lambda np, y: np.swapaxes(y, 0, 1),
    lambda np, y: np.split(y, 2)[1], lambda np, y: np.squeeze(y), lambda np, y: np.flip(y),
    lambda np, y: np.diagonal(y), lambda np, y: np.broadcast_to(y, (2, *y.shape)),
    lambda np, y: np.asarray(y), lambda np, y: np.atleast_3d(y), lambda np, y: y.copy(),
    lambda np, y: y.flatten(), lambda np, y: np.copy(y), lambda np, y: y.real,
]  # fmt: skip


def _written(x: Any, steps: list[tuple[int, int, int]], np: Any = anp) -> Any:
    """Take parts of parts of an array, write into some, and read all at the time and at the end."""
    parts = [np.zeros((4, 3))]
    read = []
    for place, look, into in steps:
        parts.append(_LOOKS[look](np, parts[place]))
        read.append(parts[-1] * x[0])
        if into % 3 == 0:
            parts[into // 3][...] = x[1] * len(parts)
        elif into % 3 == 1:
            parts[into // 3][-1:] += x[2] * 2.0
        else:
            parts[into // 3] *= x[0]
    return parts, read


@pytest.mark.parametrize("seed", range(40))
def test_views_are_views_where_numpy_gives_them(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - for a test
    steps: list[tuple[int, int, int]] = []
    while len(steps) < 6:
        step = (draw.randint(0, len(steps)), draw.randrange(len(_LOOKS)), draw.randrange(21))
        try:  # what NumPy refuses is left out, and writing into what is no view of the first
            parts = _written(X, [*steps, step], np)[0]
        except (ValueError, IndexError):
            continue
        if np.shares_memory(parts[0], parts[step[2] // 3]):
            steps.append(step)

    def flat(x: Any, np: Any = anp) -> Any:
        parts, read = _written(x, steps, np)
        return np.concatenate([np.ravel(part * 1.0) for part in [*parts, *read]])

    np.testing.assert_allclose(vjp(flat, X)[0], flat(X, np))
    np.testing.assert_allclose(jit(flat)(X), flat(X, np))
    rows = [(flat(X + h, np) - flat(X - h, np)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(jacobian(flat)(X), np.stack(rows, -1), rtol=1e-5, atol=1e-6)


def test_a_copy_of_a_tensor_may_be_written_into() -> None:
    x = Tensor(X, requires_grad=True)
    y = anp.array(x)
    y[1] = 5.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 0, 1])
    np.testing.assert_array_equal(x.data, X)
    z = x.copy()
    z.fill(x[0])
    np.testing.assert_array_equal(z.numpy(), [0.7, 0.7, 0.7])


def test_what_would_lose_a_gradient_is_refused() -> None:
    def into_integers(x: Any) -> Any:
        y = anp.array(Tensor([1, 2, 3]))
        y[0] = x[0]
        return y

    with pytest.raises(TypeError, match="dtype=float"):
        grad(lambda x: anp.sum(into_integers(x)))(X)
