//! The circle outside of which the scanner reconstructed nothing, and bone that it cuts.

use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::coarse::Coarse;
use super::patch::{Layer, PLATE_MM};
use super::sample::Sample;
use crate::geometry::Grid;

/// The reconstruction circle of a stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Middle of the circle, (i, j).
    pub centre_ij: [f64; 2],
    /// Its radius, mm.
    pub radius_mm: f64,
    /// The value outside, HU.
    pub outside_hu: f32,
    /// Whether the circle was seen in the values; otherwise it is the one inscribed in the image.
    pub is_seen: bool,
    /// Area of the patient's bone that lies against the circle, mm².
    pub area_mm2: f64,
}

/// Looks for a circle with one constant value outside of it in all slices.
pub(super) fn circle<T: Sample>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    coarse: &Coarse,
    mine: &[bool],
    bone_hu: f32,
) -> Option<Circle> {
    let (nk, nj, ni) = values.dim();
    let corner = values[[0, 0, 0]];
    let outside = constant(values, corner);
    let corners = [0, ni - 1, (nj - 1) * ni, nj * ni - 1];
    if nk < 2 || corners.iter().any(|corner| !outside[*corner]) {
        return None;
    }
    let spacing = grid.spacing_xyz_mm();
    let spacing = [spacing.x, spacing.y];
    let (centre_ij, radius_mm, is_seen) = match fitted(&outside, [ni, nj], spacing) {
        Some((centre, radius)) => (centre, radius, true),
        None => inscribed(&outside, [ni, nj], spacing)?,
    };
    let mut circle = Circle { centre_ij, radius_mm, outside_hu: corner.hu(), is_seen, area_mm2: 0.0 };
    circle.area_mm2 = cut_mm2(values, grid, coarse, mine, &circle, bone_hu);
    Some(circle)
}

/// Pixels that have one value in all slices.
fn constant<T: Sample>(values: ArrayView3<'_, T>, value: T) -> Vec<bool> {
    let pixels = values.dim().1 * values.dim().2;
    values
        .axis_iter(Axis(0))
        .into_par_iter()
        .fold(
            || vec![true; pixels],
            |mut same, plane| {
                same.iter_mut().zip(plane).for_each(|(same, other)| *same &= *other == value);
                same
            },
        )
        .reduce(
            || vec![true; pixels],
            |mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a &= b);
                a
            },
        )
}

/// Circle through the outermost pixels that are not constant (Kåsa 1976, doi 10.1109/TIM.1976.6312298).
fn fitted(outside: &[bool], [ni, nj]: [usize; 2], spacing: [f64; 2]) -> Option<([f64; 2], f64)> {
    let mut rim = Vec::new();
    for j in 1..nj - 1 {
        let row = &outside[j * ni..(j + 1) * ni];
        let (Some(first), Some(last)) = (row.iter().position(|out| !out), row.iter().rposition(|out| !out))
        else {
            continue;
        };
        // Half a pixel out: the border between the last pixel inside and the first outside.
        if first > 0 {
            rim.push([(first as f64 - 0.5) * spacing[0], j as f64 * spacing[1]]);
        }
        if last < ni - 1 {
            rim.push([(last as f64 + 0.5) * spacing[0], j as f64 * spacing[1]]);
        }
    }
    if rim.len() < 40 {
        return None;
    }
    let n = rim.len() as f64;
    let mean = [0, 1].map(|axis| rim.iter().map(|p| p[axis]).sum::<f64>() / n);
    let (mut suu, mut suv, mut svv, mut suw, mut svw) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for [x, y] in &rim {
        let (u, v) = (x - mean[0], y - mean[1]);
        let w = u * u + v * v;
        (suu, suv, svv, suw, svw) = (suu + u * u, suv + u * v, svv + v * v, suw + u * w, svw + v * w);
    }
    let determinant = suu * svv - suv * suv;
    if determinant <= 1e-9 {
        return None;
    }
    let u = 0.5 * (suw * svv - svw * suv) / determinant;
    let v = 0.5 * (svw * suu - suw * suv) / determinant;
    let radius = (u * u + v * v + (suu + svv) / n).sqrt();
    let centre = [mean[0] + u, mean[1] + v];
    // The outline of a head is no circle; that of the reconstruction is one to the pixel.
    let pixel = spacing[0].max(spacing[1]);
    let far = rim
        .iter()
        .filter(|p| ((p[0] - centre[0]).hypot(p[1] - centre[1]) - radius).abs() > 1.5 * pixel)
        .count();
    let is_circle = far as f64 <= 0.02 * n && radius > 10.0 * pixel;
    is_circle.then_some(([centre[0] / spacing[0], centre[1] / spacing[1]], radius))
}

