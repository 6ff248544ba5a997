//! Binding of `mesh`: what is measured.

use nalgebra::Vector3;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::array;
use super::points;
use crate::mesh::closest::ClosestPoints;
use crate::mesh::{curvature, measure, parts, section, signed};

/// Area, volume, and where the body has them, its centre and covariance (rows).
#[pyfunction]
pub fn measure_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
) -> PyResult<Bound<'py, PyDict>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let (area, volume, moments) =
        py.detach(|| (measure::area_mm2(mesh), measure::volume_mm3(mesh), measure::moments(mesh)));
    let facts = PyDict::new(py);
    facts.set_item("area_mm2", area)?;
    facts.set_item("volume_mm3", volume)?;
    facts.set_item("centroid", moments.map(|moments| <[f64; 3]>::from(moments.centroid)))?;
    let rows = moments.map(|moments| <[[f64; 3]; 3]>::from(moments.covariance_mm2));
    facts.set_item("covariance_mm2", rows)?;
    Ok(facts)
}

type CurvatureArrays<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

/// Mean and Gaussian curvature at every vertex; NaN where there is none.
#[pyfunction]
pub fn curvature_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
) -> PyResult<CurvatureArrays<'py>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let (mean, gaussian): (Vec<f64>, Vec<f64>) = py
        .detach(|| curvature::curvatures(mesh).into_iter().map(|found| (found.mean, found.gaussian)).unzip());
    Ok((mean.into_pyarray(py), gaussian.into_pyarray(py)))
}

/// Signed distance of points from a closed surface, positive outside.
#[pyfunction]
pub fn signed_distance_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    queries: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let queries = array::rows(queries.as_slice()?)?;
    let found = py.detach(|| signed::signed_distances_mm(&ClosestPoints::new(mesh), queries));
    Ok(found.into_pyarray(py))
}

type ClosestArrays<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i32>>);

/// The closest points of a surface, their distances, and the faces they are on.
#[pyfunction]
pub fn closest_points<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    queries: PyReadonlyArray2<'py, f64>,
) -> PyResult<ClosestArrays<'py>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let queries = array::rows(queries.as_slice()?)?;
    let hits =
        py.detach(|| ClosestPoints::new(mesh).nearest_all(queries.len(), |n| Vector3::from(queries[n])));
    let places: Vec<[f64; 3]> = hits.iter().map(|hit| hit.point.into()).collect();
    let distances: Vec<f64> = hits.iter().map(|hit| hit.squared_distance.sqrt()).collect();
    let numbers: Vec<i32> = hits.iter().map(|hit| hit.face as i32).collect();
    Ok((points(py, places)?, distances.into_pyarray(py), numbers.into_pyarray(py)))
}

/// For each plane the contours in it: points, and whether they are closed.
#[pyfunction]
#[allow(clippy::type_complexity)] // a list for each plane
pub fn section_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    normal: [f64; 3],
    offsets_mm: PyReadonlyArray1<'py, f64>,
) -> PyResult<Vec<Vec<(Bound<'py, PyArray2<f64>>, bool)>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let offsets = offsets_mm.as_slice()?;
    let found = py.detach(|| section::sections(mesh, &Vector3::from(normal), offsets));
    found
        .into_iter()
        .map(|plane| {
            let contours = plane.into_iter();
            contours.map(|contour| Ok((points(py, contour.points)?, contour.is_closed))).collect()
        })
        .collect()
}

/// Numbers (m,) of parts and their volumes.
type Parts<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray1<f64>>);

/// For each face the number of its part, and the signed volume of each part, mm3.
#[pyfunction]
pub fn mesh_parts<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
) -> PyResult<Parts<'py>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let (numbers, volumes) = py.detach(|| {
        let numbers = parts::parts_of_faces(mesh);
        let volumes = parts::part_volumes_mm3(mesh, &numbers);
        (numbers, volumes)
    });
    Ok((numbers.into_pyarray(py), volumes.into_pyarray(py)))
}
