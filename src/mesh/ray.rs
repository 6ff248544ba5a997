//! The first face that a ray meets, in a [`FaceTree`].

use nalgebra::Vector3;

use super::closest::Node;
use super::face_tree::{FACE, FaceTree, NONE, WAITING};

/// Barycentric slack: a ray through an edge meets one of its faces at least.
const EDGE: f64 = 1e-9;
/// Keeps a component of a direction away from zero, so that its inverse is finite.
const FLAT: f64 = 1e-12;

/// How far a normal in 32 bits may seem to look away, and yet not.
const ASIDE: f32 = -1e-5;

/// Half a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ray {
    /// Where it starts, LPS mm.
    pub origin: Vector3<f64>,
    /// Where it goes; length 1.
    pub direction: Vector3<f64>,
    /// Nothing farther counts, mm.
    pub longest_mm: f64,
    /// Whether faces count that look along the ray (it leaves a body there); else those that look
    /// against it.
    pub is_leaving: bool,
    /// Faces at this vertex do not count.
    pub apart_from: Option<u32>,
}

/// Where a ray meets a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RayHit {
    /// Distance from the origin.
    pub length_mm: f64,
    /// Which face.
    pub face: u32,
}

/// A ray in 32 bits, moved up and down by what the rounding may be.
struct Slabs {
    up: [f32; 3],
    down: [f32; 3],
    inverse: [f32; 3],
}

impl Slabs {
    fn new(origin: &Vector3<f64>, direction: &Vector3<f64>) -> Self {
        let slack = (origin.amax() * 2.4e-7) as f32;
        let rounded: [f32; 3] = std::array::from_fn(|axis| origin[axis] as f32);
        let inverse = std::array::from_fn(|axis| {
            let x = direction[axis];
            (1.0 / if x.abs() < FLAT { FLAT.copysign(x) } else { x }) as f32
        });
        Self { up: rounded.map(|x| x + slack), down: rounded.map(|x| x - slack), inverse }
    }

    /// Where the ray enters each of four boxes; infinity where it misses one or meets it too far away.
    #[inline]
    fn entries(&self, node: &Node, longest: f32) -> [f32; 4] {
        let mut near = [0.0_f32; 4];
        let mut far = [longest; 4];
        for axis in 0..3 {
            let (inverse, up, down) = (self.inverse[axis], self.up[axis], self.down[axis]);
            let (first, last, to_first, to_last) = if inverse < 0.0 {
                (&node.high[axis], &node.low[axis], down, up)
            } else {
                (&node.low[axis], &node.high[axis], up, down)
            };
            for lane in 0..4 {
                // Comparisons instead of `max` and `min`: without their care for NaN each is one instruction.
                let (enters, leaves) = ((first[lane] - to_first) * inverse, (last[lane] - to_last) * inverse);
                near[lane] = if enters > near[lane] { enters } else { near[lane] };
                far[lane] = if leaves < far[lane] { leaves } else { far[lane] };
            }
        }
        std::array::from_fn(|lane| {
            if near[lane] <= far[lane] * 1.000_001 { near[lane] * 0.999_999 } else { f32::INFINITY }
        })
    }
}

/// The most that a normal in each of four boxes has along a direction.
#[inline]
fn most_along(node: &Node, direction: &[f32; 3]) -> [f32; 4] {
    let mut sum = [0.0_f32; 4];
    for axis in 0..3 {
        let along = direction[axis];
        let side = if along < 0.0 { &node.low[axis] } else { &node.high[axis] };
        for lane in 0..4 {
            sum[lane] += side[lane] * along;
        }
    }
    sum
}

