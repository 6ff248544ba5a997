//! Round holes, such as those for screws: where they are, how wide, and how near to an edge.

use nalgebra::{Matrix3, Vector3};
use rayon::prelude::*;

use super::edge_distance::{Nearest, nearest_wall};
use super::normals::face_normal;
use super::rings::frame;
use crate::mesh::MeshRef;
use crate::mesh::edges::Edges;
use crate::mesh::face_tree::FaceTree;
use crate::mesh::forest::Forest;
use crate::mesh::ray::Ray;

/// Cosine of the angle up to which faces of one hole may turn from one to the next.
const TURN: f64 = 0.5;
/// Share of the normals along the axis that a hole may have; 0 is a perfect cylinder.
const TILT: f64 = 0.01;
/// Least share of the normals across the axis either way; half and half in a full round.
const ROUND: f64 = 0.3;
/// Deviation from a circle that a hole may have: part of its radius, and mm.
const OUT_OF_ROUND: (f64, f64) = (0.02, 0.01);
/// A hole with fewer faces cannot be told from a dent.
const LEAST_FACES: usize = 10;
/// Rounds of the circle fit.
const ROUNDS: usize = 2;

/// A round hole.
#[derive(Debug, Clone, PartialEq)]
pub struct Hole {
    /// Its diameter, mm.
    pub diameter_mm: f64,
    /// Middle of its axis, LPS mm.
    pub centre: [f64; 3],
    /// Direction of its axis, length 1; its largest component is positive.
    pub axis: [f64; 3],
    /// Extent along the axis, mm.
    pub depth_mm: f64,
    /// Whether it is open at both ends.
    pub is_through: bool,
    /// Root mean square of the distance of its wall from the circle, mm.
    pub rms_mm: f64,
    /// From its wall to the nearest outer side of the part, across the axis.
    pub to_edge: Option<Nearest>,
    /// From its wall to the wall of the nearest other hole, across the axis.
    pub to_hole: Option<Nearest>,
    /// Its faces, ascending.
    pub faces: Vec<u32>,
}

/// Round holes up to a diameter, in the order of their first faces.
pub fn holes(tree: &FaceTree<'_>, widest_mm: f64) -> Vec<Hole> {
    let mesh = tree.mesh();
    let mut found: Vec<Hole> = groups(tree, widest_mm)
        .into_par_iter()
        .filter_map(|faces| hole(mesh, faces))
        .filter(|hole| hole.diameter_mm <= widest_mm * (1.0 + 1e-3))
        .collect();
    let mut owner = vec![u32::MAX; mesh.faces().len()];
    for (number, hole) in found.iter().enumerate() {
        for &face in &hole.faces {
            owner[face as usize] = number as u32;
        }
    }
    let more: Vec<_> = found
        .par_iter()
        .enumerate()
        .map(|(number, hole)| {
            let edge = nearest_wall(mesh, hole, |face, is_outer| is_outer && owner[face] == u32::MAX);
            let other =
                nearest_wall(mesh, hole, |face, _| owner[face] != u32::MAX && owner[face] != number as u32);
            (edge, other, is_through(tree, hole))
        })
        .collect();
    for (hole, (edge, other, is_through)) in found.iter_mut().zip(more) {
        (hole.to_edge, hole.to_hole, hole.is_through) = (edge, other, is_through);
    }
    found
}

/// Faces that look at another face across a gap, joined where they turn gently.
fn groups(tree: &FaceTree<'_>, widest_mm: f64) -> Vec<Vec<u32>> {
    let mesh = tree.mesh();
    let normals: Vec<Vector3<f64>> =
        (0..mesh.faces().len()).into_par_iter().map(|face| face_normal(mesh, face).0).collect();
    let looks_across: Vec<bool> = (0..mesh.faces().len())
        .into_par_iter()
        .with_min_len(512)
        .map(|face| {
            let [a, b, c] = tree.triangle(face as u32);
            let ray = Ray {
                origin: (a + b + c) / 3.0,
                direction: normals[face],
                longest_mm: widest_mm,
                is_leaving: false,
                apart_from: None,
            };
            tree.first_hit(&ray, None)
                .is_some_and(|hit| normals[hit.face as usize].dot(&normals[face]) < -TURN)
        })
        .collect();
    let mut forest = Forest::new(mesh.faces().len());
    for edge in Edges::new(mesh.faces(), mesh.vertices().len()).iter() {
        let mut halves = edge.halves().map(|half| half / 3).filter(|&face| looks_across[face as usize]);
        if let Some(first) = halves.next() {
            for face in halves {
                if normals[first as usize].dot(&normals[face as usize]) > TURN {
                    forest.join(first, face);
                }
            }
        }
    }
    let (labels, n) = forest.labels();
    let mut groups = vec![Vec::new(); n];
    for face in (0..mesh.faces().len()).filter(|&face| looks_across[face]) {
        groups[labels[face] as usize].push(face as u32);
    }
    groups.retain(|group| group.len() >= LEAST_FACES);
    groups
}

