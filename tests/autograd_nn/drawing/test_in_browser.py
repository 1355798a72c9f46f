"""The page that steps through a graph, in Chromium: steps, predictions, drags, folds, looks."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, draw, explore, gradients
from nets import Network, load_digits
from tests.browser import chromium, faults, needs_browser, opened

from . import graphs

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def _digits() -> Tensor:
    digits = load_digits(seed=0)
    net = Network([64, 30, 10], seed=0)
    return net.cost(digits.X_train[:, :32], digits.Y_train[:, :32])


GRAPHS = {"square": graphs.square, "3-3-1": graphs.cost, "64-30-10": _digits}
SIZES = [(1400, 900), (800, 600), (390, 844)]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: explore(make()).html for name, make in GRAPHS.items()}


_OVERFLOW = """() => {  // what is cut off, or lies on something else
  const page = document.documentElement, found = [];
  if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) found.push("the page");
  for (const part of all("#page *")) {
    const style = getComputedStyle(part), box = part.getBoundingClientRect();
    if (!box.width || part.closest("svg, .scroll, .formula, #graph")) continue;
    const over = part.clientWidth && part.scrollWidth > part.clientWidth + 1;
    if (box.right > innerWidth + 1 || box.left < -1 || (over && style.overflowX === "visible"))
      found.push([part.tagName, part.id, part.textContent.slice(0, 40)]);
  }
  const seen = drawn.filter(({ g }) => g.style.display !== "none").map(({ g }) => g);
  const boxes = seen.map((g) => [g.id, g.getBoundingClientRect()]);
  boxes.forEach(([one, a], i) => boxes.slice(0, i).forEach(([other, b]) => {
    const beside = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
    if (!beside) found.push([one, other]);
  }));
  return found;
}"""

_PLACES = """[...drawn, ...frames].flatMap(({ g }) => {
  const box = g.getBoundingClientRect(), from = picture.getBoundingClientRect();
  return [box.x - from.x, box.y - from.y, box.width, box.height].map((x) => x / zoom);
})"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["wide", "small", "phone"])
@pytest.mark.parametrize("name", GRAPHS)
def test_used_as_a_learner_does(
    name: str,
    size: tuple[int, int],
    dark: bool,
    pages: dict[str, str],
    browser: Any,
    tmp_path: pathlib.Path,
) -> None:
    with opened(browser, pages[name], tmp_path, size, dark) as shown:
        assert faults(shown) == []
        # steps, every one, answers hidden and shown
        shown.keyboard.press("ArrowRight")
        assert shown.evaluate("at") == 1
        for asks in ("number", ""):
            shown.select_option("#ask", asks)
            shown.evaluate("show(0)")
            over = shown.evaluate(f"""steps.map((_, i) => {{
                if (steps.length > 9 && i % 4) return [];  // every fourth of many
                show(steps.length - 1 - i); return ({_OVERFLOW})();
            }})""")
            assert [found for found in over if found] == []
        shown.keyboard.press("End")
        assert shown.is_disabled("#next")
        assert faults(shown) == []
        shown.select_option("#ask", "number")
        # predictions: one wrong, one right
        asked = shown.evaluate("steps.findIndex((s) => s.question)")
        if asked >= 0:
            shown.evaluate(f"settled.clear(); show({asked})")
            number = shown.locator("#answer")
            if number.count():
                number.fill("12345")
                number.press("Enter")
                assert "Not right" in shown.inner_text("#verdict")
                number.fill(shown.evaluate("shown(values[data.nodes[steps[at].nodes[0]].gradient]"
                                           ".d[steps[at].question.entry])"))  # fmt: skip
                number.press("Enter")
            else:
                right = shown.evaluate("steps[at].question.formula")
                shown.locator("#options button").filter(has_not_text=right).first.click()
                assert shown.inner_text("#verdict").startswith("No:")
                shown.get_by_role("button", name=right, exact=True).click()
            assert shown.inner_text("#asking") == "Right."
        # drags: the cost follows
        before = shown.evaluate("cost()")
        shown.click("#change summary")
        box = shown.locator("#editor input").first
        box.scroll_into_view_if_needed()
        place = box.bounding_box()
        assert place is not None
        x, y = place["x"] + 10, place["y"] + place["height"] / 2
        shown.mouse.move(x, y)
        shown.mouse.down()
        shown.mouse.move(x + 60, y, steps=4)
        shown.mouse.up()
        assert shown.evaluate("cost()") != before
        dragged = shown.evaluate("cost()")
        shown.fill("#rate", "0.01")
        shown.click("#descend")
        assert shown.evaluate("cost()") < dragged
        assert shown.evaluate(_OVERFLOW) == []
        # folds, one layer and all
        count = shown.evaluate("frames.length")
        first = shown.evaluate(_PLACES)
        for k in range(count):
            shown.evaluate(f"el('graph').scrollTo(0, 0); frames[{k}].g.scrollIntoView()")
            shown.locator("g.cluster text").nth(k).click()
            assert shown.evaluate("frames.filter((f) => f.shut).length") == 1
            assert shown.evaluate(_OVERFLOW) == []
            shown.locator("g.cluster").nth(k).focus()
            shown.keyboard.press("Enter")
        if count:
            shown.click("#fold")
            assert shown.evaluate("frames.every((f) => f.shut)")
            assert shown.evaluate(_OVERFLOW) == []
            shown.click("#fold")
        np.testing.assert_allclose(shown.evaluate(_PLACES), first, atol=0.1)


