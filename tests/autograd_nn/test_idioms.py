"""NumPy and SciPy idioms: their gradient is that of finite differences, or an error helps on."""

from __future__ import annotations

import copy
import functools
import importlib
import math
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
import scipy

import autograd_nn.numpy
import autograd_nn.scipy
from autograd_nn import Tensor, custom, grad, jvp

from .idioms import ELSEWHERE, IDIOMS

X = np.array([0.71, 1.37, 0.43, 2.19, 0.94, 1.76])
P = np.array([1.3, 0.6, 0.9, 1.7, 0.35, 2.1])
NAMES = {"copy": copy, "math": math, "np": np, "pickle": pickle, "scipy": scipy}
PARTS = """fft integrate interpolate linalg ndimage optimize signal sparse spatial.distance
special stats"""
for part in PARTS.split():
    importlib.import_module(f"scipy.{part}")

HELP = re.compile(
    r"\b(use|Use|write|pass|Keep|keep|compute|Compute|join|Join|call|Build|build|Copy|carry|return"
    r"|mask|register|Reduce|reshape)\b"
)
OURS = {"np": autograd_nn.numpy, "scipy": autograd_nn.scipy}


def meant(text: str, x: Any, total: Any = np.sum, namespaces: Any = NAMES) -> Any:
    """Return the sum of what `text` gives for x."""
    m = np.reshape(x, (2, 3))
    names = {
        **NAMES,
        **namespaces,
        "x": x,
        "m": m,
        "s": m.T @ m + 2 * np.eye(3),
        "t": x[1],
        "p": P.copy(),
    }
    try:
        code = compile(text, "<idiom>", "eval")
    except SyntaxError:
        exec(compile(text, "<idiom>", "exec"), names)  # noqa: S102 - our own list
        result = names["result"]
    else:
        result = eval(code, names)  # noqa: S307 - our own list
    if isinstance(result, (list, tuple)):
        result = sum([total(part) for part in result])
    return total(result)


def differences(text: str) -> Any:
    """Return the gradient by central differences on arrays, or None where there is none."""
    found = np.zeros(6)
    for i in range(6):
        step = np.zeros(6)
        step[i] = 1e-5
        found[i] = np.real(meant(text, X + step) - meant(text, X - step)) / 2e-5
    return found


def helps(error: BaseException) -> bool:
    """Whether `error`, or what it came from, tells a way out."""
    seen: BaseException | None = error
    while seen is not None:
        if HELP.search(str(seen)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def test_there_are_enough() -> None:
    assert len(set(IDIOMS)) >= 300


@functools.cache
def is_right(text: str, ours: bool) -> bool:
    """Whether an idiom is differentiated, with NumPy's and SciPy's names or with `OURS`."""
    try:
        found = grad(lambda x: meant(text, x, namespaces=OURS if ours else NAMES))(X.copy())
    except Exception as error:  # every kind: what matters is what it says
        assert helps(error), f"{type(error).__name__}: {error}"
        return False
    np.testing.assert_allclose(found, differences(text), rtol=1e-4, atol=1e-6)
    return True


@pytest.mark.parametrize("ours", [False, True])
@pytest.mark.parametrize("text", IDIOMS)
@pytest.mark.filterwarnings("ignore")
def test_an_idiom_is_right_or_is_refused(text: str, ours: bool) -> None:
    is_right(text, ours)


@pytest.mark.filterwarnings("ignore")
def test_nine_of_ten_idioms_are_right() -> None:
    refused = [text for text in IDIOMS if not is_right(text, True)]
    assert len(refused) <= len(IDIOMS) / 10, refused


@pytest.mark.parametrize("text", ELSEWHERE)
@pytest.mark.filterwarnings("ignore")
def test_what_others_take_apart_is_refused(text: str) -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever the module says
        grad(lambda x: meant(text, x))(X.copy())


@pytest.mark.parametrize(
    "text", ["float(t)", "int(t)", "complex(t)", "math.exp(t)", "np.fromiter([t], float)"]
)
def test_outside_of_transforms_a_lost_gradient_warns_at_the_users_line(text: str) -> None:
    x = Tensor(X, requires_grad=True, name="x")
    names = {**NAMES, "t": x[1]}
    with pytest.warns(UserWarning, match=r"its gradient would be lost.*item") as caught:
        eval(compile(text, "<users file>", "eval"), names)  # noqa: S307 - our own list
    assert [w.filename for w in caught] == ["<users file>"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert x[1].item() == x[1].detach().numpy() == float(f"{x[1]:.5f}") == X[1]


def test_scipys_functions_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"scipy\.linalg\.inv.*Use np\.linalg\.inv"):
        grad(lambda x: np.sum(scipy.linalg.inv(x)))(np.eye(2))


def test_counts_and_truth_values_become_arrays() -> None:
    x = Tensor(X, requires_grad=True)
    for found, right in ((P[np.argsort(x)], P[np.argsort(X)]), (P[x > 1], P[X > 1])):
        np.testing.assert_array_equal(found, right)
    np.testing.assert_array_equal(np.asarray(x > 0), X > 0)


@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],  # noqa: S301 - our own
)
def test_copies_are_refused_in_transforms_and_of_long_histories(clone: Any) -> None:
    with pytest.raises(TypeError, match="gradient would be lost"):
        grad(lambda x: np.sum(clone(x) * x))(X)
    y = Tensor(1.0, requires_grad=True)
    for _ in range(2000):
        y = y * 1.0
    with pytest.raises(TypeError, match="neither copied nor pickled"):
        clone(y)


def test_a_rule_of_ones_own_takes_no_value_out_of_a_cotangent() -> None:
    taken = custom("taken", lambda x: x, lambda g, out, x: np.asarray(g) * 1.0)
    with pytest.raises(TypeError, match="gradient would be lost"):
        jvp(taken, (X,), (X,))
