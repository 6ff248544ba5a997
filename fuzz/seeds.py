"""Seeds for the fuzz targets, into fuzz/corpus: codestreams of the tests, files of the phantom."""

import shutil
import tempfile
from pathlib import Path

from calvaria import Mesh, phantom, write_mesh

HERE = Path(__file__).parent
TARGET = HERE / "corpus" / "pixels"
ENCODING_OF = {".jpg": 5, ".jls": 6, ".j2k": 7, ".jp2": 7, ".jph": 8}  # places in ENCODINGS
ROWS, COLUMNS = 24, 20


def main() -> None:
    """Write the seeds of all targets."""
    codestreams()
    headers()
    meshes()


def meshes() -> None:
    """A solid in every format, with the byte that names it in front."""
    folder = HERE / "corpus" / "meshes"
    folder.mkdir(parents=True, exist_ok=True)
    corners = [[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]]
    solid = Mesh(vertices=corners, faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    places = {"stl": 0, "stl-ascii": 0, "ply": 1, "obj": 2, "3mf": 3, "glb": 4}
    for name, place in places.items():
        path = folder / name
        write_mesh(solid, path, format=name)
        path.write_bytes(bytes([place]) + path.read_bytes())


def headers() -> None:
    """One slice and one multi-frame file of a small scan."""
    folder = HERE / "corpus" / "headers"
    folder.mkdir(parents=True, exist_ok=True)
    scanner = phantom.Scanner(columns=8, rows=8, n_slices=2)
    for enhanced in (False, True):
        with tempfile.TemporaryDirectory() as study:
            phantom.write_study(phantom.sphere(), study, scanner=scanner, is_enhanced=enhanced)
            file = min(path for path in Path(study).rglob("*") if path.is_file())
            shutil.copy(file, folder / ("enhanced" if enhanced else "classic"))


def codestreams() -> None:
    """One seed a codestream, with the six bytes the target reads first."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for path in sorted((HERE.parent / "tests" / "data" / "codec").iterdir()):
        encoding = 3 if path.name == "baseline.jpg" else ENCODING_OF.get(path.suffix)
        if encoding is None:
            continue
        bits = 8 if path.name in {"baseline.jpg", "byte.jls", "tiles.j2k"} else 12
        bits = 16 if path.suffix == ".jph" else bits
        is_signed = path.name.startswith("signed")
        head = bytes([encoding, ROWS - 1, COLUMNS - 1, bits - 1, is_signed, 0])
        (TARGET / path.name).write_bytes(head + path.read_bytes())
    rle = (
        (2).to_bytes(4, "little")
        + (64).to_bytes(4, "little")
        + (68).to_bytes(4, "little")
        + bytes(52)
    )
    (TARGET / "rle").write_bytes(bytes([2, 7, 7, 15, 0, 0]) + rle + bytes([193, 1, 193, 2, 193, 3]))


if __name__ == "__main__":
    main()
