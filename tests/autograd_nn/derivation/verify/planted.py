"""Planted mistakes: how often the checker names the mistake that was made, and never another.

1. `PLANTS` holds, for each entry of the catalogue, ways in which learners make that mistake,
   written as formulas of their own: not with the rewritings of the catalogue.
2. `rate` plants them in random networks and counts; `false_explanations` judges random wrong
   formulas and tests every explanation given on draws that the checker never saw.

Run as a program for the full figures: ``python -m tests.autograd_nn.derivation.verify.planted``.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_nn.core.tensor import Tensor
from autograd_nn.derivation import Formula, Report, verify
from autograd_nn.derivation.draws import Draw, fresh
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.verify.catalogue import CATALOGUE
from autograd_nn.derivation.verify.mistakes import Setting
from autograd_nn.formulas.expression import evaluate, evaluate_all, from_graph

from ..networks import network

_NAME = re.compile(r"\b(?:delta\d+|d_[A-Za-z]+\d*|[Wbzh]\d+|V|[xym]|f|f_prime)\b")


def formula(source: str) -> Formula:
    """Return the formula written as `source`, its names being its parameters."""
    uses = tuple(dict.fromkeys(_NAME.findall(source)))
    code = f"lambda {', '.join(uses)}: {source}"
    return Formula(eval(code, {"np": np}), uses)  # noqa: S307 - sources are written below


def document_formulas(n_l: int) -> dict[str, Any]:
    """Return sections 4.5 to 4.8 for a network of n_l layers."""
    claims = {f"delta{n_l}": formula(f"-(y - h{n_l}) * f_prime(z{n_l})")}
    for l in range(2, n_l):
        claims[f"delta{l}"] = formula(f"(W{l}.T @ delta{l + 1}) * f_prime(z{l})")
    for l in range(1, n_l):
        claims[f"dW{l}"] = formula(f"delta{l + 1} @ {'x' if l == 1 else f'h{l}'}.T / m")
        claims[f"db{l}"] = formula(f"np.sum(delta{l + 1}, axis=1, keepdims=True) / m")
    return claims


class Case:
    """A random network, and the right formulas a learner may write for it."""

    def __init__(self, rng: np.random.Generator, skip: bool = False, equal: bool = False) -> None:
        layers = int(rng.integers(4 if skip else 3, 6))
        if equal or rng.random() < 0.3:
            self.structure = [int(rng.integers(2, 5))] * layers
        else:
            self.structure = [int(n) for n in rng.integers(1, 6, layers)]
        if rng.random() < 0.2:
            self.structure[-1] = 1
        self.m = int(rng.choice([1, 2, 3, 5, 8]))
        self.J, self.tensors = network(
            self.structure, self.m, int(rng.integers(1 << 30)), skip=skip
        )
        self.rng = rng
        self.last = layers

    def pick(self, *choices: str) -> str:
        """Return one of the choices."""
        return str(self.rng.choice(choices))

    def hidden(self) -> int:
        """Return a hidden layer."""
        return int(self.rng.integers(2, self.last))

    def slope(self, l: int) -> str:
        """Return f′ of a layer, in one of the ways it is written."""
        return self.pick(f"h{l} * (1 - h{l})", f"f_prime(z{l})", f"f(z{l}) * (1 - f(z{l}))")

    def back(self, l: int) -> str:
        """Return what reaches h of a hidden layer."""
        return self.pick(f"(W{l}.T @ delta{l + 1})", f"np.dot(W{l}.T, delta{l + 1})")

    def input(self, l: int) -> str:
        """Return the name of the output of layer `l`."""
        return "x" if l == 1 else f"h{l}"

    def rows(self, l: int) -> int:
        """Return the number of nodes of layer `l`."""
        return self.structure[l - 1]


Planted = tuple[str, str]
"""The gradient claimed, and the wrong formula's source."""


def delta(c: Case, l: int, slope: str | None = None) -> str:
    """Return the right δ of a layer, or one with another f′."""
    residual = c.pick(f"-(y - h{l})", f"(h{l} - y)")
    return f"{residual if l == c.last else c.back(l)} * {slope or c.slope(l)}"


def _any_delta(c: Case) -> tuple[int, str]:
    l = int(c.rng.integers(2, c.last + 1))
    return l, f"delta{l}"


def _weights(c: Case) -> tuple[int, str, str]:
    l = int(c.rng.integers(1, c.last))
    return l, f"d{c.pick('', '_')}W{l}", f"delta{l + 1} @ {c.input(l)}.T"


