"""Verdicts are never guessed: properties over kinds of data, costs, graphs and spellings."""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, draw, gradients, sigmoid, verify
from autograd_nn.derivation.draws import kinds_of
from nets import Network
from nets import verify as verify_network


def named(name: str, tensor: Any) -> Tensor:
    """Return the tensor, called so."""
    assert isinstance(tensor, Tensor)
    tensor.name = name
    return tensor


# -- the number of samples -------------------------------------------------------------------------

COSTS: dict[str, tuple[Callable[[Any, int], Any], str]] = {
    "mean of sums": (lambda e, m: np.square(e).sum(axis=0).mean(), "m"),
    "half the mean": (lambda e, m: 0.5 * np.square(e).sum(axis=0).mean(), "m"),
    "sum, divided": (lambda e, m: np.square(e).sum() / m, "m or ½"),
    "sum, divided by 2m": (lambda e, m: np.square(e).sum() / (2 * m), "m"),
    "divided inside": (lambda e, m: (np.square(e) / (2 * m)).sum(), "m"),
    "times 1/m inside": (lambda e, m: (1 / m * np.square(e).sum(axis=0)).sum(), "m or ½"),
    "minus the mean": (lambda e, m: -np.square(e).sum(axis=0).mean(), "m"),
    "with a mean of the outputs": (lambda e, m: np.square(e).mean(axis=0).mean(), "m"),
    "outputs last": (lambda e, m: np.square(e).mean(axis=1).sum(), "m"),
    "sum": (lambda e, m: np.square(e).sum(), "1"),
    "half the sum": (lambda e, m: 0.5 * np.square(e).sum(), "½"),
    "sums of sums": (lambda e, m: np.square(e).sum(axis=1).sum(), "1"),
    "divided by 7": (lambda e, m: np.square(e).sum() / 7, "?"),
    "products of samples": (lambda e, m: np.square(e.T @ e).sum() / m, "?"),
    "a product": (lambda e, m: np.trace(e @ e.T), "?"),
}


@pytest.mark.parametrize("m", [1, 2, 3, 4])
@pytest.mark.parametrize("decay", [False, True])
@pytest.mark.parametrize("cost", COSTS)
def test_the_number_of_samples_is_told_or_asked_for(cost: str, decay: bool, m: int) -> None:
    rng = np.random.default_rng(m)
    W = Tensor(rng.normal(size=(3, 2)), name="W1")
    x = Tensor(rng.normal(size=(2, m)), name="x")
    z = named("z2", W @ x)
    function, told = COSTS[cost]
    J = function(z - np.ones((3, m)), m)
    J = J + 0.1 * (W * W).sum() if decay else J
    ambiguous = told == "?" or (m == 2 and "½" in told)
    own = 1 if m == 1 or told in ("1", "½") else m
    dz, dW = gradients(J, [z, W])
    delta = {"delta2": own * dz}
    if ambiguous and m > 1:
        with pytest.raises(ValueError, match=r"'delta2' cannot be read off.*samples="):
            verify(J, delta)
    else:
        assert verify(J, delta).ok
        assert m == 1 or not verify(J, {"delta2": own * dz * (m if own == 1 else 1 / m)}).ok
    extra = 0.2 * W.numpy() if decay else 0.0
    twice = {"dW1": lambda d_z2, x, m: d_z2 @ x.T / m + extra}
    assert verify(J, {"dW1": dW}).ok
    if m > 1:  # 1/m is in ∂J/∂z already, or belongs nowhere
        try:
            assert not verify(J, twice).ok
        except ValueError as error:
            assert "samples=" in str(error)
        assert not verify(J, twice, samples=m).ok


def test_without_weighted_inputs_m_is_asked_for_by_name() -> None:
    w = Tensor([1.0, 2.0], name="w")
    J = (w * w).mean()
    with pytest.raises(ValueError, match=r"'m' cannot be read off.*samples="):
        verify(J, {"dw": lambda w, m: 2 * w / m})
    assert verify(J, {"dw": lambda w, m: 2 * w / m}, samples=2).ok
    assert verify(named("J", J), {"dw": lambda w: w}).ok


# -- claims that are dropped -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [2.5, np.float64(2.5), np.float32(2.5), 2, True, np.array(2.5), [2.5], Tensor(2.5)]
)
@pytest.mark.parametrize("holder", [types.ModuleType, types.SimpleNamespace, dict])
def test_no_claim_is_dropped(value: Any, holder: Any) -> None:
    b = Tensor(0.5, name="b")
    J = (3 * b).square() + b
    claims: Any = holder("mine") if holder is types.ModuleType else holder()
    if holder is dict:
        claims["db"] = value
    else:
        claims.db = value
    report = verify(J, claims)
    assert [line.name for line in report.lines] == ["db"]
    assert not report.ok


