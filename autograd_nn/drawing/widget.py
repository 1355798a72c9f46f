"""The page of `explore` as a widget for notebooks, from the same source."""

from __future__ import annotations

from functools import cache
from typing import Any

_MODULE = """export default {{ render({{ model, el: place }}) {{
place.style.height = `${{model.get("height")}}px`;
const host = document.createElement("div"), root = host.attachShadow({{ mode: "open" }});
host.style.height = "100%"; host.tabIndex = -1; place.append(host);
root.innerHTML = model.get("markup");
const light = document.body.dataset.jpThemeLight;  // of JupyterLab, which has themes of its own
const night = light ? light === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
const changed = () => {{
  model.set("step", at);
  const named = Object.entries(leaves).map(([id, a]) => [data.nodes[id].name, [...a.d]]);
  model.set("values", Object.fromEntries(named));
  model.save_changes();
}};
{script}
show(model.get("step"));
model.on("change:step", () => {{ if (model.get("step") !== at) show(model.get("step")); }});
}} }};
"""


@cache
def widget_class() -> type:
    """Return the class of widgets, which needs anywidget.

    Raises
    ------
    ImportError
        With the line that installs it.
    """
    try:
        import anywidget
        from traitlets import Dict, Int, Unicode
    except ImportError as error:
        raise ImportError(
            "a widget needs anywidget: pip install anywidget (or 'autograd-nn[widget]'); without "
            "it, the page itself shows in a notebook"
        ) from error

    class Widget(anywidget.AnyWidget):
        """The page in an output of a notebook."""

        step = Int(0, help="which step is shown").tag(sync=True)
        values: Any = Dict(help="what is in the leaves, by name, row after row").tag(sync=True)
        markup = Unicode().tag(sync=True)
        height = Int().tag(sync=True)

        def __init__(self, markup: str, script: str, height: int) -> None:
            self._esm = _MODULE.format(script=script)
            super().__init__(markup=markup, height=height)

    return Widget
