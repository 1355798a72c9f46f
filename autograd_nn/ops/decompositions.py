"""``np.linalg``: inverses, determinants, systems of equations, decompositions.

A decomposition has several results and an operation has one, so that the factors lie beside each
other in one array, from which `_implementations` cut them; a rule thus sees the cotangents of all
factors at once, and the decomposition is done once. All work on stacks of matrices.

The rules follow M. Giles, *An extended collection of matrix derivative results for forward and
reverse mode algorithmic differentiation* (2008), and J. Townsend, *Differentiating the singular
value decomposition* (2016). ``eigh`` and ``cholesky`` read one triangle of their operand, and its
cotangent is zero in the other. Where factors are not unique, as eigenvectors of equal eigenvalues
are not, a cotangent that depends on the choice comes out as nan.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..core.op import Op, register
from ..core.recording import TRACING
from ..core.tensor import apply
from .functions import implements
from .rules import call, divided, function_of, transposed


class EighResult(NamedTuple):
    """What ``np.linalg.eigh`` returns."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """What ``np.linalg.qr`` returns."""

    Q: Any
    R: Any


class SlogdetResult(NamedTuple):
    """What ``np.linalg.slogdet`` returns."""

    sign: Any
    logabsdet: Any


class SVDResult(NamedTuple):
    """What ``np.linalg.svd`` returns."""

    U: Any
    S: Any
    Vh: Any


# -- steps of several rules ------------------------------------------------------------------------


def _eye(n: int, like: Any) -> Any:
    return np.eye(n, dtype=like.dtype)


def _columns(a: Any) -> Any:
    """Return a stack of vectors as factors of the columns of a stack of matrices."""
    return np.expand_dims(a, -2)


def _rows(a: Any) -> Any:
    """Return a stack of vectors as factors of the rows of a stack of matrices."""
    return np.expand_dims(a, -1)


def _folded(g: Any, upper: bool = False) -> Any:
    """Return the cotangent of the triangle of a symmetric matrix whose cotangent is `g`."""
    both = g + transposed(g)
    halved = both * (1 - 0.5 * _eye(g.shape[-1], g))
    return np.triu(halved) if upper else np.tril(halved)


def _outside(a: Any) -> Any:
    """Return the projection onto what is orthogonal to the columns of `a`."""
    return _eye(a.shape[-2], a) - a @ transposed(a)


# -- inverse and determinant -----------------------------------------------------------------------


def _inv(a: Any) -> Any:
    return np.linalg.inv(a)


def _det(a: Any) -> Any:
    return np.linalg.det(a)


def _inv_rule(g: Any, out: Any, a: Any) -> Any:
    across = transposed(out)
    return -(across @ g @ across)


def _cofactor(a: Any) -> Any:
    """Return the derivative of the determinant, for singular matrices too."""
    u, s, vh = np.linalg.svd(a)
    n = a.shape[-1]
    # of each singular value, the product of all others
    others = np.where(np.eye(n, dtype=bool), 1, np.expand_dims(s, -2)).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return np.expand_dims(sign, (-1, -2)) * ((u * np.expand_dims(others, -2)) @ vh)


def _cofactor_rule(g: Any, out: Any, a: Any) -> Any:
    inverse = np.linalg.inv(a)  # needs a regular matrix
    across = transposed(inverse)
    along = np.expand_dims(np.sum(g * out, axis=(-1, -2)), (-1, -2))
    return along * across - out @ transposed(g) @ across


def _sign_and_log(a: Any) -> Any:
    return np.stack(np.linalg.slogdet(a), axis=-1)


def _sign_and_log_rule(g: Any, out: Any, a: Any) -> Any:
    return np.expand_dims(g[..., 1], (-1, -2)) * transposed(np.linalg.inv(a))


# -- systems of equations --------------------------------------------------------------------------


def _solve(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b)


def _solve_b(g: Any, out: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:  # a vector for every matrix, which np.linalg.solve takes as columns only
        return np.linalg.solve(transposed(a), _rows(g))[..., 0]
    return np.linalg.solve(transposed(a), g)


def _solve_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    flow = _solve_b(g, out, a, b)
    if b.ndim == 1:
        return -(_rows(flow) @ _columns(out))
    return -(flow @ transposed(out))


def _pinv(a: Any, rcond: Any = None) -> Any:
    return np.linalg.pinv(a, rcond)


def _pinv_rule(g: Any, out: Any, a: Any, rcond: Any = None) -> Any:
    # valid as long as the rank does not change
    across, turned = transposed(out), transposed(g)
    left = _eye(a.shape[-2], a) - a @ out
    right = _eye(a.shape[-1], a) - out @ a
    return -(across @ g @ across) + left @ turned @ out @ across + across @ out @ turned @ right


# -- factors ---------------------------------------------------------------------------------------


def _cholesky(a: Any) -> Any:
    return np.linalg.cholesky(a)


def _cholesky_rule(g: Any, out: Any, a: Any) -> Any:
    n = out.shape[-1]
    inner = np.tril(transposed(out) @ g) * (1 - 0.5 * _eye(n, out))
    across = transposed(out)
    half = np.linalg.solve(across, transposed(np.linalg.solve(across, transposed(inner))))
    return _folded(half)


def _eigh(a: Any, UPLO: Any = "L") -> Any:
    """Return the eigenvalues as the first row, the eigenvectors as the columns below."""
    values, vectors = np.linalg.eigh(a, UPLO)
    return np.concatenate([np.expand_dims(values, -2), vectors], axis=-2)


def _eigh_rule(g: Any, out: Any, a: Any, UPLO: str = "L") -> Any:
    values, v = out[..., 0, :], out[..., 1:, :]
    g_values, g_vectors = g[..., 0, :], g[..., 1:, :]
    n = values.shape[-1]
    gaps = _columns(values) - _rows(values)
    mixed = transposed(v) @ g_vectors
    turning = divided(mixed - transposed(mixed), 2 * gaps) * (1 - _eye(n, v))
    inner = turning + _rows(g_values) * _eye(n, v)
    return _folded(v @ inner @ transposed(v), UPLO == "U")


def _svd(a: Any) -> Any:
    """Return Uᵀ, the singular values as a column, and Vᵀ side by side."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([np.swapaxes(u, -1, -2), np.expand_dims(s, -1), vh], axis=-1)


