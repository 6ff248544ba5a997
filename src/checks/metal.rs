//! Metal: clusters of values that no tissue reaches.

use nalgebra::Point3;
use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::histogram::Histogram;
use super::sample::Sample;
use crate::geometry::Grid;

/// All metal of a volume.
#[derive(Debug, Clone, PartialEq)]
pub struct Metal {
    /// The threshold that was used, HU.
    pub threshold_hu: f32,
    /// Value at which the scale of the scanner ends, where it is reached.
    pub ceiling_hu: Option<f32>,
    /// Clusters, largest first.
    pub clusters: Vec<Cluster>,
    /// Voxel centres at the surface of all clusters, LPS, mm.
    pub surface_lps_mm: Vec<Point3<f64>>,
}

/// One connected piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Volume, mm³.
    pub volume_mm3: f64,
    /// Middle, LPS, mm.
    pub centre_lps_mm: Point3<f64>,
    /// First and last slice that it touches.
    pub slices: [usize; 2],
    /// Median of what lies 1.5 mm outside, HU.
    pub surroundings_hu: f64,
}

const BESIDE_MM: f64 = 1.5;

/// Enamel ends at 2850 HU; a scale that ends below that cannot tell it from metal.
const LOWEST_CEILING_HU: f32 = 2000.0;
const MIN_VOXELS: usize = 4;
const MAX_SURFACE: usize = 200_000;

/// A run of voxels of one row.
struct Run {
    row: usize,
    from: usize,
    to: usize,
}

pub(super) fn metal<T: Sample>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    histogram: &Histogram,
    metal_hu: f32,
) -> Metal {
    let ceiling =
        histogram.ceiling().map(|ceiling| ceiling as f32).filter(|ceiling| *ceiling >= LOWEST_CEILING_HU);
    // A scale that ends below the threshold hides metal in its last value.
    let threshold = ceiling.map_or(metal_hu, |ceiling| metal_hu.min(ceiling));
    let runs = runs(values, threshold);
    let labels = connected(&runs, values.dim().1);
    let mut clusters: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut slot = vec![usize::MAX; runs.len()];
    for (number, label) in labels.iter().enumerate() {
        if slot[*label] == usize::MAX {
            slot[*label] = clusters.len();
            clusters.push((0, Vec::new()));
        }
        let cluster = &mut clusters[slot[*label]];
        cluster.0 += runs[number].to - runs[number].from;
        cluster.1.push(number);
    }
    clusters.retain(|cluster| cluster.0 >= MIN_VOXELS);
    clusters.sort_by_key(|cluster| (usize::MAX - cluster.0, cluster.1[0]));
    let surface_lps_mm = surface(&runs, &clusters, values, grid, threshold);
    let clusters =
        clusters.iter().map(|(_, members)| cluster(&runs, members, values, grid, threshold)).collect();
    Metal { threshold_hu: threshold, ceiling_hu: ceiling, clusters, surface_lps_mm }
}

fn runs<T: Sample>(values: ArrayView3<'_, T>, threshold: f32) -> Vec<Run> {
    let nj = values.dim().1;
    let planes: Vec<_> = values.axis_iter(Axis(0)).collect();
    let found: Vec<Vec<Run>> = planes
        .par_iter()
        .enumerate()
        .map(|(k, plane)| {
            let mut runs = Vec::new();
            for (j, row) in plane.rows().into_iter().enumerate() {
                let mut from = None;
                for (i, value) in row.iter().enumerate() {
                    match (from, value.hu() >= threshold) {
                        (None, true) => from = Some(i),
                        (Some(start), false) => {
                            runs.push(Run { row: k * nj + j, from: start, to: i });
                            from = None;
                        }
                        _ => {}
                    }
                }
                if let Some(start) = from {
                    runs.push(Run { row: k * nj + j, from: start, to: row.len() });
                }
            }
            runs
        })
        .collect();
    found.into_iter().flatten().collect()
}

/// Joins runs that touch (by a face or an edge within rows and slices); the label is the first run.
fn connected(runs: &[Run], nj: usize) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..runs.len()).collect();
    for offset in [1, nj] {
        let mut behind = 0;
        for number in 0..runs.len() {
            let run = &runs[number];
            let Some(row) = run.row.checked_sub(offset) else { continue };
            // The last row of a slice is no neighbour of the first of the next.
            if offset == 1 && run.row.is_multiple_of(nj) {
                continue;
            }
            while runs[behind].row < row || (runs[behind].row == row && runs[behind].to < run.from) {
                behind += 1;
            }
            let mut other = behind;
            while runs[other].row == row && runs[other].from <= run.to {
                let (a, b) = (root(&mut parent, number), root(&mut parent, other));
                parent[a.max(b)] = a.min(b);
                other += 1;
            }
        }
    }
    (0..runs.len()).map(|number| root(&mut parent, number)).collect()
}

