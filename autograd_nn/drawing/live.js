// Arrays for the page: {s: shape, d: Float64Array}, and what NumPy's operations mean on them.
const np = {
  sqrt: Math.sqrt, cbrt: Math.cbrt,
  log2: Math.log2, log10: Math.log10, sign: Math.sign, floor: Math.floor, ceil: Math.ceil,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, arctan: Math.atan, sinh: Math.sinh,
  cosh: Math.cosh, exp2: (x) => 2 ** x, reciprocal: (x) => 1 / x,
  maximum: (a, b) => (a !== a || b !== b ? NaN : Math.max(a, b)),
  minimum: (a, b) => (a !== a || b !== b ? NaN : Math.min(a, b)),
  logical_and: (a, b) => a && b ? 1 : 0, logical_or: (a, b) => a || b ? 1 : 0,
  logical_not: (a) => (a ? 0 : 1), isnan: Number.isNaN, isfinite: Number.isFinite,
  isinf: (x) => Math.abs(x) === Infinity,
};
const { exp, expm1, log, log1p, tanh, abs } = Math;
const logaddexp = (a, b) => (a === b ? a + Math.LN2 : Math.max(a, b) + log1p(exp(-abs(a - b))));
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const size = (s) => s.reduce((a, b) => a * b, 1);
const strides = (s) => s.map((_, i) => size(s.slice(i + 1)));

// Calls visit(offsets) for every index of `shape`, an offset for each list of steps.
function walk(shape, steps, visit) {
  const index = shape.map(() => 0), at = steps.map(() => 0), n = steps.length;
  for (let left = size(shape); left > 0; left--) {
    visit(at);
    for (let i = shape.length - 1; i >= 0; i--) {
      index[i]++;
      for (let k = 0; k < n; k++) at[k] += steps[k][i];
      if (index[i] < shape[i]) break;
      for (let k = 0; k < n; k++) at[k] -= steps[k][i] * shape[i];
      index[i] = 0;
    }
  }
}
const array = (s, d) => ({ s, d: d instanceof Float64Array ? d : Float64Array.from(d) });
const stretched = (a, s) => {  // the steps of `a` broadcast to the shape `s`
  const own = strides(a.s), lead = s.length - a.s.length;
  return s.map((_, i) => (i < lead || a.s[i - lead] === 1 ? 0 : own[i - lead]));
};
function broadcast(shapes) {
  const n = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: n }, (_, i) => {
    const sizes = shapes.map((s) => s[i - n + s.length]).filter((m) => m !== undefined && m !== 1);
    return sizes.length ? sizes[0] : 1;
  });
}
function map(f, ...args) {
  const s = broadcast(args.map((a) => a.s)), d = new Float64Array(size(s)), [x, y] = args.map((a) => a.d);
  const of = [, ([i]) => f(x[i]), ([i, j]) => f(x[i], y[j])][args.length] ?? ((at) => f(...at.map((o, j) => args[j].d[o])));
  const whole = args.map((a) => (a.d.length === d.length ? 1 : a.d.length === 1 ? 0 : NaN));
  let k = 0;
  if (whole.some(Number.isNaN)) walk(s, args.map((a) => stretched(a, s)), (at) => { d[k++] = of(at); });
  else for (const at = whole.map(() => 0); k < d.length; at.forEach((_, j) => { at[j] += whole[j]; })) d[k++] = of(at);
  return array(s, d);
}
function reduce(a, { axis = null, keepdims = false }, start, f) {
  const n = a.s.length, axes = axis === null ? [...a.s.keys()] : [axis].flat().map((i) => (i + n) % n);
  const kept = a.s.map((m, i) => (axes.includes(i) ? 1 : m)), d = new Float64Array(size(kept)).fill(start);
  walk(a.s, [strides(a.s), stretched(array(kept, d), a.s)], ([i, o]) => { d[o] = f(d[o], a.d[i]); });
  return array(keepdims ? kept : kept.filter((_, i) => !axes.includes(i)), d);
}
const viewed = (a, s, steps, start) => {  // the elements of `a` in the order of other steps
  const d = new Float64Array(size(s));
  let k = 0;
  walk(s, [steps], ([o]) => { d[k++] = a.d[start + o]; });
  return array(s, d);
};
function picked(a, key) {  // what basic indices take of `a`: shape, steps, start
  const own = strides(a.s), s = [], steps = [];
  const given = [...key], dots = given.findIndex((part) => part === "...");
  const axes = given.filter((part) => part !== null && part !== "...").length;
  const fill = Array.from({ length: a.s.length - axes }, () => ({ slice: [null, null, null] }));
  if (dots < 0) given.push(...fill); else given.splice(dots, 1, ...fill);
  let axis = 0, start = 0;
  for (const part of given) {
    if (part === null) { s.push(1); steps.push(0); continue; }
    const n = a.s[axis], own_step = own[axis++];
    if (typeof part === "number") { start += ((part + n) % n) * own_step; continue; }
    const [first, last, step] = part.slice, by = step ?? 1, inside = (i) => (i < 0 ? i + n : i);
    const low = by > 0 ? 0 : -1, high = by > 0 ? n : n - 1;
    const clip = (i, other) => (i === null ? other : Math.min(Math.max(inside(i), low), high));
    const from = clip(first, by > 0 ? 0 : n - 1), to = clip(last, by > 0 ? n : -1);
    s.push(Math.max(0, Math.ceil((to - from) / by))); steps.push(by * own_step);
    start += from * own_step;
  }
  return [s, steps, start];
}
function spots(shape, indices, axis, visit) {  // where np.take takes from, in order; its shape
  const whole = axis === null ? [size(shape)] : shape, k = ((axis ?? 0) + whole.length) % whole.length;
  const inner = size(whole.slice(k + 1)), n = whole[k];
  for (let outer = 0; outer < size(whole); outer += n * inner) {
    for (const i of indices.d) for (let j = 0; j < inner; j++) visit(outer + ((i + n) % n) * inner + j);
  }
  return [...whole.slice(0, k), ...indices.s, ...whole.slice(k + 1)];
}

