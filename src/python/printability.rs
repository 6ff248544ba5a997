//! Binding of `printability`.

use nalgebra::{Matrix3, Vector3};
use numpy::{IntoPyArray, PyArray1, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::{self, MeshArrays};
use super::progress::Progress;
use crate::mesh::closed::closure;
use crate::mesh::face_tree::FaceTree;
use crate::mesh::refine;
use crate::printability::bridges::{Member, members};
use crate::printability::drain::pools;
use crate::printability::edge_distance::Nearest;
use crate::printability::holes::{Hole, holes};
use crate::printability::insertion::{Facet, blocked, blocked_faces};
use crate::printability::orient::{footprint, lay_down};
use crate::printability::overhang::{Build, overhang};
use crate::printability::patches::{least_over_area, patches};
use crate::printability::thickness::{Asked, Method, thickness};
use crate::printability::voxels::fill;

type Place = (f64, f64, f64);

/// Thickness at every vertex, mm; infinity where nothing lies across.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, is_ray, is_outside, longest_mm, across, progress))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn mesh_thickness<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    is_ray: bool,
    is_outside: bool,
    longest_mm: f64,
    across: f64,
    progress: &Progress,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let method = if is_ray { Method::Ray } else { Method::Sphere };
    let asked = Asked { method, is_outside, longest_mm, across };
    let progress = progress.inner.clone();
    let found = py.detach(|| thickness(&FaceTree::new(mesh), &asked, &progress))?;
    Ok(found.into_pyarray(py))
}

/// Whether a mesh is closed, its signed volume, and its longest edge.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds))]
pub fn mesh_closure(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
) -> PyResult<(bool, f64, f64)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let found = py.detach(|| closure(mesh));
    Ok((found.is_closed, found.volume_mm3, found.longest_edge_mm))
}

/// The mesh with no edge longer than asked, the face that each face is a part of, and whether it got there.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, longest_mm, most_faces))]
pub fn refine_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    longest_mm: f64,
    most_faces: usize,
) -> PyResult<(MeshArrays<'py>, Bound<'py, PyArray1<i32>>, bool)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let made = py.detach(|| refine::refine(mesh, longest_mm, most_faces));
    Ok((array::mesh_arrays(py, made.mesh)?, array::numbers(py, made.parents), made.is_complete))
}

/// Patches of low values: area, least, mean, place of the least, middle, vertices.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, values, below, min_area_mm2))]
pub fn low_patches<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    values: PyReadonlyArray1<'py, f64>,
    below: f64,
    min_area_mm2: f64,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let values = of_vertices(values.as_slice()?, mesh.vertices().len())?;
    let found = py.detach(|| patches(mesh, values, below, min_area_mm2));
    found
        .into_iter()
        .map(|patch| {
            let row = PyDict::new(py);
            row.set_item("area_mm2", patch.area_mm2)?;
            row.set_item("least_mm", patch.least)?;
            row.set_item("mean_mm", patch.mean)?;
            row.set_item("place_lps_mm", place(mesh.vertices()[patch.lowest_vertex as usize]))?;
            row.set_item("centre_lps_mm", place(patch.centre))?;
            row.set_item("vertices", array::numbers(py, patch.vertices))?;
            Ok(row)
        })
        .collect()
}

/// The least value that a connected patch of some area is at or below, and where that patch is lowest.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, values, min_area_mm2))]
pub fn least_over_patch(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
    values: PyReadonlyArray1<'_, f64>,
    min_area_mm2: f64,
) -> PyResult<Option<(f64, Place)>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let values = of_vertices(values.as_slice()?, mesh.vertices().len())?;
    let found = py.detach(|| least_over_area(mesh, values, min_area_mm2));
    Ok(found.map(|(least, vertex)| (least, place(mesh.vertices()[vertex as usize]))))
}

