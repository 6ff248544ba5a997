//! Connected patches of a surface where a value is low, and the least value that is more than noise.

use nalgebra::Vector3;

use super::normals::{face_normal, vertex_areas};
use crate::mesh::MeshRef;
use crate::mesh::forest::Forest;

/// Vertices that are tried first for the least value over an area, and by how many times more then.
const FEW: usize = 4096;
const MORE: usize = 8;

/// One patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// Its vertices, ascending.
    pub vertices: Vec<u32>,
    /// Its area, mm2.
    pub area_mm2: f64,
    /// The lowest value in it, and the vertex that has it.
    pub least: f64,
    /// Where the lowest value is.
    pub lowest_vertex: u32,
    /// Mean of the values, weighted by area.
    pub mean: f64,
    /// Mean of the positions, weighted by area, LPS mm.
    pub centre: [f64; 3],
}

/// Patches of vertices whose value is below a limit, joined along edges; largest area first.
pub fn patches(mesh: MeshRef<'_>, values: &[f64], below: f64, min_area_mm2: f64) -> Vec<Patch> {
    let areas = vertex_areas(mesh);
    let is_low = |vertex: u32| values[vertex as usize] < below;
    let mut forest = Forest::new(mesh.vertices().len());
    for &[a, b, c] in mesh.faces() {
        for (p, q) in [(a, b), (b, c), (c, a)] {
            if is_low(p) && is_low(q) {
                forest.join(p, q);
            }
        }
    }
    let (labels, n) = forest.labels();
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); n];
    for vertex in (0..mesh.vertices().len() as u32).filter(|&vertex| is_low(vertex)) {
        members[labels[vertex as usize] as usize].push(vertex);
    }
    let mut found: Vec<Patch> = members
        .into_iter()
        .filter(|vertices| !vertices.is_empty())
        .map(|vertices| of_vertices(mesh, values, &areas, vertices))
        .filter(|patch| patch.area_mm2 >= min_area_mm2)
        .collect();
    found.sort_by(|a, b| b.area_mm2.total_cmp(&a.area_mm2).then(a.vertices[0].cmp(&b.vertices[0])));
    found
}

fn of_vertices(mesh: MeshRef<'_>, values: &[f64], areas: &[f64], vertices: Vec<u32>) -> Patch {
    let (mut area, mut sum, mut middle) = (0.0, 0.0, Vector3::zeros());
    let mut lowest = vertices[0];
    for &vertex in &vertices {
        let place = vertex as usize;
        area += areas[place];
        sum += areas[place] * values[place];
        middle += Vector3::from(mesh.vertices()[place]) * areas[place];
        if values[place] < values[lowest as usize] {
            lowest = vertex;
        }
    }
    let scale = if area > 0.0 { 1.0 / area } else { 0.0 };
    Patch {
        area_mm2: area,
        least: values[lowest as usize],
        lowest_vertex: lowest,
        mean: sum * scale,
        centre: (middle * scale).into(),
        vertices,
    }
}

/// The least value that a connected patch of some area is below or at, and the vertex of that patch with
/// the lowest value; `None` where no patch of finite values is as large.
///
/// Vertices are added from the lowest value up; the first patch that is large enough ends it. Mostly a few
/// of the lowest do: so these are tried alone, then many times as many.
pub fn least_over_area(mesh: MeshRef<'_>, values: &[f64], min_area_mm2: f64) -> Option<(f64, u32)> {
    let mut order: Vec<u32> =
        (0..values.len() as u32).filter(|&vertex| values[vertex as usize].is_finite()).collect();
    let lower = |a: &u32, b: &u32| values[*a as usize].total_cmp(&values[*b as usize]).then(a.cmp(b));
    let mut n = FEW;
    loop {
        let is_all = n >= order.len();
        if !is_all {
            order.select_nth_unstable_by(n, lower);
        }
        let n_tried = n.min(order.len());
        let lowest = &mut order[..n_tried];
        lowest.sort_unstable_by(lower);
        let found = least_of(mesh, values, lowest, min_area_mm2);
        if found.is_some() || is_all {
            return found;
        }
        n *= MORE;
    }
}

/// The same with the vertices of these ranks only.
fn least_of(mesh: MeshRef<'_>, values: &[f64], ranked: &[u32], min_area_mm2: f64) -> Option<(f64, u32)> {
    const NONE: u32 = u32::MAX;
    let mut ranks = vec![NONE; values.len()];
    for (rank, &vertex) in ranked.iter().enumerate() {
        ranks[vertex as usize] = rank as u32;
    }
    let mut sums = vec![0.0; ranked.len()];
    // The higher rank first.
    let mut joins: Vec<(u32, u32)> = Vec::new();
    for (face, corners) in mesh.faces().iter().enumerate() {
        let own = corners.map(|corner| ranks[corner as usize]);
        if own == [NONE; 3] {
            continue;
        }
        let area = face_normal(mesh, face).1;
        for n in 0..3 {
            let (a, b) = (own[n], own[(n + 1) % 3]);
            if a != NONE {
                sums[a as usize] += area / 3.0;
                if b != NONE {
                    joins.push((a.max(b), a.min(b)));
                }
            }
        }
    }
    joins.sort_unstable();
    joins.dedup();
    let mut forest = Forest::new(ranked.len());
    let mut lowest: Vec<u32> = (0..ranked.len() as u32).collect();
    let mut next = joins.iter().peekable();
    for rank in 0..ranked.len() as u32 {
        while let Some(&(_, other)) = next.next_if(|join| join.0 == rank) {
            let (a, b) = (forest.find(rank) as usize, forest.find(other) as usize);
            if a != b {
                let (sum, low) = (sums[a] + sums[b], lowest[a].min(lowest[b]));
                forest.join(rank, other);
                let root = forest.find(rank) as usize;
                (sums[root], lowest[root]) = (sum, low);
            }
        }
        let root = forest.find(rank) as usize;
        if sums[root] >= min_area_mm2 {
            return Some((values[ranked[rank as usize] as usize], ranked[lowest[root] as usize]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::refine::refine;

    #[test]
    fn one_low_vertex_is_noise_and_a_low_side_is_not() {
        let plate = refine(cuboid([0.0; 3], [8.0, 8.0, 2.0]).view(), 0.6, 1_000_000).mesh;
        let mut values: Vec<f64> =
            plate.vertices.iter().map(|point| if point[0] == 0.0 { 1.0 } else { 5.0 }).collect();
        let spot = plate.vertices.iter().position(|point| point[0] > 3.0 && point[2] > 1.999).unwrap();
        values[spot] = 0.1;
        let (least, _) = least_over_area(plate.view(), &values, 1.0).unwrap();
        assert!((least - 1.0).abs() < 1e-12);
        let found = patches(plate.view(), &values, 2.0, 1.0);
        assert_eq!(found.len(), 1);
        // The side of 8 x 2 mm, and half of the faces beyond its edges.
        assert!(found[0].area_mm2 > 16.0 && found[0].area_mm2 < 24.0, "{}", found[0].area_mm2);
        assert_eq!(least_over_area(plate.view(), &values, 1e6), None);
    }
}
