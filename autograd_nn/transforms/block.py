"""One node in the graph for a whole function.

1. `Block` is the operation of such a node, and `as_one_node` makes the node.
2. `stand_in` is what the function is run on, and `hollow` keeps of its graph the operations alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.backward import in_dtype
from ..core.op import Op
from ..core.tensor import Tensor, apply, constant, plain
from ..data import FLOATING

Pull = Callable[[bool, Sequence[Tensor], list[Any], tuple[int, ...]], Sequence[Any]]
"""(record, inputs, cotangents of the outputs, wanted inputs) → a cotangent for each wanted one."""


class Block(Op):
    """The operation of a node that stands for a whole function, made for that node alone.

    Parameters
    ----------
    name : str
    values : list of array
        What the function returned, of the shapes and dtypes that cotangents will have.
    again : callable
        ``again(*arrays)``: the same for other inputs.
    pull : Pull
        The backward rule of all inputs at once.
    likely : sequence of int
        The inputs that will be asked for, most likely.
    """

    __slots__ = ("_again", "_likely", "_made", "_pull", "_values")

    def __init__(
        self,
        name: str,
        values: list[Any],
        again: Callable[..., list[Any]],
        pull: Pull,
        likely: Sequence[int],
    ) -> None:
        super().__init__(name, self._run, every=self._rule, latex=r"\operatorname{{f}}({0})",
            traits={"complex"})  # fmt: skip
        self._made: Any = self._packed(values)
        self._values = [(np.shape(value), value.dtype) for value in values]
        self._again = again
        self._pull = pull
        self._likely = tuple(likely)

    @staticmethod
    def _packed(values: list[Any]) -> Any:
        if len(values) == 1:
            return values[0]
        return np.concatenate([np.reshape(value, (-1,)) for value in values])

    def unpacked(self, packed: Any) -> list[Any]:
        """Return the parts of what `_packed` made; of a Tensor, recorded."""
        if len(self._values) == 1:
            return [packed]
        parts, start = [], 0
        for shape, dtype in self._values:
            size = int(np.prod(shape, dtype=int))
            part = np.reshape(packed[start : start + size], shape)
            parts.append(in_dtype(part, dtype))
            start += size
        return parts

    def _run(self, *arrays: Any) -> Any:
        made, self._made = self._made, None  # the values that the function gave when it was called
        return self._packed(self._again(*arrays)) if made is None else made

    def _rule(self, g: Any, out: Any, *inputs: Any) -> Callable[[int], Any]:
        """Return what gives the cotangent of an input: those of all are made when first asked."""
        kept: dict[int, Any] = {}

        def one(index: int) -> Any:
            if not kept:
                kept.update(self._pulled(g, inputs, self._likely))
            return kept[index] if index in kept else self._pulled(g, inputs, (index,))[index]

        return one

    def _pulled(self, g: Any, inputs: Sequence[Any], wanted: tuple[int, ...]) -> dict[int, Any]:
        record = isinstance(g, Tensor)
        nodes = [x if isinstance(x, Tensor) else constant(x) for x in inputs]
        found = self._pull(record, nodes, self.unpacked(g), wanted)
        return dict(zip(wanted, found, strict=True))


def as_one_node(
    name: str,
    values: list[Any],
    inputs: Sequence[Tensor],
    again: Callable[..., list[Any]],
    pull: Pull,
) -> list[Tensor]:
    """Return `values` as Tensors that come from `inputs` by one operation."""
    floats = [i for i, x in enumerate(inputs) if x.dtype.kind in FLOATING]
    likely = [i for i in floats if inputs[i].requires_grad or inputs[i].op is not None]
    block = Block(name, values, again, pull, likely)
    return block.unpacked(apply(block, inputs))


def stand_in(x: Tensor) -> Tensor:
    """Return a leaf on the data of `x`."""
    return Tensor(plain(x), requires_grad=x.requires_grad, name=x.name)


def as_tensor(x: Any) -> Tensor:
    """Return a Tensor as it is, and anything else in one."""
    return x if isinstance(x, Tensor) else Tensor(x)


def hollow(node: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """Return `node` on other inputs, without its value: what ``rebuild`` can run again."""
    made = constant(0)
    made.op, made.inputs, made.params = node.op, tuple(inputs), node.params
    return made