/// Bridges and pins narrower than a limit.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, thickness_mm, below_mm, min_area_mm2))]
pub fn slender_members<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    thickness_mm: PyReadonlyArray1<'py, f64>,
    below_mm: f64,
    min_area_mm2: f64,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let thickness = of_vertices(thickness_mm.as_slice()?, mesh.vertices().len())?;
    let found = py.detach(|| members(mesh, thickness, below_mm, min_area_mm2));
    found.into_iter().map(|member| member_row(py, member)).collect()
}

fn member_row(py: Python<'_>, member: Member) -> PyResult<Bound<'_, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("is_bridge", member.is_bridge)?;
    row.set_item("width_mm", member.narrowest.width_mm)?;
    row.set_item("breadth_mm", member.narrowest.breadth_mm)?;
    row.set_item("section_mm2", member.narrowest.area_mm2)?;
    row.set_item("length_mm", member.length_mm)?;
    row.set_item("place_lps_mm", place(member.place))?;
    row.set_item("faces", array::numbers(py, member.faces))?;
    Ok(row)
}

/// Round holes up to a diameter.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, widest_mm))]
pub fn round_holes<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    widest_mm: f64,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let found = py.detach(|| holes(&FaceTree::new(mesh), widest_mm));
    found.into_iter().map(|hole| hole_row(py, hole)).collect()
}

fn hole_row(py: Python<'_>, hole: Hole) -> PyResult<Bound<'_, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("diameter_mm", hole.diameter_mm)?;
    row.set_item("centre_lps_mm", place(hole.centre))?;
    row.set_item("axis", place(hole.axis))?;
    row.set_item("depth_mm", hole.depth_mm)?;
    row.set_item("is_through", hole.is_through)?;
    row.set_item("rms_mm", hole.rms_mm)?;
    for (name, nearest) in [("edge", hole.to_edge), ("hole", hole.to_hole)] {
        row.set_item(format!("{name}_distance_mm"), nearest.map(|found: Nearest| found.distance_mm))?;
        row.set_item(format!("{name}_place_lps_mm"), nearest.map(|found| place(found.place)))?;
    }
    row.set_item("faces", array::numbers(py, hole.faces))?;
    Ok(row)
}

/// What hangs over when a part is built one way.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, up, steepest, first_layer_mm))]
pub fn mesh_overhang<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    up: [f64; 3],
    steepest: f64,
    first_layer_mm: f64,
) -> PyResult<Bound<'py, PyDict>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let build = Build { up: Vector3::from(up), steepest, first_layer_mm };
    let found = py.detach(|| overhang(&FaceTree::new(mesh), &build));
    let facts = PyDict::new(py);
    facts.set_item("needs_support", found.needs_support.into_pyarray(py))?;
    facts.set_item("carries_support", found.carries_support.into_pyarray(py))?;
    for (name, value) in [
        ("area_mm2", found.area_mm2),
        ("shadow_mm2", found.shadow_mm2),
        ("volume_mm3", found.volume_mm3),
        ("on_part_mm2", found.on_part_mm2),
        ("on_plate_mm2", found.on_plate_mm2),
        ("height_mm", found.height_mm),
        ("mean_squared_cosine", found.mean_squared_cosine),
        ("whole_mm2", found.whole_mm2),
    ] {
        facts.set_item(name, value)?;
    }
    Ok(facts)
}

/// For each direction: area of a part that runs into a body, and how far it moves before.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, centres, normals, ways))]
pub fn blocked_ways(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
    centres: PyReadonlyArray2<'_, f64>,
    normals: PyReadonlyArray2<'_, f64>,
    ways: PyReadonlyArray2<'_, f64>,
) -> PyResult<Vec<(f64, f64)>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let facets = facets(&centres, &normals)?;
    let ways = array::rows(ways.as_slice()?)?;
    let found = py.detach(|| blocked(&facets, &FaceTree::new(mesh), ways));
    Ok(found.into_iter().map(|one| (one.area_mm2, one.free_mm)).collect())
}

