"""Errors that teach: each names the operation, the operands, the shapes and what would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, no_grad

untyped: Any = gradients
total: Any = np.sum
W: Any = Tensor(np.ones((2, 3)), requires_grad=True, name="W1")
X = Tensor(np.ones((4, 2)), name="x")
I = Tensor(np.ones(2, int), name="i")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: W @ X, ValueError,
         r"matmul \(@\) cannot be applied to W1 of shape \(2, 3\) and x of shape \(4, 2\)"),
        (lambda: W + np.ones((4, 3)), ValueError,
         r"add \(\+\) .* W1 of shape \(2, 3\) and operand 2 of shape \(4, 3\)"),
        (lambda: np.ones((4, 3)) - W, ValueError,
         r"subtract \(-\) .* operand 1 of shape \(4, 3\) and W1 of shape \(2, 3\)"),
        (lambda: W @ 2, ValueError, r"matmul \(@\) .* W1 of shape \(2, 3\) and operand 2"),
        (lambda: np.maximum(W, np.ones(5)), ValueError, r"maximum .* W1 .* \(5,\)"),
        (lambda: W.reshape(4, 4), ValueError, r"reshape .* W1 of shape \(2, 3\), shape=\(4, 4\)"),
        (lambda: W.sum(axis=5), ValueError, r"sum .* W1 of shape \(2, 3\), axis=5"),
        (lambda: W.mean(axis=2), ValueError, r"mean .* W1 of shape \(2, 3\), axis=2"),
        (lambda: W.transpose(0, 0), ValueError, r"transpose .* W1"),
        (lambda: W.T.swapaxes(0, 7), ValueError, "axes 0 and 7"),
        (lambda: W[5], IndexError, r"getitem .* W1 of shape \(2, 3\), key=5"),
        (lambda: W[0, 0, 0], IndexError, "too many indices"),
        (lambda: W[1.5], IndexError, "integers, slices"),
        (lambda: np.concatenate([W, X]), ValueError, "concatenate .* W1 .* x of shape"),
        (lambda: np.stack([W, X]), ValueError, r"\(2, 3\).*\(4, 2\)"),
        (lambda: np.broadcast_to(W, (2, 4)), ValueError, r"broadcast_to .* W1"),
        (lambda: np.clip(W, None, None), ValueError, "a lower or an upper bound"),
        (lambda: np.max(Tensor(np.zeros((0, 2)), name="e")), ValueError, "max .* e of shape"),
    ],
)  # fmt: skip
def test_misfits(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (W.backward, ValueError, r"'W1' has shape \(2, 3\).*\.sum\(\).*seed"),
        ((W * 2).backward, ValueError, "a gradient starts from one number"),
        (lambda: X.sum().backward(), ValueError, "requires_grad=True"),
        (X.backward, ValueError, "'x' depends on no Tensor that requires gradients"),
        (lambda: I.sum().backward(), ValueError, "depends on no Tensor that requires gradients"),
        (lambda: (W > 0).sum().backward(), ValueError, "requires gradients"),
        (lambda: W.backward(np.ones((3, 2))), ValueError,
         r"seed has shape \(3, 2\), but .*'W1' has shape \(2, 3\)"),
        (lambda: W.sum().backward("a"), TypeError, "seed .* real number"),
        (lambda: W.sum().backward(1j), TypeError, "seed .* complex"),
        (lambda: gradients(W, W), ValueError, "seed"),
        (lambda: untyped(W.sum(), [1.0]), TypeError, r"wrt\[0\] is a float"),
        (lambda: untyped(W.sum(), {"W1": W}), TypeError, r"wrt\[0\] is a str"),
        (lambda: untyped(1.0, W), TypeError, r"outputs\[0\] is a float"),
        (lambda: gradients(W.sum(), I), TypeError, r"wrt\[0\].*'i'.*int64.*floating-point"),
        (lambda: gradients((W > 0).sum(), W), TypeError, r"outputs\[0\].*floating-point"),
        (lambda: gradients([W.sum(), W.sum()], W, [1.0]), ValueError, "2 outputs.*got 1"),
        (lambda: gradients([W.sum()], W, 1.0), TypeError, "a sequence of seeds"),
    ],
)  # fmt: skip
def test_misuse_of_gradients(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
    assert W.grad is None


def test_backward_of_what_was_not_recorded() -> None:
    with no_grad():
        J = (W * W).sum()
    with pytest.raises(ValueError, match=r"no_grad\(\)"):
        J.backward()
