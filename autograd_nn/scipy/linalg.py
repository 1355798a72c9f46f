"""``scipy.linalg`` for Tensors: what NumPy has by NumPy's rules, the rest by rows of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..numpy import asarray
from ..ops.matrix_functions import BANDED, EXPM, SQRTM, SYLVESTER, TRIANGLE
from ..ops.rules import call, transposed
from . import on_tensors, scipys

inv, det, norm, pinv, svdvals = (
    on_tensors("linalg", name)(getattr(np.linalg, name))
    for name in ("inv", "det", "norm", "pinv", "svdvals")
)


@on_tensors("linalg")
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, **more: Any) -> Any:
    """Return the singular value decomposition."""
    factors: Any = np.linalg.svd
    return factors(a, full_matrices, compute_uv)


@on_tensors("linalg")
def solve(
    a: Any, b: Any, lower: bool = False, *, assume_a: Any = None, transposed: bool = False
) -> Any:
    """Return x with a @ x = b, whatever is assumed of a."""
    return np.linalg.solve(np.swapaxes(a, -1, -2) if transposed else a, b)


@on_tensors("linalg")
def cholesky(a: Any, lower: bool = False) -> Any:
    """Return the triangular factor of a positive definite matrix, the upper one by default."""
    return np.linalg.cholesky(a, upper=not lower)


@on_tensors("linalg")
def cho_factor(a: Any, lower: bool = False) -> tuple[Any, bool]:
    """Return the factor for `cho_solve`, with zeros in the other triangle."""
    return cholesky(a, lower), lower


@on_tensors("linalg")
def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Any:
    """Return x with a @ x = b, from the factor of a."""
    c, lower = c_and_lower
    half = solve_triangular(c, b, trans=0 if lower else 2, lower=lower)
    return solve_triangular(c, half, trans=2 if lower else 0, lower=lower)


@on_tensors("linalg")
def solve_triangular(
    a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
) -> Any:
    """Return x with a @ x = b, or aᵀ @ x = b, for a triangular matrix."""
    if np.ndim(a) != 2 or np.ndim(b) not in (1, 2):
        raise ValueError(
            f"solve_triangular on Tensors takes one matrix and a vector or matrix, got shapes "
            f"{np.shape(a)} and {np.shape(b)}"
        )
    if trans in (2, "C"):
        a, trans = np.conj(a), 1
    if trans in (1, "T"):
        a, lower = transposed(a), not lower
    return call(TRIANGLE, a, b, lower=bool(lower), unit_diagonal=bool(unit_diagonal))


@on_tensors("linalg")
def solve_banded(l_and_u: tuple[int, int], ab: Any, b: Any) -> Any:
    """Return x with a @ x = b, for a matrix given by its band."""
    return call(BANDED, ab, b, l_and_u=tuple(l_and_u))


@on_tensors("linalg")
def expm(A: Any) -> Any:
    """Return the exponential of a matrix, or of each in a stack."""
    return call(EXPM, A)


@on_tensors("linalg")
def sqrtm(A: Any, disp: bool = True, blocksize: int = 64) -> Any:
    """Return the square root of a matrix."""
    return call(SQRTM, A)


@on_tensors("linalg")
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Return x with a @ x + x @ b = q."""
    return call(SYLVESTER, a, b, q)


@on_tensors("linalg")
def eigh(a: Any, b: Any = None, lower: bool = True, eigvals_only: bool = False, **more: Any) -> Any:
    """Return eigenvalues and eigenvectors of a symmetric matrix."""
    if b is not None or any(value is not None for value in more.values()):
        raise NotImplementedError(f"eigh on Tensors takes a, lower and eigvals_only, got {[*more]}")
    both = np.linalg.eigh(a, "L" if lower else "U")
    return both[0] if eigvals_only else both


@on_tensors("linalg")
def eigvalsh(a: Any, b: Any = None, lower: bool = True, **more: Any) -> Any:
    """Return the eigenvalues of a symmetric matrix."""
    return eigh(a, b, lower, eigvals_only=True, **more)


@on_tensors("linalg")
def block_diag(*arrs: Any) -> Any:
    """Return a matrix with these on its diagonal."""
    blocks = [np.atleast_2d(asarray(block)) for block in arrs]
    return np.block([
        [a if i == k else np.zeros((len(a), b.shape[1]), a.dtype) for k, b in enumerate(blocks)]
        for i, a in enumerate(blocks)
    ])  # fmt: skip


@on_tensors("linalg")
def toeplitz(c: Any, r: Any = None) -> Any:
    """Return the matrix with constant diagonals, from its first column and row."""
    c = np.ravel(c)
    r = np.conj(c) if r is None else np.ravel(r)
    along = np.concatenate([c[::-1], r[1:]])
    return along[len(c) - 1 - np.arange(len(c))[:, None] + np.arange(len(r))]


__getattr__ = scipys("scipy.linalg")
