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

import builtins
import importlib
import importlib.machinery
import sys
import types
from typing import Any

import numpy as np

from .. import numpy as _numpy
from ..core.tensor import Tensor
from . import extend, misc, operators

_PLAIN = ("zeros", "ones", "eye", "identity", "empty", "zeros_like", "ones_like", "empty_like")
"""What is nothing but an array there: programs for HIPS autograd do not write into Tensors."""

_BUILTINS = {
    "tuple": tuple, "list": list, "dict": dict, "isinstance": extend.isinstance_,
    "type": extend.type_, "DictBox": dict, "SequenceBox": tuple,
}  # fmt: skip


def _array(A: Any, *args: Any, **kwargs: Any) -> Any:
    if _numpy.holds_tensors(A):
        kwargs["copy"] = False
    return _numpy.array(A, *args, **kwargs)


def _where(condition: Any, *args: Any, **kwargs: Any) -> Any:
    given = (condition, *args, *(kwargs[name] for name in ("x", "y") if name in kwargs))
    result = np.where(*given)
    arrays = (np.ndarray, np.generic, Tensor)
    inner = [y for x in given for y in (x if isinstance(x, (list, tuple)) else (x,))]
    plain = len(given) == 3 and not any(isinstance(x, arrays) for x in inner)
    return result.tolist() if plain else result


def _of_values(kind: type) -> type:
    """Return a type of whole numbers that can be made of Tensors too."""
    return type(kind.__name__, (kind,), {"__new__": lambda cls, x=0: kind(extend.getval(x))})


def _make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if (offset, axis1, axis2) != (0, -1, -2):
        raise NotImplementedError("make_diagonal takes offset=0, axis1=-1, axis2=-2 only")
    return np.expand_dims(D, -1) * np.eye(np.shape(D)[-1])


def _contents() -> dict[str, dict[str, Any]]:
    """Return the names in each module."""
    public = {name: getattr(operators, name) for name in vars(operators) if name[:1] != "_"}
    rules = {name: getattr(extend, name) for name in vars(extend) if name[:1] != "_"}
    numpys = {name: getattr(_numpy, name) for name in np.__all__}
    numpys |= (
        {name: getattr(np, name) for name in _PLAIN}
        | {
            "array": _array,
            "where": _where,
            "make_diagonal": _make_diagonal,
            "row_stack": np.vstack,
            "__version__": np.__version__,
        }
        | {kind.__name__: _of_values(kind) for kind in (np.int8, np.int16, np.int32, np.int64)}
    )
    flat = {"flatten": misc.flatten, "flatten_func": misc.flatten_func}
    scipys = {
        f"scipy.{name}": dict(vars(importlib.import_module(f"..scipy.{name}", __name__)))
        for name in ("special", "linalg", "signal", "integrate", "stats")
    }
    for name in (
        "beta",
        "chi2",
        "dirichlet",
        "gamma",
        "multivariate_normal",
        "norm",
        "poisson",
        "t",
    ):
        distribution = scipys["scipy.stats"][name]
        scipys[f"scipy.stats.{name}"] = {
            part: getattr(distribution, part) for part in dir(distribution) if part[:1] != "_"
        }
    return {
        "": public | {name: _BUILTINS[name] for name in list(_BUILTINS)[:5]}
        | {"primitive": extend.primitive},
        "differential_operators": public,
        "core": {"make_vjp": operators.vjp_of, "make_jvp": operators.jvp_of} | rules,
        "wrap_util": {"unary_to_nary": operators.unary_to_nary},
        "extend": rules,
        "tracer": {
            name: rules[name] for name in ("getval", "isbox", "notrace_primitive", "primitive")
        },
        "builtins": _BUILTINS,
        "test_util": {
            name: getattr(misc, name)
            for name in ("check_grads", "combo_check", "check_equivalent", "scalar_close")
        },
        "numpy": numpys,
        "numpy.numpy_wrapper": numpys,
        "numpy.numpy_boxes": {"ArrayBox": Tensor},
        "numpy.numpy_vjps": {name: rules[name] for name in ("unbroadcast", "unbroadcast_f")},
        "misc": flat | {"const_graph": misc.const_graph},
        "misc.flatten": flat,
        "misc.optimizers": {name: getattr(misc, name) for name in ("adam", "rmsprop", "sgd")},
        "misc.fixed_points": {"fixed_point": misc.fixed_point},
        "misc.tracers": {"const_graph": misc.const_graph},
        "scipy": {},
        **scipys,
    }  # fmt: skip


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
        kept = ("__getattr__", "__version__")
        vars(module).update({k: v for k, v in contents.items() if k[:2] != "__" or k in kept})
        sys.modules[whole] = module
    for part in (_numpy.fft, _numpy.linalg, np.random):
        sys.modules[f"autograd.numpy.{part.__name__.rpartition('.')[2]}"] = part
    for whole in [name for name in sys.modules if name.startswith("autograd.")]:
        parent, _, last = whole.rpartition(".")
        if last not in ("flatten",) and not isinstance(
            vars(sys.modules[parent]).get(last), builtins.type
        ):
            setattr(sys.modules[parent], last, sys.modules[whole])