def test_what_looks_like_a_claim_and_is_none_is_told() -> None:
    w = Tensor([1.0, 2.0], name="w")
    h = named("h", w * w)
    mine = types.ModuleType("mine")
    mine.__dict__.update(dw=2 * w.numpy(), h=lambda w: w, d_q=lambda w: w, step=3)
    report = verify(h.sum(), mine)
    assert report.ok
    assert any("not judged: d_q, h;" in note for note in report.notes)
    mine.__dict__["dW1"] = np.zeros(2)
    with pytest.raises(ValueError, match="unknown name 'dW1'"):
        verify(h.sum(), mine)


# -- kinds of data ---------------------------------------------------------------------------------

KINDS: dict[str, Callable[[np.random.Generator], Any]] = {
    "{} with one-hot columns": lambda rng: np.eye(3)[:, rng.permutation([0, 1, 1, 2])],
    "{} with one-hot rows": lambda rng: np.eye(3)[rng.permutation([0, 1, 1, 2])],
    "{} with one-hot values": lambda rng: rng.permutation([0.0, 0.0, 1.0]),
    "{} of zeros and ones": lambda rng: rng.permutation([0.0, 1.0, 1.0, 0.0]),
    "{} with columns that add up to 1": lambda rng: rng.dirichlet(np.ones(3), 4).T,
    "{} with rows that add up to 1": lambda rng: rng.dirichlet(np.ones(3), 4),
    "{} in [0, 1]": lambda rng: rng.random((2, 3)),
    "positive {}": lambda rng: 1 + rng.random((2, 3)),
    "{} of integers": lambda rng: np.array([[-2.0, 3.0, 4.0], [0.0, 5.0, 1.0]]),
    "symmetric {}": lambda rng: (r := rng.normal(size=(3, 3))) + r.T,
}


