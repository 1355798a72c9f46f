"""Proofs for every size: identities of textbooks, wrong variants, facts, depth, certificates."""

from __future__ import annotations

import copy
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, prove, relu
from autograd_nn.derivation import UnknownNameError
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.prove import any_size, replay
from autograd_nn.derivation.prove.any_depth import paths_through
from autograd_nn.derivation.prove.any_size import Prover
from autograd_nn.derivation.prove.one_size import same_as_sympy
from autograd_nn.derivation.verify.claims import collect
from tests.benchmarks.proof_variants import judge

from ..networks import network
from ..verify.planted import document_formulas, formula
from .textbook import ALL, Identity, as_formula, named, sigmoid_array


@pytest.mark.parametrize("identity", ALL, ids=[identity.title for identity in ALL])
def test_identities_of_textbooks_hold_for_every_size(identity: Identity) -> None:
    (proof,) = prove(identity.graph(), identity.claim(), assume=identity.assume)
    assert proof.proved, str(proof)
    assert proof.any_size
    assert proof.independent
    assert proof.difference == []
    assert replay.check(proof.certificate()).startswith(proof.statement)


def test_there_are_enough_of_them_and_they_are_quick() -> None:
    assert len(ALL) >= 80
    assert all(identity.source for identity in ALL)
    times = []
    for identity in ALL[::4]:
        J = identity.graph()
        start = time.perf_counter()
        prove(J, identity.claim(), assume=identity.assume)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.5  # 0.05 on a machine that does nothing else
    assert max(times) < 10


def test_wrong_variants_are_refuted_and_right_ones_proved() -> None:
    counts = judge(100, seed=1, show=False)["counts"]
    assert counts["right, refuted"] > 80
    assert "wrong" not in counts
    assert "undecided" not in counts


@pytest.mark.parametrize(
    "title", ["softmax by its own formula, rows: d_z", "xᵀBx: d_x", "‖X‖²: d_X"]
)
def test_sympy_is_of_the_same_mind_at_one_size(title: str) -> None:
    (identity,) = (i for i in ALL if i.title == title)
    small = identity._replace(shapes={t: tuple(2 for _ in s) for t, s in identity.shapes.items()})
    environment = Environment(small.graph())
    assert same_as_sympy(environment, environment.named[identity.name.removeprefix("d_")])


# -- what a proof says ----------------------------------------------------------------------------


def test_a_proof_names_the_sizes_it_holds_for() -> None:
    J, _ = network([3, 4, 2], 5)
    (proof,) = prove(J, {"dW1": formula("delta2 @ x.T / m")})
    assert proof.sizes == ["m", "s₁", "s₂", "s₃"]
    assert "every size m, s₁, s₂, s₃ and every differentiable f" in proof.statement
    assert "xᵀ / m for all" in proof.statement  # not the 5 samples of this graph
    assert "1/m" in proof.steps[0][1]
    assert r"\frac{1}{m}" in proof.steps[0][2]
    assert proof._repr_latex_().startswith(r"$\displaystyle \begin{aligned} \frac{\partial J}")
    assert r"\text{proved for every }" in proof.latex


def test_large_networks_are_no_harder() -> None:
    J, _ = network([64, 30, 10], 20)
    assert prove(J, document_formulas(3)).ok


def test_an_axis_of_length_1_stays_one() -> None:
    J, _ = network([3, 3, 1], 1)
    (proof,) = prove(J, {"delta2": formula("(W2.T @ delta3) * f_prime(z2)")})
    assert proof.sizes == ["s₁", "s₂"]


def test_a_refutation_shows_what_is_left_over_and_numbers_at_sizes_that_differ() -> None:
    J, _ = network([3, 3, 3], 3)
    (proof,) = prove(J, {"dW1": formula("delta2 @ x.T")})
    assert proof.refuted
    assert "left over: " in str(proof)
    assert any("1/m" in term for term in proof.difference)
    shape = np.shape(proof.counter_example.leaves["W1"])  # type: ignore[union-attr]  # refuted
    assert shape[0] != shape[1]
    with pytest.raises(ValueError, match="no certificate"):
        proof.certificate()


def test_squares_hide_nothing() -> None:
    J, _ = network([2, 2, 2], 2)
    (proof,) = prove(J, {"dW1": formula("(delta2 @ x.T).T / m")})
    assert proof.refuted
    assert "at other sizes" in proof.problem


