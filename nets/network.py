"""The document's network: layers 1..n_l, W^(l) and b^(l) between them, samples as columns.

`Network` holds the weights, and builds the outputs and the cost from recorded operations.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_nn import Tensor, gradients, no_grad

from . import formulas
from .activations import Activation, activation_of
from .costs import Cost, criterion_of
from .formulas import Array
from .parameters import INITS, columns_of, initial, one_of

if TYPE_CHECKING:
    from autograd_nn.drawing import Drawing

    from .history import History


ELSEWHERE: dict[str, Callable[..., dict[str, Any]]] = {}
"""What finds the gradients of another library's arrays, by the name of the library."""


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
    activation : str or Activation, or a sequence of them, one a hidden layer
        f of the hidden nodes: ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"leaky_relu"``, ``"elu"``,
        ``"softplus"``, ``"linear"``; one of your own is an `Activation` of f and f′.
    output : {"sigmoid", "linear", "softmax"} or another activation, optional
        What the nodes of the output layer are. Left out: what the hidden ones are, or sigmoids
        where each layer has its own.
    cost : {"squared", "cross_entropy"} or Cost
        ``"squared"``: J_k = ½‖y − h^(n_l)‖², the document's. ``"cross_entropy"``: −Σ_i y_i ln h_i
        of softmax outputs, −Σ_i [y_i ln h_i + (1 − y_i) ln(1 − h_i)] of sigmoids; with both
        δ^(n_l) = h^(n_l) − y. One of your own is a `nets.Cost`.

    Attributes
    ----------
    W : mapping of int to array
        ``W[l]`` of shape (s_{l+1}, s_l), l = 1..n_l−1; ``W[l][i-1, j-1]`` is w_ij^(l), from node
        j of layer l to node i of layer l+1.
    b : mapping of int to array
        ``b[l]`` of shape (s_{l+1}, 1). What is assigned may have shape (s_{l+1},) too.
    activations : dict of int to Activation
        That of layer l, l = 2..n_l.
    criterion : Criterion
        The output layer and its cost.
    history : History or None
        Of the last training, however that ended.

    Raises
    ------
    TypeError
        If a number of nodes is no integer, or `dtype` is no floating-point type.
    ValueError
        If there are fewer than two layers, a layer without nodes, or an unknown `init`,
        `activation`, `output` or `cost`.

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
        activation: str | Activation | Sequence[str | Activation] = "sigmoid",
        output: str | Activation | None = None,
        cost: str | Cost = "squared",
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
        one_of("init", init, INITS)
        self.structure = tuple(sizes)
        hidden = len(sizes) - 2
        if isinstance(activation, (str, Activation)):
            self.activation = activation_of(activation)
            chosen = [self.activation] * hidden
        else:
            chosen = [activation_of(each) for each in activation]
            if len(chosen) != hidden:
                raise ValueError(
                    f"there are {hidden} hidden layers, and {len(chosen)} activations are given "
                    "for them (that of the output layer is `output`)"
                )
            output = "sigmoid" if output is None else output
            self.activation = chosen[0] if chosen else criterion_of(output, cost).output
        self.criterion = criterion_of(self.activation if output is None else output, cost)
        self.activations = dict(enumerate([*chosen, self.criterion.output], 2))
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise TypeError(f"dtype has to be a floating-point one, got {self.dtype}")
        self.history: History | None = None
        self.W, self.b = initial(sizes, init, seed, self.dtype)

    @property
    def n_layers(self) -> int:
        """The number of layers n_l, input and output included."""
        return len(self.structure)

    def __repr__(self) -> str:
        return f"Network({list(self.structure)})"

    def _repr_mimebundle_(self, **asked: Any) -> dict[str, Any]:  # a notebook shows the layers
        return {"text/plain": repr(self), **self.draw()._repr_mimebundle_(**asked)}

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
        columns: Array = columns_of(self.structure, values, role).astype(self.dtype, copy=False)
        return columns

    def leaves(self, copy: bool = True) -> dict[str, Tensor]:
        """Return the parameters as named Tensors: of copies, or of the network's own arrays.

        With copies a graph keeps the weights that it was recorded with, and its gradients stay
        right when the network is trained on.
        """
        return {
            name: Tensor(array.copy() if copy else array, requires_grad=True, name=name)
            for name, array in self.parameters().items()
        }

    def _feed_forward(
        self, x: Any, leaves: Mapping[str, Tensor], masks: Mapping[int, Any] | None = None
    ) -> dict[str, Tensor]:
        nodes = {"x": x if isinstance(x, Tensor) else Tensor(x, name="x")}
        h = nodes["x"]
        for l in range(1, self.n_layers):
            z = leaves[f"W{l}"] @ h + leaves[f"b{l}"]
            h = self.activations[l + 1].record(z)
            if masks and l + 1 in masks:
                h = h * masks[l + 1]
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

    def graph(self, x: Any, y: Any, weight_decay: float = 0.0) -> dict[str, Tensor]:
        """Return the named Tensors of the cost's graph: x, W1, b1, …, z2, h2, …, y, J.

        Parameters
        ----------
        x : array_like, shape (s_1,) or (s_1, m)
        y : array_like, shape (s_{n_l},) or (s_{n_l}, m)
        weight_decay : float
            λ: J also has (λ/2) Σ w², the sum over all weights (not biases), and then there is a
            Tensor ``lambda_``.

        Raises
        ------
        ValueError
            If `x` or `y` does not fit its layer, they differ in the number of samples, or `y`
            cannot be targets of the network's cost.
        """
        inputs, targets = self.columns(x), self.columns(y, "y")
        if inputs.shape[1] != targets.shape[1]:
            raise ValueError(
                f"x has {inputs.shape[1]} samples and y has {targets.shape[1]}; each column of x "
                "needs its column of y"
            )
        self.criterion.check(targets)
        decay = self.dtype.type(weight_decay) if weight_decay else None
        return self.record(self.leaves(), inputs, targets, decay)

    def record(
        self,
        leaves: Mapping[str, Tensor],
        x: Any,
        y: Any,
        weight_decay: Any = None,
        *,
        shares: Any = None,
        masks: Mapping[int, Any] | None = None,
    ) -> dict[str, Tensor]:
        """Return `graph` on other parameters than the network's, and on samples taken as they are.

        Parameters
        ----------
        leaves : mapping of str to Tensor
            ``{"W1": …, "b1": …, …}``, as `leaves` returns them.
        x : array or Tensor, shape (s_1, m)
        y : array or Tensor, shape (s_{n_l}, m)
        weight_decay : number or Tensor, optional
            λ.
        shares : array or Tensor, shape (m,), optional
            What each sample counts, 1 in all. Left out: all of them alike.
        masks : mapping of int to array or Tensor, optional
            What h^(l) is multiplied by, of shape (s_l, m): dropout.
        """
        nodes = self._feed_forward(x, leaves, masks)
        target = y if isinstance(y, Tensor) else Tensor(y, name="y")
        n_l = self.n_layers
        J = self.criterion.record(nodes[f"z{n_l}"], target, nodes[f"h{n_l}"], shares)
        if weight_decay is not None:
            given = isinstance(weight_decay, Tensor)
            decay = weight_decay if given else Tensor(weight_decay, name="lambda_")
            nodes["lambda_"] = decay
            squares = [leaves[f"W{l}"].square().sum() for l in range(1, n_l)]
            J = J + 0.5 * (decay * functools.reduce(operator.add, squares))
        J.name = "J"
        return {**leaves, **nodes, "y": target, "J": J}

    def cost(self, x: Any, y: Any, weight_decay: float = 0.0) -> Tensor:
        """Return J, the mean over the samples of each one's cost, recorded (section 4.2).

        Parameters and errors are those of `graph`, whose Tensors its graph has.
        """
        return self.graph(x, y, weight_decay)["J"]

    def gradients(self, x: Any, y: Any, weight_decay: float = 0.0) -> dict[str, Array]:
        """Return ``{"W1": ∂J/∂W^(1), "b1": ∂J/∂b^(1), …}``, derived automatically.

        Parameters are those of `cost`. Of Dask arrays they are Dask arrays, found chunk by chunk.
        """
        for array in (x, y):
            elsewhere = ELSEWHERE.get(type(array).__module__.partition(".")[0])
            if elsewhere is not None:
                return elsewhere(self, x, y, weight_decay)
        nodes = self.graph(x, y, weight_decay)
        names = list(self.parameters())
        found = gradients(nodes["J"], [nodes[name] for name in names])
        return dict(zip(names, found, strict=True))

    def deltas(self, x: Any, y: Any) -> dict[int, Array]:
        """Return δ^(l) = ∂J_k/∂z_k^(l), l = 2..n_l, by the hand-derived formulas.

        Parameters are those of `cost`; δ^(l) has shape (s_l, m), not divided by m (section 4.6).
        """
        return dict(sorted(self.backpropagation(x, y).delta.items()))

    def backpropagation(
        self, x: Any, y: Any, weight_decay: float = 0.0
    ) -> formulas.Backpropagation:
        """Return every δ^(l), ∂J/∂W^(l) and ∂J/∂b^(l) by the hand-derived formulas.

        Parameters are those of `cost`.
        """
        return formulas.backpropagation(
            self.W,
            self.b,
            self.columns(x),
            self.columns(y, "y"),
            {l: activation.f for l, activation in self.activations.items()},
            {l: activation.f_prime for l, activation in self.activations.items()},
            output=self.criterion.delta,
            weight_decay=weight_decay,
        )

    # -- kept on disk -----------------------------------------------------------------------

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the network into a file, in safetensors' format: numbers and names, nothing to run.

        Raises
        ------
        FileExistsError
            If it is there, and `overwrite` is not asked for.
        ImportError
            Without safetensors (extra ``storage``).
        """
        from .storage import save_network

        return save_network(self, path, overwrite)

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        activations: Mapping[str, Activation] | None = None,
        cost: Cost | None = None,
    ) -> Network:
        """Return the network that `save` wrote, or that of a checkpoint of `train`.

        `activations` (by name) and `cost` are those of your own: functions are not in the file.

        Raises
        ------
        ValueError
            If the file is no network, or needs an activation or cost that is not given.
        """
        from .storage import load_network

        return load_network(cls, path, activations or {}, cost)

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
