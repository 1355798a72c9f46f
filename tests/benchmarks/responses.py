"""How long one waits for answers: pictures, checks, derivations and proofs.

``python -m tests.benchmarks.responses`` prints the processor's time of each, the best of some
runs, beside what is aimed at.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from tabulate import tabulate

from autograd_nn import Tensor, derive, draw, prove
from nets import Network, formulas, verify
from tests.autograd_nn.derivation.networks import network
from tests.autograd_nn.derivation.verify.planted import document_formulas

FRESH = """
import time
from autograd_nn import draw
from nets import Network
draw(Network([3, 3, 1], seed=0).cost([1.5, 2, 3], [1])).pipe()
print(time.process_time())
"""


def best(call: Callable[[], Any], times: int = 5) -> float:
    """Return the least processor time of `times` calls, in seconds."""
    found = []
    for _ in range(times):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def first_picture() -> float:
    """Return the processor time of a process that draws one picture."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    return float(done.stdout)


def large_graph() -> Tensor:
    """Return a graph of 10,000 operations without repeated blocks."""
    rng = np.random.default_rng(0)
    nodes = [Tensor(1.0, requires_grad=True, name=f"x{i}") for i in range(10)]
    operations: list[Callable[[Any, Any], Any]] = [np.add, np.subtract, np.maximum, np.minimum]
    for _ in range(10_000):
        i = int(rng.integers(max(0, len(nodes) - 30), len(nodes)))
        nodes.append(operations[int(rng.integers(4))](nodes[i], nodes[-1]))
    return nodes[-1]


def main() -> None:
    """Measure and print."""
    small = Network([3, 3, 1], seed=0).cost([1.5, 2, 3], [1])
    large = large_graph()
    rng = np.random.default_rng(0)
    net = Network([64, 30, 10], seed=0)
    x, y = rng.normal(size=(64, 32)), rng.random((10, 32))
    by_hand = best(lambda: [formulas.backpropagation(net.W, net.b, x, y) for _ in range(100)], 9)
    checked = best(lambda: [verify(net, x, y) for _ in range(100)], 5)
    J, named = network([3, 3, 1], 1)
    rows = [
        ["first picture, fresh process", f"{first_picture():.2f} s", "1 s"],
        ["a later picture", f"{1e3 * best(lambda: draw(small).pipe()):.0f} ms", "20 ms"],
        [
            "text of a graph of 10,000 nodes",
            f"{best(lambda: draw(large, limit=None).source, 3):.2f} s",
            "1 s",
        ],
        ["nets.verify / backpropagation by hand", f"{checked / by_hand:.0f}", "20"],
        ["derive [3, 3, 1]", f"{best(lambda: str(derive(J, named['W1'])), 1):.2f} s", "5 s"],
        [
            "prove [3, 3, 1]",
            f"{best(lambda: prove(J, document_formulas(3), samples=1), 1):.2f} s",
            "5 s",
        ],
    ]
    print(tabulate(rows, ["what", "processor time", "aim, less than"], disable_numparse=True))


if __name__ == "__main__":
    main()
