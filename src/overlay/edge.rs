//! The edge in the image beside one point of the mesh, and what may stand in its way.

use nalgebra::{Matrix3, Vector3};

use super::coat;
use super::curvature::{self, Edge};
use super::field::Field;
use super::normal::ROOT_TAU;
use super::profile::{Extreme, Profile};
use super::quiet::Noise;
use super::spread::{Lean, Spread};
use super::steps::{self, Steps, Task};
use crate::segment::Value;

/// How the edge is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeMethod {
    /// Where the image is midway between the plateaus on both sides.
    HalfMaximum,
    /// Where the image is steepest.
    GradientMaximum,
}

/// What was found beside a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Status {
    /// An edge.
    Found = 0,
    /// An edge of a wall thinner than twice the blur: its plateau is taken from the bone elsewhere.
    Thin = 1,
    /// Nothing in reach falls off enough.
    #[default]
    Flat = 2,
    /// The image ends before the edge.
    Outside = 3,
    /// Two edges are as likely.
    Ambiguous = 4,
    /// The inside is at the end of the scale: metal, whose edge is not where it seems.
    Saturated = 5,
    /// The image rises outwards: the mesh is inside out there, or bounds something else.
    Reversed = 6,
    /// The edge runs across the surface rather than along it.
    Oblique = 7,
}

/// What is known of the scan before any edge is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    pub method: EdgeMethod,
    pub step_mm: f64,
    pub search_mm: f64,
    pub half: usize,
    /// How often the slope of a profile is smoothed.
    pub n_smooth: usize,
    /// Blur of the image that is read: of the scan, and what was added.
    pub blur_mm2: Matrix3<f64>,
    /// What was added of that.
    pub added_mm2: Matrix3<f64>,
    pub noise: f64,
    pub least_contrast: f64,
    pub inside: [f64; 2],
    pub ceiling: f64,
    pub level: Option<f64>,
    /// Value of a thin coat between bone and air, and how well it is known.
    pub coat: Option<[f64; 2]>,
    pub is_curvature_corrected: bool,
    /// Mean distance of voxels, mm: what is between them is not independent.
    pub voxel_mm: f64,
    /// How far noise is alike where the image was smoothed: standard deviation of a bell, mm.
    pub alike_mm: Option<f64>,
    /// Noise of the voxels where the image is taken as it is, and they are alike over more than themselves.
    pub alike: Option<Noise>,
    pub longest_step_mm: f64,
    /// The steps of the grid as columns.
    pub steps: Matrix3<f64>,
}

impl Scan {
    /// What the way slopes are read adds to the blur along a profile, mm2.
    pub(super) fn read_mm2(&self) -> f64 {
        self.step_mm.powi(2) * (1.0 / 3.0 + 0.5 * self.n_smooth as f64)
    }

    /// The blur of the scan over that of what is read: a level lies that much nearer to the edge.
    fn sharper(&self, out: &Vector3<f64>) -> f64 {
        let added = out.dot(&(self.added_mm2 * out)) / out.dot(&(self.blur_mm2 * out));
        (1.0 - added).max(0.0).sqrt()
    }
}

/// What was measured at one point; NaN where there is nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// What was found.
    pub status: Status,
    /// How far the mesh lies outside the edge, mm.
    pub offset_mm: f64,
    /// One standard deviation of that.
    pub uncertainty_mm: f64,
    /// Value inside less value outside.
    pub contrast: f64,
    /// Value inside, as far as the image shows it.
    pub inside: f64,
    /// Value outside, with the neighbours taken out.
    pub outside: f64,
    /// Value at the point itself.
    pub value: f64,
    /// How far blur had moved the edge inwards; taken out of the offset when asked for.
    pub curvature_mm: f64,
    /// How far outside the edge the level lies.
    pub level_mm: f64,
}

const NOTHING: Measured = Measured {
    status: Status::Flat,
    offset_mm: f64::NAN,
    uncertainty_mm: f64::NAN,
    contrast: f64::NAN,
    inside: f64::NAN,
    outside: f64::NAN,
    value: f64::NAN,
    curvature_mm: f64::NAN,
    level_mm: f64::NAN,
};

/// A second edge that scores so much of the best makes it a guess.
const RIVAL: f64 = 0.75;
/// An edge that leans more than 60 degrees is another one.
const LEAST_COSINE: f64 = 0.5;
/// A neighbour counts from this part of the contrast on.
const NEIGHBOUR: f64 = 0.12;
/// Blur widths that a fit looks at on either side.
const WINDOW_SIGMAS: f64 = 3.2;
const THIN_SIGMAS: f64 = 2.0;
/// A fit that ends this many blur widths from where the image is steepest has followed another edge.
const RUNAWAY_SIGMAS: f64 = 0.8;
/// Under a coat the edge lies farther in than where both edges together are steepest.
const COATED_SIGMAS: f64 = 1.4;

