//! The noise of the voxels, and a quieter copy of those around a surface.
//!
//! Where the noise between two voxels is not small against the slope of an edge, the steepest place of a
//! profile is one of the noise, the edge falls to pieces, and the piece nearest to the mesh is taken. A
//! known blur of Gauss on top of the image averages over neighbours in all three directions; what it
//! adds to the blur of the scan is known exactly, and is taken out of it.

use nalgebra::{Matrix3, Matrix4, Point3, Vector3};
use ndarray::{Array3, ArrayView3, s};

use super::curvature;
use crate::geometry::Grid;
use crate::progress::{Cancelled, Progress};
use crate::segment::{Value, gaussian};

/// Places along a normal where noise is read, mm: beside the edge, inside and outside.
const BESIDE_MM: [f64; 4] = [-4.0, -2.5, 2.5, 4.0];
/// Second differences of white noise have that many variances of it.
const DIFFERENCES: f64 = 6.0;
/// Below this quantile of their sizes, few have an edge in them; of normal ones it lies so many standard
/// deviations from zero.
const QUANTILE: f64 = 0.3;
const AT_QUANTILE: f64 = 0.385_320_5;
/// Fall from voxel to voxel over noise, from which on an edge is found without smoothing, and how large it
/// is wanted.
const STEEP: f64 = 9.0;
const WANTED: f64 = 40.0;
/// How much larger it is once smoothed by a voxel; more grows as the power 2.5.
const GAIN: f64 = 8.0;
const POWER: f64 = 2.5;
/// Least and most smoothing, voxels.
const RANGE: [f64; 2] = [0.7, 2.0];
/// White noise averaged by a bell of Gauss is alike over that many standard deviations: 2 sqrt(pi).
pub(super) const ALIKE_SIGMAS: f64 = 3.544_907_7;
/// Farthest that noise of voxels is believed to be alike: standard deviation of a bell, voxels.
const MOST_ALIKE: f64 = 1.5;
/// Squared noise of neighbours over that of others, from which on all are taken to know nothing of each other.
const WHITE: f64 = 0.85;
/// Alike over so much of a voxel is alike over nothing.
const ALONE: f64 = 1.05;
const HALVINGS: usize = 20;
/// A sampled bell ends at so many standard deviations, as the filter has it.
const REACH_SIGMAS: f64 = 4.0;

/// What smoothing does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Smoothing {
    /// Standard deviation, mm; 0 where the image is taken as it is.
    pub sigma_mm: f64,
    /// The covariance that it adds to the blur, mm2.
    pub added_mm2: Matrix3<f64>,
    /// Noise that is left of that of voxels that know nothing of each other.
    pub left: f64,
    sigma_ijk: [f64; 3],
}

impl Smoothing {
    /// The image as it is.
    pub fn none() -> Self {
        Self { sigma_mm: 0.0, added_mm2: Matrix3::zeros(), left: 1.0, sigma_ijk: [0.0; 3] }
    }

    /// As much as an edge needs that falls by `fall` per mm; none where it is steep.
    pub fn needed(grid: &Grid, fall: f64, noise: Noise) -> Self {
        let voxel_mm = grid.voxel_volume_mm3().cbrt();
        let steepness = fall * voxel_mm / noise.sd.max(1e-12);
        if steepness >= STEEP || fall <= 0.0 {
            return Self::none();
        }
        // Over many voxels, noise that is alike averages out like more of the other kind.
        let steepness = steepness / (ALIKE_SIGMAS * noise.alike_mm / voxel_mm).powf(1.5);
        let voxels = (WANTED / (GAIN * steepness)).powf(POWER.recip()).clamp(RANGE[0], RANGE[1]);
        Self::by(grid, voxels * voxel_mm)
    }

    fn by(grid: &Grid, sigma_mm: f64) -> Self {
        let spacing = grid.spacing_xyz_mm();
        let sigma_ijk = [0, 1, 2].map(|axis| sigma_mm / spacing[axis]);
        let (mut added_mm2, mut left) = (Matrix3::zeros(), 1.0);
        for (axis, sigma) in sigma_ijk.into_iter().enumerate() {
            let (variance, squares) = bell(sigma);
            let step = grid.steps().column(axis).into_owned();
            added_mm2 += step * step.transpose() * variance;
            left *= squares;
        }
        Self { sigma_mm, added_mm2, left: left.sqrt(), sigma_ijk }
    }
}

