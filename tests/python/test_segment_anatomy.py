"""Presets by anatomy: on the phantom against its own truth, on real scans against what is known."""

import numpy as np
import pytest

import calvaria
from calvaria import Verdict, phantom, segment
from calvaria.errors import EmptyMaskError, SegmentationError
from calvaria.phantom import Scanner, scan

STEP = 2.0


@pytest.fixture(scope="module")
def body():
    return phantom.head(has_table=True, metal_radius_mm=3.0)


@pytest.fixture(scope="module")
def head(body):
    settings = Scanner(
        columns=128,
        rows=136,
        spacing_xy_mm=(STEP, STEP),
        slice_thickness_mm=STEP,
        slice_increment_mm=STEP,
        sigma_mm=0.6,
        seed=3,
    )
    return scan(body, scanner=settings)


def sample(volume, where, n, *, seed=0):
    """Some of the voxels of an array of flags: their places in the array and in space."""
    places = np.argwhere(where)
    chosen = places[np.random.default_rng(seed).choice(len(places), n, replace=False)]
    return tuple(chosen.T), volume.grid.lps_mm_from_ijk(chosen[:, ::-1])


def inside(body, points, *names):
    return np.any([body.signed_distance_mm(name, points) < 0 for name in names], axis=0)


@pytest.fixture(scope="module")
def bone_truth(body, head):
    """Voxels of compact bone, and which bone of the phantom each is truly in."""
    at, points = sample(head, head.values > 700, 1500)
    return at, {
        "skull": inside(body, points, "skull"),
        "mandible": inside(body, points, "mandible"),
        "vertebrae": inside(body, points, "vertebra_c1", "vertebra_c2", "vertebra_c3"),
    }


def test_the_table_and_the_air_are_not_of_the_patient(body, head):
    made = segment.patient(head)
    at, points = sample(head, segment.dilate(made, radius_mm=12.0).values, 1500)
    truly = inside(body, points, "skin") & ~inside(body, points, "airway")
    assert (made.values[at] == truly).mean() > 0.97
    bare = segment.remove_table(head)
    table = segment.threshold(head, lower_hu=-400).values & ~made.values
    far = table & ~segment.margin(made, by_mm=6.0).values
    assert far.sum() > 1000
    assert (bare.values[far] == -1000).all()
    np.testing.assert_array_equal(bare.values[made.values], head.values[made.values])


def test_the_bones_of_the_head_are_told_apart(head, bone_truth):
    at, truly = bone_truth
    skull, jaw, spine = (getattr(segment, n)(head) for n in ("skull", "mandible", "vertebrae"))
    assert [part.names for part in (skull, jaw, spine)] == [
        {1: name} for name in ("skull", "mandible", "vertebrae")
    ]
    assert skull.names == {1: "skull"}
    for name, mask in (("mandible", jaw), ("vertebrae", spine)):
        assert truly[name].sum() > 50
        assert mask.values[at][truly[name]].mean() > 0.93, name
        assert mask.values[at][truly["skull"]].mean() < 0.03, name
    assert skull.values[at][truly["skull"] | truly["mandible"]].mean() > 0.98
    assert skull.values[at][truly["vertebrae"]].mean() < 0.03
    said = [f.message for f in skull.findings if f.code == "segmentation"]
    assert any("half-maximum" in message for message in said)
    assert any("Braincase" in message for message in said)


def test_the_roof_is_the_top_of_the_skull(head):
    roof, whole = segment.calvaria(head), segment.skull(head)
    assert not (roof.values & ~whole.values).any()
    k, j, i = np.nonzero(roof.values)
    heights = head.grid.lps_mm_from_ijk(np.stack([i, j, k], axis=1))[:, 2]
    assert 15 < heights.min() < 50  # about the brow of the phantom, above its Frankfurt plane
    assert heights.max() > 110
    higher = segment.calvaria(head, height_mm=80.0)
    assert 0 < higher.n_voxels < roof.n_voxels


def test_skin_airway_teeth_and_metal(body, head):
    skin, air = segment.skin(head), segment.airway(head)
    at, points = sample(head, segment.dilate(skin, radius_mm=12.0).values, 1000)
    assert (skin.values[at] == inside(body, points, "skin", "airway")).mean() > 0.97
    _, points = sample(head, air.values, 300)
    assert inside(body, points, "airway").mean() > 0.9
    assert air.n_voxels * head.grid.voxel_volume_mm3 > 20_000
    teeth = segment.teeth(head)
    assert np.median(head.values[teeth.values]) > 1553
    metal = segment.metal(head)
    k, j, i = np.nonzero(metal.values)
    places = head.grid.lps_mm_from_ijk(np.stack([i, j, k], axis=1))
    assert len(places) > 5
    assert np.ptp(places, axis=0).max() < 12.0
    assert places[:, 0].mean() > 0  # the lower left molar


def test_a_level_of_ones_own_is_taken(head):
    low, high = (segment.skull(head, lower_hu=hu) for hu in (300, 900))
    assert low.n_voxels > high.n_voxels
    assert any("900 HU, as given" in f.message for f in high.findings)


