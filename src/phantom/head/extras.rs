//! What a head may have besides: a defect, a filling, a table, a reference bar.

use nalgebra::{Point3, Vector3};

use super::super::model::{Effect, Streak};
use super::super::objects::AIR_HU;
use super::super::solid::{Place, Solid, ball, block, common, cylinder};
use super::{Body, HeadOptions, at, teeth};

/// Where the axis of a defect starts, mm: the middle of the braincase.
const MIDDLE: Place = [1.5, 3.0, 48.0];

/// A round hole through the vault, its axis running from the middle of the braincase outwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defect {
    /// From the middle of the braincase to the defect; any length.
    pub direction: Vector3<f64>,
    /// Its diameter, mm.
    pub diameter_mm: f64,
}

/// A ball of metal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metal {
    /// Its radius, mm.
    pub radius_mm: f64,
    /// HU before the scanner clips.
    pub hu: f64,
    /// Height of the strongest streak.
    pub streak_hu: f64,
}

impl Defect {
    pub(super) fn solid(self) -> Solid {
        let axis = self.direction.normalize();
        let end = |mm: f64| -> Place { (Vector3::from(MIDDLE) + axis * mm).into() };
        cylinder(end(20.0), end(130.0), self.diameter_mm / 2.0)
    }
}

/// The plate of the table: a shallow trough, 18 mm thick with a foam core.
fn table() -> (Solid, Solid) {
    let trough = |thick: f64| {
        let low = cylinder([0.0, -60.0, -124.0], [0.0, -60.0, 132.0], 171.0 + thick);
        let high = cylinder([0.0, -60.0, -126.0], [0.0, -60.0, 134.0], 171.0 - thick);
        let slot = block([0.0, 120.0, 4.0], [100.0, 60.0, 128.0], 0.0, [0.0; 3]);
        common(0.0, [low, slot]).without([high])
    };
    (trough(7.0), trough(5.5))
}

/// Adds what was asked for; returns the streaks.
pub(super) fn add(body: &mut Body, options: &HeadOptions) -> Vec<Streak> {
    if let Some(defect) = options.defect {
        body.push("defect", defect.solid(), Effect::Nothing);
    }
    if options.has_table {
        let (plate, foam) = table();
        body.add("table", plate, AIR_HU, -60.0);
        body.add("table_foam", foam, -60.0, -930.0);
    }
    if options.has_bar {
        body.add("bar", block([86.0, -50.0, -60.0], [5.0, 5.0, 25.0], 0.0, [9.0, -6.0, 4.0]), AIR_HU, 130.0);
    }
    let Some(metal) = options.metal else { return Vec::new() };
    let centre = teeth::filled_molar();
    body.push("metal", ball(centre, metal.radius_mm), Effect::Paint(metal.hu));
    vec![Streak { centre: at(centre), radius_mm: metal.radius_mm, amplitude_hu: metal.streak_hu }]
}

/// A box that holds everything.
pub(super) fn bounds(options: &HeadOptions) -> [Point3<f64>; 2] {
    let (side, back) = if options.has_table { (102.0, 120.0) } else { (90.0, 104.0) };
    [at([-side, -118.0, -120.0]), at([side.max(if options.has_bar { 96.0 } else { 0.0 }), back, 128.0])]
}
