"""Real scanners, judged by what is known about the objects in them."""

import hashlib
import warnings
import zipfile

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, label
from scipy.spatial import cKDTree

import calvaria
from calvaria.errors import CalvariaError, CalvariaWarning

LOSSLESS = [
    ".dcm",
    "1.2.840.10008.1.2.dcm",
    "1.2.840.10008.1.2.1.dcm",
    "1.2.840.10008.1.2.1.99.dcm",
    "1.2.840.10008.1.2.2.dcm",
    "1.2.840.10008.1.2.4.57.dcm",
    "1.2.840.10008.1.2.4.70.dcm",
    "1.2.840.10008.1.2.4.80.dcm",
    "1.2.840.10008.1.2.4.90.dcm",
    "1.2.840.10008.1.2.5.dcm",
]


def load_quietly(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)
        return calvaria.load_series(path)


@pytest.mark.parametrize("ending", LOSSLESS)
def test_lossless_transfer_syntaxes_decode_to_the_same_pixels(calvaria_data, ending):
    files = sorted((calvaria_data / "transfer_syntaxes").glob("CTImage.dcm*"))
    ends = [f"_{ending}" if ending != ".dcm" else "CTImage.dcm"]
    (file,) = [file for file in files if file.name.endswith(tuple(ends))]
    stored = load_quietly(file).values.astype(np.int32) + 1024
    assert hashlib.md5(stored.tobytes()).hexdigest().startswith("e700ed22")


@pytest.mark.parametrize("process", ["JPEGProcess6_8", "JPEGProcess10_12", "JPEGProcess2_4"])
def test_jpeg_that_cannot_be_decoded_is_refused_by_name(calvaria_data, process):
    (file,) = (calvaria_data / "transfer_syntaxes").glob(f"*{process}*")
    with pytest.raises(CalvariaError, match=r"JPEG .*(retired|12-bit lossy)"):
        calvaria.load_series(file)


def surface_points_lps_mm(volume, level_hu=300.0):
    """Points where the value crosses the level between neighbours, on the largest bone."""
    values = volume.values.astype(np.float32)
    mask = values >= level_hu
    labels, _n = label(mask)
    sizes = np.bincount(labels.ravel())
    largest = labels == (1 + np.argmax(sizes[1:]))
    shell = largest & ~binary_erosion(largest)
    points = []
    for axis in range(3):
        for step in (1, -1):
            here = np.argwhere(shell)
            there = here.copy()
            there[:, axis] += step
            inside = (there[:, axis] >= 0) & (there[:, axis] < values.shape[axis])
            here, there = here[inside], there[inside]
            a, b = values[tuple(here.T)], values[tuple(there.T)]
            crossing = b < level_hu
            here, there, a, b = here[crossing], there[crossing], a[crossing], b[crossing]
            points.append(here + ((a - level_hu) / (a - b))[:, None] * (there - here))
    kji = np.concatenate(points)
    return volume.grid.lps_mm_from_ijk(kji[:, ::-1])


def rigid(source, target):
    a, b = source.mean(0), target.mean(0)
    u, _, vt = np.linalg.svd((source - a).T @ (target - b))
    turn = vt.T @ np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    return turn, b - turn @ a


def trimmed_icp_rms_mm(source, target, *, keep=0.8, iterations=60):
    tree = cKDTree(target)
    moved = source - source.mean(0) + target.mean(0)
    for _ in range(iterations):
        distance, index = tree.query(moved)
        best = np.argsort(distance)[: int(keep * len(moved))]
        turn, shift = rigid(moved[best], target[index[best]])
        moved = moved @ turn.T + shift
    distance = np.sort(tree.query(moved)[0])[: int(keep * len(moved))]
    return float(np.sqrt(np.mean(distance**2)))


def test_head_phantom_upright_and_tilted_is_the_same_skull(calvaria_data):
    folder = calvaria_data / "philips_head_phantom"
    upright = calvaria.load_series(folder / "bone_1mm_tilt0_S2030.zip")
    tilted = calvaria.load_series(folder / "mixed_folder_tilt-18.5_S21610.zip")
    assert tilted.grid.shear_deg == pytest.approx(18.5, abs=0.1)
    assert tilted.grid.slice_distance_mm == pytest.approx(2.371, abs=0.001)
    target = surface_points_lps_mm(upright)
    source = surface_points_lps_mm(tilted)
    rng = np.random.default_rng(0)
    source = source[rng.choice(len(source), 20_000, replace=False)]
    assert trimmed_icp_rms_mm(source, target) <= 0.9


