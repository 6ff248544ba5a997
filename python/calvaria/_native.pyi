"""The private native module.  Flat; may change in any release."""

import os
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Phantom",
    "Progress",
    "SeriesHandle",
    "blocked_by_body",
    "blocked_ways",
    "closest_points",
    "cluster_points",
    "compare_masks",
    "compare_meshes",
    "compare_to_image",
    "components",
    "count_uneven_edges",
    "count_values",
    "curvature_mesh",
    "cut_mesh",
    "decimate_mesh",
    "diffuse",
    "distance",
    "draw_mesh",
    "edge_profiles",
    "extract_label_surfaces",
    "extract_surface",
    "fill_holes",
    "fill_mesh",
    "fill_mesh_holes",
    "find_membranes",
    "find_series",
    "fine_normals",
    "fit_points",
    "flat_patches",
    "gaussian",
    "grow_from_seeds",
    "keep_connected",
    "keep_parts",
    "kind_colours",
    "lay_down_mesh",
    "least_over_patch",
    "load_series",
    "low_patches",
    "measure_mesh",
    "median",
    "mesh_closure",
    "mesh_footprint",
    "mesh_overhang",
    "mesh_parts",
    "mesh_pools",
    "mesh_quality",
    "mesh_self_intersections",
    "mesh_thickness",
    "mesh_topology",
    "mesh_winding",
    "nearest_mm",
    "offsets_from_mesh",
    "orthogonal_grid",
    "read_mesh",
    "refine_mesh",
    "remesh_mesh",
    "repair_mesh",
    "resample_slices_f32",
    "resample_slices_i16",
    "resample_to_grid_f32",
    "resample_to_grid_i16",
    "reshape_mask",
    "round_holes",
    "sample_surface",
    "section_mesh",
    "signed_distance_mesh",
    "slender_members",
    "smooth_mesh",
    "solid_mask",
    "spread_values",
    "survey_volume",
    "threshold",
    "watershed",
    "write_capture",
    "write_ct",
    "write_mesh",
]

_Place: TypeAlias = tuple[float, float, float]

@final
class Phantom:
    @staticmethod
    def head(
        *,
        defect: tuple[_Place, float] | None,
        metal: tuple[float, float, float] | None,
        has_table: bool,
        has_bar: bool,
        is_half_mandible: bool,
    ) -> Phantom: ...
    @staticmethod
    def sphere(*, centre_lps_mm: _Place, radius_mm: float, hu: float) -> Phantom: ...
    @staticmethod
    def cylinder(
        *, start_lps_mm: _Place, end_lps_mm: _Place, radius_mm: float, hu: float
    ) -> Phantom: ...
    @staticmethod
    def bar(*, centre_lps_mm: _Place, size_mm: _Place, turn_deg: _Place, hu: float) -> Phantom: ...
    @staticmethod
    def rods(
        *, centre_lps_mm: _Place, apart_mm: float, radius_mm: float, length_mm: float, hu: float
    ) -> Phantom: ...
    def structures(self) -> list[tuple[str, str, float]]: ...
    def bounds_lps_mm(self) -> tuple[_Place, _Place]: ...
    def signed_distance_mm(
        self, structure: str, points_lps_mm: NDArray[np.float64]
    ) -> NDArray[np.float64]: ...
    def hu_at(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]: ...
    def scan(
        self,
        *,
        dims_ij: tuple[int, int],
        spacing_xy_mm: tuple[float, float],
        row_direction: list[float],
        column_direction: list[float],
        slice_thickness_mm: float,
        kernel_terms: list[tuple[float, float]],
        noise_hu: float,
        seed: int,
        circle: tuple[float, int] | None,
        limits_hu: tuple[int, int],
        positions_lps_mm: NDArray[np.float64],
        noise_numbers: list[int],
        progress: Progress,
    ) -> NDArray[np.int16]: ...

@final
class Progress:
    def __new__(cls) -> Progress: ...
    def state(self) -> tuple[int, int]: ...
    def cancel(self) -> None: ...

def nearest_mm(a_lps_mm: NDArray[np.float64], b_lps_mm: NDArray[np.float64]) -> float | None: ...
def survey_volume(
    values: NDArray[np.int16] | NDArray[np.float32],
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    bone_hu: float,
    metal_hu: float,
    progress: Progress,
) -> dict[str, Any]: ...

