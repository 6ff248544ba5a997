//! How much of each pixel a structure covers.
//!
//! A surface that is flat at the scale of the blur covers a pixel at distance d by the integral of
//! a box (the slice thickness, foreshortened) over a Gaussian (the blur, foreshortened); both are
//! known in closed form, so an edge comes out right however thick the slice and however oblique
//! the surface.  Thick slices are cut into several for the sake of curved surfaces.

use nalgebra::{Point3, Vector3};

use super::gauss::{phi, ramp};
use super::kernel::Raster;
use super::model::{Effect, Phantom};
use super::pruned::{Block, Pruned};

/// Thickest part over which a surface is taken as flat, mm.
const FLAT_MM: f64 = 0.8;
/// Standard deviations beyond which an edge is taken to have no effect: 1e-5 of its height.
const REACH_SIGMAS: f64 = 4.3;
/// Edges of the tiles, in pixels, from coarse to fine.
const EDGES: &[usize] = &[128, 32, 8];

/// A slice to be filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    pub origin: Point3<f64>,
    pub steps: [Vector3<f64>; 2],
    pub normal: Vector3<f64>,
    pub dims_ij: [usize; 2],
    pub thickness_mm: f64,
    pub sigma_mm: f64,
}

/// A rectangle of pixels: first and number, along i and j.
#[derive(Debug, Clone, Copy)]
struct Tile {
    first: [usize; 2],
    size: [usize; 2],
}

type Active<'a> = Vec<(Pruned<'a>, Effect)>;

/// Adds the effects of all structures to a raster that holds the background.
pub(super) fn fill(phantom: &Phantom, plane: &Plane, raster: &mut Raster) {
    let all: Active<'_> = phantom
        .structures
        .iter()
        .filter(|structure| structure.effect != Effect::Nothing)
        .map(|structure| (Pruned::from(&structure.solid), structure.effect))
        .collect();
    let whole = Tile { first: [0, 0], size: plane.dims_ij };
    fill_tile(&all, plane, whole, EDGES, raster, &mut Scratch::default());
}

/// Fills a tile: looks which structures matter in it, then goes on with its parts.
fn fill_tile(
    active: &Active<'_>,
    plane: &Plane,
    tile: Tile,
    edges: &[usize],
    raster: &mut Raster,
    scratch: &mut Scratch,
) {
    let Some((&edge, finer)) = edges.split_first() else {
        return fill_last(active, plane, tile, raster, scratch);
    };
    for part in tile.tiles(edge) {
        let block = plane.block(part);
        let kept: Active<'_> = active
            .iter()
            .map(|(solid, effect)| (solid.prune(block), *effect))
            .filter(|((_, range), _)| range.low() <= plane.reach_mm())
            .map(|((solid, _), effect)| (solid, effect))
            .collect();
        if !kept.is_empty() {
            fill_tile(&kept, plane, part, finer, raster, scratch);
        }
    }
}

/// Fills a tile of the finest size.
fn fill_last(active: &Active<'_>, plane: &Plane, tile: Tile, raster: &mut Raster, scratch: &mut Scratch) {
    let (block, reach) = (plane.block(tile), plane.reach_mm());
    scratch.has_points = false;
    for (solid, effect) in active {
        // Pruned for this tile already; only the bounds are asked for.
        if solid.range(block).high() < -reach {
            scratch.coverage.clear();
            scratch.coverage.resize(tile.size[0] * tile.size[1], 1.0);
        } else {
            if !scratch.has_points {
                plane.points(tile, &mut scratch.points);
                scratch.has_points = true;
            }
            solid.values(&scratch.points, &mut scratch.field);
            cover(plane, tile, &scratch.field, &mut scratch.coverage);
        }
        for (row, covered) in scratch.coverage.chunks(tile.size[0]).enumerate() {
            let start = (tile.first[1] + row) * raster.columns + tile.first[0];
            let line = &mut raster.values[start..start + tile.size[0]];
            apply(*effect, covered, line);
        }
    }
}

fn apply(effect: Effect, covered: &[f32], line: &mut [f32]) {
    match effect {
        Effect::Add(contrast) => {
            line.iter_mut().zip(covered).for_each(|(hu, part)| *hu += contrast as f32 * part);
        }
        Effect::Paint(painted) => {
            line.iter_mut().zip(covered).for_each(|(hu, part)| *hu += (painted as f32 - *hu) * part);
        }
        Effect::Nothing => {}
    }
}

#[derive(Default)]
struct Scratch {
    points: Vec<Point3<f64>>,
    field: Vec<f64>,
    coverage: Vec<f32>,
    has_points: bool,
}

