# %% [markdown]
"""
# 5.2 Creating test and training datasets

Only a heading in the document. A network may memorise its samples. How well it does is
therefore measured on digits that it has not seen: 40 % of them are held out.

You will see: how many there are of each digit in both parts; another seed makes another split.
"""

# %%
import numpy as np
from lesson import BLUE, ORANGE, Lesson, figure

from nets import load_digits

lesson = Lesson(__doc__)
digits = load_digits(seed=0)

# %%
total = len(digits.y_train) + len(digits.y_test)
print(f"{total} digits: {len(digits.y_train)} to train with, {len(digits.y_test)} held out")
print(f"X_train {digits.X_train.shape}, X_test {digits.X_test.shape}: a column each")
print(f"held out first, seed 0: {digits.y_test[:12]}")
print(f"held out first, seed 1: {load_digits(seed=1).y_test[:12]}\n")

# %%
plot, axes = figure(size=(6.4, 3.2))
for labels, name, colour, shift in (
    (digits.y_train, "training", BLUE, -0.2),
    (digits.y_test, "held out", ORANGE, 0.2),
):
    axes.bar(np.arange(10) + shift, np.bincount(labels), 0.4, color=colour, label=name)
axes.set(xlabel="digit", ylabel="how many", xticks=range(10), ylim=(0, 165))
axes.set_title("How often each digit occurs")
axes.legend(ncols=2)
lesson.show(plot, "5_2_split")
