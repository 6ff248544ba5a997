"""What else lies in a folder: links, pipes, sockets, random bytes, thousands of files."""

import os
import random
import socket
from pathlib import Path

from .case import Cases, slices
from .stack import Stack, ct

cases = Cases("hostile_files")


@cases.right(kind=["zeros", "random", "random-with-magic", "magic-only", "empty", "one-byte"])
def junk_beside(folder, kind):
    junk = {
        "zeros": bytes(5000),
        "random": random.Random(1).randbytes(5000),
        "random-with-magic": bytes(128) + b"DICM" + random.Random(2).randbytes(5000),
        "magic-only": bytes(128) + b"DICM",
        "empty": b"",
        "one-byte": b"\2",
    }[kind]
    (folder / "JUNK.dcm").write_bytes(junk)
    return ct().write(folder)


@cases.refused(r"JUNK|not|no ", kind=["zeros", "random", "magic", "empty", "text"])
def only_junk(folder, kind):
    junk = {
        "zeros": bytes(5000),
        "random": random.Random(3).randbytes(5000),
        "magic": bytes(128) + b"DICM" + random.Random(4).randbytes(5000),
        "empty": b"",
        "text": b"Patient: nobody\n" * 100,
    }[kind]
    (folder / "JUNK.dcm").write_bytes(junk)


@cases.refused(r"JUNK|not|no ", seed=range(10))
def random_bytes_after_the_magic(folder, seed):
    chance = random.Random(seed)
    for k in range(5):
        data = bytes(128) + b"DICM" + chance.randbytes(chance.randrange(1, 3000))
        (folder / f"JUNK{k}.dcm").write_bytes(data)


@cases.right()
def sparse_file_of_one_terabyte(folder):
    with (folder / "SPARSE.dcm").open("wb") as file:
        file.truncate(1 << 40)
    return ct().write(folder)


@cases.right()
def sparse_file_with_magic(folder):
    with (folder / "SPARSE.dcm").open("wb") as file:
        file.write(bytes(128) + b"DICM")
        file.truncate(1 << 36)
    return ct().write(folder)


@cases.right(name=["PIPE", "IM0003b.dcm", "DICOMDIR"])
def named_pipe(folder, name):
    os.mkfifo(folder / name)
    return ct().write(folder)


@cases.refused(r"PIPE|regular|not|no ")
def named_pipe_as_the_path(folder):
    os.mkfifo(folder / "PIPE")
    truth = ct(1).truth()
    return truth.at(folder / "PIPE")


@cases.refused(slices(3) + "|" + slices(2))
def named_pipe_instead_of_a_slice(folder):
    stack = ct()
    stack.write(folder)
    (folder / "IM0003.dcm").unlink()
    os.mkfifo(folder / "IM0003.dcm")


@cases.right()
def unix_socket(folder):
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket has at most 107 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("SOCKET.dcm")
    os.chdir(here)
    return ct().write(folder)


@cases.right(target=["/dev/zero", "/dev/random", "/dev/stdin", "/proc/self/mem"])
def link_to_a_device(folder, target):
    (folder / "DEVICE.dcm").symlink_to(target)
    return ct().write(folder)


@cases.right(target=[".", "..", "a"])
def folder_link_that_loops(folder, target):
    truth = ct().write(folder)
    (folder / "a").mkdir()
    (folder / "a" / "loop").symlink_to(folder / target if target != ".." else "..")
    return truth


@cases.right()
def links_that_point_at_each_other(folder):
    (folder / "A.dcm").symlink_to("B.dcm")
    (folder / "B.dcm").symlink_to("A.dcm")
    return ct().write(folder)


@cases.right()
def link_to_nothing(folder):
    (folder / "GONE.dcm").symlink_to("nowhere")
    return ct().write(folder)


def outside(folder):
    """Return a folder beside the study that must not be looked into."""
    beside = folder.parent / "outside"
    beside.mkdir()
    return beside


@cases.right(what=["file", "folder"])
def link_to_a_series_outside_is_not_followed(folder, what):
    other = ct(series=44, origin=(0, 0, 0))
    other.write(outside(folder))
    if what == "folder":
        (folder / "LINK").symlink_to(folder.parent / "outside")
    else:
        for each in other:
            (folder / f"L{each.name}").symlink_to(folder.parent / "outside" / each.name)
    return ct().write(folder)


@cases.refused(slices(3) + "|" + slices(2))
def link_to_the_missing_slice_outside_is_not_followed(folder):
    stack = ct()
    stack.write(folder)
    (folder / "IM0003.dcm").rename(outside(folder) / "IM0003.dcm")
    (folder / "IM0003.dcm").symlink_to(folder.parent / "outside" / "IM0003.dcm")


@cases.right_or_refused(slices(2) + "|LINK|duplicate|link")
def link_to_a_slice_of_the_same_folder(folder):
    truth = ct().write(folder)
    (folder / "LINK.dcm").symlink_to("IM0002.dcm")
    return truth


@cases.right()
def the_path_itself_is_a_link(folder):
    truth = ct().write(folder)
    (folder.parent / "LINK").symlink_to(folder)
    return truth.at(folder.parent / "LINK")


@cases.right_or_refused(slices(2) + "|HARD|duplicate")
def hard_link(folder):
    truth = ct().write(folder)
    os.link(folder / "IM0002.dcm", folder / "HARD.dcm")
    return truth


@cases.right()
def two_thousand_small_files(folder):
    (folder / "junk").mkdir()
    for k in range(2000):
        (folder / "junk" / f"{k}.dcm").write_bytes(b"\0" * (k % 300))
    return ct().write(folder)


@cases.right()
def three_hundred_nested_folders(folder):
    truth = ct().write(folder)
    deep = folder
    for _ in range(300):
        deep = deep / "d"
        deep.mkdir()
    (deep / "x").write_bytes(b"x")
    return truth


@cases.right()
def three_hundred_single_images_of_other_series(folder):
    for k in range(300):
        (shot,) = ct(1, series=1000 + k, rows=4, columns=4)
        shot.name = f"S{k}.dcm"
        shot.ds.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
        Stack([shot]).write(folder)
    return ct().write(folder)


@cases.right()
def files_cannot_be_executed_or_written(folder):
    truth = ct().write(folder)
    for path in folder.iterdir():
        path.chmod(0o400)
    return truth


@cases.holds()
def file_without_permission_is_accounted(folder):
    ct().write(folder)
    (folder / "SECRET.dcm").write_bytes(b"x")
    (folder / "SECRET.dcm").chmod(0)

    def check():
        import calvaria

        found = calvaria.find_series(folder)
        assert any(str(left.file).endswith("SECRET.dcm") for left in found.left_out)

    return check