@pytest.mark.parametrize("name", GRAPHS)
def test_it_is_painted_at_once(
    name: str, pages: dict[str, str], browser: Any, tmp_path: pathlib.Path
) -> None:
    with opened(browser, "", tmp_path, SIZES[0]) as shown:
        meter = shown.context.new_cdp_session(shown)
        # of the processor, since the machine may be busy
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        (tmp_path / "page.html").write_text(pages[name], encoding="utf-8")
        shown.reload()
        shown.wait_for_function("performance.getEntriesByName('first-contentful-paint')[0]")
        metrics = meter.send("Performance.getMetrics")["metrics"]
        spent = {metric["name"]: metric["value"] for metric in metrics}
        assert 0 < spent["TaskDuration"] < 0.5
        assert shown.evaluate("steps.length") > 2


_ACTIONS = """() => {
const said = [];
const note = () => said.push([at, el("step").querySelector("h1").textContent,
  el("so-far").rows.length, all("g.node.now").map((g) => g.id)]);
const key = (name) => document.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
note(); key("ArrowRight"); note(); key("ArrowRight"); note(); key("ArrowLeft"); note();
key("End"); note(); key("ArrowRight"); note(); key("b"); note(); key("Home"); note();
el("next").click(); note(); el("last").click(); note(); el("back").click(); note();
el("first").click(); note();
el("slider").value = 5; el("slider").dispatchEvent(new Event("input")); note();
el("n7").dispatchEvent(new MouseEvent("click", { bubbles: true }));
note();
return said;
}"""


def test_stepping(browser: Any, tmp_path: pathlib.Path) -> None:
    with opened(browser, explore(graphs.cost(), ask=False).html, tmp_path) as shown:
        said = shown.evaluate(_ACTIONS)
    assert [step for step, *_ in said] == [0, 1, 2, 1, 26, 26, 12, 0, 1, 26, 25, 0, 5, 2]
    headings = [heading for _, heading, *_ in said]
    assert headings[:4] == ["Given", "Forward: u₁", "Forward: z⁽²⁾", "Forward: u₁"]
    assert headings[6] == "Backward: ∂J/∂J"
    # The gradients of one step after another add to the table; forward, values do.
    assert [rows for _, _, rows, _ in said[:3]] == [6, 7, 8]
    assert [rows for _, _, rows, _ in (said[6], said[4])] == [1, 15]
    assert said[-1] == [2, "Forward: z⁽²⁾", 8, ["n7"]]


_CHANGES = """() => {
const now = (id) => [...values[data.nodes[id].gradient].d], J = () => cost();
const leaf = Object.keys(start).find((id) => data.nodes[id].name === "W⁽²⁾"), said = [];
set(leaf, 1, -0.75); said.push([J(), now(leaf)]);
show(steps.length - 3); said.push(el("so-far").textContent.includes(shown(now(leaf)[0])));
el("descend").click(); said.push([J(), [...leaves[leaf].d]]);
el("reset").click(); said.push([J(), now(leaf)]);
el("leaf").value = leaf; edit();
const box = all("#editor input")[1];
box.value = "-0.75"; box.dispatchEvent(new Event("input")); said.push([J(), now(leaf)]);
return said;
}"""


