"""Functions that take a function and return another, and how gradients may be made to flow."""
