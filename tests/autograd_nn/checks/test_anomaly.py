"""detect_anomaly: the first bad value, forward or backward, and whose line it was."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from autograd_nn import (
    AnomalyError,
    Tensor,
    checkpoint,
    detect_anomaly,
    grad,
    gradients,
    no_grad,
    softmax,
)
from autograd_nn.core.recording import RECORDING, TracingError, tracing


def found(f: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(AnomalyError) as info, detect_anomaly(**options):
        f(*args)
    return str(info.value)


def test_the_first_forward_operation_is_named_with_line_and_operands() -> None:
    h = Tensor([0.5, 0.0, 0.25], requires_grad=True, name="h")

    def cost() -> Any:
        return np.sum(np.log(h) * 0)  # log makes −inf, the product NaN

    text = found(cost)
    assert text.startswith("log made -inf: 1 of 3 elements, the first at [1]")
    assert f"in cost ({__file__}, line" in text
    assert ": return np.sum(np.log(h) * 0)" in text
    assert "operand 1, h: shape (3,), float64, from 0 to 0.5" in text
    assert "result: shape (3,), float64, from -1.38629 to -0.693147, 1 -inf" in text


def test_a_nan_among_good_values_and_a_single_number() -> None:
    text = found(lambda: np.sqrt(Tensor([[1.0, -1.0], [-2.0, 4.0]])))
    assert text.startswith("sqrt made NaN: 2 of 4 elements, the first at [0, 1]")
    assert found(lambda: Tensor(0.0) / 0.0).startswith("divide made NaN\n")
    assert "operand 2: 0.0" in found(lambda: Tensor(1.0) / 0.0)
    assert found(lambda: np.exp(Tensor([1e3, -1e3]))).startswith("exp made inf: 1 of 2")


def test_the_first_backward_rule_is_named_with_the_forward_line() -> None:
    h = Tensor([4.0, 0.0], requires_grad=True, name="h")

    def run() -> None:
        root = np.sqrt(h)
        np.sum(root * 3).backward()

    text = found(run)
    assert text.startswith(
        "the vjp rule of sqrt, for operand 1 (h), made inf: 1 of 2 elements, the first at [1]"
    )
    assert ": root = np.sqrt(h)" in text
    assert "cotangent of the result: shape (2,), float64, from 3 to 3" in text
    assert h.grad is None


def test_arguments_of_transforms_are_named_as_the_function_names_them() -> None:
    def f(params: Any, scale: Any) -> Any:
        return np.sum(np.sqrt(params["w"])) * scale

    text = found(grad(f), {"w": np.array([0.0, 1.0])}, 1.0)
    assert "for operand 1 (params['w']), made inf" in text
    assert "operand 1 (x)" in found(grad(grad(lambda x: np.sqrt(x) * x)), 0.0)


def test_a_bad_second_derivative_is_found() -> None:
    f = grad(lambda x: np.sum(x**1.5))
    with detect_anomaly():
        assert f(np.array([0.0]))[0] == 0
    text = found(grad(lambda x: np.sum(f(x))), np.array([0.0]))
    assert "the vjp rule of power" in text or "power made" in text


def test_a_cotangent_from_outside_is_not_blamed_on_a_rule() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    text = found(lambda: gradients(x * x, [x], seeds=np.array([np.nan, 1.0])))
    assert text.startswith("the cotangent of multiply holds NaN: 1 of 2")


def test_nan_in_the_input_is_told_as_such() -> None:
    text = found(lambda: Tensor([1.0, np.nan], name="x") * 2)
    assert text.startswith("multiply was given NaN: operand 1 (x), holds NaN: 1 of 2")


def test_an_infinity_that_was_there_already_is_no_anomaly() -> None:
    with detect_anomaly():
        masked = softmax(Tensor([0.0, -np.inf, 1.0], requires_grad=True))
        assert masked.numpy()[1] == 0
    with detect_anomaly(inf=False):
        np.exp(Tensor([1e3]))
    assert found(lambda: np.exp(Tensor([1e3])) * 0, inf=False).startswith("multiply made NaN")


def test_inside_a_checkpoint_the_inner_operation_is_named() -> None:
    assert found(grad(checkpoint(lambda x: np.log(x) * x)), 0.0).startswith("log made -inf")


def test_writing_into_a_leaf_is_caught_and_named() -> None:
    W = Tensor(np.eye(2), requires_grad=True, name="W")
    with detect_anomaly():
        J = np.sum(W.T @ W)
        W.data[0, 1] = 5.0
        with pytest.raises(RuntimeError, match="data of Tensor 'W' was written into"):
            J.backward()
        assert W.grad is None
        np.sum(W.T @ W).backward()  # a new forward pass on the new values is fine
        assert W.grad is not None
        np.testing.assert_array_equal(W.grad, [[12.0, 12.0], [2.0, 2.0]])


def test_results_are_those_of_the_plain_run() -> None:
    x = np.array([0.3, 0.7])

    def f(x: Any) -> Any:
        return np.sum(np.sin(x) ** 2 * softmax(x)[np.array([0, 0])])

    with detect_anomaly():
        g, second = grad(f)(x), grad(lambda x: np.sum(grad(f)(x) ** 2))(x)
    np.testing.assert_array_equal(g, grad(f)(x))
    np.testing.assert_array_equal(second, grad(lambda x: np.sum(grad(f)(x) ** 2))(x))


def test_the_mode_ends_with_the_block_and_belongs_to_the_thread() -> None:
    found(lambda: np.log(Tensor(0.0)))
    assert RECORDING.get() is True
    with np.errstate(divide="ignore"):
        assert Tensor(0.0).log().numpy() == -np.inf
    seen: list[Any] = []

    def other() -> None:
        with np.errstate(divide="ignore"):
            seen.append(Tensor(0.0).log().numpy())

    with detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [-np.inf]


def test_nothing_is_kept_alive() -> None:
    with detect_anomaly():
        watch: Any = RECORDING.get()
        x = Tensor(np.ones(3), requires_grad=True)
        for _ in range(5):
            np.sum(x * x).backward()
        assert len(watch._made) == 0


def test_where_it_cannot_work_it_says_so() -> None:
    with tracing(), pytest.raises(TracingError, match="stand-ins"), detect_anomaly():
        pass
    with no_grad(), pytest.raises(RuntimeError, match="no_grad"), detect_anomaly():
        pass
    symbols = np.array([1, "x"], dtype=object)
    with pytest.raises(TypeError, match="symbolic objects"), detect_anomaly():
        Tensor(symbols) * 2