/// Variance and sum of squares of the weights of a sampled bell.
fn bell(sigma: f64) -> (f64, f64) {
    let reach = (REACH_SIGMAS * sigma + 0.5) as i32;
    let (mut sum, mut second, mut squares) = (0.0, 0.0, 0.0);
    for n in -reach..=reach {
        let weight = (-0.5 * (f64::from(n) / sigma).powi(2)).exp();
        sum += weight;
        second += weight * f64::from(n * n);
        squares += weight * weight;
    }
    (second / sum, squares / (sum * sum))
}

/// Where noise is read: beside the points, in what is image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'a> {
    pub points: &'a [[f64; 3]],
    pub normals: &'a [[f64; 3]],
    pub floor: f32,
}

/// A place beside a point where noise is read.
struct Spot {
    place: Vector3<f64>,
    normal: Vector3<f64>,
    is_outside: bool,
}

/// Noise of voxels that are no neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    pub sd: f64,
    /// Noise is alike as if that of single points had been smoothed by a bell of this standard deviation, mm.
    pub alike_mm: f64,
}

impl Noise {
    /// Whether neighbours know of each other.
    pub fn is_alike(&self, grid: &Grid) -> bool {
        ALIKE_SIGMAS * self.alike_mm > ALONE * grid.voxel_volume_mm3().cbrt()
    }

    /// What smoothing leaves of it.
    pub fn after(&self, smoothing: &Smoothing) -> Self {
        let alike_mm = self.alike_mm.hypot(smoothing.sigma_mm);
        // Along an axis with wide steps less is averaged.
        let left = (self.alike_mm / alike_mm).powf(1.5).max(smoothing.left);
        Self { sd: self.sd * left, alike_mm }
    }

    /// How many times the noise of slopes an edge falls.
    pub fn steepness(&self, fall: f64) -> f64 {
        std::f64::consts::SQRT_2 * self.alike_mm * fall / self.sd.max(1e-12)
    }
}

/// Noise of the voxels beside a surface. How far it is alike is told by the differences of neighbours
/// against those of voxels that lie two apart.
pub(super) fn of_voxels<T: Value>(values: ArrayView3<'_, T>, grid: &Grid, beside: Beside<'_>) -> Noise {
    let (nk, nj, ni) = values.dim();
    let voxel = |place: &Vector3<f64>| {
        let index = grid.ijk(Point3::from(*place)).map(f64::round);
        let is_within = (0..3).all(|axis| index[axis] >= 0.0 && index[axis] < [ni, nj, nk][axis] as f64);
        is_within.then(|| [0, 1, 2].map(|axis| index[axis] as usize))
    };
    let at = |[i, j, k]: [usize; 3]| values[[k, j, i]].to_f32();
    let apart = along(beside, 2.0 * grid.voxel_volume_mm3().cbrt(), |place| {
        voxel(place).map(at).filter(|&value| value >= beside.floor).map(f64::from)
    });
    let mut sizes = Vec::with_capacity(8 * beside.points.len());
    for Spot { place, is_outside, .. } in beside.spots() {
        let Some([i, j, k]) = voxel(&place) else { continue };
        if i == 0 || j == 0 || i + 1 >= ni || j + 1 >= nj {
            continue;
        }
        let middle = at([i, j, k]);
        let rows = [[at([i - 1, j, k]), at([i + 1, j, k])], [at([i, j - 1, k]), at([i, j + 1, k])]];
        for [a, b] in rows.into_iter().filter(|[a, b]| a.min(*b).min(middle) >= beside.floor) {
            // Air that is cut off at one value has no noise; a body without any is a scan without any.
            if !is_outside || (a - middle).abs().max((b - middle).abs()) > 0.0 {
                sizes.push(f64::from((a - 2.0 * middle + b).abs()));
            }
        }
    }
    let next = spread(sizes);
    let voxel_mm = grid.voxel_volume_mm3().cbrt();
    // Share of the variance that differences over so many voxels show, alike over that part of a voxel.
    let shown = |lag: f64, alike: f64| {
        let at = |voxels: f64| (-0.25 * (voxels / alike).powi(2)).exp();
        (DIFFERENCES - 8.0 * at(lag) + 2.0 * at(2.0 * lag)) / DIFFERENCES
    };
    let single = ALIKE_SIGMAS.recip();
    // What is clearly alike needs no allowance for chance.
    let allowed = 1.0 - (1.0 - WHITE) * (next / apart.max(1e-12)).powi(2).min(1.0);
    let [mut low, mut high] = [single, MOST_ALIKE];
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let is_more = next * next * shown(2.0, middle) < allowed * apart * apart * shown(1.0, middle);
        (low, high) = if is_more { (middle, high) } else { (low, middle) };
    }
    let sd = apart.max(next) / shown(2.0, low).sqrt();
    Noise { sd, alike_mm: low * voxel_mm }
}

