"""The layered picture (figures 10 to 12)."""

import itertools
import re
from typing import Any

import numpy as np
import pytest

from autograd_nn.drawing import Drawing, style
from nets import Network, formulas
from tests.autograd_nn.drawing import graphs
from tests.autograd_nn.drawing.svg import Read

pytestmark = [pytest.mark.section_2_4, pytest.mark.section_4_6]

_PLACE = re.compile(r'^\t(\w+) \[.*?pos="([-\d.]+),([-\d.]+)!"', re.MULTILINE)


def _places(picture: Drawing) -> dict[str, tuple[float, float]]:
    return {m[1]: (float(m[2]), float(m[3])) for m in _PLACE.finditer(picture.source)}


@pytest.mark.parametrize("structure", [[2, 1], [3, 3, 1], [4, 5, 3, 2], [1, 1, 1]])
def test_figure_10_for_any_structure(structure: list[int]) -> None:
    read = Read(Network(structure, seed=0).draw())
    nodes = [id_ for id_ in read.texts if re.fullmatch(r"l\d+n\d+", id_)]
    biases = [id_ for id_ in nodes if id_.endswith("n0")]
    assert len(nodes) == sum(structure) + len(structure) - 1
    assert biases == [f"l{l}n0" for l in range(1, len(structure))]
    assert all(read.texts[bias] == ["+1"] for bias in biases)
    wanted = sum((a + 1) * b for a, b in itertools.pairwise(structure))
    assert sum(read.edges.values()) == wanted
    assert not any(edge.endswith("n0") for edge in read.edges)  # nothing leads into a bias


def test_nodes_are_named_as_in_the_document() -> None:
    read = Read(graphs.network().draw())
    assert read.texts["l1n2"] == ["x", "2"]
    assert read.texts["l2n3"] == ["h", "3", "(2)"]
    assert read.texts["l3n1"] == ["h", "1", "(3)"]


def test_layers_stand_in_columns_and_nothing_overlaps() -> None:
    for net in (graphs.network(), Network([64, 30, 10], seed=0), Network([2, 4, 4, 3], seed=0)):
        places = _places(net.draw(weights=True))
        circles = {id_: p for id_, p in places.items() if re.fullmatch(r"l\d+n\d+", id_)}
        across = circles["l2n1"][0]
        assert across >= 1.7
        for id_, (x, _) in circles.items():
            assert x == pytest.approx(across * (int(id_[1]) - 1), abs=1e-3)
        for a, b in itertools.combinations(circles.values(), 2):
            assert np.hypot(a[0] - b[0], a[1] - b[1]) > 0.68  # twice the radius
        chips = [p for id_, p in places.items() if "to" in id_]
        for a, b in itertools.combinations(chips, 2):
            assert abs(a[0] - b[0]) > 0.9 or abs(a[1] - b[1]) > 0.2


def test_large_layers_are_abbreviated() -> None:
    read = Read(Network([64, 30, 10], seed=0).draw())
    assert read.texts["l1n64"] == ["x", "64"]
    assert "l1n4" not in read.texts
    assert len([id_ for id_ in read.texts if id_.startswith("l1n")]) == 4 + 1  # and the bias
    assert read.texts["dots1"] == ["⋮"]
    assert "64 nodes" in read.texts["title1"]
    assert "l1n5" not in Read(Network([64, 30, 10], seed=0).draw(most=5)).texts
    assert "l1n8" in Read(Network([8, 3], seed=0).draw()).texts


def test_weights_by_thickness_sign_and_number() -> None:
    net = Network([2, 1], seed=0)
    net.W[1] = np.array([[1.0, -0.5]])
    net.b[1] = np.zeros((1, 1))
    source = net.draw(weights=True).source
    lines = {line.split(" [")[0].strip(): line for line in source.splitlines() if "->" in line}
    assert 'penwidth="3.60"' in lines["l1n1 -> l2n1"]
    assert 'penwidth="2.00"' in lines["l1n2 -> l2n1"]
    assert "dashed" in lines["l1n2 -> l2n1"]
    assert style.BACKWARD in lines["l1n2 -> l2n1"]
    assert "dashed" not in lines["l1n1 -> l2n1"]
    read = Read(net.draw(weights=True))
    assert read.texts["l1n1to1"] == ["w", "11", "(1)", "= 1"]
    assert read.texts["l1n2to1"] == ["w", "12", "(1)", "= −0.5"]
    assert "l1n0to1" not in read.texts  # 0, of which the legend says that it has no number
    net.b[1][0, 0] = 0.25
    assert Read(net.draw(weights=True)).texts["l1n0to1"] == ["b", "1", "(1)", "= 0.25"]
    assert "penwidth" not in net.draw().source


