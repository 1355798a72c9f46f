"""What people write with NumPy and SciPy, one expression or block of lines each.

In each `x` has 6 positive numbers, `m` is x as a matrix of 2 rows, `s` a symmetric positive
definite matrix made of x, `t` the number x[1], `p` a plain array. The result is summed. The test
differentiates each and compares with finite differences of the same text on arrays.
"""

from __future__ import annotations

ONE = """
np.sin(x)|np.cos(x)|np.tan(x)|np.arcsin(x / 9)|np.arccos(x / 9)|np.arctan(x)|np.sinh(x)|np.cosh(x)
np.tanh(x)|np.arcsinh(x)|np.arccosh(x + 1)|np.arctanh(x / 9)|np.exp(x)|np.exp2(x)|np.expm1(x)
np.log(x)|np.log2(x)|np.log10(x)|np.log1p(x)|np.sqrt(x)|np.cbrt(x)|np.square(x)|np.abs(x)
np.fabs(x)|np.absolute(x)|np.sign(x)|np.floor(x)|np.ceil(x)|np.trunc(x)|np.rint(x)|np.round(x)
np.round(x, 1)|np.fix(x)|np.negative(x)|np.positive(x)|np.reciprocal(x)|np.deg2rad(x)|np.rad2deg(x)
np.degrees(x)|np.radians(x)|np.sinc(x)|np.i0(x)|np.heaviside(x, 0.5)|np.nan_to_num(x)|np.real(x)
np.imag(x)|np.conj(x)|np.spacing(x)|np.modf(x)[0]|np.frexp(x)[0]|np.ldexp(x, 2)|np.signbit(x)
np.unwrap(x)|np.angle(x)|np.real_if_close(x)|x + 1|1 + x|x - p|p - x|x * p|p * x|x / p|p / x|x ** 2
x ** 2.5|2 ** x|x ** x|x ** p|p ** x|-x|+x|abs(x)|x % 0.3|x // 0.3|divmod(x, 0.3)[1]|pow(x, 3)
x @ p|p @ x|m @ m.T|m.T @ m|(x > 1) * x|(x > 1).astype(float) * x|np.add(x, p)|np.subtract(x, p)
np.multiply(x, p)|np.divide(x, p)|np.true_divide(p, x)|np.power(x, 3)|np.float_power(x, 2)
np.mod(x, 0.3)|np.fmod(x, 0.3)|np.remainder(x, 0.3)|np.floor_divide(x, 0.3)|np.maximum(x, p)
np.minimum(x, p)|np.fmax(x, p)|np.fmin(x, p)|np.hypot(x, p)|np.arctan2(x, p)|np.logaddexp(x, p)
np.logaddexp2(x, p)|np.copysign(x, -p)|np.nextafter(x, p)|np.clip(x, 0.5, 1.2)
np.sum(x)|np.sum(m, axis=0) ** 2|np.sum(m, axis=1, keepdims=True) * m|np.prod(x)|np.prod(m, axis=1)
np.mean(x)|np.mean(m, axis=0) ** 2|np.average(x, weights=p)|np.average(m, axis=0)|np.median(x)
np.median(m, axis=1)|np.var(x)|np.var(m, axis=0)|np.std(x)|np.std(m, axis=1, ddof=1)|np.max(x)
np.min(x)|np.max(m, axis=0)|np.amax(x)|np.amin(x)|np.ptp(x)|np.ptp(m, axis=1)|np.nansum(x)
np.nanmean(x)|np.nanmax(x)|np.nanmin(x)|np.nanstd(x)|np.nanvar(x)|np.nanprod(x)|np.nanmedian(x)
np.cumsum(x) * p|np.cumprod(x)|np.nancumsum(x) * p|np.diff(x) ** 2|np.diff(m, axis=1) ** 2
np.diff(x, n=2) ** 2|np.ediff1d(x) ** 2|np.gradient(x) ** 2|np.trapezoid(x * x)
np.percentile(x, 30)|np.quantile(x, 0.4)|np.quantile(x, [0.2, 0.7])|np.cov(m)|np.corrcoef(m)
np.cov(x, p)|np.linalg.norm(x)|np.linalg.norm(x, 1)|np.linalg.norm(m)|np.linalg.norm(m, axis=1)
np.linalg.norm(s, 2)|np.linalg.norm(x, np.inf)|np.linalg.norm(m, "nuc")|np.linalg.det(s)
np.linalg.slogdet(s)[1]|np.linalg.inv(s)|np.linalg.pinv(m)|np.linalg.solve(s, p[:3])
np.linalg.solve(s, x[:3])|np.linalg.cholesky(s)|np.linalg.eigh(s)[0]|np.linalg.eigvalsh(s) ** 2
np.linalg.eig(s)[0]|np.linalg.eigvals(s)|np.linalg.svd(m)[1]|np.linalg.qr(s)[1] ** 2
np.linalg.svd(m, compute_uv=False)|np.linalg.matrix_power(s, 3)|np.linalg.multi_dot([m, m.T, m])
np.linalg.cond(s)|np.linalg.lstsq(s, x[:3], rcond=None)[0]|np.linalg.matrix_rank(s) * x
np.linalg.tensorinv(np.reshape(s, (3, 3)), 1)|np.dot(x, p)|np.dot(m, m.T)|np.vdot(x, p)
np.inner(x, x)|np.outer(x, x)|np.matmul(m, m.T)|np.tensordot(m, m)
np.tensordot(m, m, axes=([1], [1]))|np.kron(x, p)|np.cross(x[:3], x[3:])|np.einsum("i,i", x, p)
np.trace(s)|np.einsum("ij,kj->ik", m, m)|np.einsum("ii", s)|np.convolve(x, p)|np.correlate(x, p)
np.convolve(x, p, "same")|np.vander(x, 3)|np.polyval([1.0, 2.0, 3.0], x)|np.polyval(x, 0.5)
np.interp(x, [0.0, 1.0, 3.0], [0.0, 2.0, 1.0])|np.interp([0.5, 0.7], np.cumsum(x), p)
np.polyfit(x, p, 1)|np.roots(x)|np.poly(x)|np.polyder(x)|np.polyint(x)|np.reshape(x, (3, 2)) @ m
x.reshape(2, 3) * m|x.reshape(-1, 1) * p|m.ravel() * p|m.flatten() * p|m.T ** 2
np.transpose(m) ** 2|np.swapaxes(m, 0, 1) ** 2|np.moveaxis(m, 0, 1) ** 2|np.rollaxis(m, 1) ** 2
m[None] ** 2|x[:, None] * x[None, :]|x[:, np.newaxis] ** 2|np.expand_dims(x, 0) ** 2
np.squeeze(m[None]) ** 2|np.ravel(m) * p|np.broadcast_to(x, (2, 6)) ** 2|np.atleast_2d(x) ** 2
np.atleast_1d(t) ** 2|np.atleast_3d(x) ** 2|np.broadcast_arrays(m, x[:3])[1] ** 2|np.copy(x) ** 2
x.copy() ** 2|np.asarray(x) ** 2|np.array(x) ** 2|np.asanyarray(x) ** 2
np.ascontiguousarray(x) ** 2|np.require(x) ** 2|x.astype(float) ** 2|x[0] * x[1]|x[-1] ** 2
x[1:4] ** 2|x[::2] ** 2|x[::-1] * p|x[[0, 2, 2]] ** 2|x[np.array([1, 1, 3])] ** 2|x[x > 1] ** 2
x[p > 1] ** 2|m[0] ** 2|m[:, 1] ** 2|m[1, 2] ** 2|m[..., 0] ** 2|m[[0, 1], [1, 2]] ** 2
m[m > 1] ** 2|p[x > 1] * x[x > 1]|p[np.argsort(x)] * x|x[np.argsort(x)] * p|x[np.argmax(x)] ** 2
p[np.argmax(x)] * x|x[np.argsort(p)] * p|np.take(x, [0, 1, 1]) ** 2|np.take(m, [0, 2], axis=1) ** 2
np.take_along_axis(x, np.argsort(p), 0) * p|np.take_along_axis(m, np.argsort(m, axis=1), 1) ** 2
np.compress(p > 1, x) ** 2|np.extract(p > 1, x) ** 2|np.choose([0, 1, 0, 1, 1, 0], [x, p])
np.select([x > 1, x > 0.5], [x * x, x], 0)|np.where(x > 1, x * x, x)|np.where(x > 1)[0] * t
np.piecewise(x, [x < 1, x >= 1], [lambda v: v * v, lambda v: v])|np.nonzero(x > 1)[0] * t
np.argwhere(x > 1) * t|np.flatnonzero(x > 1) * t|np.count_nonzero(x > 1) * x
np.searchsorted(np.sort(x), 1.0) * x|np.digitize(x, np.sort(p)) * x|np.sort(x) * p
np.sort(m, axis=0) * m|sorted(x)[0] ** 2|np.partition(x, 2)[:2]|np.unique(x) ** 2|np.flip(x) * p
np.flipud(m) * m|np.fliplr(m) * m|np.rot90(m) ** 2|np.roll(x, 2) * p|np.roll(m, 1, axis=1) * m
np.tile(x, 2) ** 2|np.repeat(x, 2) ** 2|np.repeat(m, [1, 2], axis=0) ** 2|np.pad(x, 1) ** 2
np.pad(x, (1, 2), mode="edge") ** 2|np.pad(m, ((1, 0), (0, 1)), mode="reflect") ** 2
np.delete(x, 1) ** 2|np.insert(x, 1, 5.0) ** 2|np.insert(x, 1, t) ** 2|np.append(x, p) ** 2
np.append(x, t) ** 2|np.concatenate([x, p]) ** 2|np.concatenate([m, m], axis=1) ** 2
np.stack([x, p, x]) ** 2|np.stack([t, t * t]) ** 2|np.hstack([x, x]) ** 2|np.vstack([x, p]) ** 2
np.dstack([m, m]) ** 2|np.column_stack([x, p]) ** 2|np.block([[m, m], [m, m]]) ** 2
np.split(x, 2)[0] ** 2|np.array_split(x, 4)[0] ** 2|np.hsplit(m, 3)[1] ** 2|np.vsplit(m, 2)[0] ** 2
np.diag(x) @ x|np.diag(s) ** 2|np.diagonal(s) ** 2|np.diagflat(x) ** 2|np.tril(s) ** 2
np.triu(s, 1) ** 2|np.tri(3) * s|np.trim_zeros(x) ** 2|np.meshgrid(x, p)[0] ** 2
np.ix_([0, 1])[0] * t|np.indices((2, 3))[0] * m|np.linspace(t, 2 * t, 5) ** 2
np.linspace(0, t, 4) ** 2|np.logspace(0, t, 3)|np.geomspace(t, 2 * t, 3)|np.arange(3) * t
np.arange(t, 3.0)|np.full(3, t) ** 2|np.full_like(x, t) ** 2|np.full((2, 2), t) ** 2
np.ones_like(x) * x|np.zeros_like(x) + x|np.eye(3) * s|np.identity(3) * s|np.empty_like(x) * 0 + x
np.fromiter((v * v for v in x), float)|np.fromfunction(lambda i: i * t, (3,))
np.vectorize(lambda v: v * v)(x)|np.apply_along_axis(np.sum, 1, m) ** 2
np.apply_over_axes(np.sum, m, [0]) ** 2|np.frompyfunc(lambda v: v * v, 1, 1)(x)
np.add.reduce(x) ** 2|np.multiply.reduce(x)|np.add.accumulate(x) * p|np.multiply.accumulate(x)
np.maximum.reduce(x)|np.add.outer(x, x) ** 2|np.multiply.outer(x, p)|np.maximum.accumulate(x)
np.add.reduceat(x, [0, 3]) ** 2|np.subtract.outer(x, p) ** 2|np.all(x > 0) * x|np.any(x > 1) * x
np.isnan(x) * x|np.isfinite(x) * x|np.logical_and(x > 1, x < 2) * x|np.allclose(x, p) * x
np.array_equal(x, p) * x|np.isclose(x, p) * x|np.greater(x, 1) * x|(x >= p) * x|~(x > 1) * x
np.fft.fft(x)|np.fft.rfft(x)|np.abs(np.fft.fft(x))|np.histogram(x)[0]
np.bincount([0, 1, 1, 2, 2, 2], weights=x) ** 2|np.isin(x, p) * x|np.size(x) * x|np.shape(x)[0] * x
np.ndim(m) * x|len(x) * x|x.size * x|x.shape[0] * x|np.array([t, t * t]) ** 2
np.array([x[0], 1.0]) ** 2|np.asarray([x, x])|np.array(list(x)) ** 2|np.float64(t) * x
np.array([float(v) for v in x]) ** 2|np.array([v.item() for v in x]) ** 2|np.array(x.tolist()) ** 2
sum(x) ** 2|sum(v * v for v in x)|max(x) ** 2|min(x) ** 2|math.exp(t)|math.sin(t) * x|math.log(t)
math.sqrt(t) * t|math.pow(t, 2)|math.floor(t) * x|math.ceil(t) * x|math.trunc(t) * x|math.fabs(t)
math.hypot(t, 1.0)|math.fsum(x)|math.prod(x)|math.isnan(t) * x|math.isclose(t, 1.0) * x
math.dist(x, p)|math.tanh(t)|float(t) * x|int(t) * x|complex(t).real * x|t.item() * x
t.tolist() * x|str(t)[:0] or x|round(t) * x|round(t, 1) * x|bool(t > 1) * x|x.sum() ** 2
x.mean() ** 2|x.max() ** 2|x.min() ** 2|x.std()|x.var()|x.prod()|x.cumsum() * p|x.dot(p)
x.clip(0.5, 1.0)|x.argmax() * x|x.argsort() * x|x.round(1) * x|x.all() * x|x.any() * x
m.trace() ** 2|m.diagonal() ** 2|m.squeeze() ** 2|m.swapaxes(0, 1) ** 2|m.transpose(1, 0) ** 2
x.repeat(2) ** 2|x.take([1, 1]) ** 2|x.conj() ** 2|x.flat[0] ** 2|x.real ** 2
x.imag ** 2|x.nonzero()[0] * t|x.compress(p > 1) ** 2|x.searchsorted(1.0) * x|x.view() ** 2
x.tobytes() and x|copy.copy(x) * x|copy.deepcopy(x) * x|pickle.loads(pickle.dumps(x)) * x
np.array2string(x)[:0] or x|hash(t) * 0 + x|scipy.special.expit(x)|scipy.special.logit(x / 9)
scipy.special.erf(x)|scipy.special.erfc(x)|scipy.special.gamma(x)|scipy.special.gammaln(x)
scipy.special.digamma(x)|scipy.special.logsumexp(x)|scipy.special.softmax(x) * p
scipy.special.log_softmax(x) * p|scipy.special.xlogy(x, x)|scipy.special.entr(x)
scipy.special.ndtr(x)|scipy.special.log_expit(x)|scipy.special.beta(x, p)|scipy.special.j0(x)
scipy.special.i0(x)|scipy.special.rel_entr(x, p)|scipy.special.kl_div(x, p)
scipy.special.erfinv(x / 9)|scipy.special.exp1(x)|scipy.special.huber(1.0, x)
scipy.special.binom(x, 2)|scipy.special.comb(x, 2)|scipy.special.factorial(x)
scipy.special.legendre(2)(x)|scipy.linalg.inv(s)|scipy.linalg.solve(s, x[:3])|scipy.linalg.expm(s)
scipy.linalg.det(s)|scipy.linalg.norm(x)|scipy.linalg.cholesky(s)|scipy.linalg.eigh(s)[0]
scipy.linalg.svdvals(m)|scipy.linalg.sqrtm(s)|scipy.linalg.lu(s)[1]|scipy.linalg.block_diag(m, m)
scipy.linalg.toeplitz(x)|scipy.stats.norm.pdf(x)|scipy.stats.norm.logpdf(x)|scipy.stats.norm.cdf(x)
scipy.stats.zscore(x) * p|scipy.stats.gmean(x)|scipy.stats.entropy(x)|scipy.stats.pearsonr(x, p)[0]
scipy.integrate.quad(lambda v: v * t, 0, 1)[0]|scipy.integrate.trapezoid(x)
scipy.integrate.simpson(x)|scipy.integrate.cumulative_trapezoid(x) ** 2
scipy.optimize.brentq(lambda v: v - t, 0, 9)|scipy.interpolate.interp1d(p.cumsum(), x)(2.0)
scipy.optimize.minimize(lambda v: np.sum((v - t) ** 2), 0.0).x
scipy.optimize.fsolve(lambda v: v - t, 0.5)
scipy.integrate.solve_ivp(lambda a, y: -y * t, (0, 1), [1.0], rtol=1e-9).y[0, -1]
scipy.signal.convolve(x, p)
scipy.signal.fftconvolve(x, p)|scipy.spatial.distance.euclidean(x, p)
scipy.spatial.distance.cdist(m, m)|scipy.spatial.distance.pdist(m)
scipy.ndimage.gaussian_filter(x, 1.0)|scipy.fft.fft(x)|scipy.fft.dct(x)
scipy.sparse.csr_array(m) @ x[:3]|scipy.sparse.csr_array(np.eye(6)) @ x
scipy.interpolate.CubicSpline(p.cumsum(), x)(2.0)
scipy.special.betaln(x, p)|scipy.special.betainc(2.0, 3.0, x / 9)|scipy.special.gammainc(2.0, x)
scipy.special.gammaincc(2.0, x)|scipy.special.erfcx(x)|scipy.special.ndtri(x / 9)
scipy.special.log_ndtr(x)|scipy.special.multigammaln(x + 2, 2)|scipy.special.polygamma(1, x)
scipy.special.jv(1.5, x)|scipy.special.k0(x)|scipy.special.i1(x)|scipy.special.expi(x)
scipy.stats.norm.sf(x, t, p)|scipy.stats.t.logpdf(x, 3.0)|scipy.stats.gamma.logpdf(x, p)
scipy.stats.beta.pdf(x / 9, 2.0, 3.0)|scipy.stats.chi2.cdf(x, 3)|scipy.stats.expon.logpdf(x)
scipy.stats.poisson.logpmf([1, 2], t)|scipy.stats.norm(0.0, t).logpdf(x)
scipy.stats.multivariate_normal.logpdf(x[:3], p[:3], s)
scipy.linalg.solve_triangular(s, x[:3], lower=True)|scipy.linalg.cho_solve((s, True), x[:3])
scipy.linalg.cho_solve(scipy.linalg.cho_factor(s), x[:3])|scipy.linalg.solve_sylvester(s, s, s)
scipy.integrate.odeint(lambda y, a: -y * t, [1.0], [0, 1], rtol=1e-9)[-1]
scipy.signal.convolve(m, m, mode="same")|scipy.signal.correlate(x, p, mode="valid")
np.r_[x, 1.0, t] ** 2|np.c_[x, x] ** 2|np.sum([t, t * t])|np.hypot.outer(x, p)
np.histogram(p, 3, weights=x)[0] ** 2|np.nonzero(x)[0] @ x
np.spacing(x) + x|np.float64(2) * x
np.einsum("ij,ik->jk", m, m) @ np.linalg.solve(s, np.eye(3))
np.exp(-np.sum((m[:, None, :] - m[None, :, :]) ** 2, axis=-1) / 2).mean()
np.cumsum(x[::-1])[::-1] * p|np.add.outer(x, -x)[np.triu_indices(6, 1)] ** 2
np.lib.stride_tricks.sliding_window_view(x, 3).mean(axis=1) ** 2|(x - x.mean()) / x.std()
np.log(np.sum(np.exp(m - m.max(axis=1, keepdims=True)), axis=1)) + m.max(axis=1)
np.where(np.isnan(np.where(p > 1, x, np.nan)), 0.0, x ** 2)|x[np.lexsort((p, x > 1))] * p
np.linalg.norm(m - np.outer(np.ones(2), m.mean(axis=0)), axis=0)
np.polynomial.polynomial.polyval(t, x)|np.polynomial.Polynomial([1.0, 2.0, 3.0])(x)
np.trapezoid(np.sin(x), np.cumsum(x))
np.average(np.stack([x, p]), axis=0, weights=[0.3, 0.7]) ** 2|np.tensordot(m, s, axes=1) ** 2
np.apply_along_axis(lambda r: r / r.sum(), 1, m) * m|np.argsort(np.argsort(x)) * x
np.real(np.fft.ifft(np.fft.fft(x) * np.exp(-np.arange(6)))) ** 2
np.abs(np.fft.rfft(x * np.hanning(6))) ** 2|np.fft.fftshift(np.abs(np.fft.fft2(m)) ** 2) * m
np.real(np.exp(1j * x) * np.conj(np.exp(2j * x)))|np.angle(x + 1j * p)
np.linalg.eigvalsh(np.cov(m.T) + np.eye(3)) ** 3|np.max(np.abs(m), axis=1) - np.min(m, axis=1)
np.sqrt(np.einsum("...i,...i->...", m, m))|np.diff(np.log(np.cumprod(1 + x / 100)))
np.clip(x, t / 2, 2 * t) ** 2|np.prod(1 - x / 9) + np.sum(np.triu(np.outer(x, x), k=1))
np.mean(np.maximum(0, 1 - np.sign(p - 1) * x))|np.searchsorted(np.cumsum(x), 2.0) * np.sum(x)
np.nanmean(np.where(p > 1, x, np.nan)) * x|np.ma.masked_greater(p, 1.0).filled(0.0) * x
np.split(x, [2, 4])[1] @ np.split(x, [2, 4])[2]
np.roll(np.pad(x, (2, 0), constant_values=1.0), 1)[:6] * x
np.fromfunction(lambda i, j: (i + j) * t, (2, 3)) * m|np.matmul(m[:, :, None], m[:, None, :]) ** 2
np.linalg.lstsq(np.vander(p, 3), x, rcond=None)[0] ** 2
np.linalg.inv(s + 1j * np.diag(x[:3])).imag|np.linalg.multi_dot([x[:3], s, x[3:]])
np.heaviside(x - 1, 0.0) * x ** 2|np.digitize(x, [0.5, 1.0, 1.5]) * x
np.bincount([0, 2, 2, 1, 0, 3], weights=x ** 2, minlength=5) * np.arange(5)
np.choose((p > 1).astype(int), [x, x ** 2])
np.power(x, np.arange(6)) / np.cumprod(np.maximum(np.arange(6), 1))|np.sum(x, where=p > 1)
np.mean(m, axis=(0, 1)) * x|np.linalg.slogdet(s)[1] * np.trace(np.linalg.inv(s))
np.minimum.reduce([x, p, x * p])|np.add.reduce(m, axis=1) ** 2|np.concatenate((x, [t, 1.0])) ** 2
np.hstack((x, t)) ** 2|np.sum([v ** 2 for v in x])|np.dot([1.0, 2.0, 3.0], m.T)
np.outer([1.0, 2.0], x) ** 2|np.full(6, 2.0) @ np.diag(x) @ np.ones(6)
np.squeeze(np.atleast_2d(x).T @ np.atleast_2d(p)) ** 2
scipy.special.erf(x / np.sqrt(2)) * scipy.special.gammaln(x + 1)
scipy.linalg.solve(s + np.eye(3), x[:3], assume_a="pos")
scipy.stats.norm.logcdf(x - 3) + scipy.stats.t.logpdf(x, t + 2)
scipy.integrate.trapezoid(x ** 2, np.cumsum(p))|scipy.special.logsumexp(m, axis=1, b=p[:3]) ** 2
scipy.linalg.cho_solve(scipy.linalg.cho_factor(s, lower=True), x[3:])
scipy.signal.convolve(x, [0.25, 0.5, 0.25], mode="same") ** 2
scipy.spatial.distance.cdist(m, np.ones((2, 3))) ** 2
"""
"""Expressions, with bars between them."""