impl Beside<'_> {
    /// Places beside the points.
    fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        self.points.iter().zip(self.normals).flat_map(|(point, normal)| {
            let (point, normal) = (Vector3::from(*point), Vector3::from(*normal));
            BESIDE_MM.map(|mm| Spot { place: point + normal * mm, normal, is_outside: mm > 0.0 })
        })
    }
}

/// Noise from second differences along the surface, where layers stay what they are.
fn along(beside: Beside<'_>, lag_mm: f64, at: impl Fn(&Vector3<f64>) -> Option<f64>) -> f64 {
    let mut sizes = Vec::with_capacity(8 * beside.points.len());
    for Spot { place, normal, is_outside } in beside.spots() {
        let Some(middle) = at(&place) else { continue };
        for way in curvature::tangents(&normal).map(|way| way * lag_mm) {
            if let (Some(a), Some(b)) = (at(&(place - way)), at(&(place + way)))
                && (!is_outside || (a - middle).abs().max((b - middle).abs()) > 0.0)
            {
                sizes.push((a - 2.0 * middle + b).abs());
            }
        }
    }
    spread(sizes)
}

/// The standard deviation of which these are the sizes of second differences.
fn spread(mut sizes: Vec<f64>) -> f64 {
    sizes.retain(|size| size.is_finite());
    let place = (QUANTILE * sizes.len() as f64) as usize;
    if place >= sizes.len() {
        return 0.0;
    }
    let size = *sizes.select_nth_unstable_by(place, f64::total_cmp).1;
    unrounded(&sizes, place, size) / (AT_QUANTILE * DIFFERENCES.sqrt())
}

/// The quantile `size` at a `place` of what was rounded before, as stored values are: sizes that are the same
/// are taken to lie evenly about it, up to midway to the next ones.
fn unrounded(sizes: &[f64], place: usize, size: f64) -> f64 {
    let n_below = sizes.iter().filter(|&&one| one < size).count();
    let n_same = sizes.iter().filter(|&&one| one <= size).count() - n_below;
    let below = sizes.iter().copied().filter(|&one| one < size).fold(f64::NEG_INFINITY, f64::max);
    let above = sizes.iter().copied().filter(|&one| one > size).fold(f64::INFINITY, f64::min);
    // Nothing below is no noise at all.
    if n_same == 1 || !below.is_finite() || !above.is_finite() {
        return size;
    }
    let share = ((place - n_below) as f64 + 0.5) / n_same as f64;
    0.5 * (below + size) + share * 0.5 * (above - below)
}

