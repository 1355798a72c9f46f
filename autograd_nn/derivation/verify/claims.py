"""What a learner claims: formulas and arrays, and how a formula is run and recorded.

1. `collect` reads claims from a dict, a module, a class or an object.
2. `run` calls a formula on arrays and says plainly what went wrong, if anything.
3. `record` calls it on Tensors, so that its formula can be read and rewritten. Where shapes do
   not fit, `Lenient` arrays let it be recorded all the same.
"""

from __future__ import annotations

import inspect
import traceback
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ...core.recording import recording
from ...core.tensor import Tensor, plain
from ...formulas.expression import LARGEST, Expr, from_graph, size
from ..names import Environment, Meaning, UnknownNameError, spelling
from .values import as_array


class Formula:
    """A function together with the names of what it uses.

    Parameters
    ----------
    function : callable
        Called with the values in the order of `uses`.
    uses : sequence of str
        Names, in place of the function's own parameter names.
    steps : iterable of Tensor
        What a program made on the way.
    """

    def __init__(
        self, function: Callable[..., Any], uses: tuple[str, ...], steps: Iterable[Tensor] = ()
    ) -> None:
        self.function = function
        self.uses = tuple(uses)
        self.steps = frozenset(steps)


class FormulaError(Exception):
    """A formula gave no value that could be judged. The message says why."""


