"""What the server imports once, before it forks a process for each case."""

import calvaria  # noqa: F401

from . import all_cases

all_cases()