LINES = (
    "y = np.zeros(6)\nfor i in range(6): y[i] = x[i] ** 2\nresult = y * x",
    "y = np.empty(2)\ny[0] = t\ny[1] = t * t\nresult = y",
    "y = np.zeros((2, 3))\ny[0] = m[0]\nresult = y",
    "y = np.zeros(6)\ny[:] = x\nresult = y",
    "y = np.zeros(6)\ny[p > 1] = t\nresult = y",
    "y = np.zeros(6)\ny += x\nresult = y",
    "y = np.zeros(6)\ny = y + x\nresult = y * x",
    "y = np.zeros(6)\nnp.add(x, p, out=y)\nresult = y",
    "y = np.zeros(6)\nnp.copyto(y, x)\nresult = y",
    "y = np.zeros(6)\nnp.put(y, [0], t)\nresult = y",
    "y = np.zeros(6)\ny.fill(t)\nresult = y",
    "y = np.zeros((3, 3))\nnp.fill_diagonal(y, t)\nresult = y",
    "y = np.zeros(6)\nnp.add.at(y, [0, 0], t)\nresult = y",
    "y = np.zeros(6)\nnp.place(y, p > 1, x)\nresult = y",
    "y = np.zeros(6)\nnp.putmask(y, p > 1, x)\nresult = y",
    "y = x\ny += 1\nresult = y * y",
    "y = x\ny[0] = 0.0\nresult = y",
    "y = 0.0\nfor v in x: y = y + v * v\nresult = y",
    "y = []\nfor v in x: y.append(v * v)\nresult = np.stack(y)",
    "y = []\nfor v in x: y.append(v * v)\nresult = np.array(y)",
    "y = {i: v for i, v in enumerate(x)}\nresult = y[0] * y[1]",
    "a, b, *c = x\nresult = a * b",
    "result = x * x if x[0] > 0 else -x",
    "result = x\nwhile np.sum(result) < 50: result = result * 2",
    "result = x\nfor _ in range(5): result = np.tanh(result)",
    "import itertools\nresult = np.stack(list(itertools.accumulate(x)))",
    "import functools\nresult = functools.reduce(lambda a, b: a * b, x)",
    "import operator\nresult = operator.mul(x, x)",
    "import array\nresult = np.asarray(array.array('d', [t, t])) * 1.0",
    "result = '%f' % t\nresult = float(result) * x",
    "result = np.float32(t) * x",
    "result = np.array(t) * x",
    "result = np.ma.masked_array(x) * 2",
    "result = np.matrix(m) * 2",
    "result = range(int(t))[0] * x",
    "z = m - np.max(m, axis=1, keepdims=True)\n"
    "result = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))",
    "k = np.argmax(m, axis=1)\nresult = m[np.arange(2), k] ** 2",
    "d = m[:, None] - m[None]\nresult = np.sqrt(np.sum(d * d, axis=-1) + 1)",
    "result = -np.mean(np.log(1 / (1 + np.exp(-x))))",
    "with np.errstate(all='ignore'): result = np.log(x)",
    "y = x.copy()\ny[0] = 0.0\nresult = y * x",
    "y = np.zeros((2, 3))\ny[:, 0] = m[:, 1]\ny[1] += t\nresult = y * m",
    "y = np.empty_like(x)\nfor i in range(6): y[i] = x[i] * (y[i - 1] if i else 1.0)\nresult = y",
    "y = m.copy()\ny[y > 1] = 1.0\nresult = y * m",
    "y = np.array([x, x ** 2])\nresult = y.T @ y",
    "y = np.zeros(6)\nnp.maximum(x, p, out=y)\nresult = y",
    "y = list(x)\ny.sort(key=float)\nresult = np.array(y) * p",
    "y = np.zeros(3)\nnp.add.at(y, [0, 1, 1, 2, 0, 2], x)\nresult = y ** 2",
    "y = np.ones(6)\ny *= x\ny /= np.sum(y)\nresult = y * p",
    "y = np.zeros((3, 3))\ny[np.diag_indices(3)] = x[:3]\n"
    "y[np.triu_indices(3, 1)] = x[3:]\nresult = np.linalg.inv(y)",
    "a, b = np.split(x, 2)\nresult = np.sqrt(a @ a) * np.cross(a, b)",
    "q, r = np.linalg.qr(s)\nresult = q @ np.diag(np.diag(r))",
    "w, v = np.linalg.eigh(s)\nresult = (v * np.sqrt(w)) @ v.T",
    "u, sv, vt = np.linalg.svd(s)\nresult = u @ np.diag(np.log(sv)) @ vt",
    "d = dict(zip('abc', x))\nresult = d['a'] * d['b'] / d['c']",
    "y = x\ny = y - 0.1 * np.gradient(y)\nresult = np.convolve(y, [0.2, 0.6, 0.2], 'valid') ** 2",
    "k = np.exp(-np.subtract.outer(x, x) ** 2) + 0.1 * np.eye(6)\n"
    "L = np.linalg.cholesky(k)\nresult = np.sum(np.log(np.diag(L))) + p @ np.linalg.solve(k, p)",
    "y = x[:]\ny = np.sort(y)\nresult = np.interp(1.0, y, np.arange(6.0))",
    "y = 0\nfor a, b in zip(x[:-1], x[1:]): y += (b - a) ** 2\nresult = y",
    "z = x + 1j * p\nresult = np.abs(z) ** 2 + z.real * z.imag",
    "i = int(np.argmax(x))\nresult = x[i] ** 2",
    "y = np.tile(x, (2, 1))\ny[0] *= 2\nresult = y ** 2",
    "y = m.T.copy()\ny[:, 1] = 0\nresult = y ** 2",
    "y = x.reshape(2, 3)\ny = y / y.sum(axis=1)[:, None]\nresult = -np.sum(y * np.log(y), axis=1)",
)
"""Blocks of lines that leave `result`."""

ELSEWHERE = (
    "import statistics\nresult = statistics.mean(x) * x",
    "import fractions\nresult = fractions.Fraction(t) * 1.0",
    "import decimal\nresult = float(decimal.Decimal(t)) * x",
    "import struct\nresult = struct.unpack('d', struct.pack('d', t))[0] * x",
    "import json\nresult = json.loads(json.dumps(t)) * x",
    "result = np.nditer(x)\nresult = sum(float(v) for v in result) * x",
    "result = memoryview(x)[0] * x",
    "y = np.zeros(6)\ny.flat[0] = t\nresult = y",
)
"""What Python's own modules, or NumPy's C code, refuse in their words before a Tensor is asked."""

IDIOMS = [*(e for line in ONE.split("\n") for e in line.split("|") if e), *LINES]
