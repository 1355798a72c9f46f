"""NumPy and SciPy idioms: their gradient is that of finite differences, or an error helps on."""

from __future__ import annotations

import copy
import importlib
import math
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest
import scipy

from autograd_nn import Tensor, grad

from .idioms import IDIOMS

X = np.array([0.71, 1.37, 0.43, 2.19, 0.94, 1.76])
P = np.array([1.3, 0.6, 0.9, 1.7, 0.35, 2.1])
NAMES = {"copy": copy, "math": math, "np": np, "pickle": pickle, "scipy": scipy}
for part in ("fft integrate interpolate linalg ndimage optimize signal sparse spatial.distance "
             "special stats").split():  # fmt: skip
    importlib.import_module(f"scipy.{part}")

HELP = re.compile(
    r"\b(use|Use|write|pass|Keep|keep|compute|Compute|join|Join|call|Build|build|Copy|carry|return"
    r"|mask|register|Reduce|reshape)\b"
)
OURS = (TypeError, ValueError, NotImplementedError, RuntimeError)


def meant(text: str, x: Any, total: Any = np.sum) -> Any:
    """Return the sum of what `text` gives for x."""
    m = np.reshape(x, (2, 3))
    names = {**NAMES, "x": x, "m": m, "s": m.T @ m + 2 * np.eye(3), "t": x[1], "p": P.copy()}
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


@pytest.mark.parametrize("text", IDIOMS)
@pytest.mark.filterwarnings("ignore")
def test_an_idiom_is_right_or_is_refused(text: str) -> None:
    try:
        found = grad(lambda x: meant(text, x))(X.copy())
    except Exception as error:  # every kind: what matters is what it says
        assert helps(error), f"{type(error).__name__}: {error}"
        return
    np.testing.assert_allclose(found, differences(text), rtol=1e-4, atol=1e-6)
