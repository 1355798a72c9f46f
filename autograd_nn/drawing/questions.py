"""What a page asks before a backward step, and what wrong answers come from.

The right formula of a gradient is read off the graph, every mistake of the catalogue is made in
it, and what comes out is the number that a learner with this mistake gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..core.backward import pull
from ..core.recording import recording
from ..core.tensor import Tensor, plain
from ..derivation.derive.steps import TooLargeError, in_deltas, reference
from ..derivation.names import Environment, Meaning
from ..derivation.verify.catalogue import CATALOGUE
from ..derivation.verify.mistakes import Setting
from ..formulas.expression import Expr, evaluate, evaluate_all, mapped, names_in, size
from ..formulas.notation import gradient_name, unicode
from ..formulas.printing import Style, plain_label, unicode_style, write
from ..formulas.simplify import simplified
from ..ops.shapes import RESHAPE
from .live import recorded

MOST, IN_ALL = 40, 400
"""The most mistakes whose numbers a page knows, for each gradient, and about how many in all."""

LONGEST = 100
"""Positions of the longest formula that is asked about: nobody reads longer ones."""


class Wrong(NamedTuple):
    """A mistake: its kind in the catalogue, the formula with it, and what that gives."""

    kind: str
    formula: str
    value: Tensor


class Question(NamedTuple):
    """What is asked about a gradient.

    Attributes
    ----------
    formula : str
        The right one.
    entry : tuple of int
        Which element is asked for: the one that tells the most mistakes apart.
    wrong : list of Wrong
    """

    formula: str
    entry: tuple[int, ...]
    wrong: list[Wrong]


def questions(
    J: Tensor, gradients: Mapping[Tensor, Tensor], names: Mapping[Tensor, str]
) -> dict[Tensor, Question]:
    """Return a question for each node of a name whose gradient has a formula.

    Parameters
    ----------
    J : Tensor
        The number that is differentiated.
    gradients : mapping of Tensor to Tensor
        The recorded gradient at each node.
    names : mapping of Tensor to str
        What the nodes are called.
    """
    try:
        environment = Environment(J, called=names)
    except (TypeError, ValueError):
        return {}  # complex numbers: the catalogue speaks of real ones
    values = _values(environment, gradients)
    most = max(6, min(MOST, IN_ALL // max(1, len(environment.names))))
    root = unicode(names.get(J, "J"))
    style = unicode_style(lambda name: plain_label(name).replace("∂J/", f"∂{root}/"))
    found = {}
    for node, text in environment.names.items():
        if node is J or text in environment.twice or node not in gradients:
            continue
        try:
            right = reference(environment, node)
        except TooLargeError:
            continue
        single = environment.told.scale == 1
        right = in_deltas(environment, right, 1) if single else simplified(right)
        if right.op is None and not right.name:  # one number for every element
            right = Expr(value=np.full(node.shape, right.value))
        known = size(right) <= LONGEST and values.keys() >= set(names_in(right))
        question = _question(environment, node, right, values, most, style) if known else None
        if question is not None:
            found[node] = question
    return found


def _values(environment: Environment, gradients: Mapping[Tensor, Tensor]) -> dict[str, Any]:
    """Return what the names of formulas stand for, as recorded Tensors."""
    values: dict[str, Any] = {"m": environment.samples}
    for text, node in environment.named.items():
        values[text] = node
        if node in gradients:
            values[gradient_name(text)] = gradients[node]
            if environment.told.scale == 1:
                values[environment.gradient_name(text)] = gradients[node]
    with recording(), np.errstate(all="ignore"):
        for a in environment.activations:
            h = environment.named[a.h]
            values[a.slope] = pull(h, 0, Tensor(np.ones_like(plain(h))), h, h.inputs)
    return values


def _question(
    environment: Environment, node: Tensor, right: Expr, values: Any, most: int, style: Style
) -> Question | None:
    """Return the question, None where the formula gives no array of the node's own shape."""
    numbers = {key: plain(x) if isinstance(x, Tensor) else x for key, x in values.items()}
    made: dict[bytes, tuple[str, Expr, Any]] = {}
    with np.errstate(all="ignore"):
        known = evaluate_all(right, numbers)
        truth = np.asarray(known.get(id(right), np.nan), float)
        if truth.shape != node.shape or not (truth.size and np.isfinite(truth).all()):
            return None
        setting = Setting(right, known, environment, Meaning(node, True, 1), True)
        for entry in CATALOGUE:
            for candidate in entry.rewritings(setting) if len(made) < most else ():
                try:
                    value = np.asarray(evaluate(candidate.formula, numbers, known), float)
                except (ValueError, TypeError, IndexError, KeyError, AttributeError):
                    continue
                if value.shape == truth.shape and not np.allclose(value, truth, 1e-6, 0):
                    key = np.char.mod("%.6e", value).tobytes()
                    made.setdefault(key, (entry.opposite, candidate.formula, value))
    chosen = list(made.values())[:most]
    # an entry at which most of them differ from the truth, and from each other
    best, at = -1, 0
    rounded = [np.char.mod("%.3e", value.ravel()) for _, _, value in chosen]
    own = np.char.mod("%.3e", truth.ravel())
    for i in range(min(truth.size, 64)):
        count = len({str(r[i]) for r in rounded} - {str(own[i])}) + bool(truth.flat[i])
        best, at = max((best, at), (count, i), key=lambda pair: pair[0])

    def shown(e: Expr) -> Expr:  # without axes of length 1 put in or taken out
        part = known.get(id(e.args[0])) if e.op is RESHAPE else None
        wanted = tuple(n for n in e.params.get("shape", ()) if n != 1)
        return e.args[0] if part is not None and np.squeeze(part).shape == wanted else e

    wrong = [
        Wrong(kind, write(simplified(mapped(formula, shown)), style), recorded(formula, values))
        for kind, formula, _ in chosen
    ]
    index = tuple(int(i) for i in np.unravel_index(at, truth.shape))
    return Question(write(mapped(right, shown), style), index, wrong)
