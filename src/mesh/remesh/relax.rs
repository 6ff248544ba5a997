//! Vertices go along the surface towards the middle of their neighbours, and back on to the original.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::collapse::{is_turn_small, shape};
use super::lines::Lines;
use super::net::{NONE, Net, Role};
use crate::mesh::closest::ClosestPoints;
use crate::mesh::measure::doubled_area_vector;

/// Vertices per task.
const BLOCK: usize = 1024;

/// What vertices go back on to.
#[derive(Debug)]
pub(super) struct Original<'a> {
    pub(super) surface: ClosestPoints<'a>,
    pub(super) lines: &'a Lines,
    pub(super) line_tree: ClosestPoints<'a>,
}

/// A place and the face or segment it is on.
type Place = (Vector3<f64>, u32);

/// Moves every vertex once; where a face would turn over or lose its height, its vertices stay.
pub(super) fn relax(net: &mut Net, original: &Original<'_>, min_altitude_mm: f64) {
    let net_now = &*net;
    let mut places: Vec<Option<Place>> = (0..net.nodes.len())
        .into_par_iter()
        .with_min_len(BLOCK)
        .map_init(Vec::new, |spokes, vertex| original.place(net_now, vertex as u32, spokes))
        .collect();
    hold(net, &mut places, min_altitude_mm);
    for (node, place) in net.nodes.iter_mut().zip(places) {
        if let Some((point, base)) = place {
            (node.point, node.base) = (point, base);
        }
    }
}

/// Takes places away until no face is the worse for them.
fn hold(net: &Net, places: &mut [Option<Place>], min_altitude_mm: f64) {
    loop {
        let is_bad = |face: usize| {
            let corners = net.faces[face];
            let new =
                corners.map(|vertex| places[vertex as usize].map_or(net.point(vertex), |place| place.0));
            let is_moved = corners.iter().any(|&vertex| places[vertex as usize].is_some());
            is_moved && !is_turn_small(net.triangle(face as u32), new, min_altitude_mm)
        };
        let bad: Vec<usize> = (0..net.faces.len())
            .into_par_iter()
            .with_min_len(BLOCK)
            .filter(|&face| net.is_live(face) && is_bad(face))
            .collect();
        if bad.is_empty() {
            return;
        }
        for vertex in bad.into_iter().flat_map(|face| net.faces[face]) {
            places[vertex as usize] = None;
        }
    }
}

impl Original<'_> {
    /// Where a vertex goes; `None` where it stays.
    fn place(&self, net: &Net, vertex: u32, spokes: &mut Vec<u32>) -> Option<Place> {
        let role = net.nodes[vertex as usize].role;
        if role == Role::Fixed {
            return None;
        }
        let is_round = net.spokes(vertex, spokes);
        match role {
            Role::Free => self.on_surface(net, vertex, spokes),
            _ => self.on_line(net, vertex, spokes, is_round),
        }
    }

    fn on_surface(&self, net: &Net, vertex: u32, spokes: &[u32]) -> Option<Place> {
        let first = *spokes.first()?;
        let (mut sum, mut normal) = (Vector3::zeros(), Vector3::zeros());
        for &spoke in spokes {
            sum += net.point(net.to(spoke));
            normal += shape(&net.triangle(spoke / 3)).0;
        }
        let normal = normal.try_normalize(0.0)?;
        let way = sum / spokes.len() as f64 - net.point(vertex);
        let aim = net.point(vertex) + way - normal * normal.dot(&way);
        let hit = self.surface.nearest(&aim, known(net, vertex))?;
        let mesh = self.surface.mesh();
        // The other side of a thin wall, or beyond a rim.
        let is_same = doubled_area_vector(mesh.corners(hit.face as usize)).dot(&normal) >= 0.0
            && mesh.kinds()[hit.face as usize] == net.kinds[first as usize / 3];
        is_same.then_some((hit.point, hit.face))
    }

    fn on_line(&self, net: &Net, vertex: u32, spokes: &[u32], is_round: bool) -> Option<Place> {
        let ([a, b], line) = net.line_ends(spokes, is_round);
        if a == NONE || b == NONE {
            return None;
        }
        let aim = (net.point(a) + net.point(b)) / 2.0;
        let hit = self.line_tree.nearest(&aim, known(net, vertex))?;
        (self.lines.line_of[hit.face as usize] == line).then_some((hit.point, hit.face))
    }
}

fn known(net: &Net, vertex: u32) -> Option<u32> {
    Some(net.nodes[vertex as usize].base).filter(|&base| base != NONE)
}
