//! Binding of `comparison`.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::array;
use super::progress::Progress;
use crate::comparison::{self, Counts, Directed, ElementKind};
use crate::progress::Cancelled;
use crate::segment::{self, Bits, Element};

type Ways<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<u64>>, [usize; 3]);

/// Voxels of two masks and in common, the same near a third, and the distances of their surfaces from
/// the first to the second and back: distances, areas, numbers, farthest index.
#[pyfunction]
#[pyo3(signature = (*, first, second, border_of, border_mm, lps_from_ijk, spacing_xyz_mm, is_disk, progress))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
#[expect(clippy::type_complexity, reason = "two counts, two directions")]
pub fn compare_masks<'py>(
    py: Python<'py>,
    first: PyReadonlyArray3<'py, u8>,
    second: PyReadonlyArray3<'py, u8>,
    border_of: Option<PyReadonlyArray3<'py, u8>>,
    border_mm: f64,
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
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
    let grid = array::grid([shape.2, shape.1, shape.0], &lps_from_ijk)?;
    let kind = if is_disk { ElementKind::Disk } else { ElementKind::Voxel };
    let progress = progress.inner.clone();
    let (all, near, found) = py.detach(|| {
        let (first, second) = (Bits::from_bytes(first), Bits::from_bytes(second));
        let all = comparison::count(&first, &second, None);
        let near = border_of.map(|mask| {
            let element = Element::ball(&grid, border_mm);
            let near = segment::dilate(&Bits::from_bytes(mask), &element, &progress)?;
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
