//! Smallest distance between two sets of points.

use nalgebra::Point3;

/// Smallest distance, mm, from any point of `a` to any point of `b`; None when one is empty.
///
/// A k-d tree over `a` (Bentley 1975, doi 10.1145/361002.361007), asked for each point of `b` with
/// the best distance so far as the bound.
pub fn nearest_mm(a: &[Point3<f64>], b: &[Point3<f64>]) -> Option<f64> {
    let mut tree = a.to_vec();
    if tree.is_empty() {
        return None;
    }
    build(&mut tree, 0);
    let mut best = f64::INFINITY;
    for point in b {
        search(&tree, 0, point, &mut best);
    }
    best.is_finite().then(|| best.sqrt())
}

fn build(points: &mut [Point3<f64>], axis: usize) {
    if points.len() < 2 {
        return;
    }
    let middle = points.len() / 2;
    points.select_nth_unstable_by(middle, |p, q| p[axis].total_cmp(&q[axis]));
    let (low, high) = points.split_at_mut(middle);
    build(low, (axis + 1) % 3);
    build(&mut high[1..], (axis + 1) % 3);
}

fn search(points: &[Point3<f64>], axis: usize, to: &Point3<f64>, best: &mut f64) {
    if points.is_empty() {
        return;
    }
    let middle = points.len() / 2;
    let apart = points[middle] - to;
    *best = best.min(apart.norm_squared());
    let (low, high) = (&points[..middle], &points[middle + 1..]);
    let (near, far) = if apart[axis] > 0.0 { (low, high) } else { (high, low) };
    search(near, (axis + 1) % 3, to, best);
    if apart[axis] * apart[axis] < *best {
        search(far, (axis + 1) % 3, to, best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_finds_what_trying_all_pairs_finds() {
        let cloud = |n: usize, salt: usize| -> Vec<Point3<f64>> {
            let value =
                |n: usize, axis: usize| ((n * 7919 + axis * 104_729 + salt * 31) % 1009) as f64 / 10.0;
            (0..n).map(|n| Point3::new(value(n, 0), value(n, 1), value(n, 2) + salt as f64)).collect()
        };
        for (n, m) in [(1, 1), (40, 70), (300, 5)] {
            let (a, b) = (cloud(n, 1), cloud(m, 200));
            let all =
                a.iter().flat_map(|p| b.iter().map(move |q| (p - q).norm())).fold(f64::INFINITY, f64::min);
            assert!((nearest_mm(&a, &b).unwrap() - all).abs() < 1e-12);
        }
        assert_eq!(nearest_mm(&[], &cloud(3, 1)), None);
    }
}
