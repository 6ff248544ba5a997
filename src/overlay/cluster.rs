//! Points that lie together: cells of a lattice that touch, counted as one place.

use crate::mesh::forest::Forest;

/// For each point the number of its cluster, in the order of their first points.
///
/// Points in the same or in touching cells of `reach_mm` belong together.
pub fn cluster_points(points: &[[f64; 3]], reach_mm: f64) -> Vec<u32> {
    let low = points.iter().fold([f64::INFINITY; 3], |low, point| [0, 1, 2].map(|n| low[n].min(point[n])));
    let cell = |point: &[f64; 3]| [0, 1, 2].map(|n| ((point[n] - low[n]) / reach_mm) as i64);
    let mut sorted: Vec<([i64; 3], u32)> =
        points.iter().enumerate().map(|(n, point)| (cell(point), n as u32)).collect();
    sorted.sort_unstable();
    let mut forest = Forest::new(points.len());
    let first_in = |cell: [i64; 3]| {
        let place = sorted.partition_point(|entry| entry.0 < cell);
        sorted.get(place).filter(|entry| entry.0 == cell).map(|entry| entry.1)
    };
    for (n, &(cell, point)) in sorted.iter().enumerate() {
        if n > 0 && sorted[n - 1].0 == cell {
            forest.join(sorted[n - 1].1, point);
            continue;
        }
        // The thirteen neighbours that come later find this one in their turn.
        for neighbour in (0..13).map(|m| [m / 9 - 1, m / 3 % 3 - 1, m % 3 - 1]) {
            if let Some(other) = first_in([0, 1, 2].map(|axis| cell[axis] + neighbour[axis])) {
                forest.join(other, point);
            }
        }
    }
    forest.labels().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_touching_cells_are_one_place_whatever_their_order() {
        let points = [[0.0; 3], [9.0, 0.0, 0.0], [1.5, 1.5, 1.5], [9.5, 0.5, 0.2], [2.9, 2.0, 2.0]];
        assert_eq!(cluster_points(&points, 1.0), [0, 1, 0, 1, 0]);
        assert_eq!(cluster_points(&points, 0.5), [0, 1, 2, 1, 3]);
        assert!(cluster_points(&[], 1.0).is_empty());
    }
}
