"""Simulated prints of known error, and scans of them: what the bar must find out."""

import numpy as np

from calvaria.mesh import Mesh


def turned(rng):
    """A rotation, uniform over all."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def refined(mesh, step):
    """The same surface with no edge longer than ``step``: a scanner samples everywhere."""
    v, f = mesh.vertices, mesh.faces
    while True:
        edges = np.sort(np.vstack([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]]), 1)
        unique, at = np.unique(edges, axis=0, return_inverse=True)
        at = at.ravel().reshape(3, -1).T
        long = np.linalg.norm(v[unique[:, 0]] - v[unique[:, 1]], axis=1) > step
        if not long.any():
            return v, f
        middle = np.full(len(unique), -1)
        middle[long] = len(v) + np.arange(long.sum())
        v = np.vstack([v, (v[unique[long, 0]] + v[unique[long, 1]]) / 2])
        m = middle[at]
        n = (m >= 0).sum(1)
        out = [f[n == 0]]
        (a, b, c), (x, y, z) = f[n == 3].T, m[n == 3].T
        out += [np.stack(t, 1) for t in ((a, x, z), (x, b, y), (z, y, c), (x, y, z))]
        for r in range(3):
            q, w = np.roll(f, -r, 1), np.roll(m, -r, 1)
            s = (n == 1) & (w[:, 0] >= 0)
            (a, b, c), x = q[s].T, w[s, 0]
            out += [np.stack((a, x, c), 1), np.stack((x, b, c), 1)]
            s = (n == 2) & (w[:, 2] < 0)
            (a, b, c), x, y = q[s].T, w[s, 0], w[s, 1]
            out += [np.stack(t, 1) for t in ((x, b, y), (a, x, y), (a, y, c))]
        f = np.vstack(out)


def scan_of_print(
    mesh,
    *,
    seed,
    scale=(1.0, 1.0, 1.0),
    offset=(0.0, 0.0, 0.0),
    skew=0.0,
    noise=0.03,
    step=0.8,
    gone=0.0,
    without_bottom=False,
    unit_mm=1.0,
):
    """A scan of a print: stretched by axis, walls moved out, sheared, turned, noisy, with holes.

    ``offset`` is what a length along an axis gains, half at each wall; ``skew`` moves x by that part
    of y.
    """
    rng = np.random.default_rng(seed)
    v, f = refined(mesh, step)
    doubled = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    unit = doubled / np.maximum(np.linalg.norm(doubled, axis=1, keepdims=True), 1e-300)
    outwards = np.zeros_like(v)
    for corner in range(3):
        np.add.at(outwards, f[:, corner], doubled)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-300)
    stretch = np.diag(scale).astype(float)
    stretch[0, 1] = skew
    w = v @ stretch.T + outwards * np.array(offset) / 2
    w = w @ turned(rng).T + rng.normal(0, 40, 3) + rng.normal(0, noise, w.shape)
    keep = np.ones(len(f), bool)
    if without_bottom:
        keep &= unit[:, 2] > -0.9
    if gone:
        middle = w[f].mean(1)
        for at in middle[rng.integers(len(middle), size=6)]:
            keep &= np.linalg.norm(middle - at, axis=1) > gone
    return Mesh(vertices=w / unit_mm, faces=f[keep].astype(np.int32))


def ball(radius=60.0, n=48):
    """A sphere of triangles, with a lid where it is cut off below."""
    z = np.linspace(-0.6, 1, n)
    ring = np.linspace(0, 2 * np.pi, n, endpoint=False)
    rows = [
        [
            (
                radius * np.sqrt(1 - h * h) * np.cos(a),
                radius * np.sqrt(1 - h * h) * np.sin(a),
                radius * h,
            )
            for a in ring
        ]
        for h in z[:-1]
    ]
    v = np.array([p for row in rows for p in row] + [(0, 0, radius), (0, 0, -0.6 * radius)])
    f, kinds = [], []
    for i in range(n - 2):
        for j in range(n):
            a, b = i * n + j, i * n + (j + 1) % n
            f += [(a, b, b + n), (a, b + n, a + n)]
            kinds += [0, 0]
    for j in range(n):
        a, b = (n - 2) * n + j, (n - 2) * n + (j + 1) % n
        f.append((a, b, len(v) - 2))
        kinds.append(0)
        f.append(((j + 1) % n, j, len(v) - 1))
        kinds.append(2)
    return Mesh(vertices=v, faces=np.array(f), kinds=np.array(kinds))
