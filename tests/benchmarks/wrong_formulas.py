"""Random wrong formulas: whether a reason is given that is none, or the innocent are blamed.

``python -m tests.benchmarks.wrong_formulas [COUNT [SEED]]`` makes scripts of right formulas, in
which it changes some at random, one to three times, or puts sums of tensors in their place; what
follows goes on with what they give. The arrays are handed over, COUNT wrong formulas in all. A true
reason is one on all data: what is said of a formula on some must be said of it on others too.
"""

import ast
import random
import re
import sys
import time
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, verify
from autograd_nn.derivation.verify.edits import Names, edits

RIGHT = {
    "dz2": "(h2 - y) / m",
    "dW2": "dz2 @ h1.T",
    "db2": "np.sum(dz2, axis=1, keepdims=True)",
    "dh1": "W2.T @ dz2",
    "dz1": "dh1 * h1 * (1 - h1)",
    "dW1": "dz1 @ x.T + lambd * W1",
    "db1": "np.sum(dz1, axis=1, keepdims=True)",
    "dx": "W1.T @ dz1",
}
M = 5


def graph(seed: int) -> tuple[Tensor, dict[str, Any]]:
    """Return the cost of a network on random data, and all values and gradients by name."""
    rng = np.random.default_rng(seed)
    W1, b1, W2, b2, x = (Tensor(rng.normal(size=size), requires_grad=True) for size in
                         ((4, 3), (4, 1), (2, 4), (2, 1), (3, M)))  # fmt: skip
    y = (rng.random((2, M)) < 0.5) * 1.0
    z1 = W1 @ x + b1
    h1 = 1 / (1 + np.exp(-z1))
    z2 = W2 @ h1 + b2
    h2 = 1 / (1 + np.exp(-z2))
    J = -(y * np.log(h2) + (1 - y) * np.log(1 - h2)).sum() / M + 0.15 * (W1 * W1).sum()
    tensors: dict[str, Any] = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "x": x}
    tensors |= {"z1": z1, "h1": h1, "z2": z2, "h2": h2}
    for text, tensor in tensors.items():
        tensor.name = text
    space = {text: tensor.data for text, tensor in tensors.items()} | {"y": y, "m": M, "lambd": 0.3}
    for text, formula in RIGHT.items():
        space[text] = eval(formula, {"np": np}, space)  # noqa: S307 - our own text
    return J, space


def changed(text: str, space: dict[str, Any], shape: Any, rng: random.Random) -> str:
    """Return a formula with one random edit of a program."""
    tree = ast.parse(f"d = {text}")
    names = Names(tree, set(space), space, shape)
    found = [
        ast.unparse(ast.fix_missing_locations(tree)).partition(" = ")[2]
        for edit in edits(tree, tree.body[:], names)
        if isinstance(edit.statement, ast.Assign)
    ]
    return rng.choice(found)


def random_wrong(name: str, space: dict[str, Any], rng: random.Random) -> str:
    """Return a wrong formula for a gradient, of the right shape; `space` holds the right ones."""
    shape = space[name].shape
    alike = [key for key, value in space.items() if np.shape(value) == shape]
    while True:
        text = RIGHT[name]
        if rng.random() < 0.3:
            terms = [f"{rng.uniform(-2, 2):.3f} * {rng.choice(alike)} ** {rng.randint(1, 2)}"
                     for _ in range(rng.randint(1, 3))]  # fmt: skip
            text = " + ".join(terms)
        else:
            for _ in range(rng.randint(1, 3)):
                text = changed(text, space, shape, rng)
        value: Any = values({**RIGHT, name: text}, space).get(name)
        fits = value is not None and value.shape == shape and np.isfinite(value).all()
        if fits and not np.allclose(value, space[name], 1e-6) and name not in text:
            return text


