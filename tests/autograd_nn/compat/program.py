"""A program written for HIPS autograd; `test_compat` runs it with this package in its place."""

from __future__ import annotations

import warnings
from typing import Any

import autograd.misc.optimizers
import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.stats.multivariate_normal as mvn
from autograd import (
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    tensor_jacobian_product,
    value_and_grad,
)
from autograd import dict as ag_dict
from autograd.builtins import isinstance as ag_isinstance
from autograd.builtins import tuple as ag_tuple
from autograd.extend import defvjp, defvjp_argnums, primitive
from autograd.misc import const_graph, flatten
from autograd.misc.fixed_points import fixed_point
from autograd.numpy.linalg import solve
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.scipy.special import expit, gammaln, logsumexp
from autograd.scipy.stats import norm
from autograd.test_util import check_equivalent, check_grads, combo_check
from autograd.tracer import getval, isbox

npr.seed(0)
x = npr.randn(3)


def close(a: Any, b: Any) -> None:
    assert np.allclose(a, b, rtol=1e-9, atol=1e-12), (a, b)


# operators: an argument, or several; scalars are NumPy's
f = lambda x, y: np.sum(np.sin(x) * y**2)  # noqa: E731
close(grad(f)(x, 2.0), 4 * np.cos(x))
g = grad(f, 1)(x, 2.0)
assert type(g) is np.float64
close(grad(f, (0, 1))(x, 2.0)[1], g)
assert grad(f, 1).__name__ == "grad_of_<lambda>_wrt_argnum_1"
value, g = value_and_grad(f)(x, 2.0)
assert type(value) is np.float64
close(grad(lambda v: np.sum(v**2))(np.array([1.0, 2.0])), [2.0, 4.0])
close(grad_named(f, "y")(x, 2.0), grad(f, 1)(x, 2.0))
close(elementwise_grad(np.tanh)(x), 1 - np.tanh(x) ** 2)
close(deriv(np.sin)(0.3), np.cos(0.3))
close(jacobian(np.sin)(x), np.diag(np.cos(x)))
close(hessian(lambda v: np.sum(v**3))(x), np.diag(6 * x))
close(hessian_vector_product(lambda v: np.sum(v**3))(x, x), 6 * x**2)
close(make_hvp(lambda v: np.sum(v**3))(x)[0](x), 6 * x**2)
close(tensor_jacobian_product(np.sin)(x, x), np.cos(x) * x)
close(make_jvp(np.sin)(x)(x)[1], np.cos(x) * x)
close(make_ggnvp(np.sin)(x)(x), np.cos(x) ** 2 * x)
pull, out = make_vjp(np.sin)(x)
close(pull(x), np.cos(x) * x)
gradient, aux = grad_and_aux(lambda v: (np.sum(v**2), {"v": v * 3}))(x)
close(gradient, 2 * x)
close(aux["v"], 3 * x)
close(holomorphic_grad(lambda z: z**2)(1.0 + 2.0j), 2 * (1.0 + 2.0j))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert grad(lambda v: 1.0)(2.0) == 0.0
assert "independent" in str(caught[0].message)
for wrong in (lambda v: np.allclose(v, v), lambda v: v * np.ones(2), lambda v: v * 1j):
    try:
        grad(wrong)(1.0)
    except TypeError:
        continue
    raise AssertionError("it was differentiated")

# containers
params = {"w": x, "b": [1.0, (x, 2.0)]}
close(grad(lambda p: np.sum(p["w"] * p["b"][1][0]) * p["b"][0])(params)["b"][1][0], x)
close(grad(lambda v: ag_dict({"a": ag_tuple((v, v))})["a"][0] * v)(3.0), 6.0)
assert grad(lambda v: v**2 if ag_isinstance(v, float) and isbox(v) else v)(3.0) == 6.0
assert isinstance(getval(x), np.ndarray)
vector, unflatten = flatten(params)
check_equivalent(unflatten(vector), params)

# NumPy and SciPy
check_grads(lambda v: np.array([v[0], v[1] * v[2], 1.0]))(x)
REV = {"modes": ["rev"]}
check_grads(lambda v: np.where(v > 0, logsumexp(v) * v, expit(v) * gammaln(v**2 + 1)), **REV)(x)
check_grads(lambda v: solve(np.outer(v, v) + np.eye(3), v), **REV)(x)
check_grads(lambda m: mvn.logpdf(x, m, np.eye(3)) + norm.cdf(m[0]), **REV)(x)
combo_check(np.sum, [0])([x, np.outer(x, x)], axis=[None, 0], keepdims=[True, False])
assert np.where(True, 1, 2) == 1
assert grad(lambda v: v**2 if isinstance(v, ArrayBox) else v)(3.0) == 6.0


# rules of one's own
@primitive
def logaddexp(a: Any, b: Any, scale: float = 1.0) -> Any:
    assert isinstance(a, np.ndarray)
    return scale * np.log(np.exp(a) + np.exp(b))


defvjp(
    logaddexp,
    lambda ans, a, b, scale=1.0: lambda g: g * scale * np.exp(a - ans / scale),
    lambda ans, a, b, scale=1.0: lambda g: g * scale * np.exp(b - ans / scale),
)
check_grads(lambda a, b: logaddexp(a, b, scale=2.0), (0, 1), **REV)(x, x**2)


@primitive
def weighed(weights: Any, name: str, part: Any) -> Any:
    assert name == "part"
    return weights["w"] * part[1]


defvjp_argnums(
    weighed,
    lambda argnums, ans, args, kwargs: (
        lambda g: [{"w": g * args[2][1]} if i == 0 else (None, g * args[0]["w"]) for i in argnums]
    ),
)
check_grads(lambda v, w: weighed({"w": v}, "part", (1.0, w)), (0, 1), **REV)(x, x**2)


@primitive
def unruled(v: Any) -> Any:
    return v * 2


try:
    grad(unruled)(1.0)
except NotImplementedError as error:
    assert "VJP of unruled wrt argnums (0,) not defined" in str(error)
else:
    raise AssertionError("it was differentiated")
wrong_rule = primitive(lambda v: v**2)
defvjp(wrong_rule, lambda ans, v: lambda g: g * 2.01 * v)
try:
    check_grads(wrong_rule, **REV)(1.0)
except AssertionError as error:
    assert "check of <lambda> failed" in str(error)
else:
    raise RuntimeError("a wrong rule was found right")

# tools
root = lambda a: fixed_point(  # noqa: E731 - Newton's iteration for the square root
    lambda a: lambda v: 0.5 * (v + a / v), a, 1.0, lambda v, w: abs(v - w), 1e-12
)
close(grad(root)(2.0), 0.5 / np.sqrt(2.0))
calls: list[int] = []
graph = const_graph(lambda a, b: (calls.append(1), a * np.sin(b))[1])
close([graph(1.0, 2.0), graph(3.0, 4.0)], [np.sin(2.0), 3 * np.sin(4.0)])
assert calls == [1]
loss = lambda p: np.sum((p["w"] - 1) ** 2) + p["b"] ** 2  # noqa: E731
for optimizer, step in (("adam", 0.1), ("rmsprop", 0.02), ("sgd", 0.1)):
    best = getattr(autograd.misc.optimizers, optimizer)(
        lambda p, i: grad(loss)(p), {"w": np.zeros(2), "b": 3.0}, num_iters=400, step_size=step
    )
    assert loss(best) < 1e-2, optimizer
print("done", autograd.__name__)
