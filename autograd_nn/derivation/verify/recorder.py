"""Arrays that remember their formula while a program in plain NumPy runs.

1. A `Recorded` is an array of NumPy like any other, so that a program runs on it as written. Beside
   its values it carries the Tensor that they were computed as, writes in place included.
2. `called` makes what functions return such arrays; `formula` tells what stands behind one, and
   nothing where that was lost on the way: the values are NumPy's own, and they decide.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...core.tensor import Tensor, plain
from ...ops.indexing import put_into_zeros

LOOKED: ContextVar[bool] = ContextVar("autograd_nn_looked", default=False)
"""Whether a number was taken out of an array: what is computed after it may depend on it unseen."""

COST: ContextVar[Any] = ContextVar("autograd_nn_cost", default=None)
"""The value of the graph that is judged, if there is one: no gradient uses it."""

FROZEN: ContextVar[set[Tensor]] = ContextVar("autograd_nn_frozen")
"""The Tensors whose formula holds for these values only, as they decided about an index or so."""

_CONSTANT = {np.zeros_like, np.ones_like, np.empty_like, np.full_like}
_SHAPES = {np.shape, np.ndim, np.size}


class Recorded(np.ndarray):
    """An array with the Tensor that its values were computed as.

    Attributes
    ----------
    node : Tensor or None
        None where the operation cannot be recorded.
    """

    node: Tensor | None
    _base: tuple[Recorded, Any] | None  # what it is a view of, and by which key
    _of: Tensor | None  # the Tensor of that when `node` was made
    _first: Tensor | None  # what it was at the start

    def __array_finalize__(self, other: Any) -> None:
        self.node, self._base, self._of, self._first = None, None, None, None

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any
    ) -> Any:
        if method == "at":
            return _added_at(ufunc, *inputs)
        run = ufunc if method == "__call__" else getattr(ufunc, method)
        if out is None:
            return _both(run, inputs, kwargs)
        target = out[0]
        if isinstance(target, Recorded) and target.ndim == 0:  # a number is not changed in place
            return _both(run, inputs, kwargs)
        nodes = [_node(x) for x in inputs]  # of what is read, before it is written over
        run(*[_part(x) for x in inputs], out=tuple([_part(x) for x in out]), **kwargs)
        if isinstance(target, Recorded):
            _enter(target, lambda: _cast(run(*nodes, **kwargs), target))
        return target

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in _SHAPES:
            return func(*_part(args), **kwargs)
        if func in _CONSTANT:
            return record(func(*_part(args), **_part(kwargs)))
        return _both(func, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        found = np.asarray(self.view(np.ndarray)[_part(key)])
        taken = (found if found.ndim else found.copy()).view(Recorded)
        taken._of = formula(self)
        taken.node = _taken(taken._of, key)
        if found.ndim and np.may_share_memory(found, self):
            taken._base = (self, key)
        return taken

    def __setitem__(self, key: Any, value: Any) -> None:
        own = isinstance(value, Recorded) and value._base is not None and value._base[0] is self
        if own and value._base[1] is key and formula(self) is not None:
            return  # x[key] += v has written it
        before = formula(self)
        self.view(np.ndarray)[_part(key)] = _part(value)
        whole = isinstance(key, np.ndarray) and key.dtype == bool and key.shape == self.shape
        by_mask = whole and np.ndim(value) == 0
        decided = _decides(key) and not by_mask
        _enter(self, lambda: _put(before, key, value, by_mask), decided)

    def copy(self, *order: Any) -> Any:
        """Return an array of its own with the same values."""
        made = self.view(np.ndarray).copy(*order).view(Recorded)
        made.node = _taken(formula(self), ...)
        return made

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    @property
    def T(self) -> Any:
        """The transpose."""
        return self.transpose()


def _method(name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _both(lambda a, *more, **named: getattr(a, name)(*more, **named),
                     (self, *args), kwargs)  # fmt: skip

    return method


def _told(name: str, looks: bool) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        if looks and not LOOKED.get() and self.node is not None:
            LOOKED.set(_tells(self.node))
        return getattr(self.view(np.ndarray), name)(*args)

    return method


def _tells(node: Tensor) -> bool:
    """Whether what is computed after a look at a number may depend on it."""
    cost = COST.get()
    is_cost = cost is not None and node.size == 1 and np.allclose(plain(node), cost, 1e-9)
    return not is_cost and any(x.dtype.kind == "f" for x in node.inputs)


for _name in vars(Tensor).keys() - vars(Recorded).keys() - {"view"}:  # that gives the plain array
    _shared = callable(getattr(Tensor, _name, None)) and callable(getattr(np.ndarray, _name, None))
    if _shared and not _name.startswith("_"):
        setattr(Recorded, _name, _method(_name))
for _name in ("__bool__", "__float__", "__int__", "__index__", "item", "tolist"):
    setattr(Recorded, _name, _told(_name, True))
for _name in ("__repr__", "__str__", "__format__", "__reduce__"):
    setattr(Recorded, _name, _told(_name, False))


def record(value: Any, node: Tensor | None = None) -> Any:
    """Return an array that is recorded from here on: as `node`, or as a constant."""
    array = np.array(value).view(Recorded)
    array.node = array._first = Tensor(np.array(value)) if node is None else node
    return array


def called(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call a function in a program; arrays of floats that it returns are recorded from here on.

    They are constants, unless it was handed recorded ones: then their formula is lost. Lists and
    dicts stay themselves, so that who else holds them sees what is written there.
    """
    value = function(*args, **kwargs)
    if function in (np.array, np.asarray) and args and type(value) is np.ndarray:
        whole, given = _made(value, None), args[0]
        if _recorded_in(given):
            alone = isinstance(given, Recorded)
            node = _taken(_node(given), ...) if alone else _safely(lambda: _joined(given))
            whole.node = node
            return whole
    return _wrapped(value, bool(_recorded_in((args, kwargs))))


