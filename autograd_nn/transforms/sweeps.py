"""Many products with the Jacobian of one run at once: its passes on a batch of vectors.

1. `transposed` records the pass u ↦ Jᵀu, `rows` runs it on a batch of cotangents.
2. `columns` runs v ↦ J·v, the pass back through u ↦ Jᵀu, on a batch of tangents.
3. `blocks` gives the whole Jacobian by one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..core.recording import RECORDING, Tape, no_grad
from ..core.tensor import Tensor, plain
from .batching import batched, largest
from .run import Run, carried_back, differentiating

Seeds = Callable[[int, int], Any]
"""(start, stop) → these vectors of the batch, a row for each, their parts one after the other."""

_ELEMENTS = 1 << 18  # of one array in a pass whose memory is nobody else's concern


def transposed(run: Run) -> tuple[list[Tensor], list[Tensor]]:
    """Return cotangents u of the outputs and the recorded Jᵀu of the inputs."""
    return _recorded(run.outputs, run.inputs, run.order)


def _recorded(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], order: list[Tensor] | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    with differentiating():
        seeds = [Tensor(np.ones_like(plain(x)), requires_grad=True) for x in outputs]
        pulled = carried_back(outputs, seeds, inputs, True, order)
    for seed in seeds:  # a rule that takes a value out of it was refused by now
        seed.requires_grad = False
    return seeds, pulled


def rows(run: Run, seeds: Seeds, count: int) -> list[Any]:
    """Return for each input of `run` the products uᵀJ with `count` cotangents."""
    duals, pulled = transposed(run)
    return _swept(run, pulled, duals, seeds, count)


def columns(run: Run, seeds: Seeds, count: int) -> list[Any]:
    """Return for each output of `run` the products J·v with `count` tangents."""
    duals, pulled = transposed(run)
    tangents, products = _recorded(pulled, duals)
    return _swept(run, products, tangents, seeds, count)


def _swept(
    run: Run, outputs: Sequence[Tensor], sources: Sequence[Tensor], seeds: Seeds, count: int
) -> list[Any]:
    """Return `outputs`, linear in `sources`, for a batch: at once where that is recorded."""
    ends = np.cumsum([x.size for x in sources])[:-1]

    def part(start: int, stop: int) -> list[Tensor]:
        pieces = np.split(seeds(start, stop), ends, axis=1)
        given = {
            x: Tensor(np.reshape(piece, (stop - start, *x.shape)).astype(x.dtype))
            for x, piece in zip(sources, pieces, strict=True)
        }
        tape = RECORDING.get()
        before = len(tape.nodes) if isinstance(tape, Tape) else 0
        found = batched(outputs, given, stop - start)
        if isinstance(tape, Tape):  # a backward pass, as programs head it
            tape.spans.append((before, len(tape.nodes)))
            tape.starts.append((run.outputs, list(given.values())))
        return found

    record = run.records(())
    step = count if record else max(1, _ELEMENTS // max(largest(outputs), 1))
    with nullcontext() if record else no_grad():
        parts = [part(start, min(start + step, count)) for start in range(0, count, step)]
    if record:
        return list(parts[0])
    return [np.concatenate([plain(x) for x in pieces]) for pieces in zip(*parts, strict=True)]


def blocks(run: Run, upright: bool) -> list[list[Any]]:
    """Return for each output, for each input, the block of the Jacobian, of shape out + x.

    By columns if `upright`, else by rows.
    """
    heights, widths = [x.size for x in run.outputs], [x.size for x in run.inputs]
    height, width = sum(heights), sum(widths)
    if not height * width:
        return [
            run.made([np.zeros(out.shape + x.shape, x.dtype) for x in run.inputs])
            for out in run.outputs
        ]
    if height == len(run.outputs) == 1 and not upright:
        found = [run.pull([np.ones_like(plain(run.outputs[0]))])]
    elif not upright:
        whole = rows(run, lambda start, stop: np.eye(stop - start, height, start), height)
        found = [[x[i : i + n] for x in whole] for i, n in parts_of(heights)]
    else:
        whole = columns(run, lambda start, stop: np.eye(stop - start, width, start), width)
        found = [[np.moveaxis(x[i : i + n], 0, -1) for i, n in parts_of(widths)] for x in whole]
    made = [
        [np.reshape(block, out.shape + x.shape) for block, x in zip(line, run.inputs, strict=True)]
        for line, out in zip(found, run.outputs, strict=True)
    ]
    return made if run.records(()) else [run.made(line) for line in made]


def parts_of(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return where each of some parts begins, and its size."""
    return list(zip(np.cumsum([0, *sizes]).tolist(), sizes, strict=False))
