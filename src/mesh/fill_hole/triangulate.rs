//! Triangles over a rim: those that bend least, then those of least area.

use std::f64::consts::PI;

use nalgebra::Vector3;

/// Above so many edges the search would take too long.
pub(super) const MOST_EDGES: usize = 320;

/// Worst angle between neighbours, then sum of areas.
type Cost = (f64, f64);

/// Triangles over a rim, as places along it; `None` where each would repeat an edge that is there.
///
/// `tips` are the far corners of the faces around the hole; `is_taken` says whether two places along
/// the rim are joined by an edge already.
pub(super) fn triangulate(
    points: &[Vector3<f64>],
    tips: &[Vector3<f64>],
    is_taken: impl Fn(usize, usize) -> bool,
) -> Option<Vec<[usize; 3]>> {
    let n = points.len();
    if n < 3 {
        return None;
    }
    let mut search = Search { points, tips, costs: vec![(0.0, 0.0); n * n], tops: vec![usize::MAX; n * n] };
    for width in 2..n {
        for i in 0..n - width {
            let k = i + width;
            let is_whole = i == 0 && k == n - 1;
            if !is_whole && is_taken(i, k) {
                search.costs[i * n + k] = (f64::INFINITY, f64::INFINITY);
                continue;
            }
            search.choose(i, k, is_whole);
        }
    }
    if !search.costs[n - 1].1.is_finite() {
        return None;
    }
    let mut triangles = Vec::with_capacity(n - 2);
    let mut waiting = vec![(0, n - 1)];
    while let Some((i, k)) = waiting.pop() {
        if k - i >= 2 {
            let m = search.tops[i * n + k];
            triangles.push([i, m, k]);
            waiting.extend([(i, m), (m, k)]);
        }
    }
    Some(triangles)
}

struct Search<'a> {
    points: &'a [Vector3<f64>],
    tips: &'a [Vector3<f64>],
    costs: Vec<Cost>,
    tops: Vec<usize>,
}

impl Search<'_> {
    fn choose(&mut self, i: usize, k: usize, is_whole: bool) {
        let n = self.points.len();
        let mut best = (f64::INFINITY, f64::INFINITY);
        for m in i + 1..k {
            let (left, right) = (self.costs[i * n + m], self.costs[m * n + k]);
            if !left.1.is_finite() || !right.1.is_finite() {
                continue;
            }
            let normal = self.normal(i, m, k);
            let mut angle = left.0.max(right.0);
            angle = angle.max(turn(&normal, &self.beyond(i, m)));
            angle = angle.max(turn(&normal, &self.beyond(m, k)));
            if is_whole {
                angle = angle.max(turn(&normal, &self.outside(n - 1)));
            }
            let cost = (angle, left.1 + right.1 + normal.norm());
            if cost < best {
                best = cost;
                self.tops[i * n + k] = m;
            }
        }
        self.costs[i * n + k] = best;
    }

    fn normal(&self, i: usize, m: usize, k: usize) -> Vector3<f64> {
        (self.points[m] - self.points[i]).cross(&(self.points[k] - self.points[i]))
    }

    /// Normal of what lies beyond the edge from `i` to `k`.
    fn beyond(&self, i: usize, k: usize) -> Vector3<f64> {
        if k == i + 1 { self.outside(i) } else { self.normal(i, self.tops[i * self.points.len() + k], k) }
    }

    /// Normal of the face outside the edge from place `i` to the next.
    fn outside(&self, i: usize) -> Vector3<f64> {
        let (p, q) = (self.points[i], self.points[(i + 1) % self.points.len()]);
        (p - q).cross(&(self.tips[i] - q))
    }
}

/// Angle between two normals; half a turn where one has no length.
fn turn(a: &Vector3<f64>, b: &Vector3<f64>) -> f64 {
    let (cross, dot) = (a.cross(b).norm(), a.dot(b));
    if cross == 0.0 && dot == 0.0 { PI } else { cross.atan2(dot) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_avoids_the_edge_that_is_taken() {
        let points = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|[x, y]| Vector3::new(x, y, 0.0));
        let tips = [[0.5, -1.0], [2.0, 0.5], [0.5, 2.0], [-1.0, 0.5]].map(|[x, y]| Vector3::new(x, y, 0.0));
        let found = triangulate(&points, &tips, |i, k| (i, k) == (0, 2)).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|triangle| !(triangle.contains(&0) && triangle.contains(&2))));
        assert!(triangulate(&points, &tips, |_, _| true).is_none());
    }
}
