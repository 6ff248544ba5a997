//! From what is asked to a smaller mesh: patches side by side, then their seams.

use rayon::prelude::*;

use super::collapse::Scratch;
use super::join::join;
use super::partition::Partition;
use super::patch::{Limits, NONE, Part, Patch};
use super::steps::step_by_step;
use super::surface::Surface;
use crate::mesh::measure::bounds;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Faces of a patch: few enough for the cache of a core, many enough for a short seam.
const PATCH_FACES: usize = 1 << 14;

/// How far the curve that divides a mesh is moved, in parts of the extent: the seams of one round lie
/// within the patches of the next.
const SHIFTS: [f64; 4] = [0.0, 0.37, 0.71, 0.17];
/// Rounds where only a bound ends it.
const N_ROUNDS_OF_BOUND: usize = 2;

/// Patches stop this much above the target: the rest is chosen from the whole.
const NEARLY: f64 = 1.03;
/// For less than that above it, they are not cut once more.
const WORTH_A_ROUND: f64 = 1.1;

/// What is asked of a decimation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimation {
    /// Stop at so many faces.
    pub n_faces: usize,
    /// Move no part of the surface farther than this, mm; infinite for no bound.
    pub bound_mm: f64,
}

/// A smaller mesh.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decimated {
    /// The mesh; vertices that no face had are gone.
    pub(super) mesh: TriMesh,
    /// For each vertex of the first mesh the face that it lies next to; above all where it has none.
    pub(super) beside: Vec<u32>,
    /// Whether edges were left that could have been collapsed.
    pub(super) is_exhausted: bool,
}

/// Collapses edges, cheapest first, until a number of faces or the bound is reached.
///
/// Nothing that was closed opens and nothing that was manifold ceases to be. Boundaries and the rims
/// of lids are only moved along themselves. Vertices in `is_kept` stay; it may be empty. A bound is held
/// against the original surface, which is the mesh.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub(super) fn decimate(
    mesh: MeshRef<'_>,
    original: Option<&Surface<'_>>,
    asked: Decimation,
    is_kept: &[bool],
    progress: &Progress,
) -> Result<Decimated, Cancelled> {
    let has_target = asked.n_faces > 0;
    let n_rounds = if has_target { SHIFTS.len() } else { N_ROUNDS_OF_BOUND };
    progress.expect(n_rounds + 1);
    let limits = Limits { bound_mm: asked.bound_mm, min_altitude_mm: min_altitude_mm(mesh), original };
    let enough = (asked.n_faces as f64 * NEARLY) as usize;
    let mut part = Part::whole(mesh, is_kept);
    for shift in &SHIFTS[..n_rounds] {
        if part.faces.len() as f64 <= asked.n_faces as f64 * WORTH_A_ROUND {
            progress.step()?;
            continue;
        }
        let partition = Partition::new(&part, PATCH_FACES, *shift);
        if partition.is_divided() {
            let mut patches = partition.patches(&part, &limits);
            drop(partition);
            part.hand_over();
            if has_target {
                step_by_step(&mut patches, enough, &limits, progress)?;
            } else {
                patches
                    .par_iter_mut()
                    .with_max_len(1)
                    .try_for_each_init(Scratch::default, |scratch, (patch, _)| {
                        patch.exhaust(0, &limits, scratch, progress)
                    })?;
            }
            part = join(patches, &part);
        }
        progress.step()?;
    }
    let mut whole = Patch::new(part, &limits);
    whole.exhaust(asked.n_faces, &limits, &mut Scratch::default(), progress)?;
    whole.settle(&limits);
    progress.step()?;
    let is_exhausted = whole.n_live > asked.n_faces;
    let (mesh, beside) = compact(&whole, mesh.vertices().len());
    Ok(Decimated { mesh, beside, is_exhausted })
}

/// Below this, a triangle could lose its area when its corners are rounded to 32 bits.
pub(super) fn min_altitude_mm(mesh: MeshRef<'_>) -> f64 {
    let farthest = bounds(mesh.vertices())
        .map_or(0.0, |corners| corners.as_flattened().iter().fold(0.0_f64, |far, x| far.max(x.abs())));
    farthest * 4.0 * f64::from(f32::EPSILON)
}

/// The live faces and their vertices, in the order in which the faces name them; and which face each of
/// the first vertices lies next to.
fn compact(patch: &Patch, n_vertices: usize) -> (TriMesh, Vec<u32>) {
    let mut numbers = vec![NONE; patch.vertices.len()];
    let mut mesh = TriMesh::default();
    let mut beside = vec![NONE; n_vertices];
    for (face, corners) in patch.faces.iter().enumerate() {
        if corners[0] == NONE {
            continue;
        }
        for sample in patch.samples.of(face as u32) {
            beside[patch.samples.names[sample as usize] as usize] = mesh.faces.len() as u32;
        }
        mesh.faces.push(corners.map(|corner| {
            let number = &mut numbers[corner as usize];
            if *number == NONE {
                *number = mesh.vertices.len() as u32;
                mesh.vertices.push((*patch.point(corner)).into());
            }
            *number
        }));
        mesh.kinds.push(patch.kinds[face]);
    }
    (mesh, beside)
}
