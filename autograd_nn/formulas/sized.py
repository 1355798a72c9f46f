"""Arrays with symbolic sizes: the carrier on which formulas take their normal form.

1. `Size` is the length of an axis, unknown; `Sized` an array of terms with such a shape. It
   follows NumPy's protocols, so that forwards, vjp rules and learners' formulas run on it.
2. What has no form is refused by name, as a `NoForm`.

Functions that are composed of others take the way that they take on Tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from ..core.op import Op
from ..core.tensor import Tensor, plain
from ..ops import elementwise as el
from ..ops import logical, rounding
from ..ops import trigonometry as tr
from ..ops.functions import FUNCTIONS, operation_of
from .canonical import collected
from .normal_form import times
from .sum_functions import (
    absolute_of,
    call_on,
    case_of,
    constant_of,
    exp_of,
    log_of,
    power_of,
    sign_of,
)
from .terms import Index, NoForm, Terms, number, scaled, size_terms


class Size(np.lib.mixins.NDArrayOperatorsMixin):
    """The length of an axis, any number from 1 on.

    Parameters
    ----------
    label : str
        How it is written. Sizes of one label are the same.
    loose : bool
        Whether it may turn out to be another one, as long as the most general sizes are looked
        for; what an operation takes to be equal then becomes so.
    """

    def __init__(self, label: str, loose: bool = False) -> None:
        self.label = label
        self.loose = loose
        self.other: Size | None = None
        self.least = 1

    def root(self) -> Size:
        """Return the size that this one has turned out to be."""
        found = self
        while found.other is not None:
            found = found.other
        return found

    def __str__(self) -> str:
        return self.root().label

    __repr__ = __str__

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Size) and same_size(self, other)

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.root().label)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*[lifted(x) for x in inputs], **kwargs)


def same_size(a: Any, b: Any) -> bool:
    """Whether two lengths are the same for every size; loose ones become it."""
    if isinstance(a, Size) and isinstance(b, Size):
        a, b = a.root(), b.root()
        if a is not b and a.label != b.label and (a.loose and b.loose):
            b.other = a
        return a is b or a.label == b.label or b.other is a
    return not isinstance(a, Size) and not isinstance(b, Size) and bool(a == b)


def axes_of(shape: Sequence[Any]) -> tuple[Index | None, ...]:
    """Return an index for each axis; an axis of length 1 has none."""
    return tuple(None if isinstance(n, int) and n == 1 else Index(n) for n in shape)


class Sized(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of terms.

    Parameters
    ----------
    axes : tuple of Index or None
        The index of each axis.
    terms : list of Term
        What stands at these indices.
    dtype : data type
        float, or bool for truth values, which are 0 or 1.
    """

    __slots__ = ("axes", "dtype", "fact", "terms")

    def __init__(self, axes: tuple[Index | None, ...], terms: Terms, dtype: Any = float) -> None:
        self.axes = axes
        self.terms = terms
        self.dtype = np.dtype(dtype)
        self.fact: tuple[str, Sized] | None = None

    @property
    def shape(self) -> tuple[Any, ...]:
        """The lengths of the axes: sizes, or numbers where they are fixed."""
        return tuple(1 if i is None else i.size for i in self.axes)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.axes)

    @property
    def size(self) -> Any:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def T(self) -> Sized:
        """The transpose."""
        return Sized(self.axes[::-1], self.terms, self.dtype)

    def on(self, axes: Sequence[Index | None]) -> Terms:
        """Return the terms at other indices, one for each axis."""
        m = {i: j for i, j in zip(self.axes, axes, strict=True) if i is not None and j is not None}
        return [t.fresh(m) for t in self.terms]

    def __len__(self) -> int:
        raise NoForm("the length of an axis is no plain number")

    def __iter__(self) -> Any:
        raise NoForm("it goes through the elements one by one")

    def __bool__(self) -> bool:
        raise NoForm("it asks for the value of an array")

    __float__ = __int__ = __index__ = __bool__

    def __getitem__(self, key: Any) -> Sized:
        found: Sized = DIRECT["item"](self, key)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        DIRECT["put"](self, key, lifted(value))

    def astype(self, dtype: Any, copy: bool = True) -> Sized:
        """Return it as another type: floats, or truth values."""
        kind = np.dtype(dtype).kind
        if kind not in "fb" and self.dtype != bool:
            raise NoForm(f"astype({np.dtype(dtype)}) cuts values off")
        return self if kind != "b" or self.dtype == bool else self != 0

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise NoForm("it asks for the values of an array")

    def reshape(self, *shape: Any) -> Sized:
        """``np.reshape``."""
        found: Sized = DIRECT[np.reshape](self, shape[0] if len(shape) == 1 else shape)
        return found

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs or method not in ("__call__", "outer"):
            raise NoForm(f"np.{ufunc.__name__}.{method} has no normal form")
        if ufunc in DIRECT:
            return DIRECT[ufunc](*map(lifted, inputs))
        op = operation_of(ufunc)
        if method == "outer":
            a, b = map(lifted, inputs)
            inputs = (a[(..., *[None] * b.ndim)], b)
        return elementwise(op, ufunc, [lifted(x) for x in inputs])

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        direct = DIRECT.get(func)
        if direct is not None:
            return direct(*args, **kwargs)
        name = func.__name__
        composed = FUNCTIONS.get(func)
        if composed is None or func in _REFUSED:
            raise NoForm(f"np.{name} has no normal form")
        return _unwrapped(
            composed(*map(_wrapped, args), **{k: _wrapped(v) for k, v in kwargs.items()})
        )


