"""Rules hold where they say they do: narrow integers, half precision, extremes, long programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from autograd_nn import Tensor, grad, jit, sigmoid
from autograd_nn.program import rules
from autograd_nn.program.comparison import difference_from
from autograd_nn.program.trace import trace
from tests.autograd_nn.random_programs import draw_typed
from tests.benchmarks.random_jit import one

mpmath.mp.dps = 50
FORMULAS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (lambda x: 1 / (1 + np.exp(-x)), lambda x: 1 / (1 + mpmath.exp(-x))),
    (lambda x: np.exp(-x) * sigmoid(x), lambda x: 1 / (1 + mpmath.exp(x))),
    (
        grad(lambda x: np.sum(np.log(1 + np.exp(-x)))),
        lambda x: -1 / (1 + mpmath.exp(x)),
    ),
    (lambda x: x / 1e-310, lambda x: x / mpmath.mpf(1e-310)),
    (lambda x: x / 49, lambda x: x / 49),
    (lambda x: 1e300 * (1e300 * x), lambda x: mpmath.mpf(1e300) ** 2 * x),
    (lambda x: 1e-200 * (1e-200 * x), lambda x: mpmath.mpf(1e-200) ** 2 * x),
    (lambda x: -(2.0 * x) / 8, lambda x: -x / 4),
    (lambda x: x - (-3.0 * x), lambda x: 4 * x),
    (lambda x: np.sum(1e-300 * x, keepdims=True), lambda x: mpmath.mpf(1e-300) * x),
]
POINTS = (38.0, -38.0, 700.0, -700.0, 1e-300, 1e300, 1.7e308, 5e-324, 49.0, 1e-5, 0.3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("position", range(len(FORMULAS)))
def test_error_against_fifty_digits(position: int) -> None:
    f, reference = FORMULAS[position]
    program = jit(f)
    program(np.array([0.5]))
    for point in POINTS:
        x = np.array([point])
        exact = float(reference(mpmath.mpf(point)))
        got, recorded = float(program(x)[0]), float(np.asarray(f(Tensor(x)).data)[0])
        if not np.isfinite(recorded):
            assert got == recorded or got == pytest.approx(exact, rel=1e-14)
            continue
        room = 4 * abs(recorded - exact) + 8 * np.spacing(abs(exact))
        assert abs(got - exact) <= room, (point, got, recorded, exact)


def test_a_rounded_inverse_is_not_multiplied_by() -> None:
    assert jit(lambda x: np.floor(x / 49))(np.array([49.0])) == [1.0]
    assert jit(lambda x: np.ceil(-(x / 49)))(np.array([49.0])) == [-1.0]
    assert jit(lambda x: np.floor(49 * (x / 49)))(np.array([49.0])) == [49.0]
    assert jit(lambda x: np.floor(np.mean(x)))(np.full(49, 7.0 * 7)) == 49.0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_random_programs_of_all_dtypes(engine: str) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    for number in range(150 if engine == "numpy" else 12):
        rng = np.random.default_rng([7, number])
        program = draw_typed(rng)
        if any(name == "**" for name, _ in program.steps):
            continue  # exponents that are arguments are tested with the rule of the power
        verdict = one(program, rng, engine)
        assert verdict in ("right", "refused by NumPy", "refused by Numba"), program.text


def test_numbers_that_were_made_arrays_stay_arrays() -> None:
    """Their dtype counts in what they meet, that of plain numbers does not."""
    half = np.ones(2, "f2")
    for f in (
        lambda x, n: x + n.detach(),
        lambda x, n: x - (0 + (-n)),
        lambda x, n: x - np.negative(n),
    ):
        for n in (0.1, 3, -(2**40)):
            for x in (half, half.astype("f4"), np.ones(2, "i1")):
                expected = f(Tensor(x), Tensor(np.asarray(n))).data  # type: ignore[no-untyped-call]  # one of three lambdas
                got = jit(f)(x, n)
                assert got.dtype == expected.dtype
                np.testing.assert_array_equal(got, expected)


def test_factors_are_not_merged_in_narrow_integers() -> None:
    n = np.array([7, 200], "u1")
    np.testing.assert_array_equal(jit(lambda n: 3 * (-n))(n), 3 * (-n))
    big = np.array([5], "u8")
    np.testing.assert_array_equal(jit(lambda n, k: n + (-k))(big, -3), [8.0])


@pytest.mark.filterwarnings("ignore")
def test_zeros_have_no_sign_and_subnormal_numbers_few_digits() -> None:
    """What hangs on them alone is no alarm; what hangs on nothing of the kind is one."""
    assert jit(lambda a: np.exp((-(a - a)) ** -1))(np.ones(2)).shape == (2,)
    z = np.array([722.0])
    slope = jit(grad(lambda z: np.sum(1 / (1 + np.exp(-z)))))(z)
    assert 0 <= slope[0] <= np.finfo(float).tiny
    traced = trace(lambda a: 1 + a, "f", {"a": np.array([-0.0, 1e-310])}, (), ())
    assert difference_from(traced, [np.array([1.0, 1.0])]) == ""
    assert difference_from(traced, [np.array([1.0, 1.1])])


def test_a_rule_without_its_domain_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd_nn.program import rewriting

    monkeypatch.setattr(rewriting, "_ARITHMETIC", set())
    monkeypatch.setattr(rules.negatives, "is_weak", lambda x: False)
    n, x = np.zeros(2, "u1"), np.ones(2)
    program = jit(lambda x, n: x + (-n))
    program(x, n)
    assert not np.array_equal(program(x, n + np.uint8(2)), x + 254)


def test_long_programs_are_made_in_linear_time() -> None:
    def f(x: Any) -> Any:
        for k in range(800):
            x = np.sin(x) * (0.9999 - k * 1e-9)
        return np.sum(x)

    start = time.process_time()
    slope = jit(grad(f))
    got = slope(np.ones(3))
    assert time.process_time() - start < 10  # 1.5 s alone; it was 25
    np.testing.assert_allclose(got, grad(f)(np.ones(3)), rtol=1e-9)
    deep = jit(f)(0.5)
    np.testing.assert_allclose(deep, f(Tensor(0.5)).item(), rtol=1e-12)


@pytest.mark.parametrize("structure", [[1, 1, 1], [1, 5, 1], [3, 2, 1], [4, 1, 2]])
@pytest.mark.parametrize("batch", [None, 1, 4])
def test_networks_of_one_row_on_numba(structure: list[int], batch: int | None) -> None:
    pytest.importorskip("numba")
    from nets import Network, train

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(structure[0], 10)), rng.random((structure[-1], 10))
    costs = [
        train(Network(structure, seed=0), x, y, iterations=3, batch_size=batch, engine=engine,
              seed=0, progress=False).cost[-1]
        for engine in ("numpy", "numba")
    ]  # fmt: skip
    np.testing.assert_allclose(costs[1], costs[0], rtol=1e-10)


def test_what_numba_would_compute_otherwise_is_left_to_numpy() -> None:
    pytest.importorskip("numba")
    big = np.array([2**63], "u8")
    assert jit(lambda a, b: a + b, engine="numba")(big, np.array([1])) == float(2**63)
    halves = jit(lambda a: a + a, engine="numba")(np.ones(3, "f2"))
    assert halves.dtype == np.float16


def test_a_gradient_that_is_zero_up_to_rounding_is_no_alarm() -> None:
    x = np.random.default_rng(0).normal(size=(4, 64))

    def f(b: Any) -> Any:
        z = x + b
        z = (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
        return np.sum(np.square(z * x))

    np.testing.assert_allclose(jit(grad(f))(np.zeros((4, 1))), 0, atol=1e-11)
    assert jit(lambda x: np.mean(x * x).astype("f8"))(x.astype("f4")) > 0


def test_residuals_of_another_rank_are_no_numbers() -> None:
    """NumPy has none where the rank is not full, and a program's shapes are fixed."""
    a, b = np.eye(4)[:, :2], np.arange(4.0)
    residuals = jit(lambda a, b: np.linalg.lstsq(a, b)[1])
    np.testing.assert_allclose(residuals(a, b), np.linalg.lstsq(a, b)[1])
    assert np.isnan(residuals(a * [1, 0], b)).all()
