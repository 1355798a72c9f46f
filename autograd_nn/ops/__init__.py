"""The operations, by family; importing this package registers them all.

.. include:: ../../examples/operations.md
"""

from . import (
    activations,
    complex_parts,
    convolutions,
    costs,
    counting,
    decompositions,
    elementwise,
    equations,
    fourier,
    indexing,
    joining,
    linalg,
    logical,
    matrices,
    matrix_functions,
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
    "activations", "complex_parts", "convolutions", "costs", "counting", "decompositions",
    "elementwise", "equations", "fourier", "indexing", "joining", "linalg", "logical",
    "matrices", "matrix_functions", "norms", "products", "reductions", "rounding", "scans",
    "shapes", "signal", "sorting", "special", "statistics", "trigonometry",
]  # fmt: skip
