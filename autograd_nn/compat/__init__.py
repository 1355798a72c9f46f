"""Programs that were written for HIPS autograd, unchanged.

    import autograd_nn.compat
    autograd_nn.compat.install()

    import autograd.numpy as np  # from here on, `autograd` is this package
    from autograd import grad

What programs use of ``autograd`` is there: its operators, ``numpy``, ``scipy``, ``misc``,
``builtins``, ``extend`` with `primitive` and `defvjp`, ``test_util``. Its internals, nodes, boxes
and vector spaces, are not; ``ArrayBox`` is the name that a `Tensor` has there.

.. include:: ../../examples/moving.md
"""

from __future__ import annotations

import importlib.machinery
import sys
import types
from typing import Any

import numpy as np

from .. import numpy as _numpy
from .. import scipy as _scipy
from ..core.tensor import Tensor
from . import extend, misc, operators

_PLAIN = (
    "zeros", "ones", "eye", "identity", "empty", "zeros_like", "ones_like", "empty_like",
    "copy", "tile", "repeat",
)  # fmt: skip
"""What is nothing but an array there: programs for HIPS autograd do not write into Tensors."""

_BUILTINS = {
    "tuple": tuple, "list": list, "dict": dict, "isinstance": extend.isinstance_,
    "type": extend.type_, "DictBox": dict, "SequenceBox": tuple,
}  # fmt: skip


def _array(A: Any, *args: Any, **kwargs: Any) -> Any:
    if _numpy.holds_tensors(A):
        kwargs["copy"] = False
    return _numpy.array(A, *args, **kwargs)


def _full(shape: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    place = _numpy if _numpy.holds_tensors(fill_value) else np
    return place.full(shape, fill_value, *args, **kwargs)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Return ``np.where``, of Python's own values as Python's own."""
    given = (condition, x, y)
    result: Any = np.where(*given) if x is not None else np.where(condition)
    inner = [part for whole in given for part in (whole if type(whole) is list else [whole])]
    plain = x is not None and not any(hasattr(part, "dtype") for part in inner)
    return result.tolist() if plain else result


def _of_values(kind: type) -> type:
    """Return a type of whole numbers that can be made of Tensors too."""
    return type(kind.__name__, (kind,), {"__new__": lambda cls, x=0: kind(extend.getval(x))})


def _make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if (offset, axis1, axis2) != (0, -1, -2):
        raise NotImplementedError("make_diagonal takes offset=0, axis1=-1, axis2=-2 only")
    return np.expand_dims(D, -1) * np.eye(np.shape(D)[-1])


def _public(module: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name[:1] != "_"}


def _contents() -> dict[str, dict[str, Any]]:
    """Return the names in each module."""
    derivatives, rules, tools = map(_public, (operators, extend, misc))
    numpys = {name: getattr(_numpy, name) for name in np.__all__}
    numpys |= {name: getattr(np, name) for name in _PLAIN}
    numpys |= {kind.__name__: _of_values(kind) for kind in (np.int8, np.int16, np.int32, np.int64)}
    numpys |= {"array": _array, "full": _full, "where": _where, "row_stack": np.vstack}
    numpys |= {"make_diagonal": _make_diagonal, "__version__": np.__version__}
    return {
        "": derivatives | _BUILTINS | {"primitive": extend.primitive},
        "builtins": _BUILTINS,
        "core": rules | {"make_vjp": operators.vjp_of, "make_jvp": operators.jvp_of},
        **dict.fromkeys(("differential_operators", "wrap_util"), derivatives),
        **dict.fromkeys(("extend", "tracer", "numpy.numpy_vjps"), rules),
        **dict.fromkeys(("numpy", "numpy.numpy_wrapper"), numpys),
        "numpy.numpy_boxes": {"ArrayBox": Tensor},
        **dict.fromkeys(("misc", "test_util", "util"), tools),
        **{f"misc.{part}": tools for part in ("fixed_points", "flatten", "optimizers", "tracers")},
    }


def _own_modules() -> dict[str, Any]:
    """Return what is a module there and an object of ours: SciPy's parts, distributions."""
    parts = ("special", "linalg", "signal", "integrate", "stats")
    found = {f"scipy.{part}": getattr(_scipy, part) for part in parts}
    found |= {f"scipy.stats.{d}": getattr(_scipy.stats, d) for d in _scipy.stats.DISTRIBUTIONS}
    return {"scipy": _scipy, **found} | {
        f"numpy.{part}": getattr(_numpy, part) for part in ("fft", "linalg", "random")
    }


def install() -> None:
    """Make ``import autograd`` import this package.

    Raises
    ------
    RuntimeError
        If HIPS autograd has been imported already: what holds its functions would mix both.
    """
    there = sys.modules.get("autograd")
    if getattr(there, "__compat__", False):
        return
    if there is not None:
        raise RuntimeError(
            "autograd was imported before: call autograd_nn.compat.install() at the start of the "
            "program"
        )
    for name, contents in _contents().items():
        whole = f"autograd.{name}".rstrip(".")
        module: Any = types.ModuleType(whole, f"``{whole}``, by autograd_nn.")
        module.__spec__ = importlib.machinery.ModuleSpec(whole, None, is_package=True)
        module.__path__, module.__compat__ = [], True
        vars(module).update(contents)
        sys.modules[whole] = module
    sys.modules.update({f"autograd.{name}": part for name, part in _own_modules().items()})
    for whole in [name for name in sys.modules if name.startswith("autograd.")]:
        parent, _, last = whole.rpartition(".")
        vars(sys.modules[parent]).setdefault(last, sys.modules[whole])
