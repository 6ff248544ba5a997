"""Reading NIfTI, NRRD and MetaImage: the right place, the right values, or a clear refusal."""

import bz2
import gzip
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calvaria import CalvariaError, CalvariaWarning, Grid, Mask, Verdict, Volume, convert
from calvaria.errors import GeometryError, SegmentationError
from calvaria.images import load_image, load_mask
from lopsided import lopsided, same

nib = pytest.importorskip("nibabel")
nrrd = pytest.importorskip("nrrd")
sitk = pytest.importorskip("SimpleITK")


@pytest.fixture
def volume():
    return lopsided("right-handed")


def nifti(volume, path, **changes):
    """Write the volume with some header fields changed behind nibabel's back."""
    data = convert.to_nibabel(volume).to_bytes()
    header = nib.Nifti1Header(data[:348], check=False)
    for key, value in changes.items():
        header[key] = value
    data = header.binaryblock + data[348:]
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


# The formats, with ITK as the oracle


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("kind", ["right-handed", "left-handed"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_file_of_itk_is_read_in_its_place(kind, name, is_packed, tmp_path):
    truth = lopsided(kind)
    sitk.WriteImage(convert.to_sitk(truth), tmp_path / name, is_packed)
    same(load_image(tmp_path / name, quantity="HU"), truth, tolerance_mm=1e-3)


def test_a_sheared_nifti_keeps_its_shear(tmp_path):
    truth = lopsided("sheared")
    path = tmp_path / "tilted.nii.gz"
    convert.to_nibabel(truth).to_filename(path)
    same(load_image(path), truth, tolerance_mm=1e-4)


def test_nifti_2_and_big_endian_are_read(volume, tmp_path):
    image = convert.to_nibabel(volume)
    nib.Nifti2Image(image.dataobj, image.affine).to_filename(tmp_path / "two.nii")
    same(load_image(tmp_path / "two.nii"), volume, tolerance_mm=1e-6)
    big = nib.Nifti1Image(image.dataobj, image.affine, header=image.header.as_byteswapped(">"))
    big.to_filename(tmp_path / "big.nii")
    assert (tmp_path / "big.nii").read_bytes()[:4] == struct.pack(">i", 348)
    same(load_image(tmp_path / "big.nii"), volume, tolerance_mm=1e-4)


# NIfTI: where it is


def test_a_nifti_without_place_is_refused_until_the_caller_gives_one(volume, tmp_path):
    path = nifti(volume, tmp_path / "lost.nii", qform_code=0, sform_code=0)
    with pytest.raises(GeometryError, match=r"lost\.nii: a qform or sform expected, found none"):
        load_image(path)
    same(load_image(path, lps_from_ijk=volume.grid.lps_from_ijk), volume)


def test_a_place_of_the_caller_never_overrides_that_of_the_file(volume, tmp_path):
    path = nifti(volume, tmp_path / "a.nii")
    with pytest.raises(ValueError, match="lps_from_ijk"):
        load_image(path, lps_from_ijk=np.eye(4))


@pytest.mark.parametrize("code", ["qform_code", "sform_code"])
def test_either_form_alone_is_enough(volume, tmp_path, code):
    path = nifti(volume, tmp_path / "a.nii", **{code: 0})
    same(load_image(path), volume, tolerance_mm=1e-3)


def test_two_forms_that_disagree_are_refused_until_the_caller_chooses(volume, tmp_path):
    path = nifti(volume, tmp_path / "a.nii", qoffset_x=40.0)
    with pytest.raises(GeometryError, match=r"a.nii: qform and sform .* 8.75 mm apart"):
        load_image(path)
    same(load_image(path, form="sform"), volume, tolerance_mm=1e-3)
    moved = load_image(path, form="qform").grid.lps_from_ijk - volume.grid.lps_from_ijk
    np.testing.assert_allclose(moved[:3, 3], [-8.75, 0, 0], atol=1e-4)
    with pytest.raises(ValueError, match='"sform" or "qform"'):
        load_image(path, form="affine")


@pytest.mark.parametrize(("unit", "mm"), [("meter", 1000.0), ("micron", 0.001)])
def test_other_units_are_converted(volume, tmp_path, unit, mm):
    image = convert.to_nibabel(volume)
    affine = np.diag([1 / mm, 1 / mm, 1 / mm, 1]) @ image.affine
    other = nib.Nifti1Image(image.dataobj, affine)
    other.header.set_xyzt_units(unit)
    other.to_filename(tmp_path / "a.nii")
    same(load_image(tmp_path / "a.nii"), volume, tolerance_mm=1e-3)


def test_an_unnamed_unit_is_millimetres_and_said(volume, tmp_path):
    found = load_image(nifti(volume, tmp_path / "a.nii", xyzt_units=0))
    same(found, volume, tolerance_mm=1e-4)
    assert [(f.code, f.verdict) for f in found.findings] == [("nifti_unit", Verdict.UNPROVEN)]


def test_an_unknown_unit_code_is_refused(volume, tmp_path):
    with pytest.raises(GeometryError, match="unit of length"):
        load_image(nifti(volume, tmp_path / "a.nii", xyzt_units=5))


# NIfTI: what it holds


@pytest.mark.parametrize(
    ("slope", "inter", "dtype"), [(1, -1024, np.int16), (2, 7, np.int16), (0.5, 0.25, np.float32)]
)
def test_slope_and_intercept_are_applied(volume, tmp_path, slope, inter, dtype):
    image = convert.to_nibabel(volume)
    image.header.set_slope_inter(slope, inter)
    raw = image.to_bytes()
    # nibabel writes unscaled data with slope 1: the fields are set in the bytes.
    (tmp_path / "a.nii").write_bytes(raw[:112] + struct.pack("<ff", slope, inter) + raw[120:])
    found = load_image(tmp_path / "a.nii")
    assert found.values.dtype == dtype
    np.testing.assert_array_equal(found.values, volume.values * np.float64(slope) + inter)


def test_a_time_series_is_refused_but_one_point_in_time_is_not(volume, tmp_path):
    affine = convert.to_nibabel(volume).affine
    for n, values in (
        (1, volume.values.T[..., np.newaxis]),
        (2, np.stack([volume.values.T] * 2, -1)),
    ):
        nib.Nifti1Image(values, affine).to_filename(tmp_path / f"{n}.nii")
    same(load_image(tmp_path / "1.nii"), volume, tolerance_mm=1e-4)
    with pytest.raises(
        GeometryError, match=r"3 dimensions expected, found 4 of sizes \(11, 7, 5, 2\)"
    ):
        load_image(tmp_path / "2.nii")


def test_colour_and_missing_numbers_are_refused(volume, tmp_path):
    affine = convert.to_nibabel(volume).affine
    colour = np.zeros(volume.values.T.shape, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.Nifti1Image(colour, affine).to_filename(tmp_path / "rgb.nii")
    with pytest.raises(CalvariaError, match=r"rgb.nii: one number per voxel"):
        load_image(tmp_path / "rgb.nii")
    holes = volume.values.T.astype(np.float32)
    holes[1, 2, 3] = np.nan
    nib.Nifti1Image(holes, affine).to_filename(tmp_path / "nan.nii")
    with pytest.raises(
        CalvariaError, match=r"nan.nii: finite values expected, found NaN .* 1 voxel"
    ):
        load_image(tmp_path / "nan.nii")


def test_the_quantity_is_arbitrary_unless_the_caller_says(volume, tmp_path):
    path = nifti(volume, tmp_path / "a.nii")
    assert load_image(path).quantity == "arbitrary"
    assert load_image(path, quantity="HU").is_hu
    with pytest.raises(ValueError, match="quantity"):
        load_image(path, quantity="hounsfield")


# NRRD


HEADER = """NRRD0005
type: {type}
dimension: 3
space: {space}
sizes: 11 7 5
space directions: (0.4,0,0) (0,0.7,0) (0,0,1.9)
space origin: (1,2,3)
endian: {endian}
encoding: {encoding}
{more}
"""


def write_nrrd(path, data, *, space="LPS", endian="little", encoding="raw", type="short", more=""):  # noqa: A002
    head = HEADER.format(space=space, endian=endian, encoding=encoding, type=type, more=more)
    head = head.rstrip("\n") + "\n\n"
    path.write_bytes(head.encode() + data)
    return path


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("LAS", (1, -1, 1)),
    ],
)
def test_every_named_space_of_the_patient_is_turned_to_lps(volume, tmp_path, space, signs):
    path = write_nrrd(tmp_path / "a.nrrd", volume.values.tobytes(), space=space)
    expected = np.diag([*signs, 1.0]) @ [
        [0.4, 0, 0, 1],
        [0, 0.7, 0, 2],
        [0, 0, 1.9, 3],
        [0, 0, 0, 1],
    ]
    np.testing.assert_allclose(load_image(path).grid.lps_from_ijk, expected)
    if (len(space) > 3 and space[0] != "l") or space.startswith("left-posterior"):
        # ITK knows these two names.
        same(load_image(path), convert.from_sitk(sitk.ReadImage(path)), tolerance_mm=1e-9)


@pytest.mark.parametrize(
    "space", ["scanner-xyz", "3D-right-handed", "left-posterior-superior-time"]
)
def test_a_space_that_does_not_say_left_is_refused(volume, tmp_path, space):
    path = write_nrrd(tmp_path / "a.nrrd", volume.values.tobytes(), space=space)
    with pytest.raises(CalvariaError, match=r"a.nrrd: "):
        load_image(path)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("raw", bytes),
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("gzip", lambda data: gzip.compress(data[:300]) + gzip.compress(data[300:])),
    ],
)
@pytest.mark.parametrize("endian", ["little", "big"])
def test_encodings_and_byte_orders(volume, tmp_path, encoding, pack, endian):
    data = volume.values.astype(">i2" if endian == "big" else "<i2").tobytes()
    path = write_nrrd(tmp_path / "a.nrrd", pack(data), encoding=encoding, endian=endian)
    np.testing.assert_array_equal(load_image(path).values, volume.values)
    if "lambda" not in getattr(pack, "__name__", ""):  # pynrrd reads the first member only
        np.testing.assert_array_equal(nrrd.read(str(path), index_order="C")[0], volume.values)