def scripts(count: int, seed: int = 0) -> list[dict[str, str]]:
    """Return scripts, by the names of gradients the formulas, with some wrong ones in all but few.

    The wrong formulas in them are `count` together.
    """
    rng, (_, space) = random.Random(seed), graph(0)  # noqa: S311 - no secret
    found: list[dict[str, str]] = []
    while count > 0:
        names = rng.sample(list(RIGHT), min(rng.choice((0, 1, 2, 3, 4, 5)), count))
        count -= len(names)
        found.append(RIGHT | {name: random_wrong(name, space, rng) for name in names})
    return found


def values(script: dict[str, str], space: dict[str, Any]) -> dict[str, Any]:
    """Return what a script gives, every formula using what those before it gave."""
    space, found = {key: value for key, value in space.items() if key not in RIGHT}, {}
    with np.errstate(all="ignore"):
        for name, text in script.items():
            try:
                value = eval(text, {"np": np}, space)  # noqa: S307 - our own text
            except Exception:  # noqa: S112 - no formula
                continue
            found[name] = space[name] = np.array(value, dtype=float)
    return found


class Outcome(NamedTuple):
    """What was said of scripts: names and texts of formulas, with what is to be read of them."""

    explained: int
    false: list[str]
    innocent: list[str]
    missed: list[str]
    crashes: list[str]
    slowest: float


def judged(script: dict[str, str], seed: int) -> tuple[dict[str, set[str]], list[str]] | None:
    """Return what is said of the formulas that are blamed on some data, and what went wrong.

    None where the data cannot tell: a formula gives no finite numbers.
    """
    J, space = graph(seed)
    claims = values(script, space)
    if len(claims) < len(script) or not all(np.isfinite(v).all() for v in claims.values()):
        return None
    # d_z1 is ∂J/∂z1; of dz1, ∂J/∂z1 of each sample might be meant as well
    report = verify(J, {f"d_{name[1:]}": value for name, value in claims.items()})
    said = {line.name.replace("_", ""):
            {re.sub(r"no\. \d+", "", e.words) for e in line.explanations}
            for line in report.failures}  # fmt: skip
    return said, [note for note in report.notes if "failed" in note]


def outcome(count: int, seed: int = 0) -> Outcome:
    """Return what is said of random scripts."""
    result = Outcome(0, [], [], [], [], 0.0)
    for script in scripts(count, seed):
        wrong = {name for name, text in script.items() if text != RIGHT[name]}
        start = time.process_time()
        try:
            found = judged(script, 0)
        except Exception as error:
            result.crashes.append(f"{script}: {type(error).__name__}: {error}")
            continue
        took = time.process_time() - start
        if found is None:
            continue
        said, crashes = found
        texts = "; ".join(f"{name} = {script[name]}" for name in script if name in wrong)
        result.crashes.extend(f"{texts}: {crash}" for crash in crashes)
        result.innocent.extend(f"{name} where {texts}" for name in said.keys() - wrong)
        result.missed.extend(f"{name} of {texts}" for name in wrong - said.keys())
        told = {name for name, reasons in said.items() if reasons}
        other = judged(script, 1) if told else None
        for name in told if other is not None else ():
            if other is not None and name in other[0] and not said[name] & other[0][name]:
                result.false.append(f"{name} of {texts}: {sorted(said[name])[:1]}")
        result = result._replace(
            explained=result.explained + len(told), slowest=max(result.slowest, took)
        )
    return result


def main() -> None:
    """Print what is not as it should be, and how much there is of it."""
    count, seed = [*map(int, sys.argv[1:]), *(10_000, 0)[len(sys.argv) - 1 :]]
    start = time.process_time()
    result = outcome(count, seed)
    kinds = ("false", "innocent", "missed", "crashes")
    for kind in kinds:
        for text in getattr(result, kind):
            print(f"{kind}: {text}")
    took = (time.process_time() - start) / count
    counts = [f"{len(getattr(result, kind))} {kind}" for kind in kinds]
    print(f"{count} wrong formulas: {result.explained} explained, {', '.join(counts)}; "
          f"{took:.3f} s each, slowest verdict {result.slowest:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