fn root(parent: &mut [usize], mut number: usize) -> usize {
    while parent[number] != number {
        parent[number] = parent[parent[number]];
        number = parent[number];
    }
    number
}

fn cluster<T: Sample>(
    runs: &[Run],
    members: &[usize],
    values: ArrayView3<'_, T>,
    grid: &Grid,
    threshold: f32,
) -> Cluster {
    let (_, nj, ni) = values.dim();
    let spacing = grid.spacing_xyz_mm();
    let beside = [spacing.x, spacing.y].map(|step| (BESIDE_MM / step).round().max(1.0) as usize);
    let mut around = Vec::new();
    let (mut n, mut sum, mut slices) = (0.0, [0.0; 3], [usize::MAX, 0]);
    for run in members.iter().map(|member| &runs[*member]) {
        let (j, k) = (run.row % nj, run.row / nj);
        let length = (run.to - run.from) as f64;
        n += length;
        sum[0] += length * (run.from + run.to - 1) as f64 / 2.0;
        sum[1] += length * j as f64;
        sum[2] += length * k as f64;
        slices = [slices[0].min(k), slices[1].max(k)];
        let ends = [run.from.checked_sub(beside[0]), Some(run.to - 1 + beside[0])];
        let middle = usize::midpoint(run.from, run.to - 1);
        let across = [j.checked_sub(beside[1]), Some(j + beside[1])];
        let places = ends
            .into_iter()
            .flatten()
            .map(|i| (j, i))
            .chain(across.into_iter().flatten().map(|j| (j, middle)));
        let outside = places.filter(|(j, i)| *j < nj && *i < ni).map(|(j, i)| values[[k, j, i]].hu());
        around.extend(outside.filter(|hu| *hu < threshold));
    }
    let centre = sum.map(|sum| sum / n);
    Cluster {
        volume_mm3: n * grid.voxel_volume_mm3(),
        centre_lps_mm: grid.lps_mm(Point3::from(centre)),
        slices,
        surroundings_hu: super::slices::median(around),
    }
}

fn surface<T: Sample>(
    runs: &[Run],
    clusters: &[(usize, Vec<usize>)],
    values: ArrayView3<'_, T>,
    grid: &Grid,
    threshold: f32,
) -> Vec<Point3<f64>> {
    let (nk, nj, ni) = values.dim();
    let is_metal = |k: usize, j: usize, i: usize| values[[k, j, i]].hu() >= threshold;
    let mut points = Vec::new();
    for run in clusters.iter().flat_map(|cluster| &cluster.1).map(|member| &runs[*member]) {
        let (j, k) = (run.row % nj, run.row / nj);
        for i in run.from..run.to {
            let inside = i > run.from
                && i + 1 < run.to
                && j > 0
                && j + 1 < nj
                && k > 0
                && k + 1 < nk
                && i + 1 < ni
                && [(k - 1, j), (k + 1, j), (k, j - 1), (k, j + 1)].iter().all(|(k, j)| is_metal(*k, *j, i));
            if !inside && points.len() < MAX_SURFACE {
                points.push(grid.lps_mm(Point3::new(i as f64, j as f64, k as f64)));
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix4;
    use ndarray::Array3;

    #[test]
    fn two_fillings_are_two_clusters_with_their_volumes() {
        let mut values = Array3::from_elem((20, 30, 40), 40i16);
        values.slice_mut(ndarray::s![5..9, 10..15, 20..26]).fill(3071);
        values.slice_mut(ndarray::s![12..14, 10..12, 3..5]).fill(3050);
        values[[18, 29, 39]] = 3071;
        let grid = Grid::new([40, 30, 20], Matrix4::identity()).unwrap();
        let found = metal(values.view(), &grid, &Histogram::new(values.view()), 3000.0);
        let volumes: Vec<f64> = found.clusters.iter().map(|cluster| cluster.volume_mm3).collect();
        assert_eq!(volumes, [120.0, 8.0]);
        assert_eq!(found.clusters[0].centre_lps_mm, Point3::new(22.5, 12.0, 6.5));
        assert_eq!(found.surface_lps_mm.len(), 120 - 2 * 3 * 4 + 8);
    }
}
