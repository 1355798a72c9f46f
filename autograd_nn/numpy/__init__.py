"""NumPy's namespace for Tensors: what plain NumPy cannot hand to them.

    import autograd_nn.numpy as np

1. Functions take lists of Tensors: ``np.array([t, 2 * t])``, ``np.sum([t, s])``, ``np.r_[0, t]``.
2. Inside of a function that is differentiated or compiled, ``np.zeros(n)`` and its like may be
   written into, ``y[i] = t``; views of them are views. Outside of one they are plain
   arrays. ``np.array(t)`` and ``t.copy()`` of a Tensor may be written into everywhere.
3. Everything else is NumPy's own, and records Tensors as it does.
"""

from __future__ import annotations

import functools
import itertools
import types
from collections.abc import Callable, Iterable, ValuesView
from typing import Any

import numpy as np

from ..core.recording import DIFFERENTIATING, TRACING
from ..core.tensor import Tensor, install, plain
from .writing import Written, current

_LISTS = {
    np.block, np.broadcast_arrays, np.choose, np.column_stack, np.concatenate, np.dstack, np.einsum,
    np.hstack, np.linalg.multi_dot, np.meshgrid, np.select, np.stack, np.vstack,
}  # fmt: skip
"""Functions that take several arrays in a list."""

_ORDINARY = (type(np.sum), type(np.array), type(np.isscalar))


def holds_tensors(value: Any) -> bool:
    """Whether a Tensor is in `value`, a nested list or tuple, or it is one."""
    if isinstance(value, (list, tuple)):
        return any(map(holds_tensors, value))
    return isinstance(value, Tensor)


def _joined(value: Any, dtype: Any = None) -> Any:
    """Return nested lists of Tensors and numbers as one Tensor."""
    if isinstance(value, (list, tuple)):
        made: Any = np.stack([_joined(part) for part in value])
    else:
        made = current(value) if isinstance(value, Tensor) else np.asarray(value)
    return made if dtype is None or np.dtype(dtype) == made.dtype else made.astype(dtype)


def array(
    value: Any, /, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **more: Any
) -> Any:
    """Return ``np.array(value)``; of Tensors, also in nested lists, a Tensor.

    Raises
    ------
    ValueError
        If the parts of a list have different shapes.
    """
    if not holds_tensors(value):
        return np.array(value, dtype, copy=copy, ndmin=ndmin, **more)
    made = _joined(value, dtype)
    if made.ndim < ndmin:
        made = np.reshape(made, (1,) * (ndmin - made.ndim) + made.shape)
    return Written(made) if copy else made


