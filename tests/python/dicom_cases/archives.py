"""Zip archives: sound, hostile, broken."""

import io
import random
import struct
import zipfile
import zlib

from . import directories, raw
from .case import Cases
from .stack import ct, secondary_capture

cases = Cases("archives")

MIB = bytes(1 << 20)
ZIP = r"study\.zip|zip|archive"


def packed(
    folder, stack, *, names="IM{k}.dcm", method=zipfile.ZIP_DEFLATED, extra=(), force64=False
):
    """Write a stack into ``study.zip``, with further members as (name, bytes)."""
    path = folder / "study.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for k, each in enumerate(stack):
            info = zipfile.ZipInfo(names.format(k=k), (2024, 1, 2, 3, 4, 6))
            info.compress_type = method
            with archive.open(info, "w", force_zip64=force64) as member:
                member.write(each.to_bytes())
        for name, data in extra:
            archive.writestr(name, data)
    return stack.truth(path=path)


@cases.right(method={"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED})
def plain(folder, method):
    return packed(folder, ct(), method=method)


@cases.right_or_refused(ZIP, method={"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA})
def rare_method(folder, method):
    return packed(folder, ct(), method=method)


@cases.right(
    names=["a/b/c/IM{k}", "Schädel/頭 {k}.dcm", "{k}/x", "no extension {k}", "a\\b{k}.dcm"]
)
def names(folder, names):
    return packed(folder, ct(), names=names)


@cases.right()
def zip64(folder):
    return packed(folder, ct(), force64=True)


@cases.right()
def written_to_a_stream(folder):
    """Sizes stand after the data then."""

    class OneWay(io.RawIOBase):
        def __init__(self):
            self.parts = []

        def writable(self):
            return True

        def write(self, data):
            self.parts.append(bytes(data))
            return len(data)

    target, stack = OneWay(), ct()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in stack:
            archive.writestr(each.name, each.to_bytes())
    (folder / "study.zip").write_bytes(b"".join(target.parts))
    return stack.truth(path=folder / "study.zip")


@cases.right()
def other_files_within(folder):
    shot = secondary_capture().to_bytes()
    extra = [("readme.txt", b"hello"), ("empty/", b""), ("SHOT", shot), ("zero", b"")]
    return packed(folder, ct(), extra=extra)


@cases.right()
def with_a_comment(folder):
    truth = packed(folder, ct())
    with zipfile.ZipFile(truth.path, "a") as archive:
        archive.comment = b"a comment" * 100
    return truth


@cases.right_or_refused(ZIP)
def bytes_before_the_archive(folder):
    truth = packed(folder, ct())
    truth.path.write_bytes(b"#!/bin/sh\n" * 50 + truth.path.read_bytes())
    return truth


@cases.right_or_refused(ZIP)
def without_the_usual_ending_of_the_name(folder):
    truth = packed(folder, ct())
    return truth.at(truth.path.rename(folder / "STUDY"))


@cases.right_or_refused(ZIP)
def archive_within_a_folder(folder):
    truth = packed(folder, ct())
    truth.path = None
    return truth


@cases.right()
def folder_with_an_archive_of_something_else_beside(folder):
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("readme.txt", b"hello")
    return ct().write(folder)


HOSTILE_NAMES = {
    "parent": "../EVIL",
    "many-parents": "../../../../../../../../tmp/EVIL",
    "absolute": "/EVIL",
    "drive": "C:\\EVIL",
    "backslash-parent": "..\\..\\EVIL",
    "in-the-middle": "a/../../EVIL",
    "nul": "EVIL\0.dcm",
    "empty-parts": "a//b/./EVIL",
    "long": "x" * 5000,
    "reserved": "CON",
    "newline": "EVIL\nEVIL",
    "markup": "<script>alert(1)</script>",
}


@cases.holds(name=HOSTILE_NAMES)
def member_with_a_hostile_name(folder, name):
    """Nothing may be written, inside or outside; the sound members still make a volume."""
    shot = secondary_capture().to_bytes()
    truth = packed(folder, ct(), extra=[(zipfile.ZipInfo(name), shot)])
    if "\0" in name:  # zipfile cuts the name there
        truth.path.write_bytes(truth.path.read_bytes().replace(b"EVIL", b"EV\0L"))
    before = sorted(folder.parent.rglob("*"))

    def check():
        import calvaria

        try:
            volume = calvaria.load_series(truth.path)
        except calvaria.errors.CalvariaError as error:
            raise AssertionError(f"over-refused: {error}") from error
        assert not truth.fault(volume.values, volume.grid.lps_from_ijk)
        assert sorted(folder.parent.rglob("*")) == before

    return check


@cases.right_or_refused(ZIP + "|EVIL|name")
def whole_series_under_hostile_names(folder):
    return packed(folder, ct(), names="../EVIL{k}.dcm")


def hand_made(entries, *, directory_lies=lambda entry: entry) -> bytes:
    """Return an archive from (name, deflated bytes, size, offset of a shared body, CRC) entries."""
    out, directory = io.BytesIO(), []
    for name, data, size, shared, crc32 in entries:
        at = out.tell() if shared is None else shared
        entry = directory_lies((8, crc32, len(data), size))
        method, crc, packed_size, full_size = entry
        if shared is None:
            out.write(
                b"PK\3\4"
                + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, crc, len(data), size, len(name), 0)
            )
            out.write(name + data)
        directory.append(
            b"PK\1\2"
            + struct.pack(
                "<HHHHHHIIIHHHHHII",
                20,
                20,
                0,
                method,
                0,
                33,
                crc,
                packed_size,
                full_size,
                len(name),
                0,
                0,
                0,
                0,
                0,
                at,
            )
            + name
        )
    start = out.tell()
    central = b"".join(directory)
    out.write(central)
    out.write(
        b"PK\5\6"
        + struct.pack("<HHHHIIH", 0, 0, len(directory), len(directory), len(central), start, 0)
    )
    return out.getvalue()


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def bomb_entry(mib: int, head: bytes = b"") -> tuple:
    """Return an entry of ``hand_made`` that inflates to so many MiB."""
    crc = zlib.crc32(head)
    for _ in range(mib):
        crc = zlib.crc32(MIB, crc)
    return b"BOMB.dcm", raw.bomb(head, mib), (mib << 20) + len(head), None, crc


def sound_entries(stack) -> list[tuple]:
    """Return the entries of ``hand_made`` for a stack."""
    files = [(each.name.encode(), each.to_bytes()) for each in stack]
    return [(name, deflated(d), len(d), None, zlib.crc32(d)) for name, d in files]


def archive_of(folder, stack, entries, **options):
    """Write an archive by hand; the truth is that of the stack."""
    path = folder / "study.zip"
    path.write_bytes(hand_made(entries, **options))
    return stack.truth(path=path)


@cases.right_or_refused(ZIP + "|BOMB", mib=[100, 1024])
def bomb_beside_a_series(folder, mib):
    stack = ct()
    return archive_of(folder, stack, [*sound_entries(stack), bomb_entry(mib)])


@cases.right_or_refused(ZIP + "|BOMB")
def bomb_with_a_header(folder):
    """One member inflates to a CT image whose pixel data has a gigabyte."""
    stack = ct()
    (other,) = ct(1, series=70)
    other.ds.Rows = other.ds.Columns = 23170
    size = 23170**2 * 2
    other.put("PixelData", b"", vr="OW", length=size)
    entry = bomb_entry(1 + (size >> 20), other.to_bytes())
    return archive_of(folder, stack, [*sound_entries(stack), entry])


@cases.refused(ZIP + "|BOMB|no |not")
def only_a_bomb(folder):
    return _never(archive_of(folder, ct(1), [bomb_entry(1024)]).path)


@cases.right_or_refused(ZIP + "|K[0-9]|no |not")
def a_thousand_entries_that_share_one_body(folder):
    _, body, size, _, crc = bomb_entry(64)
    entries = [(b"K%04d.dcm" % k, body, size, 0 if k else None, crc) for k in range(1000)]
    return archive_of(folder, ct(1), entries)


@cases.right_or_refused(ZIP + "|IM0|no |not", lie=["packed-size", "full-size", "method"])
def directory_that_lies_about(folder, lie):
    def lies(entry):
        method, crc, packed_size, size = entry
        return {
            "packed-size": (method, crc, 0x7FFFFFFF, size),
            "full-size": (method, crc, packed_size, 0xFFFFFFF0),
            "method": (77, crc, packed_size, size),
        }[lie]

    stack = ct()
    return archive_of(folder, stack, sound_entries(stack), directory_lies=lies)


def _never(path):
    truth = ct(1).truth(path=path)
    truth.values = truth.values[:1]  # no volume can equal it
    return truth


@cases.refused(ZIP + "|IM|no |not|crypt|password")
def encrypted(folder):
    truth = packed(folder, ct())
    data = bytearray(truth.path.read_bytes())
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = 0
        while (found := data.find(magic, start)) >= 0:
            data[found + at] |= 1
            start = found + 4
    truth.path.write_bytes(bytes(data))
    return _never(truth.path)


@cases.warned_or_refused(r"IM3|zip|archive|crc", method=["stored", "deflated"])
def one_member_does_not_fit_its_checksum(folder, method):
    stack = ct()
    files = [(b"IM%d.dcm" % k, each.to_bytes()) for k, each in enumerate(stack)]
    if method == "deflated":
        entries = [
            (name, deflated(data), len(data), None, zlib.crc32(data) ^ (k == 3))
            for k, (name, data) in enumerate(files)
        ]
        return _never(archive_of(folder, stack, entries).path)
    truth = packed(folder, stack, method=zipfile.ZIP_STORED)
    data = truth.path.read_bytes()
    at = data.index(files[3][1]) + len(files[3][1]) - 100  # in its pixels
    truth.path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    return _never(truth.path)


@cases.right()
def directory_file_within(folder):
    stack = ct()
    medium = folder / "medium"
    medium.mkdir()
    directories.files(medium, stack)
    listing = directories.dicomdir(medium, stack).read_bytes()
    return packed(folder, stack, names="IMAGES/IM{k:04d}", extra=[("DICOMDIR", listing)])


@cases.refused(ZIP, part=[0.1, 0.5, 0.9, 0.99])
def cut_short(folder, part):
    truth = packed(folder, ct())
    data = truth.path.read_bytes()
    truth.path.write_bytes(data[: int(len(data) * part)])
    return _never(truth.path)


@cases.right_or_refused(ZIP + "|no |not|inner")
def archive_within_an_archive(folder):
    inner = packed(folder, ct())
    data = inner.path.read_bytes()
    inner.path.unlink()
    with zipfile.ZipFile(folder / "study.zip", "w") as archive:
        archive.writestr("inner.zip", data)
    return inner


@cases.refused(r"no |not|zip|archive", kind=["empty", "text-only", "garbage-with-magic"])
def archive_without_images(folder, kind):
    path = folder / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if kind == "text-only":
            archive.writestr("a.txt", b"hello")
    if kind == "garbage-with-magic":
        path.write_bytes(b"PK\3\4" + random.Random(9).randbytes(4000))
    return _never(path)


@cases.right_or_refused(r"twice|duplicate|IM0|zip|archive|position")
def one_name_twice(folder):
    stack = ct()
    path = folder / "study.zip"
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        for each in stack:
            archive.writestr("IM0.dcm", each.to_bytes())
    return stack.truth(path=path)


@cases.right()
def member_that_is_a_link(folder):
    link = zipfile.ZipInfo("LINK.dcm")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    return packed(folder, ct(), extra=[(link, b"/etc/passwd")])


@cases.right_or_refused(ZIP + "|no |members|entries")
def thirty_thousand_empty_members(folder):
    truth = packed(folder, ct())
    with zipfile.ZipFile(truth.path, "a") as archive:
        for k in range(30_000):
            archive.writestr(zipfile.ZipInfo(f"e/{k}"), b"")
    return truth
