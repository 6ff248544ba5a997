"""Pictures of offsets: lines where the mesh is, the worst where it is, letters, the same bytes."""

import io
import math
from types import SimpleNamespace

import numpy as np
import pytest

from calvaria import Grid, Volume
from calvaria.comparison import measure_deviation
from calvaria.mesh import Mesh, section_mesh, transform_mesh
from mesh_shapes import box, icosphere

pytest.importorskip("matplotlib")

from calvaria import plot
from calvaria._offsets import limit_of, vertex_offsets
from calvaria.plot._colours import UNKNOWN_RGB, rgb_of
from calvaria.plot._frames import frame_at, letters_of

CENTRE = np.array([4.0, -7.0, 31.0])


def ball_scan(affine_of="sheared", radius=14.0):
    """A ball of bone on a tilted, anisotropic grid, blurred over a millimetre."""
    affine = np.diag([0.9, 0.7, 2.0, 1.0])
    if affine_of == "sheared":
        affine[1, 2] = 0.6
    affine[:3, 3] = CENTRE - affine[:3, :3] @ [25, 32, 12]
    grid = Grid(dims_ijk=(51, 65, 25), lps_from_ijk=affine)
    index = np.stack(np.indices(grid.shape_kji)[::-1], axis=-1)
    far = np.linalg.norm(grid.lps_mm_from_ijk(index) - CENTRE, axis=-1) - radius
    values = 1000 / (1 + np.exp(np.clip(far / 0.5, -50, 50)))
    return Volume(values=np.round(values).astype(np.int16), grid=grid)


def dented(radius=14.0):
    """A ball with one dent and one bump, and by how much."""
    sphere = icosphere(1.0, 24)
    offsets = np.zeros(len(sphere.vertices))
    for axis, size in ((0, 1.5), (1, -1.2)):
        offsets += size * np.exp(
            -((np.linalg.norm(sphere.vertices - np.eye(3)[axis], axis=1) / 0.3) ** 2)
        )
    mesh = Mesh(vertices=sphere.vertices * (radius + offsets)[:, None] + CENTRE, faces=sphere.faces)
    return mesh, offsets


def lines_of(axes):
    """Segments of coloured lines (the black rims left out), with colour and width."""
    found = []
    for collection in axes.collections:
        colours = collection.get_colors()
        if len(colours) == 1 and not colours[0][:3].any():
            continue
        for n, segment in enumerate(collection.get_segments()):
            found.append((segment, colours[n % len(colours)][:3], collection.get_linewidths()[0]))
    return found


@pytest.mark.parametrize("kind", ["straight", "sheared"])
@pytest.mark.parametrize("normal", [None, [1.0, 1.0, 0.4]])
def test_the_line_lies_on_the_edge_of_the_image(kind, normal):
    """Truth: half of the bone's value is on the sphere, and the mesh is that sphere."""
    volume = ball_scan(kind)
    mesh = icosphere(14.0, 24, CENTRE)
    figure = plot.plot_contours(
        volume, mesh, normal_lps=normal, centre_lps_mm=CENTRE, window=(500, 1000)
    )
    assert len(figure.axes) == (3 if normal is None else 4)
    for axes in figure.axes:
        image = axes.images[0]
        grey = np.asarray(image.get_array())
        _, across, down, _ = image.get_extent()
        points = np.concatenate([line[0] for line in lines_of(axes)])
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        radii = np.linalg.norm(points - middle, axis=1)
        np.testing.assert_allclose(radii, 14.0, atol=0.06)
        columns = np.clip((points[:, 0] / across * grey.shape[1]).astype(int), 0, grey.shape[1] - 1)
        rows = np.clip((points[:, 1] / down * grey.shape[0]).astype(int), 0, grey.shape[0] - 1)
        on_edge = grey[rows, columns]
        assert np.median(on_edge) == pytest.approx(0.5, abs=0.12)
        # Half a millimetre either way the image is another: the line is on the edge, not near it.
        for way, side in ((0.93, 1), (1.07, -1)):
            moved = middle + (points - middle) * way
            columns = (moved[:, 0] / across * grey.shape[1]).astype(int)
            rows = (moved[:, 1] / down * grey.shape[0]).astype(int)
            assert side * (np.median(grey[rows, columns]) - 0.5) > 0.2


