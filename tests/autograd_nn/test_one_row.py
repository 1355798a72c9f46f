"""A new elementwise operation is one row: here one is added, and everybody who reads rows uses it.

Nothing but `softsign_row` says anything of the operation; its tests are one row of the test list.
"""

from __future__ import annotations

import copy
import html
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, check_grads, custom, derive, draw, explore, grad, jit, prove, verify
from autograd_nn.core.op import REGISTRY, UFUNCS, Op, register
from autograd_nn.formulas.printing import latex_text, python_text, unicode_text
from autograd_nn.formulas.rule import rule_formula

from .harness import unary
from .ops import test_operations as made

UFUNC: Any = np.frompyfunc(lambda z: z / (1 + abs(z)), 1, 1)
"""What users call: a ufunc of a package that knows nothing of Tensors."""

X = np.array([0.3, -0.7, 1.2])


def softsign(z: Any) -> Any:
    """Return z/(1 + |z|)."""
    return z / (1 + np.abs(z))


def softsign_row() -> Op:
    """Return the row."""
    return register(Op("softsign", softsign, (lambda g, out, z: g / (1 + np.abs(z)) ** 2,),
        latex=r"\operatorname{{softsign}}({0})", text="softsign({0})", python="softsign({0})",
        words="the softsign of {0}", loop="{0} / (1 + abs({0}))",
        traits={"elementwise", "activation"}), UFUNC)  # fmt: skip


@pytest.fixture(autouse=True)
def op() -> Iterator[Op]:
    """Enter the row for the time of one test."""
    yield softsign_row()
    del REGISTRY["softsign"], UFUNCS[UFUNC]


def layer() -> tuple[Any, Any, Any, Any]:
    """Return J, W1, x and y of a layer with softsign as its activation."""
    rng = np.random.default_rng(0)
    W1 = Tensor(rng.normal(size=(3, 2)), True, "W1")
    x, y = Tensor(rng.normal(size=(2, 1)), name="x"), Tensor(rng.normal(size=(3, 1)), name="y")
    z2: Any = W1 @ x
    z2.name = "z2"
    h2 = UFUNC(z2)
    h2.name = "h2"
    J = 0.5 * np.sum((h2 - y) ** 2)
    J.name = "J"
    return J, W1, x, y


def test_one_row_of_the_test_list_makes_its_tests() -> None:
    row = unary("softsign", UFUNC, reference=softsign)
    made.test_value_is_numpys(row)
    made.test_first_derivatives(row)
    made.test_second_derivatives(row)
    made.test_float32_is_kept(row)
    made.test_shapes(row)


def test_gradients_of_first_and_second_order() -> None:
    assert check_grads(UFUNC, X).ok
    assert check_grads(grad(lambda z: np.sum(UFUNC(z) ** 2)), X).ok


def test_its_rule_is_written_in_every_notation(op: Op) -> None:
    node = UFUNC(Tensor(X, requires_grad=True, name="z2"))
    assert node.op is op
    formula = rule_formula(node, 0)
    assert formula is not None
    assert r"\left|" in latex_text(formula)
    assert "np.abs(" in python_text(formula)
    assert "|" in unicode_text(formula)


def test_it_is_derived() -> None:
    J, W1, *_ = layer()
    derivation = derive(J, W1)
    assert "h⁽²⁾ = softsign(z⁽²⁾)" in str(derivation)
    assert "(h⁽²⁾ − y) ⊙ f′(z⁽²⁾)" in str(derivation)
    assert "softsign" in derivation.latex


def test_it_is_judged_in_a_learners_formulas() -> None:
    J, *_ = layer()
    right = verify(J, {"d_W1": lambda h2, y, z2, x: (h2 - y) / (1 + np.abs(z2)) ** 2 @ x.T})
    named = verify(J, {"d_W1": lambda h2, y, z2, x, f_prime: ((h2 - y) * f_prime(z2)) @ x.T})
    wrong = verify(J, {"d_W1": lambda h2, y, x: (h2 - y) @ x.T})
    assert right.ok
    assert named.ok
    assert not wrong.ok
    assert "f′(z" in str(wrong)


def test_it_is_proved_with() -> None:
    pytest.importorskip("sympy")
    J, *_ = layer()
    assert prove(J, {"d_W1": lambda h2, y, z2, x, f_prime: ((h2 - y) * f_prime(z2)) @ x.T}).ok


def test_it_is_drawn() -> None:
    assert "softsign" in str(draw(UFUNC(Tensor(X, name="z"))))


def test_it_is_explored_in_words() -> None:
    J, *_ = layer()
    page = html.unescape(explore(J).html)
    assert "the softsign of" in page


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_it_is_compiled(engine: Any) -> None:
    if engine == "numba":
        pytest.importorskip("numba")

    def f(z: Any) -> Any:
        return np.sum(UFUNC(z) * z)

    value = jit(lambda z: UFUNC(z) * z, engine=engine)
    slope = jit(grad(f), engine=engine)
    np.testing.assert_allclose(value(X), softsign(X) * X, rtol=1e-14)
    np.testing.assert_allclose(slope(X), grad(f)(X), rtol=1e-14)
    if engine == "numpy":
        assert "def softsign(z)" in value.lower(X).source


def test_one_made_by_custom_has_the_same_fields() -> None:
    cubed = custom("cubed", lambda x: x**3, lambda g, out, x: g * 3 * x**2, elementwise=True,
                   text="{0}³", words="the cube of {0}", loop="{0} * {0} * {0}")  # fmt: skip
    made_op = REGISTRY.pop("cubed")
    assert cubed(X).op is made_op
    assert (made_op.text, made_op.words) == ("{0}³", "the cube of {0}")
    assert made_op.loop == "{0} * {0} * {0}"
    assert "elementwise" in made_op.traits
    assert made_op.latex.format("x") == r"\mathrm{cubed}(x)"


def test_its_copies_are_itself(op: Op) -> None:
    assert pickle.loads(pickle.dumps(op)) is op  # noqa: S301 - our own bytes
    assert copy.deepcopy(op) is op
