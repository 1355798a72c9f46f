"""The network's formulas against its graph: the document's, or a learner's in their place."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from autograd_nn.derivation import Formula, Report
from autograd_nn.derivation import verify as check

from . import formulas
from .activations import SIGMOID
from .network import Network


def document_claims(net: Network, weight_decay: float = 0.0) -> dict[str, Formula]:
    """Return the hand-derived formulas of a network by the names of what they claim.

    Parameters
    ----------
    net : Network
    weight_decay : float
        Whether J has the penalty (its λ is the tensor ``lambda_``).

    Returns
    -------
    dict of str to Formula
        ``"delta3"``, ``"delta2"``, …, ``"dW1"``, ``"db1"``, …: the functions of `nets.formulas`,
        and the names of the tensors that each is applied to.
    """
    n_l = net.n_layers
    claims = {f"delta{n_l}": net.criterion.claim(n_l)}
    for l in range(n_l - 1, 1, -1):
        delta_hidden, activation = formulas.delta_hidden, net.activations[l]
        if activation != SIGMOID:
            delta_hidden = partial(delta_hidden, f_prime=activation.f_prime)
        claims[f"delta{l}"] = Formula(delta_hidden, (f"W{l}", f"delta{l + 1}", f"z{l}"))
    for l in range(1, n_l):
        uses = (f"delta{l + 1}", "x" if l == 1 else f"h{l}")
        if weight_decay:
            claims[f"dW{l}"] = Formula(_decayed_gradient, (*uses, f"W{l}", "lambda_"))
        else:
            claims[f"dW{l}"] = Formula(formulas.gradient_W, uses)
        claims[f"db{l}"] = Formula(formulas.gradient_b, (f"delta{l + 1}",))
    return claims


def _decayed_gradient(delta: Any, h: Any, W: Any, decay: Any) -> Any:
    return formulas.decayed(formulas.gradient_W(delta, h), W, decay)


def _refuse_output_slope(net: Network, claims: Any) -> None:
    """Raise for a claim about ∂J/∂h^(n_l) where J is not computed from h^(n_l)."""
    n_l = net.n_layers
    named = claims if isinstance(claims, Mapping) else dir(claims)
    for name in (f"d_h{n_l}", f"dh{n_l}"):
        if net.criterion.own and name in named:
            raise ValueError(
                f"{name}: the cross-entropy is computed from z{n_l}, for h{n_l} near 0 or 1 has "
                f"too few digits, so that there is no gradient by h{n_l} to judge this against; "
                f"claim delta{n_l}"
            )


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
    weight_decay: float = 0.0,
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
    weight_decay : float
        λ: judge the formulas of the cost with (λ/2) Σ w². A learner's λ is ``lambda_``.

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
    if claims is not None:
        _refuse_output_slope(net, claims)
    nodes = net.graph(x, y, weight_decay)
    if draws is None:
        draws = 3 if claims is not None else 1
    return check(
        nodes["J"],
        document_claims(net, weight_decay) if claims is None else claims,
        samples=nodes["x"].shape[1],
        draws=draws,
        seed=seed,
        finite_differences=finite_differences,
        allow_own=allow_own,
    )
