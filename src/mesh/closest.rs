//! The closest point of a surface: a tree of boxes, four to a node, over the triangles in the order
//! of a space-filling curve.
//!
//! Boxes are kept in 32 bits and rounded outwards; distances to triangles are 64-bit. A query starts
//! from the answer of the query before, which bounds the search from the beginning.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::measure::bounds;
use super::triangle::{Feature, closest_point};
use super::{MeshRef, morton};

/// Queries that follow each other; fixed, so that ties fall the same for any number of threads.
const BLOCK: usize = 2048;
/// Deep enough for 2^31 triangles.
pub(super) const MOST_LEVELS: usize = 17;

/// Four boxes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) low: [[f32; 4]; 3],
    pub(super) high: [[f32; 4]; 3],
}

pub(super) const EMPTY: Node = Node { low: [[f32::INFINITY; 4]; 3], high: [[f32::NEG_INFINITY; 4]; 3] };

impl Node {
    /// One box for each of up to four nodes.
    pub(super) fn about(group: &[Self]) -> Self {
        let mut node = EMPTY;
        for (lane, child) in group.iter().enumerate() {
            for axis in 0..3 {
                node.low[axis][lane] = child.low[axis].iter().fold(f32::INFINITY, |a, &b| a.min(b));
                node.high[axis][lane] = child.high[axis].iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            }
        }
        node
    }
}

/// The closest point that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Where, LPS mm.
    pub point: Vector3<f64>,
    /// Squared distance, mm2.
    pub squared_distance: f64,
    /// On which face.
    pub face: u32,
    /// On which part of the face.
    pub feature: Feature,
}

/// A search tree over the faces of a mesh.
#[derive(Debug)]
pub struct ClosestPoints<'a> {
    mesh: MeshRef<'a>,
    /// Faces in the order of the curve.
    pub(super) order: Vec<u32>,
    pub(super) corners: Vec<[u32; 3]>,
    /// From the boxes of triangles to the root.
    pub(super) levels: Vec<Vec<Node>>,
    pub(super) middle: Vector3<f64>,
    reach: f64,
}

impl<'a> ClosestPoints<'a> {
    /// Builds the tree.
    pub fn new(mesh: MeshRef<'a>) -> Self {
        let [low, high] = bounds(mesh.vertices()).unwrap_or([[0.0; 3]; 2]);
        let middle = (Vector3::from(low) + Vector3::from(high)) / 2.0;
        let mut keys: Vec<u64> = (0..mesh.faces().len())
            .into_par_iter()
            .with_min_len(BLOCK)
            .map(|face| {
                let [a, b, c] = mesh.corners(face);
                let centre = std::array::from_fn(|axis| (a[axis] + b[axis] + c[axis]) / 3.0);
                u64::from(morton::code(centre, &low, &high)) << 32 | face as u64
            })
            .collect();
        keys.par_sort_unstable();
        let order: Vec<u32> = keys.into_iter().map(|key| key as u32).collect();
        let corners: Vec<[u32; 3]> = order.par_iter().map(|&face| mesh.faces()[face as usize]).collect();
        let reach = (Vector3::from(high) - middle).amax();
        let mut tree = Self { mesh, order, corners, levels: Vec::new(), middle, reach };
        tree.build();
        tree
    }

    fn build(&mut self) {
        // Twice the rounding of a coordinate.
        let slack = (self.reach * 2.4e-7) as f32;
        let mut level: Vec<Node> = self
            .corners
            .par_chunks(4)
            .map(|group| {
                let mut node = EMPTY;
                for (lane, corners) in group.iter().enumerate() {
                    for &corner in corners {
                        let point = Vector3::from(self.mesh.vertices()[corner as usize]) - self.middle;
                        for axis in 0..3 {
                            let x = point[axis] as f32;
                            node.low[axis][lane] = node.low[axis][lane].min(x - slack);
                            node.high[axis][lane] = node.high[axis][lane].max(x + slack);
                        }
                    }
                }
                node
            })
            .collect();
        while level.len() > 1 {
            let above = level.par_chunks(4).map(Node::about);
            let above = above.collect();
            self.levels.push(std::mem::replace(&mut level, above));
        }
        if !level.is_empty() {
            self.levels.push(level);
        }
    }

