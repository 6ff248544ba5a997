//! How much of each pixel a structure covers.
//!
//! A surface that is flat at the scale of the blur covers a pixel at distance d by the integral of
//! a box (the slice thickness, foreshortened) over a Gaussian (the blur, foreshortened); both are
//! known in closed form, so an edge comes out right however thick the slice and however oblique
//! the surface.  Blur moves a curved surface towards its centre, by half the sum over the directions
//! of variance times curvature (van Vliet and Verbeek 1994, doi 10.1109/34.297954): the second
//! differences of the field tell how far.  Thick slices are cut into several besides.

use std::sync::Arc;

use nalgebra::{Point3, Vector3};

use super::field::{Fields, Points};
use super::gauss::{phi, ramp};
use super::kernel::Raster;
use super::model::{Effect, Phantom};
use super::pruned::{Block, Pruned, Range};
use super::solid::Solid;

/// Thickest part over which a surface is taken as flat, mm.
const FLAT_MM: f64 = 0.8;
/// Standard deviations beyond which an edge is taken to have no effect: 1e-5 of its height.
const REACH_SIGMAS: f64 = 4.3;
/// Most that curvature moves a surface, in standard deviations: at an edge or a ridge of the field second
/// differences are no curvature.  With this bound corners and thin walls come out better than flat, too.
const MOST_BEND: f64 = 0.35;
/// Edges of the tiles, in pixels, from coarse to fine.
const EDGES: &[usize] = &[128, 32, 16, 8];

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

/// A solid and its layers: how far each is grown, and its effect.
#[derive(Clone)]
struct Group<'a> {
    solid: Pruned<'a>,
    /// Bounds of its field in the tile it was pruned for.
    range: Range,
    layers: Vec<(f64, Effect)>,
}

/// What all tiles of a slice share.
struct Job<'a> {
    plane: &'a Plane,
    raster: &'a mut Raster,
    scratch: Scratch,
}

/// Adds the effects of all structures to a raster that holds the background.
pub(super) fn fill(phantom: &Phantom, plane: &Plane, raster: &mut Raster) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut last: Option<&Arc<Solid>> = None;
    for structure in phantom.structures.iter().filter(|structure| structure.effect != Effect::Nothing) {
        let layer = (structure.grown_mm, structure.effect);
        match groups.last_mut() {
            Some(group) if last.is_some_and(|solid| Arc::ptr_eq(solid, &structure.solid)) => {
                group.layers.push(layer);
            }
            _ => groups.push(Group {
                solid: Pruned::from(&*structure.solid),
                range: Range { value: 0.0, change: f64::INFINITY },
                layers: vec![layer],
            }),
        }
        last = Some(&structure.solid);
    }
    let whole = Tile { first: [0, 0], size: plane.dims_ij };
    Job { plane, raster, scratch: Scratch::default() }.fill(&groups, whole, EDGES);
}

