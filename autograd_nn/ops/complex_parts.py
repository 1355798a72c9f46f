"""Parts of complex numbers: real, imaginary, conjugate, angle; and what asks for them.

The cotangent g of a complex number z stands for the real function Re(g z), so that a holomorphic
function hands back g times its derivative, and the rules here are what ``Re(g f(z))`` gives. Of
real numbers these functions are what they are in NumPy, and no operation of their own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.recording import refuse_value
from ..core.tensor import apply, plain
from .functions import implements
from .rules import is_complex

# fmt: off
REAL = register(Op("real", np.real, (lambda g, out, z: g,), latex=r"\operatorname{{Re}}({0})",
    words="the real part of {0}", traits={"complex", "elementwise", "view"}))
IMAG = register(Op("imag", np.imag, (lambda g, out, z: -1j * g,),
    latex=r"\operatorname{{Im}}({0})", rule_words="$-i g$",
    words="the imaginary part of {0}", traits={"complex", "elementwise", "view"}))
CONJUGATE = register(Op("conjugate", np.conjugate, (lambda g, out, z: np.conjugate(g),),
    latex=r"\overline{{{0}}}", words="the conjugate of {0}", rule_words=r"$\overline{g}$",
    traits={"complex"}))
# fmt: on


def _part(op: Op, of_real: Any, z: Any) -> Any:
    return apply(op, (z,)) if is_complex(z) else of_real(z)


implements(np.real)(partial(_part, REAL, np.positive))
implements(np.conjugate)(partial(_part, CONJUGATE, np.positive))
implements(np.imag)(partial(_part, IMAG, lambda x: x * 0))
implements(np.iscomplexobj)(is_complex)
implements(np.isrealobj)(lambda x: not is_complex(x))
implements(np.iscomplex)(lambda x: np.imag(x) != 0)
implements(np.isreal)(lambda x: np.imag(x) == 0)


@implements(np.angle)
def _angle(z: Any, deg: bool = False) -> Any:
    found = np.arctan2(np.imag(z), np.real(z))
    return found * (180 / np.pi) if deg else found


@implements(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Any:
    if is_complex(a):
        refuse_value("np.real_if_close", "Use np.real.")
        return np.real(a) if np.isrealobj(np.real_if_close(plain(a), tol)) else a
    return +a


@implements(np.sort_complex)
def _sort_complex(a: Any) -> Any:
    ordered = np.sort(a)
    return ordered if is_complex(a) else ordered.astype(complex)
