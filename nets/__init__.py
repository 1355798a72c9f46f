"""The document's neural network, built from recorded operations and written out in formulas."""

from . import formulas, optimizers
from .activations import Activation
from .costs import Cost
from .digits import load_digits
from .history import CSVLog, History
from .looped import looped_feed_forward
from .network import Network
from .training import DivergenceError, StopTraining, train
from .verification import verify

__all__ = [
    "Activation",
    "CSVLog",
    "Cost",
    "DivergenceError",
    "History",
    "Network",
    "StopTraining",
    "formulas",
    "load_digits",
    "looped_feed_forward",
    "optimizers",
    "train",
    "verify",
]
