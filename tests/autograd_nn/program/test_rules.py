"""Every simplification on its own: what is left of a small graph, and that its value is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from autograd_nn import Tensor, gradients, jit, logsumexp, sigmoid, softmax
from autograd_nn.core.graph import replay, topological_order
from autograd_nn.core.tensor import apply, constant, plain
from autograd_nn.ops.elementwise import MULTIPLY
from autograd_nn.ops.rules import add_at
from autograd_nn.program.graph import INPUT, Graph, is_leaf, op_of
from autograd_nn.program.rewriting import Rule, rewrite
from autograd_nn.program.rules import (
    broadcasts,
    constants,
    kernels,
    loops,
    negatives,
    neutral,
    pieces,
    powers,
    products,
    scaling,
    short_axes,
    simplify,
    sums,
    transposes,
    triangular,
    windows,
)
from autograd_nn.program.rules.samples import per_sample
from autograd_nn.program.trace import trace

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=(3, 1))
LARGE = RNG.normal(size=(8, 600)) * 30
HALF = np.array(0.5)
CUBE, ROWS = RNG.normal(size=(4, 3, 3)), RNG.normal(size=(2, 4, 3))
A4 = RNG.normal(size=(4, 3))
F4, N, BIG = A.astype("f4"), np.arange(9).reshape(3, 3), np.full((3, 3), 49.0)
TIDY = np.eye(3, dtype="f4") * np.float32(4)
TABLE = RNG.normal(size=(12, 100))
COUNTS = np.arange(1500).reshape(300, 5)
LONG, WINDOWS = RNG.normal(size=(300, 5)), RNG.normal(size=(40, 2, 5, 2))


def traced(f: Callable[..., Any], *arrays: Any) -> Graph:
    names = "abcd"[: len(arrays)]
    return trace(f, "f", dict(zip(names, arrays, strict=True)), (), ()).graph


def operations(graph: Graph) -> list[str]:
    nodes = topological_order(graph.outputs)
    return [n.op.name for n in nodes if n.op is not None and n.op is not INPUT]


def _slope(part: Tensor, a: Tensor) -> Tensor:
    (found,) = gradients(np.sum(part), [a], create_graph=True)
    return found  # type: ignore[no-any-return]  # of a list of anything


CASES: list[tuple[Rule, Callable[..., Any], tuple[Any, ...], str]] = [
    (constants.folded, lambda a, c: a + np.exp(np.sin(Tensor(HALF))), (A, C), "add"),
    (constants.plain_numbers, lambda a: a * HALF, (A,), "multiply"),
    (constants.number_first, lambda a: a * 2, (A,), "multiply"),
    (constants.merged_factors, lambda a: 2 * (3 * a), (A,), "multiply"),
    (constants.merged_factors, lambda a: (2 * a) / 4, (A,), "multiply"),
    (constants.merged_factors, lambda a: (2 * a) / 49, (A,), "divide"),
    (constants.merged_factors, lambda a: -(a / 49), (A,), "divide"),
    (neutral.times_one, lambda a: (a * 1 / 1) ** 1, (A,), ""),
    (neutral.times_one, lambda a: 1 * a, (A,), ""),
    (neutral.plus_zero, lambda a: 0 + a - 0, (A,), ""),
    (neutral.plus_zero, lambda a: a + np.zeros((3, 3)), (A,), ""),
    (neutral.unchanged, lambda a: np.positive(a).reshape(3, 3).astype(float), (A,), ""),
    (neutral.unchanged, lambda a: np.transpose(np.transpose(a, (0, 1))[0]), (A,), "getitem"),
    (neutral.detached, lambda a: a.detach() + 1, (A,), "add"),
    (neutral.detached, lambda a, n: a * n.detach(), (F4, 2.0), "positive multiply"),
    (neutral.detached, lambda a, n: a * n.detach(), (A, True), "multiply"),
    (broadcasts.unneeded, lambda a, c: a * np.broadcast_to(c, (3, 3)), (A, C), "multiply"),
    (broadcasts.after_elementwise, lambda c: np.exp(np.broadcast_to(c, (3, 3))), (C,),
     "exp broadcast_to"),
    (broadcasts.unneeded, lambda c: np.broadcast_to(c, (3, 3)) * np.broadcast_to(-c, (3, 3)), (C,),
     "negative broadcast_to multiply"),
    (broadcasts.twice, lambda c: np.broadcast_to(np.broadcast_to(c, (3, 3)), (2, 3, 3)), (C,),
     "broadcast_to"),
    (sums.of_a_broadcast, lambda c: np.sum(np.broadcast_to(c, (3, 3)), axis=1), (C,),
     "multiply reshape"),
    (sums.of_a_broadcast, lambda c: np.sum(np.broadcast_to(c, (3, 3))), (C,),
     "sum multiply reshape"),
    (sums.of_a_broadcast, lambda c: np.sum(np.broadcast_to(c, (2, 3, 3)), axis=(0, 2)), (C,),
     "reshape multiply reshape"),
    (sums.of_a_broadcast, lambda c: np.mean(np.broadcast_to(c, (3, 3)), axis=1), (C,), "reshape"),
    (sums.of_a_broadcast, lambda c: np.sum(np.broadcast_to(c, (2, 3, 4)), axis=0), (C,),
     "reshape multiply broadcast_to reshape"),
    (sums.of_one_element, lambda c: np.sum(c, axis=1, keepdims=True), (C,), ""),
    (sums.of_one_element, lambda a: np.sum(np.max(a)), (A,), "max"),
    (sums.of_a_multiple, lambda a: np.sum(2.0 * a), (A,), "sum multiply"),
    (sums.of_a_multiple, lambda a: np.sum(-a), (A,), "sum multiply"),
    (transposes.twice, lambda a: a.T.T, (A,), ""),
    (transposes.twice, lambda a: np.transpose(a.reshape(1, 3, 3).transpose(1, 2, 0), (2, 0, 1)),
     (A,), "reshape"),
    (transposes.twice, lambda a: np.transpose(np.transpose(a, (1, 0, 2)), (0, 2, 1)), (CUBE,),
     "transpose"),
    (transposes.reshaped_twice, lambda a: a.reshape(9).reshape(1, 9), (A,), "reshape"),
    (transposes.of_a_product, lambda a, b: (a @ b).T, (A, B), "transpose transpose matmul"),
    (transposes.after_elementwise, lambda a, b: np.exp(a.T) * b.T, (A, B),
     "exp multiply transpose"),
    (transposes.after_elementwise, lambda a: 2.0 * a.T, (A,), "multiply transpose"),
    (negatives.twice, lambda a: -np.negative(a), (A,), ""),
    (negatives.of_a_difference, lambda a, b: -(a - b), (A, B), "subtract"),
    (constants.merged_factors, lambda a: -(2.0 * a), (A,), "multiply"),
    (negatives.outwards, lambda a, b: np.sum((-a) @ b), (A, B), "matmul sum negative"),
    (negatives.of_a_difference_times, lambda a, b: -2.0 * (a - b), (A, B),
     "subtract multiply"),
    (powers.square_of_a_residual, lambda a, b: np.square(b - np.sin(a)) + (np.sin(a) - b), (A, B),
     "sin subtract square add"),
    (broadcasts.reshaped, lambda c: np.broadcast_to(c, (3,)).reshape(1, 3), (C[:1, 0],),
     "broadcast_to"),
    (sums.of_a_sum, lambda a: np.sum(np.sum(a, axis=0)), (A,), "sum"),
    (sums.of_a_sum, lambda a: np.mean(np.sum(a, axis=0)), (A,), "sum divide"),
    (negatives.times_minus_one, lambda a: -1.0 * a, (A,), "negative"),
    (negatives.outwards, lambda a, b: (-a) * (-b), (A, B), "multiply"),
    (negatives.into_a_sum, lambda a, b: a + (-b), (A, B), "subtract"),
    (negatives.into_a_sum, lambda a, b: (-a) + b, (A, B), "subtract"),
    (negatives.into_a_sum, lambda a, b: a - (-2.0 * b), (A, B), "multiply add"),
    (powers.small_exponent, lambda a: a**2 + a * a, (A,), "square add"),
    (powers.small_exponent, lambda a: np.abs(a) ** 0.5, (A,), "absolute sqrt"),
    (powers.logistic, lambda a: 1 / (1 + np.exp(-a)), (A,), "sigmoid"),
    (powers.divided_by_logistic, lambda a, b: b / (np.exp(-a) + 1), (A, B), "sigmoid multiply"),
    (powers.logistic_complement, lambda a, b: np.exp(-a) * (b * sigmoid(a)), (A, B),
     "negative sigmoid multiply"),
    (powers.logistic_complement, lambda a: np.exp(-a) * sigmoid(a), (A,), "negative sigmoid"),
    (powers.logistic_complement, lambda a, c: np.exp(-a) * (sigmoid(a) * (c * 2)), (A, C),
     "multiply negative sigmoid multiply"),
    (powers.logistic_complement, lambda a, b, c: np.exp(-a) * (c * (sigmoid(a) * b)), (A, B, C),
     "negative sigmoid multiply multiply"),
    (powers.logistic_complement, lambda a: np.exp(-a) * np.square(sigmoid(a)), (A,),
     "sigmoid negative sigmoid multiply"),
    (powers.of_integers, sigmoid, (np.arange(3),), "astype sigmoid"),
    (kernels.sum_of_squares, lambda a: np.sum(np.square(a)), (A,), "vdot"),
    (kernels.sum_of_squares, lambda a, b: np.sum(a * b), (A, B), "vdot"),
    (kernels.mean_as_sum, lambda a: np.mean(a, axis=0), (A,), "sum divide"),
    (kernels.sigmoid_of_a_layer, lambda t, b: sigmoid(t + b), (LARGE, LARGE[:, :1]),
     "negative subtract logistic"),
    (kernels.division_by_a_number, lambda a: a / 8, (A,), "multiply"),
    (products.einsum_as_products, lambda a, b: np.einsum("ik,jk->ij", a, b), (A, B),
     "transpose matmul"),
    (products.einsum_as_products, lambda d, a: np.einsum("nki,kij->nkj", d, a), (ROWS, CUBE),
     "transpose matmul transpose"),
    (products.einsum_as_products, lambda a, b: np.einsum("ij,j->ij", a, b), (A, A[0]),
     "reshape multiply"),
    (products.einsum_as_products, lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c), (A, B, C),
     "matmul matmul"),
    (products.einsum_as_products, lambda a, b: np.einsum("ij,jk->ki", a, b), (A, B),
     "transpose transpose matmul"),
    (products.einsum_as_products, lambda a, b: np.einsum("bij,bjk->bki", a, b), (CUBE, CUBE),
     "transpose transpose matmul"),
    (products.einsum_as_products, lambda a, b, c: np.einsum("bij,bj,b->bi", a, b, c),
     (CUBE, A4, A4[:, 0]), "reshape multiply reshape matmul reshape"),
    (products.einsum_as_products, lambda a: np.einsum("ij->j", a), (A,), "sum"),
    (products.sum_of_an_einsum, lambda d, a: np.einsum("nki,kij->nkj", d, a).sum(axis=0),
     (ROWS, CUBE), "einsum"),
    (products.sum_of_products, lambda a, c: np.sum(a * c, axis=0), (A, C),
     "transpose reshape reshape matmul reshape"),
    (products.sum_of_products, lambda a, b: np.sum(np.swapaxes(a, 1, 2) @ b, axis=0), (ROWS, ROWS),
     "transpose transpose reshape reshape matmul"),
    (products.sum_of_products, lambda a, c: np.sum(a.reshape(3, 1, 3) * c[:, None], axis=0), (A, C),
     "reshape reshape transpose getitem reshape reshape matmul reshape reshape"),
    (products.stack_times_a_matrix, lambda a, b: a @ b, (ROWS, A), "reshape matmul reshape"),
    (products.stack_times_a_matrix, lambda a, b: a @ b, (ROWS, A[0]), "reshape matmul reshape"),
    (products.stack_times_a_matrix, lambda a, b: a @ b, (ROWS[:, :, :0], A[:0]),
     "reshape matmul reshape"),
    (pieces.of_new_axes, lambda a: gradients(np.sum(a[:, None] ** 2), a, create_graph=True), (A,),
     "broadcast_to multiply getitem power multiply reshape"),
    (pieces.added, lambda a: gradients(np.sum(a[1:] * a[:-1]), a, create_graph=True), (A,),
     "broadcast_to getitem multiply getitem multiply pieces"),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (LONG,), "matmul reshape"),
    (short_axes.over_neighbours, lambda a: np.max(a, axis=(1, 3), keepdims=True), (WINDOWS,),
     "in_front max reshape"),
    (triangular.by_a_cholesky_factor,
     lambda a, b: np.linalg.solve(np.linalg.cholesky(a @ a.T + np.eye(3)).T, b), (A, B),
     "transpose matmul add cholesky by_substitution"),
    (triangular.by_a_cholesky_factor,
     lambda a, b: np.linalg.solve(np.linalg.cholesky(a @ a.T + np.eye(3)), b[0]), (A, B),
     "transpose matmul add cholesky getitem reshape by_substitution reshape"),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (TABLE.reshape(60, 20),),
     "matmul reshape"),
    (short_axes.over_neighbours, lambda a: np.max(a, axis=1), (LONG,), "in_front max"),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (COUNTS,), "in_front sum"),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=(1, 3)), (WINDOWS,),
     "in_front sum"),
    (triangular.by_a_cholesky_factor,
     lambda a, b: np.linalg.solve(np.linalg.cholesky(np.tril(a)), b), (TIDY, F4),
     "where cholesky by_substitution"),
    (windows.taken, lambda a: sliding_window_view(a, 3, 0), (LONG,), "windows transpose"),
    (windows.put, lambda a: gradients(np.sum(sliding_window_view(a, 3, 0) ** 2), a,
                                      create_graph=True), (A4,),
     "broadcast_to multiply take transpose power multiply transpose " + "getitem " * 3 + "pieces"),
    (loops.outer_product, lambda c, a: c @ a, (C, A[:1]), "multiply"),
    (loops.vectors_as_matrices, lambda a, b: a @ b, (A, A[0]), "reshape matmul reshape"),
    (loops.outer_product, lambda a: a[:, :, :1] @ a[:, :1], (CUBE,), "getitem getitem multiply"),
    (loops.vectors_as_matrices, lambda a, b: a[0] @ b, (A, B), "getitem reshape matmul reshape"),
    (loops.logsumexp_in_steps, lambda a: logsumexp(a, 1), (A,),
     "max isfinite where subtract exp sum log add reshape"),
    (loops.softmax_in_steps, softmax, (A,), "max subtract exp sum divide"),
    (loops.softmax_in_steps, lambda a: softmax(a, axis=0), (CUBE,), "max subtract exp sum divide"),
    (pieces.concatenation_of_pieces, lambda a, b: np.concatenate([a, b]), (A, A4), "pieces"),
    (pieces.added_later, lambda a: np.sin(a) + _slope(a[0], a) + _slope(a[1], a), (A,),
     "sin broadcast_to pieces add"),
    (pieces.of_a_part, lambda a: np.reshape(a[1:2, :], (3,)), (A,), "getitem"),
    (pieces.of_a_part, lambda a: np.reshape(a[-1:, 1:2], ()), (A,), "getitem"),
    (pieces.concatenation_of_pieces, lambda a, c: np.concatenate([a, c], 1), (A, C), "pieces"),
    (pieces.one_piece, lambda a: gradients(np.sum(a[1:]), a, create_graph=True), (A,),
     "broadcast_to pieces"),
]  # fmt: skip


FIRST: dict[Rule, list[Rule]] = {
    rule: [pieces.one_piece, pieces.added] for rule in (pieces.added, pieces.added_later)
}
"""What must have been done before a rule is asked."""

SAME_OPERATIONS = {
    constants.plain_numbers,
    constants.number_first,
    negatives.of_a_difference_times,
}
"""Rules that exchange operands; `test_operands` looks at those."""


@pytest.mark.parametrize(
    ("rule", "f", "arrays", "left"),
    [pytest.param(*case, id=f"{case[0].__name__}-{i}") for i, case in enumerate(CASES)],
)
def test_rule(rule: Rule, f: Callable[..., Any], arrays: tuple[Any, ...], left: str) -> None:
    before = traced(f, *arrays)
    value = before.outputs[0].numpy()
    unruled = operations(rewrite(traced(f, *arrays), []))
    after = rewrite(before, [*FIRST.get(rule, ()), rule])
    got = after.outputs[0]
    assert " ".join(operations(after)) == left
    # Some rules only put things in order; the others must have had something to do.
    assert unruled != left.split() or rule in SAME_OPERATIONS
    assert got.shape == value.shape
    assert got.dtype == value.dtype
    np.testing.assert_allclose(got.numpy(), value, rtol=1e-14)


def powered(x: Any, times: int) -> Any:
    """Return ``x``, `times` times multiplied by −1, one product within another."""
    for _ in range(times):
        x = -1.0 * x
    return x


def lower(a: Any) -> Any:
    """Return a lower triangular factor of a positive definite matrix made of `a`."""
    return np.linalg.cholesky(a @ np.swapaxes(a, -1, -2) + np.eye(3, dtype=a.dtype))


def slope(a: Any, key: Any) -> Any:
    """Return the derivative of a sum of what `key` takes of `a`."""
    return gradients(np.sum(np.sin(a[key])), [a], create_graph=True)[0]


LEFT_ALONE: list[tuple[Rule, Callable[..., Any], tuple[Any, ...]]] = [
    (constants.folded, lambda a: a + np.broadcast_to(Tensor(HALF), (3, 3)), (A,)),
    (constants.plain_numbers, lambda a: a * np.array([0.5, 2.0, 1.0]), (A,)),
    (constants.plain_numbers, lambda a, n: (a * n) * np.array(0.1), (F4, 2.0)),
    (constants.number_first, lambda a: 2 * a, (A,)),
    (constants.merged_factors, lambda a: 2 * np.sin(3 * a), (A,)),
    (constants.merged_factors, lambda n: 2 * (3 * n), (N,)),
    (constants.merged_factors, lambda a: 3 * (a / 49), (A,)),
    (constants.merged_factors, lambda a: 1e-200 * (1e-200 * a), (A,)),
    (neutral.times_one, lambda n: n / 1, (N,)),
    (neutral.times_one, lambda a: 1 / a, (A,)),
    (neutral.times_one, lambda a: 1**a, (A,)),
    (neutral.plus_zero, lambda a: 0 - a, (A,)),
    (neutral.plus_zero, lambda c: c + np.zeros((3, 3)), (C,)),
    (neutral.plus_zero, lambda a, b: a + np.sin(b), (A, np.zeros((3, 3)))),
    (neutral.unchanged, lambda a: np.transpose(a, (1, 0)), (A,)),
    (broadcasts.unneeded, lambda c: np.broadcast_to(c, (3, 3)) * 2.0, (C,)),
    (broadcasts.after_elementwise, lambda a, c: a * np.broadcast_to(c, (3, 3)), (A, C)),
    (broadcasts.unneeded, lambda a, b: a @ np.broadcast_to(b, (3, 3)), (A, A[:1])),
    (broadcasts.unneeded, lambda a, n: a < np.broadcast_to(n, (3, 3)), (F4, 0.1)),
    (broadcasts.after_elementwise, lambda c: np.cumsum(np.broadcast_to(c, (3, 3)), axis=1), (C,)),
    (broadcasts.after_elementwise, lambda a: np.exp(np.broadcast_to(a, (3, 3))), (A,)),
    (broadcasts.reshaped, lambda c: np.broadcast_to(c, (3, 3)).reshape(9), (C,)),
    (broadcasts.reshaped, lambda c: np.broadcast_to(c, (3, 3)).reshape(3, 3, 1), (C,)),
    (broadcasts.reshaped, lambda c: np.broadcast_to(c, (3, 3)).reshape(9), (C[:1],)),
    (broadcasts.reshaped, lambda c: np.exp(c).reshape(1, 1), (C[:1, 0],)),
    (sums.of_a_broadcast, lambda a: np.sum(np.broadcast_to(a, (1, 3, 3)), axis=0), (A,)),
    (
        sums.of_a_broadcast,
        lambda c: np.sum(np.broadcast_to(c, (3, 0, 1)), axis=1),
        (C[:, :, None],),
    ),
    (sums.of_a_broadcast, lambda n: np.sum(np.broadcast_to(n, (3,))), (2.0,)),
    (sums.of_a_broadcast, lambda a: np.sum(np.broadcast_to(np.sum(a), ()), axis=0), (A,)),
    (sums.of_a_sum, lambda a: np.sum(np.sum(a, axis=0), keepdims=True), (A,)),
    (sums.of_a_sum, lambda a: np.sum(np.sum(a, axis=0)), (np.zeros((3, 0)),)),
    (sums.of_one_element, lambda n: np.sum(n, axis=1), (np.ones((3, 1), "i1"),)),
    (sums.of_one_element, np.sum, (2.0,)),
    (sums.of_a_multiple, lambda a: np.sum(0.25 * a), (A,)),
    (sums.of_a_multiple, lambda a: np.sum(2.0 * a) * np.max(2.0 * a), (A,)),
    (sums.of_one_element, lambda a: np.sum(a, axis=1), (A,)),
    (transposes.of_a_product, lambda a, b: (a @ b).T * np.max(a @ b), (A, B)),
    (transposes.of_a_product, lambda a, b: np.transpose(a @ b, (0, 1)), (A, B)),
    (transposes.after_elementwise, lambda a, b: a.T * b, (A, B)),
    (transposes.after_elementwise, lambda a: np.cumsum(a.T, axis=0), (A,)),
    (transposes.after_elementwise, lambda a: np.exp(np.sum(a)), (A,)),
    (
        transposes.after_elementwise,
        lambda a: np.transpose(a, (1, 0, 2)) + np.transpose(a, (0, 2, 1)),
        (ROWS[:, :2, :2],),
    ),
    (negatives.of_a_difference_times, lambda a, b: 2.0 * (a - b), (A, B)),
    (negatives.of_a_difference_times, lambda a, b: -2.0 * (a - b) + (a - b), (A, B)),
    (negatives.times_minus_one, lambda a: -1 * (a > 0), (A,)),
    (negatives.times_minus_one, lambda c: np.full((3, 3), -1.0) * c, (C,)),
    (negatives.outwards, lambda a, n: a * (-n), (A, 2.0)),
    (negatives.outwards, lambda n: (-n) * n, (N,)),
    # -n is used by what stays, and wraps around where a sign moved outwards does not
    (negatives.outwards, lambda n: (-n + np.tanh(n)) * (-n), (N.astype("i2"),)),
    (negatives.into_a_sum, lambda a, b: (-a) - b, (A, B)),
    (negatives.into_a_sum, lambda a, b: a + 2.0 * b, (A, B)),
    (negatives.into_a_sum, lambda a, b: (a + (-2.0 * b)) * np.max(-2.0 * b), (A, B)),
    (powers.small_exponent, lambda a: a**3, (A,)),
    (powers.small_exponent, lambda n: 1.0 * (n * n), (2.0,)),
    (powers.small_exponent, lambda a, n: a * n**2, (A, 2.0)),
    (powers.small_exponent, lambda a: np.abs(a) ** 0.3, (A,)),
    (powers.logistic, lambda a: 1 / (1 * np.exp(-a)), (A,)),
    (powers.logistic, lambda a: 1 / (1 + np.sinh(-a)), (A,)),
    (powers.logistic, lambda a, c: 1 / (np.ones((3, 3)) + np.exp(-c)), (A, C)),
    (powers.logistic, lambda a: np.ones((1, 3, 3)) / (1 + np.exp(-a)), (A,)),
    (powers.divided_by_logistic, lambda a: a / (1 + np.exp(a)), (A,)),
    (powers.divided_by_logistic, lambda a, f: a / (1 + np.exp(-f)), (A, F4)),
    (powers.logistic_complement, lambda a, b: np.exp(-a) * (b * sigmoid(b)), (A, B)),
    (powers.logistic_complement, lambda a, b: np.exp(-a) * (b + sigmoid(a)), (A, B)),
    (powers.logistic_complement, lambda a: np.exp(-a) * np.exp(sigmoid(a)), (A,)),
    (powers.small_exponent, lambda n: n**2, (N,)),
    (powers.small_exponent, lambda a: a**0.5, (BIG,)),
    (powers.square_of_a_residual, lambda a, b: np.square(np.sin(a) - b), (A, B)),
    (powers.square_of_a_residual, lambda a, b: np.square(a - b), (A, B)),
    (powers.logistic, lambda a: 2 / (1 + np.exp(-a)), (A,)),
    (powers.logistic, lambda a: 1 / (1 + np.exp(a)), (A,)),
    (powers.logistic, lambda a: 1 / (2 + np.exp(-a)), (A,)),
    (powers.logistic, lambda a: 1 / (1 - np.exp(-a)), (A,)),
    (powers.divided_by_logistic, lambda a: 2.0 / (1 + np.exp(-a)), (A,)),
    (powers.logistic_complement, lambda a, b: np.exp(-a) * sigmoid(b), (A, B)),
    (powers.logistic_complement, lambda a: np.exp(a) * sigmoid(a), (A,)),
    (powers.logistic_complement, lambda a: np.exp(-a) * powered(sigmoid(a), 5), (A,)),
    (powers.logistic_complement, lambda a: np.exp(-a) * powered(np.sin(a), 2000), (A,)),
    (powers.of_integers, sigmoid, (A,)),
    (powers.of_integers, sigmoid, (2,)),
    (kernels.sum_of_squares, lambda a: np.sum(np.square(a), axis=0), (A,)),
    (kernels.sum_of_squares, lambda a: np.sum(np.square(a)) * np.max(np.square(a)), (A,)),
    (kernels.sum_of_squares, lambda a, c: np.sum(a * c), (A, C)),
    (kernels.sum_of_squares, lambda n: np.sum(n * n), (N,)),
    (kernels.sum_of_squares, lambda n, a: np.sum(n * a), (N, A)),
    (kernels.sum_of_squares, lambda a: np.sum(np.exp(a)), (A,)),
    (kernels.sum_of_squares, lambda a: np.sum(np.square(np.sum(a))), (A,)),
    (kernels.mean_as_sum, np.mean, (N,)),
    (kernels.sigmoid_of_a_layer, lambda a, c: sigmoid(a + c), (A, C)),
    (kernels.sigmoid_of_a_layer, lambda a: sigmoid(a + a), (LARGE,)),
    (kernels.sigmoid_of_a_layer, lambda t, b: sigmoid(t * b), (LARGE, LARGE[:, :1])),
    (kernels.sigmoid_of_a_layer, lambda t, b: sigmoid(t + b), (LARGE[:, :300], LARGE[:, :1])),
    (
        kernels.sigmoid_of_a_layer,
        lambda t, b: sigmoid(t + b) * np.max(t + b),
        (LARGE, LARGE[:, :1]),
    ),
    (products.einsum_as_products, lambda a, b: np.einsum("ij,ij->i", a, b), (A, B)),
    (products.einsum_as_products, lambda a, b: np.einsum("ij,ij->", a, b), (A, B)),
    (products.einsum_as_products, lambda a, b: np.einsum("bij,bj->bi", a, b), (CUBE, A4)),
    (products.einsum_as_products, lambda a: np.einsum("ij,kj->ik", a, a), (A[:, :0],)),
    (products.sum_of_an_einsum, lambda a: np.sum(np.exp(a), axis=0), (A,)),
    (products.sum_of_an_einsum, lambda a: np.sum(np.einsum("ij,kj->ik", a, a)), (A[:0],)),
    (
        products.sum_of_an_einsum,
        lambda a: np.sum((y := np.einsum("ij,kj->ik", a, a)), axis=0) * np.max(y),
        (A,),
    ),
    (products.sum_of_products, lambda a, c: np.sum(a + c, axis=0), (A, C)),
    (products.sum_of_products, lambda a, c: np.sum(a * c, axis=0) * np.max(a * c), (A, C)),
    (products.sum_of_products, lambda a, b: np.sum(a * b, axis=0), (A, B)),
    (products.sum_of_products, lambda a, c: np.sum(c * a, axis=0), (A[:1], C)),
    (products.sum_of_products, lambda a, c: np.sum(a * c, axis=1), (A, C)),
    (products.sum_of_products, lambda a, c: np.sum(a * c, axis=0), (A[:0], C[:0])),
    (products.stack_times_a_matrix, lambda a, b: a @ b, (A[0], B)),
    (products.stack_times_a_matrix, lambda a, b: a @ b, (CUBE, CUBE)),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (TABLE,)),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (TABLE.reshape(1200, 1),)),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (TABLE.reshape(5, 12, 20),)),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=0), (TABLE.T[:60, :10].copy(),)),
    (short_axes.over_neighbours, lambda a: np.sum(a, axis=1), (A,)),
    (triangular.by_a_cholesky_factor, lambda a, b: np.linalg.solve(a + BIG, b), (A, B)),
    (triangular.by_a_cholesky_factor, lambda a: np.linalg.solve(lower(a), a), (CUBE,)),
    (triangular.by_a_cholesky_factor, lambda a, b: np.linalg.solve(lower(a), b), (A, CUBE)),
    (triangular.by_a_cholesky_factor, lambda a, b: np.linalg.solve(lower(a), b), (CUBE, A)),
    (triangular.by_a_cholesky_factor, lambda a, b: np.linalg.solve(lower(a), b), (A, A[:, :0])),
    (triangular.by_a_cholesky_factor, lambda a, b: np.linalg.solve(lower(a), b), (F4, B)),
    (
        triangular.by_a_cholesky_factor,
        lambda a, b: np.linalg.solve(np.transpose(lower(a), (0, 1)), b),
        (A, B),
    ),
    (
        windows.put,
        lambda a: gradients(np.sum(sliding_window_view(a, 3, 0)), a, create_graph=True),
        (A4.astype("f2"),),
    ),
    (
        pieces.added,
        lambda a: (slope(a, slice(2)) + slope(a, slice(1, 3))) * np.max(slope(a, slice(2))),
        (A,),
    ),
    (pieces.added, lambda a: slope(a, [0, 2, 2]) + slope(a, slice(2)), (A,)),
    (pieces.added, lambda a: slope(a, slice(2)) + np.sin(a), (A,)),
    (pieces.added, lambda a: np.sin(a) + slope(a, slice(2)), (A,)),
    (loops.outer_product, lambda a, b: a @ b, (A, B)),
    (loops.vectors_as_matrices, lambda a, b: a @ b, (A, B)),
    (loops.logsumexp_in_steps, logsumexp, (A,)),
    (loops.logsumexp_in_steps, lambda a: logsumexp(a, 1), (A.astype("f2"),)),
    (loops.softmax_in_steps, softmax, (A.astype("f2"),)),
    (loops.softmax_in_steps, lambda a: softmax(a, axis=0), (A,)),
    (loops.softmax_in_steps, lambda a: softmax(a, axis=-2), (A,)),
    (pieces.concatenation_of_pieces, lambda a, b: np.concatenate([a, b], None), (A, B)),
    (pieces.concatenation_of_pieces, lambda a, b: np.concatenate([a, b]), (A, F4)),
    (pieces.one_piece, lambda a: gradients(np.sum(a[[0, 2, 2]]), a, create_graph=True), (A,)),
    (kernels.division_by_a_number, lambda a: a / 49, (A,)),
    (kernels.division_by_a_number, lambda a, b: a / b, (A, B)),
    (kernels.division_by_a_number, lambda a: np.sum(a) / 8, (A,)),
]


@pytest.mark.parametrize(
    ("rule", "f", "arrays"),
    [pytest.param(*case, id=f"{case[0].__name__}-{i}") for i, case in enumerate(LEFT_ALONE)],
)
def test_a_rule_leaves_alone_what_it_does_not_hold_for(
    rule: Rule, f: Callable[..., Any], arrays: tuple[Any, ...]
) -> None:
    untouched = operations(rewrite(traced(f, *arrays), []))
    assert untouched
    assert operations(rewrite(traced(f, *arrays), [rule])) == untouched


def test_operands_of_a_difference_change_places() -> None:
    rule = negatives.of_a_difference_times
    graph = rewrite(traced(lambda a, b: -2.0 * (a - b), A, B), [rule])
    two, difference = graph.outputs[0].inputs
    assert plain(two) == 2.0
    assert [x.name for x in difference.inputs] == ["b", "a"]
    kept = rewrite(traced(lambda a, b: (-2.0 * (a - b), a - b), A, B), [rule])
    assert operations(kept) == ["subtract", "multiply"]


UPDATES: list[tuple[Callable[..., Any], bool]] = [
    (lambda w, a, b: w - 0.25 * (a @ b), True),
    (lambda w, a, b: w - a @ b, True),
    (lambda w, a, b: w + 3.0 * (a @ b), True),
    (lambda w, a, b: 3.0 * (a @ b) + w, True),
    (lambda w, a, b: 3.0 * (a @ b) - w, False),
    (lambda w, a, b: w - 0.25 * (a * b), False),
    (lambda w, a, b: w - HALF * (a @ b), False),
]


@pytest.mark.parametrize(("f", "by_blas"), UPDATES)
def test_an_update_of_a_matrix_is_one_call_of_blas(f: Callable[..., Any], by_blas: bool) -> None:
    graph = rewrite(traced(f, A, B, A4[:3]), [])
    (out,), value = graph.outputs, f(A, B, A4[:3])
    for takes in (True, False):
        after = kernels.updates_by_blas(graph, {out: graph.inputs[0]}, lambda *_, t=takes: t)
        found = operations(after)
        assert (found == ["gemm"]) == (by_blas and takes)
        got = after.outputs[0]
        again = apply(op_of(got), got.inputs, got.params)
        np.testing.assert_allclose(again.numpy(), value, rtol=1e-14)


def test_a_product_that_is_needed_elsewhere_is_not_taken_into_an_update() -> None:
    def f(w: Any, a: Any, b: Any, times: Any) -> Any:
        return w - times(a @ b), np.exp(times(a @ b)), np.sin(a @ b)

    for kept in (2, 3):
        for times in (lambda x: x, lambda x: 0.25 * x):

            def g(w: Any, a: Any, b: Any, times: Any = times, kept: int = kept) -> Any:
                return f(w, a, b, times)[:kept]

            graph = traced(g, A, B, A4[:3])
            graph = rewrite(graph, [])
            targets = {graph.outputs[0]: graph.inputs[0]}
            assert "gemm" not in operations(
                kernels.updates_by_blas(graph, targets, lambda *_: True)
            )


def test_blas_takes_matrices_of_one_dtype_that_lie_in_order() -> None:
    def takes(*arrays: Any) -> bool:
        return kernels.blas_takes(*traced(lambda a, b, c: (a, b, c), *arrays).inputs)

    assert takes(A, B, C)
    assert takes(F4, F4, F4)
    assert not takes(A, B, F4)
    assert not takes(A, B, A[0])
    assert not takes(N, N, N)
    assert not takes(A.T, B, C)
    w, a, b = (Tensor(x) for x in (A, B, C))
    assert not kernels.blas_takes(w, a, b), "a constant, which nothing is written into"


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_a_mean_of_no_elements_stays_nan() -> None:
    graph = traced(lambda c: np.mean(np.broadcast_to(c, (3, 0, 1)), axis=1), C[:, :, None])
    after = rewrite(graph, [sums.of_a_broadcast])
    assert np.isnan(after.outputs[0].numpy()).all()
    graph = traced(lambda a: np.mean(a, axis=0), np.zeros((0, 3)))
    assert operations(rewrite(graph, [kernels.mean_as_sum])) == ["mean"]


def test_a_sum_that_is_needed_itself_is_summed_further() -> None:
    graph = traced(lambda a: np.sum(np.sum(a, axis=0)) * np.max(np.sum(a, axis=0)), A)
    total, _ = rewrite(graph, [sums.of_a_sum]).outputs[0].inputs
    assert total.inputs[0].shape == (3,)


def test_axes_are_named_only_where_they_are_not_just_reversed() -> None:
    graph = rewrite(traced(lambda a: np.exp(a.T), A), [transposes.after_elementwise])
    assert graph.outputs[0].params == {}


def test_a_residual_is_turned_round_only_where_it_starts_from_an_argument() -> None:
    rule = powers.square_of_a_residual
    for f in (lambda a, b: np.square(np.sin(a) - np.cos(b)), lambda a, b: np.square(a - b)):
        graph = traced(f, A, B)
        assert rule(graph.outputs[0], graph) is None


def test_numbers_are_plain_and_come_first() -> None:
    graph = rewrite(
        traced(lambda a: a * HALF, A), [constants.plain_numbers, constants.number_first]
    )
    first = graph.outputs[0].inputs[0]
    assert type(plain(first)) is float
    f32 = A.astype(np.float32)
    graph = rewrite(traced(lambda a: a * HALF, f32), [constants.plain_numbers])
    assert graph.outputs[0].dtype == np.float64, "a float64 array of no axes is no weak number"
    graph = rewrite(traced(lambda a: a < HALF, f32), [constants.plain_numbers])
    assert type(plain(graph.outputs[0].inputs[1])) is not float, "which would be rounded to float32"


def test_dead_code_and_common_parts() -> None:
    def f(a: Any, b: Any) -> Any:
        np.cos(a)  # dead
        return np.sin(a) * b + np.sin(a) + b * np.sin(a)

    graph = rewrite(traced(f, A, B), [])
    assert operations(graph) == ["sin", "multiply", "add", "add"]


def test_what_does_not_work_element_by_element_keeps_its_broadcast() -> None:
    def f(a: Any, b: Any) -> Any:
        return np.linalg.solve(a + 3 * np.eye(3), np.broadcast_to(b, (3, 3)))

    graph = traced(f, A, C)
    assert simplify(graph).outputs[0].shape == (3, 3)


def test_a_rule_may_not_undo_what_others_need() -> None:
    # 2*a is needed plain as well: it is not multiplied in somewhere else.
    graph = simplify(traced(lambda a: (2.0 * a, np.sum(2.0 * a)), A))
    assert operations(graph) == ["multiply", "sum"]


def test_the_derivative_of_a_spelled_out_logistic_keeps_its_digits() -> None:
    from autograd_nn import grad

    graph = simplify(traced(grad(lambda a: np.sum(1 / (1 + np.exp(-a)))), A))
    assert operations(graph) == ["sigmoid", "negative", "sigmoid", "multiply"]


def _cost(p: Any, x: Any) -> Any:
    return np.sum(np.square(p["W2"] @ np.tanh(p["W1"] @ x)))


def _deep(p: Any, x: Any) -> Any:
    z = (p["W1"] @ x).T
    h = np.exp(p["b"] + np.concatenate([z, np.ones((1, 4))]).reshape(-1, 4))
    return -np.mean(np.square(h @ p["W2"].T))


def _residual(p: Any, x: Any) -> Any:
    return np.sum(np.square(p["W1"] @ x + p["B"]))


def _row_sums(p: Any, x: Any) -> Any:
    return np.sum(np.square(np.sum(p["W1"] * x, axis=1)))


def _rows_taken(p: Any, x: Any) -> Any:
    return np.sum(np.sin(p["W1"][[0, 2, 2]] @ x))


def _through_a_factor(p: Any, x: Any) -> Any:
    return np.sum(np.sin(p["W2"] @ np.sin(3.0 * np.tanh(p["W1"] @ x))))


def _squared(p: Any, x: Any) -> Any:
    return np.sum(p["W1"] * (x @ x)) + np.sum(p["V"].reshape(3, 3) * (x @ x))


def _on_scaled_data(p: Any, x: Any) -> Any:
    for k in range(2, 11):
        x = np.sin(float(k) * x)
    return _cost(p, x)


def _stepped(cost: Any, *factors: Any, after: Any = lambda g: []) -> Callable[..., Any]:
    """Return the function that takes each of the parameters a step down, by factors in turn."""
    from autograd_nn import grad

    def step(p: Any, x: Any, *given: Any) -> Any:
        g, rates = grad(cost)(p, x), given or factors
        return [p[k] - rates[i % len(rates)] * g[k] for i, k in enumerate(p)] + after(g)

    return step


def _by_power(p: Any, x: Any, power: Any) -> Any:
    return _stepped(_cost, np.exp(power))(p, x)


WEIGHTS = {"W1": RNG.normal(size=(4, 3)), "W2": RNG.normal(size=(2, 4)), "b": RNG.normal(size=4)}
PAIR = {"W1": WEIGHTS["W1"], "W2": WEIGHTS["W2"]}
NARROW = {k: w.astype("f4") for k, w in PAIR.items()}
WIDE = RNG.normal(size=(3, 50))
MOVED: list[tuple[Callable[..., Any], tuple[Any, ...], int]] = [
    (_stepped(_cost, 0.25), (PAIR, A), 20),
    (_stepped(_cost, 100.0), (PAIR, A), 20),
    (_stepped(_cost, 0.25), (PAIR, WIDE), 20),
    (_stepped(_deep, 0.25), (WEIGHTS, A[:, :1]), 16),
    (_stepped(_cost), (PAIR, A, 0.25), 14),
    (_stepped(_cost), (PAIR, A, 1e-9), 14),
    (_stepped(_cost), (PAIR, WIDE, 0.25), 0),
    (_stepped(_deep), (WEIGHTS, A[:, :1], 0.25), 16),
    (_stepped(_cost, np.array(0.25)), (PAIR, A), 20),
    (_stepped(_residual, 0.25), ({"W1": A4, "B": A4 @ B}, B), 24),
    (_stepped(_row_sums), (PAIR, A4[0], 0.25), 8),
    (_stepped(_rows_taken, 0.25), ({"W1": LONG}, LONG[:5, :2]), 1494),
    (_stepped(_rows_taken, 0.25), ({"W1": A}, WIDE), 0),
    (_stepped(_through_a_factor, 0.25), (PAIR, A), 20),
    (_stepped(_squared, 0.25), ({"W1": A, "V": BIG.reshape(9)}, A), 9),
    (_stepped(_on_scaled_data, 0.25), (PAIR, A), 20),
    (_stepped(_cost, 0.25, 0.5), (PAIR, A), 14),
    (_stepped(_cost), (PAIR, A, 0.25, 0.5), 8),
    (_stepped(_cost), (PAIR, A, np.array([0.25])), 0),
    (_stepped(_cost), (PAIR, A, A[0], WEIGHTS["b"]), 0),
    (_stepped(_cost, np.array([0.25, 0.5, 1.0, 2.0])[:, None], np.arange(4.0)), (PAIR, A), 0),
    (_stepped(_cost, 1e-9), (PAIR, A), 0),
    (_stepped(_cost, 1e9), (PAIR, A), 0),
    (_stepped(_cost, np.array(0.3)), (NARROW, A.astype("f4")), 0),
    (_stepped(_cost, 0.25), ({k: w.astype("f2") for k, w in PAIR.items()}, A.astype("f2")), 0),
    (_by_power, (PAIR, A, 0.25), 14),
    (_stepped(_cost, 0.25, after=lambda g: [g["W1"]]), (PAIR, RNG.normal(size=(3, 9))), 0),
    (_stepped(_cost, 0.25, after=lambda g: list(g.values())), (PAIR, A), 0),
    (lambda w, x: (0.25 * (w @ x), 0.25 * np.tanh(w)), (A, B), 0),
]
"""Functions and arguments, and the elements that need not be multiplied by a number any more."""


def multiplied(graph: Graph) -> int:
    """Return how many elements are multiplied by one number."""
    products = [node for node in graph.nodes() if node.op is MULTIPLY]
    return sum(x.size for x in products if any(not c.ndim for c in x.inputs))


@pytest.mark.parametrize(("step", "arrays", "saved"), MOVED)
def test_factors_are_multiplied_in_where_that_saves_work(
    step: Callable[..., Any], arrays: tuple[Any, ...], saved: int
) -> None:
    before = rewrite(simplify(traced(step, *arrays)), [])
    after = rewrite(scaling.moved_factors(before), [constants.merged_factors])
    assert multiplied(before) - multiplied(after) == saved
    others = [Counter(x for x in operations(g) if x != "multiply") for g in (before, after)]
    assert others[0] == others[1], "nothing is computed twice"
    changed = {x: constant(plain(x) * 1.5) for x in before.inputs}
    for substitutes in ({}, changed):
        for got, right in zip(
            *(replay(g.outputs, substitutes)[0] for g in (after, before)), strict=True
        ):
            assert got.dtype == right.dtype
            np.testing.assert_allclose(got.numpy(), right.numpy(), rtol=1e-12)


def test_no_more_factors_are_moved_than_walks_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = rewrite(simplify(traced(_stepped(_cost), PAIR, A, 0.25, 0.5)), [])
    saved = []
    for most in (0, 1, 2):
        monkeypatch.setattr(scaling, "_MOST", most)
        saved.append(multiplied(graph) - multiplied(scaling.moved_factors(graph)))
    assert saved == [0, 6, 8]


PER_SAMPLE: list[tuple[Callable[..., Any], str]] = [
    (lambda a, b: (a * (1 / 49)) @ b, "matmul divide"),
    (lambda a, b: (a * (-1 / 49)) @ b, "negative matmul divide"),
    (lambda a, b: (a * (2 / 49)) @ b, "multiply matmul divide"),
    (lambda a, b: (a * 0.0123) @ b + np.exp(a), "multiply matmul divide exp add"),
    (lambda a, b: 2.0 * a + 3.0 * b, "multiply multiply add divide"),
    (lambda a, b: 2.0 * a + b, "multiply divide add"),
    (lambda a, b: 2.0 * a - 3.0 * b, "multiply divide multiply divide subtract"),
    (lambda a, b: (2.0 * a) * (3.0 * b), "multiply divide multiply divide multiply"),
    (lambda a, b: np.cos(2.0 * a) * b, "multiply divide cos multiply"),
    (lambda a, b: (a - 0.5) / 3.0 + b, "subtract divide add"),
]


@pytest.mark.parametrize(("f", "left"), PER_SAMPLE)
def test_cotangents_are_taken_times_the_samples(f: Callable[..., Any], left: str) -> None:
    graph = rewrite(traced(f, A, B), [constants.number_first])
    value, before = graph.outputs[0].numpy(), operations(graph)
    assert operations(per_sample(graph, 49)) == before, "no cotangents"
    graph.cotangents.update(node for node in graph.nodes() if not is_leaf(node))
    after = per_sample(graph, 49)
    assert " ".join(operations(after)) == left
    np.testing.assert_allclose(after.outputs[0].numpy(), value, rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "own", "given"), [("dz2", None, "delta2"), ("dW2", None, None), ("dz2", "r", "r")]
)
def test_the_multiple_of_a_cotangent_is_called_delta(
    name: str, own: str | None, given: str | None
) -> None:
    graph = rewrite(traced(lambda a, b: (a - b) * (1 / 7), A, B), [constants.number_first])
    (node,) = graph.outputs
    graph.cotangents.add(node)
    node.name, node.inputs[1].name = name, own
    (after,) = per_sample(graph, 7).outputs
    assert (after.name, after.inputs[0].name) == (name, given)


def test_pieces_that_overlap_in_part_lie_on_zeros() -> None:
    from autograd_nn import grad

    def f(x: Any) -> Any:
        return np.sum(x[1:] * x[:-1]) + np.sum(x[2:5] ** 2) + 3 * x[6]

    x, other = RNG.normal(size=9), RNG.normal(size=9)
    right = np.r_[other[1:], 0] + np.r_[0, other[:-1]]
    right[2:5] += 2 * other[2:5]
    right[6] += 3
    for engine in ("numpy", "numba"):
        slope = jit(grad(f), engine=engine)
        for _ in range(3):  # np.empty finds what was there before
            slope(x)
            np.full(9, np.nan)
            np.testing.assert_allclose(slope(other), right, rtol=1e-13)


def _drawn_key(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return a basic key of an array of `shape`, and the same with texts for what is known late."""
    parts: list[Any] = []
    for n in shape:
        start, stop = sorted(rng.integers(-n, n + 1, 2).tolist())
        backwards, step = slice(None, None, -int(rng.integers(1, 3))), int(rng.integers(1, 3))
        parts.append([int(rng.integers(-n, n)), slice(start or None, stop), slice(None, None, step),
                      backwards, slice(n // 2, None, step)][rng.integers(0, 5)])  # fmt: skip
    first, last = sorted(rng.integers(0, len(shape) + 1, 2).tolist())
    if rng.random() < 0.5:
        parts[first:last] = [Ellipsis]
    else:
        del parts[last:]
    if rng.random() < 0.5:
        parts.insert(int(rng.integers(0, len(parts) + 1)), None)
    late = list(parts)
    for i, part in enumerate(parts):
        if isinstance(part, int) and part >= 0 and rng.random() < 0.5:
            late[i] = str(part)
        if isinstance(part, slice) and (part.start or 0) > 0 and rng.random() < 0.5:
            late[i] = slice(str(part.start), None, part.step)
    alone = len(parts) == 1 and rng.random() < 0.5
    return (parts[0], late[0]) if alone else (tuple(parts), tuple(late))


def test_places_are_where_a_key_takes_its_elements() -> None:
    rng = np.random.default_rng(0)
    for _ in range(400):
        shape = tuple(rng.integers(1, 5, rng.integers(1, 4)).tolist())
        key, late = _drawn_key(rng, shape)
        x = np.arange(np.prod(shape)).reshape(shape)
        taken = np.asarray(x[key])
        names = ["0" if n == 1 else f"i{axis}" for axis, n in enumerate(taken.shape)]
        texts = pieces.places(late, shape, names)
        assert not any(re.search(r"\b0 \+|(?<!-)\b1 \*|\+ 0|\(0\)", text) for text in texts)
        for index, value in np.ndenumerate(taken):
            known = {f"i{axis}": i for axis, i in enumerate(index)}
            where = tuple(eval(text, known) for text in texts)  # noqa: S307 - made here
            assert x[where] == value


ROW, COLUMN = np.arange(3)[:, None], np.arange(2)
TABLES: list[tuple[Any, bool]] = [
    (ROW + COLUMN, True),
    (1 + 2 * ROW + COLUMN, True),
    ((2 + ROW + 2 * COLUMN).astype("u1"), True),
    (2 * ROW[::-1] + COLUMN, False),
    (ROW + COLUMN[::-1], False),
    (0 * ROW + COLUMN, False),
    (ROW + 0 * COLUMN, False),
    (ROW + COLUMN - 4, False),
    (ROW * (COLUMN + 1), False),
    (np.array([[0, 1], [1, 3], [2, 4]]), False),
    (ROW[:1] + COLUMN, False),
    (ROW, False),
    (COLUMN, False),
    (ROW[None] + COLUMN, False),
]


@pytest.mark.parametrize("widest", [1, 2])
@pytest.mark.parametrize(("table", "regular"), TABLES)
def test_regular_windows_are_looked_at_and_added_up_in_slices(
    table: Any, regular: bool, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "_WIDEST", widest)
    x = RNG.normal(size=(7, 8, 9))
    for axis in (0, 1, -1):

        def f(x: Any, table: Any = table, axis: int = axis) -> Any:
            return np.take(x, table, axis)

        weights = RNG.normal(size=f(x).shape)

        def back(x: Any, f: Any = f, weights: Any = weights) -> Any:
            return gradients(np.sum(f(x) * weights), x, create_graph=True)

        for rule, g, new in ((windows.taken, f, "windows"), (windows.put, back, "pieces")):
            graph = traced(g, x)
            after = rewrite(graph, [rule])
            assert (new in operations(after)) == (regular and widest > 1)
            right = graph.outputs[0].numpy()
            np.testing.assert_allclose(after.outputs[0].numpy(), right, rtol=1e-13)
    taken = rewrite(traced(lambda x, i: np.take(x, i, 0), x, table), [windows.taken])
    assert "windows" not in operations(taken), "indices that are not known are not looked at"


@pytest.mark.parametrize("counted", [8, 1 << 22])
def test_pieces_are_laid_out_as_they_overlap(counted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_COUNTED", counted)
    left, right, middle, whole = slice(0, 2), slice(2, 4), slice(1, 3), slice(None)
    expected: list[tuple[list[Any], list[bool], bool]] = [
        ([left, right], [True, True], True),
        ([left, middle, right], [True, False, False], False),
        ([left, middle, 3], [True, False, True], False),
        ([left, right, middle], [True, True, False], True),
        ([whole, 3], [True, False], True),
        ([left, 3], [True, True], False),
        ([left, left, right, middle], [True, False, True, False], True),
    ]
    for keys, apart, covered in expected:
        node = apply(pieces.PIECES, [HALF] * len(keys), {"keys": tuple(keys), "shape": (4,)})
        known = 4 * len(keys) <= counted
        assert pieces.layout(node) == ((apart, covered) if known else ([False] * len(keys), False))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    dtype=st.sampled_from(["f4", "f8", "i8"]),
    kind=st.sampled_from(["i1", "u1", "i4", "i8", "u8"]),
)
def test_indices_that_repeat_are_summed_as_by_add_at(seed: int, dtype: str, kind: str) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 30, rng.integers(1, 4)))
    lead = int(rng.integers(0, len(shape)))
    count = int(rng.integers(1, len(shape) - lead + 1))
    many = (int(rng.integers(0, 900)),) if rng.random() < 0.7 else ()
    lowest = [0 if kind[0] == "u" else -n for n in shape]
    ends = list(zip(lowest, shape, strict=True))[lead : lead + count]
    rows = [np.asarray(rng.integers(low, n, many), kind) for low, n in ends]
    key: Any = (slice(None),) * lead + tuple(rows)
    got, right = np.zeros(shape, dtype), np.zeros(shape, dtype)
    g = (rng.normal(size=got[key].shape) * 9).astype(dtype)
    add_at(got, key, g)
    np.add.at(right, key, g)
    loose = 1e-5 if dtype == "f4" else 0  # bincount adds float32 up in float64
    np.testing.assert_allclose(got, right, rtol=loose, atol=100 * loose)


def test_an_index_beyond_the_end_is_an_error() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        add_at(np.zeros((3, 2)), np.array([0, 3]), np.ones((2, 2)))
