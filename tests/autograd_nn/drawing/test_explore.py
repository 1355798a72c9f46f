"""The page that steps through a graph."""

import html
import json
import pathlib
import re
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, custom, explore, gradients, sigmoid
from autograd_nn.drawing import GraphvizMissingError
from autograd_nn.drawing.flows import Flows
from autograd_nn.drawing.questions import questions
from autograd_nn.drawing.widget import widget_class
from nets import Network

from . import graphs


def _steps(page: str) -> list[dict[str, Any]]:
    found = re.search(r"const data = (.*);\n", page)
    assert found is not None
    steps: list[dict[str, Any]] = json.loads(found[1])["steps"]
    return steps


def _of(steps: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [step for step in steps if kind == step["pass"]]


def _text(markup: str) -> str:
    """Return the words of HTML, a cell or line after the other."""
    markup = re.sub(r"</?span[^>]*>", "", markup)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Any]]:
    return _steps(explore(graphs.cost()).html)


def _step(steps: list[dict[str, Any]], title: str) -> str:
    (found,) = [s for s in steps if _text(s["html"]).startswith(f"{title} ")]
    return _text(found["html"])


def test_every_node_has_a_step_each_way(steps: list[dict[str, Any]]) -> None:
    forward, backward = _of(steps, "forward"), _of(steps, "backward")
    # What is given, then @, +, σ, @, +, σ, −, ², Σ, mean, ·
    assert len(forward) == 1 + 11
    assert len(backward) == 11 + 4  # and W1, b1, W2, b2
    titles = [_text(s["html"]).split()[1] for s in backward]
    # A parameter's gradient comes as soon as it is complete, beside its layer's δ.
    assert titles[6:] == [
        "δ⁽³⁾", "∂J/∂b⁽²⁾", "∂J/∂u₂", "∂J/∂W⁽²⁾", "∂J/∂h⁽²⁾",
        "δ⁽²⁾", "∂J/∂b⁽¹⁾", "∂J/∂u₁", "∂J/∂W⁽¹⁾",
    ]  # fmt: skip


def test_forward_in_words_and_numbers(steps: list[dict[str, Any]]) -> None:
    said = _step(steps, "Forward: z⁽²⁾")
    assert "z⁽²⁾ is u₁ plus b⁽¹⁾." in said
    assert "z⁽²⁾ = u₁ + b⁽¹⁾ = 1.3 2.6 3.9 + 0.8 0.8 0.8 = 2.1 3.4 4.7" in said
    said = _step(steps, "Forward: u₃")
    assert "u₃ is y minus h⁽³⁾. u₃ = y − h⁽³⁾ = 1 − 0.8355 = 0.1645" in said


def test_backward_in_words_and_numbers(steps: list[dict[str, Any]]) -> None:
    said = _step(steps, "Backward: δ⁽³⁾")
    assert "J depends on z⁽³⁾ through h⁽³⁾ alone" in said
    # −(y − h) f′(z) = −0.16454 · 0.83546 · 0.16454 = −0.02262
    assert "δ⁽³⁾ = ∂J/∂h⁽³⁾ · h⁽³⁾ · (1 − h⁽³⁾)" in said
    assert "= (−0.1645) · 0.8355 · (1 − 0.8355) = −0.02262" in said
    said = _step(steps, "Backward: ∂J/∂h⁽²⁾")
    assert "∂J/∂h⁽²⁾ = (W⁽²⁾)ᵀ ∂J/∂u₂" in said
    assert said.endswith("= −0.01131 −0.01131 −0.01131")


def test_the_chain_rule_sums_term_by_term() -> None:
    said = _step(_steps(explore(graphs.square()).html), "Backward: ∂J/∂x")
    assert "J depends on x through 2 uses" in said
    assert "term 1, through J" in said
    assert "term 2, through J" in said
    assert said.endswith("together ∂J/∂x = 3 + 3 = 6")


def test_the_gradients_are_those_of_the_engine(steps: list[dict[str, Any]]) -> None:
    nodes = graphs.network().graph(graphs.X, graphs.Y)
    known = dict(row for s in _of(steps, "backward") for row in s["results"])
    for name, label in (("W1", "∂J/∂W⁽¹⁾"), ("b2", "∂J/∂b⁽²⁾"), ("z2", "δ⁽²⁾")):
        shown = [float(v.replace("−", "-")) for v in _text(known[label]).split()]
        right = np.ravel(gradients(nodes["J"], [nodes[name]])[0])
        np.testing.assert_allclose(shown, right, rtol=1e-3)


def test_the_edges_of_a_step_lead_to_its_node() -> None:
    page = explore(graphs.cost()).html
    titles = dict(re.findall(r'<g id="(e\d+)" class="edge">\s*<title>(.*?)</title>', page))
    for side, kind in enumerate(("backward", "forward")):
        for step in _of(_steps(page)[1:], kind):
            ends = [html.unescape(titles[edge]).split("->") for edge in step["edges"]]
            assert {end[side] for end in ends} <= {step["nodes"][0]}
            assert ends or step["html"].startswith("<h1><span class='pass'>Backward:</span> ∂J/∂J")


def test_large_arrays_are_summed_up() -> None:
    w = Tensor(np.linspace(0, 1, 400).reshape(20, 20), requires_grad=True, name="W1")
    page = explore((w * w).sum())
    assert "20 × 20: 0 … 1, mean 0.5" in page.html
    assert len(page.html) < 80_000


def test_the_page_needs_nothing_else() -> None:
    page = explore(graphs.cost()).html
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", page))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(link|img|iframe)\b|\ssrc=|@import|url\((?!.?#)", page)


