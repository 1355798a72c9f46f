"""The document's neural network, built from recorded operations and written out in formulas."""

from . import formulas
from .activations import Activation
from .digits import load_digits
from .network import Network, looped_feed_forward
from .proofs import prove
from .training import DivergenceError, History, train
from .verification import verify

__all__ = [
    "Activation",
    "DivergenceError",
    "History",
    "Network",
    "formulas",
    "load_digits",
    "looped_feed_forward",
    "prove",
    "train",
    "verify",
]
