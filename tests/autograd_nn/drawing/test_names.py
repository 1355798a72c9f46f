"""A name is a label and nothing else."""

import json
import pathlib
import re

import numpy as np
import pytest

from autograd_nn import Tensor, draw, explore
from autograd_nn.drawing import style

from .svg import Read

NAMES = [
    "<script>alert(1)</script>",
    '"; x [',
    "a -> b",
    "\\N \\G \\L",
    "C:\\Temp\\",
    "&lt;b&gt; &amp; &#955;",
    "</svg><b>",
    "-->",
    "<b>bold</b>",
    "node",
    "]]>",
    "'single' `tick` ${x}",
    "δ→∞ 中文 🙂",
    "__STEPS__",
    "../../etc/passwd",
]


def _graph(name: str) -> Tensor:
    x = Tensor(2.0, requires_grad=True, name=name)
    J = x * x
    J.name = name
    return J


@pytest.mark.parametrize("name", NAMES)
def test_in_pictures(name: str) -> None:
    read = Read(draw(_graph(name), gradients=True, names={name: Tensor(1.0)}))
    assert sorted(read.texts) == ["n0", "n1"]
    assert read.edges == {"n0->n1": 4}
    shown = " ".join(name.split())
    assert shown in " ".join(" ".join(read.texts["n0"]).split())
    assert not read.tags() & {"script", "b", "image", "foreignObject"}
    own = [x.text for x in read.root.iter("{http://www.w3.org/2000/svg}style")]
    assert own == [style.THEME]


@pytest.mark.parametrize("name", ["\x00", "\x1b[31m", "a\nb", "\ud800", "\u202e"])
def test_control_characters_are_replaced(name: str) -> None:
    read = Read(draw(_graph(name)))
    assert sorted(read.texts) == ["n0", "n1"]
    assert "�" in "".join(read.texts["n0"])


@pytest.mark.parametrize("name", NAMES)
def test_in_pages(name: str) -> None:
    page = explore(_graph(name)).html
    assert page.count("<script") == 1
    assert page.count("</script>") == 1
    assert page.count("</svg>") == 3  # an arrow, the graph, the curve
    data = re.search(r"^const data = (.*);$", page, re.MULTILINE)
    assert data is not None
    assert not set(data[1]) & set("<>&")
    steps = json.loads(data[1])["steps"]
    assert [step["pass"] for step in steps] == ["forward", "forward", "backward", "backward"]
    for step in steps:
        assert not re.search(r"<(script|b|img|/svg)\b", step["html"])


def test_in_file_names(tmp_path: pathlib.Path) -> None:
    path = draw(_graph("../../x")).render(directory=tmp_path, cleanup=True)
    assert [p.name for p in tmp_path.iterdir()] == ["graph.gv.svg"]
    assert pathlib.Path(path).parent == tmp_path


def test_in_the_text_of_the_graph() -> None:
    source = draw(_graph('"; x [')).source
    # One statement a line; a name that ended its string would make more of them.
    assert len([line for line in source.splitlines() if line.strip().startswith("n0 ->")]) == 2


def test_names_of_operations_and_parameters_are_escaped() -> None:
    t = Tensor(np.ones((2, 2)), name="t")
    assert "axis=0" in draw(t.sum(axis=0)).source
    assert Read(draw(t[0:1])).node("getitem [0:1]")
