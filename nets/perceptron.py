"""What classifier and regressor share: parameters, fitting, and what has been learnt.

Parameters and attributes have the names of ``MLPClassifier`` and ``MLPRegressor``, and mean the
same; weights and orders of samples are drawn as they draw them, so that the same ``random_state``
takes the same path, to rounding. What is new has names of its own: ``engine``, ``dropout``,
``cost``, ``class_weight``, and activations of one's own or one a layer.
"""

# Annotations are objects here, not text: the fields of a dataclass are read in other modules.

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .activations import Activation
from .cluster import is_dask
from .costs import Cost
from .descent import Descent, source_of
from .evaluation import outputs
from .formulas import Array
from .network import Network
from .optimizers import Adam, Momentum, Optimizer, optimizer_of
from .parameters import one_of, refuse_masked
from .progress import Progress
from .training import run

_NAMES = {"logistic": "sigmoid", "identity": "linear"}
"""What scikit-learn calls our activations."""


class _Adam(Adam):
    """Adam with ε added to √v as it is, as scikit-learn has it."""

    def numbers(self, alpha: float, t: int) -> tuple[float, ...]:
        """Return α √(1 − β₂ᵗ)/(1 − β₁ᵗ) and ε."""
        return super().numbers(alpha, t)[0], self.epsilon