def _joined(parts: Any) -> Any:
    return np.stack([_joined(part) if type(part) in (list, tuple) else _part(part, True)
                     for part in parts])  # fmt: skip


def _wrapped(value: Any, lost: bool) -> Any:
    if type(value) is np.ndarray and value.dtype.kind == "f":
        found = value.view(Recorded)
        found.node = None if lost else _marked(Tensor(value.copy()))
        return found
    if type(value) is tuple:
        return tuple(_wrapped(part, lost) for part in value)
    if type(value) in (list, dict):
        for key, part in enumerate(value) if type(value) is list else value.items():
            if type(part) is np.ndarray:
                value[key] = _wrapped(part, lost)
    return value


def _marked(node: Any, decided: bool = False) -> Tensor | None:
    """Return a Tensor, noted as frozen where values decided about it."""
    if not isinstance(node, Tensor):
        return None
    if decided or LOOKED.get():
        FROZEN.get().add(node)
    return node


def _taken(node: Tensor | None, key: Any) -> Tensor | None:
    return None if node is None else _marked(_safely(lambda: node[_part(key)]), _decides(key))


def alias(value: Any) -> Any:
    """Return a second array on the same values, which another name may have for its own."""
    return value[...] if isinstance(value, Recorded) and value.ndim else value


def formula(array: Any) -> Tensor | None:
    """Return the Tensor that an array is the value of; None where that is not known."""
    if array._base is not None:  # what it is a view of may have been written to
        whole, key = array._base
        of = formula(whole)
        if of is not array._of:
            array.node, array._of = _taken(of, key), of
    node = array.node
    if node is None or node.shape != array.shape:
        return None
    values = plain(node)
    if values.dtype.kind not in "fiub" or array.dtype.kind not in "fiub":
        return None
    own = array.view(np.ndarray)
    same = (values == own).all() or np.allclose(values, own, 1e-9, 1e-300, equal_nan=True)
    return node if same else None


def _part(value: Any, nodes: bool = False) -> Any:
    """Return an argument with plain arrays in the place of recorded ones, or their Tensors."""
    if isinstance(value, Recorded):
        if not nodes:
            return value.view(np.ndarray)
        found = formula(value)
        if found is None:
            raise LookupError("its formula is lost")
        return found
    if type(value) in (list, tuple):
        return type(value)(_part(part, nodes) for part in value)
    if type(value) is dict:
        return {key: _part(part, nodes) for key, part in value.items()}
    return value