_Form = TypeVar("_Form", bound=Callable[..., Any])

DIRECT: dict[Any, Callable[..., Any]] = {}
"""NumPy's functions that are not composed of others, by `form_of`; and "item", "put"."""

SHAPES_ONLY: ContextVar[bool] = ContextVar("autograd_nn_shapes_only", default=False)
"""Whether only shapes are looked for, and terms left out."""


def form_of(*functions: Any) -> Callable[[_Form], _Form]:
    """Call the decorated function where NumPy's `functions` are called on arrays of terms."""

    def enter(form: _Form) -> _Form:
        DIRECT.update(dict.fromkeys(functions, form))
        return form

    return enter


def _method(function: Any) -> Any:
    def method(self: Sized, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return method


for _function in (np.sum, np.mean, np.max, np.min, np.dot, np.ravel, np.var, np.std, np.squeeze,
                  np.swapaxes, np.trace, np.diagonal, np.clip):  # fmt: skip
    setattr(Sized, _function.__name__, _method(_function))
Sized.flatten = Sized.ravel  # type: ignore[attr-defined]  # set in the loop
Sized.copy = lambda self: self  # type: ignore[attr-defined]  # never written into


def _wrapped(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_wrapped, x))
    return Tensor(x) if isinstance(x, Sized) else x


def _unwrapped(x: Any) -> Any:
    return type(x)(map(plain, x)) if isinstance(x, (list, tuple)) else plain(x)


_REFUSED = {np.argmax, np.argmin, np.argsort, np.sort, np.partition, np.argpartition,
            np.searchsorted, np.digitize, np.cumsum, np.cumprod, np.prod, np.median,
            np.quantile, np.percentile, np.unique, np.nonzero}  # fmt: skip


def lifted(x: Any) -> Sized:
    """Return a number, a size or an array of one element as a `Sized`."""
    if isinstance(x, Sized):
        return x
    if isinstance(x, Size):
        return Sized((), size_terms(x))
    array = np.asarray(x)
    if array.size != 1:
        raise NoForm(f"an array of shape {array.shape} has no size of its own")
    return Sized(
        (None,) * array.ndim, _number_of(array.item()), bool if array.dtype == bool else float
    )


