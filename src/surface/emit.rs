//! Second pass: every slab writes its vertices and triangles to the place laid out for it.

use nalgebra::{Matrix3, Vector3};

use super::bits::{Bits, for_each_bit};
use super::cases::{CASES, INNER, LOOK};
use super::cube::{EDGES, axis};
use super::field::{Field, Sample, Side};
use super::inner::decide;
use super::layout::{Layout, crossings, for_each_cell};
use crate::geometry::Grid;
use crate::mesh::FaceKind;

/// From places counted with the layer around the image to LPS millimetres.
pub(super) struct Frame {
    origin: Vector3<f64>,
    steps: Matrix3<f64>,
    /// Whether corners must be swapped for the surface to face outwards.
    pub is_left_handed: bool,
    /// How far crossings stay off the samples, as a fraction of the step along i, j, k.
    pub margin: [f64; 3],
}

/// Least distance of a crossing from a sample, as a fraction of the step.
const LEAST_MARGIN: f64 = 1e-4;
/// The same in steps of a float32 at the far end of the image, so that an STL file keeps them apart.
const MARGIN_ULPS: f64 = 16.0;

impl Frame {
    /// The frame of a grid with `pad` layers around it. `None` when float32 cannot tell its samples
    /// apart.
    pub fn of(grid: &Grid, pad: usize) -> Option<Self> {
        let steps = grid.steps();
        let last = grid.dims_ijk().map(|n| (n - 1) as f64);
        let mut far = 0.0_f64;
        for corner in 0..8 {
            let ijk = std::array::from_fn(|axis| if corner >> axis & 1 == 1 { last[axis] } else { 0.0 });
            far = far.max(grid.lps_mm(nalgebra::Point3::from(ijk)).coords.amax());
        }
        let ulp = f64::from((far as f32).next_up() - far as f32);
        let margin: [f64; 3] =
            std::array::from_fn(|axis| LEAST_MARGIN.max(MARGIN_ULPS * ulp / steps.column(axis).norm()));
        let origin = grid.lps_from_ijk().fixed_view::<3, 1>(0, 3) - steps * Vector3::repeat(pad as f64);
        let is_left_handed = steps.determinant() < 0.0;
        margin.iter().all(|&margin| margin < 0.25).then_some(Self { origin, steps, is_left_handed, margin })
    }

    /// Where a place is, LPS mm.
    pub fn lps_mm(&self, ijk: [f64; 3]) -> [f64; 3] {
        (self.origin + self.steps * Vector3::from(ijk)).into()
    }

    /// The square of the distance of two places, mm².
    pub fn distance2(&self, a: [f64; 3], b: [f64; 3]) -> f64 {
        (self.steps * (Vector3::from(a) - Vector3::from(b))).norm_squared()
    }

    fn facing_out(&self, [a, b, c]: [u32; 3]) -> [u32; 3] {
        if self.is_left_handed { [a, c, b] } else { [a, b, c] }
    }
}

/// Where a slab writes.
pub(super) struct Slab<'m> {
    pub vertices: &'m mut [[f64; 3]],
    pub faces: &'m mut [[u32; 3]],
    pub kinds: &'m mut [u8],
}

/// Writes slab `k`.
pub(super) fn emit<T: Sample>(
    field: &Field<'_, T>,
    bits: &Bits,
    layout: &Layout,
    frame: &Frame,
    k: usize,
    slab: Slab<'_>,
) {
    let [first_vertex, first_face] = layout.slabs[k];
    for j in 0..bits.n_samples()[1] {
        let row = layout.row(j, k);
        let at = row.vertices.map(|place| place as usize - first_vertex);
        emit_crossings(field, bits, frame, [j, k], at, slab.vertices);
        let mut cells =
            Cells { field, frame, next: Counters::of(layout, bits, j, k), inner: row.vertices[3] };
        let mut face = row.triangles as usize - first_face;
        for_each_cell(bits, j, k, |i, inside| {
            let first_inner = cells.inner as usize - first_vertex;
            let made =
                cells.emit([i, j, k], inside, &mut slab.vertices[first_inner..], &mut slab.faces[face..]);
            cells.mark([i, j, k], inside, &slab.faces[face..face + made], &mut slab.kinds[face..face + made]);
            face += made;
            cells.next.advance(inside);
        });
    }
}

