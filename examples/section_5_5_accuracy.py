# %% [markdown]
"""
# 5.5 Assessing the accuracy of the trained model

Only a heading in the document, which reports about 86 % of the held-out digits named correctly.

You will see: the accuracy and which digits are taken for which; the digits that are misread; what
each hidden node has learned, its weights as an image; and, over five seeds, how much the initial
weights matter. The document draws them from [0, 1): every sum that goes into a hidden node then has
weights of one sign, switches saturate, and their slope f′ is small. The default here (Glorot and
Bengio's, ±√(6/(s_l + s_{l+1})), biases 0) keeps them in their soft range.

The first parts train for the document's 3000 iterations, the comparison over five seeds for 300;
`--compare 3000` takes a minute.
"""

# %%
import numpy as np
from lesson import BLUE, INK, ORANGE, Lesson, figure, inked, table

from nets import Network, load_digits, train

lesson = Lesson(__doc__, iterations=3000, compare=300)
digits = load_digits(seed=0)

# %%
for init in ("uniform", "glorot"):
    net = Network([64, 30, 10], seed=0, init=init)
    train(net, digits.X_train, digits.Y_train, lesson.iterations, learning_rate=0.25)
    found = net.predict(digits.X_test)
    right = found == digits.y_test
    print(f"{init}: {right.sum()} of {right.size} held-out digits are right, {right.mean():.1%}")
print()

# %% [markdown]
# The rest is about the second network. Rows are what the digit is, columns what it is taken for.

# %%
confusion = np.zeros((10, 10), dtype=int)
np.add.at(confusion, (digits.y_test, found), 1)

plot, axes = figure(size=(5.2, 4.8))
axes.imshow(np.sqrt(confusion), cmap=inked(BLUE))
for (i, j), count in np.ndenumerate(confusion):
    if count:
        colour = "white" if count > 30 else INK
        axes.text(j, i, count, ha="center", va="center", fontsize=8, color=colour)
axes.set(xlabel="the network says", ylabel="it is", xticks=range(10), yticks=range(10))
axes.set_title("How often which digit is taken for which")
lesson.show(plot, "5_5_confusion")

# %% [markdown]
# The misread ones: what it is, and what the network takes it for.

# %%
wrong = np.flatnonzero(~right)[:24]
plot, axes = figure(3, 8, size=(8, 4.2))
plot.suptitle("Held-out digits that are misread")
for ax in axes.flat:
    ax.set_axis_off()
for k, ax in zip(wrong, axes.flat, strict=False):
    ax.imshow(digits.images_test[k], cmap=inked())
    ax.set_title(f"{digits.y_test[k]}, not {found[k]}", fontsize=9)
lesson.show(plot, "5_5_misread")

# %% [markdown]
# The weights into each hidden node, in the places of the pixels that they come from: red where ink
# switches the node on, blue where it switches it off.

# %%
plot, axes = figure(3, 10, size=(9.6, 3.6))
plot.suptitle("The weights into the 30 hidden nodes, in the places of the pixels")
limit = np.abs(net.W[1]).max()
for i, ax in enumerate(axes.flat):
    image = ax.imshow(net.W[1][i].reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.set_title(str(i + 1), fontsize=8)
plot.colorbar(image, ax=axes, shrink=0.8)
lesson.show(plot, "5_5_hidden_nodes")

# %% [markdown]
# Five splits and five starts, with the document's initial weights and with the better ones.

# %%
rows, curves = [], {}
for init in ("uniform", "glorot"):
    accuracies = []
    for seed in range(5):
        part = load_digits(seed=seed)
        other = Network([64, 30, 10], seed=seed, init=init)
        history = train(other, part.X_train, part.Y_train, lesson.compare, progress=False)
        curves.setdefault(init, []).append(history.cost)
        accuracies.append(other.accuracy(part.X_test, part.y_test))
    rows.append((init, *(f"{a:.1%}" for a in accuracies), f"{np.mean(accuracies):.1%}"))
heads = [f"seed {seed}" for seed in range(5)]
lesson.tell(table(rows, [f"after {lesson.compare} iterations", *heads, "mean"]))

# %%
plot, axes = figure()
for init, colour in (("uniform", ORANGE), ("glorot", BLUE)):
    for k, cost in enumerate(curves[init]):
        label = {"uniform": "from [0, 1), the document's", "glorot": "Glorot and Bengio's"}[init]
        axes.semilogy(cost, color=colour, linewidth=1.2, label=label if k == 0 else None)
axes.set(xlabel="iteration", ylabel="mean cost J", title="Two ways to start, five seeds each")
axes.grid()
axes.legend(loc=(0.1, 0.5))
lesson.show(plot, "5_5_initial_weights")
