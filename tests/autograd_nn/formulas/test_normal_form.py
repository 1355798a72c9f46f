"""The normal form: it means what the arrays mean, and is the same exactly where they are equal."""

# ruff: noqa: E501, PLW0108 - a law a line, each a function

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import autograd_nn.formulas.sized_functions
from autograd_nn.formulas.index_notation import sum_text
from autograd_nn.formulas.normal_form import derivative
from autograd_nn.formulas.sized import Size, Sized, axes_of
from autograd_nn.formulas.terms import (
    DELTA,
    Head,
    Index,
    NoForm,
    Place,
    Term,
    Terms,
    algebra,
    named,
)

Array = Any
SHAPES: dict[str, tuple[Any, ...]] = {"x": ("n",), "y": ("n",), "A": ("n", "m"), "B": ("n", "m"), "w": ("m",), "S": ("n", "n"),
          "c": (), "r": ("n", 1)}  # fmt: skip


def leaf(text: str, *shape: Any) -> Sized:
    """Return a tensor of a name."""
    axes = axes_of([Size(n) if isinstance(n, str) else n for n in shape])
    ix = tuple(i for i in axes if i is not None)
    return Sized(axes, [Term(Fraction(1), {(named(text, len(ix)), ix): 1})])


def leaves() -> dict[str, Sized]:
    """Return the tensors of `SHAPES`."""
    return {text: leaf(text, *shape) for text, shape in SHAPES.items()}


# -- what terms mean, element by element --------------------------------------------------------


class Meaning:
    """Evaluates terms on numbers, by loops: as slow as plain."""

    def __init__(self, values: dict[str, Any], sizes: dict[str, int]) -> None:
        self.values, self.sizes = values, sizes

    def length(self, size: Any) -> int:
        return int(size) if isinstance(size, int) else self.sizes[str(size)]

    def sum(self, terms: Terms, at: dict[Index, int]) -> float:
        return sum(self.term(t, at) for t in terms)

    def term(self, t: Term, at: dict[Index, int]) -> float:
        bound = list(t.b)
        total = 0.0
        for places in itertools.product(*(range(self.length(i.size)) for i in bound)):
            here = {**at, **dict(zip(bound, places, strict=True))}
            product = float(t.c)
            for (h, ix), e in t.a.items():
                product *= np.float64(self.atom(h, ix, here)) ** float(e)
            total += product
        return total

    def atom(self, h: Head, ix: tuple[Index, ...], at: dict[Index, int]) -> float:
        places = tuple(i.number if isinstance(i, Place) else at[i] for i in ix)
        if h is DELTA:
            return float(places[0] == places[1])
        if h.kind == "name":
            full = iter(places)
            return float(
                self.values[h.text][tuple(0 if n == 1 else next(full) for n in SHAPES[h.text])]
            )
        if h.kind == "size":
            return float(self.sizes[h.text])
        if h.kind == "prime":
            return float(h.text)
        if h.kind in ("inv", "logdet"):
            of = h.inverse or h
            n = self.length(of.free[0].size)
            matrix = np.array(
                [
                    [self.sum(of.parts, {of.free[0]: i, of.free[1]: j}) for j in range(n)]
                    for i in range(n)
                ]
            )
            return float(
                np.linalg.slogdet(matrix)[1] if h.inverse else np.linalg.inv(matrix)[places]
            )
        inner = self.sum(h.parts, dict(zip(h.free, places, strict=True)))
        functions: dict[str, Callable[[float], float]] = {
            "exp": np.exp, "ln": np.log, "sin": np.sin, "cos": np.cos, "arctan": np.arctan, "": float}  # fmt: skip
        if h.kind in ("case", "tie"):
            return float(inner > 0 if h.kind == "case" else inner == 0)
        return functions[h.text](inner)

    def array(self, x: Sized) -> Array:
        """Return the array that terms stand for."""
        lengths = [1 if i is None else self.length(i.size) for i in x.axes]
        out = np.empty(lengths)
        for places in np.ndindex(*lengths):
            at = {i: p for i, p in zip(x.axes, places, strict=True) if i is not None}
            out[places] = self.sum(x.terms, at)
        return out


# -- random expressions ---------------------------------------------------------------------------

