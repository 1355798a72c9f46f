"""Taking plain values out of a Tensor: for Python, for NumPy, for indices.

Each of these ways leaves the graph, so each asks `refuse_value` first: while a function is being
traced a value is a stand-in, and while one is differentiated a value takes no gradient along.
`Values` is installed on `Tensor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.op import Op
from ..core.recording import DIFFERENTIATING, TRACING, refuse_value
from ..core.tensor import Tensor, apply, constant, install, plain
from ..data import FLOATING
from ..places import library_function

_KEEP = "Keep the Tensor; arrays of autograd_nn.numpy may be written into, y[i] = t."

DETACH = Op("detach", lambda x: x, traits={"complex"})  # no rules: no gradient passes


class _Elsewhere:
    """What an array has, or NumPy has as a function, and a Tensor has not: it says where it is.

    A ``__getattr__`` would say so too, but Python reads every attribute of a class that has one
    several times slower.
    """

    def __init__(self, error: str) -> None:
        self.error = error

    def __get__(self, t: Any, owner: Any = None) -> Any:
        raise AttributeError(self.error)


for _name in {*vars(np), *dir(np.ndarray)} - set(dir(Tensor)):
    _way = f"np.{_name}(t)" if _name in vars(np) else f"t.numpy().{_name}, without gradients"
    if _name[0] != "_":
        setattr(Tensor, _name, _Elsewhere(f"a Tensor has no attribute {_name!r}; use {_way}"))


@install
class Values:
    """What a Tensor is to code that knows no Tensors."""

    __slots__ = ()

    def node(self: Any) -> Tensor:
        """Return the record that operations take: itself, where it is not written into."""
        taken: Tensor = self
        return taken

    def item(self: Any) -> Any:
        """Return the only element as a Python number."""
        refuse_value("item()", "Return the Tensor from the function instead.", self)
        return _only(self)

    def tolist(self: Any) -> Any:
        """Return the data as nested lists of Python numbers."""
        refuse_value("tolist()", "Return the Tensor from the function instead.", self)
        return np.asarray(self._data).tolist()

    def numpy(self: Any) -> Any:
        """Return the data, without gradients. Results of operations are read-only."""
        refuse_value("numpy()", "Use the Tensor itself.", self)
        return self._data

    def detach(self: Any) -> Tensor:
        """Return a leaf on the same data that requires no gradient."""
        if TRACING.get():  # a leaf would bake the stand-in's values into the program
            constant_copy = apply(DETACH, (self,))
            constant_copy.name = self.name
            return constant_copy
        return Tensor(self._data, name=self.name)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        what, instead = _asker()
        refuse_value(what, instead, self)
        # counts, indices and truth values have no gradient to lose
        if self.requires_grad or (self.op is not None and self.dtype.kind in FLOATING):
            why = "requires gradients" if self.requires_grad else "was recorded"
            raise TypeError(
                f"{self.label()} {why}, which {what} would lose; use .numpy() for the plain "
                f"values, or np.stack(...) to build from Tensors. {instead}"
            )
        array = np.asarray(self._data, dtype=dtype)
        return array.copy() if copy else array

    def __repr__(self: Any) -> str:
        text = _text(self._data, separator=", ", prefix="Tensor(")
        extra = f", name={self.name!r}" if self.name else ""
        if self.op is not None:
            extra += f", op={self.op.name}"
        elif self.requires_grad:
            extra += ", requires_grad=True"
        return f"Tensor({text}{extra})"

    def _repr_html_(self: Any) -> str:
        """Return it for a notebook: what it is, and its values, where wide ones scroll."""
        from html import escape

        origin = "a parameter" if self.requires_grad and not self.inputs else "a leaf"
        origin = f"the result of {self.op.name}" if self.op is not None else origin
        shape = " × ".join(map(str, self.shape)) or "a number"
        said = escape(f"{self.name or 'Tensor'}: {shape}, {self.dtype}, {origin}")
        return (
            f"<div style='overflow-x:auto'><small>{said}</small>"
            f"<pre>{escape(_text(self._data))}</pre></div>"
        )

    def __format__(self: Any, spec: str) -> str:
        if spec:
            refuse_value("a format", "Print outside of the function.")
        return format(_only(self) if self.size == 1 else self._data, spec) if spec else repr(self)

    def __bool__(self: Any) -> bool:
        refuse_value("a truth value", "Use np.where(condition, a, b) in place of the branch.")
        return bool(self._data)

    def __float__(self: Any) -> float:
        refuse_value("float()", _KEEP, self, warn=True)
        return float(_only(self))

    def __complex__(self: Any) -> complex:
        refuse_value("complex()", _KEEP, self, warn=True)
        return complex(_only(self))

    def __int__(self: Any) -> int:
        refuse_value("int()", _KEEP, self, warn=True)
        return int(_only(self))

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        if self.op is not None:
            refuse_value("a copy", "Use the Tensor itself.", self)
            raise TypeError(
                f"{self.label()} is the result of {self.op.name!r}, and is neither copied nor "
                "pickled with its history. Copy its leaves and compute again, or copy t.detach() "
                "or t.numpy(), its values"
            )
        if self.requires_grad and DIFFERENTIATING.get():
            refuse_value("a copy", "Use the Tensor itself.", self)
        return _leaf, (self._data, self.requires_grad, self.name, self.grad)

    def __index__(self: Any) -> int:
        refuse_value("use as an index", "Use np.take_along_axis or np.where.")
        return int(self._data.__index__())

    def __len__(self: Any) -> int:
        if not self.shape:
            raise TypeError(f"{self.label()} has no length: it is 0-dimensional")
        length: int = self.shape[0]
        return length

    def __dir__(self: Any) -> list[str]:
        has = object.__dir__(self)
        return [name for name in has if not isinstance(vars(Tensor).get(name), _Elsewhere)]

    @property
    def _mask(self: Any) -> Any:
        """Refused: NumPy's masked arrays ask for it, having taken the values."""
        raise TypeError(
            "an operator of a masked array (np.ma) on a Tensor would lose the gradient; use "
            "np.where(mask, 0, m.data * t), or multiply by the mask as an array"
        )

    def __iter__(self: Any) -> Iterator[Tensor]:
        refuse_value("iteration", "Use whole-array operations or indexing.")
        if not self.shape:
            raise TypeError(f"{self.label()} cannot be iterated over: it is 0-dimensional")
        return (self[i] for i in range(len(self)))

    def __contains__(self: Any, value: Any) -> bool:
        refuse_value("in", "Use np.where(condition, a, b) in place of the branch.")
        return bool(np.any(self._data == plain(value)))


