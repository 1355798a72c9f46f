"""The document's neural network, built from recorded operations and written out in formulas."""

from typing import TYPE_CHECKING, Any

from . import formulas, optimizers
from .activations import Activation
from .costs import Cost
from .digits import load_digits
from .history import CSVLog, History
from .looped import looped_feed_forward
from .network import Network
from .proofs import prove
from .training import DivergenceError, StopTraining, train
from .verification import verify

if TYPE_CHECKING:
    from .estimators import NetworkClassifier, NetworkRegressor

__all__ = [
    "Activation",
    "CSVLog",
    "Cost",
    "DivergenceError",
    "History",
    "Network",
    "NetworkClassifier",
    "NetworkRegressor",
    "StopTraining",
    "formulas",
    "load_digits",
    "looped_feed_forward",
    "optimizers",
    "prove",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in ("NetworkClassifier", "NetworkRegressor"):  # scikit-learn takes a second to import
        from . import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
