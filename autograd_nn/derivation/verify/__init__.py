"""Verifying: which of a learner's formulas is wrong first, and why."""
