//! Where two lids meet at an edge of the image box, a sample has a crossing towards each of them, all
//! at one place. They become one vertex, and the triangles between them are dropped.

use super::bits::Bits;
use super::layout::{Layout, crossings};
use crate::mesh::TriMesh;

/// Joins the lids of a closed surface.
pub(super) fn join_lids(mesh: &mut TriMesh, bits: &Bits, layout: &Layout) {
    let twins = twins(bits, layout);
    if twins.is_empty() {
        return;
    }
    let mut place: Vec<u32> = (0..mesh.vertices.len() as u32).collect();
    for &(gone, kept) in &twins {
        place[gone as usize] = kept;
    }
    let mut n_before = 0;
    let mut gone = twins.iter().map(|twin| twin.0).peekable();
    let mut moved = vec![0; place.len()];
    for (vertex, moved) in moved.iter_mut().enumerate() {
        *moved = vertex as u32 - n_before;
        n_before += u32::from(gone.next_if_eq(&(vertex as u32)).is_some());
    }
    let (mut kept_faces, mut kept_kinds) = (Vec::new(), Vec::new());
    for (face, &kind) in mesh.faces.iter().zip(&mesh.kinds) {
        let [a, b, c] = face.map(|vertex| moved[place[vertex as usize] as usize]);
        if a != b && b != c && c != a {
            kept_faces.push([a, b, c]);
            kept_kinds.push(kind);
        }
    }
    let mut is_gone = twins.iter().map(|twin| twin.0 as usize).peekable();
    let mut vertex = 0;
    mesh.vertices.retain(|_| {
        let stays = is_gone.next_if_eq(&vertex).is_none();
        vertex += 1;
        stays
    });
    (mesh.faces, mesh.kinds) = (kept_faces, kept_kinds);
}

/// Crossings that lie where another one of the same sample lies, and that other one; ascending.
fn twins(bits: &Bits, layout: &Layout) -> Vec<(u32, u32)> {
    let n = bits.n_samples();
    let mut twins = Vec::new();
    for sample in edge_samples(n) {
        if !bits.get(sample) {
            continue;
        }
        let mut lids = (0..3).flat_map(|axis| {
            let low = (sample[axis] == 1).then(|| with(sample, axis, 0));
            let high = (sample[axis] + 2 == n[axis]).then_some(sample);
            [low, high].into_iter().flatten().map(move |start| (start, axis))
        });
        let Some((start, axis)) = lids.next() else { continue };
        let kept = number(bits, layout, start, axis);
        twins.extend(lids.map(|(start, axis)| (number(bits, layout, start, axis), kept)));
    }
    twins.sort_unstable();
    twins
}

fn with(mut sample: [usize; 3], axis: usize, index: usize) -> [usize; 3] {
    sample[axis] = index;
    sample
}

/// The samples on the twelve edges of the image box, each once.
fn edge_samples(n: [usize; 3]) -> Vec<[usize; 3]> {
    let mut samples = Vec::new();
    for axis in 0..3 {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        for index in 1..n[axis] - 1 {
            for (low, high) in [(1, 1), (1, n[v] - 2), (n[u] - 2, 1), (n[u] - 2, n[v] - 2)] {
                let mut sample = [index; 3];
                (sample[u], sample[v]) = (low, high);
                samples.push(sample);
            }
        }
    }
    samples.sort_unstable();
    samples.dedup();
    samples
}

/// Number of the crossing on the edge that starts at a sample.
fn number(bits: &Bits, layout: &Layout, [i, j, k]: [usize; 3], axis: usize) -> u32 {
    let before: u32 = (0..=i / 64)
        .map(|n| {
            let word = crossings(bits, n, j, k)[axis];
            let kept = if n == i / 64 { word & ((1 << (i % 64)) - 1) } else { word };
            kept.count_ones()
        })
        .sum();
    layout.row(j, k).vertices[axis] + before
}