/// The cylinder that the faces lie on, if they go all the way round one and look inwards.
fn hole(mesh: MeshRef<'_>, faces: Vec<u32>) -> Option<Hole> {
    let mut spread = Matrix3::zeros();
    let mut area = 0.0;
    let mut mean = Vector3::zeros();
    for &face in &faces {
        let (normal, own) = face_normal(mesh, face as usize);
        spread += normal * normal.transpose() * own;
        mean += normal * own;
        area += own;
    }
    if area <= 0.0 {
        return None;
    }
    let eigen = (spread / area).symmetric_eigen();
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| eigen.eigenvalues[a].total_cmp(&eigen.eigenvalues[b]));
    if eigen.eigenvalues[order[0]] > TILT || eigen.eigenvalues[order[1]] < ROUND || mean.norm() > 0.15 * area
    {
        return None;
    }
    let axis: Vector3<f64> = eigen.eigenvectors.column(order[0]).into_owned().normalize();
    let axis = if axis[axis.iamax()] < 0.0 { -axis } else { axis };
    let mut vertices: Vec<u32> = faces.iter().flat_map(|&face| mesh.faces()[face as usize]).collect();
    vertices.sort_unstable();
    vertices.dedup();
    let points: Vec<Vector3<f64>> =
        vertices.iter().map(|&vertex| Vector3::from(mesh.vertices()[vertex as usize])).collect();
    let (middle, radius, rms_mm) = circle(&points, &axis)?;
    if rms_mm > OUT_OF_ROUND.0 * radius + OUT_OF_ROUND.1 {
        return None;
    }
    // Faces that look away from the axis are those of a pin.
    let inwards: f64 = faces
        .iter()
        .map(|&face| {
            let (normal, own) = face_normal(mesh, face as usize);
            let [a, b, c] = mesh.corners(face as usize).map(Vector3::from);
            normal.dot(&(middle - (a + b + c) / 3.0)) * own
        })
        .sum();
    if inwards < 0.5 * radius * area {
        return None;
    }
    let along: Vec<f64> = points.iter().map(|point| axis.dot(&(point - middle))).collect();
    let (low, high) =
        along.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
    Some(Hole {
        diameter_mm: 2.0 * radius,
        centre: (middle + axis * f64::midpoint(low, high)).into(),
        axis: axis.into(),
        depth_mm: high - low,
        is_through: false,
        rms_mm,
        to_edge: None,
        to_hole: None,
        faces,
    })
}

/// Circle by algebraic least squares (Kasa), seen along an axis, taken again about its own middle for the
/// sake of the digits: middle, radius, and root mean square of what is left over.
fn circle(points: &[Vector3<f64>], axis: &Vector3<f64>) -> Option<(Vector3<f64>, f64, f64)> {
    let (u, v) = frame(axis);
    let mut middle = points.iter().sum::<Vector3<f64>>() / points.len() as f64;
    for _ in 0..ROUNDS {
        let (mut matrix, mut right) = (Matrix3::zeros(), Vector3::zeros());
        for point in points {
            let out = point - middle;
            let row = Vector3::new(u.dot(&out), v.dot(&out), 1.0);
            matrix += row * row.transpose();
            right += row * (row.x * row.x + row.y * row.y);
        }
        let solved = matrix.lu().solve(&right)?;
        middle += u * (solved.x / 2.0) + v * (solved.y / 2.0);
    }
    let lengths: Vec<f64> =
        points.iter().map(|point| u.dot(&(point - middle)).hypot(v.dot(&(point - middle)))).collect();
    let radius = lengths.iter().sum::<f64>() / lengths.len() as f64;
    let squares: f64 = lengths.iter().map(|length| (length - radius).powi(2)).sum();
    Some((middle, radius, (squares / lengths.len() as f64).sqrt()))
}

/// Whether nothing ends the hole: no face across the axis at or beyond either end.
fn is_through(tree: &FaceTree<'_>, hole: &Hole) -> bool {
    [1.0, -1.0].iter().all(|way| {
        let direction = Vector3::from(hole.axis) * *way;
        let ray = Ray {
            origin: Vector3::from(hole.centre),
            direction,
            longest_mm: hole.depth_mm / 2.0 + hole.diameter_mm / 2.0,
            is_leaving: false,
            apart_from: None,
        };
        tree.first_hit(&ray, None).is_none()
    })
}
