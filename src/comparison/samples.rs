//! Points spread evenly over a surface, and how far each is from another surface.
//!
//! A triangle is divided into equal parts no longer than a step; the middle of each stands for its
//! area. The distance to one triangle is largest at a corner, so that the parts also bound the largest
//! distance from above.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::mesh::MeshRef;
use crate::mesh::closest::{ClosestPoints, Hit};
use crate::mesh::measure::doubled_area_vector;
use crate::progress::{Cancelled, Progress};

/// Faces that follow each other; fixed, so that the result is the same for any number of threads.
const BLOCK: usize = 1024;
/// A side is divided so often at most.
const MOST_PARTS: f64 = 1000.0;
/// The largest distance is looked for down to this difference, mm,
const NEAR_ENOUGH_MM: f64 = 1e-3;
/// with so many looks at most.
const MOST_LOOKS: usize = 200_000;

/// How far one surface is from another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampled {
    /// Distance from each point, ascending, mm.
    pub distances_mm: Vec<f64>,
    /// The area that each stands for, mm2.
    pub areas_mm2: Vec<f64>,
    /// Mean distance by the corners of the parts, mm; differs from that by their middles as much as
    /// the distance bends within a part.
    pub corner_mean_mm: f64,
    /// The largest distance found, mm,
    pub largest_mm: f64,
    /// where,
    pub farthest_lps_mm: [f64; 3],
    /// and what it is not above, mm.
    pub bound_mm: f64,
}

type Part = [Vector3<f64>; 3];

#[derive(Clone, Copy)]
struct Look {
    distance: f64,
    area: f64,
    corner_mean: f64,
    bound: f64,
    part: Part,
}

/// What some faces gave.
struct Block {
    /// Distance and area of every part.
    pairs: Vec<(f64, f64)>,
    /// Sum of the distances at corners, times the areas.
    corner_sum: f64,
    /// Parts that could hold the largest distance.
    looks: Vec<Look>,
}

