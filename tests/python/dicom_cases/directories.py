"""DICOMDIR: a list of files that is data, not an order to open them."""

import struct

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from . import raw
from .case import Cases, slices, tag
from .stack import CANARY, ct

cases = Cases("directories")

ID = tag("ReferencedFileID") + "|DICOMDIR|outside|" + slices(*range(6))


def dicomdir(folder, stack, *, parts=lambda each: ["IMAGES", each.name], next_lies=None):
    """Write a DICOMDIR that lists the slices under the given path components."""
    ids = [parts(each) for each in stack]
    patient = _record("PATIENT", PatientName=f"{CANARY}^NAME", PatientID=f"{CANARY}-ID")
    study = _record("STUDY", StudyInstanceUID=stack[0].ds.StudyInstanceUID, StudyID="1")
    series = _record("SERIES", SeriesInstanceUID=stack[0].ds.SeriesInstanceUID, Modality="CT")
    images = [
        _record(
            "IMAGE",
            ReferencedFileID=file_id,
            ReferencedSOPClassUIDInFile=each.ds.SOPClassUID,
            ReferencedSOPInstanceUIDInFile=each.ds.SOPInstanceUID,
            ReferencedTransferSyntaxUIDInFile=each.syntax,
        )
        for each, file_id in zip(stack, ids, strict=True)
    ]
    ds = Dataset()
    ds.FileSetID = "TEST"
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.FileSetConsistencyFlag = 0
    records = [patient, study, series, *images]
    ds.DirectoryRecordSequence = Sequence(records)
    offsets = _offsets(_save(ds, folder))
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = offsets[0]
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = offsets[0]
    for k in range(3):
        records[k].OffsetOfReferencedLowerLevelDirectoryEntity = offsets[k + 1]
    for k in range(3, len(records) - 1):
        records[k].OffsetOfTheNextDirectoryRecord = offsets[k + 1]
    if next_lies is not None:
        records[-1].OffsetOfTheNextDirectoryRecord = next_lies(offsets)
    _save(ds, folder)
    return folder / "DICOMDIR"


def _record(kind: str, **attributes) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = kind
    for keyword, value in attributes.items():
        setattr(record, keyword, value)
    return record


def _save(ds: Dataset, folder) -> bytes:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5.6"
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    ds.preamble = bytes(128)
    ds.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return (folder / "DICOMDIR").read_bytes()


def _offsets(data: bytes) -> list[int]:
    """Return where each item of the record sequence starts in the file."""
    found = raw.find(data, "DirectoryRecordSequence")
    offsets, at = [], found.value
    while at < found.end:
        offsets.append(at)
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    return offsets


def files(folder, stack):
    """Write the slices under IMAGES, named as a medium names them."""
    for each in stack:
        each.name = each.name.removesuffix(".dcm")
    (folder / "IMAGES").mkdir()
    return stack.write(folder / "IMAGES")


@cases.right(path=["DICOMDIR", "folder"])
def plain(folder, path):
    stack = ct()
    truth = files(folder, stack)
    listing = dicomdir(folder, stack)
    return truth.at(listing) if path == "DICOMDIR" else truth


@cases.right()
def lists_some_of_the_files_of_a_folder(folder):
    """By its path the list decides."""
    stack = ct()
    truth = files(folder, stack)
    other = ct(series=9)
    other.write(folder / "OTHER")
    return truth.at(dicomdir(folder, stack))


@cases.holds(path=["DICOMDIR", "folder"])
def every_file_is_accounted_listed_or_not(folder, path):
    stack = ct()
    files(folder, stack)
    listing = dicomdir(folder, stack)
    ct(2, series=9).write(folder / "OTHER")
    (folder / "README.TXT").write_text("how to use this disc")
    (folder / "LINK").symlink_to("nowhere")
    (folder / "IMAGES" / "IM0000").with_name("HARD").hardlink_to(folder / "IMAGES" / "IM0000")

    def check():
        import calvaria

        found = calvaria.find_series(listing if path == "DICOMDIR" else folder)
        told = [f for series in found for f in series.files] + [
            each.file for each in found.left_out
        ]
        here = [str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()]
        if path == "DICOMDIR":
            here.remove("DICOMDIR")
            reasons = {each.file: each.reason for each in found.left_out}
            for name in ("OTHER/IM0000.dcm", "OTHER/IM0001.dcm", "README.TXT", "IMAGES/HARD"):
                assert "DICOMDIR does not list" in reasons[name], reasons[name]
            assert "image" in reasons["OTHER/IM0000.dcm"] and "image" not in reasons["README.TXT"]
        assert sorted(told) == sorted(here), f"told {told}, present {here}"

    return check


