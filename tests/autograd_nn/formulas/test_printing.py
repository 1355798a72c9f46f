"""Formulas as text: parentheses, and LaTeX of every operation that really renders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from autograd_nn import Tensor, custom
from autograd_nn.core.op import REGISTRY
from autograd_nn.formulas.expression import Expr, from_graph, name
from autograd_nn.formulas.printing import latex_text, python_text, unicode_text

_PARSER: MathTextParser = MathTextParser("path")  # type: ignore[type-arg]  # no type argument at run time
_WIDTH = {"concatenate": 2, "where": 3, "clip": 3}


def renders(latex: str) -> None:
    """Really render LaTeX; mathtext raises where it cannot."""
    assert _PARSER.parse(f"${latex}$").width > 0


def arity(op_name: str) -> int:
    """Return a number of inputs for an operation: the highest its template names."""
    latex = REGISTRY[op_name].latex + REGISTRY[op_name].text
    named = [i for i in range(4) if f"{{{i}}}" in latex]
    return max(len(REGISTRY[op_name].vjps), max(named, default=0) + 1, _WIDTH.get(op_name, 1))


@pytest.mark.parametrize("op_name", [n for n in REGISTRY if not n.startswith("test")])
def test_every_operation_has_latex_that_renders(op_name: str) -> None:
    op = REGISTRY[op_name]
    assert op.latex, f"{op_name} has no LaTeX template"
    for texts in (["z2", "W1", "h3", "x"], ["x1", "theta", "my net", "b"]):
        args = tuple(name(text) for text in texts[: arity(op_name)])
        renders(latex_text(Expr(op, args)))
        assert unicode_text(Expr(op, args, {"key": (slice(None), 0)}))
        nested = tuple(Expr(REGISTRY["add"], (name("a"), arg)) for arg in args)
        renders(latex_text(Expr(op, nested)))


def cases() -> list[tuple[Tensor, str, str, str]]:
    """Return formulas with their Python, Unicode and LaTeX."""
    rng = np.random.default_rng(0)
    a = {n: Tensor(rng.random((2, 2)), name=n) for n in ("y", "h3", "z3", "W2")}
    y, h, z, W = a.values()
    rows: list[tuple[Tensor, str, str, str]] = [
        (-(y - h) * h * (1 - h), "-(y - h3) * h3 * (1 - h3)",
         "−(y − h⁽³⁾) ⊙ h⁽³⁾ ⊙ (1 − h⁽³⁾)", r"-(y - h^{(3)}) \odot h^{(3)} \odot (1 - h^{(3)})"),
        (W.T @ (y * h), "W2.T @ (y * h3)", "(W⁽²⁾)ᵀ (y ⊙ h⁽³⁾)",
         r"(W^{(2)})^{T} (y \odot h^{(3)})"),
        ((W @ y) * h, "(W2 @ y) * h3", "(W⁽²⁾ y) ⊙ h⁽³⁾", r"(W^{(2)} y) \odot h^{(3)}"),
        (y - (h - z), "y - (h3 - z3)", "y − (h⁽³⁾ − z⁽³⁾)", "y - (h^{(3)} - z^{(3)})"),
        (y - (-h), "y - (-h3)", "y − (−h⁽³⁾)", "y - (-h^{(3)})"),
        (y / (h / z), "y / (h3 / z3)", "y / (h⁽³⁾ / z⁽³⁾)",
         r"\frac{y}{\frac{h^{(3)}}{z^{(3)}}}"),
        ((y + h) ** 2, "(y + h3)**2", "(y + h⁽³⁾)^2", "(y + h^{(3)})^{2}"),
        (h.square(), "h3**2", "(h⁽³⁾)²", "(h^{(3)})^{2}"),
        (0.125 * h, "0.125 * h3", "1/8 h⁽³⁾", r"\frac{1}{8} \, h^{(3)}"),
        (np.sum(y - h, axis=1, keepdims=True), "np.sum(y - h3, axis=1, keepdims=True)",
         "Σ (y − h⁽³⁾)", r"\sum (y - h^{(3)})"),
        (np.log(1 + np.exp(-z)), "np.log(1 + np.exp(-z3))", "ln(1 + exp(−z⁽³⁾))",
         r"\ln(1 + e^{-z^{(3)}})"),
        (h[:, 1:], "h3[:, 1:]", "h⁽³⁾[:, 1:]", r"h^{(3)}[\cdot]"),
    ]  # fmt: skip
    return rows


@pytest.mark.parametrize("case", range(len(cases())))
def test_formulas(case: int) -> None:
    result, python, unicode, latex = cases()[case]
    names = {x: x.name for x in _leaves(result) if x.name}
    e = from_graph(result, names)
    assert python_text(e) == python
    assert unicode_text(e) == unicode
    assert latex_text(e) == latex
    renders(latex_text(e))


def _leaves(result: Tensor) -> list[Tensor]:
    from autograd_nn.core.graph import topological_order

    return [node for node in topological_order([result]) if node.op is None]


def test_python_text_is_python_that_gives_the_same() -> None:
    for result, python, _, _ in cases():
        names = {x: str(x.name) for x in _leaves(result) if x.name}
        values = {text: x.data for x, text in names.items()}
        assert np.allclose(eval(python, {"np": np}, values), result.data)  # noqa: S307 - own text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (lambda a: (a**3) ** 2, "(a**3)**2"), (lambda a: a ** (a**2), "a**a**2"),
        (lambda a: (a**2).T, "(a**2).T"), (lambda a: (a.T) ** 2, "a.T**2"),
        (lambda a: (a.square())[0], "(a**2)[0]"), (lambda a: a.T[0] ** 2, "a.T[0]**2"),
        (lambda a: a - (a - a) - (a + a), "a - (a - a) - (a + a)"),
        (lambda a: -(a**2) / (a * a) @ (-a), "(-a**2 / (a * a)) @ (-a)"),
    ],
)  # fmt: skip
def test_python_groups_as_the_formula_does(formula: Callable[[Any], Any], text: str) -> None:
    a = Tensor([[2.0, 0.5], [1.5, 3.0]], name="a")
    result = formula(a)
    assert python_text(from_graph(result, {a: "a"})) == text
    assert np.allclose(eval(text, {"np": np, "a": a.data}), result.data)  # noqa: S307 - own text


@pytest.mark.parametrize("op_name", ["my_op", r"}\input{x}$ {0}", "δ'"])
def test_operations_of_one_s_own_are_written_with_all_inputs(op_name: str) -> None:
    pair = custom(op_name, np.hypot, lambda g, out, a, b: g * a / out, None)
    try:
        a, b = Tensor(3.0, name="a"), Tensor(4.0, name="b")
        e = from_graph(pair(a, b), {a: "a", b: "b"})
        assert latex_text(e).endswith("(a, b)")
        assert r"\input" not in latex_text(e)
        renders(latex_text(e))
        assert unicode_text(e).endswith("(a, b)")
        assert python_text(e).endswith("(a, b)")
    finally:
        del REGISTRY[op_name]


def test_names_are_escaped_in_latex() -> None:
    hostile = r"\input{/etc/passwd}$^_%#"
    e = Expr(REGISTRY["square"], (name(hostile),))
    assert r"\input" not in latex_text(e)
    renders(latex_text(e))


def test_the_text_of_products_of_vectors_can_be_run() -> None:
    rng = np.random.default_rng(0)
    arrays = {"W": rng.normal(size=(3, 4)), "u": rng.normal(size=3), "v": rng.normal(size=4)}
    W, u, v = (Tensor(a, name=text) for text, a in arrays.items())
    products: list[Any] = [W @ (u @ W), np.outer(W @ v, 2 * v), np.outer(u, v).T @ u,
                           (W.T @ u) @ (v @ W.T @ W)]  # fmt: skip
    for made in products:
        text = python_text(from_graph(made, {W: "W", u: "u", v: "v"}))
        value = eval(text, {"np": np, **arrays})  # noqa: S307 - our own text
        np.testing.assert_allclose(value, made.data, rtol=1e-12)