/// A smoothed copy of the part of an image within `reach_mm` of some points.
///
/// What is no image stays none, and goes into nothing; what is at the end of the scale stays there.
pub(super) fn around<T: Value>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    points: &[[f64; 3]],
    smoothing: &Smoothing,
    (reach_mm, floor, ceiling): (f64, f32, f32),
    progress: &Progress,
) -> Result<Option<(Array3<f32>, Grid)>, Cancelled> {
    let Some((low, high)) = bounds(grid, points, reach_mm + REACH_SIGMAS * smoothing.sigma_mm) else {
        return Ok(None);
    };
    let part = values.slice(s![low[2]..high[2], low[1]..high[1], low[0]..high[0]]);
    let is_image = |value: T| value.to_f32() >= floor && value.to_f32().is_finite();
    let known = part.map(|&value| if is_image(value) { value.to_f32() } else { 0.0 });
    let mut made = gaussian(known.view(), smoothing.sigma_ijk, progress)?;
    if part.iter().any(|&value| !is_image(value)) {
        let share = part.map(|&value| if is_image(value) { 1.0_f32 } else { 0.0 });
        let share = gaussian(share.view(), smoothing.sigma_ijk, progress)?;
        ndarray::Zip::from(&mut made).and(&share).and(&part).for_each(|to, &share, &value| {
            *to = if is_image(value) { *to / share } else { f32::NAN };
        });
    }
    ndarray::Zip::from(&mut made).and(&part).for_each(|to, &value| {
        let value = value.to_f32();
        *to = if value >= ceiling { value } else { *to };
    });
    let mut affine: Matrix4<f64> = *grid.lps_from_ijk();
    let first = grid.lps_mm(Point3::from(low.map(|n| n as f64)));
    affine.fixed_view_mut::<3, 1>(0, 3).copy_from(&first.coords);
    let dims = [0, 1, 2].map(|axis| high[axis] - low[axis]);
    Ok(Grid::new(dims, affine).ok().map(|grid| (made, grid)))
}

/// First voxel and the one after the last, along i, j and k; `None` where no point is near the image.
fn bounds(grid: &Grid, points: &[[f64; 3]], reach_mm: f64) -> Option<([usize; 3], [usize; 3])> {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for point in points {
        let index = grid.ijk(Point3::from(*point));
        for axis in 0..3 {
            low[axis] = low[axis].min(index[axis]);
            high[axis] = high[axis].max(index[axis]);
        }
    }
    let inverse = grid.ijk_from_lps().fixed_view::<3, 3>(0, 0).into_owned();
    let dims = grid.dims_ijk();
    let mut found = ([0; 3], [0; 3]);
    for axis in 0..3 {
        // The farthest that a ball around a point reaches along this index.
        let reach = reach_mm * inverse.row(axis).norm() + 2.0;
        let first = (low[axis] - reach).floor().max(0.0);
        let after = (high[axis] + reach).ceil().min(dims[axis] as f64);
        if after <= first {
            return None;
        }
        (found.0[axis], found.1[axis]) = (first as usize, after as usize);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_sizes_have_the_quantile_that_they_had_before() {
        // Evenly spread from 0 to 4, then rounded: three tenths of them lie below 1.2.
        let sizes: Vec<f64> = (0..4000).map(|n| (f64::from(n) / 1000.0).round()).collect();
        let expected = 1.2 / (AT_QUANTILE * DIFFERENCES.sqrt());
        assert!((spread(sizes) - expected).abs() < 1e-3 * expected);
        assert!(spread(vec![0.0; 50]).abs() < 1e-12);
        assert!(spread(Vec::new()).abs() < 1e-12);
    }

    #[test]
    fn a_bell_has_its_variance_and_leaves_the_noise_that_theory_says() {
        let (variance, squares) = bell(1.3);
        assert!((variance - 1.69).abs() < 0.01, "{variance}");
        assert!((squares - 1.0 / (ALIKE_SIGMAS * 1.3)).abs() < 1e-3, "{squares}");
        let grid = Grid::new([9, 9, 9], Matrix4::new_scaling(0.5)).unwrap();
        let noise = |sd: f64| Noise { sd, alike_mm: 0.5 / ALIKE_SIGMAS };
        assert_eq!(Smoothing::needed(&grid, 1000.0, noise(5.0)), Smoothing::none());
        let some = Smoothing::needed(&grid, 300.0, noise(50.0));
        assert!((noise(50.0).after(&some).sd / 50.0 - some.left).abs() < 0.02);
        assert!(some.sigma_mm > 0.35 && some.sigma_mm <= 1.0 && some.left < 0.25, "{some:?}");
        assert!((some.added_mm2[(0, 0)] - some.sigma_mm.powi(2)).abs() < 0.01);
    }
}
