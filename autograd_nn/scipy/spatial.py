"""``scipy.spatial`` for Tensors: distances."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from . import on_tensors, scipys

_METRICS = {
    "euclidean": lambda d: np.linalg.norm(d, axis=-1),
    "sqeuclidean": lambda d: np.sum(np.square(d), axis=-1),
    "cityblock": lambda d: np.sum(np.abs(d), axis=-1),
    "chebyshev": lambda d: np.max(np.abs(d), axis=-1),
}


def _between(away: Any, metric: str) -> Any:
    if metric not in _METRICS:
        raise NotImplementedError(f"on Tensors metric is one of {list(_METRICS)}, got {metric!r}")
    return _METRICS[metric](away)


@on_tensors("spatial.distance")
def cdist(XA: Any, XB: Any, metric: str = "euclidean") -> Any:
    """Return the distances between the rows of two matrices."""
    return _between(np.expand_dims(XA, 1) - np.expand_dims(XB, 0), metric)


@on_tensors("spatial.distance")
def pdist(X: Any, metric: str = "euclidean") -> Any:
    """Return the distances between the rows of a matrix, each pair once."""
    first, second = np.triu_indices(len(X), 1)
    return _between(X[first] - X[second], metric)


distance: Any = ModuleType("distance")
vars(distance).update(cdist=cdist, pdist=pdist, __getattr__=scipys("scipy.spatial.distance"))
for _name, _metric in _METRICS.items():
    _of_two = on_tensors("spatial.distance", _name)(lambda u, v, metric=_metric: metric(u - v))
    setattr(distance, _name, _of_two)

__getattr__ = scipys("scipy.spatial")
