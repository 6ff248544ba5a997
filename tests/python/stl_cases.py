"""Odd STL files: each a way in which real programs write, break or abuse the format.

A case is (name, bytes, what must come of it): a set of finding codes when it is read as a tetrahedron,
or a fragment of the message when it is refused.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

CORNERS = np.array([[0, 0, 0], [10, 0, 0], [0, 20, 0], [0, 0, 30]], float)
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
TRIANGLES = CORNERS[FACES]


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    codes: frozenset = frozenset()
    refused: str | None = None
    n_faces: int = 4
    high: tuple = (10, 20, 30)
    low: tuple = (0, 0, 0)
    options: dict = field(default_factory=dict)


def records(triangles, normal=(0, 0, 0), attribute=0, order="<"):
    return b"".join(
        struct.pack(f"{order}12fH", *normal, *np.asarray(t, np.float32).ravel(), attribute)
        for t in triangles
    )


def binary(triangles=TRIANGLES, *, header=b"", n=None, order="<", tail=b"", **options):
    n = len(triangles) if n is None else n
    return (
        header.ljust(80, options.pop("pad", b" "))
        + struct.pack(f"{order}I", n)
        + records(triangles, order=order, **options)
        + tail
    )


def facet(t, normal="0 0 0", number=repr):
    lines = [f"facet normal {normal}", " outer loop"]
    lines += ["  vertex " + " ".join(number(float(x)) for x in p) for p in t]
    return "\n".join([*lines, " endloop", "endfacet"]) + "\n"


def text(triangles=TRIANGLES, *, name="", end=True, **options):
    body = "".join(facet(t, **options) for t in triangles)
    return f"solid{' ' if name else ''}{name}\n{body}" + (f"endsolid {name}\n" if end else "")


def nan_at(where, value):
    triangles = TRIANGLES.copy()
    triangles[where] = value
    return triangles


FLAT = [[[0, 0, 0], [0, 0, 0], [10, 0, 0]]]
SHIFTED = TRIANGLES + np.array([100, 0, 0])
ZERO = np.where(TRIANGLES == 0, -0.0, TRIANGLES)
HALF_ZERO = TRIANGLES.copy()
HALF_ZERO[::2] = ZERO[::2]


def good_binary():
    yield Case("plain", binary())
    for word in (
        b"solid ",
        b"SOLID ascii",
        b"solid\x00",
        b"solid facet normal",
        b"\xef\xbb\xbfsolid",
    ):
        yield Case(f"header {word!r}", binary(header=word))
    yield Case("header of zeros", binary(pad=b"\x00"))
    yield Case("header like a STEP file", binary(header=b"ISO-10303-21;\nHEADER;"))
    yield Case("header in UTF-16", binary(header="solid ü".encode("utf-16")))
    yield Case("attributes set", binary(attribute=0xFFFF))
    yield Case("colours of VisCAM", binary(attribute=0x8000 | 0x7C00))
    yield Case("COLOR of Materialise", binary(header=b"COLOR=\x01\x02\x03\xff"))
    yield Case("NaN normals", binary(normal=(np.nan, np.inf, -np.inf)))
    yield Case("normals too long", binary(normal=(1e30, 0, 0)), frozenset({"stl_normals_disagree"}))
    yield Case("minus zero", binary(HALF_ZERO))
    yield Case("SPACE=LPS", binary(header=b"SPACE=LPS"))
    yield Case(
        "SPACE=RAS",
        binary(header=b"3D Slicer output. SPACE=RAS "),
        high=(0, 0, 30),
        low=(-10, -20, 0),
    )
    yield Case("SPACE unknown", binary(header=b"SPACE=XYZ"), frozenset({"mesh_space_unknown"}))
    yield Case("UNIT=cm", binary(header=b"UNIT=cm"), high=(100, 200, 300))
    yield Case(
        "unit given", binary(header=b"UNIT=cm"), options={"unit": "inch"}, high=(254, 508, 762)
    )
    yield Case("tiny", binary(TRIANGLES * 1e-20), high=(1e-19, 2e-19, 3e-19))
    yield Case("far away", binary(TRIANGLES + 4096), high=(4106, 4116, 4126), low=(4096,) * 3)


def odd_binary():
    counted, trailing = frozenset({"stl_wrong_count"}), frozenset({"stl_trailing_bytes"})
    collapsed = frozenset({"mesh_collapsed_faces"})
    yield Case("count too small", binary(n=3), counted)
    yield Case("count zero", binary(n=0), counted)
    yield Case("count too large", binary(n=5), counted)
    yield Case("count is text", binary(n=0x20202020), counted)
    yield Case("one byte behind", binary(tail=b"\n"), trailing)
    yield Case("49 bytes behind", binary(tail=b"x" * 49), trailing)
    yield Case("zeros behind, a record long", binary(tail=b"\x00" * 50), trailing)
    yield Case("a record of text behind", binary(tail=b"created by someone".ljust(50)), trailing)
    yield Case("zeros behind, four records long", binary(tail=b"\x00" * 200), trailing)
    yield Case("big endian", binary(order=">"), frozenset({"stl_byte_order"}))
    yield Case("two files in one", binary() + binary(SHIFTED), n_faces=8, high=(110, 20, 30))
    yield Case("three files in one", binary() * 3, n_faces=12)
    yield Case("a triangle on one edge", binary([*TRIANGLES, *FLAT]), collapsed)
    yield Case("only collapsed triangles", binary(FLAT), refused="no triangles")
    yield Case("open", binary(TRIANGLES[:3]), n_faces=3)


def bad_binary():
    yield Case("nothing", b"", refused="empty")
    yield Case("one byte", b"\x00", refused="84 bytes expected")
    yield Case("header only", b"\x00" * 80, refused="84 bytes expected")
    yield Case("83 bytes", b"\x00" * 83, refused="84 bytes expected")
    yield Case("no triangles", b"\x00" * 84, refused="no triangles")
    yield Case("count without triangles", binary([], n=7), refused="count says 7")
    yield Case("largest count, nothing", binary([], n=0xFFFFFFFF), refused="4294967295")
    yield Case("largest count", binary(n=0xFFFFFFFF), refused="4294967295")
    yield Case("count 0x7FFFFFFF", binary([], n=0x7FFFFFFF), refused="2147483647")
    yield Case("cut within a triangle", binary()[:-7], refused="truncated")
    yield Case("cut between triangles", binary()[:-50], refused="count says 4")
    yield Case("count zero and rubbish", binary([], n=0, tail=b"rubbish"), refused="7 bytes follow")
    for value in (np.nan, np.inf, -np.inf):
        triangles = nan_at((2, 1, 0), value)
        yield Case(f"a corner at {value}", binary(triangles), refused="corner of triangle 2")
    slipped = binary(np.concatenate([TRIANGLES] * 3))
    slipped = slipped[:190] + b"\x01\x7f\xff" + slipped[190:]
    yield Case("bytes slipped in", slipped, refused="damaged: 3 bytes more than 12")
    yield Case("random bytes", np.random.default_rng(3).bytes(5000), refused="STL")
    yield Case("zeros", b"\x00" * 5000, refused="STL")
    yield Case("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, refused="STL")


def good_text():
    yield Case("text", text().encode())
    yield Case("text, upper case", text().upper().encode())
    yield Case("text, mixed case", text().title().encode())
    yield Case("text, name", text(name="a b.c 1e5 vertex").encode())
    yield Case("text, name facet", text(name="facet of a solid").encode())
    yield Case("text, latin-1 name", text(name="Schädel").encode("latin-1"))
    yield Case("text, utf-8 name", text(name="頭蓋骨").encode())
    yield Case("text, a long name", text(name="x" * 5000).encode())
    yield Case("text, BOM", b"\xef\xbb\xbf" + text().encode())
    yield Case("text, UTF-16", text().encode("utf-16"))
    yield Case("text, UTF-16 high byte first", b"\xfe\xff" + text().encode("utf-16-be"))
    yield Case("text, CRLF", text().replace("\n", "\r\n").encode())
    yield Case("text, CR", text().replace("\n", "\r").encode())
    yield Case("text, tabs", text().replace(" ", "\t").encode())
    yield Case(
        "text, blank lines and blanks", ("\n\n  " + text().replace("\n", "  \n \n")).encode()
    )
    yield Case("text, one line", text().replace("\n", " ").encode())
    yield Case("text, one line with a name", text(name="part 1").replace("\n", " ").encode())
    yield Case("text, exponents", text(number=lambda x: f"{x:+.9E}").encode())
    yield Case(
        "text, three-digit exponents",
        text(number=lambda x: f"{x:.6e}".replace("e+0", "e+00")).encode(),
    )
    yield Case("text, Fortran", text(number=lambda x: f"{x:.6E}".replace("E", "D")).encode())
    yield Case("text, no digit behind the point", text(number=lambda x: f"{x:.0f}.").encode())
    yield Case("text, NaN normals", text(normal="nan -nan(ind) 1.#QNAN").encode())
    yield Case("text, no normals", text(normal="").encode())
    yield Case("text, normal is a word", text(normal="none at all").encode())
    yield Case(
        "text, comments", text().replace(" outer", "# vertex 1 2 3\n; x\n// y\n outer").encode()
    )
    yield Case("text, colours", text().replace(" outer", " color 1 0 0\n outer").encode())
    yield Case("text, zeros behind", text().encode() + b"\x00" * 100)
    yield Case("text, Ctrl-Z behind", text().encode() + b"\x1a")
    yield Case("text, minus zero", text(HALF_ZERO).encode())
    yield Case(
        "text, two solids",
        (text(name="a") + text(SHIFTED, name="b")).encode(),
        n_faces=8,
        high=(110, 20, 30),
    )
    yield Case("text, empty solid first", ("solid a\nendsolid a\n" + text()).encode())
    yield Case("text, end solid", text().replace("endsolid", "end solid").encode())
    yield Case(
        "text, SPACE=RAS", text(name="x SPACE=RAS").encode(), high=(0, 0, 30), low=(-10, -20, 0)
    )


def odd_text():
    ended = frozenset({"stl_no_endsolid"})
    yield Case("text, no endsolid", text(end=False).encode(), ended)
    yield Case("text, no solid either", text(end=False).removeprefix("solid\n").encode(), ended)
    yield Case("text, no endfacet", text().replace("endfacet\n", "").encode())
    yield Case(
        "text, no loops", text().replace(" outer loop\n", "").replace(" endloop\n", "").encode()
    )
    comma = frozenset({"stl_decimal_comma"})
    yield Case(
        "text, decimal comma", text(number=lambda x: f"{x:.6f}".replace(".", ",")).encode(), comma
    )
    yield Case("text, commas between", text(number=lambda x: f"{x},").encode())
    yield Case(
        "text, collapsed triangle",
        text([*TRIANGLES, *np.array(FLAT, float)]).encode(),
        frozenset({"mesh_collapsed_faces"}),
    )


def bad_text():
    yield Case("text, empty solid", b"solid Empty\nendsolid Empty", refused="no triangles")
    yield Case("text, the word solid", b"solid", refused="no triangles")
    yield Case("text, cut in a facet", text().encode()[:-90], refused="truncated")
    cut = text().rpartition("30.0")[0] + "3"
    yield Case("text, cut in a number", cut.encode(), refused="truncated")
    yield Case(
        "text, a letter for a number", text().replace("30.0", "3O.0").encode(), refused="'3O.0'"
    )
    yield Case("text, NaN corner", text().replace("30.0", "nan").encode(), refused="line ")
    yield Case("text, 1.#INF", text().replace("30.0", "1.#INF").encode(), refused="'1.#INF'")
    yield Case("text, too large", text().replace("30.0", "1e39").encode(), refused="'1e39'")
    four = text().replace(" endloop", "  vertex 0 0 0\n endloop", 1)
    yield Case("text, four corners", four.encode(), refused="3 corners expected, found 4")
    two = text().replace("  vertex 10.0 0.0 0.0\n", "", 1)
    yield Case("text, two corners", two.encode(), refused="3 corners expected, found 2")
    yield Case("a letter to a friend", b"Dear friend, how are you?\n" * 9, refused="no STL")
    yield Case("an OBJ", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", refused="84 bytes")


def cases():
    for kind in (good_binary, odd_binary, bad_binary, good_text, odd_text, bad_text):
        yield from kind()
