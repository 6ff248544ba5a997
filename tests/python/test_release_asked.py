"""What is asked for wrongly is said, and nothing is written."""

import pytest

from calvaria import Override
from calvaria.printability import block_mesh
from calvaria.release import mark_fit_test, write_partner_package

pytest.importorskip("manifold3d")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"overrides": None}, "overrides"),
        ({"overrides": Override(code="release_scan", name="a", reason="b")}, "overrides"),
        ({"checks": None}, "checks"),
        ({"reference": None}, "reference"),
    ],
)
def test_a_package_asked_for_wrongly_says_which_argument(tmp_path, asked, name):
    with pytest.raises(TypeError, match=f"^{name}: "):
        write_partner_package(
            block_mesh(size_mm=(60, 40, 4)), tmp_path / "package", purpose="implant", material="titanium",
            partner="Example Ltd", **asked,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_mark_that_is_no_text_is_said():
    with pytest.raises(TypeError, match="mark: a str expected, found int"):
        mark_fit_test(block_mesh(size_mm=(60, 40, 4)), process="fdm", mark=5)
