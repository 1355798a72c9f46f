"""Beyond the document: a hidden Markov model; what its states were is a gradient.

The forward algorithm adds up the probability of the observations over all paths of hidden states,
a `scan` over time. The derivative of log p by the logarithm of an emission's probability is the
probability that the state was there at that time: the backward pass is the backward algorithm.
"""

import argparse
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

from autograd_nn import grad, jit, log_softmax, logsumexp, scan, value_and_grad


def log_likelihood(emitted, moves, first):
    """Return log p from logarithms: of emissions (T, k), of moves (k, k), of the first state."""

    def step(alpha, e):
        alpha = logsumexp(alpha[:, None] + moves, axis=0) + e
        return alpha, alpha

    alpha, _ = scan(step, first + emitted[0], emitted[1:])
    return logsumexp(alpha)


def forward_backward(emitted, moves, first):
    """Return the states' probabilities as the textbook has it, two recursions by hand."""
    e, A = np.exp(emitted), np.exp(moves)
    a, b = np.empty_like(e), np.ones_like(e)
    for t in range(len(e)):
        a[t] = (np.exp(first) if t == 0 else a[t - 1] @ A) * e[t]
        a[t] /= a[t].sum()
    for t in range(len(e) - 2, -1, -1):
        b[t] = A @ (e[t + 1] * b[t + 1])
        b[t] /= b[t].sum()
    return a * b / (a * b).sum(axis=1, keepdims=True)


def main(passes: int, out: Path) -> None:
    """Draw a sequence, learn the model from it, say what the states were."""
    rng = np.random.default_rng(0)
    stay, levels, T = np.array([0.97, 0.95, 0.93]), np.array([-1.0, 0.5, 2.0]), 300
    truth = [0]
    for _ in range(T - 1):
        others = [s for s in range(3) if s != truth[-1]]
        truth.append(truth[-1] if rng.random() < stay[truth[-1]] else int(rng.choice(others)))
    seen = levels[truth] + rng.normal(0, 0.6, T)

    def logs(w):  # any numbers w make a model
        emitted = -0.5 * ((seen[:, None] - w["levels"]) / np.exp(w["noise"])) ** 2 - w["noise"]
        return (
            emitted - 0.5 * np.log(2 * np.pi),
            log_softmax(w["moves"], axis=1),
            np.full(3, -np.log(3)),
        )

    w = {"moves": 2 * np.eye(3), "levels": np.array([-0.5, 0.0, 0.5]), "noise": np.zeros(())}
    climb = jit(value_and_grad(lambda w: log_likelihood(*logs(w)) / T))
    steps = {name: np.zeros_like(a) for name, a in w.items()}
    for k in range(passes):
        value, slopes = climb(w)
        if k % (max(passes // 3, 1)) == 0:
            print(f"step {k:3}: log p of an observation {value:.4f}")
        for name, slope in slopes.items():
            steps[name] = 0.9 * steps[name] + 0.1 * slope
            w[name] = w[name] + steps[name]
    emitted, moves, first = jit(logs)(w)
    states = grad(log_likelihood)(emitted, moves, first)
    apart = np.abs(states - forward_backward(emitted, moves, first)).max()
    print(f"levels {np.sort(w['levels']).round(2)}, by which the data were drawn: {levels}")
    print(f"largest difference from the forward-backward algorithm by hand: {apart:.0e}")
    states = states[:, np.argsort(w["levels"])]
    right = (states.argmax(axis=1) == truth).mean()
    print(f"{right:.0%} of the states are told rightly")

    matplotlib.style.use(Path(__file__).parents[1] / "pictures.mplstyle")
    plot = Figure(figsize=(8, 5))
    above, below = plot.subplots(2, 1, sharex=True)
    above.plot(seen, ".", color="#777777", label="observed")
    above.step(range(T), levels[truth], where="mid", color="#D55E00", label="the hidden level")
    above.set(title="What is observed, and the hidden level behind it", ylim=(-4, 5))
    above.legend(loc="upper right", ncols=2)
    below.stackplot(range(T), states.T, colors=["#1A80C2", "#CC8400", "#009E73"],
                    labels=["low", "middle", "high"])  # fmt: skip
    below.set(xlabel="time", ylabel="probability", ylim=(0, 1), xlim=(0, T - 1))
    below.set_title("The probability of each state: ∂ log p / ∂ log emission")
    plot.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    out.mkdir(parents=True, exist_ok=True)
    plot.savefig(out / "beyond_hidden_markov_model.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args()
    main(options.passes, options.out)
