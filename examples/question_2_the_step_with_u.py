"""Question 2 (section 4.5): the step with u = ‖y − h‖ and J = ½u², one line for every operation.

With one output u is |y − h|; with several it is the root of a sum of squares. Either way ∂J/∂u = u
and ∂u/∂h = −(y − h)/u, and in their product u cancels: ∂J/∂h = −(y − h).

Run it: ``python examples/question_2_the_step_with_u.py``.
"""

from __future__ import annotations

import numpy as np

from autograd_nn import Tensor, derive, gradients, verify


def norm_of(residual: Tensor) -> Tensor:
    """Return u = ‖r‖."""
    return np.sqrt(np.sum(np.square(residual)))  # type: ignore[return-value]  # recorded


def main() -> None:
    """Show every step, for one output and for three."""
    for outputs in (1, 3):
        rng = np.random.default_rng(outputs)
        y = Tensor(rng.random(outputs), name="y")
        h = Tensor(rng.random(outputs), name="h")
        residual = y - h
        u = norm_of(residual)
        J = 0.5 * u**2
        residual.name, u.name, J.name = "r", "u", "J"
        print(f"{outputs} output{'s' if outputs > 1 else ''}: r = y − h, u = ‖r‖, J = ½u²\n")
        print(derive(J, h, numbers=True), end="\n\n")
        report = verify(
            J,
            {
                "d_u": lambda u: u,
                "d_r": lambda r, u, d_u: d_u * r / u,
                "d_h": lambda y, h: -(y - h),
            },
        )
        report.raise_if_wrong()
        print(report, end="\n\n")
        assert np.allclose(gradients(J, h)[0], h.data - y.data)
    print("u cancels: ∂J/∂h = u · (−(y − h)/u) = −(y − h), for any number of outputs")


if __name__ == "__main__":
    main()
