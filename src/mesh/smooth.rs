//! Smoothing that does not shrink: Taubin's lambda-mu filter and the windowed sinc filter.
//!
//! Both are polynomials of the umbrella operator `K x = x - mean of the neighbours`. Everything is
//! kept as a displacement from the original position: displacements are small, so 32 bits hold
//! them to a fraction of a micrometre and half the memory passes by.
//!
//! Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995,
//! doi:10.1145/218380.218473; Taubin, Zhang and Golub, Optimal surface smoothing as filter design,
//! ECCV 1996, doi:10.1007/BFb0015544.

use std::sync::atomic::{AtomicBool, Ordering};

use nalgebra::Vector3;
use rayon::prelude::*;

use super::adjacency::{Spoke, VertexFaces, plain_ring, spokes};
use super::collapsed::restore_collapsed;
use super::hold_apart::hold_apart;
use super::measure::{doubled_area_vector, volume_of};
use super::umbrella::{Move, Umbrella};
use super::{FaceKind, MeshRef};
use crate::progress::{Cancelled, Progress};

const BLOCK: usize = 8192;

/// Lids are flat when the cosine between the normals of their faces is above this.
const FLAT: f64 = 1.0 - 1e-9;

/// How to smooth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Alternating positive and negative steps.
    Taubin,
    /// A Chebyshev expansion of an ideal low pass under a Hamming window.
    WindowedSinc,
}

/// What is asked of a smoothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoothing {
    /// How.
    pub method: Method,
    /// Passes over all vertices: the degree of the polynomial.
    pub n_passes: usize,
    /// Frequency from which the filter damps, 0 to 2 in units of the umbrella operator.
    pub passband: f64,
    /// Keep lids flat and their rims in the plane of the lid.
    pub is_lid_kept: bool,
    /// Hold vertices back where faces would cross.
    pub is_held_apart: bool,
}

/// Smoothed positions and what became of the shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// Positions, LPS mm, in the order of the input.
    pub vertices: Vec<[f64; 3]>,
    /// Vertices that stayed where they were: boundaries, edges that are not manifold, corners of lids.
    pub n_fixed: usize,
    /// Vertices that were held back because faces would have crossed.
    pub n_held: usize,
    /// Longest way of a vertex.
    pub max_displacement_mm: f64,
    /// Mean way of a vertex.
    pub mean_displacement_mm: f64,
    /// Signed volume before and after; `None` of a mesh with a boundary.
    pub volumes_mm3: Option<[f64; 2]>,
}

/// Smooths the positions of a mesh; its faces stay as they are.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn smooth(mesh: MeshRef<'_>, asked: Smoothing, progress: &Progress) -> Result<Smoothed, Cancelled> {
    progress.expect(asked.n_passes + 2);
    let stencil = Stencil::new(mesh, asked.is_lid_kept);
    progress.step()?;
    let filter = Filter { umbrella: &stencil.umbrella };
    let moves = match asked.method {
        Method::Taubin => filter.taubin(asked.n_passes, asked.passband, progress)?,
        Method::WindowedSinc => filter.windowed_sinc(asked.n_passes, asked.passband, progress)?,
    };
    let mut vertices = moved(mesh, &moves);
    let mut volumes = restore_collapsed(mesh, &mut vertices);
    let n_held = if asked.is_held_apart { hold_apart(mesh, &mut vertices, progress)? } else { 0 };
    if n_held > 0 {
        volumes[1] = volume_of(&vertices, mesh.faces());
    }
    let smoothed = Smoothed { n_held, ..describe(mesh, vertices, &stencil, volumes) };
    progress.step()?;
    Ok(smoothed)
}

/// Who is averaged for whom, and whether the mesh has no boundary.
struct Stencil {
    umbrella: Umbrella,
    is_closed: bool,
}

impl Stencil {
    fn new(mesh: MeshRef<'_>, is_lid_kept: bool) -> Self {
        let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
        let is_open = AtomicBool::new(false);
        let umbrella = Umbrella::build(mesh, |vertex, list| {
            if let Some(plain) = plain_ring(mesh, &around, vertex) {
                if !is_lid_kept || is_flat_lid(mesh, around.of(vertex as usize)) {
                    list.extend_from_slice(plain.as_slice());
                }
                return;
            }
            let (mut scratch, mut found) = (Vec::with_capacity(24), Vec::with_capacity(12));
            spokes(mesh, &around, vertex, &mut scratch, &mut found);
            if found.iter().any(|spoke| spoke.n_faces == 1) {
                is_open.store(true, Ordering::Relaxed);
            }
            choose(mesh, &around, vertex, &found, is_lid_kept, list);
        });
        let is_closed = !is_open.into_inner();
        Self { umbrella, is_closed }
    }
}

