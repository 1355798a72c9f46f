"""The form of a program that is read."""

from __future__ import annotations

from autograd_nn import jit

from .steps import RNG, A


def test_readable_form_of_the_training_step() -> None:
    from nets import Network
    from nets.steps import training_step

    net = Network([3, 4, 2], seed=0)
    text = jit(training_step(net)).lower(net.parameters(), A, RNG.random((2, 3)), 0.25).readable
    body = text[text.index("    # forward") :]
    assert body == GOLDEN


GOLDEN = """\
    # forward
    z2 = W1 @ x + b1                                 # (4, 3)
    h2 = sigmoid(z2)                                 # (4, 3)
    z3 = W2 @ h2 + b2                                # (2, 3)
    h3 = sigmoid(z3)                                 # (2, 3)
    t1 = h3 - y                                      # (2, 3)
    J = np.sum(np.square(t1)) / 6.0
    # backward
    delta3 = t1 * (h3 * (1 - h3))                    # (2, 3)
    db2 = np.sum(delta3, axis=1, keepdims=True) / 3  # (2, 1)
    dW2 = (delta3 @ h2.T) / 3                        # (2, 4)
    delta2 = (W2.T @ delta3) * (h2 * (1 - h2))       # (4, 3)
    db1 = np.sum(delta2, axis=1, keepdims=True) / 3  # (4, 1)
    dW1 = (delta2 @ x.T) / 3                         # (4, 3)
    # results
    new_W1 = W1 - alpha * dW1                        # (4, 3)
    new_b1 = b1 - alpha * db1                        # (4, 1)
    new_W2 = W2 - alpha * dW2                        # (2, 4)
    new_b2 = b2 - alpha * db2                        # (2, 1)
    return {"W1": new_W1, "b1": new_b1, "W2": new_W2, "b2": new_b2}, J
"""