def sign(c: Case) -> Planted:
    l, target = _any_delta(c)
    if l == c.last:
        wrong = c.pick(f"(y - h{l}) * {c.slope(l)}", f"(y + h{l}) * {c.slope(l)} * -1")
        return target, c.pick(wrong, f"-(y - h{l}) * h{l} * (1 + h{l})")
    return target, c.pick(f"-({delta(c, l)})", f"{c.back(l)} * h{l} * (1 + h{l})")


def constant(c: Case) -> Planted:
    factor = c.pick("2 * ", "0.5 * ", "0.37 * ", "-3 * ", "m * " if c.m > 1 else "7 * ")
    if c.rng.random() < 0.5 and c.m > 1:
        _, target, right = _weights(c)
        return target, c.pick(right, f"{right} / m / m", f"{right} / m / 2")
    l, target = _any_delta(c)
    return target, f"{factor}({delta(c, l)})"


def slope_missing(c: Case) -> Planted:
    l, target = _any_delta(c)
    return target, c.pick("-(y - {h})", "({h} - y)").format(h=f"h{l}") if l == c.last else c.back(l)


def slope_twice(c: Case) -> Planted:
    l, target = _any_delta(c)
    return target, f"{delta(c, l)} * {c.slope(l)}"


def slope_argument(c: Case) -> Planted:
    l, target = _any_delta(c)
    wrong = c.pick(f"z{l} * (1 - z{l})", f"f_prime(h{l})", f"f(h{l}) * (1 - f(h{l}))")
    return target, delta(c, l, wrong)


def slope_layer(c: Case) -> Planted | None:
    l, target = _any_delta(c)
    others = [k for k in range(2, c.last + 1) if k != l and c.rows(k) == c.rows(l)]
    if not others:
        return None
    return target, delta(c, l, c.slope(int(c.rng.choice(others))))


def value_for_slope(c: Case) -> Planted:
    l, target = _any_delta(c)
    return target, delta(c, l, c.pick(f"h{l}", f"f(z{l})"))


def transposed(c: Case) -> Planted | None:
    if c.rng.random() < 0.5:
        l, target, right = _weights(c)
        if c.rows(l) == c.rows(l + 1) == 1:
            return None
        wrong = c.pick(f"{c.input(l)} @ delta{l + 1}.T", f"({right}).T", right.removesuffix(".T"))
        return (target, f"{wrong} / m") if c.m > 1 or not wrong.startswith("delta") else None
    l = c.hidden()
    if c.rows(l) == c.rows(l + 1) == 1:
        return None
    return f"delta{l}", f"(W{l} @ delta{l + 1}) * {c.slope(l)}"


def swapped(c: Case) -> Planted | None:
    if c.rng.random() < 0.5:
        l, target, _ = _weights(c)
        if c.m == 1 and c.rows(l) == 1 and c.rows(l + 1) == 1:
            return None
        return target, f"{c.input(l)}.T @ delta{l + 1} / m"
    l = c.hidden()
    if c.m == 1 and c.rows(l + 1) == 1:
        return None
    return f"delta{l}", f"(delta{l + 1} @ W{l}.T) * {c.slope(l)}"


def product_for_matmul(c: Case) -> Planted | None:
    if c.rng.random() < 0.5:
        l, target, _ = _weights(c)
        if c.m == 1 and 1 in (c.rows(l), c.rows(l + 1)):
            return None
        return target, f"delta{l + 1} * {c.input(l)}{c.pick('', '.T')} / m"
    l = c.hidden()
    if c.rows(l + 1) == 1:
        return None
    return f"delta{l}", f"(W{l}.T * delta{l + 1}) * {c.slope(l)}"


def matmul_for_product(c: Case) -> Planted | None:
    l, target = _any_delta(c)
    if c.rows(l) == 1 and c.m == 1:
        return None
    turned = c.pick("", ".T")
    return target, f"({delta(c, l, '1')}) @ ({c.slope(l)}){turned}"


def sum_missing(c: Case) -> Planted | None:
    if c.m == 1:
        return None
    l = int(c.rng.integers(1, c.last))
    return f"db{l}", c.pick(f"delta{l + 1} / m", f"delta{l + 1}", f"delta{l + 1} * (1 / m)")


def sum_for_mean(c: Case) -> Planted | None:
    if c.m == 1:
        return None
    l = int(c.rng.integers(1, c.last))
    return f"db{l}", c.pick(
        f"np.sum(delta{l + 1}, axis=1, keepdims=True)",
        f"delta{l + 1}.sum(axis=1, keepdims=True)",
    )


def mean_for_sum(c: Case) -> Planted | None:
    if c.m == 1:
        return None
    l = int(c.rng.integers(1, c.last))
    return f"db{l}", c.pick(
        f"np.mean(delta{l + 1}, axis=1, keepdims=True) / m",
        f"np.mean(delta{l + 1} / m, axis=1, keepdims=True)",
        f"np.mean(d_z{l + 1}, axis=1, keepdims=True)",
    )


