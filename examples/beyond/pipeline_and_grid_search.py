"""Beyond the document: the network as a step of a scikit-learn pipeline, its settings searched."""

import argparse
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nets import NetworkClassifier, verify
from nets.digits import one_hot


def main(passes: int) -> None:
    """Search, score, and hold the formulas of the network that was found against its graph."""
    X, X_test, y, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
    pipeline = make_pipeline(
        StandardScaler(),
        NetworkClassifier(max_iter=passes, learning_rate_init=0.01, random_state=0),
    )
    settings = {
        "networkclassifier__hidden_layer_sizes": [(20,), (20, 20)],
        "networkclassifier__activation": ["relu", "tanh"],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(pipeline, settings, cv=3).fit(X, y)
    print(search.best_params_)
    print(f"{search.score(X_test, y_test):.1%} of the held-out digits are read rightly")
    net = search.best_estimator_[-1].network_
    print(
        net, verify(net, search.best_estimator_[0].transform(X[:50]).T, one_hot(y[:50])).summary()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=30)
    main(parser.parse_args().passes)
