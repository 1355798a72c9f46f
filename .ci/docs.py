"""The documentation: the project's texts, and the API of the docstrings by pdoc.

    pip install -e ".[docs]"
    python .ci/docs.py [FOLDER]

Writes HTML pages (by default into ``build/api``) that need no network: formulas are MathML, colours
follow the reader's light or dark mode. A warning of pdoc, of a name in ``__all__`` that leads
nowhere, say, is an error.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # this checkout, whatever is installed

import autograd_nn
import autograd_nn.derivation
import autograd_nn.drawing
import autograd_nn.program
import nets

ROOT = Path(__file__).parents[1]

LEFT_OUT = ("!autograd_nn.ops.",)
"""Modules that are described elsewhere: the table of operations says what is in them."""

PACKAGES = (autograd_nn, autograd_nn.derivation, autograd_nn.drawing, autograd_nn.program, nets)

TEXTS = {
    "README.md": "First steps and tour",
    "examples/README.md": "Lessons",
    "examples/lesson_90_minutes/README.md": "A lesson for a class",
    "docs/check.md": "Check my own derivation",
    "docs/pytest.md": "Use in pytest",
    "docs/grade.md": "Grade a class",
    "docs/fast.md": "Make it fast",
    "examples/pictures.md": "Pictures",
    "examples/moving.md": "Move from HIPS autograd",
    "CONTRIBUTING.md#add-an-operation": "Add an operation",
    "autograd_nn/README.md": "How it is built",
    "examples/operations.md": "Table of operations",
    "CONTRIBUTING.md": "Contributing",
    "CHANGELOG.md": "Changes",
}
"""The texts that become pages, at the same place in the site, and what they are called."""

SEARCH = '<form action="{}autograd_nn.html"><input type="search" name="search" '
SEARCH += 'placeholder="Search…" aria-label="Search"></form>'
"""A search box for pages without one; it leads to a page of pdoc, which answers."""

KEPT = ("docs", "examples", "LICENSE")
"""What texts link to besides."""

DARK = """
:root { --pdoc-background: #1b1f24; color-scheme: dark; }
.pdoc { --text: #e6edf3; --muted: #9da7b1; --link: #6cb6ff; --link-hover: #9ecbff; --code: #262c33;
  --active: #4a4a20; --accent: #2d333b; --accent2: #545d68; --nav-hover: rgba(0, 0, 0, 0.2);
  --name: #77c1ff; --def: #57c763; --annotation: #4ec98f; }
"""
STYLE = """
main.pdoc { width: 100%; max-width: 100%; overflow-x: auto; }
main.pdoc img { max-width: 100%; }
main.pdoc td, main.pdoc th { padding: 0.2rem 0.5rem; vertical-align: top; text-align: left; }
"""


def build(folder: Path) -> list[Path]:
    """Write the pages into `folder` and return them."""
    import pdoc

    for package in PACKAGES:
        for name in package.__all__:
            setattr(package, name, getattr(package, name))  # pdoc does not ask for lazy names
    pdoc.render.configure(docformat="numpy", search=True)
    of_names = pdoc.render.make_index
    pdoc.render.make_index = lambda *given: [*of_names(*given), *_sections()]
    names = [package.__name__ for package in PACKAGES]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # of the __new__ that Python makes for a NamedTuple, pdoc does not know the module
        warnings.filterwarnings("ignore", "Error parsing type annotation ForwardRef", UserWarning)
        pdoc.pdoc(*names, *LEFT_OUT, output_directory=folder)
    pages = sorted(folder.rglob("*.html"))
    frame = (folder / "index.html").read_text(encoding="utf-8")
    for page in pages:
        written = page.read_text(encoding="utf-8")
        page.write_text(_finished(written, page.parent, folder), encoding="utf-8")
    for source in _tracked():
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, folder / source)
    for source, title in TEXTS.items():
        if "#" in source:
            continue
        target = (folder / source).with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_text(source, title, frame, target, folder), encoding="utf-8")
        pages.append(target)
    return pages


def _tracked() -> list[str]:
    """Return the files that texts link to: those in git, or all where this is no checkout."""
    asked = ["git", "ls-files", *KEPT]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if not listed.returncode:
        return listed.stdout.splitlines()
    files = (path for kept in KEPT for path in (ROOT / kept, *(ROOT / kept).rglob("*")))
    return [path.relative_to(ROOT).as_posix() for path in files if path.is_file()]


def _finished(page: str, folder: Path, top: Path) -> str:
    """Return a page with our styles, formulas as MathML, and the texts in its navigation."""
    from pygments.formatters import HtmlFormatter

    code = HtmlFormatter(style="github-dark").get_style_defs(".pdoc-code")
    style = f"<style>{STYLE}@media (prefers-color-scheme: dark) {{{DARK}{code}}}</style></head>"
    up = "../" * len(folder.relative_to(top).parts)
    links = "".join(
        f'<li><a href="{up}{source.replace(".md", ".html")}">{title}</a></li>'
        for source, title in TEXTS.items()
    )
    api = f'<li><a href="{up}index.html">Reference</a></li>'
    box = "" if '<input type="search"' in page else SEARCH.format(up)
    listed = f'<h2>Documentation</h2>{box}<ul class="memberlist">{links}{api}</ul>'
    page = page.replace("</head>", style, 1)
    page = re.sub(r"(<nav.*?<div>)", lambda nav: nav[1] + listed, page, count=1, flags=re.DOTALL)
    start, end = page.find("<main"), page.find("</main>")
    parts = re.split(r"(<pre.*?</pre>|<code.*?</code>)", page[start:end], flags=re.DOTALL)
    parts[::2] = [re.sub(r"\$([^$<]+)\$", _mathml, part) for part in parts[::2]]
    return page[:start] + "".join(parts) + page[end:]


def _mathml(formula: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    return convert(html.unescape(formula[1]))


def _body(source: str) -> str:
    """Return one of the texts as HTML."""
    from markdown2 import markdown  # of pdoc

    text = (ROOT / source).read_text(encoding="utf-8")
    extras = ["fenced-code-blocks", "tables", "header-ids", "cuddled-lists", "code-friendly"]
    return str(markdown(text, extras=extras))


def _sections() -> list[dict[str, str]]:
    """Return what the search finds in the texts: each part that has a heading."""
    found = []
    for source, title in TEXTS.items():
        _, *parts = re.split(r'<h[1-4] id="', _body(source)) if "#" not in source else [""]
        for part in parts:
            place, heading, said = re.findall(r'(.*?)">(.*?)</h.>(.*)', part, re.DOTALL)[0]
            said = re.sub(r"</?a\b[^>]*>|<img[^>]*>", "", said)
            called = html.unescape(re.sub("<[^>]*>", "", heading))
            found.append(
                {"fullname": title if called == title else f"{title}: {called}", "kind": "text",
                 "modulename": source.removesuffix(".md"), "qualname": place, "doc": said}
            )  # fmt: skip
    return found


def _text(source: str, title: str, frame: str, target: Path, top: Path) -> str:
    """Return one of the texts as a page in the frame of pdoc's index."""
    body = _body(source).replace('class="codehilite"', 'class="pdoc-code codehilite"')
    body = re.sub(r'href="(?!\w+:)([^"]*?)\.md(#[^"]*)?"', r'href="\1.html\2"', body)
    head = frame[: frame.index("<body")]
    head = re.sub(r"<title>.*?</title>", f"<title>{title}</title>", head, flags=re.DOTALL)
    nav = '<nav class="pdoc"><div></div></nav>'
    page = f'{head}<body>{nav}<main class="pdoc"><section>{body}</section></main></body></html>'
    return _finished(page, target.parent, top)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/api")
    pages = build(target)
    print(f"{len(pages)} pages: {target / 'index.html'}")
