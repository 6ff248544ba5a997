//! Repair of the usual dirt, step by step; each step says how often it did something.

use super::repair_flat::turn_flat_faces;
use super::repair_orient::{orient_alike, orient_by_place};
use super::repair_seams::{close_cracks, split_at_junctions};
use super::repair_split::split_where_not_manifold;
use super::repair_weld::{drop_collapsed, drop_duplicates, drop_unused, join_same_places};
use super::trimesh::{MeshRef, TriMesh};
use crate::mesh::nesting::shells_of;
use crate::mesh::topology::Topology;
use crate::progress::{Cancelled, Progress};

/// How far repair may go.
#[derive(Debug, Clone, Copy)]
pub struct RepairOptions {
    /// Rims closer than this are brought together, mm.
    pub tolerance_mm: f64,
    /// Closed pieces that enclose less are left out, mm³; none when `None`.
    pub islands_below_mm3: Option<f64>,
}

/// What was done, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// Stable name.
    pub code: &'static str,
    /// How often.
    pub n: usize,
}

/// A mesh after repair.
#[derive(Debug, Clone)]
pub struct Repaired {
    /// The mesh.
    pub mesh: TriMesh,
    /// What was done, in order; steps that found nothing to do are not in it.
    pub actions: Vec<Action>,
}

struct Log(Vec<Action>);

impl Log {
    fn add(&mut self, code: &'static str, n: usize) -> bool {
        if n > 0 {
            match self.0.iter_mut().find(|action| action.code == code) {
                Some(action) => action.n += n,
                None => self.0.push(Action { code, n }),
            }
        }
        n > 0
    }
}

/// Repairs a copy of a mesh.
///
/// # Errors
/// [`Cancelled`].
pub fn repair(mesh: MeshRef<'_>, options: RepairOptions, progress: &Progress) -> Result<Repaired, Cancelled> {
    let (mut mesh, mut log) = (mesh.to_owned(), Log(Vec::new()));
    progress.expect(6);
    log.add("vertices_joined", join_same_places(&mut mesh));
    tidy(&mut mesh, &mut log);
    progress.step()?;
    close_seams(&mut mesh, options.tolerance_mm, &mut log);
    progress.step()?;
    log.add("flat_faces_removed", turn_flat_faces(&mut mesh));
    tidy(&mut mesh, &mut log);
    progress.step()?;
    log.add("faces_turned", orient_alike(&mut mesh));
    log.add("vertices_split", split_where_not_manifold(&mut mesh));
    log.add("faces_turned", orient_alike(&mut mesh));
    progress.step()?;
    log.add("pieces_turned", orient_by_place(&mut mesh));
    progress.step()?;
    if let Some(least) = options.islands_below_mm3 {
        log.add("islands_removed", remove_islands(&mut mesh, least));
    }
    log.add("unused_vertices_dropped", drop_unused(&mut mesh));
    progress.step()?;
    Ok(Repaired { mesh, actions: log.0 })
}

fn tidy(mesh: &mut TriMesh, log: &mut Log) {
    log.add("collapsed_faces_dropped", drop_collapsed(mesh));
    log.add("duplicate_faces_dropped", drop_duplicates(mesh));
}

/// Cracks first, then corners on the sides of other faces; each may show more of the other.
fn close_seams(mesh: &mut TriMesh, tolerance_mm: f64, log: &mut Log) {
    // Corners put in make corners to put in; a body needs few rounds, rubbish would go on for ever.
    let most_faces = 4 * mesh.faces.len();
    for _ in 0..8 {
        if mesh.faces.len() > most_faces {
            break;
        }
        let has_closed = log.add("crack_vertices_joined", close_cracks(mesh, tolerance_mm));
        if has_closed {
            tidy(mesh, log);
        }
        let has_split = log.add("junctions_split", split_at_junctions(mesh, tolerance_mm));
        if !has_closed && !has_split {
            break;
        }
    }
}

fn remove_islands(mesh: &mut TriMesh, least_mm3: f64) -> usize {
    let topology = Topology::of(mesh.view());
    let shells = shells_of(mesh.view());
    let is_small: Vec<bool> =
        shells.iter().map(|shell| shell.is_closed && shell.volume_mm3.abs() < least_mm3).collect();
    let pieces = topology.component_of_face;
    keep_faces(mesh, |face| !is_small[pieces[face] as usize]);
    is_small.iter().filter(|&&small| small).count()
}

