"""Networks and trainings on disk: arrays and names in safetensors' format, nothing executable.

`save_network` and `load_network` keep weights, with the structure as metadata; `nets.checkpoints`
keeps a training under way. A file is written aside, flushed to the disk and renamed, so that at
every moment a whole one is there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .activations import ACTIVATIONS, Activation
from .costs import COSTS, SOFTMAX, Cost
from .formulas import Array

if TYPE_CHECKING:
    from .network import Network

Flat = dict[str, Array]

_NETWORK, CHECKPOINT = "autograd-nn network 1", "autograd-nn checkpoint 1"


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            'networks are kept by safetensors, which is missing: pip install "autograd-nn[storage]"'
        ) from error
    return safetensors


def write(path: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a file so that the one before it, or this one, is there whole at every moment.

    Raises
    ------
    OSError
        If it cannot be written, the disk being full say; the one before is untouched.
    """
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = _safetensors().numpy.save(contiguous, dict(metadata))
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name shall survive a crash of the machine too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read(path: Path) -> tuple[Flat, dict[str, str]]:
    """Return arrays and metadata of a file.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If it is none of ours.
    """
    safetensors = _safetensors()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safetensors.safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file, or a broken one: {error}") from error
    if metadata.get("format") not in (_NETWORK, CHECKPOINT):
        raise ValueError(f"{path} holds no network of this package")
    return arrays, metadata


def description(net: Network) -> str:
    """Return what a network is beside its weights, as JSON."""
    hidden = [net.activations[l].name for l in range(2, net.n_layers)]
    return json.dumps({
        "structure": list(net.structure),
        "dtype": net.dtype.name,
        "activation": hidden,
        "output": net.criterion.output.name,
        "cost": net.criterion.name,
    })  # fmt: skip


def rebuilt(
    kind: type[Network], text: str, own: Mapping[str, Activation], cost: Cost | None
) -> Network:
    """Return the network of a `description`, its weights still to be set.

    Raises
    ------
    ValueError
        If it needs an activation or a cost that is not given.
    """
    said = json.loads(text)

    def activation(name: str) -> Activation:
        known = {**ACTIVATIONS, "softmax": SOFTMAX, **own}
        if name not in known:
            raise ValueError(
                f"the network has an activation {name!r} of its own, which is not in the file: "
                f"Network.load(path, activations={{{name!r}: …}})"
            )
        return known[name]

    name = said["cost"]
    if name not in COSTS and (cost is None or cost.name != name):
        raise ValueError(
            f"the network has a cost {name!r} of its own, which is not in the file: "
            "Network.load(path, cost=…)"
        )
    return kind(
        said["structure"],
        seed=0,
        dtype=said["dtype"],
        activation=[activation(each) for each in said["activation"]],
        output=activation(said["output"]),
        cost=name if name in COSTS or cost is None else cost,
    )


def save_network(net: Network, path: str | Path, overwrite: bool) -> Path:
    """Do what `Network.save` says."""
    path = Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; overwrite=True replaces it")
    write(path, net.parameters(), {"format": _NETWORK, "network": description(net)})
    return path


def load_network(
    kind: type[Network],
    path: str | Path,
    activations: Mapping[str, Activation],
    cost: Cost | None,
) -> Network:
    """Do what `Network.load` says."""
    arrays, metadata = read(Path(path))
    net = rebuilt(kind, metadata["network"], activations, cost)
    prefix = "parameters/" if metadata["format"] == CHECKPOINT else ""
    for name, array in net.parameters().items():
        found = arrays.get(prefix + name)
        if found is None or found.shape != array.shape or found.dtype != array.dtype:
            raise ValueError(f"{path}: {name} does not fit the structure {list(net.structure)}")
        array[...] = found
    return net
