"""``np.linalg``: inverses, determinants, systems of equations.

All work on stacks of matrices, of real and of complex numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.recording import TRACING
from ..core.tensor import apply
from .functions import implements
from .rules import (
    adjoint,
    call,
    columns,
    conjugated,
    eye,
    function_of,
    hermitian,
    is_complex,
    real,
    rows,
    squared,
    transposed,
)  # fmt: skip

SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))


# -- inverse and determinant -----------------------------------------------------------------------


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
    product = (conjugated(u) * np.expand_dims(others, -2)) @ conjugated(vh)
    return np.expand_dims(sign, (-1, -2)) * product


def _cofactor_rule(g: Any, out: Any, a: Any) -> Any:
    inverse = np.linalg.inv(a)  # needs a regular matrix
    across = transposed(inverse)
    along = np.expand_dims(np.sum(g * out, axis=(-1, -2)), (-1, -2))
    return along * across - out @ transposed(g) @ across


def _sign_and_log(a: Any) -> Any:
    return np.stack(np.linalg.slogdet(a), axis=-1)


def _sign_and_log_rule(g: Any, out: Any, a: Any) -> Any:
    along = g[..., 1]
    if is_complex(out):  # the sign is e^(iφ), the logarithm of its conjugate −iφ
        along = np.real(along) + 1j * np.imag(g[..., 0] * out[..., 0])
    return np.expand_dims(along, (-1, -2)) * transposed(np.linalg.inv(a))


# -- systems of equations --------------------------------------------------------------------------


def _solve_b(g: Any, out: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:  # a vector for every matrix, which np.linalg.solve takes as columns only
        return np.linalg.solve(transposed(a), rows(g))[..., 0]
    return np.linalg.solve(transposed(a), g)


def _solve_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    flow = _solve_b(g, out, a, b)
    if b.ndim == 1:
        return -(rows(flow) @ columns(out))
    return -(flow @ transposed(out))


@hermitian
def _pinv_rule(g: Any, out: Any, a: Any, rcond: Any = None) -> Any:
    # valid as long as the rank does not change
    across, turned = adjoint(out), adjoint(g)
    left = eye(a.shape[-2], a) - a @ out
    right = eye(a.shape[-1], a) - out @ a
    return -(across @ g @ across) + left @ turned @ out @ across + across @ out @ turned @ right


# fmt: off
INV = register(Op("inv", np.linalg.inv, (_inv_rule,), latex="{0}^{{-1}}",
    rule_words=r"$-r^{T} g \, r^{T}$", traits={"complex", "stacks"}))
COFACTOR = register(Op("cofactor", _cofactor, (_cofactor_rule,), latex=function_of("cof"),
    rule_words=r"$\operatorname{tr}(g^{T} r) X^{-T} - r g^{T} X^{-T}$",
    traits={"complex", "stacks"}))
DET = register(Op("det", np.linalg.det, (
    lambda g, out, a: np.expand_dims(g, (-1, -2)) * call(COFACTOR, a),
), latex=r"\det({0})", rule_words=r"$g \operatorname{cof}(X)$, for singular matrices too",
    traits={"complex", "stacks"}))
SLOGDET = register(Op("slogdet", _sign_and_log, (_sign_and_log_rule,), latex=function_of("slogdet"),
    rule_words="$g X^{-T}$ for the logarithm, none for the sign", traits={"complex", "stacks"}))
SOLVE = register(Op("solve", np.linalg.solve, (_solve_a, _solve_b),
    latex="{0}^{{-1}} {1}", broadcasts=True,
    rule_words=r"$-X^{-T} g \, r^{T}$; $X^{-T} g$", traits={"complex"}))
PINV = register(Op("pinv", np.linalg.pinv, (_pinv_rule,), latex="{0}^{{+}}",
    rule_words="$-P^{T} g P^{T} + (1 - X P) g^{T} P P^{T} + P^{T} P g^{T} (1 - P X)$, P the "
    "result", traits={"complex", "stacks"}))
# fmt: on


# -- what NumPy calls them -------------------------------------------------------------------------


implements(np.linalg.inv)(lambda a: apply(INV, (a,)))
implements(np.linalg.det)(lambda a: apply(DET, (a,)))


@implements(np.linalg.slogdet)
def _slogdet_of(a: Any) -> SlogdetResult:
    both = apply(SLOGDET, (a,))
    return SlogdetResult(both[..., 0], real(both[..., 1]))


implements(np.linalg.solve)(lambda a, b: apply(SOLVE, (a, b)))


@implements(np.linalg.pinv)
def _pinv_of(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if hermitian:
        raise NotImplementedError("np.linalg.pinv on Tensors takes hermitian=False only")
    if rtol is not None and rtol is not np._NoValue:
        rcond = rtol
    return apply(PINV, (a,), {} if rcond is None else {"rcond": rcond})


@implements(np.linalg.lstsq)
def _lstsq_of(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    m, n = np.shape(a)
    kind = np.result_type(a)
    if rcond is None:
        rcond = float(np.finfo(kind).eps) * max(m, n)
    values = np.linalg.svd(a, compute_uv=False)
    rank = np.count_nonzero(values > rcond * values[0])
    solution = np.linalg.pinv(a, rcond) @ b
    misfit = squared(b - a @ solution)
    traced = TRACING.get()  # the rank is not known then: NaN where there would be no residuals
    full = m > n and (traced or int(rank) == n)
    residuals = np.atleast_1d(np.sum(misfit, axis=0)) if full else misfit[:0].ravel()
    residuals = np.where(rank == n, residuals, np.nan) if full and traced else residuals
    return solution, residuals, rank, values


@implements(np.linalg.matrix_power)
def _matrix_power_of(a: Any, n: int) -> Any:
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 0:
        return a * 0 + eye(a.shape[-1], a)
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
