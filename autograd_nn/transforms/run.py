"""One run of a function that is to be differentiated.

1. `Run` calls the function on fresh nodes and keeps its inputs and outputs as flat lists, from
   which every transform is a few lines.
2. `positions` and `matching` check what users pass.

What a transform returns is an array at the outermost level. It is a recorded Tensor where that
can matter: inside another transform or a trace, and where an argument, or something else that
the function used, is a Tensor (that requires gradients).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ..core import recording as _recording
from ..core.backward import gradients_along
from ..core.graph import topological_order
from ..core.tensor import Tensor, apply, plain
from ..data import FLOATING, start_of
from ..ops.elementwise import POSITIVE
from .block import as_tensor
from .containers import flatten, leaf_names, tree_map, unflatten

Function = Callable[..., Any]


@contextmanager
def differentiating() -> Iterator[None]:
    """Mark that a function is being run in order to be differentiated, and record it."""
    with _recording.switched(_recording.DIFFERENTIATING, True), _recording.recording():
        yield


# -- arguments and results ------------------------------------------------------------------------


def _fresh(leaf: Any, where: Callable[[], str], who: str) -> Tensor:
    """Return a new node on the value of `leaf`, so that its uses in the function are its own.

    Of a Tensor it is a recorded copy, through which an outer transform sees the value it gave;
    gradients with respect to the copy leave out all other uses of that Tensor.
    """
    if not hasattr(getattr(leaf, "dtype", np.dtype(float)), "kind"):
        raise TypeError(
            f"{who} takes NumPy's arrays, got {where()} of {type(leaf)}; pass x.numpy()"
        )
    if isinstance(leaf, (bool, int)) or getattr(leaf, "dtype", np.dtype(float)).kind in "iub":
        kind = getattr(leaf, "dtype", type(leaf).__name__)
        raise TypeError(
            f"{who} needs floating-point numbers, got {where()} of type {kind}; write 2.0 for 2, "
            "x.astype(float) for an integer array, or leave it out of the arguments that are "
            "differentiated (argnums)"
        )
    if isinstance(leaf, Tensor):
        made = apply(POSITIVE, (leaf,)) if _recording.RECORDING.get() else leaf.detach()
        made.name = leaf.name
    elif isinstance(leaf, str) or not (
        isinstance(leaf, (float, complex)) or hasattr(leaf, "dtype")
    ):
        raise TypeError(
            f"{who} cannot be taken with respect to {where()}, a {type(leaf).__name__}; pass "
            "numbers, arrays or nested dicts, lists, tuples and dataclasses of them, and keep "
            "other things out of the arguments that are differentiated (argnums)"
        )
    else:
        made = Tensor(leaf)
    made.requires_grad = True
    return made


def _refuse(values: Sequence[Any], names: Sequence[str], who: str) -> None:
    """Raise for the first of a function's results that cannot be differentiated."""
    for value, where in zip(values, names, strict=True):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{who}: {where} is a {type(value).__name__}, not a Tensor. A value that was taken "
                "out of a Tensor (by float(), .data, .item() or .numpy()) has lost its gradient: "
                "compute with the Tensor. For a constant return Tensor(value); for several results "
                "of which one is differentiated use has_aux=True"
            )
        if value.dtype.kind not in FLOATING:
            raise TypeError(
                f"{who}: {where} has dtype {value.dtype}; only floating-point results have "
                "gradients. Use .astype(float), or has_aux=True for further results"
            )


def positions(argnums: int | Sequence[int], count: int, who: str) -> tuple[int, ...]:
    """Return `argnums` as positions among `count` arguments."""
    wanted = tuple(argnums) if isinstance(argnums, (tuple, list)) else (argnums,)
    for position in wanted:
        if not isinstance(position, int) or isinstance(position, bool):
            raise TypeError(f"{who}: argnums takes an int or a tuple of ints, got {argnums!r}")
        if not -count <= position < count:
            raise ValueError(
                f"{who}: argnums={argnums!r}, but the function was called with {count} positional "
                "arguments (keyword arguments are not differentiated)"
            )
    places = tuple([position % count for position in wanted])
    if len(set(places)) < len(places) or not places:
        raise ValueError(f"{who}: argnums={argnums!r} must name each argument once, and some")
    return places


