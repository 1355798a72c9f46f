r"""The table of operations, made from the registry: what there is, its rules, and who else has it.

    python examples/operations.py [--out FOLDER]

writes ``operations.md``, by default into the current folder.

1. `entries` lists the functions: NumPy's, SciPy's and this package's own. One that is no operation
   is described by the operations it goes through.
2. `rule_text` writes the rules of an operation: it records them on Tensors that stand for the
   cotangent g, the result r and the inputs x, y, z, and prints that formula. Rules that move
   elements about, and those whose guards against overflow would hide the formula, are in words.
3. `markdown` puts them into a table, beside what was measured of other libraries, and what is
   `refused` into another.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_nn
from autograd_nn import Tensor
from autograd_nn.core.op import REGISTRY, UFUNCS, Op
from autograd_nn.core.tensor import apply
from autograd_nn.dispatch.protocol import _unsupported
from autograd_nn.formulas.expression import Expr, mapped
from autograd_nn.formulas.printing import latex_text
from autograd_nn.formulas.rule import OUT, G, rule_formula
from autograd_nn.ops.functions import FUNCTIONS, LATE

COVERAGE = Path(__file__).parents[1] / "tests" / "benchmarks" / "coverage.json"
"""What was measured of other libraries."""

OWN = tuple(
    name
    for name in autograd_nn.__all__
    if getattr(getattr(autograd_nn, name), "__module__", "").startswith("autograd_nn.ops.")
)
"""Functions of ``autograd_nn`` that NumPy lacks."""

_ABOUT = {
    "array_equal", "allclose", "empty_like", "full_like", "iscomplexobj", "isrealobj", "ndim",
    "ones_like", "result_type", "shape", "size", "sort_complex", "zeros_like",
}  # fmt: skip
"""Functions that tell of a Tensor, or make an array like it, and are no operations."""

_POSITIONS = {
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "argwhere", "around",
    "count_nonzero", "digitize", "fix", "flatnonzero", "isclose", "iscomplex", "isin",
    "isneginf", "isposinf", "isreal", "matrix_rank", "nonzero", "round", "searchsorted",
}  # fmt: skip
"""Composed functions whose results are positions, counts, truth or rounded."""


class Entry(NamedTuple):
    """A line of the table."""

    name: str
    differentiable: bool
    rule: str


def qualified(function: Any) -> str:
    """Return the name a user calls `function` by: ``np.linalg.inv``, ``scipy.special.erf``."""
    own_name: str = function.__name__
    if isinstance(function, np.ufunc):
        if getattr(np, own_name, None) is function:
            return f"np.{own_name}"
        for (module, name), op in LATE.items():
            if name == own_name and UFUNCS.get(function, op) is op:
                return f"{module}.{name}"
    module = (getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1)
    return f"{module.replace('._stride_tricks_impl', '.stride_tricks')}.{own_name}"


def rule_text(op: Op) -> str:
    """Return the rules of `op`, in LaTeX between dollars or in words; "" where there are none."""
    if not op.differentiable:
        return ""
    if op.rule_words:
        return op.rule_words
    inputs = [Tensor(np.array(value)) for value in (1.5, 0.5, 2.5)][: len(op.vjps)]
    with np.errstate(all="ignore"):
        node = apply(op, inputs)
    words = {
        key: Expr(name=word) for key, word in zip((G, OUT, "@0", "@1", "@2"), "grxyz", strict=True)
    }
    rules = [
        mapped(rule, lambda e: words.get(e.name, e))
        for rule in (rule_formula(node, index) for index in range(len(inputs)))
        if rule
    ]
    return "; ".join(f"${latex_text(rule)}$" for rule in rules)


def _operation(function: Any, implementation: Any) -> Op | None:
    """Return the operation that `function` is, by its own name or that of an alias."""
    aliases = [f for f, other in FUNCTIONS.items() if other is implementation]
    for alias in (function, *aliases):
        if alias.__name__ in REGISTRY:
            return REGISTRY[alias.__name__]
    return None


def _entry(name: str, op: Op | None, through: Sequence[str]) -> Entry:
    if op is not None:
        return Entry(name, op.differentiable, rule_text(op))
    differentiable = name.rpartition(".")[2] not in _POSITIONS
    return Entry(name, differentiable, f"through {', '.join(through)}" if through else "")


def entries(through: Mapping[str, Sequence[str]]) -> list[Entry]:
    """Return a line for every function that Tensors take, by name.

    Parameters
    ----------
    through : mapping
        Name of a function → the operations that its graphs are made of.
    """
    known: dict[str, Op | None] = {
        qualified(ufunc): op
        for ufunc, op in UFUNCS.items()
        if getattr(np, ufunc.__name__, None) is ufunc
    }
    known |= {f"{module}.{name}": op for (module, name), op in LATE.items()}
    for function, implementation in FUNCTIONS.items():
        if function.__name__ not in _ABOUT:
            known[qualified(function)] = _operation(function, implementation)
    for name in OWN:
        own = getattr(autograd_nn, name)
        known[f"autograd_nn.{name}"] = _operation(own, own)
    known |= {"t[key]": REGISTRY["getitem"], "t.astype": REGISTRY["astype"]}
    return [_entry(name, op, through.get(name, ())) for name, op in sorted(known.items())]


def _mark(counts: Mapping[str, int] | None) -> str:
    """Return how a library did on the rows of a function."""
    if not counts:
        return ""
    if set(counts) == {"yes"}:
        return "yes"
    if "yes" in counts:
        return f"{counts['yes']} of {sum(counts.values())}"
    return "other" if "other" in counts else "–"


def refused() -> dict[str, list[str]]:
    """Return why NumPy's functions are refused on Tensors, and which for each reason."""
    places = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
    found: dict[str, list[str]] = {}
    for place, module in places.items():
        for name in sorted(getattr(module, "__all__", dir(module))):
            function = getattr(module, name, None)
            known = function in FUNCTIONS if isinstance(function, Hashable) else True
            asks = isinstance(function, (type(np.sum), np.ufunc))
            if known or not asks or function in UFUNCS or name.startswith("_"):
                continue
            why = str(_unsupported(function)).partition(": ")[2]
            found.setdefault(why, []).append(f"{place}.{name}")
    return found