def _svd_rule(g: Any, out: Any, a: Any) -> Any:
    m = a.shape[-2]
    s, g_s = out[..., m], g[..., m]
    uh, vh, g_uh, g_vh = out[..., :m], out[..., m + 1 :], g[..., :m], g[..., m + 1 :]
    u, v = transposed(uh), transposed(vh)
    k = s.shape[-1]
    unit, apart = _eye(k, out), 1 - _eye(k, out)
    gaps = np.square(_columns(s)) - np.square(_rows(s))
    turn_u, turn_v = uh @ transposed(g_uh), vh @ transposed(g_vh)
    turn_u = divided(turn_u - transposed(turn_u), gaps) * apart
    turn_v = divided(turn_v - transposed(turn_v), gaps) * apart
    inner = turn_u * _columns(s) + _rows(s) * turn_v + _rows(g_s) * unit
    beyond_u = divided(_outside(u) @ transposed(g_uh), _columns(s))
    beyond_v = divided(g_vh @ _outside(v), _rows(s))
    return u @ (inner @ vh + beyond_v) + beyond_u @ vh


def _qr(a: Any) -> Any:
    """Return Qᵀ and R side by side."""
    q, r = np.linalg.qr(a)
    return np.concatenate([np.swapaxes(q, -1, -2), r], axis=-1)


def _qr_rule(g: Any, out: Any, a: Any) -> Any:
    m, n = a.shape[-2:]
    qh, r, g_q, g_r = out[..., :m], out[..., m:], transposed(g[..., :m]), g[..., m:]
    q = transposed(qh)
    k = min(m, n)
    if n > k:  # the columns beyond the square part are Q times those of R
        beyond, g_beyond = a[..., k:], g_r[..., k:]
        g_q = g_q + beyond @ transposed(g_beyond)
        g_a_beyond = q @ g_beyond
    square = r[..., :k]
    mixed = square @ transposed(g_r[..., :k]) - transposed(g_q) @ q
    symmetric = np.tril(mixed) + transposed(np.tril(mixed, -1))
    inner = g_q + q @ symmetric
    flow = transposed(np.linalg.solve(square, transposed(inner)))
    return np.concatenate([flow, g_a_beyond], axis=-1) if n > k else flow


# fmt: off
INV = register(Op("inv", _inv, (_inv_rule,), latex="{0}^{{-1}}", rule_words=r"$-r^{T} g \, r^{T}$",
    traits={"stacks"}))
COFACTOR = register(Op("cofactor", _cofactor, (_cofactor_rule,), latex=function_of("cof"),
    rule_words=r"$\operatorname{tr}(g^{T} r) X^{-T} - r g^{T} X^{-T}$", traits={"stacks"}))
DET = register(Op("det", _det, (
    lambda g, out, a: np.expand_dims(g, (-1, -2)) * call(COFACTOR, a),
), latex=r"\det({0})", rule_words=r"$g \operatorname{cof}(X)$, for singular matrices too",
    traits={"stacks"}))
SLOGDET = register(Op("slogdet", _sign_and_log, (_sign_and_log_rule,), latex=function_of("slogdet"),
    rule_words="$g X^{-T}$ for the logarithm, none for the sign", traits={"stacks"}))
