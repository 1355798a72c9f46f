"""Functions of matrices that SciPy has and NumPy lacks (Higham, *Functions of Matrices*, 2008).

The differential of a function of a matrix is itself one, of a block matrix twice as large; systems
with triangles and bands, and Sylvester's equation, are their own transposes' adjoints.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from .functions import Late
from .rules import call, function_of, transposed


def _outer(flow: Any, out: Any) -> Any:
    """Return the cotangent of the matrix of a system, from that of the right-hand side."""
    if flow.ndim == 1:
        return np.expand_dims(flow, -1) * np.expand_dims(out, -2)
    return flow @ transposed(out)


def _triangle_b(g: Any, out: Any, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
    return call(TRIANGLE, transposed(a), g, lower=not lower, unit_diagonal=unit_diagonal)


def _triangle_a(g: Any, out: Any, a: Any, b: Any, lower: bool, unit_diagonal: bool) -> Any:
    flow = -_outer(_triangle_b(g, out, a, b, lower, unit_diagonal), out)
    return np.tril(flow, -unit_diagonal) if lower else np.triu(flow, +unit_diagonal)


def _expm_rule(g: Any, out: Any, a: Any) -> Any:
    n, across = a.shape[-1], transposed(a)
    both = np.concatenate([
        np.concatenate([across, g], axis=-1),
        np.concatenate([np.zeros_like(a), across], axis=-1),
    ], axis=-2)  # fmt: skip
    return call(EXPM, both)[..., :n, n:]


def _sylvester(a: Any, b: Any, q: Any) -> Any:
    from scipy.linalg import solve_sylvester

    # SciPy takes Schur's form for real matrices as triangular where another matrix is complex
    return solve_sylvester(*(x.astype(np.result_type(a, b, q)) for x in (a, b, q)))


def _sylvester_rule(g: Any, out: Any, a: Any, b: Any, q: Any) -> Any:
    flow = call(SYLVESTER, transposed(a), transposed(b), g)
    return lambda index: (
        flow if index == 2 else -(flow @ transposed(out) if index == 0 else transposed(out) @ flow)
    )


def _banded(ab: Any, b: Any, l_and_u: tuple[int, int]) -> Any:
    from scipy.linalg import solve_banded

    return solve_banded(l_and_u, ab, b)


def _places(l_and_u: tuple[int, int], n: int) -> tuple[Any, Any, Any]:
    """Return the row and the column of each number of a band of an n by n matrix, and which are."""
    below, above = l_and_u
    columns = np.broadcast_to(np.arange(n), (below + above + 1, n))
    rows = columns + np.arange(-above, below + 1)[:, None]
    return np.clip(rows, 0, n - 1), columns, (rows >= 0) & (rows < n)


def _banded_b(g: Any, out: Any, ab: Any, b: Any, l_and_u: tuple[int, int]) -> Any:
    turned = l_and_u[::-1]
    rows, columns, there = _places(turned, ab.shape[1])  # of the transpose
    across = np.where(there, ab[l_and_u[1] + columns - rows, rows], 0)
    return call(BANDED, across, g, l_and_u=turned)


def _banded_a(g: Any, out: Any, ab: Any, b: Any, l_and_u: tuple[int, int]) -> Any:
    flow = _banded_b(g, out, ab, b, l_and_u)
    rows, columns, there = _places(l_and_u, ab.shape[1])
    products = flow[rows] * out[columns]
    return np.where(there, -(products if flow.ndim == 1 else np.sum(products, axis=-1)), 0)


# fmt: off
TRIANGLE: Op = register(Op("solve_triangular", Late("scipy.linalg", "solve_triangular"),
    (_triangle_a, _triangle_b), latex="{0}^{{-1}} {1}",
    rule_words=r"the triangle of $-X^{-T} g \, r^{T}$; $X^{-T} g$", traits={"complex"}))
EXPM: Op = register(Op("expm", Late("scipy.linalg", "expm"), (_expm_rule,), latex="e^{{{0}}}",
    rule_words=r"the upper right block of $e^{Z}$, where $Z$ has $X^{T}$ on its diagonal and "
    "$g$ above", traits={"complex"}))
SQRTM: Op = register(Op("sqrtm", Late("scipy.linalg", "sqrtm"), (
    lambda g, out, a: call(SYLVESTER, transposed(out), transposed(out), g),
), latex="{0}^{{1/2}}", rule_words="$S$ with $r^{T} S + S r^{T} = g$", traits={"complex"}))
SYLVESTER: Op = register(Op("solve_sylvester", _sylvester,
    every=_sylvester_rule, latex=function_of("sylvester", 3),
    rule_words="$-S r^{T}$; $-r^{T} S$; $S$ with $X^{T} S + S Y^{T} = g$", traits={"complex"}))
BANDED: Op = register(Op("solve_banded", _banded, (_banded_a, _banded_b), latex="{0}^{{-1}} {1}",
    rule_words=r"the band of $-X^{-T} g \, r^{T}$; $X^{-T} g$", traits={"complex"}))
# fmt: on
