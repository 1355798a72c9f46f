"""A page in headless Chromium."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for path in map(shutil.which, _NAMES) if path), None)
"""The browser, or None where none is installed."""

_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=5000",
]  # fmt: skip


def opened(
    page: str,
    folder: pathlib.Path,
    script: str = "",
    fragment: str = "",
    size: tuple[int, int] = (800, 600),
    dark: bool = False,
) -> str:
    """Return the document as it stands after `page` was opened and `script` run in it.

    Parameters
    ----------
    page : str
        HTML.
    folder : Path
        For the file and the browser's own files.
    script : str
        JavaScript that is run at the end of the page, as a user's actions.
    fragment : str
        What follows # in the address.
    size : tuple of int
        Width and height of the window.
    dark : bool
        Whether dark pages are asked for.
    """
    assert CHROMIUM is not None
    file = folder / "page.html"
    ended = page.replace("</body>", f"<script>{script}</script></body>")
    file.write_text(ended, encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, *_FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom",
         f"--window-size={size[0]},{size[1]}",
         *(["--blink-settings=preferredColorScheme=0"] if dark else []),
         f"{file.as_uri()}#{fragment}"],
        capture_output=True, text=True, check=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    return done.stdout
