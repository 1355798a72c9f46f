"""Repeated blocks are shown once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, draw, gradients
from autograd_nn.drawing import folding
from autograd_nn.drawing.folding import folded
from autograd_nn.drawing.view import View, whole
from nets import Network

from . import graphs
from .svg import Read


def _folds(view: View) -> list[Any]:
    def said(group: Any) -> Any:
        inside = [said(inner) for inner in group.groups]
        return (group.label, len(group.nodes), *inside)

    return [said(group) for group in view.folds]


def test_a_chain() -> None:
    view = folded(whole([graphs.chain(100)]))
    assert _folds(view)[0][0] in ("× 99", "× 100")
    assert view.hidden + len(view.nodes) == 301
    assert len(view.nodes) < 8
    loops = [use for use in view.uses if use.loop]
    assert len(loops) == 1


def test_layers_of_a_deep_network() -> None:
    J = Network([5] * 14 + [2], seed=0).cost(np.ones(5), np.ones(2))
    view = folded(whole([J]))
    assert _folds(view) == [("× 13", 5)]  # W, b, @, z, h
    first = {node.name for node in view.folds[0].nodes}
    assert {"W1", "b1", "z2", "h2"} <= first
    assert {view.last[node].name for node in view.folds[0].nodes if node.name} == {
        "W13", "b13", "z14", "h14",
    }  # fmt: skip
    read = Read(draw(J))
    assert read.texts[read.node("W", "(1)")] == ["W", "(1)", "… W", "(13)", "5 × 5"]
    source = draw(J).source
    assert "× 13" in source
    assert source.count('id="n') == 18


def test_a_backward_pass_is_folded_too() -> None:
    nodes = Network([5] * 14 + [2], seed=0).graph(np.ones(5), np.ones(2))
    found = gradients(nodes["J"], [nodes["W1"]], create_graph=True)
    view = folded(whole(found))
    assert [label for label, *_ in _folds(view)] == ["× 13", "× 12", "× 12"]
    assert len(view.nodes) < 50


def test_loops_within_loops() -> None:
    h = Tensor(np.ones(3), requires_grad=True, name="start")
    for _ in range(100):
        for _ in range(4):
            h = (h * 1.5).tanh()
        h = h / h.sum() + 1
    assert _folds(folded(whole([h])))[0] == ("× 99", 4, ("× 4", 3))


def test_what_differs_is_not_folded() -> None:
    x = Tensor(np.ones(3), name="x")
    y = x
    for i in range(30):
        y = (y * float(i)).tanh()  # another number each time
    assert folded(whole([y])).folds == []
    z = x
    for _ in range(30):
        z = np.tanh(np.concatenate([z, x]))  # another shape each time
    assert folded(whole([z])).folds == []


def test_every_edge_of_the_folded_picture_is_one_of_the_graph() -> None:
    J = Network([4] * 10 + [2], seed=0).cost(np.ones(4), np.ones(2))
    view = folded(whole([J]))
    for use in view.uses:
        if not use.loop:
            taken = use.head.inputs[use.argument]
            assert taken is use.tail or taken is view.last[use.tail]
    assert len(set(view.uses)) == len(view.uses)
    shown = set(view.nodes)
    assert all(use.tail in shown and use.head in shown for use in view.uses)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=1, max_size=4))
def test_frames_lie_within_each_other_or_apart(loops: list[tuple[int, int]]) -> None:
    y = Tensor(np.ones(2), requires_grad=True, name="start")
    for times, length in loops * 3:
        for _ in range(times):
            for k in range(length):
                y = y.tanh() if k % 2 else y * 2
        y = y + 1
    view = folded(whole([y]))
    framed = [node for fold in view.folds for node in fold.members()]
    assert len(framed) == len(set(framed))
    assert set(framed) <= set(view.nodes)
    assert view.hidden + len(view.nodes) == len(whole([y]).nodes)
    for group in [group for fold in view.folds for group in fold.all()]:
        assert int(group.label.removeprefix("× ")) >= 3
        members = set(group.members())
        # Something leads from the end of a block back to its beginning.
        assert any(u.loop and u.tail in members and u.head in members for u in view.uses)


def test_small_graphs_are_left_alone_unless_asked() -> None:
    J = graphs.chain(10)
    assert "label=<× " not in draw(J).source
    assert "label=<× " in draw(J, collapse=True).source
    assert "label=<× " not in draw(graphs.chain(60), collapse=False).source


def test_a_graph_of_ten_thousand_nodes_becomes_a_picture() -> None:
    picture = draw(graphs.chain(5000))
    assert "15,001 nodes, repeated blocks shown once" in picture.source
    assert picture.source.count('id="n') < 30
    assert picture.pipe().startswith(b"<?xml")


def test_a_long_graph_without_order_is_looked_through_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []

    class Counted(folding._Sequence):
        def __init__(self, view: View) -> None:
            looks.append(len(view.nodes))
            super().__init__(view)

    monkeypatch.setattr(folding, "_Sequence", Counted)
    J: Any = Tensor(1.0, requires_grad=True)
    for k in np.random.default_rng(0).integers(4, size=30_000):
        J = (np.sin, np.cos, np.tanh, np.arctan)[k](J)
    folded(whole([J]))
    assert len(looks) <= 3
