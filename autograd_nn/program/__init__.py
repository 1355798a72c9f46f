"""Programs: a trace of a function, differentiated, simplified and written out as NumPy."""

from .jit import Program, jit

__all__ = ["Program", "jit"]
