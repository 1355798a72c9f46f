# %% [markdown]
"""
# 5.3 Setting up the output layer

Only a heading in the document. The network has an output node for each digit, so the target of a
sample is a vector of ten: 1 in the place of its digit, 0 elsewhere. What the network says is the
node with the strongest output.

You will see: the targets of some digits beside their images, and what an untrained network answers.
"""

# %%
from lesson import BLUE, Lesson, figure, inked, table

from nets import Network, load_digits
from nets.digits import one_hot

lesson = Lesson(__doc__)
digits = load_digits(seed=0)
print(f"5 becomes {one_hot([5])[:, 0].astype(int)}\n")

# %%
plot, axes = figure(2, 10, size=(9.6, 3.6), height_ratios=(1, 2.2))
plot.suptitle("Each digit and its target y: 1 in the place of the digit, 0 elsewhere")
for k in range(10):
    axes[0, k].imshow(digits.images_train[k], cmap=inked())
    axes[0, k].set(xticks=[], yticks=[])
    axes[1, k].imshow(digits.Y_train[:, k : k + 1], cmap=inked(BLUE), vmin=0, aspect="auto")
    axes[1, k].set(xticks=[], yticks=range(10) if k == 0 else [])
axes[1, 0].set_ylabel("y")
lesson.show(plot, "5_3_output_layer")

# %%
net = Network([64, 30, 10], seed=0)
output = net.feed_forward(digits.X_train[:, :5])
answers = net.predict(digits.X_train[:, :5])
rows = [(digits.y_train[k], str(output[:, k].round(2)), answers[k]) for k in range(5)]
lesson.tell(table(rows, ["digit", "output before any training", "the network says"]))
