"""What `draw` draws."""

import re
import warnings
from typing import Any

import graphviz
import numpy as np
import pytest

from autograd_nn import Tensor, draw, explore, gradients, no_grad, verify
from autograd_nn.core.graph import topological_order
from autograd_nn.drawing import LargeGraphWarning, style
from autograd_nn.drawing.flows import Flows
from autograd_nn.formulas import arrays
from nets import Network

from . import graphs
from .svg import Read


def test_it_is_a_digraph_as_people_know_it() -> None:
    picture = draw(graphs.cost())
    assert isinstance(picture, graphviz.Digraph)
    assert picture.source.startswith("digraph")
    assert picture.format == "svg"


def test_every_use_is_an_arrow() -> None:
    assert Read(draw(graphs.square())).edges == {"n0->n1": 2}
    picture = Read(draw(graphs.square(), gradients=True))
    assert picture.edges == {"n0->n1": 4}  # two forward, two backward
    # The gradient of x·x at 3 is 3 along each use, and 6 together.
    assert picture.texts["n0"] == ["x", "∂J/∂x =", "6"]
    assert picture.texts["n1"] == ["J", "×", "∂J/∂J =", "1"]
    assert [t.text for t in picture.root.findall(".//*[@class='edge']//{*}text")] == ["3", "3"]


def test_names_are_in_the_documents_notation() -> None:
    read = Read(draw(graphs.cost(), gradients=True))
    assert read.texts[read.node("z", "(2)", "δ")][:2] == ["z", "(2)"]
    assert {"h", "(3)"} <= set(read.texts[read.node("sigmoid \xa0 1 × 1")])


@pytest.mark.parametrize("kind", ["input", "parameter", "constant", "operation", "result"])
def test_each_kind_has_a_look_of_its_own(kind: str) -> None:
    looks = {
        name: (a["shape"], a["style"], a.get("peripheries"), a["fillcolor"])
        for name, a in style.KINDS.items()
    }
    shapes = {name: look[:3] for name, look in looks.items()}
    assert [other for other in shapes if shapes[other] == shapes[kind]] == [kind]
    assert [other for other in looks if looks[other][3] == looks[kind][3] and other != "fold"] in (
        [kind],
        [kind, "fold"],
    )
    assert f'fillcolor="{style.KINDS[kind]["fillcolor"]}"' in draw(graphs.cost()).source


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def _contrast(a: str, b: str) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_everything_can_be_read_on_light_and_dark() -> None:
    fills = [look["fillcolor"] for look in (*style.KINDS.values(), *style.MARKS.values())]
    for fill in fills:
        assert _contrast(style.INK, fill) > 7
        assert _contrast(style.FAINT, fill) > 4.5
        assert _contrast(style.BACKWARD_INK, fill) > 4.5
    for mark, ink in style.SIGN_INK.items():
        assert _contrast(ink, style.MARKS[mark]["fillcolor"]) > 4.5
    for page in ("#ffffff", "#0d1117"):
        assert _contrast(style.LINE, page) > 3.5
        assert _contrast(style.BACKWARD, page) > 3.5


def test_an_svg_follows_its_page() -> None:
    svg = draw(graphs.cost(), gradients=True).pipe("svg", encoding="utf-8")
    assert svg.count(style.THEME) == 1
    assert style.THEME not in draw(graphs.cost()).source  # a PDF or PNG has no use for it
    rule = r'scheme: (\w+)\) \{\[fill="(#\w+)"\]\{fill:(#\w+)\}\[stroke="\2"\]\{stroke:\3\}\}'
    rules = re.findall(rule, style.THEME)
    assert len(rules) == style.THEME.count("@media")
    for page, ground in (("light", "#ffffff"), ("dark", "#0d1117")):
        new = {old: colour for asked, old, colour in rules if asked == page}
        assert _contrast(new[style.LINE], ground) > 5.5
        for ink, box in ((style.FLOW_INK, style.FLOW), (style.INK_ON_CHIP, style.CHIP)):
            assert _contrast(new.get(ink, ink), new.get(box, box)) > 6
            assert _contrast(new.get(box, box), ground) < 1.5


def test_the_legend_says_what_occurs() -> None:
    said = "".join(draw(graphs.cost(), gradients=True).source.split("label=")[1])
    for word in ("input", "parameter", "constant", "operation", "result", "value", "gradient"):
        assert f">{word} " in said
    assert "a @ b: the matrix product of a and b" in said
    assert "1, 2 at an arrow" in said
    said = draw(graphs.square()).source
    assert "1, 2 at" not in said
    assert not any(f">{word} " in said for word in ("input", "constant", "gradient", "value"))
    assert "parameter &#160;" not in draw(graphs.square(), legend=False).source
    assert "left out" in draw(graphs.square(), legend=False, caption="left out").source