class Claim:
    """One claimed gradient.

    Parameters
    ----------
    name : str
        The gradient's name.
    meaning : Meaning
        What that is in the graph.
    claimed : callable, Formula or array_like
        The formula or the value.
    """

    def __init__(self, name: str, meaning: Meaning, claimed: Any) -> None:
        self.name = name
        self.meaning = meaning
        self.array: Any = None
        self.function: Callable[..., Any] | None = None
        self.uses: tuple[str, ...] = ()
        self.problem = ""
        self.own = ""
        self.where = ""
        self.left: Any = None  # where a program leaves it: name, path, number from the last
        self.parts: Any = ()  # of a sum: the values, and which lines of a program have left them
        self.once = False  # a program's, run on the given values only
        self.steps: frozenset[Tensor] = frozenset()  # what the program made on the way
        if isinstance(claimed, Formula):
            self.function, self.uses = claimed.function, claimed.uses
            self._keywords = False
        elif callable(claimed) and not isinstance(claimed, Tensor):
            self.function = claimed
            self._keywords = True
            self.problem = self._read_signature(claimed)
        else:
            self.array = claimed

    def _read_signature(self, function: Callable[..., Any]) -> str:
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return "has no readable parameters; wrap it in a def with named parameters"
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                return f"takes *{parameter.name}; name each value it uses as a parameter instead"
            if parameter.kind is parameter.POSITIONAL_ONLY:
                return f"takes {parameter.name!r} by position only; leave out the / in its def"
        self.uses = tuple(p.name for p in parameters if p.default is p.empty)
        return ""

    def follow(self, formula: Formula) -> None:
        """Enter the formula behind an array; the array is the value of it in the program's run."""
        self.function, self.uses = formula.function, formula.uses
        self._keywords, self.once, self.steps = False, True, formula.steps

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Call the function with the arguments by name."""
        assert self.function is not None  # noqa: S101 - arrays are not called
        if self._keywords:
            return self.function(**{key: arguments[key] for key in self.uses})
        return self.function(*[arguments[key] for key in self.uses])


def is_claim_name(environment: Environment, text: str) -> bool:
    """Whether `text` is the name of a gradient of the graph."""
    try:
        return environment.meaning(text).gradient
    except UnknownNameError:
        return False


def collect(
    environment: Environment, claims: Any, allow_own: bool = False, notes: list[str] | None = None
) -> list[Claim]:
    """Return the claims in the order of the computation: values, then the backward pass.

    Parameters
    ----------
    environment : Environment
        The graph.
    claims : mapping, module, class or object
        In a mapping every key must be the name of a gradient or of a result. Of the others, the
        public attributes that are named like gradients are taken.
    allow_own : bool
        Whether a formula may ask for the quantity that it is a formula for.
    notes : list of str, optional
        Where to say which attributes look like claims and are none.

    Raises
    ------
    UnknownNameError
        If a key is no name of the graph, or names what is given in the place of a gradient; or
        if there is nothing to judge.
    TypeError
        If keys are no text, or `claims` is none of these.
    """
    if isinstance(claims, Mapping):
        given = dict(claims)
        for key in given:
            if not isinstance(key, str):
                raise TypeError(f"claims are keyed by names, got the key {key!r}")
            meaning = environment.meaning(key)
            if not meaning.gradient and (meaning.node is None or meaning.node.op is None):
                raise UnknownNameError(
                    f"{key!r} is given, not computed; claims are about gradients, such as "
                    f"{environment.gradient_name(key)!r}, and about results"
                )
    else:
        given, passed_over = _attributes(environment, claims)
        if passed_over and notes is not None:
            notes.append(
                f"not judged: {', '.join(passed_over)}; of a module, class or object only what is "
                "named after a gradient of the graph is, in a dict also values"
            )
    if not given:
        known = [key for key in environment.known_names() if is_claim_name(environment, key)]
        raise UnknownNameError(f"there is no claim to judge; name formulas {', '.join(known)}")
    return in_order(
        environment,
        [Claim(key, environment.meaning(key), value) for key, value in given.items()],
        allow_own,
    )


def in_order(environment: Environment, found: list[Claim], allow_own: bool = False) -> list[Claim]:
    """Return claims in the order of the computation, what they may not ask for marked."""
    for text in (text for claim in found for text in (claim.name, *claim.uses)):
        environment.refuse_undetermined(text)
    if not allow_own:
        _refuse_own(environment, found)
    place = _backward_order(environment)
    forward = [claim for claim in found if not claim.meaning.gradient]
    backward = [claim for claim in found if claim.meaning.gradient]
    forward.sort(key=lambda claim: place[claim.meaning.node], reverse=True)
    return forward + sorted(backward, key=lambda claim: place[claim.meaning.node])


def _backward_order(environment: Environment) -> dict[Tensor | None, tuple[int, int]]:
    """Return when the backward pass is done with each tensor: a leaf, with all its uses."""
    place: dict[Tensor | None, tuple[int, int]] = {}
    for i, node in enumerate(reversed(environment.order)):
        if node.op is not None:
            place[node] = (i, 0)
        for x in node.inputs:
            if x.op is None:
                place[x] = (i, 1)
    return place


def _refuse_own(environment: Environment, claims: list[Claim]) -> None:
    """Mark formulas that ask for what they are to give, or for what comes after it.

    Where such a formula is wrong, that is said of it: a learner may have taken the wrong layer.
    """
    far = _distances(environment)
    for claim in claims:
        own, forward = claim.meaning.node, not claim.meaning.gradient
        for text in claim.uses:
            try:
                asked = environment.meaning(text)
            except UnknownNameError:
                continue  # said where the formula is judged
            if asked.node is None or not (asked.gradient or forward):
                continue
            if forward and not asked.gradient and asked.node.op is None:
                continue  # given, and no answer to anything
            way = far[own] - far[asked.node]
            if way == 0 or (way > 0) == forward or (asked.gradient and forward):
                claim.own = (
                    f"asks for {text!r}, which is "
                    + ("its own answer" if asked.node is own else "no step before it")
                    + f"; a formula may use {'values' if forward else 'gradients'} "
                    + ("that come before its own" if forward else "of what is nearer to J")
                    + " (allow_own=True lifts this)"
                )


def _distances(environment: Environment) -> dict[Tensor | None, int]:
    """Return how many operations the longest way from each tensor to J has."""
    far: dict[Tensor | None, int] = {environment.J: 0}
    for node in reversed(environment.order):
        for x in node.inputs:
            far[x] = max(far.get(x, 0), far[node] + 1)
    return far


def _attributes(environment: Environment, holder: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the claims among the attributes of `holder`, and what looks like one and is none."""
    if isinstance(holder, (str, bytes, int, float, np.ndarray, Tensor, list, tuple)):
        raise TypeError(
            f"claims is a {type(holder).__name__}; pass a dict from names to formulas, a module, "
            "or a class with the formulas as functions"
        )
    if isinstance(holder, type) and _needs_self(environment, holder):
        holder = holder()
    found = {key: getattr(holder, key) for key in dir(holder) if not key.startswith("_")}
    found = {key: value for key, value in found.items() if not isinstance(value, types.ModuleType)}
    named = {key: value for key, value in found.items() if is_claim_name(environment, key)}
    passed_over = []
    for key, value in found.items():
        if key in named:
            continue
        if _like_a_claim(key):
            environment.meaning(key)  # raises, with the names there are: a claim must not be lost
        node = environment.named.get(key)
        computed = node is not None and node.op is not None and node is not environment.J
        if computed or (key.startswith(("d_", "delta")) and callable(value)):
            passed_over.append(key)
    return named, passed_over