UNARY: list[Callable[[Any], Any]] = [
    lambda u: -u, lambda u: 2 * u, lambda u: u**2, lambda u: u**3, np.exp, np.log, np.sqrt, np.abs, np.sign,
    lambda u: 1 / u, lambda u: u**-2, lambda u: u**1.5, lambda u: np.maximum(u, 0), lambda u: u * (u > 0),
    np.tanh, np.sin, lambda u: np.sqrt(u**2), lambda u: np.log(u**2), lambda u: (u**2) ** 0.25,
    lambda u: np.sum(u), lambda u: np.mean(u), lambda u: np.where(u > 0.3, u, 0.5 * u), lambda u: u - 1,
    lambda u: np.sqrt(np.abs(u)), lambda u: np.exp(u) / np.sum(np.exp(u)), lambda u: u.T, lambda u: np.minimum(u, 0.5),
]  # fmt: skip
BINARY: list[Callable[[Any, Any], Any]] = [
    lambda u, v: u + v, lambda u, v: u - v, lambda u, v: u * v, lambda u, v: u / v, np.maximum,
    lambda u, v: u @ v, lambda u, v: np.sqrt(u * v), lambda u, v: np.log(u * v), lambda u, v: (u + v) ** 2,
    lambda u, v: np.sqrt(u) * np.sqrt(v), lambda u, v: np.abs(u) * np.abs(v), lambda u, v: np.sqrt(u**2 * v),
]  # fmt: skip


def expression(rng: np.random.Generator, depth: int) -> Callable[[dict[str, Any]], Any]:
    """Return a random function of the tensors."""
    if depth == 0 or rng.random() < 0.15:
        text = str(rng.choice(list(SHAPES)))
        return lambda given: given[text]
    if rng.random() < 0.5:
        f, inner = UNARY[rng.integers(len(UNARY))], expression(rng, depth - 1)
        return lambda given: f(inner(given))
    g = BINARY[rng.integers(len(BINARY))]
    first, second = expression(rng, depth - 1), expression(rng, depth - 1)
    return lambda given: g(first(given), second(given))


def numbers(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, Array]:
    """Return random arrays, of both signs."""
    shapes = {t: [sizes[n] if isinstance(n, str) else int(n) for n in s] for t, s in SHAPES.items()}
    return {t: np.round(rng.uniform(-1.5, 1.5, s), 2) for t, s in shapes.items()}


def judged(seeds: range) -> tuple[int, list[int]]:
    """Return how many random expressions had a normal form, and those where it means another thing."""
    seen, wrong = 0, []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        f = expression(rng, int(rng.integers(2, 5)))
        with algebra(), np.errstate(all="ignore"):
            try:
                form = f(leaves())
            except (NoForm, ValueError):
                continue
            if not isinstance(form, Sized) or len(form.terms) > 60:
                continue
            for sizes in ({"n": 3, "m": 2}, {"n": 2, "m": 4}):
                values = numbers(rng, sizes)
                expected = np.asarray(f(values), dtype=float)
                found = Meaning(values, sizes).array(form)
                if found.shape != expected.shape:
                    wrong.append(seed)
                    continue
                both = np.isfinite(expected) & np.isfinite(found) & (np.abs(expected) < 1e6)
                seen += int(both.any())
                if not np.allclose(found[both], expected[both], rtol=1e-5, atol=1e-6):
                    wrong.append(seed)
    return seen, wrong


def test_random_expressions_mean_what_the_arrays_mean() -> None:
    seen, wrong = judged(range(400))
    assert seen > 200
    assert wrong == []


# -- laws -----------------------------------------------------------------------------------------


def same(f: Callable[..., Any], g: Callable[..., Any]) -> bool:
    """Whether two expressions have the same normal form."""
    with algebra():
        given = leaves()
        return not (f(given) - g(given)).terms