const operations = {
  positive: (a) => a,
  astype: (a, { dtype }) => (/int/.test(dtype) ? map(Math.trunc, a) : a),
  fabs: (a) => map(Math.abs, a),
  arcsin: (a) => map(Math.asin, a),
  arccos: (a) => map(Math.acos, a),
  arcsinh: (a) => map(Math.asinh, a),
  arccosh: (a) => map(Math.acosh, a),
  arctanh: (a) => map(Math.atanh, a),
  arctan2: (a, b) => map(Math.atan2, a, b),
  hypot: (a, b) => map(Math.hypot, a, b),
  trunc: (a) => map(Math.trunc, a),
  softplus: (a) => map((x) => logaddexp(0, x), a),
  matmul(a, b) {
    const A = a.s.length === 1 ? array([1, a.s[0]], a.d) : a, B = b.s.length === 1 ? array([b.s[0], 1], b.d) : b;
    const [n, l] = A.s.slice(-2), m = B.s.at(-1);
    const batch = broadcast([A.s.slice(0, -2), B.s.slice(0, -2)]), d = new Float64Array(size(batch) * n * m);
    let k = 0;
    const steps = [A, B].map((x) => stretched({ s: x.s.slice(0, -2) }, batch).map((t) => t * size(x.s.slice(-2))));
    walk(batch, steps, ([p, q]) => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < m; j++, k++) {
          for (let t = 0; t < l; t++) d[k] += A.d[p + i * l + t] * B.d[q + t * m + j];
        }
      }
    });
    return array([...batch, ...(a.s.length === 1 ? [] : [n]), ...(b.s.length === 1 ? [] : [m])], d);
  },
  sum: (a, p) => reduce(a, p, 0, (x, y) => x + y),
  mean(a, p) {
    const total = operations.sum(a, p), by = total.d.length / a.d.length;
    return map((x) => x * by, total);
  },
  prod: (a, p) => reduce(a, p, 1, (x, y) => x * y),
  max: (a, p) => reduce(a, p, -Infinity, np.maximum),
  min: (a, p) => reduce(a, p, Infinity, np.minimum),
  softmax(a, { axis = -1 }) {
    const top = operations.max(a, { axis, keepdims: true }), e = map((x, t) => Math.exp(x - t), a, top);
    return map((x, t) => x / t, e, operations.sum(e, { axis, keepdims: true }));
  },
  logsumexp(a, { axis = null, keepdims = false }) {
    const top = operations.max(a, { axis, keepdims: true });
    const sum = operations.sum(map((x, t) => Math.exp(x - t), a, top), { axis, keepdims });
    return map((x, t) => Math.log(x) + t, sum, array(sum.s, top.d));
  },
  reshape(a, { shape }) {
    const s = [shape].flat();
    return array(s.map((n) => (n < 0 ? a.d.length / -size(s) : n)), a.d);
  },
  transpose(a, { axes = null }) {
    const order = (axes ?? [...a.s.keys()].reverse()).map((i) => (i + a.s.length) % a.s.length), own = strides(a.s);
    return viewed(a, order.map((i) => a.s[i]), order.map((i) => own[i]), 0);
  },
  broadcast_to: (a, { shape }) => viewed(a, [shape].flat(), stretched(a, [shape].flat()), 0),
  take(a, indices, { axis = null }) {
    const d = [], s = spots(a.s, indices, axis, (from) => d.push(a.d[from]));
    return array(s, d);
  },
  put(g, indices, { shape, axis = null }) {
    const a = array(shape, new Float64Array(size(shape)));
    let k = 0;
    spots(shape, indices, axis, (to) => { a.d[to] += g.d[k++]; });
    return a;
  },
  roll(a, { shift, axis }) {
    const n = a.s[axis], places = Float64Array.from({ length: n }, (_, i) => (i - shift + n) % n);
    return operations.take(a, array([n], places), { axis });
  },
  concatenate(...given) {
    const { axis = 0 } = given.pop(), n = given[0].s.length, k = (axis + n) % n;
    const s = given[0].s.map((m, i) => (i === k ? given.reduce((t, a) => t + a.s[k], 0) : m)), d = [];
    for (let outer = 0; outer < size(s.slice(0, k)); outer++) {
      for (const a of given) {
        const part = size(a.s.slice(k));
        d.push(...a.d.subarray(outer * part, (outer + 1) * part));
      }
    }
    return array(s, d);
  },
  getitem: (a, { key }) => viewed(a, ...picked(a, key)),
  scatter(g, { key, shape }) {
    const a = array(shape, new Float64Array(size(shape))), [s, steps, start] = picked(a, key);
    let k = 0;
    walk(s, [steps], ([o]) => { a.d[start + o] += g.d[k++]; });
    return a;
  },
};
