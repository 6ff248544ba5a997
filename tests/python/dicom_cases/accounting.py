"""Every file is in a series or left out with a reason, and nobody is named."""

import random

from .case import Cases
from .judge import Spoken, leaks, listening
from .stack import Stack, ct, localizer, secondary_capture

cases = Cases("accounting")


def every_file_is_accounted(folder, *, left_out=()):
    """Return a check: each file once, the named ones left out, each with a reason."""

    def check():
        import calvaria

        spoken = Spoken()
        with listening(spoken):
            found = calvaria.find_series(folder)
        listed = [str(file) for series in found for file in series.files]
        left = [str(each.file) for each in found.left_out]
        names = [str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()]
        here = sorted(name.replace("\n", "\N{REPLACEMENT CHARACTER}") for name in names)
        told = sorted(_relative(name, folder) for name in [*listed, *left])
        assert told == here, f"told {told}, present {here}"
        for each in found.left_out:
            assert str(each.reason).strip(), f"no reason for {each.file}"
        missing = set(left_out) - {_relative(name, folder) for name in left}
        assert not missing, f"not left out: {missing}"
        said = [repr(found), *[s._repr_html_() for s in found if hasattr(s, "_repr_html_")]]
        said += [repr(s) for s in found] + [f"{e!r} {e.file} {e.reason}" for e in found.left_out]
        leak = leaks("\n".join([*said, spoken.everything()]))
        assert not leak, leak

    return check


def _relative(name: str, folder) -> str:
    return name.removeprefix(f"{folder}/")


@cases.holds()
def a_plain_folder(folder):
    ct().write(folder)
    return every_file_is_accounted(folder)


@cases.holds()
def everything_at_once(folder):
    ct().write(folder)
    ct(series=4, origin=(9, 9, 9)).write(folder / "second")
    Stack([localizer(), secondary_capture()]).write(folder)
    junk = {
        "NOTES.txt": b"hello",
        ".DS_Store": b"\0\0",
        "Thumbs.db": b"x" * 300,
        "EMPTY.dcm": b"",
        "ZEROS.dcm": bytes(2000),
        "RANDOM.dcm": bytes(128) + b"DICM" + random.Random(8).randbytes(900),
        "CUT.dcm": ct(1)[0].to_bytes()[:700],
    }
    for name, data in junk.items():
        (folder / name).write_bytes(data)
    return every_file_is_accounted(folder, left_out=junk)


@cases.holds()
def links_and_pipes(folder):
    import os

    ct().write(folder)
    os.mkfifo(folder / "PIPE")
    (folder / "GONE").symlink_to("nowhere")
    return every_file_is_accounted(folder, left_out=("PIPE", "GONE"))


@cases.holds(k=[0, 3, 5])
def a_corrupt_slice(folder, k):
    stack = ct()
    stack[k].edit(lambda data: data[:700])
    stack.write(folder)
    return every_file_is_accounted(folder)


@cases.holds()
def notes_of_a_mac_are_no_lost_images(folder):
    stack = ct()
    stack.write(folder)
    for each in stack:
        header = bytes.fromhex("00051607000200004d6163204f53205820202020")
        (folder / f"._{each.name}").write_bytes(header + bytes(100))
    every = every_file_is_accounted(folder, left_out=[f"._{each.name}" for each in stack])

    def check():
        import calvaria

        every()
        assert calvaria.load_series(folder).findings == ()

    return check


@cases.holds()
def copies(folder):
    ct().write(folder)
    (folder / "COPY.dcm").write_bytes((folder / "IM0002.dcm").read_bytes())
    return every_file_is_accounted(folder)


@cases.holds()
def odd_names(folder):
    stack = ct()
    names = ["a b", "Größe.dcm", "x\ny", "頭", "-rf", "%s{0}"]
    for each, name in zip(stack, names, strict=True):
        each.name = name
    stack.write(folder)
    return every_file_is_accounted(folder)


@cases.holds(kind=["gap", "spacing", "patients", "rescale", "bits", "padding", "nothing"])
def nobody_is_named(folder, kind):
    """Not in a repr, message, warning, finding, log record or table, whatever goes wrong."""
    stack = ct()
    if kind == "gap":
        del stack[2]
    elif kind == "spacing":
        stack.put("PixelSpacing", b"0.0001\\0.0001")
    elif kind == "patients":
        for each in stack[::2]:
            each.ds.PatientID = "KANARI-OTHER"
    elif kind == "rescale":
        stack.put("RescaleSlope", b"KANARI")
    elif kind == "bits":
        stack.set(BitsStored=99)
    elif kind == "padding":
        stack.put("PixelPaddingValue", b"\x30\xf8", vr="SS")
    stack.write(folder)

    def check():
        import calvaria

        spoken, said = Spoken(), []
        with listening(spoken):
            try:
                said += [repr(s) for s in calvaria.find_series(folder)]
                volume = calvaria.load_series(folder)
                said += [repr(volume), volume._repr_html_(), str(volume.to_dict())]
            except calvaria.errors.CalvariaError as error:
                said += [str(error), repr(error)]
        leak = leaks("\n".join([*said, spoken.everything()]))
        assert not leak, leak

    return check


@cases.holds()
def two_runs_are_equal(folder):
    """The same files give the same bits, whatever order the disk tells them in."""
    ct(12).write(folder)
    Stack([localizer(), secondary_capture()]).write(folder)

    def check():
        import calvaria

        first, second = calvaria.load_series(folder), calvaria.load_series(folder)
        assert first.values.tobytes() == second.values.tobytes()
        assert first.grid.lps_from_ijk.tobytes() == second.grid.lps_from_ijk.tobytes()
        listed = [[s.files for s in calvaria.find_series(folder)] for _ in range(2)]
        assert listed[0] == listed[1]

    return check


@cases.holds()
def values_are_read_only_and_the_affine_is_float64(folder):
    ct().write(folder)

    def check():
        import calvaria

        volume = calvaria.load_series(folder)
        assert volume.values.dtype.name == "int16"
        assert volume.values.shape == (6, 16, 20)
        assert not volume.values.flags.writeable
        assert volume.grid.lps_from_ijk.dtype.name == "float64"
        assert volume.grid.lps_from_ijk.shape == (4, 4)

    return check