TRUE: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
    ("√x² = |x|", lambda d: np.sqrt(d["x"] ** 2), lambda d: np.abs(d["x"])),
    ("|x|² = x²", lambda d: np.abs(d["x"]) ** 2, lambda d: d["x"] ** 2),
    ("ln x² = 2 ln |x|", lambda d: np.log(d["x"] ** 2), lambda d: 2 * np.log(np.abs(d["x"]))),
    ("ln eˣ = x", lambda d: np.log(np.exp(d["x"])), lambda d: d["x"]),
    ("e^ln x = x, where defined", lambda d: np.exp(np.log(d["x"])), lambda d: d["x"]),
    ("(√x)² = x, where defined", lambda d: np.sqrt(d["x"]) ** 2, lambda d: d["x"]),
    ("max(x, y) + min(x, y) = x + y", lambda d: np.maximum(d["x"], d["y"]) + np.minimum(d["x"], d["y"]), lambda d: d["x"] + d["y"]),
    ("(AB)ᵀ = BᵀAᵀ", lambda d: (d["A"].T @ d["B"]).T, lambda d: d["B"].T @ d["A"]),
    ("Σ softmax = 1", lambda d: np.sum(np.exp(d["x"]) / np.sum(np.exp(d["x"]))), lambda d: 1),
    ("softmax does not see a shift", lambda d: np.exp(d["x"] - d["c"]) / np.sum(np.exp(d["x"] - d["c"])), lambda d: np.exp(d["x"]) / np.sum(np.exp(d["x"]))),
    ("nor its largest", lambda d: np.exp(d["x"] - np.max(d["x"])) / np.sum(np.exp(d["x"] - np.max(d["x"]))), lambda d: np.exp(d["x"]) / np.sum(np.exp(d["x"]))),
    ("Σ (x − mean x) = 0", lambda d: np.sum(d["x"] - np.mean(d["x"])), lambda d: 0),
    ("exp(Aᵀ) = exp(A)ᵀ", lambda d: np.exp(d["A"].T).T, lambda d: np.exp(d["A"])),
    ("S S⁻¹ x = x", lambda d: d["S"] @ np.linalg.inv(d["S"]) @ d["x"], lambda d: d["x"]),
    ("inverse of 2S", lambda d: np.linalg.inv(2 * d["S"]), lambda d: np.linalg.inv(d["S"]) / 2),
    ("inverse of the transpose", lambda d: np.linalg.inv(d["S"].T), lambda d: np.linalg.inv(d["S"]).T),
    ("tanh by the sigmoid", lambda d: np.tanh(d["x"]), lambda d: 2 / (1 + np.exp(-2 * d["x"])) - 1),
    ("√2 √2 = 2", lambda d: np.sqrt(2 * d["c"] ** 4) ** 2, lambda d: 2 * d["c"] ** 4),
    ("Tr(AᵀB) = Σ A ⊙ B", lambda d: np.trace(d["A"].T @ d["B"]), lambda d: np.sum(d["A"] * d["B"])),
    ("symmetric kernel", lambda d: np.exp(np.outer(d["x"], d["x"])), lambda d: np.exp(np.outer(d["x"], d["x"])).T),
]  # fmt: skip

FALSE: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
    ("√x² = x", lambda d: np.sqrt(d["x"] ** 2), lambda d: d["x"]),
    ("ln x² = 2 ln x", lambda d: np.log(d["x"] ** 2) * 1, lambda d: 2 * np.log(d["x"])),
    ("(x²)^¼ = √x", lambda d: (d["x"] ** 2) ** 0.25, lambda d: np.sqrt(d["x"])),
    ("√(xy) = √x √y", lambda d: np.sqrt(d["x"] * d["y"]), lambda d: np.sqrt(d["x"]) * np.sqrt(d["y"])),
    ("|x + y| = |x| + |y|", lambda d: np.abs(d["x"] + d["y"]), lambda d: np.abs(d["x"]) + np.abs(d["y"])),
    ("|x| = x", lambda d: np.abs(d["x"]), lambda d: d["x"]),
    ("sign² = 1", lambda d: np.sign(d["x"]) ** 2, lambda d: 1 + 0 * d["x"]),
    ("S = Sᵀ", lambda d: d["S"], lambda d: d["S"].T),
    ("Σ x² = (Σ x)²", lambda d: np.sum(d["x"] ** 2), lambda d: np.sum(d["x"]) ** 2),
    ("mean = sum", lambda d: np.mean(d["x"]), lambda d: np.sum(d["x"])),
    ("Σ_i x_i / Σ_i x_i over one index", lambda d: np.sum(d["x"] / np.sum(d["x"] ** 2)), lambda d: 1),
    ("S S = S ⊙ S", lambda d: d["S"] @ d["S"], lambda d: d["S"] * d["S"]),
    ("x > 0 or x < 0", lambda d: 1.0 * (d["x"] > 0) + (d["x"] < 0), lambda d: 1 + 0 * d["x"]),
    ("exp(xy) = exp(x) exp(y)", lambda d: np.exp(d["x"] * d["y"]), lambda d: np.exp(d["x"]) * np.exp(d["y"])),
]  # fmt: skip


