"""Judging claimed formulas: on their own, in the chain, on draws; and what the report says."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, draw, elu, gradients, leaky_relu, no_grad, verify

from ..networks import network
from .planted import formula


def right_claims(n_l: int) -> dict[str, Any]:
    """Return the document's formulas for a network of n_l layers."""
    claims = {f"delta{n_l}": formula(f"-(y - h{n_l}) * h{n_l} * (1 - h{n_l})")}
    for l in range(2, n_l):
        claims[f"delta{l}"] = formula(f"(W{l}.T @ delta{l + 1}) * f_prime(z{l})")
    for l in range(1, n_l):
        claims[f"dW{l}"] = formula(f"delta{l + 1} @ {'x' if l == 1 else f'h{l}'}.T / m")
        claims[f"d_b{l}"] = formula(f"delta{l + 1}.sum(axis=1, keepdims=True) / m")
    return claims


@pytest.mark.parametrize("m", [1, 2, 5])
@pytest.mark.parametrize(
    "structure", [[2, 1], [3, 3, 1], [2, 3, 2], [4, 3, 2, 3], [2, 2, 2, 2, 2, 1]]
)
def test_right_formulas_are_right(structure: list[int], m: int) -> None:
    J, _ = network(structure, m)
    report = verify(J, right_claims(len(structure)), samples=m, finite_differences=True)
    report.raise_if_wrong()
    assert report.ok
    assert not report.failures
    assert [line.verdict for line in report.lines] == ["right"] * (3 * len(structure) - 3)
    assert all(line.difference and line.difference.relative < 1e-12 for line in report.lines)


def test_lines_are_in_backward_order() -> None:
    J, _ = network([2, 3, 2, 1])
    names = [line.name for line in verify(J, right_claims(4)).lines]
    assert [n for n in names if n.startswith("delta")] == ["delta4", "delta3", "delta2"]
    assert names.index("dW3") < names.index("delta3") < names.index("dW2") < names.index("delta2")


def test_the_first_wrong_step_is_told_from_those_that_inherit_it() -> None:
    J, _ = network([2, 3, 2, 1], 3)
    claims = right_claims(4)
    claims["delta3"] = formula("(W3.T @ delta4)")
    report = verify(J, claims)
    assert [line.name for line in report.failures] == ["delta3"]
    assert str(report).startswith("first wrong step: δ⁽³⁾ (delta3) — wrong here")
    assert report["delta4"].verdict == "right"
    assert report["dW3"].verdict == "right"
    for name in ("delta2", "dW2", "d_b2", "dW1", "d_b1"):
        assert report[name].verdict == "right, inherits the error of delta3"
        gap = report[name].difference
        assert gap is not None
        assert gap.relative > 1e-3


def test_two_wrong_steps_are_both_wrong_here() -> None:
    J, _ = network([2, 3, 2, 1], 3)
    claims = right_claims(4)
    claims["delta3"] = formula("(W3.T @ delta4)")
    claims["dW1"] = formula("-delta2 @ x.T / m")
    report = verify(J, claims)
    assert [line.name for line in report.failures] == ["delta3", "dW1"]
    assert report["dW1"].explanations[0].kind == "sign"


def test_an_error_upstream_reaches_other_names_of_the_same_gradient() -> None:
    J, _ = network([2, 3, 1], 4)
    claims = {"delta3": formula("y - h3"), "dW2": formula("d_z3 @ h2.T")}
    report = verify(J, claims)
    assert report["dW2"].inherits == ("delta3",)


def test_arrays_are_claims_and_inherit_too() -> None:
    J, tensors = network([2, 3, 1], 4)
    z3, z2, W1 = gradients(J, [tensors["z3"], tensors["z2"], tensors["W1"]])
    assert verify(J, {"delta3": 4 * z3, "d_z2": z2, "dW1": W1}).ok
    report = verify(J, {"delta3": -4 * z3, "d_z2": -z2, "dW1": 3 * W1})
    assert report["delta3"].verdict == "wrong here"
    assert report["d_z2"].verdict == "right, inherits the error of delta3"
    assert [line.name for line in report.failures] == ["delta3", "dW1"]
    assert report["dW1"].explanations[0].kind == "constant factor"
    assert report["delta3"].explanations[0].words == "the sign is wrong: multiply by −1"


