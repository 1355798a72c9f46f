"""``np.linalg``: decompositions of matrices, by which norms and ranks are found too.

A decomposition has several results and an operation has one, so that the factors lie beside each
other in one array, from which `_implementations` cut them; a rule thus sees the cotangents of all
factors at once, and the decomposition is done once. All work on stacks of matrices.

The rules follow M. Giles, *An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation* (2008), and J. Townsend, *Differentiating the singular
value decomposition* (2016). ``eigh`` and ``cholesky`` read one triangle of their operand, and its
cotangent is zero in the other. Where factors are not unique, as eigenvectors of equal eigenvalues
are not, nor the phases of complex ones, a cotangent that depends on the choice comes out as nan.
Those of matrices with factors read best for the inner product Re tr(gᴴ x): `hermitian` turns such
a rule into one for cotangents, which are conjugates of that.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import (
    adjoint,
    columns,
    divided,
    eye,
    function_of,
    hermitian,
    is_complex,
    real,
    rows,
    transposed,
)  # fmt: skip

EigResult: Any = type(np.linalg.eig(np.eye(1)))
EighResult: Any = type(np.linalg.eigh(np.eye(1)))
QRResult: Any = type(np.linalg.qr(np.eye(1)))
SVDResult: Any = type(np.linalg.svd(np.eye(1)))


# -- steps of several rules ------------------------------------------------------------------------


def _folded(g: Any, upper: bool = False) -> Any:
    """Return the cotangent of the triangle of a symmetric matrix whose cotangent is `g`."""
    both = g + adjoint(g)
    halved = both * (1 - 0.5 * eye(g.shape[-1], g))
    return np.triu(halved) if upper else np.tril(halved)


def _outside(a: Any) -> Any:
    """Return the projection onto what is orthogonal to the columns of `a`."""
    return eye(a.shape[-2], a) - a @ adjoint(a)


def _phases(*pairs: tuple[Any, Any]) -> Any:
    """Return a diagonal: nan where a cotangent depends on the phase of complex vectors, else 0.

    Each of `pairs` is columns of unit length and their cotangents; their phases are turned
    together.
    """
    turned: Any = sum(np.sum(np.imag(np.conjugate(v) * g), axis=-2) for v, g in pairs)
    size: Any = sum(np.sum(np.abs(v) * np.abs(g), axis=-2) for v, g in pairs)
    v = pairs[0][0]
    seen = np.abs(turned) > math.sqrt(np.finfo(v.dtype).eps) * size
    return rows(np.where(seen, np.nan, 0)) * eye(v.shape[-1], v)


# -- factors ---------------------------------------------------------------------------------------


@hermitian
def _cholesky_rule(g: Any, out: Any, a: Any) -> Any:
    n = out.shape[-1]
    inner = np.tril(adjoint(out) @ g) * (1 - 0.5 * eye(n, out))
    across = adjoint(out)
    half = np.linalg.solve(across, adjoint(np.linalg.solve(across, adjoint(inner))))
    return _folded(half)


def _eigh(a: Any, UPLO: Any = "L") -> Any:
    """Return the eigenvalues as the first row, the eigenvectors as the columns below."""
    values, vectors = np.linalg.eigh(a, UPLO)
    return np.concatenate([np.expand_dims(values, -2), vectors], axis=-2)


@hermitian
def _eigh_rule(g: Any, out: Any, a: Any, UPLO: str = "L") -> Any:
    values, v = real(out[..., 0, :]), out[..., 1:, :]
    g_values, g_vectors = real(g[..., 0, :]), g[..., 1:, :]
    unit = eye(values.shape[-1], v)
    gaps = columns(values) - rows(values)
    mixed = adjoint(v) @ g_vectors
    turning = divided((mixed - adjoint(mixed)) * (1 - unit), 2 * gaps)
    inner = turning + rows(g_values) * unit
    if is_complex(v):
        inner = inner + _phases((v, g_vectors))
    return _folded(v @ inner @ adjoint(v), UPLO == "U")


def _eig(a: Any) -> Any:
    """Return the eigenvalues as the first row, the eigenvectors as the columns below."""
    values, vectors = np.linalg.eig(a)
    both = np.concatenate([np.expand_dims(values, -2), vectors], axis=-2)
    return both.astype(np.result_type(a, np.complex64))


@hermitian
def _eig_rule(g: Any, out: Any, a: Any) -> Any:
    # after C. Boeddeker and others, *On the computation of complex-valued gradients* (2017)
    values, v = out[..., 0, :], out[..., 1:, :]
    g_values, g_vectors = g[..., 0, :], g[..., 1:, :]
    unit, across = eye(values.shape[-1], v), adjoint(v)
    gaps = np.conjugate(columns(values) - rows(values))
    lengths = columns(np.sum(np.real(np.conjugate(v) * g_vectors), axis=-2))
    turning = divided((across @ g_vectors - across @ v * lengths) * (1 - unit), gaps)
    inner = turning + rows(g_values) * unit + _phases((v, g_vectors))
    return np.linalg.solve(across, inner @ across)


def _svd(a: Any) -> Any:
    """Return Uᵀ, the singular values as a column, and Vᵀ side by side."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([np.swapaxes(u, -1, -2), np.expand_dims(s, -1), vh], axis=-1)