@pytest.mark.parametrize(("f", "g"), [law[1:] for law in TRUE], ids=[law[0] for law in TRUE])
def test_what_is_equal_has_one_normal_form(f: Any, g: Any) -> None:
    assert same(f, g)


@pytest.mark.parametrize(("f", "g"), [law[1:] for law in FALSE], ids=[law[0] for law in FALSE])
def test_what_differs_somewhere_has_another(f: Any, g: Any) -> None:
    assert not same(f, g)


def test_the_derivative_of_the_normal_form() -> None:
    rng = np.random.default_rng(0)
    sizes = {"n": 3, "m": 2}
    costs: list[Callable[[Any], Any]] = [
        lambda d: np.sum(np.exp(d["A"] @ d["w"]) * d["x"]),
        lambda d: np.log(np.sum(np.exp(d["x"] * d["y"]))),
        lambda d: np.sum(np.tanh(d["x"]) ** 3) / np.sqrt(1 + np.sum(d["x"] ** 2)),
        lambda d: np.sum(np.abs(d["x"]) * np.maximum(d["x"] - d["y"], 0)),
        lambda d: d["y"] @ np.linalg.inv(d["S"] + np.outer(d["x"], d["x"])) @ d["y"],
        lambda d: np.linalg.slogdet(d["S"] + np.outer(d["x"], d["y"]))[1],
        lambda d: np.sum(np.sin(d["x"])) * np.mean(np.arctan(d["x"] * d["c"])),
    ]
    for cost in costs:
        values = numbers(rng, sizes)
        with algebra():
            given = leaves()
            at = Index(Size("n"))
            form = Sized((at,), derivative(cost(given).terms, named("x", 1), (at,)))
            found = Meaning(values, sizes).array(form)
        for k in range(sizes["n"]):
            step = np.zeros(sizes["n"])
            step[k] = 1e-6
            ends = [float(cost({**values, "x": values["x"] + s})) for s in (step, -step)]
            assert found[k] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-6)


def test_what_has_no_form_is_refused_by_name() -> None:
    refused: list[tuple[Callable[[Any], Any], str]] = [
        (lambda d: np.argmax(d["x"]), "argmax"), (lambda d: np.sort(d["x"]), "sort"),
        (lambda d: np.cumsum(d["x"]), "cumsum"), (lambda d: d["x"].reshape(-1) @ d["w"], "same for every size"),
        (lambda d: d["A"].ravel(), "joins axes"), (lambda d: d["x"][[0, 1]], "computed positions"),
        (lambda d: d["x"][:2], "part of an axis"), (lambda d: np.concatenate([d["x"], d["y"]]), "concatenate"),
        (lambda d: d["x"] + np.ones(3), "no size of its own"), (lambda d: float(d["c"]), "value of an array"),
        (lambda d: list(d["x"]), "one by one"), (lambda d: d["x"] ** d["y"], "exponent"),
    ]  # fmt: skip
    for f, words in refused:
        with algebra(), pytest.raises((NoForm, ValueError), match=words):
            f(leaves())


def test_the_order_of_terms_is_that_of_no_run() -> None:
    texts = []
    for _ in range(2):
        with algebra():
            d = leaves()
            form = (d["A"] @ d["w"] + d["x"]) ** 2 / np.sum(np.exp(d["y"]))
            texts.append(
                (sum_text(form.terms, form.axes), sum_text(form.terms, form.axes, latex=True))
            )
    assert texts[0] == texts[1]
    assert "Σⱼ" in texts[0][0]
    assert r"\sum_{j}" in texts[0][1]


assert autograd_nn.formulas.sized_functions