def test_one_number_is_not_explained_by_its_ratio() -> None:
    J, _ = network([2, 1], 1)
    assert not verify(J, {"delta2": np.array([[0.123]])}).failures[0].explanations


def test_formulas_that_give_no_value_are_reported_and_the_rest_is_judged() -> None:
    J, _ = network([2, 3, 1], 4)

    def raises(h2: Any) -> Any:
        raise ZeroDivisionError("no luck")

    claims = {
        "delta2": right_claims(3)["delta2"],
        "d_h3": lambda y: None,
        "d_W2": lambda h2: ...,
        "dW1": raises,
        "d_x": lambda x: "text",
        "d_b2": lambda delta3: np.full((1, 1), np.nan),
        "d_h2": lambda W7: W7,
        "d_y": lambda *everything: 0,
    }
    report = verify(J, claims)
    assert report["delta2"].verdict == "right"
    assert report["d_h3"].verdict == "returns None"
    assert report["dW1"].verdict == "raises ZeroDivisionError"
    assert "no luck" in report["dW1"].detail
    assert report["d_x"].verdict.startswith("returns str")
    assert report["d_b2"].verdict == "holds nan"
    assert report["d_h2"].verdict == "cannot be judged"
    assert "did you mean 'W" in report["d_h2"].detail
    assert "*everything" in report["d_y"].detail
    assert report["d_W2"].verdict == "not filled in yet"
    assert len(report.failures) == 7
    assert "ZeroDivisionError" in str(report)


def test_a_wrong_shape_is_reported_with_the_shapes_and_the_rearrangement() -> None:
    J, _ = network([2, 3, 1], 4)
    line = verify(J, {"dW2": formula("h2 @ delta3.T / m")}).failures[0]
    assert line.verdict == "wrong shape"
    assert "(3, 1), the gradient (1, 3)" in line.detail
    assert "h2 (3, 4)" in line.detail
    assert "delta3 (1, 4)" in line.detail
    assert line.explanations[0].kind == "transposed"
    assert verify(J, {"dW2": formula(line.explanations[0].repaired)}).ok


def test_shapes_that_do_not_fit_are_explained_all_the_same() -> None:
    J, _ = network([2, 3, 2], 4)
    line = verify(J, {"delta2": formula("(W2 @ delta3) * h2 * (1 - h2)")}).failures[0]
    assert line.verdict == "raises ValueError"
    assert line.explanations[0].kind == "transposed"
    assert line.explanations[0].repaired == "(W2.T @ delta3) * h2 * (1 - h2)"


def test_a_value_from_outside_is_noticed_on_other_draws() -> None:
    J, tensors = network([2, 1], 3)
    y = tensors["y"].data
    line = verify(J, {"d_h2": lambda h2: -(y - h2) / 3}).failures[0]
    assert "right on the given values" in line.detail


def test_formulas_that_cannot_be_recorded_are_explained_by_their_value() -> None:
    J, _ = network([2, 3, 2], 4)

    def opaque(W2: Any, delta3: Any) -> Any:
        return np.asarray([[float(v) for v in row] for row in W2.T @ delta3])

    (first, *_) = verify(J, {"delta2": opaque}).failures[0].explanations
    assert first.kind == "f′ missing"


def test_float32_is_judged_by_its_own_noise() -> None:
    J, tensors = network([20, 10, 4], 16, dtype=np.float32)
    report = verify(J, right_claims(3), finite_differences=True)
    report.raise_if_wrong()
    gap = report["dW1"].difference
    assert gap is not None
    dW1 = gradients(J, tensors["W1"])[0]
    assert verify(J, {"dW1": dW1 * np.float32(1 + 1e-7)}).ok
    line = verify(J, {"dW1": dW1 * np.float32(1.01)}).failures[0]
    assert "noise floor of float32" in line.rule


