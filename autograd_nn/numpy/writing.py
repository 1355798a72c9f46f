"""Arrays that may be written into while a function is differentiated: ``y[i] = t``.

Every write is recorded as an update: the array is from then on the result of ``setitem``. What is
computed from it takes what is in it at that time. Where NumPy gives a view, ``row = y[0]``, there
is a `View`, which reads and writes the array itself. Each write of a Tensor copies the array.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import Tensor, apply
from ..dispatch.operators import Operators
from ..dispatch.values import plain_key
from ..ops.indexing import SETITEM, put_into_zeros

_RECORD = ("_data", "arrays", "inputs", "marks", "op", "params", "requires_grad")


class Written(Tensor):
    """A Tensor that can be written into.

    Parameters
    ----------
    node : Tensor
        What it holds at first.
    owned : bool
        Whether its data belong to it alone, so that numbers may be written into them as they are.
    """

    __slots__ = ("_node", "_read")  # whether anything has used the node

    def __init__(self, node: Tensor, owned: bool = False) -> None:
        self.grad = self.name = None
        self._become(node.node())
        self._read = not owned

    def _become(self, node: Tensor) -> None:
        for part in _RECORD:
            setattr(self, part, getattr(node, part))
        self._node, self._read = node, True

    def node(self) -> Tensor:
        """Return the Tensor that it is until the next write."""
        self._read = True
        return self._node

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, View) and value.base is self and value.key is key is not None:
            return  # y[key] += t has written into the view
        key, value = plain_key(key), current(value)
        if not isinstance(value, Tensor):
            if self.op is None and not self._read:  # nothing has used it: nothing to record
                self._data[key] = value
                return
            value = np.asarray(value, self.dtype)
        if not np.can_cast(value.dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"numbers of dtype {value.dtype} do not go into an array of dtype {self.dtype} "
                "without losing their gradient; make the array with dtype=float, or complex"
            )
        shape = self._data[key].shape
        while value.ndim > len(shape) and value.shape[0] == 1:
            value = value[0]
        value = np.broadcast_to(value, shape)
        value = value if value.dtype == self.dtype else value.astype(self.dtype)
        if key is ... and isinstance(self, View) and isinstance(value, Tensor):
            self._become(value)  # which is written into the array once, not twice
        else:
            self._become(apply(SETITEM, (self._node, value), {"key": key}))

    def fill(self, value: Any) -> Any:
        """Write `value` everywhere."""
        self[...] = value

    def seen(self, look: Callable[[Any], Any], key: Any = None) -> Any:
        """Return ``look(self)``, a `View` where NumPy gives one; `key` if it is ``self[key]``."""
        node = self.node()

        def part(result: Any, look: Callable[[Any], Any]) -> Any:
            if type(result) in (list, tuple):
                parts = [
                    part(x, lambda y, at=at: look(y)[at])  # type: ignore[misc]  # bound now
                    for at, x in enumerate(result)
                ]
                return type(result)(parts)
            if not isinstance(result, Tensor):
                return result
            is_view = np.may_share_memory(result._data, node._data)
            looks = is_view or (result.op is not None and "view" in result.op.traits)
            if looks and key is None:  # the one or the other may be a copy in NumPy alone
                probe = self.probe()
                is_view = np.may_share_memory(look(probe), probe)
            return View(self, look, key) if is_view else result

        return part(look(node), look)

    def probe(self) -> Any:
        """Return an array laid out as this one is, of its elements' positions."""
        kind = complex if self.dtype.kind == "c" else float  # whose .real is a view, too
        probe = np.empty_like(self._data, kind, subok=False)
        probe[...] = np.arange(self.size).reshape(self.shape)
        return probe

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "at" and ufunc is np.add and inputs[0] is self:
            key, node = plain_key(inputs[1]), self.node()
            value = np.broadcast_to(current(inputs[2]), node._data[key].shape)
            self._become(node + put_into_zeros(value, key, node.shape))
            return None
        target = kwargs.pop("out", (None,))[0]
        result = getattr(ufunc, method)(*map(current, inputs), **kwargs)
        if target is None:
            return result
        target[...] = result
        return target

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in _WRITING and args[0] is self:
            return _write(func, self, args, kwargs)
        kwargs = {name: current(value) for name, value in kwargs.items()}
        if not args or args[0] is not self:
            return func(*current(args), **kwargs)
        if func is np.real and self.dtype.kind != "c":
            return self
        return self.seen(lambda y: func(y, *current(args[1:]), **kwargs))


