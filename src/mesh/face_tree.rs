//! A tree of boxes about the faces of a mesh, four to a node, for rays and balls that start on the surface.
//!
//! Split where the surface area heuristic asks for it, in bins: Wald, On fast construction of SAH-based
//! bounding volume hierarchies, 2007, doi:10.1109/RT.2007.4342588. Beside the boxes about faces there are
//! boxes about their normals: what looks the wrong way is passed over without a look at it, and that is
//! everything around the point where a ray or a ball starts.
//!
//! Boxes are kept in 32 bits and rounded outwards; what is asked of a face is 64-bit.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::closest::{EMPTY, Node};
use super::measure::{bounds, doubled_area_vector};
use super::{MeshRef, morton};

/// Bins along the longest axis.
const BINS: usize = 12;
/// A list as short as this is halved at its middle.
const FEW: usize = 10;
/// Faces of a part that is built by itself; fixed, so that nothing depends on the number of threads.
const PART: usize = 1 << 14;
/// Faces in one task.
const BLOCK: usize = 4096;
/// Levels below the root after which lists are halved as they are: what is left has log4 of its number more,
/// and 2^31 faces at most.
const DEEPEST: usize = 14;
/// Nodes that wait while the tree is walked: three of each level, and the last four.
pub(super) const WAITING: usize = 3 * (DEEPEST + 16) + 4;
/// Says of a child that it is a face.
pub(super) const FACE: u32 = 1 << 31;
/// No child.
pub(super) const NONE: u32 = u32::MAX;

/// Four boxes and what is in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide {
    pub(super) boxes: Node,
    /// The number of a node, or [`FACE`] and the number of a face, or [`NONE`].
    pub(super) children: [u32; 4],
}

/// A search tree over the faces of a mesh; the first node is its root.
#[derive(Debug)]
pub struct FaceTree<'m> {
    mesh: MeshRef<'m>,
    pub(super) nodes: Vec<Wide>,
    /// Boxes about normals, as those of the nodes.
    pub(super) normals: Vec<Node>,
    /// What the boxes are about.
    pub(super) middle: Vector3<f64>,
    /// From there to the farthest corner along an axis.
    reach: f64,
}

/// The box of a face.
#[derive(Debug, Clone, Copy)]
struct Prim {
    low: [f32; 3],
    high: [f32; 3],
    face: u32,
}

impl Prim {
    /// Twice the middle.
    fn doubled(&self, axis: usize) -> f32 {
        self.low[axis] + self.high[axis]
    }
}

/// What a node needs to know of a child.
#[derive(Debug, Clone, Copy)]
struct Child {
    number: u32,
    low: [f32; 3],
    high: [f32; 3],
    normal_low: [f32; 3],
    normal_high: [f32; 3],
}

/// Nodes and their normals, numbered from 0.
#[derive(Debug, Default)]
struct Grown {
    nodes: Vec<Wide>,
    normals: Vec<Node>,
}

impl<'m> FaceTree<'m> {
    /// Builds the tree.
    pub fn new(mesh: MeshRef<'m>) -> Self {
        let [low, high] = bounds(mesh.vertices()).unwrap_or([[0.0; 3]; 2]);
        let middle = (Vector3::from(low) + Vector3::from(high)) / 2.0;
        let reach = (Vector3::from(high) - middle).amax();
        // Twice the rounding of a coordinate.
        let slack = (reach * 2.4e-7) as f32;
        let prim = |face: usize| {
            let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
            for corner in mesh.corners(face) {
                for axis in 0..3 {
                    let x = (corner[axis] - middle[axis]) as f32;
                    low[axis] = low[axis].min(x - slack);
                    high[axis] = high[axis].max(x + slack);
                }
            }
            Prim { low, high, face: face as u32 }
        };
        let mut prims: Vec<Prim> =
            (0..mesh.faces().len()).into_par_iter().with_min_len(BLOCK).map(prim).collect();
        let grown = grow(mesh, &mut prims);
        Self { mesh, nodes: grown.nodes, normals: grown.normals, middle, reach }
    }

