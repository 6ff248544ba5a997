//! A label map with a layer of background around it.

use ndarray::ArrayView3;

/// A voxel type that holds labels.
pub trait Label: Copy + Default + Send + Sync + PartialEq + Into<u16> + 'static {}

impl Label for u8 {}
impl Label for u16 {}

/// The labels; indices count the layer around.
#[derive(Clone, Copy)]
pub(super) struct Labels<'a, T> {
    pub values: ArrayView3<'a, T>,
}

impl<T: Label> Labels<'_, T> {
    /// Cells along i, j and k: one more than samples of the image.
    pub fn n_cells(&self) -> [usize; 3] {
        let (nk, nj, ni) = self.values.dim();
        [ni + 1, nj + 1, nk + 1]
    }

    /// The label of a sample; background in the layer around.
    pub fn at(&self, ijk: [usize; 3]) -> u16 {
        let [i, j, k] = ijk.map(|n| n.wrapping_sub(1));
        self.values.get([k, j, i]).map_or(0, |&label| label.into())
    }

    /// The labels of the eight corners of a cell.
    pub fn corners(&self, [i, j, k]: [usize; 3]) -> [u16; 8] {
        std::array::from_fn(|corner| self.at([i + (corner & 1), j + (corner >> 1 & 1), k + (corner >> 2)]))
    }

    /// The same, background where there is no such cell.
    pub fn corners_or_none(&self, cell: [usize; 3]) -> [u16; 8] {
        let n = self.n_cells();
        if (0..3).all(|axis| cell[axis] < n[axis]) { self.corners(cell) } else { [0; 8] }
    }

    /// The corners of a cell that are samples of the image, one bit each.
    pub fn imaged(&self, cell: [usize; 3]) -> u8 {
        let n = self.n_cells();
        let is_imaged = |corner: u8| {
            (0..3).all(|axis| {
                let at = cell[axis] + usize::from(corner >> axis & 1);
                (1..n[axis]).contains(&at)
            })
        };
        (0..8).filter(|&corner| is_imaged(corner)).map(|corner| 1 << corner).sum()
    }
}

/// The cell on the other side of a face; out of range where there is none.
pub(super) fn across(mut cell: [usize; 3], face: usize) -> [usize; 3] {
    let at = &mut cell[face / 2];
    *at = if face.is_multiple_of(2) { at.wrapping_sub(1) } else { *at + 1 };
    cell
}