@final
class SeriesHandle:
    def describe(self) -> dict[str, Any]: ...

def find_series(
    path: str | os.PathLike[str], max_extra_bytes: int, progress: Progress
) -> tuple[list[SeriesHandle], list[tuple[str, str, bool]]]: ...
def load_series(
    series: SeriesHandle,
    rescale: tuple[float, float] | None,
    max_extra_bytes: int,
    progress: Progress,
) -> tuple[
    NDArray[np.int16] | NDArray[np.float32],
    list[tuple[str, str, float | None, list[str]]],
]: ...
def orthogonal_grid(
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    spacing_mm: tuple[float, float, float] | None,
) -> tuple[tuple[int, int, int], NDArray[np.float64]]: ...
def resample_to_grid_i16(
    values: NDArray[np.int16],
    lps_from_ijk: NDArray[np.float64],
    target_dims_ijk: tuple[int, int, int],
    target_lps_from_ijk: NDArray[np.float64],
    fill: int,
    progress: Progress,
) -> NDArray[np.int16]: ...
def resample_to_grid_f32(
    values: NDArray[np.float32],
    lps_from_ijk: NDArray[np.float64],
    target_dims_ijk: tuple[int, int, int],
    target_lps_from_ijk: NDArray[np.float64],
    fill: float,
    progress: Progress,
) -> NDArray[np.float32]: ...
def resample_slices_i16(
    values: NDArray[np.int16],
    positions_mm: NDArray[np.float64],
    spacing_mm: float,
    max_gap_mm: float,
    progress: Progress,
) -> NDArray[np.int16]: ...
def resample_slices_f32(
    values: NDArray[np.float32],
    positions_mm: NDArray[np.float64],
    spacing_mm: float,
    max_gap_mm: float,
    progress: Progress,
) -> NDArray[np.float32]: ...
def write_ct(
    *,
    folder: str,
    series: dict[str, Any],
    identities: list[dict[str, str]],
    slices: list[Any],
    values: NDArray[np.int16],
    is_enhanced: bool,
    progress: Progress,
) -> None: ...
def write_capture(
    *,
    path: str,
    series: dict[str, Any],
    identity: dict[str, str],
    number: int,
    values: NDArray[np.uint8],
) -> None: ...
def extract_label_surfaces(
    values: NDArray[np.uint8] | NDArray[np.uint16],
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    n_iterations: int,
    close_border: bool,
    progress: Progress,
) -> list[tuple[int, tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]]]: ...
def extract_surface(
    values: NDArray[Any],
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    level: float,
    within: NDArray[np.bool_] | None,
    close_border: bool,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]: ...
def threshold(
    values: NDArray[np.int16] | NDArray[np.float32], lower: float, upper: float
) -> NDArray[np.uint8]: ...
def components(
    mask: NDArray[np.uint8], connectivity: int, with_labels: bool, progress: Progress
) -> tuple[
    NDArray[np.uint32] | None, NDArray[np.uint64], NDArray[np.uint32], NDArray[np.float64]
]: ...
def keep_parts(
    mask: NDArray[np.uint8], connectivity: int, most: int, least: int, progress: Progress
) -> NDArray[np.uint8]: ...
def keep_connected(
    mask: NDArray[np.uint8], seeds: NDArray[np.uint8], connectivity: int, progress: Progress
) -> NDArray[np.uint8]: ...
def fill_holes(
    mask: NDArray[np.uint8], axis: int | None, most: int, progress: Progress
) -> NDArray[np.uint8]: ...
def count_values(
    values: NDArray[np.int16] | NDArray[np.float32],
    mask: NDArray[np.uint8] | None,
    low: float,
    width: float,
    n_bins: int,
) -> NDArray[np.uint64]: ...
def edge_profiles(
    values: NDArray[np.int16] | NDArray[np.float32],
    mask: NDArray[np.uint8],
    lps_from_ijk: NDArray[np.float64],
    most: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]: ...
def reshape_mask(
    mask: NDArray[np.uint8],
    steps: list[bool],
    lps_from_ijk: NDArray[np.float64],
    radius_mm: float | None,
    n_voxels: int,
    connectivity: int,
    progress: Progress,
) -> NDArray[np.uint8]: ...
def distance(
    mask: NDArray[np.uint8],
    spacing_xyz_mm: tuple[float, float, float],
    is_signed: bool,
    progress: Progress,
) -> NDArray[np.float32]: ...

