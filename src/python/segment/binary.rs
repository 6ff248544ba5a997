//! Binary volumes: threshold, components, holes.

use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::python::progress::Progress;
use crate::segment::{Bits, Components, Connectivity};

/// The voxels of a volume.
#[derive(FromPyObject)]
pub enum Voxels<'py> {
    Whole(PyReadonlyArray3<'py, i16>),
    Real(PyReadonlyArray3<'py, f32>),
}

pub(super) type Bytes<'py> = Bound<'py, PyArray3<u8>>;

/// 6, 18 or 26 neighbours.
pub(super) fn neighbours(count: usize) -> PyResult<Connectivity> {
    Connectivity::from_count(count)
        .ok_or_else(|| PyValueError::new_err(format!("connectivity: 6, 18 or 26 expected, found {count}")))
}

/// 1 where a value is from `lower` to `upper`.
#[pyfunction]
pub fn threshold<'py>(py: Python<'py>, values: Voxels<'py>, lower: f64, upper: f64) -> Bytes<'py> {
    let made = match &values {
        Voxels::Whole(values) => {
            let view = values.as_array();
            py.detach(|| Bits::threshold(view, lower, upper).to_bytes())
        }
        Voxels::Real(values) => {
            let view = values.as_array();
            py.detach(|| Bits::threshold(view, lower, upper).to_bytes())
        }
    };
    made.into_pyarray(py)
}

type Parts<'py> = (
    Option<Bound<'py, PyArray3<u32>>>,
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray2<u32>>,
    Bound<'py, PyArray2<f64>>,
);

/// Labels by size from 1 on (when asked for), and of each part its size, bounds and middle.
#[pyfunction]
pub fn components<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    connectivity: usize,
    with_labels: bool,
    progress: &Progress,
) -> PyResult<Parts<'py>> {
    let (view, connectivity) = (mask.as_array(), neighbours(connectivity)?);
    let progress = progress.inner.clone();
    let (found, order, labels) = py.detach(|| {
        let found = Components::new(&Bits::from_bytes(view), true, connectivity, &progress)?;
        let order = found.by_size();
        let labels = with_labels.then(|| found.paint(&ranks(&order)));
        Ok::<_, crate::progress::Cancelled>((found, order, labels))
    })?;
    let parts: Vec<_> = order.iter().map(|part| &found.parts()[*part]).collect();
    let sizes: Vec<u64> = parts.iter().map(|part| part.n_voxels).collect();
    let bounds = Array2::from_shape_fn((parts.len(), 6), |(n, c)| parts[n].bounds_ijk[c / 2][c % 2]);
    let middles = Array2::from_shape_fn((parts.len(), 3), |(n, a)| {
        parts[n].sum_ijk[a] as f64 / parts[n].n_voxels as f64
    });
    let labels = labels.map(|labels| labels.into_pyarray(py));
    Ok((labels, sizes.into_pyarray(py), bounds.into_pyarray(py), middles.into_pyarray(py)))
}

/// Position of every part in an order, from 1 on.
fn ranks(order: &[usize]) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    order.iter().zip(1..).for_each(|(part, rank)| ranks[*part] = rank);
    ranks
}

/// The largest parts: at most `most` of them, none smaller than `least` voxels.
#[pyfunction]
pub fn keep_parts<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    connectivity: usize,
    most: usize,
    least: u64,
    progress: &Progress,
) -> PyResult<Bytes<'py>> {
    let (view, connectivity) = (mask.as_array(), neighbours(connectivity)?);
    let progress = progress.inner.clone();
    let made = py.detach(|| {
        let found = Components::new(&Bits::from_bytes(view), true, connectivity, &progress)?;
        Ok::<_, crate::progress::Cancelled>(found.paint(&found.kept(most, least)))
    })?;
    Ok(made.into_pyarray(py))
}

/// The parts that share a voxel with `seeds`.
#[pyfunction]
pub fn keep_connected<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    seeds: PyReadonlyArray3<'py, u8>,
    connectivity: usize,
    progress: &Progress,
) -> PyResult<Bytes<'py>> {
    let (view, seeds, connectivity) = (mask.as_array(), seeds.as_array(), neighbours(connectivity)?);
    same_shape(&view, &seeds)?;
    let progress = progress.inner.clone();
    let made = py.detach(|| {
        let found = Components::new(&Bits::from_bytes(view), true, connectivity, &progress)?;
        Ok::<_, crate::progress::Cancelled>(found.paint(&found.touched(&Bits::from_bytes(seeds))))
    })?;
    Ok(made.into_pyarray(py))
}

/// Two arrays that belong to one grid.
pub(super) fn same_shape<A, B>(
    one: &ndarray::ArrayView3<'_, A>,
    two: &ndarray::ArrayView3<'_, B>,
) -> PyResult<()> {
    if one.dim() == two.dim() {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("shape {:?} expected, found {:?}", one.dim(), two.dim())))
}

/// Sets what is unset and not connected with the border of the image, or of its slice along `axis`.
#[pyfunction]
#[pyo3(signature = (mask, axis, most, progress))]
pub fn fill_holes<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    axis: Option<usize>,
    most: u64,
    progress: &Progress,
) -> PyResult<Bytes<'py>> {
    let view = mask.as_array();
    let progress = progress.inner.clone();
    let made = py.detach(|| match axis {
        None => crate::segment::fill_holes(view, most, &progress),
        Some(axis) => crate::segment::fill_holes_by_slice(view, axis, most, &progress),
    })?;
    Ok(made.into_pyarray(py))
}
