"""Rows of ``autograd_nn/ops/products.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..harness import In, Row, Shape


def _einsum(subscripts: str, *shapes: Shape) -> Row:
    return Row("einsum", lambda *xs: np.einsum(subscripts, *xs), tuple(In(s) for s in shapes),
               label=f"{subscripts} {shapes}")  # fmt: skip


def _vecdot_of_columns(a: Any, b: Any) -> Any:
    vecdot: Any = np.linalg.vecdot  # its stub lacks the axis
    return vecdot(a, b, axis=0)


ROWS = [
    Row("matmul", np.dot, (In((2, 2, 3)), In((2, 3, 4))), label="np.dot of stacks"),
    Row("matmul", lambda a, b: a.dot(b), (In((2, 3)), In((3,))), label="dot method"),
    Row("matmul", np.vdot, (In((2, 3)), In((2, 3))), label="vdot"),
    Row("matmul", np.inner, (In((2, 3)), In((4, 2, 3))), label="inner"),
    Row("multiply", np.inner, (In(()), In((3,))), label="inner with 0-d"),
    Row("multiply", np.outer, (In((2, 2)), In((3,))), label="outer"),
    Row("multiply", np.linalg.outer, (In((2,)), In((3,))), label="linalg.outer"),
    Row("matmul", np.tensordot, (In((2, 3, 4)), In((3, 4, 2))),
        label="tensordot"),
    Row("matmul", lambda a, b: np.tensordot(a, b, 0), (In((2,)), In((3,))), label="tensordot 0"),
    Row("matmul", lambda a, b: np.tensordot(a, b, ((0, -1), (1, 0))), (In((2, 3, 4)), In((4, 2))),
        label="tensordot of axes"),
    Row("matmul", lambda a, b: np.linalg.tensordot(a, b, axes=1), (In((2, 3)), In((3, 2))),
        label="linalg.tensordot"),
    Row("matmul", np.linalg.matmul, (In((2, 3)), In((3, 2))), label="linalg.matmul"),
    Row("matmul", lambda a, b, c: np.linalg.multi_dot([a, b, c]),
        (In((2, 3)), In((3, 2)), In((2, 4))), label="multi_dot"),
    Row("sum", np.vecdot, (In((2, 3)), In((3,))), label="vecdot"),
    Row("sum", _vecdot_of_columns, (In((2, 3)), In((2, 1))),
        label="linalg.vecdot"),
    Row(None, np.kron, (In((2, 3)), In((2, 2))), label="kron"),
    Row(None, np.kron, (In((2,)), In((2, 2))), label="kron of a vector and a matrix"),
    Row(None, np.cross, (In((2, 3)), In((3,))), label="cross"),
    Row(None, lambda a, b: np.cross(a, b, axis=0), (In((3, 2)), In((3, 2))), label="cross axis"),
    Row(None, np.linalg.cross, (In((3,)), In((3,))), label="linalg.cross"),
    _einsum("ij,jk->ik", (2, 3), (3, 4)),
    _einsum("ij,jk", (2, 3), (3, 4)),
    _einsum("ba", (2, 3)),
    _einsum("ij->", (2, 3)),
    _einsum("ij->j", (2, 3)),
    _einsum("ii->i", (3, 3)),
    _einsum("ii", (3, 3)),
    _einsum("iji,ii->j", (2, 3, 2), (2, 2)),
    _einsum("iiij->ij", (2, 2, 2, 3)),
    _einsum("i,i->i", (3,), (3,)),
    _einsum("i,j->ij", (2,), (3,)),
    _einsum("ij,k->i", (2, 3), (4,)),
    _einsum("ij,ij->ij", (2, 3), (1, 3)),
    _einsum("ij,j->i", (2, 1), (3,)),
    _einsum("ij,jk,kl->il", (2, 3), (3, 2), (2, 4)),
    _einsum("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)),
    _einsum("...ij,...jk->...ik", (2, 1, 2, 3), (3, 3, 2)),
    _einsum("...ij,...jk", (2, 2, 3), (3, 2)),
    _einsum("i...,i...->...", (2, 3), (2, 3)),
    _einsum("...ii->...i", (2, 3, 3)),
    _einsum("...,...->...", (2, 3), (3,)),
    _einsum("b i j , b j -> b i", (2, 2, 3), (2, 3)),
    _einsum(",i->i", (), (3,)),
    Row("einsum", lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]), (In((2, 3)), In((3, 4))),
        label="lists"),
    Row("einsum", lambda a, b: np.einsum(a, [..., 0], b, [0]), (In((2, 3)), In((3,))),
        label="lists with an ellipsis"),
    Row("einsum", lambda a, b: np.einsum("ij,jk->ik", a, b, optimize=True),
        (In((2, 3)), In((3, 4))), label="optimize"),
    Row("multiply", np.inner, (In((2, 3)), In(())), label="inner by 0-d"),
    Row("matmul", np.inner, (In((2, 3, 4)), In((2, 4))), label="inner of a cube"),
    Row("sum", _vecdot_of_columns, (In((2, 3, 4)), In((2, 3, 4))), label="vecdot of an axis"),
    Row("sum", np.vecdot, (In((2, 3, 4)), In((2, 3, 4))), label="vecdot of cubes"),
    Row(None, np.kron, (In((2, 2)), In((2,))), label="kron of a matrix and a vector"),
    Row(None, np.cross, (In((2, 2, 3)), In((2, 2, 3))), label="cross of stacks"),
]  # fmt: skip
if hasattr(np, "matvec"):  # NumPy 2.2
    ROWS += [
        Row("matmul", np.matvec, (In((2, 2, 3)), In((3,))), label="matvec"),
        Row("matmul", np.matvec, (In((2, 2, 3)), In((2, 3))), label="matvec of a stack"),
        Row("matmul", np.vecmat, (In((2, 3)), In((2, 3, 4))), label="vecmat"),
    ]
