"""The gallery: every example is run, and what it writes is kept in git beside it.

    python examples/make_gallery.py            # renew what is stale
    python examples/make_gallery.py --check    # change nothing; fail if something is stale
    python examples/make_gallery.py --times    # draw the pictures of measured times again, too
    python examples/make_gallery.py --page     # only the two pictures of the page, in Chromium
    python examples/make_gallery.py 4_7 errata # only the examples whose names hold one of these
                                               # (those that take long are best named first)

The lessons' pictures go into ``gallery``, those of `pictures` into ``pictures``, the table of
operations stays here. A file is stale if what an example writes now does not show the same:

1. An SVG has other shapes, words or colours. Places and sizes depend on a machine's fonts.
2. A PNG has other pixels. Another version of Matplotlib may draw each letter a little differently,
   so there only the means of blocks are compared.
3. Any other file has another text.

Pictures of measured times differ in every run. They are never stale.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile, which
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

HERE = Path(__file__).parent
TIMES = {"3_3_times.png", "4_9_algorithm.png"}
"""Pictures of measured times."""

KEPT_IN = {"pictures": HERE / "pictures", "operations": HERE}
"""Where an example's files are kept, if not in the gallery."""

_PLACES = re.compile(
    r' (width|height|viewBox|transform|points|d|x|y|x1|x2|y1|y2|cx|cy|rx|ry|text-anchor)="[^"]*"'
)
_BLOCK = 16


def scripts() -> list[Path]:
    """Return the examples, each a file that runs; of those beyond the document, what draws."""
    beyond = [p for p in HERE.glob("beyond/*.py") if ".savefig(" in p.read_text(encoding="utf-8")]
    here = [p for p in HERE.glob("*.py") if p.name not in {"lesson.py", "make_gallery.py"}]
    return [*sorted(here), *sorted(beyond)]


def shows_the_same(kept: Path, made: Path) -> bool:
    """Return whether two pictures, or two texts, show the same."""
    if kept.suffix == ".png":
        return _same_pixels(kept, made)
    old, new = (path.read_text(encoding="utf-8") for path in (kept, made))
    return svg_content(old) == svg_content(new) if kept.suffix == ".svg" else old == new


def svg_content(svg: str) -> str:
    """Return an SVG without places and sizes, which differ with the fonts of a machine."""
    return re.sub(r"\s+", " ", _PLACES.sub("", svg[svg.index("<svg") :]))


def _same_pixels(kept: Path, made: Path) -> bool:
    (old, by_old), (new, by_new) = map(_image, (kept, made))
    if old.shape != new.shape:
        return False
    if by_old == by_new:  # rounding may move a line a little
        return bool((np.abs(old - new).max(axis=2) > 0.1).mean() < 0.001)
    return bool(np.abs(_means(old) - _means(new)).max() < 0.25)


def _image(path: Path) -> tuple[Any, str]:
    """Return the pixels of a PNG, and the program that wrote it."""
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"), dtype=float) / 255, str(image.info.get("Software"))


def _means(image: Any) -> Any:
    """Return the mean of every block of pixels."""
    rows, columns = (n // _BLOCK for n in image.shape[:2])
    whole = image[: rows * _BLOCK, : columns * _BLOCK]
    return whole.reshape(rows, _BLOCK, columns, _BLOCK, 4).mean(axis=(1, 3))


def run(script: Path, folder: Path) -> list[Path]:
    """Run an example in `folder`, where its pictures go, and return what it wrote."""
    there = {"MPLBACKEND": "Agg", "PYTHONPATH": str(HERE.parent), "PYTHONUTF8": "1"}
    subprocess.run(  # noqa: S603 - our own examples
        [sys.executable, str(script)],
        cwd=folder,
        env=os.environ | there,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return sorted(folder.iterdir())


def stale(script: Path, folder: Path, times: bool = False) -> list[tuple[Path, Path]]:
    """Run an example in `folder` and return the stale files, each with what is new."""
    target = KEPT_IN.get(script.stem, HERE / "gallery")
    pairs = [(target / made.name, made) for made in run(script, folder)]
    return [
        (kept, made)
        for kept, made in pairs
        if not kept.exists() or (times if kept.name in TIMES else not shows_the_same(kept, made))
    ]


def take_page() -> None:
    """Take the pictures of the page that the README and the lesson show, in both modes."""
    from playwright.sync_api import sync_playwright

    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        run(HERE / "lesson_90_minutes" / "notebook.py", Path(folder))
        address = (Path(folder) / "one_node.html").as_uri()
        browser = playwright.chromium.launch(executable_path=found)
        for mode, name in (("light", "page.png"), ("dark", "page-dark.png")):
            shown = browser.new_page(
                viewport={"width": 1000, "height": 700}, color_scheme=mode, reduced_motion="reduce"
            )
            shown.goto(address)
            shown.evaluate(
                "show(steps.findIndex((s) => s.question && data.nodes[s.nodes[0]].name === 'z'))"
            )
            shown.wait_for_timeout(500)  # until nodes have faded in
            shown.screenshot(path=HERE / "lesson_90_minutes" / name)
            print(f"  renewed: lesson_90_minutes/{name}")


def main() -> int:
    """Renew the gallery, or check it; return the exit status."""
    parser = argparse.ArgumentParser(description="Make the gallery from the examples.")
    parser.add_argument("names", nargs="*", help="parts of the names of examples; all if none")
    parser.add_argument("--check", action="store_true", help="change nothing, fail if stale")
    parser.add_argument("--times", action="store_true", help="renew pictures of times as well")
    parser.add_argument("--page", action="store_true", help="only take pictures of the page")
    options = parser.parse_args()
    if options.page:
        take_page()
        return 0

    def renew(script: Path) -> list[str]:
        with TemporaryDirectory() as folder:
            pairs = stale(script, Path(folder), options.times)
            for kept, made in () if options.check else pairs:
                kept.parent.mkdir(exist_ok=True)
                copyfile(made, kept)
        return [str(kept.relative_to(HERE)) for kept, _ in pairs]

    names = options.names or [""]
    chosen = list(dict.fromkeys(s for name in names for s in scripts() if name in s.stem))
    found = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for script, files in zip(chosen, pool.map(renew, chosen), strict=True):
            print(script.name, flush=True)
            for file in files:
                found += 1
                print(f"  {'is stale' if options.check else 'renewed'}: {file}")
    if options.check and found:
        print(f"{found} files are stale: run python examples/make_gallery.py and look at them")
    return int(options.check and found > 0)


if __name__ == "__main__":
    sys.exit(main())
