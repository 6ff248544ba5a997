//! What a phantom is: named structures and what each does to the HU.

use std::sync::Arc;

use nalgebra::Point3;

use super::solid::Solid;

/// What a structure does to the HU inside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Adds to what is there.  Effects of structures add up in any order.
    Add(f64),
    /// Replaces what is there: for bodies that lie across others, such as metal.
    Paint(f64),
    /// Nothing: the structure is there to be asked.
    Nothing,
}

/// One named structure.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    /// Its name, as the caller asks for it.
    pub name: String,
    /// Where it is, before it is grown.
    pub solid: Arc<Solid>,
    /// How far its surface lies outside that of the solid, mm: layers of one body share a solid.
    pub grown_mm: f64,
    /// What it does.
    pub effect: Effect,
}

/// Streaks around a metal body, in the slices that cut it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Streak {
    /// Where they start.
    pub centre: Point3<f64>,
    /// Radius of the metal.
    pub radius_mm: f64,
    /// Height of the strongest, at the edge of the metal.
    pub amplitude_hu: f64,
}

/// A body of known truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Phantom {
    /// The structures, in the order in which they act.
    pub structures: Vec<Structure>,
    /// HU where there is nothing.
    pub background_hu: f64,
    /// Streaks of metal.
    pub streaks: Vec<Streak>,
    /// Lowest and highest corner of a box that holds everything.
    pub bounds_lps_mm: [Point3<f64>; 2],
}

impl Structure {
    /// A structure with a solid of its own.
    pub fn new(name: &str, solid: Solid, effect: Effect) -> Self {
        Self { name: name.to_owned(), solid: Arc::new(solid), grown_mm: 0.0, effect }
    }

    /// The field at a point: negative inside.
    pub fn value(&self, point: Point3<f64>) -> f64 {
        self.solid.value(point) - self.grown_mm
    }
}

impl Phantom {
    /// The structure with this name.
    pub fn structure(&self, name: &str) -> Option<&Structure> {
        self.structures.iter().find(|structure| structure.name == name)
    }

    /// HU at a point, without blur, noise or streaks.
    pub fn hu(&self, point: Point3<f64>) -> f64 {
        self.structures.iter().fold(self.background_hu, |hu, structure| match structure.effect {
            Effect::Add(contrast) if structure.value(point) < 0.0 => hu + contrast,
            Effect::Paint(painted) if structure.value(point) < 0.0 => painted,
            _ => hu,
        })
    }
}
