"""Which statements of a program for Numba its kernels do, and which are left to NumPy between them.

`runs` cuts the steps into those; what has no form in Numba, or is computed in another way there,
is one statement of NumPy's.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from ..core.tensor import Tensor
from ..ops.costs import SOFTMAX_CROSS_ENTROPY
from ..ops.indexing import GETITEM, is_basic
from ..ops.linalg import MATMUL
from ..ops.reductions import SOFTMAX
from ..ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from .graph import is_array
from .iterations import ADD_AT, AT, ITEM, LOOP, PUT_AT, STORE, TABLE, Key, Loop
from .loop_nests import MOST_AXES, Nest, has_loop_form
from .numba_numbers import computed_in
from .repeats import Step
from .rewriting import is_exact
from .rules.kernels import GEMM
from .rules.pieces import PIECES
from .rules.windows import WINDOWS


def is_of_columns(node: Tensor) -> bool:
    """Whether `native` has a function for `node`."""
    if node.op is SOFTMAX:
        return node.ndim == 2 and node.params["axis"] in (0, -2)
    return node.op is SOFTMAX_CROSS_ENTROPY


def _is_number(node: Tensor) -> bool:
    """Whether `node` is a number computed from numbers."""
    numbers = not any(is_array(x) for x in (node, *node.inputs))
    return numbers and has_loop_form(node.op) and not node.params and computed_in(node) is not None


def is_readable(node: Tensor) -> bool:
    """Whether `node` is written as a view of an array."""
    if node.op not in (RESHAPE, TRANSPOSE, BROADCAST_TO, GETITEM, WINDOWS, AT):
        return False
    if node.ndim > MOST_AXES or not node.size:
        return False
    readable = node.dtype.kind in "biu" or is_exact(node.dtype)
    basic = node.op not in (GETITEM, AT) or _has_basic_key(node)
    return readable and basic and (is_array(node.inputs[0]) or node.op in (BROADCAST_TO, RESHAPE))


def _has_basic_key(node: Tensor) -> bool:
    """Whether an element's place follows from its index, the key, and the iteration."""
    key = node.params["key"]
    if not isinstance(key, Key):
        return is_basic(key)
    parts = key.parts if isinstance(key.parts, tuple) else (key.parts,)
    slices = [part for part in parts if isinstance(part, slice)]
    starts = [x.start for x in slices if isinstance(x.start, Step)]
    fixed = not any(isinstance(x.step, Step) for x in slices)
    return fixed and is_basic(key.at(0)) and all(start.least >= 0 for start in starts)


def is_indexed(node: Tensor) -> bool:
    """Whether `node` is a view whose elements are read in place, without being written itself."""
    if not is_readable(node):
        return False
    shapes = [[n for n in x.shape if n != 1] for x in (node, node.inputs[0])]
    return node.op is not RESHAPE or shapes[0] == shapes[1]


def _is_worth_it(step: Nest | Tensor) -> bool:
    """Whether a kernel does better than NumPy at `step`."""
    if isinstance(step, Nest) or step.op is GEMM:
        return True
    if step.op in (STORE, PUT_AT, ADD_AT):
        simple = step.inputs[0].dtype.kind in "biu" or is_exact(step.inputs[0].dtype)
        return simple and (step.op is STORE or _has_basic_key(step))
    same = is_exact(step.dtype) and all(x.dtype == step.dtype for x in step.inputs)
    few = step.ndim <= MOST_AXES and (step.op is PIECES or all(map(is_array, step.inputs)))
    if not same or not step.size or not few:
        return False
    matrices = all(x.ndim > 1 and x.size for x in step.inputs)  # Numba refuses empty ones
    product = step.op is MATMUL and matrices
    return step.op is PIECES or product or is_of_columns(step)


def runs(
    steps: Sequence[Nest | Tensor],
    plans: Mapping[Loop, Sequence[Nest | Tensor]],
    by_numpy: Collection[Tensor],
) -> list[tuple[bool, list[Nest | Tensor]]]:
    """Return the steps in runs: those that a kernel does, and those that NumPy does.

    Parameters
    ----------
    steps : sequence of Nest or Tensor
    plans : mapping
        The steps of loops. A kernel does a loop if it does all of them.
    by_numpy : collection of Tensor
        What is left to NumPy in any case.
    """

    def compiled(step: Nest | Tensor) -> bool:
        if not isinstance(step, Tensor) or step in by_numpy:
            return isinstance(step, Nest)
        if step.op is LOOP:
            return all(map(compiled, plans[step.params["loop"]]))
        named = step.op in (ITEM, TABLE)
        return named or is_readable(step) or _is_number(step) or _is_worth_it(step)

    def worth(step: Nest | Tensor) -> bool:
        return _is_worth_it(step) or (isinstance(step, Tensor) and step.op is LOOP)

    found = itertools.groupby(steps, compiled)
    listed = [(kind, list(some)) for kind, some in found]
    return [(kind and any(map(worth, some)), some) for kind, some in listed]
