"""A debugging mode that stops at the first NaN or infinity.

1. `detect_anomaly` looks at the result of every operation, and at every cotangent on the way back.
2. It also notices when somebody writes into a leaf's array between the forward and the backward
   pass, where the gradient would silently mix old and new values.

The mode is a tape: ``apply`` shows it every recorded Tensor, and ``gradients`` every application
of a vjp rule. Nothing is paid where it is off.
"""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..core import backward
from ..core import recording as _recording
from ..core.recording import Tape
from ..core.tensor import Tensor, plain
from ..places import code_at, users_place


class AnomalyError(ArithmeticError):
    """An operation, or a vjp rule, made a NaN or an infinity."""


@contextmanager
def detect_anomaly(inf: bool = True) -> Iterator[None]:
    """Stop inside the ``with`` block at the first operation that makes a NaN or an infinity.

    The forward and the backward pass have to run inside the block, for the current thread or
    task. NumPy's floating-point warnings are silent there, since the error says more. The mode is
    slow, for debugging only; what runs under `no_grad`, or in a program made by ``jit``, is not
    looked at.

    Parameters
    ----------
    inf : bool
        Whether infinities are anomalies, besides NaN. An infinity that an operand held already is
        none (logits are masked with −inf), unless a NaN follows from it.

    Raises
    ------
    AnomalyError
        At the first operation that makes a NaN or an infinity, or the first vjp rule that does,
        with your line of code, the operation, and its operands' names, shapes and ranges.
    RuntimeError
        In the backward pass, if a leaf's array was written into after an operation used it.
    TypeError
        If a Tensor holds an array whose values cannot be looked at (lazy or symbolic ones).

    Examples
    --------
    >>> import numpy as np
    >>> h = Tensor([0.5, 0.0], requires_grad=True, name="h")
    >>> with detect_anomaly():
    ...     J = np.sum(np.log(h))
    Traceback (most recent call last):
    autograd_nn.checks.anomaly.AnomalyError: log made -inf: 1 of 2 elements, the first at [1]
    ...
    operand 1, h: shape (2,), float64, from 0 to 0.5
    ...
    """
    if _recording.TRACING.get():
        raise _recording.TracingError(
            "detect_anomaly looks at values, which are stand-ins while a function is being traced; "
            "use it around the call of the plain function"
        )
    if not _recording.RECORDING.get():
        raise RuntimeError(
            "detect_anomaly sees what is recorded, and under no_grad() that is nothing; enter it "
            "outside of no_grad()"
        )
    with _recording.switched(_recording.RECORDING, _Watch(inf)), np.errstate(all="ignore"):
        yield


class _Made(NamedTuple):
    """How a Tensor was made: where in the user's code, and what its leaves held then."""

    node: weakref.ref[Tensor]
    place: tuple[str, int, str]
    leaves: dict[int, int]


class _Watch(Tape):
    """A tape that looks at what is recorded and keeps none of it."""

    __slots__ = ("__weakref__", "_inf", "_made", "_quiet")

    def __init__(self, inf: bool) -> None:
        super().__init__()
        self.nodes = _Seen(self)
        self._inf = inf
        self._made: dict[int, _Made] = {}
        self._quiet = False

    # -- forward ------------------------------------------------------------------------------

    def see(self, node: Tensor) -> None:
        """Look at a result, and note where it was made."""
        key = id(node)
        leaves = {
            i: _checksum(plain(x))
            for i, x in enumerate(node.inputs)
            if x.op is None and type(plain(x)) is np.ndarray
        }
        forget = weakref.ref(node, lambda _, key=key: self._made.pop(key, None))  # type: ignore[misc]  # key is bound, not passed
        self._made[key] = _Made(forget, users_place(), leaves)
        if self._quiet or not self._bad(plain(node), node.inputs):
            return
        held = [x for x in node.inputs if _is_float(plain(x)) and np.any(np.isnan(plain(x)))]
        if held:
            raise AnomalyError(
                f"{_name(node)} was given NaN: {_label(held[0], node)}, holds "
                f"{_counted(plain(held[0]))}{self._where(node)}{_operands(node)}"
            )
        made = f"{_name(node)} made {_counted(plain(node))}{self._where(node)}{_operands(node)}"
        raise AnomalyError(f"{made}\n  result: {_described(plain(node))}")

    def _bad(self, out: Any, inputs: tuple[Tensor, ...] = ()) -> bool:
        """Whether `out` holds a NaN, or an infinity that none of `inputs` held."""
        if not _is_float(out) or np.all(np.isfinite(out)):
            return False
        if np.any(np.isnan(out)):
            return True
        known = any(_is_float(plain(x)) and not np.all(np.isfinite(plain(x))) for x in inputs)
        return self._inf and not known

    def _where(self, node: Tensor) -> str:
        made = self._made.get(id(node))
        return _code(made.place) if made else "\n  (made before detect_anomaly was entered)"

    # -- backward -----------------------------------------------------------------------------

    def pull(self, node: Tensor, index: int, g: Any, *given: Any) -> Any:
        """Apply a vjp rule of `node` to `g`, and look at what it makes for input `index`."""
        self._refuse_written(node, index)
        if self._bad(plain(g)):
            raise AnomalyError(
                f"the cotangent of {_name(node)} holds {_counted(plain(g))}{self._where(node)}"
                f"\n  it came from outside: from a seed, or a sum of cotangents"
            )
        quiet, self._quiet = self._quiet, True  # the rule's own operations are parts of it
        try:
            flow = backward.pull(node, index, g, *given)
        finally:
            self._quiet = quiet
        if self._bad(plain(flow)):
            x = node.inputs[index]
            raise AnomalyError(
                f"the vjp rule of {_name(node)}, for {_label(x, node)}, made "
                f"{_counted(plain(flow))}{self._where(node)}{_operands(node)}"
                f"\n  result: {_described(plain(node))}"
                f"\n  cotangent of the result: {_described(plain(g))}"
            )
        return flow

    def _refuse_written(self, node: Tensor, index: int) -> None:
        """Raise if the array that an input held in the forward pass has other values now."""
        made = self._made.get(id(node))
        x = node.inputs[index]
        if made and index in made.leaves and _checksum(plain(x)) != made.leaves[index]:
            raise RuntimeError(
                f"the array of {x.label()} was written into after {_name(node)} had used "
                "it, so the gradient would mix old and new values. Run the forward pass "
                f"again, or call backward() before updating the data{self._where(node)}"
            )


