//! From planes to a lattice: their order, and the proof that every one lies where the lattice says.

use nalgebra::{Matrix4, Vector3};

use super::grid::{Grid, GridError};
use super::plane::Plane;

/// Least deviation from the lattice that is tolerated, mm.
const TOLERANCE_MM: f64 = 0.01;
/// The same as a fraction of the distance between slices.
const TOLERANCE_FRACTION: f64 = 1e-3;
/// No gantry tilts so far; more is a mistake in the positions.
const MAX_SHEAR_DEG: f64 = 60.0;
/// Planes nearer than this fraction of a pixel lie at one place.
const SAME_PLACE_FRACTION: f64 = 1e-3;

/// Why planes are not a lattice. Indices are into the ordered planes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StackError {
    /// Distances between neighbours differ.
    Uneven {
        /// The median distance, mm.
        usual_mm: f64,
        /// Index of the plane before each odd step, and the length of that step, mm.
        odd_steps: Vec<(usize, f64)>,
    },
    /// A plane is off the lattice though the distances along the normal agree.
    OffLattice {
        /// Index of the worst plane.
        plane: usize,
        /// How far its worst corner is off, mm.
        off_mm: f64,
        /// How far it may be, mm.
        allowed_mm: f64,
    },
    /// The planes slide over each other instead of standing on each other.
    Sliding {
        /// Angle between the step from plane to plane and the normal, degrees.
        angle_deg: f64,
    },
    /// The lattice has no volume.
    Grid(GridError),
}

/// Order of the planes along the normal of the first; ties keep their order.
pub fn order(planes: &[Plane]) -> Vec<usize> {
    let Some(normal) = planes.first().map(Plane::normal) else {
        return Vec::new();
    };
    let mut index: Vec<usize> = (0..planes.len()).collect();
    index.sort_by(|&a, &b| normal.dot(&planes[a].position).total_cmp(&normal.dot(&planes[b].position)));
    index
}

/// Distance along the normal from each ordered plane to the next, mm.
pub fn increments_mm(planes: &[Plane]) -> Vec<f64> {
    let Some(normal) = planes.first().map(Plane::normal) else {
        return Vec::new();
    };
    planes.windows(2).map(|pair| normal.dot(&(pair[1].position - pair[0].position))).collect()
}

/// Whether two ordered neighbours lie at one place along the normal.
pub fn is_same_place(increment_mm: f64, plane: &Plane) -> bool {
    increment_mm.abs() < SAME_PLACE_FRACTION * plane.column_spacing_mm.min(plane.row_spacing_mm)
}

/// How far a plane may lie off the lattice, mm.
pub fn tolerance_mm(increment_mm: f64) -> f64 {
    TOLERANCE_MM.max(TOLERANCE_FRACTION * increment_mm.abs())
}

/// The lattice of ordered planes: through the first and the last, every plane in between held against it
/// at its four corners, so that a gap, a drift within the plane and a turned plane are all caught.
///
/// A single plane has no distance to a next one: its step along the normal is 1 mm by definition.
///
/// # Errors
/// [`StackError`] with the numbers.
pub fn lattice(planes: &[Plane], columns: usize, rows: usize) -> Result<Grid, StackError> {
    let (Some(first), Some(last)) = (planes.first(), planes.last()) else {
        return Err(StackError::Grid(GridError::Dims));
    };
    let n_steps = planes.len() - 1;
    let step = if n_steps == 0 { first.normal() } else { (last.position - first.position) / n_steps as f64 };
    check_increments(planes)?;
    let angle_deg = step.angle(&first.normal()).to_degrees();
    if angle_deg > MAX_SHEAR_DEG {
        return Err(StackError::Sliding { angle_deg });
    }
    check_corners(planes, step, columns, rows)?;
    let along_row = first.row_direction * first.column_spacing_mm;
    let along_column = first.column_direction * first.row_spacing_mm;
    let affine = affine(along_row, along_column, step, first.position);
    Grid::new([columns, rows, planes.len()], affine).map_err(StackError::Grid)
}

fn affine(i: Vector3<f64>, j: Vector3<f64>, k: Vector3<f64>, origin: Vector3<f64>) -> Matrix4<f64> {
    Matrix4::from_columns(&[i.push(0.0), j.push(0.0), k.push(0.0), origin.push(1.0)])
}

