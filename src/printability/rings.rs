//! A closed line round a member, as what it shows of the member's cross-section.

use nalgebra::Vector3;

/// Width, breadth and area of a cross-section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Least distance between two parallel lines about it, mm.
    pub width_mm: f64,
    /// Its extent along those lines, mm.
    pub breadth_mm: f64,
    /// Its area, mm2.
    pub area_mm2: f64,
}

/// Mean of the points of a closed line, weighted by length.
pub fn centre(points: &[[f64; 3]]) -> Vector3<f64> {
    let (mut sum, mut length) = (Vector3::zeros(), 0.0);
    for (n, point) in points.iter().enumerate() {
        let [p, q] = [*point, points[(n + 1) % points.len()]].map(Vector3::from);
        let step = (q - p).norm();
        sum += (p + q) * (0.5 * step);
        length += step;
    }
    if length > 0.0 { sum / length } else { points.first().copied().map(Vector3::from).unwrap_or_default() }
}

/// Area vector of a closed line.
pub fn area_vector(points: &[[f64; 3]]) -> Vector3<f64> {
    let first = Vector3::from(points[0]);
    let pairs = points.windows(2).map(|pair| [pair[0], pair[1]].map(|point| Vector3::from(point) - first));
    pairs.map(|[p, q]| p.cross(&q)).sum::<Vector3<f64>>() / 2.0
}

/// The section that a closed line shows along an axis; `None` where it shows a line or a point.
pub fn section(points: &[[f64; 3]], axis: &Vector3<f64>) -> Option<Section> {
    let axis = axis.try_normalize(0.0)?;
    let (u, v) = frame(&axis);
    let flat: Vec<[f64; 2]> = points
        .iter()
        .map(|&point| {
            let point = Vector3::from(point);
            [u.dot(&point), v.dot(&point)]
        })
        .collect();
    let hull = hull(flat.clone());
    let (width_mm, breadth_mm) = least_width(&hull)?;
    Some(Section { width_mm, breadth_mm, area_mm2: area(&flat).abs() })
}

/// Two axes of a plane; with the normal they are right-handed.
pub fn frame(normal: &Vector3<f64>) -> (Vector3<f64>, Vector3<f64>) {
    let axis = if normal.x.abs() < 0.6 { Vector3::x() } else { Vector3::y() };
    let u = (axis - normal * normal.dot(&axis)).normalize();
    (u, normal.cross(&u))
}

fn area(points: &[[f64; 2]]) -> f64 {
    let n = points.len();
    (0..n).map(|k| cross(points[0], points[k], points[(k + 1) % n])).sum::<f64>() / 2.0
}

fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Convex hull, counter-clockwise: Andrew, Another efficient algorithm for convex hulls in two dimensions,
/// 1979, doi:10.1016/0020-0190(79)90072-3.
pub fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let mut made: Vec<[f64; 2]> = Vec::new();
    let back: Vec<[f64; 2]> = points.iter().rev().copied().collect();
    for way in [points, back] {
        let start = made.len();
        for point in way {
            while made.len() >= start + 2 && cross(made[made.len() - 2], made[made.len() - 1], point) <= 0.0 {
                made.pop();
            }
            made.push(point);
        }
        made.pop();
    }
    made
}

/// Least width of a convex polygon and its extent at right angles to it.
pub fn least_width(hull: &[[f64; 2]]) -> Option<(f64, f64)> {
    boxes(hull).min_by(|a, b| a.0.total_cmp(&b.0))
}

/// Sides of the smallest rectangle about a convex polygon, longer first.
pub fn least_rectangle(hull: &[[f64; 2]]) -> Option<[f64; 2]> {
    let best = boxes(hull).min_by(|a, b| (a.0 * a.1).total_cmp(&(b.0 * b.1)))?;
    Some([best.0.max(best.1), best.0.min(best.1)])
}

/// For each side of a convex polygon how far it reaches from it, and along it.
fn boxes(hull: &[[f64; 2]]) -> impl Iterator<Item = (f64, f64)> + '_ {
    (0..hull.len()).filter(|_| hull.len() > 2).map(move |n| {
        let (p, q) = (hull[n], hull[(n + 1) % hull.len()]);
        let length = (q[0] - p[0]).hypot(q[1] - p[1]);
        let along = [(q[0] - p[0]) / length, (q[1] - p[1]) / length];
        let (mut far, mut low, mut high) = (0.0_f64, f64::INFINITY, f64::NEG_INFINITY);
        for r in hull {
            let [x, y] = [r[0] - p[0], r[1] - p[1]];
            far = far.max(along[0] * y - along[1] * x);
            let t = along[0] * x + along[1] * y;
            (low, high) = (low.min(t), high.max(t));
        }
        (far, high - low)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_seen_along_its_axis() {
        let corners = [[0.0, 0.0], [5.0, 0.0], [5.0, 2.0], [0.0, 2.0]];
        let (u, v) = frame(&Vector3::new(1.0, 2.0, -1.0).normalize());
        let points: Vec<[f64; 3]> = corners.iter().map(|c| (u * c[0] + v * c[1]).into()).collect();
        let found = section(&points, &Vector3::new(1.0, 2.0, -1.0)).unwrap();
        assert!((found.width_mm - 2.0).abs() < 1e-12 && (found.breadth_mm - 5.0).abs() < 1e-12);
        assert!((found.area_mm2 - 10.0).abs() < 1e-12);
        assert!((area_vector(&points).norm() - 10.0).abs() < 1e-12);
        assert!((centre(&points) - (u * 2.5 + v)).norm() < 1e-12);
        assert_eq!(section(&points[..2], &Vector3::z()), None);
        let turned =
            hull(corners.iter().map(|c| [0.6 * c[0] - 0.8 * c[1], 0.8 * c[0] + 0.6 * c[1]]).collect());
        let sides = least_rectangle(&turned).unwrap();
        assert!((sides[0] - 5.0).abs() < 1e-12 && (sides[1] - 2.0).abs() < 1e-12);
    }
}
