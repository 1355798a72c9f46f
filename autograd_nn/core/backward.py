"""Reverse-mode differentiation of a recorded graph.

1. `pull` applies one vjp rule: what a node hands back to one of its inputs.
2. `propagate` is a loop of it over a graph, backwards; `gradients` checks what it is given and
   calls that. It is pure: it returns cotangents and touches nothing. On arrays it computes; with
   ``create_graph=True`` the same rules run on Tensors and the backward pass is itself recorded.
3. `Tensor.backward` adds what comes out to ``.grad`` of the leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..data import FLOATING, changed, refuse_written, start_of
from .graph import dependents, topological_order
from .recording import RECORDING, Tape, refuse_value
from .tensor import Tensor, boxed, install, plain

ndarray = np.ndarray
Tensors = Sequence[Tensor]


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which an operand of `shape` was repeated.

    Works on arrays and on Tensors (recorded).
    """
    lead = len(g.shape) - len(shape)
    if lead:
        g = g.sum(axis=tuple(range(lead)))
    stretched = tuple([i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1])
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def in_dtype(g: Any, dtype: Any) -> Any:
    """Return `g` in a data type; of complex numbers the real part, if that is a real one."""
    if g.dtype.kind == "c" and dtype.kind == "f":
        g = np.real(g)
    return g if g.dtype == dtype else g.astype(dtype)


def _refuse_other_than_floats(nodes: Sequence[Any], role: str) -> None:
    """Raise for the first of `nodes` that can have no gradient."""
    for position, node in enumerate(nodes):
        if not isinstance(node, Tensor):
            what = f" is a {type(node).__name__}, not a Tensor"
        elif node.dtype.kind not in FLOATING:
            what = f", {node.label()}, has dtype {node.dtype}"
        else:
            continue
        raise TypeError(f"{role}[{position}]{what}; only floating-point Tensors have gradients")


def pull(node: Tensor, index: int, g: Any, out: Any, operands: Any, every: Any = None) -> Any:
    """Return what `node` hands back to its input `index`: one vjp rule, its cotangent fitted.

    Parameters
    ----------
    node : Tensor
        The result of an operation.
    index : int
        Which of its inputs.
    g : array or Tensor
        The cotangent of `node`.
    out, operands : array or Tensor, sequence of array or Tensor
        What the rule is handed as result and inputs: the node's own, or what stands for them.
        On arrays the rule computes, on Tensors it is recorded.
    every : callable, optional
        What ``op.every`` returned for these, if it was asked before.

    Returns
    -------
    array, Tensor or None
        Of the input's shape and dtype; None where no gradient flows.
    """
    op: Any = node.op  # a leaf hands nothing back, and is not asked
    if (rule := every or op.rule(index)) is None:
        return None
    flow = rule(index) if every else rule(g, out, *operands, **node.params)
    array = node.arrays[index]
    fits = type(flow) is ndarray is type(array) and flow.shape == array.shape
    if fits and flow.dtype is array.dtype:
        return flow
    x = node.inputs[index]  # as it may be real where the result is complex, see in_dtype
    if isinstance(flow, Tensor) and not isinstance(g, Tensor):  # from a rule that calls ours
        flow = flow._data
    if not hasattr(flow, "dtype"):
        flow = boxed(flow)
    shape, dtype = x.shape, x.dtype
    if op.broadcasts and flow.shape != shape:
        flow = boxed(unbroadcast(flow, shape))
    if flow.shape != shape:
        raise AssertionError(
            f"the vjp rule of {op.name!r} gave a cotangent of shape {flow.shape} for "
            f"{x.label()} of shape {shape}"
        )
    return in_dtype(flow, dtype)


