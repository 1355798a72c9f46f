"""Which nodes belong to which layer, read off the document's names.

W^(l), b^(l), z^(l+1), h^(l+1) and what stands unnamed between them are layer l+1, as in section
2.4; what follows on the last of them, up to an output, is the cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.tensor import Tensor
from ..formulas import notation
from .names import layer_of
from .view import Group, View


def layered(view: View, names: Mapping[Tensor, str]) -> list[Group]:
    """Return a group for every layer and one for the cost; none where the names say nothing.

    Parameters
    ----------
    view : View
    names : mapping of Tensor to str
        The names of the nodes that have one.
    """
    said = {node: layer_of(name) for node, name in names.items()}
    layers = {node: layer for node, layer in said.items() if layer is not None}
    sources = view.sources()
    if not any(node.op is not None for node in layers):
        return []
    for node in [n for n in reversed(view.nodes) if n in layers]:
        _spread(node, layers, names, sources)
    framed = {node for fold in view.folds for node in fold.members()}
    found: dict[int, list[Tensor]] = {}
    for node in view.nodes:
        if node in layers and node not in framed:
            found.setdefault(layers[node], []).append(node)
    groups = [Group(f"layer {layer}", found[layer]) for layer in sorted(found)]
    cost = [node for node in _cost(view, layers, names) if node not in framed]
    return [*groups, Group("cost", cost)] if cost else groups


def _spread(
    node: Tensor,
    layers: dict[Tensor, int],
    names: Mapping[Tensor, str],
    sources: Mapping[Tensor, Sequence[Tensor]],
) -> None:
    """Count the unnamed nodes that lead to `node` to its layer."""
    stack = [node]
    while stack:
        for x in sources.get(stack.pop(), ()):
            if x not in layers and x not in names:
                layers[x] = layers[node]
                stack.append(x)


def _cost(view: View, layers: Mapping[Tensor, int], names: Mapping[Tensor, str]) -> list[Tensor]:
    """Return the operations after the last layer, and the constants in them."""
    after: set[Tensor] = set()
    last = max(layers.values())
    for use in view.uses:
        new = use.head not in layers and not use.loop
        if new and (use.tail in after or layers.get(use.tail) == last):
            after.add(use.head)
    for use in view.uses:
        bare = use.tail.op is None and use.tail not in layers and use.tail not in names
        if use.head in after and bare:
            after.add(use.tail)
    if any(notation.is_gradient(names.get(node, "")) for node in after):
        return []  # a recorded backward pass has no cost that stands at its end
    return [node for node in view.nodes if node in after]