def axis(c: Case) -> Planted | None:
    l = int(c.rng.integers(1, c.last))
    if c.m == 1 and c.rows(l + 1) == 1:
        return None
    return f"db{l}", c.pick(
        f"np.sum(delta{l + 1}, axis=0, keepdims=True) / m",
        f"np.sum(delta{l + 1}, keepdims=True) / m",
        f"np.sum(delta{l + 1}) / m",
    )


def path(c: Case) -> Planted | None:
    if c.rng.random() < 0.5:
        l = c.hidden()
        if c.rows(l + 1) == 1:
            return None
        part = c.pick("[:1]", "[1:]", "[:-1]")
        return f"delta{l}", f"(W{l}{part}.T @ delta{l + 1}{part}) * {c.slope(l)}"
    skip = Case(c.rng, skip=True)
    c.__dict__.update(skip.__dict__)
    n = c.last
    if n == 3:
        return None
    return "d_h2", c.pick("W2.T @ d_z3", f"V.T @ d_z{n}")


def layer(c: Case) -> Planted | None:
    l = c.hidden()
    wrong: list[Planted] = []
    for k in range(1, c.last):
        if k != l:
            wrong.append((f"delta{l}", f"(W{k}.T @ delta{l + 1}) * {c.slope(l)}"))
            wrong.append((f"delta{l}", f"(W{l}.T @ delta{k + 1}) * {c.slope(l)}"))
            wrong.append((f"dW{l}", f"delta{k + 1} @ {c.input(l)}.T / m"))
            wrong.append((f"db{l}", f"np.mean(delta{k + 1}, axis=1, keepdims=True)"))
        if k not in (1, l):
            wrong.append((f"dW{l}", f"delta{l + 1} @ h{k}.T / m"))
    wrong = [w for w in wrong if not _names_target(*w)]
    return wrong[int(c.rng.integers(len(wrong)))] if wrong else None


def _names_target(target: str, source: str) -> bool:
    return target in _NAME.findall(source)


def variable(c: Case) -> Planted:
    l, target = _any_delta(c)
    if l == c.last and c.rng.random() < 0.5:
        return target, f"-(y - z{l}) * {c.slope(l)}"
    k = int(c.rng.integers(1, c.last))
    wrong = c.pick(f"z{k + 1} @ {c.input(k)}.T / m", f"delta{k + 1} @ z{k}.T / m" if k > 1 else "")
    return f"dW{k}", wrong or f"delta{k + 1} @ b1.T / m"


def index(c: Case) -> Planted | None:
    l, target, _ = _weights(c)
    h, d = c.input(l), f"delta{l + 1}"
    shift = c.pick("np.concatenate([{0}[1:], {0}[:1]])", "np.concatenate([{0}[-1:], {0}[:-1]])")
    which = h if c.rng.random() < 0.5 else d
    if c.tensors[which.replace("delta", "z")].shape[0] < 3:
        return None
    moved = shift.format(which)
    return target, f"{d} @ {moved}.T / m" if which == h else f"{moved} @ {h}.T / m"


PLANTS: dict[str, Callable[[Case], Planted | None]] = {
    "sign": sign,
    "constant factor": constant,
    "f′ missing": slope_missing,
    "f′ twice": slope_twice,
    "f′ at the wrong argument": slope_argument,
    "f′ of the wrong layer": slope_layer,
    "f for f′": value_for_slope,
    "transposed": transposed,
    "factors swapped": swapped,
    "* for @": product_for_matmul,
    "@ for *": matmul_for_product,
    "sum missing": sum_missing,
    "sum for mean": sum_for_mean,
    "mean for sum": mean_for_sum,
    "wrong axis": axis,
    "path left out": path,
    "wrong layer": layer,
    "wrong variable": variable,
    "index shifted": index,
}
"""Kind of mistake → a function that makes it in a random network."""


def planted(kind: str, count: int, seed: int = 0) -> Iterator[tuple[Report, str, str]]:
    """Yield reports on `count` wrong formulas of one kind, with target and source."""
    rng = np.random.default_rng([seed, *kind.encode()])
    found = 0
    while found < count:
        case = Case(rng, equal=kind == "f′ of the wrong layer")
        made = PLANTS[kind](case)
        if made is None:
            continue
        report = verify(case.J, {made[0]: formula(made[1])}, samples=case.m)
        if not report.ok:  # some mistakes make no difference in some structures
            found += 1
            yield report, *made