def test_claims_from_a_class_an_object_and_a_module() -> None:
    J, _ = network([2, 1], 3)

    class Mine:
        bias = 3

        def delta2(self, y: Any, h2: Any) -> Any:
            return -(y - h2) * h2 * (1 - h2)

    class Plain:
        def delta2(y: Any, h2: Any) -> Any:  # noqa: N805 - a class used as a namespace
            return -(y - h2) * h2 * (1 - h2)

    module = types.ModuleType("mine")
    exec("import numpy as np\ndef delta2(y, h2): return -(y - h2)\nhelper = 3", module.__dict__)  # noqa: S102
    assert verify(J, Mine).ok
    assert verify(J, Mine()).ok
    assert verify(J, Plain).ok
    assert verify(J, module).failures[0].name == "delta2"
    exec("def delta7(y): return y", module.__dict__)  # noqa: S102
    with pytest.raises(ValueError, match="delta7"):
        verify(J, module)


def test_bad_arguments_say_what_would_do() -> None:
    J, _ = network([2, 1], 3)
    with pytest.raises(ValueError, match=r"unknown name 'delta9'.*delta2"):
        verify(J, {"delta9": lambda y: y})
    with pytest.raises(ValueError, match=r"'y' is given, not computed.*'d_y'"):
        verify(J, {"y": lambda y: y})
    with pytest.raises(ValueError, match="no claim to judge"):
        verify(J, {})
    with pytest.raises(TypeError, match="pass a dict"):
        verify(J, 3)
    with pytest.raises(TypeError, match="must be a recorded Tensor"):
        verify(3, {})  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ValueError, match="has no history"):
        verify(Tensor(3.0), {})
    with pytest.raises(ValueError, match="gradient of one number"):
        verify(Tensor([1.0, 2.0]) * 2, {})
    with pytest.raises(ValueError, match="'sometimes'"):
        verify(J, right_claims(2), finite_differences="sometimes")


def test_a_name_that_two_tensors_share_is_refused() -> None:
    a, b = Tensor(1.0, name="a"), Tensor(2.0, name="a")
    with pytest.raises(ValueError, match="several tensors"):
        verify(a * b, {"da": lambda: 0})


def test_the_number_of_samples_is_read_off_the_graph() -> None:
    rng = np.random.default_rng(0)
    W = Tensor(rng.normal(size=(2, 3)), name="W1")
    for m in (1, 2, 5):
        x = Tensor(rng.normal(size=(3, m)), name="x")
        z = W @ x
        z.name = "z2"
        square = z.square()
        for J, samples in (
            (square.sum(axis=0).mean(), m),
            (0.5 * square.sum(axis=0).mean(), m),
            (square.mean(), m),
            (square.sum(), 1),
            (0.5 * square.sum(), 1),
            (0.5 * square.sum() / m, m),
            (square.sum() / (2 * m), m),
        ):
            claims = {"delta2": samples * gradients(J, z)[0]}
            if m == 2 and J.op is not None and J.op.name == "multiply" and samples == 1:
                with pytest.raises(ValueError, match="samples="):
                    verify(J, claims)  # the ½ of the cost, or the mean over two samples?
                assert verify(J, claims, samples=1).ok
            else:
                assert verify(J, claims).ok


def test_the_smallest_gradients_are_judged() -> None:
    w = Tensor([1.0, 2.0], name="w")
    J = 1e-25 * w.square().sum()
    assert verify(J, {"dw": 2e-25 * w.data}).ok
    assert not verify(J, {"dw": 2.1e-25 * w.data}).ok


def test_works_under_no_grad_and_leaves_gradients_alone() -> None:
    J, tensors = network([2, 2, 1], 3)
    with no_grad():
        report = verify(J, {**right_claims(3), "dW1": formula("delta2 @ x.T")})
        assert (
            report.failures[0].explanations[0].words == "a factor 1/m is missing: multiply by 1/m"
        )
    assert all(tensor.grad is None for tensor in tensors.values())


def test_formulas_cannot_change_the_values() -> None:
    J, tensors = network([2, 2, 1], 3)
    before = tensors["y"].data.copy()

    def spoils(y: Any, h3: Any) -> Any:
        y *= 2
        return y - h3

    line = verify(J, {"d_h3": spoils, "delta3": right_claims(3)["delta3"]})["d_h3"]
    assert line.verdict == "raises ValueError"
    assert np.array_equal(tensors["y"].data, before)


