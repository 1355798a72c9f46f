"""Checks in numbers: gradients against finite differences, and the first NaN or infinity."""
