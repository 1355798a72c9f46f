"""Programs: a trace of a function, differentiated, simplified and written out as NumPy."""

from .jit import jit
from .program import Program

__all__ = ["Program", "jit"]