@pytest.mark.parametrize("words", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_drawn_is_of_the_kind(words: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    given = KINDS[words](rng)
    (kind,) = [kind for kind in kinds_of(given) if kind.words == words]
    drawn = [np.asarray(kind.draw(rng), dtype=float) for _ in range(4)]
    assert all(values.shape == given.shape for values in drawn)
    again = [[other.words for other in kinds_of(values)] for values in drawn]
    assert all(words in found for found in again) or words == "{} of zeros and ones"
    assert all(np.isin(values, (0, 1)).all() for values in drawn) or not kind.certain


@pytest.mark.parametrize(
    "given", [np.zeros((2, 3)), np.ones(3), [[1.0]], [0.5, -1.25], [np.nan, 1]]
)
def test_chance_is_no_kind(given: Any) -> None:
    assert not any(kind.certain for kind in kinds_of(given))


def softmax_cost(y: Any, axis: int, seed: int) -> tuple[Tensor, int]:
    """Return a mean cross-entropy of softmax over an axis, z2 and h2 and y being named."""
    y = Tensor(y, name="y")
    z = Tensor(np.random.default_rng(seed).normal(size=y.shape), name="s")
    e = np.exp(z)
    h = named("p", e / e.sum(axis=axis, keepdims=True))
    m = 1 if y.ndim == 1 else y.shape[1 - axis]
    return -(y * np.log(h)).sum() / m, m


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("words", [text for text in KINDS if "one-hot" in text or "add" in text])
def test_the_delta_of_softmax_is_right_for_its_targets(words: str, seed: int) -> None:
    y = KINDS[words](np.random.default_rng(seed))
    J, m = softmax_cost(y, 1 if "rows" in words else 0, seed)
    report = verify(J, {"d_s": lambda p, y: (p - y) / m})
    kept = words.format("y")
    assert report.ok
    if "one-hot" in words:
        assert report["d_s"].verdict == "right"
        assert any(kept in note for note in report.notes)
    else:
        assert report["d_s"].verdict == f"right for {kept} only"
        assert kept in report.summary()
    for wrong in (
        lambda p, y: (y - p) / m,
        lambda p, y: 2 * (p - y) / m,
        lambda p, y: p / m,
        lambda p, y: (p - y) * p * (1 - p) / m,
    ):
        report = verify(J, {"d_s": wrong})
        assert not report.ok
        assert report["d_s"].verdict == "wrong here"


@pytest.mark.parametrize("trained", [False, True])
def test_what_is_right_for_a_symmetric_matrix_is_not_right(trained: bool) -> None:
    rng = np.random.default_rng(0)
    W = Tensor(KINDS["symmetric {}"](rng), name="A", requires_grad=trained)
    h = Tensor(rng.normal(size=(3, 2)), name="h")
    J = np.square(named("s", W @ h)).sum()
    report = verify(J, {"d_h": lambda A, d_s: A @ d_s})
    assert not report.ok
    assert report["d_h"].verdict == "right for symmetric A only"
    assert verify(J, {"d_h": lambda A, d_s: A.T @ d_s})["d_h"].verdict == "right"


def test_integers_stay_as_given_and_hide_nothing() -> None:
    t = Tensor(np.array([[1, 2], [2, 5]]), name="t")
    q = Tensor([[0.5, 1.0], [1.5, 2.0]], name="q")
    J = np.square(named("s", t @ q)).sum()
    report = verify(J, {"dq": lambda t, d_s: t.T @ d_s})
    assert report["dq"].verdict == "right"
    assert "kept on the random draws: t as given (integers)" in report.notes
    report = verify(J, {"dq": lambda t, d_s: t @ d_s})
    assert not report.ok
    assert report["dq"].verdict == "right for t as given only"


def test_a_parameter_is_not_taken_for_data() -> None:
    eye = np.eye(2)
    for W in (Tensor(eye, name="W1"), Tensor(eye, name="q", requires_grad=True)):
        h = Tensor([[1.5], [0.5]], name="h")
        J = np.square(named("s", W @ h)).sum()
        claims: Any = {"d_h": lambda W1, d_s: W1 @ d_s}
        if W.name == "q":
            claims = {"d_h": lambda q, d_s: q @ d_s}
        assert not verify(J, claims).ok
    for q in (Tensor([0.0, 1.0, 1.0], name="W"), Tensor([0.0, 1.0, 0.0], True, name="q")):
        x = Tensor([1.0, 2.0, 3.0], name="x")
        square: Any = {"dx": (lambda W: W * W) if q.name == "W" else (lambda q: q * q)}
        assert not verify((q * x).sum(), square).ok


def test_a_target_from_outside_is_noticed_though_its_kind_is_kept() -> None:
    for seed in range(10):
        y = KINDS["{} with one-hot columns"](np.random.default_rng(seed))[:, :1]
        J, _ = softmax_cost(y, 0, seed)
        assert not verify(J, {"d_s": lambda p, y=y: p - y}, seed=seed).ok


# -- its own answer --------------------------------------------------------------------------------


def random_graph(seed: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Return a cost of a random graph of named squares, sums and products of one shape."""
    rng = np.random.default_rng(seed)
    nodes = {f"u{i}": Tensor(rng.normal(size=3), name=f"u{i}") for i in range(3)}
    for i in range(3, 9):
        a, b = (nodes[f"u{int(k)}"] for k in rng.integers(max(0, i - 4), i, 2))
        made = (a + b, a * b, np.tanh(a) + b)[int(rng.integers(3))]
        nodes[f"u{i}"] = named(f"u{i}", made)
    return sum(node.sum() for node in nodes.values()), nodes  # type: ignore[return-value]  # no 0


def asking(name: str) -> Any:
    """Return a formula that returns what it asks for."""
    space: dict[str, Any] = {}
    exec(f"def formula({name}): return {name}", space)  # noqa: S102 - a name of this file's own
    return space["formula"]


@pytest.mark.parametrize("seed", range(4))
def test_no_formula_is_right_by_asking_for_its_own_answer(seed: int) -> None:
    J, nodes = random_graph(seed)
    for own, other in itertools.product(nodes, repeat=2):
        for claim, asked in itertools.product((f"d_{own}", f"d{own}"), (f"d_{other}", f"d{other}")):
            report = verify(J, {claim: asking(asked)}, draws=1)
            lifted = verify(J, {claim: asking(asked)}, draws=1, allow_own=True)
            assert lifted.ok or own != other
            if own == other or not _depends(nodes[other], nodes[own]):
                assert not report.ok or _longest(J, nodes[other]) < _longest(J, nodes[own])
            else:
                assert report.ok == lifted.ok
        if nodes[own].op is not None and own == other:
            assert not verify(J, {own: asking(own)}).ok


def test_a_value_is_not_read_off_a_gradient() -> None:
    a = Tensor([1.0, 2.0], name="a")
    J = np.square(named("h", a * a)).sum()
    assert verify(J, {"h": lambda d_h: d_h / 2}, allow_own=True).ok
    assert not verify(J, {"h": lambda d_h: d_h / 2}).ok


def _depends(node: Tensor, on: Tensor) -> bool:
    return node is on or any(_depends(x, on) for x in node.inputs)


def _longest(J: Tensor, node: Tensor) -> int:
    if J is node:
        return 0
    return max((1 + _longest(x, node) for x in J.inputs if _depends(x, node)), default=0)


@pytest.mark.parametrize(
    ("claim", "asked"),
    [("dW1", "d_W1"), ("delta3", "d_z3"), ("d_z3", "delta3"), ("delta2", "dz2"), ("d_h2", "dh2")],
)
def test_networks_refuse_it_too_and_say_the_way_out(claim: str, asked: str) -> None:
    net = Network([3, 4, 2], seed=0)
    x, y = np.random.default_rng(0).random((3, 5)), np.random.default_rng(1).random((2, 5))
    claims = {claim: asking(asked)}
    assert not verify_network(net, x, y, claims).ok
    if claim[1:] == asked[2:]:
        assert "allow_own=True" in verify_network(net, x, y, claims)[claim].detail
        assert verify_network(net, x, y, claims, allow_own=True).ok


# -- who is blamed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [-1.0, 2.0, 1.1])
@pytest.mark.parametrize("wrong", [1, 2, 3])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_only_the_cause_is_blamed(wrong: int, decay: float, factor: float) -> None:
    """A matrix is used in every layer, and in the cost: its gradient is the last to be known."""
    rng = np.random.default_rng(wrong)
    W = Tensor(rng.normal(size=(3, 3)), name="W")
    h = [Tensor(rng.normal(size=(3, 4)), name="x")]
    for l in (1, 2, 3):
        h.append(named(f"a{l}", sigmoid(named(f"s{l}", W @ h[-1]))))
    J = h[-1].sum() + decay * (W * W).sum()
    claims: dict[str, Any] = {}
    dW, d = 2 * decay * W.numpy(), np.ones((3, 4))
    for l in (3, 2, 1):
        d = d * h[l].numpy() * (1 - h[l].numpy()) * (factor if l == wrong else 1)
        claims[f"ds{l}"] = d
        dW = dW + d @ h[l - 1].numpy().T
        d = W.numpy().T @ d
    report = verify(J, {"dW": dW, **claims})
    assert [line.name for line in report.failures] == [f"ds{wrong}"]
    assert report["dW"].inherits == (f"ds{wrong}",)
    worse = verify(J, {**claims, "dW": dW * 1.5})
    assert [line.name for line in worse.failures] == [f"ds{wrong}", "dW"]


@pytest.mark.parametrize("factor", [-1.0, 2.0])
def test_a_delta_known_by_the_bias_alone_is_the_cause(factor: float) -> None:
    rng = np.random.default_rng(0)
    w, b = Tensor(rng.normal(size=(3, 2)), name="w1"), Tensor(rng.normal(size=(3, 1)), name="b1")
    x = Tensor(rng.normal(size=(2, 1)), name="x")
    a = named("a1", sigmoid(named("z1", w @ x + b)))
    J = np.square(a - 1).sum()
    delta = factor * gradients(J, b)[0]
    report = verify(J, {"db1": delta, "dw1": delta @ x.numpy().T, "dx": w.numpy().T @ delta})
    assert [line.name for line in report.failures] == ["db1"]
    report = verify(J, {"db1": delta, "dw1": -3 * delta @ x.numpy().T})
    assert [line.name for line in report.failures] == ["db1", "dw1"]


# -- shapes and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (4, 2, 3), (2, 1, 3, 2), (0, 2, 3)])
def test_reports_print_for_any_number_of_axes(shape: tuple[int, ...]) -> None:
    a = Tensor(np.random.default_rng(0).normal(size=shape), name="emb")
    h = named("h", a * 2)
    J = np.square(h).sum()
    size = max(h.size, 1)
    for wrong in (h.numpy() / 3, h.numpy() / size, -h.numpy(), np.zeros(shape), h.numpy()[None]):
        for claim in (wrong, lambda h, wrong=wrong: h / size, lambda emb: emb[None]):
            report = verify(J, {"dh": claim})
            assert str(report)
            assert report._repr_html_()
            assert h.size == 0 or not report.ok


@pytest.mark.parametrize("names", [("a", "dist"), ("ist", "dist"), ("elta", "delta"), ("z", "dz")])
def test_a_claim_about_a_value_is_drawn_at_that_value(names: tuple[str, str]) -> None:
    a = Tensor(np.arange(3.0) + 1, name=names[0])
    b = named(names[1], a * a)
    report = verify(b.sum(), {names[1]: 2 * b.numpy(), f"d_{names[0]}": 2 * a.numpy()})
    assert [line.name for line in report.failures] == [names[1]]
    assert draw(report).source


@pytest.mark.parametrize("hidden", [4, 6])  # 6 nodes for 6 samples: sizes alone cannot tell
@pytest.mark.parametrize(
    "cost",
    [
        lambda gap: np.mean(np.sum(gap**2, axis=1)) / 2,
        lambda gap: np.sum(gap**2) / 12,
        lambda gap: (0.5 * gap**2).sum(axis=1).mean(),
    ],
)
def test_delta_is_of_each_sample_where_samples_are_rows(hidden: int, cost: Any) -> None:
    rng = np.random.default_rng(0)
    X, Y = Tensor(rng.normal(size=(6, 3)), name="X"), Tensor(rng.random((6, hidden)), name="Y")
    W1 = Tensor(rng.normal(size=(3, hidden)), requires_grad=True, name="W1")
    W2 = Tensor(rng.normal(size=(hidden, hidden)), requires_grad=True, name="W2")
    z2: Any = X @ W1
    z2.name = "z2"
    h2: Any = np.tanh(z2)
    h2.name = "h2"
    z3: Any = h2 @ W2
    z3.name = "z3"
    claims = {
        "delta3": lambda z3, Y: z3 - Y,
        "delta2": lambda delta3, W2, h2: delta3 @ W2.T * (1 - h2**2),
        "dW2": lambda h2, delta3, m: h2.T @ delta3 / m,
        "dW1": lambda X, delta2, m: X.T @ delta2 / m,
    }
    J = cost(z3 - Y)
    verify(J, claims).raise_if_wrong()
    wrong = verify(J, {**claims, "dW2": lambda h2, delta3: h2.T @ delta3})
    assert [line.name for line in wrong.failures] == ["dW2"]
    plain_sum = np.sum((z3 - Y) ** 2) / 2
    right = {"delta3": claims["delta3"], "dW2": lambda h2, delta3: h2.T @ delta3}
    verify(plain_sum, right).raise_if_wrong()


def test_what_is_assumed_is_kept_on_random_draws_and_must_hold() -> None:
    s = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="s")
    J, claims = np.abs(s).sum(), {"ds": lambda s: s / s}
    assert not verify(J, claims).ok
    report = verify(J, claims, assume=[lambda s: s > 0])
    report.raise_if_wrong()
    assert "what is assumed of s" in str(report)
    A = Tensor([[1.0, 2.0], [2.0, 5.0]], requires_grad=True, name="A")
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    symmetric, square = [lambda A: A == A.T], {"dx": lambda A, x: 2 * A @ x}
    assert not verify(x @ A @ x, square).ok
    verify(x @ A @ x, square, assume=symmetric).raise_if_wrong()
    wrong = {"dx": lambda A, x: A @ x}
    assert not verify(x @ A @ x, wrong, assume=symmetric).ok
    for fact, said in [
        (lambda s: s < 0, "does not hold"),
        (lambda q: q > 0, "no given tensor"),
        (lambda s: s + 1, "equations and signs"),
    ]:
        with pytest.raises(ValueError, match=said):
            verify(J, claims, assume=[fact])


def test_what_is_right_is_said_with_the_formula_that_it_follows_from() -> None:
    x = Tensor(np.arange(1.0, 4.0), name="x")
    w = Tensor([0.5, -1.0, 2.0], requires_grad=True, name="w")
    z = w * x
    z.name = "z"
    J = np.sum(z**2)
    claims = {"dz": lambda z: 2 * z, "dw": lambda z, x: z * x}
    report = verify(J, claims)
    assert report["dz"].reason == "2 * z, from z"
    assert "right, and why:\n  ∂J/∂z: 2 * z, from z" in str(report)
    claims["dw"] = lambda z, x: 2 * z * x
    assert "and why" not in str(verify(J, claims))


def test_what_adds_up_to_nothing_is_right_up_to_rounding() -> None:
    rng = np.random.default_rng(0)
    X, W, b = (
        Tensor(rng.normal(size=s), name=t) for t, s in (("X", (8, 3)), ("W", (3, 4)), ("b", 4))
    )
    z = X @ W + b  # the normalisation takes b off again
    z.name = "z"
    n = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)
    J: Any = np.sum((n - rng.normal(size=(8, 4))) ** 2)
    assert verify(J, {"db": lambda b: 0 * b}).ok
    assert verify(J, {"db": np.zeros(4)}).ok
    assert not verify(J, {"db": np.full(4, 1e-9)}).ok
    assert not verify(J, {"db": lambda b: 1e-9 * b}).ok
    small = 1e-12 * J
    assert verify(small, {"db": np.zeros(4)}).ok
    assert not verify(small, {"db": np.full(4, 1e-21)}).ok
