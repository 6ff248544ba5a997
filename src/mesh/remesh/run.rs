//! From a mesh to one of even triangles, pass by pass, and how far it is from the first.

use super::collapse::collapse_short;
use super::facts::Shape;
use super::flip::flip_edges;
use super::lines::{Creases, Lines};
use super::net::Net;
use super::relax::{Original, relax};
use super::sizes::Sizes;
use super::split::split_long;
use crate::mesh::closest::ClosestPoints;
use crate::mesh::deviation::{Deviation, deviation};
use crate::mesh::measure::{area_mm2, bounds, volume_mm3};
use crate::mesh::self_intersection::self_intersections;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Where a bound is broken, edges are made shorter at most so often.
const MOST_ROUNDS: usize = 6;
/// A crease is kept when it is as long as so many edges.
const CREASE_EDGES: f64 = 2.0;
/// Part of the bound that is used; a piece that is not divided any more hides less than the rest.
const MEASURED_SHARE: f64 = 0.9;

/// What is asked of a remeshing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Remeshing {
    /// How long edges should be, mm.
    pub edge_length_mm: f64,
    /// No point of either surface may be farther from the other, mm; infinite for no bound.
    pub bound_mm: f64,
    /// How often everything is done.
    pub n_passes: usize,
    /// Edges at which the surface turns by more are creases, degrees.
    pub crease_deg: f64,
    /// More faces than this are not made.
    pub most_faces: usize,
}

/// A mesh of even triangles and how far it is from the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Remeshed {
    /// The mesh.
    pub mesh: TriMesh,
    /// Largest distance found between the two surfaces, mm.
    pub max_mm: f64,
    /// Root of the mean square of the distances of the first surface's vertices, mm.
    pub rms_mm: f64,
    /// Mean of those distances, mm.
    pub mean_mm: f64,
    /// Whether the bound holds; true without one.
    pub is_within: bool,
    /// Triangles before and after.
    pub shapes: [Shape; 2],
    /// Enclosed volume before and after, mm³; `None` of an open mesh.
    pub volumes_mm3: Option<[f64; 2]>,
    /// Pairs of faces that cross, in the new mesh.
    pub n_crossings: usize,
}

/// Why a mesh is not made anew.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RemeshError {
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Faces do not hang together as those of a surface.
    #[error(
        "mesh: at most two faces at an edge, turned alike, and one fan of faces at a vertex expected, \
         found {n_edges} edges and {n_vertices} vertices that are otherwise; repair_mesh mends them"
    )]
    NotManifold {
        /// Edges that are not as expected.
        n_edges: usize,
        /// Vertices that are not.
        n_vertices: usize,
    },
    /// So short edges would make too many faces.
    #[error("edge_length_mm: at most {most} faces expected, {edge_length_mm} mm would make {expected}")]
    TooMany {
        /// What was asked.
        edge_length_mm: f64,
        /// How many there would be at least.
        expected: usize,
        /// How many may be.
        most: usize,
    },
}

/// Makes a mesh anew in even triangles.
///
/// What was closed stays closed. Faces that name a vertex twice and vertices without a face are left out.
///
/// # Errors
/// [`RemeshError`] where the mesh is not manifold, or too many faces would be made.
pub fn remesh(mesh: MeshRef<'_>, asked: Remeshing, progress: &Progress) -> Result<Remeshed, RemeshError> {
    let tidied = without_collapsed(mesh);
    let mesh = tidied.as_ref().map_or(mesh, TriMesh::view);
    refuse_too_many(mesh, asked)?;
    let least_cosine = asked.crease_deg.to_radians().cos();
    let creases = Creases { least_cosine, shortest_mm: CREASE_EDGES * asked.edge_length_mm };
    let lines =
        Lines::of(mesh, creases).map_err(|n_edges| RemeshError::NotManifold { n_edges, n_vertices: 0 })?;
    let mut net = Net::new(mesh, &lines, asked.edge_length_mm);
    refuse_pinched(mesh, &net)?;
    let original = Original { surface: ClosestPoints::new(mesh), line_tree: lines.tree(mesh), lines: &lines };
    let (made, apart) = in_rounds(&original, &mut net, asked, progress)?;
    let n_crossings = self_intersections(made.view(), progress)?.len();
    let is_open = lines.twins.as_flattened().contains(&super::net::NONE);
    let views = [mesh, made.view()];
    Ok(Remeshed {
        max_mm: apart.max_mm,
        rms_mm: apart.rms_mm,
        mean_mm: apart.mean_mm,
        is_within: apart.max_mm <= asked.bound_mm * MEASURED_SHARE,
        shapes: views.map(|mesh| Shape::of(mesh, asked.edge_length_mm)),
        volumes_mm3: (!is_open).then(|| views.map(volume_mm3)),
        n_crossings,
        mesh: made,
    })
}

