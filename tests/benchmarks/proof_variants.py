"""Wrong variants of the identities of textbooks: does the prover ever say what is not so?

Signs, factors, size factors, transposes, paths left out, wrong axes, swapped variables are put
into formulas at random. Each variant is judged by the prover, and by numbers at random sizes of
this program's own: a verdict that they contradict is a wrong one, and one they decide must not be
left undecided.

    python -m tests.benchmarks.proof_variants 10000
"""

from __future__ import annotations

import argparse
import ast
import copy
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.prove.any_size import Prover
from autograd_nn.derivation.prove.random_sizes import Draw
from autograd_nn.derivation.verify.claims import Claim, FormulaError, collect, run

from ..autograd_nn.derivation.prove.textbook import ALL, Identity


def _replaced(tree: ast.expr, target: ast.AST, new: ast.expr) -> str:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            if node is target:
                return new
            return self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Swap().visit(tree)))


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def mutations(source: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (kind, formula) for every single mistake in a formula."""
    count = len(list(ast.walk(_parse(source))))
    for k in range(count):

        def fresh() -> tuple[ast.expr, Any]:
            tree = _parse(source)
            return tree, list(ast.walk(tree))[k]  # noqa: B023 - used at once

        tree, node = fresh()
        text = ast.unparse(node) if isinstance(node, ast.expr) else ""
        parent = {c: p for p in ast.walk(tree) for c in ast.iter_child_nodes(p)}.get(node)
        keyword = isinstance(parent, (ast.keyword, ast.Tuple, ast.Subscript, ast.Attribute))
        if not isinstance(node, ast.expr):
            continue
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, int)
            and isinstance(parent, ast.keyword)
        ):
            if parent.arg == "axis":
                yield (
                    "wrong index",
                    _replaced(tree, node, _parse(str(1 - node.value if node.value < 2 else 1))),
                )
            continue
        if keyword or (isinstance(parent, ast.Call) and parent.func is node):
            if isinstance(node, ast.Attribute) and node.attr == "T":
                yield "transpose", _replaced(*fresh(), _parse(ast.unparse(node.value)))
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            continue
        yield "sign", _replaced(*fresh(), _parse(f"-({text})"))
        for factor in ("2", "0.5", "3"):
            yield "factor", _replaced(*fresh(), _parse(f"({factor} * ({text}))"))
        size = f"{names[0]}.shape[0]" if names else "3"
        if isinstance(node, ast.BinOp):
            yield "size factor", _replaced(*fresh(), _parse(f"(({text}) / {size})"))
            yield "size factor", _replaced(*fresh(), _parse(f"(({text}) * {size})"))
            yield "missing path", _replaced(*fresh(), node.left)
            yield "missing path", _replaced(*fresh(), node.right)
            if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult)):
                turned = copy.deepcopy(node)
                turned.left, turned.right = turned.right, turned.left
                yield "swapped", _replaced(*fresh(), turned)
        if isinstance(node, ast.Name):
            yield "transpose", _replaced(*fresh(), _parse(f"{text}.T"))
            for other in names:
                if other != text:
                    yield "swapped variable", _replaced(*fresh(), _parse(other))
        if isinstance(node, ast.UnaryOp):
            yield "sign", _replaced(*fresh(), node.operand)
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield "transpose", _replaced(*fresh(), node.value)
        if isinstance(node, ast.Call) and node.args:
            yield "missing", _replaced(*fresh(), node.args[0])
            if _called(node) == "np.sum":
                yield (
                    "size factor",
                    _replaced(*fresh(), _parse(text.replace("np.sum", "np.mean", 1))),
                )
            if _called(node) == "np.mean":
                yield (
                    "size factor",
                    _replaced(*fresh(), _parse(text.replace("np.mean", "np.sum", 1))),
                )


def by_numbers(
    environment: Environment, sizes: Any, claim: Claim, assume: Any, seed: int
) -> bool | None:
    """Whether formula and derivative agree at other sizes; None if nothing is finite."""
    rng = np.random.default_rng(1000 + seed)
    seen = 0
    for turn, attempt in enumerate((0, 1, 2) * 5 + (0,) * 40):
        try:
            draw = Draw(environment, sizes, rng, attempt, assume, turn)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            continue
        if not draw.finite:
            continue
        right = np.asarray(draw.value(claim.meaning))
        arguments = {}
        for text in claim.uses:
            meaning = environment.meaning(text)
            arguments[text] = draw.other(text) if meaning.node is None else draw.value(meaning)
        try:
            value = run(claim, arguments)
        except FormulaError:
            return False
        if value.shape != right.shape:
            return False
        if not (np.isfinite(value).all() and np.isfinite(right).all()):
            continue
        if not np.allclose(value, right, rtol=1e-7, atol=1e-9):
            return False
        seen += 1
    return True if seen >= 5 else None


def variants(identity: Identity) -> list[tuple[str, str]]:
    """Return every wrong variant of an identity, each once."""
    names = list(identity.claim()[identity.name].uses)
    names = [n for n in names if n not in ("f", "f_prime", "m")]
    found = dict.fromkeys(mutations(identity.formula, names))
    return [(kind, text) for kind, text in found if text != ast.unparse(_parse(identity.formula))]


def judge(limit: int, seed: int = 0, show: bool = True) -> dict[str, Any]:
    """Judge variants of all identities; return the counts."""
    rng = np.random.default_rng(seed)
    single = [variants(i) for i in ALL]
    each = [(i, v, False) for i, own in zip(ALL, single, strict=True) for v in own]
    for identity, own in zip(ALL, single, strict=True):  # two mistakes at once
        each += [(identity, own[k], True) for k in rng.permutation(len(own))[:20]]
    if limit < len(each):
        each = [each[k] for k in sorted(rng.choice(len(each), limit, replace=False))]
        each.sort(key=lambda entry: ALL.index(entry[0]))
    counts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    provers: dict[int, Any] = {}
    start = time.perf_counter()
    for number, (identity, (kind, text), twice) in enumerate(each):
        if twice and (more := variants(identity._replace(formula=text))):
            second, text = more[rng.integers(len(more))]  # noqa: PLW2901 - of the two mistakes
            kind = f"{kind} and {second}"  # noqa: PLW2901
        if id(identity.forward) not in provers:
            environment = Environment(identity.graph(), assume=identity.assume)
            provers = {id(identity.forward): (environment, Prover(environment))}
        environment, prover = provers[id(identity.forward)]
        try:
            (claim,) = collect(environment, identity.claim(text))
        except SyntaxError:
            continue
        verdict = prover.judge(claim).proved
        truth = by_numbers(environment, prover.sizes, claim, identity.assume, number)
        kinds[kind] += 1
        counts["judged"] += 1
        if truth is None:
            counts["no numbers"] += 1
        elif verdict is None:
            counts["undecided"] += 1
            if show:
                print(
                    "undecided:",
                    identity.title,
                    "|",
                    text,
                    "| numbers say",
                    truth,
                    "|",
                    prover.judge(claim).why,
                )
        elif verdict != truth:
            counts["wrong"] += 1
            if show:
                print("WRONG:", identity.title, "|", text, "| said", verdict, "numbers", truth)
        else:
            counts["right, proved" if verdict else "right, refuted"] += 1
    counts["seconds"] = round(time.perf_counter() - start)
    return {
        "counts": dict(counts),
        "kinds": dict(kinds),
        "variants there are": sum(map(len, single)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(judge(given.count, given.seed))
