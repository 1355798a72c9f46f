"""The pictures of the README: every kind of picture, drawn of the document's small networks.

``python examples/pictures.py [--out FOLDER]`` writes them as SVG files, by default into the current
folder. ``make_gallery.py`` keeps them in the folder ``pictures`` beside this file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from autograd_nn import Tensor, draw, gradients, sigmoid, verify
from autograd_nn.drawing import Drawing
from nets import Network

X, Y = np.array([1.5, 2.0, 3.0]), np.array([1.0])


def document_network() -> Network:
    """Return the network of section 3, with its weights."""
    net = Network([3, 3, 1])
    net.W[1] = np.array([[0.2] * 3, [0.4] * 3, [0.6] * 3])
    net.W[2] = np.array([[0.5] * 3])
    net.b[1] = np.full((3, 1), 0.8)
    net.b[2] = np.full((1, 1), 0.2)
    return net


def node() -> Drawing:
    """Draw one node (section 2.2) with its values and gradients."""
    x = Tensor(2.0, name="x")
    w = Tensor(0.5, requires_grad=True, name="w")
    b = Tensor(-0.4, requires_grad=True, name="b")
    z = x * w + b
    h = sigmoid(z)
    z.name, h.name = "z", "h"
    return draw(h, gradients=True, values=True, direction="LR")


def cost() -> Drawing:
    """Draw the cost of one sample (section 4.2)."""
    return draw(document_network().cost(X, Y), caption="The cost of one sample")


def backward_flow() -> Drawing:
    """Draw what flows back through it, beside what flows forward (sections 4.5, 4.6)."""
    return draw(
        document_network().cost(X, Y),
        gradients=True,
        values=True,
        caption="Values forward, gradients back",
    )


def recorded_backward() -> Drawing:
    """Draw the backward pass itself: it is a graph like any other."""
    nodes = document_network().graph(X, Y)
    found = gradients(nodes["J"], [nodes["W1"]], create_graph=True)
    return draw(found, caption="The backward pass, recorded")


def judged() -> Drawing:
    """Draw a report: the formula of δ⁽²⁾ lacks the factor f′, what follows inherits the error."""
    claims = {
        "delta3": lambda y, h3, z3, f_prime: -(y - h3) * f_prime(z3),
        "dW2": lambda delta3, h2: delta3 @ h2.T,
        "db2": lambda delta3: delta3,
        "delta2": lambda W2, delta3: W2.T @ delta3,
        "dW1": lambda delta2, x: delta2 @ x.T,
        "db1": lambda delta2: delta2,
    }
    report = verify(document_network().cost(X, Y), claims)
    return draw(report, caption="A report: in δ⁽²⁾ f′ was forgotten")


def folded() -> Drawing:
    """Draw a network of fifteen layers, of which thirteen are alike."""
    net = Network([5] * 14 + [2], seed=0)
    return draw(net.cost(np.ones(5), np.ones(2)), caption="Fifteen layers, thirteen of them alike")


def layers() -> Drawing:
    """Draw the network in layers (figure 10), weights by thickness, with numbers."""
    return document_network().draw(weights=True, caption="A network and its weights")


def large_layers() -> Drawing:
    """Draw the network for the digits, its layers abbreviated."""
    return Network([64, 30, 10], seed=0).draw(most=6, caption="The network that reads digits")


def deltas() -> Drawing:
    """Draw how δ is communicated back along the weights (figure 11)."""
    return document_network().draw(X, Y, caption="How δ is passed back")


def sum_of_deltas() -> Drawing:
    """Draw what one hidden node receives from three outputs (figure 12)."""
    net = Network([3, 3, 3], seed=1)
    return net.draw(
        X, [1.0, 0.0, 0.0], node=(2, 1), caption="What one node gets back from three outputs"
    )


PICTURES: dict[str, Callable[[], Drawing]] = {
    "node": node,
    "cost": cost,
    "backward-flow": backward_flow,
    "recorded-backward": recorded_backward,
    "judged": judged,
    "folded": folded,
    "layers": layers,
    "large-layers": large_layers,
    "deltas": deltas,
    "sum-of-deltas": sum_of_deltas,
}
"""Name of the file → what draws it."""


def main() -> None:
    """Write every picture."""
    parser = argparse.ArgumentParser(description="Write the pictures of the README.")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the pictures")
    target = parser.parse_args().out
    target.mkdir(parents=True, exist_ok=True)
    for name, make in PICTURES.items():
        path = make().render(outfile=target / f"{name}.svg", cleanup=True)
        print(path)


if __name__ == "__main__":
    main()
