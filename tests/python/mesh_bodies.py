"""A closed body without symmetry, for the tests of meshes."""

import numpy as np

from calvaria import FaceKind, Mesh, load_mesh


def ball(n=12, radius=30.0, centre=(5.0, -7.0, 11.0)):
    """A closed surface without symmetry: every axis has its own size."""
    theta = np.linspace(0, np.pi, n + 1)[1:-1, None]
    phi = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)[None]
    ring = np.stack(
        [
            np.sin(theta) * np.cos(phi),
            1.3 * np.sin(theta) * np.sin(phi),
            1.7 * np.cos(theta) + 0 * phi,
        ],
        -1,
    )
    points = np.vstack([ring.reshape(-1, 3), [[0, 0, 1.7], [0, 0, -1.7]]]) * radius + centre
    at = np.arange((n - 1) * 2 * n).reshape(n - 1, 2 * n)
    a, b, c, d = at[:-1], np.roll(at, -1, 1)[:-1], at[1:], np.roll(at, -1, 1)[1:]
    middle = np.stack([a, c, b, b, c, d], -1).reshape(-1, 3)
    top = np.stack([np.full(2 * n, len(points) - 2), at[0], np.roll(at[0], -1)], -1)
    end = np.stack([np.full(2 * n, len(points) - 1), np.roll(at[-1], -1), at[-1]], -1)
    faces = np.vstack([top, middle, end])
    kinds = np.zeros(len(faces), np.uint8)
    kinds[:7], kinds[7:9], kinds[-3:] = FaceKind.CAP, FaceKind.CUT, FaceKind.FILLED
    return Mesh(vertices=points, faces=faces, kinds=kinds)


BALL = ball()


def bounds(mesh):
    return np.array([mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)])


def read_bytes(tmp_path, data, suffix, **options):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return load_mesh(path, **options)
