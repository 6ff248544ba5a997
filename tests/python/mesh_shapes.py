"""Meshes of known shape, and what makes a mesh closed and manifold."""

import numpy as np

from calvaria.mesh import Mesh


def icosphere(radius=1.0, n=3, centre=(0, 0, 0)):
    """Each face of an icosahedron divided into n * n."""
    g = (1 + 5**0.5) / 2
    base = np.array([[-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g],
                     [0, -1, -g], [0, 1, -g], [g, 0, -1], [g, 0, 1], [-g, 0, -1], [-g, 0, 1]])  # fmt: skip
    sides = np.array([[0, 11, 5], [0, 5, 1], [0, 1, 7], [0, 7, 10], [0, 10, 11], [1, 5, 9], [5, 11, 4],
                      [11, 10, 2], [10, 7, 6], [7, 1, 8], [3, 9, 4], [3, 4, 2], [3, 2, 6], [3, 6, 8],
                      [3, 8, 9], [4, 9, 5], [2, 4, 11], [6, 2, 10], [8, 6, 7], [9, 8, 1]])  # fmt: skip
    points, faces = [], []
    for a, b, c in base[sides]:
        number = {}
        for i in range(n + 1):
            for j in range(n + 1 - i):
                number[i, j] = len(points)
                points.append(a + (b - a) * i / n + (c - a) * j / n)
        for i in range(n):
            for j in range(n - i):
                faces.append([number[i, j], number[i + 1, j], number[i, j + 1]])
                if i + j < n - 1:
                    faces.append([number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]])
    points = np.array(points)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    _, first, numbers = np.unique(points.round(9), axis=0, return_index=True, return_inverse=True)
    return Mesh(vertices=points[first] * radius + np.asarray(centre), faces=numbers.ravel()[faces])


def torus(major=3.0, minor=1.0, n=60, m=30):
    u, v = np.meshgrid(np.arange(n), np.arange(m), indexing="ij")
    a, b = (2 * np.pi * u / n).ravel(), (2 * np.pi * v / m).ravel()
    ring = major + minor * np.cos(b)
    vertices = np.c_[ring * np.cos(a), ring * np.sin(a), minor * np.sin(b)]

    def at(i, j):
        return ((i % n) * m + j % m).ravel()

    p, q, r, s = at(u, v), at(u + 1, v), at(u + 1, v + 1), at(u, v + 1)
    return Mesh(vertices=vertices, faces=np.vstack([np.c_[p, q, r], np.c_[p, r, s]]))


def box(size=(2.0, 3.0, 4.0), n=8, kind_of_top=0):
    """A box of n * n squares a side; its top may be of another kind."""
    points, faces, kinds = [], [], []
    for axis in range(3):
        for high in (0, 1):
            i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
            side = np.zeros((n + 1, n + 1, 3))
            side[..., axis] = high * n
            side[..., (axis + 1) % 3], side[..., (axis + 2) % 3] = i, j
            first = sum(len(p) for p in points)
            number = first + np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
            a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
            both = np.vstack(
                [np.c_[a.ravel(), b.ravel(), c.ravel()], np.c_[a.ravel(), c.ravel(), d.ravel()]]
            )
            faces.append(both if high else both[:, ::-1])
            kinds.append(np.full(2 * n * n, kind_of_top if axis == 2 and high else 0))
            points.append(side.reshape(-1, 3))
    whole, numbers = np.unique(np.vstack(points), axis=0, return_inverse=True)
    return Mesh(
        vertices=whole / n * np.asarray(size),
        faces=numbers.ravel()[np.vstack(faces)],
        kinds=np.concatenate(kinds),
    )


def bumpy(radius=20.0, n=24, height=0.6, noise=0.0, seed=0):
    sphere = icosphere(1.0, n)
    x, y, z = sphere.vertices.T
    bump = height * np.sin(9 * x) * np.cos(8 * y + 1) * np.sin(7 * z + 2)
    r = radius + bump + np.random.default_rng(seed).normal(0, noise or 1e-12, len(x))
    return Mesh(vertices=sphere.vertices * r[:, None], faces=sphere.faces)


def noisy_bone(seed=0, n=40, noise=60.0, closed=True):
    """Marching cubes of a shell with spongy parts and noise: the topology of a real scan."""
    from skimage import measure

    z, y, x = np.meshgrid(*[np.arange(n, dtype=float)] * 3, indexing="ij")
    r = np.sqrt((x - n / 2) ** 2 + (y - n / 2) ** 2 + 1.4 * (z - n / 2) ** 2)
    value = np.where((r < 0.42 * n) & (r > 0.3 * n), 1000.0, 0.0)
    value += 900 * ((r < 0.28 * n) & (np.sin(x * 0.9) * np.sin(y * 0.8) * np.sin(z * 0.7) > 0.2))
    from scipy import ndimage

    value = ndimage.gaussian_filter(value, 0.9) + np.random.default_rng(seed).normal(
        0, noise, value.shape
    )
    if closed:
        value = np.pad(value[2:-2, 2:-2, 2:-2], 2, constant_values=-1000.0)
    # Linear crossings far from the samples: no ties, no needles.
    vertices, faces, _, _ = measure.marching_cubes(
        value, 400.37, method="lorensen", spacing=(0.5, 0.5, 0.5)
    )
    mesh = Mesh(vertices=vertices[:, ::-1], faces=faces)
    return mesh if signed_volume(mesh) > 0 else Mesh(vertices=mesh.vertices, faces=faces[:, ::-1])


def signed_volume(mesh):
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def edge_counts(mesh):
    """How often each undirected edge occurs, and whether each directed one occurs once."""
    faces = mesh.faces.astype(np.int64)
    ways = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    _, counts = np.unique(np.sort(ways, axis=1), axis=0, return_counts=True)
    _, directed = np.unique(ways, axis=0, return_counts=True)
    return counts, bool((directed == 1).all())


def is_manifold_vertex_everywhere(mesh):
    """Faces around each vertex form one fan: as many fans as vertices."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    faces = mesh.faces.astype(np.int64)
    m = len(faces)
    corners = np.arange(3 * m).reshape(m, 3)
    links = {}
    rows, columns = [], []
    for k in range(3):
        start, end = faces[:, k], faces[:, (k + 1) % 3]
        for f, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
            links[a, b] = (corners[f, k], corners[f, (k + 1) % 3])
    for (a, b), (p, q) in links.items():
        other = links.get((b, a))
        if other:
            rows += [p, q]
            columns += [other[1], other[0]]
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(3 * m, 3 * m))
    n_fans, _ = connected_components(graph, directed=False)
    return n_fans == len(np.unique(faces))


def assert_closed(mesh, *, fans=True):
    counts, is_oriented = edge_counts(mesh)
    assert (counts == 2).all(), f"{(counts == 1).sum()} open, {(counts > 2).sum()} not manifold"
    assert is_oriented
    if fans:
        assert is_manifold_vertex_everywhere(mesh)


def n_without_area(mesh):
    """Faces that have no area once their corners are 32-bit numbers."""
    a, b, c = mesh.vertices.astype(np.float32).astype(float)[mesh.faces].transpose(1, 0, 2)
    return int((np.linalg.norm(np.cross(b - a, c - a), axis=1) == 0).sum())
