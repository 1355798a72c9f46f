"""The first feed-forward function: loops."""

import pytest

from nets import looped_feed_forward

from .example import B1, B2, W1, W2, X, example, random_network, shown

pytestmark = pytest.mark.section_3_2


def test_the_looped_function_gives_the_example() -> None:
    # layer 1 to 2 alone: the hidden nodes; both steps: the output (worked out in section 3.1)
    assert shown(looped_feed_forward(2, X, [W1], [B1])) == [0.8909, 0.9677, 0.9909]
    assert shown(looped_feed_forward(3, X, [W1, W2], [B1, B2])) == [0.8354]
    assert shown(looped_feed_forward(3, [1.5, 2.0, 3.0], (W1, W2), (B1, B2))) == [0.8354]


def test_loops_and_graph_agree_on_the_example() -> None:
    looped = looped_feed_forward(3, X, [W1, W2], [B1, B2])
    assert example().feed_forward(X) == pytest.approx(looped, rel=1e-15)


@pytest.mark.parametrize("structure", [[4, 2], [3, 3, 3, 1], [5, 4, 3, 4, 5, 2]])
def test_loops_and_graph_agree_on_any_network(structure: list[int]) -> None:
    net, x, _ = random_network(structure)
    looped = looped_feed_forward(len(structure), x, list(net.W.values()), list(net.b.values()))
    assert looped.shape == (structure[-1],)
    assert net.feed_forward(x) == pytest.approx(looped, rel=1e-13)
