//! The parts of a mesh: faces that share vertices.

use nalgebra::Vector3;

use super::MeshRef;
use super::forest::Forest;

/// For each face the number of its part; parts are counted in the order of their first faces.
pub fn parts_of_faces(mesh: MeshRef<'_>) -> Vec<u32> {
    let mut sets = Forest::new(mesh.vertices().len());
    for &[a, b, c] in mesh.faces() {
        sets.join(a, b);
        sets.join(a, c);
    }
    let mut numbers = vec![u32::MAX; mesh.vertices().len()];
    let mut n_parts = 0;
    mesh.faces()
        .iter()
        .map(|face| {
            let number = &mut numbers[sets.find(face[0]) as usize];
            if *number == u32::MAX {
                *number = n_parts;
                n_parts += 1;
            }
            *number
        })
        .collect()
}

/// Signed volume enclosed by each part, mm³: positive for a body, negative for a void in one.
///
/// `numbers` is what [`parts_of_faces`] returned. Measured from the first corner of each part, so that
/// a part far from the origin loses no digits.
pub fn part_volumes_mm3(mesh: MeshRef<'_>, numbers: &[u32]) -> Vec<f64> {
    let n_parts = numbers.iter().max().map_or(0, |&last| last as usize + 1);
    let mut parts = vec![(None, 0.0); n_parts];
    for (face, &number) in numbers.iter().enumerate() {
        let [a, b, c] = mesh.corners(face).map(Vector3::from);
        let (start, volume) = &mut parts[number as usize];
        let start = *start.get_or_insert(a);
        *volume += (a - start).dot(&(b - start).cross(&(c - start))) / 6.0;
    }
    parts.into_iter().map(|(_, volume)| volume).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    #[test]
    fn a_body_counts_positive_and_a_void_negative_wherever_they_lie() {
        let corner = |x: f64| [[x, x, x], [x + 1.0, x, x], [x, x + 1.0, x], [x, x, x + 1.0]];
        let out = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]];
        let turned = out.map(|[a, b, c]: [u32; 3]| [a + 4, c + 4, b + 4]);
        let mesh = TriMesh::imaged([corner(1e5), corner(-7.0)].concat(), [out, turned].concat());
        let volumes = part_volumes_mm3(mesh.view(), &parts_of_faces(mesh.view()));
        assert!((volumes[0] - 1.0 / 6.0).abs() < 1e-9 && (volumes[1] + 1.0 / 6.0).abs() < 1e-9);
    }

    #[test]
    fn parts_are_counted_by_their_first_faces() {
        let mesh = TriMesh::imaged(vec![[0.0; 3]; 9], vec![[6, 7, 8], [0, 1, 2], [3, 4, 5], [2, 3, 0]]);
        assert_eq!(parts_of_faces(mesh.view()), [0, 1, 1, 1]);
    }
}
