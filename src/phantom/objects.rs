//! Simple bodies of known size, in air.

use nalgebra::Point3;

use super::model::{Effect, Phantom, Structure};
use super::solid::{Place, Solid, ball, block, cylinder as flat_cylinder};

/// HU of air.
pub(super) const AIR_HU: f64 = -1000.0;

fn alone(parts: Vec<(&str, Solid)>, hu: f64, centre: Place, reach_mm: Place) -> Phantom {
    let structures = parts
        .into_iter()
        .map(|(name, solid)| Structure::new(name, solid, Effect::Add(hu - AIR_HU)))
        .collect();
    let corner = |sign: f64| Point3::from([0, 1, 2].map(|axis| centre[axis] + sign * reach_mm[axis]));
    Phantom {
        structures,
        background_hu: AIR_HU,
        streaks: Vec::new(),
        bounds_lps_mm: [corner(-1.0), corner(1.0)],
    }
}

/// A ball in air.
pub fn sphere(centre_lps_mm: Place, radius_mm: f64, hu: f64) -> Phantom {
    alone(vec![("sphere", ball(centre_lps_mm, radius_mm))], hu, centre_lps_mm, [radius_mm; 3])
}

/// A cylinder with flat ends in air, between two places.
pub fn cylinder(start_lps_mm: Place, end_lps_mm: Place, radius_mm: f64, hu: f64) -> Phantom {
    let centre = [0, 1, 2].map(|axis| f64::midpoint(start_lps_mm[axis], end_lps_mm[axis]));
    let reach = [0, 1, 2].map(|axis| (start_lps_mm[axis] - end_lps_mm[axis]).abs() / 2.0 + radius_mm);
    alone(vec![("cylinder", flat_cylinder(start_lps_mm, end_lps_mm, radius_mm))], hu, centre, reach)
}

/// A bar with sharp edges in air, turned about its centre, degrees about x, then y, then z.
pub fn bar(centre_lps_mm: Place, size_mm: Place, turn_deg: Place, hu: f64) -> Phantom {
    let half = size_mm.map(|edge| edge / 2.0);
    let reach = half.iter().map(|edge| edge * edge).sum::<f64>().sqrt();
    alone(vec![("bar", block(centre_lps_mm, half, 0.0, turn_deg))], hu, centre_lps_mm, [reach; 3])
}

/// Four thin rods along z at the corners of a square, in air: centres `apart_mm` from each other.
pub fn rods(centre_lps_mm: Place, apart_mm: f64, radius_mm: f64, length_mm: f64, hu: f64) -> Phantom {
    let names = ["rod_1", "rod_2", "rod_3", "rod_4"];
    let sides = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)];
    let [x, y, z] = centre_lps_mm;
    let rod = |(a, b): (f64, f64)| {
        let (x, y) = (x + a * apart_mm, y + b * apart_mm);
        flat_cylinder([x, y, z - length_mm / 2.0], [x, y, z + length_mm / 2.0], radius_mm)
    };
    let parts = names.into_iter().zip(sides.map(rod)).collect();
    let reach = apart_mm / 2.0 + radius_mm;
    alone(parts, hu, centre_lps_mm, [reach, reach, length_mm / 2.0])
}