def test_page_is_saved_and_shown(tmp_path: pathlib.Path) -> None:
    page = explore(graphs.square())
    path = page.save(tmp_path / "x.html")
    assert path.read_text(encoding="utf-8") == page.html
    framed = page._repr_html_()
    assert framed.startswith("<iframe srcdoc=")
    assert framed.count("<") == 2


def test_it_is_the_same_every_time() -> None:
    assert explore(graphs.cost()).html == explore(graphs.cost()).html


def test_unnamed_nodes_get_names_that_are_free() -> None:
    a = Tensor(1.0, requires_grad=True, name="u1")
    b = (a * 2).tanh() + a
    titles = [_text(s["html"]).split(" u₂")[0] for s in _steps(explore(b).html)]
    assert "Forward:" in titles
    assert sum("Forward: u₁" in title for title in titles) == 0


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: explore(Tensor([1.0, 2.0], requires_grad=True) * 2), ValueError, "shape"),
        (lambda: explore([graphs.square(), graphs.square()]), ValueError, "2 results"),
        (lambda: explore(graphs.chain(200)), ValueError, "601 nodes"),
        (lambda: explore(3.0), TypeError, "got float"),
    ],
)
def test_bad_input_is_named(call: Any, error: type[Exception], part: str) -> None:
    with pytest.raises(error, match=part):
        call()


def test_nothing_that_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphvizMissingError, match="pip install"):
        explore(graphs.square())


def test_what_has_no_form_in_javascript_stays() -> None:
    A = Tensor(np.eye(2) * 2, requires_grad=True, name="A")
    b = Tensor([1.0, 2.0], requires_grad=True, name="b")
    page = explore((np.linalg.inv(A) @ b).sum()).html
    assert "no JavaScript form: inv" in page
    start = re.search(r"const start = \{(.*)\};", page)
    assert start is not None
    assert start[1].count("array(") == 1


def _digits() -> Tensor:
    rng = np.random.default_rng(0)
    net = Network([64, 30, 10], seed=0)
    return net.cost(rng.uniform(size=(64, 32)), np.eye(10)[rng.integers(0, 10, 32)].T)


def test_pages_are_small() -> None:
    assert len(explore(graphs.cost()).html.encode()) <= 250_000
    assert len(explore(_digits()).html.encode()) <= 600_000


def test_every_step_back_is_asked_about_but_the_first() -> None:
    w = Tensor(0.5, requires_grad=True)
    z = w * 2.0
    J = (1.0 - sigmoid(z)) ** 2
    assert explore(J).html.count('"question"') == 3  # a bare number has no name to ask by
    page = explore(J, names={"w": w, "z": z}).html
    assert page.count('"question"') == page.count('"pass":"backward"') - 1 == 4


def test_the_step_back_through_a_sum_is_asked_about_too() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    page = explore((2 * np.tanh(x)).sum()).html
    assert page.count('"question"') == page.count('"pass":"backward"') - 1 == 3


def test_formulas_call_the_cost_what_the_page_calls_it() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = (np.tanh(x) * 2).sum()
    loss.name = "loss"
    page = explore(loss).html
    assert "∂loss/∂" in page
    assert "∂J/∂" not in page


def test_outer_products_in_mistakes_stay_live() -> None:
    x, W = Tensor([1.0, 2.0], name="x"), Tensor(np.ones((3, 2)), requires_grad=True, name="W")
    page = explore(np.tanh(W @ x).sum()).html
    assert "no JavaScript form" not in page
    assert "∂u₃/∂u₁ xᵀ" in page


def test_a_mistake_is_called_what_it_is() -> None:
    nodes = graphs.network().graph(graphs.X, graphs.Y)
    flows = Flows([nodes["J"]], record=True)
    names = {node: name for name, node in nodes.items()}
    asked = questions(nodes["J"], flows.total, names)[nodes["z3"]]
    made = {wrong.kind: wrong.value.item() for wrong in reversed(asked.wrong)}
    slope = nodes["h3"].item() * (1 - nodes["h3"].item())
    right = flows.total[nodes["z3"]].item()
    np.testing.assert_allclose(made["f′ missing"], right / slope, rtol=1e-12)
    np.testing.assert_allclose(made["f′ twice"], right * slope, rtol=1e-12)
    np.testing.assert_allclose(made["sign"], -right, rtol=1e-12)


def test_complex_numbers_are_shown() -> None:
    z = Tensor([1 - 2j, 3j], requires_grad=True, name="z")
    J = np.sum(np.abs(z * (1 + 1j)) ** 2)
    said = " ".join(_text(step["html"]) for step in _steps(explore(J).html))
    assert "1 + 1i" in said
    assert "28" in said  # |1 − 2i|² = 5 and |3i|² = 9, each times 2


def test_gradients_that_were_recorded_for_these_values_alone_stay() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        return 2 * g * (x.detach() if isinstance(x, Tensor) else x)

    def page(name: str, vjp: Any) -> str:
        square = custom(name, np.square, vjp, elementwise=True, loop="{0} * {0}")
        return explore(square(Tensor(3.0, requires_grad=True, name="x")) * 1.0).html

    fixed = page("square_that_looks", rule)
    assert "recorded for these values alone" in fixed
    assert "const start = {};" in fixed
    assert 'const start = {"n0"' in page("square_plain", lambda g, out, x: 2 * g * x)


def test_the_widget_is_made_of_the_same_source() -> None:
    pytest.importorskip("anywidget")
    page = explore(graphs.cost())
    widget = page.widget(height=500)
    assert page.script in page.html and page.markup in page.html
    assert page.script in widget._esm
    assert (widget.markup, widget.height, widget.step) == (page.markup, 500, 0)


def test_a_widget_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    widget_class.cache_clear()
    with pytest.raises(ImportError, match="pip install anywidget"):
        explore(graphs.square()).widget()
