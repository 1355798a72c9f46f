"""The estimators: scikit-learn's own checks, its multi-layer perceptron's path, and what is new."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import check_estimator

from nets import Activation, Cost, NetworkClassifier, NetworkRegressor, verify

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DIGITS = load_digits(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def scaled(X: Any) -> Any:
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", [NetworkClassifier(), NetworkRegressor()])
def test_every_check_of_scikit_learn(estimator: Any) -> None:
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) > 50
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert not failed
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    assert skipped <= {
        "check_array_api_input",  # needs SCIPY_ARRAY_API, and is of what we do not claim
        "check_classifiers_multilabel_output_format_decision_function",  # there is none
    }


HOW: list[dict[str, Any]] = [
    {"solver": "adam"},
    {"solver": "sgd", "learning_rate_init": 0.05},
    {"solver": "sgd", "momentum": 0.0, "activation": "logistic", "learning_rate_init": 0.1},
    {"solver": "sgd", "nesterovs_momentum": False, "activation": "tanh", "alpha": 0.1},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.2, "momentum": 0.0},
    {"solver": "adam", "early_stopping": True, "hidden_layer_sizes": (20, 10)},
    {"solver": "adam", "shuffle": False, "batch_size": 64, "activation": "identity"},
]


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("kind", ["multiclass", "binary", "regression"])
def test_the_path_is_scikit_learns(kind: str, how: dict[str, Any]) -> None:
    X, y = {"multiclass": DIGITS, "binary": CANCER, "regression": DIABETES}[kind]
    X, y = scaled(X)[:400], y[:400] / (100 if kind == "regression" else 1)
    regression = kind == "regression"
    theirs: Any = MLPRegressor if regression else MLPClassifier
    ours: Any = NetworkRegressor if regression else NetworkClassifier
    if regression:
        how = {**how, "learning_rate_init": 0.01}
    given = {"hidden_layer_sizes": (16,), "max_iter": 8, "random_state": 3, **how}
    right, found = theirs(**given).fit(X, y), ours(**given).fit(X, y)
    np.testing.assert_allclose(found.loss_curve_, right.loss_curve_, rtol=1e-6)
    pairs = [*zip(found.coefs_, right.coefs_, strict=True)]
    pairs += zip(found.intercepts_, right.intercepts_, strict=True)
    for mine, other in pairs:
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
    assert found.score(X, y) == pytest.approx(right.score(X, y), abs=1e-6)
    for name in (
        "n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_",
        "validation_scores_", "best_loss_", "best_validation_score_", "loss_",
    ):  # fmt: skip
        mine, other = getattr(found, name), getattr(right, name)
        numbers = isinstance(mine, (float, list))
        assert mine == (pytest.approx(other, rel=1e-6) if numbers else other), name
    if not regression:
        assert np.array_equal(found.classes_, right.classes_)
        np.testing.assert_allclose(found.predict_proba(X), right.predict_proba(X), atol=1e-5)
        np.testing.assert_allclose(
            found.predict_log_proba(X), right.predict_log_proba(X), atol=1e-3
        )


@pytest.mark.parametrize(
    ("kind", "weights"), [("multiclass", np.arange(300) % 4), ("regression", None)]
)
def test_the_compiled_path_is_the_same(kind: str, weights: Any) -> None:
    pytest.importorskip("numba")
    X, y = DIGITS if kind == "multiclass" else (DIABETES[0], DIABETES[1] / 100)
    theirs: Any = MLPClassifier if kind == "multiclass" else MLPRegressor
    ours: Any = NetworkClassifier if kind == "multiclass" else NetworkRegressor
    X, y = scaled(X)[:300], y[:300]
    how: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0,
                           "batch_size": 150}  # fmt: skip
    found = ours(**how, engine="numba", alpha=0.1).fit(X, y, weights)
    right = theirs(**how, alpha=0.1).fit(X, y, weights)
    np.testing.assert_allclose(found.coefs_[0], right.coefs_[0], rtol=1e-5, atol=1e-8)


def test_training_ends_when_it_gets_no_better() -> None:
    X, y = scaled(CANCER[0]), CANCER[1]
    how: dict[str, Any] = {"max_iter": 400, "random_state": 0, "tol": 1e-2, "n_iter_no_change": 3}
    found, right = NetworkClassifier(**how).fit(X, y), MLPClassifier(**how).fit(X, y)
    assert found.n_iter_ == right.n_iter_ < 400
    adaptive: dict[str, Any] = {
        **how,
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.1,
    }
    assert NetworkClassifier(**adaptive).fit(X, y).n_iter_ < 400


@pytest.mark.parametrize("changes", ["invscaling", "adaptive"])
def test_changing_rates_go_on_where_they_were(changes: str) -> None:
    X, y = scaled(DIGITS[0])[:300], DIGITS[1][:300]
    how: dict[str, Any] = {"hidden_layer_sizes": (8,), "solver": "sgd", "learning_rate": changes,
                           "learning_rate_init": 0.1, "tol": 0.05, "n_iter_no_change": 1,
                           "random_state": 0, "max_iter": 20}  # fmt: skip
    pairs = []
    for make in (NetworkClassifier, MLPClassifier):
        partial, warm = make(**how), make(**how, warm_start=True).fit(X, y)
        for _ in range(4):
            partial.partial_fit(X, y, classes=np.arange(10))
        pairs.append((partial, warm.fit(X, y)))
    for mine, right in zip(*pairs, strict=True):
        assert (mine.n_iter_, len(mine.loss_curve_)) == (right.n_iter_, len(right.loss_curve_))
        np.testing.assert_allclose(mine.coefs_[0], right.coefs_[0], rtol=1e-5, atol=1e-8)


def test_partial_fit_and_warm_start() -> None:
    X, y = scaled(DIGITS[0])[:300], DIGITS[1][:300]
    found, right = (
        E(hidden_layer_sizes=(16,), random_state=0) for E in (NetworkClassifier, MLPClassifier)
    )
    for _ in range(3):
        for estimator in (found, right):
            estimator.partial_fit(X, y, classes=np.arange(10))
    np.testing.assert_allclose(found.coefs_[0], right.coefs_[0], rtol=1e-5, atol=1e-7)
    with pytest.raises(ValueError, match="classes must be passed"):
        NetworkClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="not in classes_"):
        found.partial_fit(X, y + 5)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301 - our own
    found.partial_fit(X, y)
    again.partial_fit(X, y)
    assert np.array_equal(found.coefs_[0], again.coefs_[0])
    warm = NetworkClassifier((16,), max_iter=2, warm_start=True, random_state=0)
    first = warm.fit(X, y).loss_
    assert warm.fit(X, y).loss_ < first
    assert len(warm.loss_curve_) == 4


def test_several_labels_and_several_outputs() -> None:
    X, Y = make_multilabel_classification(200, random_state=0)
    found, right = (E(hidden_layer_sizes=(16,), max_iter=5, random_state=0).fit(X, Y)
                    for E in (NetworkClassifier, MLPClassifier))  # fmt: skip
    np.testing.assert_allclose(found.predict_proba(X), right.predict_proba(X), atol=1e-6)
    assert np.array_equal(found.predict(X), right.predict(X))
    y = np.c_[X[:, 0], X[:, 1] * 2]
    found, right = (E(hidden_layer_sizes=(16,), max_iter=5, random_state=0).fit(X, y)
                    for E in (NetworkRegressor, MLPRegressor))  # fmt: skip
    np.testing.assert_allclose(found.predict(X), right.predict(X), rtol=1e-5, atol=1e-6)


def test_weights_of_samples_and_classes() -> None:
    X, y = scaled(CANCER[0])[:150], CANCER[1][:150]
    w = np.random.default_rng(0).integers(0, 4, 150)
    how: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0}
    weighted = NetworkClassifier(**how).fit(X, y, w)
    classes = NetworkClassifier(**how, class_weight={0: 3, 1: 1}).fit(X, y)
    same = NetworkClassifier(**how).fit(X, y, np.where(y == 0, 3, 1))
    np.testing.assert_allclose(classes.coefs_[0], same.coefs_[0])
    assert not np.allclose(weighted.coefs_[0], same.coefs_[0])
    NetworkClassifier(**how, class_weight="balanced").fit(X, y, w)


def test_what_the_perceptron_declined() -> None:
    X, y = scaled(DIGITS[0])[:200], DIGITS[1][:200]
    swish = Activation(
        "swish",
        lambda z: z / (1 + np.exp(-z)),
        lambda z: (1 + np.exp(-z) * (1 + z)) / (1 + np.exp(-z)) ** 2,
    )
    clf = NetworkClassifier((12, 8), [swish, "tanh"], dropout=0.1, max_iter=30,
                            learning_rate_init=0.01, random_state=0).fit(X, y)  # fmt: skip
    assert clf.score(X, y) > 0.8
    assert [a.name for a in clf.network_.activations.values()] == ["swish", "tanh", "softmax"]
    assert clone(clf).activation[0] == swish
    targets = np.eye(10)[:, y]
    assert verify(clf.network_, X.T, targets).ok
    assert "layer 4" in clf.network_.draw().source
    huber = Cost("huber", lambda y, h: np.where(np.abs(h - y) < 1, (h - y) ** 2 / 2,
                                               np.abs(h - y) - 0.5),
                 lambda y, h: np.clip(h - y, -1, 1))  # fmt: skip
    X, y = scaled(DIABETES[0]), DIABETES[1] / 100
    reg = NetworkRegressor((16,), cost=huber, max_iter=100, learning_rate_init=0.01,
                           random_state=0).fit(X, y)  # fmt: skip
    assert reg.score(X, y) > 0.4


def test_float32_and_column_names() -> None:
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(scaled(CANCER[0]).astype(np.float32)).add_prefix("c")
    clf = NetworkClassifier((8,), max_iter=3, random_state=0).fit(X, CANCER[1])
    assert clf.network_.dtype == np.float32
    assert list(clf.feature_names_in_[:2]) == ["c0", "c1"]


@pytest.mark.parametrize(
    "how",
    [{"alpha": -1}, {"max_iter": 0}, {"learning_rate": "fast"}, {"learning_rate_init": 0},
     {"solver": "lbfgs"}, {"activation": ["relu", "tanh"]}],
)  # fmt: skip
def test_misuse_is_explained(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(how)).replace("solver", "optimizer")):
        NetworkClassifier((8,)).set_params(**how).fit(*CANCER)


def test_what_ends_it_is_said() -> None:
    with pytest.warns(ConvergenceWarning, match="maximum of 2 iterations"):
        NetworkClassifier(max_iter=2).fit(*CANCER)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NetworkClassifier((4,), max_iter=300, tol=1e-1).fit(scaled(CANCER[0]), CANCER[1])
