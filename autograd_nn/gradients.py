"""Reverse-mode differentiation of a recorded graph.

1. `gradients` walks the graph backwards and applies each operation's vjp rules. It is pure: it
   returns cotangents and touches nothing. On arrays it computes; with ``create_graph=True`` the
   same rules run on Tensors and the backward pass is itself recorded.
2. `backward` adds what `gradients` returns to ``.grad`` of the leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .graph import topological_order
from .notation import cotangent
from .op import Op
from .recording import RECORDING, Tape
from .tensor import Tensor, _wrapped

ndarray = np.ndarray


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which an operand of `shape` was repeated.

    Works on arrays and on Tensors (recorded).
    """
    lead = len(g.shape) - len(shape)
    if lead:
        g = g.sum(axis=tuple(range(lead)))
    stretched = tuple([i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1])
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def _seed(output: Tensor, seed: Any) -> Any:
    """Return the cotangent to start from, checked."""
    if seed is None:
        if output.size != 1:
            raise ValueError(
                f"{output._label()} has shape {output.shape}: a gradient starts from one number. "
                "Reduce it, e.g. with .sum() or .mean(), or pass a seed of that shape"
            )
        return np.ones_like(output._data)
    value = seed if isinstance(seed, Tensor) or hasattr(seed, "dtype") else np.asarray(seed)
    if value.dtype.kind not in "fiubO":
        raise TypeError(
            f"the seed of {output._label()} has dtype {value.dtype}; it is a real number for each "
            f"element, an array of shape {output.shape}"
        )
    if np.shape(value) != output.shape:
        raise ValueError(
            f"the seed has shape {np.shape(value)}, but {output._label()} has shape {output.shape}"
        )
    if value.dtype != output.dtype:
        value = value.astype(output.dtype)
    return value


def _fitted(g: Any, x: Tensor, node: Tensor) -> Any:
    """Return the cotangent `g` of input `x` of `node` in `x`'s shape and dtype."""
    if not hasattr(g, "dtype"):
        g = _wrapped(g)
    shape = x.shape
    if np.shape(g) != shape and node.op is not None and node.op.broadcasts:
        g = unbroadcast(g, shape)
    if np.shape(g) != shape:
        raise AssertionError(
            f"the vjp rule of {node.op.name if node.op else ''!r} gave a cotangent of shape "
            f"{np.shape(g)} for {x._label()} of shape {shape}"
        )
    dtype = x.dtype
    return g if getattr(g, "dtype", dtype) == dtype else g.astype(dtype)


def _reassigned(x: Tensor, op: Op) -> RuntimeError:
    return RuntimeError(
        f"the data of {x._label()} was assigned after {op.name!r} had used it, so the gradient "
        "would mix old and new values. Run the forward pass again, or call backward() before "
        "updating the data"
    )


def _propagate(
    order: list[Tensor], cotangents: dict[Tensor, Any], targets: set[Tensor], record: bool
) -> None:
    """Carry `cotangents`, which holds those of the outputs, back to `targets`.

    Afterwards it holds those of all targets that the outputs depend on.
    """
    needed = set(targets)
    for node in order:
        # Counts, indices and truth values carry no cotangent, whatever they were made of.
        if not needed.isdisjoint(node.inputs) and node._data.dtype.kind in "fO":
            needed.add(node)
    for node in reversed(order):
        if record and node.name and node in cotangents:
            g = cotangents[node]
            if g.name is None and g.op is not None:
                g.name = cotangent(node.name)
        op = node.op
        if op is None or node not in needed:
            continue
        g = cotangents.pop(node, None)
        if g is None:
            continue
        if node in targets:
            cotangents[node] = g
        out, operands = (node, node.inputs) if record else (node._data, node.arrays)
        params, arrays = node.params, node.arrays
        for index, x in enumerate(node.inputs):
            array = arrays[index]
            if x._data is not array:
                raise _reassigned(x, op)
            if x not in needed:
                continue
            rule = op.rule(index)
            if rule is None:
                continue
            flow = rule(g, out, *operands, **params) if params else rule(g, out, *operands)
            if (
                type(flow) is not ndarray
                or type(array) is not ndarray
                or flow.shape != array.shape
                or flow.dtype is not array.dtype
            ):
                if not record and isinstance(flow, Tensor):  # from a rule that calls ours
                    flow = flow._data
                flow = _fitted(flow, x, node)
            cotangents[x] = cotangents[x] + flow if x in cotangents else flow


def _listed(tensors: Any) -> list[Tensor]:
    several = isinstance(tensors, Iterable) and not isinstance(tensors, Tensor)
    return list(tensors) if several else [tensors]


