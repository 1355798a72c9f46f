"""`explore`: a graph as one HTML file that steps forward and backward through it.

The file needs nothing but a browser: no server, no network, no script from elsewhere.
"""

from __future__ import annotations

import html
import itertools
import json
import math
import os
import pathlib
import re
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.tensor import Tensor
from ..formulas import notation
from ..formulas.notation import Name
from .build import Options, picture
from .dot import written
from .flows import Flows
from .javascript import RUNTIME, literal
from .layers import layered
from .names import names_of
from .pictures import LIMIT
from .sources import outputs_of
from .style import THEME
from .view import View, whole

if TYPE_CHECKING:
    from .live import Shown
    from .narration import Step
    from .questions import Question

_TEMPLATE = pathlib.Path(__file__).with_name("explorer.html")
_SCRIPT = pathlib.Path(__file__).with_name("explorer.js")

_MOST = 250_000
"""Numbers in the leaves: a page of them has 6 MB, and takes ten seconds to be made."""


class Page:
    """A page to step through; shows itself in notebooks.

    Attributes
    ----------
    html : str
        The whole page.
    markup, script : str
        What it consists of: styles and elements, and the program that moves them.
    """

    def __init__(self, title: str, svg: str, script: str) -> None:
        filled = {"__TITLE__": html.escape(title), "__SVG__": svg, "__SCRIPT__": script}
        template = _TEMPLATE.read_text(encoding="utf-8")
        # in one go, so that no key in what is filled in is taken for one
        self.html = re.sub("|".join(filled), lambda key: filled[key[0]], template)
        self.script = script
        start, end = self.html.index("<style>"), self.html.index("<script>")
        self.markup = self.html[start:end]

    def widget(self, height: int = 640) -> Any:
        """Return the page as a widget for notebooks, an ``anywidget.AnyWidget``.

        Its ``step`` may be read and set; its ``values`` are the numbers of the leaves as they
        were changed on the page, by name.

        Parameters
        ----------
        height : int
            In pixels.

        Raises
        ------
        ImportError
            Without anywidget.
        """
        from .widget import widget_class

        return widget_class()(self.markup, self.script, height)

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
    ask: bool = True,
    backend: str = "auto",
) -> Page:
    """Return a page that steps through the graph of a number, forward and then backward.

    At each step the node lights up, and what happens there is said in words, as a formula, and
    with the numbers filled in: forward what an operation computes, backward the chain rule's sum,
    term by term. Buttons, a slider, the arrow keys, and a click on a node move through it.

    Leaves can be changed, and all numbers follow: a JavaScript program of the graph is in the
    page. What has no form there stays as it is, and the page says so.

    Parameters
    ----------
    what : Tensor, callable or program
        What has the graph, as in `draw`; its result is one number.
    *args : array_like or nested containers of them
        The arguments of a function.
    names : mapping of str to anything, optional
        Names for Tensors that have none, such as ``locals()``. What is still unnamed is called
        u₁, u₂, … on the page.
    ask : bool
        Whether the page opens asking for the gradient at each node before it shows it:
        who predicts a number learns more than who watches one. A wrong answer that a mistake of
        the catalogue leads to is told so. A switch on the page turns it off, as for a lecture.
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
        out, or more numbers than fit on a page.
    GraphvizMissingError
        If there is nothing here that draws.

    Examples
    --------
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> page = explore(x * x)
    >>> "2 uses" in page.html
    True
    """
    from .live import Live, Shown  # the derivations, which pictures do without
    from .narration import Steps
    from .questions import questions

    outputs = outputs_of(what, args)
    if len(outputs) != 1 or outputs[0].size != 1:
        got = f"{len(outputs)} results" if len(outputs) != 1 else f"shape {outputs[0].shape}"
        message = f"explore steps back from one number, got {got}; reduce it, e.g. with .sum()"
        raise ValueError(message)
    view = whole(outputs)
    _refuse_large(view)
    given = names_of(outputs, names)
    known = _all_named(view, given)
    groups = layered(view, given)
    ids = {node: f"n{number}" for number, node in enumerate(view.nodes)}
    flows, shown, mistakes = Flows(outputs, record=True), Shown(), Shown()
    steps = Steps(view, known, flows, shown).all()
    asked = questions(outputs[0], flows.total, known)
    plain_values = [node for node in view.nodes if node in known and node.dtype.kind in "biuf"]
    data = {
        "steps": [_data(step, ids, asked, mistakes) for step in steps],
        "nodes": {
            ids[node]: {
                "name": notation.unicode(known[node]),
                "value": shown.number(node),
                "gradient": shown.number(flows.total[node]) if node in flows.total else None,
            }
            for node in plain_values
        },
        "layers": _network(view, given, ids),
        "groups": [
            {"nodes": [ids[node] for node in group.nodes], "last": ids[group.nodes[-1]]}
            for group in groups
        ],
        "ask": ask,
    }
    roots = sum(not node.inputs for node in known)
    leaves = {ids[x]: x for x in plain_values if not x.inputs and x.dtype == float}
    live = Live(outputs[0], flows, shown, mistakes, leaves)
    data |= {
        "why": live.why or ("only float64 can be changed" if len(live.leaves) < roots else ""),
        "trained": [key for key, leaf in live.leaves.items() if leaf.requires_grad],
        "cost": ids[outputs[0]],
    }
    start = ", ".join(f'"{key}": {literal(leaf.numpy())}' for key, leaf in live.leaves.items())
    program = f"const program = {live.program.text};\nconst start = {{{start}}};"
    drawn = picture(view, groups, Options(names=known, slots=set(plain_values)))
    svg: str = written(drawn, backend).pipe("svg", encoding="utf-8")
    # JSON in a script element must not end it, nor open a comment in it
    said = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        said = said.replace(character, f"\\u{ord(character):04x}")
    runtime, page = (path.read_text(encoding="utf-8") for path in (RUNTIME, _SCRIPT))
    title = f"{notation.unicode(known[outputs[0]])}, step by step"
    script = f"const data = {said};\n{runtime}\n{program}\n{page}"
    own = svg[svg.index("<svg") :].replace(f"<style>{THEME}</style>", "")  # the page has its own
    return Page(title, own, script)