/// Keeps the faces that `stays` says, with their kinds.
pub(super) fn keep_faces(mesh: &mut TriMesh, stays: impl Fn(usize) -> bool) {
    let mut face = 0;
    mesh.kinds.retain(|_| {
        face += 1;
        stays(face - 1)
    });
    face = 0;
    mesh.faces.retain(|_| {
        face += 1;
        stays(face - 1)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: RepairOptions = RepairOptions { tolerance_mm: 0.01, islands_below_mm3: None };

    fn block(low: [f64; 3], high: [f64; 3]) -> TriMesh {
        let vertices =
            (0..8).map(|n| [0, 1, 2].map(|k| if n >> k & 1 == 1 { high[k] } else { low[k] })).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        TriMesh::imaged(vertices, quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect())
    }

    fn joined(meshes: &[TriMesh]) -> TriMesh {
        let mut all = TriMesh::default();
        for mesh in meshes {
            let start = all.vertices.len() as u32;
            all.vertices.extend(&mesh.vertices);
            all.faces.extend(mesh.faces.iter().map(|face| face.map(|index| index + start)));
            all.kinds.extend(&mesh.kinds);
        }
        all
    }

    fn soup(mesh: &TriMesh) -> TriMesh {
        let vertices: Vec<[f64; 3]> =
            (0..mesh.faces.len()).flat_map(|face| mesh.view().corners(face)).collect();
        let faces = (0..mesh.faces.len() as u32).map(|face| [3 * face, 3 * face + 1, 3 * face + 2]).collect();
        TriMesh::imaged(vertices, faces)
    }

    fn mended(mesh: &TriMesh) -> (Repaired, Topology) {
        let done = repair(mesh.view(), EXACT, &Progress::default()).unwrap();
        let topology = Topology::of(done.mesh.view());
        assert!(topology.is_manifold() && topology.is_oriented(), "{:?} {topology:?}", done.actions);
        (done, topology)
    }

    #[test]
    fn a_clean_block_is_left_alone() {
        let block = block([0.0; 3], [1.0; 3]);
        let (done, _) = mended(&block);
        assert_eq!((done.mesh, done.actions), (block, vec![]));
    }

    #[test]
    fn a_soup_with_turned_and_repeated_faces_becomes_a_block() {
        let mut dirty = soup(&block([0.0; 3], [1.0; 3]));
        for face in [1, 4, 5, 9] {
            dirty.faces[face].swap(0, 1);
        }
        dirty.faces.extend([[0, 2, 1], [5, 5, 6], dirty.faces[7]]);
        dirty.kinds = vec![0; dirty.faces.len()];
        let (done, topology) = mended(&dirty);
        assert!(topology.is_closed());
        assert_eq!((done.mesh.faces.len(), done.mesh.vertices.len()), (12, 8));
        assert!((shells_of(done.mesh.view())[0].volume_mm3 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn blocks_that_share_an_edge_or_a_corner_come_apart() {
        for low in [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]] {
            let two = joined(&[block([0.0; 3], [1.0; 3]), block(low, low.map(|x| x + 1.0))]);
            let (done, topology) = mended(&two);
            assert!(topology.is_closed() && topology.n_components == 2);
            assert_eq!(done.mesh.vertices.len(), 16);
        }
    }

    #[test]
    fn a_wall_between_two_blocks_goes() {
        let two = joined(&[block([0.0; 3], [1.0; 3]), block([1.0, 0.0, 0.0], [2.0, 1.0, 1.0])]);
        let (done, topology) = mended(&two);
        assert!(topology.is_closed() && topology.n_components == 1, "{:?}", done.actions);
        assert!((shells_of(done.mesh.view())[0].volume_mm3 - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_void_is_turned_inwards_and_an_inverted_body_outwards() {
        let mut inverted = block([5.0; 3], [6.0; 3]);
        for face in &mut inverted.faces {
            face.swap(1, 2);
        }
        let all = joined(&[block([0.0; 3], [4.0; 3]), block([1.0; 3], [2.0; 3]), inverted]);
        let (done, _) = mended(&all);
        let volumes: Vec<f64> = shells_of(done.mesh.view()).iter().map(|shell| shell.volume_mm3).collect();
        for (volume, truth) in volumes.iter().zip([64.0, -1.0, 1.0]) {
            assert!((volume - truth).abs() < 1e-9, "{volumes:?}");
        }
    }

    #[test]
    fn a_junction_and_a_crack_are_closed() {
        let mut open = block([0.0; 3], [1.0; 3]);
        // One side of the block is made of three triangles that meet in the middle of an edge.
        open.vertices.push([0.5, 0.001, 1.0]);
        open.faces[2] = [4, 8, 7];
        open.faces.push([8, 5, 7]);
        open.kinds.push(0);
        let (done, topology) = mended(&open);
        assert!(topology.is_closed(), "{:?}", done.actions);
        // A corner of one face is a little beside the others.
        let mut cracked = block([0.0; 3], [1.0; 3]);
        cracked.vertices.push([1.0, 1.004, 1.0]);
        cracked.faces[3] = cracked.faces[3].map(|index| if index == 7 { 8 } else { index });
        let (done, topology) = mended(&cracked);
        assert!(topology.is_closed(), "{:?}", done.actions);
    }

    #[test]
    fn a_flat_face_on_an_edge_is_turned_away() {
        let mut flat = block([0.0; 3], [1.0; 3]);
        // Vertex 8 lies on the edge 4-5; a face without area fills the slit on the other side.
        flat.vertices.push([0.5, 0.0, 1.0]);
        flat.faces[2] = [4, 8, 7];
        flat.faces.extend([[8, 5, 7], [4, 5, 8]]);
        flat.kinds.extend([0, 0]);
        let (done, topology) = mended(&flat);
        assert!(topology.is_closed(), "{:?}", done.actions);
        assert!(super::super::quality::Quality::of(done.mesh.view(), 0.0).degenerate_faces.is_empty());
    }

    #[test]
    fn islands_go_when_asked() {
        let two = joined(&[block([0.0; 3], [4.0; 3]), block([5.0; 3], [5.5; 3])]);
        let options = RepairOptions { islands_below_mm3: Some(1.0), ..EXACT };
        let done = repair(two.view(), options, &Progress::default()).unwrap();
        assert_eq!((done.mesh.faces.len(), done.mesh.vertices.len()), (12, 8));
        assert_eq!(done.actions[0], Action { code: "islands_removed", n: 1 });
    }
}