def propagate(
    order: Tensors, outputs: Tensors, seeds: Any, wrt: Any, record: bool = False, pull: Any = pull
) -> dict[Tensor, Any]:
    """Carry the cotangents of `outputs` back to `wrt`, and return those of `wrt`.

    Parameters
    ----------
    order : list of Tensor
        The graph of `outputs`, inputs first.
    outputs, seeds : sequence of Tensor, sequence of array or Tensor
        Where to start, and the cotangent of each.
    wrt : iterable of Tensor
        Where to arrive. What `outputs` do not depend on is left out of the result.
    record : bool
        Run the rules on Tensors, so that the pass is itself recorded.
    pull : callable
        What is called to apply a rule; somebody who wants to look on wraps `pull`.
    """
    cotangents: dict[Tensor, Any] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        cotangents[output] = cotangents[output] + seed if output in cotangents else seed
    targets = set(wrt)
    needed = dependents(order, targets, floating=True)
    for node in reversed(order):
        if record and node.name and node in cotangents:
            g = cotangents[node]
            if g.name is None and g.op is not None:
                g.name = cotangent_name(node)
        op = node.op
        if op is None or node not in needed:
            continue
        g = cotangents.pop(node, None)
        if g is None:
            continue
        if node in targets:
            cotangents[node] = g
        if node.marks:
            refuse_written(node)
        inputs, arrays = node.inputs, node.arrays
        out, operands = (node, inputs) if record else (node._data, arrays)
        every = op.every and op.every(g, out, *operands, **node.params)
        for index, x in enumerate(inputs):
            if x._data is not arrays[index]:
                raise changed(x, "assigned")
            if x not in needed:
                continue
            flow = pull(node, index, g, out, operands, every)
            if flow is not None:
                cotangents[x] = cotangents[x] + flow if x in cotangents else flow
    return {node: cotangents[node] for node in targets if node in cotangents}


def cotangent_name(node: Tensor) -> str:
    """Return what the document calls the gradient of J with respect to `node`.

    δ is of one sample's own cost. Of several columns J may be the mean, of which ∂J/∂z is no δ.

    >>> cotangent_name(Tensor([[1.0], [2.0]], name="z2")), cotangent_name(Tensor(1.0, name="W1"))
    ('delta2', 'dW1')
    >>> cotangent_name(Tensor([[1.0, 2.0]], name="z2"))
    'dz2'
    """
    name = node.name or ""
    one_sample = node.size == 1 or node.shape[1:] == (1,)
    delta = one_sample and name[:1] == "z" and name[1:].isdigit()
    return f"delta{name[1:]}" if delta else f"d{name}"


def _listed(tensors: Any) -> list[Tensor]:
    several = isinstance(tensors, Iterable) and not isinstance(tensors, Tensor)
    return list(tensors) if several else [tensors]


def gradients(
    outputs: Tensor | Tensors, wrt: Tensor | Tensors, seeds: Any = None, create_graph: bool = False
) -> list[Any]:
    """Return the gradients of `outputs` with respect to `wrt`, any nodes of the graph.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What is differentiated; their gradients are summed.
    wrt : Tensor or sequence of Tensor
        With respect to what: leaves or results. ``.grad`` is not touched.
    seeds : array_like or sequence of array_like, optional
        The cotangent of each output, of its shape; 1 if left out (outputs of one element only).
    create_graph : bool
        Record the backward pass: the gradients are Tensors that can be differentiated again.

    Returns
    -------
    list of ndarray, or of Tensor with `create_graph`
        One for each of `wrt`, of its shape and dtype. Zeros where an output does not depend on it.

    Raises
    ------
    TypeError
        If a node is no Tensor, or does not hold floating-point data.
    ValueError
        If an output of several elements has no seed, a seed has the wrong shape, or an output
        has no recorded history.
    RuntimeError
        If the data of a leaf was reassigned, or written into, after it was used.

    Examples
    --------
    >>> x = Tensor(3.0)
    >>> y = x * x
    >>> float(gradients(y, [x])[0])
    6.0
    >>> (dy,) = gradients(y, [x], create_graph=True)
    >>> float(gradients(dy, [x])[0])
    2.0
    """
    single = not isinstance(outputs, Iterable) or isinstance(outputs, Tensor)
    roots, nodes = _listed(outputs), _listed(wrt)
    _refuse_other_than_floats(roots, "outputs")
    _refuse_other_than_floats(nodes, "wrt")
    if roots and all(r.op is None and not r.requires_grad and r not in set(nodes) for r in roots):
        raise ValueError(
            f"outputs[0], {roots[0].label()}, was not recorded: it was computed under no_grad(), "
            "detached, or is a plain leaf, so that every gradient would be zero. Compute it from "
            "the Tensors in wrt, outside no_grad()"
        )
    if not single and (
        isinstance(seeds, (int, float, complex)) or getattr(seeds, "shape", None) == ()
    ):
        raise TypeError(f"{len(roots)} outputs in a sequence need a sequence of seeds, one each")
    given = [None] * len(roots) if seeds is None else [seeds] if single else list(seeds)
    if len(given) != len(roots):
        raise ValueError(f"{len(roots)} outputs need as many seeds, got {len(given)}")
    gs = [start_of(output, seed) for output, seed in zip(roots, given, strict=True)]
    gs = [(g if isinstance(g, Tensor) else Tensor(g)) if create_graph else plain(g) for g in gs]
    return gradients_along(topological_order(roots), roots, gs, nodes, create_graph)


