//! The cases of a cell, worked out rather than typed in.
//!
//! For every set of inside corners and every decision of its ambiguous faces: the closed loops in
//! which the surface leaves the cell, and the triangles of a disk within each loop. A diagonal never
//! lies in a face of the cell, where the neighbour might draw it too; a loop that cannot be cut so
//! gets a vertex of its own in the middle.

use std::sync::LazyLock;

use super::cube::{EDGES, FACES, corner_xyz, edge_between, faces_of, is_ambiguous};

/// Numbers from here on in a triangle mean vertices inside the cell, below it the edges.
pub(super) const INNER: u8 = 12;

/// One closed loop of crossed edges; the inside lies to its right seen from outside the cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Loop {
    pub edges: Vec<u8>,
    /// The region of inside corners it bounds, as in [`Case::region`].
    pub inside: u8,
    /// The region of outside corners it bounds.
    pub outside: u8,
    /// The triangles of its disk; `None` when it needs a vertex in the middle.
    pub disk: Option<Vec<[u8; 3]>>,
}

/// What a cell looks like once its faces are decided.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub loops: Vec<Loop>,
    /// Region of each corner: which corners are joined along the boundary of the cell.
    pub region: [u8; 8],
    /// The triangles of all loops, when each is a disk without a vertex in the middle.
    pub triangles: Vec<[u8; 3]>,
    /// How many loops need a vertex in the middle.
    pub n_middles: usize,
    /// Whether two loops may be the ends of a tunnel.
    pub may_tunnel: bool,
}

impl Case {
    /// Number of triangles when every loop is a disk.
    pub fn n_triangles(&self) -> usize {
        self.loops.iter().map(Loop::n_triangles).sum()
    }
}

impl Loop {
    /// Number of triangles of its disk.
    pub fn n_triangles(&self) -> usize {
        self.edges.len() - if self.disk.is_some() { 2 } else { 0 }
    }
}

/// All cases.
pub(super) struct Cases {
    made: Vec<Case>,
    /// Place in `made` for inside corners x 64 + joined faces.
    place: Vec<u16>,
    /// Number of triangles for inside corners that need no look at the values; else `LOOK`.
    pub quick: [u8; 256],
}

/// The inside corners alone do not tell the case.
pub(super) const LOOK: u8 = u8::MAX;

/// The cases, made at first use.
pub(super) static CASES: LazyLock<Cases> = LazyLock::new(Cases::make);

impl Cases {
    /// The case of these inside corners and joined faces.
    pub fn get(&self, inside: u8, joined: u8) -> &Case {
        &self.made[usize::from(self.place[usize::from(inside) << 6 | usize::from(joined)])]
    }

    fn make() -> Self {
        let mut made = Self { made: Vec::new(), place: vec![0; 256 << 6], quick: [LOOK; 256] };
        for inside in 0..=u8::MAX {
            let ambiguous: u8 = (0..6).filter(|&face| is_ambiguous(face, inside)).map(|face| 1 << face).sum();
            for joined in (0..64).filter(|joined| joined & !ambiguous == 0) {
                let case = make_case(inside, joined);
                if ambiguous == 0 && !case.may_tunnel && case.n_middles == 0 {
                    made.quick[usize::from(inside)] = case.triangles.len() as u8;
                }
                made.place[usize::from(inside) << 6 | usize::from(joined)] = made.made.len() as u16;
                made.made.push(case);
            }
        }
        made
    }
}

#[inline(never)]
fn make_case(inside: u8, joined: u8) -> Case {
    let region = regions(inside, joined);
    let loops: Vec<Loop> = loops(inside, joined)
        .into_iter()
        .map(|edges| {
            let [a, b] = EDGES[usize::from(edges[0])];
            let (inner, outer) = if inside >> a & 1 == 1 { (a, b) } else { (b, a) };
            let (inside, outside) = (region[usize::from(inner)], region[usize::from(outer)]);
            let disk = disk(&edges);
            Loop { edges, inside, outside, disk }
        })
        .collect();
    let n_middles = loops.iter().filter(|one| one.disk.is_none()).count();
    let triangles = loops.iter().filter_map(|one| one.disk.clone()).flatten().collect();
    Case { may_tunnel: loops.len() > 1, loops, region, triangles, n_middles }
}

/// The loops of crossed edges.
#[inline(never)]
fn loops(inside: u8, joined: u8) -> Vec<Vec<u8>> {
    let mut next = [None; 12];
    for (n, face) in FACES.iter().enumerate() {
        let sign = face.map(|corner| inside >> corner & 1 == 1);
        for (from, to) in pieces(sign, joined >> n & 1 == 1) {
            let edge = |k: usize| edge_between(face[k % 4], face[(k + 1) % 4]);
            next[usize::from(edge(from))] = Some(edge(to));
        }
    }
    let mut found = Vec::new();
    for start in 0..12 {
        let mut edges = Vec::new();
        let mut at = start;
        while let Some(to) = next[at].take() {
            edges.push(at as u8);
            at = usize::from(to);
        }
        if !edges.is_empty() {
            found.push(edges);
        }
    }
    found
}

/// The pieces of surface on one face, as the sides of the face where they start and end: from where
/// its boundary, walked counter-clockwise, enters the inside to where it leaves it. So the inside lies
/// to the right, and the surface faces outwards.
#[inline(never)]
fn pieces(sign: [bool; 4], is_joined: bool) -> Vec<(usize, usize)> {
    let enters = |k: &usize| !sign[k % 4] && sign[(k + 1) % 4];
    let leaves = |k: &usize| sign[k % 4] && !sign[(k + 1) % 4];
    // An undecided face is left twice: the next place rounds this inside corner, the one before
    // rounds the outside corner between.
    let end = |k: usize| {
        let mut after = k + 1..k + 4;
        if is_joined { after.rev().find(leaves) } else { after.find(leaves) }
    };
    (0..4).filter(enters).filter_map(|k| Some((k, end(k)?))).collect()
}

