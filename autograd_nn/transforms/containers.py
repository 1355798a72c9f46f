"""Nested arguments: dicts, lists, tuples, namedtuples and dataclasses of arrays.

A thin layer over optree, in which plain dataclasses are containers too. optree is imported when
a container is first met: arguments that are single arrays do without.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.tensor import Tensor

if TYPE_CHECKING:
    from optree import PyTreeSpec

_NAMESPACE = "autograd_nn"
_LEAVES = (np.ndarray, float, int, complex, str)


def flatten(tree: Any) -> tuple[list[Any], PyTreeSpec | None]:
    """Return the leaves of `tree` in order, and its structure (None: `tree` is itself a leaf).

    ``None`` is a container without leaves, as in JAX. Every field of a dataclass is a child,
    except those declared with ``field(metadata={"static": True})``.
    """
    if isinstance(tree, Tensor):
        return [tree.node()], None
    if isinstance(tree, _LEAVES) or hasattr(type(tree), "__array_function__"):
        return [tree], None
    import optree

    leaves, structure = optree.tree_flatten(tree, namespace=_NAMESPACE)
    while fresh := {cls for cls in set(map(type, leaves)) if dataclasses.is_dataclass(cls)}:
        for cls in sorted(fresh, key=lambda cls: cls.__qualname__):
            _register_dataclass(cls)
        leaves, structure = optree.tree_flatten(tree, namespace=_NAMESPACE)
    return [x.node() if isinstance(x, Tensor) else x for x in leaves], structure


def unflatten(structure: PyTreeSpec | None, leaves: list[Any]) -> Any:
    """Return `leaves` in the containers that `flatten` took them from."""
    return leaves[0] if structure is None else structure.unflatten(leaves)


def leaf_names(structure: PyTreeSpec | None, root: str) -> list[str]:
    """Return how each leaf is reached from `root`, as Python writes it: ``params['W'][0]``."""
    if structure is None:
        return [root]
    return [accessor.codify(root) for accessor in structure.accessors()]


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return `tree` with `function` applied to every leaf."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [function(leaf) for leaf in leaves])


def spread_over(prefix: Any, tree: Any, who: str) -> list[Any]:
    """Return for every leaf of `tree` what `prefix`, a tree of its upper levels, says of it.

    Raises
    ------
    ValueError
        If the containers differ; the message says of `who`.
    """
    count = len(flatten(tree)[0])  # which makes dataclasses known
    if prefix is None or isinstance(prefix, int):
        return [prefix] * count
    import optree

    options: Any = {"none_is_leaf": True, "namespace": _NAMESPACE}
    try:
        said = optree.broadcast_prefix(prefix, tree, **options)
    except ValueError as error:
        raise ValueError(f"{who} does not have the structure of what it is for: {error}") from None
    leaves = optree.tree_leaves(tree, **options)
    return [value for value, leaf in zip(said, leaves, strict=True) if leaf is not None]


def _register_dataclass(cls: type[Any]) -> None:
    """Make the dataclass `cls` a container for optree."""
    import optree

    fields = dataclasses.fields(cls)
    static = [field.name for field in fields if field.metadata.get("static")]
    children = [field.name for field in fields if field.name not in static]

    def take(value: Any) -> tuple[Any, Any, Any]:
        fixed = tuple([getattr(value, name) for name in static])
        return [getattr(value, name) for name in children], fixed, tuple(children)

    def build(fixed: Any, values: Any) -> Any:
        # Without __init__: a __post_init__ may compute on what are not arrays here, and a frozen
        # dataclass has no other way in.
        made = object.__new__(cls)
        for name, value in zip((*children, *static), (*values, *fixed), strict=True):
            object.__setattr__(made, name, value)
        return made

    optree.register_pytree_node(
        cls, take, build, path_entry_type=optree.DataclassEntry, namespace=_NAMESPACE
    )
