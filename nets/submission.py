"""Run one submission: started as a program of its own, by `grading`, with limits set.

It is handed inputs (an ``.npz``) and leaves arrays (an ``.npz``, no pickles) with the paths by
which they are found: ``["dW"]``, or ``["grads", "W1"]`` of a dict. Right answers are not within
its reach, and neither are libraries that differentiate. It imports NumPy and nothing of ours.

    python -I submission.py INPUTS OUTPUTS SUBMISSION MEMORY SECONDS ASKED…
"""

from __future__ import annotations

import inspect
import json
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DIFFERENTIATE = (
    "autograd_nn",
    "nets",
    "autograd",
    "jax",
    "torch",
    "tensorflow",
    "mygrad",
    "tinygrad",
)
LARGEST = 32 << 20
"""Bytes that are handed back."""


def limit(memory: int, seconds: int) -> None:
    """Limit what this process may use, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the time alone is limited, from outside
        return
    wanted = {"AS": memory, "CPU": seconds, "FSIZE": 2 * LARGEST, "CORE": 0}
    for short, most in wanted.items():
        what = getattr(resource, f"RLIMIT_{short}", None)
        if what is not None:
            hard = resource.getrlimit(what)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (least, least))


def called(namespace: dict[str, Any], asked: list[str], own: set[str]) -> dict[str, Any]:
    """Return what the functions named in `asked`, or ``backward``, give on the values by name."""
    running: set[str] = set()

    def value(name: str) -> Any:
        if name not in namespace:
            raise NameError(f"a function uses {name!r}, which is not there")
        thing = namespace[name]
        if name not in own or not isinstance(thing, types.FunctionType) or name in running:
            return thing
        running.add(name)
        parameters = inspect.signature(thing).parameters.values()
        needed = [p.name for p in parameters if p.default is p.empty]
        namespace[name] = thing(**{key: value(key) for key in needed})
        return namespace[name]

    for name in asked:
        if name in own:
            value(name)
    for name in ("backward", "backprop", "gradients"):
        if isinstance(namespace.get(name), types.FunctionType) and name in own:
            result = value(name)
            if isinstance(result, Mapping):
                namespace.update({str(key): found for key, found in result.items()})
            elif isinstance(result, (tuple, list)) and len(result) == len(asked):
                namespace.update(zip(asked, result, strict=True))
    return {name: thing for name, thing in namespace.items() if name in own or name in asked}


def leaves(path: list[Any], value: Any, deep: int = 0) -> Iterator[tuple[list[Any], Any]]:
    """Yield the arrays and numbers in `value` with their paths."""
    import numpy as np

    if isinstance(value, (np.ndarray, np.generic, int, float)):
        array = np.asarray(value)
        if array.dtype.kind in "fiub":
            yield path, array
    elif isinstance(value, Mapping) and deep < 3:
        for key, item in list(value.items())[:100]:
            yield from leaves([*path, key if isinstance(key, int) else str(key)], item, deep + 1)
    elif isinstance(value, (list, tuple)) and deep < 3:
        for position, item in enumerate(value[:100]):
            yield from leaves([*path, position], item, deep + 1)
    elif type(value).__module__ == "submission" and deep < 3:  # an object of a class in it
        yield from leaves(path, getattr(value, "__dict__", {}), deep)


def main() -> int:
    """Run the submission; what goes wrong in it is written to standard error, exit code 1."""
    inputs, outputs, submission, memory, seconds, *asked = sys.argv[1:]
    import numpy as np

    with np.load(inputs, allow_pickle=False) as given:
        values = dict(given.items())
    path = Path(submission)
    limit(int(memory), int(seconds))
    for name in DIFFERENTIATE:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it raises ImportError
    namespace: dict[str, Any] = {"np": np, "numpy": np, **values, "__name__": "submission"}
    before = dict(namespace)
    try:
        text = path.read_text(encoding="utf-8")
        exec(compile(text, path.name, "exec"), namespace)  # noqa: S102 - asked for
        own = {name for name, thing in namespace.items() if before.get(name) is not thing}
        results = called(namespace, asked, own)
    except BaseException as error:
        last = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == path.name]
        at = getattr(error, "lineno", None) or (last[-1].lineno if last else None)
        where = f"line {at}: " if at else ""
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, ImportError) and error.name in DIFFERENTIATE:
            said = f"{error.name} is not there for submissions"
        elif isinstance(error, SystemExit):
            said = "it leaves by exit()"
        elif isinstance(error, MemoryError):
            said = "MemoryError: it needs more memory than it may use"
        sys.stderr.write(f"{where}{said}"[:2000].replace("\n", " "))
        return 1
    paths: list[list[Any]] = []
    arrays: dict[str, Any] = {}
    size = 0
    for name, thing in results.items():
        if name.startswith("_"):
            continue
        for at, array in leaves([name], thing):
            size += array.nbytes
            if size > LARGEST or len(paths) == 1000:
                sys.stderr.write("the submission's arrays are too large to be handed in")
                return 1
            arrays[str(len(paths))] = array
            paths.append(at)
    np.savez(outputs, paths=np.array(json.dumps(paths)), **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