    /// The mesh that is searched.
    pub fn mesh(&self) -> MeshRef<'a> {
        self.mesh
    }

    /// The corners of a face.
    pub fn triangle(&self, face: u32) -> [Vector3<f64>; 3] {
        self.mesh.corners(face as usize).map(Vector3::from)
    }

    /// The closest point on one face.
    pub fn on_face(&self, point: &Vector3<f64>, face: u32) -> Hit {
        let (closest, feature) = closest_point(point, &self.triangle(face));
        Hit { point: closest, squared_distance: (closest - point).norm_squared(), face, feature }
    }

    /// The closest point of the surface; `None` where it has no faces. A face known to be near makes
    /// the search short.
    pub fn nearest(&self, point: &Vector3<f64>, near: Option<u32>) -> Option<Hit> {
        let first = near.or_else(|| self.order.first().copied())?;
        let mut best = self.on_face(point, first);
        let query = Query::new(&(point - self.middle));
        let mut stack = [(0.0_f32, 0_u32, 0_u8); MOST_LEVELS * 4];
        let mut height = 1;
        stack[0].2 = self.levels.len() as u8 - 1;
        while height > 0 {
            height -= 1;
            let (distance, node, level) = stack[height];
            if f64::from(distance) > best.squared_distance {
                continue;
            }
            let distances = query.squared_distances(&self.levels[usize::from(level)][node as usize]);
            let limit = best.squared_distance;
            if level == 0 {
                self.visit_leaf(point, node, &distances, &mut best);
                continue;
            }
            let bottom = height;
            for (lane, &distance) in distances.iter().enumerate() {
                if f64::from(distance) <= limit {
                    // Nearest on top.
                    let mut place = height;
                    while place > bottom && stack[place - 1].0 < distance {
                        stack[place] = stack[place - 1];
                        place -= 1;
                    }
                    stack[place] = (distance, node * 4 + lane as u32, level - 1);
                    height += 1;
                }
            }
        }
        Some(best)
    }

    fn visit_leaf(&self, point: &Vector3<f64>, node: u32, distances: &[f32; 4], best: &mut Hit) {
        for (lane, &distance) in distances.iter().enumerate() {
            let place = node as usize * 4 + lane;
            if f64::from(distance) <= best.squared_distance && place < self.order.len() {
                let triangle =
                    self.corners[place].map(|corner| Vector3::from(self.mesh.vertices()[corner as usize]));
                let (closest, feature) = closest_point(point, &triangle);
                let squared_distance = (closest - point).norm_squared();
                if squared_distance < best.squared_distance {
                    *best = Hit { point: closest, squared_distance, face: self.order[place], feature };
                }
            }
        }
    }

    /// The closest points of many points, in their order; empty where there is no surface.
    pub fn nearest_all<P>(&self, n: usize, point: P) -> Vec<Hit>
    where
        P: Fn(usize) -> Vector3<f64> + Sync,
    {
        let order = self.walk(n, &point);
        let at = |place: usize| order.as_ref().map_or(place, |order| order[place] as usize);
        let blocks: Vec<Vec<Hit>> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let mut near = None;
                (block * BLOCK..((block + 1) * BLOCK).min(n))
                    .filter_map(|place| {
                        let hit = self.nearest(&point(at(place)), near);
                        near = hit.map(|hit| hit.face);
                        hit
                    })
                    .collect()
            })
            .collect();
        let hits = blocks.into_iter().flatten();
        let Some(order) = order else { return hits.collect() };
        let mut sorted: Vec<(u32, Hit)> = order.iter().copied().zip(hits).collect();
        sorted.par_sort_unstable_by_key(|entry| entry.0);
        sorted.into_iter().map(|entry| entry.1).collect()
    }

    /// An order in which the next point is near the last; `None` when that is so already.
    pub fn walk<P: Fn(usize) -> Vector3<f64> + Sync>(&self, n: usize, point: &P) -> Option<Vec<u32>> {
        let stride = n / 1000 + 1;
        let steps: Vec<f64> =
            (1..n).step_by(stride).map(|place| (point(place) - point(place - 1)).norm()).collect();
        let mean = steps.iter().sum::<f64>() / steps.len().max(1) as f64;
        if n < 1000 || mean < self.reach * 0.03 {
            return None;
        }
        let low = self.middle.map(|x| x - self.reach * 2.0).into();
        let high = self.middle.map(|x| x + self.reach * 2.0).into();
        let mut keys: Vec<u64> = (0..n)
            .into_par_iter()
            .map(|place| u64::from(morton::code(point(place).into(), &low, &high)) << 32 | place as u64)
            .collect();
        keys.par_sort_unstable();
        Some(keys.into_iter().map(|key| key as u32).collect())
    }
}

/// A point in 32 bits, as two: moved up and moved down by what the rounding may be.
pub(super) struct Query {
    up: [f32; 3],
    down: [f32; 3],
}

impl Query {
    pub(super) fn new(point: &Vector3<f64>) -> Self {
        let slack = (point.amax() * 2.4e-7) as f32;
        let rounded: [f32; 3] = std::array::from_fn(|axis| point[axis] as f32);
        Self { up: rounded.map(|x| x + slack), down: rounded.map(|x| x - slack) }
    }

    /// To each of four boxes, a little too short rather than too long.
    #[inline]
    pub(super) fn squared_distances(&self, node: &Node) -> [f32; 4] {
        let mut sum = [0.0_f32; 4];
        for axis in 0..3 {
            let (up, down) = (self.up[axis], self.down[axis]);
            for lane in 0..4 {
                // Comparisons instead of `max`: without its care for NaN each is one instruction.
                let (below, above) = (node.low[axis][lane] - up, down - node.high[axis][lane]);
                let gap = if below > above { below } else { above };
                let gap = if gap > 0.0 { gap } else { 0.0 };
                sum[lane] += gap * gap;
            }
        }
        sum.map(|x| x * 0.999_999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn agrees_with_looking_at_every_face() {
        let mesh = cuboid([-700.0, 20.0, 3.0], [2.0, 3.0, 4.0]);
        let tree = ClosestPoints::new(mesh.view());
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for n in 0..2000 {
            let far = if n % 10 == 0 { 1e6 } else { 6.0 };
            let point = Vector3::new(-702.0 + far * random(), 18.0 + far * random(), 1.0 + far * random());
            let hit = tree.nearest(&point, None).unwrap();
            let expected =
                (0..12).map(|face| tree.on_face(&point, face).squared_distance).fold(f64::INFINITY, f64::min);
            assert!((hit.squared_distance - expected).abs() <= 1e-15 * expected.max(1.0), "{n}");
        }
    }

    #[test]
    fn nothing_is_near_where_nothing_is() {
        let mesh = crate::mesh::TriMesh::default();
        let tree = ClosestPoints::new(mesh.view());
        assert_eq!(tree.nearest(&Vector3::zeros(), None), None);
        assert!(tree.nearest_all(5, |_| Vector3::zeros()).is_empty());
    }
}
