# %% [markdown]
"""
# 5.4 Creating the neural network

Only a heading in the document. A network of 64 inputs, a pixel each, 30 hidden nodes and 10
outputs, trained by 3000 iterations of gradient descent with α = 0.25.

You will see: the gradients verified first; the training, with its progress and the cost as it goes;
and the cost curve, for the digits trained with and for those held out. (`--iterations 500` is
shorter.)
"""

# %%
from lesson import BLUE, ORANGE, Lesson, figure, table

from nets import Network, formulas, load_digits, train, verify

lesson = Lesson(__doc__, iterations=3000)
digits = load_digits(seed=0)
net = Network([64, 30, 10], seed=0)

report = verify(net, digits.X_train[:, :32], digits.Y_train[:, :32])
report.raise_if_wrong()
print(f"gradients verified: {report.summary()}\n")

# %% [markdown]
# `callback` is called after every iteration; here it looks at the held-out digits sometimes.

# %%
seen, held_out, accuracy = [], [], []


def look(iteration, cost):
    """Note cost and accuracy on the held-out digits, every 25 iterations."""
    if iteration % 25 == 0:
        output = net.feed_forward(digits.X_test)
        seen.append(iteration + 1)
        held_out.append(formulas.cost(digits.Y_test, output))
        accuracy.append((output.argmax(axis=0) == digits.y_test).mean())


history = train(
    net,
    digits.X_train,
    digits.Y_train,
    iterations=lesson.iterations,
    learning_rate=0.25,
    callback=look,
)

# %%
picked = [i for i in range(len(seen)) if i % max(1, len(seen) // 8) == 0]
rows = [(seen[i], history.cost[seen[i] - 1], held_out[i], f"{accuracy[i]:.1%}") for i in picked]
lesson.tell(table(rows, ["iteration", "J, training", "J, held out", "accuracy, held out"]))

# %%
plot, (left, right) = figure(1, 2, size=(9.6, 3.8))
left.semilogy(range(1, len(history.cost) + 1), history.cost, color=BLUE, label="training")
left.semilogy(seen, held_out, color=ORANGE, label="held out")
left.set(xlabel="iteration", ylabel="mean cost J", title="The cost falls")
left.legend()
right.plot(seen, accuracy, color=ORANGE)
right.set(xlabel="iteration", ylim=(0, 1), title="Accuracy on held-out digits")
for axes in (left, right):
    axes.grid()
lesson.show(plot, "5_4_training")
