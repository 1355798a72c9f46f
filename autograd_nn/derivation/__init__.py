"""Derivations: check claimed formulas, prove right ones, write the derivation down.

1. `verify` judges formulas and explains wrong ones.
2. `derive` writes the backward pass of a recorded graph as a derivation.
3. `prove` shows in symbols that a formula holds for all values and every activation.
"""

from .derive.derivation import Derivation, derive
from .names import UnknownNameError
from .prove.proof import CounterExample, Proof, Proofs, prove
from .verify.checker import assert_right, verify
from .verify.claims import Formula
from .verify.mistakes import Explanation
from .verify.report import Difference, Line, Report

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
    "assert_right",
    "derive",
    "prove",
    "verify",
]