_Arrays: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]]

def read_mesh(
    path: str | os.PathLike[str],
    format_name: str,
    unit: str | None,
    space: str | None,
    progress: Progress,
) -> tuple[_Arrays, dict[str, Any]]: ...
def write_mesh(
    path: str | os.PathLike[str],
    format_name: str,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    metadata: list[tuple[str, str]],
    face_colours_rgba: NDArray[np.uint8] | None,
    progress: Progress,
) -> list[tuple[str, str, float | None]]: ...
def count_uneven_edges(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> int: ...
def mesh_winding(
    vertices: NDArray[np.float64], faces: NDArray[np.int32], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], int]: ...
def mesh_topology(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> dict[str, Any]: ...
def mesh_quality(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    sliver_fraction: float,
) -> dict[str, Any]: ...
def mesh_self_intersections(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    progress: Progress,
) -> NDArray[np.int32]: ...
def smooth_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    is_sinc: bool,
    n_passes: int,
    passband: float,
    is_lid_kept: bool,
    is_held_apart: bool,
    progress: Progress,
) -> tuple[NDArray[np.float64], dict[str, Any]]: ...
def decimate_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    n_faces: int,
    bound_mm: float,
    progress: Progress,
) -> tuple[tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]], dict[str, Any]]: ...
def remesh_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    edge_length_mm: float,
    bound_mm: float,
    n_passes: int,
    crease_deg: float,
    most_faces: int,
    progress: Progress,
) -> tuple[tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]], dict[str, Any]]: ...
def repair_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    tolerance_mm: float,
    islands_below_mm3: float | None,
    progress: Progress,
) -> tuple[_Arrays, list[tuple[str, int]]]: ...
def gaussian(
    values: NDArray[np.int16] | NDArray[np.float32],
    sigma_ijk: tuple[float, float, float],
    progress: Progress,
) -> NDArray[np.int16] | NDArray[np.float32]: ...
def median(
    values: NDArray[np.int16] | NDArray[np.float32], progress: Progress
) -> NDArray[np.int16] | NDArray[np.float32]: ...
def diffuse(
    values: NDArray[np.int16] | NDArray[np.float32],
    spacing_xyz_mm: tuple[float, float, float],
    sigma_mm: float,
    contrast: float,
    progress: Progress,
) -> NDArray[np.int16] | NDArray[np.float32]: ...
def watershed(
    depth: NDArray[np.float32],
    markers: NDArray[np.uint32],
    mask: NDArray[np.uint8],
    progress: Progress,
) -> NDArray[np.uint32]: ...
def grow_from_seeds(
    values: NDArray[np.int16] | NDArray[np.float32],
    seeds: NDArray[np.uint32],
    mask: NDArray[np.uint8] | None,
    spacing_xyz_mm: tuple[float, float, float],
    per_mm: float,
    progress: Progress,
) -> NDArray[np.uint32]: ...
def solid_mask(
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    kind: str,
    vectors: list[tuple[float, float, float]],
    numbers: list[float],
    corners: list[tuple[float, float]],
) -> NDArray[np.uint8]: ...
def cut_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    normal: tuple[float, float, float],
    offset_mm: float,
    has_lid: bool,
) -> tuple[tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]], int, int]: ...
def fill_mesh_holes(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    max_diameter_mm: float,
    progress: Progress,
) -> tuple[
    tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]],
    list[tuple[float, int, tuple[float, float, float], float, bool]],
]: ...
def measure_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> dict[str, Any]: ...
def curvature_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def signed_distance_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    queries: NDArray[np.float64],
) -> NDArray[np.float64]: ...
def closest_points(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    queries: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]: ...
def section_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    normal: tuple[float, float, float],
    offsets_mm: NDArray[np.float64],
) -> list[list[tuple[NDArray[np.float64], bool]]]: ...
def compare_to_image(
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    values: NDArray[Any],
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    *,
    is_gradient: bool,
    search_mm: float,
    least_contrast: float | None,
    lowest_contrast: float,
    floor: float,
    ceiling: float,
    level: float | None,
    coat: tuple[float, float] | None,
    is_curvature_corrected: bool,
    progress: Progress,
) -> dict[str, Any]: ...
def sample_surface(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    n_samples: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32], float, list[float]]: ...
def cluster_points(points: NDArray[np.float64], reach_mm: float) -> NDArray[np.uint32]: ...
def fine_normals(
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    areas: NDArray[np.float64],
    width_mm: float,
) -> NDArray[np.float64]: ...
def spread_values(
    points: NDArray[np.float64], values: NDArray[np.float64], cell_mm: float
) -> NDArray[np.float32]: ...
def find_membranes(
    mask: NDArray[np.uint8],
    spacing_xyz_mm: tuple[float, float, float],
    reach_mm: float,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def fit_points(
    *,
    points: NDArray[np.float64],
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    starts: NDArray[np.float64],
    n_iterations: int,
    kept_fraction: float,
    tolerance_mm: float,
    progress: Progress,
) -> list[tuple[NDArray[np.float64], dict[str, Any]]]: ...
def flat_patches(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    radius_mm: float,
    least_cosine: float,
    most_mm: float,
    least_mm2: float,
    progress: Progress,
) -> NDArray[np.int32]: ...
def mesh_parts(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]: ...
def draw_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    right: _Place,
    up: _Place,
    centre_lps_mm: _Place,
    mm_per_pixel: float,
    size: tuple[int, int],
    colours: tuple[tuple[int, int, int], ...],
    background: tuple[int, int, int],
    vertex_colours: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]: ...
