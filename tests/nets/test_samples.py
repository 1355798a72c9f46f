"""Where samples come from: arrays of all layouts, on disk, in slices, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets import Network, NetworkClassifier, train
from nets.samples import Held, samples_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 100)), RNG.random((3, 100))
HOW: dict[str, Any] = {"batch_size": 15, "seed": 3, "progress": False}


def network(dtype: Any = np.float64) -> Network:
    return Network([6, 5, 3], seed=1, dtype=dtype)


def trained(x: Any, y: Any, **how: Any) -> Network:
    net = network()
    train(net, x, y, 3, 0.5, **{**HOW, **how})
    return net


def assert_near(net: Network, other: Network) -> None:
    for name, array in net.parameters().items():
        np.testing.assert_allclose(array, other.parameters()[name], rtol=1e-11)


@pytest.mark.parametrize("engine", ["numpy", "eager"])
def test_every_layout_takes_one_path(engine: str) -> None:
    right = trained(X, Y, engine=engine)
    for x, y in ((np.asfortranarray(X), Y), (X[:, ::-1][:, ::-1], np.asfortranarray(Y))):
        assert_near(trained(x, y, engine=engine), right)
    rows = trained(np.ascontiguousarray(X.T), Y.T, engine=engine, samples="rows")
    assert_near(rows, right)


def test_samples_are_not_copied() -> None:
    for x, which in ((X, None), (X.T.copy(), "rows"), ((X * 10).astype(np.uint8), "columns")):
        y = Y.T if which == "rows" else Y
        source = samples_of(network(), x, y, None, which)
        assert isinstance(source, Held)
        assert np.shares_memory(source.X, x)
        assert np.shares_memory(source.Y, y)


def test_whole_numbers_are_converted_batch_by_batch() -> None:
    whole = (X * 10).astype(np.int16)
    assert_near(trained(whole, Y), trained(whole.astype(float), Y))


def test_a_memory_map(tmp_path: Path) -> None:
    path = tmp_path / "X"
    stored = np.memmap(path, np.float64, "w+", shape=(100, 6))
    stored[:] = X.T
    assert_near(trained(stored, Y.T, samples="rows"), trained(X, Y))


class OnlySlices:
    """An array as HDF5 and zarr have them: nothing but slices comes out."""

    def __init__(self, array: Any, chunks: tuple[int, ...] | None) -> None:
        self._array, self.chunks = array, chunks
        self.shape, self.dtype = array.shape, array.dtype
        self.read: list[int] = []

    def __getitem__(self, key: Any) -> Any:
        part = self._array[key]
        self.read.append(part.size)
        return part.copy()


@pytest.mark.parametrize("which", ["rows", "columns"])
def test_arrays_in_slices(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nets.samples.BLOCK", 40 * 6 * 8)
    rows = which == "rows"
    x = OnlySlices(X.T if rows else X, (10, 6) if rows else (6, 10))
    y = Y.T if rows else Y
    nets = [trained(x, y, samples=which, shuffle=False, batch_size=20), network()]
    train(nets[1], X, Y, 3, 0.5, **{**HOW, "shuffle": False, "batch_size": 20})
    assert_near(*nets)
    assert max(x.read) == 40 * 6
    assert np.array_equal(trained(x, y, samples=which).W[1], trained(x, y, samples=which).W[1])
    with pytest.raises(ValueError, match="give a batch_size"):
        trained(x, y, samples=which, batch_size=None)
    targets = OnlySlices(y, x.chunks)
    assert_near(trained(x, targets, samples=which), trained(x, y, samples=which))


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "file", "w") as file:
        x = file.create_dataset("X", data=X.T, chunks=(10, 6))
        assert_near(trained(x, Y.T, samples="rows", shuffle=False),
                    trained(X, Y, shuffle=False))  # fmt: skip


def test_batches_that_are_handed_in() -> None:
    parts = [slice(start, start + 15) for start in range(0, 100, 15)]
    batches = [(X[:, part], Y[:, part]) for part in parts]
    right = network()
    train(right, X, Y, 3, 0.5, **{**HOW, "shuffle": False})
    how: dict[str, Any] = {"progress": False, "shuffle": False}

    def stream() -> Iterator[tuple[Any, Any]]:
        yield from batches

    for given in (batches, stream):
        net = network()
        history = train(net, given, None, 3, 0.5, **how)
        assert len(history) == 3
        assert_near(net, right)
    net = network()
    train(net, stream(), None, 1, 0.5, **how)
    with pytest.raises(ValueError, match="can be gone through once"):
        train(net, stream(), None, 2, 0.5, **how)
    with pytest.raises(TypeError, match=r"pair \(x, y\)"):
        train(net, [(X,)], None, 1, 0.5, **how)
    weights = np.arange(100) + 1.0
    weighted, expected = network(), network()
    train(weighted, [(X[:, p], Y[:, p], weights[p]) for p in parts], None, 3, 0.5, **how)
    train(expected, X, Y, 3, 0.5, **{**HOW, "shuffle": False}, sample_weight=weights)
    assert_near(weighted, expected)


def test_a_sequence_of_batches_comes_in_another_order_every_time() -> None:
    batches = [(X[:, [k]], Y[:, [k]]) for k in range(8)]
    source = samples_of(network(), batches, None, None, None)
    drawn = [np.array([5, 2, 7, 0, 1, 6, 3, 4]), np.arange(8)[::-1]]
    for order in drawn:
        parts = list(source.parts(None, lambda m, order=order: order[:m]))  # type: ignore[misc]  # bound now
        np.testing.assert_array_equal(np.hstack([part.X for part in parts]), X[:, order])
    one, other = (trained(batches, None, shuffle=shuffle) for shuffle in (True, False))
    assert not np.array_equal(one.W[1], other.W[1])


def test_weights_of_samples_are_like_copies_of_them() -> None:
    counts = np.arange(100) % 3
    copies = np.repeat(np.arange(100), counts)
    weighted = trained(X, Y, sample_weight=counts, batch_size=None)
    assert_near(weighted, trained(X[:, copies], Y[:, copies], batch_size=None))


def test_columns_or_rows_has_to_be_clear() -> None:
    net = Network([4, 2, 4], seed=0)
    square = RNG.random((4, 4))
    with pytest.raises(ValueError, match="could be columns or rows"):
        train(net, square, square, 1, progress=False)
    train(net, square, square, 1, progress=False, samples="rows")
    with pytest.raises(ValueError, match='samples="rows" takes a row'):
        train(network(), X.T, Y.T, 1, progress=False)
    with pytest.raises(ValueError, match='"columns" or "rows"'):
        train(network(), X, Y, 1, progress=False, samples="across")


@pytest.mark.parametrize(
    ("weights", "message"),
    [(np.ones(99), "each of the 100"), (-np.ones(100), "from 0 up"), (np.zeros(100), "nothing")],
)
def test_weights_that_cannot_be(weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trained(X, Y, sample_weight=weights)


def test_a_mask_is_never_lost() -> None:
    hidden = np.ma.masked_array(X, mask=X > 1)
    with pytest.raises(TypeError, match=r"x is a masked array \(np\.ma\)"):
        trained(hidden, Y)
    with pytest.raises(TypeError, match="sample_weight is a masked array"):
        trained(X, Y, sample_weight=np.ma.masked_array(np.ones(100), mask=X[0] > 1))
    for call in (network().feed_forward, lambda x: network().gradients(x, Y)):
        with pytest.raises(TypeError, match="masked array"):
            call(hidden)
    rows, labels = hidden.T, (Y[0] > 0.5).astype(int)
    with pytest.raises(TypeError, match="X is a masked array"):
        NetworkClassifier(max_iter=1).fit(rows, labels)


def test_what_was_assumed_of_a_square_is_said() -> None:
    net = Network([3, 4, 2], seed=0)
    with pytest.raises(ValueError, match=r"x, of shape \(3, 3\), was taken as columns"):
        train(net, np.ones((3, 3)), np.ones((3, 2)), 1, progress=False)


@pytest.mark.parametrize("engine", ["numpy", "eager", "numba"])
def test_weights_that_may_not_be_written_into(engine: str) -> None:
    net = network()
    net.b[2].setflags(write=False)
    before = net.W[1].copy()
    with pytest.raises(ValueError, match=r"b2 is read-only.*net\.b\[2\]\.setflags"):
        train(net, X, Y, 1, engine=engine, progress=False)
    np.testing.assert_array_equal(net.W[1], before)


def test_networks_that_no_machine_holds_are_refused_at_once() -> None:
    with pytest.raises(MemoryError, match=r"weights of structure \[5000000, 5000000, 2\] take"):
        Network([5_000_000, 5_000_000, 2])
