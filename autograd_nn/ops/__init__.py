"""The operations, by family; importing this package registers them all."""

from . import elementwise, linalg, logical, reductions, shapes

__all__ = ["elementwise", "linalg", "logical", "reductions", "shapes"]
