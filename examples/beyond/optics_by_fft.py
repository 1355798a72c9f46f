"""Beyond the document: a hologram by gradient descent through Fourier transforms.

A lens turns the light behind a mask into its Fourier transform. The mask may only delay light:
field e^{iφ}, |field| = 1. Which delays φ make a wanted picture? The cost is a real number, the way
to it complex; its gradient is compared with a difference quotient and used to descend. Beside it
runs the algorithm of Gerchberg and Saxton, which goes to and fro between mask and picture.
"""

import argparse
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from autograd_nn import grad, jit, value_and_grad


def brightness(phase):
    """Return the picture behind the lens: its pixels add up to 1."""
    light = np.fft.fft2(np.exp(1j * phase), norm="ortho")
    return np.real(light * np.conj(light)) / phase.size


def main(passes: int, out: Path) -> None:
    """Find the mask, draw it."""
    digit = np.kron(load_digits().images[3], np.ones((5, 5)))
    wanted = np.pad(digit, 12)
    wanted /= wanted.sum()

    def cost(phase):
        return np.sum((np.sqrt(brightness(phase) + 1e-12) - np.sqrt(wanted)) ** 2)

    start = np.random.default_rng(0).uniform(0, 2 * np.pi, wanted.shape)
    way = np.random.default_rng(1).normal(size=start.shape)
    slope, h = np.sum(grad(cost)(start) * way), 1e-5
    quotient = (cost(start + h * way) - cost(start - h * way)) / (2 * h)
    print(f"slope along a random way: {slope:.8f}, by differences {quotient:.8f}")

    descend = jit(value_and_grad(cost))
    phase, speed, costs = start, np.zeros_like(start), []
    for _ in range(passes):
        value, slopes = descend(phase)
        costs.append(value)
        speed = 0.9 * speed - 0.3 * start.size * slopes
        phase = phase + speed
    theirs, other = [], start
    for _ in range(passes):
        theirs.append(cost(other))
        light = np.fft.fft2(np.exp(1j * other))
        other = np.angle(np.fft.ifft2(np.sqrt(wanted) * np.exp(1j * np.angle(light))))
    print(f"cost {costs[0]:.4f}, then {costs[-1]:.4f}; Gerchberg and Saxton {theirs[-1]:.4f}")

    matplotlib.style.use(Path(__file__).parents[1] / "pictures.mplstyle")
    plot = Figure(figsize=(9, 3.2))
    mask, picture, curve = plot.subplots(1, 3)
    mask.imshow(phase % (2 * np.pi), cmap="twilight")
    mask.set_title("The mask: delays φ")
    picture.imshow(np.asarray(brightness(phase)), cmap="inferno", vmax=wanted.max())
    picture.set_title("The picture behind the lens")
    curve.semilogy(costs, color="#1A80C2", label="gradient descent")
    curve.semilogy(theirs, color="#CC8400", label="Gerchberg–Saxton")
    curve.set(title="The cost", xlabel="step")
    curve.legend()
    for axes in (mask, picture):
        axes.set_axis_off()
    out.mkdir(parents=True, exist_ok=True)
    plot.savefig(out / "beyond_optics_by_fft.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the picture")
    options = parser.parse_args()
    main(options.passes, options.out)
