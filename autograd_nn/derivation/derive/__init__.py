"""Deriving: the backward pass written out, line by line, with names or element by element."""
