//! The point of a triangle that is closest to another point.

use nalgebra::Vector3;

/// Where on a triangle a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Inside the triangle.
    Face,
    /// On the edge from this corner to the next.
    Edge(u8),
    /// At this corner.
    Corner(u8),
}

/// The closest point of a triangle, and which part of the triangle it is on.
///
/// Ericson, Real-Time Collision Detection, 2005, section 5.1.5. A triangle without area is treated
/// as its edges.
#[inline]
pub fn closest_point(p: &Vector3<f64>, [a, b, c]: &[Vector3<f64>; 3]) -> (Vector3<f64>, Feature) {
    let (ab, ac, ap) = (b - a, c - a, p - a);
    let (d1, d2) = (ab.dot(&ap), ac.dot(&ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return (*a, Feature::Corner(0));
    }
    let bp = p - b;
    let (d3, d4) = (ab.dot(&bp), ac.dot(&bp));
    if d3 >= 0.0 && d4 <= d3 {
        return (*b, Feature::Corner(1));
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        let length = d1 - d3;
        let t = if length > 0.0 { d1 / length } else { 0.0 };
        return (a + ab * t, Feature::Edge(0));
    }
    let cp = p - c;
    let (d5, d6) = (ab.dot(&cp), ac.dot(&cp));
    if d6 >= 0.0 && d5 <= d6 {
        return (*c, Feature::Corner(2));
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        let length = d2 - d6;
        let t = if length > 0.0 { d2 / length } else { 0.0 };
        return (a + ac * t, Feature::Edge(2));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let length = (d4 - d3) + (d5 - d6);
        let t = if length > 0.0 { (d4 - d3) / length } else { 0.0 };
        return (b + (c - b) * t, Feature::Edge(1));
    }
    let scale = 1.0 / (va + vb + vc);
    (a + ab * (vb * scale) + ac * (vc * scale), Feature::Face)
}

/// Squared distance from a point to a triangle.
#[inline]
pub fn squared_distance(p: &Vector3<f64>, triangle: &[Vector3<f64>; 3]) -> f64 {
    (closest_point(p, triangle).0 - p).norm_squared()
}

/// Squared distance between two segments.
///
/// Ericson, Real-Time Collision Detection, 2005, section 5.1.9. A segment without length is a point.
#[inline]
pub fn segments_squared_distance([a, b]: [&Vector3<f64>; 2], [c, d]: [&Vector3<f64>; 2]) -> f64 {
    let (along, other, between) = (b - a, d - c, a - c);
    let (aa, ee, f) = (along.norm_squared(), other.norm_squared(), other.dot(&between));
    let share = |x: f64, of: f64| if of > 0.0 { (x / of).clamp(0.0, 1.0) } else { 0.0 };
    let (cc, bb) = (along.dot(&between), along.dot(&other));
    let determinant = aa * ee - bb * bb;
    let mut s = if aa <= 0.0 { 0.0 } else { share(bb * f - cc * ee, determinant) };
    let mut t = if ee > 0.0 { (bb * s + f) / ee } else { 0.0 };
    if t < 0.0 {
        t = 0.0;
        s = share(-cc, aa);
    } else if t > 1.0 {
        t = 1.0;
        s = share(bb - cc, aa);
    } else if ee <= 0.0 {
        s = share(-cc, aa);
    }
    (a + along * s - c - other * t).norm_squared()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_triangle_is_met() {
        let triangle = [Vector3::zeros(), Vector3::new(4.0, 0.0, 0.0), Vector3::new(0.0, 4.0, 0.0)];
        for (point, feature, distance) in [
            ([1.0, 1.0, 2.0], Feature::Face, 2.0),
            ([2.0, -1.0, 0.0], Feature::Edge(0), 1.0),
            ([3.0, 3.0, 0.0], Feature::Edge(1), 2.0_f64.sqrt()),
            ([-1.0, 2.0, 0.0], Feature::Edge(2), 1.0),
            ([-3.0, -4.0, 0.0], Feature::Corner(0), 5.0),
            ([7.0, -4.0, 0.0], Feature::Corner(1), 5.0),
            ([-3.0, 8.0, 0.0], Feature::Corner(2), 5.0),
        ] {
            let point = Vector3::from(point);
            let (closest, found) = closest_point(&point, &triangle);
            assert_eq!(found, feature);
            assert!(((closest - point).norm() - distance).abs() < 1e-12);
        }
    }

    #[test]
    fn a_triangle_without_area_is_its_edges() {
        let line = [Vector3::zeros(), Vector3::new(1.0, 0.0, 0.0), Vector3::new(3.0, 0.0, 0.0)];
        assert!((squared_distance(&Vector3::new(2.0, 1.0, 0.0), &line) - 1.0).abs() < 1e-12);
        let dot = [Vector3::zeros(); 3];
        assert!((squared_distance(&Vector3::new(2.0, 0.0, 0.0), &dot) - 4.0).abs() < 1e-12);
    }

    #[test]
    fn segments_are_as_far_apart_as_their_closest_points() {
        let far = |a: [f64; 3], b: [f64; 3], c: [f64; 3], d: [f64; 3]| {
            let [a, b, c, d] = [a, b, c, d].map(Vector3::from);
            segments_squared_distance([&a, &b], [&c, &d]).sqrt()
        };
        // Crossing, parallel, end to end, and without length.
        assert!(
            (far([-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, -1.0, 2.0], [0.0, 1.0, 2.0]) - 2.0).abs() < 1e-12
        );
        assert!((far([0.0; 3], [4.0, 0.0, 0.0], [1.0, 3.0, 0.0], [2.0, 3.0, 0.0]) - 3.0).abs() < 1e-12);
        assert!((far([0.0; 3], [1.0, 0.0, 0.0], [4.0, 4.0, 0.0], [9.0, 4.0, 0.0]) - 5.0).abs() < 1e-12);
        assert!((far([0.0; 3], [4.0, 0.0, 0.0], [1.0, 3.0, 0.0], [1.0, 3.0, 0.0]) - 3.0).abs() < 1e-12);
        assert!((far([1.0, 3.0, 0.0], [1.0, 3.0, 0.0], [0.0; 3], [4.0, 0.0, 0.0]) - 3.0).abs() < 1e-12);
    }
}