impl Tile {
    fn tiles(self, edge: usize) -> impl Iterator<Item = Tile> {
        let starts = move |axis: usize| (0..self.size[axis]).step_by(edge);
        starts(1).flat_map(move |j| {
            starts(0).map(move |i| Tile {
                first: [self.first[0] + i, self.first[1] + j],
                size: [edge.min(self.size[0] - i), edge.min(self.size[1] - j)],
            })
        })
    }
}

impl Plane {
    fn at(&self, i: f64, j: f64, height_mm: f64) -> Point3<f64> {
        self.origin + self.steps[0] * i + self.steps[1] * j + self.normal * height_mm
    }

    /// A ball round the tile, its neighbours and the slices on either side.
    fn block(&self, tile: Tile) -> Block {
        let half = [0, 1].map(|axis| (tile.size[axis] as f64 + 1.0) / 2.0);
        let middle = [0, 1].map(|axis| tile.first[axis] as f64 + (tile.size[axis] as f64 - 1.0) / 2.0);
        let (n, part) = self.parts();
        let height = part * (n as f64 + 1.0) / 2.0;
        let extent = self.steps[0] * half[0];
        let other = self.steps[1] * half[1];
        let radius = (extent.norm_squared() + other.norm_squared() + height * height).sqrt();
        Block { centre: self.at(middle[0], middle[1], 0.0), radius }
    }

    /// Into how many parts the thickness is cut, and how thick each is.
    fn parts(&self) -> (usize, f64) {
        let n = (self.thickness_mm / FLAT_MM).ceil().max(1.0);
        (n as usize, self.thickness_mm / n)
    }

    fn reach_mm(&self) -> f64 {
        // Twice, because a field may rise by only half a millimetre per millimetre (see `cover`).
        2.0 * (REACH_SIGMAS * self.sigma_mm + self.parts().1 / 2.0)
    }

    /// The pixels of a tile and one more on each side, for each part of the thickness and one more.
    fn points(&self, tile: Tile, points: &mut Vec<Point3<f64>>) {
        points.clear();
        let (n, part) = self.parts();
        for k in 0..n + 2 {
            let height = (k as f64 - (n as f64 + 1.0) / 2.0) * part;
            for j in 0..tile.size[1] + 2 {
                for i in 0..tile.size[0] + 2 {
                    let at = |axis: usize, index: usize| (tile.first[axis] + index) as f64 - 1.0;
                    points.push(self.at(at(0, i), at(1, j), height));
                }
            }
        }
    }
}

/// Turns the field at the points of a tile into the part covered of each pixel.
fn cover(plane: &Plane, tile: Tile, field: &[f64], coverage: &mut Vec<f32>) {
    let (n, part) = plane.parts();
    let (wide, high) = (tile.size[0] + 2, tile.size[1] + 2);
    let per_step = [0, 1].map(|axis| 0.5 / plane.steps[axis].norm());
    let reach = plane.reach_mm();
    coverage.clear();
    for j in 1..=tile.size[1] {
        for i in 1..=tile.size[0] {
            let mut sum = 0.0;
            for k in 1..=n {
                let at = (k * high + j) * wide + i;
                if field[at].abs() > reach {
                    sum += f64::from(u8::from(field[at] < 0.0));
                    continue;
                }
                let x = (field[at + 1] - field[at - 1]) * per_step[0];
                let y = (field[at + wide] - field[at - wide]) * per_step[1];
                let z = (field[at + wide * high] - field[at - wide * high]) * 0.5 / part;
                sum += edge(field[at], [x, y, z], plane.sigma_mm, part);
            }
            coverage.push((sum / n as f64) as f32);
        }
    }
}

/// Part covered by a flat surface, from the field and its gradient along i, j and the normal.
#[inline]
fn edge(value: f64, gradient: [f64; 3], sigma_mm: f64, thickness_mm: f64) -> f64 {
    let [x, y, z] = gradient;
    let steep = (x * x + y * y + z * z).sqrt();
    // Dividing by the slope makes a field that is not quite a distance into one; where the slope
    // is lost, at the medial axis, the field itself is the better guess.
    let slope = steep.max(0.5);
    let depth = -value / slope;
    let across = (z.abs() / slope).min(1.0);
    let sigma = (sigma_mm * (1.0 - across * across).sqrt()).max(0.02);
    let width = thickness_mm * across;
    if width < sigma {
        return phi(depth / (sigma * sigma + width * width / 12.0).sqrt());
    }
    sigma / width * (ramp((depth + width / 2.0) / sigma) - ramp((depth - width / 2.0) / sigma))
}