/// Passes, then a look at the distance; where it is too large, shorter edges and passes again.
fn in_rounds(
    original: &Original<'_>,
    net: &mut Net,
    asked: Remeshing,
    progress: &Progress,
) -> Result<(TriMesh, Deviation), RemeshError> {
    let mesh = original.surface.mesh();
    let mut sizes = None;
    let limit_mm = asked.bound_mm * MEASURED_SHARE;
    // A first look finds where the bound is broken; only where it seems kept is a closer one worth its time.
    let coarse_mm = asked.edge_length_mm / 8.0;
    let fine_mm = coarse_mm.min(asked.bound_mm / 8.0);
    for round in 1.. {
        progress.expect(asked.n_passes + 1);
        for _ in 0..asked.n_passes {
            pass(original, net, asked, sizes.as_ref(), progress)?;
            progress.step()?;
        }
        let made = net.mesh();
        let mut apart = deviation(mesh, made.view(), coarse_mm, limit_mm).unwrap_or_default();
        if apart.max_mm <= limit_mm && fine_mm < coarse_mm {
            progress.check()?;
            apart = deviation(mesh, made.view(), fine_mm, limit_mm).unwrap_or_default();
        }
        progress.step()?;
        if apart.max_mm <= limit_mm || round == MOST_ROUNDS {
            return Ok((made, apart));
        }
        let sizes = sizes.get_or_insert_with(|| Sizes::new(mesh.vertices().len(), asked.edge_length_mm));
        if !sizes.halve_at(original, &apart.beyond) {
            return Ok((made, apart));
        }
        sizes.tell(net, original);
    }
    Ok((net.mesh(), Deviation::default()))
}

fn pass(
    original: &Original<'_>,
    net: &mut Net,
    asked: Remeshing,
    sizes: Option<&Sizes>,
    progress: &Progress,
) -> Result<(), RemeshError> {
    let mesh = original.surface.mesh();
    let lowest = min_altitude_mm(mesh);
    let most = 2 * asked.most_faces.max(mesh.faces().len());
    split_long(net, most).map_err(|_| RemeshError::TooMany {
        edge_length_mm: asked.edge_length_mm,
        expected: most,
        most: asked.most_faces,
    })?;
    progress.check()?;
    collapse_short(net, lowest);
    net.compact();
    progress.check()?;
    flip_edges(net, lowest);
    progress.check()?;
    relax(net, original, lowest);
    if let Some(sizes) = sizes {
        sizes.tell(net, original);
    }
    Ok(())
}

/// A triangle lower than this could lose its area in a file of 32-bit coordinates.
fn min_altitude_mm(mesh: MeshRef<'_>) -> f64 {
    let [low, high] = bounds(mesh.vertices()).unwrap_or_default();
    let farthest = low.iter().chain(&high).fold(0.0_f64, |most, x| most.max(x.abs()));
    farthest * 4.0 * f64::from(f32::EPSILON)
}

fn refuse_too_many(mesh: MeshRef<'_>, asked: Remeshing) -> Result<(), RemeshError> {
    let of_one = 3.0_f64.sqrt() / 4.0 * asked.edge_length_mm.powi(2);
    let expected = area_mm2(mesh) / of_one;
    if expected <= asked.most_faces as f64 {
        return Ok(());
    }
    let (edge_length_mm, most) = (asked.edge_length_mm, asked.most_faces);
    Err(RemeshError::TooMany { edge_length_mm, expected: expected as usize, most })
}

fn refuse_pinched(mesh: MeshRef<'_>, net: &Net) -> Result<(), RemeshError> {
    let mut n_faces = vec![0; mesh.vertices().len()];
    for &vertex in mesh.faces().as_flattened() {
        n_faces[vertex as usize] += 1;
    }
    let mut spokes = Vec::new();
    let mut is_pinched = |vertex: usize| {
        net.spokes(vertex as u32, &mut spokes);
        spokes.len() != n_faces[vertex]
    };
    let n_vertices = (0..n_faces.len()).filter(|&vertex| is_pinched(vertex)).count();
    if n_vertices > 0 { Err(RemeshError::NotManifold { n_edges: 0, n_vertices }) } else { Ok(()) }
}

/// The mesh without faces that name a vertex twice; `None` where there are none.
fn without_collapsed(mesh: MeshRef<'_>) -> Option<TriMesh> {
    let is_whole = |&[a, b, c]: &[u32; 3]| a != b && b != c && c != a;
    if mesh.faces().iter().all(is_whole) {
        return None;
    }
    let whole = mesh.faces().iter().zip(mesh.kinds()).filter(|(face, _)| is_whole(face));
    let (faces, kinds) = whole.map(|(face, kind)| (*face, *kind)).unzip();
    Some(TriMesh { vertices: mesh.vertices().to_vec(), faces, kinds })
}
