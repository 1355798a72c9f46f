"""The API documentation, made of the docstrings by pdoc.

    pip install -e ".[docs]"
    python .ci/docs.py [FOLDER]

Writes HTML pages (by default into ``build/api``), formulas rendered by MathJax. A warning of pdoc,
of a name in ``__all__`` that leads nowhere, say, is an error.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # this checkout, whatever is installed

import autograd_nn
import autograd_nn.derivation
import autograd_nn.drawing
import autograd_nn.program
import nets

LEFT_OUT = ("!autograd_nn.ops.",)
"""Modules that are described elsewhere: the table of operations says what is in them."""

PACKAGES = (autograd_nn, autograd_nn.derivation, autograd_nn.drawing, autograd_nn.program, nets)

WIDER = "<style>main.pdoc { width: 100%; }</style>"
"""For the table of operations, which has six columns."""


def build(folder: Path) -> list[Path]:
    """Write the pages into `folder` and return them."""
    import pdoc

    for package in PACKAGES:
        for name in package.__all__:
            setattr(package, name, getattr(package, name))  # pdoc does not ask for lazy names
    pdoc.render.configure(docformat="numpy", math=True, search=True)
    names = [package.__name__ for package in PACKAGES]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # of the __new__ that Python makes for a NamedTuple, pdoc does not know the module
        warnings.filterwarnings("ignore", "Error parsing type annotation ForwardRef", UserWarning)
        pdoc.pdoc(*names, *LEFT_OUT, output_directory=folder)
    table = folder / "autograd_nn" / "ops.html"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("</head>", f"{WIDER}</head>", 1), encoding="utf-8")
    return sorted(folder.rglob("*.html"))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/api")
    pages = build(target)
    print(f"{len(pages)} pages: {target / 'index.html'}")
