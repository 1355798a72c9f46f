"""What a page computes itself: the numbers that it shows, from leaves that may be changed.

1. `Shown` numbers the Tensors whose values stand on the page.
2. `recorded` runs a formula on Tensors, so that its value follows the leaves as well.
3. `Live` is the JavaScript program of all of them, and says which leaves have to stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.graph import replay, topological_order
from ..core.recording import recording
from ..core.tensor import Tensor, apply, plain
from ..formulas.expression import Expr, nodes
from ..ops.products import OUTER
from . import text
from .flows import Flows
from .javascript import Script, script


class Shown:
    """The Tensors whose values a page shows, each with the number under which it has them."""

    def __init__(self) -> None:
        self.numbers: dict[Tensor, int] = {}

    def number(self, value: Tensor) -> int:
        """Return the number of a value."""
        return self.numbers.setdefault(value, len(self.numbers))

    def html(self, value: Tensor, signed: bool = False) -> str:
        """Return a value as HTML that the page can write anew.

        Parameters
        ----------
        value : Tensor
        signed : bool
            Whether a negative number stands in brackets, as it must between others.
        """
        said = text.in_html(plain(value))
        if value.dtype.kind not in "biuf":
            return said
        said = f"({said})" if signed and said.startswith("−") else said
        kind = ' class="signed"' if signed else ""
        return f'<span{kind} data-v="{self.number(value)}">{said}</span>'


def recorded(formula: Expr, values: Mapping[str, Any]) -> Tensor:
    """Return the value of a formula as a recorded Tensor."""
    found: dict[int, Any] = {}
    with recording(), np.errstate(all="ignore"):
        for e in nodes(formula):
            if e.op is None:
                found[id(e)] = values[e.name] if e.name else e.value
            else:
                args = [found[id(arg)] for arg in e.args]
                found[id(e)] = e.op.forward(*args) if e.op is OUTER else apply(e.op, args, e.params)
    value = found[id(formula)]
    return value if isinstance(value, Tensor) else Tensor(value)


class Live:
    """The program of a page.

    Parameters
    ----------
    J : Tensor
        The number whose graph it is.
    flows : Flows
        Its gradients, recorded.
    shown, mistakes : Shown
        What the program computes at once, and when it is asked for, in the order of the numbers.
    leaves : dict of str to Tensor
        What could be changed.

    Attributes
    ----------
    program : Script
    leaves : dict of str to Tensor
        What can be changed: all that depends on it has a form in JavaScript.
    why : str
        Why the others stay as they are; nothing where there are none.
    """

    def __init__(
        self,
        J: Tensor,
        flows: Flows,
        shown: Shown,
        mistakes: Shown,
        leaves: Mapping[str, Tensor],
    ) -> None:
        outputs, later = list(shown.numbers), list(mistakes.numbers)
        self.leaves = dict(leaves)
        static = script(outputs, self.leaves, later).static
        fixed = set(topological_order(static)) & set(self.leaves.values())
        names = sorted({node.op.name for node in static if node.op})
        self.why = f"no JavaScript form: {', '.join(names)}" if fixed else ""
        self.leaves = {key: leaf for key, leaf in self.leaves.items() if leaf not in fixed}
        if self.leaves and not _follows(J, flows, list(self.leaves.values())):
            self.leaves, self.why = {}, "the gradient was recorded for these values alone"
        self.program: Script = script(outputs, self.leaves, later)


def _follows(J: Tensor, flows: Flows, leaves: list[Tensor]) -> bool:
    """Return whether the recorded gradients are those of `J` for other values of its leaves too.

    They are not where a rule looked at a value, which is then fixed in what was recorded.
    """
    rng = np.random.default_rng(0)
    for spread in (0.1, 1.0):
        other = {leaf: plain(leaf) + spread * rng.normal(size=leaf.shape) for leaf in leaves}
        try:
            with recording(), np.errstate(all="ignore"):
                fresh, nodes_ = replay([J, *flows.total.values()], other)
                right = Flows(fresh[:1]).total
        except (ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError):
            return False
        for node, found in zip(flows.total, fresh[1:], strict=True):
            want = right.get(nodes_[node])
            got = plain(found)
            if want is not None and not np.allclose(got, want, 1e-9, 1e-12, equal_nan=True):
                return False
    return True