def test_text_and_skipped_bytes(volume, tmp_path):
    text = "\n".join(map(str, volume.values.ravel())).encode()
    path = write_nrrd(tmp_path / "a.nrrd", text, encoding="ascii")
    np.testing.assert_array_equal(load_image(path).values, volume.values)
    path = write_nrrd(tmp_path / "b.nrrd", b"junk!" + volume.values.tobytes(), more="byte skip: -1")
    np.testing.assert_array_equal(load_image(path).values, volume.values)


def test_a_detached_header_reads_only_its_own_folder(volume, tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "a.raw").write_bytes(volume.values.tobytes())
    (tmp_path / "secret.raw").write_bytes(volume.values.tobytes())
    path = write_nrrd(folder / "a.nhdr", b"", more="data file: a.raw")
    np.testing.assert_array_equal(load_image(path).values, volume.values)
    for named in ("../secret.raw", str(tmp_path / "secret.raw"), "LIST", "a%03d.raw 1 5 1"):
        write_nrrd(path, b"", more=f"data file: {named}")
        with pytest.raises(CalvariaError, match=r"a.nhdr: "):
            load_image(path)
    (folder / "link.raw").symlink_to(tmp_path / "secret.raw")
    write_nrrd(path, b"", more="data file: link.raw")
    with pytest.raises(CalvariaError, match="outside"):
        load_image(path)


