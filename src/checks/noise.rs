//! Noise: the spread of values in small blocks that hold one tissue.
//!
//! After Christianson et al. 2015 (doi 10.2214/AJR.14.13613): the most frequent spread of many blocks
//! is that of the noise, since structure can only add to it.

use ndarray::{ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;

use super::sample::Sample;

/// One block of a slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Middle of the block, voxel index (i, j, k).
    pub centre_ijk: [f64; 3],
    /// Its mean, HU.
    pub mean_hu: f32,
    /// Spread about the plane that fits it best, HU.
    pub sd_hu: f32,
}

const EDGE_MM: f64 = 4.0;
/// Blocks with a mean in here are soft tissue or brain.
const SOFT_HU: [f32; 2] = [-20.0, 120.0];
const AIR_HU: [f32; 2] = [-1100.0, -900.0];

/// Measures blocks of soft tissue and of air, in the order of the voxels.
pub(super) fn blocks<T: Sample>(values: ArrayView3<'_, T>, spacing_mm: [f64; 2]) -> Vec<Block> {
    let edge = [0, 1].map(|axis| ((EDGE_MM / spacing_mm[axis]).round() as usize).clamp(5, 21));
    let slices: Vec<_> = values.axis_iter(Axis(0)).collect();
    let found: Vec<Vec<Block>> =
        slices.par_iter().enumerate().map(|(k, plane)| in_plane(plane, k, edge)).collect();
    found.into_iter().flatten().collect()
}

fn in_plane<T: Sample>(plane: &ArrayView2<'_, T>, k: usize, edge: [usize; 2]) -> Vec<Block> {
    let (nj, ni) = plane.dim();
    let within = |range: [f32; 2], mean: f32| mean >= range[0] && mean <= range[1];
    let mut found = Vec::new();
    for j in (0..(nj + 1).saturating_sub(edge[1])).step_by(edge[1]) {
        for i in (0..(ni + 1).saturating_sub(edge[0])).step_by(edge[0]) {
            // The middle decides first: most blocks need no more.
            let middle = plane[[j + edge[1] / 2, i + edge[0] / 2]].hu();
            if !(-1400.0..500.0).contains(&middle) {
                continue;
            }
            let block = plane.slice(ndarray::s![j..j + edge[1], i..i + edge[0]]);
            let (mean_hu, sd_hu) = about_plane(&block);
            if within(SOFT_HU, mean_hu) || within(AIR_HU, mean_hu) {
                let centre = |start: usize, edge: usize| start as f64 + (edge - 1) as f64 / 2.0;
                let centre_ijk = [centre(i, edge[0]), centre(j, edge[1]), k as f64];
                found.push(Block { centre_ijk, mean_hu, sd_hu });
            }
        }
    }
    found
}

/// Mean, and standard deviation about the least-squares plane.
fn about_plane<T: Sample>(block: &ArrayView2<'_, T>) -> (f32, f32) {
    let (rows, columns) = block.dim();
    let middle = [(columns - 1) as f64 / 2.0, (rows - 1) as f64 / 2.0];
    let (mut sum, mut square, mut x, mut y) = (0.0, 0.0, 0.0, 0.0);
    for ((j, i), value) in block.indexed_iter() {
        let hu = f64::from(value.hu());
        sum += hu;
        square += hu * hu;
        x += (i as f64 - middle[0]) * hu;
        y += (j as f64 - middle[1]) * hu;
    }
    let n = (rows * columns) as f64;
    // Σ (i − middle)² over the block, in closed form.
    let spread = |edge: usize, other: usize| {
        other as f64 * (edge as f64).mul_add((edge as f64).powi(2), -(edge as f64)) / 12.0
    };
    let explained = x * x / spread(columns, rows) + y * y / spread(rows, columns);
    let rest = (square - sum * sum / n - explained).max(0.0) / (n - 3.0);
    ((sum / n) as f32, rest.sqrt() as f32)
}

/// The most frequent spread among blocks: the middle of the shortest interval with a fifth of them.
pub fn mode_sd(blocks: impl Iterator<Item = f32>) -> Option<f64> {
    let mut spreads: Vec<f32> = blocks.collect();
    if spreads.len() < 30 {
        return None;
    }
    spreads.sort_unstable_by(f32::total_cmp);
    let width = spreads.len() / 5;
    let start = (0..spreads.len() - width).min_by(|a, b| {
        let length = |n: usize| spreads[n + width] - spreads[n];
        length(*a).total_cmp(&length(*b))
    })?;
    Some(f64::from(spreads[start + width / 2]))
}

/// Whether a block is soft tissue (otherwise air).
pub(super) fn is_soft(block: &Block) -> bool {
    block.mean_hu > -500.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// Numbers with a normal distribution, SD 1, from a fixed seed.
    fn normal(seed: usize) -> f64 {
        let uniform = |salt: u64| {
            let mut x = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt);
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        (-2.0 * uniform(1).max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * uniform(7)).cos()
    }

    #[test]
    fn noise_is_found_beside_edges_and_slopes() {
        for sd in [8.0, 25.0, 60.0] {
            let values = Array3::from_shape_fn((6, 120, 120), |(k, j, i)| {
                let anatomy = if (i / 30 + j / 30) % 3 == 0 { 900.0 } else { 30.0 + 0.3 * i as f64 };
                (anatomy + sd * normal((k * 120 + j) * 120 + i)) as f32
            });
            let blocks = blocks(values.view(), [0.5, 0.5]);
            let found =
                mode_sd(blocks.iter().filter(|block| is_soft(block)).map(|block| block.sd_hu)).unwrap();
            assert!((found / sd - 1.0).abs() < 0.07, "{sd}: {found}");
        }
    }
}
