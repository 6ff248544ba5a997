"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def calvaria_data() -> Path:
    """The folder of real scans: $CALVARIA_DATA, else ../shared/data beside the project."""
    named = os.environ.get("CALVARIA_DATA")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(
            f"no real scans: $CALVARIA_DATA is not set to them and {folder.name}/ is not beside the project"
        )
    return folder