def kind_colours() -> list[tuple[int, int, int]]: ...

_Ways: TypeAlias = tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.uint64], tuple[int, int, int]
]

def compare_masks(
    *,
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    border_of: NDArray[np.uint8] | None,
    border_mm: float,
    spacing_xyz_mm: tuple[float, float, float],
    is_disk: bool,
    progress: Progress,
) -> tuple[tuple[int, int, int], tuple[int, int, int] | None, tuple[_Ways, _Ways]]: ...
def compare_meshes(
    *,
    first: _Arrays,
    second: _Arrays,
    steps_mm: tuple[float, float],
    pitch_mm: float | None,
    progress: Progress,
) -> tuple[dict[str, Any], dict[str, Any], tuple[float, float, float] | None]: ...
def offsets_from_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    queries: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]: ...
def mesh_closure(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
) -> tuple[bool, float, float]: ...
def mesh_thickness(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    is_ray: bool,
    is_outside: bool,
    longest_mm: float,
    across: float,
    progress: Progress,
) -> NDArray[np.float64]: ...
def refine_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    longest_mm: float,
    most_faces: int,
) -> tuple[
    tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.uint8]], NDArray[np.int32], bool
]: ...
def low_patches(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    values: NDArray[np.float64],
    below: float,
    min_area_mm2: float,
) -> list[dict[str, Any]]: ...
def least_over_patch(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    values: NDArray[np.float64],
    min_area_mm2: float,
) -> tuple[float, _Place] | None: ...
def slender_members(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    thickness_mm: NDArray[np.float64],
    below_mm: float,
    min_area_mm2: float,
) -> list[dict[str, Any]]: ...
def round_holes(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    widest_mm: float,
) -> list[dict[str, Any]]: ...
def mesh_overhang(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    up: _Place,
    steepest: float,
    first_layer_mm: float,
) -> dict[str, Any]: ...
def blocked_ways(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    centres: NDArray[np.float64],
    normals: NDArray[np.float64],
    ways: NDArray[np.float64],
) -> list[tuple[float, float]]: ...
def blocked_by_body(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    centres: NDArray[np.float64],
    normals: NDArray[np.float64],
    way: _Place,
) -> NDArray[np.bool_]: ...
def lay_down_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    ups: NDArray[np.float64],
    steepest: float,
    first_layer_mm: float,
) -> list[tuple[float, float, float, float, int]]: ...
def mesh_footprint(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    up: _Place,
) -> tuple[float, float]: ...
def fill_mesh(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    turn: tuple[_Place, _Place, _Place],
    size_mm: float,
) -> tuple[NDArray[np.bool_], _Place]: ...
def mesh_pools(
    *,
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    turn: tuple[_Place, _Place, _Place],
    size_mm: float,
    min_mm3: float,
) -> list[tuple[float, _Place, bool]]: ...
