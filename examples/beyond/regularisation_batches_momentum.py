"""Beyond the document: weight decay, mini-batches and momentum, on its digits.

The document descends on all samples at once. Its author's follow-ups ask what else can be done:
keep the weights small, take a step after every few samples, and let steps gather speed.
"""

import argparse

from autograd_nn import derive
from nets import Network, load_digits, train, verify


def main(passes: int) -> None:
    """Print what each of the three does to the held-out digits."""
    digits = load_digits(seed=0)

    def trained(what: str, **how: object) -> None:
        net = Network([64, 30, 10], seed=0)
        history = train(net, digits.X_train, digits.Y_train, passes, seed=0, progress=False,
                        validation=(digits.X_test, digits.Y_test), **how)  # fmt: skip
        print(f"{what:42} J {history.cost[-1]:.3f}, held out "
              f"{history['validation_cost'][-1]:.3f}, "
              f"{net.accuracy(digits.X_test, digits.y_test):.1%} read rightly")  # fmt: skip

    net = Network([64, 30, 10], seed=0)
    x, y = digits.X_train[:, :32], digits.Y_train[:, :32]
    verify(net, x, y, weight_decay=0.001).raise_if_wrong()
    nodes = net.graph(x, y, weight_decay=0.001)
    print("with (λ/2) Σ w² in the cost:", derive(nodes["J"], nodes["W1"], samples=32).result, "\n")

    trained("the document: all samples, α = 0.25", learning_rate=0.25)
    trained("batches of 32", learning_rate=0.25, batch_size=32)
    trained("… with momentum", learning_rate=0.05, batch_size=32, optimizer="momentum")
    trained("… and weight decay", learning_rate=0.05, batch_size=32, optimizer="momentum",
            weight_decay=0.0005)  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=100)
    main(parser.parse_args().passes)