def _as(numpys: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(numpys, assigned=("__name__", "__doc__"))
    def convert(a: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        if isinstance(a, Written) and dtype in (None, a.dtype):
            return a
        if holds_tensors(a):
            return _joined(a, dtype)
        return numpys(a, dtype, *args, **kwargs)

    return convert


asarray, asanyarray = _as(np.asarray), _as(np.asanyarray)
ascontiguousarray, asfortranarray = _as(np.ascontiguousarray), _as(np.asfortranarray)
require = _as(np.require)


# -- arrays to be written into ---------------------------------------------------------------------


def _writable(value: Any) -> Any:
    """Return `value` as it may be written into here."""
    inside = DIFFERENTIATING.get() or TRACING.get()
    if inside and np.result_type(plain(value)).kind in "fc":
        tensor = isinstance(value, Tensor)
        return Written(value if tensor else Tensor(value), owned=not tensor)
    return value


def _making(numpys: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(numpys, assigned=("__name__",))
    def make(*args: Any, **kwargs: Any) -> Any:
        return _writable(numpys(*map(current, args), **kwargs))

    make.__doc__ = f"``np.{numpys.__name__}``; what it gives may be written into."
    return make


zeros, ones = _making(np.zeros), _making(np.ones)
eye, identity = _making(np.eye), _making(np.identity)
zeros_like, ones_like = _making(np.zeros_like), _making(np.ones_like)
empty, empty_like = zeros, zeros_like  # no number that was left over in memory
copy, tile, repeat = _making(np.copy), _making(np.tile), _making(np.repeat)


@install
class Copies:
    """Copies of Tensors, which may be written into."""

    __slots__ = ()

    def copy(self: Any, order: str = "C") -> Written:
        """``np.copy``."""
        return Written(np.positive(self))


def full(shape: Any, fill_value: Any, dtype: Any = None, **more: Any) -> Any:
    """Return ``np.full(shape, fill_value)``, of Tensors too."""
    if not holds_tensors(fill_value):
        return _writable(np.full(shape, fill_value, dtype, **more))
    value = asarray(fill_value, dtype)
    spread: Any = np.broadcast_to(value, shape)
    return Written(spread)


def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None, **more: Any) -> Any:
    """Return ``np.full_like(a, fill_value)``, of Tensors too."""
    kind = np.result_type(plain(a)) if dtype is None else dtype
    return full(np.shape(a) if shape is None else shape, fill_value, kind, **more)


# -- from several numbers --------------------------------------------------------------------------


def arange(*args: Any, **more: Any) -> Any:
    """Return ``np.arange(...)``, of Tensors too; how many there are has no gradient."""
    if not holds_tensors(args):
        return np.arange(*args, **more)
    start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
    values = [x.detach().numpy() if isinstance(x, Tensor) else x for x in (start, stop, step)]
    return start + step * np.arange(len(np.arange(*values)), **more)


def fromiter(items: Iterable[Any], /, dtype: Any = float, count: int = -1, **more: Any) -> Any:
    """Return ``np.fromiter(items)``, of Tensors too."""
    listed = list(itertools.islice(items, count if count >= 0 else None))
    return array(listed, dtype) if holds_tensors(listed) else np.fromiter(listed, dtype, **more)


class _Joined:
    """``np.r_`` or ``np.c_``, of Tensors too."""

    def __init__(self, numpys: Any) -> None:
        self._numpys = numpys

    def __getitem__(self, key: Any) -> Any:
        if not holds_tensors(key):
            return self._numpys[key]
        places: list[Any] = []
        values: list[Any] = []
        count = 0
        for part in key if isinstance(key, tuple) else (key,):
            if isinstance(part, str):  # where to join
                places.append(part)
                continue
            value = np.r_[part] if isinstance(part, slice) else asarray(part)
            size = int(np.size(value))
            places.append(np.arange(count, count + size).reshape(np.shape(value)))
            values.append(np.ravel(value))
            count += size
        # where NumPy puts the positions is where the numbers go
        return np.concatenate(values)[self._numpys[tuple(places)]]


r_, c_ = _Joined(np.r_), _Joined(np.c_)


# -- everything else -------------------------------------------------------------------------------


@functools.cache
def _taking_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    def joined(value: Any) -> Any:
        if isinstance(value, ValuesView):
            value = list(value)
        if type(value) in (list, tuple) and holds_tensors(value):
            if function in _LISTS:
                return [asarray(x) if holds_tensors(x) else x for x in value]
            return asarray(value)
        return value

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for x in (*args, *kwargs.values()):
            if isinstance(x, (list, tuple, ValuesView)):
                named = {name: joined(value) for name, value in kwargs.items()}
                return function(*map(joined, args), **named)
        return function(*args, **kwargs)

    return call


class _Part(types.ModuleType):
    """``np.linalg`` or ``np.fft``, whose functions take lists of Tensors."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(getattr(np, self.__name__), name)
        public = isinstance(value, _ORDINARY) and name[:1] != "_"
        return _taking_lists(value) if public else value


linalg, fft = _Part("linalg"), _Part("fft")


def __getattr__(name: str) -> Any:
    if name[:2] == "__" and name not in np.__all__:
        raise AttributeError(name)
    value = getattr(np, name)
    public = isinstance(value, _ORDINARY) and not isinstance(value, type)
    return _taking_lists(value) if public and name[:1] != "_" else value


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(np)})
