"""A thin coat of mucosa or skin between bone and air does not push the edge of the bone outwards."""

import numpy as np
import pytest
from scipy.special import ndtr

from calvaria import Volume, compare_to_image
from overlay_bodies import OBLIQUE, ball_mesh, blurred_ball, grid_about, places

RADIUS = 14.0
BONE, AIR = 1200.0, -1000.0


def coated(*, coat=45.0, sigma=0.5, spacing=0.5, noise=15.0, size=17.0, aside=2.6, **of_grid):
    """A ball of bone, out of the middle of a ball of soft tissue in air: exact but for noise.

    The coat is from 0.4 to 5.6 mm thick.  A coat of one thickness everywhere could not be told from blur.
    """
    grid = grid_about(2 * size + 18, spacing, **of_grid)
    at = places(grid)
    values = AIR + (BONE - coat) * blurred_ball(at, RADIUS, sigma)
    values += (coat - AIR) * blurred_ball(at - (0.0, aside, 0.0), size, sigma)
    values += np.random.default_rng(5).normal(0.0, noise, values.shape)
    return Volume(values=np.rint(values).astype(np.int16).reshape(grid.shape_kji), grid=grid)


def thickness(found, *, size=17.0, aside=2.6):
    """How thick the coat is at each sample, along the normal."""
    out = found.normals
    at = RADIUS * out - (0.0, aside, 0.0)
    along = (at * out).sum(axis=1)
    return -along + np.sqrt(along**2 - (at * at).sum(axis=1) + size**2)


def by_thickness(found, shift=0.0):
    """Mean error where the coat is thin, medium and thick."""
    coat, error = thickness(found), found.offset_mm - shift
    ranges = ((0.35, 0.55), (0.55, 0.8), (0.8, 1.2), (1.2, 2.0), (2.0, 4.0), (4.0, 6.0))
    return [float(np.nanmean(error[(coat >= low) & (coat < high)])) for low, high in ranges]


@pytest.mark.parametrize(
    "of_grid", [{}, {"turn": OBLIQUE, "shear": 0.2}], ids=["straight", "sheared"]
)
def test_bone_under_a_coat_is_where_it_is(of_grid):
    volume = coated(**of_grid)
    for shift in (0.0, 0.3):
        found = compare_to_image(ball_mesh(RADIUS + shift), volume, n_samples=20_000)
        assert found.summary.measured_fraction > 0.98
        assert np.abs(by_thickness(found, shift)).max() < 0.03


@pytest.mark.parametrize("coat", [0.0, 100.0])
def test_what_the_coat_is_made_of_need_not_be_known_well(coat):
    found = compare_to_image(ball_mesh(RADIUS), coated(coat=coat), n_samples=20_000)
    assert np.abs(by_thickness(found)).max() < 0.04


@pytest.mark.parametrize("noise", [5.0, 15.0, 40.0])
@pytest.mark.parametrize(("sigma", "spacing"), [(0.4, 0.5), (0.5, 0.5), (0.7, 1.0)])
def test_bare_bone_in_air_is_given_no_coat(sigma, spacing, noise):
    volume = coated(size=RADIUS, aside=0.0, sigma=sigma, spacing=spacing, noise=noise)
    found = compare_to_image(ball_mesh(RADIUS), volume, n_samples=3000)
    assert np.mean(found.outside[found.is_measured] < -700) > 0.94
    assert abs(found.summary.mean_mm) < (0.02 if spacing < 1 else 0.05)


@pytest.mark.parametrize("noise", [5.0, 15.0, 30.0])
def test_bone_that_is_bare_on_one_side_is_given_no_coat_there(noise):
    """A ball half in soft tissue and half in air: exact but near where the tissue ends."""
    grid = grid_about(2 * RADIUS + 18, 0.5)
    at = places(grid)
    ball, tissue = blurred_ball(at, RADIUS, 0.5), ndtr((at[:, 1] - 2.0) / 0.5)
    values = AIR + (BONE - AIR) * ball + (45.0 - AIR) * tissue * (1 - ball)
    values += np.random.default_rng(7).normal(0.0, noise, values.shape)
    volume = Volume(values=np.rint(values).astype(np.int16).reshape(grid.shape_kji), grid=grid)
    found = compare_to_image(ball_mesh(RADIUS), volume, n_samples=20_000)
    bare = found.is_measured & (RADIUS * found.normals[:, 1] < -2.0)
    assert np.mean(found.outside[bare] < -700) > 0.97
    assert abs(found.offset_mm[bare].mean()) < 0.02
