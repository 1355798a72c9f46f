"""The numbers that a factor may be: sizes and constants of the graph, by name."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence

import numpy as np

from ...core.tensor import plain
from ..names import Environment
from .passes import Pass

_FORMS: list[tuple[str, int, Callable[[float], float]]] = [
    ("{0}", 0, lambda n: n), ("1/{0}", 0, lambda n: 1 / n),
    ("√{0}", 2, math.sqrt), ("1/√{0}", 2, lambda n: 1 / math.sqrt(n)),
    ("{0}²", 2, lambda n: n * n), ("1/{0}²", 2, lambda n: 1 / (n * n)),
    ("2·{0}", 1, lambda n: 2 * n), ("1/(2·{0})", 1, lambda n: 0.5 / n),
    ("2/{0}", 1, lambda n: 2 / n), ("{0}/2", 1, lambda n: n / 2),
]  # fmt: skip
_OF_SIZES: list[tuple[str, int, Callable[[float], float]]] = [
    ("({0} − 1)", 2, lambda n: n - 1), ("1/({0} − 1)", 2, lambda n: 1 / (n - 1)),
    ("{0}/({0} − 1)", 2, lambda n: n / (n - 1)), ("({0} − 1)/{0}", 2, lambda n: (n - 1) / n),
]  # fmt: skip
_MOST, _BARE = 24, 4


class Quantities:
    """The numbers of a graph that a learner may have multiplied by, or forgotten to.

    Parameters
    ----------
    environment : Environment
        The names.
    passes : sequence of Pass
        The draws: a number that is drawn must be the factor on each.
    """

    def __init__(self, environment: Environment, passes: Sequence[Pass]) -> None:
        self.environment = environment
        found: dict[str, tuple[int, list[float]]] = {}
        plainly = [("2", 0, 2.0), ("½", 0, 0.5), ("1", 0, 1.0), ("3", 3, 3.0), ("1/3", 3, 1 / 3)]
        for word, rank, value in [*plainly, ("4", 3, 4.0), ("¼", 3, 0.25)]:
            found[word] = (rank, [value] * len(passes))
        sizes = self._sizes()
        if environment.told.m not in (None, 1):
            sizes = {float(environment.samples): "m"} | sizes
        for n, word in sizes.items():
            for form, rank, of in _FORMS + _OF_SIZES:
                if n > 2 or form not in ("1/({0} − 1)", "({0} − 1)"):
                    text = form.format(word if word == "m" else f"{n:g}")
                    text += "" if word == "m" else f" ({n:g} is {word})"
                    found.setdefault(text, (rank + 1, [of(n)] * len(passes)))
        bare: set[str] = set()
        for word, values in self._constants(passes):
            before = set(found)
            for form, rank, of in _FORMS:
                if min(values) > 0 or "√" not in form:
                    found.setdefault(form.format(word), (rank + 1, [of(v) for v in values]))
            for n, size in sizes.items():
                over = "m" if size == "m" else f"{n:g}"
                found.setdefault(f"{word}/{over}", (3, [v / n for v in values]))
                found.setdefault(f"{over}/{word}", (3, [n / v for v in values]))
            bare |= set(found) - before if word[0].isdigit() else set()
        for word, (rank, values) in list(found.items()):
            found[f"−{word}"] = (rank + 1 if word != "1" else 0, [-v for v in values])
        self.values = {word: values for word, (_, values) in found.items()}
        # a number without a name is less likely than a size that equals it, or another cause
        near, far = ({w: rank + by * (w.lstrip("−") in bare) for w, (rank, _) in found.items()}
                     for by in (0.5, _BARE))  # fmt: skip
        self.ranks = far
        self._sorted = sorted((values[0], near[w], w) for w, values in self.values.items())

    def _sizes(self) -> dict[float, str]:
        """Return the lengths of axes, and whole sizes, with what they are."""
        sizes: dict[float, str] = {}
        named = self.environment.named
        order = sorted(named.items(), key=lambda item: item[1].op is not None)
        for text, node in order:
            for axis, n in enumerate(node.shape):
                what = ("rows", "columns")[axis] if node.ndim == 2 else f"axis {axis}"
                what = f"the number of {what}" if node.ndim == 2 else f"the length of {what}"
                if n > 1 and len(sizes) < _MOST:
                    sizes.setdefault(float(n), f"{what} of {text}")
        for node in self.environment.order:  # what is added up where shapes shrink
            for x in node.inputs:
                whole, part = sorted((node.size, x.size), reverse=True)
                if part and whole % part == 0 and whole > part and len(sizes) < _MOST:
                    what = "how many numbers are added up or repeated for one"
                    sizes.setdefault(float(whole // part), what)
        return sizes

    def _constants(self, passes: Sequence[Pass]) -> list[tuple[str, list[float]]]:
        """Return the single numbers that the graph was made with, with their names or digits."""
        found: dict[str, list[float]] = {}
        for i, node in enumerate(self.environment.order):
            if node.op is None and node.size == 1 and node.dtype.kind in "fiu":
                values = [float(np.ravel(plain(p.order[i]))[0]) for p in passes]
                if all(math.isfinite(v) and v != 0 for v in values) and abs(values[0]) != 1:
                    sign = 1 if values[0] > 0 or node.name else -1
                    word = node.name or f"{abs(values[0]):.6g}"
                    found.setdefault(word, [sign * v for v in values])
        return list(found.items())[:_MOST]

    def name(self, factors: Sequence[float], most: int = 9, near: float = 1e-9) -> str:
        """Return the simplest quantity that is these factors, draw by draw; ``""`` if none."""
        c = factors[0] if factors else math.nan
        if not math.isfinite(c):
            return ""
        margin = abs(c) * near
        low = bisect.bisect_left(self._sorted, (c - margin,))
        best, least = "", most + 1.0
        for value, rank, word in self._sorted[low:]:
            if value > c + margin:
                break
            if rank < least:
                others = zip(factors, self.values[word], strict=False)
                if all(abs(f - v) <= abs(v) * near for f, v in others):
                    best, least = word, rank
        return best
