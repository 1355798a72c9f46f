"""The arguments of a call, apart from any text.

1. `named` gives every argument the name of its parameter.
2. `fingerprint` tells static arguments apart.
3. `positions` reads ``donate`` and ``static_argnums``; `refuse_shared` guards what is donated.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, ItemsView, Mapping, Sequence
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..transforms.containers import flatten


def signature_of(f: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of `f`, None if Python does not know it."""
    try:
        return inspect.signature(f)
    except (TypeError, ValueError):
        return None


def positional_names(
    signature: inspect.Signature | None, count: int, keywords: Sequence[str]
) -> list[str]:
    """Return a name for each of `count` positional arguments, and the keywords' names."""
    names: list[str] = []
    if signature is not None:
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                names.append(parameter.name)
            elif parameter.kind is parameter.VAR_POSITIONAL:
                names += [f"{parameter.name}_{i}" for i in range(count - len(names))]
    names += [f"argument_{i}" for i in range(len(names), count)]
    return [*names[:count], *keywords]


def named(
    signature: inspect.Signature | None, args: Any, kwargs: Any
) -> tuple[dict[str, Any], list[str]]:
    """Return parameter name → argument in the order of the program's parameters, and keywords."""
    if kwargs and signature is not None:
        bound = signature.bind(*args, **kwargs)
        args, kwargs = bound.args, bound.kwargs
    keywords = sorted(kwargs)
    names = positional_names(signature, len(args), keywords)
    return dict(zip(names, (*args, *(kwargs[key] for key in keywords)), strict=True)), keywords


def positions(value: int | Sequence[int], what: str) -> tuple[int, ...]:
    """Return `value` as positions of arguments.

    Raises
    ------
    TypeError
        If it is something else; the message says of `what`.
    """
    found = (value,) if isinstance(value, int) else tuple(value)
    for position in found:
        if not isinstance(position, int) or isinstance(position, bool) or position < 0:
            raise TypeError(f"{what} takes positions of arguments, 0 or greater, got {value!r}")
    return found


def fingerprint(value: Any, name: str = "a static argument") -> Any:
    """Return what tells the static argument `value` from others, by content: something hashable.

    Objects that are equal only to themselves are told by identity and by their attributes.

    Raises
    ------
    TypeError
        If it holds arrays, or content that cannot be told.
    """
    kind = type(value)
    if isinstance(value, (np.ndarray, Tensor)):
        raise TypeError(
            f"{name} is static and holds an array of shape {np.shape(value)}; pass arrays as "
            "ordinary arguments, or as nested tuples of numbers"
        )
    if isinstance(value, np.generic):
        return kind, value.dtype, value.tobytes()
    if isinstance(value, float):
        return kind, value.hex()  # nan equals itself, and 0.0 is not -0.0
    if isinstance(value, complex):
        return kind, value.real.hex(), value.imag.hex()
    if isinstance(value, dict):
        value = value.items()
    if isinstance(value, (list, tuple, ItemsView)):
        return kind, tuple([fingerprint(part, name) for part in value])
    if isinstance(value, (set, frozenset)):
        return kind, frozenset([fingerprint(part, name) for part in value])
    if isinstance(value, slice):
        return kind, fingerprint((value.start, value.stop, value.step), name)
    atom = isinstance(value, (type, ModuleType, FunctionType, MethodType))
    inner = {} if atom else getattr(value, "__dict__", {})
    if kind.__hash__ is None and not inner:
        raise TypeError(
            f"{name} is static and of type {kind.__name__}, which cannot be compared by content; "
            "pass numbers, text, or tuples, lists and dicts of them"
        )
    own = None if kind.__hash__ is None else value
    return kind, own, fingerprint(inner, name) if inner else ()


def refuse_shared(parameters: Mapping[str, Any], donated: Sequence[str]) -> None:
    """Raise a ValueError if an array that may be overwritten is in another argument too."""
    arrays = [
        (name, leaf)
        for name, value in parameters.items()
        for leaf in flatten(value)[0]
        if isinstance(leaf, np.ndarray)
    ]
    for (name, array), (other, another) in itertools.combinations(arrays, 2):
        if (name in donated or other in donated) and np.may_share_memory(array, another):
            raise ValueError(
                f"arguments {name!r} and {other!r} share the memory of an array that donate "
                "allows to be overwritten, so that the result would be wrong; pass a copy"
            )
