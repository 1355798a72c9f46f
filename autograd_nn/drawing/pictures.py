"""`draw`: one call from a recorded graph to its picture."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.tensor import Tensor
from .build import Options, picture
from .dot import written
from .flows import Flows
from .folding import folded
from .layers import layered
from .names import names_of, verdicts_of
from .render import Drawing
from .sources import outputs_of
from .style import MARKS
from .view import Group, View, collapsed, settled, shortened, whole

LIMIT = 300
"""The most nodes that are laid out unless asked for: more take seconds, thousands take minutes."""

FOLDED_FROM = 60
"""From how many nodes on repeated blocks are folded unless asked not to."""

_DIRECTIONS = ("TB", "LR", "BT", "RL")


class LargeGraphWarning(UserWarning):
    """A graph was cut because laying it out would take too long."""


def draw(
    what: Any,
    *args: Any,
    gradients: bool = False,
    values: bool = False,
    shapes: bool = True,
    names: Mapping[str, Any] | None = None,
    layers: bool = True,
    collapse: bool | str | Sequence[str] = "auto",
    depth: int | None = None,
    limit: int | None = LIMIT,
    marks: Mapping[str, str] | None = None,
    caption: str = "",
    legend: bool = True,
    direction: str = "TB",
    format: str = "svg",  # noqa: A002 - the name it has in graphviz
    backend: str = "auto",
) -> Drawing:
    """Return the picture of a graph, as a ``graphviz.Digraph`` that draws without `dot`.

    In a notebook it shows itself. ``.render("J.svg")`` writes a file (SVG, PNG, PDF),
    ``.pipe("png")`` returns the bytes, ``.source`` is the DOT text, the same in every process.

    Inputs are blue notes, parameters orange boxes, constants dashed and grey, operations rounded,
    results doubly outlined, recorded gradients hexagons. There is an arrow for every use; its
    number says which argument it is, where order matters.

    Parameters
    ----------
    what : Tensor, sequence of Tensor, callable, program or report
        A recorded result, of any shape; several, such as ``gradients(J, [W1],
        create_graph=True)``, which is the recorded backward pass; a function, which is called on
        Tensors made of `args` and named like its parameters; a program, ``jit(f).lower(...)``;
        or the report of ``verify``, drawn on the graph it judged.
    *args : array_like or nested containers of them
        The arguments of a function.
    gradients : bool
        Draw the backward flow beside the forward one: along every edge the part of the gradient
        that flows through this use, at every named node their sum; at z^(l) that is δ^(l) of
        one sample, ∂J/∂z^(l) of a mean over several. Of a single number only.
    values : bool
        Write small arrays as numbers and of larger ones range and mean.
    shapes : bool
        Write the shapes.
    names : mapping of str to anything, optional
        Names for Tensors that have none, such as ``locals()``.
    layers : bool
        Frame the layers of a graph that is named like the document's.
    collapse : {"auto", "layers"}, bool or sequence of str
        What is shown as one. True: blocks that are repeated three times or more. ``"layers"``, or
        the captions of some: whole frames. ``"auto"``: repeated blocks in a graph of `FOLDED_FROM`
        nodes or more, and frames in which a report judges nothing. False: nothing; else a constant
        is shown without how it was worked out, and changes of shape are left out.
    depth : int, optional
        Show no more than so many steps back from the results.
    limit : int or None
        Show no more nodes than that; None: all, however long Graphviz takes.
    marks : mapping of str to {"right", "wrong", "inherits"}, optional
        A judgement for nodes, by name.
    caption : str
        Written beneath, as plain text.
    legend : bool
        Say beneath what those colours, shapes, arrows and signs mean that occur.
    direction : {"TB", "LR", "BT", "RL"}
        From top to bottom, from left to right, …
    format : str
        What ``.pipe()`` and ``.render()`` make by default.
    backend : {"auto", "pygraphviz", "dot"}
        Draw in this process, or by the program `dot`. ``"auto"``: in this process if possible.

    Returns
    -------
    Drawing
        A subclass of ``graphviz.Digraph``.

    Raises
    ------
    TypeError
        If `what` has no graph.
    ValueError
        If an option is not one of those above, or `gradients` are asked of several numbers.

    Warns
    -----
    LargeGraphWarning
        If nodes are left out because of `limit`.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> picture = draw(x * x)
    >>> print(picture.source.count("n0 -> n1"))
    2
    """
    _check(collapse, depth, limit, direction)
    outputs = outputs_of(what, args)
    known = names_of(outputs, names)
    view, said = _view(outputs, known, collapse, depth, limit)
    groups = layered(view, known)
    verdicts = verdicts_of(what)
    reported = bool(verdicts)
    for name, mark in (marks or {}).items():
        if mark not in MARKS:
            raise ValueError(f"marks[{name!r}] is one of {', '.join(MARKS)}; got {mark!r}")
        if name not in known.values():
            raise ValueError(f"marks[{name!r}]: no node of the graph is called so")
        verdicts.setdefault(name, []).insert(0, ("", mark))
    if reported and collapse == "auto":
        judged = {node for node, name in known.items() if name in verdicts}
        collapse = [group.label for group in groups if judged.isdisjoint(group.nodes)]
    view, groups = _collapse(view, groups, collapse)
    options = Options(
        shapes=shapes,
        values=values,
        flows=Flows(outputs) if gradients else None,
        names=known,
        verdicts=verdicts,
        direction=direction,
        caption=caption,
        note=said,
        legend=legend,
    )
    frames = [*(groups if layers else []), *view.folds]
    return written(picture(view, frames, options), backend, format)


def _check(collapse: Any, depth: Any, limit: Any, direction: str) -> None:
    if direction not in _DIRECTIONS:
        raise ValueError(f"direction is one of {', '.join(_DIRECTIONS)}; got {direction!r}")
    if isinstance(collapse, str) and collapse not in ("auto", "layers"):
        raise ValueError(
            'collapse is "auto", "layers", True, False or a list of the captions of frames, such '
            f'as ["layer 2"]; got {collapse!r}'
        )
    for name, value in (("depth", depth), ("limit", limit)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"{name} is a number from 1 on, or None; got {value!r}")


def _view(
    outputs: Sequence[Tensor],
    names: Mapping[Tensor, str],
    collapse: bool | str | Sequence[str],
    depth: int | None,
    limit: int | None,
) -> tuple[View, str]:
    """Return what is to be shown, and what is to be said of it."""
    view = whole(outputs)
    total = len(view.nodes)
    if collapse is True or (collapse == "auto" and total >= FOLDED_FROM):
        view = folded(view)
    if collapse is not False:
        view = settled(view, names)
    if depth is not None:
        view = shortened(view, depth)
    if limit is not None and len(view.nodes) > limit:
        view = shortened(view, most=limit)
        message = (
            f"{len(view.nodes):,} of {total:,} nodes are shown, the last ones; "
            "draw(…, limit=None) shows all, draw(…, depth=…) fewer"
        )
        warnings.warn(message, LargeGraphWarning, stacklevel=3)
        return view, message
    return view, f"{total:,} nodes, repeated blocks shown once" if view.folds else ""


def _collapse(
    view: View, groups: list[Group], collapse: bool | str | Sequence[str]
) -> tuple[View, list[Group]]:
    """Return the view and the frames with whole frames shown as a node, where that was asked."""
    if isinstance(collapse, bool) or collapse == "auto":
        return view, groups
    labels = [group.label for group in groups]
    wanted = labels if collapse == "layers" else list(collapse)
    unknown = [label for label in wanted if label not in labels]
    if unknown:
        there = ", ".join(map(repr, labels)) or "none"
        raise ValueError(f"collapse: there is no frame {unknown[0]!r}; there are {there}")
    chosen = [group for group in groups if group.label in wanted]
    return collapsed(view, chosen), [group for group in groups if group not in chosen]