def seg_nrrd(path, layers, segments):
    header = {
        "space": "left-posterior-superior",
        "kinds": ["domain"] * 3,
        "space directions": np.diag([0.5, 0.5, 1.0]),
        "space origin": np.zeros(3),
    }
    data = layers[0]
    if len(layers) > 1:
        data = np.stack(layers)
        header["kinds"] = ["list", *header["kinds"]]
        header["space directions"] = np.vstack([np.full((1, 3), np.nan), np.diag([0.5, 0.5, 1.0])])
    for n, (name, label, layer) in enumerate(segments):
        header |= {
            f"Segment{n}_ID": f"Segment_{n}",
            f"Segment{n}_Name": name,
            f"Segment{n}_LabelValue": str(label),
            f"Segment{n}_Layer": str(layer),
        }
    nrrd.write(str(path), data, header)
    return path


def test_segments_of_slicer_keep_their_names(tmp_path):
    labels = np.zeros((6, 5, 4), np.uint8)
    labels[1:3, 1, 1], labels[4, 2, 2] = 3, 7
    path = seg_nrrd(tmp_path / "a.seg.nrrd", [labels], [("mandible", 3, 0), ("tooth 36", 7, 0)])
    mask = load_mask(path)
    assert mask.names == {3: "mandible", 7: "tooth 36"}
    np.testing.assert_array_equal(mask.values, labels.T)
    tooth = load_mask(path, segment="tooth 36")
    assert tooth.values.dtype == bool
    assert tooth.n_voxels == 1
    assert tooth.values[2, 2, 4]


