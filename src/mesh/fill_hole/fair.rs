//! Refines a patch to the density of its surroundings, and bends it as they bend.

use std::collections::BTreeMap;

use nalgebra::Vector3;

/// Rounds of refinement at most: each divides a triangle in three.
const MOST_ROUNDS: usize = 12;
const MOST_VERTICES: usize = 200_000;

/// A patch while it grows; the first vertices are those of the rim.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) points: Vec<Vector3<f64>>,
    pub(super) faces: Vec<[usize; 3]>,
    /// How long edges are around each vertex.
    pub(super) scales: Vec<f64>,
    pub(super) n_rim: usize,
}

impl Patch {
    /// Divides triangles that are large for their place, and turns edges until nearly Delaunay.
    pub(super) fn refine(&mut self, is_taken: &impl Fn(usize, usize) -> bool) {
        for _ in 0..MOST_ROUNDS {
            let before = self.faces.len();
            for face in 0..before {
                self.divide(face);
            }
            if self.faces.len() == before || self.points.len() > MOST_VERTICES {
                return;
            }
            for _ in 0..8 {
                if !self.turn_edges(is_taken) {
                    break;
                }
            }
        }
    }

    fn divide(&mut self, face: usize) {
        let corners = self.faces[face];
        let centre = corners.iter().map(|&corner| self.points[corner]).sum::<Vector3<f64>>() / 3.0;
        let scale = corners.iter().map(|&corner| self.scales[corner]).sum::<f64>() / 3.0;
        let is_large = corners.iter().all(|&corner| {
            let far = std::f64::consts::SQRT_2 * (centre - self.points[corner]).norm();
            far > scale && far > self.scales[corner]
        });
        if is_large {
            let new = self.points.len();
            self.points.push(centre);
            self.scales.push(scale);
            let [a, b, c] = corners;
            self.faces[face] = [a, b, new];
            self.faces.extend([[b, c, new], [c, a, new]]);
        }
    }

    /// Turns every inner edge that faces two angles of more than half a turn; whether one was.
    fn turn_edges(&mut self, is_taken: &impl Fn(usize, usize) -> bool) -> bool {
        let mut sides: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (face, corners) in self.faces.iter().enumerate() {
            for n in 0..3 {
                sides.insert((corners[n], corners[(n + 1) % 3]), face);
            }
        }
        let edges: Vec<(usize, usize)> = sides.keys().copied().filter(|edge| edge.0 < edge.1).collect();
        let mut has_turned = false;
        for (a, b) in edges {
            let (Some(&left), Some(&right)) = (sides.get(&(a, b)), sides.get(&(b, a))) else { continue };
            let tip = |face: usize| self.faces[face].into_iter().find(|&corner| corner != a && corner != b);
            let (Some(c), Some(d)) = (tip(left), tip(right)) else { continue };
            let is_there = sides.contains_key(&(c, d))
                || sides.contains_key(&(d, c))
                || self.is_rim_edge(c, d, is_taken);
            if is_there || self.angle(c, a, b) + self.angle(d, a, b) <= std::f64::consts::PI + 1e-6 {
                continue;
            }
            for edge in [(a, b), (b, a)] {
                sides.remove(&edge);
            }
            self.faces[left] = [c, a, d];
            self.faces[right] = [d, b, c];
            for face in [left, right] {
                let corners = self.faces[face];
                for n in 0..3 {
                    sides.insert((corners[n], corners[(n + 1) % 3]), face);
                }
            }
            has_turned = true;
        }
        has_turned
    }

    fn is_rim_edge(&self, c: usize, d: usize, is_taken: &impl Fn(usize, usize) -> bool) -> bool {
        c < self.n_rim && d < self.n_rim && is_taken(c, d)
    }

    fn angle(&self, at: usize, a: usize, b: usize) -> f64 {
        let (p, q) = (self.points[a] - self.points[at], self.points[b] - self.points[at]);
        p.cross(&q).norm().atan2(p.dot(&q))
    }

