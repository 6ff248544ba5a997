//! Solids in space, and which voxels have their centre in them.

use nalgebra::{Point3, Vector3};
use rayon::prelude::*;

use super::bits::Bits;
use super::element::TIE_MM;
use crate::geometry::Grid;

/// A solid in LPS millimetres; what lies on its surface, up to 1e-6 mm, is inside.
#[derive(Debug, Clone, PartialEq)]
pub enum Solid {
    /// Where the normal points to from a point, and the plane itself.
    HalfSpace {
        /// A point of the plane.
        point: Point3<f64>,
        /// Unit normal.
        normal: Vector3<f64>,
    },
    /// A box, which may be turned.
    Box {
        /// Its middle.
        centre: Point3<f64>,
        /// Unit vectors along its edges.
        axes: [Vector3<f64>; 3],
        /// Half the lengths of its edges.
        halves: [f64; 3],
    },
    /// A ball.
    Sphere {
        /// Its middle.
        centre: Point3<f64>,
        /// Its radius.
        radius: f64,
    },
    /// A cylinder with flat ends.
    Cylinder {
        /// Middle of its first end.
        start: Point3<f64>,
        /// From there to the middle of its other end.
        along: Vector3<f64>,
        /// Its radius.
        radius: f64,
    },
    /// A polygon swept along the normal of its plane.
    Prism {
        /// Origin of the plane.
        origin: Point3<f64>,
        /// Unit vectors in the plane, and its normal.
        axes: [Vector3<f64>; 3],
        /// Corners in the plane; the last is joined with the first.
        corners: Vec<[f64; 2]>,
        /// Reach along the normal, from and to.
        depth: [f64; 2],
    },
}

impl Solid {
    /// Whether a point is inside.
    pub fn has(&self, point: &Point3<f64>) -> bool {
        match self {
            Self::HalfSpace { point: at, normal } => (point - at).dot(normal) >= -TIE_MM,
            Self::Box { centre, axes, halves } => {
                let from = point - centre;
                (0..3).all(|a| from.dot(&axes[a]).abs() <= halves[a] + TIE_MM)
            }
            Self::Sphere { centre, radius } => (point - centre).norm() <= radius + TIE_MM,
            Self::Cylinder { start, along, radius } => {
                let (from, length) = (point - start, along.norm());
                let height = from.dot(along) / length;
                let beside = (from - along * (height / length)).norm();
                height >= -TIE_MM && height <= length + TIE_MM && beside <= radius + TIE_MM
            }
            Self::Prism { origin, axes, corners, depth } => {
                let from = point - origin;
                let height = from.dot(&axes[2]);
                height >= depth[0] - TIE_MM
                    && height <= depth[1] + TIE_MM
                    && is_in_polygon([from.dot(&axes[0]), from.dot(&axes[1])], corners)
            }
        }
    }

    /// The voxels whose centres are inside.
    pub fn bits(&self, grid: &Grid) -> Bits {
        let mut made = Bits::new(grid.dims_ijk());
        let (ni, width, plane_len) = (grid.dims_ijk()[0], made.width(), made.plane_len().max(1));
        made.words_mut().par_chunks_mut(plane_len).enumerate().for_each(|(k, plane)| {
            for (j, row) in plane.chunks_mut(width).enumerate() {
                for i in 0..ni {
                    let place = grid.lps_mm(Point3::new(i as f64, j as f64, k as f64));
                    row[i / 64] |= u64::from(self.has(&place)) << (i % 64);
                }
            }
        });
        made
    }
}

/// Even-odd: a ray to the right crosses the outline an odd number of times.
fn is_in_polygon([x, y]: [f64; 2], corners: &[[f64; 2]]) -> bool {
    let mut is_inside = false;
    let mut before = corners.last();
    for corner in corners {
        if let Some(last) = before
            && (corner[1] > y) != (last[1] > y)
            && x < (last[0] - corner[0]) * (y - corner[1]) / (last[1] - corner[1]) + corner[0]
        {
            is_inside = !is_inside;
        }
        before = Some(corner);
    }
    is_inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix4;

    #[test]
    fn the_volumes_are_those_on_paper() {
        let mut affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.5, 0.4));
        affine.set_column(3, &nalgebra::Vector4::new(-20.0, -20.0, -20.0, 1.0));
        let grid = Grid::new([81, 81, 101], affine).unwrap();
        let turn = nalgebra::Rotation3::from_euler_angles(0.3, -0.2, 0.5);
        let axes = [Vector3::x(), Vector3::y(), Vector3::z()].map(|axis| turn * axis);
        let centre = Point3::new(0.4, -0.3, 0.2);
        let corners = vec![[-8.0, -6.0], [8.0, -6.0], [8.0, 6.0], [0.0, 0.0], [-8.0, 6.0]];
        let pi = std::f64::consts::PI;
        let cases = [
            (Solid::Sphere { centre, radius: 12.0 }, 4.0 / 3.0 * pi * 1728.0),
            (Solid::Box { centre, axes, halves: [9.0, 7.0, 5.0] }, 8.0 * 315.0),
            (
                Solid::Cylinder { start: centre - axes[2] * 8.0, along: axes[2] * 16.0, radius: 7.0 },
                pi * 49.0 * 16.0,
            ),
            (Solid::Prism { origin: centre, axes, corners, depth: [-5.0, 6.0] }, (192.0 - 48.0) * 11.0),
        ];
        for (solid, mm3) in cases {
            let found = solid.bits(&grid).count() as f64 * grid.voxel_volume_mm3();
            assert!((found / mm3 - 1.0).abs() < 0.01, "{solid:?}: {found} for {mm3}");
        }
    }
}
