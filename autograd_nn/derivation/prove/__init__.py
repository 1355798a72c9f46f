"""Proving: that a formula is the derivative, whatever the values."""
