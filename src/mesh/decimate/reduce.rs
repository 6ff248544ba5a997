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

/// How a mesh is divided for a while.
struct Round {
    /// Faces of a patch: few enough for the cache of a core, many enough for a short seam.
    patch_faces: usize,
    /// How far the curve is moved, in parts of the extent.
    shift: f64,
    /// Patches stop this much above the target.
    share: f64,
}

/// The seams of one round lie within the patches of the next; the rest is chosen from the whole.
const ROUNDS: [Round; 2] = [
    Round { patch_faces: 1 << 15, shift: 0.0, share: 1.2 },
    Round { patch_faces: 1 << 14, shift: 0.37, share: 1.02 },
];
/// Where only a bound ends it, a long seam does no harm.
const MOST_FACES_OF_BOUND: usize = 1 << 14;

impl Round {
    fn patch_faces(&self, asked: Decimation) -> usize {
        if asked.n_faces == 0 { self.patch_faces.min(MOST_FACES_OF_BOUND) } else { self.patch_faces }
    }
}

/// Buckets of cost by which the patches go on together: half an octave.
const STEP: usize = 4;

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
/// of lids are only moved along themselves. Vertices in `is_kept` stay; it may be empty.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub(super) fn decimate(
    first: &Surface<'_>,
    asked: Decimation,
    is_kept: &[bool],
    progress: &Progress,
) -> Result<Decimated, Cancelled> {
    progress.expect(ROUNDS.len() + 1);
    let mesh = first.mesh;
    let limits = Limits {
        bound_mm: asked.bound_mm,
        min_altitude_mm: min_altitude_mm(mesh),
        original: asked.bound_mm.is_finite().then_some(first),
    };
    let mut part = Part::whole(mesh, is_kept);
    for round in ROUNDS {
        let partition = Partition::new(&part, round.patch_faces(asked), round.shift);
        if partition.is_divided() {
            let mut patches = partition.patches(&part, &limits);
            let enough = (asked.n_faces as f64 * round.share) as usize;
            if enough == 0 {
                patches
                    .par_iter_mut()
                    .with_max_len(1)
                    .try_for_each_init(Scratch::default, |scratch, (patch, _)| {
                        patch.exhaust(0, &limits, scratch, progress)
                    })?;
            } else {
                step_by_step(&mut patches, enough, &limits, progress)?;
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

/// Decimates patches side by side, all up to the same cost, until so many faces are left.
fn step_by_step(
    patches: &mut [(Patch, Vec<u32>)],
    enough: usize,
    limits: &Limits<'_>,
    progress: &Progress,
) -> Result<(), Cancelled> {
    let mut last = bucket_of(1e-12);
    loop {
        progress.check()?;
        let n_live: usize = patches.iter().map(|(patch, _)| patch.n_live).sum();
        let Some(next) = patches.iter_mut().filter_map(|(patch, _)| patch.queue.lowest()).min() else {
            break;
        };
        if n_live <= enough {
            break;
        }
        last = last.max(next) + STEP;
        // No patch gives more than its share before the others had their turn.
        let share = enough as f64 / n_live as f64;
        patches.par_iter_mut().with_max_len(1).for_each_init(Scratch::default, |scratch, (patch, _)| {
            let least = (patch.n_live as f64 * share) as usize;
            patch.run(last, least, limits, scratch);
        });
    }
    for (patch, _) in patches {
        // Edges are left in the queue.
        patch.is_touched.fill(true);
    }
    Ok(())
}

/// The live faces and their vertices, in the order in which the faces name them; and which face each of
/// the first vertices lies next to.
fn compact(patch: &Patch, n_vertices: usize) -> (TriMesh, Vec<u32>) {
    let mut numbers = vec![NONE; patch.points.len()];
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
                mesh.vertices.push(patch.points[corner as usize].into());
            }
            *number
        }));
        mesh.kinds.push(patch.kinds[face]);
    }
    (mesh, beside)
}
