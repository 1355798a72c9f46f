"""NumPy's functions on Tensors: what is not supported is refused by name, with a way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor

total: Any = np.sum
W: Any = Tensor(np.ones((2, 3)), requires_grad=True, name="W1")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: np.histogram2d(W, W), r"np\.histogram2d"),
        (lambda: np.frexp(W), r"np\.frexp"),
        (lambda: np.unique_all(W), r"np\.unique_all"),
        (lambda: np.copyto(np.ones((2, 3)), W), r"np\.copyto"),
        (lambda: np.put(W, [0], 1.0), r"np\.put"),
        (lambda: np.fill_diagonal(W, 0.0), r"np\.fill_diagonal"),
        (lambda: np.subtract.reduce(W), r"np\.subtract\.reduce"),
        (lambda: np.add.reduceat(W, [0]), r"np\.add\.reduceat"),
        (lambda: np.add.at(np.ones(3), [0], W.sum()), r"np\.add\.at"),
    ],
)  # fmt: skip
def test_an_unsupported_function_is_named(call: Callable[[], Any], name: str) -> None:
    with pytest.raises(NotImplementedError, match=rf"{name} is not supported on Tensors"):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: np.add(W, 1.0, where=np.ones(3, bool)), r"np\.add.*where"),
        (lambda: np.add(W, 1.0, dtype=np.float32), r"np\.add.*dtype"),
        (lambda: np.add(W, 1.0, out=np.ones((2, 3))), r"np\.add.*out"),
        (lambda: np.exp(W, casting="unsafe"), r"np\.exp.*casting"),
        (lambda: np.sum(W, out=np.ones(())), r"np\.sum.*out="),
        (lambda: total(W, axes=0), r"sum.*axes"),
        (lambda: np.mean(W, where=np.ones(3, bool)), "where"),
    ],
)  # fmt: skip
def test_options_that_are_not_supported_are_refused(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: np.roots(W[0]), "companion matrix"),
        (lambda: np.put_along_axis(W, np.zeros((1, 3), int), 1.0, 0), "changes its argument"),
        (lambda: np.unique_counts(W), "use np.unique"),
        (lambda: np.unique_values(W), "use np.unique"),
        (lambda: np.histogram2d(W, W), r"compute on t\.numpy\(\) if no gradient is needed"),
    ],
)  # fmt: skip
def test_a_refusal_gives_its_reason(call: Callable[[], Any], why: str) -> None:
    with pytest.raises(NotImplementedError, match=why):
        call()
