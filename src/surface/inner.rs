//! A cell that needs a look at its values: undecided faces, loops with a vertex in the middle, tunnels.

use super::band::{Corner, band};
use super::cases::{CASES, Case, INNER};
use super::cube::{EDGES, axis, corner_xyz, is_ambiguous, joins_inside};
use super::tunnel::{self, Tunnel};

/// Distance that a vertex inside a cell keeps from its walls, in steps.
const CLEARANCE: f64 = 0.02;

/// The decided case of one cell.
pub(super) struct Decided {
    case: &'static Case,
    tunnel: Option<Tunnel>,
}

/// The triangles of one cell: edges below [`INNER`], from there on the vertices inside it.
pub(super) struct Patch {
    pub triangles: Vec<[u8; 3]>,
    /// In the unit cell.
    pub inner: Vec<[f64; 3]>,
}

/// Decides a cell from its corners. A cell on the border (`is_lid`) has no interior to look at.
pub(super) fn decide(inside: u8, f: &[f64; 8], is_lid: bool) -> Decided {
    let joined = (0..6)
        .filter(|&face| is_ambiguous(face, inside) && joins_inside(face, f))
        .map(|face| 1 << face)
        .sum();
    let case = CASES.get(inside, joined);
    let tunnel = if is_lid { None } else { tunnel::find(case, f) };
    Decided { case, tunnel }
}

impl Decided {
    /// Number of triangles and of vertices inside the cell.
    pub fn counts(&self) -> (usize, usize) {
        let Some(tunnel) = self.tunnel else { return (self.case.n_triangles(), self.case.n_middles) };
        let mut counts = (0, tunnel.ring.len());
        for (n, one) in self.case.loops.iter().enumerate() {
            if tunnel.loops.contains(&n) {
                counts.0 += one.edges.len() + tunnel.ring.len();
            } else {
                counts.0 += one.n_triangles();
                counts.1 += usize::from(one.disk.is_none());
            }
        }
        counts
    }

    /// The triangles, given where each edge is crossed (a fraction of the edge from its lower end).
    pub fn patch(&self, crossings: &[f64; 12]) -> Patch {
        let mut patch = Patch { triangles: Vec::new(), inner: Vec::new() };
        if let Some(tunnel) = self.tunnel {
            self.tube(tunnel, crossings, &mut patch);
        }
        for (n, one) in self.case.loops.iter().enumerate() {
            match &one.disk {
                _ if self.tunnel.is_some_and(|tunnel| tunnel.loops.contains(&n)) => {}
                Some(disk) => patch.triangles.extend(disk),
                None => fan(&one.edges, crossings, &mut patch),
            }
        }
        patch
    }

    fn tube(&self, tunnel: Tunnel, crossings: &[f64; 12], patch: &mut Patch) {
        let first = INNER + patch.inner.len() as u8;
        patch.inner.extend(tunnel.ring);
        let m = tunnel.ring.len() as u8;
        let back: Vec<_> = tunnel.ring.iter().rev().copied().collect();
        for (is_back, n) in [(false, tunnel.loops[0]), (true, tunnel.loops[1])] {
            let edges = &self.case.loops[n].edges;
            let places = places(edges, crossings);
            let number = |corner| match corner {
                Corner::Outer(at) => edges[at],
                Corner::Ring(at) if is_back => first + m - 1 - at as u8,
                Corner::Ring(at) => first + at as u8,
            };
            let triangles = band(&places, if is_back { &back } else { &tunnel.ring });
            patch.triangles.extend(triangles.into_iter().map(|triangle| triangle.map(number)));
        }
    }
}

/// A loop closed by a fan around the mean of its crossings.
fn fan(edges: &[u8], crossings: &[f64; 12], patch: &mut Patch) {
    let places = places(edges, crossings);
    let middle = INNER + patch.inner.len() as u8;
    patch.inner.push(std::array::from_fn(|axis| {
        let mean = places.iter().map(|place| place[axis]).sum::<f64>() / places.len() as f64;
        mean.clamp(CLEARANCE, 1.0 - CLEARANCE)
    }));
    for n in 0..edges.len() {
        patch.triangles.push([edges[n], edges[(n + 1) % edges.len()], middle]);
    }
}

fn places(edges: &[u8], crossings: &[f64; 12]) -> Vec<[f64; 3]> {
    let place = |&edge: &u8| {
        let edge = usize::from(edge);
        let mut place = corner_xyz(EDGES[edge][0]);
        place[axis(edge)] = crossings[edge];
        place
    };
    edges.iter().map(place).collect()
}
