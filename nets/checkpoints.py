"""A training kept on disk while it runs, so that it can be resumed where it was."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from .descent import Descent
from .progress import Progress
from .steps import keep
from .storage import CHECKPOINT, description, read, write


class Checkpoint:
    """The file that a training is kept in.

    Parameters
    ----------
    path : Path
    every : int
        How many iterations lie between two writings.
    descent : Descent
    watch : Progress
    settings : dict
        What has to be the same when the training is resumed, beside what `descent` says.
    """

    def __init__(
        self, path: Path, every: int, descent: Descent, watch: Progress, settings: dict[str, Any]
    ) -> None:
        self.path, self.every, self.descent, self.watch = path, every, descent, watch
        same = ("optimizer", "learning_rate", "weight_decay", "clip", "dropout")
        self.settings = settings | {name: repr(getattr(descent, name)) for name in same}
        self.settings |= {"shuffle": descent.order is not None, "monitor": watch.monitor}

    def begin(self, resume: bool) -> None:
        """Go on from the file, or see that there is none.

        Raises
        ------
        FileExistsError
            If there is one and it is not to be resumed from.
        ValueError
            If it is of another network, or of a training with other settings.
        """
        for rest in self.path.parent.glob(f".{self.path.name}.*.part"):
            rest.unlink(missing_ok=True)  # of a process that was killed while it wrote
        if not self.path.exists():
            return
        if not resume:
            raise FileExistsError(
                f"{self.path} is there already; resume=True goes on from it, or choose another"
            )
        arrays, metadata = read(self.path)
        if metadata["format"] != CHECKPOINT:
            raise ValueError(f"{self.path} is a network without its training: nothing to resume")
        if metadata["network"] != description(self.descent.net):
            raise ValueError(
                f"{self.path} is of another network: {metadata['network']}, and this one is "
                f"{description(self.descent.net)}"
            )
        state = json.loads(metadata["training"])
        for key, value in self.settings.items():
            if state["settings"].get(key) != value:
                raise ValueError(
                    f"{self.path} is of a training with {key} = {state['settings'].get(key)}, and "
                    f"this one has {value}; resume it with the same, or begin another"
                )
        self._restore(arrays, state)

    def _restore(self, arrays: dict[str, Any], state: dict[str, Any]) -> None:
        def group(prefix: str) -> dict[str, Any]:
            return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}

        descent, watch, history = self.descent, self.watch, self.watch.history
        slots = {slot: group(f"optimizer/{slot}/") for slot in descent.state}
        keep(descent.net.parameters(), descent.state, group("parameters/"), slots)
        if watch.weights is not None:
            watch.weights = group("best/")
        descent.t, watch.best, watch.since = state["t"], state["best"], state["since"]
        descent.rng.bit_generator.state = state["rng"]
        descent.dropped.bit_generator.state = state["dropped"]
        history.best = state["best_iteration"]
        history.ended = state["ended"] if state["ended"] in ("patience", "callback") else ""
        numbers = [arrays[f"history/{name}"] for name in state["numbers"]]
        for values in zip(*numbers, strict=True):
            history.add(dict(zip(state["numbers"], values, strict=True)))

    def after(self, iteration: int, last: bool) -> None:
        """Write the file, if it is time.

        Raises
        ------
        OSError
            If it is the last time and it cannot be written. Before, that is a warning.
        """
        if not last and (iteration + 1) % self.every:
            return
        try:
            self.write()
        except OSError as error:
            if last:
                raise
            warnings.warn(
                f"the checkpoint {self.path} could not be written ({error}); training goes on, "
                "and what was written before is still there",
                RuntimeWarning,
                stacklevel=2,
            )

    def write(self) -> None:
        """Write the file."""
        descent, watch, history = self.descent, self.watch, self.watch.history
        groups = {"parameters": descent.net.parameters(), "best": watch.weights or {},
                  "history": history.arrays()}  # fmt: skip
        groups |= {f"optimizer/{slot}": kept for slot, kept in descent.state.items()}
        arrays = {
            f"{group}/{name}": a for group, kept in groups.items() for name, a in kept.items()
        }
        state = {
            "settings": self.settings,
            "t": descent.t,
            "rng": descent.rng.bit_generator.state,
            "dropped": descent.dropped.bit_generator.state,
            "best": float(watch.best),
            "since": watch.since,
            "best_iteration": history.best,
            "ended": history.ended,
            "numbers": list(history.arrays()),
        }
        network, training = description(descent.net), json.dumps(state)
        said = {"format": CHECKPOINT, "network": network, "training": training}
        write(self.path, arrays, said)