def markdown(coverage: Mapping[str, Any]) -> str:
    """Return the table as a Markdown document.

    Parameters
    ----------
    coverage : mapping
        What ``tests/benchmarks/coverage.py`` measured: ``versions`` by library; ``functions``,
        which maps a name to a library's counts of "yes", "no" and "other"; ``complex``, which maps
        it to such counts of this package's on complex numbers; and ``through``, which maps it to
        the operations that its graphs are made of.
    """
    versions = coverage["versions"]
    lines = entries(coverage["through"])
    smooth = sum(line.differentiable for line in lines)
    text = [
        "# Operations",
        "",
        f"{len(lines)} functions, {smooth} of them differentiable, recorded when called on "
        "Tensors. A function that is an operation shows its rule; the others are composed of "
        "operations. In the rules, $g$ is the cotangent of the result $r$, and $x, y, z$ are the "
        "inputs; the cotangents of several inputs are divided by semicolons, and the sums over "
        "broadcast axes are left out. The rules hold for complex numbers where the column "
        "says so (on some of the rows of the test list), and $\\operatorname{sign}(x)$ is "
        "$\\overline{x} / |x|$ there; elsewhere complex numbers are refused by name. So are "
        "the functions at the end of this page.",
        "",
        "The columns on the right tell how "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + " did on the same function's rows of the test list: value and gradient as here (yes), "
        "on some rows, other numbers, or not at all (–). Rows are written in NumPy's words; what "
        "a library has under another name counts as missing.",
        "",
        "| function | differentiable | complex | rule | " + " | ".join(versions) + " |",
        "|---|---|---|---|" + "---|" * len(versions),
    ]
    for line in lines:
        measured = coverage["functions"].get(line.name, {})
        rule = line.rule.replace(r"\left|", r"\left\vert ").replace(r"\right|", r"\right\vert ")
        cells = [f"`{line.name}`", "yes" if line.differentiable else "no"]
        cells += [_mark(coverage["complex"].get(line.name)), rule]
        cells += [_mark(measured.get(name)) for name in versions]
        text.append("| " + " | ".join(cells) + " |")
    text += [
        "",
        "## Refused",
        "",
        "What NumPy has and Tensors refuse, with the reason that the error gives. (The functions "
        "that ask no array type, `np.array` or `np.zeros`, are in `autograd_nn.numpy`; "
        "what SciPy computes in C is in `autograd_nn.scipy`, as far as it is there.)",
        "",
        "| why | functions |",
        "|---|---|",
    ]
    text += [f"| {why} | {', '.join(f'`{name}`' for name in names)} |"
             for why, names in sorted(refused().items())]  # fmt: skip
    return "\n".join(text) + "\n"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description="Write the table of operations.")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for operations.md")
    target = parser.parse_args().out / "operations.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(markdown(json.loads(COVERAGE.read_text())), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
