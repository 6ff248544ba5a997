//! The surface of every label of a map.

use ndarray::ArrayView3;
use rayon::prelude::*;

use super::super::emit::Frame;
use super::super::extract::SurfaceError;
use super::super::slots::slots;
use super::cells::Cells;
use super::labels::{Label, Labels};
use super::quads::{Net, Quad};
use super::relax::relaxed;
use crate::geometry::Grid;
use crate::mesh::TriMesh;
use crate::progress::Progress;

/// How label surfaces are to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct LabelOptions {
    /// Iterations of the smoothing; 0 leaves the nodes in the middle of their cells.
    pub n_iterations: usize,
    /// Whether surfaces are closed by flat lids where the image ends.
    pub close_border: bool,
}

/// One label and its surface.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelMesh {
    /// The label; never 0, which is background.
    pub label: u16,
    /// Its surface, facing outwards.
    pub mesh: TriMesh,
}

/// Float32 must resolve this fraction of a step sixteen-fold, to keep divided nodes apart.
const COARSEST_MARGIN: f64 = 0.02;

/// Draws the surface of every label, in the order of the labels.
///
/// Each mesh is an oriented 2-manifold, closed except at the border of the image when `close_border`
/// is false, also once its corners are rounded to float32. Two labels that touch share the triangles
/// of their border, corner by corner, except at cells where labels touch along an edge or at a corner
/// and no shared point would leave both manifold.
///
/// # Errors
/// [`SurfaceError`] when the image is flat, too far off for float32, or the mesh has no room.
pub fn extract_label_surfaces<T: Label>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    options: LabelOptions,
    progress: &Progress,
) -> Result<Vec<LabelMesh>, SurfaceError> {
    let dims_ijk = grid.dims_ijk();
    if dims_ijk.iter().any(|&n| n < 2) {
        return Err(SurfaceError::Flat { dims_ijk });
    }
    let frame = Frame::of(grid, 1).ok_or(SurfaceError::TooFar)?;
    if frame.margin.iter().any(|&margin| margin > COARSEST_MARGIN) {
        return Err(SurfaceError::TooFar);
    }
    let labels = Labels { values };
    progress.expect(2 * labels.n_cells()[2] + options.n_iterations);
    let cells = Cells::of(&labels, progress)?;
    check_room(cells.ijk.len())?;
    let nodes = relaxed(&labels, &cells, options.n_iterations, progress)?;
    let net = Net::new(labels, cells, nodes);
    check_room(net.n_points())?;
    let quads = net.quads(&frame, options.close_border, progress)?;
    let places = net.places(&frame);
    drop(net);
    Ok(if options.close_border { whole(&quads, places) } else { split(&quads, &places) })
}

fn check_room(n_vertices: usize) -> Result<(), SurfaceError> {
    let most = i32::MAX as usize / 2;
    let n_triangles = 2 * n_vertices;
    if n_vertices > most { Err(SurfaceError::TooLarge { n_vertices, n_triangles }) } else { Ok(()) }
}

/// The surfaces where lids close all of them, so that every point is a corner of something.
fn whole(quads: &[Vec<Quad>], places: Vec<[f64; 3]>) -> Vec<LabelMesh> {
    let Some(label) = quads.iter().flatten().next().map(|quad| quad.label) else { return Vec::new() };
    let is_alone = quads.par_iter().flatten().all(|quad| quad.label == label);
    if is_alone { vec![LabelMesh { label, mesh: alone(quads, places) }] } else { split(quads, &places) }
}

/// The surface of the only label: all quads and all points, as they stand.
fn alone(quads: &[Vec<Quad>], vertices: Vec<[f64; 3]>) -> TriMesh {
    let n_faces = quads.iter().map(|slab| 2 * slab.len()).sum();
    let (mut faces, mut kinds) = (vec![[0; 3]; n_faces], vec![0; n_faces]);
    let sizes = || quads.iter().map(|slab| 2 * slab.len());
    let pieces = slots(&mut faces, sizes()).into_par_iter().zip(slots(&mut kinds, sizes()));
    pieces.zip(quads).for_each(|((faces, kinds), slab)| {
        for ((quad, faces), kinds) in slab.iter().zip(faces.as_chunks_mut().0).zip(kinds.as_chunks_mut().0) {
            (*faces, *kinds) = (quad.triangles, [quad.kind; 2]);
        }
    });
    TriMesh { vertices, faces, kinds }
}

/// Sorts the quads by label and numbers the vertices of each label.
fn split(quads: &[Vec<Quad>], places: &[[f64; 3]]) -> Vec<LabelMesh> {
    let mut counts = vec![0; usize::from(u16::MAX) + 1];
    for quad in quads.iter().flatten() {
        counts[usize::from(quad.label)] += 2;
    }
    let mut meshes: Vec<LabelMesh> = Vec::new();
    let mut place_of = vec![usize::MAX; counts.len()];
    for (label, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        place_of[label] = meshes.len();
        let mut mesh = TriMesh::default();
        mesh.faces.reserve_exact(count);
        mesh.kinds.reserve_exact(count);
        meshes.push(LabelMesh { label: label as u16, mesh });
    }
    for quad in quads.iter().flatten() {
        let mesh = &mut meshes[place_of[usize::from(quad.label)]].mesh;
        mesh.faces.extend(quad.triangles);
        mesh.kinds.extend([quad.kind; 2]);
    }
    meshes.par_iter_mut().for_each_init(Vec::new, |numbers, one| renumber(&mut one.mesh, places, numbers));
    meshes
}

/// Keeps the vertices that a mesh uses, in the order in which its faces name them. `numbers` is left
/// as it is found: empty, or nothing but [`u32::MAX`].
fn renumber(mesh: &mut TriMesh, places: &[[f64; 3]], numbers: &mut Vec<u32>) {
    numbers.resize(places.len(), u32::MAX);
    let mut used = Vec::with_capacity(mesh.faces.len() / 2 + 2);
    for corner in mesh.faces.as_flattened_mut() {
        let number = &mut numbers[*corner as usize];
        if *number == u32::MAX {
            *number = used.len() as u32;
            used.push(*corner);
        }
        *corner = *number;
    }
    mesh.vertices = used.iter().map(|&point| places[point as usize]).collect();
    for point in used {
        numbers[point as usize] = u32::MAX;
    }
}
