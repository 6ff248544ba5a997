//! The parts of a mesh: faces that share vertices.

use super::MeshRef;

/// For each face the number of its part; parts are counted in the order of their first faces.
pub fn parts_of_faces(mesh: MeshRef<'_>) -> Vec<u32> {
    let mut parents: Vec<u32> = (0..mesh.vertices().len() as u32).collect();
    for &[a, b, c] in mesh.faces() {
        join(&mut parents, a, b);
        join(&mut parents, a, c);
    }
    let mut numbers = vec![u32::MAX; parents.len()];
    let mut n_parts = 0;
    mesh.faces()
        .iter()
        .map(|face| {
            let number = &mut numbers[root(&mut parents, face[0]) as usize];
            if *number == u32::MAX {
                *number = n_parts;
                n_parts += 1;
            }
            *number
        })
        .collect()
}

fn root(parents: &mut [u32], vertex: u32) -> u32 {
    let mut place = vertex;
    while parents[place as usize] != place {
        let above = parents[parents[place as usize] as usize];
        parents[place as usize] = above;
        place = above;
    }
    place
}

/// The lower root wins, so that the result does not depend on the order of the faces.
fn join(parents: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b) as usize] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    #[test]
    fn parts_are_counted_by_their_first_faces() {
        let mesh = TriMesh::imaged(vec![[0.0; 3]; 9], vec![[6, 7, 8], [0, 1, 2], [3, 4, 5], [2, 3, 0]]);
        assert_eq!(parts_of_faces(mesh.view()), [0, 1, 1, 1]);
    }
}
