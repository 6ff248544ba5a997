//! Divides a mesh into patches along a space-filling curve, and joins what is left of them.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::patch::{Limits, NONE, Part, Patch, Role, role};
use super::quadric::Quadric;
use super::samples::Samples;
use crate::mesh::MeshRef;
use crate::mesh::measure::bounds;
use crate::mesh::morton::code;

/// Faces of a patch: few enough for the cache of a core, many enough for a short seam.
pub(super) const PATCH_FACES: usize = 1 << 16;

/// Which faces belong to which patch, and which vertices more than one patch has.
pub(super) struct Partition {
    order: Vec<u32>,
    n_parts: usize,
    is_shared: Vec<bool>,
    /// The first part that has a vertex: there it is a sample.
    owner: Vec<u32>,
}

impl Partition {
    pub(super) fn new(mesh: MeshRef<'_>) -> Self {
        let order = faces_along_curve(mesh);
        let n_parts = order.len().div_ceil(PATCH_FACES).max(1);
        let size = order.len().div_ceil(n_parts).max(1);
        let mut owner = vec![NONE; mesh.vertices().len()];
        let mut is_shared = vec![false; mesh.vertices().len()];
        for (part, faces) in order.chunks(size).enumerate() {
            for &face in faces {
                for corner in mesh.faces()[face as usize] {
                    let known = &mut owner[corner as usize];
                    if *known == NONE {
                        *known = part as u32;
                    } else if *known != part as u32 {
                        is_shared[corner as usize] = true;
                    }
                }
            }
        }
        Self { order, n_parts, is_shared, owner }
    }

    pub(super) fn n_parts(&self) -> usize {
        self.n_parts
    }

    /// One patch for each part, with the numbers of its vertices in the mesh.
    pub(super) fn patches(
        &self,
        mesh: MeshRef<'_>,
        is_kept: &[bool],
        limits: &Limits<'_>,
    ) -> Vec<(Patch, Vec<u32>)> {
        let size = self.order.len().div_ceil(self.n_parts).max(1);
        self.order
            .par_chunks(size)
            .with_max_len(1)
            .enumerate()
            .map_init(
                || vec![NONE; mesh.vertices().len()],
                |numbers, (part, faces)| self.patch(mesh, (part as u32, faces), is_kept, numbers, limits),
            )
            .collect()
    }

    fn patch(
        &self,
        mesh: MeshRef<'_>,
        (number, faces): (u32, &[u32]),
        is_kept: &[bool],
        numbers: &mut [u32],
        limits: &Limits<'_>,
    ) -> (Patch, Vec<u32>) {
        let mut part = Part { samples: Samples::new(faces.len()), ..Part::default() };
        let mut names = Vec::with_capacity(faces.len() / 2 + 64);
        for (local, &face) in faces.iter().enumerate() {
            for corner in mesh.faces()[face as usize] {
                if numbers[corner as usize] == NONE {
                    numbers[corner as usize] = names.len() as u32;
                    names.push(corner);
                    if self.owner[corner as usize] == number {
                        part.samples.add(corner, mesh.vertices()[corner as usize].into(), local as u32);
                    }
                }
            }
            part.faces.push(mesh.faces()[face as usize].map(|corner| numbers[corner as usize]));
            part.kinds.push(mesh.kinds()[face as usize]);
        }
        for &name in &names {
            numbers[name as usize] = NONE;
            part.points.push(Vector3::from(mesh.vertices()[name as usize]));
            let is_seam = self.is_shared[name as usize];
            part.roles.push(if is_seam { Role::Seam } else { role(is_kept, name as usize) });
        }
        (Patch::new(part, limits), names)
    }
}

/// Joins patches at the vertices they share.
pub(super) fn join(patches: Vec<(Patch, Vec<u32>)>, n_vertices: usize, is_kept: &[bool]) -> Part {
    let mut numbers = vec![NONE; n_vertices];
    let mut part = Part::default();
    for (patch, names) in patches {
        let mut local = vec![NONE; names.len()];
        for (face, corners) in patch.faces.iter().enumerate() {
            if corners[0] == NONE {
                continue;
            }
            let corners = corners.map(|corner| {
                let vertex = corner as usize;
                if local[vertex] == NONE {
                    let name = names[vertex] as usize;
                    if numbers[name] == NONE {
                        part.roles.push(role(is_kept, name));
                    }
                    local[vertex] = number(&mut numbers[name], &patch, vertex, &mut part);
                }
                local[vertex]
            });
            let joined = part.faces.len() as u32;
            part.faces.push(corners);
            part.kinds.push(patch.kinds[face]);
            part.samples.add_face();
            for sample in patch.samples.of(face as u32) {
                let (name, point) =
                    (patch.samples.names[sample as usize], patch.samples.points[sample as usize]);
                part.samples.add(name, point, joined);
            }
        }
    }
    part
}

/// The number of a vertex in the joined part; what several patches summed at it is one sum.
fn number(known: &mut u32, patch: &Patch, vertex: usize, part: &mut Part) -> u32 {
    if *known == NONE {
        let is_seam = patch.roles[vertex] == Role::Seam;
        *known = part.points.len() as u32;
        part.points.push(patch.points[vertex]);
        part.has_walls.push(!is_seam);
        part.quadrics.push(patch.quadrics[vertex]);
    } else {
        let sum: &mut Quadric = &mut part.quadrics[*known as usize];
        *sum = sum.sum(&patch.quadrics[vertex]);
    }
    *known
}

/// All faces in the order in which a space-filling curve meets their centres.
fn faces_along_curve(mesh: MeshRef<'_>) -> Vec<u32> {
    if mesh.faces().len() <= PATCH_FACES {
        return (0..mesh.faces().len() as u32).collect();
    }
    let Some([low, high]) = bounds(mesh.vertices()) else { return Vec::new() };
    let mut keys: Vec<u64> = (0..mesh.faces().len())
        .into_par_iter()
        .map(|face| {
            let corners = mesh.corners(face);
            let centre =
                std::array::from_fn(|axis| (corners[0][axis] + corners[1][axis] + corners[2][axis]) / 3.0);
            u64::from(code(centre, &low, &high)) << 32 | face as u64
        })
        .collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}