def test_a_mixed_folder_is_sorted_out(calvaria_data):
    path = calvaria_data / "philips_head_phantom" / "mixed_folder_tilt-18.5_S21610.zip"
    series = calvaria.find_series(path)
    loadable = [one for one in series if one.is_loadable]
    assert [one.n_slices for one in loadable] == [54]
    reasons = " ".join(one.reason for one in series if not one.is_loadable)
    assert "localizer" in reasons
    assert "secondary capture" in reasons.lower()
    with zipfile.ZipFile(path) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    accounted = {file.split("/", 1)[1] for one in series for file in one.files}
    assert accounted | {file.file.split("/", 1)[1] for file in series.left_out} == names


def rod_centres_mm(volume):
    """In-plane centres of the four spacing rods of the CatPhan, LPS mm, in the order of angle."""
    grid = volume.grid
    k = volume.values.shape[0] // 2
    best = None
    for at in range(volume.values.shape[0]):
        plane = volume.values[at].astype(float)
        centre = np.argwhere(plane > -500).mean(0)
        rows, columns = np.indices(plane.shape)
        x = (columns - centre[1]) * grid.spacing_xyz_mm[0]
        y = (rows - centre[0]) * grid.spacing_xyz_mm[1]
        found = []
        for sx in (-25.0, 25.0):
            for sy in (-25.0, 25.0):
                near = np.hypot(x - sx, y - sy) < 6.0
                local = plane[near]
                contrast = np.abs(local - np.median(local))
                weight = np.where(contrast > 0.4 * contrast.max(), contrast, 0.0)
                found.append(
                    (
                        contrast.max(),
                        np.average(x[near], weights=weight),
                        np.average(y[near], weights=weight),
                    )
                )
        score = min(peak for peak, _, _ in found)
        if best is None or score > best[0]:
            best, k = (score, found), at
    return np.asarray([(x, y) for _, x, y in best[1]]), k


def test_catphan_rods_are_50_mm_apart(calvaria_data):
    volume = load_quietly(calvaria_data / "catphan504" / "catphan504_obi_cbct.zip")
    rods, _ = rod_centres_mm(volume)
    sides = [np.linalg.norm(rods[a] - rods[b]) for a, b in ((0, 1), (2, 3), (0, 2), (1, 3))]
    assert np.allclose(sides, 50.0, atol=0.5), sides
    assert np.mean(sides) == pytest.approx(49.9, abs=0.15)


def test_enhanced_multiframe_with_reversed_rows_keeps_its_orientation(calvaria_data):
    volume = load_quietly(calvaria_data / "enhanced_multiframe" / "eCT_Supplemental.dcm")
    pydicom = pytest.importorskip("pydicom")
    dataset = pydicom.dcmread(calvaria_data / "enhanced_multiframe" / "eCT_Supplemental.dcm")
    shared = dataset.SharedFunctionalGroupsSequence[0]
    row = np.asarray(shared.PlaneOrientationSequence[0].ImageOrientationPatient[:3], float)
    assert np.allclose(volume.grid.lps_from_ijk[:3, 0] / volume.grid.spacing_xyz_mm[0], row)
    frames = dataset.PerFrameFunctionalGroupsSequence
    for number, frame in enumerate(frames):
        position = np.asarray(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        i, j, k = np.rint(volume.grid.ijk_from_lps_mm(position)).astype(int)
        assert (i, j) == (0, 0)
        transform = frame.get("PixelValueTransformationSequence") or (
            shared.PixelValueTransformationSequence
        )
        expected = dataset.pixel_array[number] * float(transform[0].RescaleSlope) + float(
            transform[0].RescaleIntercept
        )
        assert np.array_equal(volume.values[k], expected)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("sliceincrement/001", ["1 missing", "IM-0001-0009-0001.dcm", "IM-0001-0010-0001.dcm"]),
        ("sliceincrement/002", ["1 missing", "IM-0001-0003.dcm", "IM-0001-0005.dcm"]),
        ("notavolume", ["AcquisitionNumber (0020,0012)"]),
        ("sliceorientation", ["ImageOrientationPatient (0020,0037)"]),
    ],
)
def test_stacks_that_are_none_are_refused_by_name(calvaria_data, folder, words):
    with pytest.raises(calvaria.errors.InconsistentSeriesError) as caught:
        calvaria.load_series(calvaria_data / "geometry_headers" / folder)
    for word in words:
        assert word in str(caught.value)


def test_values_that_are_not_hu_say_so(calvaria_data):
    with pytest.warns(CalvariaWarning, match="not Hounsfield units"):
        volume = calvaria.load_series(calvaria_data / "cthead_64")
    assert volume.values.shape == (93, 64, 64)
    assert volume.quantity == "arbitrary"