def test_what_is_not_there_is_said_so(body):
    settings = Scanner(
        columns=128,
        rows=128,
        spacing_xy_mm=(2.0, 2.0),
        slice_thickness_mm=2.0,
        slice_increment_mm=2.0,
        n_slices=40,
        centre_lps_mm=(0.0, 3.0, 75.0),
    )
    vault = scan(phantom.head(), scanner=settings)
    with pytest.raises(SegmentationError, match="mandible"):
        segment.mandible(vault)
    with pytest.raises(SegmentationError, match="vertebrae"):
        segment.vertebrae(vault)
    assert segment.skull(vault).n_voxels > 1000
    ball = scan(
        phantom.sphere(radius_mm=20.0),
        scanner=Scanner(columns=64, rows=64, spacing_xy_mm=(1.0, 1.0)),
    )
    made = segment.skull(ball)
    assert [f.verdict for f in made.findings if "No braincase in the image: all" in f.message] == [
        Verdict.BORDERLINE
    ]
    with pytest.raises(EmptyMaskError):
        segment.airway(ball)


def test_the_plastic_skull_leaves_table_and_solids_behind(calvaria_data):
    zipped = calvaria_data / "philips_head_phantom" / "bone_1mm_tilt0_S2030.zip"
    volume = calvaria.load_series(calvaria.find_series(zipped)[0])
    part = segment.crop(volume, low_ijk=(0, 0, 60), high_ijk=(511, 511, 90))
    made = segment.bone(part)
    inside = part.values[made.values]
    # The solids in the braincase have 80 to 120 HU, the skull 600 to 900.
    assert np.mean((inside > 50) & (inside < 200)) < 0.1
    volume_mm3 = made.n_voxels * part.grid.voxel_volume_mm3
    assert 60_000 < volume_mm3 < 140_000
    i = np.nonzero(made.values)[2]
    assert np.ptp(i) * part.grid.spacing_xyz_mm[0] < 180  # narrower than the table


def test_a_real_cranium_has_the_volume_of_its_own_mask(calvaria_data):
    volume = calvaria.load_invesalius(calvaria_data / "cranium" / "Cranium.inv3")
    one = volume.grid.voxel_volume_mm3
    # InVesalius from 226 to 3071 HU: 653,628 mm3 of voxels, head holder and crumbs among them.
    assert segment.threshold(volume, preset="bone").n_voxels * one == pytest.approx(
        653_628, rel=1e-4
    )
    made = segment.skull(volume, lower_hu=226)
    assert 0.87 * 653_628 < made.n_voxels * one < 653_628
    # Left and right of everything that is out: the holder.
    rest = segment.difference(
        segment.threshold(volume, preset="bone"), segment.margin(made, by_mm=3)
    )
    assert np.median(volume.values[rest.values]) < 700
    with pytest.raises(SegmentationError, match="mandible"):
        segment.mandible(volume)


def test_the_spine_of_a_trunk_is_where_its_labels_are(calvaria_data):
    pytest.importorskip("nibabel")
    volume = calvaria.load_image(calvaria_data / "torso_3mm" / "example_ct.nii.gz", quantity="HU")
    made = segment.vertebrae(volume)
    k, j, i = np.nonzero(made.values)
    places = volume.grid.lps_mm_from_ijk(np.stack([i, j, k], axis=1))
    assert abs(np.median(places[:, 0])) < 15
    assert np.quantile(np.abs(places[:, 0] - np.median(places[:, 0])), 0.95) < 55
    assert 100_000 < made.n_voxels * volume.grid.voxel_volume_mm3 < 500_000


def test_jaws_that_touch_are_told_with_their_area(head, monkeypatch):
    from calvaria.segment import anatomy
    from calvaria.segment.regions import touching_mm2

    # A jaw of 4 x 3 columns beside and 5 x 3 columns below the cranium, in voxels of 0.5 x 0.7 x 2 mm.
    values = np.zeros((8, 9, 10), np.uint8)
    values[4:7, 2:5, 1:6] = 1
    values[2:4, 2:5, 1:6] = 2
    grid = calvaria.Grid(dims_ijk=(10, 9, 8), lps_from_ijk=np.diag([0.5, 0.7, 2.0, 1.0]))
    regions = calvaria.Mask(values=values, grid=grid, names={1: "cranium", 2: "mandible"})
    assert touching_mm2(regions, "mandible", "cranium") == pytest.approx(15 * 0.5 * 0.7)
    values[2:4, 5:6, 1:6], values[4:6, 5:6, 1:5] = 2, 2
    regions = calvaria.Mask(values=values, grid=grid, names={1: "cranium", 2: "mandible"})
    # Two rows of four more, face to face along y.
    assert touching_mm2(regions, "mandible", "cranium") == pytest.approx(
        15 * 0.5 * 0.7 + 8 * 0.5 * 2.0
    )
    assert touching_mm2(regions, "mandible", "vertebrae") == 0
    told = {"touch" in f.message for f in segment.mandible(head).findings}
    parts = segment.bone_regions(head, bone=segment.bone(head))
    assert (True in told) == (touching_mm2(parts, "mandible", "cranium") > 0)
    apart = parts.values.copy()
    apart[parts.values == 1] = 0
    apart[-1, -1, -1] = 1
    away = calvaria.Mask(values=apart, grid=parts.grid, names=parts.names)
    monkeypatch.setattr(anatomy, "bone_regions", lambda *_, **__: away)
    assert not any("touch" in f.message for f in segment.mandible(head).findings)
    low, high = apart.copy(), np.argwhere(apart == 2).max(0)
    low[high[0] + 1] = 1
    near = calvaria.Mask(values=low, grid=parts.grid, names=parts.names)
    monkeypatch.setattr(anatomy, "bone_regions", lambda *_, **__: near)
    found = [f for f in segment.mandible(head).findings if "touch" in f.message]
    assert [f.verdict for f in found] == [Verdict.BORDERLINE]
    assert found[0].measured == pytest.approx((apart[high[0]] == 2).sum() * STEP**2)
