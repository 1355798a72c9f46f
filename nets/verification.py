"""The network's formulas against its graph: the document's, or a learner's in their place."""

from __future__ import annotations

import types
from functools import partial
from pathlib import Path
from typing import Any

from autograd_nn.derivation import Formula, Report
from autograd_nn.derivation import verify as check

from . import formulas
from .activations import SIGMOID
from .network import Network


def document_claims(net: Network) -> dict[str, Formula]:
    """Return the document's formulas of a network by the names of what they claim.

    Parameters
    ----------
    net : Network

    Returns
    -------
    dict of str to Formula
        ``"delta3"``, ``"delta2"``, …, ``"dW1"``, ``"db1"``, …: the functions of `nets.formulas`,
        and the names of the tensors that each is applied to.
    """
    n_l = net.n_layers
    delta_output, delta_hidden = formulas.delta_output, formulas.delta_hidden
    if net.activation is not SIGMOID:
        delta_output = partial(delta_output, f_prime=net.activation.f_prime)
        delta_hidden = partial(delta_hidden, f_prime=net.activation.f_prime)
    claims = {f"delta{n_l}": Formula(delta_output, ("y", f"h{n_l}", f"z{n_l}"))}
    for l in range(n_l - 1, 1, -1):
        uses = (f"W{l}", f"delta{l + 1}", f"z{l}")
        claims[f"delta{l}"] = Formula(delta_hidden, uses)
    for l in range(1, n_l):
        h = "x" if l == 1 else f"h{l}"
        claims[f"dW{l}"] = Formula(formulas.gradient_W, (f"delta{l + 1}", h))
        claims[f"db{l}"] = Formula(formulas.gradient_b, (f"delta{l + 1}",))
    return claims


class FormulasError(ValueError):
    """A file of formulas cannot be used. The message says why, in one line."""


def load_formulas(path: Path | str) -> types.ModuleType:
    """Run a Python file with formulas and return it as a module, to be given to `verify`.

    The file is the user's own program: it is run as such, with all that it may do.

    Parameters
    ----------
    path : path-like
        The file.

    Raises
    ------
    FormulasError
        If the file cannot be read or run.
    """
    path = Path(path)
    if not path.is_file():
        raise FormulasError(f"there is no file {path}")
    module = types.ModuleType("learner_formulas")
    module.__file__ = str(path)
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - asked for
    except Exception as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise FormulasError(f"{path}{line}: {type(error).__name__}: {error}") from error
    return module


def verify(
    net: Network,
    x: Any,
    y: Any,
    claims: Any = None,
    *,
    seed: int = 0,
    draws: int | None = None,
    finite_differences: str | bool = "direction",
    allow_own: bool = False,
) -> Report:
    """Judge every δ^(l), ∂J/∂W^(l), ∂J/∂b^(l) against the automatic gradient.

    Parameters
    ----------
    net : Network
    x : array_like, shape (s_1,) or (s_1, m)
    y : array_like, shape (s_{n_l},) or (s_{n_l}, m)
    claims : mapping, module, class or object, optional
        A learner's formulas in the place of the document's: functions named ``delta3``,
        ``delta2``, ``dW2``, ``db2``, …, whose parameters are the names of what they use. δ is of
        one sample a column, not divided by m; ∂J/∂W and ∂J/∂b are of the mean cost. See
        `autograd_nn.verify`.
    seed : int
        Of the random values.
    draws : int, optional
        On how many sets of random values formulas are judged besides these: 3, or 1 for the
        document's own.
    finite_differences : bool or {"direction", "elements"}
        Hold the automatic gradients against centred differences as well, along one random
        direction or element by element.
    allow_own : bool
        Let a formula ask for the gradient that it is a formula for.

    Returns
    -------
    Report
        ``.ok``, ``.failures``, ``.raise_if_wrong()``; prints as a table, with the first wrong step
        and what is wrong with it.

    Raises
    ------
    ValueError
        If `x` or `y` does not fit the network, or a claim is named after nothing in it.

    Examples
    --------
    >>> net = Network([3, 3, 1], seed=0)
    >>> verify(net, [1.5, 2.0, 3.0], [0.0]).ok
    True
    >>> wrong = {"delta3": lambda y, h3: -(y - h3)}
    >>> verify(net, [1.5, 2.0, 3.0], [0.0], wrong).failures[0].explanations[0].words
    'f′(z3) is missing: multiply by it, elementwise'
    """
    nodes = net.graph(x, y)
    if draws is None:
        draws = 3 if claims is not None else 1
    return check(
        nodes["J"],
        document_claims(net) if claims is None else claims,
        samples=nodes["x"].shape[1],
        draws=draws,
        seed=seed,
        finite_differences=finite_differences,
        allow_own=allow_own,
    )
