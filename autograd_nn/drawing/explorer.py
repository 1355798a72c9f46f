"""`explore`: a graph as one HTML file that steps forward and backward through it.

The file needs nothing but a browser: no server, no network, no script from elsewhere.
"""

from __future__ import annotations

import html
import json
import os
import pathlib
import re
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.tensor import Tensor
from ..formulas import notation
from .build import Options, picture
from .dot import written
from .flows import Flows
from .layers import layered
from .names import names_of
from .pictures import LIMIT
from .sources import outputs_of
from .view import View, whole

if TYPE_CHECKING:
    from .narration import Step

_TEMPLATE = pathlib.Path(__file__).with_name("explorer.html")


class Page:
    """A page to step through; shows itself in notebooks.

    Attributes
    ----------
    html : str
        The whole page.
    """

    def __init__(self, text: str) -> None:
        self.html = text

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Write the page to a file and return its path."""
        target = pathlib.Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target

    def view(self, path: str | os.PathLike[str] = "graph.html") -> pathlib.Path:
        """Write the page to a file and open it in the browser."""
        target = self.save(path)
        webbrowser.open(target.resolve().as_uri())
        return target

    def _repr_html_(self) -> str:
        # A frame of its own, so that its keys and styles stay out of the notebook's.
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" width="100%" height="640" '
            'style="border:1px solid #768390"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<Page of {len(self.html):,} characters; .save('graph.html') writes it>"


def explore(
    what: Any,
    *args: Any,
    names: Mapping[str, Any] | None = None,
    backend: str = "auto",
) -> Page:
    """Return a page that steps through the graph of a number, forward and then backward.

    At each step the node lights up, and what happens there is said in words, as a formula, and
    with the numbers filled in: forward what an operation computes, backward the chain rule's sum,
    term by term. Buttons, a slider, the arrow keys, and a click on a node move through it.

    Parameters
    ----------
    what : Tensor, callable or program
        What has the graph, as in `draw`; its result is one number.
    *args : array_like or nested containers of them
        The arguments of a function.
    names : mapping of str to anything, optional
        Names for Tensors that have none, such as ``locals()``. What is still unnamed is called
        u₁, u₂, … on the page.
    backend : {"auto", "pygraphviz", "dot"}
        As in `draw`.

    Returns
    -------
    Page
        ``.save(path)`` writes the file, ``.view()`` opens it.

    Raises
    ------
    TypeError
        If `what` has no graph.
    ValueError
        If there are several results or one of several elements, or more nodes than can be laid
        out.
    GraphvizMissingError
        If there is nothing here that draws.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> page = explore(x * x)
    >>> "2 uses" in page.html
    True
    """
    from .narration import Steps  # the derivations, which pictures do without

    outputs = outputs_of(what, args)
    if len(outputs) != 1 or outputs[0].size != 1:
        got = f"{len(outputs)} results" if len(outputs) != 1 else f"shape {outputs[0].shape}"
        message = f"explore steps back from one number, got {got}; reduce it, e.g. with .sum()"
        raise ValueError(message)
    view = whole(outputs)
    if len(view.nodes) > LIMIT:
        raise ValueError(
            f"the graph has {len(view.nodes):,} nodes, and explore shows {LIMIT} at most: explore "
            "a smaller network, or draw(...), which folds what is repeated"
        )
    given = names_of(outputs, names)
    known = _all_named(view, given)
    drawn = picture(view, layered(view, given), Options(names=known))
    svg = written(drawn, backend).pipe("svg", encoding="utf-8")
    steps = Steps(view, known, Flows(outputs)).all()
    ids = dict(zip(view.nodes, (node.id for node in drawn.nodes), strict=True))
    data = [_data(step, ids) for step in steps]
    title = f"{notation.unicode(known[outputs[0]])}, step by step"
    return Page(_filled(title, svg[svg.index("<svg") :], data))


def _all_named(view: View, names: dict[Tensor, str]) -> dict[Tensor, str]:
    """Return `names` with one for every node but bare numbers: u1, u2, …"""
    taken = set(names.values())
    found = dict(names)
    number = 0
    for node in view.nodes:
        if node in found or (not node.inputs and node.ndim == 0):
            continue
        number += 1
        while f"u{number}" in taken:
            number += 1
        found[node] = f"u{number}"
    return found


def _data(step: Step, ids: Mapping[Tensor, str]) -> dict[str, Any]:
    return {
        "pass": step.pass_,
        "nodes": [ids[node] for node in step.nodes],
        "edges": [f"e{position}" for position in step.edges],
        "html": step.html,
        "results": step.results,
    }


def _filled(title: str, svg: str, steps: list[dict[str, Any]]) -> str:
    """Return the page. JSON in a script element must not end it, nor open a comment in it."""
    text = json.dumps(steps, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    filled = {"__TITLE__": html.escape(title), "__SVG__": svg, "__STEPS__": text}
    template = _TEMPLATE.read_text(encoding="utf-8")
    # in one go, so that no key in what is filled in is taken for one
    return re.sub("|".join(filled), lambda key: filled[key[0]], template)
