//! The cell: its corners, edges and faces, and how they are numbered.
//!
//! ```text
//!        6 ────11── 7        corner = x + 2 y + 4 z, in steps of i, j, k
//!       /|        /|         edges 0-3 along x: y + 2 z
//!      4 ───2─── 5 |               4-7 along y: 4 + x + 2 z
//!      | 2 ───1──|─3               8-11 along z: 8 + x + 2 y
//!      |/        |/          faces: 2 axis + side
//!      0 ───0─── 1
//! ```

/// The two corners of each edge, the lower first.
pub(super) const EDGES: [[u8; 2]; 12] = {
    let mut edges = [[0; 2]; 12];
    let mut n = 0;
    while n < 4 {
        let (low, high) = (n as u8 & 1, n as u8 >> 1);
        edges[n] = [2 * low + 4 * high, 2 * low + 4 * high + 1];
        edges[4 + n] = [low + 4 * high, low + 4 * high + 2];
        edges[8 + n] = [low + 2 * high, low + 2 * high + 4];
        n += 1;
    }
    edges
};

/// The corners of each face, counter-clockwise seen from outside the cell.
pub(super) const FACES: [[u8; 4]; 6] =
    [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];

/// The axis along which an edge runs.
pub(super) const fn axis(edge: usize) -> usize {
    edge / 4
}

/// The edge between two neighbouring corners.
#[inline(never)]
pub(super) fn edge_between(a: u8, b: u8) -> u8 {
    let low = a & b;
    let (x, y, z) = (low & 1, (low >> 1) & 1, low >> 2);
    match a ^ b {
        1 => y + 2 * z,
        2 => 4 + x + 2 * z,
        _ => 8 + x + 2 * y,
    }
}

/// Which faces hold an edge, one bit each.
#[inline(never)]
pub(super) fn faces_of(edge: u8) -> u8 {
    let [a, b] = EDGES[usize::from(edge)];
    let holds = |face: &[u8; 4]| face.contains(&a) && face.contains(&b);
    FACES.iter().enumerate().filter(|(_, face)| holds(face)).map(|(n, _)| 1 << n).sum()
}

/// Where a corner is in the unit cell.
pub(super) fn corner_xyz(corner: u8) -> [f64; 3] {
    [corner & 1, (corner >> 1) & 1, corner >> 2].map(f64::from)
}

/// Whether a set of inside corners leaves a face undecided: both diagonals of one sign each.
#[inline(never)]
pub(super) fn is_ambiguous(face: usize, inside: u8) -> bool {
    let sign = FACES[face].map(|corner| inside >> corner & 1);
    sign[0] == sign[2] && sign[1] == sign[3] && sign[0] != sign[1]
}

/// Whether the inside corners of an ambiguous face are joined across it (asymptotic decider).
///
/// Both cells of the face multiply the same numbers, so they decide alike. A tie joins, as it would
/// if the level were a little lower: a sample on the level counts as inside.
#[inline(never)]
pub(super) fn joins_inside(face: usize, f: &[f64; 8]) -> bool {
    let [a, b, c, d] = FACES[face].map(|corner| f[usize::from(corner)]);
    let (ac, bd) = (a * c, b * d);
    if a >= 0.0 { ac >= bd } else { bd >= ac }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_lies_on_two_faces_and_is_found_from_its_corners() {
        for (n, [a, b]) in EDGES.into_iter().enumerate() {
            assert_eq!(faces_of(n as u8).count_ones(), 2);
            assert_eq!(usize::from(edge_between(a, b)), n);
            assert_eq!(usize::from(edge_between(b, a)), n);
            assert_eq!(1 << axis(n), a ^ b);
        }
    }

    #[test]
    fn faces_turn_counter_clockwise_seen_from_outside() {
        for (n, face) in FACES.into_iter().enumerate() {
            let [a, b, c, _] = face.map(corner_xyz);
            let (u, v): ([f64; 3], [f64; 3]) =
                (std::array::from_fn(|x| b[x] - a[x]), std::array::from_fn(|x| c[x] - b[x]));
            let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
            let outward = if n % 2 == 0 { -1.0 } else { 1.0 };
            assert!((normal[n / 2] - outward).abs() < 1e-12);
        }
    }
}
