//! What the normals of a surface do more finely than those around them, and values spread on a lattice:
//! what a search for stairs in every direction starts from.

use nalgebra::Vector3;
use rayon::prelude::*;

/// Cells around the points that a spline may reach.
const MARGIN: f64 = 2.0;

/// A box of cubes about points.
struct Lattice {
    low: Vector3<f64>,
    cell_mm: f64,
    dims: [usize; 3],
}

impl Lattice {
    fn about(points: &[[f64; 3]], cell_mm: f64) -> Self {
        let (mut low, mut high) = (Vector3::repeat(f64::INFINITY), Vector3::repeat(f64::NEG_INFINITY));
        for point in points {
            let point = Vector3::from(*point);
            (low, high) = (low.inf(&point), high.sup(&point));
        }
        if points.is_empty() {
            (low, high) = (Vector3::zeros(), Vector3::zeros());
        }
        let dims = [0, 1, 2].map(|n| ((high[n] - low[n]) / cell_mm + 2.0 * MARGIN + 1.0).ceil() as usize);
        Self { low, cell_mm, dims }
    }

    fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// The first of three nodes along each axis, and their weights: a quadratic spline.
    fn weights(&self, point: &[f64; 3]) -> [(usize, [f64; 3]); 3] {
        [0, 1, 2].map(|axis| {
            let place = (point[axis] - self.low[axis]) / self.cell_mm + MARGIN;
            let node = place.round();
            let off = place - node;
            let weights = [0.5 * (0.5 - off).powi(2), 0.75 - off * off, 0.5 * (0.5 + off).powi(2)];
            (node as usize - 1, weights)
        })
    }

    /// Calls with the place of each of the 27 nodes around a point, and its weight.
    fn around(&self, point: &[f64; 3], mut each: impl FnMut(usize, f64)) {
        let [(x, in_x), (y, in_y), (z, in_z)] = self.weights(point);
        for (k, of_z) in in_z.iter().enumerate() {
            for (j, of_y) in in_y.iter().enumerate() {
                let row = ((z + k) * self.dims[1] + y + j) * self.dims[0] + x;
                for (i, of_x) in in_x.iter().enumerate() {
                    each(row + i, of_x * of_y * of_z);
                }
            }
        }
    }

    /// Sums of values, each spread over the nodes around its point, in the order of the points.
    fn spread(&self, points: impl Iterator<Item = ([f64; 3], f64)>) -> Vec<f32> {
        let mut sums = vec![0.0_f32; self.len()];
        for (point, value) in points {
            self.around(&point, |node, weight| sums[node] += (value * weight) as f32);
        }
        sums
    }

    fn read(&self, field: &[f32], point: &[f64; 3]) -> f64 {
        let mut sum = 0.0;
        self.around(point, |node, weight| sum += weight * f64::from(field[node]));
        sum
    }

    /// One quarter, one half, one quarter, along each axis.
    fn smoothed(&self, mut field: Vec<f32>) -> Vec<f32> {
        let mut stride = 1;
        for n in self.dims {
            let mut made = field.clone();
            for (node, value) in made.iter_mut().enumerate() {
                let at = node / stride % n;
                let before = if at > 0 { field[node - stride] } else { 0.0 };
                let after = if at + 1 < n { field[node + stride] } else { 0.0 };
                *value = 0.5 * *value + 0.25 * (before + after);
            }
            field = made;
            stride *= n;
        }
        field
    }
}

/// Sums of `values` on a lattice of cubes, in C order (z, y, x), and how many cubes there are along x, y, z.
///
/// A quadratic spline spreads each over three cubes along each axis, which damps what is finer.
pub fn spread_values(points: &[[f64; 3]], values: &[f64], cell_mm: f64) -> (Vec<f32>, [usize; 3]) {
    let lattice = Lattice::about(points, cell_mm);
    (lattice.spread(points.iter().copied().zip(values.iter().copied())), lattice.dims)
}

