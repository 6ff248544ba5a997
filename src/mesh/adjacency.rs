//! Which faces meet at a vertex, and which vertices are its neighbours.

use std::ops::Range;

use rayon::prelude::*;

use super::MeshRef;

/// Vertices or faces per parallel block; fixed, so that a result never depends on the number of threads.
const BLOCK: usize = 4096;
/// More threads than this only look at the same faces again.
const MOST_RANGES: usize = 8;

/// The faces around every vertex, in one flat list.
#[derive(Debug, Clone)]
pub struct VertexFaces {
    starts: Vec<u32>,
    faces: Vec<u32>,
}

impl VertexFaces {
    /// Sorts the corners of all faces by vertex; the faces of a vertex stand in ascending order.
    ///
    /// Every thread sorts those of its own vertices, and looks only at blocks of faces that have some.
    pub fn new(n_vertices: usize, faces: &[[u32; 3]]) -> Self {
        let n_ranges = if n_vertices < BLOCK { 1 } else { rayon::current_num_threads().min(MOST_RANGES) };
        let size = n_vertices.div_ceil(n_ranges).max(1);
        let spans: Vec<[u32; 2]> = faces.par_chunks(BLOCK).map(span).collect();
        let blocks_of = |vertices: Range<u32>| {
            let blocks = faces.chunks(BLOCK).zip(&spans).enumerate();
            blocks.filter(move |(_, (_, [low, high]))| *high >= vertices.start && *low < vertices.end)
        };
        let mut starts = vec![0_u32; n_vertices + 1];
        starts[1..].par_chunks_mut(size).enumerate().for_each(|(range, counts)| {
            let first = (range * size) as u32;
            for (_, (faces, _)) in blocks_of(first..first + counts.len() as u32) {
                for corner in faces.as_flattened() {
                    if let Some(count) = counts.get_mut(corner.wrapping_sub(first) as usize) {
                        *count += 1;
                    }
                }
            }
        });
        for vertex in 0..n_vertices {
            starts[vertex + 1] += starts[vertex];
        }
        let mut sorted = vec![0_u32; faces.len() * 3];
        let mut rest = &mut sorted[..];
        let mut own = Vec::with_capacity(n_ranges);
        for first in (0..n_vertices).step_by(size) {
            let end = (first + size).min(n_vertices);
            let (lists, others) = rest.split_at_mut((starts[end] - starts[first]) as usize);
            own.push((first, &starts[first..end], lists));
            rest = others;
        }
        own.into_par_iter().for_each(|(first, starts, lists)| {
            let mut next: Vec<u32> = starts.iter().map(|start| start - starts[0]).collect();
            let first = first as u32;
            for (block, (faces, _)) in blocks_of(first..first + starts.len() as u32) {
                for (face, corners) in (block * BLOCK..).zip(faces) {
                    for corner in corners {
                        if let Some(place) = next.get_mut(corner.wrapping_sub(first) as usize) {
                            lists[*place as usize] = face as u32;
                            *place += 1;
                        }
                    }
                }
            }
        });
        Self { starts, faces: sorted }
    }

    /// The faces around a vertex.
    #[inline]
    pub fn of(&self, vertex: usize) -> &[u32] {
        &self.faces[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }

    /// How many vertices there are.
    pub fn n_vertices(&self) -> usize {
        self.starts.len() - 1
    }
}

/// Lowest and highest vertex of some faces.
fn span(faces: &[[u32; 3]]) -> [u32; 2] {
    let corners = faces.as_flattened().iter();
    corners.fold([u32::MAX, 0], |[low, high], &corner| [low.min(corner), high.max(corner)])
}

/// One edge at a vertex: where it leads and how its faces see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoke {
    /// The vertex at the other end.
    pub to: u32,
    /// How many faces share the edge; 1 on a boundary, 2 inside.
    pub n_faces: u8,
    /// Whether faces of different kinds meet here.
    pub is_border: bool,
}

/// The edges at a vertex in ascending order of the other end.
///
/// `scratch` is memory to work in; its content does not matter.
pub fn spokes(
    mesh: MeshRef<'_>,
    around: &VertexFaces,
    vertex: u32,
    scratch: &mut Vec<(u32, u8)>,
    spokes: &mut Vec<Spoke>,
) {
    scratch.clear();
    for &face in around.of(vertex as usize) {
        let kind = mesh.kinds()[face as usize];
        for &corner in &mesh.faces()[face as usize] {
            if corner != vertex {
                scratch.push((corner, kind));
            }
        }
    }
    scratch.sort_unstable();
    spokes.clear();
    for &(to, kind) in scratch.iter() {
        match spokes.last_mut() {
            Some(last) if last.to == to => last.n_faces = last.n_faces.saturating_add(1),
            _ => spokes.push(Spoke { to, n_faces: 1, is_border: false }),
        }
        // Equal ends stand together in ascending kind: the first and the last kind tell.
        if let Some(last) = spokes.last_mut() {
            let first_kind = scratch[scratch.partition_point(|entry| entry.0 < to)].1;
            last.is_border |= kind != first_kind;
        }
    }
}