/// The neighbours that pull at a vertex.
fn choose(
    mesh: MeshRef<'_>,
    around: &VertexFaces,
    vertex: u32,
    found: &[Spoke],
    is_lid_kept: bool,
    list: &mut Vec<u32>,
) {
    if found.iter().any(|spoke| spoke.n_faces != 2) {
        return;
    }
    let is_rim = is_lid_kept && found.iter().any(|spoke| spoke.is_border);
    if is_lid_kept && !is_flat_lid(mesh, around.of(vertex as usize)) {
        return;
    }
    if !is_rim {
        list.extend(found.iter().map(|spoke| spoke.to));
    } else if found.iter().filter(|spoke| spoke.is_border).count() == 2 {
        list.extend(found.iter().filter(|spoke| spoke.is_border).map(|spoke| spoke.to));
    }
}

/// Whether the lids among these faces lie in one plane; true where there is none.
fn is_flat_lid(mesh: MeshRef<'_>, faces: &[u32]) -> bool {
    let mut first: Option<Vector3<f64>> = None;
    faces.iter().all(|&face| {
        let kind = mesh.kinds()[face as usize];
        if kind != FaceKind::Cap as u8 && kind != FaceKind::Cut as u8 {
            return true;
        }
        let Some(normal) = doubled_area_vector(mesh.corners(face as usize)).try_normalize(0.0) else {
            return true;
        };
        normal.dot(first.get_or_insert(normal)) > FLAT
    })
}

struct Filter<'a> {
    umbrella: &'a Umbrella,
}

impl Filter<'_> {
    fn taubin(&self, n_passes: usize, passband: f64, progress: &Progress) -> Result<Vec<Move>, Cancelled> {
        let lambda = 0.5;
        let mu = 1.0 / (passband - 1.0 / lambda);
        let (mut now, mut next) = (self.umbrella.zeros(), self.umbrella.zeros());
        for pass in 0..n_passes {
            let factor = Move::splat(if pass % 2 == 0 { lambda } else { mu } as f32);
            self.umbrella
                .sweep(&now, &mut next, move |own, pull, mean, _| own - factor * (pull + own - mean));
            std::mem::swap(&mut now, &mut next);
            progress.step()?;
        }
        Ok(now)
    }

    /// With `M = 1 - K / 2` the filter is `sum w_n T_n(M)` and its weights sum to 1, so that it moves
    /// `x` by `sum w_n (T_n(M) - 1) x`. As `T_n(m) - 1 = (m - 1) (n + 2 sum (n - k) T_k(m))`, that is a
    /// polynomial of `M` times the gradient, which is summed from its highest term down (Clenshaw, A note
    /// on the summation of Chebyshev series, 1955, doi:10.1090/S0025-5718-1955-0071856-0).
    fn windowed_sinc(
        &self,
        n_passes: usize,
        passband: f64,
        progress: &Progress,
    ) -> Result<Vec<Move>, Cancelled> {
        let weights = sinc_weights(n_passes, passband);
        let factor = |term: usize| -0.5 * term_of_quotient(&weights, term) as f32;
        let Some(highest) = n_passes.checked_sub(1) else { return Ok(self.umbrella.zeros()) };
        // Nothing stands above the highest term.
        let mut now = self.umbrella.gradient(factor(highest));
        let mut last = self.umbrella.zeros();
        progress.step()?;
        for term in (0..highest).rev() {
            let factor = Move::splat(factor(term));
            // Of the lowest term M itself is taken, of all others twice.
            let share = Move::splat(if term == 0 { 0.5 } else { 1.0 });
            // The slot before the last is read once and then holds the next one.
            self.umbrella.sweep(&now, &mut last, move |own, pull, mean, before| {
                factor * pull + share * (own + mean) - before
            });
            std::mem::swap(&mut now, &mut last);
            progress.step()?;
        }
        Ok(now)
    }
}

/// `(sum w_n T_n(m) - 1) / (m - 1)` as a sum of Chebyshev polynomials: the weight of one of them.
fn term_of_quotient(weights: &[f64], term: usize) -> f64 {
    let above = weights.iter().enumerate().skip(term + 1);
    let sum: f64 = above.map(|(n, weight)| (n - term) as f64 * weight).sum();
    if term == 0 { sum } else { 2.0 * sum }
}