/// Looks for the edge beside a point.
pub(super) fn measure<T: Value>(
    field: &Field<'_, T>,
    scan: &Scan,
    point: &Vector3<f64>,
    normal: &Vector3<f64>,
) -> Measured {
    let nothing = |status| Measured { status, ..NOTHING };
    let index = field.index(point);
    let direction = field.step(normal);
    let Some(profile) = Profile::read(field, &index, &direction, scan.step_mm, scan.half, scan.n_smooth)
    else {
        return nothing(Status::Outside);
    };
    let value = profile.middle();
    let extremes = profile.extremes();
    let chosen = match choose(scan, &profile, &extremes) {
        Ok(chosen) => chosen,
        Err(status) => return Measured { value, ..nothing(status) },
    };
    let found = locate(field, scan, &profile, &extremes, chosen, (&index, normal));
    match found {
        Ok(found) => Measured { value, ..found },
        Err(status) => Measured { value, ..nothing(status) },
    }
}

/// The number of the edge that is meant: strong, and near.
fn choose(scan: &Scan, profile: &Profile, extremes: &[Extreme]) -> Result<usize, Status> {
    let near = |extreme: &Extreme| extreme.place_mm.abs() <= scan.search_mm;
    let score = |extreme: &Extreme| {
        let far = 2.0 * extreme.place_mm / scan.search_mm;
        extreme.drop * (-0.5 * far * far).exp()
    };
    let mut best: Option<(usize, f64)> = None;
    for (n, extreme) in extremes.iter().enumerate() {
        if near(extreme)
            && extreme.drop >= scan.least_contrast
            && best.is_none_or(|best| score(extreme) > best.1)
        {
            best = Some((n, score(extreme)));
        }
    }
    let Some((best, most)) = best else {
        let [low, high] = profile.reach_mm();
        let rises =
            |one: &Extreme| one.place_mm.abs() <= scan.search_mm / 2.0 && -one.drop >= scan.least_contrast;
        return Err(if low > -scan.search_mm || high < scan.search_mm {
            Status::Outside
        } else if extremes.iter().any(rises) {
            Status::Reversed
        } else {
            Status::Flat
        });
    };
    let apart = |other: &Extreme| (other.place_mm - extremes[best].place_mm).abs() > scan.voxel_mm;
    let is_rival = |(n, other): (usize, &Extreme)| {
        n != best
            && near(other)
            && apart(other)
            && other.drop >= scan.least_contrast
            && score(other) >= RIVAL * most
    };
    if extremes.iter().enumerate().any(is_rival) { Err(Status::Ambiguous) } else { Ok(best) }
}