def test_numbers_follow_what_is_changed(browser: Any, tmp_path: pathlib.Path) -> None:
    with opened(browser, explore(graphs.cost(), ask=False).html, tmp_path) as shown:
        said = shown.evaluate(_CHANGES)
    net = graphs.network()
    first = net.graph(graphs.X, graphs.Y)
    net.W[2] = np.array([[0.5, -0.75, 0.5]])
    nodes = net.graph(graphs.X, graphs.Y)
    names = ("W1", "b1", "W2", "b2", "x", "y")
    slope = gradients(nodes["J"], [nodes[name] for name in names])
    changed = [float(nodes["J"].numpy()), slope[2].ravel()]
    for got in (said[0], said[4]):
        np.testing.assert_allclose(got[0], changed[0], rtol=1e-12)
        np.testing.assert_allclose(got[1], changed[1], rtol=1e-12)
    assert said[1] is True
    for l in (1, 2):
        net.W[l] = net.W[l] - slope[2 * l - 2]
        net.b[l] = net.b[l] - slope[2 * l - 1]
    np.testing.assert_allclose(said[2][0], net.cost(graphs.X, graphs.Y).item(), rtol=1e-12)
    np.testing.assert_allclose(said[2][1], np.ravel(net.W[2]), rtol=1e-12)
    np.testing.assert_allclose(said[3][0], first["J"].item(), rtol=1e-12)


_ANSWERS = """() => {
const said = { right: 0, asked: 0, planted: 0, named: 0, kinds: [] };
const visible = (what) => getComputedStyle(el("step").querySelector(what)).display;
steps.forEach((step, i) => {
  const q = step.question;
  if (!q) return;
  const node = data.nodes[step.nodes[0]], truth = values[node.gradient].d[q.entry];
  said.asked++;
  said.right += judged(shown(truth), q, node).right === true;
  q.wrong.forEach(([slot, kind]) => {
    const x = mistakes()[slot].d[q.entry];
    if (Math.abs(x - truth) <= 0.01 * Math.abs(truth)) return;  // this entry cannot tell
    const { kind: told } = judged(x.toPrecision(4), q, node);
    said.planted++; said.named += told !== undefined;
    if (told && !said.kinds.includes(told)) said.kinds.push(told);
  });
});
show(steps.findIndex((s) => s.question));
said.hidden = [visible(".result"), visible(".why")];
el("hint").click();
said.hint = visible(".why");
el("answer").value = "12345"; el("asking").querySelector("button").click();
said.verdict = el("verdict").textContent;
el("answer").value = shown(values[data.nodes[steps[at].nodes[0]].gradient].d[0]);
el("asking").querySelector("button").click();
said.score = el("score").textContent;
said.shown = visible(".result");
el("ask").value = "formula"; show(at + 1);
said.options = all("#options button").length;
return said;
}"""


def test_wrong_answers_are_told_their_mistake(browser: Any, tmp_path: pathlib.Path) -> None:
    with opened(browser, explore(graphs.cost()).html, tmp_path) as shown:
        said = shown.evaluate(_ANSWERS)
    assert said["right"] == said["asked"] == 14
    assert said["named"] == said["planted"] > 60
    assert {"sign", "f′ missing", "f for f′", "constant factor"} <= set(said["kinds"])
    assert (said["hidden"], said["hint"], said["shown"]) == (["none", "none"], "block", "block")
    assert said["verdict"].startswith("Not right")
    assert said["score"] == "2 of 4 points"  # a hint and a wrong answer
    assert said["options"] == 4


def test_products_open_to_row_and_column(
    pages: dict[str, str], browser: Any, tmp_path: pathlib.Path
) -> None:
    said = {}
    for name, place in (("3-3-1", "td:has-text('2.6') button"), ("64-30-10", "canvas")):
        with opened(browser, pages[name], tmp_path, SIZES[0]) as shown:
            shown.evaluate("show(1)")
            shown.locator(f"#step .result {place}").click()
            said[name] = shown.inner_text(".product")
            assert shown.evaluate(_OVERFLOW) == []
    assert said["3-3-1"] == "row 2 × column 1: 0.4 · 1.5 + 0.4 · 2 + 0.4 · 3 = 2.6"
    assert said["64-30-10"].startswith("row 16 × column 17: ")  # the middle
    assert "… (64 products)" in said["64-30-10"]
    digits = load_digits(seed=0)
    entry = Network([64, 30, 10], seed=0).W[1][15] @ digits.X_train[:, 16]
    got = said["64-30-10"].rpartition("= ")[2].replace("−", "-")
    assert float(got) == pytest.approx(entry, rel=1e-3)


