"""Pages in headless Chromium, by Playwright; axe-core comes with axe-playwright-python.

Tests that need them are skipped, with the reason, where one of the three is missing.
"""

from __future__ import annotations

import importlib.util
import pathlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_CHROMIUM = next((path for path in map(shutil.which, _NAMES) if path), None)
_PLAYWRIGHT, _AXE = map(importlib.util.find_spec, ("playwright", "axe_playwright_python"))

_MISSING = [
    name
    for name, found in (("Chromium", _CHROMIUM), ("Playwright", _PLAYWRIGHT), ("axe-core", _AXE))
    if not found
]
needs_browser = pytest.mark.skipif(
    bool(_MISSING), reason=f"{', '.join(_MISSING)} not installed: pip install -e '.[browser]'"
)


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield the browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Any,
    page: str,
    folder: pathlib.Path,
    size: tuple[int, int] = (800, 600),
    dark: bool = False,
    fragment: str = "",
) -> Iterator[Any]:
    """Yield Playwright's page of some HTML; at its end, no script has had an error in it.

    Parameters
    ----------
    browser : Browser
    page : str
        HTML.
    folder : Path
        For the file.
    size : tuple of int
        Width and height of the window.
    dark : bool
        Whether dark pages are asked for.
    fragment : str
        What follows # in the address.
    """
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    mode = "dark" if dark else "light"
    window = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=window, color_scheme=mode, offline=True)
    shown = context.new_page()
    shown.set_default_timeout(10_000)
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    shown.goto(f"{file.as_uri()}#{fragment}")
    yield shown
    context.close()
    assert not errors


def faults(shown: Any) -> list[Any]:
    """Return what axe finds that is serious or worse."""
    assert _AXE is not None and _AXE.origin is not None
    shown.evaluate((pathlib.Path(_AXE.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = shown.evaluate("axe.run()")["violations"]
    severe = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    return [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in severe]