    /// The mesh that is searched.
    pub fn mesh(&self) -> MeshRef<'m> {
        self.mesh
    }

    /// The corners of a face.
    pub fn triangle(&self, face: u32) -> [Vector3<f64>; 3] {
        self.mesh.corners(face as usize).map(Vector3::from)
    }

    /// Points in an order in which the next is mostly near the last.
    pub fn walk(&self, points: &[[f64; 3]]) -> Vec<u32> {
        let low = self.middle.map(|x| x - self.reach).into();
        let high = self.middle.map(|x| x + self.reach).into();
        let key = |place: usize| u64::from(morton::code(points[place], &low, &high)) << 32 | place as u64;
        let mut keys: Vec<u64> = (0..points.len()).into_par_iter().with_min_len(BLOCK).map(key).collect();
        keys.par_sort_unstable();
        keys.into_iter().map(|key| key as u32).collect()
    }
}

/// The whole tree: parts by themselves, in parallel, and the nodes above them.
fn grow(mesh: MeshRef<'_>, prims: &mut [Prim]) -> Grown {
    if prims.is_empty() {
        return Grown::default();
    }
    let mut parts: Vec<(&mut [Prim], usize)> = Vec::new();
    let plan = divide(prims, &mut parts, 0);
    let grown: Vec<(Grown, Child)> = parts
        .into_par_iter()
        .map(|(part, depth)| {
            let mut grown = Grown::default();
            let child = branch(mesh, part, &mut grown, depth);
            (grown, child)
        })
        .collect();
    let mut all = Grown::default();
    // Above the parts; where one part is all, its own root is the root.
    let mut tops = Vec::new();
    if let Plan::Part(_) = plan {
        let (only, child) = grown.into_iter().next().unwrap_or_else(|| (Grown::default(), nothing()));
        if only.nodes.is_empty() {
            join(&[child], &mut all);
            return all;
        }
        return only;
    }
    let n_top = plan.n_nodes();
    all.nodes.resize(n_top, Wide { boxes: EMPTY, children: [NONE; 4] });
    all.normals.resize(n_top, EMPTY);
    for (part, mut child) in grown {
        let offset = all.nodes.len() as u32;
        if child.number & FACE == 0 {
            child.number += offset;
        }
        tops.push(child);
        for mut node in part.nodes {
            for number in &mut node.children {
                if *number & FACE == 0 {
                    *number += offset;
                }
            }
            all.nodes.push(node);
        }
        all.normals.extend(part.normals);
    }
    let mut next = 0;
    plan.fill(&tops, &mut next, &mut all);
    all
}

/// How the nodes above the parts hang together.
enum Plan {
    Part(usize),
    Node(Vec<Plan>),
}

impl Plan {
    fn n_nodes(&self) -> usize {
        match self {
            Self::Part(_) => 0,
            Self::Node(below) => 1 + below.iter().map(Self::n_nodes).sum::<usize>(),
        }
    }

    fn fill(&self, tops: &[Child], next: &mut usize, all: &mut Grown) -> Child {
        match self {
            Self::Part(n) => tops[*n],
            Self::Node(below) => {
                let own = *next;
                *next += 1;
                let children: Vec<Child> = below.iter().map(|plan| plan.fill(tops, next, all)).collect();
                let (wide, normals, child) = about(&children, own as u32);
                all.nodes[own] = wide;
                all.normals[own] = normals;
                child
            }
        }
    }
}

/// Divides until parts are small enough to be built by themselves.
fn divide<'p>(prims: &'p mut [Prim], parts: &mut Vec<(&'p mut [Prim], usize)>, depth: usize) -> Plan {
    if prims.len() <= PART {
        parts.push((prims, depth));
        return Plan::Part(parts.len() - 1);
    }
    Plan::Node(quarters(prims, depth).into_iter().map(|quarter| divide(quarter, parts, depth + 1)).collect())
}

/// Up to four parts of a list, each split where it is best.
fn quarters(prims: &mut [Prim], depth: usize) -> Vec<&mut [Prim]> {
    let mut made = vec![prims];
    while made.len() < 4 {
        // The one with the most faces, the first of equals.
        let largest = (0..made.len()).max_by(|&a, &b| made[a].len().cmp(&made[b].len()).then(b.cmp(&a)));
        let Some(largest) = largest.filter(|&n| made[n].len() > 1) else { break };
        let whole = std::mem::take(&mut made[largest]);
        let place = if depth < DEEPEST { split(whole) } else { whole.len() / 2 };
        let (left, right) = whole.split_at_mut(place);
        made[largest] = left;
        made.insert(largest + 1, right);
    }
    made
}

