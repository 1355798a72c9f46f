r"""The table of operations, made from the registry: what there is, its rules, and who else has it.

    python -m autograd_nn.ops.table tests/benchmarks/coverage.json examples/operations.md

1. `entries` lists the functions: NumPy's, SciPy's and this package's own. One that is no operation
   is told by the operations it goes through.
2. `rule_text` writes the rules of an operation: it records them on Tensors that stand for the
   cotangent g, the result r and the inputs x, y, z, and prints that formula. Rules that move
   elements about, and those whose guards against overflow would hide the formula, are in words.
3. `markdown` puts them into a table, beside what was measured of other libraries.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.op import REGISTRY, UFUNCS, Op
from ..core.tensor import Tensor
from .functions import FUNCTIONS, LATE

OWN = (
    "elu", "gelu", "leaky_relu", "log_softmax", "logsumexp", "relu", "sigmoid", "softmax",
    "softplus",
)  # fmt: skip
"""Functions of ``autograd_nn`` that NumPy lacks."""

_ABOUT = {
    "array_equal", "allclose", "empty_like", "full_like", "iscomplexobj", "isrealobj", "ndim",
    "ones_like", "result_type", "shape", "size", "sort_complex", "zeros_like",
}  # fmt: skip
"""Functions that tell of a Tensor, or make an array like it, and are no operations."""

_POSITIONS = {
    "argpartition", "argsort", "argmax", "argmin", "digitize", "fix", "isclose", "isneginf",
    "isposinf", "matrix_rank", "searchsorted", "count_nonzero", "any",
    "all", "round", "around",
}  # fmt: skip
"""Composed functions whose results are positions, counts, truth or rounded."""

_WORDS = {
    "astype": "the cotangent in the operand's data type",
    "broadcast_to": "summed over the axes it was repeated along",
    "cholesky": r"the triangle of $L^{-T} \Phi(L^{T} g) L^{-1}$ that is read, $\Phi$ the lower "
    "triangle with half the diagonal",
    "cofactor": r"$\operatorname{tr}(g^{T} r) X^{-T} - r g^{T} X^{-T}$",
    "concatenate": "the part of the cotangent that lies where the operand lay",
    "convolve": "the cotangent correlated with the other operand",
    "cumprod": r"$x_i$: $r_{i-1} s_i$ with $s_i = g_i + x_{i+1} s_{i+1}$, which divides by nothing",
    "cumsum": "the cumulative sum of the cotangent from the other end",
    "deg2rad": r"$\frac{\pi}{180} g$",
    "degrees": r"$\frac{180}{\pi} g$",
    "det": r"$g \operatorname{cof}(X)$, for singular matrices too",
    "eigh": r"the triangle that is read of $V (\operatorname{diag}(g_w) + F \odot V^{T} g_V) V^{T}$"
    r" with $F_{ij} = 1/(w_j - w_i)$",
    "einsum": "einsum of the cotangent and the other operands; what was summed is spread",
    "elu": r"$g$ where $x > 0$, else $g \odot (r + \alpha)$",
    "erf": r"$\frac{2}{\sqrt{\pi}} g \odot e^{-x^{2}}$",
    "erfc": r"$-\frac{2}{\sqrt{\pi}} g \odot e^{-x^{2}}$",
    "erfinv": r"$\frac{\sqrt{\pi}}{2} g \odot e^{r^{2}}$",
    "exp2": r"$\ln(2) \, g \odot r$",
    "float_power": r"$g \odot y \odot x^{y-1}$; $g \odot r \odot \ln(x)$",
    "getitem": "the cotangent put where the elements came from, added up where some came twice",
    "hypot": r"$g \odot \frac{x}{r}$; $g \odot \frac{y}{r}$; 0 at the origin",
    "inv": r"$-r^{T} g \, r^{T}$",
    "ldexp": r"$g \cdot 2^{y}$",
    "leaky_relu": "$g$ where $x > 0$, else slope times $g$",
    "log10": r"$\frac{g}{x \ln 10}$",
    "log2": r"$\frac{g}{x \ln 2}$",
    "log_ndtr": r"$g \odot \frac{\varphi(x)}{\Phi(x)}$",
    "logaddexp": r"$g \odot f(x - y)$; $g \odot f(y - x)$, f the sigmoid",
    "logaddexp2": r"$g \odot f((x - y) \ln 2)$; $g \odot f((y - x) \ln 2)$, f the sigmoid",
    "logsumexp": r"$g \odot \operatorname{softmax}(x)$",
    "matmul": r"$g \, Y^{T}$; $X^{T} g$",
    "max": "the cotangent at the largest element, shared evenly among equals",
    "mean": "the cotangent over the count, spread over the axes that were averaged",
    "min": "the cotangent at the smallest element, shared evenly among equals",
    "ndtr": r"$g \odot \varphi(x)$",
    "norm": r"$g \odot \frac{x}{r}$, 0 at the origin",
    "pinv": r"$-P^{T} g P^{T} + (1 - X P) g^{T} P P^{T} + P^{T} P g^{T} (1 - P X)$, P the result",
    "polygamma": r"$g \odot \psi^{(n+1)}(x)$",
    "power": r"$g \odot y \odot x^{y-1}$; $g \odot r \odot \ln(x)$",
    "prod": "the cotangent times the product of all other elements, which divides by nothing",
    "put": "the elements of the cotangent at the indices",
    "put_along_axis": "the elements of the cotangent at the indices",
    "qr": r"$(g_Q + Q \operatorname{sym}(R g_R^{T} - g_Q^{T} Q)) R^{-T}$",
    "rad2deg": r"$\frac{180}{\pi} g$",
    "radians": r"$\frac{\pi}{180} g$",
    "reshape": "the cotangent in the operand's shape",
    "scatter": "the elements of the cotangent at the key",
    "sinc": r"$g \odot \frac{\cos(\pi x) - r}{x}$, near 0 by its series",
    "slogdet": r"$g X^{-T}$ for the logarithm, none for the sign",
    "solve": r"$-X^{-T} g \, r^{T}$; $X^{-T} g$",
    "sum": "the cotangent spread over the axes that were summed",
    "svd": r"$U (\ldots) V^{T}$ of the cotangents of all three factors, after J. Townsend",
    "take": "the cotangent put where the elements came from, added up where some came twice",
    "take_along_axis": "the cotangent put where the elements came from, added up likewise",
    "transpose": "the cotangent transposed back",
    "xlog1py": r"$g \odot \ln(1 + y)$; $g \odot \frac{x}{1 + y}$",
    "xlogy": r"$g \odot \ln(y)$; $g \odot \frac{x}{y}$",
}


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
    if op.name in _WORDS:
        return _WORDS[op.name]
    from ..formulas.expression import from_graph
    from ..formulas.printing import latex_text

    inputs = [Tensor(np.array(value)) for value in (1.5, 0.5, 2.5)][: len(op.vjps)]
    with np.errstate(all="ignore"):
        r = Tensor(np.asarray(op.forward(*[x.numpy() for x in inputs])))
        g = Tensor(np.array(1.0))
        names = {g: "g", r: "r", **dict(zip(inputs, "xyz", strict=False))}
        rules = [rule(g, r, *inputs) for rule in op.vjps if rule is not None]
    return "; ".join(f"${latex_text(from_graph(rule, names))}$" for rule in rules)


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
    import autograd_nn

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


def markdown(coverage: Mapping[str, Any]) -> str:
    """Return the table as a Markdown document.

    Parameters
    ----------
    coverage : mapping
        What ``tests/benchmarks/coverage.py`` measured: ``versions`` by library; ``functions``,
        which maps a name to a library's counts of "yes", "no" and "other"; and ``through``, which
        maps it to the operations that its graphs are made of.
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
        "broadcast axes are left out. Functions with complex results (`np.fft.fft`, "
        "`np.linalg.eig` …), with results whose shape depends on values (`np.nonzero`, "
        "`np.unique` …) and those that write into their argument (`np.put` …) are refused by "
        "name.",
        "",
        "The columns on the right tell how "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + " did on the same function's rows of the test list: value and gradient as here (yes), "
        "on some rows, other numbers, or not at all (–). Rows are written in NumPy's words; what "
        "a library has under another name counts as missing.",
        "",
        "| function | differentiable | rule | " + " | ".join(versions) + " |",
        "|---|---|---|" + "---|" * len(versions),
    ]
    for line in lines:
        measured = coverage["functions"].get(line.name, {})
        rule = line.rule.replace(r"\left|", r"\left\vert ").replace(r"\right|", r"\right\vert ")
        cells = [f"`{line.name}`", "yes" if line.differentiable else "no", rule]
        cells += [_mark(measured.get(name)) for name in versions]
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text) + "\n"


def main(data: str, target: str) -> None:
    """Read the coverage from the file `data` and write the table to the file `target`."""
    Path(target).write_text(markdown(json.loads(Path(data).read_text())), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
