"""What one can do with a Tensor in Python: operators, methods, NumPy's functions, plain values.

Importing this package installs all of it on `Tensor`.
"""

from ..core.backward import Backward
from . import operators, protocol, values


class Installed(operators.Operators, values.Values, protocol.Protocol, Backward):
    """All that is installed, as type checkers see it."""

    __slots__ = ()
