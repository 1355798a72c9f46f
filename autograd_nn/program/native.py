"""Functions that programs for Numba bring along, as text.

1. `EXPONENTIALS`: ``exp``, ``tanh``, ``log`` and their kin (``expf`` … for float32). They are made
   of additions, products and powers of two put together from their bits, so that the compiler
   turns whole loops into vector instructions, which it cannot do with calls of the C library.
2. `PRODUCTS`: ``dgemm`` and ``sgemm`` of the BLAS that NumPy brings. Numba's own ``np.dot`` goes
   to SciPy's BLAS, whose threads get in the way of NumPy's in the same process.
3. `COLUMNS`: the softmax of columns, and its cross-entropy.

With ``k = floor(x / ln 2 + 1/2)`` and ``r = x - k ln 2``, e**x is 2**k times a polynomial in r,
``|r| <= ln(2) / 2``. The polynomials agree with e**r at Chebyshev's points and are off by 2e-17
of it (degree 11) and 1e-8 (degree 6); ln 2 is subtracted in two parts, the first of which has so
few bits that its multiples are exact (Cody and Waite, "Software Manual for the Elementary
Functions", 1980). 2**k is applied in two halves, so that e**x overflows to inf and underflows
through the denormal numbers to 0 where it should. Without its last term the polynomial is
(e**r - 1) / r, which gives e**x - 1 without cancellation, and that gives tanh. The logarithm's
polynomial is that of FreeBSD's msun library.
"""

from __future__ import annotations

import re

_BY_BITS = '''@intrinsic
def {name}(typing, x):
    """{doc}"""
    double = x == types.float64
    shift, bias, bits = (52, 1023, types.int64) if double else (23, 127, types.int32)

    def code(context, builder, signature, arguments):
        (x,) = arguments
        whole = context.get_value_type(bits)
{body}

    return x(x), code'''

_POWER_OF_TWO = _BY_BITS.format(
    name="power_of_two",
    doc="Return 2**x for a float x that is whole, by its bits; x from -126 to 127 in float32.",
    body="""        # Added to 1.5 * 2**shift, a whole number stands in the lowest bits.
        shown = builder.bitcast(builder.fadd(x, x.type(1.5 * 2**shift + bias)), whole)
        return builder.bitcast(builder.shl(shown, whole(shift)), x.type)""",
)
_EXPONENT = _BY_BITS.format(
    name="exponent",
    doc="Return the whole k with 2**k <= x < 2 * 2**k as a float, for a normal number by its bits.",
    body="""        shown = builder.lshr(builder.bitcast(x, whole), whole(shift))
        made = builder.or_(shown, whole((bias + shift) << shift))
        return builder.fsub(builder.bitcast(made, x.type), x.type(2.0**shift + bias))""",
)

_EXACTLY = '@njit(error_model="numpy", fastmath={"contract", "nsz"}, forceinline=True)'
"""What rounds in the order in which it is written, apart from fused multiply-adds."""

_DIGITS = {
    "": {
        "low": "-746.0", "high": "710.0",
        "ln2": "0.6931471803691238", "rest": "1.9082149292705877e-10",
        "exp": "2.5100424157005067e-08 2.7620138719733994e-07 2.7557268378684192e-06 "
               "2.480152119021773e-05 0.00019841269863105968 0.0013888888917281794 "
               "0.008333333333330051 0.04166666666662399 0.16666666666666669 "
               "0.5000000000000001 1.0",
        "tiny": "2.2250738585072014e-308", "up": "18014398509481984.0", "places": "54.0",
        "log": "0.1479819860511658591 0.1531383769920937332 0.1818357216161805012 "
               "0.2222219843214978396 0.2857142874366239149 0.3999999999940941908 "
               "0.6666666666666735130",
    },
    "f": {
        "low": "-104.0", "high": "89.0", "ln2": "0.693359375", "rest": "-2.12194440e-4",
        "exp": "0.0013926213466332444 0.008363202971575855 0.04166655443768594 "
               "0.16666576845993977 0.5 1.0",
        "tiny": "1.1754944e-38", "up": "33554432.0", "places": "25.0",
        "log": "0.24279078841 0.28498786688 0.40000972152 0.66666662693",
    },
}  # fmt: skip
"""Where e**x has a value, ln 2 in two parts, polynomials; for float64 and float32."""

