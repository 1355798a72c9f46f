"""Functions that programs for Numba bring along, as text.

1. `EXPONENTIALS`: ``exp`` and ``sigmoid`` (``expf`` and ``sigmoidf`` for float32). They are made
   of additions, products and a power of two put together from its bits, so that the compiler
   turns whole loops into vector instructions, which it cannot do with calls of the C library.
2. `PRODUCTS`: ``dgemm`` and ``sgemm`` of the BLAS that NumPy brings. Numba's own ``np.dot`` goes
   to SciPy's BLAS, whose threads get in the way of NumPy's in the same process.
3. `COLUMNS`: the softmax of columns, and its cross-entropy.

With ``k = floor(x / ln 2 + 1/2)`` and ``r = x - k ln 2``, e**x is 2**k times a polynomial in r,
``|r| <= ln(2) / 2``. The polynomials agree with e**r at Chebyshev's points and are off by 2e-17
of it (degree 11) and 1e-8 (degree 6); ln 2 is subtracted in two parts, the first of which has so
few bits that its multiples are exact (Cody and Waite, "Software Manual for the Elementary
Functions", 1980). 2**k is applied in two halves, so that e**x overflows to inf and underflows
through the denormal numbers to 0 where it should.
"""

from __future__ import annotations

_POWER_OF_TWO = '''@intrinsic
def power_of_two(typing, k):
    """Return 2**k for a float k that is whole, by its bits; k from -126 to 127 in float32."""
    double = k == types.float64
    shift, bias, bits = (52, 1023, types.int64) if double else (23, 127, types.int32)

    def code(context, builder, signature, arguments):
        (k,) = arguments
        whole = context.get_value_type(bits)
        # Added to 1.5 * 2**shift, a whole number stands in the lowest bits.
        shown = builder.bitcast(builder.fadd(k, k.type(1.5 * 2**shift + bias)), whole)
        return builder.bitcast(builder.shl(shown, whole(shift)), k.type)

    return k(k), code'''

_EXACTLY = '@njit(error_model="numpy", fastmath={"contract", "nsz"})'
"""What rounds in the order in which it is written, apart from fused multiply-adds."""

_DOUBLE = (
    "2.5100424157005067e-08", "2.7620138719733994e-07", "2.7557268378684192e-06",
    "2.480152119021773e-05", "0.00019841269863105968", "0.0013888888917281794",
    "0.008333333333330051", "0.04166666666662399", "0.16666666666666669",
    "0.5000000000000001", "1.0", "1.0",
)  # fmt: skip
_SINGLE = (
    "0.0013926213466332444", "0.008363202971575855", "0.04166655443768594",
    "0.16666576845993977", "0.5", "1.0", "1.0",
)  # fmt: skip
_LN2 = ("0.6931471803691238", "1.9082149292705877e-10")
_LN2_SINGLE = ("0.693359375", "-2.12194440e-4")


def _exponential(name: str, kind: str, bounds: tuple[str, str], ln2: tuple[str, str]) -> str:
    """Return the text of ``exp`` for one dtype; `kind` makes a number of it."""
    first, *rest = _DOUBLE if kind == "float" else _SINGLE

    def number(text: str) -> str:
        return text if kind == "float" else f"{kind}({text})"

    low, high = map(number, bounds)
    lines = [
        _EXACTLY,
        f"def {name}(x):",
        '    """Return e**x: 2**k times a polynomial in r = x - k ln(2)."""',
        f"    x = min(max({kind}(x), {low}), {high}) if x == x else {kind}(x)",
        f"    k = np.floor(x * {number('1.4426950408889634')} + {number('0.5')})",
        f"    r = (x - k * {number(ln2[0])}) - k * {number(ln2[1])}",
        f"    p = {number(first)}",
        *(f"    p = p * r + {number(c)}" for c in rest),
        f"    half = np.floor({number('0.5')} * k)",
        "    return p * power_of_two(half) * power_of_two(k - half)",
    ]
    return "\n".join(lines)


def _sigmoid(name: str, exp: str, one: str) -> str:
    doc, result = '"""Return 1 / (1 + exp(-z))."""', f"{one} / ({one} + {exp}(-z))"
    return "\n".join([_EXACTLY, f"def {name}(z):", f"    {doc}", f"    return {result}"])


_PLUS = '''@njit(fastmath={"reassoc", "nsz"})
def plus(a, b):
    """Return a + b; sums of many terms may be added up in any order, several at once."""
    return a + b'''

EXPONENTIALS = {
    "power_of_two": _POWER_OF_TWO,
    "exp": _exponential("exp", "float", ("-746.0", "710.0"), _LN2),
    "expf": _exponential("expf", "np.float32", ("-104.0", "89.0"), _LN2_SINGLE),
    "sigmoid": _sigmoid("sigmoid", "exp", "1.0"),
    "sigmoidf": _sigmoid("sigmoidf", "expf", "np.float32(1.0)"),
}
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

_NEEDS = {
    "exp": ("power_of_two",), "sigmoid": ("power_of_two", "exp"), "dgemm": ("gemm",),
    "softmax": ("power_of_two", "exp"), "softmaxf": ("power_of_two", "expf"),
    "expf": ("power_of_two",), "sigmoidf": ("power_of_two", "expf"), "sgemm": ("gemm",),
}  # fmt: skip

NAMES = frozenset(
    {"plus", *EXPONENTIALS, *PRODUCTS, *COLUMNS, "ctypes", "njit", "types", "intrinsic"}
)
"""What the texts define or import."""


def texts_of(used: set[str]) -> list[str]:
    """Return the texts of the functions in `used`, and of what they need."""
    wanted = used | {name for user in used for name in _NEEDS.get(user, ())}
    texts = {"plus": _PLUS, **EXPONENTIALS, **PRODUCTS, **COLUMNS}
    return [text for name, text in texts.items() if name in wanted]


def imports_of(used: set[str]) -> set[str]:
    """Return the import statements that those texts need."""
    found = {"from numba import njit"}
    if used & {*EXPONENTIALS, "softmax", "softmaxf"}:
        found = {"from numba import njit, types", "from numba.extending import intrinsic"}
    return found | ({"import ctypes"} if used & {*PRODUCTS} else set())
