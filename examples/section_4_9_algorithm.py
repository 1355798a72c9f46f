# %% [markdown]
"""
# 4.9 The final gradient descent algorithm

Only a heading in the document. Start with some weights; then repeat: set the sums to zero; for
every sample feed forward, back-propagate and add; take a step with the mean.

You will see: the algorithm written in three ways, on 200 digits: sample by sample as above, in
matrices, and with the automatic gradient. All three take the same path, up to rounding, and very
different times.
"""

# %%
import copy
from time import perf_counter

import numpy as np
from lesson import BLUE, GREEN, ORANGE, Lesson, figure, table

from nets import Network, formulas, load_digits

lesson = Lesson(__doc__, iterations=50)
digits = load_digits(seed=0)
m, alpha = 200, 0.25
X, Y = digits.X_train[:, :m], digits.Y_train[:, :m]


# %%
def sample_by_sample(net):
    """Take a step as the algorithm says, and return the mean cost before it."""
    cost = 0.0
    sum_W = {l: np.zeros_like(W) for l, W in net.W.items()}
    sum_b = {l: np.zeros_like(b) for l, b in net.b.items()}
    for k in range(m):
        z, h = formulas.feed_forward(net.W, net.b, X[:, k])
        cost += formulas.cost(Y[:, k], h[3])
        delta = {3: formulas.delta_output(Y[:, k], h[3], z[3])}
        delta[2] = formulas.delta_hidden(net.W[2], delta[3], z[2])
        for l in (1, 2):
            sum_W[l] += np.outer(delta[l + 1], h[l])
            sum_b[l][:, 0] += delta[l + 1]
    for l in (1, 2):
        net.W[l] -= alpha * sum_W[l] / m
        net.b[l] -= alpha * sum_b[l] / m
    return cost / m


# %%
def in_matrices(net):
    """Take the same step with all samples at once."""
    z, h = formulas.feed_forward(net.W, net.b, X)
    delta = {3: -(Y - h[3]) * formulas.f_prime(z[3])}
    delta[2] = (net.W[2].T @ delta[3]) * formulas.f_prime(z[2])
    for l in (1, 2):
        net.W[l] -= alpha * (delta[l + 1] @ h[l].T) / m
        net.b[l] -= alpha * delta[l + 1].mean(axis=1, keepdims=True)
    return formulas.cost(Y, h[3])


# %%
def automatic(net):
    """Take the same step without a formula for the gradient."""
    cost = net.cost(X, Y)
    for name, gradient in net.gradients(X, Y).items():
        net.parameters()[name][...] -= alpha * gradient
    return cost.item()


# %%
start = Network([64, 30, 10], seed=0)
costs, times, ends = {}, {}, {}
for step in (sample_by_sample, in_matrices, automatic):
    net, name = copy.deepcopy(start), step.__name__.replace("_", " ")
    begin = perf_counter()
    costs[name] = [step(net) for _ in range(lesson.iterations)]
    times[name], ends[name] = perf_counter() - begin, net.W[1]

first, path = next(iter(costs)), np.array(next(iter(costs.values())))
rows = []
for name, cost in costs.items():
    differences = np.abs(cost - path).max(), np.abs(ends[name] - ends[first]).max()
    rows.append((name, *(f"{d:.0e}" for d in differences), f"{times[name]:.3f}"))
    assert max(differences) < 1e-10
lesson.tell(table(rows, ["way", "costs differ by", "W1 at the end differs by", "seconds"]))

# %%
plot, (left, right) = figure(1, 2, size=(9, 3.8))
for k, ((name, cost), colour) in enumerate(zip(costs.items(), (BLUE, ORANGE, GREEN), strict=True)):
    steps, marked = range(1, len(cost) + 1), slice(2 * k, None, 6)  # each where no other is
    left.plot(steps, cost, color=colour, linewidth=1, marker="os^"[k], markevery=marked, label=name)
left.set(xlabel="iteration", ylabel="mean cost J", title="One path, in three ways")
left.legend()
fastest = min(times.values())
ratios = [taken / fastest for taken in times.values()]
bars = right.barh(list(times), ratios, color=[BLUE, ORANGE, GREEN])
right.bar_label(bars, [f"{ratio:.2g}" for ratio in ratios], padding=4)
right.set(title="Time, by that of the fastest", xticks=[], xlim=(0, 1.2 * max(ratios)))
right.spines[["top", "right", "bottom"]].set_visible(False)
right.invert_yaxis()
lesson.show(plot, "4_9_algorithm")
