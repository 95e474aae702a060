"""Initial cluster centres by agglomerative clustering: close rows are merged pair by pair down to the wanted number.

Ward's criterion (Ward, 1963): merge the pair that increases the within-cluster sum of squares
least. Rows that a person grouped are one cluster from the start, and two such clusters are never
merged.
"""

from __future__ import annotations

from typing import Any

# Sample size, evenly spread; the other rows are assigned to the centres that are found.
SAMPLE = 1200


def middles_of(rows: Any, held: Any, count: int) -> Any:
    """Compute ``count`` centres, those of held groups first. ``held``: the group of rows that a
    person placed, else -1."""
    import numpy as np

    groups = int(held.max(initial=-1)) + 1
    free = np.flatnonzero(held < 0)
    if len(free) > SAMPLE:
        free = free[np.linspace(0, len(free) - 1, SAMPLE).astype(np.intp)]
    sums = [rows[held == group].sum(axis=0) for group in range(groups)]
    sizes = [float((held == group).sum()) for group in range(groups)]
    clusters = _Clusters(
        np.vstack([*sums, rows[free]]), np.array(sizes + [1.0] * len(free)), groups
    )
    for _ in range(groups + len(free) - count):
        clusters.join_nearest()
    return clusters.middles()


class _Clusters:
    """The remaining clusters, by sums and sizes; the first ``kept`` are a person's."""

    def __init__(self, sums: Any, sizes: Any, kept: int) -> None:
        import numpy as np

        # A kept group none of whose members has words still has its place.
        self.sums, self.sizes = sums.astype(np.float32), np.maximum(sizes, 1e-6)
        self.places = self.sums / self.sizes[:, None].astype(np.float32)
        self.squares = np.einsum("ij,ij->i", self.places, self.places)
        self.is_kept = np.arange(len(sizes)) < kept
        self.is_alive = np.ones(len(sizes), bool)
        found = [self._costs(at) for at in range(len(sizes))]
        self.nearest = np.array([row.argmin() for row in found])
        self.least = np.array([row.min() for row in found])

    def _costs(self, at: int) -> Any:
        """The cost of merging cluster ``at`` with each other one; inf if not allowed."""
        import numpy as np

        apart = self.squares + self.squares[at] - 2 * (self.places @ self.places[at])
        cost = np.maximum(apart, 0) * (self.sizes * self.sizes[at] / (self.sizes + self.sizes[at]))
        cost[~self.is_alive] = np.inf
        cost[at] = np.inf
        if self.is_kept[at]:
            cost[self.is_kept] = np.inf
        return cost

    def join_nearest(self) -> None:
        """Merge the pair with the lowest cost."""
        import numpy as np

        one = int(np.where(self.is_alive, self.least, np.inf).argmin())
        other = int(self.nearest[one])
        if self.is_kept[other]:
            one, other = other, one
        self.sums[one] += self.sums[other]
        self.sizes[one] += self.sizes[other]
        self.places[one] = self.sums[one] / self.sizes[one]
        self.squares[one] = self.places[one] @ self.places[one]
        self.is_alive[other], self.least[other] = False, np.inf
        self._look_again(one, other)

    def _look_again(self, one: int, other: int) -> None:
        """Recompute the nearest neighbour of clusters whose nearest was one of these, or is ``one`` now."""
        import numpy as np

        cost = self._costs(one)
        self.nearest[one], self.least[one] = cost.argmin(), cost.min()
        lost = self.is_alive & ((self.nearest == one) | (self.nearest == other))
        lost[one] = False
        closer = self.is_alive & ~lost & (cost < self.least)
        self.nearest[closer], self.least[closer] = one, cost[closer]
        for at in np.flatnonzero(lost).tolist():
            row = self._costs(at)
            self.nearest[at], self.least[at] = row.argmin(), row.min()

    def middles(self) -> Any:
        """One unit vector per cluster, a person's first."""
        import numpy as np

        left = self.sums[self.is_alive]
        return left / (np.linalg.norm(left, axis=1, keepdims=True) + 1e-9)