/// Faces around a vertex that is looked at in one piece.
const MOST_PLAIN: usize = 16;

/// The neighbours of a vertex whose faces are of one kind and of whose edges each has two faces that run
/// along it in opposite directions.
#[derive(Debug, Clone, Copy)]
pub struct PlainRing {
    ends: [u32; MOST_PLAIN],
    n: usize,
}

impl PlainRing {
    /// In ascending order.
    pub fn as_slice(&self) -> &[u32] {
        &self.ends[..self.n]
    }
}

/// The neighbours of a vertex where nothing special is; `None` where [`spokes`] has to tell.
pub fn plain_ring(mesh: MeshRef<'_>, around: &VertexFaces, vertex: u32) -> Option<PlainRing> {
    let faces = around.of(vertex as usize);
    let n = faces.len();
    let kind = mesh.kinds()[*faces.first()? as usize];
    let (mut after, mut before) = ([u32::MAX; MOST_PLAIN], [u32::MAX; MOST_PLAIN]);
    if n > MOST_PLAIN {
        return None;
    }
    for (place, &face) in faces.iter().enumerate() {
        let corners = &mesh.faces()[face as usize];
        if mesh.kinds()[face as usize] != kind {
            return None;
        }
        // Worked out rather than asked for: which corner it is cannot be guessed.
        let own = usize::from(corners[1] == vertex) | usize::from(corners[2] == vertex) << 1;
        (after[place], before[place]) = (corners[[1, 2, 0, 0][own]], corners[[2, 0, 1, 1][own]]);
    }
    sort_handful(&mut after, n);
    sort_handful(&mut before, n);
    let is_plain = after == before && after[..n].windows(2).all(|pair| pair[0] < pair[1]);
    (is_plain && !after[..n].contains(&vertex)).then_some(PlainRing { ends: after, n })
}

/// The first `n` in ascending order; what follows them is larger than all.
fn sort_handful(list: &mut [u32; MOST_PLAIN], n: usize) {
    match list.first_chunk_mut::<8>() {
        Some(eight) if n <= 8 => sort_eight(eight),
        _ => insert_in_order(&mut list[..n]),
    }
}

/// Sorts by fixed comparisons, so that the processor has nothing to guess (the network of 19 in Knuth, The
/// Art of Computer Programming, vol. 3, section 5.3.4).
#[inline]
fn sort_eight(list: &mut [u32; 8]) {
    macro_rules! compare {
        ($($a:literal $b:literal),*) => {
            $((list[$a], list[$b]) = (list[$a].min(list[$b]), list[$a].max(list[$b]));)*
        };
    }
    compare!(0 2, 1 3, 4 6, 5 7, 0 4, 1 5, 2 6, 3 7, 0 1, 2 3, 4 5, 6 7, 2 4, 3 5, 1 4, 3 6, 1 2, 3 4, 5 6);
}

/// Sorts a handful.
fn insert_in_order(list: &mut [u32]) {
    for end in 1..list.len() {
        let mut place = end;
        while place > 0 && list[place - 1] > list[place] {
            list.swap(place - 1, place);
            place -= 1;
        }
    }
}

/// A list of vertices for every vertex, flat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbours {
    /// Where the list of each vertex starts, and after the last one the end.
    pub starts: Vec<u32>,
    /// The lists, one after the other.
    pub indices: Vec<u32>,
}

