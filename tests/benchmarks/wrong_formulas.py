"""Random wrong formulas: whether a reason is given that is none.

``python -m tests.benchmarks.wrong_formulas [COUNT]`` changes right formulas at random, one to three
times, or makes sums of tensors at random, and hands over the arrays they give. A true reason is
one on all data: what is said of a formula on some must be said of it on others too.
"""

import ast
import random
import re
import sys
import time
from typing import Any

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


def formulas(count: int, seed: int = 0) -> list[tuple[str, str]]:
    """Return random wrong formulas, by the name of the gradient that they are none of."""
    rng, (_, space) = random.Random(seed), graph(0)  # noqa: S311 - no secret
    found: list[tuple[str, str]] = []
    while len(found) < count:
        name = rng.choice(list(RIGHT))
        shape, text = space[name].shape, RIGHT[name]
        alike = [key for key, value in space.items() if np.shape(value) == shape]
        if rng.random() < 0.3:
            terms = [f"{rng.uniform(-2, 2):.3f} * {rng.choice(alike)} ** {rng.randint(1, 2)}"
                     for _ in range(rng.randint(1, 3))]  # fmt: skip
            text = " + ".join(terms)
        else:
            for _ in range(rng.randint(1, 3)):
                text = changed(text, space, shape, rng)
        try:
            with np.errstate(all="ignore"):
                value = eval(text, {"np": np}, space)  # noqa: S307 - our own text
        except Exception:  # noqa: S112 - no formula
            continue
        fits = np.shape(value) == shape and np.isfinite(value).all()
        if fits and not np.allclose(value, space[name], 1e-6):
            found.append((name, text))
    return found


def reasons(name: str, text: str, seed: int) -> set[str] | None:
    """Return what is said of a formula on some data, numbers aside; None if it is right."""
    J, space = graph(seed)
    with np.errstate(all="ignore"):
        value = np.asarray(eval(text, {"np": np}, space), dtype=float)  # noqa: S307 - our own text
    line = verify(J, {name: value})[name]
    said = {re.sub(r"no\. \d+", "", e.words) for e in line.explanations}
    return None if line.right or not np.isfinite(value).all() else said


def false_reasons(count: int, seed: int = 0) -> tuple[int, list[tuple[str, str, set[str]]]]:
    """Return how many formulas are explained, and those with a reason that is none elsewhere."""
    explained, false = 0, []
    for name, text in formulas(count, seed):
        said = reasons(name, text, 0)
        if said:
            explained += 1
            other = reasons(name, text, 1)
            if other is not None and not said & other:
                false.append((name, text, said))
    return explained, false


def main() -> None:
    """Print the false reasons, and how many there are."""
    count, start = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, time.process_time()
    explained, false = false_reasons(count)
    for name, text, said in false:
        print(f"{name} = {text}: {sorted(said)[:1]}")
    took = (time.process_time() - start) / count
    print(f"{count} wrong formulas, {explained} explained, {len(false)} false reasons; "
          f"{took:.3f} s each")  # fmt: skip


if __name__ == "__main__":
    main()