def _refuse_large(view: View) -> None:
    """Raise where a graph has more nodes than can be laid out, or numbers than fit on a page."""
    held = sum(node.size for node in view.nodes if not node.inputs)
    if held > _MOST:
        what = f"the leaves of the graph hold {held:,} numbers, and a page holds {_MOST:,}"
    elif len(view.nodes) > LIMIT:
        what = f"the graph has {len(view.nodes):,} nodes, and explore shows {LIMIT} at most"
    else:
        return
    raise ValueError(
        f"{what}: explore a smaller network, or draw(...), which folds what is repeated"
    )


def _network(view: View, names: Mapping[Tensor, str], ids: Mapping[Tensor, str]) -> Any:
    """Return for each layer of a network its nodes: weights, what they take, z and h."""
    by_name = {name: node for node, name in names.items()}
    found = []
    for node, name in names.items():
        parsed = Name.parse(name)
        if parsed.stem != "W" or parsed.layer is None or node.ndim != 2:
            continue
        user = next((use.head for use in view.uses if use.tail is node), None)
        taken = [x for x in user.inputs if x is not node] if user is not None else []
        z = by_name.get(f"z{parsed.layer + 1}")
        if not taken or z is None or taken[0] not in names:
            return []
        around = {"W": node, "from": taken[0], "b": by_name.get(f"b{parsed.layer}"), "z": z,
                  "h": by_name.get(f"h{parsed.layer + 1}")}  # fmt: skip
        found.append((parsed.layer, {key: ids[x] for key, x in around.items() if x is not None}))
    return [around for _, around in sorted(found, key=lambda pair: pair[0])]


def _all_named(view: View, names: dict[Tensor, str]) -> dict[Tensor, str]:
    """Return `names` with one for every node but bare numbers: u1, u2, …"""
    taken = set(names.values())
    free = (f"u{number}" for number in itertools.count(1) if f"u{number}" not in taken)
    others = [node for node in view.nodes if node not in names and (node.inputs or node.ndim)]
    return names | dict(zip(others, free, strict=False))


def _data(
    step: Step, ids: Mapping[Tensor, str], asked: Mapping[Tensor, Question], mistakes: Shown
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "pass": step.pass_,
        "nodes": [ids[node] for node in step.nodes],
        "edges": [f"e{position}" for position in step.edges],
        "html": step.html,
        "results": step.results,
    }
    backward = step.pass_ == "backward"  # noqa: S105 - no password
    question = asked.get(step.nodes[0]) if backward else None
    if question is not None:
        shape = step.nodes[0].shape
        flat = sum(i * math.prod(shape[axis + 1 :]) for axis, i in enumerate(question.entry))
        data["question"] = {
            "entry": flat,
            "where": [i + 1 for i, n in zip(question.entry, shape, strict=True) if n > 1],
            "formula": question.formula,
            "wrong": [[mistakes.number(w.value), w.kind, w.formula] for w in question.wrong],
        }
    return data
