# %% [markdown]
"""
# 3.3 A more efficient implementation

The document times its loops: 40 µs for a network of 3 layers, 70 µs for 4, and says that they
are too slow for layers of hundreds of nodes.

You will see, measured on your machine: the loops, the same in NumPy's matrix
products (section 3.4), the recorded graph, and a program that `jit` writes from the graph.
"""

# %%
import numpy as np
from lesson import BLUE, GREEN, ORANGE, RED, Lesson, figure, seconds, table
from matplotlib.ticker import EngFormatter

from autograd_nn import jit, sigmoid
from nets import Network, formulas, looped_feed_forward

lesson = Lesson(__doc__, largest=500)


def ways(net, x):
    """Return the four ways to feed `x` forward, as functions of no arguments."""
    w, b = list(net.W.values()), list(net.b.values())
    column, W, biases = x[:, np.newaxis], dict(net.W), dict(net.b)

    def output(x, W, b):
        for l in W:
            x = sigmoid(W[l] @ x + b[l])
        return x

    program = jit(output)
    return {
        "loops": lambda: looped_feed_forward(net.n_layers, x, w, b),
        "NumPy": lambda: formulas.feed_forward(W, biases, column)[1][net.n_layers][:, 0],
        "graph": lambda: net.feed_forward(x),
        "program": lambda: program(column, W, biases)[:, 0],
    }


# %% [markdown]
# First the document's own sizes, then layers of 10 to 500 nodes, 3 and 4 of them. Every way is
# checked against the loops before it is timed.

# %%
structures = [[3, 3, 1], [3, 3, 3, 1]]
sizes = [n for n in (10, 20, 50, 100, 200, 500) if n <= lesson.largest]
structures += [[n] * layers for layers in (3, 4) for n in sizes]
rng = np.random.default_rng(0)
times = {}
for structure in structures:
    net = Network(structure, seed=0)
    calls = ways(net, rng.normal(size=structure[0]))
    expected = calls["loops"]()
    for call in calls.values():
        np.testing.assert_allclose(call(), expected, rtol=1e-10)
    times[tuple(structure)] = {name: seconds(call) for name, call in calls.items()}

rows = []
for structure, row in times.items():
    microseconds = [f"{t * 1e6:.3g}" if t < 1e-3 else f"{t * 1e6:.0f}" for t in row.values()]
    ratio = f"{row['loops'] / row['NumPy']:.3g}"
    rows.append(("-".join(map(str, structure)), *microseconds, ratio))
lesson.tell(table(rows, ["µs for", "loops", "NumPy", "graph", "program", "loops / NumPy"]))

# %%
plot, axes = figure(1, 2, size=(8, 4.2), sharey=True)
plot.suptitle("One feed-forward pass: how long it takes")
for ax, layers in zip(axes, (3, 4), strict=True):
    for name, colour, marker in zip(
        ("loops", "graph", "NumPy", "program"), (RED, ORANGE, BLUE, GREEN), "oDs^", strict=True
    ):
        values = [times[(n,) * layers][name] for n in sizes]
        ax.loglog(sizes, values, marker=marker, color=colour, label=name)
    ax.set(xlabel="nodes in each layer", title=f"{layers} layers", xticks=sizes)
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.yaxis.set_major_formatter(EngFormatter("s"))
    ax.minorticks_off()
    ax.grid()
axes[0].legend()
lesson.show(plot, "3_3_times")
