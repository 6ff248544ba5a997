//! What each way of laying a part on the plate costs.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::normals::face_normal;
use super::rings::{frame, hull, least_rectangle};
use crate::mesh::MeshRef;

/// One way of laying a part down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Laid {
    /// Away from the plate; length 1.
    pub up: [f64; 3],
    /// Area of the faces that need support, mm2.
    pub overhang_mm2: f64,
    /// Space between those faces and the plate, mm3; what lies in between is not looked at.
    pub under_mm3: f64,
    /// Area that stands on the plate, mm2.
    pub on_plate_mm2: f64,
    /// Extent along the way up, mm.
    pub height_mm: f64,
    /// The vertex that lies highest.
    pub highest: u32,
}

/// What each way costs; `steepest` is the sine of the angle from upright beyond which a face needs support.
pub fn lay_down(mesh: MeshRef<'_>, ups: &[[f64; 3]], steepest: f64, first_layer_mm: f64) -> Vec<Laid> {
    let faces: Vec<(Vector3<f64>, f64, [f64; 3])> = (0..mesh.faces().len())
        .into_par_iter()
        .map(|face| {
            let (normal, area) = face_normal(mesh, face);
            let [a, b, c] = mesh.corners(face);
            (normal, area, std::array::from_fn(|axis| (a[axis] + b[axis] + c[axis]) / 3.0))
        })
        .collect();
    ups.par_iter().map(|&up| laid(mesh, &faces, up, steepest, first_layer_mm)).collect()
}

fn laid(
    mesh: MeshRef<'_>,
    faces: &[(Vector3<f64>, f64, [f64; 3])],
    up: [f64; 3],
    steepest: f64,
    first_layer_mm: f64,
) -> Laid {
    let way = Vector3::from(up);
    let (mut low, mut high, mut highest) = (f64::INFINITY, f64::NEG_INFINITY, 0);
    for (vertex, &point) in mesh.vertices().iter().enumerate() {
        let height = way.dot(&Vector3::from(point));
        low = low.min(height);
        if height > high {
            (high, highest) = (height, vertex as u32);
        }
    }
    let mut found = Laid {
        up,
        overhang_mm2: 0.0,
        under_mm3: 0.0,
        on_plate_mm2: 0.0,
        height_mm: if faces.is_empty() { 0.0 } else { high - low },
        highest,
    };
    for (normal, area, centre) in faces {
        let rise = normal.dot(&way);
        if -rise <= steepest.min(0.5) {
            continue;
        }
        let over = way.dot(&Vector3::from(*centre)) - low;
        if over <= first_layer_mm && rise < -0.5 {
            found.on_plate_mm2 += area;
        } else if -rise > steepest {
            found.overhang_mm2 += area;
            found.under_mm3 += area * -rise * over;
        }
    }
    found
}

/// Sides of the smallest rectangle about a part seen from above, longer first, mm.
pub fn footprint(mesh: MeshRef<'_>, up: [f64; 3]) -> [f64; 2] {
    let (u, v) = frame(&Vector3::from(up));
    let flat = mesh.vertices().iter().map(|&point| {
        let point = Vector3::from(point);
        [u.dot(&point), v.dot(&point)]
    });
    least_rectangle(&hull(flat.collect())).unwrap_or([0.0; 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_box_lies_flat_without_support() {
        let mesh = cuboid([1.0; 3], [10.0, 6.0, 2.0]);
        let found = lay_down(mesh.view(), &[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], 0.707, 0.1);
        assert!(found.iter().all(|laid| laid.overhang_mm2 == 0.0));
        assert!((found[0].on_plate_mm2 - 60.0).abs() < 1e-12 && (found[1].on_plate_mm2 - 12.0).abs() < 1e-12);
        assert!((found[1].height_mm - 10.0).abs() < 1e-12);
        let sides = footprint(mesh.view(), [0.0, 0.0, 1.0]);
        assert!((sides[0] - 10.0).abs() < 1e-12 && (sides[1] - 6.0).abs() < 1e-12);
    }
}
