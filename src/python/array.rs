//! NumPy arrays to core types.

use nalgebra::Matrix4;
use ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::geometry::Grid;
use crate::mesh::{MeshRef, TriMesh};

/// Vertices (n, 3) float64, faces (m, 3) int32 and kinds (m,) uint8 of a mesh.
pub(super) type MeshArrays<'py> =
    (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<i32>>, Bound<'py, PyArray1<u8>>);

/// Makes a core grid of what the Python `Grid` holds.
pub(super) fn grid(dims_ijk: [usize; 3], lps_from_ijk: &PyReadonlyArray2<'_, f64>) -> PyResult<Grid> {
    if lps_from_ijk.shape() != [4, 4] {
        return Err(PyValueError::new_err("lps_from_ijk: shape (4, 4) expected"));
    }
    let view = lps_from_ijk.as_array();
    let affine = Matrix4::from_fn(|row, column| view[[row, column]]);
    Ok(Grid::new(dims_ijk, affine)?)
}

/// Borrows the arrays of a Python `Mesh`, which are C-contiguous and never change.
pub(super) fn mesh<'a>(
    vertices: &'a PyReadonlyArray2<'_, f64>,
    faces: &'a PyReadonlyArray2<'_, i32>,
    kinds: &'a PyReadonlyArray1<'_, u8>,
) -> PyResult<MeshRef<'a>> {
    let vertices = rows(vertices.as_slice()?)?;
    // A negative index becomes a huge one and is refused as out of range.
    let faces = rows(bytemuck::cast_slice(faces.as_slice()?))?;
    Ok(MeshRef::new(vertices, faces, kinds.as_slice()?)?)
}

/// Takes a flat slice as rows of three.
pub(super) fn rows<T>(flat: &[T]) -> PyResult<&[[T; 3]]> {
    let (rows, rest) = flat.as_chunks::<3>();
    if rest.is_empty() { Ok(rows) } else { Err(PyValueError::new_err("shape (n, 3) expected")) }
}

/// Hands a mesh over to NumPy without copying it.
pub(super) fn mesh_arrays(py: Python<'_>, mesh: TriMesh) -> PyResult<MeshArrays<'_>> {
    let (n, m) = (mesh.vertices.len(), mesh.faces.len());
    let vertices = Array2::from_shape_vec((n, 3), mesh.vertices.into_flattened());
    let faces = Array2::from_shape_vec((m, 3), bytemuck::cast_vec(mesh.faces.into_flattened()));
    let shape = |error: ndarray::ShapeError| PyValueError::new_err(error.to_string());
    Ok((
        vertices.map_err(shape)?.into_pyarray(py),
        faces.map_err(shape)?.into_pyarray(py),
        mesh.kinds.into_pyarray(py),
    ))
}

/// Vertex or face numbers as int32.
pub(super) fn numbers(py: Python<'_>, numbers: Vec<u32>) -> Bound<'_, PyArray1<i32>> {
    bytemuck::cast_vec::<u32, i32>(numbers).into_pyarray(py)
}

/// Pairs of vertex numbers as (n, 2) int32.
pub(super) fn pairs(py: Python<'_>, pairs: Vec<[u32; 2]>) -> PyResult<Bound<'_, PyArray2<i32>>> {
    let n = pairs.len();
    let made = Array2::from_shape_vec((n, 2), bytemuck::cast_vec(pairs.into_flattened()));
    Ok(made.map_err(|error| PyValueError::new_err(error.to_string()))?.into_pyarray(py))
}
