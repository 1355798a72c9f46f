"""The operations, by family; importing this package registers them all.

.. include:: ../../examples/operations.md
"""

from . import (
    activations,
    costs,
    counting,
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
    "activations", "costs", "counting", "decompositions", "elementwise", "indexing", "joining", "linalg",
    "logical", "matrices", "norms", "products", "reductions", "rounding", "scans", "shapes",
    "signal", "sorting", "special", "statistics", "trigonometry",
]  # fmt: skip
