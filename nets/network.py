"""The document's network: layers 1..n_l, W^(l) and b^(l) between them, samples as columns.

1. `Network` holds the weights, and builds the outputs and the cost from recorded operations.
2. `looped_feed_forward` is section 3.1's feed-forward, element by element.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd_nn import Tensor, gradients, no_grad

from . import formulas
from .activations import Activation, activation_of

if TYPE_CHECKING:
    from autograd_nn.drawing import Drawing

Array = NDArray[Any]

_INITS = ("glorot", "uniform")


class Parameters(MutableMapping[int, Array]):
    """W or b of every layer, keyed by 1..n_l−1; what is assigned must have the layer's shape.

    Values are copied into the network's arrays, which stay the same ones for its whole life.
    """

    def __init__(self, name: str, arrays: dict[int, Array]) -> None:
        self._name = name
        self._arrays = arrays

    def __getitem__(self, l: int) -> Array:
        if l not in self._arrays:
            raise KeyError(f"there is no {self._name}[{l}]; layers are 1 to {len(self._arrays)}")
        return self._arrays[l]

    def __setitem__(self, l: int, value: Any) -> None:
        array = self[l]
        fresh = np.asarray(value)
        if self._name == "b" and fresh.shape == array.shape[:1]:
            fresh = fresh[:, np.newaxis]
        if fresh.dtype.kind not in "fiu":
            raise TypeError(f"{self._name}[{l}] needs numbers, got dtype {fresh.dtype}")
        if fresh.shape != array.shape:
            end = f" and {array.shape[1]} in layer {l}" if self._name == "W" else ""
            raise ValueError(
                f"{self._name}[{l}] has shape {array.shape} ({array.shape[0]} nodes in layer "
                f"{l + 1}{end}), got shape {fresh.shape}"
            )
        array[...] = fresh  # into the network's own array, which a training under way holds

    def __delitem__(self, l: int) -> None:
        raise TypeError(f"{self._name}[{l}] belongs to the network and cannot be deleted")

    def __iter__(self) -> Iterator[int]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"{self._name}: " + ", ".join(f"{l}: {a.shape}" for l, a in self._arrays.items())


class Network:
    """A fully connected network, of sigmoid nodes by default (sections 2.4, 2.5).

    Parameters
    ----------
    structure : sequence of int
        s_1, …, s_{n_l}: the number of nodes of each of the two or more layers.
    seed : int, optional
        Makes the initial weights the same in every run; left out, they are new in every run.
    init : {"glorot", "uniform"}
        ``"glorot"``: weights uniform in ±√(6/(s_l + s_{l+1})), biases 0. That keeps the variance
        of what flows forward and back alike from layer to layer (the "normalized
        initialization" of Glorot and Bengio, *Understanding the difficulty of training deep
        feedforward neural networks*, AISTATS 2010).
        ``"uniform"``: weights and biases from [0, 1), as in the document (section 5.4).
    dtype : data type
        Of weights and biases; float64 or float32.
    activation : {"sigmoid", "tanh"} or Activation
        f of every node; one of your own is an `Activation` of f and f′.

    Attributes
    ----------
    W : mapping of int to array
        ``W[l]`` of shape (s_{l+1}, s_l), l = 1..n_l−1; ``W[l][i-1, j-1]`` is w_ij^(l), from node
        j of layer l to node i of layer l+1.
    b : mapping of int to array
        ``b[l]`` of shape (s_{l+1}, 1). What is assigned may have shape (s_{l+1},) too.

    Raises
    ------
    TypeError
        If a number of nodes is no integer, or `dtype` is no floating-point type.
    ValueError
        If there are fewer than two layers, a layer without nodes, or an unknown `init` or
        `activation`.

    Examples
    --------
    >>> net = Network([3, 3, 1], seed=0)
    >>> net.W[1].shape, net.b[2].shape
    ((3, 3), (1, 1))
    >>> net.feed_forward(np.array([1.5, 2.0, 3.0])).shape
    (1,)
    """

    def __init__(
        self,
        structure: Sequence[int],
        seed: int | None = None,
        init: str = "glorot",
        dtype: Any = np.float64,
        activation: str | Activation = "sigmoid",
    ) -> None:
        try:
            sizes = [operator.index(n) for n in structure]
        except TypeError as error:
            raise TypeError(
                f"structure holds whole numbers of nodes, e.g. [64, 30, 10]; got {structure!r}"
            ) from error
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(
                "structure needs two or more layers of at least one node, e.g. [64, 30, 10]; "
                f"got {list(structure)}"
            )
        if init not in _INITS:
            raise ValueError(f"init is one of {', '.join(map(repr, _INITS))}; got {init!r}")
        self.structure = tuple(sizes)
        self.activation = activation_of(activation)
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise TypeError(f"dtype has to be a floating-point one, got {self.dtype}")
        rng = np.random.default_rng(seed)
        W: dict[int, Array] = {}
        b: dict[int, Array] = {}
        for l, (n_in, n_out) in enumerate(pairwise(sizes), 1):
            if init == "uniform":
                weights, biases = rng.random((n_out, n_in)), rng.random((n_out, 1))
            else:
                limit = np.sqrt(6 / (n_in + n_out))
                weights, biases = rng.uniform(-limit, limit, (n_out, n_in)), np.zeros((n_out, 1))
            W[l], b[l] = weights.astype(self.dtype), biases.astype(self.dtype)
        self.W = Parameters("W", W)
        self.b = Parameters("b", b)

    @property
    def n_layers(self) -> int:
        """The number of layers n_l, input and output included."""
        return len(self.structure)

    def __repr__(self) -> str:
        return f"Network({list(self.structure)})"

    def parameters(self) -> dict[str, Array]:
        """Return ``{"W1": W^(1), "b1": b^(1), …}``: the network's own arrays, layer by layer."""
        return {f"{k}{l}": getattr(self, k)[l] for l in self.W for k in ("W", "b")}

    # -- forward ----------------------------------------------------------------------------

    def columns(self, values: Any, role: str = "x") -> Array:
        """Return `values` as samples in columns, checked against the layer they belong to.

        Parameters
        ----------
        values : array_like, shape (s,) or (s, m)
        role : {"x", "y"}
            Inputs (layer 1) or targets (layer n_l).

        Returns
        -------
        array, shape (s, m)

        Raises
        ------
        ValueError
            If the shape does not fit the layer.
        """
        layer = 1 if role == "x" else self.n_layers
        size = self.structure[layer - 1]
        # another library's array (of dask, say) stays one: nothing is computed before it is asked
        foreign = hasattr(values, "__array_function__")
        foreign = foreign and not isinstance(values, (np.ndarray, np.generic, Tensor))
        array = values if foreign else np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{role} needs numbers, got dtype {array.dtype}")
        if array.ndim not in (1, 2) or array.shape[0] != size or array.size == 0:
            raise ValueError(
                f"{role} has shape {array.shape}, but layer {layer} has {size} nodes: one sample "
                f"has shape ({size},), m samples have shape ({size}, m), a column each"
            )
        columns = array if array.ndim == 2 else array.reshape(size, 1)
        return columns.astype(self.dtype, copy=False)

    def leaves(self, copy: bool = True) -> dict[str, Tensor]:
        """Return the parameters as named Tensors: of copies, or of the network's own arrays.

        With copies a graph keeps the weights that it was recorded with, and its gradients stay
        right when the network is trained on.
        """
        return {
            name: Tensor(array.copy() if copy else array, requires_grad=True, name=name)
            for name, array in self.parameters().items()
        }

    def _feed_forward(self, x: Any, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
        nodes = {"x": x if isinstance(x, Tensor) else Tensor(x, name="x")}
        h = nodes["x"]
        for l in range(1, self.n_layers):
            z = leaves[f"W{l}"] @ h + leaves[f"b{l}"]
            h = self.activation.record(z)
            z.name, h.name = f"z{l + 1}", f"h{l + 1}"
            nodes[z.name], nodes[h.name] = z, h
        return nodes

    def layers(self, x: Any) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """Return z^(l) and h^(l) as recorded Tensors (section 3.4).

        Parameters
        ----------
        x : array_like, shape (s_1,) or (s_1, m)

        Returns
        -------
        z : dict of int to Tensor
            ``z[l]`` of shape (s_l, m), l = 2..n_l; z^(l) = W^(l−1) h^(l−1) + b^(l−1).
        h : dict of int to Tensor
            ``h[l]`` of shape (s_l, m), l = 1..n_l; h^(1) = x, h^(l) = f(z^(l)).

        Raises
        ------
        ValueError
            If `x` does not fit layer 1.
        """
        nodes = self._feed_forward(self.columns(x), self.leaves())
        later = range(2, self.n_layers + 1)
        return {l: nodes[f"z{l}"] for l in later}, {
            1: nodes["x"],
            **{l: nodes[f"h{l}"] for l in later},
        }

    def feed_forward(self, x: Any) -> Array:
        """Return the outputs h^(n_l) for `x` of shape (s_1,) or (s_1, m), in the same form.

        Raises
        ------
        ValueError
            If `x` does not fit layer 1.
        """
        with no_grad():
            _, h = self.layers(x)
        out: Array = h[self.n_layers].numpy()
        return out[:, 0] if np.ndim(x) == 1 else out

    def predict(self, x: Any) -> Any:
        """Return the number of the strongest output node, from 0, for each sample.

        Of a network with one output: 1 where that is above ½, else 0.
        """
        out = self.feed_forward(x)
        return (out[0] > 0.5).astype(int) if len(out) == 1 else np.argmax(out, axis=0)

    def accuracy(self, x: Any, labels: Any) -> float:
        """Return the share of the samples in `x` whose `predict` is their label.

        Parameters
        ----------
        x : array_like, shape (s_1, m)
        labels : array_like of int, shape (m,)
        """
        found, labels = self.predict(x), np.asarray(labels)
        if np.shape(found) != labels.shape:
            raise ValueError(f"{np.shape(found)} samples cannot match labels of {labels.shape}")
        return float(np.mean(found == labels))

    # -- cost and gradients -----------------------------------------------------------------

    def graph(self, x: Any, y: Any) -> dict[str, Tensor]:
        """Return the named Tensors of the cost's graph: x, W1, b1, …, z2, h2, …, y, J.

        Parameters
        ----------
        x : array_like, shape (s_1,) or (s_1, m)
        y : array_like, shape (s_{n_l},) or (s_{n_l}, m)

        Raises
        ------
        ValueError
            If `x` or `y` does not fit its layer, or they differ in the number of samples.
        """
        inputs, targets = self.columns(x), self.columns(y, "y")
        if inputs.shape[1] != targets.shape[1]:
            raise ValueError(
                f"x has {inputs.shape[1]} samples and y has {targets.shape[1]}; each column of x "
                "needs its column of y"
            )
        return self.record(self.leaves(), inputs, targets)

    def record(self, leaves: Mapping[str, Tensor], x: Any, y: Any) -> dict[str, Tensor]:
        """Return `graph` on other parameters than the network's, and on samples taken as they are.

        Parameters
        ----------
        leaves : mapping of str to Tensor
            ``{"W1": …, "b1": …, …}``, as `leaves` returns them.
        x : array or Tensor, shape (s_1, m)
        y : array or Tensor, shape (s_{n_l}, m)
        """
        nodes = self._feed_forward(x, leaves)
        target = y if isinstance(y, Tensor) else Tensor(y, name="y")
        h = nodes[f"h{self.n_layers}"]
        J = 0.5 * (target - h).square().sum(axis=0).mean()
        J.name = "J"
        return {**leaves, **nodes, "y": target, "J": J}

    def cost(self, x: Any, y: Any) -> Tensor:
        """Return J, the mean over the samples of ½‖y − h^(n_l)‖², recorded (section 4.2).

        Parameters
        ----------
        x : array_like, shape (s_1,) or (s_1, m)
        y : array_like, shape (s_{n_l},) or (s_{n_l}, m)

        Returns
        -------
        Tensor, scalar
            Its graph has the Tensors of `graph`, under their names.

        Raises
        ------
        ValueError
            If `x` or `y` does not fit its layer, or they differ in the number of samples.
        """
        return self.graph(x, y)["J"]

    def gradients(self, x: Any, y: Any) -> dict[str, Array]:
        """Return ``{"W1": ∂J/∂W^(1), "b1": ∂J/∂b^(1), …}``, derived automatically.

        Parameters are those of `cost`; each gradient has the shape of its parameter.
        """
        nodes = self.graph(x, y)
        names = list(self.parameters())
        found = gradients(nodes["J"], [nodes[name] for name in names])
        return dict(zip(names, found, strict=True))

    def deltas(self, x: Any, y: Any) -> dict[int, Array]:
        """Return δ^(l) = ∂J_k/∂z_k^(l), l = 2..n_l, by the hand-derived formulas.

        Parameters are those of `cost`; δ^(l) has shape (s_l, m), a column of each sample k, and
        is not divided by m (section 4.6).
        """
        inputs, targets = self.columns(x), self.columns(y, "y")
        _, f, f_prime, _ = self.activation
        found = formulas.backpropagation(self.W, self.b, inputs, targets, f, f_prime).delta
        return {l: found[l] for l in sorted(found)}

    # -- as a picture -----------------------------------------------------------------------

    def draw(self, x: Any = None, y: Any = None, **options: Any) -> Drawing:
        """Return the layered picture (figure 10), or of what flows back (figures 11 and 12).

        Parameters
        ----------
        x : array_like, shape (s_1,), optional
            A sample whose values are written into the nodes.
        y : array_like, shape (s_{n_l},), optional
            Its target: δ^(l) in the nodes, and what is communicated back along each weight.
        **options
            ``weights=True``, ``node=(l, j)``, …: those of ``nets.drawing.draw_network``.

        Returns
        -------
        Drawing
            A ``graphviz.Digraph`` that draws without the `dot` program.

        Raises
        ------
        ValueError
            If `x` or `y` does not fit its layer, or an option the network.
        """
        from .drawing import draw_network

        return draw_network(self, x, y, **options)


def looped_feed_forward(
    n_layers: int, x: Sequence[float] | Array, w: Sequence[Any], b: Sequence[Any]
) -> Array:
    """Return the outputs of a network, computed node by node in loops (section 3.1).

    Parameters
    ----------
    n_layers : int
        n_l.
    x : sequence of float, shape (s_1,)
    w : sequence of array, n_l − 1 of them
        ``w[l-1]`` is W^(l), of shape (s_{l+1}, s_l).
    b : sequence of array, n_l − 1 of them
        ``b[l-1]`` is b^(l), with s_{l+1} elements.

    Returns
    -------
    array, shape (s_{n_l},)

    Raises
    ------
    ValueError
        If the number of weights or a shape does not fit.

    Examples
    --------
    >>> w = [np.array([[0.2] * 3, [0.4] * 3, [0.6] * 3]), np.array([[0.5] * 3])]
    >>> b = [np.array([0.8] * 3), np.array([0.2])]
    >>> looped_feed_forward(3, [1.5, 2.0, 3.0], w, b).round(6)
    array([0.835456])
    """
    if len(w) != n_layers - 1 or len(b) != n_layers - 1:
        raise ValueError(
            f"{n_layers} layers need {n_layers - 1} weights and biases, got {len(w)} and {len(b)}"
        )
    h = np.asarray(x, dtype=float)
    for l in range(1, n_layers):
        weights, bias = np.asarray(w[l - 1]), np.ravel(b[l - 1])
        if weights.ndim != 2 or weights.shape[1] != h.size or bias.size != weights.shape[0]:
            raise ValueError(
                f"layer {l} has {h.size} nodes: w of shape {weights.shape} and b of {bias.size} "
                "elements do not lead on from it"
            )
        out = np.zeros(weights.shape[0])
        for i in range(weights.shape[0]):
            z = 0.0
            for j in range(weights.shape[1]):
                z += weights[i, j] * h[j]
            out[i] = formulas.f(z + bias[i])
        h = out
    return h
