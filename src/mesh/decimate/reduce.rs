//! From what is asked to a smaller mesh: patches side by side, then their seams.

use rayon::prelude::*;

use super::collapse::Scratch;
use super::partition::{Partition, join};
use super::patch::{Limits, NONE, Part, Patch};
use super::queue::bucket_of;
use super::surface::Surface;
use crate::mesh::measure::bounds;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Faces of a patch: few enough for the cache of a core, many enough for a short seam.
const PATCH_FACES: usize = 1 << 15;
/// Where only a bound ends it, a long seam does no harm.
const PATCH_FACES_OF_BOUND: usize = 1 << 14;

/// How far the curve that divides a mesh is moved, in parts of the extent: the seams of one round lie
/// within the patches of the next.
const SHIFTS: [f64; 4] = [0.0, 0.37, 0.71, 0.17];
/// Rounds where only a bound ends it.
const N_ROUNDS_OF_BOUND: usize = 2;

/// Patches stop this much above the target: the rest is chosen from the whole.
const NEARLY: f64 = 1.05;

/// What lies at a seam cannot go, and the rest of a patch would pay for it: faces there are at most one of
/// so many.
const SEAM_SHARE: usize = 4;

/// Buckets of cost by which the patches go on together: half an octave, and two as long as twice the
/// target is left, since what is cheap goes in whatever order.
const STEP: usize = 4;
const FAR_STEP: usize = 16;

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
    let (patch_faces, n_rounds) =
        if has_target { (PATCH_FACES, SHIFTS.len()) } else { (PATCH_FACES_OF_BOUND, N_ROUNDS_OF_BOUND) };
    progress.expect(n_rounds + 1);
    let limits = Limits { bound_mm: asked.bound_mm, min_altitude_mm: min_altitude_mm(mesh), original };
    let enough = (asked.n_faces as f64 * NEARLY) as usize;
    let mut part = Part::whole(mesh, is_kept);
    for shift in &SHIFTS[..n_rounds] {
        let partition = Partition::new(&part, patch_faces, *shift);
        if partition.is_divided() && part.faces.len() > enough {
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
fn min_altitude_mm(mesh: MeshRef<'_>) -> f64 {
    let farthest = bounds(mesh.vertices())
        .map_or(0.0, |corners| corners.as_flattened().iter().fold(0.0_f64, |far, x| far.max(x.abs())));
    farthest * 4.0 * f64::from(f32::EPSILON)
}

/// Decimates patches side by side, all up to the same cost, until so many faces are left or seams would
/// begin to count.
fn step_by_step(
    patches: &mut [(Patch, Vec<u32>)],
    enough: usize,
    limits: &Limits<'_>,
    progress: &Progress,
) -> Result<(), Cancelled> {
    let floors: Vec<usize> = patches.par_iter().map(|(patch, _)| patch.n_at_seams() * SEAM_SHARE).collect();
    let mut last = bucket_of(1e-12);
    loop {
        progress.check()?;
        let n_live: usize = patches.iter().map(|(patch, _)| patch.n_live).sum();
        let going = patches.iter_mut().zip(&floors).filter(|((patch, _), floor)| patch.n_live > **floor);
        let Some(next) = going.filter_map(|((patch, _), _)| patch.queue.lowest()).min() else {
            break;
        };
        if n_live <= enough {
            break;
        }
        last = last.max(next) + if n_live > 2 * enough { FAR_STEP } else { STEP };
        // No patch gives more than its share before the others had their turn.
        let share = enough as f64 / n_live as f64;
        patches.par_iter_mut().zip(&floors).with_max_len(1).for_each_init(
            Scratch::default,
            |scratch, ((patch, _), floor)| {
                let least = (patch.n_live as f64 * share) as usize;
                patch.run(last, least.max(*floor), limits, scratch);
            },
        );
    }
    for (patch, _) in patches {
        // Edges are left in the queue.
        patch.vertices.iter_mut().for_each(|vertex| vertex.is_touched = true);
    }
    Ok(())
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
