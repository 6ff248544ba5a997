"""Materials, processes and printers as data, and which material a purpose asks for."""

from calvaria.material.catalogue import (
    Comparison,
    Material,
    Printer,
    Process,
    Use,
    compare_uses,
    load_materials,
    load_printers,
    load_processes,
    load_uses,
)
from calvaria.material.choice import MaterialChoice, MaterialVerdict, choose_material

__all__ = [
    "Comparison",
    "Material",
    "MaterialChoice",
    "MaterialVerdict",
    "Printer",
    "Process",
    "Use",
    "choose_material",
    "compare_uses",
    "load_materials",
    "load_printers",
    "load_processes",
    "load_uses",
]


def __dir__() -> list[str]:
    return sorted(__all__)