def _node(value: Any) -> Any:
    return formula(value) if isinstance(value, Recorded) else value


def _safely(make: Callable[[], Any]) -> Tensor | None:
    try:
        with np.errstate(all="ignore"):
            made = make()
    except Exception:  # what is not recordable has values all the same
        return None
    return made if isinstance(made, Tensor) else None


def _recorded_in(value: Any) -> list[Recorded]:
    if isinstance(value, Recorded):
        return [value]
    parts = value.values() if type(value) is dict else value
    return (
        [x for part in parts for x in _recorded_in(part)]
        if type(value) in (list, tuple, dict)
        else []
    )


def _decides(key: Any) -> bool:
    """Whether an index was computed from values."""
    return any(x.node is None or x.node.op is not None for x in _recorded_in(key))


def _both(run: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Run a function on the values, and on the Tensors beside them."""
    value = run(*_part(args), **_part(kwargs))
    try:
        with np.errstate(all="ignore"):
            node: Any = run(*_part(args, True), **_part(kwargs, True))
    except Exception:  # what is not recordable has values all the same
        node = None
    if isinstance(value, (list, tuple)):
        nodes = node if isinstance(node, (list, tuple)) else [None] * len(value)
        return type(value)(_made(*pair) for pair in zip(value, nodes, strict=True))
    return _made(value, node)


def _made(value: Any, node: Any) -> Any:
    if not isinstance(value, (np.ndarray, np.generic)):
        return value
    array = np.asarray(value).view(Recorded)
    array.node = _marked(node)
    return array


def _cast(node: Any, target: Any) -> Any:
    node = np.broadcast_to(node, target.shape) if np.shape(node) != target.shape else node
    return node if node.dtype == target.dtype else node.astype(target.dtype)


def _enter(target: Recorded, make: Callable[[], Any], decided: bool = False) -> None:
    """Give an array that was written to its new formula, and those that it is a view of."""
    target.node = _marked(_safely(make), decided)
    while target._base is not None:
        whole, key = target._base
        before, node = whole.node, target.node
        whole.node = None
        if before is not None and node is not None:
            make = lambda b=before, k=key, n=node: _put(b, k, n, False)  # type: ignore[misc]  # noqa: E731
            whole.node = _marked(_safely(make), _decides(key))
        target._of, target = whole.node, whole
    first = target._first
    if first is not None and np.array_equal(plain(first), target.view(np.ndarray)):
        target.node = first  # a check has put back what it had changed


def _put(before: Tensor | None, key: Any, value: Any, by_mask: bool) -> Any:
    """Return what ``x[key] = value`` makes of x, where the last of several writes wins."""
    if before is None:
        return None
    new = _part(value, True)
    if by_mask:
        return np.where(_part(key, True) if isinstance(key, Recorded) else key, new, before)
    places = np.arange(before.size).reshape(before.shape)[_part(key)]
    if places.size == before.size and places.shape == before.shape:
        return np.broadcast_to(new, before.shape) if np.shape(new) != before.shape else new + 0.0
    taken = np.full(before.size, -1)
    taken[places.ravel()] = np.arange(places.size)  # the last wins
    taken = taken.reshape(before.shape)
    spread = np.broadcast_to(new, places.shape).reshape(-1)[np.maximum(taken, 0)]
    return np.where(taken >= 0, spread, before)


def _added_at(ufunc: Any, target: Any, key: Any, value: Any = 0) -> None:
    before = formula(target) if isinstance(target, Recorded) else None
    ufunc.at(_part(target), _part(key), _part(value))
    if isinstance(target, Recorded):

        def make() -> Any:
            if ufunc not in (np.add, np.subtract):
                return None
            shape = np.arange(target.size).reshape(target.shape)[_part(key)].shape
            spread = np.broadcast_to(_part(value, True), shape)
            return ufunc(before, put_into_zeros(spread, _part(key), target.shape))

        _enter(target, make, _decides(key))
