"""How the parts of a picture look: shapes, and the colour-blind-safe palette of Okabe and Ito.

Each kind has a shape of its own, so that colour never carries the meaning alone. Nodes are filled
with a tint and written on in dark ink; lines are of a grey that stands out from white and from
black alike. So a picture needs no background and can be read on paper and on dark pages. An SVG
follows its page besides (`THEME`).

Palette: M. Okabe and K. Ito, *Color Universal Design* (2008).
"""

from __future__ import annotations

INK = "#1b1f24"
"""Text on a tint."""

FAINT = "#57606a"
"""Lesser text on a tint."""

LINE = "#768390"
"""Lines and text on the page itself."""

BACKWARD = "#d55e00"
"""What flows backward: Okabe and Ito's vermilion."""

BACKWARD_INK = "#8f3f00"
"""Text of what flows backward, on a tint."""

FLOW = "#fdeee4"
"""The tint behind numbers on the arrows of what flows backward."""

FLOW_INK = "#8f4000"
"""Those numbers."""

CHIP, INK_ON_CHIP = "#fffffe", "#1b1f25"
"""What is behind other numbers on arrows, and those numbers."""

SLOT = "#fefefe"
"""Room for a number that a page fills in; the page finds it by this colour."""

FONT = "Helvetica,Arial,sans-serif"

_BOX = {"shape": "box"}
KINDS: dict[str, dict[str, str]] = {
    "input": {"shape": "note", "style": "filled", "fillcolor": "#d6ecfa", "color": "#0072b2"},
    "parameter": {**_BOX, "style": "filled", "fillcolor": "#fdeac2", "color": "#b57b00"},
    "constant": {**_BOX, "style": "filled,dashed", "fillcolor": "#f1f3f5", "color": "#6e7781"},
    "operation": {**_BOX, "style": "filled,rounded", "fillcolor": "#ffffff", "color": "#6e7781"},
    "result": {
        **_BOX, "style": "filled,rounded", "fillcolor": "#f7e3ef", "color": "#a8457f",
        "peripheries": "2",
    },
    "gradient": {"shape": "hexagon", "style": "filled", "fillcolor": "#fde3d3", "color": BACKWARD},
    "fold": {"shape": "folder", "style": "filled", "fillcolor": "#f1f3f5", "color": "#6e7781"},
}  # fmt: skip
"""Kind of node → Graphviz attributes."""

WORDS = {
    "input": "input", "parameter": "parameter", "constant": "constant", "operation": "operation",
    "result": "result", "gradient": "gradient as a node", "fold": "several nodes as one",
    "forward": "value", "backward": "gradient", "loop": "to the next repetition",
}  # fmt: skip
"""Kind of node or of arrow → what a legend calls it."""

MARKS: dict[str, dict[str, str]] = {
    "right": {"fillcolor": "#c9ecdf", "color": "#009e73", "penwidth": "2"},
    "wrong": {"fillcolor": "#ffffff", "color": "#c1121f", "penwidth": "4"},
    "inherits": {
        "fillcolor": "#fdeac2", "color": "#b57b00", "penwidth": "2", "style": "filled,dashed",
    },
}  # fmt: skip
"""Judgement → attributes over those of the kind."""

SIGNS = {"right": "✓ right", "wrong": "✗ wrong here", "inherits": "↪ inherits an error"}
"""Judgement → what is written into the node, and its colour's meaning in words."""

SIGN_INK = {"right": "#005f45", "wrong": "#c1121f", "inherits": "#7a5300"}

EDGES: dict[str, dict[str, str]] = {
    "forward": {},
    "backward": {
        "dir": "back", "color": BACKWARD, "style": "dashed", "fontcolor": FLOW_INK,
    },
    "loop": {"style": "dashed", "constraint": "false"},
}  # fmt: skip
"""Kind of edge → attributes. A backward one is written in the forward direction with its arrow
turned round, so that both stand side by side."""

_FRAME = {"color": LINE, "fontcolor": LINE, "labeljust": "l", "labelloc": "t", "margin": "14"}
CLUSTERS: dict[str, dict[str, str]] = {
    "layer": {**_FRAME, "style": "rounded"},
    "fold": {**_FRAME, "style": "rounded,dashed", "penwidth": "1.5"},
}

GRAPH = {
    "bgcolor": "transparent", "fontname": FONT, "fontsize": "11", "fontcolor": LINE,
    "ranksep": "0.35",
}  # fmt: skip
NODE = {
    "fontname": FONT, "fontsize": "13", "fontcolor": INK, "margin": "0.12,0.05",
    "height": "0.3", "width": "0.4",
}  # fmt: skip
EDGE = {
    "fontname": FONT, "fontsize": "9", "color": LINE, "fontcolor": LINE,
    "arrowsize": "0.7", "labelangle": "50", "labeldistance": "1.5",
}  # fmt: skip

_PAGES = {
    "light": {LINE: "#59636e"},
    "dark": {LINE: "#9198a1", FLOW: "#3b2312", FLOW_INK: "#ffb784", CHIP: "#11161d",
             INK_ON_CHIP: "#e6edf3", "#0072b2": "#3f9fdc"},
}  # fmt: skip
_RULE = '{0}[fill="{1}"]{{fill:{2}}}{0}[stroke="{1}"]{{stroke:{2}}}'
THEME = "".join(
    f"@media (prefers-color-scheme: {page}) {{{_RULE.format('', *pair)}}}"
    for page in _PAGES
    for pair in _PAGES[page].items()
)
"""Rules of CSS by which what stands on the page itself follows it, where a picture is an SVG."""

NOTEBOOK = THEME + "".join(
    _RULE.format(f'[data-jp-theme-light="{light}"] ', was, _PAGES[page].get(was, was))
    for page, light in (("light", "true"), ("dark", "false"))
    for was in _PAGES["dark"]
)
"""The same in JupyterLab, which has a theme of its own, whatever the browser prefers."""