_IN_PARTS = """    x = min(max(float(x), {low}), {high}) if x == x else float(x)
    k = np.floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * {ln2}) - k * {rest}
{exp}
    low = power_of_two(np.floor(0.5 * k))
    high = power_of_two(k - np.floor(0.5 * k))"""

_BODIES = {
    "exp": f'''(x):
    """Return e**x: 2**k times a polynomial in r = x - k ln(2)."""
{_IN_PARTS}
    return (p * r + 1.0) * low * high''',
    "expm1": f'''(x):
    """Return e**x - 1, without cancellation."""
{_IN_PARTS}
    return (p * r * low + (low - 1.0 / high)) * high''',
    "tanh": '''(x):
    """Return (1 - e**(-2|x|)) / (1 + e**(-2|x|)), with the sign of x."""
    below = expm1(-2.0 * abs(x))
    h = below / (below + 2.0)
    return -h if x >= 0.0 else h''',
    "sigmoid": '''(z):
    """Return 1 / (1 + exp(-z))."""
    return 1.0 / (1.0 + exp(-z))''',
    "log": '''(x):
    """Return ln x: k ln(2) + ln(1 + t), where 1 + t is x / 2**k, by a polynomial in t/(t + 2)."""
    x = float(x)
    small = x < {tiny}
    m = x * {up} if small else x
    k = exponent(m)
    half = np.floor(0.5 * k)
    m = m * power_of_two(-half) * power_of_two(half - k)
    above = m > 1.4142135623730951
    t = (0.5 * m if above else m) - 1.0
    k = (k + 1.0 if above else k) - ({places} if small else 0.0)
    s = t / (t + 2.0)
    r = s * s
{log}
    square = 0.5 * t * t
    y = k * {ln2} - ((square - (s * (square + p * r) + k * {rest})) - t)
    y = y if x > 0.0 else np.nan
    y = y if x != 0.0 else -np.inf
    return y if x < np.inf else x''',
    "log1p": '''(x):
    """Return ln(1 + x), with what the sum loses."""
    total = 1.0 + x
    lost = (x - (total - 1.0)) / total
    return log(total) + (lost if lost == lost else 0.0)''',
    "logaddexp": '''(x, y):
    """Return ln(e**x + e**y)."""
    apart = abs(x - y) if x != y else 0.0
    return max(x, y) + log1p(exp(-apart))''',
}


def _exponentials(suffix: str) -> dict[str, str]:
    """Return the functions for one dtype."""
    digits = dict(_DIGITS[suffix])
    for name in ("exp", "log"):
        first, *others = digits[name].split()
        digits[name] = "\n".join([f"    p = {first}", *(f"    p = p * r + {c}" for c in others)])
    texts = {}
    for name, body in _BODIES.items():
        text = body.format(**digits)
        if suffix:
            text = re.sub(rf"\b({'|'.join(_BODIES)})\(", rf"\1{suffix}(", text)
            text = re.sub(r"-?\b\d+\.\d+(e-\d+)?|np\.(inf|nan)", r"np.float32(\g<0>)", text)
            text = re.sub(r"\bfloat\(", "np.float32(", text)
        texts[name + suffix] = f"{_EXACTLY}\ndef {name}{suffix}{text}"
    return texts


_PLUS = '''@njit(fastmath={"reassoc", "nsz"})
def plus(a, b):
    """Return a + b; sums of many terms may be added up in any order, several at once."""
    return a + b'''

EXPONENTIALS = {
    "power_of_two": _POWER_OF_TWO, "exponent": _EXPONENT,
    **_exponentials(""), **_exponentials("f"),
}  # fmt: skip
"""Name → text, in the order in which the texts need each other."""

