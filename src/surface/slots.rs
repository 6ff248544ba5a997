//! Pieces made side by side are put behind one another, side by side.

use rayon::prelude::*;

/// Divides a list into pieces of these sizes, one after the other.
pub(super) fn slots<T>(mut rest: &mut [T], sizes: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    sizes
        .map(|size| {
            let slot;
            (slot, rest) = std::mem::take(&mut rest).split_at_mut(size);
            slot
        })
        .collect()
}

/// All pieces as one list.
pub(super) fn join<T: Copy + Default + Send + Sync>(pieces: &[Vec<T>]) -> Vec<T> {
    let mut all = vec![T::default(); pieces.iter().map(Vec::len).sum()];
    let slots = slots(&mut all, pieces.iter().map(Vec::len));
    slots.into_par_iter().zip(pieces).for_each(|(slot, piece)| slot.copy_from_slice(piece));
    all
}

#[cfg(test)]
mod tests {
    #[test]
    fn pieces_stand_in_their_order() {
        assert_eq!(super::join(&[vec![1, 2], vec![], vec![3]]), [1, 2, 3]);
        assert!(super::join::<u8>(&[]).is_empty());
    }
}