def test_overlapping_segments_need_a_name(tmp_path):
    bone, canal = np.zeros((6, 5, 4), np.uint8), np.zeros((6, 5, 4), np.uint8)
    bone[1:5, 1:4, 1:3], canal[2:4, 2, 1] = 1, 1
    path = seg_nrrd(tmp_path / "a.seg.nrrd", [bone, canal], [("bone", 1, 0), ("canal", 1, 1)])
    with pytest.raises(SegmentationError, match="'bone', 'canal'"):
        load_mask(path)
    np.testing.assert_array_equal(load_mask(path, segment="canal").values, canal.T == 1)
    np.testing.assert_array_equal(load_mask(path, segment="bone").values, bone.T == 1)
    with pytest.raises(SegmentationError, match="'nerve'"):
        load_mask(path, segment="nerve")


# MetaImage


def mha(path, data, **changes):
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": "0 1 0 -1 0 0 0 0 1",
        "Offset": "1 2 3",
        "ElementSpacing": "0.4 0.7 1.9",
        "DimSize": "11 7 5",
        "ElementType": "MET_SHORT",
        "ElementDataFile": "LOCAL",
    }
    fields |= changes
    head = "".join(f"{key} = {value}\n" for key, value in fields.items() if value is not None)
    path.write_bytes(head.encode() + data)
    return path


def test_the_matrix_of_a_metaimage_means_what_itk_says(volume, tmp_path):
    path = mha(tmp_path / "a.mha", volume.values.tobytes())
    same(load_image(path), convert.from_sitk(sitk.ReadImage(path)))
    big = volume.values.astype(">i2").tobytes()
    path = mha(
        tmp_path / "b.mha", zlib.compress(big), BinaryDataByteOrderMSB="True", CompressedData="True"
    )
    np.testing.assert_array_equal(load_image(path).values, volume.values)


@pytest.mark.parametrize("field", ["TransformMatrix", "Offset", "ElementSpacing"])
def test_a_metaimage_without_geometry_is_refused(volume, tmp_path, field):
    path = mha(tmp_path / "a.mha", volume.values.tobytes(), **{field: None})
    with pytest.raises(GeometryError, match=f"a.mha: {field} expected, found none"):
        load_image(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"DimSize": "11 7"},
        {"DimSize": "11 7 6"},
        {"DimSize": "9999999 9999999 9999999"},
        {"DimSize": "0 7 5"},
        {"DimSize": "a b c"},
        {"ElementType": "MET_COMPLEX"},
        {"ElementNumberOfChannels": "3"},
        {"ElementSpacing": "0 1 1"},
        {"ElementSpacing": "nan 1 1"},
        {"TransformMatrix": "1 0 0 1 0 0 0 0 1"},
        {"ElementDataFile": "LIST"},
        {"ElementDataFile": "../a.raw"},
        {"CompressedData": "True"},
    ],
)
def test_a_broken_metaimage_is_refused_by_name(volume, tmp_path, changes):
    path = mha(tmp_path / "a.mha", volume.values.tobytes(), **changes)
    with pytest.raises(CalvariaError, match=r"^a.mha: "):
        load_image(path)