def test_constants_are_shown_without_how_they_were_worked_out() -> None:
    x = Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    with_constant = x * np.reshape(Tensor(2.0) * Tensor(np.full(6, 3.0)), (2, 3))
    read = Read(draw(with_constant))
    assert read.node("6", "2 × 3")
    assert len(read.texts) == 3
    assert len(Read(draw(with_constant, collapse=False)).texts) == 6
    assert "constant" in draw(with_constant).source


def test_changes_of_shape_are_left_out_but_not_what_flows_through_them() -> None:
    x = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True, name="x")
    J = np.sum(np.reshape(x, (2, 2)) @ [[1.0, 2.0], [3.0, 4.0]])
    read = Read(draw(J, gradients=True))
    assert not [piece for texts in read.texts.values() for piece in texts if "reshape" in piece]
    (id_,) = [id_ for id_, texts in read.texts.items() if "x" in texts]
    assert sum(edge.startswith(f"{id_}->") for edge in read.edges.elements()) == 2
    assert any("reshape" in text for texts in Read(draw(J, collapse=False)).texts.values()
               for text in texts)  # fmt: skip
    lines = draw(J + np.sum(x), gradients=True).source.splitlines()
    through = [line for line in lines if f"{id_} ->" in line and style.FLOW in line]
    assert len(through) == 2  # what comes through each of the two uses of x …
    assert [line.count("<TR>") for line in through] == [2, 2]  # … in one row, as x has
    named: Any = np.reshape(x, (2, 2))
    named.name = "X"
    assert Read(draw(named.sum())).node("X")


def test_a_number_is_written_once() -> None:
    J = graphs.cost()
    source = draw(J, gradients=True).source
    nodes = {node.name: node for node in topological_order([J])}
    for value in gradients(J, [nodes["W2"], nodes["z2"]]):
        for element in value.flat:
            assert source.count(f">{arrays.number(element)}<") <= 2  # z2 and b1 have the same
    shared = Tensor(2.0, requires_grad=True, name="x")
    total = shared * 3 + shared * 4
    labels = draw(total, gradients=True).source.split(style.FLOW)
    assert [">3<" in "".join(labels[1:]), ">4<" in "".join(labels[1:])] == [True, True]


def test_weights_are_parameters_whether_they_are_trained_or_not() -> None:
    W, x = Tensor(np.ones((2, 2)), name="W1"), Tensor(np.ones((2, 1)), name="x")
    colour = style.KINDS["parameter"]["fillcolor"]
    assert draw(W @ x, legend=False).source.count(colour) == 1


def test_order_of_arguments_is_written_where_it_matters() -> None:
    a, b = Tensor(1.0, name="a"), Tensor(2.0, name="b")
    assert "headlabel=<1>" in draw(a - b).source
    assert "headlabel=" not in draw(a + b).source


def test_values_and_shapes_are_switchable() -> None:
    t = Tensor([[1.25, -2.5]], name="t") * Tensor(np.arange(400.0).reshape(2, 200)[:, :2])
    shown = draw(t, values=True).source
    assert "−2.5" in shown
    assert "1 × 2" in shown
    plain = draw(t, shapes=False).source
    assert "−2.5" not in plain
    assert "1 × 2" not in plain.replace("shape (1, 2)", "")


def test_large_arrays_are_summed_up() -> None:
    data = np.linspace(-1, 3, 1000).reshape(20, 50)
    assert "−1 … 3, mean 1" in draw(Tensor(data, name="t") * 1.0, values=True).source
    data[0, 0] = np.nan
    assert "1 of 1000 not finite" in draw(Tensor(data, name="t") * 1.0, values=True).source


def test_what_flows_along_the_edges_adds_up_to_the_gradient() -> None:
    x = Tensor([0.5, -1.0], requires_grad=True, name="x")
    J = np.sum(x * x * np.sin(x) + np.exp(x))
    flows = Flows([J])
    uses = [flows.along[node, i] for node, i in flows.along if node.inputs[i] is x]
    assert len(uses) == 4
    np.testing.assert_allclose(sum(uses), gradients(J, [x])[0], rtol=1e-14)
    np.testing.assert_array_equal(flows.total[x], gradients(J, [x])[0])