@cases.warned_or_refused(r"IM0005", k=[0, 5])
def slice_of_the_series_that_is_not_listed(folder, k):
    """At an end nothing shows that it is missed, but for the file itself."""
    stack = ct()
    files(folder, stack)
    lost = stack.pop(k)
    listing = dicomdir(folder, stack)
    (folder / "IMAGES" / lost.name).rename(folder / "IMAGES" / "IM0005-lost")
    return _never(stack, listing)


@cases.right_or_refused(ID)
def file_names_in_lower_case(folder):
    stack = ct()
    for each in stack:
        each.name = each.name.removesuffix(".dcm").lower()
    truth = stack.write(folder / "images")
    return truth.at(dicomdir(folder, stack, parts=lambda each: ["IMAGES", each.name.upper()]))


@cases.refused(slices(2, 3, 4), path=["DICOMDIR", "folder"])
def listed_file_missing_within(folder, path):
    stack = ct()
    files(folder, stack)
    listing = dicomdir(folder, stack)
    (folder / "IMAGES" / "IM0003").unlink()
    return _never(stack, listing if path == "DICOMDIR" else folder)


@cases.warned_or_refused(slices(5))
def listed_file_missing_at_the_end(folder):
    stack = ct()
    files(folder, stack)
    listing = dicomdir(folder, stack)
    (folder / "IMAGES" / "IM0005").unlink()
    return _never(stack, listing)


def _never(stack, path):
    truth = stack.truth(path=path)
    truth.values = truth.values[:1]  # no volume can equal it
    return truth


OUTSIDE = {
    "parent": lambda outside, name: ["..", "outside", name],
    "parent-slash": lambda outside, name: [f"../outside/{name}"],
    "in-the-middle": lambda outside, name: ["IMAGES", "..", "..", "outside", name],
    "absolute": lambda outside, name: [f"{outside}/{name}"],
    "absolute-parts": lambda outside, name: ["", *str(outside).split("/")[1:], name],
    "linked": lambda outside, name: ["LINK", name],
}


@cases.refused(ID, how=OUTSIDE)
def lists_files_outside(folder, how):
    outside = folder.parent / "outside"
    stack = ct()
    stack.write(outside)
    (folder / "LINK").symlink_to(outside)
    listing = dicomdir(folder, stack, parts=lambda each: how(outside, each.name))
    return _never(stack, listing)


@cases.refused(slices(2, 3, 4) + "|" + ID)
def lists_one_file_outside(folder):
    stack = ct()
    files(folder, stack)
    (folder.parent / "outside").mkdir()
    (folder / "IMAGES" / "IM0003").rename(folder.parent / "outside" / "IM0003")
    listing = dicomdir(
        folder,
        stack,
        parts=lambda e: ["..", "outside", e.name] if e.name == "IM0003" else ["IMAGES", e.name],
    )
    return _never(stack, listing)


@cases.right_or_refused(ID)
def slash_within_a_component(folder):
    stack = ct()
    truth = files(folder, stack)
    return truth.at(dicomdir(folder, stack, parts=lambda each: [f"IMAGES/{each.name}"]))


@cases.right_or_refused(ID, what=["itself", "folder", "device"])
def lists_something_that_is_no_image(folder, what):
    stack = ct()
    truth = files(folder, stack)
    extra = ct(1)[0]
    extra.name = {"itself": "DICOMDIR", "folder": "IMAGES", "device": "/dev/zero"}[what]
    listed = type(stack)([*stack, extra])
    listing = dicomdir(
        folder, listed, parts=lambda e: [e.name] if e is extra else ["IMAGES", e.name]
    )
    return truth.at(listing)


@cases.right_or_refused(ID, target=["first", "itself", "beyond"])
def records_that_loop(folder, target):
    stack = ct()
    truth = files(folder, stack)
    lies = {
        "first": lambda offsets: offsets[0],
        "itself": lambda offsets: offsets[-1],
        "beyond": lambda offsets: 0xFFFFFFF0,
    }[target]
    return truth.at(dicomdir(folder, stack, next_lies=lies))


@cases.right(how=["empty", "cut", "garbage"])
def broken_list_in_the_folder(folder, how):
    """The folder is searched for files; the list is not needed."""
    stack = ct()
    truth = files(folder, stack)
    data = dicomdir(folder, stack).read_bytes()
    broken = {"empty": b"", "cut": data[: len(data) // 2], "garbage": b"\x55" * 3000}[how]
    (folder / "DICOMDIR").write_bytes(broken)
    return truth


@cases.refused(ID + "|no |not", how=["empty", "cut-in-the-header", "garbage", "no-records"])
def broken_list_as_the_path(folder, how):
    stack = ct()
    files(folder, stack)
    listing = dicomdir(folder, stack)
    data = listing.read_bytes()
    listing.write_bytes(
        {
            "empty": b"",
            "cut-in-the-header": data[:300],
            "garbage": b"\x55" * 3000,
            "no-records": raw.replace(data, "DirectoryRecordSequence", b""),
        }[how]
    )
    return _never(stack, listing)