def gradients_along(
    order: Tensors, outputs: Tensors, seeds: Any, wrt: Tensors, create_graph: bool
) -> list[Any]:
    """Do what `gradients` does, with nothing left to check and the order known."""
    if not create_graph:
        refuse_value("gradients()", "Use grad(f), or create_graph=True in place of backward().")
    mode = RECORDING.get()
    tape = mode if isinstance(mode, Tape) else None
    start = len(tape.nodes) if tape else 0
    look = (tape and tape.pull) or pull  # detect_anomaly looks on
    if tape and create_graph:
        order = tape.arranged(order)
    cotangents = propagate(order, outputs, seeds, wrt, create_graph, look)
    if tape and create_graph:
        tape.spans.append((start, len(tape.nodes)))
        tape.starts.append((list(outputs), list(seeds)))
    found = [cotangents[n] if n in cotangents else np.zeros_like(n._data) for n in wrt]
    if create_graph:
        return [g if isinstance(g, Tensor) else Tensor(g) for g in found]
    handed = {id(seed) for seed in seeds}
    return [_own(g, handed) for g in found]


def _own(g: Any, handed: set[int]) -> Any:
    """Return `g` as an array that shares memory with no other that is handed out."""
    if type(g) is not np.ndarray:
        return np.asarray(g) if isinstance(g, np.generic) else g
    if g.base is not None or id(g) in handed or not g.flags.writeable:
        g = g.copy()
    handed.add(id(g))
    return g


@install
class Backward:
    """What a Tensor has to do with its gradient."""

    __slots__ = ()

    def backward(self: Any, seed: Any = None) -> None:
        """Add the gradient of this Tensor to ``.grad`` of every leaf that requires it.

        Parameters
        ----------
        seed : array_like, optional
            The cotangent of this Tensor, of its shape. May be left out for one element.

        Raises
        ------
        ValueError
            Without a seed, if there is more than one element; or if nothing requires gradients.
        RuntimeError
            If the data of a leaf was reassigned, or written into, after it was used.
        """
        if not self.requires_grad:
            raise ValueError(
                f"{self.label()} depends on no Tensor that requires gradients; create the leaves "
                "with Tensor(data, requires_grad=True), and do not compute under no_grad()"
            )
        order = topological_order([self])
        leaves = [node for node in order if node.op is None and node.requires_grad]
        _refuse_other_than_floats(leaves, "leaves")
        start = plain(start_of(self, seed))
        found = gradients_along(order, [self], [start], leaves, False)
        for leaf, g in zip(leaves, found, strict=True):
            leaf.grad = g if leaf.grad is None else leaf.grad + g

    def zero_grad(self: Any) -> None:
        """Forget the gradient."""
        self.grad = None