fn emit_crossings<T: Sample>(
    field: &Field<'_, T>,
    bits: &Bits,
    frame: &Frame,
    [j, k]: [usize; 2],
    mut at: [usize; 4],
    vertices: &mut [[f64; 3]],
) {
    for n in 0..bits.n_words() {
        for (axis, word) in crossings(bits, n, j, k).into_iter().enumerate() {
            for_each_bit(word, |bit| {
                let low = [64 * n + bit, j, k];
                let mut place = low.map(|index| index as f64);
                place[axis] += crossing(field, bits, frame, low, axis);
                vertices[at[axis]] = frame.lps_mm(place);
                at[axis] += 1;
            });
        }
    }
}

/// Where an edge is crossed, as a fraction from its lower end. At the border of the image that is the
/// last sample itself, so that the lid is flat and lies where the image ends.
fn crossing<T: Sample>(
    field: &Field<'_, T>,
    bits: &Bits,
    frame: &Frame,
    low: [usize; 3],
    axis: usize,
) -> f64 {
    let mut high = low;
    high[axis] += 1;
    let from_low = bits.get(low);
    let (inside, outside) = if from_low { (low, high) } else { (high, low) };
    let is_border = field.pad > 0 && (outside[axis] == 0 || outside[axis] + 1 == field.n_samples()[axis]);
    let t = if is_border { 0.0 } else { field.crossing(inside, outside, frame.margin[axis]) };
    if from_low { t } else { 1.0 - t }
}

/// The number of the next crossing on each kind of edge around the cells of a row.
struct Counters {
    i: [u32; 4],
    j: [u32; 2],
    k: [u32; 2],
}

impl Counters {
    fn of(layout: &Layout, bits: &Bits, j: usize, k: usize) -> Self {
        let [_, nj, nk] = bits.n_samples();
        let place = |axis: usize, j: usize, k: usize| {
            if j < nj && k < nk { layout.row(j, k).vertices[axis] } else { 0 }
        };
        Self {
            i: [place(0, j, k), place(0, j + 1, k), place(0, j, k + 1), place(0, j + 1, k + 1)],
            j: [place(1, j, k), place(1, j, k + 1)],
            k: [place(2, j, k), place(2, j + 1, k)],
        }
    }

    /// The vertices on the twelve edges of the cell; those of edges that are not crossed mean nothing.
    fn vertices(&self, inside: u8) -> [u32; 12] {
        let crossed = |edge: usize| u32::from(is_crossed(inside, edge));
        let [a, b, c, d] = self.i;
        let ([e, f], [g, h]) = (self.j, self.k);
        [a, b, c, d, e, e + crossed(4), f, f + crossed(6), g, g + crossed(8), h, h + crossed(10)]
    }

    /// Goes on to the next cell of the row.
    fn advance(&mut self, inside: u8) {
        let crossed = |edge: usize| u32::from(is_crossed(inside, edge));
        for n in 0..4 {
            self.i[n] += crossed(n);
        }
        for n in 0..2 {
            self.j[n] += crossed(4 + 2 * n);
            self.k[n] += crossed(8 + 2 * n);
        }
    }
}

fn is_crossed(inside: u8, edge: usize) -> bool {
    let [a, b] = EDGES[edge];
    (inside >> a ^ inside >> b) & 1 == 1
}

/// The cells of one row.
struct Cells<'a, 'f, T> {
    field: &'a Field<'f, T>,
    frame: &'a Frame,
    next: Counters,
    /// Number of the next vertex inside a cell.
    inner: u32,
}