@hermitian
def _svd_rule(g: Any, out: Any, a: Any) -> Any:
    m = a.shape[-2]
    s, g_s = real(out[..., m]), real(g[..., m])
    u, g_u = transposed(out[..., :m]), transposed(g[..., :m])
    vh, g_vh = out[..., m + 1 :], g[..., m + 1 :]
    v, g_v = adjoint(vh), adjoint(g_vh)
    unit = eye(s.shape[-1], out)
    gaps = np.square(columns(s)) - np.square(rows(s))
    mixed_u, mixed_v = adjoint(u) @ g_u, vh @ g_v
    turn_u = divided((mixed_u - adjoint(mixed_u)) * (1 - unit), gaps)
    turn_v = divided((mixed_v - adjoint(mixed_v)) * (1 - unit), gaps)
    inner = turn_u * columns(s) + rows(s) * turn_v + rows(g_s) * unit
    if is_complex(out):  # the phases of u against those of v
        inner = inner + divided((mixed_u - adjoint(mixed_u)) * unit, 2 * columns(s))
        inner = inner + _phases((u, g_u), (v, g_v))
    beyond_u = divided(_outside(u) @ g_u, columns(s))
    beyond_v = divided(g_vh @ _outside(v), rows(s))
    return u @ (inner @ vh + beyond_v) + beyond_u @ vh


def _qr(a: Any) -> Any:
    """Return Qᵀ and R side by side."""
    q, r = np.linalg.qr(a)
    return np.concatenate([np.swapaxes(q, -1, -2), r], axis=-1)


@hermitian
def _qr_rule(g: Any, out: Any, a: Any) -> Any:
    m, n = a.shape[-2:]
    q, r = transposed(out[..., :m]), out[..., m:]
    g_q, g_r = transposed(g[..., :m]), g[..., m:]
    k = min(m, n)
    if n > k:  # the columns beyond the square part are Q times those of R
        beyond, g_beyond = a[..., k:], g_r[..., k:]
        g_q = g_q + beyond @ adjoint(g_beyond)
        g_a_beyond = q @ g_beyond
    square = r[..., :k]
    mixed = square @ adjoint(g_r[..., :k]) - adjoint(g_q) @ q
    half = np.tril(mixed) * (1 - 0.5 * eye(k, out))  # R has a real diagonal
    inner = g_q + q @ (half + adjoint(half))
    flow = adjoint(np.linalg.solve(square, adjoint(inner)))
    return np.concatenate([flow, g_a_beyond], axis=-1) if n > k else flow


# fmt: off
CHOLESKY = register(Op("cholesky", np.linalg.cholesky, (_cholesky_rule,),
    latex=function_of("cholesky"),
    rule_words=r"the triangle of $L^{-T} \Phi(L^{T} g) L^{-1}$ that is read, $\Phi$ the lower "
    "triangle with half the diagonal", traits={"complex", "stacks"}))
