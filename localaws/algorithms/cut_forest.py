"""A forest of random cut trees, and how much a row would disturb them.

A tree cuts the box around its rows again and again, at a place chosen uniformly along all of its sides
together, until each row is alone. A row that would be cut off early is an anomaly.

Source: Guha, Mishra, Roy, Schrijvers, Robust Random Cut Forest Based Anomaly Detection On Streams (2016);
the score is the expected one over all cuts a new row could bring, as in AWS's open-source forest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

LEAF = -1
NUMBERS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Forest:
    """All trees' nodes, one after the other.

    Attributes:
        roots: Where each tree begins.
        left: Each node's child below the cut; -1 for a leaf.
        right: Its child above.
        dimension: The feature it cuts.
        cut: Where.
        mass: The rows below it.
        low: The lower corner of the box around them.
        high: The upper one.
    """

    roots: np.ndarray
    left: np.ndarray
    right: np.ndarray
    dimension: np.ndarray
    cut: np.ndarray
    mass: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def grown(cls, rows: np.ndarray, trees: int, size: int) -> Forest:
        """A forest, each tree of a sample of its own; the same rows give the same forest."""
        generator, nodes, roots = np.random.default_rng(0), _Nodes(), []
        for _ in range(trees):
            sample = rows[generator.permutation(len(rows))[:size]]
            roots.append(nodes.grow(sample, generator))
        return cls(np.array(roots), *nodes.arrays())

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Each row's mean score over the trees; rows like the forest's own are about 1 or less."""
        few = max(1, NUMBERS_AT_ONCE // (len(self.roots) * rows.shape[1]))
        parts = [self._scores(rows[start : start + few]) for start in range(0, len(rows), few)]
        return np.concatenate(parts)

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        """Go down all trees at once, level by level; at each a cut ends a row's way with some probability."""
        node = np.tile(self.roots, (len(rows), 1))
        score, going = np.zeros(node.shape), np.ones(node.shape)
        whole = self.mass[self.roots]
        depth = 0
        while going.any():
            low, high = self.low[node], self.high[node]
            outside = (np.maximum(low - rows[:, None], 0) + np.maximum(rows[:, None] - high, 0)).sum(-1)
            around = (high - low).sum(-1) + outside
            off = np.divide(outside, around, out=np.zeros_like(around), where=around > 0)
            leaf = self.left[node] == LEAF
            mass = self.mass[node]
            score += going * off / (depth + 1)
            alone = _damp(mass, whole) / (depth + np.log2(1 + mass))
            score += np.where(leaf, going * (1 - off) * alone, 0)
            going = np.where(leaf, 0, going * (1 - off))
            values = np.take_along_axis(rows, self.dimension[node], 1)
            below = np.where(values <= self.cut[node], self.left[node], self.right[node])
            node = np.where(leaf, node, below)
            depth += 1
        scores: np.ndarray = (score * np.log2(1 + whole)).mean(1)
        return scores


def _damp(mass: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """How much a row counts that is there already, among so many others."""
    damped: np.ndarray = 1 - mass / (2 * whole)
    return damped


class _Nodes:
    """Nodes under construction."""

    def __init__(self) -> None:
        self._links: list[list[float]] = []
        self._boxes: list[tuple[np.ndarray, np.ndarray]] = []

    def grow(self, rows: np.ndarray, generator: np.random.Generator) -> int:
        """Add a tree; its root."""
        root = len(self._links)
        waiting = [(self._add(rows), rows)]
        while waiting:
            number, below = waiting.pop()
            low, high = self._boxes[number]
            sides = high - low
            if not sides.any():  # one row, or several that are equal
                continue
            ends = np.cumsum(sides)
            place = generator.uniform(0, ends[-1])
            dimension = int(np.searchsorted(ends, place, side="right").clip(0, len(ends) - 1))
            while not sides[dimension]:
                dimension -= 1
            cut = min(
                low[dimension] + generator.random() * sides[dimension],
                np.nextafter(high[dimension], low[dimension]),
            )
            smaller = below[:, dimension] <= cut
            left, right = self._add(below[smaller]), self._add(below[~smaller])
            self._links[number][:4] = [left, right, dimension, cut]
            waiting += [(left, below[smaller]), (right, below[~smaller])]
        return root

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The nodes as the forest has them: left, right, dimension, cut, mass, low, high."""
        left, right, dimension, cut, mass = np.array(self._links).T
        low, high = (np.array(corners) for corners in zip(*self._boxes, strict=True))
        return left.astype(int), right.astype(int), dimension.astype(int), cut, mass, low, high

    def _add(self, rows: np.ndarray) -> int:
        self._links.append([LEAF, LEAF, 0, 0.0, len(rows)])
        self._boxes.append((rows.min(0), rows.max(0)))
        return len(self._links) - 1