_GEMM = '''def gemm(name, number):
    """Return ``c = alpha * a @ b + beta * c`` by NumPy's BLAS, or by Numba where it is hidden."""
    library, routine = ctypes.CDLL(np._core._multiarray_umath.__file__), None
    for symbol in (f"scipy_cblas_{name}64_", f"cblas_{name}64_"):
        routine = routine or getattr(library, symbol, None)
    if routine is not None:
        flag, size, array = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
        routine.argtypes = [flag] * 3 + [size] * 3 + [number, array, size] + [array, size]
        routine.argtypes += [number, array, size]
        routine.restype = None

        @njit(nogil=True)
        def by_blas(alpha, a, flip_a, b, flip_b, beta, c):
            inner = a.shape[0] if flip_a else a.shape[1]
            routine(
                101, 112 if flip_a else 111, 112 if flip_b else 111,  # rows first; transposed?
                c.shape[0], c.shape[1], inner, alpha, a.ctypes, a.shape[1],
                b.ctypes, b.shape[1], beta, c.ctypes, c.shape[1],
            )

        return by_blas

    @njit(nogil=True)
    def by_numba(alpha, a, flip_a, b, flip_b, beta, c):
        a = np.ascontiguousarray(a.T) if flip_a else np.ascontiguousarray(a)
        b = np.ascontiguousarray(b.T) if flip_b else np.ascontiguousarray(b)
        if alpha == 1 and beta == 0:
            np.dot(a, b, c)
        else:
            product = np.dot(a, b)
            for i in range(c.shape[0]):
                for j in range(c.shape[1]):
                    c[i, j] = alpha * product[i, j] + beta * c[i, j]

    return by_numba'''

PRODUCTS = {
    "gemm": _GEMM,
    "dgemm": 'dgemm = gemm("dgemm", ctypes.c_double)',
    "sgemm": 'sgemm = gemm("sgemm", ctypes.c_float)',
}
"""Name → text, as `EXPONENTIALS`."""


def _softmax(name: str, exp: str) -> str:
    return f'''{_EXACTLY}
def {name}(z, h):
    """Write the softmax of every column of z into h."""
    peak, total = z[0].copy(), np.zeros_like(z[0])
    for i in range(1, z.shape[0]):
        for j in range(z.shape[1]):
            peak[j] = max(peak[j], z[i, j])
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            h[i, j] = {exp}(z[i, j] - peak[j])
            total[j] += h[i, j]
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            h[i, j] /= total[j]'''


_CROSS_ENTROPY = f'''{_EXACTLY}
def softmax_cross_entropy(z, y, h, cost):
    """Write the cross-entropy of every column of the softmax h of z and of y into cost."""
    for j in range(z.shape[1]):
        peak, share, along = z[0, j], h[0, j], y[0, j] * z[0, j]
        for i in range(1, z.shape[0]):
            peak, share = max(peak, z[i, j]), max(share, h[i, j])
            along += y[i, j] * z[i, j]
        cost[j] = peak - math.log(share) - along'''

COLUMNS = {
    "softmax": _softmax("softmax", "exp"),
    "softmaxf": _softmax("softmaxf", "expf"),
    "softmax_cross_entropy": _CROSS_ENTROPY,
}
"""Name → text, as `EXPONENTIALS`: what mixes the elements of a column."""

_TEXTS = {"plus": _PLUS, **EXPONENTIALS, **PRODUCTS, **COLUMNS}
_CALLED = {name: {*re.findall(r"(?<![\w.])\w+(?=\()", text)} for name, text in _TEXTS.items()}

FUNCTIONS = tuple(_BODIES)
"""Functions in the loop form of an operation that are written here, for both dtypes."""

NAMES = frozenset({*_TEXTS, "ctypes", "njit", "types", "intrinsic"})
"""What the texts define or import."""


def texts_of(used: set[str]) -> list[str]:
    """Return the texts of the functions in `used`, and of what they call."""
    todo = [*used]
    for name in todo:
        todo += _CALLED[name].intersection(_TEXTS).difference(todo)
    return [text for name, text in _TEXTS.items() if name in todo]


def imports_of(used: set[str]) -> set[str]:
    """Return the import statements that those texts need."""
    found = {"from numba import njit"}
    if used & {*EXPONENTIALS, "softmax", "softmaxf"}:
        found = {"from numba import njit, types", "from numba.extending import intrinsic"}
    return found | ({"import ctypes"} if used & {*PRODUCTS} else set())