impl Job<'_> {
    /// Fills a tile: looks which structures matter in it, then goes on with its parts.
    fn fill(&mut self, groups: &[Group<'_>], tile: Tile, edges: &[usize]) {
        let Some((&edge, finer)) = edges.split_first() else { return self.fill_last(groups, tile) };
        for part in tile.tiles(edge) {
            let block = self.plane.block(part);
            let kept: Vec<_> =
                groups.iter().filter_map(|group| group.seen_from(block, self.plane.reach_mm())).collect();
            if !kept.is_empty() {
                self.fill(&kept, part, finer);
            }
        }
    }

    /// Fills a tile of the finest size.
    fn fill_last(&mut self, groups: &[Group<'_>], tile: Tile) {
        let reach = self.plane.reach_mm();
        for group in groups {
            let range = group.range;
            let mut has_field = false;
            for &(grown, effect) in &group.layers {
                if range.low() - grown > reach {
                    continue;
                }
                if range.high() - grown < -reach {
                    self.scratch.coverage.clear();
                    self.scratch.coverage.resize(tile.size[0] * tile.size[1], 1.0);
                } else {
                    if !has_field {
                        self.scratch.evaluate(&group.solid, self.plane, tile);
                        has_field = true;
                    }
                    cover(self.plane, tile.size, &self.scratch.field, grown, &mut self.scratch.coverage);
                }
                self.apply(effect, tile);
            }
        }
    }

    fn apply(&mut self, effect: Effect, tile: Tile) {
        for (row, covered) in self.scratch.coverage.chunks(tile.size[0]).enumerate() {
            let start = (tile.first[1] + row) * self.raster.columns + tile.first[0];
            apply(effect, covered, &mut self.raster.values[start..start + tile.size[0]]);
        }
    }
}

impl<'a> Group<'a> {
    /// The group as far as it matters within a block, if at all.
    fn seen_from(&self, block: Block, reach_mm: f64) -> Option<Group<'a>> {
        let (solid, range) = self.solid.prune(block);
        let outermost = self.layers.iter().fold(f64::NEG_INFINITY, |most, layer| most.max(layer.0));
        (range.low() - outermost <= reach_mm).then(|| Group { solid, range, layers: self.layers.clone() })
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
    /// Size of the tile that the points are those of.
    size: [usize; 2],
    points: Points,
    fields: Fields,
    field: Vec<f32>,
    coverage: Vec<f32>,
}

impl Scratch {
    fn evaluate(&mut self, solid: &Pruned<'_>, plane: &Plane, tile: Tile) {
        if self.size != tile.size {
            plane.points(tile.size, &mut self.points);
            self.size = tile.size;
        }
        self.fields.values(solid, plane.middle(tile).coords.into(), &self.points, &mut self.field);
    }
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
    /// A ball round the tile, its neighbours and the slices on either side.
    fn block(&self, tile: Tile) -> Block {
        let half = [0, 1].map(|axis| f64::midpoint(tile.size[axis] as f64, 1.0));
        let (n, part) = self.parts();
        let height = part * (n as f64 + 1.0) / 2.0;
        let extent = self.steps[0] * half[0];
        let other = self.steps[1] * half[1];
        let radius = (extent.norm_squared() + other.norm_squared() + height * height).sqrt();
        Block { centre: self.middle(tile), radius }
    }

    fn middle(&self, tile: Tile) -> Point3<f64> {
        let [i, j] = [0, 1].map(|axis| tile.first[axis] as f64 + (tile.size[axis] as f64 - 1.0) / 2.0);
        self.origin + self.steps[0] * i + self.steps[1] * j
    }

    /// Into how many parts the thickness is cut, and how thick each is.
    fn parts(&self) -> (usize, f64) {
        let n = (self.thickness_mm / FLAT_MM).ceil().max(1.0);
        (n as usize, self.thickness_mm / n)
    }

    fn reach_mm(&self) -> f64 {
        // More than the blur itself, because a field may rise by less than 1 mm per millimetre.
        1.4 * (REACH_SIGMAS * self.sigma_mm + self.parts().1 / 2.0)
    }

    /// The pixels of a tile and one more on each side, for each part of the thickness; and the pixels alone
    /// one part below and one above.
    fn points(&self, size: [usize; 2], points: &mut Points) {
        points.x.clear();
        points.y.clear();
        points.z.clear();
        let (n, part) = self.parts();
        for k in 0..n + 2 {
            let height = (k as f64 - f64::midpoint(n as f64, 1.0)) * part;
            let ring = usize::from((1..=n).contains(&k));
            for j in 1 - ring..=size[1] + ring {
                for i in 1 - ring..=size[0] + ring {
                    let from_middle =
                        |axis: usize, index: usize| index as f64 - f64::midpoint(size[axis] as f64, 1.0);
                    let offset = self.steps[0] * from_middle(0, i)
                        + self.steps[1] * from_middle(1, j)
                        + self.normal * height;
                    points.x.push(offset.x as f32);
                    points.y.push(offset.y as f32);
                    points.z.push(offset.z as f32);
                }
            }
        }
    }
}

/// Where the points of a tile lie in the list of them.
struct Places {
    size: [usize; 2],
    n_parts: usize,
}

impl Places {
    /// The first point of a row of pixels, without what lies beside it.
    fn row(&self, k: usize, j: usize) -> usize {
        let [wide, high] = self.size;
        let ringed = (wide + 2) * (high + 2);
        if k == 0 {
            (j - 1) * wide
        } else if k <= self.n_parts {
            wide * high + (k - 1) * ringed + j * (wide + 2) + 1
        } else {
            wide * high + self.n_parts * ringed + (j - 1) * wide
        }
    }
}

/// Turns the field at the points of a tile into the part covered of each pixel.
fn cover(plane: &Plane, size: [usize; 2], field: &[f32], grown: f64, coverage: &mut Vec<f32>) {
    let (n, part) = plane.parts();
    let places = Places { size, n_parts: n };
    let per_step = [0, 1].map(|axis| 0.5 / plane.steps[axis].norm());
    // Variance of blur and thickness along i, j and the normal, in squared steps.
    let blur = [0, 1].map(|axis| (plane.sigma_mm / plane.steps[axis].norm()).powi(2));
    let weights = [blur[0], blur[1], 1.0 / 12.0];
    let reach = plane.reach_mm();
    coverage.clear();
    coverage.resize(size[0] * size[1], 0.0);
    for (row, line) in coverage.chunks_mut(size[0]).enumerate() {
        let j = row + 1;
        for k in 1..=n {
            let (here, before, behind) = (places.row(k, j), places.row(k, j - 1), places.row(k, j + 1));
            let (below, above) = (places.row(k - 1, j), places.row(k + 1, j));
            for (i, out) in line.iter_mut().enumerate() {
                let value = f64::from(field[here + i]) - grown;
                let covered = if value.abs() > reach {
                    f64::from(u8::from(value < 0.0))
                } else {
                    let across = |a: usize, b: usize| f64::from(field[a + i] - field[b + i]);
                    let gradient = [
                        across(here + 1, here - 1) * per_step[0],
                        across(behind, before) * per_step[1],
                        across(above, below) * 0.5 / part,
                    ];
                    let twice = 2.0 * field[here + i];
                    let bend = |a: usize, b: usize| f64::from(field[a + i] + field[b + i] - twice);
                    let bends = [bend(here + 1, here - 1), bend(behind, before), bend(above, below)]
                        .map(|one| 0.5 * one);
                    let moved = (0..3).map(|axis| weights[axis] * bends[axis]).sum();
                    edge(value, gradient, moved, plane.sigma_mm, part)
                };
                *out += (covered / n as f64) as f32;
            }
        }
    }
}

/// Part covered by a surface, from the field, its gradient along i, j and the normal, and by how much its
/// bends raise the field once it is blurred.
#[inline]
fn edge(value: f64, gradient: [f64; 3], bend: f64, sigma_mm: f64, thickness_mm: f64) -> f64 {
    let [x, y, z] = gradient;
    let steep = (x * x + y * y + z * z).sqrt();
    // Dividing by the slope makes a field that is not quite a distance into one; where the slope
    // is lost, at the medial axis, the field itself is the better guess.
    let slope = steep.max(0.75);
    let across = (z.abs() / slope).min(1.0);
    let sigma = (sigma_mm * (1.0 - across * across).sqrt()).max(0.02);
    let width = thickness_mm * across;
    let most = MOST_BEND * (sigma * sigma + width * width / 12.0).sqrt();
    let depth = -(value / slope + (bend / slope).clamp(-most, most));
    if width < sigma {
        return phi(depth / (sigma * sigma + width * width / 12.0).sqrt());
    }
    sigma / width * (ramp((depth + width / 2.0) / sigma) - ramp((depth - width / 2.0) / sigma))
}
