//! The largest ball that touches a surface at a point and holds nothing of the surface across from it.
//!
//! Shrinking ball: Ma, Bae and Choi, 3D medial axis point approximation using nearest neighbors and the
//! normal field, Visual Computer 28, 2012, doi:10.1007/s00371-011-0594-7; on triangles instead of points,
//! as in Inui, Umezu and Shimane, Shrinking sphere, Computer-Aided Design and Applications 13, 2016,
//! doi:10.1080/16864360.2015.1084186.
//!
//! All balls that touch at one point from one side lie inside each other. So one walk through the tree is
//! enough: what a ball does not meet, no smaller one meets.

use nalgebra::Vector3;

use super::closest::{Node, Query};
use super::face_tree::{FACE, FaceTree, NONE, WAITING};
use super::triangle::closest_point;

/// Steps that bring a ball to touch one triangle; each at least halves what is left over.
const STEPS: usize = 24;
/// Part of its radius by which a ball may still reach into a triangle.
const REACH: f64 = 1e-7;

/// Part of its radius that a box must reach into a ball to be looked at. A ball in a ball touches it
/// everywhere: without this every face would be looked at, for nothing.
const WORTH: f64 = 1.5e-3;

/// Where a ball touches, and what it may not hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Touch {
    /// The point of the surface, LPS mm.
    pub point: Vector3<f64>,
    /// From the point to the middle of the ball; length 1.
    pub towards: Vector3<f64>,
    /// Outward normal of the surface at the point; length 1.
    pub normal: Vector3<f64>,
    /// Cosine between normals from which on a face lies across: -0.5 asks for 120 degrees.
    pub across: f64,
    /// No larger ball counts, mm.
    pub largest_mm: f64,
    /// Faces at this vertex do not count.
    pub apart_from: Option<u32>,
}

/// The largest ball, right to three thousandths of its radius; to one percent where it is held close to the
/// point that it touches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ball {
    /// Its radius.
    pub radius_mm: f64,
    /// The face across that holds it; `None` where nothing does.
    pub face: Option<u32>,
}

impl FaceTree<'_> {
    /// The largest ball at a point. `near` is a face that is likely to hold it: the search is short when it
    /// does.
    pub fn largest_ball(&self, touch: &Touch, near: Option<u32>) -> Ball {
        let mut ball = Ball { radius_mm: touch.largest_mm, face: None };
        if self.nodes.is_empty() {
            return ball;
        }
        if let Some(face) = near {
            self.shrink(touch, face, &mut ball);
        }
        let away: [f32; 3] = std::array::from_fn(|axis| touch.normal[axis] as f32);
        let across = touch.across as f32 + 1e-5;
        let start = touch.point - self.middle;
        let mut query = Query::new(&(start + touch.towards * ball.radius_mm));
        let mut stack = [0_u32; WAITING];
        let mut height = 1;
        while height > 0 {
            height -= 1;
            let node = stack[height] as usize;
            let wide = &self.nodes[node];
            let distances = query.squared_distances(&wide.boxes);
            let worth = ball.radius_mm * (1.0 - WORTH);
            let limit = (worth * worth) as f32;
            if distances.iter().all(|&distance| distance > limit) {
                continue;
            }
            let turned = least_along(&self.normals[node], &away);
            let mut met = [(0.0_f32, 0_u32); 4];
            let mut n_met = 0;
            for (lane, &distance) in distances.iter().enumerate() {
                if distance <= limit && turned[lane] <= across {
                    let mut place = n_met;
                    // Farthest first, so that the nearest lies on top of the stack.
                    while place > 0 && met[place - 1].0 < distance {
                        met[place] = met[place - 1];
                        place -= 1;
                    }
                    met[place] = (distance, wide.children[lane]);
                    n_met += 1;
                }
            }
            let before = ball.radius_mm;
            for &(_, child) in met[..n_met].iter().rev() {
                if child & FACE != 0 && child != NONE {
                    self.shrink(touch, child & !FACE, &mut ball);
                }
            }
            for &(_, child) in &met[..n_met] {
                if child & FACE == 0 {
                    stack[height] = child;
                    height += 1;
                }
            }
            if ball.radius_mm < before {
                query = Query::new(&(start + touch.towards * ball.radius_mm));
            }
        }
        ball
    }

    /// Makes the ball as small as one face asks for.
    #[inline]
    fn shrink(&self, touch: &Touch, face: u32, ball: &mut Ball) {
        let corners = self.mesh().faces()[face as usize];
        if touch.apart_from.is_some_and(|vertex| corners.contains(&vertex)) {
            return;
        }
        let triangle = corners.map(|corner| Vector3::from(self.mesh().vertices()[corner as usize]));
        let normal = (triangle[1] - triangle[0]).cross(&(triangle[2] - triangle[0]));
        let along = normal.dot(&touch.normal);
        if along >= 0.0 || along * along < touch.across * touch.across * normal.norm_squared() {
            return;
        }
        for _ in 0..STEPS {
            let centre = touch.point + touch.towards * ball.radius_mm;
            let (closest, _) = closest_point(&centre, &triangle);
            let inner = ball.radius_mm * (1.0 - REACH);
            if (closest - centre).norm_squared() >= inner * inner {
                return;
            }
            let out = closest - touch.point;
            let depth = out.dot(&touch.towards);
            if depth <= 0.0 {
                return;
            }
            let radius = out.norm_squared() / (2.0 * depth);
            if radius >= ball.radius_mm {
                return;
            }
            *ball = Ball { radius_mm: radius, face: Some(face) };
        }
    }
}

/// The least that a normal in each of four boxes has along a direction.
#[inline]
fn least_along(node: &Node, direction: &[f32; 3]) -> [f32; 4] {
    let mut sum = [0.0_f32; 4];
    for axis in 0..3 {
        let along = direction[axis];
        let side = if along < 0.0 { &node.high[axis] } else { &node.low[axis] };
        for lane in 0..4 {
            sum[lane] += side[lane] * along;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_ball_in_a_plate_has_its_thickness_and_walls_at_right_angles_do_not_count() {
        let mesh = cuboid([100.0, 0.0, 0.0], [30.0, 20.0, 3.0]);
        let tree = FaceTree::new(mesh.view());
        for x in [100.1, 101.0, 115.0] {
            let touch = Touch {
                point: Vector3::new(x, 7.0, 3.0),
                towards: -Vector3::z(),
                normal: Vector3::z(),
                across: -0.5,
                largest_mm: 50.0,
                apart_from: None,
            };
            let ball = tree.largest_ball(&touch, None);
            assert!((2.0 * ball.radius_mm - 3.0).abs() < 1e-2, "{}", ball.radius_mm);
            let outside = Touch { towards: Vector3::z(), ..touch };
            assert_eq!(tree.largest_ball(&outside, None), Ball { radius_mm: 50.0, face: None });
        }
    }
}
