"""An exercise sheet: fill in the formulas of backpropagation, and have them graded.

The network has layers of 4, 3 and 2 nodes with the sigmoid f, and 5 samples, a column each. Its
cost is the mean over the samples of ½‖y − h^(3)‖². δ^(l) = ∂J_k/∂z_k^(l) is of one sample k a
column and not divided by m.

Replace every ``...`` by your formula and run ``python examples/exercise_sheet.py``. Parameters are
the names of what a formula uses; change them as you need. There are:

    x, y               inputs (4, 5) and targets (2, 5)
    W1, b1, W2, b2     weights (3, 4), (2, 3) and biases (3, 1), (2, 1)
    z2, h2, z3, h3     weighted inputs and outputs of layers 2 (3, 5) and 3 (2, 5)
    delta3, delta2     what your own formulas for them give
    m, f, f_prime      the number of samples; the sigmoid and its derivative

``python examples/exercise_sheet.py --solution`` grades a solution with one mistake in it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from nets import Network, verify


class Exercises:
    """Sections 4.5 to 4.8; section numbers are those of the document."""

    @staticmethod
    def delta3(y: Any, h3: Any) -> Any:
        """4.5: δ of the output layer."""
        return ...

    @staticmethod
    def dW2(delta3: Any, h2: Any) -> Any:
        """4.5, 4.8: the gradient of the weights before the output layer."""
        return ...

    @staticmethod
    def db2(delta3: Any) -> Any:
        """4.6, 4.8: the gradient of their biases."""
        return ...

    @staticmethod
    def delta2(W2: Any, delta3: Any) -> Any:
        """4.6, 4.7: δ of the hidden layer."""
        return ...

    @staticmethod
    def dW1(delta2: Any, x: Any) -> Any:
        """4.7, 4.8: the gradient of the first weights."""
        return ...

    @staticmethod
    def db1(delta2: Any) -> Any:
        """4.8: the gradient of the first biases."""
        return ...


class Solution:
    """What a learner may have filled in: one formula is wrong, and two inherit its error."""

    @staticmethod
    def delta3(y: Any, h3: Any) -> Any:
        """4.5."""
        return -(y - h3) * h3 * (1 - h3)

    @staticmethod
    def dW2(delta3: Any, h2: Any, m: Any) -> Any:
        """4.5, 4.8."""
        return delta3 @ h2.T / m

    @staticmethod
    def db2(delta3: Any) -> Any:
        """4.6, 4.8."""
        return np.mean(delta3, axis=1, keepdims=True)

    @staticmethod
    def delta2(W2: Any, delta3: Any, h2: Any, f_prime: Any) -> Any:
        """4.6, 4.7."""
        return (W2.T @ delta3) * f_prime(h2)

    @staticmethod
    def dW1(delta2: Any, x: Any, m: Any) -> Any:
        """4.7, 4.8."""
        return delta2 @ x.T / m

    @staticmethod
    def db1(delta2: Any) -> Any:
        """4.8."""
        return np.mean(delta2, axis=1, keepdims=True)


def main() -> None:
    """Grade the sheet."""
    sheet = Solution if "--solution" in sys.argv[1:] else Exercises
    rng = np.random.default_rng(0)
    net = Network([4, 3, 2], seed=0)
    report = verify(net, rng.normal(size=(4, 5)), rng.random((2, 5)), sheet)
    right = len(report.lines) - len(report.failures)
    print(f"{right} of {len(report.lines)} formulas are right in themselves\n")
    print(report)


if __name__ == "__main__":
    main()
