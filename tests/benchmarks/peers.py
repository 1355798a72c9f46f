"""What other libraries do with plain NumPy calls and with derivatives of derivatives.

    pip install -e ".[bench]"
    python -m tests.benchmarks.peers

For the README's table: each library takes the derivative of ``np.exp``, plain NumPy, at 1, and the
second derivative of x⁴ at 3, which is 108.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import Any

import numpy as np
from tabulate import tabulate


def ours() -> list[Callable[[], Any]]:
    """Return the two questions, put to this package."""
    from autograd_nn import grad

    return [lambda: grad(np.exp)(1.0), lambda: grad(grad(lambda x: x**4))(3.0)]


def jax() -> list[Callable[[], Any]]:
    """Return them, put to JAX."""
    from jax import grad

    return [lambda: grad(np.exp)(1.0), lambda: grad(grad(lambda x: x**4))(3.0)]


def hips() -> list[Callable[[], Any]]:
    """Return them, put to HIPS autograd."""
    from autograd import grad

    return [lambda: grad(np.exp)(1.0), lambda: grad(grad(lambda x: x**4))(3.0)]


def torch() -> list[Callable[[], Any]]:
    """Return them, put to PyTorch."""
    import torch

    def exp() -> Any:
        x = torch.tensor(1.0, requires_grad=True)
        np.exp(x).backward()
        return x.grad

    def second() -> Any:
        x = torch.tensor(3.0, requires_grad=True)
        (slope,) = torch.autograd.grad(x**4, x, create_graph=True)
        return torch.autograd.grad(slope, x)[0]

    return [exp, second]


def mygrad() -> list[Callable[[], Any]]:
    """Return them, put to MyGrad."""
    import mygrad

    def exp() -> Any:
        x = mygrad.tensor(1.0)
        np.exp(x).backward()
        return x.grad

    def second() -> Any:
        x = mygrad.tensor(3.0)
        (x**4).backward()
        slope: Any = x.grad
        slope.backward()
        return x.grad

    return [exp, second]


LIBRARIES = {"autograd-nn": ours, "jax": jax, "torch": torch, "mygrad": mygrad, "autograd": hips}


def answer(question: Callable[[], Any]) -> str:
    """Return the number, or what was raised."""
    try:
        return f"{float(question()):.6g}"
    except Exception as error:  # whatever it is belongs into the table
        return f"{type(error).__name__}: {str(error).splitlines()[0]:.60}"


def main() -> None:
    """Ask and print."""
    rows = []
    for name, questions in LIBRARIES.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        try:
            asked = questions()
        except ImportError:
            rows.append([f"{name}, not installed"])
            continue
        rows.append([f"{name} {version}", *map(answer, asked)])
    print(tabulate(rows, ["library", "(exp)′ at 1 = e", "(x⁴)″ at 3 = 108"]))


if __name__ == "__main__":
    main()
