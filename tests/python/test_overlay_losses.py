"""Surface that a mesh lacks: each planted loss is named by its cause."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from calvaria import Grid, Mesh, Volume, extract_surface
from calvaria.overlay import LostCause, check_overlay, find_lost_surface, measure_overlay

SPACING, BLUR_MM = 0.8, 0.6


def scanned(*bodies, half_mm=26.0, noise=8.0):
    """Bodies, each a distance in mm of places (x, y, z), negative inside, and a value; blurred."""
    n = int(2 * half_mm / SPACING)
    affine = np.diag([SPACING] * 3 + [1.0])
    affine[:3, 3] = -(n - 1) / 2 * SPACING + 0.07
    axis = affine[0, 3] + SPACING * np.arange(n)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    hu = np.zeros((n, n, n))
    for distance, value in bodies:
        share = np.clip(0.5 - distance(x, y, z) / SPACING, 0, 1)
        hu += share * (value - hu)
    hu = gaussian_filter(hu, BLUR_MM / SPACING)
    hu += np.random.default_rng(4).normal(0, noise, hu.shape)
    return Volume(
        values=np.rint(hu).astype(np.int16), grid=Grid(dims_ijk=(n, n, n), lps_from_ijk=affine)
    )


def ball(radius, at=(0.0, 0.0, 0.0)):
    return lambda x, y, z: np.sqrt((x - at[0]) ** 2 + (y - at[1]) ** 2 + (z - at[2]) ** 2) - radius


def slab(low, high):
    def distance(x, y, z):
        return np.max(
            [np.maximum(a - one, one - b) for one, a, b in zip((x, y, z), low, high, strict=True)],
            axis=0,
        )

    return distance


def without(mesh, is_gone):
    """The mesh without faces whose middles are told by their place."""
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    return Mesh(vertices=mesh.vertices, faces=mesh.faces[~is_gone(*middles.T)])


@pytest.fixture(scope="module")
def solid():
    volume = scanned((ball(18.0), 1000.0))
    return extract_surface(volume, iso_hu=500.0), volume


GONE = {
    "plane": (lambda x, y, z: x + 0.8 * y + 0.5 * z > 10.0, LostCause.PLANE),
    "slices": (lambda x, y, z: z > 6.0, LostCause.FIELD_OF_VIEW),
    "columns": (lambda x, y, z: x < -5.0, LostCause.FIELD_OF_VIEW),
    "hole": (lambda x, y, z: (y > 0) & (np.hypot(x - 2, z) < 6.0), LostCause.HOLE),
    "by hand": (
        lambda x, y, z: z > 4.0 + 4.0 * np.sin(3 * np.arctan2(y, x)),
        LostCause.MASK,
    ),
}


@pytest.mark.parametrize(("is_gone", "cause"), GONE.values(), ids=GONE)
def test_what_was_cut_is_told_by_how_the_mesh_ends(solid, is_gone, cause):
    mesh, volume = solid
    lost = find_lost_surface(without(mesh, is_gone), volume)
    (place,) = lost.places
    assert place.cause is cause, place
    assert lost.by_cause_mm2 == {cause.value: pytest.approx(lost.lost_mm2)}
    assert place.why
    assert lost.to_dict()["places"][0]["cause"] == cause.value


def test_a_lid_on_the_cut_does_not_hide_it(solid):
    _, volume = solid
    _, _, k = np.rint(volume.grid.ijk_from_lps_mm([[0.0, 0.0, 6.0]])[0]).astype(int)
    lower = Volume(
        values=volume.values[:k],
        grid=Grid(
            dims_ijk=(*volume.grid.dims_ijk[:2], int(k)), lps_from_ijk=volume.grid.lps_from_ijk
        ),
    )
    lidded = extract_surface(lower, iso_hu=500.0)
    # As a file has it: nothing says which faces are lids.
    bare = Mesh(vertices=lidded.vertices, faces=lidded.faces)
    (place,) = find_lost_surface(bare, volume, iso_hu=500.0).places
    assert place.cause is LostCause.FIELD_OF_VIEW, place


def test_the_wall_of_a_hollow_that_was_filled_and_parts_that_were_removed():
    def tunnel(x, y, z):
        return np.maximum(np.hypot(x, y) - 2.5, -z)

    volume = scanned(
        (ball(18.0), 1000.0),
        (ball(11.0), 0.0),
        (tunnel, 0.0),
        (ball(3.0, (21.5, -21.5, 0.0)), 1000.0),
    )
    whole = scanned((ball(18.0), 1000.0))
    lost = find_lost_surface(extract_surface(whole, iso_hu=500.0), volume, iso_hu=500.0)
    assert lost.places[0].cause is LostCause.CLOSED, lost.places
    assert lost.places[0].area_mm2 == pytest.approx(4 * np.pi * 11.0**2, rel=0.15)
    (other,) = lost.others
    assert other.cause is LostCause.ISLAND
    assert other.area_mm2 == pytest.approx(4 * np.pi * 3.0**2, rel=0.15)
    assert other.evidence["volume_mm3"] == pytest.approx(4 / 3 * np.pi * 27, rel=0.2)
    closed = scanned((ball(18.0), 1000.0), (ball(9.0), 0.0))
    (hollow,) = find_lost_surface(extract_surface(whole, iso_hu=500.0), closed, iso_hu=500.0).others
    assert hollow.cause is LostCause.CLOSED
    assert hollow.evidence["volume_mm3"] == pytest.approx(-4 / 3 * np.pi * 9**3, rel=0.05)


def test_thin_bone_and_a_wrong_level_are_told_apart_by_the_thickness_of_the_wall():
    fin = slab((-0.35, 14.0, -9.0), (0.35, 25.0, 9.0))
    soft = slab((-9.0, -25.0, -9.0), (9.0, -14.0, 9.0))
    volume = scanned((soft, 420.0), (fin, 1000.0), (ball(18.0), 1000.0), half_mm=30.0)
    mesh = extract_surface(volume, iso_hu=600.0)
    lost = find_lost_surface(mesh, volume, iso_hu=250.0)
    causes = {np.sign(place.centre_lps_mm[1]): place.cause for place in lost.places}
    assert causes[1] is LostCause.THIN_BONE, lost.places
    assert causes[-1] is LostCause.WRONG_LEVEL, lost.places


def test_the_finding_says_the_cause(solid):
    mesh, volume = solid
    cut = without(mesh, GONE["plane"][0])
    overlay = measure_overlay(cut, volume, n_samples=8000)
    finding = check_overlay(overlay, profile="education")["overlay_lost"]
    assert "cut by a plane" in finding.message
    assert finding.details["by_cause_cm2"] == {"cut by a plane": pytest.approx(finding.measured)}
    assert all("cut by a plane" in place for place in finding.places)
