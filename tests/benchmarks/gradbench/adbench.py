"""The evals gmm, ba, lstm and ht, as NumPy would write them."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from scipy.special import multigammaln

from autograd_nn import elementwise_grad, grad, jacobian, jit, logsumexp, scan, sigmoid, vmap

Input = dict[str, Any]


# -- gmm -------------------------------------------------------------------------------------------


def gmm_input(given: Input) -> tuple[Any, ...]:
    """Return the parameters, the samples, and the prior."""
    names = ("alpha", "mu", "q", "l")
    parameters = {name: np.array(given[name]).reshape(len(given["alpha"]), -1) for name in names}
    parameters["alpha"] = parameters["alpha"][:, 0]
    return parameters, np.array(given["x"]), given["gamma"], given["m"]


@functools.cache
def _places(d: int) -> Any:
    """Return for each element of a lower triangle where it stands in (0, l), column by column."""
    places = np.zeros((d, d), int)
    rows, columns = np.tril_indices(d, -1)
    order = np.lexsort((rows, columns))
    places[rows[order], columns[order]] = 1 + np.arange(order.size)
    return places


def _gmm(p: Any, x: Any, gamma: float, m: int) -> Any:
    (n, d), k = x.shape, p["alpha"].shape[0]
    diagonal, sums = np.exp(p["q"]), np.sum(p["q"], axis=1)
    padded = np.concatenate([np.zeros((k, 1)), p["l"]], axis=1)
    factor = padded[:, _places(d)] + diagonal[:, :, None] * np.eye(d)
    wide = np.reshape(np.reshape(factor, (k * d, d)) @ x.T, (k, d, n))
    centred = wide - factor @ p["mu"][:, :, None]
    inner = (p["alpha"] + sums)[:, None] - 0.5 * np.sum(centred**2, axis=1)
    free = d + m + 1
    squares = np.sum(diagonal**2) + np.sum(p["l"] ** 2)
    prior = 0.5 * gamma * gamma * squares - m * np.sum(sums)
    constant = free * d * math.log(gamma / math.sqrt(2)) - multigammaln(0.5 * free, d)
    likelihood = np.sum(logsumexp(inner, axis=0)) - n * logsumexp(p["alpha"])
    return likelihood - prior + (k * constant - 0.5 * n * d * math.log(2 * math.pi))


gmm = jit(_gmm, static_argnums=(2, 3))
gmm_gradient = jit(grad(_gmm), static_argnums=(2, 3))


def gmm_output(gradient: Any) -> Any:
    """Return the gradient by its names."""
    return {name: part.tolist() for name, part in gradient.items()}


# -- ba --------------------------------------------------------------------------------------------


def ba_input(given: Input) -> tuple[Any, ...]:
    """Return cameras, points, weights, features, and which of the first two each observes."""
    n, m, p = given["n"], given["m"], given["p"]
    cameras, points = np.tile(given["cam"], (n, 1)), np.tile(given["x"], (m, 1))
    weights, features = np.full(p, given["w"]), np.tile(given["feat"], (p, 1))
    return cameras, points, weights, features, np.arange(p) % n, np.arange(p) % m


def _projected(camera: Any, point: Any) -> Any:
    rotation, moved = camera[:3], point - camera[3:6]
    angle = np.sqrt(np.sum(rotation**2))
    axis = rotation / angle
    turned = moved * np.cos(angle) + np.cross(axis, moved) * np.sin(angle)
    seen = turned + axis * ((axis @ moved) * (1 - np.cos(angle)))
    flat = seen[:2] / seen[2]
    square = np.sum(flat**2)
    stretch = 1 + camera[9] * square + camera[10] * square * square
    return flat * stretch * camera[6] + camera[7:9]


def _error(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
    return weight * (_projected(camera, point) - feature)


_BLOCK = 4096
"""Observations that one run of a program takes: their arrays stay in the cache."""

_ba_errors = jit(vmap(_error))


@jit
def _ba_blocks(*observed: Any) -> Any:
    by_camera, by_point, by_weight = vmap(jacobian(_error, argnums=(0, 1, 2)))(*observed)
    return np.concatenate([by_camera, by_point, by_weight[:, :, None]], axis=2)


def _observed(f: Any, arguments: tuple[Any, ...]) -> Any:
    """Return what `f` gives for all observations."""
    cameras, points, weights, features, which, where = arguments
    parts = [slice(i, i + _BLOCK) for i in range(0, len(weights), _BLOCK)]
    return np.concatenate(
        [f(cameras[which[s]], points[where[s]], weights[s], features[s]) for s in parts]
    )


_weight_error = jit(lambda weights: 1 - weights**2)
_weight_slope = jit(elementwise_grad(lambda weights: 1 - weights**2))


def ba_errors(*arguments: Any) -> Any:
    """Return the errors of projection and of the weights."""
    return _observed(_ba_errors, arguments), _weight_error(arguments[2])


def ba_jacobian(*arguments: Any) -> Any:
    """Return the Jacobian of all errors in rows: where each begins, the columns, the values."""
    cameras, points, weights, _, which, where = arguments
    count, n, m = len(weights), 11 * len(cameras), 3 * len(points)
    rows = np.concatenate([15 * np.arange(2 * count + 1), 30 * count + 1 + np.arange(count)])
    one = np.concatenate([
        11 * which[:, None] + np.arange(11), n + 3 * where[:, None] + np.arange(3),
        n + m + np.arange(count)[:, None],
    ], axis=1)  # fmt: skip
    columns = np.concatenate([np.ravel(np.repeat(one, 2, axis=0)), n + m + np.arange(count)])
    blocks = np.ravel(_observed(_ba_blocks, arguments))
    return rows, columns, np.concatenate([blocks, _weight_slope(weights)])


def ba_errors_output(errors: Any) -> Any:
    """Return the errors, which are all the same, once."""
    projection, weights = errors
    return {
        "reproj_error": {"elements": projection[0].tolist(), "repeated": len(projection)},
        "w_err": {"element": float(weights[0]), "repeated": len(weights)},
    }


def ba_jacobian_output(found: Any) -> Any:
    """Return the first two rows and the last element."""
    parts = zip(("rows", "cols", "vals"), found, strict=True)
    return {name: [*part[:30].tolist(), part[-1].item()] for name, part in parts}


# -- lstm ------------------------------------------------------------------------------------------


def lstm_input(given: Input) -> tuple[Any, ...]:
    """Return both kinds of parameters, the state and the sequence."""
    return tuple(np.array(given[k]) for k in ("main_params", "extra_params", "state", "sequence"))


def lstm(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    """Return the loss of a sequence."""
    layers, width = len(main) // 2, extra.shape[1]
    weights = np.reshape(main, (layers, 2, 4, width))

    def step(states: Any, pair: Any) -> Any:
        x, target = pair
        h = x * extra[0]
        fresh = []
        for layer, (hidden, cell) in enumerate(states):
            weight, bias = weights[layer, 0], weights[layer, 1]
            forget = sigmoid(h * weight[0] + bias[0])
            take = sigmoid(hidden * weight[1] + bias[1])
            out = sigmoid(h * weight[2] + bias[2])
            change = np.tanh(hidden * weight[3] + bias[3])
            kept = cell * forget + take * change
            h = out * np.tanh(kept)
            fresh.append((h, kept))
        guess = h * extra[1] + extra[2]
        return fresh, np.sum(target * (guess - np.log(np.sum(np.exp(guess)) + 2)))

    start = [(state[2 * i], state[2 * i + 1]) for i in range(layers)]
    _, gains = scan(step, start, (sequence[:-1], sequence[1:]))
    return -np.sum(gains) / (gains.shape[0] * width)


def lstm_gradient(*arguments: Any) -> Any:
    """Return the gradient by all parameters, flat."""
    return np.concatenate([np.ravel(g) for g in grad(lstm, (0, 1))(*arguments)])


# -- ht --------------------------------------------------------------------------------------------


def ht_input(given: Input) -> tuple[Any, ...]:
    """Return theta, coordinates in triangles (or None), the model and the measured points."""
    data = given["data"]
    model = data["model"]
    names = ("base_relatives", "inverse_base_absolutes", "base_positions", "weights")
    hand = {name: np.array(model[name]) for name in names}
    corners = np.array(data["correspondences"])
    us = np.array(given["us"]) if len(given["us"]) else None
    if us is not None:
        corners = np.array(model["triangles"])[corners]
    fixed = (tuple(model["parents"]), bool(model["is_mirrored"]))
    return np.array(given["theta"]), us, hand, np.array(data["points"]), corners, fixed


def _turn(axis: int, angles: Any) -> Any:
    """Return the rotations about an axis, one for each angle."""
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    fixed, plane, skew = (np.zeros((3, 3)) for _ in range(3))
    fixed[axis, axis] = plane[i, i] = plane[j, j] = skew[j, i] = 1
    skew[i, j] = -1
    c, s = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    return fixed + c * plane + s * skew


def _rotation(vector: Any) -> Any:
    """Return the rotation about `vector` by its length."""
    angle = np.sqrt(np.sum(vector**2))
    axis = vector / angle
    zero = np.zeros(())
    x, y, z = axis[0], axis[1], axis[2]
    across = np.reshape(np.stack([zero, -z, y, z, zero, -x, -y, x, zero]), (3, 3))
    outer = axis[:, None] * axis
    return np.cos(angle) * np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * outer


def _angles(theta: Any, bones: int) -> Any:
    """Return three angles for each bone: of a finger its first bone has two, the next two one."""
    place = np.full((bones, 3), len(theta))
    for finger in range(5):
        first = 2 + 4 * finger
        place[first, :2] = 6 + 4 * finger, 7 + 4 * finger
        place[first + 1, 0], place[first + 2, 0] = 8 + 4 * finger, 9 + 4 * finger
    return np.concatenate([theta, np.zeros(1)])[place]


def _hand_errors(theta: Any, us: Any, hand: Any, points: Any, corners: Any, fixed: Any) -> Any:
    parents, mirrored = fixed
    angles = _angles(theta, len(parents))
    x, z, y = angles[:, 0], angles[:, 1], angles[:, 2]
    turned = _turn(2, z) @ _turn(1, y) @ _turn(0, x)
    posed = hand["base_relatives"][:, :, :3] @ turned
    relative = np.concatenate([posed, hand["base_relatives"][:, :, 3:]], axis=2)
    absolute: list[Any] = []
    for i, parent in enumerate(parents):
        absolute.append(relative[i] if parent == -1 else absolute[parent] @ relative[i])
    transforms = (np.stack(absolute) @ hand["inverse_base_absolutes"])[:, :3]
    each = transforms @ hand["base_positions"].T
    positions = np.sum(each * hand["weights"].T[:, None, :], axis=0)
    if mirrored:
        positions = positions * np.array([[-1.0], [1.0], [1.0]])
    vertices = (_rotation(theta[:3]) @ positions).T + theta[3:6]
    if us is None:
        return points - vertices[corners]
    u, v = us[:, :1], us[:, 1:]
    a, b, c = vertices[corners[:, 0]], vertices[corners[:, 1]], vertices[corners[:, 2]]
    return points - (u * a + v * b + (1 - u - v) * c)


@functools.partial(jit, static_argnums=5)
def ht_errors(*arguments: Any) -> Any:
    """Return the distances of points from where the hand has them."""
    return np.ravel(_hand_errors(*arguments))


@functools.partial(jit, static_argnums=5)
def ht_jacobian(theta: Any, us: Any, hand: Any, points: Any, corners: Any, fixed: Any) -> Any:
    """Return the Jacobian: of each point its own two coordinates, and theta."""
    by_theta = jacobian(lambda t: np.ravel(_hand_errors(t, us, hand, points, corners, fixed)))
    if us is None:
        return by_theta(theta)
    # each point depends on its own coordinates: moving all of them alike tells what they do
    by_us = jacobian(lambda s: np.ravel(_hand_errors(theta, us + s, hand, points, corners, fixed)))
    return np.concatenate([by_us(np.zeros(2)), by_theta(theta)], axis=1)