/// Each unit normal less the mean direction of those around it, which look the same way.
///
/// The mean is that of a bell with a standard deviation of `width_mm`, weighted by area. What looks to the
/// other side of a thin wall does not count: normals are shared out among six directions by the squares
/// of their cosines, which add up to one.
pub fn fine_normals(
    points: &[[f64; 3]],
    normals: &[[f64; 3]],
    areas: &[f64],
    width_mm: f64,
) -> Vec<[f64; 3]> {
    // Spreading and reading add a quarter of a cell squared each, the smoothing a half.
    let lattice = Lattice::about(points, width_mm);
    let mut means = vec![Vector3::<f64>::zeros(); points.len()];
    for (axis, sign) in (0..3).flat_map(|axis| [(axis, 1.0), (axis, -1.0)]) {
        let share = |normal: &[f64; 3]| (sign * normal[axis]).max(0.0).powi(2);
        let sums: Vec<Vec<f32>> = (0..4)
            .into_par_iter()
            .map(|part| {
                let all = points.iter().zip(normals).zip(areas);
                let seen = all.filter(|((_, normal), _)| share(normal) > 0.0);
                lattice.smoothed(lattice.spread(seen.map(|((point, normal), area)| {
                    let value = if part < 3 { normal[part] } else { 1.0 };
                    (*point, area * share(normal) * value)
                })))
            })
            .collect();
        means.par_iter_mut().zip(points).zip(normals).for_each(|((mean, point), normal)| {
            let weight = share(normal);
            if weight > 0.0 {
                let sum = Vector3::from([0, 1, 2].map(|part| lattice.read(&sums[part], point)));
                *mean += sum * (weight / lattice.read(&sums[3], point).max(f64::MIN_POSITIVE));
            }
        });
    }
    let pairs = means.par_iter().zip(normals);
    pairs.map(|(mean, normal)| (Vector3::from(*normal) - unit(mean)).into()).collect()
}

fn unit(vector: &Vector3<f64>) -> Vector3<f64> {
    vector.try_normalize(0.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides of a plate along x and y, with a ripple of `height` and a period of 2 mm along x.
    fn plate(height: f64) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
        let wave = std::f64::consts::TAU / 2.0;
        (0..2 * 160 * 40)
            .map(|n| {
                let (side, x, y) = (n % 2, f64::from(n / 2 % 160) * 0.125, f64::from(n / 320) * 0.25);
                let slope = height * wave * (wave * x).cos();
                let sign = if side == 0 { 1.0 } else { -1.0 };
                let normal = Vector3::new(-slope, 0.0, 1.0).normalize() * sign;
                ([x, y, f64::from(side) * -0.5], [normal.x, normal.y, normal.z])
            })
            .unzip()
    }

    #[test]
    fn a_ripple_is_left_and_the_plate_and_its_other_side_are_not() {
        let areas = vec![1.0; 2 * 160 * 40];
        let (points, normals) = plate(0.0);
        let flat = fine_normals(&points, &normals, &areas, 1.0);
        assert!(flat.iter().flatten().all(|part| part.abs() < 1e-6));
        let (points, normals) = plate(0.02);
        let fine = fine_normals(&points, &normals, &areas, 1.0);
        let middle = |n: &usize| points[*n][0] > 4.0 && points[*n][0] < 16.0;
        let most = (0..points.len()).filter(middle).map(|n| fine[n][0].abs()).fold(0.0, f64::max);
        // A bell of 1 mm leaves 1 - exp(-pi^2 / 2) of a wave of 2 mm.
        assert!((most - 0.0627).abs() < 0.003, "{most}");
    }

    #[test]
    fn what_is_spread_keeps_its_sum_and_its_middle() {
        let (values, dims) = spread_values(&[[0.3, 1.1, -2.0], [4.0, 0.0, 3.0]], &[2.0, 0.0], 0.5);
        assert_eq!(values.len(), dims.iter().product::<usize>());
        let total: f32 = values.iter().sum();
        assert!((total - 2.0).abs() < 1e-5);
        let middle = |stride: usize, n: usize| {
            let sum: f64 =
                values.iter().enumerate().map(|(m, v)| f64::from(*v) * (m / stride % n) as f64).sum();
            (sum / 2.0 - MARGIN) * 0.5
        };
        assert!(middle(1, dims[0]).abs() < 1e-5);
        assert!((middle(dims[0], dims[1]) - 1.1).abs() < 1e-5);
        assert!(spread_values(&[], &[], 0.5).0.iter().all(|value| *value == 0.0));
    }
}
