"""The network as scikit-learn's estimators: a classifier and a regressor, samples in rows."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from .cluster import is_dask
from .costs import Cost
from .formulas import Array
from .perceptron import NetworkEstimator, blockwise


@dataclass(eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that classifies, with ``MLPClassifier``'s parameters, attributes and path.

    Several classes have softmax outputs with their cross-entropy; two, or several labels that a
    sample may have at once, sigmoids with theirs. See `MLPClassifier` for what is not named here.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
    activation : str or Activation, or a sequence of them, one a hidden layer
        ``"relu"``, ``"tanh"``, ``"logistic"``, ``"identity"`` and those of `Network`.
    solver : str or Optimizer
        ``"adam"``, ``"sgd"`` (with `momentum`), and those of `train`.
    dropout : float or sequence of float
        As for `train`.
    cost : {"cross_entropy", "squared"} or Cost, optional
        Left out: the cross-entropy.
    engine : {"numpy", "numba", "eager"}
        As for `train`.
    class_weight : dict or "balanced", optional
        What the samples of each class count.

    Attributes
    ----------
    network_ : Network
        What was trained: draw it, verify its formulas, save it.
    classes_, coefs_, intercepts_, loss_, loss_curve_, best_loss_, n_iter_, t_, n_layers_, \
n_outputs_, out_activation_, validation_scores_, best_validation_score_
        As in ``MLPClassifier``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = NetworkClassifier((20,), learning_rate_init=0.02, tol=1e-3, random_state=0)
    >>> bool(clf.fit(X, y).score(X, y) > 0.95)
    True
    """

    _: KW_ONLY
    class_weight: Any = None

    def _targets(self, X: Any, y: Any, incremental: bool) -> tuple[Array, Array]:
        known = hasattr(self, "classes_") and (self.warm_start or incremental)
        if is_dask(X):
            return self._distributed_targets(X, y, known)
        X, y = self._validated(X, y, incremental)
        check_classification_targets(y)
        if not known:
            self._learn_classes(y)
        new = np.setdiff1d(unique_labels(y), self.classes_)
        if len(new):
            raise ValueError(f"y has classes that are not in classes_: {new}")
        if not len(self.classes_) > 1 and not str(type_of_target(y)).startswith("multilabel"):
            raise ValueError("the classifier needs samples of two classes or more; y has one class")
        return X, self._binarizer.transform(y).astype(X.dtype)

    def _learn_classes(self, labels: Any) -> None:
        self._binarizer = LabelBinarizer().fit(labels)
        self.classes_ = self._binarizer.classes_

    def _distributed_targets(self, X: Any, y: Any, known: bool) -> tuple[Any, Any]:
        """Return samples and targets in Dask arrays; only the classes are brought here."""
        self._distributed(X)
        if self.class_weight is not None:
            raise ValueError("class_weight is not there for Dask arrays; pass sample_weight")
        if not known:
            import dask.array as da

            self._learn_classes(np.asarray(da.unique(y)))
        outputs_ = 1 if len(self.classes_) == 2 else len(self.classes_)
        binarizer, dtype = self._binarizer, X.dtype
        return X, blockwise(
            lambda part: binarizer.transform(part).astype(dtype), y, outputs_, dtype
        )

    def _output(self) -> tuple[str, str | Cost]:
        several = self._binarizer.y_type_ == "multiclass"
        return ("softmax" if several else "sigmoid"), self.cost or "cross_entropy"

    def _weighted(self, targets: Array, weights: Any) -> Any:
        if self.class_weight is None:
            return weights
        labels = self._binarizer.inverse_transform(targets)
        given = compute_sample_weight(self.class_weight, labels)
        return given if weights is None else given * weights

    def _score_of(self, X: Array, targets: Array, weights: Any) -> float:
        labels = self._binarizer.inverse_transform(targets)
        found = self._binarizer.inverse_transform(self._raw(X))
        return float(accuracy_score(labels, found, sample_weight=weights))

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Go once over some samples, on from where the network is.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        classes : array_like, optional
            All classes that will come; needed at first.
        """
        if not hasattr(self, "classes_"):
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit")
            self._learn_classes(y if type_of_target(y).startswith("multilabel") else classes)
        elif classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(f"classes={classes} are not those of the first call: {self.classes_}")
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Array:
        """Return the class of each row of `X`, or its labels where it may have several."""
        h, decode = self._outputs(X), self._binarizer_of().inverse_transform
        found: Array = blockwise(decode, h, 0, self.classes_.dtype) if is_dask(h) else decode(h)
        return found

    def _binarizer_of(self) -> Any:
        check_is_fitted(self, "network_")
        return self._binarizer

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, in the order of ``classes_``, for each row."""
        h = self._outputs(X)
        return np.hstack([1 - h, h]) if h.shape[1] == 1 else h

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            found: Array = np.log(self.predict_proba(X))
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class NetworkRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network that predicts numbers, with ``MLPRegressor``'s parameters, attributes and path.

    Its outputs are linear, its cost is ½‖y − h‖² unless told otherwise. Parameters and attributes
    are those of `NetworkClassifier`, without classes.
    """

    def _targets(self, X: Any, y: Any, incremental: bool) -> tuple[Array, Array]:
        if is_dask(X):
            self._distributed(X)
            self._flat = y.ndim == 1
            return X, y.reshape((-1, 1)) if self._flat else y
        X, y = self._validated(X, y, incremental, y_numeric=True)
        self._flat = y.ndim == 1
        return X, y.reshape(len(y), -1).astype(X.dtype, copy=False)

    def _output(self) -> tuple[str, str | Cost]:
        return "linear", self.cost or "squared"

    def _score_of(self, X: Array, targets: Array, weights: Any) -> float:
        return float(r2_score(targets, self._raw(X), sample_weight=weights))

    def predict(self, X: Any) -> Array:
        """Return the numbers for each row of `X`."""
        h = self._outputs(X)
        return h[:, 0] if self._flat and h.shape[1] == 1 else h

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
