"""Beyond the document: training on samples that lie in chunks on the workers of a cluster.

Here the cluster is two processes of this machine. With the address of another scheduler,
``Client("tcp://…")``, the rest is the same. Needs the extra ``distributed``.
"""

import argparse

import dask.array as da
from dask.distributed import Client, LocalCluster

from nets import Network, load_digits, train


def main(passes: int) -> None:
    """Train, and compare with the same training in this process."""
    digits = load_digits(seed=0)
    with (
        LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        X = da.from_array(digits.X_train, (64, 200))
        Y = da.from_array(digits.Y_train, (10, 200))
        net = Network([64, 30, 10], seed=0)
        history = train(net, X, Y, passes, 0.01, optimizer="adam", progress=False)
    here = Network([64, 30, 10], seed=0)
    train(here, digits.X_train, digits.Y_train, passes, 0.01, optimizer="adam", progress=False)
    print(f"mean cost {history.cost[0]:.3f}, then {history.cost[-1]:.3f}")
    print(f"largest difference from the same training here: {abs(net.W[1] - here.W[1]).max():.0e}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=30)
    main(parser.parse_args().passes)