fn check_increments(planes: &[Plane]) -> Result<(), StackError> {
    let increments = increments_mm(planes);
    let Some(usual_mm) = median(&increments) else { return Ok(()) };
    let allowed = tolerance_mm(usual_mm);
    let odd_steps: Vec<_> = increments
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, increment)| (increment - usual_mm).abs() > 2.0 * allowed) // both ends may be off
        .collect();
    if odd_steps.is_empty() { Ok(()) } else { Err(StackError::Uneven { usual_mm, odd_steps }) }
}

fn check_corners(
    planes: &[Plane],
    step: Vector3<f64>,
    columns: usize,
    rows: usize,
) -> Result<(), StackError> {
    let first = &planes[0];
    let allowed_mm = tolerance_mm(step.norm());
    let (right, bottom) = ((columns - 1) as f64, (rows - 1) as f64);
    let corners = [(0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom)];
    let mut worst = (0, 0.0);
    for (index, plane) in planes.iter().enumerate() {
        let moved = step * index as f64;
        let off =
            |&(column, row): &(f64, f64)| (plane.at(column, row) - first.at(column, row) - moved).norm();
        let off_mm = corners.iter().map(off).fold(0.0, f64::max);
        if off_mm > worst.1 {
            worst = (index, off_mm);
        }
    }
    let (plane, off_mm) = worst;
    if off_mm <= allowed_mm { Ok(()) } else { Err(StackError::OffLattice { plane, off_mm, allowed_mm }) }
}

/// The middle value; the lower of the two middle ones when their number is even.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stack tilted by `tilt_deg` whose planes step 2 mm along the table.
    fn stack(n: usize, tilt_deg: f64) -> Vec<Plane> {
        let (sin, cos) = tilt_deg.to_radians().sin_cos();
        (0..n)
            .map(|k| Plane {
                position: Vector3::new(-50.0, -60.0, 2.0 * k as f64),
                row_direction: Vector3::x(),
                column_direction: Vector3::new(0.0, cos, sin),
                column_spacing_mm: 0.4,
                row_spacing_mm: 0.5,
            })
            .collect()
    }

    #[test]
    fn a_tilted_stack_keeps_its_shear_for_either_sign() {
        for tilt in [-20.0, 20.0] {
            let grid = lattice(&stack(5, tilt), 8, 9).unwrap();
            let steps = grid.steps();
            assert!((steps.column(2) - Vector3::new(0.0, 0.0, 2.0)).norm() < 1e-12);
            let volume = 0.4 * 0.5 * 2.0 * f64::to_radians(tilt).cos();
            assert!((grid.voxel_volume_mm3() - volume).abs() < 1e-12);
        }
    }

    #[test]
    fn one_missing_plane_is_one_odd_step_at_its_index() {
        let mut planes = stack(20, 0.0);
        planes.remove(7);
        let Err(StackError::Uneven { usual_mm, odd_steps }) = lattice(&planes, 8, 9) else {
            panic!("a gap passed");
        };
        assert!((usual_mm - 2.0).abs() < 1e-12);
        assert_eq!(odd_steps.len(), 1);
        assert_eq!(odd_steps[0].0, 6);
        assert!((odd_steps[0].1 - 4.0).abs() < 1e-12);
    }

    #[test]
    fn half_the_tolerance_passes_and_twice_the_tolerance_does_not() {
        for direction in [Vector3::x(), Vector3::y(), Vector3::z()] {
            for index in 0..10 {
                let mut planes = stack(10, 0.0);
                planes[index].position += direction * 0.005;
                assert!(lattice(&planes, 8, 9).is_ok(), "half, plane {index}");
                planes[index].position += direction * 0.015;
                assert!(lattice(&planes, 8, 9).is_err(), "twice, plane {index}");
            }
        }
    }

    #[test]
    fn a_turned_plane_is_off_the_lattice_at_its_corner() {
        let mut planes = stack(10, 0.0);
        planes[4].row_direction = Vector3::new(0.05f64.cos(), 0.05f64.sin(), 0.0);
        assert!(matches!(lattice(&planes, 8, 9), Err(StackError::OffLattice { plane: 4, .. })));
    }
}