def rate(kind: str, count: int, seed: int = 0) -> tuple[float, float, list[str]]:
    """Return the share of planted mistakes named, and named first, and those that were not."""
    named = first = 0
    missed = []
    for report, target, source in planted(kind, count, seed):
        kinds = [e.kind for e in report.failures[0].explanations]
        named += kind in kinds
        first += kinds[:1] == [kind]
        if kind not in kinds:
            missed.append(f"{target} = {source}: {kinds or report.failures[0].verdict}")
    return named / count, first / count, missed


# -- random wrong formulas -----------------------------------------------------------------------


def random_source(case: Case, depth: int) -> str:
    """Return a random formula of the case's names."""
    rng = case.rng
    names = [*case.tensors, *[f"delta{l}" for l in range(2, case.last + 1)]]
    names.remove("J")
    if depth == 0 or rng.random() < 0.1:
        text = str(rng.choice(names))
        return text + case.pick("", "", ".T")
    a, b = (random_source(case, depth - 1) for _ in range(2))
    return case.pick(
        f"({a} * {b})", f"({a} @ {b})", f"({a} + {b})", f"({a} - {b})", f"-{a}",
        f"({a} * (1 - {b}))", f"np.sum({a}, axis={case.pick('0', '1')}, keepdims=True)",
    )  # fmt: skip


def twice_wrong(case: Case) -> Formula | None:
    """Return a right formula with two random rewritings of the catalogue in it."""
    l, target = _any_delta(case)
    environment = Environment(case.J, case.m)
    right = formula(delta(case, l))
    given = Draw(environment)
    leaves = {
        key: Tensor(given[key]) if isinstance(given[key], np.ndarray) else given[key]
        for key in right.uses
    }
    result = right.function(*leaves.values())
    names = {leaf: key for key, leaf in leaves.items() if isinstance(leaf, Tensor)}
    e = from_graph(result, names)
    for _ in range(2):
        entry = CATALOGUE[int(case.rng.integers(len(CATALOGUE)))]
        meaning = environment.meaning(target)
        with np.errstate(all="ignore"):
            setting = Setting(e, evaluate_all(e, given), environment, meaning, True)
            choices = list(entry.rewritings(setting))
        if choices:
            e = choices[int(case.rng.integers(len(choices)))].formula
    case.__dict__["target"] = target
    uses = tuple(key for key in environment.known_names() if key not in (target, "J"))
    slopes = {a.slope: a.z for a in environment.activations}

    def function(*values: Any) -> Any:
        given = dict(zip(uses, values, strict=True))
        for slope, z in slopes.items():
            given[slope] = given["f_prime"](given[z])
        return evaluate(e, given)

    return Formula(function, uses)


def false_explanations(count: int, seed: int = 0) -> tuple[int, int, list[str]]:
    """Judge random wrong formulas; return how many, how many explained, and the false ones."""
    rng = np.random.default_rng([seed, 7])
    judged = explained = 0
    false = []
    while judged < count:
        case = Case(rng)
        source = "two mistakes"
        if rng.random() < 0.5:
            target = case.pick("dW1", "db1", f"delta{case.last}", "delta2", "dh2")
            source = random_source(case, int(rng.integers(1, 4)))
            if target in source:
                continue
            claim = formula(source)
        else:
            made = twice_wrong(case)
            target = case.__dict__["target"]
            if made is None:
                continue
            claim = made
        claims, seed_ = {target: claim}, int(rng.integers(99))
        report = verify(case.J, claims, samples=case.m, seed=seed_, allow_own=True)
        if report.ok:
            continue
        judged += 1
        environment = Environment(case.J, case.m)
        meaning = environment.meaning(target)
        explanations = report.failures[0].explanations
        explained += bool(explanations)
        for explanation in explanations:
            if explanation.repaired.find("your_result") >= 0:
                continue
            for draw in fresh(environment, 2, seed=1_000 + judged):
                right = draw.gradient(meaning)
                value = evaluate(explanation.formula, draw)
                close = np.shape(value) == right.shape and np.allclose(
                    value, right, rtol=1e-6, atol=1e-7 * np.abs(right).max()
                )
                if not close:
                    false.append(f"{target} = {source}: {explanation.kind}, {explanation.words}")
                    break
    return judged, explained, false


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", type=int, default=200, help="cases for each mistake")
    parser.add_argument("--random", type=int, default=10_000, help="random wrong formulas")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start = time.perf_counter()
    for kind in PLANTS:
        named, first, missed = rate(kind, arguments.planted, arguments.seed)
        print(f"{kind:26s} named {named:7.2%}   named first {first:7.2%}")
        for text, times in Counter(missed).most_common(3):
            print(f"    missed {times}×: {text}")
    print(f"{time.perf_counter() - start:.0f} s")
    judged, explained, false = false_explanations(arguments.random, arguments.seed)
    print(f"{judged} random wrong formulas, {explained} explained, {len(false)} falsely")
    for text in false[:10]:
        print(f"    {text}")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