def _number_of(value: Any) -> Terms:
    """Return a float as terms: the simple fraction or root of one that it is the nearest one to."""
    fraction = exact(value)
    square = Fraction(value * value).limit_denominator(1000)
    if fraction.denominator <= 100_000 or not math.isclose(
        math.sqrt(square), abs(value), rel_tol=4e-16
    ):
        return number(fraction)
    return scaled(power_of(number(square), Fraction(1, 2)), 1 if value > 0 else -1)


def exact(value: Any) -> Fraction:
    """Return the simplest fraction that a float is the nearest one to, or its decimals."""
    if not math.isfinite(value):
        raise NoForm(f"{value} is no real number")
    near = Fraction(value).limit_denominator(100_000)
    return near if float(near) == value else Fraction(repr(float(value)))


# -- elementwise ----------------------------------------------------------------------------------


def joined(arrays: Sequence[Sized]) -> tuple[tuple[Index | None, ...], list[Terms]]:
    """Broadcast arrays against each other: return the axes of the result, and the terms there."""
    ndim = max(x.ndim for x in arrays)
    axes: list[Index | None] = []
    for k in range(-ndim, 0):
        there = [x.axes[k] for x in arrays if x.ndim >= -k and x.axes[k] is not None]
        for other in there[1:]:
            fit(there[0].size, other.size)  # type: ignore[union-attr]  # None is left out
        axes.append(Index(there[0].size) if there else None)  # type: ignore[union-attr]
    return tuple(axes), [x.on(axes[len(axes) - x.ndim :]) for x in arrays]


def fit(a: Any, b: Any) -> None:
    """Refuse lengths that are not the same for every size."""
    if not same_size(a, b):
        raise ValueError(f"lengths {a} and {b} of an axis are not the same for every size")


def elementwise(op: Op | None, ufunc: Any, arrays: Sequence[Sized]) -> Sized:
    """Run an elementwise operation."""
    form = FORMS.get(op) if op is not None else None
    axes, terms = joined(arrays)
    truths = all(x.dtype == bool for x in arrays)
    dtype = bool if op in _TRUTH or (truths and op in _STAYS) else float
    if truths and op not in _TRUTH | _STAYS:
        raise NoForm(f"np.{ufunc.__name__} of truth values has no normal form")
    if SHAPES_ONLY.get():
        return Sized(axes, [], dtype)
    if form is None:
        if op is None or len(arrays) != 1 or "elementwise" not in op.traits:
            raise NoForm(f"np.{ufunc.__name__} has no normal form")
        return Sized(axes, opaque(op)(terms[0]))
    form = _either if truths and op is el.ADD else form
    result = Sized(axes, collected(form(*terms)), dtype)
    if op in _FACTS:
        a, b = terms if op is not logical.LESS else terms[::-1]
        result.fact = (_FACTS[op], Sized(axes, _minus(a, b)))
    return result


def opaque(op: Op) -> Callable[[Terms], Terms]:
    """Return any function of one variable as an atom; its derivative is its own rule's."""

    def slope(u: Terms) -> Terms:
        free = list({i: 0 for t in u for i in t.free()})
        x = Sized(tuple(free), u)
        rule = op.rule(0)
        if rule is None:
            return []
        found = lifted(rule(lifted(1), Sized(tuple(free), opaque(op)(u)), x))
        return found.on(free) if found.axes else found.terms

    return lambda u: call_on(op.name, u, slope)


def _plus(a: Terms, b: Terms) -> Terms:
    return collected([*a, *b])


def _minus(a: Terms, b: Terms) -> Terms:
    return collected([*a, *scaled(b, -1)])


def _over(a: Terms, b: Terms) -> Terms:
    return times(a, power_of(b, -1))


def _to(a: Terms, b: Terms) -> Terms:
    p = constant_of(b)
    if p is not None:
        return power_of(a, p)
    base = constant_of(a)
    if base is None or base <= 0:
        raise NoForm("a power has an exponent that is no number")
    return exp_of(times(b, log_of(a)))