def test_colour_width_and_dashes_tell_inside_from_outside():
    mesh, offsets = dented()
    figure = plot.plot_contours(ball_scan(), mesh, offsets=offsets, tolerance_mm=0.5, limit_mm=1.5)
    axial = figure.axes[0]
    by_width = {}
    for segment, colour, width in lines_of(axial):
        by_width.setdefault(width, []).append((segment.mean(axis=0), colour))
    assert len(by_width) == 2
    thin, thick = (np.array([place for place, _ in by_width[w]]) for w in sorted(by_width))
    # To the patient's left a bump, yellow; to the back a dent, blue: right and below in the picture.
    span = axial.images[0].get_extent()
    middle = np.array([span[1] / 2, span[2] / 2])
    right = [(p, c) for p, c in by_width[max(by_width)] if (p - middle)[0] > 10]
    below = [(p, c) for p, c in by_width[max(by_width)] if (p - middle)[1] > 10]
    assert right and below and len(right) + len(below) == len(thick)
    assert all(c[0] > c[2] for _, c in right) and all(c[2] > c[0] for _, c in below)
    grey = lambda c: np.array(c) @ (0.299, 0.587, 0.114)  # noqa: E731
    assert min(grey(c) for _, c in right) > max(grey(c) for _, c in below) + 0.2
    # The dent's line is broken: its dashes cover about half of its length.
    gaps = np.linalg.norm(np.diff(np.array([p for p, _ in below]), axis=0), axis=1)
    assert gaps.max() > 2.5 * np.median(gaps)
    assert len(thin) > len(thick)


def test_lightness_grows_with_the_offset():
    values = np.linspace(-2, 2, 101)
    grey = rgb_of(values, 1.5) @ (0.299, 0.587, 0.114)
    assert (np.diff(grey)[np.abs(values[:-1]) < 1.45] > 0).all()
    assert tuple(rgb_of(np.array([math.nan]), 1.0)[0]) == UNKNOWN_RGB


def test_the_worst_places_are_the_planted_ones():
    mesh, offsets = dented()
    figure = plot.plot_worst_places(
        ball_scan(), mesh, offsets=offsets, tolerance_mm=0.5, n_places=2, size_mm=20, title="T"
    )
    titles = [axes.get_title() for axes in figure.axes[:2]]
    assert titles[0].startswith("1: +1.50 mm") and titles[1].startswith("2: -1.20 mm")
    for axes in figure.axes[:2]:
        assert len(axes.patches) == 2  # a ring, white in black
        assert axes.patches[0].center == pytest.approx((10, 10), abs=1e-6)
        assert axes.images[0].get_extent() == pytest.approx([0, 20, 20, 0])


def test_the_worst_slices_are_those_through_the_faults():
    mesh, offsets = dented()
    figure = plot.plot_worst_slices(
        ball_scan(),
        mesh,
        offsets=offsets,
        tolerance_mm=0.5,
        n_slices=2,
        view="sagittal",
        step_mm=2.0,
    )
    first = float(figure.axes[0].get_title().split("x = ")[1].split()[0])
    assert first - CENTRE[0] == pytest.approx(14.5, abs=2.0)


@pytest.mark.parametrize(
    ("normal", "right", "down"),
    [([0, 0, 1], "L", "P"), ([0, 0, -1], "L", "P"), ([0, 1, 0], "L", "I"), ([1, 0, 0], "P", "I")],
)
def test_planes_are_seen_as_radiologists_see_them(normal, right, down):
    points = np.array([[-10, -20, -30], [10, 20, 30.0]])
    frame = frame_at(np.zeros(3), np.array(normal, float), around=points)
    assert (frame.letters[1], frame.letters[3]) == (right, down)
    assert letters_of(np.array([0.7, 0.0, -0.7])) in {"LI", "IL"}