def _asker() -> tuple[str, str]:
    """Return who asks for an array, a function of SciPy's or np.asarray, and the way out."""
    function = library_function("scipy")
    if function is None:
        return "np.asarray or np.array", (
            "Use NumPy functions on the Tensor itself, or those of autograd_nn.numpy and "
            "autograd_nn.scipy, which record arrays of Tensors and what SciPy has."
        )
    name = function.rpartition(".")[2]
    for place, module in (("np.linalg", np.linalg), ("np", np)):
        if hasattr(module, name):
            return function, f"Use {place}.{name} on the Tensor itself."
    return function, (
        f"Use autograd_nn.{function} where it is there, write it with NumPy functions, or make an "
        "operation of it with custom(...)."
    )


def _only(t: Tensor) -> Any:
    """Return the only element of `t` as a Python number."""
    return t._data.item() if hasattr(t._data, "item") else t._data


def _text(data: Any, **how: Any) -> str:
    """Return data as NumPy writes it; of others, whose values may not be there, their own text."""
    if isinstance(data, (np.ndarray, np.generic, bool, int, float, complex)):
        return np.array2string(np.asarray(data), **how)
    return repr(data)


def _leaf(data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    """Return the copy of a leaf."""
    made = constant(data)
    made.requires_grad, made.name, made.grad = requires_grad, name, grad
    return made


def plain_key(key: Any) -> Any:
    """Return an indexing key with Tensors and lists in it as arrays."""
    if isinstance(key, tuple):
        return tuple(plain_key(part) for part in key)
    if isinstance(key, Tensor):
        refuse_value("use as an index", "Use np.take_along_axis or np.where.")
        return plain(key).copy()
    # A copy: what a backward pass scatters by must be what the forward pass took by.
    return np.array(key) if isinstance(key, (list, np.ndarray)) else key
