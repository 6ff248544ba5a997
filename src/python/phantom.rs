//! Phantoms and their scanner.

use nalgebra::{Point3, Vector3};
use ndarray::Array3;
use numpy::{IntoPyArray, PyArray1, PyArray3, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::error::raise;
use super::progress::Progress;
use crate::phantom::head::{Defect, HeadOptions, Metal, head};
use crate::phantom::{self, Circle, Detector, Effect, Exposure, Kernel, RenderError};

/// A body of known truth.
#[pyclass(frozen, module = "calvaria._native")]
pub struct Phantom {
    inner: phantom::Phantom,
}

impl From<phantom::Phantom> for Phantom {
    fn from(inner: phantom::Phantom) -> Self {
        Self { inner }
    }
}

impl From<RenderError> for PyErr {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Cancelled(cancelled) => cancelled.into(),
            other => PyValueError::new_err(other.to_string()),
        }
    }
}

#[pymethods]
impl Phantom {
    /// The head; defect: (direction, diameter in mm); metal: (radius in mm, HU, streak in HU).
    #[staticmethod]
    #[pyo3(signature = (*, defect, metal, has_table, has_bar, is_half_mandible))]
    fn head(
        defect: Option<([f64; 3], f64)>,
        metal: Option<(f64, f64, f64)>,
        has_table: bool,
        has_bar: bool,
        is_half_mandible: bool,
    ) -> Self {
        let defect = defect
            .map(|(direction, diameter_mm)| Defect { direction: Vector3::from(direction), diameter_mm });
        let metal = metal.map(|(radius_mm, hu, streak_hu)| Metal { radius_mm, hu, streak_hu });
        head(&HeadOptions { defect, metal, has_table, has_bar, is_half_mandible }).into()
    }

    /// A ball in air.
    #[staticmethod]
    #[pyo3(signature = (*, centre_lps_mm, radius_mm, hu))]
    fn sphere(centre_lps_mm: [f64; 3], radius_mm: f64, hu: f64) -> Self {
        phantom::sphere(centre_lps_mm, radius_mm, hu).into()
    }

    /// A cylinder with flat ends in air.
    #[staticmethod]
    #[pyo3(signature = (*, start_lps_mm, end_lps_mm, radius_mm, hu))]
    fn cylinder(start_lps_mm: [f64; 3], end_lps_mm: [f64; 3], radius_mm: f64, hu: f64) -> Self {
        phantom::cylinder(start_lps_mm, end_lps_mm, radius_mm, hu).into()
    }

    /// A bar in air.
    #[staticmethod]
    #[pyo3(signature = (*, centre_lps_mm, size_mm, turn_deg, hu))]
    fn bar(centre_lps_mm: [f64; 3], size_mm: [f64; 3], turn_deg: [f64; 3], hu: f64) -> Self {
        phantom::bar(centre_lps_mm, size_mm, turn_deg, hu).into()
    }

    /// Four rods in air.
    #[staticmethod]
    #[pyo3(signature = (*, centre_lps_mm, apart_mm, radius_mm, length_mm, hu))]
    fn rods(centre_lps_mm: [f64; 3], apart_mm: f64, radius_mm: f64, length_mm: f64, hu: f64) -> Self {
        phantom::rods(centre_lps_mm, apart_mm, radius_mm, length_mm, hu).into()
    }

    /// Names of the structures, and what each adds or paints, in HU.
    fn structures(&self) -> Vec<(String, &'static str, f64)> {
        let row = |structure: &phantom::Structure| match structure.effect {
            Effect::Add(hu) => (structure.name.clone(), "add", hu),
            Effect::Paint(hu) => (structure.name.clone(), "paint", hu),
            Effect::Nothing => (structure.name.clone(), "nothing", 0.0),
        };
        self.inner.structures.iter().map(row).collect()
    }

    /// Lowest and highest corner.
    fn bounds_lps_mm(&self) -> ((f64, f64, f64), (f64, f64, f64)) {
        let [low, high] = self.inner.bounds_lps_mm;
        ((low.x, low.y, low.z), (high.x, high.y, high.z))
    }

    /// Signed distance to the surface of a structure, mm.
    fn signed_distance_mm<'py>(
        &self,
        py: Python<'py>,
        structure: &str,
        points_lps_mm: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let points = points(&points_lps_mm)?;
        let found = self.inner.structure(structure);
        let Some(found) = found else {
            return Err(raise(py, "CalvariaError", format!("no structure {structure:?}")));
        };
        Ok(py.detach(|| phantom::signed_distances(found, &points)).into_pyarray(py))
    }

    /// HU at points, without blur, noise or streaks.
    fn hu_at<'py>(
        &self,
        py: Python<'py>,
        points_lps_mm: PyReadonlyArray2<'py, f64>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let points = points(&points_lps_mm)?;
        Ok(py.detach(|| self.inner.hus(&points)).into_pyarray(py))
    }

    /// Images the phantom: one slice for each position and noise number.
    #[pyo3(signature = (*, dims_ij, spacing_xy_mm, row_direction, column_direction, slice_thickness_mm, kernel_terms,
        noise_hu, seed, circle, limits_hu, positions_lps_mm, noise_numbers, progress))]
    #[expect(clippy::too_many_arguments, reason = "the scanner's settings, by keyword")]
    fn scan<'py>(
        &self,
        py: Python<'py>,
        dims_ij: [usize; 2],
        spacing_xy_mm: [f64; 2],
        row_direction: [f64; 3],
        column_direction: [f64; 3],
        slice_thickness_mm: f64,
        kernel_terms: Vec<(f64, f64)>,
        noise_hu: f64,
        seed: u64,
        circle: Option<(f64, i16)>,
        limits_hu: [i16; 2],
        positions_lps_mm: PyReadonlyArray2<'py, f64>,
        noise_numbers: Vec<u64>,
        progress: &Progress,
    ) -> PyResult<Bound<'py, PyArray3<i16>>> {
        let detector = Detector {
            dims_ij,
            spacing_xy_mm,
            row_direction: Vector3::from(row_direction),
            column_direction: Vector3::from(column_direction),
            slice_thickness_mm,
            kernel: Kernel { terms: kernel_terms },
            noise_hu,
            seed,
            circle: circle.map(|(diameter_mm, padding)| Circle { diameter_mm, padding }),
            limits_hu,
        };
        let positions = points(&positions_lps_mm)?;
        let exposures: Vec<_> = positions
            .into_iter()
            .zip(noise_numbers)
            .map(|(position_lps_mm, noise)| Exposure { position_lps_mm, noise })
            .collect();
        let job = &progress.inner;
        let values = py.detach(|| {
            let mut values = Array3::zeros((exposures.len(), dims_ij[1], dims_ij[0]));
            phantom::scan(&self.inner, &detector, &exposures, job, values.view_mut()).map(|()| values)
        })?;
        Ok(values.into_pyarray(py))
    }
}

fn points(array: &PyReadonlyArray2<'_, f64>) -> PyResult<Vec<Point3<f64>>> {
    if array.shape()[1] != 3 {
        return Err(PyValueError::new_err("points: shape (n, 3) expected"));
    }
    Ok(array.as_array().rows().into_iter().map(|row| Point3::new(row[0], row[1], row[2])).collect())
}