impl FaceTree<'_> {
    /// The first face that a ray meets. `near` is a face that it is likely to meet: the search is short
    /// when it does.
    pub fn first_hit(&self, ray: &Ray, near: Option<u32>) -> Option<RayHit> {
        let mut best = RayHit { length_mm: ray.longest_mm, face: u32::MAX };
        if self.nodes.is_empty() {
            return None;
        }
        if let Some(face) = near {
            self.meet(ray, face, &mut best);
        }
        let slabs = Slabs::new(&(ray.origin - self.middle), &ray.direction);
        // Faces that count have a normal along this.
        let side = if ray.is_leaving { ray.direction } else { -ray.direction };
        let side: [f32; 3] = std::array::from_fn(|axis| side[axis] as f32);
        let mut stack = [(0.0_f32, 0_u32); WAITING];
        let mut height = 1;
        while height > 0 {
            height -= 1;
            let (entry, node) = stack[height];
            if f64::from(entry) > best.length_mm {
                continue;
            }
            let longest = (best.length_mm * 1.000_001) as f32;
            let wide = &self.nodes[node as usize];
            let entries = slabs.entries(&wide.boxes, longest);
            if entries.iter().all(|&entry| entry == f32::INFINITY) {
                continue;
            }
            let turned = most_along(&self.normals[node as usize], &side);
            let bottom = height;
            for (lane, &entry) in entries.iter().enumerate() {
                if entry == f32::INFINITY || turned[lane] < ASIDE {
                    continue;
                }
                let child = wide.children[lane];
                if child & FACE != 0 {
                    if f64::from(entry) <= best.length_mm && child != NONE {
                        self.meet(ray, child & !FACE, &mut best);
                    }
                    continue;
                }
                // Nearest on top.
                let mut place = height;
                while place > bottom && stack[place - 1].0 < entry {
                    stack[place] = stack[place - 1];
                    place -= 1;
                }
                stack[place] = (entry, child);
                height += 1;
            }
        }
        (best.face != u32::MAX).then_some(best)
    }

    /// Möller and Trumbore, Fast, minimum storage ray/triangle intersection, 1997,
    /// doi:10.1080/10867651.1997.10487468. Of faces equally far the lowest counts.
    #[inline]
    fn meet(&self, ray: &Ray, face: u32, best: &mut RayHit) {
        let corners = self.mesh().faces()[face as usize];
        if ray.apart_from.is_some_and(|vertex| corners.contains(&vertex)) {
            return;
        }
        let [a, b, c] = corners.map(|corner| Vector3::from(self.mesh().vertices()[corner as usize]));
        let (ab, ac) = (b - a, c - a);
        let across = ray.direction.cross(&ac);
        // The determinant is minus the direction times the normal.
        let determinant = ab.dot(&across);
        if (determinant < 0.0) != ray.is_leaving || determinant == 0.0 {
            return;
        }
        let inverse = 1.0 / determinant;
        let from = ray.origin - a;
        let u = from.dot(&across) * inverse;
        if !(-EDGE..=1.0 + EDGE).contains(&u) {
            return;
        }
        let turned = from.cross(&ab);
        let v = ray.direction.dot(&turned) * inverse;
        if v < -EDGE || u + v > 1.0 + EDGE {
            return;
        }
        let length = ac.dot(&turned) * inverse;
        if length >= 0.0 && (length < best.length_mm || (length <= best.length_mm && face < best.face)) {
            *best = RayHit { length_mm: length, face };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_ray_through_a_box_leaves_and_enters_where_it_should() {
        let mesh = cuboid([-700.0, 20.0, 3.0], [2.0, 3.0, 4.0]);
        let tree = FaceTree::new(mesh.view());
        let ray = |x: f64, is_leaving| Ray {
            origin: Vector3::new(x, 21.0, 4.5),
            direction: Vector3::x(),
            longest_mm: 1e9,
            is_leaving,
            apart_from: None,
        };
        let length = |x, is_leaving| tree.first_hit(&ray(x, is_leaving), None).map(|hit| hit.length_mm);
        assert!((length(-699.5, true).unwrap() - 1.5).abs() < 1e-9);
        assert!((length(-705.0, false).unwrap() - 5.0).abs() < 1e-9);
        assert!((length(-705.0, true).unwrap() - 7.0).abs() < 1e-9);
        assert_eq!(length(-600.0, true), None);
        assert_eq!(length(-699.5, false), None);
        let short = Ray { longest_mm: 1.0, ..ray(-699.5, true) };
        assert_eq!(tree.first_hit(&short, None), None);
    }
}