def test_lines_are_those_of_the_section():
    mesh = box((6.0, 8.0, 10.0), 4)
    frame = frame_at(
        np.array([3, 4, 5.0]), np.array([1, 2, 3.0]), around=mesh.vertices, margin_mm=2
    )
    section = section_mesh(mesh, point_lps_mm=[3, 4, 5], normal_lps=[1, 2, 3])
    length = sum(line.length_mm for line in section.contours)
    assert sum(line.length_mm for line in frame.contours(mesh)) == pytest.approx(length)
    flat = frame.on_plane(np.concatenate([line.points_lps_mm for line in frame.contours(mesh)]))
    assert (flat >= 2 - 1e-9).all() and (flat <= np.array(frame.span) - 2 + 1e-9).all()


def test_points_on_the_faces_are_handed_to_the_vertices():
    """As the metrics of an overlay have them; a thin wall keeps its two sides apart."""
    wall = box((20.0, 20.0, 0.5), 20)
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, len(wall.faces), 6000)
    shares = rng.dirichlet((1, 1, 1), 6000)
    points = (wall.vertices[wall.faces[chosen]] * shares[:, :, None]).sum(axis=1)
    values = np.where(points[:, 2] > 0.49, 0.3, np.where(points[:, 2] < 0.01, -0.3, np.nan))
    made = vertex_offsets(wall, SimpleNamespace(points_lps_mm=points, offset_mm=values))
    inner = (np.abs(wall.vertices[:, :2] - 10) < 8).all(axis=1)
    high = wall.vertices[:, 2] > 0.49
    np.testing.assert_allclose(made[inner & high], 0.3)
    np.testing.assert_allclose(made[inner & ~high], -0.3)
    hidden = SimpleNamespace(
        points_lps_mm=points, offset_mm=np.full(6000, 9.0), is_measured=np.zeros(6000, bool)
    )
    assert np.isnan(vertex_offsets(wall, hidden)).all()
    with pytest.raises(ValueError, match="one for each of"):
        vertex_offsets(wall, [1.0, 2.0])


def test_numbers_in_the_charts_are_right():
    mesh, offsets = dented()
    found = measure_deviation(mesh, reference=icosphere(14.0, 24, CENTRE), tolerance_mm=0.5)
    figure = plot.plot_offset_histogram(found)
    text = figure.axes[0].texts[0].get_text()
    assert f"mean {found.mean_mm:+.3f} mm" in text and f"SD {found.sd_mm:.3f} mm" in text
    assert f"p95 of |offset| {found.p95_mm:.3f} mm" in text
    assert f"{found.percent_within:.1f} % within 0.5 mm" in text
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert sum(heights) == pytest.approx(100.0)
    figure = plot.plot_slice_profile(found, view="sagittal", step_mm=1.0)
    means, farthest = figure.axes[0].lines[:2]
    x = np.floor(mesh.vertices[:, 0])
    for place, mean in zip(means.get_xdata(), means.get_ydata(), strict=True):
        assert mean == pytest.approx(found.offset_mm[x == math.floor(place)].mean())
    assert np.nanmax(farthest.get_ydata()) == pytest.approx(found.range_mm[1])
    plain = plot.plot_slice_profile(offsets, mesh=mesh, tolerance_mm=0.5)
    assert plain.axes[0].get_xlabel().startswith("z, mm")
    with pytest.raises(ValueError, match="mesh: the mesh of plain offsets"):
        plot.plot_slice_profile(offsets, tolerance_mm=0.5)
    with pytest.raises(ValueError, match="tolerance_mm"):
        plot.plot_offset_histogram(offsets)


def test_the_surface_shows_the_faults_on_their_sides():
    mesh, offsets = dented()
    figure = plot.plot_surface(mesh, offsets=offsets, limit_mm=1.5)
    names = [axes.get_title(loc="left") for axes in figure.axes[:6]]
    pictures = {name: np.asarray(axes.images[0].get_array()).astype(int)
                for name, axes in zip(names, figure.axes[:6], strict=True)}  # fmt: skip
    assert names[1] == "from the left" and names[2] == "from behind"
    middle = {
        name: picture[195:205, 195:205].reshape(-1, 3).mean(axis=0)
        for name, picture in pictures.items()
    }
    assert middle["from the left"][0] > middle["from the left"][2] + 60  # a bump: yellow
    assert middle["from behind"][2] > middle["from behind"][0] + 60  # a dent: blue
    assert np.ptp(middle["from the front"]) < 15  # grey
    letters = [text.get_text() for text in figure.axes[1].texts[:4]]
    assert letters == ["A", "P", "S", "I"]