SOLVE = register(Op("solve", _solve, (_solve_a, _solve_b), latex="{0}^{{-1}} {1}", broadcasts=True,
    rule_words=r"$-X^{-T} g \, r^{T}$; $X^{-T} g$"))
PINV = register(Op("pinv", _pinv, (_pinv_rule,), latex="{0}^{{+}}",
    rule_words="$-P^{T} g P^{T} + (1 - X P) g^{T} P P^{T} + P^{T} P g^{T} (1 - P X)$, P the "
    "result", traits={"stacks"}))
CHOLESKY = register(Op("cholesky", _cholesky, (_cholesky_rule,), latex=function_of("cholesky"),
    rule_words=r"the triangle of $L^{-T} \Phi(L^{T} g) L^{-1}$ that is read, $\Phi$ the lower "
    "triangle with half the diagonal", traits={"stacks"}))
EIGH = register(Op("eigh", _eigh, (_eigh_rule,), latex=function_of("eigh"),
    rule_words=r"the triangle that is read of $V (\operatorname{diag}(g_w) + F \odot V^{T} g_V) "
    r"V^{T}$"
    r" with $F_{ij} = 1/(w_j - w_i)$", traits={"stacks"}))
SVD = register(Op("svd", _svd, (_svd_rule,), latex=function_of("svd"),
    rule_words=r"$U (\ldots) V^{T}$ of the cotangents of all three factors, after J. Townsend",
    traits={"stacks"}))
QR = register(Op("qr", _qr, (_qr_rule,), latex=function_of("qr"),
    rule_words=r"$(g_Q + Q \operatorname{sym}(R g_R^{T} - g_Q^{T} Q)) R^{-T}$", traits={"stacks"}))
# fmt: on


# -- what NumPy calls them -------------------------------------------------------------------------


implements(np.linalg.inv)(lambda a: apply(INV, (a,)))
implements(np.linalg.det)(lambda a: apply(DET, (a,)))


@implements(np.linalg.slogdet)
def _slogdet_of(a: Any) -> SlogdetResult:
    both = apply(SLOGDET, (a,))
    return SlogdetResult(both[..., 0], both[..., 1])


implements(np.linalg.solve)(lambda a, b: apply(SOLVE, (a, b)))


@implements(np.linalg.pinv)
def _pinv_of(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if hermitian:
        raise NotImplementedError("np.linalg.pinv on Tensors takes hermitian=False only")
    if rtol is not None and rtol is not np._NoValue:
        rcond = rtol
    return apply(PINV, (a,), {} if rcond is None else {"rcond": rcond})


@implements(np.linalg.cholesky)
def _cholesky_of(a: Any, /, *, upper: bool = False) -> Any:
    if upper:  # reads the upper triangle
        return transposed(apply(CHOLESKY, (transposed(a),)))
    return apply(CHOLESKY, (a,))


@implements(np.linalg.eigh)
def _eigh_of(a: Any, UPLO: str = "L") -> EighResult:
    both = apply(EIGH, (a,), {"UPLO": UPLO.upper()})
    return EighResult(both[..., 0, :], both[..., 1:, :])


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
    values = parts[..., m]
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


@implements(np.linalg.lstsq)
def _lstsq_of(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    m, n = np.shape(a)
    kind = np.result_type(a)
    if rcond is None:
        rcond = float(np.finfo(kind).eps) * max(m, n)
    values = np.linalg.svd(a, compute_uv=False)
    rank = np.count_nonzero(values > rcond * values[0])
    solution = np.linalg.pinv(a, rcond) @ b
    misfit = np.square(b - a @ solution)
    # while a function is traced the rank is not known, and taken to be full
    full = m > n and (TRACING.get() or int(rank) == n)
    residuals = np.atleast_1d(np.sum(misfit, axis=0)) if full else misfit[:0].ravel()
    return solution, residuals, rank, values


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


@implements(np.linalg.matrix_power)
def _matrix_power_of(a: Any, n: int) -> Any:
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 0:
        return a * 0 + _eye(a.shape[-1], a)
    power = None
    while n:
        if n % 2:
            power = a if power is None else power @ a
        n //= 2
        a = a @ a if n else a
    return power


@implements(np.linalg.tensorinv)
def _tensorinv_of(a: Any, ind: int = 2) -> Any:
    rows = int(np.prod(a.shape[ind:], dtype=int))
    inverse = np.linalg.inv(np.reshape(a, (rows, rows)))
    return np.reshape(inverse, a.shape[ind:] + a.shape[:ind])


@implements(np.linalg.tensorsolve)
def _tensorsolve_of(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        a = np.moveaxis(a, axes, range(np.ndim(a) - len(axes), np.ndim(a)))
    shape = np.shape(a)[np.ndim(b) :]
    size = int(np.prod(shape, dtype=int))
    return np.reshape(np.linalg.solve(np.reshape(a, (-1, size)), np.ravel(b)), shape)