EIGH = register(Op("eigh", _eigh, (_eigh_rule,), latex=function_of("eigh"),
    rule_words=r"the triangle that is read of $V (\operatorname{diag}(g_w) + F \odot V^{T} g_V) "
    r"V^{T}$"
    r" with $F_{ij} = 1/(w_j - w_i)$", traits={"complex", "stacks"}))
EIG = register(Op("eig", _eig, (_eig_rule,), latex=function_of("eig"),
    rule_words=r"$V^{-H} (\operatorname{diag}(g_w) + F \odot (V^{H} g_V - V^{H} V "
    r"\operatorname{Re} \operatorname{diag}(V^{H} g_V))) V^{H}$ with $F_{ij} = 1/(w_j - w_i)^{*}$",
    traits={"complex", "stacks"}))
SVD = register(Op("svd", _svd, (_svd_rule,), latex=function_of("svd"),
    rule_words=r"$U (\ldots) V^{T}$ of the cotangents of all three factors, after J. Townsend",
    traits={"complex", "stacks"}))
QR = register(Op("qr", _qr, (_qr_rule,), latex=function_of("qr"),
    rule_words=r"$(g_Q + Q \operatorname{sym}(R g_R^{T} - g_Q^{T} Q)) R^{-T}$",
    traits={"complex", "stacks"}))
# fmt: on


# -- what NumPy calls them -------------------------------------------------------------------------


@implements(np.linalg.cholesky)
def _cholesky_of(a: Any, /, *, upper: bool = False) -> Any:
    if upper:  # reads the upper triangle
        return adjoint(apply(CHOLESKY, (adjoint(a),)))
    return apply(CHOLESKY, (a,))


@implements(np.linalg.eigh)
def _eigh_of(a: Any, UPLO: str = "L") -> Any:
    both = apply(EIGH, (a,), {"UPLO": UPLO.upper()})
    return EighResult(real(both[..., 0, :]), both[..., 1:, :])


@implements(np.linalg.eig)
def _eig_of(a: Any) -> Any:
    both = apply(EIG, (a,))  # complex whatever comes out: a dtype must not depend on values
    return EigResult(both[..., 0, :], both[..., 1:, :])


implements(np.linalg.eigvals)(lambda a: _eig_of(a).eigenvalues)
implements(np.linalg.eigvalsh)(lambda a, UPLO="L": _eigh_of(a, UPLO).eigenvalues)


@implements(np.linalg.svd)
def _svd_of(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    m, n = a.shape[-2:]
    if compute_uv and full_matrices and m != n:
        raise NotImplementedError(
            f"np.linalg.svd of a {m} by {n} Tensor: the columns that complete U or V are not "
            "differentiable; pass full_matrices=False"
        )
    parts = apply(SVD, (a,))
    values = real(parts[..., m])
    if not compute_uv:
        return values
    return SVDResult(transposed(parts[..., :m]), values, parts[..., m + 1 :])


implements(np.linalg.svdvals)(partial(_svd_of, compute_uv=False))


@implements(np.linalg.qr)
def _qr_of(a: Any, mode: str = "reduced") -> Any:
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise NotImplementedError(
            f"np.linalg.qr of a {m} by {n} Tensor takes mode 'reduced' or 'r', got {mode!r}"
        )
    parts = apply(QR, (a,))
    return parts[..., m:] if mode == "r" else QRResult(transposed(parts[..., :m]), parts[..., m:])


@implements(np.linalg.matrix_rank)
def _matrix_rank_of(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if A.ndim < 2:
        return np.any(A != 0).astype(int)
    values = np.linalg.svd(A, compute_uv=False)
    largest = np.max(values, axis=-1, keepdims=True)
    if tol is None:
        eps = np.finfo(A.dtype).eps * max(A.shape[-2:])
        tol = largest * (eps if rtol is None else np.expand_dims(rtol, -1))
    return np.count_nonzero(values > tol, axis=-1)