def test_limits_are_round_and_can_be_asked_for():
    values = np.concatenate([np.full(99, 0.34), [9.0]])
    assert limit_of(values, None) == pytest.approx(0.5)
    assert limit_of(values, 2.0) == 2.0
    assert limit_of(np.zeros(5), None) == 0.1
    with pytest.raises(ValueError, match="limit_mm"):
        limit_of(values, 0.0)


def test_what_cannot_be_drawn_is_refused_by_name():
    mesh, offsets = dented()
    for wrong in (np.zeros((2, 3)), 1.0, [0.1, np.inf]):
        with pytest.raises(ValueError, match="offsets"):
            plot.plot_offset_histogram(wrong, tolerance_mm=0.5)
    volume = Volume(
        values=np.zeros((4, 5, 6), np.int16), grid=Grid(dims_ijk=(6, 5, 4), lps_from_ijk=np.eye(4))
    )
    for asked in (
        {"window": (np.nan, 1)},
        {"window": 5},
        {"window": (0, np.inf)},
        {"margin_mm": -50},
        {"margin_mm": np.nan},
    ):
        with pytest.raises(ValueError, match=next(iter(asked))):
            plot.plot_contours(volume, mesh, **asked)
    with pytest.raises(ValueError, match="step_mm"):
        plot.plot_slice_profile(offsets, mesh=mesh, step_mm=np.inf, tolerance_mm=0.5)


def pictures_of(mesh, offsets, volume):
    asked = {"offsets": offsets, "tolerance_mm": 0.5}
    yield plot.plot_contours(volume, mesh, normal_lps=[1, 1, 1], **asked)
    yield plot.plot_worst_places(volume, mesh, **asked)
    yield plot.plot_worst_slices(volume, mesh, **asked)
    yield plot.plot_offset_histogram(offsets, tolerance_mm=0.5)
    yield plot.plot_slice_profile(offsets, mesh=mesh, tolerance_mm=0.5)
    yield plot.plot_surface(mesh, offsets=offsets)


def test_the_same_input_gives_the_same_bytes_and_no_name():
    from PIL import Image

    mesh, offsets = dented()
    offsets[:40] = np.nan
    runs = []
    for _ in range(2):
        files = []
        for figure in pictures_of(mesh, offsets, ball_scan()):
            file = io.BytesIO()
            figure.savefig(file, format="png")
            files.append(file.getvalue())
            with Image.open(file) as image:
                assert set(image.info) <= {"Software", "dpi"}
        runs.append(files)
    assert runs[0] == runs[1]


def test_every_picture_of_an_image_has_letters_a_bar_and_its_window():
    mesh, offsets = dented()
    volume = ball_scan()
    for figure in list(pictures_of(mesh, offsets, volume))[:3]:
        panels = [axes for axes in figure.axes if axes.get_title()]
        assert panels
        for axes in panels:
            texts = [text.get_text() for text in axes.texts]
            assert all(set(text) <= set("RLAPSI") for text in texts[:4])
            assert texts[4].endswith(" mm")
            assert np.ptp(axes.lines[-1].get_xdata()) == pytest.approx(float(texts[4].split()[0]))
        words = " ".join(text.get_text() for text in figure.texts)
        assert "level 500 HU, width 2500 HU" in words and "within 0.5 mm" in words
    moved = transform_mesh(mesh, matrix=np.diag([1.0, 1, 1, 1]))
    with pytest.raises(ValueError, match="normal"):
        plot.plot_contours(volume, moved, normal_lps=[0, 0, 0])
    with pytest.raises(ValueError, match="at least one that was measured"):
        plot.plot_worst_places(volume, mesh, offsets=np.full(len(offsets), np.nan), tolerance_mm=1)