    /// Moves the inner vertices to where the sum of the squared umbrellas, those of the rim included,
    /// is least. `outside` are the fixed neighbours of each vertex of the rim.
    pub(super) fn fair(&mut self, outside: &[Vec<Vector3<f64>>]) {
        let n = self.points.len();
        let n_inner = n - self.n_rim;
        if n_inner == 0 {
            return;
        }
        let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); n];
        for corners in &self.faces {
            for i in 0..3 {
                neighbours[corners[i]].extend([corners[(i + 1) % 3], corners[(i + 2) % 3]]);
            }
        }
        for list in &mut neighbours {
            list.sort_unstable();
            list.dedup();
        }
        let system = Umbrellas { neighbours, outside, n_rim: self.n_rim };
        let fixed = system.apply(&self.points, true);
        let mut right = system.apply_transposed(&fixed);
        for value in &mut right {
            *value = -*value;
        }
        // The places of the inner vertices are found as moves from where they are.
        let moves = system.solve(&right);
        for (point, step) in self.points[self.n_rim..].iter_mut().zip(moves) {
            *point += step;
        }
    }
}

/// The umbrella of every vertex of a patch: itself less the mean of its neighbours.
struct Umbrellas<'a> {
    neighbours: Vec<Vec<usize>>,
    outside: &'a [Vec<Vector3<f64>>],
    n_rim: usize,
}

impl Umbrellas<'_> {
    fn degree(&self, vertex: usize) -> f64 {
        let n_outside = self.outside.get(vertex).map_or(0, Vec::len);
        (self.neighbours[vertex].len() + n_outside) as f64
    }

    /// Umbrellas of all vertices; with or without what lies outside.
    fn apply(&self, points: &[Vector3<f64>], has_outside: bool) -> Vec<Vector3<f64>> {
        (0..points.len())
            .map(|vertex| {
                let inner: Vector3<f64> = self.neighbours[vertex].iter().map(|&other| points[other]).sum();
                let outer: Vector3<f64> = match self.outside.get(vertex) {
                    Some(list) if has_outside => list.iter().sum(),
                    _ => Vector3::zeros(),
                };
                points[vertex] - (inner + outer) / self.degree(vertex)
            })
            .collect()
    }

    /// The transpose, for the inner vertices.
    fn apply_transposed(&self, umbrellas: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
        (self.n_rim..umbrellas.len())
            .map(|vertex| {
                let spread =
                    self.neighbours[vertex].iter().map(|&other| umbrellas[other] / self.degree(other));
                umbrellas[vertex] - spread.sum::<Vector3<f64>>()
            })
            .collect()
    }

    fn normal_product(&self, inner: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
        let mut all = vec![Vector3::zeros(); self.n_rim];
        all.extend_from_slice(inner);
        self.apply_transposed(&self.apply(&all, false))
    }

    /// Conjugate gradients on the normal equations.
    fn solve(&self, right: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
        let dot =
            |a: &[Vector3<f64>], b: &[Vector3<f64>]| a.iter().zip(b).map(|(p, q)| p.dot(q)).sum::<f64>();
        let mut found = vec![Vector3::zeros(); right.len()];
        let mut rest = right.to_vec();
        let mut way = rest.clone();
        let mut size = dot(&rest, &rest);
        let enough = size * 1e-16;
        for _ in 0..4 * right.len() + 100 {
            if size <= enough || size == 0.0 {
                break;
            }
            let product = self.normal_product(&way);
            let step = size / dot(&way, &product);
            if !step.is_finite() {
                break;
            }
            for n in 0..found.len() {
                found[n] += way[n] * step;
                rest[n] -= product[n] * step;
            }
            let next = dot(&rest, &rest);
            for n in 0..way.len() {
                way[n] = rest[n] + way[n] * (next / size);
            }
            size = next;
        }
        found
    }
}