/// Which corners are joined along edges of one sign or across decided faces.
#[inline(never)]
fn regions(inside: u8, joined: u8) -> [u8; 8] {
    let mut region = std::array::from_fn(|n| n as u8);
    let mut join = |a: u8, b: u8| {
        let (from, to) = (region[usize::from(a)], region[usize::from(b)]);
        for one in &mut region {
            if *one == from {
                *one = to;
            }
        }
    };
    let sign = |corner: u8| inside >> corner & 1;
    for [a, b] in EDGES {
        if sign(a) == sign(b) {
            join(a, b);
        }
    }
    for (n, face) in FACES.iter().enumerate() {
        if is_ambiguous(n, inside) {
            let first = usize::from((joined >> n & 1) != sign(face[0]));
            join(face[first], face[first + 2]);
        }
    }
    region
}

/// Cuts a loop into triangles along its shortest diagonals, none of them in a face of the cell.
#[inline(never)]
fn disk(edges: &[u8]) -> Option<Vec<[u8; 3]>> {
    let n = edges.len();
    let middle = |edge: u8| -> [f64; 3] {
        let [a, b] = EDGES[usize::from(edge)].map(corner_xyz);
        std::array::from_fn(|axis| f64::midpoint(a[axis], b[axis]))
    };
    let chord = |a: usize, b: usize| -> Option<f64> {
        if b - a == 1 || b - a == n - 1 {
            return Some(0.0); // a side of the loop
        }
        if faces_of(edges[a]) & faces_of(edges[b]) != 0 {
            return None;
        }
        let (p, q) = (middle(edges[a]), middle(edges[b]));
        Some((0..3).map(|axis| (p[axis] - q[axis]).powi(2)).sum())
    };
    // best[a][b]: the cheapest way to cut the part of the loop between a and b, and its third corner.
    let mut best = vec![vec![None::<(f64, usize)>; n]; n];
    for a in 0..n - 1 {
        best[a][a + 1] = Some((0.0, a));
    }
    for length in 2..n {
        for a in 0..n - length {
            let b = a + length;
            let Some(own) = chord(a, b) else { continue };
            for c in a + 1..b {
                let (Some((left, _)), Some((right, _))) = (best[a][c], best[c][b]) else { continue };
                let cost = own + left + right;
                if best[a][b].is_none_or(|(least, _)| cost < least) {
                    best[a][b] = Some((cost, c));
                }
            }
        }
    }
    best[0][n - 1]?;
    let mut triangles = Vec::with_capacity(n - 2);
    let mut open = vec![(0, n - 1)];
    while let Some((a, b)) = open.pop() {
        if b - a > 1
            && let Some((_, c)) = best[a][b]
        {
            triangles.push([edges[a], edges[c], edges[b]]);
            open.push((c, b));
            open.push((a, c));
        }
    }
    Some(triangles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (u8, u8, &'static Case)> {
        (0..=u8::MAX).flat_map(|inside| {
            let ambiguous: u8 = (0..6).filter(|&face| is_ambiguous(face, inside)).map(|face| 1 << face).sum();
            (0..64u8)
                .filter(move |joined| joined & !ambiguous == 0)
                .map(move |joined| (inside, joined, CASES.get(inside, joined)))
        })
    }

    #[test]
    fn every_crossed_edge_is_on_exactly_one_loop() {
        for (inside, joined, case) in all() {
            let mut seen = [0; 12];
            case.loops.iter().flat_map(|one| &one.edges).for_each(|&edge| seen[usize::from(edge)] += 1);
            for (n, [a, b]) in EDGES.into_iter().enumerate() {
                let crossed = i32::from((inside >> a ^ inside >> b) & 1);
                assert_eq!(seen[n], crossed, "inside {inside:08b}, joined {joined:06b}, edge {n}");
            }
            assert!(case.loops.iter().all(|one| one.edges.len() >= 3));
        }
    }

    #[test]
    fn loops_are_one_fewer_than_the_regions_they_part() {
        for (inside, joined, case) in all() {
            let mut regions = case.region.to_vec();
            regions.sort_unstable();
            regions.dedup();
            assert_eq!(case.loops.len() + 1, regions.len(), "inside {inside:08b}, joined {joined:06b}");
        }
    }

    #[test]
    fn no_triangle_has_a_diagonal_in_a_face() {
        for (_, _, case) in all() {
            for one in &case.loops {
                let n = one.edges.len();
                let sides: Vec<_> = (0..n).map(|k| (one.edges[k], one.edges[(k + 1) % n])).collect();
                for [a, b, c] in one.disk.iter().flatten().copied() {
                    for (p, q) in [(a, b), (b, c), (c, a)] {
                        let is_side = sides.contains(&(p, q));
                        assert!(is_side || faces_of(p) & faces_of(q) == 0);
                    }
                }
            }
        }
    }

    #[test]
    fn a_cell_on_the_border_needs_no_vertex_in_its_middle() {
        // Only the corners of one face can be inside there, and its lid must be flat.
        for face in FACES {
            let within: u8 = face.iter().map(|corner| 1 << corner).sum();
            for (_, _, case) in all().filter(|(inside, ..)| inside & !within == 0) {
                assert_eq!(case.n_middles, 0);
            }
        }
    }
}