def test_a_collapsed_graph_keeps_its_backward_flow() -> None:
    J = graphs.cost()
    nodes = {node.name: node for node in topological_order([J])}
    source = draw(J, gradients=True, collapse="layers").source
    assert source.count('dir="back"') == 2  # J to layer 3, layer 3 to layer 2
    for value in gradients(J, [nodes["h2"], nodes["h3"]]):
        assert arrays.number(value.flat[0]) in source
    x = Tensor(2.0, requires_grad=True, name="h2")
    z = x * x * 3
    z.name = "z3"
    twice = draw(z, gradients=True, collapse="layers", values=True).source
    assert ">12<" in twice  # both uses of x


def test_no_gradient_is_drawn_where_none_flows() -> None:
    x = Tensor(2.0, requires_grad=True, name="x")
    J = np.where(x > 1, x, 0.0) * 3
    read = Read(draw(J, gradients=True))
    assert "gradient" not in "".join(read.texts[read.node(">")])
    inputs = Read(draw(graphs.cost(), gradients=True))
    assert inputs.texts[inputs.node("x")] == ["x", "3 × 1"]


def test_names_are_taken_from_variables() -> None:
    a = Tensor(1.0)
    b = a * 2
    parts = {"first": Tensor(3.0)}
    listed = [b * parts["first"]]
    total = listed[0] + 1
    names = [n for texts in Read(draw(total, names=locals())).texts.values() for n in texts]
    assert {"a", "b", "parts['first']", "listed[0]", "total"} <= set(names)


def test_a_name_of_its_own_comes_before_the_variables() -> None:
    a = Tensor(1.0, name="mine")
    assert "mine" in draw(a * 2, names={"other": a}).source
    assert "other" not in draw(a * 2, names={"other": a}).source


def test_a_function_is_traced_with_the_names_of_its_parameters() -> None:
    def f(params: dict[str, Any], x: Any, power: int) -> Any:
        return np.sum((params["w"] @ x + params["b"]) ** power)

    picture = draw(f, {"w": np.ones((2, 3)), "b": np.zeros(2)}, np.ones(3), 2)
    texts = [piece for pieces in Read(picture).texts.values() for piece in pieces]
    assert {"params['w']", "params['b']", "x", "2 × 3"} <= set(texts)


def test_the_recorded_backward_pass_is_drawn() -> None:
    read = Read(draw(graphs.recorded_gradients()))
    assert read.node("∂J/∂W", "(1)")
    assert read.node("δ", "(2)")
    assert "gradient" in {kind for kind in style.KINDS if style.KINDS[kind]["shape"] == "hexagon"}
    assert 'shape="hexagon"' in draw(graphs.recorded_gradients()).source


def test_layers_are_framed() -> None:
    source = draw(Network([2, 3, 3, 1], seed=0).cost([1, 2], [1])).source
    for caption in ("layer 2", "layer 3", "layer 4", "cost"):
        assert f"label=<{caption}>" in source
    assert "layer 2" not in draw(graphs.cost(), layers=False).source
    assert "subgraph" not in draw(graphs.square()).source


def test_frames_hold_what_belongs_to_them() -> None:
    source = draw(graphs.cost()).source
    first = source[source.index("layer 2") : source.index("layer 3")]
    assert [name in first for name in ("<B>W", "<B>b", "<B>z", "<B>h", "@")] == [True] * 5
    assert first.count("id=") == 5
    assert "<B>x</B>" not in first


def test_layers_can_be_shown_as_one_node() -> None:
    read = Read(draw(graphs.cost(), collapse="layers"))
    assert sorted(piece for texts in read.texts.values() for piece in texts[:1]) == [
        "cost", "layer 2", "layer 3", "x", "y",
    ]  # fmt: skip
    assert sum(read.edges.values()) == 4
    some = Read(draw(graphs.cost(), collapse=["layer 2"]))
    assert some.node("layer 2")
    assert some.node("W", "(2)")


def test_depth_cuts_and_says_so() -> None:
    read = Read(draw(graphs.cost(), depth=2))
    assert len(read.texts) == 4  # J, 0.5, the mean and the sum
    assert "…" in read.texts[read.node("sum axis=0")]


def test_a_huge_graph_is_cut_with_a_warning() -> None:
    rng = np.random.default_rng(0)
    nodes = [Tensor(1.0, name="x")]
    for _ in range(500):
        i, j = rng.integers(0, len(nodes), 2)
        nodes.append(np.maximum(nodes[i], nodes[-1]) if i % 2 else nodes[-1] - nodes[j])
    with pytest.warns(LargeGraphWarning, match=r"100 of \d+ nodes are shown"):
        picture = draw(nodes[-1], limit=100, collapse=False)
    assert picture.source.count('id="n') == 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert draw(nodes[-1], limit=None, collapse=False).source.count('id="n') > 400


