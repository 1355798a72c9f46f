# %% [markdown]
"""
# Back-propagation in 90 minutes

Run each cell. Where it says `...`, write your formula and run the cell again: you are told whether
it is right, and if not, where the first mistake is.
"""

# %%
import numpy as np

from autograd_nn import (
    Tensor,
    check_grads,
    derive,
    draw,
    explore,
    grad,
    gradients,
    jit,
    sigmoid,
    verify,
)
from nets import Network, load_digits, train

# %% [markdown]
"""
## 1 One node

z = w x + b, h = f(z) with the sigmoid f, and the cost J = ½ (y − h)². **By hand, before you run
it:** for x = 2, w = 0.5, b = −1 and y = 1, z is 0 and h is ½. Does J grow or fall when w grows?
How fast?
"""

# %%
x, y = Tensor(2.0, name="x"), Tensor(1.0, name="y")
w = Tensor(0.5, requires_grad=True, name="w")
b = Tensor(-1.0, requires_grad=True, name="b")
z = w * x + b
h = sigmoid(z)
J = 0.5 * (y - h) ** 2
z.name, h.name, J.name = "z", "h", "J"
dw, db = gradients(J, [w, b])
print(f"J = {J.item()}, ∂J/∂w = {dw}, ∂J/∂b = {db}")

# %% [markdown]
"""
The graph: values forward (above the arrows), what flows back below. Each arrow multiplies.
"""

# %%
draw(J, gradients=True, values=True, direction="LR")

# %% [markdown]
"""
The same as a page. Before each backward step it asks for the number. **Open `one_node.html` in a
browser** and go through it once without help.
"""

# %%
explore(J).save("one_node.html")

# %% [markdown]
"""
## 2 Two layers

Three inputs, four hidden nodes, two outputs, five samples, a column each. δ⁽ˡ⁾ is the slope of a
sample's cost by z⁽ˡ⁾. **Say first:** what shape has each of z2, h2, delta2, dW1?
"""

# %%
rng = np.random.default_rng(0)
net = Network([3, 4, 2], seed=0)
X, Y = rng.normal(size=(3, 5)), rng.random((2, 5))
nodes = net.graph(X, Y)
for name in ["x", "W1", "z2", "h2", "W2", "z3", "h3"]:
    print(f"{name:3} {nodes[name].shape}")

# %% [markdown]
"""
**Fill in.** A formula may use `x`, `y`, `W1`, `b1`, `z2`, `h2`, …, your own `delta3` and `delta2`,
the number of samples `m`, and `f_prime`.
"""

# %%
mine = {
    "delta3": lambda y, h3: ...,
    "dW2": lambda delta3, h2, m: ...,
    "db2": lambda delta3, m: ...,
    "delta2": lambda W2, delta3, h2: ...,
    "dW1": lambda delta2, x, m: ...,
    "db1": lambda delta2, m: ...,
}
report = verify(nodes["J"], mine, hints=2)  # hints=3 and 4 say more
print(report)

# %% [markdown]
"""
When all is right, compare with the derivation that is read off the graph:
"""

# %%
derive(nodes["J"], nodes["W1"])

# %% [markdown]
"""
## 3 Is it true?

A derivative is a slope. Whoever does not believe a formula can measure it: change a weight a
little, and look at J.
"""

# %%
change = np.zeros((4, 3))
change[0, 0] = 1e-6
up, down = Network([3, 4, 2], seed=0), Network([3, 4, 2], seed=0)
up.W[1] += change
down.W[1] -= change
print("measured  ", (up.cost(X, Y).item() - down.cost(X, Y).item()) / 2e-6)
print("by formula", net.gradients(X, Y)["W1"][0, 0])
check_grads(sigmoid, (np.linspace(-2, 2, 5),))  # the same for any function: silent if right

# %% [markdown]
"""
## 4 It learns

One step against the slope, written out as a program: find your formulas in it.
"""


# %%
def cost(weights, x, y):
    """Return the mean cost."""
    z2 = weights["W1"] @ x + weights["b1"]
    h2 = sigmoid(z2)
    z3 = weights["W2"] @ h2 + weights["b2"]
    h3 = sigmoid(z3)
    z2.name, h2.name, z3.name, h3.name = "z2", "h2", "z3", "h3"
    return 0.5 * np.square(y - h3).sum(axis=0).mean()


def step(weights, x, y):
    """Return the weights after a step."""
    slopes = grad(cost)(weights, x, y)
    return {name: weights[name] - 0.25 * slopes[name] for name in weights}


print(jit(step).lower(net.parameters(), X, Y).readable)

# %% [markdown]
"""
And thousands of them, on handwritten digits:
"""

# %%
digits = load_digits(seed=0)
reader = Network([64, 30, 10], seed=0)
history = train(
    reader, digits.X_train, digits.Y_train, iterations=500, learning_rate=0.25, progress=False
)
print(f"mean cost {history.cost[0]:.2f}, then {history.cost[-1]:.2f}")
print(f"{reader.accuracy(digits.X_test, digits.y_test):.0%} of the held-out digits are right")

# %% [markdown]
"""
**At home:** the sheet. Its network has one layer more, another activation and a linear output.
"""
