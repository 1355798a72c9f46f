"""The API documentation is built without a warning and holds every public name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_nn
import nets
from tests.browser import chromium, needs_browser

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build in a process of its own: pdoc changes the modules that it reads."""
    folder = tmp_path_factory.mktemp("api")
    subprocess.run([sys.executable, str(ROOT / ".ci" / "docs.py"), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in site.rglob("*.html")
    }


def test_every_public_name_is_there(pages: dict[str, str]) -> None:
    for package in (autograd_nn, nets):
        page = pages[f"{package.__name__}.html"]
        for name in package.__all__:
            submodule = f"{package.__name__}/{name}.html" in pages
            assert submodule or f'id="{name}"' in page, f"{package.__name__}.{name}"


def test_public_functions_and_classes_say_something(pages: dict[str, str]) -> None:
    for package in (autograd_nn, nets):
        for name in package.__all__:
            assert getattr(package, name).__doc__, f"{package.__name__}.{name}"
    assert "Parameters" in pages["nets.html"]


def test_the_table_of_operations_is_inside(pages: dict[str, str]) -> None:
    table = pages["autograd_nn/ops.html"]
    assert "autograd_nn.sigmoid" in table
    assert "np.linalg.solve" in table
    assert "<table>" in table
    rows = table.count("<tr>")
    assert rows > 200
    assert re.search(r"<mi>g</mi><mo>&#x02299;</mo>", table)
    assert not re.search(r"\$g \\odot", table.partition("</main>")[0])


def test_every_page_is_whole_without_a_network(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        assert not re.search(r'(src|<link[^>]*href)="?https?:', page), name
        assert "prefers-color-scheme: dark" in page, name


def test_the_search_finds_texts_too(site: Path, pages: dict[str, str]) -> None:
    index = (site / "search.js").read_text(encoding="utf-8")
    assert '"Use in pytest: Gradients of functions"' in index
    assert '"autograd_nn.sigmoid"' in index
    for name, page in pages.items():
        assert '<input type="search"' in page or name == "index.html", name


@needs_browser
def test_search_without_a_network(site: Path) -> None:
    with chromium() as browser:
        page = browser.new_context(offline=True).new_page()
        page.goto((site / "docs" / "pytest.html").as_uri())
        page.locator("input[type=search]").fill("grade a class")
        page.keyboard.press("Enter")
        page.wait_for_selector(".search-result")
        page.get_by_role("link", name="Grade a class: Sheets").click()
        page.wait_for_url("**/docs/grade.html#sheets")
        assert page.inner_text("#sheets") == "Sheets"


def test_links_lead_somewhere(site: Path, pages: dict[str, str]) -> None:
    assert "README.html" in pages and "examples/lesson_90_minutes/README.html" in pages
    for name, page in pages.items():
        shown = re.sub(r"<(pre|script).*?</\1>", "", page, flags=re.DOTALL)
        for link in re.findall(r'(?:href|src)="([^"]+)"', shown):
            path, _, part = link.partition("#")
            if re.match(r"\w+:", link):
                continue
            target = (site / name).parent / path if path else site / name
            assert target.exists(), f"{name}: {link}"
            if part and "README" in target.name:
                assert f'id="{part}"' in target.read_text(encoding="utf-8"), f"{name}: {link}"
