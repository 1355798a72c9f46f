"""Every NumPy function that Tensors take has a row in the test list, and the rest is refused."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types
from typing import Any

import numpy as np
import pytest
from scipy import special

from autograd_nn import Tensor, gradients
from autograd_nn.core.op import REGISTRY, UFUNCS
from autograd_nn.ops.functions import FUNCTIONS, LATE, operation_of

from ..harness import leaves, sample
from ..rows import REGISTERED, ROWS

X: Any = Tensor([1.0, 2.0, 4.0], requires_grad=True, name="x")
M: Any = Tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True, name="M")

WITHOUT_A_ROW = {"allclose", "array_equal", "empty_like", "iscomplexobj", "isrealobj",
                 "sort_complex", "real_if_close"}  # fmt: skip
"""Functions whose result is no Tensor of known values; tested below."""


def test_every_function_is_called_by_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[Any] = set()

    class Watched(dict[Any, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            called.add(key)
            return super().get(key, default)

        def __getitem__(self, key: Any) -> Any:
            called.add(key)
            return super().__getitem__(key)

    watched = Watched(FUNCTIONS)
    for module in ("autograd_nn.dispatch.protocol", "autograd_nn.dispatch.operators"):
        monkeypatch.setattr(sys.modules[module], "FUNCTIONS", watched)
    for row in ROWS:
        row.run(*leaves(row, sample(row.inputs, [x.shape for x in row.inputs])))
    used = {FUNCTIONS[f] for f in called if f in FUNCTIONS}  # np.amax is np.max
    names = {f.__name__ for f, mine in FUNCTIONS.items() if mine not in used} - WITHOUT_A_ROW
    assert sorted(names) == []


def test_forwards_are_named_functions() -> None:
    for name in sorted(REGISTERED):
        op = REGISTRY[name]
        if inspect.isfunction(op.forward):
            assert op.forward.__name__ != "<lambda>", name
            assert op.forward.__closure__ is None, name
            assert "<locals>" not in op.forward.__qualname__, name


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_latex_is_drawn_by_matplotlib(name: str) -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext")
    params = {"order": 1, "name": "n"}
    text = REGISTRY[name].latex.format("x", "y", "z", **params)
    mathtext.MathTextParser("agg").parse(f"${text}$")


def test_functions_without_a_row() -> None:
    assert np.allclose(X, [1.0, 2.0, 4.0])
    assert not np.allclose(X, 1.0)
    assert np.array_equal(X, X)
    assert not np.array_equal(X, M)
    assert np.empty_like(X).shape == (3,)
    assert not np.iscomplexobj(X)
    assert np.isrealobj(X)
    assert np.real_if_close(X) is not X


def _call(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


REFUSED: list[tuple[str, Any, type[Exception], str]] = [
    ("out", lambda: np.add(X, 1, out=np.zeros(3)), TypeError, "out="),
    ("out of a reduction", lambda: np.sum(X, out=np.zeros(())), TypeError, "out="),
    ("out that is a Tensor", lambda: np.add(M[0], 1, out=X), TypeError, "in place"),
    ("where", lambda: np.exp(X, where=np.array([True, False, True])), TypeError, "where="),
    ("where of a reduction", lambda: np.sum(X, where=np.array([True, False, True])), TypeError,
     "where="),
    ("dtype", lambda: np.add(X, X, dtype=np.float32), TypeError, "astype"),
    ("initial", lambda: np.sum(X, initial=1.0), TypeError, "initial"),
    ("unknown option", lambda: _call(np.nansum, X, spam=1), TypeError, "spam"),
    ("ufunc without a rule", lambda: np.frexp(X), NotImplementedError, "frexp"),
    ("function without a rule", lambda: np.histogram2d(X, X), NotImplementedError, "histogram2d"),
    ("at", lambda: np.add.at(X, 0, 1.0), NotImplementedError, "add.at"),
    ("reduceat", lambda: np.add.reduceat(X, [0]), NotImplementedError, "reduceat"),
    ("put", lambda: np.put(X, 0, 1.0), NotImplementedError, "in place"),
    ("fill_diagonal", lambda: np.fill_diagonal(M, 1.0), NotImplementedError, "in place"),
    ("copyto", lambda: np.copyto(np.zeros(3), X), NotImplementedError, "in place"),
    ("unique_all", lambda: np.unique_all(X), NotImplementedError, "np.unique"),
    ("piecewise", lambda: np.piecewise(X, [X > 1], [1, 2, 3]), ValueError, "1 conditions"),
    ("trim_zeros", lambda: np.trim_zeros(M), NotImplementedError, "vectors"),
    ("polyfit", lambda: np.polyfit(X, X, 1, full=True), NotImplementedError, "full=False"),
    ("a shape of SciPy's", lambda: gradients(special.gammainc(X, 1.0), [X], np.ones(3)),
     NotImplementedError, "no closed formula"),
    ("casting", lambda: np.concatenate([X, X], dtype=int), TypeError, "cannot cast"),
    ("method sort", X.sort, TypeError, "np.sort"),
    ("method fill", lambda: X.fill(0), TypeError, "np.full_like"),
    ("array of Tensors", lambda: np.array([X, X]), TypeError, "np.stack"),
    ("Tensor of Tensors", lambda: Tensor([X, X]), TypeError, "np.stack"),
    ("full svd", lambda: np.linalg.svd(np.ones((2, 3)) * X), NotImplementedError,
     "full_matrices=False"),
    ("full qr", lambda: np.linalg.qr(np.reshape(X, (3, 1)), "complete"), NotImplementedError,
     "reduced"),
    ("singular", lambda: np.linalg.inv(M * 0), np.linalg.LinAlgError, "inv cannot be applied to"),
    ("pad mode", lambda: np.pad(X, 1, "mean"), NotImplementedError, "'constant'"),
    ("odd reflection", lambda: np.pad(X, 1, "reflect", reflect_type="odd"), NotImplementedError,
     "reflect_type"),
    ("one-armed where", lambda: np.where(X, X), ValueError, "both branches"),
    ("weighted quantile", lambda: np.quantile(X, 0.5, weights=[1, 2, 3], method="inverted_cdf"),
     NotImplementedError, "weights"),
    ("quantile beyond", lambda: np.quantile(X, 1.5), ValueError, "[0, 1]"),
    ("quantile by a Tensor", lambda: np.quantile([1.0, 2.0], X), TypeError, "differentiable in q"),
    ("split", lambda: np.split(X, 2), ValueError, "array_split"),
    ("choose", lambda: np.choose([0, 3], [X[0], X[1]]), ValueError, "2 choices"),
    ("select", lambda: np.select([X > 0], [X, X]), ValueError, "as many choices"),
    ("einsum operands", lambda: np.einsum("i,i", X), ValueError, "operands"),
    ("einsum axes", lambda: np.einsum("ij->i", X), ValueError, "1 axes"),
    ("einsum lengths", lambda: np.einsum("ii", np.ones((3, 1)) * M[0]), ValueError, "lengths"),
    ("einsum ellipsis", lambda: np.einsum("...i->i", M), ValueError, "ellipsis"),
    ("cross", lambda: np.cross(M, M), ValueError, "3 elements"),
    ("tensordot", lambda: np.tensordot(X, M, 1), ValueError, "differ in length"),
    ("AxisError", lambda: np.sum(X, axis=3), np.exceptions.AxisError, "axis 3"),
    ("diag", lambda: np.diag(M[None]), ValueError, "a vector or a matrix"),
    ("order F", lambda: np.reshape(M, 4, order="F"), NotImplementedError, "order='C'"),
    ("nanargmin of nan", lambda: np.nanargmin(X * np.nan), ValueError, "All-NaN"),
    ("nan_to_num in place", lambda: np.nan_to_num(X, copy=False), TypeError, "copy=True"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("run", "kind", "words"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_what_cannot_be_done_says_so(run: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        run()
    assert words in str(caught.value)
    assert not str(caught.value).startswith("_"), "a private name is shown"


def test_scipy_is_found_without_being_imported() -> None:
    code = (
        "import sys, autograd_nn, numpy as np\n"
        "assert 'scipy' not in sys.modules\n"
        "t = autograd_nn.Tensor(2.0)\n"
        "try:\n    np.spacing(t)\n"
        "except NotImplementedError:\n    pass\n"
        "assert 'scipy' not in sys.modules\n"
        "from scipy import special\n"
        "print(special.expit(t).op.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "sigmoid\n"


def test_a_ufunc_of_the_same_name_is_not_taken_for_scipys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(UFUNCS, special.erfc, raising=False)
    monkeypatch.setitem(sys.modules, "scipy.special", types.SimpleNamespace(erfc=special.erf))
    assert operation_of(special.erfc) is None


def test_late_ufuncs_are_remembered() -> None:
    UFUNCS.pop(special.erfc, None)
    assert operation_of(special.erfc) is REGISTRY["erfc"]
    assert UFUNCS[special.erfc] is REGISTRY["erfc"]
    assert all(isinstance(key, tuple) for key in LATE)


def test_stacked_tensors_keep_their_gradients() -> None:
    a, b = Tensor(2.0), Tensor(3.0)
    both: Any = np.stack([a, b])
    first, second = gradients(np.sum(both * both), [a, b])
    assert (float(first), float(second)) == (4.0, 6.0)


def test_concatenation_keeps_each_parts_dtype() -> None:
    a = Tensor(np.ones(2, np.float32))
    b = Tensor(np.ones(3))
    joined: Any = np.concatenate([a, b])
    assert joined.dtype == np.float64
    first, second = gradients(np.sum(joined * joined), [a, b])
    assert (first.dtype, second.dtype) == (np.float32, np.float64)


def test_methods_are_those_of_ndarray() -> None:
    rng = np.random.default_rng(0)
    array = rng.normal(size=(3, 3))
    t = Tensor(array)
    for name, args in {
        "all": (), "any": (), "argmax": (), "argmin": (0,), "argsort": (0,), "clip": (-1, 1),
        "cumprod": (1,), "cumsum": (0,), "diagonal": (1,), "dot": (array,), "flatten": (),
        "max": (0,), "mean": (1,), "min": (), "prod": (0,), "ravel": (), "repeat": (2, 0),
        "reshape": (9,), "round": (1,), "squeeze": (), "std": (), "sum": (1,),
        "swapaxes": (0, 1), "take": ([0, 1], 1), "trace": (), "transpose": (1, 0), "var": (0,),
        "compress": ([True, False, True], 1), "choose": None, "searchsorted": None,
    }.items():  # fmt: skip
        if args is not None:
            got, right = getattr(t, name)(*args), getattr(array, name)(*args)
            assert isinstance(got, Tensor), name
            np.testing.assert_array_equal(got.numpy(), right, err_msg=name)
            assert got.dtype == right.dtype, name
    np.testing.assert_array_equal(Tensor([0, 1]).choose([[1, 2], [3, 4]]).numpy(), [1, 4])
    assert Tensor([0.0, 1.0]).searchsorted(0.5).item() == 1


def test_nan_and_infinity_do_not_enter_masked_sums() -> None:
    x: Any = Tensor([1.0, np.nan, 3.0])
    for function in (np.nansum, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanprod):
        out: Any = function(x)
        (g,) = gradients(out, [x])
        assert np.isfinite(g).all(), function.__name__
        assert g[1] == 0, function.__name__


def test_eigenvectors_of_equal_eigenvalues_have_no_gradient() -> None:
    a = Tensor(np.eye(2))
    vectors: Any = np.linalg.eigh(a).eigenvectors
    (g,) = gradients(np.sum(vectors * np.array([[1.0, 2.0], [3.0, 4.0]])), [a])
    assert np.isnan(g).any(), "a finite number would be a wrong one"
