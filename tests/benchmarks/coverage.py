"""What other libraries make of the test list: which functions they have, and differentiate alike.

    python -m tests.benchmarks.coverage [--ours]

Every row is run by HIPS autograd, MyGrad and JAX (see `translation`), and its gradients are
compared with this package's, which the tests compare with differences. The result, by function,
goes into ``coverage.json`` beside this module, and from there ``examples/operations.py`` makes
``examples/operations.md``. With ``--ours`` nothing is measured anew but this package, and the other
libraries are not needed.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from autograd_nn import gradients
from examples.operations import markdown
from tests.autograd_nn.complex_rows import VARIANTS, variants
from tests.autograd_nn.harness import Row, leaves, sample, weighted, weights
from tests.autograd_nn.ops.called import functions_of, through
from tests.autograd_nn.rows import ROWS

from .translation import Library, hips, jax, mygrad

DATA = Path(__file__).with_name("coverage.json")
TABLE = DATA.parents[2] / "examples" / "operations.md"


def by_jax(f: Callable[..., Any], row: Row, arrays: Sequence[Any]) -> list[Any]:
    """Return the gradients, or the value where there are none, by JAX."""
    import jax as package
    import jax.numpy as jnp

    def cost(*xs: Any) -> Any:
        out = f(*xs)
        return jnp.sum(out * weights(out.shape, 1))

    xs = [jnp.asarray(a) for a in arrays]
    return list(package.grad(cost, argnums=row.by)(*xs)) if row.by else [f(*xs)]


def by_hips(f: Callable[..., Any], row: Row, arrays: Sequence[Any]) -> list[Any]:
    """Return the gradients, or the value where there are none, by HIPS autograd."""
    import autograd
    import autograd.numpy as anp

    def cost(*xs: Any) -> Any:
        out = f(*xs)
        return anp.sum(out * weights(anp.shape(out), 1))

    return [autograd.grad(cost, i)(*arrays) for i in row.by] if row.by else [f(*arrays)]


def by_mygrad(f: Callable[..., Any], row: Row, arrays: Sequence[Any]) -> list[Any]:
    """Return the gradients, or the value where there are none, by MyGrad."""
    import mygrad as mg

    xs = [mg.tensor(a) if i in row.by else a for i, a in enumerate(arrays)]
    out = f(*xs)
    if not row.by:
        return [np.asarray(out)]
    if not isinstance(out, mg.Tensor):
        raise TypeError("the gradient is lost")
    mg.sum(out * weights(out.shape, 1)).backward()
    return [xs[i].grad if xs[i].grad is not None else np.zeros(xs[i].shape) for i in row.by]


def verdict(library: Library, run: Callable[..., Any], row: Row) -> str:
    """Return "yes", "no" (it fails) or "other" (it gives other numbers)."""
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    xs = leaves(row, arrays)
    if row.by:
        right = gradients(weighted(row, xs), [xs[i] for i in row.by])
    else:
        right = [row.run(*xs).numpy()]
    try:
        found = run(library.translated(row.run), row, arrays)
        alike = all(np.allclose(a, b, 1e-6, 1e-9) for a, b in zip(found, right, strict=True))
    except Exception:  # whatever a library raises for what it lacks
        return "no"
    return "yes" if alike else "other"


def measured() -> dict[str, Any]:
    """Return what the libraries did, row by row."""
    warnings.simplefilter("ignore")
    libraries = (
        ("autograd", "autograd", hips(), by_hips),
        ("MyGrad", "mygrad", mygrad(), by_mygrad),
        ("JAX", "jax", jax(), by_jax),
    )
    return {
        "versions": {title: version(package) for title, package, _, _ in libraries},
        "rows": {
            row.name: {title: verdict(library, run, row) for title, _, library, run in libraries}
            for row in ROWS
        },
    }


def by_function(rows: dict[str, dict[str, str]]) -> dict[str, dict[str, dict[str, int]]]:
    """Return how often each library gave which verdict on the rows of each function."""
    result: dict[str, dict[str, dict[str, int]]] = {}
    for row in ROWS:
        for name in functions_of(row):
            for title, word in rows.get(row.name, {}).items():
                counts = result.setdefault(name, {}).setdefault(title, {})
                counts[word] = counts.get(word, 0) + 1
    return result


def on_complex() -> dict[str, dict[str, int]]:
    """Return on how many rows of each function complex numbers are taken, or not."""
    taken = {row.name for row, which in VARIANTS if which == variants(row)[0]}
    result: dict[str, dict[str, int]] = {}
    for row in ROWS:
        for name in functions_of(row) if variants(row) else ():
            counts = result.setdefault(name, {})
            word = "yes" if row.name in taken else "no"
            counts[word] = counts.get(word, 0) + 1
    return result


def main() -> None:
    """Measure, write the data and the table."""
    data = json.loads(DATA.read_text()) if "--ours" in sys.argv else measured()
    data |= {"functions": by_function(data["rows"]), "through": through()}
    data["complex"] = on_complex()
    DATA.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
    data = json.loads(DATA.read_text())  # in the order that a reader finds
    TABLE.write_text(markdown(data), encoding="utf-8")


if __name__ == "__main__":
    main()