@dataclass(frozen=True)
class _Momentum(Momentum):
    """v ← μ v − α g, as scikit-learn has it: v keeps the rates that were, should they change."""

    nesterov: bool = True

    def rule(self, g: Any, kept: tuple[Any, ...], numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the update, v or μ v − α g, and v."""
        step = numbers[0] * g
        v = self.momentum * kept[0] - step
        return (self.momentum * v - step if self.nesterov else v), v


class _Shuffled:
    """Orders as scikit-learn draws them: every one is the last one, shuffled."""

    def __init__(self, random: np.random.RandomState) -> None:
        self._random, self._last = random, np.arange(0)

    def __call__(self, m: int) -> Array:
        if len(self._last) != m:
            self._last = np.arange(m)
        self._last = self._last[self._random.permutation(m)]
        return self._last


class _Patience(Progress):
    """When an estimator's training ends, as scikit-learn has it, and what it notes of a pass."""

    def __init__(self, of: Any, descent: Descent, m: int) -> None:
        self.of, self.descent, self.m = of, descent, m
        held = of.early_stopping
        monitor = "score" if held else "cost"
        super().__init__(of.network_, of.n_iter_no_change + 1, of.tol, monitor, restore_best=held)
        self.best = -of.best_validation_score_ if held else of.best_loss_
        self.since = of._since

    def better(self, value: float) -> bool:
        """Return whether a value is better than the best, by `tol` at least."""
        return not value > self.best - self.tol

    def ended(self, iteration: int, values: Mapping[str, float]) -> bool:
        """Take note of a pass, and return whether the patience, or the rate, is at its end."""
        of, descent, ended = self.of, self.descent, super().ended(iteration, values)
        of.loss_ = values["cost"]
        of.loss_curve_.append(of.loss_)
        of.n_iter_ += 1
        of.t_ += self.m
        if of.verbose:
            print(f"Iteration {of.n_iter_}, loss = {of.loss_:.8f}")  # noqa: T201 - asked for
        if of.early_stopping:
            of.validation_scores_.append(values["score"])
            of.best_validation_score_ = -self.best
        else:
            of.best_loss_ = self.best
        changes = of.learning_rate if of.solver == "sgd" else "constant"
        if changes == "invscaling":
            descent.learning_rate = of.learning_rate_init / (of.t_ + 1) ** of.power_t
        elif changes == "adaptive" and ended and descent.learning_rate > 1e-6:
            descent.learning_rate /= 5
            self.since, ended = 0, False
        of._since = self.since
        return ended


def blockwise(f: Any, array: Any, across: int, dtype: Any) -> Any:
    """Return f of every block of rows of a Dask array: `across` columns, or a vector if 0."""
    chunks = (array.chunks[0], (across,)) if across else (array.chunks[0],)
    drop, new = (1 if array.ndim == 2 and not across else None), (1 if array.ndim == 1 else None)
    return array.map_blocks(f, dtype=dtype, chunks=chunks, drop_axis=drop, new_axis=new,
                            meta=np.empty((0,) * len(chunks), dtype))  # fmt: skip


@dataclass(eq=False, repr=False)
class NetworkEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What classifier and regressor have in common; its fields are their parameters."""

    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: str | Activation | Sequence[str | Activation] = "relu"
    _: KW_ONLY
    solver: str | Optimizer = "adam"
    alpha: float = 0.0001
    batch_size: int | str = "auto"
    learning_rate: str = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: Any = None
    tol: float = 1e-4
    verbose: bool = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: int = 10
    dropout: float | Sequence[float] = 0.0
    cost: str | Cost | None = None
    engine: str = "numpy"

    # -- what the subclasses say --------------------------------------------------------------

    def _targets(self, X: Any, y: Any, incremental: bool) -> tuple[Array, Array]:
        """Return samples and targets in rows, checked."""
        raise NotImplementedError

    def _output(self) -> tuple[str, str | Cost]:
        """Return the output layer and the cost."""
        raise NotImplementedError

    def _score_of(self, X: Array, targets: Array, weights: Any) -> float:
        """Return the score on held-out samples."""
        raise NotImplementedError

    def _weighted(self, targets: Array, weights: Any) -> Any:
        """Return the weights of the samples."""
        return weights

    def _validated(self, X: Any, y: Any, incremental: bool, **how: Any) -> tuple[Array, Array]:
        """Return samples in rows and targets as scikit-learn checks them."""
        again = incremental and hasattr(self, "network_")
        X, y = validate_data(self, X, y, multi_output=True, dtype=(np.float64, np.float32),
                             reset=not again, **how)  # fmt: skip
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    # -- fitting ------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a network on samples in rows.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array_like, shape (n_samples,), optional

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, incremental=False)

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Self:
        self._check()
        for what, values in (("X", X), ("y", y), ("sample_weight", sample_weight)):
            refuse_masked(values, what)
        X, targets = self._targets(X, y, incremental)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
        weights = self._weighted(targets, sample_weight)
        self._random_state = check_random_state(self.random_state)
        again = hasattr(self, "network_") and (self.warm_start or incremental)
        if not again:
            self._begin(X, targets)
        look = None
        if self.early_stopping:
            if incremental:
                raise ValueError("partial_fit does not support early_stopping=True")
            X, targets, weights, *held = self._held_out(X, targets, weights)
            look = lambda: {"score": self._score_of(*held)}  # noqa: E731 - of these samples
        m, size = int(X.shape[0]), self._size(X)
        if not 1 <= size <= m:
            warnings.warn(
                "batch_size is less than 1 or more than the samples; it is clipped", stacklevel=3
            )
            size = int(np.clip(size, 1, m))
        self.n_iter_ = 0
        if not incremental:
            self._kept = None
        descent = Descent(
            self.network_, self._solver(), self.learning_rate_init,
            weight_decay=self.alpha, decay_over=True, dropout=self.dropout, engine=self.engine,
            seed=self._random_state.randint(2**31 - 1) if self.dropout else 0,
            shuffle=self.shuffle, order=_Shuffled(self._random_state),
        )  # fmt: skip
        if self._kept is not None:
            descent.t, descent.state, descent.learning_rate = self._kept
        watch = _Patience(self, descent, m)
        source = source_of(self.network_, X, targets, weights, "rows")
        try:
            run(descent, source, size, 1 if incremental else self.max_iter, watch, look)
        except KeyboardInterrupt:
            warnings.warn("training interrupted by the user", stacklevel=3)
        if watch.history.ended == "iterations" and not incremental:
            warnings.warn(
                f"the maximum of {self.max_iter} iterations is reached, and the optimization "
                "has not converged yet",
                ConvergenceWarning,
                stacklevel=3,
            )
        self._kept = (descent.t, descent.state, descent.learning_rate)
        return self

    def _size(self, X: Any) -> int:
        """Return how many samples go into a step; of Dask's, as many as lie in a chunk."""
        if self.batch_size != "auto":
            return int(self.batch_size)
        if is_dask(X):
            return -(-int(X.shape[0]) // int(X.numblocks[0]))
        return min(200, int(X.shape[0]))

    def _distributed(self, X: Any) -> None:
        """Do what `validate_data` does for a Dask array, of which nothing is brought here."""
        if self.early_stopping:
            raise ValueError("early_stopping is not there for Dask arrays")
        if X.dtype not in (np.float64, np.float32):
            raise ValueError(f"X has dtype {X.dtype}; X.astype(float) makes it one to learn from")
        known = getattr(self, "n_features_in_", X.shape[1])
        if known != X.shape[1] and self.warm_start:
            raise ValueError(f"X has {X.shape[1]} features, and the network has {known}")
        self.n_features_in_ = X.shape[1]

    def _check(self) -> None:
        """Raise a ValueError for numbers out of their range."""
        for name, least in (("alpha", 0), ("tol", 0), ("max_iter", 1), ("n_iter_no_change", 1)):
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} has to be {least} or more, got {getattr(self, name)}")
        if not self.learning_rate_init > 0:
            raise ValueError(f"learning_rate_init has to be above 0, got {self.learning_rate_init}")
        one_of("learning_rate", self.learning_rate, ("constant", "invscaling", "adaptive"))

    def _solver(self) -> Optimizer:
        if self.solver == "adam":
            return _Adam(self.beta_1, self.beta_2, self.epsilon)
        if self.solver == "sgd" and self.momentum:
            return _Momentum(self.momentum, self.nesterovs_momentum)
        return optimizer_of(self.solver)

    def _begin(self, X: Array, targets: Array) -> None:
        """Make the network, and forget what was before."""
        hidden = self.hidden_layer_sizes
        sizes = [X.shape[1], *([hidden] if np.ndim(hidden) == 0 else list(hidden))]  # type: ignore[arg-type]  # told apart by ndim
        sizes.append(targets.shape[1])
        given = self.activation
        several = not isinstance(given, (str, Activation))
        chosen: Any = [given] * (len(sizes) - 2) if not several else list(given)
        chosen = [_NAMES.get(a, a) if isinstance(a, str) else a for a in chosen]
        output, cost = self._output()
        net = Network(sizes, 0, dtype=X.dtype, activation=chosen, output=output, cost=cost)
        factor = 2 if given in ("logistic", "sigmoid") else 6
        for l, (n_in, n_out) in enumerate(pairwise(sizes), 1):
            bound = np.sqrt(factor / (n_in + n_out))
            net.W[l] = self._random_state.uniform(-bound, bound, (n_in, n_out)).T
            net.b[l] = self._random_state.uniform(-bound, bound, n_out)
        self.network_ = net
        self._kept = None
        self.n_iter_ = self.t_ = self._since = 0
        self.n_outputs_, self.n_layers_ = targets.shape[1], len(sizes)
        names = {name: theirs for theirs, name in _NAMES.items()}
        self.out_activation_ = names.get(net.criterion.output.name, net.criterion.output.name)
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = [] if self.early_stopping else None
        self.best_validation_score_: Any = -np.inf if self.early_stopping else None
        self.best_loss_: Any = None if self.early_stopping else np.inf

    def _held_out(self, X: Array, targets: Array, weights: Any) -> Any:
        """Split samples for early stopping."""
        single = is_classifier(self) and targets.shape[1] == 1
        parts = [X, targets] if weights is None else [X, targets, weights]
        split = train_test_split(
            *parts,
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=targets if single else None,
        )
        if len(split[1]) < 2:
            raise ValueError(
                "the validation set is too small: increase validation_fraction or the data"
            )
        split += [None, None] if weights is None else []
        return *split[::2], *split[1::2]

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Go once over some samples, on from where the network is. As `fit`."""
        return self._fit(X, y, sample_weight, incremental=True)

    # -- what has been learnt -----------------------------------------------------------------

    @property
    def coefs_(self) -> list[Array]:
        """The weights, as scikit-learn has them: from layer l (rows) to layer l + 1."""
        return [W.T for W in self.network_.W.values()]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases."""
        return [b[:, 0] for b in self.network_.b.values()]

    def _outputs(self, X: Any) -> Array:
        """Return the outputs in rows."""
        check_is_fitted(self, "network_")
        refuse_masked(X, "X")
        if is_dask(X):
            found: Array = blockwise(self._raw, X, self.n_outputs_, X.dtype)
            return found
        X = validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        return self._raw(X)

    def _raw(self, X: Array) -> Array:
        return outputs(self.network_, X.T).T

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "network_")