/// Which faces of a part run into a body in a direction.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, centres, normals, way))]
pub fn blocked_by_body<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    centres: PyReadonlyArray2<'py, f64>,
    normals: PyReadonlyArray2<'py, f64>,
    way: [f64; 3],
) -> PyResult<Bound<'py, PyArray1<bool>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let facets = facets(&centres, &normals)?;
    Ok(py.detach(|| blocked_faces(&facets, &FaceTree::new(mesh), way)).into_pyarray(py))
}

fn facets(centres: &PyReadonlyArray2<'_, f64>, normals: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<Facet>> {
    let (centres, normals) = (array::rows(centres.as_slice()?)?, array::rows(normals.as_slice()?)?);
    if centres.len() != normals.len() {
        let message = format!("normals: {} rows expected, found {}", centres.len(), normals.len());
        return Err(PyValueError::new_err(message));
    }
    Ok(centres.iter().zip(normals).map(|(&centre, &normal)| Facet { centre, normal }).collect())
}

/// For each way up: area that hangs over, space under it, area on the plate, height, highest vertex.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, ups, steepest, first_layer_mm))]
#[allow(clippy::type_complexity)] // one row for each way up
pub fn lay_down_mesh(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
    ups: PyReadonlyArray2<'_, f64>,
    steepest: f64,
    first_layer_mm: f64,
) -> PyResult<Vec<(f64, f64, f64, f64, u32)>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let ups = array::rows(ups.as_slice()?)?;
    let found = py.detach(|| lay_down(mesh, ups, steepest, first_layer_mm));
    Ok(found
        .into_iter()
        .map(|laid| (laid.overhang_mm2, laid.under_mm3, laid.on_plate_mm2, laid.height_mm, laid.highest))
        .collect())
}

/// Sides of the smallest rectangle about a part seen from above, longer first.
#[pyfunction]
pub fn mesh_footprint(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
    up: [f64; 3],
) -> PyResult<(f64, f64)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let [long, short] = py.detach(|| footprint(mesh, up));
    Ok((long, short))
}

type Filled<'py> = (Bound<'py, PyArray3<bool>>, Place);

/// Which voxels of a grid lie in a mesh, [k, j, i], and the middle of the first one.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, turn, size_mm))]
pub fn fill_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    turn: [[f64; 3]; 3],
    size_mm: f64,
) -> PyResult<Filled<'py>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let made = py.detach(|| fill(mesh, &matrix(turn), size_mm));
    let [ni, nj, nk] = made.dims;
    let voxels = ndarray::Array3::from_shape_vec((nk, nj, ni), made.is_solid);
    let voxels = voxels.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok((voxels.into_pyarray(py), place(made.origin)))
}

/// What cannot run out when the third axis of `turn` points up: volume, middle, whether it is shut.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, turn, size_mm, min_mm3))]
pub fn mesh_pools(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
    turn: [[f64; 3]; 3],
    size_mm: f64,
    min_mm3: f64,
) -> PyResult<Vec<(f64, Place, bool)>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let turn = matrix(turn);
    let found = py.detach(|| pools(&fill(mesh, &turn, size_mm), min_mm3));
    let back = turn.transpose();
    Ok(found
        .into_iter()
        .map(|pool| {
            let centre = back * Vector3::from(pool.centre);
            (pool.volume_mm3, place(centre.into()), pool.is_closed)
        })
        .collect())
}

fn matrix(rows: [[f64; 3]; 3]) -> Matrix3<f64> {
    Matrix3::from_fn(|row, column| rows[row][column])
}

fn place([x, y, z]: [f64; 3]) -> Place {
    (x, y, z)
}

fn of_vertices(values: &[f64], n: usize) -> PyResult<&[f64]> {
    if values.len() == n {
        Ok(values)
    } else {
        Err(PyValueError::new_err(format!(
            "values: {n} expected, one for each vertex, found {}",
            values.len()
        )))
    }
}