/// Distances from a surface to another, at points about `step_mm` apart.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn sampled(
    mesh: MeshRef<'_>,
    target: &ClosestPoints<'_>,
    step_mm: f64,
    progress: &Progress,
) -> Result<Sampled, Cancelled> {
    let n_blocks = mesh.faces().len().div_ceil(BLOCK);
    progress.expect(n_blocks);
    let blocks: Vec<Block> = (0..n_blocks)
        .into_par_iter()
        .map(|block| {
            let faces = block * BLOCK..((block + 1) * BLOCK).min(mesh.faces().len());
            let (mut pairs, mut corner_sum, mut largest) = (Vec::new(), 0.0, 0.0);
            let (mut looks, mut near): (Vec<Look>, _) = (Vec::new(), None);
            for face in faces {
                for part in parts(mesh.corners(face), step_mm) {
                    let Some((look, hit)) = look(target, part, near) else { continue };
                    near = Some(hit.face);
                    pairs.push((look.distance, look.area));
                    corner_sum += look.corner_mean * look.area;
                    largest = f64::max(largest, look.distance);
                    if look.bound > largest + NEAR_ENOUGH_MM || look.distance >= largest {
                        looks.push(look);
                    }
                }
            }
            looks.retain(|look| look.bound > largest + NEAR_ENOUGH_MM || look.distance >= largest);
            progress.step()?;
            Ok(Block { pairs, corner_sum, looks })
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut made = Sampled::default();
    let (mut pairs, mut looks) = (Vec::new(), Vec::new());
    for block in blocks {
        pairs.extend(block.pairs);
        looks.extend(block.looks);
        made.corner_mean_mm += block.corner_sum;
    }
    pairs.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    (made.distances_mm, made.areas_mm2) = pairs.into_iter().unzip();
    made.corner_mean_mm /= made.areas_mm2.iter().sum::<f64>();
    largest(target, looks, &mut made);
    Ok(made)
}

/// Divides a triangle into equal parts with sides no longer than a step.
fn parts(corners: [[f64; 3]; 3], step_mm: f64) -> impl Iterator<Item = Part> {
    let [a, b, c] = corners.map(Vector3::from);
    let longest = (b - a).norm().max((c - b).norm()).max((a - c).norm());
    let n = (longest / step_mm).ceil().clamp(1.0, MOST_PARTS) as usize;
    let (u, v) = ((b - a) / n as f64, (c - a) / n as f64);
    (0..n).flat_map(move |i| {
        (0..n - i).flat_map(move |j| {
            let at = a + u * i as f64 + v * j as f64;
            let lower = Some([at, at + u, at + v]);
            let upper = (i + j + 1 < n).then(|| [at + u + v, at + v, at + u]);
            lower.into_iter().chain(upper)
        })
    })
}

fn look(target: &ClosestPoints<'_>, part: Part, near: Option<u32>) -> Option<(Look, Hit)> {
    let hit = target.nearest(&(part.iter().sum::<Vector3<f64>>() / 3.0), near)?;
    let corners = part.map(|corner| target.on_face(&corner, hit.face).squared_distance.sqrt());
    let look = Look {
        distance: hit.squared_distance.sqrt(),
        area: doubled_area_vector(part.map(Into::into)).norm() / 2.0,
        corner_mean: corners.iter().sum::<f64>() / 3.0,
        bound: corners.iter().copied().fold(0.0, f64::max),
        part,
    };
    Some((look, hit))
}

/// Divides the parts that could hold the largest distance until it is known.
fn largest(target: &ClosestPoints<'_>, mut open: Vec<Look>, made: &mut Sampled) {
    let middle = |look: &Look| (look.part.iter().sum::<Vector3<f64>>() / 3.0).into();
    let mut best: Option<(f64, [f64; 3])> = None;
    let mut n_looks = 0;
    while !open.is_empty() {
        for look in &open {
            if best.is_none_or(|best| look.distance > best.0) {
                best = Some((look.distance, middle(look)));
            }
        }
        let found = best.map_or(0.0, |best| best.0);
        open.retain(|look| look.bound > found + NEAR_ENOUGH_MM);
        n_looks += 4 * open.len();
        if n_looks > MOST_LOOKS {
            break;
        }
        let finer: Vec<Vec<Look>> = open
            .par_iter()
            .map(|look| {
                let [a, b, c] = look.part;
                let (ab, bc, ca) = ((a + b) / 2.0, (b + c) / 2.0, (c + a) / 2.0);
                let parts = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]];
                parts
                    .into_iter()
                    .filter_map(|part| self::look(target, part, None))
                    .map(|look| look.0)
                    .collect()
            })
            .collect();
        open = finer.into_iter().flatten().collect();
    }
    (made.largest_mm, made.farthest_lps_mm) = best.unwrap_or((f64::NAN, [f64::NAN; 3]));
    let left = open.iter().map(|look| look.bound).fold(0.0, f64::max);
    made.bound_mm = left.max(made.largest_mm + NEAR_ENOUGH_MM);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::{area_mm2, tests::cuboid};

    #[test]
    fn two_boxes_are_as_far_as_they_were_put() {
        let (inner, outer) = (cuboid([1.0; 3], [6.0, 6.0, 6.0]), cuboid([0.0; 3], [8.0, 8.0, 8.0]));
        let tree = ClosestPoints::new(outer.view());
        let found = sampled(inner.view(), &tree, 0.5, &Progress::default()).unwrap();
        assert!(found.distances_mm.iter().all(|mm| (mm - 1.0).abs() < 1e-12));
        assert!((found.areas_mm2.iter().sum::<f64>() - area_mm2(inner.view())).abs() < 1e-9);
        assert!((found.corner_mean_mm - 1.0).abs() < 1e-12);
        // Back: the corner of the outer box is a corner of a unit cube away.
        let tree = ClosestPoints::new(inner.view());
        let found = sampled(outer.view(), &tree, 3.0, &Progress::default()).unwrap();
        assert!(found.largest_mm <= 3.0_f64.sqrt() && 3.0_f64.sqrt() <= found.bound_mm);
        assert!(found.bound_mm - found.largest_mm < 0.003, "{found:?}");
        assert!(found.farthest_lps_mm.iter().all(|x| (x - 4.0).abs() > 3.99));
    }

    #[test]
    fn the_parts_fill_their_triangle() {
        let corners = [[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 4.0, 1.0]];
        let made: Vec<Part> = parts(corners, 0.6).collect();
        assert_eq!(made.len(), 81);
        let area: f64 = made.iter().map(|part| doubled_area_vector(part.map(Into::into)).norm()).sum();
        assert!((area - doubled_area_vector(corners).norm()).abs() < 1e-12);
        let longest = made.iter().map(|part| (part[0] - part[1]).norm()).fold(0.0, f64::max);
        assert!(longest <= 0.6);
    }
}