/// The circle inscribed in the image, when nothing lies outside of it.
fn inscribed(outside: &[bool], [ni, nj]: [usize; 2], spacing: [f64; 2]) -> Option<([f64; 2], f64, bool)> {
    let centre = [(ni - 1) as f64 / 2.0, (nj - 1) as f64 / 2.0];
    let radius = 0.5 * (ni as f64 * spacing[0]).min(nj as f64 * spacing[1]);
    let is_outside = |n: usize| {
        let (x, y) = (((n % ni) as f64 - centre[0]) * spacing[0], ((n / ni) as f64 - centre[1]) * spacing[1]);
        x.hypot(y) > radius + spacing[0].max(spacing[1])
    };
    outside.iter().enumerate().all(|(n, out)| *out || !is_outside(n)).then_some((centre, radius, false))
}

/// Bone just inside the circle, on the cylinder unrolled into angle and slice.
fn cut_mm2<T: Sample>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    coarse: &Coarse,
    mine: &[bool],
    circle: &Circle,
    bone_hu: f32,
) -> f64 {
    let [ni, nj, nk] = grid.dims_ijk();
    let (spacing, steps) = (grid.spacing_xyz_mm(), grid.steps());
    let (pixel, coarsest) = (spacing.x.min(spacing.y), spacing.x.max(spacing.y));
    let radius = circle.radius_mm - 1.5 * coarsest;
    let columns = ((std::f64::consts::TAU * radius / pixel) as usize).clamp(16, 1 << 14);
    let ring = |radius: f64| -> Vec<Option<[usize; 2]>> {
        let place = |n: usize| {
            let (sin, cos) = (std::f64::consts::TAU * n as f64 / columns as f64).sin_cos();
            let i = (circle.centre_ij[0] + radius * cos / spacing.x).round();
            let j = (circle.centre_ij[1] + radius * sin / spacing.y).round();
            let inside = i >= 0.0 && j >= 0.0 && i < ni as f64 && j < nj as f64;
            inside.then_some([i as usize, j as usize])
        };
        (0..columns).map(place).collect()
    };
    let places = ring(radius);
    let depth = (PLATE_MM / coarsest) as usize;
    let inner: Vec<_> = (1..=depth).map(|n| ring((radius - n as f64 * coarsest).max(0.0))).collect();
    let height = grid.voxel_volume_mm3() / steps.column(0).cross(&steps.column(1)).norm();
    let hu = |k: usize, place: Option<[usize; 2]>| place.map_or(-1000.0, |[i, j]| values[[k, j, i]].hu());
    let mut layer = Layer {
        columns,
        rows: nk,
        step_mm: [std::f64::consts::TAU * circle.radius_mm / columns as f64, height],
        values: Vec::with_capacity(columns * nk),
        behind: Vec::with_capacity(columns * nk),
        mine: Vec::with_capacity(columns * nk),
        is_ring: true,
    };
    for k in 0..nk {
        for (n, place) in places.iter().enumerate() {
            let value = hu(k, *place);
            layer.values.push(value);
            layer.behind.push(inner.iter().fold(value, |high, ring| high.max(hu(k, ring[n]))));
            layer.mine.push(place.is_some_and(|[i, j]| mine[coarse.index(coarse.cell_of([i, j, k]))]));
        }
    }
    let areas = layer.patches(bone_hu).into_iter().map(|patch| patch.area_mm2);
    areas.filter(|area| *area >= 4.0).fold(0.0, |sum, area| sum + area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_and_a_head_in_constant_air_is_not_one() {
        let seen = |shape: fn(f64, f64) -> bool| {
            let outside: Vec<bool> = (0..200 * 200)
                .map(|n| !shape(f64::from(n % 200) - 99.5, f64::from(n / 200) - 99.5))
                .collect();
            fitted(&outside, [200, 200], [0.5, 0.5])
        };
        let (centre, radius) = seen(|x, y| x.hypot(y) < 90.0).unwrap();
        assert!((radius - 45.0).abs() < 0.25 && (centre[0] - 99.5).abs() < 0.1, "{centre:?} {radius}");
        assert_eq!(seen(|x, y| (x / 70.0).hypot(y / 90.0) < 1.0), None);
    }
}
