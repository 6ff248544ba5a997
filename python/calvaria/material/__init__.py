"""Materials, processes and printers as data, and which material a purpose asks for."""

from calvaria.material.catalogue import (
    compare_uses,
    load_materials,
    load_printers,
    load_processes,
    load_uses,
)
from calvaria.material.choice import MaterialChoice, MaterialVerdict, choose_material
from calvaria.material.records import Comparison, Material, Printer, Process, Use

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