def test_numbers_are_left_out_where_there_is_no_room() -> None:
    read = Read(Network([64, 30, 10], seed=0).draw(weights=True))
    assert not [id_ for id_ in read.texts if "to" in id_]


def test_a_zero_goes_without_a_number_only_where_every_other_line_has_one() -> None:
    said = "a line without a number: 0"
    net = Network([3, 2, 2], seed=0)  # all its biases are zero
    every = net.draw(weights=True)
    assert said in every.source
    assert "l1n0to1" not in Read(every).texts
    one = net.draw(weights=True, node=(2, 1))  # pale lines have no numbers
    wide = Network([3, 2, 30], seed=0).draw(weights=True)  # nor have those of the second layer
    for picture in (one, wide):
        assert said not in picture.source
        assert Read(picture).texts["l1n0to1"][-1].endswith("= 0")


def test_all_weights_zero() -> None:
    net = Network([2, 2], seed=0)
    net.W[1], net.b[1] = np.zeros((2, 2)), np.zeros((2, 1))
    assert 'penwidth="0.40"' in net.draw(weights=True).source


def test_a_samples_values_stand_in_the_nodes() -> None:
    read = Read(graphs.network().draw(graphs.X))
    assert read.texts["l1n1"] == ["x", "1", "1.5"]
    assert [read.texts[f"l2n{j}"][-1] for j in (1, 2, 3)] == ["0.891", "0.968", "0.991"]
    assert read.texts["l3n1"][-1] == "0.835"


@pytest.mark.parametrize("structure", [[3, 3, 1], [3, 3, 3], [3, 2, 4, 2]])
def test_figures_11_and_12(structure: list[int]) -> None:
    net = Network(structure, seed=0)
    y = np.full(structure[-1], 0.3)
    delta = {l: d[:, 0] for l, d in net.deltas(graphs.X, y).items()}
    read = Read(net.draw(graphs.X, y))
    for l in range(2, net.n_layers):
        for j, i in itertools.product(range(structure[l - 1]), range(structure[l])):
            (shown,) = read.texts[f"l{l}n{j + 1}to{i + 1}"]
            right = net.W[l][i, j] * delta[l + 1][i]
            assert float(shown.replace("−", "-")) == pytest.approx(right, rel=6e-3)
    for l, values in delta.items():
        for j, value in enumerate(values, 1):
            assert read.texts[f"l{l}n{j}"][:3] == ["δ", str(j), f"({l})"]
            shown = read.texts[f"l{l}n{j}"][-1]
            assert float(shown.replace("−", "-")) == pytest.approx(value, rel=0.06)


def test_the_sum_of_one_node() -> None:
    net, y = Network([3, 2, 3], seed=1), [1.0, 0.0, 0.0]
    read = Read(net.draw(graphs.X, y, node=(2, 1)))
    said = "".join(read.texts["sum"])
    delta = net.deltas(graphs.X, y)
    z, _ = net.layers(graphs.X)
    slope = formulas.f_prime(z[2].numpy())[0, 0]
    parts = (net.W[2][:, 0] @ delta[3][:, 0], slope, delta[2][0, 0])
    assert parts[0] * parts[1] == pytest.approx(parts[2])
    assert said.count("δ") == 4
    assert f"{slope:.3g}" in said
    assert said.endswith(f"= {delta[2][0, 0]:.3g}".replace("-", "−"))
    chips = [id_ for id_ in read.texts if "to" in id_]
    assert chips == ["l2n1to1", "l2n1to2", "l2n1to3"]


def test_a_node_far_down_is_shown_when_asked_for() -> None:
    read = Read(Network([64, 30, 10], seed=0).draw(np.ones(64), np.eye(10)[0], node=(2, 17)))
    assert read.texts["l2n17"][:2] == ["δ", "17"]
    assert "Σ" in "".join(read.texts["sum"])


def test_drawn_as_every_picture() -> None:
    picture = graphs.network().draw(format="png")
    assert picture.pipe().startswith(b"\x89PNG")
    assert picture.source == graphs.network().draw(format="png").source


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda net: net.draw(y=[1.0]), "needs its sample x"),
        (lambda net: net.draw(np.ones((3, 2))), "2 samples"),
        (lambda net: net.draw(np.ones(4)), "layer 1 has 3 nodes"),
        (lambda net: net.draw(graphs.X, [1.0], node=(3, 1)), "hidden layer"),
        (lambda net: net.draw(graphs.X, [1.0], node=(2, 4)), "hidden layer"),
        (lambda net: net.draw(graphs.X, node=(2, 1)), "needs x and y"),
        (lambda net: net.draw(most=1), "from 3 on"),
    ],
)
def test_bad_input_is_named(call: Any, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        call(graphs.network())
