"""Formulas: how they are named, made from graphs, simplified, compared and printed."""