def argument_names(f: Any, count: int) -> list[str]:
    """Return what `f` calls its positional arguments; args[0], … where it does not tell."""
    try:
        parameters = list(inspect.signature(f).parameters.values()) if f is not None else []
    except (TypeError, ValueError):
        parameters = []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    named = [p.name for p in parameters if p.kind in plain][:count]
    return named + [f"args[{i}]" for i in range(len(named), count)]


def _leaf_name(structure: Any, root: str, position: int) -> str:
    return leaf_names(structure, root)[position]


def _pair(result: Any, who: str) -> tuple[Any, Any]:
    """Return the two parts of what a function with further results returned."""
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(
            f"{who} with has_aux=True needs a function that returns a pair (result, aux), "
            f"got {type(result).__name__}"
        )
    return result


def _has_tensor(tree: Any) -> bool:
    return any(isinstance(leaf, Tensor) for leaf in flatten(tree)[0])


class Run:
    """One run of a function on fresh nodes: its inputs and outputs as flat lists of Tensors.

    Parameters
    ----------
    f : callable
    args, kwargs :
        What it is called with.
    places : tuple of int
        Which of `args` are differentiated.
    has_aux : bool
        Whether `f` returns a pair of which the second part is passed on as it is.
    who : str
        The transform, for messages.
    """

    def __init__(
        self,
        f: Function,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        places: tuple[int, ...],
        *,
        has_aux: bool,
        who: str,
    ) -> None:
        mode = _recording.RECORDING.get()
        # detect_anomaly, whose mode is a tape that carries cotangents itself, shows names
        watched = getattr(mode, "pull", None) is not None
        roots = argument_names(f if watched else None, len(args))
        given = list(args)
        self.who = who
        self.inputs: list[Tensor] = []
        self.groups: list[tuple[int, Any]] = []
        self.tensors_given = any(_has_tensor(arg) for arg in (*args, *kwargs.values()))
        for place in places:
            given[place] = self._opened(args[place], roots[place], watched)
        self.aux: Any = None
        self.outputs: list[Tensor]
        with differentiating():  # what is written into is looked at while recording
            result = f(*given, **kwargs)
            if has_aux:
                result, self.aux = _pair(result, who)
                flatten(self.aux)
            self.outputs, self.out_structure = flatten(result)
        if any(not isinstance(x, Tensor) or x.dtype.kind not in FLOATING for x in self.outputs):
            _refuse(self.outputs, leaf_names(self.out_structure, "the function's result"), who)
        # what led to the arguments is left out: in a loop it grows with every step
        self.order = topological_order(self.outputs, set(self.inputs))
        self.record = bool(mode) and (
            self._tensors_wanted()
            or _recording.TRACING.get()
            or reaches_out(self.order, set(self.inputs))
        )
        for x in self.inputs:  # they are nobody's from here on; see reaches_out
            x.requires_grad = x.requires_grad and x.op is not None

    def _opened(self, tree: Any, root: str, named: bool) -> Any:
        """Return the argument `tree` with new nodes as its leaves; `named` if they show names."""
        leaves, structure = flatten(tree)
        nodes = []
        for position, leaf in enumerate(leaves):
            where = partial(_leaf_name, structure, root, position)
            node = _fresh(leaf, where, self.who)
            if named and node.name is None:
                node.name = where()
            nodes.append(node)
        self.inputs += nodes
        self.groups.append((len(nodes), structure))
        return unflatten(structure, nodes)

    def _tensors_wanted(self) -> bool:
        """Whether results are Tensors: Tensors were given, or another transform is running."""
        return self.tensors_given or _recording.DIFFERENTIATING.get()

    def shown(self, value: Any) -> Any:
        """Return a tree of results as Tensors, recorded or without a history, or as arrays."""
        if self.record:
            return value
        return tree_map(_detached if self._tensors_wanted() else plain, value)

    def result(self) -> Any:
        """Return what the function returned, without aux."""
        return self.shown(unflatten(self.out_structure, list(self.outputs)))

    def pull(self, seeds: Sequence[Any] | None = None) -> list[Any]:
        """Return the cotangents of the inputs, flat, for those of the outputs."""
        record = self.records(seeds or ())
        given = [None] * len(self.outputs) if seeds is None else seeds
        found = carried_back(self.outputs, given, self.inputs, record, self.order)
        return found if record else self.made(found)

    def records(self, seeds: Sequence[Any]) -> bool:
        """Whether what is computed from the graph and from `seeds` is recorded."""
        on = bool(_recording.RECORDING.get())
        return on and (self.record or any(isinstance(seed, Tensor) for seed in seeds))

    def made(self, arrays: list[Any]) -> list[Any]:
        """Return `arrays` as Tensors where Tensors are expected."""
        tensors = self.record or self._tensors_wanted()
        return [Tensor(plain(array)) for array in arrays] if tensors else arrays

    def regroup(self, leaves: Sequence[Any]) -> list[Any]:
        """Return one value per input leaf in the structure of each argument."""
        parts, start = [], 0
        for count, structure in self.groups:
            parts.append(unflatten(structure, list(leaves[start : start + count])))
            start += count
        return parts