def _larger(a: Terms, b: Terms) -> Terms:
    return _plus(b, times(_minus(a, b), case_of(_minus(a, b))))


def _either(a: Terms, b: Terms) -> Terms:
    return _minus(_plus(a, b), times(a, b))


def _not(a: Terms) -> Terms:
    return _minus(number(1), a)


def _equal(a: Terms, b: Terms) -> Terms:
    return case_of(_minus(a, b), tie=True)


def _chosen(c: Terms, a: Terms, b: Terms) -> Terms:
    return _plus(b, times(c, _minus(a, b)))


def logistic(u: Terms) -> Terms:
    """Return 1/(1 + exp(−u))."""
    return power_of(_plus(number(1), exp_of(scaled(u, -1))), -1)


def _tanh(u: Terms) -> Terms:
    return _minus(scaled(logistic(scaled(u, 2)), 2), number(1))


def _hyperbolic(sign: int) -> Callable[[Terms], Terms]:
    return lambda u: scaled(_plus(exp_of(u), scaled(exp_of(scaled(u, -1)), sign)), Fraction(1, 2))


FORMS: dict[Op, Callable[..., Terms]] = {
    el.ADD: _plus,
    el.SUBTRACT: _minus,
    el.MULTIPLY: times,
    el.DIVIDE: _over,
    el.POWER: _to,
    el.FLOAT_POWER: _to,
    el.NEGATIVE: lambda u: scaled(u, -1),
    el.POSITIVE: lambda u: u,
    el.ABSOLUTE: absolute_of,
    el.FABS: absolute_of,
    el.RECIPROCAL: lambda u: power_of(u, -1),
    el.SQUARE: lambda u: times(u, u),
    el.SQRT: lambda u: power_of(u, Fraction(1, 2)),
    el.EXP: exp_of,
    el.EXPM1: lambda u: _minus(exp_of(u), number(1)),
    el.LOG: log_of,
    el.LOG1P: lambda u: log_of(_plus(number(1), u)),
    el.LOGADDEXP: lambda a, b: log_of(_plus(exp_of(a), exp_of(b))),
    el.SIGMOID: logistic,
    el.RELU: lambda u: times(u, case_of(u)),
    el.MAXIMUM: _larger,
    el.FMAX: _larger,
    el.MINIMUM: lambda a, b: _minus(_plus(a, b), _larger(a, b)),
    el.FMIN: lambda a, b: _minus(_plus(a, b), _larger(a, b)),
    el.WHERE: _chosen,
    tr.SINH: _hyperbolic(-1),
    tr.COSH: _hyperbolic(1),
    tr.TANH: _tanh,
    rounding.SIGN: sign_of,
    logical.GREATER: lambda a, b: case_of(_minus(a, b)),
    logical.LESS: lambda a, b: case_of(_minus(b, a)),
    logical.GREATER_EQUAL: lambda a, b: _not(case_of(_minus(b, a))),
    logical.LESS_EQUAL: lambda a, b: _not(case_of(_minus(a, b))),
    logical.EQUAL: _equal,
    logical.NOT_EQUAL: lambda a, b: _not(_equal(a, b)),
    logical.LOGICAL_AND: times,
    logical.BITWISE_AND: times,
    logical.LOGICAL_OR: _either,
    logical.BITWISE_OR: _either,
    logical.LOGICAL_NOT: _not,
    logical.INVERT: _not,
    logical.ISNAN: lambda u: [],
    logical.ISINF: lambda u: [],
    logical.ISFINITE: lambda u: number(1),
}
"""What an operation is in normal form. Statements are about real numbers: none is nan or inf."""

_STAYS = {el.MULTIPLY, el.ADD, el.WHERE, el.POSITIVE, el.MAXIMUM, el.MINIMUM}
_TRUTH = {op for op in FORMS if any(op is x for x in vars(logical).values())}
_FACTS = {logical.EQUAL: "=", logical.GREATER: ">", logical.LESS: ">"}
