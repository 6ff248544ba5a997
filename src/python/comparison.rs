//! Binding of `comparison`.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array;
use super::progress::Progress;
use crate::comparison::{self, Counts, Directed, ElementKind, Sampled};
use crate::mesh::closest::ClosestPoints;
use crate::mesh::signed;
use crate::progress::Cancelled;
use crate::segment::Bits;

type Ways<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<u64>>, [usize; 3]);

/// Voxels of two masks and in common, the same near a third, and the distances of their surfaces from
/// the first to the second and back: distances, areas, numbers, farthest index.
#[pyfunction]
#[pyo3(signature = (*, first, second, border_of, border_mm, spacing_xyz_mm, is_disk, progress))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
#[allow(clippy::type_complexity)] // two counts, two directions
pub fn compare_masks<'py>(
    py: Python<'py>,
    first: PyReadonlyArray3<'py, u8>,
    second: PyReadonlyArray3<'py, u8>,
    border_of: Option<PyReadonlyArray3<'py, u8>>,
    border_mm: f64,
    spacing_xyz_mm: [f64; 3],
    is_disk: bool,
    progress: &Progress,
) -> PyResult<((u64, u64, u64), Option<(u64, u64, u64)>, (Ways<'py>, Ways<'py>))> {
    let (first, second) = (first.as_array(), second.as_array());
    let border_of = border_of.as_ref().map(|mask| mask.as_array());
    let shape = first.dim();
    if second.dim() != shape || border_of.is_some_and(|mask| mask.dim() != shape) {
        return Err(PyValueError::new_err(format!("masks of shape {shape:?} expected")));
    }
    let kind = if is_disk { ElementKind::Disk } else { ElementKind::Voxel };
    let progress = progress.inner.clone();
    let (all, near, found) = py.detach(|| {
        let (first, second) = (Bits::from_bytes(first), Bits::from_bytes(second));
        let all = comparison::count(&first, &second, None);
        let near = border_of.map(|mask| {
            let near = comparison::within(&Bits::from_bytes(mask), spacing_xyz_mm, border_mm, &progress)?;
            Ok::<_, Cancelled>(comparison::count(&first, &second, Some(&near)))
        });
        let near = near.transpose()?;
        let found = comparison::surface_distances(&first, &second, kind, spacing_xyz_mm, &progress)?;
        Ok::<_, Cancelled>((all, near, found))
    })?;
    let numbers = |counts: Counts| (counts.first, counts.second, counts.both);
    let [there, back] = found;
    Ok((numbers(all), near.map(numbers), (ways(py, there), ways(py, back))))
}

fn ways(py: Python<'_>, found: Directed) -> Ways<'_> {
    (
        found.distances_mm.into_pyarray(py),
        found.weights.into_pyarray(py),
        found.counts.into_pyarray(py),
        found.farthest_ijk,
    )
}

/// What is measured of two surfaces, from the first to the second and back, and of the bodies inside
/// them by columns, when a pitch for those is given.
#[pyfunction]
#[pyo3(signature = (*, first, second, steps_mm, pitch_mm, progress))]
#[allow(clippy::type_complexity)] // two meshes
pub fn compare_meshes<'py>(
    py: Python<'py>,
    first: (PyReadonlyArray2<'py, f64>, PyReadonlyArray2<'py, i32>, PyReadonlyArray1<'py, u8>),
    second: (PyReadonlyArray2<'py, f64>, PyReadonlyArray2<'py, i32>, PyReadonlyArray1<'py, u8>),
    steps_mm: [f64; 2],
    pitch_mm: Option<f64>,
    progress: &Progress,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>, Option<(f64, f64, f64)>)> {
    let one = array::mesh(&first.0, &first.1, &first.2)?;
    let two = array::mesh(&second.0, &second.1, &second.2)?;
    if !steps_mm.iter().chain(&pitch_mm).all(|step| step.is_finite() && *step > 0.0) {
        return Err(PyValueError::new_err("steps_mm, pitch_mm: finite numbers above 0 expected"));
    }
    let progress = progress.inner.clone();
    let (there, back, volumes) = py.detach(|| {
        let there = comparison::sampled(one, &ClosestPoints::new(two), steps_mm[0], &progress)?;
        let back = comparison::sampled(two, &ClosestPoints::new(one), steps_mm[1], &progress)?;
        let volumes = pitch_mm.map(|pitch| comparison::common_volumes(one, two, pitch));
        Ok::<_, Cancelled>((there, back, volumes))
    })?;
    let volumes = volumes.map(|found| (found.first, found.second, found.both));
    Ok((sampled(py, there)?, sampled(py, back)?, volumes))
}

fn sampled(py: Python<'_>, found: Sampled) -> PyResult<Bound<'_, PyDict>> {
    let facts = PyDict::new(py);
    facts.set_item("distances_mm", found.distances_mm.into_pyarray(py))?;
    facts.set_item("weights", found.areas_mm2.into_pyarray(py))?;
    facts.set_item("corner_mean_mm", found.corner_mean_mm)?;
    facts.set_item("largest_mm", found.largest_mm)?;
    facts.set_item("bound_mm", found.bound_mm)?;
    facts.set_item("farthest_lps_mm", found.farthest_lps_mm)?;
    Ok(facts)
}

/// Offsets (n,), and whether the closest point is on the boundary (n,).
type Offsets<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<bool>>);

/// Signed distances of points from a surface, open or closed, and whether the closest point is on its
/// boundary.
#[pyfunction]
pub fn offsets_from_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    queries: PyReadonlyArray2<'py, f64>,
) -> PyResult<Offsets<'py>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let queries = array::rows(queries.as_slice()?)?;
    let found = py.detach(|| signed::offsets_mm(&ClosestPoints::new(mesh), queries));
    let (offsets, rims): (Vec<f64>, Vec<bool>) = found.into_iter().unzip();
    Ok((offsets.into_pyarray(py), rims.into_pyarray(py)))
}