def _like_a_claim(text: str) -> bool:
    """Whether a name is spelt like the gradient of a layer, be there such a layer or not."""
    spelt = spelling(text)
    of = [spelling(tensor) for tensor in (*spelt.gradient_of, spelt.delta_of)]
    return any(tensor.layer and tensor.family in ("W", "b", "z", "h") for tensor in of)


def _needs_self(environment: Environment, holder: type) -> bool:
    for key, value in vars(holder).items():
        if isinstance(value, types.FunctionType) and is_claim_name(environment, key):
            return next(iter(inspect.signature(value).parameters), "") == "self"
    return False


# -- running -----------------------------------------------------------------------------------


def run(claim: Claim, arguments: Mapping[str, Any]) -> Any:
    """Return the value of a claim as an array.

    Raises
    ------
    FormulaError
        If the formula raises, or returns no numbers.
    """
    if claim.function is None:
        return _as_numbers(claim.array, "is")
    try:
        with np.errstate(all="ignore"):
            value = claim.call(arguments)
    except Exception as error:
        raise FormulaError(f"raises {type(error).__name__}: {error}{_line(error)}") from error
    return _as_numbers(value, "returns")


def _line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_HERE)]
    return f" (line {own[0].lineno}: {own[0].line})" if own and own[0].line else ""


_OF_LOOPS = 80
"""What loops of a program have unrolled into is rewritten up to this size."""

_HERE = __file__.rsplit("derivation", 1)[0]


def _as_numbers(value: Any, verb: str) -> Any:
    if value is Ellipsis:
        raise FormulaError(f"not filled in yet: {verb} ...")
    if value is None:
        raise FormulaError(f"{verb} None: is a return missing?")
    try:
        array = as_array(plain(value))
    except ValueError as error:
        raise FormulaError(f"{verb} {type(value).__name__}, which is no array: {error}") from error
    if array.dtype.kind not in "fiub":
        raise FormulaError(
            f"{verb} {type(value).__name__} of dtype {array.dtype}; it must be numbers"
        )
    return array


# -- recording ---------------------------------------------------------------------------------


class Lenient(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose operations go on where shapes do not fit, with NaN of a plausible shape.

    Only for recording what a formula says when it cannot be computed.
    """

    def __init__(self, data: Any) -> None:
        self.data = np.asarray(data)
        self.shape, self.ndim, self.dtype = self.data.shape, self.data.ndim, self.data.dtype

    @property
    def T(self) -> Lenient:
        """The transpose."""
        return Lenient(self.data.T)

    def __getitem__(self, key: Any) -> Lenient:
        try:
            return Lenient(self.data[key])
        except IndexError:
            return Lenient(np.nan)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.data, dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        kwargs.pop("out", None)
        return _leniently(getattr(ufunc, method), inputs, kwargs, ufunc is np.matmul)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in (np.shape, np.ndim, np.size):
            return func(args[0].data)
        return _leniently(func, args, kwargs, func is np.dot)


def _leniently(function: Any, args: Any, kwargs: Any, matrices: bool) -> Lenient:
    plain = [_plain(arg) for arg in args]
    try:
        return Lenient(function(*plain, **kwargs))
    except (ValueError, IndexError, TypeError):
        shapes = [np.shape(a) for a in plain if hasattr(a, "shape")]
        if matrices and all(len(shape) == 2 for shape in shapes):
            return Lenient(np.full((shapes[0][0], shapes[1][1]), np.nan))
        return Lenient(np.full(max(shapes, key=len, default=()), np.nan))


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(part) for part in value)
    return value.data if isinstance(value, Lenient) else value


def record(claim: Claim, arguments: Mapping[str, Any]) -> Expr | None:
    """Return the formula of a claim as it was written, or None where it cannot be recorded.

    Parameters
    ----------
    claim : Claim
        With a function.
    arguments : mapping of str to array
        The values for its parameters.
    """
    for wrap in (lambda a: a, Lenient):
        given: dict[str, Any] = {}
        names: dict[Tensor, str] = {}
        for key in claim.uses:
            value = arguments[key]
            if isinstance(value, np.ndarray):
                given[key] = Tensor(wrap(value), name=key)
                names[given[key]] = key
            else:
                given[key] = value
        try:
            with recording(), np.errstate(all="ignore"):
                result = claim.call(given)
        except Exception:  # noqa: S112 - not recordable this way; the judgement does not need it
            continue
        if isinstance(result, Tensor):
            formula = from_graph(result, names)
            return formula if size(formula) <= (_OF_LOOPS if claim.once else LARGEST) else None
    return None
