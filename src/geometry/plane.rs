//! One image plane in space.

use nalgebra::Vector3;

/// Where the pixels of one plane lie, LPS millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    /// Centre of the first pixel.
    pub position: Vector3<f64>,
    /// Unit direction of increasing column index.
    pub row_direction: Vector3<f64>,
    /// Unit direction of increasing row index.
    pub column_direction: Vector3<f64>,
    /// Distance between neighbouring columns, mm.
    pub column_spacing_mm: f64,
    /// Distance between neighbouring rows, mm.
    pub row_spacing_mm: f64,
}

impl Plane {
    /// The unit normal: row direction x column direction.
    pub fn normal(&self) -> Vector3<f64> {
        self.row_direction.cross(&self.column_direction).normalize()
    }

    /// LPS position of a (fractional) pixel.
    pub fn at(&self, column: f64, row: f64) -> Vector3<f64> {
        self.position
            + self.row_direction * (column * self.column_spacing_mm)
            + self.column_direction * (row * self.row_spacing_mm)
    }
}
