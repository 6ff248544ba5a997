"""Noisy scans: the offset holds, or it is said that it may not."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from calvaria import Mesh, compare_to_image, extract_surface, phantom
from calvaria.overlay import check_overlay
from overlay_bodies import (
    CENTRE,
    OBLIQUE,
    ball_mesh,
    blurred_ball,
    grid_about,
    image,
    places,
)

RADIUS = 10.0
EDGES = ("half_maximum", "gradient_maximum")
SHIFTS = {8: -1.0, 12: 1.0, 20: 0.5}


def blurred_disc(distance, sigma):
    """A disc blurred by a Gaussian, summed over strips: exact but for the width of a strip."""
    middle = (np.arange(400) + 0.5) / 400 * 2 * RADIUS - RADIUS
    half = np.sqrt(RADIUS**2 - middle**2)
    reach = np.linspace(0, RADIUS + 14, 400)
    weight = np.exp(-((reach[:, None] - middle) ** 2) / 2 / sigma**2)
    share = weight * (2 * ndtr(half / sigma) - 1) / (sigma * np.sqrt(2 * np.pi))
    return np.interp(distance, reach, share.sum(axis=1) * 2 * RADIUS / 400)


def cylinder_mesh(radius, n=160):
    z, phi = np.meshgrid(np.linspace(-4, 4, 20), np.arange(n) * 2 * np.pi / n, indexing="ij")
    size = radius * (1 + (np.pi / n) ** 2 / 3)
    points = np.stack([size * np.cos(phi), size * np.sin(phi), z], -1).reshape(-1, 3)
    at = np.arange(20 * n).reshape(20, n)
    a, b, c, d = at[:-1], np.roll(at, -1, 1)[:-1], at[1:], np.roll(at, -1, 1)[1:]
    faces = np.stack([a, b, c, b, d, c], -1).reshape(-1, 3)
    return Mesh(vertices=points + CENTRE, faces=faces)


def noisy(body, spacing, sigma, ratio, *, alike_mm=0.0, contrast=600.0):
    grid = grid_about(2 * RADIUS + 14, spacing, turn=OBLIQUE)
    points = places(grid)
    share = (
        blurred_ball(points, RADIUS, sigma)
        if body == "ball"
        else blurred_disc(np.hypot(points[:, 0], points[:, 1]), sigma)
    )
    noise = np.random.default_rng(5).normal(size=grid.shape_kji)
    if alike_mm:
        noise = gaussian_filter(noise, alike_mm / spacing)
    noise *= 1 / ratio / noise.std()
    return image(grid, share + noise.ravel(), high=40 + contrast, low=40)


def meshed(body, shift):
    return ball_mesh(RADIUS + shift) if body == "ball" else cylinder_mesh(RADIUS + shift)


def codes(found):
    return [one.code for one in found.findings]


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("ratio", [8, 12, 20])
@pytest.mark.parametrize("sigma", [0.4, 0.8, 1.3])
@pytest.mark.parametrize(("spacing", "allowed"), [(0.5, 0.05), (1.0, 0.1)])
@pytest.mark.parametrize("body", ["ball", "cylinder"])
def test_noise_does_not_read_a_mesh_short(body, spacing, allowed, sigma, ratio, edge):
    shift = SHIFTS[ratio]
    volume = noisy(body, spacing, sigma, ratio)
    found = compare_to_image(meshed(body, shift), volume, edge=edge, n_samples=1500)
    off = found.offset_mm[found.is_measured] - shift
    assert found.summary.measured_fraction > 0.98
    assert abs(off.mean()) < allowed
    in_units = off / found.uncertainty_mm[found.is_measured]
    assert np.mean(np.abs(in_units) < 2) > 0.85
    # Not so cautious that it says nothing.
    assert in_units.std() > 0.4
    assert "overlay_noise" not in codes(found)
    assert found.voxel_noise == pytest.approx(600 / ratio, rel=0.25)
    # At 1 mm a blur of 0.4 mm is finer than the voxels.
    blur = sigma if spacing < 1 or sigma > 0.4 else 0.48
    assert found.blur_in_plane_mm == pytest.approx(blur, rel=0.15)


@pytest.mark.parametrize("sigma", [0.4, 0.8, 1.3])
@pytest.mark.parametrize("edge", EDGES)
def test_noise_that_is_alike_over_voxels_does_not_either(sigma, edge):
    volume = noisy("cylinder", 0.5, sigma, 8, alike_mm=0.5)
    found = compare_to_image(meshed("cylinder", 1.0), volume, edge=edge, n_samples=1500)
    off = found.offset_mm[found.is_measured] - 1.0
    assert abs(off.mean()) < 0.1 or "overlay_noise" in codes(found)
    assert np.mean(np.abs(off / found.uncertainty_mm[found.is_measured]) < 2) > 0.8


@pytest.mark.parametrize("alike_mm", [0.5, 0.8])
@pytest.mark.parametrize(("sigma", "ratio"), [(1.0, 24), (1.0, 60), (1.3, 60), (0.6, 100)])
@pytest.mark.parametrize("edge", EDGES)
def test_quiet_noise_that_is_alike_is_in_the_uncertainty(alike_mm, sigma, ratio, edge):
    # Neighbours differ by no more than whole numbers do: only two thirds were within, before.
    volume = noisy("cylinder", 0.5, sigma, ratio, alike_mm=alike_mm)
    found = compare_to_image(meshed("cylinder", 0.2), volume, edge=edge, n_samples=1500)
    off = found.offset_mm[found.is_measured] - 0.2
    assert abs(off.mean()) < 0.02
    in_units = off / found.uncertainty_mm[found.is_measured]
    assert np.mean(np.abs(in_units) < 2) > 0.86
    # Of noise that is alike over more than the voxels told apart, up to four tenths stay unseen.
    assert 0.55 < found.voxel_noise * ratio / 600 < 1.3


@pytest.mark.parametrize("ratio", [2, 4])
def test_more_noise_than_was_tried_is_said(ratio):
    volume = noisy("ball", 1.0, 0.8, ratio)
    found = compare_to_image(meshed("ball", 1.0), volume, n_samples=1500)
    (told,) = (one for one in found.findings if one.code == "overlay_noise")
    assert told.verdict.name == "UNPROVEN"
    assert told.measured == pytest.approx(100 / ratio, rel=0.15)
    assert told.limit
    assert str(round(told.measured)) in told.message
    report = check_overlay(found, profile="education")
    assert report["overlay_noise"] == told
    assert report.verdict.name != "PASS"


def test_a_quiet_scan_is_taken_as_it_is():
    found = compare_to_image(
        meshed("ball", 0.2), noisy("ball", 0.5, 0.6, 60, contrast=1000), n_samples=1500
    )
    assert found.smoothed_mm == 0.0
    assert found.steepness is None
    assert "overlay_noise" not in codes(found)
    scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    ball = phantom.scan(phantom.sphere(radius_mm=8.0), scanner=scanner)
    found = compare_to_image(extract_surface(ball, iso_hu=0.0), ball, n_samples=1500)
    assert found.smoothed_mm == 0.0
    assert found.voxel_noise < 20


def test_padding_and_the_end_of_the_scale_stay_what_they_are_when_smoothed():
    volume = noisy("ball", 0.5, 0.8, 10)
    values = volume.values.copy()
    points = places(volume.grid).reshape(*volume.grid.shape_kji, 3)
    values[points[..., 0] > 4.0] = -2000
    values[np.linalg.norm(points - (0.5 - RADIUS, 0, 0), axis=-1) < 1.5] = 3071
    changed = type(volume)(values=values, grid=volume.grid)
    found = compare_to_image(meshed("ball", 0.0), changed, n_samples=1500)
    assert found.smoothed_mm > 0
    x = found.points_lps_mm[:, 0] - CENTRE[0]
    assert not found.is_measured[x > 4.5].any()
    assert np.abs(found.offset_mm[(np.abs(x) < 1.0)]).max() < 0.5
    assert abs(np.nanmean(found.offset_mm[np.abs(x) < 1.0])) < 0.05
    names = {status for status, share in found.status_fractions.items() if share > 0.0}
    assert {"outside", "saturated"} <= names