impl Neighbours {
    /// Lists that `choose` fills for every vertex, in parallel.
    pub fn build<F>(n_vertices: usize, choose: F) -> Self
    where
        F: Fn(u32, &mut Vec<u32>) + Sync,
    {
        let blocks: Vec<(Vec<u32>, Vec<u32>)> = (0..n_vertices.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let range = block * BLOCK..((block + 1) * BLOCK).min(n_vertices);
                let (mut ends, mut indices) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK * 6));
                for vertex in range {
                    choose(vertex as u32, &mut indices);
                    ends.push(indices.len() as u32);
                }
                (ends, indices)
            })
            .collect();
        let mut starts = Vec::with_capacity(n_vertices + 1);
        let mut indices = Vec::with_capacity(blocks.iter().map(|block| block.1.len()).sum());
        starts.push(0);
        for (ends, found) in blocks {
            let offset = indices.len() as u32;
            starts.extend(ends.iter().map(|end| offset + end));
            indices.extend(found);
        }
        Self { starts, indices }
    }

    /// All neighbours of every vertex, in ascending order.
    pub fn of_mesh(mesh: MeshRef<'_>) -> Self {
        let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
        Self::build(mesh.vertices().len(), |vertex, list| {
            let start = list.len();
            for &face in around.of(vertex as usize) {
                list.extend(mesh.faces()[face as usize].iter().filter(|&&corner| corner != vertex));
            }
            list[start..].sort_unstable();
            let mut kept = start;
            for place in start..list.len() {
                if place == start || list[place] != list[kept - 1] {
                    list[kept] = list[place];
                    kept += 1;
                }
            }
            list.truncate(kept);
        })
    }

    /// The list of a vertex.
    #[inline]
    pub fn of(&self, vertex: usize) -> &[u32] {
        &self.indices[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    fn square() -> TriMesh {
        let vertices = vec![[0.0; 3], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
        TriMesh { vertices, faces: vec![[0, 1, 2], [0, 2, 3]], kinds: vec![0, 1] }
    }

    #[test]
    fn the_faces_of_many_vertices_stand_in_order() {
        let n = 10_000_u32;
        let faces: Vec<[u32; 3]> = (0..n).map(|at| [at, (at * 7 + 1) % n, (at * 13 + 5) % n]).collect();
        let around = VertexFaces::new(n as usize, &faces);
        let mut truth = vec![Vec::new(); n as usize];
        for (face, corners) in faces.iter().enumerate() {
            for &corner in corners {
                truth[corner as usize].push(face as u32);
            }
        }
        assert!((0..n as usize).all(|vertex| around.of(vertex) == truth[vertex]));
        assert_eq!(around.n_vertices(), n as usize);
        assert_eq!(VertexFaces::new(0, &[]).n_vertices(), 0);
    }

    #[test]
    fn a_network_that_sorts_zeros_and_ones_sorts_everything() {
        for bits in 0..256_u32 {
            let mut list = std::array::from_fn(|place| bits >> place & 1);
            sort_eight(&mut list);
            assert!(list.is_sorted(), "{bits:b}");
            assert_eq!(list.iter().sum::<u32>(), bits.count_ones());
        }
    }

    #[test]
    fn neighbours_of_two_triangles() {
        let neighbours = Neighbours::of_mesh(square().view());
        assert_eq!(neighbours.of(0), [1, 2, 3]);
        assert_eq!(neighbours.of(1), [0, 2]);
    }

    #[test]
    fn a_spoke_knows_its_faces_and_whether_kinds_change() {
        let mesh = square();
        let around = VertexFaces::new(4, &mesh.faces);
        let (mut scratch, mut found) = (Vec::new(), Vec::new());
        spokes(mesh.view(), &around, 0, &mut scratch, &mut found);
        assert_eq!(
            found,
            [
                Spoke { to: 1, n_faces: 1, is_border: false },
                Spoke { to: 2, n_faces: 2, is_border: true },
                Spoke { to: 3, n_faces: 1, is_border: false },
            ]
        );
    }

    #[test]
    fn a_plain_ring_is_what_the_spokes_say() {
        let faces = vec![[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]];
        let vertices = vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let ring = |faces: &[[u32; 3]], kinds: [u8; 4]| {
            let mesh = TriMesh {
                vertices: vertices.clone(),
                faces: faces.to_vec(),
                kinds: kinds[..faces.len()].to_vec(),
            };
            let around = VertexFaces::new(4, &mesh.faces);
            plain_ring(mesh.view(), &around, 0).map(|ring| ring.as_slice().to_vec())
        };
        assert_eq!(ring(&faces, [0; 4]), Some(vec![1, 2, 3]));
        assert_eq!(ring(&faces, [0, 0, 1, 0]), None, "kinds meet");
        assert_eq!(ring(&faces[..2], [0; 4]), None, "open");
        assert_eq!(ring(&[[0, 1, 2], [0, 3, 2], [0, 3, 1], [1, 3, 2]], [0; 4]), None, "not oriented");
        assert_eq!(ring(&[[0, 0, 1], [0, 1, 0]], [0; 4]), None, "no triangles");
    }
}
