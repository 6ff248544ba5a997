//! How thick a body is under each vertex of its surface, or how wide the gap above it.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::normals::vertex_normals;
use super::{thickness_ray, thickness_sphere};
use crate::mesh::face_tree::FaceTree;
use crate::progress::{Cancelled, Progress};

/// Vertices that follow each other in one task; fixed, so that nothing depends on the number of threads.
const BLOCK: usize = 2048;
/// Blocks between two looks at whether to stop.
const AT_ONCE: usize = 64;

/// How it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Along the normal to the first face that looks the other way.
    Ray,
    /// The largest ball that touches at the vertex.
    Sphere,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// How.
    pub method: Method,
    /// The gap outside; else the wall inside.
    pub is_outside: bool,
    /// What is thicker or wider counts as endless, mm.
    pub longest_mm: f64,
    /// Cosine between normals from which on a face lies across (balls only).
    pub across: f64,
}

/// One vertex to measure at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) vertex: u32,
    pub(super) point: Vector3<f64>,
    pub(super) normal: Vector3<f64>,
}

/// Thickness at every vertex, mm; infinity where there is nothing across within what is asked, or no
/// normal.
///
/// # Errors
/// [`Cancelled`].
pub fn thickness(tree: &FaceTree<'_>, asked: &Asked, progress: &Progress) -> Result<Vec<f64>, Cancelled> {
    let mesh = tree.mesh();
    let normals = vertex_normals(mesh);
    let n = mesh.vertices().len();
    let point = |n: usize| Vector3::from(mesh.vertices()[n]);
    let order = tree.walk(mesh.vertices());
    let blocks = n.div_ceil(BLOCK);
    progress.expect(blocks.div_ceil(AT_ONCE));
    let mut found = vec![f64::INFINITY; n];
    for first in (0..blocks).step_by(AT_ONCE) {
        let last = (first + AT_ONCE).min(blocks);
        let measured: Vec<Vec<f64>> = (first..last)
            .into_par_iter()
            .map(|block| {
                let mut near = None;
                (block * BLOCK..((block + 1) * BLOCK).min(n))
                    .map(|place| {
                        let vertex = order[place] as usize;
                        let at =
                            Place { vertex: vertex as u32, point: point(vertex), normal: normals[vertex] };
                        at_place(tree, asked, &at, &mut near)
                    })
                    .collect()
            })
            .collect();
        for (place, length) in (first * BLOCK..).zip(measured.into_iter().flatten()) {
            found[order[place] as usize] = length;
        }
        progress.step()?;
    }
    Ok(found)
}

fn at_place(tree: &FaceTree<'_>, asked: &Asked, at: &Place, near: &mut Option<u32>) -> f64 {
    if at.normal == Vector3::zeros() {
        return f64::INFINITY;
    }
    match asked.method {
        Method::Ray => thickness_ray::at(tree, asked, at, near),
        Method::Sphere => thickness_sphere::at(tree, asked, at, near),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::refine::refine;

    #[test]
    fn a_plate_has_its_thickness_everywhere_by_both_methods() {
        let plate = refine(cuboid([7.0; 3], [20.0, 16.0, 2.0]).view(), 0.9, 1_000_000).mesh;
        let tree = FaceTree::new(plate.view());
        for method in [Method::Ray, Method::Sphere] {
            let asked = Asked { method, is_outside: false, longest_mm: 100.0, across: -0.5 };
            let found = thickness(&tree, &asked, &Progress::default()).unwrap();
            for (point, length) in plate.vertices.iter().zip(&found) {
                let is_on_top = (point[2] - 8.0).abs() > 0.999;
                let is_inner = point[0] > 7.0 && point[0] < 27.0 && point[1] > 7.0 && point[1] < 23.0;
                if is_on_top && is_inner {
                    assert!((length - 2.0).abs() < 8e-3, "{method:?} {point:?} {length}");
                }
                assert!(*length > 1.99, "{method:?} {point:?} {length}");
            }
            let outside = Asked { is_outside: true, ..asked };
            let gaps = thickness(&tree, &outside, &Progress::default()).unwrap();
            assert!(gaps.iter().all(|gap| gap.is_infinite()));
        }
    }
}
