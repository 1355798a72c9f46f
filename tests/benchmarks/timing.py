"""Fair timing of several programs in one process, and the tables of what came out.

1. `interleaved` times all candidates round-robin, so that whatever slows the machine down for a
   while slows all of them.
2. `Timings` holds every round; medians and ratios are read off it.
3. `measure_table`, `ratio_table` and `environment` print.

How it is done
--------------
- Every candidate is warmed up first (compilers compile, caches fill), and its number of calls a
  round is chosen so that a round takes some milliseconds.
- A round goes once through all candidates, starting with another one each time. Each rests
  `REST` seconds, so that the threads of the one before have stopped spinning, makes some calls
  that are not counted (a quarter of the counted ones), and then its counted calls.
- Python's cycle collector is off while calls are counted, as in the standard library's `timeit`,
  and runs between the rounds; what was there before the first round is frozen, so that the
  collections are short.
- A ratio is the median over the rounds of the ratio within the round, which a drift of the
  machine does not touch, and not the ratio of two medians.
- Thread pools (BLAS, OpenMP, PyTorch, Numba, XLA) all get the same number of threads.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from tabulate import tabulate

REST = 0.05
"""Seconds between one candidate's calls and the next one's.

OpenBLAS's threads go on spinning for 2**26 ticks of the processor's clock, some 30 ms, after the
last product, and each would take a core from a candidate that has threads of its own."""


@dataclass
class Candidate:
    """A program to be timed.

    Attributes
    ----------
    call : callable
        Does the work once.
    finish : callable
        Waits for work that `call` only queued; counted once a round.
    passes : int
        How often one `call` does the work; times are divided by it.
    """

    call: Callable[[], object]
    finish: Callable[[], object] = lambda: None
    passes: int = 1


@dataclass
class Timings:
    """Seconds per pass, an array with one value a round for every candidate."""

    seconds: dict[str, np.ndarray]

    def __contains__(self, name: str) -> bool:
        return name in self.seconds

    def median(self, name: str) -> float:
        """Return the median seconds per pass of candidate `name`."""
        return float(np.median(self.seconds[name]))

    def ratio(self, name: str, base: str) -> float:
        """Return how many times the time of `base` the candidate `name` takes."""
        return float(np.median(self.seconds[name] / self.seconds[base]))

    def spread(self) -> float:
        """Return how far the middle half of the rounds spreads, relative to the median.

        The median of all candidates: a figure for how calm the machine was.
        """
        return float(
            np.median(
                [
                    np.subtract(*np.quantile(s, (0.75, 0.25))) / np.median(s)
                    for s in self.seconds.values()
                ]
            )
        )

    def fastest(self, names: Sequence[str]) -> str | None:
        """Return which of `names` has the smallest median; None if none was measured."""
        there = [name for name in names if name in self]
        return min(there, key=self.median) if there else None


def interleaved(
    candidates: Mapping[str, Candidate],
    repeat: int = 30,
    round_seconds: float = 0.005,
    warm_up_seconds: float = 0.2,
) -> Timings:
    """Time all `candidates` round-robin.

    Parameters
    ----------
    candidates : mapping of str to Candidate
    repeat : int
        Rounds.
    round_seconds : float
        About how long one candidate's calls of one round shall take; one call at least.
    warm_up_seconds : float
        How long each candidate runs before anything is counted; three calls at least unless
        one call alone takes longer than that.
    """
    calls = {name: _calls(c, round_seconds, warm_up_seconds) for name, c in candidates.items()}
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    names = list(candidates)
    gc.collect()
    gc.freeze()
    was_on = gc.isenabled()
    try:
        for turn in range(repeat):
            gc.collect()
            gc.disable()
            start = turn % len(names)
            for name in names[start:] + names[:start]:
                seconds[name].append(_round(candidates[name], calls[name]))
            gc.enable()
    finally:
        (gc.enable if was_on else gc.disable)()
        gc.unfreeze()
    return Timings({name: np.array(values) for name, values in seconds.items()})


def _calls(candidate: Candidate, round_seconds: float, warm_up_seconds: float) -> int:
    """Warm `candidate` up and return how many of its calls fill a round."""
    spent: list[float] = []
    stop = time.perf_counter() + warm_up_seconds
    while time.perf_counter() < stop or (len(spent) < 3 and sum(spent) < warm_up_seconds):
        start = time.perf_counter()
        candidate.call()
        candidate.finish()
        spent.append(time.perf_counter() - start)
    return max(1, round(round_seconds / float(np.median(spent))))


def _round(candidate: Candidate, calls: int) -> float:
    """Return the seconds per pass of one round."""
    call, finish = candidate.call, candidate.finish
    time.sleep(REST)
    for _ in range(calls // 4 if calls > 4 else calls > 1):
        call()
    finish()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    finish()
    return (time.perf_counter() - start) / (calls * candidate.passes)


def say_missing(missing: Mapping[str, str]) -> None:
    """Say on stderr what is not measured, and why."""
    for name, why in missing.items():
        print(f"not measured: {name} ({why})", file=sys.stderr)


# -- tables ---------------------------------------------------------------------------------------


def in_units(seconds: float) -> str:
    """Return `seconds` as text, in µs, ms or s, with three figures."""
    for unit, factor in (("µs", 1e6), ("ms", 1e3), ("s", 1.0)):
        if seconds * factor < 10_000 or unit == "s":
            value = seconds * factor
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"
    raise AssertionError


def measure_table(
    columns: Mapping[str, Timings], names: Sequence[str], base: str, passes: int = 1
) -> str:
    """Return the medians as a table: a row a name, a column a case.

    Each cell holds the median, for `passes` passes, and, in brackets, the ratio to `base`; "-"
    for what was not measured. The last row says how calm the machine was: above some 10 %, close
    ratios mean little.
    """
    rows = []
    for name in names:
        row = [name]
        for timings in columns.values():
            if name not in timings:
                row.append("-")
                continue
            ratio = f" ({timings.ratio(name, base):.2f})" if base in timings else ""
            row.append(in_units(timings.median(name) * passes) + ratio)
        rows.append(row)
    rows.append(["spread of the rounds", *(f"{t.spread():.0%}" for t in columns.values())])
    align = ["left"] + ["right"] * len(columns)
    return tabulate(rows, headers=["", *columns], colalign=align, disable_numparse=True)


@dataclass
class Figure:
    """A ratio that is aimed at: the fastest of `ours` against the fastest of `theirs`.

    Attributes
    ----------
    what : str
        How the table calls it.
    ours, theirs : sequence of str
        Names of candidates.
    aims : mapping of str to float
        The largest good ratio, by the name of the case; cases without one are not judged.
    """

    what: str
    ours: Sequence[str]
    theirs: Sequence[str]
    aims: Mapping[str, float]

    def judged(self, case: str, timings: Timings) -> str:
        """Return the ratio in `timings` as text, with the aim and whether it is kept."""
        ours, theirs = timings.fastest(self.ours), timings.fastest(self.theirs)
        if ours is None or theirs is None:
            return "-"
        ratio = timings.ratio(ours, theirs)
        if case not in self.aims:
            return f"{ratio:.2f}"
        aim = self.aims[case]
        return f"{ratio:.2f} {'≤' if ratio <= aim else '> !'} {aim:g}"


def ratio_table(columns: Mapping[str, Timings], figures: Sequence[Figure]) -> str:
    """Return the `figures` of every case as a table; "!" marks an aim that is missed."""
    rows = [[f.what, *(f.judged(case, t) for case, t in columns.items())] for f in figures]
    align = ["left"] + ["right"] * len(columns)
    return tabulate(rows, headers=["ratio", *columns], colalign=align, disable_numparse=True)


# -- the machine ----------------------------------------------------------------------------------


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_wanted() -> int:
    """Return what `limit_threads` was told, or the number of cores."""
    return int(os.environ.get("NPROC", cores()))


def limit_threads(threads: int) -> None:
    """Give every thread pool `threads` threads; call before JAX, PyTorch or Numba is imported."""
    from threadpoolctl import threadpool_limits

    os.environ["NPROC"] = str(threads)  # XLA's pool
    os.environ["NUMBA_NUM_THREADS"] = str(threads)
    for pool in ("OMP", "OPENBLAS", "MKL"):  # of libraries that are loaded later
        os.environ[f"{pool}_NUM_THREADS"] = str(threads)
    threadpool_limits(threads)  # of those that are there already


def environment(packages: Sequence[str], threads: int) -> str:
    """Return a few lines on the machine and the versions of `packages`."""
    from threadpoolctl import threadpool_info

    blas = {
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', '?')})"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    versions = []
    for package in packages:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} -")
    return "\n".join(
        (
            f"Python {platform.python_version()}, {platform.machine()}, {cores()} cores, "
            f"{threads} threads each; BLAS: {', '.join(sorted(blas)) or 'unknown'}",
            ", ".join(versions),
        )
    )
