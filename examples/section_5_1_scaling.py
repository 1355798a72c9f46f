# %% [markdown]
"""
# 5.1 Scaling data

Only a heading in the document. Scikit-learn's digits are 1797 images of 8×8 pixels, from 0 to 16.
Scaling gives every pixel mean 0 and variance 1, so that no input is larger than another only
because of its unit. Mean and variance are those of the digits that are trained with; the others are
scaled by the same numbers, since they have to stay unseen.

You will see: digits before and after; mean and variance of some pixels.
"""

# %%
import numpy as np
from lesson import Lesson, figure, inked, table

from nets import load_digits

lesson = Lesson(__doc__)
digits = load_digits(seed=0)

# %%
plot, axes = figure(2, 8, size=(9.6, 3.1))
plot.suptitle("Eight digits as they are, and scaled: white is the mean of the pixel")
for k in range(8):
    above, below = axes[:, k]
    above.imshow(digits.images_train[k], cmap=inked(), vmin=0, vmax=16)
    scaled = below.imshow(digits.X_train[:, k].reshape(8, 8), cmap="RdBu_r", vmin=-4, vmax=4)
    above.set_title(str(digits.y_train[k]))
    for ax in (above, below):
        ax.set(xticks=[], yticks=[])
axes[0, 0].set_ylabel("0 to 16")
axes[1, 0].set_ylabel("scaled")
plot.colorbar(scaled, ax=axes[1, :], shrink=0.9)
lesson.show(plot, "5_1_scaling")

# %%
raw, scaled = digits.images_train.reshape(-1, 64).T, digits.X_train
rows = []
for name, k in (("corner", 0), ("row 1, column 4", 3), ("row 4, column 5", 28), ("last", 63)):
    rows.append(
        (name, raw[k].mean(), raw[k].var(), scaled[k].mean().round(12) + 0, scaled[k].var())
    )
lesson.tell(table(rows, ["pixel", "mean", "variance", "mean, scaled", "variance, scaled"]))
print("The corner is never inked: its variance is 0, and it stays 0.")
held_out = np.abs(digits.X_test.mean(axis=1)).max()
print(f"Largest mean of a pixel over the held-out digits: {held_out:.3f}, as it should: not 0.")
