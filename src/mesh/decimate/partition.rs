//! Divides a mesh into patches along a space-filling curve.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::order::along_curve;
use super::patch::{Limits, NONE, Part, Patch};
use super::quadric::Quadric;
use super::samples::Samples;
use super::vertex::Role;
use crate::mesh::measure::bounds;

/// Tables of all vertices that are made at most.
const MOST_TABLES: usize = 16;

/// Which faces belong to which patch, and which vertices more than one patch has.
pub(super) struct Partition {
    order: Vec<u32>,
    size: usize,
    is_shared: Vec<bool>,
    /// The first patch that has a vertex: what is known of the vertex is kept there.
    owner: Vec<u32>,
}

impl Partition {
    /// Patches of about so many faces; another shift of the curve gives other seams. Without a shift the
    /// faces stand along the curve already.
    pub(super) fn new(part: &Part<'_>, n_faces: usize, shift: f64) -> Self {
        let n_parts = part.faces.len().div_ceil(n_faces).max(1);
        let size = part.faces.len().div_ceil(n_parts).max(1);
        let order = match n_parts {
            1 => Vec::new(),
            _ if shift == 0.0 => (0..part.faces.len() as u32).collect(),
            _ => faces_along_curve(part, shift),
        };
        let mut owner = vec![NONE; part.points.len()];
        let mut is_shared = vec![false; part.points.len()];
        for (number, faces) in order.chunks(size).enumerate() {
            for &face in faces {
                for corner in part.faces[face as usize] {
                    let known = &mut owner[corner as usize];
                    if *known == NONE {
                        *known = number as u32;
                    } else if *known != number as u32 {
                        is_shared[corner as usize] = true;
                    }
                }
            }
        }
        Self { order, size, is_shared, owner }
    }

    /// Whether there is more than one patch.
    pub(super) fn is_divided(&self) -> bool {
        self.order.len() > self.size
    }

    /// The patches, with the numbers of their vertices in the whole.
    pub(super) fn patches(&self, part: &Part<'_>, limits: &Limits<'_>) -> Vec<(Patch, Vec<u32>)> {
        self.order
            .par_chunks(self.size)
            .with_min_len(self.order.len().div_ceil(self.size).div_ceil(MOST_TABLES))
            .enumerate()
            .map_init(
                || vec![NONE; part.points.len()],
                |numbers, (number, faces)| {
                    let (own, names) = self.cut_out(part, (number as u32, faces), numbers);
                    (Patch::new(own, limits), names)
                },
            )
            .collect()
    }

    fn cut_out(
        &self,
        part: &Part<'_>,
        (number, faces): (u32, &[u32]),
        numbers: &mut [u32],
    ) -> (Part<'static>, Vec<u32>) {
        let mut own = Part { samples: Samples::new(faces.len()), ..Part::default() };
        let mut own_faces = Vec::with_capacity(faces.len());
        let mut names = Vec::with_capacity(faces.len() / 2 + 64);
        for (local, &face) in faces.iter().enumerate() {
            let corners = part.faces[face as usize];
            for corner in corners {
                if numbers[corner as usize] == NONE {
                    numbers[corner as usize] = names.len() as u32;
                    names.push(corner);
                }
            }
            own_faces.push(corners.map(|corner| numbers[corner as usize]));
            for sample in part.samples.of(face) {
                own.samples.add(part.samples.names[sample as usize], local as u32);
            }
        }
        own.faces = own_faces.into();
        own.kinds = faces.iter().map(|&face| part.kinds[face as usize]).collect();
        own.points = names.iter().map(|&name| part.points[name as usize]).collect();
        for &name in &names {
            let vertex = name as usize;
            numbers[vertex] = NONE;
            own.roles.push(if self.is_shared[vertex] { Role::Seam } else { part.roles[vertex] });
            if part.has_sums() {
                let is_owner = self.owner[vertex] == number;
                own.quadrics.push(if is_owner { part.quadrics[vertex] } else { Quadric::default() });
                own.owed.push(if is_owner { part.owed[vertex] } else { 0.0 });
                own.has_walls.push(part.has_walls[vertex]);
                own.is_settled.push(part.is_settled[vertex]);
            }
        }
        (own, names)
    }
}

/// All faces in the order in which a space-filling curve meets their centres.
fn faces_along_curve(part: &Part<'_>, shift: f64) -> Vec<u32> {
    let [low, high] = bounds(&part.points).unwrap_or_default().map(Vector3::from);
    // The curve turns at halves, quarters and so on of a cube; a larger cube has them elsewhere.
    let low = low - Vector3::repeat((high - low).max() * shift);
    let corners = |face: usize| part.faces[face].map(|corner| part.points[corner as usize].into());
    along_curve(part.faces.len(), corners, &low.into(), &high.into())
}