def test_a_report_is_drawn_on_the_graph_it_judged() -> None:
    picture = draw(graphs.report())
    read = Read(picture)
    assert "✗ δ⁽²⁾ wrong here" in read.texts[read.node("z", "(2)")]
    assert read.node("cost", "J")  # where nothing is judged
    assert "✓ δ⁽³⁾ right" in read.texts[read.node("z", "(3)")]
    assert "↪ ∂J/∂W⁽¹⁾ inherits an error" in read.texts[read.node("W", "(1)")]
    assert not any("right" in said for said in read.texts[read.node("b", "(1)")])
    assert 'color="#c1121f"' not in picture.source  # the value of z⁽²⁾ is right


def _squares(name: str) -> Tensor:
    """Return the sum of x·x, with a name of its own for x·x."""
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    value = x * x
    value.name = name
    J = value.sum()
    J.name = "J"
    return J


@pytest.mark.parametrize("name", ["dist", "d", "data", "delta", "delta2", "dz", "d_x", "z", "elta"])
def test_a_report_marks_a_value_whatever_it_is_called(name: str) -> None:
    J = _squares(name)
    right = {f"d_{name}": lambda: np.ones(2), "dx": lambda x: 2 * x}
    assert draw(verify(J, {name: lambda x: x * x, **right})).source.count("✓") == 3
    source = draw(verify(J, {name: lambda x: x + x, **right})).source
    assert (source.count("✗"), source.count("✓")) == (1, 2)
    assert source.count('color="#c1121f"') == 1


@pytest.mark.parametrize(
    ("name", "claim"),
    [("z2", "delta2"), ("z_2", "delta_2"), ("z", "delta"), ("z2", "dz2"), ("dist", "ddist")],
)
def test_a_report_marks_the_value_whose_gradient_is_claimed(name: str, claim: str) -> None:
    source = draw(verify(_squares(name), {claim: np.zeros(2)})).source
    (line,) = [line for line in source.splitlines() if "✗" in line]
    assert "multiply" in line or "⊙" in line


def test_only_the_gradient_at_a_weighted_input_is_delta() -> None:
    for picture in (
        draw(_squares("elta3"), gradients=True).source,
        explore(_squares("elta3")).html,
    ):
        assert "∂J/∂elta" in picture
        assert "δ" not in picture


def test_marks_may_be_given() -> None:
    read = Read(draw(graphs.cost(), marks={"W1": "wrong"}))
    assert "✗ wrong here" in read.texts[read.node("W", "(1)")]


def test_drawing_changes_nothing() -> None:
    J = graphs.cost()
    before = draw(J).source
    draw(J, gradients=True, values=True, collapse="layers")
    assert draw(J).source == before
    assert all(node.grad is None for node in J.inputs)


def test_a_tensor_without_a_history_is_drawn() -> None:
    with no_grad():
        lone = Tensor(1.0, name="w") * 2
    assert len(Read(draw(lone)).texts) == 1


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: draw(np.ones(3)), TypeError, "draw needs a Tensor"),
        (lambda: draw([]), TypeError, "empty list"),
        (lambda: draw("J"), TypeError, "got str"),
        (lambda: draw(graphs.square(), 1.0), TypeError, "arguments for a function only"),
        (lambda: draw(lambda x: x), TypeError, "missing a required argument"),
        (lambda: draw(lambda x: 1.0, 2.0), TypeError, "got float"),
        (lambda: draw(graphs.square(), direction="up"), ValueError, "TB, LR, BT, RL"),
        (lambda: draw(graphs.square(), collapse="all"), ValueError, '"layers"'),
        (lambda: draw(graphs.cost(), collapse=["layer 9"]), ValueError, "'layer 2', 'layer 3'"),
        (lambda: draw(graphs.square(), depth=0), ValueError, "depth"),
        (lambda: draw(graphs.square(), marks={"x": "good"}), ValueError, "right, wrong"),
        (lambda: draw(graphs.square(), marks={"y": "right"}), ValueError, "no node"),
        (lambda: draw(graphs.square(), backend="gimp"), ValueError, "backend is one of"),
        (lambda: draw(Tensor([1.0, 2.0], requires_grad=True) * 2, gradients=True), ValueError,
         "one number"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call: Any, error: type[Exception], part: str) -> None:
    with pytest.raises(error, match=part):
        call()