fn branch(mesh: MeshRef<'_>, prims: &mut [Prim], grown: &mut Grown, depth: usize) -> Child {
    if let [prim] = prims {
        return leaf(mesh, prim);
    }
    let own = grown.nodes.len();
    grown.nodes.push(Wide { boxes: EMPTY, children: [NONE; 4] });
    grown.normals.push(EMPTY);
    let mut children = [nothing(); 4];
    let mut n = 0;
    if prims.len() <= 4 {
        for prim in prims.iter() {
            children[n] = leaf(mesh, prim);
            n += 1;
        }
    } else {
        for quarter in quarters(prims, depth) {
            children[n] = branch(mesh, quarter, grown, depth + 1);
            n += 1;
        }
    }
    let (wide, normals, child) = about(&children[..n], own as u32);
    grown.nodes[own] = wide;
    grown.normals[own] = normals;
    child
}

fn join(children: &[Child], grown: &mut Grown) {
    let (wide, normals, _) = about(children, 0);
    grown.nodes.push(wide);
    grown.normals.push(normals);
}

fn nothing() -> Child {
    Child {
        number: NONE,
        low: [f32::INFINITY; 3],
        high: [f32::NEG_INFINITY; 3],
        normal_low: [f32::INFINITY; 3],
        normal_high: [f32::NEG_INFINITY; 3],
    }
}

fn leaf(mesh: MeshRef<'_>, prim: &Prim) -> Child {
    let doubled = doubled_area_vector(mesh.corners(prim.face as usize));
    // Without an area there is no side to be on.
    let normal = doubled.try_normalize(0.0).unwrap_or_default();
    let normal = [normal.x as f32, normal.y as f32, normal.z as f32];
    Child {
        number: FACE | prim.face,
        low: prim.low,
        high: prim.high,
        normal_low: normal,
        normal_high: normal,
    }
}

/// The node of some children, and what a node above it needs to know.
fn about(children: &[Child], number: u32) -> (Wide, Node, Child) {
    let mut wide = Wide { boxes: EMPTY, children: [NONE; 4] };
    let mut normals = EMPTY;
    let mut whole = Child { number, ..nothing() };
    for (lane, child) in children.iter().enumerate() {
        wide.children[lane] = child.number;
        for axis in 0..3 {
            wide.boxes.low[axis][lane] = child.low[axis];
            wide.boxes.high[axis][lane] = child.high[axis];
            normals.low[axis][lane] = child.normal_low[axis];
            normals.high[axis][lane] = child.normal_high[axis];
            whole.low[axis] = whole.low[axis].min(child.low[axis]);
            whole.high[axis] = whole.high[axis].max(child.high[axis]);
            whole.normal_low[axis] = whole.normal_low[axis].min(child.normal_low[axis]);
            whole.normal_high[axis] = whole.normal_high[axis].max(child.normal_high[axis]);
        }
    }
    (wide, normals, whole)
}

#[derive(Clone, Copy)]
struct Bin {
    low: [f32; 3],
    high: [f32; 3],
    n: u32,
}

impl Bin {
    const EMPTY: Self = Self { low: [f32::INFINITY; 3], high: [f32::NEG_INFINITY; 3], n: 0 };

    #[inline]
    fn add(&mut self, low: &[f32; 3], high: &[f32; 3], n: u32) {
        for axis in 0..3 {
            // Comparisons instead of `min` and `max`: there is no NaN, and each is one instruction.
            self.low[axis] = if low[axis] < self.low[axis] { low[axis] } else { self.low[axis] };
            self.high[axis] = if high[axis] > self.high[axis] { high[axis] } else { self.high[axis] };
        }
        self.n += n;
    }

    /// Half the surface times the number of faces.
    fn cost(&self) -> f32 {
        if self.n == 0 {
            return 0.0;
        }
        let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| self.high[axis] - self.low[axis]);
        (x * y + y * z + z * x) * self.n as f32
    }
}

