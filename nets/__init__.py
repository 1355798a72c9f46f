"""The document's neural network, built from recorded operations and written out in formulas."""

from . import formulas
from .activations import Activation
from .costs import Cost
from .digits import load_digits
from .looped import looped_feed_forward
from .network import Network
from .training import DivergenceError, History, train
from .verification import verify

__all__ = [
    "Activation",
    "Cost",
    "DivergenceError",
    "History",
    "Network",
    "formulas",
    "load_digits",
    "looped_feed_forward",
    "train",
    "verify",
]