def test_nothing_of_what_is_asked_is_on_the_page(
    pages: dict[str, str], browser: Any, tmp_path: pathlib.Path
) -> None:
    """A sentence with a matrix in it is hidden whole."""
    with opened(browser, pages["3-3-1"], tmp_path) as shown:
        for step in shown.evaluate("steps.flatMap((s, i) => (s.question ? [i] : []))"):
            shown.evaluate(f"show({step})")
            heading = shown.inner_text("#step h1")
            assert shown.inner_text("#step").strip() == heading.strip()


def test_names_do_nothing(browser: Any, tmp_path: pathlib.Path) -> None:
    x = Tensor(2.0, requires_grad=True, name="<img src=x onerror='document.body.id=\"bad\"'>")
    y = Tensor(3.0, requires_grad=True, name="</script><script>document.body.id='bad'</script>")
    J = x * y
    J.name = "<b onclick=1>J"
    with opened(browser, explore(J).html, tmp_path, fragment="2") as shown:
        shown.evaluate("el('ask').value = ''; show(steps.length - 1)")
        assert shown.evaluate("document.body.id") == ""
        assert shown.locator("img, b[onclick]").count() == 0
        assert shown.locator("script").count() == 1
        assert "<img src=x onerror=" in shown.inner_text("#step")


def test_the_widget_is_the_page_in_a_tree_of_its_own(browser: Any, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("anywidget")
    widget = explore(graphs.cost(), ask=False).widget()
    state = {"step": 2, "markup": widget.markup, "height": 500}
    given, text = (json.dumps(part).replace("</", r"<\/") for part in (state, widget._esm))
    harness = f"""<!DOCTYPE html><html lang="en"><title>notebook</title><body id="place">
    <script type="module">
    const state = {given}, heard = {{}};
    const model = {{ get: (k) => state[k], set: (k, v) => {{ state[k] = v; }}, save_changes() {{}},
                     on: (what, f) => {{ heard[what] = f; }} }};
    const text = {text};
    const made = await import(URL.createObjectURL(new Blob([text], {{ type: "text/javascript" }})));
    made.default.render({{ model, el: document.getElementById("place") }});
    const tree = document.querySelector("#place > div").shadowRoot;
    Object.assign(window, {{ state, heard, tree }});
    </script></body>"""
    with opened(browser, harness, tmp_path, size=(1000, 700)) as shown:
        shown.wait_for_function("window.tree")
        heading = "tree.querySelector('#step h1').textContent"
        assert shown.evaluate(heading) == "Forward: z⁽²⁾"
        shown.locator("#next").click()
        assert shown.evaluate("state.step") == 3
        shown.evaluate("state.step = 0; heard['change:step']()")
        assert shown.evaluate(heading) == "Given"
        assert shown.evaluate("state.values['W⁽²⁾']") == [0.5, 0.5, 0.5]
        shown.click("#change summary")
        shown.locator("#editor input").first.fill("7")
        assert shown.evaluate("Object.values(state.values).some((some) => some.includes(7))")
        box = shown.locator("#page").bounding_box()
        assert box is not None
        assert box["height"] == 500
        assert faults(shown) == []


@pytest.mark.parametrize("dark", [False, True], ids=["browser light", "browser dark"])
@pytest.mark.parametrize("light", ["true", "false", None], ids=["light", "dark", "no theme"])
def test_in_a_notebook_they_follow_its_theme(
    light: str | None, dark: bool, browser: Any, tmp_path: pathlib.Path
) -> None:
    J = graphs.cost()
    picture = draw(J, gradients=True)._repr_mimebundle_()["text/html"]
    said = f' data-jp-theme-light="{light}"' if light else ""
    notebook = (
        f"<!DOCTYPE html><title>notebook</title><body{said}>{picture}{explore(J)._repr_html_()}"
    )
    with opened(browser, notebook, tmp_path, size=(1000, 700), dark=dark) as shown:
        lines = shown.evaluate("""[...document.querySelectorAll('[fill="#768390"]')].map(
            (text) => getComputedStyle(text).fill)""")
        night = light == "false" if light else dark
        assert set(lines) == {"rgb(145, 152, 161)" if night else "rgb(89, 99, 110)"}
        page = shown.frames[1]
        assert page.evaluate("night") == night
        # steps and answers work where a page has no address of its own
        page.evaluate("show(steps.findIndex((s) => s.question))")
        right = page.evaluate("values[data.nodes[steps[at].nodes[0]].gradient].d[0]")
        page.locator("#answer").fill(str(right))
        page.locator("#answer").press("Enter")
        assert page.inner_text("#asking") == "Right."
