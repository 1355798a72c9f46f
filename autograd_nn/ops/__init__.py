"""The operations, by family; importing this package registers them all.

.. include:: ../../examples/operations.md
"""

from . import (
    activations,
    decompositions,
    elementwise,
    indexing,
    joining,
    linalg,
    logical,
    matrices,
    norms,
    products,
    reductions,
    rounding,
    scans,
    shapes,
    signal,
    sorting,
    special,
    statistics,
    trigonometry,
)

__all__ = [
    "activations", "decompositions", "elementwise", "indexing", "joining", "linalg", "logical",
    "matrices", "norms", "products", "reductions", "rounding", "scans", "shapes", "signal",
    "sorting", "special", "statistics", "trigonometry",
]  # fmt: skip