def gradients(
    outputs: Tensor | Sequence[Tensor],
    wrt: Tensor | Sequence[Tensor],
    seeds: Any = None,
    create_graph: bool = False,
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
        If the data of a leaf was reassigned after it was used. (Writing *into* the array in
        between, ``W.data[...] = v``, is not seen.)

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
    for role, group in (("outputs", roots), ("wrt", nodes)):
        for position, node in enumerate(group):
            if not isinstance(node, Tensor):
                raise TypeError(
                    f"{role}[{position}] is a {type(node).__name__}, not a Tensor; gradients are "
                    "taken of recorded Tensors with respect to Tensors"
                )
            if node.dtype.kind not in "fO":
                raise TypeError(
                    f"{role}[{position}], {node._label()}, has dtype {node.dtype}; only "
                    "floating-point Tensors have gradients"
                )
    if roots and all(r.op is None and not r.requires_grad and r not in set(nodes) for r in roots):
        raise ValueError(
            f"outputs[0], {roots[0]._label()}, was not recorded: it was computed under no_grad(), "
            "detached, or is a plain leaf, so that every gradient would be zero. Compute it from "
            "the Tensors in wrt, outside no_grad()"
        )
    if not single and (isinstance(seeds, (int, float)) or getattr(seeds, "shape", None) == ()):
        raise TypeError(f"{len(roots)} outputs in a sequence need a sequence of seeds, one each")
    given = [None] * len(roots) if seeds is None else [seeds] if single else list(seeds)
    if len(given) != len(roots):
        raise ValueError(f"{len(roots)} outputs need as many seeds, got {len(given)}")
    starts = [_seed(output, seed) for output, seed in zip(roots, given, strict=True)]
    if create_graph:
        starts = [s if isinstance(s, Tensor) else Tensor(s) for s in starts]
    else:
        starts = [s._data if isinstance(s, Tensor) else s for s in starts]
    return _from_order(topological_order(roots), roots, starts, nodes, create_graph)


def _from_order(
    order: list[Tensor],
    outputs: Sequence[Tensor],
    seeds: Sequence[Any],
    wrt: Sequence[Tensor],
    create_graph: bool,
) -> list[Any]:
    cotangents: dict[Tensor, Any] = {}
    tape = RECORDING.get() if create_graph else None
    start = len(tape.nodes) if isinstance(tape, Tape) else 0
    for output, seed in zip(outputs, seeds, strict=True):
        cotangents[output] = cotangents[output] + seed if output in cotangents else seed
    carry = getattr(RECORDING.get(), "propagate", _propagate)  # detect_anomaly looks on
    carry(order, cotangents, set(wrt), create_graph)
    if isinstance(tape, Tape):
        tape.spans.append((start, len(tape.nodes)))
        tape.seeds.append(list(seeds))
    results: list[Any] = []
    handed: set[int] = {id(seed) for seed in seeds}
    for node in wrt:
        g = cotangents.get(node)
        if g is None:
            g = Tensor(np.zeros_like(node._data)) if create_graph else np.zeros_like(node._data)
        elif not create_graph:
            g = _own(g, handed)
        results.append(g)
    return results


def _own(g: Any, handed: set[int]) -> Any:
    """Return `g` as an array that shares memory with no other that is handed out."""
    if type(g) is not np.ndarray:
        return np.asarray(g) if isinstance(g, np.generic) else g
    if g.base is not None or id(g) in handed or not g.flags.writeable:
        g = g.copy()
    handed.add(id(g))
    return g


def backward(output: Tensor, seed: Any = None) -> None:
    """Add the gradient of `output` to ``.grad`` of every leaf that requires it."""
    if not output.requires_grad:
        raise ValueError(
            f"{output._label()} depends on no Tensor that requires gradients; create the leaves "
            "with Tensor(data, requires_grad=True), and do not compute under no_grad()"
        )
    order = topological_order([output])
    leaves = [node for node in order if node.op is None and node.requires_grad]
    for leaf in leaves:
        if leaf.dtype.kind not in "fO":
            raise TypeError(
                f"{leaf._label()} has dtype {leaf.dtype}, and only floating-point leaves have "
                "gradients; make it with np.asarray(data, dtype=float)"
            )
    start = _seed(output, seed)
    start = start._data if isinstance(start, Tensor) else start
    for leaf, g in zip(leaves, _from_order(order, [output], [start], leaves, False), strict=True):
        leaf.grad = g if leaf.grad is None else leaf.grad + g
