//! What makes the place of an edge uncertain: noise, voxels, and a bend that is not even.

use super::edge::{EdgeMethod, Scan};
use super::normal::ROOT_TAU;
use super::quiet::{self, Noise};

/// Part of the correction for curvature that may be wrong.
const BEND_LEFT: f64 = 0.1;
/// Lean from where to where the surface is taken for flat beside a sharp edge: half of the correction stays.
const FLAT: [f64; 2] = [0.08, 0.2];
const KEPT: f64 = 0.5;
/// Lean up to where the doubt grows, and the part of the correction that may be wrong then; and what comes on
/// top where the image is bent by more than these parts of the blur, as at the edge itself.
const LEANING: f64 = 0.015;
const DOUBT: f64 = 0.6;
/// So many standard deviations of a lean say nothing.
const BY_CHANCE: f64 = 1.5;
const BENT: [f64; 2] = [0.15, 0.25];
const DOUBT_BENT: f64 = 1.0;

/// How far the imaged edge leans against the mesh, and how much it bends.
///
/// Along the flat side of a body with sharp edges both plateaus fall off towards the edge alike: the image
/// leans and bends there, but midway between them stays where it is, and there is nothing to correct. Where
/// the surface is bent evenly the image looks the same way as the mesh.
pub(super) struct Lean {
    /// Tangent of the angle between the slope of the image and the normal, beyond what chance does.
    pub tangent: f64,
    /// The correction for curvature in units of the blur.
    pub bend_sigmas: f64,
}

impl Lean {
    /// How much of the correction is made.
    pub fn kept(&self) -> f64 {
        1.0 - (1.0 - KEPT) * ramp(self.tangent, FLAT)
    }

    /// How much of the correction may be wrong.
    pub fn doubt(&self) -> f64 {
        let share = ramp(self.tangent, [0.0, LEANING]);
        BEND_LEFT.hypot(share * DOUBT.hypot(DOUBT_BENT * ramp(self.bend_sigmas, BENT)))
    }
}

/// From 0 to 1 between two values.
fn ramp(value: f64, [low, high]: [f64; 2]) -> f64 {
    ((value - low) / (high - low)).clamp(0.0, 1.0)
}

/// Between voxels the noise of an interpolated profile is this much less than that of the voxels.
const NOISE_BETWEEN: f64 = 2.2;
/// In smoothed images scatter is so much larger than theory has it for noise.
const ABOVE_THEORY: f64 = 1.15;

/// What makes the place of an edge uncertain; the factors were measured, see docs/metrics.md.
pub(super) struct Spread {
    pub noise: f64,
    pub drop: f64,
    pub sigma: f64,
    pub voxel_mm: f64,
}

impl Spread {
    /// Standard deviation from noise, mm.
    pub fn random(&self, scan: &Scan, place_variance: f64, reach: f64) -> f64 {
        if let Some(alike_mm) = scan.alike_mm {
            return self.smoothed(scan, alike_mm, place_variance, reach);
        }
        let white = self.white(scan, place_variance);
        // What noise the fit follows is not in what it leaves; that of the voxels has all of it.
        let alike = scan.alike.filter(|_| scan.method == EdgeMethod::HalfMaximum);
        let coloured = |noise: Noise| {
            Self { noise: noise.sd, ..*self }.smoothed(scan, noise.alike_mm, place_variance, reach)
        };
        white.max(alike.map_or(0.0, coloured))
    }

    /// The same where voxels know nothing of each other.
    fn white(&self, scan: &Scan, place_variance: f64) -> f64 {
        match scan.method {
            // Samples are closer than voxels, and no more independent than these.
            EdgeMethod::HalfMaximum => {
                let per_voxel = (self.voxel_mm / scan.step_mm).max(1.0);
                NOISE_BETWEEN * self.noise * (place_variance * per_voxel).sqrt()
            }
            EdgeMethod::GradientMaximum => 10.0 * self.noise / self.drop * self.sigma.powi(2) / self.voxel_mm,
        }
    }

    /// The same where noise is known to be alike nearby, as in an image that was smoothed: 15 % above what
    /// theory says of the fit, or of the steepest place, and of the curvature that is read `reach` away.
    fn smoothed(&self, scan: &Scan, alike_mm: f64, place_variance: f64, reach: f64) -> f64 {
        let (share, alike_mm2) = (self.noise / self.drop, alike_mm.powi(2));
        let of_edge = match scan.method {
            EdgeMethod::HalfMaximum => {
                let alike = quiet::ALIKE_SIGMAS * alike_mm;
                self.noise * (place_variance * alike / scan.step_mm).sqrt()
            }
            // Second derivative of the noise over third derivative of the edge, both through the bell that
            // slopes are read with.
            EdgeMethod::GradientMaximum => {
                let read = scan.read_mm2();
                let seen = alike_mm2 + read;
                let bent = (0.75_f64).sqrt() * share * (alike_mm2 / seen).powf(0.25) / seen;
                bent * ROOT_TAU * (self.sigma.powi(2) + read).powf(1.5)
            }
        };
        // Three values in each of two directions, of which the middle one counts twice.
        let of_bend = if scan.is_curvature_corrected {
            3.0_f64.sqrt() * share * ROOT_TAU * self.sigma.powi(3) / (reach * reach)
        } else {
            0.0
        };
        ABOVE_THEORY * of_edge.hypot(of_bend)
    }

    /// Tangent of the angle between slope and normal, less what noise and voxels make of it by chance.
    pub fn lean(&self, scan: &Scan, cosine: f64) -> f64 {
        let fall = self.drop / (ROOT_TAU * self.sigma);
        // Slopes are read over two voxels; noise that is alike over so much drops out.
        let apart = scan.alike_mm.map_or(1.0, |mm| 1.0 - (-(scan.voxel_mm / mm).powi(2)).exp());
        let chance = (apart.sqrt() * self.noise / fall).hypot(self.between(scan.method)) / scan.voxel_mm;
        ((1.0 - cosine * cosine).max(0.0).sqrt() / cosine - BY_CHANCE * chance).max(0.0)
    }

    /// Standard deviation from where the voxels lie in the edge, mm.
    pub fn between(&self, method: EdgeMethod) -> f64 {
        let fine = (self.sigma / self.voxel_mm).powi(2);
        let (most, decay) = match method {
            EdgeMethod::HalfMaximum => (0.085, 2.2),
            EdgeMethod::GradientMaximum => (0.11, 1.3),
        };
        most * self.voxel_mm * (-decay * fine).exp()
    }
}
