"""Systems of equations with a Cholesky factor: solved as the triangular ones that they are."""

from __future__ import annotations

from typing import Any

from ...core.op import Op
from ...core.tensor import Tensor, apply
from ...ops.decompositions import CHOLESKY
from ...ops.equations import SOLVE
from ...ops.shapes import TRANSPOSE
from ..graph import Graph
from ..rewriting import Rule, applies_to
from .transposes import permutation, reshaped


def _by_substitution(factor: Any, b: Any, across: bool) -> Any:
    from scipy.linalg.blas import dtrsm, strsm

    routine = strsm if factor.dtype == "float32" else dtrsm
    return routine(1.0, factor.T, b, 0, 0, 0 if across else 1)  # sees the factor in Fortran's order


BY_SUBSTITUTION = Op("by_substitution", _by_substitution, latex="{0}^{{-1}} {1}")
"""The solution for a lower triangular matrix, or with `across` for its transpose."""


@applies_to(SOLVE, arithmetic=True)
def by_a_cholesky_factor(node: Tensor, graph: Graph) -> Tensor | None:
    """``solve(L.T, b)`` → one substitution, where L is a Cholesky factor: no 0 on its diagonal."""
    a, b = node.inputs
    across = a.op is TRANSPOSE and permutation(a) == (1, 0)
    factor = a.inputs[0] if across else a
    if factor.op is not CHOLESKY or factor.ndim != 2 or b.ndim > 2 or not b.size:
        return None
    columns = reshaped(b, b.shape if b.ndim == 2 else (b.size, 1))
    solved = apply(BY_SUBSTITUTION, (factor, columns), {"across": across})
    return reshaped(solved, node.shape)


RULES: list[Rule] = [by_a_cholesky_factor]
