"""Pictures: the right place, the right shape, the right side, and no name."""

import numpy as np
import pytest

from calvaria import Grid, Volume
from lopsided import lopsided

pytest.importorskip("matplotlib")

from calvaria.plot import plot_planes


def marked(affine, dims, point_lps_mm, radius_mm=3.0):
    """Air with a ball of bone at a point."""
    grid = Grid(dims_ijk=dims, lps_from_ijk=affine)
    index = np.stack(np.indices(grid.shape_kji)[::-1], axis=-1)
    distance = np.linalg.norm(grid.lps_mm_from_ijk(index) - np.asarray(point_lps_mm), axis=-1)
    return Volume(values=np.where(distance <= radius_mm, 1500, -1000).astype(np.int16), grid=grid)


def turned(angles=(0.4, -0.3, 0.2), spacing=(0.8, 0.6, 1.5), shear=0.0):
    a, b, c = angles
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    steps = rz @ ry @ rx @ np.diag(spacing)
    steps[:, 2] += shear * steps[:, 1]
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:3, 3] = [-20, 15, 100]
    return affine


def bright_centre_mm(axes):
    """Middle of the bright pixels of a cut, mm from its left and its upper edge."""
    image = axes.images[0]
    left, right, bottom, top = image.get_extent()
    grey = np.asarray(image.get_array())
    rows, columns = np.nonzero(grey > 0.95)
    assert len(rows)
    x = left + (columns.mean() + 0.5) / grey.shape[1] * (right - left)
    y = top + (rows.mean() + 0.5) / grey.shape[0] * (bottom - top)
    return x, y


@pytest.mark.parametrize(
    "affine",
    [
        np.diag([0.8, 0.6, 1.5, 1.0]),
        np.diag([-0.8, -0.6, 1.5, 1.0]),
        turned(),
        turned(shear=0.5),
        turned()[:, [2, 0, 1, 3]],
    ],
    ids=["straight", "left-handed", "oblique", "sheared", "permuted"],
)
def test_a_ball_is_drawn_where_it_lies_and_round(affine):
    dims = (60, 70, 40)
    grid = Grid(dims_ijk=dims, lps_from_ijk=affine)
    ball = grid.lps_mm_from_ijk([[38, 25, 24]])[0]
    volume = marked(affine, dims, ball, radius_mm=5.0)
    figure = plot_planes(volume, centre_lps_mm=ball, window=(0, 2000))
    ends = [(0, n - 1) for n in dims]
    corners = grid.lps_mm_from_ijk([[i, j, k] for i in ends[0] for j in ends[1] for k in ends[2]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    x, y, z = ball
    # Axial: left edge is the patient's right, upper edge anterior; of the others superior.
    wanted = [
        (x - low[0], y - low[1]),
        (x - low[0], high[2] - z),
        (y - low[1], high[2] - z),
    ]
    for axes, place in zip(figure.axes, wanted, strict=True):
        np.testing.assert_allclose(bright_centre_mm(axes), place, atol=0.6)
        image = axes.images[0]
        across, down = image.get_extent()[1], image.get_extent()[2]
        grey = np.asarray(image.get_array())
        rows, columns = np.nonzero(grey > 0.5)
        # What is masked outside is grey too: look near the ball only.
        near = (
            np.hypot(
                (columns + 0.5) / grey.shape[1] * across - place[0],
                (rows + 0.5) / grey.shape[0] * down - place[1],
            )
            < 9
        )
        wide = np.ptp(columns[near]) / grey.shape[1] * across
        tall = np.ptp(rows[near]) / grey.shape[0] * down
        assert wide == pytest.approx(tall, abs=2.2)
        assert wide == pytest.approx(10, abs=2.2)


def test_all_cuts_have_one_scale_and_letters_on_the_right_sides():
    figure = plot_planes(lopsided("sheared"))
    size = figure.get_size_inches()
    scales = []
    for axes in figure.axes:
        box = axes.get_position()
        across, down = axes.images[0].get_extent()[1:3]
        scales += [box.width * size[0] / across, box.height * size[1] / down]
    assert max(scales) == pytest.approx(min(scales), rel=1e-9)
    letters = [[t.get_text() for t in axes.texts[:4]] for axes in figure.axes]
    assert letters == [["R", "L", "A", "P"], ["R", "L", "S", "I"], ["A", "P", "S", "I"]]


def test_the_scale_bar_has_the_length_it_says():
    figure = plot_planes(marked(np.diag([0.8, 0.6, 1.5, 1.0]), (60, 70, 40), (20, 20, 30)))
    for axes in figure.axes:
        bar = axes.lines[-1]  # on its black rim
        length = np.ptp(bar.get_xdata())
        assert axes.texts[4].get_text() == f"{length:g} mm"
        assert length in {1, 2, 5, 10, 20, 50, 100}


def test_the_window_is_in_the_caption_and_outside_is_grey():
    figure = plot_planes(lopsided("sheared"), window=(40, 400))
    assert any("level 40 HU, width 400 HU" in text.get_text() for text in figure.texts)
    greys = np.asarray(figure.axes[0].images[0].get_array())
    assert greys[0, 0] == pytest.approx(0.82)
    with pytest.raises(ValueError, match="window"):
        plot_planes(lopsided("sheared"), window=(40, 0))
    with pytest.raises(ValueError, match="a point in the image"):
        plot_planes(lopsided("sheared"), centre_lps_mm=(0, 0, 0))


def test_a_single_slice_is_drawn_too():
    grid = Grid(dims_ijk=(30, 20, 1), lps_from_ijk=np.diag([1.0, 1.0, 5.0, 1.0]))
    figure = plot_planes(Volume(values=np.zeros((1, 20, 30), np.int16), grid=grid))
    assert [a.get_title().split(",")[0] for a in figure.axes] == ["axial", "coronal", "sagittal"]


def test_a_picture_says_nothing_but_the_program(tmp_path):
    from PIL import Image

    plot_planes(lopsided("right-handed")).savefig(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert set(image.info) <= {"Software", "dpi"}
