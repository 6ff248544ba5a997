"""Names and places of files: none of it says anything about the image."""

import gzip
import io
import os
import tarfile

from .case import Cases
from .stack import ct

cases = Cases("file_names")

PATTERNS = {
    "no-extension": "IM{k}",
    "numbers": "{k}",
    "ima": "a.b.c.{k}.IMA",
    "blanks": "slice number {k} .dcm",
    "umlauts": "Schädel Größe {k}.dcm",
    "kanji": "頭部 {k}.dcm",
    "emoji": "💀{k}",
    "hidden": ".IM{k}",
    "dash": "-rf {k}.dcm",
    "newline": "IM\n{k}.dcm",
    "quote": "IM'\"{k}.dcm",
    "percent": "IM%s%d{{{k}}}.dcm",
    "wrong-extension": "IM{k}.txt",
    "upper-case": "IM{k}.DCM",
    "long": "x" * 200 + "{k}.dcm",
    "own-folders": "{k}/image",
    "deep": "/".join("d" * 40) + "/IM{k}.dcm",
}


@cases.right(pattern=PATTERNS)
def names(folder, pattern):
    stack = ct()
    for k, each in enumerate(stack):
        each.name = pattern.format(k=k)
    return stack.write(folder)


@cases.right()
def names_that_are_not_utf_8(folder):
    stack = ct()
    for k, each in enumerate(stack):
        each.name = os.fsdecode(b"IM\xff\xfe" + str(k).encode())
    return stack.write(folder)


@cases.right(order=[(5, 4, 3, 2, 1, 0), (3, 0, 5, 1, 4, 2), (1, 0, 3, 2, 5, 4)])
def names_in_another_order_than_space(folder, order):
    stack = ct()
    for number, each in zip(order, stack, strict=True):
        each.name = f"IM{number:04d}.dcm"
    return stack.write(folder)


@cases.right()
def numbers_without_leading_zeros(folder):
    stack = ct(12)
    for k, each in enumerate(stack):
        each.name = f"IM{k + 1}.dcm"
    return stack.write(folder)


@cases.right()
def one_series_over_two_folders(folder):
    stack = ct()
    for k, each in enumerate(stack):
        each.name = f"{'ab'[k % 2]}/{k}.dcm"
    return stack.write(folder)


@cases.right()
def path_as_text_with_a_trailing_slash(folder):
    return ct().write(folder).at(f"{folder}/")


@cases.right(kind={"txt": b"hello", "jpg": b"\xff\xd8\xff\xe0", "empty": b"", "json": b"{}"})
def other_files_beside(folder, kind):
    (folder / "NOTES").write_bytes(kind)
    (folder / ".DS_Store").write_bytes(kind)
    (folder / "sub").mkdir()
    (folder / "sub" / "Thumbs.db").write_bytes(kind)
    return ct().write(folder)


@cases.warned_or_refused(r"IM0005\.dcm\.gz.*gzip")
def last_slice_compressed_with_gzip(folder):
    """At an end nothing but the file itself shows that a slice is missed."""
    stack = ct()
    truth = stack.write(folder)
    data = (folder / "IM0005.dcm").read_bytes()
    (folder / "IM0005.dcm.gz").write_bytes(gzip.compress(data))
    (folder / "IM0005.dcm").unlink()
    truth.values = truth.values[:1]
    return truth


@cases.refused(r"gzip|tar", kind=["tar", "tar.gz", "gz"])
def archives_that_are_not_zip(folder, kind):
    stack = ct()
    if kind == "gz":
        for each in stack:
            (folder / f"{each.name}.gz").write_bytes(gzip.compress(each.to_bytes()))
        return
    with tarfile.open(folder / f"study.{kind}", "w:gz" if "gz" in kind else "w") as archive:
        for each in stack:
            data = each.to_bytes()
            info = tarfile.TarInfo(each.name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@cases.right()
def empty_folders_beside(folder):
    (folder / "a" / "b" / "c").mkdir(parents=True)
    return ct().write(folder)
