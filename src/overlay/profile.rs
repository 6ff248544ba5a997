//! The image along a line: its values, its slope, and the places where it is steepest.

use nalgebra::Vector3;

use super::field::Field;
use crate::segment::Value;

/// Samples on either side of the middle, at most.
pub(super) const MOST: usize = 80;
const LENGTH: usize = 2 * MOST + 1;
/// An edge ends where its slope has fallen to this part of its steepest.
const FOOT: f64 = 0.1;

/// Values along a line; place 0 is where it was asked for, places grow outwards.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    step_mm: f64,
    /// First and last sample that there is.
    range: [usize; 2],
    values: [f64; LENGTH],
    /// Fall per mm outwards, smoothed as often as asked; each time adds half a squared step of blur.
    falls: [f64; LENGTH],
}

/// A place where the image is steepest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extreme {
    /// Where, mm.
    pub place_mm: f64,
    /// Drop outwards over the whole edge; negative where the image rises.
    pub drop: f64,
    /// The steepest fall per mm, smoothed as it is.
    pub fall: f64,
}

impl Profile {
    /// Reads a line; `None` when there is no image in its middle.
    pub fn read<T: Value>(
        field: &Field<'_, T>,
        middle: &Vector3<f64>,
        direction: &Vector3<f64>,
        step_mm: f64,
        half: usize,
        n_smooth: usize,
    ) -> Option<Self> {
        let mut values = [0.0; LENGTH];
        values[MOST] = field.at(middle)?;
        let step = direction * step_mm;
        let mut range = [MOST; 2];
        for n in 1..=half.min(MOST) {
            let Some(value) = field.at(&(middle + step * n as f64)) else { break };
            values[MOST + n] = value;
            range[1] = MOST + n;
        }
        for n in 1..=half.min(MOST) {
            let Some(value) = field.at(&(middle - step * n as f64)) else { break };
            values[MOST - n] = value;
            range[0] = MOST - n;
        }
        let mut falls = [0.0; LENGTH];
        for n in range[0] + 1..range[1] {
            falls[n] = (values[n - 1] - values[n + 1]) / (2.0 * step_mm);
        }
        let mut inner = [range[0] + 1, range[1]];
        for _ in 0..n_smooth {
            inner = [inner[0] + 1, inner[1].saturating_sub(1)];
            let rough = falls;
            for n in inner[0]..inner[1] {
                falls[n] = 0.25 * (rough[n - 1] + rough[n + 1]) + 0.5 * rough[n];
            }
        }
        Some(Self { step_mm, range, values, falls })
    }

    /// Where a sample lies, mm.
    pub fn place_mm(&self, n: usize) -> f64 {
        (n as f64 - MOST as f64) * self.step_mm
    }

    /// The value in the middle.
    pub fn middle(&self) -> f64 {
        self.values[MOST]
    }

    /// From where to where there is an image, mm.
    pub fn reach_mm(&self) -> [f64; 2] {
        self.range.map(|n| self.place_mm(n))
    }

    /// Places and values between two places.
    pub fn between(&self, low_mm: f64, high_mm: f64) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        let first = ((low_mm / self.step_mm).ceil() + MOST as f64).max(self.range[0] as f64) as usize;
        let last = ((high_mm / self.step_mm).floor() + MOST as f64).min(self.range[1] as f64) as usize;
        (first..=last).map(|n| (self.place_mm(n), self.values[n]))
    }

    /// All places where the image is steeper than on either side, inner ones first.
    pub fn extremes(&self) -> Vec<Extreme> {
        let mut found = Vec::new();
        for n in self.range[0] + 3..self.range[1].saturating_sub(2) {
            let sign = self.falls[n].signum();
            let [before, here, after] = [n - 1, n, n + 1].map(|n| sign * self.falls[n]);
            if here > 0.0 && here >= before && here > after {
                let [first, last] = [self.foot(n, -1), self.foot(n, 1)];
                found.push(Extreme {
                    place_mm: self.place_mm(n) + self.step_mm * vertex(before, here, after),
                    drop: self.values[first] - self.values[last],
                    fall: self.falls[n],
                });
            }
        }
        found
    }

    /// Where an edge ends on one side: it is level there, or another one begins.
    fn foot(&self, peak: usize, way: isize) -> usize {
        let sign = self.falls[peak].signum();
        let (height, mut lowest) = (sign * self.falls[peak], f64::INFINITY);
        let mut place = peak;
        loop {
            let Some(next) = place.checked_add_signed(way) else { return place };
            if next < self.range[0] + 2 || next + 2 > self.range[1] {
                return next.clamp(self.range[0], self.range[1]);
            }
            let fall = sign * self.falls[next];
            if fall <= FOOT * height || fall > lowest + FOOT * height {
                return next;
            }
            (place, lowest) = (next, lowest.min(fall));
        }
    }

    /// Place nearest to `near_mm` where the values cross a level downwards, mm; none within `within_mm`.
    pub fn crossing_mm(&self, level: f64, near_mm: f64, within_mm: f64) -> Option<f64> {
        let crossings = (self.range[0]..self.range[1]).filter_map(|n| {
            let (a, b) = (self.values[n], self.values[n + 1]);
            (a >= level && b < level).then(|| self.place_mm(n) + self.step_mm * (a - level) / (a - b))
        });
        crossings
            .filter(|place| (place - near_mm).abs() <= within_mm)
            .min_by(|a, b| (a - near_mm).abs().total_cmp(&(b - near_mm).abs()))
    }
}

/// The top between three samples, in steps from the middle one: exact for a bell of Gauss.
fn vertex(before: f64, here: f64, after: f64) -> f64 {
    let is_bell = before > 0.0 && after > 0.0;
    let [a, b, c] = if is_bell { [before.ln(), here.ln(), after.ln()] } else { [before, here, after] };
    let bend = a - 2.0 * b + c;
    if bend < 0.0 { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::normal::normal;
    use super::*;
    use crate::geometry::Grid;
    use nalgebra::Matrix4;

    #[test]
    fn a_wall_has_an_edge_on_either_side() {
        let affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.25, 1.0, 1.0));
        let grid = Grid::new([80, 4, 4], affine).unwrap();
        let blurred = |x: f64| 1000.0 * (normal((x - 7.03) / 0.5).0 - normal((x - 12.06) / 0.5).0);
        let values: Vec<f32> = (0..80 * 16).map(|n| blurred(f64::from(n % 80) * 0.25) as f32).collect();
        let field = Field::new(&values, &grid, f32::NEG_INFINITY);
        let middle = Vector3::new(40.0, 1.0, 1.0);
        let profile =
            Profile::read(&field, &middle, &field.step(&Vector3::new(1.0, 0.0, 0.0)), 0.25, 30, 1).unwrap();
        let found: Vec<Extreme> =
            profile.extremes().into_iter().filter(|extreme| extreme.drop.abs() > 10.0).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!((found[0].place_mm + 2.97).abs() < 0.005 && (found[1].place_mm - 2.06).abs() < 0.005);
        assert!((found[0].drop + 1000.0).abs() < 30.0 && (found[1].drop - 1000.0).abs() < 30.0);
        assert!((profile.crossing_mm(500.0, 2.0, 1.0).unwrap() - 2.06).abs() < 0.01);
        assert_eq!(profile.crossing_mm(500.0, -3.0, 1.0), None);
    }
}
