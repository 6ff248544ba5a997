"""Named, versioned limits with their sources, and the grades they give.

A check measures; a row of these tables says what the number must be held against and who says so.
The tables that come with calvaria may be replaced by a TOML file of one's own.
"""

from calvaria.rules.kernels import Kernel, classify_kernel
from calvaria.rules.limit import Limit
from calvaria.rules.tables import Rules, load_rules

__all__ = ["Kernel", "Limit", "Rules", "classify_kernel", "load_rules"]


def __dir__() -> list[str]:
    return sorted(__all__)
