//! The teeth: 15 above (the left second molar is missing), 14 below.

use super::super::solid::{Place, Solid, block, capsule, ellipsoid, half_space, union};
use super::{Body, DENTINE_HU, ENAMEL_HU, SOFT_HU};

/// A dental arch: half an ellipse in a plane of constant z.
pub(super) struct Arch {
    half_width: f64,
    depth: f64,
    back: f64,
    /// Height of the neck of the teeth.
    neck: f64,
    /// Which way the crowns point.
    crown: f64,
    /// Widths from the middle outwards.
    widths: &'static [f64],
    missing: Option<(f64, usize)>,
}

pub(super) const UPPER: Arch = Arch {
    half_width: 27.5,
    depth: 42.0,
    back: -48.0,
    neck: -39.5,
    crown: -1.0,
    widths: &[8.6, 6.8, 7.8, 7.0, 6.9, 10.2, 9.6],
    missing: Some((1.0, 6)),
};

pub(super) const LOWER: Arch = Arch {
    half_width: 27.0,
    depth: 39.5,
    back: -47.0,
    neck: -59.5,
    crown: 1.0,
    widths: &[5.6, 6.0, 7.0, 7.1, 7.2, 11.0, 10.4],
    missing: None,
};

/// One tooth.
#[derive(Debug, Clone)]
pub(super) struct Tooth {
    /// Crown and roots.
    pub whole: Solid,
    enamel: Solid,
    pulp: Solid,
}

impl Arch {
    /// Place at an angle from the front, positive to the left.
    fn place(&self, angle: f64, z: f64) -> Place {
        [self.half_width * angle.sin(), self.back - self.depth * angle.cos(), z]
    }

    /// Places along the arch from the right end to the left, `2 n + 1` of them.
    pub fn path(&self, z: f64, n: i32) -> Vec<Place> {
        (-n..=n).map(|step| self.place(1.5 * f64::from(step) / f64::from(n), z)).collect()
    }

    /// Angle at which the arch is `length` mm long.
    fn angle_after(&self, length: f64) -> f64 {
        const STEP: f64 = 0.002;
        let (mut angle, mut gone) = (0.0_f64, 0.0);
        while gone < length && angle < 2.0 {
            let slope = (self.half_width * angle.cos()).hypot(self.depth * angle.sin());
            gone += slope * STEP;
            angle += STEP;
        }
        angle
    }

    fn teeth(&self) -> Vec<Tooth> {
        let mut teeth = Vec::new();
        for side in super::SIDES {
            let mut passed = 0.0;
            for (number, width) in self.widths.iter().enumerate() {
                let angle = side * self.angle_after(passed + width / 2.0);
                passed += width;
                if self.missing != Some((side, number)) {
                    teeth.push(self.tooth(number, angle, *width, side));
                }
            }
        }
        teeth
    }

    fn tooth(&self, number: usize, angle: f64, width: f64, side: f64) -> Tooth {
        let is_molar = number >= 5;
        let depth = [6.4, 6.2, 7.6, 8.4, 8.6, 10.6, 10.4][number];
        let height = if is_molar { 7.4 } else { 9.6 - 0.25 * number as f64 };
        let length = if number == 2 { 16.5 } else { 13.0 + 0.3 * side };
        let [x, y, z] = self.place(angle, self.neck);
        // Tangent of the arch at this place turns the tooth about z.
        let turn = (self.depth * angle.sin()).atan2(self.half_width * angle.cos());
        let (tx, ty) = (turn.cos(), turn.sin());
        let crown_at = |scale: f64| {
            let half = [width / 2.0 - 0.15, depth / 2.0, height / 2.0].map(|edge| edge * scale);
            block(
                [x, y, z + self.crown * height / 2.0],
                half,
                0.42 * half[0].min(half[1]),
                [0.0, 0.0, turn.to_degrees()],
            )
        };
        let tip = z - self.crown * length;
        let root = |shift: f64| {
            let (dx, dy) = (tx * shift, ty * shift);
            capsule(
                [x + 0.6 * dx, y + 0.6 * dy, z + self.crown],
                [x + dx, y + dy, tip],
                width.min(depth) * 0.36,
                1.0,
            )
        };
        let roots = if is_molar { vec![root(-2.8), root(2.8)] } else { vec![root(0.0)] };
        let cusps: Vec<_> = if is_molar || number == 3 || number == 4 {
            [-1.0, 1.0]
                .map(|s| {
                    ellipsoid(
                        [
                            x + ty * s * depth * 0.24,
                            y - tx * s * depth * 0.24,
                            z + self.crown * (height - 1.4),
                        ],
                        [width * 0.3, depth * 0.22, 2.0],
                    )
                })
                .to_vec()
        } else {
            Vec::new()
        };
        let crown = union(1.0, std::iter::once(crown_at(1.0)).chain(cusps));
        let above = half_space([0.0, 0.0, -self.crown], [x, y, z + self.crown * 0.8]);
        Tooth {
            enamel: super::super::solid::common(0.3, [crown.clone(), above])
                .without([crown_at(1.0).grown(-1.25)]),
            whole: union(0.8, std::iter::once(crown).chain(roots)),
            pulp: capsule(
                [x, y, z + self.crown * height * 0.35],
                [x, y, z - self.crown * length * 0.5],
                width * 0.14,
                0.4,
            ),
        }
    }
}

/// All teeth.
pub(super) fn all() -> Vec<Tooth> {
    UPPER.teeth().into_iter().chain(LOWER.teeth()).collect()
}

pub(super) fn add(body: &mut Body, teeth: &[Tooth]) {
    let gather = |part: fn(&Tooth) -> Solid| union(0.0, teeth.iter().map(part));
    body.add("teeth", gather(|tooth| tooth.whole.clone()), SOFT_HU, DENTINE_HU);
    body.add("enamel", gather(|tooth| tooth.enamel.clone()), DENTINE_HU, ENAMEL_HU);
    body.add("pulp", gather(|tooth| tooth.pulp.clone()), DENTINE_HU, SOFT_HU);
}

/// Middle of the crown of the lower left first molar.
pub(super) fn filled_molar() -> Place {
    let before: f64 = LOWER.widths[..5].iter().sum();
    LOWER.place(LOWER.angle_after(before + LOWER.widths[5] / 2.0), LOWER.neck + 5.0)
}
