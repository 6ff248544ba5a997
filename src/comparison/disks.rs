//! The area of the surface inside a cell of eight voxels, for each of the 256 ways to set them.
//!
//! The surface cuts every edge of the cell between a set and an unset corner in its middle. Corners
//! joined along edges are cut off together; of the smaller side, so that a mask and its complement
//! have one surface. The rim of such a piece is filled with the triangles that have the largest area in
//! a cell of side 1. Worked out here; the areas are those of the table of S. Nikolov and others,
//! doi:10.2196/26151, to the last bit but rounding (tests/python/test_compare_masks.py).

use nalgebra::Vector3;

/// Area inside a cell, mm2, by the corners set: bit n is the corner (n & 1, n >> 1 & 1, n >> 2 & 1).
pub fn disk_areas_mm2(spacing_xyz_mm: [f64; 3]) -> [f64; 256] {
    let [x, y, z] = spacing_xyz_mm;
    let stretch = Vector3::new(y * z, x * z, x * y);
    std::array::from_fn(|code| {
        pieces(code as u8)
            .iter()
            .flat_map(|rim| widest(rim))
            .map(|area| area.component_mul(&stretch).norm())
            .sum()
    })
}

/// The rims, in middles of edges, of the pieces that the surface cuts off a cell.
fn pieces(code: u8) -> Vec<Vec<Vector3<f64>>> {
    let mut left = if code.count_ones() > 4 { !code } else { code };
    let mut rims = Vec::new();
    while left != 0 {
        let mut piece = left & left.wrapping_neg();
        loop {
            let grown = left & (piece | joined(piece));
            if grown == piece {
                break;
            }
            piece = grown;
        }
        left &= !piece;
        rims.push(rim(piece));
    }
    rims
}

/// The corners at the other ends of the edges of some corners.
fn joined(corners: u8) -> u8 {
    (0..8_u8)
        .filter(|corner| corners >> corner & 1 == 1)
        .fold(0, |sum, corner| sum | 1 << (corner ^ 1) | 1 << (corner ^ 2) | 1 << (corner ^ 4))
}

/// The middles of the edges that lead out of a piece, in order around it.
fn rim(piece: u8) -> Vec<Vector3<f64>> {
    let is_in = |corner: u8| piece >> corner & 1 == 1;
    let mut steps: Vec<([u8; 2], [u8; 2])> = Vec::new();
    for axis in 0..3 {
        let (u, v) = (1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3));
        for side in [0, 1_u8 << axis] {
            let mut face = [side, side | u, side | u | v, side | v];
            if side == 0 {
                face.reverse();
            }
            // From where the face enters the piece to where it leaves it.
            for first in (0..4).filter(|&n| is_in(face[n]) && !is_in(face[(n + 3) % 4])) {
                let n_in = (1..4).find(|n| !is_in(face[(first + n) % 4])).unwrap_or(3);
                let last = (first + n_in - 1) % 4;
                steps.push(([face[first], face[(first + 3) % 4]], [face[last], face[(last + 1) % 4]]));
            }
        }
    }
    let middle = |[a, b]: [u8; 2]| {
        Vector3::from([0, 1, 2].map(|axis| f64::from((a >> axis & 1) + (b >> axis & 1)) / 2.0))
    };
    let mut at = steps[0].0;
    (0..steps.len())
        .map(|_| {
            let place = middle(at);
            at = steps.iter().find(|step| step.0 == at).map_or(at, |step| step.1);
            place
        })
        .collect()
}

/// The area vectors of the triangles of a rim, cut so that their areas add up to the most.
fn widest(rim: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
    let (Some(first), Some(last)) = (rim.first(), rim.last()) else { return Vec::new() };
    let area = |triangles: &[Vector3<f64>]| triangles.iter().map(Vector3::norm).sum::<f64>();
    let mut best = Vec::new();
    for middle in 1..rim.len().saturating_sub(1) {
        let mut made = widest(&rim[..=middle]);
        made.extend(widest(&rim[middle..]));
        made.push((rim[middle] - first).cross(&(last - first)) / 2.0);
        // Ties between equal sums are decided by the order, not by the last bit.
        if area(&made) > area(&best) + 1e-9 {
            best = made;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_pieces_have_their_areas() {
        let areas = disk_areas_mm2([1.0; 3]);
        let root = |x: f64| x.sqrt();
        for (code, expected) in [
            (0b0000_0000, 0.0),
            (0b0000_0001, root(3.0) / 8.0),
            (0b0000_0011, root(0.5)),
            (0b0000_0110, root(3.0) / 4.0),
            (0b0000_0111, 0.5 + root(3.0) * 3.0 / 8.0),
            (0b0000_1111, 1.0),
            (0b0001_0111, root(3.0) * 0.75),
            (0b1111_1111, 0.0),
        ] {
            assert!((areas[code] - expected).abs() < 1e-12, "{code:08b}: {}", areas[code]);
        }
        for code in 0..256 {
            assert!((areas[code] - areas[255 - code]).abs() < 1e-12, "{code:08b}");
        }
    }

    #[test]
    fn a_flat_wall_has_the_area_of_a_voxel_side() {
        let areas = disk_areas_mm2([0.5, 0.7, 2.0]);
        for (code, expected) in [(0b0101_0101, 0.7 * 2.0), (0b0011_0011, 0.5 * 2.0), (0b0000_1111, 0.5 * 0.7)]
        {
            assert!((areas[code] - expected).abs() < 1e-12);
        }
    }
}
