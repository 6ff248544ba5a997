//! Triangles inside closed contours of a plane: a constrained Delaunay triangulation.

use spade::{ConstrainedDelaunayTriangulation, Point2, Triangulation};

/// Triangles over all points of the contours, counter-clockwise; the inside lies to the left of a
/// contour, so a hole runs the other way round. Corners count through all contours.
///
/// `None` where contours meet or cross: then there is no such triangulation.
pub fn triangulate(contours: &[Vec<[f64; 2]>]) -> Option<Vec<[u32; 3]>> {
    let mut cdt = ConstrainedDelaunayTriangulation::<Point2<f64>>::new();
    let mut handles = Vec::new();
    let mut borders = Vec::new();
    for contour in contours {
        let first = handles.len();
        for point in contour {
            // Numbers below the smallest that the predicates can take are zero.
            let [x, y] = point.map(|x| if x.abs() < 1e-30 { 0.0 } else { x });
            handles.push(cdt.insert(Point2::new(x, y)).ok()?);
            if cdt.num_vertices() != handles.len() {
                return None;
            }
        }
        let n = handles.len() - first;
        borders.extend((0..n).map(|place| ((first + place) as u32, (first + (place + 1) % n) as u32)));
    }
    for &(a, b) in &borders {
        let (a, b) = (handles[a as usize], handles[b as usize]);
        if !cdt.can_add_constraint(a, b) {
            return None;
        }
        cdt.add_constraint(a, b);
    }
    // A border that runs through a point was divided there.
    if cdt.num_constraints() != borders.len() {
        return None;
    }
    borders.sort_unstable();
    Some(inside(&cdt, &borders))
}

/// The faces left of a border, and all that are reached from them without crossing one.
fn inside(cdt: &ConstrainedDelaunayTriangulation<Point2<f64>>, borders: &[(u32, u32)]) -> Vec<[u32; 3]> {
    let mut is_inside = vec![false; cdt.num_all_faces()];
    let mut waiting = Vec::new();
    for face in cdt.inner_faces() {
        let is_left = face.adjacent_edges().iter().any(|edge| {
            let ends = (edge.from().fix().index() as u32, edge.to().fix().index() as u32);
            borders.binary_search(&ends).is_ok()
        });
        if is_left {
            is_inside[face.fix().index()] = true;
            waiting.push(face);
        }
    }
    while let Some(face) = waiting.pop() {
        for edge in face.adjacent_edges() {
            let other = edge.rev().face();
            let is_border = cdt.is_constraint_edge(edge.as_undirected().fix());
            if let (false, Some(other)) = (is_border, other.as_inner()) {
                let seen = &mut is_inside[other.fix().index()];
                if !*seen {
                    *seen = true;
                    waiting.push(other);
                }
            }
        }
    }
    cdt.inner_faces()
        .filter(|face| is_inside[face.fix().index()])
        .map(|face| face.vertices().map(|vertex| vertex.fix().index() as u32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(low: f64, high: f64, is_hole: bool) -> Vec<[f64; 2]> {
        let mut corners = vec![[low, low], [high, low], [high, high], [low, high]];
        if is_hole {
            corners.reverse();
        }
        corners
    }

    #[test]
    fn an_island_in_a_hole_is_filled_and_the_hole_is_not() {
        let contours = [square(0.0, 10.0, false), square(1.0, 9.0, true), square(3.0, 7.0, false)];
        let points: Vec<[f64; 2]> = contours.concat();
        let triangles = triangulate(&contours).unwrap();
        let area: f64 = triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|index| points[index as usize]);
                ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0
            })
            .sum();
        assert!((area - (100.0 - 64.0 + 16.0)).abs() < 1e-12);
        assert_eq!(triangles.len(), 8 + 2);
    }

    #[test]
    fn points_on_a_line_are_all_used() {
        let contour = vec![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [3.0, 1.0], [0.0, 1.0]];
        assert_eq!(triangulate(&[contour]).unwrap().len(), 4);
    }

    #[test]
    fn contours_that_cross_are_refused() {
        let bow_tie = vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
        assert!(triangulate(&[bow_tie]).is_none());
    }
}
