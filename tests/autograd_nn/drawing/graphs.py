"""The graphs whose pictures' texts are kept in ``golden/``.

``python -m tests.autograd_nn.drawing.graphs`` writes them again, after an intended change.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import numpy as np

from autograd_nn import Tensor, draw, explore, gradients, jit, verify
from autograd_nn.drawing import Drawing
from nets import Network

GOLDEN = pathlib.Path(__file__).parent / "golden"


def network() -> Network:
    """Return the document's network of section 3."""
    net = Network([3, 3, 1], seed=0)
    net.W[1] = np.array([[0.2] * 3, [0.4] * 3, [0.6] * 3])
    net.W[2] = np.array([[0.5] * 3])
    net.b[1] = np.full((3, 1), 0.8)
    net.b[2] = np.full((1, 1), 0.2)
    return net


X = np.array([1.5, 2.0, 3.0])
Y = np.array([1.0])


def cost() -> Tensor:
    """Return its cost."""
    return network().cost(X, Y)


def square() -> Tensor:
    """Return x·x."""
    x = Tensor(3.0, requires_grad=True, name="x")
    y = x * x
    y.name = "J"
    return y


def chain(length: int) -> Tensor:
    """Return a long chain of two operations."""
    x = Tensor(0.5, requires_grad=True, name="x")
    y = x
    for _ in range(length):
        y = (y * 1.5).tanh()
    return y


def recorded_gradients() -> list[Tensor]:
    """Return ∂J/∂W⁽¹⁾ of the document's network, recorded."""
    nodes = network().graph(X, Y)
    found: list[Tensor] = gradients(nodes["J"], [nodes["W1"]], create_graph=True)
    return found


def report() -> object:
    """Return the report on a set of formulas of which that of δ⁽²⁾ lacks f′."""
    claims = {
        "delta3": lambda y, h3, z3, f_prime: -(y - h3) * f_prime(z3),
        "dW2": lambda delta3, h2: delta3 @ h2.T,
        "delta2": lambda W2, delta3: W2.T @ delta3,
        "dW1": lambda delta2, x: delta2 @ x.T,
    }
    return verify(cost(), claims)


def strange() -> Tensor:
    """Return a graph whose names are what names are not."""
    a = Tensor([1.0], requires_grad=True, name="<script>alert(1)</script>")
    b = Tensor([2.0], name='"; x [')
    c = a + b
    c.name = "\\N & <b>\x07"
    return c


def weighted(w: Tensor, x: Tensor) -> Tensor:
    """Return a function's value."""
    total: Tensor = np.sum(np.tanh(w @ x))
    return total


PICTURES: dict[str, Callable[[], Drawing]] = {
    "cost": lambda: draw(cost()),
    "cost-values": lambda: draw(cost(), values=True, direction="LR"),
    "cost-gradients": lambda: draw(cost(), gradients=True, values=True),
    "cost-layers": lambda: draw(cost(), collapse="layers"),
    "square": lambda: draw(square(), gradients=True),
    "folded": lambda: draw(chain(100)),
    "backward": lambda: draw(recorded_gradients()),
    "report": lambda: draw(report()),
    "strange": lambda: draw(strange()),
    "function": lambda: draw(weighted, np.ones((2, 3)), np.ones(3)),
    "program": lambda: draw(jit(weighted).lower(np.ones((2, 3)), np.ones(3))),
    "network": lambda: network().draw(),
    "network-weights": lambda: network().draw(weights=True),
    "network-deltas": lambda: network().draw(X, Y),
    "network-sum": lambda: Network([2, 2, 2], seed=0).draw([1, 2], [0, 1], node=(2, 1)),
    "network-large": lambda: Network([64, 30, 10], seed=0).draw(),
}
"""Name of the file → its picture."""


def pages() -> str:
    """Return the page that steps through the document's cost."""
    return explore(cost()).html


def write() -> None:
    """Write all texts."""
    GOLDEN.mkdir(exist_ok=True)
    for name, make in PICTURES.items():
        (GOLDEN / f"{name}.gv").write_text(make().source, encoding="utf-8")


if __name__ == "__main__":
    write()