fn locate<T: Value>(
    field: &Field<'_, T>,
    scan: &Scan,
    profile: &Profile,
    extremes: &[Extreme],
    chosen: usize,
    (index, normal): (&Vector3<f64>, &Vector3<f64>),
) -> Result<Measured, Status> {
    let start = extremes[chosen];
    let direction = field.step(normal);
    let across = |place_mm: f64| -> Result<(Vector3<f64>, f64), Status> {
        let slope = field.slope(&(index + direction * place_mm), scan.voxel_mm).ok_or(Status::Outside)?;
        let out = (-slope).try_normalize(0.0).ok_or(Status::Flat)?;
        Ok((out, out.dot(normal)))
    };
    let (out, cosine) = across(start.place_mm)?;
    if cosine < LEAST_COSINE {
        return Err(Status::Oblique);
    }
    let sigma = out.dot(&(scan.blur_mm2 * out)).sqrt();
    let task = task(scan, profile, extremes, chosen, sigma / cosine)?;
    let inner = profile.between(task.window_mm[0], start.place_mm);
    let highest = inner.map(|(_, value)| value).fold(f64::NEG_INFINITY, f64::max);
    if highest >= scan.ceiling {
        return Err(Status::Saturated);
    }
    let bare = steps::fit(&task).ok_or(Status::Ambiguous)?;
    let per_voxel = (scan.voxel_mm / scan.step_mm).max(1.0);
    let coated = scan.coat.filter(|_| task.starts[2].is_none());
    let is_held = |found: &Steps, sigmas: f64| {
        (found.place_mm - start.place_mm).abs() * cosine <= sigmas * sigma + scan.step_mm
    };
    let coated = coated.and_then(|coat| coat::under(coat, per_voxel, &task, &bare));
    let coated = coated.filter(|found| is_held(found, COATED_SIGMAS));
    let is_bare = coated.is_none();
    let fitted = coated.unwrap_or(bare);
    if (is_bare && !is_held(&bare, RUNAWAY_SIGMAS)) || fitted.drop < scan.least_contrast / 2.0 {
        return Err(Status::Ambiguous);
    }
    let is_thin =
        fitted.inner_mm.is_some_and(|inner| (fitted.place_mm - inner) * cosine < THIN_SIGMAS * sigma);
    let place_mm = match scan.method {
        EdgeMethod::HalfMaximum => fitted.place_mm,
        // Slopes are read over two samples and smoothed: each adds to the blur of the scan.
        EdgeMethod::GradientMaximum => {
            start.place_mm - fitted.pull_mm((sigma * sigma / (cosine * cosine) + scan.read_mm2()).sqrt())
        }
    };
    let edge =
        Edge { index: index + direction * place_mm, normal: out, fall: fitted.drop / (ROOT_TAU * sigma) };
    let reach = (1.5 * sigma).max(scan.longest_step_mm);
    let curvature_mm = curvature::inward_mm(field, &edge, &scan.blur_mm2, reach);
    let voxel_mm = (scan.steps.transpose() * out).norm();
    let spread = Spread { noise: fitted.rest().max(scan.noise), drop: fitted.drop, sigma, voxel_mm };
    let lean = Lean { tangent: spread.lean(scan, cosine), bend_sigmas: curvature_mm.abs() / sigma };
    let taken_out = if scan.is_curvature_corrected { lean.kept() * curvature_mm } else { 0.0 };
    let corrected = place_mm + taken_out / cosine;
    let random = spread.random(scan, fitted.place_variance, reach) * cosine;
    let bend = if scan.is_curvature_corrected { lean.doubt() } else { 1.0 } * curvature_mm;
    let between = spread.between(scan.method);
    Ok(Measured {
        status: if is_thin { Status::Thin } else { Status::Found },
        offset_mm: -corrected * cosine,
        uncertainty_mm: (random * random + bend * bend + between * between).sqrt(),
        contrast: fitted.drop,
        inside: highest,
        outside: fitted.outside,
        value: f64::NAN,
        curvature_mm,
        level_mm: level_mm(scan, profile, place_mm, sigma / cosine) * cosine * scan.sharper(&out),
    })
}

fn level_mm(scan: &Scan, profile: &Profile, edge_mm: f64, sigma: f64) -> f64 {
    let crossing =
        scan.level.and_then(|level| profile.crossing_mm(level, edge_mm, 3.0 * sigma + scan.step_mm));
    crossing.map_or(f64::NAN, |place| place - edge_mm)
}

/// The window of a fit, and the neighbours in it.
fn task<'a>(
    scan: &Scan,
    profile: &'a Profile,
    extremes: &[Extreme],
    chosen: usize,
    sigma: f64,
) -> Result<Task<'a>, Status> {
    let edge = extremes[chosen];
    let counts = |other: &&Extreme| other.drop.abs() >= NEIGHBOUR * edge.drop;
    let reach = WINDOW_SIGMAS * sigma + scan.step_mm;
    let mut inside = extremes[..chosen].iter().rev().filter(counts);
    let mut outside = extremes[chosen + 1..].iter().filter(counts);
    let (inner, outer) = (inside.next().copied(), outside.next().copied());
    let is_near = |one: &Extreme| (one.place_mm - edge.place_mm).abs() <= reach + sigma;
    let mut window_mm = [edge.place_mm - reach, edge.place_mm + reach];
    // What lies behind the neighbour is not in the model.
    if let Some(next) = inside.next() {
        window_mm[0] = window_mm[0].max(next.place_mm + 1.5 * sigma);
    }
    if let Some(next) = outside.next() {
        window_mm[1] = window_mm[1].min(next.place_mm - 1.5 * sigma);
    }
    let [low, high] = profile.reach_mm();
    if low > edge.place_mm - 1.2 * sigma || high < edge.place_mm + 1.2 * sigma {
        return Err(Status::Outside);
    }
    Ok(Task {
        profile,
        window_mm,
        starts: [Some(edge), inner.filter(is_near), outer.filter(is_near)],
        sigma_mm: sigma,
        is_blur_free: false,
        noise: scan.noise,
        inside: Some(scan.inside),
        between: None,
    })
}