def reaches_out(nodes: Iterable[Tensor], own: Container[Tensor] = ()) -> bool:
    """Whether a leaf among `nodes`, other than those in `own`, requires gradients."""
    return any(node.op is None and node.requires_grad and node not in own for node in nodes)


def carried_back(
    outputs: Sequence[Tensor],
    seeds: Sequence[Any],
    wrt: Sequence[Tensor],
    record: bool,
    order: list[Tensor],
) -> list[Any]:
    """Return what `gradients` does, zeros too where no output was recorded: 0 is its derivative."""
    starts = [start_of(out, seed) for out, seed in zip(outputs, seeds, strict=True)]
    starts = [as_tensor(x) if record else plain(x) for x in starts]
    return gradients_along(order, outputs, starts, wrt, record)


def _detached(value: Any) -> Any:
    """Return a Tensor without its history, and anything else as it is."""
    return value.detach() if isinstance(value, Tensor) else value


def seeds_of(run: Run, holomorphic: bool) -> list[Any]:
    """Return what a gradient starts from: ones; refuse what is complex, or is not.

    Of complex results there is a derivative, one number for each element of an argument, only
    where the function is said to be holomorphic.
    """
    looked_at = [*run.outputs, *run.inputs] if holomorphic else run.outputs
    for position, x in enumerate(looked_at):
        if (x.dtype.kind == "c") != holomorphic:
            what = "the result" if position < len(run.outputs) else "an argument"
            kind = "complex" if holomorphic else "real"
            raise TypeError(
                f"{run.who} with holomorphic={holomorphic} needs {what} to be {kind}, and it has "
                f"dtype {x.dtype}. Use np.real, np.imag or np.abs of complex results; "
                "holomorphic=True is for functions that are; vjp takes a cotangent of any result"
            )
    return [np.ones_like(plain(x)) for x in run.outputs]


def one_number(run: Run) -> None:
    """Refuse a result that is not one number."""
    if run.out_structure is not None or run.outputs[0].size != 1:
        shapes = ", ".join(str(x.shape) for x in run.outputs)
        got = f"shape {shapes}" if run.out_structure is None else f"a container of shapes {shapes}"
        raise ValueError(
            f"{run.who} needs a function that returns one number, got {got}. Reduce it with "
            "np.sum or np.mean, or use jacobian (all derivatives), elementwise_grad (of the sum) "
            "or has_aux=True (further results)"
        )


def matching(tree: Any, structure: Any, nodes: Sequence[Tensor], role: str, who: str) -> list[Any]:
    """Return the leaves of `tree`, which must be shaped like `nodes`, in their dtypes."""
    leaves, got = flatten(tree)
    if got != structure:
        expected = "an array" if structure is None else f"the structure {structure}"
        shown = f"a {type(tree).__name__}" if got is None else f"the structure {got}"
        raise ValueError(f"{who}: {role} must be {expected}, got {shown}")
    checked = []
    for leaf, node, where in zip(leaves, nodes, leaf_names(structure, role), strict=True):
        value = leaf if isinstance(leaf, Tensor) or hasattr(leaf, "dtype") else np.asarray(leaf)
        if np.shape(value) != node.shape:
            raise ValueError(
                f"{who}: {where} has shape {np.shape(value)}, but what it belongs to has shape "
                f"{node.shape}"
            )
        if value.dtype.kind == "c" != node.dtype.kind:
            raise TypeError(
                f"{who}: {where} is complex, but what it belongs to has dtype {node.dtype}"
            )
        checked.append(value if value.dtype == node.dtype else value.astype(node.dtype))
    return checked