def test_facts_are_used_where_they_are_declared_and_named() -> None:
    z, y = Tensor(np.ones((3, 4)), name="z"), Tensor(np.full((3, 4), 1 / 3), name="y")
    J = -(y * (z - np.log(np.exp(z).sum(axis=0)))).sum()
    claim = {"d_z": as_formula("np.exp(z) / np.sum(np.exp(z), axis=0) - y")}
    assert not prove(J, claim).ok
    (proof,) = prove(J, claim, assume=[lambda y: np.sum(y, axis=0) == 1])
    assert proof.proved
    assert "where −1 + Σⱼ yⱼᵢ = 0" in proof.statement
    assert not prove(J, claim, assume=[lambda y: np.sum(y, axis=1) == 1]).ok
    with pytest.raises(ValueError, match="speaks of 'q'"):
        prove(J, claim, assume=[lambda q: q == 1])
    with pytest.raises(ValueError, match="assume takes equations"):
        prove(J, claim, assume=[lambda y: y.T])


def test_kinks_and_places_without_a_value_are_excepted() -> None:
    z = Tensor(np.ones((3, 4)), name="z")
    (proof,) = prove(relu(z).sum(), {"d_z": lambda z: z >= 0})
    assert proof.proved
    assert "except where zᵢⱼ = 0" in proof.statement
    (proof,) = prove(np.sqrt(z**2).sum(), {"d_z": lambda z: 1 * np.sign(z)})
    assert proof.proved
    (proof,) = prove(np.log(z).sum(), {"d_z": lambda z: 1 / z})
    assert "wherever both sides are defined" in proof.statement
    (wrong,) = prove(np.sqrt(z**2).sum(), {"d_z": lambda z: 1 + 0 * z})
    assert not wrong.proved


def test_what_a_graph_asks_to_be_equal_is_no_kink() -> None:
    y, z = Tensor(np.ones(3), name="y"), Tensor(np.ones(3), name="z")
    J = (np.equal(y, 1) * z).sum()
    assert not prove(J, {"d_z": lambda z: 0 * z}).ok


def test_what_has_no_form_is_decided_at_this_size_or_left_open() -> None:
    x = Tensor(np.array([1.0, 2.0, 3.0]), name="x")
    w = Tensor(np.array([2.0, 0.5]), name="w")
    (proof,) = prove((x[:2] * w).sum(), {"d_w": lambda x: x[:2]})
    assert proof.proved
    assert not proof.any_size
    assert proof.statement.endswith("at this size only")
    (proof,) = prove(np.cumsum(x).sum(), {"d_x": lambda x: 0 * x + 1})
    assert not proof.proved


def test_positions_ask_for_the_length_they_need() -> None:
    x = Tensor(np.array([1.0, 2.0, 3.0]), name="x")
    (proof,) = prove(x[1] * x.sum(), {"d_x": lambda x: x[1] + 0 * x})
    assert not proof.proved
    J = x[1] * x[0]
    J.name = "J"
    (proof,) = prove(J, {"J": lambda x: x[0] * x[1]})
    assert proof.sizes == ["n₁ ≥ 2"]


def _tensor(text: str, *shape: int) -> Tensor:
    values = np.random.default_rng(len(text)).uniform(0.2, 1.0, shape)
    return Tensor(values, name=text, requires_grad=True)


def _varied() -> tuple[Any, str, str]:
    X, U = _tensor("X", 5, 3), _tensor("U", 5, 3)
    v = named("v", np.var(X, axis=0, ddof=1) + 1e-3)
    d = named("d", X - np.mean(X, axis=0))
    c = "(U / np.sqrt(v) - d * np.sum(U * d, axis=0) * v**-1.5 / {})"
    right = f"{c} - np.mean({c}, axis=0)".replace("{}", "4")
    return (U * d / np.sqrt(v)).sum(), right, right.replace("/ 4", "/ 5")


def _divided() -> tuple[Any, str, str]:
    X, w = _tensor("X", 5, 3), _tensor("w", 3)
    return np.sum((X @ w) ** 2) / 5, "2 * X.T @ (X @ w) / X.shape[0]", "2 * X.T @ (X @ w) / 3"


def _mean_and_a_number() -> tuple[Any, str, str]:
    X, w = _tensor("X", 5, 3), _tensor("w", 3)
    return np.mean((X @ w) ** 2), "0.4 * X.T @ (X @ w)", "0.2 * X.T @ (X @ w)"


