"""Beyond the document: a differential equation whose right side is a network.

From noisy points of one path the network learns u′ = net(u). `jit` makes one program of the method
of Runge and Kutta, ten steps from every point, and of its gradient. At the end the gradient is
taken once more by the adjoint method, which integrates backwards and keeps no steps.
"""

import argparse
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

from autograd_nn import jit, value_and_grad
from autograd_nn.scipy.integrate import odeint


def flow(u, w):
    """Return the velocity at `u`, a network with one hidden layer; it gets u³, as its teacher."""
    return np.tanh(u**3 @ w["W1"] + w["b1"]) @ w["W2"]


def path(w, start, steps, h):
    """Return the points that Runge's and Kutta's method comes through."""
    points = [start]
    for _ in range(steps):
        u = points[-1]
        k1 = flow(u, w)
        k2 = flow(u + h / 2 * k1, w)
        k3 = flow(u + h / 2 * k2, w)
        k4 = flow(u + h * k3, w)
        points.append(u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.stack(points)


def main(passes: int, out: Path) -> None:
    """Learn, compare the two gradients, draw."""
    rng = np.random.default_rng(0)
    teacher = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    times = np.linspace(0, 5, 51)
    truth = odeint(lambda u, t: u**3 @ teacher, np.array([2.0, 0.0]), times)
    seen = np.asarray(truth) + rng.normal(0, 0.02, truth.shape)
    starts, ends = seen[:-10], np.stack([seen[k : k - 10 or None] for k in range(11)])

    w = {
        "W1": rng.normal(0, 0.3, (2, 24)),
        "b1": np.zeros(24),
        "W2": rng.normal(0, 0.3, (24, 2)),
    }

    def cost(w):  # from every point ten steps on
        return np.mean((path(w, starts, 10, times[1]) - ends) ** 2)

    learn = jit(value_and_grad(cost))
    first = {name: np.zeros_like(a) for name, a in w.items()}
    second = {name: np.zeros_like(a) for name, a in w.items()}
    for k in range(1, passes + 1):
        value, slopes = learn(w)
        if k == 1 or k % (max(passes // 3, 1)) == 0:
            print(f"step {k:4}: cost {value:.5f}")
        for name, g in slopes.items():  # Adam
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = 0.99 * second[name] + 0.01 * g**2
            rate = 0.02 * np.sqrt(1 - 0.99**k) / (1 - 0.9**k)
            w[name] = w[name] - rate * first[name] / (np.sqrt(second[name]) + 1e-8)

    few = times[:11]

    def by_adjoint(w):
        u = odeint(lambda u, t: flow(u, w), seen[0], few, rtol=1e-10, atol=1e-10)
        return np.mean((u - seen[:11]) ** 2)

    def by_steps(w):
        return np.mean((path(w, seen[0], 200, few[-1] / 200)[::20] - seen[:11]) ** 2)

    one, two = value_and_grad(by_adjoint)(w)[1], value_and_grad(by_steps)(w)[1]
    apart = max(np.abs(one[name] - two[name]).max() / np.abs(two[name]).max() for name in w)
    print(f"gradient by the adjoint method, and through 200 steps: {apart:.0e} apart")

    fine = np.linspace(0, times[-1], 501)
    learned = np.asarray(path(w, seen[0], 500, fine[1]))
    matplotlib.style.use(Path(__file__).parents[1] / "pictures.mplstyle")
    plot = Figure(figsize=(9, 4))
    plane, over_time = plot.subplots(1, 2)
    grid = np.stack(np.meshgrid(*2 * [np.linspace(-2.2, 2.2, 15)]), axis=-1)
    plane.quiver(*np.moveaxis(grid, -1, 0), *np.moveaxis(np.asarray(flow(grid, w)), -1, 0),
                 color="#999999", angles="xy")  # fmt: skip
    plane.plot(*seen.T, "o", color="#D55E00", markersize=4, label="measured")
    plane.plot(*learned.T, color="#1A80C2", label="learned")
    plane.set(title="The learned field, and a path in it", xlabel="u₁", ylabel="u₂")
    plane.set_ylim(-2.4, 2.9)
    plane.legend(loc="upper left", ncols=2)
    for k, colour in enumerate(["#1A80C2", "#CC8400"]):
        over_time.plot(times, seen[:, k], "o", color=colour, markersize=4, alpha=0.5)
        over_time.plot(fine, learned[:, k], color=colour, label=f"u{'₁₂'[k]}")
    over_time.set(title="From the first point on", xlabel="time")
    over_time.legend()
    out.mkdir(parents=True, exist_ok=True)
    plot.savefig(out / "beyond_neural_ode.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=600)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args()
    main(options.passes, options.out)