impl<T: Sample> Cells<'_, '_, T> {
    /// Writes the triangles of a cell and the vertices inside it; returns the number of triangles.
    fn emit(
        &mut self,
        cell: [usize; 3],
        inside: u8,
        inner: &mut [[f64; 3]],
        faces: &mut [[u32; 3]],
    ) -> usize {
        let on_edges = self.next.vertices(inside);
        if CASES.quick[usize::from(inside)] != LOOK {
            let triangles = &CASES.get(inside, 0).triangles;
            for (face, triangle) in faces.iter_mut().zip(triangles) {
                *face = self.frame.facing_out(triangle.map(|edge| on_edges[usize::from(edge)]));
            }
            return triangles.len();
        }
        let decided = decide(inside, &self.field.corners(cell), self.field.is_lid(cell));
        let patch = decided.patch(&self.crossings(cell, inside));
        for (place, offset) in inner.iter_mut().zip(&patch.inner) {
            *place = self.frame.lps_mm(std::array::from_fn(|axis| cell[axis] as f64 + offset[axis]));
        }
        let first_inner = self.inner;
        let number = |corner: u8| match corner.checked_sub(INNER) {
            Some(n) => first_inner + u32::from(n),
            None => on_edges[usize::from(corner)],
        };
        for (face, triangle) in faces.iter_mut().zip(&patch.triangles) {
            *face = self.frame.facing_out(triangle.map(number));
        }
        self.inner += patch.inner.len() as u32;
        patch.triangles.len()
    }

    fn crossings(&self, cell: [usize; 3], inside: u8) -> [f64; 12] {
        std::array::from_fn(|edge| {
            if !is_crossed(inside, edge) {
                return 0.5;
            }
            let [low, high] = EDGES[edge].map(|corner| sample(cell, corner));
            let margin = self.frame.margin[axis(edge)];
            if inside >> EDGES[edge][0] & 1 == 1 {
                self.field.crossing(low, high, margin)
            } else {
                1.0 - self.field.crossing(high, low, margin)
            }
        })
    }

    /// Marks the triangles that close the surface where the image or the mask ends.
    fn mark(&self, cell: [usize; 3], inside: u8, faces: &[[u32; 3]], kinds: &mut [u8]) {
        if self.field.is_lid(cell) {
            kinds.fill(FaceKind::Cap as u8);
            return;
        }
        if !self.field.may_end_inside() {
            return;
        }
        let ends = self.ends(cell, inside);
        for (kind, face) in kinds.iter_mut().zip(faces) {
            if let Some(end) = ends.iter().find(|end| face.contains(&end.0)) {
                *kind = end.1 as u8;
            }
        }
    }

    /// The vertices of a cell that lie where the mask or the image ends, and which of the two.
    #[inline(never)] // rare; and kept apart from the loop, in which it would be unrolled without end
    fn ends(&self, cell: [usize; 3], inside: u8) -> Vec<(u32, FaceKind)> {
        let why = |corner: u8| match self.field.side(sample(cell, corner)) {
            Side::Masked => FaceKind::Cut,
            Side::Missing => FaceKind::Cap,
            Side::Inside | Side::Outside => FaceKind::Surface,
        };
        let whys: Vec<FaceKind> = (0..8).map(why).collect();
        if whys.iter().all(|&why| why == FaceKind::Surface) {
            return Vec::new();
        }
        let on_edges = self.next.vertices(inside);
        let mut ends = Vec::new();
        for edge in (0..12).filter(|&edge| is_crossed(inside, edge)) {
            let [a, b] = EDGES[edge];
            let outside = if inside >> a & 1 == 0 { a } else { b };
            let why = whys[usize::from(outside)];
            if why != FaceKind::Surface {
                ends.push((on_edges[edge], why));
            }
        }
        ends
    }
}

fn sample(cell: [usize; 3], corner: u8) -> [usize; 3] {
    std::array::from_fn(|axis| cell[axis] + usize::from(corner >> axis & 1))
}