def _rooted() -> tuple[Any, str, str]:
    Q, K = _tensor("Q", 4, 3), _tensor("K", 5, 3)
    P = "np.tanh(Q @ K.T / np.sqrt(3))"
    right = f"(1 - {P}**2).T @ Q * 3**-0.5"
    return np.sum(np.tanh(Q @ K.T / np.sqrt(3))), right, right.replace("-0.5", "-1")


@pytest.mark.parametrize(
    ("made", "target"),
    [(_varied, "dX"), (_divided, "dw"), (_mean_and_a_number, "dw"), (_rooted, "dK")],
)
def test_numbers_that_are_sizes_are_read_as_such(
    made: Callable[[], tuple[Any, str, str]], target: str
) -> None:
    J, right, wrong = made()
    (proof,) = prove(J, {target: as_formula(right)})
    assert proof.any_size, proof
    (proof,) = prove(J, {target: as_formula(wrong)})
    assert proof.refuted, proof


def test_an_exponent_is_no_size() -> None:
    X = _tensor("X", 5, 3)
    (proof,) = prove(np.mean(X**3, axis=1).sum(), {"dX": lambda X: X**2})
    assert proof.refuted, proof
    X = _tensor("X", 5, 4)
    (proof,) = prove(np.mean(X**4, axis=1).sum(), {"dX": lambda X: X.shape[1] * X**3 / 4})
    assert proof.refuted, proof


def test_a_statement_says_which_number_was_read_as_which_size() -> None:
    J, right, _ = _divided()
    assert "every size n₁, n₂, 5 being n₁" in prove(J, {"dw": as_formula(right)})[0].statement
    J, right, _ = _mean_and_a_number()
    assert "0.4 being 2/n₁" in prove(J, {"dw": as_formula(right)})[0].statement


def test_what_is_right_at_the_graph_s_own_sizes_alone_is_said_to_be() -> None:
    X = _tensor("X", 3, 3)
    (proof,) = prove(np.mean(X**2, axis=0).sum(), {"dX": lambda X: 2 * X / X.shape[1]})
    assert proof.refuted
    assert "right at the graph's own sizes" in proof.problem
    H = np.eye(3) - np.ones((3, 3)) / 3
    J: Any = np.trace(X.T @ H @ X)
    (proof,) = prove(J, {"dX": lambda X: 2 * (X - np.mean(X, axis=0))})
    assert not proof.refuted
    assert not proof.any_size


def test_the_identity_matrix_is_one_at_every_size() -> None:
    C = _tensor("C", 3, 3)
    J: Any = np.sum((2 * np.eye(3) - C @ C.T) ** 2)
    (proof,) = prove(J, {"dC": lambda C: 4 * (C @ C.T @ C - 2 * C)})
    assert proof.any_size


def test_values_that_were_drawn_equal_do_not_refute_a_formula_with_a_kink() -> None:
    y, q = _tensor("y", 60), _tensor("q", 60)  # so many that some are equal, to one digit
    J = np.sum(np.maximum(0.9 * (y - q), -0.1 * (y - q)))
    (proof,) = prove(J, {"dq": lambda y, q: np.where(y > q, -0.9, 0.1)})
    assert proof.proved
    (proof,) = prove(J, {"dq": lambda y, q: np.where(y > q, -0.9, 0.2)})
    assert proof.refuted


def test_without_draws_nothing_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    y, q = _tensor("y", 60), _tensor("q", 60)
    prover = Prover(Environment(np.sum(np.maximum(0.9 * (y - q), -0.1 * (y - q)))))
    (claim,) = collect(prover.environment, {"dq": lambda y, q: np.where(y > q, -0.9, 0.1)})
    monkeypatch.setattr(any_size, "draws", lambda *_, **__: iter(()))
    monkeypatch.setattr(
        Prover, "_is_rounding", lambda *_: False
    )  # as where whole numbers are equal
    verdict = prover.judge(claim)
    assert verdict.proved is False
    assert not verdict.here


def test_fractions_are_parted_by_any_two_terms_of_what_is_below_the_line() -> None:
    u, i, j = (_tensor(text, 4) for text in "uij")
    J = -np.log(sigmoid_array(u @ i - u @ j))
    (proof,) = prove(J, {"du": lambda u, i, j: (sigmoid_array(u @ i - u @ j) - 1) * (i - j)})
    assert proof.any_size