def test_large_graphs_without_names_are_judged() -> None:
    x = Tensor([1.0, 2.0], name="x")
    y = x
    for _ in range(3_000):
        y = y * 0.999 + 0.001
    J = y.square().sum()
    assert verify(J, {"dx": gradients(J, x)[0]}).warnings == []
    line = verify(J, {"dx": lambda x: x}).failures[0]
    assert "wrong here" in line.text()
    doubling = x
    for _ in range(60):  # as a tree this formula has 2⁶⁰ parts
        doubling = doubling * doubling * 0.5
    assert "wrong here" in verify(doubling.sum(), {"dx": lambda x: x}).failures[0].text()


def test_values_are_claims_too() -> None:
    J, _ = network([3, 3, 1], 4)
    claims = {
        "z3": formula("W2 @ h2 + b2"),
        "z2": formula("W1.T @ x + b1"),
        "h3": formula("f(z3)"),
        "dW2": formula("delta3 @ h2.T / m"),
    }
    report = verify(J, claims)
    assert [line.name for line in report.lines] == ["z2", "z3", "h3", "dW2"]
    assert [line.name for line in report.failures] == ["z2"]
    assert report["z2"].explanations[0].repaired == "W1 @ x + b1"
    assert report.warnings == []


def test_the_report_reads_well() -> None:
    J, _ = network([2, 2, 1], 3)
    report = verify(J, {**right_claims(3), "delta2": formula("(W2.T @ delta3) * z2 * (1 - z2)")})
    text = str(report)
    assert "f′ is taken at z2 where it belongs at h2" in text
    assert "(W2.T @ delta3) * h2 * (1 - h2)" in text
    assert "rule: off by more than 1e-09" in text
    gap = report["delta2"].difference
    assert gap is not None
    assert f"worst at {gap.where}" in text
    with pytest.raises(AssertionError, match="first wrong step"):
        report.raise_if_wrong()
    assert not report
    assert "<table>" in report._repr_html_()
    assert "δ⁽²⁾" in report._repr_html_()


def test_the_report_can_be_drawn() -> None:
    J, _ = network([2, 2, 1], 3)
    report = verify(J, {**right_claims(3), "delta2": formula("W2.T @ delta3")})
    assert report.graph[0] is J
    assert draw(report).source != draw(J).source


def test_names_reach_html_escaped() -> None:
    a = Tensor([1.0, 2.0], name="<script>alert(1)</script>")
    J = (a * a).sum()
    report = verify(J, {"d_<script>alert(1)</script>": np.zeros(2)})
    assert "<script>" not in report._repr_html_()
    assert "&lt;script&gt;" in report._repr_html_()


def test_the_text_is_the_same_every_time() -> None:
    texts = set()
    for _ in range(2):
        J, _ = network([2, 3, 2, 1], 3)
        claims = {**right_claims(4), "delta3": formula("(W3.T @ delta4)")}
        texts.add(str(verify(J, claims)))
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("f", "given"), [(elu, {"alpha": 0.3}), (elu, {}), (leaky_relu, {"slope": 0.2})]
)
def test_f_and_f_prime_have_the_parameters_of_the_graphs_own(f: Any, given: Any) -> None:
    rng = np.random.default_rng(0)
    W = Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W1")
    x = Tensor(rng.normal(size=(4, 5)), name="x")
    z: Any = W @ x
    z.name = "z2"
    h: Any = f(z, **given)
    h.name = "h2"
    right = {
        "h2": lambda f, z2: f(z2),
        "d_W1": lambda h2, f_prime, z2, x, m: 2 * (h2 * f_prime(z2)) @ x.T / m,
    }
    assert verify(np.sum(h * h) / 5, right, samples=5).ok
    wrong = {"h2": lambda z2: f(z2, *(2 * v for v in given.values() or [1])).numpy()}
    assert not verify(np.sum(h * h) / 5, wrong, samples=5).ok