# Damage and lies


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
@pytest.mark.parametrize("keep", [0.0, 0.02, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused_by_name(volume, tmp_path, name, keep):
    path = tmp_path / name
    sitk.WriteImage(convert.to_sitk(volume), path, useCompression=True)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(CalvariaError, match=f"^{name}: "):
        load_image(path)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_flipped_byte_crashes_the_reader(tmp_path, name, data):
    path = tmp_path / name
    sitk.WriteImage(convert.to_sitk(lopsided("right-handed")), path, useCompression=True)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = load_image(path)
        except CalvariaError as error:
            assert name in str(error)  # noqa: PT017
        else:
            assert found.values.shape == found.grid.shape_kji


def test_a_header_that_asks_for_the_memory_of_a_city_gets_none(volume, tmp_path):
    dims = np.array([3, 30000, 30000, 30000, 1, 1, 1, 1], np.int16)
    for name in ("a.nii", "a.nii.gz"):
        with pytest.raises(CalvariaError, match=f"{name}: .* bytes expected by its header"):
            load_image(nifti(volume, tmp_path / name, dim=dims))
    path = write_nrrd(tmp_path / "a.nrrd", gzip.compress(b"\0" * 100), encoding="gzip")
    path.write_bytes(path.read_bytes().replace(b"11 7 5", b"99999 99999 99999"))
    with pytest.raises(CalvariaError, match="bytes expected by its header"):
        load_image(path)


def test_a_stream_that_unpacks_to_more_than_its_header_says_is_stopped(volume, tmp_path):
    bomb = gzip.compress(volume.values.tobytes() + b"\0" * 50_000_000)
    path = write_nrrd(tmp_path / "a.nrrd", bomb, encoding="gzip")
    with pytest.raises(CalvariaError, match="found more in the packed data"):
        load_image(path)
    bomb = bz2.compress(volume.values.tobytes() + b"\0" * 50_000_000)
    path = write_nrrd(tmp_path / "b.nrrd", bomb, encoding="bzip2")
    with pytest.raises(CalvariaError, match="found more in the packed data"):
        load_image(path)


def test_a_wrong_check_sum_is_found(volume, tmp_path):
    path = nifti(volume, tmp_path / "a.nii.gz")
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(data)
    with pytest.raises(CalvariaError, match=r"a.nii.gz: packed data that can be unpacked"):
        load_image(path)


def test_what_is_no_image_file_is_refused(tmp_path):
    (tmp_path / "folder.nii").mkdir()
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "a.nii").write_text("hello")
    for name, why in [
        ("folder.nii", "regular file"),
        ("a.txt", "found .txt"),
        ("a.nii", "NIfTI header"),
        ("b.nii", "nothing there"),
    ]:
        with pytest.raises(CalvariaError, match=why):
            load_image(tmp_path / name)
    with pytest.raises(ValueError, match="form"):
        load_image(mha(tmp_path / "a.mha", b""), form="sform")


# Masks on an image


def test_a_mask_coarser_than_the_image_is_told(volume, tmp_path):
    grid = Grid(dims_ijk=(5, 3, 5), lps_from_ijk=volume.grid.lps_from_ijk @ np.diag([2.0, 2, 1, 1]))
    mask = Mask(values=np.ones((5, 3, 5), np.uint8), grid=grid)
    convert.to_nibabel(mask).to_filename(tmp_path / "m.nii.gz")
    with pytest.warns(CalvariaWarning, match="0.8 mm along i against 0.4 mm; 1.4 mm along j"):
        load_mask(tmp_path / "m.nii.gz", image=volume)


def test_a_mask_on_the_same_grid_passes_in_silence(volume, tmp_path):
    mask = Mask(values=volume.values > 0, grid=volume.grid)
    convert.to_nibabel(mask).to_filename(tmp_path / "m.nii.gz")
    with warnings.catch_warnings():
        warnings.simplefilter("error", CalvariaWarning)
        load_mask(tmp_path / "m.nii.gz", image=volume)


def test_a_mirrored_mask_and_one_elsewhere_are_told(volume, tmp_path):
    mirrored = volume.grid.lps_from_ijk @ np.diag([-1.0, 1, 1, 1])
    mirrored[:3, 3] += volume.grid.lps_from_ijk[:3, 0] * 9
    away = volume.grid.lps_from_ijk.copy()
    away[0, 3] += 500
    for name, affine, what in [("m", mirrored, "mirrored"), ("a", away, "outside the image")]:
        mask = Mask(
            values=volume.values > 0,
            grid=Grid(dims_ijk=volume.grid.dims_ijk, lps_from_ijk=affine),
        )
        convert.to_nibabel(mask).to_filename(tmp_path / f"{name}.nii.gz")
        with pytest.warns(CalvariaWarning, match=what):
            load_mask(tmp_path / f"{name}.nii.gz", image=volume)


# Real files


def test_the_metal_nail_of_the_torso_lies_in_the_left_or_right_femur_alike(calvaria_data):
    path = calvaria_data / "torso_3mm" / "example_ct.nii.gz"
    ours = load_image(path, quantity="HU")
    theirs = convert.from_sitk(sitk.ReadImage(path))
    same(ours, theirs, tolerance_mm=1e-3)
    metal = np.argwhere(ours.values > 2500)[:, ::-1]
    assert len(metal) > 20
    assert ours.is_hu
    # Above the table: the bulk of the body lies anterior of it, and the image reaches air.
    assert ours.values.min() < -900


def test_the_labels_of_the_torso_keep_their_names(calvaria_data):
    mask = load_mask(calvaria_data / "torso_3mm" / "example_seg.nii.gz")
    assert mask.names[5] == "liver"
    assert mask.names[1] == "spleen"
    image = load_image(calvaria_data / "torso_3mm" / "example_ct_sm.nii.gz", quantity="HU")
    assert mask.grid.is_close(image.grid)
    # A sided pair shows the handedness: the right lung lies to the patient's right, -x in LPS.
    sides = {}
    for label, name in mask.names.items():
        here = np.argwhere(mask.values == label)
        if len(here) > 50 and name.endswith(("_left", "_right")):
            sides[name] = mask.grid.lps_mm_from_ijk(here[:, ::-1]).mean(axis=0)[0]
    organs = {name.removesuffix("_right") for name in sides if name.endswith("_right")}
    pairs = [(sides[f"{o}_right"], sides[f"{o}_left"]) for o in organs if f"{o}_left" in sides]
    assert pairs
    assert all(right < left for right, left in pairs)


def test_permuted_axes_put_the_vertebra_where_itk_does(calvaria_data):
    folder = calvaria_data / "vertebra_gt"
    image = load_image(folder / "sub-ct_label-22_ct.nii.gz", quantity="HU")
    mask = load_mask(folder / "sub-ct_seg-vert_label-22_msk.nii.gz", image=image)
    theirs = convert.from_sitk(sitk.ReadImage(folder / "sub-ct_label-22_ct.nii.gz"))
    same(image, theirs, tolerance_mm=1e-3)
    assert set(np.unique(mask.values)) <= {0, 21, 22, 23}
    height_mm = [
        mask.grid.lps_mm_from_ijk(np.argwhere(mask.values == label)[:, ::-1])[:, 2].mean()
        for label in (21, 22, 23)
    ]
    assert height_mm == sorted(height_mm, reverse=True)  # L2 above L3 above L4


def test_real_nrrd_labels_are_read_as_itk_reads_them(calvaria_data):
    files = sorted(calvaria_data.glob("mandible_labels/*.nrrd")) + sorted(
        calvaria_data.glob("dicom_seg/*.nrrd")
    )
    assert len(files) == 5
    for file in files:
        same(load_mask(file), convert.mask_from_sitk(sitk.ReadImage(file)), tolerance_mm=1e-6)


def test_the_big_endian_tooth_needs_a_place_and_then_reads_right(calvaria_data):
    path = calvaria_data / "tooth_ct" / "tooth.nhdr"
    with pytest.raises(GeometryError, match=r"tooth.nhdr: .*found no space"):
        load_image(path)
    tooth = load_image(path, lps_from_ijk=np.eye(4))
    raw = np.fromfile(path.with_name("tooth.raw"), ">u2").reshape(161, 94, 103)
    assert tooth.grid.dims_ijk == (103, 94, 161)
    np.testing.assert_array_equal(tooth.values, raw)
    assert tooth.values.dtype == np.int16


def test_a_volume_from_a_file_is_a_volume(volume, tmp_path):
    assert isinstance(load_image(nifti(volume, tmp_path / "a.nii")), Volume)
