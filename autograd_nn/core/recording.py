"""Whether operations are recorded, and whether values are stand-ins.

1. `no_grad` switches recording off, `recording` on; `tracing` records onto a `Tape` and refuses
   what would bake a value into a program. All hold for the current thread or task only.
2. `refuse_value` is what every use of a value asks first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..places import users_code, warn_user

if TYPE_CHECKING:
    from .tensor import Tensor


class Tape:
    """What `tracing` has seen: every recorded Tensor in order, and which were backward passes.

    Attributes
    ----------
    nodes : list of Tensor
        The recorded Tensors, in the order they were made.
    spans : list of (int, int)
        First and last-plus-one position in `nodes` of every recorded backward pass.
    starts : list of (list of Tensor, list of Tensor)
        What each of these passes started from: the outputs, and their cotangents.
    pull : callable or None
        Called in the place of ``backward.pull`` by whoever wants to look at every rule's work.
    arranged : callable
        Gives the nodes of a graph in the order against which a recorded backward pass goes.
    """

    __slots__ = ("nodes", "spans", "starts")
    pull: Callable[..., Any] | None = None
    arranged: Callable[..., Any] = list

    def __init__(self) -> None:
        self.nodes: list[Tensor] = []
        self.spans: list[tuple[int, int]] = []
        self.starts: list[tuple[list[Tensor], list[Tensor]]] = []


RECORDING: ContextVar[bool | Tape] = ContextVar("autograd_nn_recording", default=True)
TRACING: ContextVar[bool] = ContextVar("autograd_nn_tracing", default=False)
DIFFERENTIATING: ContextVar[bool] = ContextVar("autograd_nn_differentiating", default=False)


@contextmanager
def switched(switch: ContextVar[Any], value: Any) -> Iterator[None]:
    """Give `switch` a value inside the ``with`` block, for the current thread or task only."""
    token = switch.set(value)
    try:
        yield
    finally:
        switch.reset(token)


class TracingError(TypeError):
    """A traced Tensor was asked for a value that is known only when the program runs."""


@contextmanager
def no_grad() -> Iterator[None]:
    """Record nothing inside the ``with`` block: results are Tensors without a history.

    The switch belongs to the current thread or task and is set back when the block is left, by
    an exception too.

    Examples
    --------
    >>> from autograd_nn import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> with no_grad():
    ...     doubled = 2 * w
    >>> doubled.requires_grad, doubled.op is None
    (False, True)
    """
    refuse_value("no_grad()", "Use t.detach() for what shall count as constant.")
    with switched(RECORDING, False):
        yield


@contextmanager
def recording() -> Iterator[None]:
    """Record inside the ``with`` block, where it stands under `no_grad` too.

    A tape that is being written goes on being written.
    """
    with switched(RECORDING, RECORDING.get() or True):
        yield


@contextmanager
def tracing(tape: Tape | None = None) -> Iterator[Tape]:
    """Refuse what would bake a value into a program: truth, ``float``, ``np.asarray``, iteration.

    Yields the `Tape` of what is recorded in the block.
    """
    tape = tape or Tape()
    with switched(TRACING, True), switched(RECORDING, tape):
        yield tape


def refuse_value(what: str, instead: str, of: Tensor | None = None, warn: bool = False) -> None:
    """Raise where a value may not be taken: `what` asks for it, `instead` is the way out.

    That is while a function is traced; and where one is differentiated, if `of` has a gradient to
    lose. Elsewhere such a loss is a warning, if `warn`: once for each of the user's lines.
    """
    if TRACING.get():
        raise TracingError(
            f"{what} needs the value of a Tensor while the function is being traced, where "
            f"values are stand-ins ({users_code()}). {instead}"
        )
    if of is None or not of.requires_grad or not RECORDING.get():
        return
    lost = f"{what} takes the value out of {of.label()}, and its gradient would be lost"
    if DIFFERENTIATING.get():
        raise TypeError(
            f"{lost} ({users_code()}). {instead} Join Tensors with np.stack([...]); use "
            "t.detach() for what shall count as constant, and has_aux=True for further results"
        )
    if warn:
        warn_user(
            f"{lost}. {instead} Join Tensors with np.stack([...]) in place of "
            "y[i] = t; where a plain number is meant, write t.item() or t.detach()"
        )
