"""The test list: the rows of all families of operations.

Every module in here exports ``ROWS`` and mirrors one of ``autograd_nn/ops``. To add an operation
is to add its record there and a row here; `test_operations` makes the tests.
"""

from __future__ import annotations

import importlib
import pkgutil

from autograd_nn.core.op import REGISTRY

from ..harness import Row

REGISTERED = frozenset(REGISTRY)
"""The package's operations: read at collection, before a test or doctest makes one of its own."""

ROWS: list[Row] = [
    row
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__))
    for row in importlib.import_module(f"{__name__}.{module}").ROWS
]