/// Weights of the Chebyshev polynomials: an ideal low pass under a Hamming window, shifted until it
/// passes 1 at the passband, and scaled so that a constant stays what it is: nothing shrinks.
pub(crate) fn sinc_weights(n_passes: usize, passband: f64) -> Vec<f64> {
    let pass_angle = (1.0 - 0.5 * passband).acos();
    let weights = |shift: f64| -> Vec<f64> {
        (0..=n_passes)
            .map(|n| {
                let order = n as f64;
                let window = 0.54 + 0.46 * (order * std::f64::consts::PI / (n_passes as f64 + 1.0)).cos();
                let ideal = if n == 0 {
                    (pass_angle + shift) / std::f64::consts::PI
                } else {
                    2.0 * (order * (pass_angle + shift)).sin() / (order * std::f64::consts::PI)
                };
                window * ideal
            })
            .collect()
    };
    let response = |shift: f64, angle: f64| -> f64 {
        weights(shift).iter().enumerate().map(|(n, weight)| weight * (n as f64 * angle).cos()).sum()
    };
    // The response at the passband grows with the shift from about one half.
    let (mut low, mut high) = (0.0, (std::f64::consts::PI - pass_angle).min(8.0 / (n_passes as f64 + 1.0)));
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if response(middle, pass_angle) < response(middle, 0.0) { low = middle } else { high = middle }
    }
    let chosen = weights(high);
    let sum: f64 = chosen.iter().sum();
    chosen.iter().map(|weight| weight / sum).collect()
}

fn moved(mesh: MeshRef<'_>, moves: &[Move]) -> Vec<[f64; 3]> {
    let add = |(point, step): (&[f64; 3], &Move)| {
        let step = step.to_array();
        std::array::from_fn(|axis| point[axis] + f64::from(step[axis]))
    };
    mesh.vertices().par_iter().zip(moves).with_min_len(BLOCK).map(add).collect()
}

fn describe(mesh: MeshRef<'_>, vertices: Vec<[f64; 3]>, stencil: &Stencil, volumes: [f64; 2]) -> Smoothed {
    let blocks: Vec<(f64, f64)> = vertices
        .par_chunks(BLOCK)
        .zip(mesh.vertices().par_chunks(BLOCK))
        .map(|(new, old)| {
            new.iter().zip(old).fold((0.0_f64, 0.0), |(longest, sum), (p, q)| {
                let way = (0..3).map(|axis| (p[axis] - q[axis]).powi(2)).sum::<f64>().sqrt();
                (longest.max(way), sum + way)
            })
        })
        .collect();
    let (longest, sum) = blocks.iter().fold((0.0_f64, 0.0), |a, b| (a.0.max(b.0), a.1 + b.1));
    Smoothed {
        n_fixed: stencil.umbrella.n_fixed(),
        n_held: 0,
        max_displacement_mm: longest,
        mean_displacement_mm: sum / vertices.len().max(1) as f64,
        volumes_mm3: stencil.is_closed.then_some(volumes),
        vertices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_low_pass_keeps_constants_and_passes_one_at_the_passband() {
        for (n_passes, passband) in [(20, 0.1), (20, 0.01), (50, 0.001), (5, 0.5), (1, 0.1)] {
            let weights = sinc_weights(n_passes, passband);
            let at = |k: f64| -> f64 {
                let angle = (1.0 - 0.5 * k).acos();
                weights.iter().enumerate().map(|(n, w)| w * (n as f64 * angle).cos()).sum()
            };
            assert!((at(0.0) - 1.0).abs() < 1e-6, "{n_passes} {passband}");
            if n_passes >= 20 && passband >= 0.01 {
                assert!((at(passband) - 1.0).abs() < 1e-3, "{n_passes} {passband} {}", at(passband));
                assert!(at(1.5).abs() < 0.02, "{n_passes} {passband} {}", at(1.5));
            }
            // The quotient times what was divided by is what was divided.
            for k in [0.05, 0.7, 1.9_f64] {
                let angle = (1.0 - 0.5 * k).acos();
                let terms = (0..n_passes).map(|n| term_of_quotient(&weights, n) * (n as f64 * angle).cos());
                let product: f64 = -0.5 * k * terms.sum::<f64>();
                assert!((product - (at(k) - 1.0)).abs() < 1e-12, "{n_passes} {passband}");
            }
        }
    }
}