def test_what_sympy_would_take_hours_for_is_left_open() -> None:
    z, v = _tensor("z", 40), _tensor("v", 40)
    J = (np.sort(z) + v).prod()  # sorted: no form for every size
    (proof,) = prove(J, {"dv": lambda z, v: np.prod(np.sort(z) + v) / (np.sort(z) + v)})
    assert not proof.proved
    assert not proof.refuted


def test_a_wrong_rule_does_not_pass() -> None:
    from autograd_nn.core.op import Op
    from autograd_nn.core.tensor import apply

    cube = Op("cube", lambda x: x**3, (lambda g, out, x: g * 2 * x**2,))
    x = Tensor(np.ones((2, 3)), name="x")
    (proof,) = prove(apply(cube, (x,)).sum(), {"dx": lambda x: 2 * x**2})
    assert not proof.proved
    assert "a defect of the engine" in proof.problem


def test_the_identity_matrix_of_a_formula_has_every_size() -> None:
    W = Tensor(np.random.default_rng(0).normal(size=(4, 3)), name="W")
    J = np.sum((W.T @ W - np.eye(3)) ** 2) / 4
    right, wrong = (
        prove(J, {"dW": f})[0]
        for f in (
            lambda W: W @ (W.T @ W - np.eye(W.shape[1])),
            lambda W: (W @ W.T - 2 * np.identity(len(W))) @ W,
        )
    )
    assert right.any_size
    assert "W (Wᵀ W − I)" in right.statement
    assert wrong.refuted


# -- depth ----------------------------------------------------------------------------------------


def test_the_recursion_holds_at_every_depth() -> None:
    J, _ = network([2, 3, 4, 5, 2], 3)
    proofs = prove(J, document_formulas(5))
    assert all(proof.any_depth for proof in proofs)
    assert proofs[0].statement.endswith("at every depth")


def test_a_path_around_a_layer_forbids_the_induction() -> None:
    J, tensors = network([2, 3, 4, 2], 3, skip=True)
    right = {"delta2": formula("(W2.T @ delta3 + V.T @ delta4) * f_prime(z2)")}
    (proof,) = prove(J, right)
    assert proof.proved
    assert not proof.any_depth
    environment = Environment(J)
    assert not paths_through(environment, tensors["z2"], tensors["z3"])
    assert paths_through(environment, tensors["z3"], tensors["z4"])
    assert not prove(J, {"delta2": formula("(W2.T @ delta3) * f_prime(z2)")}).ok


def test_a_step_that_holds_its_own_skip_is_one_step() -> None:
    rng = np.random.default_rng(0)
    h, tensors = Tensor(rng.normal(size=(3, 4)), name="x"), {}
    for l in (1, 2, 3, 4):
        W = tensors[f"W{l}"] = Tensor(rng.normal(size=(3, 3)), name=f"W{l}")
        z = W @ h.tanh() + h
        z.name = f"z{l + 1}"
        h = z
    J = (h * Tensor(rng.normal(size=(3, 4)), name="U")).sum()
    claims = {f"d_z{l}": as_formula(f"d_z{l + 1} + (W{l}.T @ d_z{l + 1}) * (1 - np.tanh(z{l})**2)")
              for l in (2, 3, 4)}  # fmt: skip
    proofs = prove(J, claims)
    assert proofs.ok
    assert all(proof.any_depth for proof in proofs)
    without = {
        f"d_z{l}": as_formula(f"(W{l}.T @ d_z{l + 1}) * (1 - np.tanh(z{l})**2)") for l in (2, 3)
    }
    assert all(proof.refuted for proof in prove(J, without))


def test_a_recurrence_holds_for_every_number_of_steps() -> None:
    (identity,) = (i for i in ALL if i.title == "recurrence of three steps: d_z1")
    (proof,) = prove(identity.graph(), identity.claim())
    assert proof.any_depth


# -- certificates ---------------------------------------------------------------------------------


