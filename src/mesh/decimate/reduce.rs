//! From what is asked to a smaller mesh: patches side by side, then their seams.

use rayon::prelude::*;

use super::collapse::Scratch;
use super::partition::{Partition, join};
use super::patch::{Limits, NONE, Part, Patch, role};
use super::queue::bucket_of;
use super::samples::Samples;
use super::surface::Surface;
use crate::mesh::measure::bounds;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Patches stop this much above the target; the rest is chosen from the whole.
const PATCH_SHARE: f64 = 1.15;
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
    progress.expect(4);
    let mesh = first.mesh;
    let limits = Limits {
        bound_mm: asked.bound_mm,
        min_altitude_mm: min_altitude_mm(mesh),
        original: asked.bound_mm.is_finite().then_some(first),
    };
    let part = in_patches(mesh, asked, is_kept, &limits, progress)?;
    progress.step()?;
    let mut whole = Patch::new(part, &limits);
    progress.step()?;
    let mut scratch = Scratch::default();
    whole.run(usize::MAX, asked.n_faces, &limits, &mut scratch);
    while whole.n_live > asked.n_faces && whole.refill() {
        progress.check()?;
        let before = whole.n_live;
        whole.run(usize::MAX, asked.n_faces, &limits, &mut scratch);
        // What was refused may be possible now that its surroundings have changed.
        if before - whole.n_live < before / 50 + 1 {
            break;
        }
    }
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

/// Decimates the patches of a mesh side by side and joins them.
fn in_patches(
    mesh: MeshRef<'_>,
    asked: Decimation,
    is_kept: &[bool],
    limits: &Limits<'_>,
    progress: &Progress,
) -> Result<Part, Cancelled> {
    let partition = Partition::new(mesh);
    progress.step()?;
    if partition.n_parts() == 1 {
        return Ok(whole(mesh, is_kept));
    }
    let mut patches = partition.patches(mesh, is_kept, limits);
    let enough = (asked.n_faces as f64 * PATCH_SHARE) as usize;
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
    Ok(join(patches, mesh.vertices().len(), is_kept))
}

fn whole(mesh: MeshRef<'_>, is_kept: &[bool]) -> Part {
    let points: Vec<_> = mesh.vertices().iter().map(|&point| point.into()).collect();
    let mut samples = Samples::new(mesh.faces().len());
    let mut is_known = vec![false; points.len()];
    for (face, corners) in mesh.faces().iter().enumerate() {
        for &corner in corners {
            if !std::mem::replace(&mut is_known[corner as usize], true) {
                samples.add(corner, points[corner as usize], face as u32);
            }
        }
    }
    Part {
        roles: (0..points.len()).map(|vertex| role(is_kept, vertex)).collect(),
        faces: mesh.faces().to_vec(),
        kinds: mesh.kinds().to_vec(),
        samples,
        points,
        ..Part::default()
    }
}

impl Patch {
    /// Puts all edges back in the queue; false when there is none.
    fn refill(&mut self) -> bool {
        let mut spokes = Vec::new();
        for vertex in 0..self.points.len() as u32 {
            self.spokes_at(vertex, &mut spokes);
            for n in 0..spokes.len() {
                if spokes[n].to > vertex {
                    self.push(vertex, spokes[n].to);
                }
            }
        }
        self.queue.lowest().is_some()
    }
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
