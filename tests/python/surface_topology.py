"""What a mesh is once a file has rounded it to float32, and random images to try it on."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from calvaria import Grid, Mask, Volume


class Welded:
    """A mesh as an STL holds it: corners rounded to float32, equal ones made one."""

    def __init__(self, mesh):
        rounded = np.asarray(mesh.vertices, np.float32) + np.float32(0)
        self.points, number = np.unique(rounded, axis=0, return_inverse=True)
        self.faces = faces = number.ravel()[mesh.faces]
        self.n_lost = len(mesh.vertices) - len(self.points)
        a, b, c = self.points.astype(np.float64)[faces].transpose(1, 0, 2)
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        self.n_flat = int((area <= 0).sum())
        self.volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
        n, m = len(faces), max(len(self.points), 1)
        self.edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
        key = self.edges[:, 0].astype(np.int64) * m + self.edges[:, 1]
        back = self.edges[:, 1].astype(np.int64) * m + self.edges[:, 0]
        self.n_doubled = len(key) - len(np.unique(key))
        order = np.argsort(key)
        mate = order[np.clip(np.searchsorted(key[order], back), 0, max(len(key) - 1, 0))]
        has_mate = key[mate] == back
        self.open_points = self.points[self.edges[~has_mate]]
        # A corner and the same corner of the neighbour across an edge belong to one fan.
        which, face = np.divmod(np.arange(3 * n), max(n, 1))
        start, end = 3 * face + which, 3 * face + (which + 1) % 3
        one = np.flatnonzero(has_mate)
        rows = np.concatenate([start[one], end[one]])
        columns = np.concatenate([end[mate[one]], start[mate[one]]])
        fan = _components(rows, columns, 3 * n)
        fans = np.unique(np.stack([fan, faces.ravel()], 1), axis=0) if n else np.zeros((0, 2))
        self.n_pinched = len(fans) - len(np.unique(faces))
        undirected = np.unique(np.sort(self.edges, 1), axis=0)
        self.euler = len(np.unique(faces)) - len(undirected) + n
        part = _components(undirected[:, 0], undirected[:, 1], len(self.points))
        self.n_parts = len(np.unique(part[np.unique(faces)])) if n else 0

    @property
    def faults(self):
        """What an oriented 2-manifold without vanishing triangles has none of."""
        counts = {
            "lost": self.n_lost,
            "flat": self.n_flat,
            "doubled": self.n_doubled,
            "pinched": self.n_pinched,
        }
        return {name: count for name, count in counts.items() if count}

    @property
    def n_open(self):
        return len(self.open_points)


def _components(rows, columns, n):
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def random_grid(rng, shape):
    """Plain, oblique and anisotropic, or sheared as well; left-handed every second time."""
    affine, kind = np.eye(4), rng.integers(0, 3)
    if kind:
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        affine[:3, :3] = turn @ np.diag(rng.uniform(0.3, 3, 3))
        affine[:3, 3] = rng.uniform(-500, 500, 3)
    if kind == 2:
        affine[:3, :3] = affine[:3, :3] @ [[1, 0.2, 0], [0, 1, 0.3], [0, 0, 1]]
    return Grid(dims_ijk=shape[::-1], lps_from_ijk=affine)


KINDS = {
    "floats": lambda rng, shape: (rng.normal(size=shape).astype(np.float32), 0.0),
    "ties": lambda rng, shape: (rng.integers(-3, 4, shape).astype(np.float32), float(rng.integers(-3, 4))),
    "plateaus": lambda rng, shape: (rng.integers(0, 3, shape).astype(np.int16), 1.0),
    "binary": lambda rng, shape: (rng.integers(0, 2, shape).astype(np.int16), 0.5),
    "binary on the value": lambda rng, shape: (
        (rng.integers(0, 2, shape) * 1000).astype(np.int16),
        1000.0,
    ),
    "integers": lambda rng, shape: (
        rng.integers(-2000, 2000, shape).astype(np.int16),
        float(rng.integers(-1500, 1500)),
    ),
    "nan": lambda rng, shape: (
        np.where(rng.random(shape) < 0.15, np.nan, rng.normal(size=shape)).astype(np.float32),
        0.0,
    ),
}  # fmt: skip


def random_image(rng, kind, n):
    """An image, a level and every third time a mask; every tenth is tiny or long."""
    shape = tuple(int(side) for side in rng.integers(2, 7, 3))
    shape = {0: (2, 2, 2), 10: (2, 2, 70), 20: (3, 3, 70), 30: (70, 2, 2)}.get(n % 40, shape)
    values, level = KINDS[kind](rng, shape)
    grid = random_grid(rng, shape)
    within = Mask(values=rng.random(shape) < 0.7, grid=grid) if n % 3 == 0 else None
    return Volume(values=values, grid=grid), level, within
