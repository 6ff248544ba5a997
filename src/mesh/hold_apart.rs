//! Vertices on their way from one place to another are held back where faces would cross.

use super::adjacency::VertexFaces;
use super::self_intersection::Crossings;
use super::trimesh::MeshRef;
use crate::progress::{Cancelled, Progress};

/// So often the vertices of faces that cross go half of their way back; after that all of it.
const N_HALVINGS: usize = 3;
const MOST_ROUNDS: usize = 12;

/// Moves vertices back towards where they are in `mesh` until faces cross only where they do there; how
/// many were held.
///
/// # Errors
/// [`Cancelled`].
pub fn hold_apart(
    mesh: MeshRef<'_>,
    moved: &mut [[f64; 3]],
    progress: &Progress,
) -> Result<usize, Cancelled> {
    let around = VertexFaces::new(moved.len(), mesh.faces());
    let search = Crossings::on_the_way(mesh, moved, &around);
    let mut pairs = search.all(mesh.at(moved), progress)?;
    if pairs.is_empty() {
        return Ok(0);
    }
    let mut is_held = vec![false; moved.len()];
    for round in 0..MOST_ROUNDS {
        let mut vertices = corners_of(mesh, pairs.as_flattened());
        if round >= N_HALVINGS {
            // What is put back must not meet what is not.
            for _ in N_HALVINGS..round {
                vertices = corners_of(mesh, &faces_around(&around, &vertices));
            }
        }
        let share = if round < N_HALVINGS { 0.5 } else { 0.0 };
        for &vertex in &vertices {
            let (place, from) = (&mut moved[vertex as usize], mesh.vertices()[vertex as usize]);
            for axis in 0..3 {
                place[axis] = from[axis] + share * (place[axis] - from[axis]);
            }
            is_held[vertex as usize] = true;
        }
        pairs = search.of(mesh.at(moved), &faces_around(&around, &vertices));
        progress.check()?;
        if pairs.is_empty() {
            break;
        }
    }
    Ok(is_held.into_iter().filter(|&is_held| is_held).count())
}

fn corners_of(mesh: MeshRef<'_>, faces: &[u32]) -> Vec<u32> {
    sorted(faces.iter().flat_map(|&face| mesh.faces()[face as usize]).collect())
}

fn faces_around(around: &VertexFaces, vertices: &[u32]) -> Vec<u32> {
    sorted(vertices.iter().flat_map(|&vertex| around.of(vertex as usize).iter().copied()).collect())
}

fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::self_intersection::self_intersections;

    #[test]
    fn a_wall_that_is_pushed_through_another_stops_before_it() {
        // Two boxes 1 mm apart; the side of the first that looks at the second moves 3 mm towards it.
        let mut mesh = cuboid([0.0; 3], [2.0; 3]);
        let other = cuboid([3.0, 0.0, 0.0], [2.0; 3]);
        let n = mesh.vertices.len() as u32;
        mesh.vertices.extend(&other.vertices);
        mesh.faces.extend(other.faces.iter().map(|face| face.map(|corner| corner + n)));
        mesh.kinds.extend(&other.kinds);
        let mut moved = mesh.vertices.clone();
        for point in moved.iter_mut().filter(|point| (point[0] - 2.0).abs() < 1e-9) {
            // Within the height of the other box, so that faces cross and do not only touch.
            *point = [4.5, point[1] * 0.8 + 0.2, point[2] * 0.8 + 0.2];
        }
        let progress = Progress::default();
        assert!(!self_intersections(mesh.view().at(&moved), &progress).unwrap().is_empty());
        let n_held = hold_apart(mesh.view(), &mut moved, &progress).unwrap();
        assert!(n_held >= 4);
        assert!(self_intersections(mesh.view().at(&moved), &progress).unwrap().is_empty());
        let mut still = mesh.vertices.clone();
        assert_eq!(hold_apart(mesh.view(), &mut still, &progress), Ok(0));
        assert_eq!(still, mesh.vertices);
    }
}