def _edits(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Return where a certificate can be changed, and to what."""
    found: list[tuple[tuple[Any, ...], Any]] = []
    if isinstance(data, dict):
        for key, value in data.items():
            found += _edits(value, (*path, key))
    elif isinstance(data, list):
        for key, value in enumerate(data):
            found += _edits(value, (*path, key))
            if path[-1:] in (("claim",), ("value",), ("steps",), ("terms",), ("right",)):
                found.append(((*path, key), None))
    elif isinstance(data, str) and path[-1] not in ("seal", "says"):
        others = {"c": ["2", "-1", "1/3"]}.get(path[-1], ["2", "W9", "i1", "j0", "z"])
        found += [(path, other) for other in others if other != data]
    elif isinstance(data, (int, bool)):
        found.append((path, 1 - int(data)))
    return found


def _edited(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(data)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


def test_certificates_that_were_tampered_with_are_rejected() -> None:
    rng = np.random.default_rng(0)
    tried = 0
    for identity in [ALL[k] for k in rng.permutation(len(ALL))[:40]]:
        (proof,) = prove(identity.graph(), identity.claim(), assume=identity.assume)
        data = json.loads(proof.certificate())
        edits = _edits(data)
        for k in rng.permutation(len(edits))[:30]:
            tried += 1
            with pytest.raises(replay.Rejected):
                replay.check(json.dumps(_edited(data, *edits[k])))
    assert tried >= 1000


def test_a_false_claim_with_a_seal_of_its_own_is_rejected_too() -> None:
    rng = np.random.default_rng(1)
    tried = 0
    for identity in ALL[::5]:
        (proof,) = prove(identity.graph(), identity.claim(), assume=identity.assume)
        data = json.loads(proof.certificate())
        edits = [e for e in _edits(data["claim"], ("claim",)) if e[0][-1] == "c" or e[1] is None]
        for k in rng.permutation(len(edits))[:6]:
            changed = _edited(data, *edits[k])
            changed["seal"] = replay.seal(changed)
            tried += 1
            with pytest.raises(replay.Rejected):
                replay.check(json.dumps(changed))
    assert tried > 100


def test_the_checker_is_short_and_imports_the_standard_library_alone() -> None:
    source = Path(replay.__file__).read_text(encoding="utf-8")
    assert "autograd_nn" not in source
    assert "from ." not in source


def test_no_claim_is_an_error() -> None:
    J, _ = network([2, 2, 1], 1)
    with pytest.raises(UnknownNameError):
        prove(J, {})


def test_what_is_zero_up_to_rounding_refutes_nothing() -> None:
    x, y, c = _tensor("x", 6), _tensor("y", 6), _tensor("c", 3)
    a, b = x - np.mean(x), y - np.mean(y)  # of two numbers, the correlation is 1 or −1
    a.name, b.name = "a", "b"
    correlation: Any = np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))
    correlation.name = "r"

    def dx(a: Any, b: Any, r: Any) -> Any:
        return b / np.sqrt(np.sum(a * a) * np.sum(b * b)) - r * a / np.sum(a * a)

    (proof,) = prove(correlation, {"dx": dx})
    assert not proof.refuted
    (proof,) = prove(correlation, {"dx": lambda a, b, r: 1.00001 * dx(a, b, r)})
    assert proof.refuted

    u: Any = _tensor("z", 5, 3) + c
    n = u - np.mean(u, axis=0)
    n.name = "n"
    for dc in (lambda c: 0 * c, lambda n: 3 * np.sum(n, axis=0)):
        (proof,) = prove(np.sum(n**3), {"dc": dc})
        assert proof.any_size


def test_lengths_are_sizes_however_they_are_asked_for() -> None:
    X, Y = _tensor("X", 5, 3), _tensor("Y", 4, 3)
    J: Any = np.mean(X @ Y.T)
    for dX in (
        lambda X, Y: np.ones_like(X) * np.sum(Y, axis=0) / (len(X) * len(Y)),
        lambda X, Y: np.ones_like(X) * np.mean(Y, axis=0) / X.shape[0],
    ):
        (proof,) = prove(J, {"dX": dX})
        assert proof.any_size
    (proof,) = prove(J, {"dX": lambda X, Y: np.ones_like(X) * np.sum(Y, axis=0) / len(X) ** 2})
    assert proof.refuted
    (proof,) = prove(
        np.sum(np.var(X, axis=0, ddof=1)),
        {"dX": lambda X: 2 * (X - np.mean(X, axis=0)) / (len(X) - 1)},
    )
    assert proof.any_size
    assert "4 being n₁ − 1" in proof.statement


def test_a_half_is_no_length() -> None:
    y, h = _tensor("y", 2, 5), _tensor("h", 2, 5)
    J = np.mean(np.sum(0.5 * (y - h) ** 2, axis=0))
    (proof,) = prove(J, {"dh": lambda y, h: 2 * (h - y) / h.size})
    assert proof.refuted
    assert "not at every size" in proof.problem
    (proof,) = prove(J, {"dh": lambda y, h: (h - y) / h.shape[1]})
    assert proof.any_size