class View(Written):
    """A part of `base` as ``look(base)`` shows it, at every time.

    Parameters
    ----------
    base : Written
        The array.
    look : callable
        Takes what `base` is, or an array of its shape, and returns the part.
    key : object, optional
        What `base` is indexed by, if it is.
    """

    __slots__ = ("_known", "base", "key", "look")
    _node = property(lambda self: self.node())  # never its own
    _read = True

    def __init__(self, base: Written, look: Callable[[Any], Any], key: Any = None) -> None:
        self.grad = self.name = None
        self.base, self.look, self.key = base, look, key
        self._known: tuple[Any, Any] = (None, None)

    def node(self) -> Any:
        """Return the part of what the array is until the next write."""
        node = self.base.node()
        if self._known[0] is not node:
            self._known = (node, self.look(node))
        return self._known[1]

    def probe(self) -> Any:
        """Return an array laid out as this one is, of where its elements are in the first."""
        return self.look(self.base.probe())

    def _become(self, node: Tensor) -> None:
        if self.key is not None:
            self.base[self.key] = node
            return
        places, first = self.probe(), self.base
        while isinstance(first, View):
            first = first.base
        if not places.flags.writeable or places.dtype.kind != first.probe().dtype.kind:
            raise ValueError("this view is read only; write into the array that it is a view of")
        first[np.unravel_index(places.real.astype(int), first.shape)] = node


def _of_node(name: str) -> property:
    return property(lambda self: getattr(self.node(), name))


for _name in _RECORD:
    setattr(View, _name, _of_node(_name))


def current(value: Any) -> Any:
    """Return what an array, or the arrays in a list or tuple, are until the next write."""
    if isinstance(value, Written):
        return value.node()
    if type(value) in (list, tuple):
        return type(value)(map(current, value))
    return value


_OWN = ("__class__", "__hash__")


def _delegated(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        key = args[0] if name == "__getitem__" else None
        return self.seen(lambda y: getattr(y, name)(*current(args), **kwargs), key)

    return method


for _name in (*vars(Operators), "backward"):
    if _name not in vars(Written) and callable(getattr(Tensor, _name)) and _name not in _OWN:
        setattr(Written, _name, _delegated(_name))

_LOOKS: dict[str, Callable[[Any], Any]] = {
    "T": np.transpose, "flat": np.ravel, "real": np.real, "imag": np.imag,
}  # fmt: skip
for _name, _look in _LOOKS.items():
    setattr(Written, _name, property(_look))


def _in_place(name: str) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        self[...] = getattr(self, f"__{name}__")(other)
        return self

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul", "mod", "floordiv"):
    setattr(Written, f"__i{_name}__", _in_place(_name))


# -- NumPy's functions that write ------------------------------------------------------------------

_WRITING: dict[Any, str] = {
    np.copyto: "src", np.put: "v", np.place: "vals", np.putmask: "values", np.fill_diagonal: "val",
}  # fmt: skip
"""NumPy's function → the argument that it writes."""


def _write(function: Any, y: Written, args: Any, kwargs: Any) -> None:
    """Let `function` write positions of numbers instead, and then the numbers into `y`."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    given, name = bound.arguments, _WRITING[function]
    values = current(given[name])
    values = values if isinstance(values, Tensor) else np.asarray(values)
    positions = given[next(iter(given))] = np.full(y.shape, -1)
    given[name] = np.arange(values.size).reshape(values.shape)
    for other, x in given.items():
        given[other] = np.asarray(current(x)) if isinstance(x, Tensor) else x
    function(*bound.args, **bound.kwargs)
    there = positions >= 0
    y[there] = np.ravel(values)[positions[there]]
