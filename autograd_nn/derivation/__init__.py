"""Derivations: check claimed formulas, prove right ones, write the derivation down.

1. `verify` judges formulas and explains wrong ones.
2. `derive` writes the backward pass of a recorded graph as a derivation.
3. `prove` shows in symbols that a formula holds for all values and every activation.
"""

from .checker import verify
from .claims import Formula
from .environment import UnknownNameError
from .explain import Explanation
from .lines import Derivation, derive
from .proof import CounterExample, Proof, Proofs, prove
from .report import Difference, Line, Report

__all__ = [
    "CounterExample",
    "Derivation",
    "Difference",
    "Explanation",
    "Formula",
    "Line",
    "Proof",
    "Proofs",
    "Report",
    "UnknownNameError",
    "derive",
    "prove",
    "verify",
]