class _Seen(list[Tensor]):
    """The nodes of a `_Watch`: shown to it, and not kept."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = weakref.ref(watch)

    def append(self, node: Tensor) -> None:
        """Show `node` to the watch."""
        watch = self._watch()
        if watch is not None:
            watch.see(node)


# -- as text --------------------------------------------------------------------------------------


def _code(place: tuple[str, int, str]) -> str:
    file, line, function = place
    return f"\n  in {function} ({file}, line {line}){code_at(file, line)}"


def _is_float(data: Any) -> bool:
    """Whether `data` holds floating-point numbers; refuse what cannot be looked at."""
    if isinstance(data, (np.ndarray, np.generic)):
        if data.dtype == object:
            raise _unseen(data)
        return data.dtype.kind in "fc"
    if hasattr(data, "__array_function__"):
        raise _unseen(data)
    return isinstance(data, (float, complex))


def _unseen(data: Any) -> TypeError:
    kind = (
        "symbolic objects" if isinstance(data, np.ndarray) else f"a {type(data).__module__} array"
    )
    return TypeError(
        f"detect_anomaly looks at every value, and a Tensor holds {kind}, whose values it cannot "
        "see; compute on plain NumPy arrays while debugging"
    )


def _checksum(array: Any) -> int:
    if array.dtype == object:
        return 0
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data if array.ndim else array)


def _name(node: Tensor) -> str:
    op = node.op.name if node.op else "a leaf"
    return f"{op} ({node.name})" if node.name else op


def _label(x: Tensor, node: Tensor) -> str:
    position = next(i for i, other in enumerate(node.inputs, 1) if other is x)
    return f"operand {position} ({x.name})" if x.name else f"operand {position}"


def _counted(data: Any) -> str:
    """Return which bad values there are, how many, and where the first is."""
    kinds = _bad_values(data)
    found = " and ".join(kinds)
    if np.ndim(data) == 0:
        return found
    first = ", ".join(str(i) for i in np.argwhere(~np.isfinite(data))[0])
    return f"{found}: {sum(kinds.values())} of {np.size(data)} elements, the first at [{first}]"


def _bad_values(data: Any) -> dict[str, int]:
    """Return how many NaN, inf and -inf there are, those that there are."""
    kinds = {"NaN": np.isnan(data), "inf": np.isinf(data)}
    if not np.iscomplexobj(data):
        kinds |= {"inf": np.isposinf(data), "-inf": np.isneginf(data)}
    return {kind: int(np.sum(where)) for kind, where in kinds.items() if np.any(where)}


def _operands(node: Tensor) -> str:
    lines = []
    for position, x in enumerate(node.inputs, 1):
        name = f", {x.name}" if x.name else f", the result of {x.op.name}" if x.op else ""
        lines.append(f"\n  operand {position}{name}: {_described(plain(x))}")
    return "".join(lines)


def _described(data: Any) -> str:
    """Return shape, dtype and range of an array, or the value of a number."""
    if not isinstance(data, np.ndarray):
        return repr(data)
    text = f"shape {data.shape}, {data.dtype}"
    if data.dtype.kind not in "fiu" or not data.size:
        return text
    finite = data[np.isfinite(data)]
    if finite.size:
        text += f", from {finite.min():.6g} to {finite.max():.6g}"
    return text + "".join(f", {count} {kind}" for kind, count in _bad_values(data).items())