/// Orders a list of two or more so that it is best split at the place returned.
fn split(prims: &mut [Prim]) -> usize {
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for prim in prims.iter() {
        for axis in 0..3 {
            let x = prim.doubled(axis);
            low[axis] = if x < low[axis] { x } else { low[axis] };
            high[axis] = if x > high[axis] { x } else { high[axis] };
        }
    }
    let extent: [f32; 3] = std::array::from_fn(|axis| high[axis] - low[axis]);
    let axis = (0..3).fold(0, |best, axis| if extent[axis] > extent[best] { axis } else { best });
    if extent[axis] <= 0.0 {
        return prims.len() / 2;
    }
    if prims.len() <= FEW {
        // Bins would cost more than they save.
        let half = prims.len() / 2;
        prims.select_nth_unstable_by(half, |a, b| {
            a.doubled(axis).total_cmp(&b.doubled(axis)).then(a.face.cmp(&b.face))
        });
        return half;
    }
    let scale = BINS as f32 * 0.999_99 / extent[axis];
    let bin_of = |prim: &Prim| (((prim.doubled(axis) - low[axis]) * scale) as usize).min(BINS - 1);
    let mut bins = [Bin::EMPTY; BINS];
    for prim in prims.iter() {
        bins[bin_of(prim)].add(&prim.low, &prim.high, 1);
    }
    let mut right = [0.0_f32; BINS];
    let mut sum = Bin::EMPTY;
    for n in (1..BINS).rev() {
        sum.add(&bins[n].low, &bins[n].high, bins[n].n);
        right[n] = sum.cost();
    }
    let (mut best, mut least) = (1, f32::INFINITY);
    let mut sum = Bin::EMPTY;
    for n in 1..BINS {
        sum.add(&bins[n - 1].low, &bins[n - 1].high, bins[n - 1].n);
        let cost = sum.cost() + right[n];
        if cost < least && sum.n > 0 && (sum.n as usize) < prims.len() {
            (best, least) = (n, cost);
        }
    }
    let (mut first, mut last) = (0, prims.len());
    while first < last {
        if bin_of(&prims[first]) < best {
            first += 1;
        } else {
            last -= 1;
            prims.swap(first, last);
        }
    }
    // The lowest and the highest are in the first and the last bin: neither side is empty.
    first.clamp(1, prims.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::refine::refine;

    #[test]
    fn every_face_is_in_the_tree_once_and_in_all_boxes_above_it() {
        for (size, step) in [([1.0, 1.0, 1.0], 9.0), ([40.0, 30.0, 20.0], 0.5)] {
            let mesh = refine(cuboid([-700.0, 20.0, 3.0], size).view(), step, 1_000_000).mesh;
            let tree = FaceTree::new(mesh.view());
            let mut seen = vec![0; mesh.faces.len()];
            let mut waiting = vec![(0_usize, [f32::NEG_INFINITY; 3], [f32::INFINITY; 3])];
            while let Some((node, low, high)) = waiting.pop() {
                for lane in 0..4 {
                    let child = tree.nodes[node].children[lane];
                    if child == NONE {
                        continue;
                    }
                    let boxes = &tree.nodes[node].boxes;
                    let own: [[f32; 3]; 2] =
                        [[0, 1, 2].map(|a| boxes.low[a][lane]), [0, 1, 2].map(|a| boxes.high[a][lane])];
                    for axis in 0..3 {
                        assert!(own[0][axis] >= low[axis] && own[1][axis] <= high[axis]);
                    }
                    if child & FACE == 0 {
                        waiting.push((child as usize, own[0], own[1]));
                        continue;
                    }
                    let face = (child & !FACE) as usize;
                    seen[face] += 1;
                    for corner in mesh.view().corners(face) {
                        for axis in 0..3 {
                            let x = corner[axis] - tree.middle[axis];
                            assert!(f64::from(own[0][axis]) <= x && x <= f64::from(own[1][axis]));
                        }
                    }
                }
            }
            assert!(seen.iter().all(|&n| n == 1));
        }
    }
}
