//! A solid as seen from one small block: only the parts that can matter there.

use nalgebra::Point3;

use super::shape::Shape;
use super::solid::{Solid, smooth_min};

/// A block of space: every point of it lies within `radius` of `centre`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub centre: Point3<f64>,
    pub radius: f64,
}

/// The parts of a solid that can decide its field within a block.
#[derive(Debug, Clone)]
pub(super) enum Pruned<'a> {
    Leaf(&'a Shape),
    Union(f64, Vec<Pruned<'a>>),
    Common(f64, Vec<Pruned<'a>>),
    Not(Box<Pruned<'a>>),
    Grown(Box<Pruned<'a>>, f64),
}

/// The field at the middle of a block, and how far it may stray from that within the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub value: f64,
    pub change: f64,
}

impl Range {
    pub fn low(self) -> f64 {
        self.value - self.change
    }

    pub fn high(self) -> f64 {
        self.value + self.change
    }

    fn negated(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl<'a> From<&'a Solid> for Pruned<'a> {
    fn from(solid: &'a Solid) -> Self {
        match solid {
            Solid::Leaf(shape) => Self::Leaf(shape),
            Solid::Union { blend, parts } => Self::Union(*blend, parts.iter().map(Self::from).collect()),
            Solid::Common { blend, parts } => Self::Common(*blend, parts.iter().map(Self::from).collect()),
            Solid::Not(part) => Self::Not(Box::new(Self::from(&**part))),
            Solid::Grown(part, mm) => Self::Grown(Box::new(Self::from(&**part)), *mm),
        }
    }
}

impl Pruned<'_> {
    /// Leaves out what cannot matter within `block`, and bounds the field there.
    pub fn prune(&self, block: Block) -> (Self, Range) {
        match self {
            Self::Leaf(shape) => {
                let (value, change) =
                    (shape.value(block.centre.coords.into()), shape.lipschitz() * block.radius);
                (self.clone(), Range { value, change })
            }
            Self::Union(blend, parts) => {
                let seen = parts.iter().map(|part| part.prune(block)).collect();
                let (mut kept, range) = keep_lowest(*blend, seen);
                let whole = if kept.len() == 1 { kept.remove(0) } else { Self::Union(*blend, kept) };
                (whole, range)
            }
            Self::Common(blend, parts) => {
                let negated = |part: &Self| {
                    let (part, range) = part.prune(block);
                    (part, range.negated())
                };
                let (mut kept, range) = keep_lowest(*blend, parts.iter().map(negated).collect());
                let whole = if kept.len() == 1 { kept.remove(0) } else { Self::Common(*blend, kept) };
                (whole, range.negated())
            }
            Self::Not(part) => {
                let (part, range) = part.prune(block);
                (Self::Not(Box::new(part)), range.negated())
            }
            Self::Grown(part, mm) => {
                let (part, range) = part.prune(block);
                (Self::Grown(Box::new(part), *mm), Range { value: range.value - mm, ..range })
            }
        }
    }

    /// Bounds the field within `block`.
    pub fn range(&self, block: Block) -> Range {
        match self {
            Self::Leaf(shape) => Range {
                value: shape.value(block.centre.coords.into()),
                change: shape.lipschitz() * block.radius,
            },
            Self::Union(blend, parts) => lowest(*blend, parts.iter().map(|part| part.range(block))),
            Self::Common(blend, parts) => {
                lowest(*blend, parts.iter().map(|part| part.range(block).negated())).negated()
            }
            Self::Not(part) => part.range(block).negated(),
            Self::Grown(part, mm) => {
                let range = part.range(block);
                Range { value: range.value - mm, ..range }
            }
        }
    }

    /// The field at a point.
    pub fn value(&self, point: Point3<f64>) -> f64 {
        self.range(Block { centre: point, radius: 0.0 }).value
    }
}

/// The parts that can be, or can blend into, the lowest.
///
/// A minimum, smooth or not, changes no faster than the fastest of its parts: its value in the
/// middle bounds it better than the bounds of the parts do.
fn keep_lowest(blend: f64, seen: Vec<(Pruned<'_>, Range)>) -> (Vec<Pruned<'_>>, Range) {
    let limit = seen.iter().fold(f64::INFINITY, |least, (_, range)| least.min(range.high())) + blend;
    let kept: Vec<_> = seen.into_iter().filter(|(_, range)| range.low() <= limit).collect();
    let whole = lowest(blend, kept.iter().map(|(_, range)| *range));
    (kept.into_iter().map(|(part, _)| part).collect(), whole)
}

fn lowest(blend: f64, ranges: impl Iterator<Item = Range>) -> Range {
    ranges.fold(Range { value: f64::INFINITY, change: 0.0 }, |whole, range| Range {
        value: smooth_min(whole.value, range.value, blend),
        change: whole.change.max(range.change),
    })
}
