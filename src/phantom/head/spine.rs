//! The first three neck vertebrae.

use super::super::solid::{Solid, block, capsule, chain, cylinder, ellipsoid, union};
use super::both;

/// The vertebrae by name.
pub(super) fn vertebrae() -> [(&'static str, Solid); 3] {
    [("vertebra_c1", atlas()), ("vertebra_c2", axis()), ("vertebra_c3", third())]
}

/// All three.
pub(super) fn all() -> Solid {
    union(0.0, vertebrae().map(|(_, solid)| solid))
}

fn atlas() -> Solid {
    let mut parts = both(|side| ellipsoid([side * 20.0, 13.0, -46.0], [8.5, 11.0, 6.8]));
    parts.push(chain(
        2.0,
        &[([-18.0, 6.0, -46.0], 4.0), ([0.0, -3.5, -45.0], 4.2), ([18.0, 6.0, -46.0], 4.0)],
    ));
    parts.push(chain(
        2.0,
        &[
            ([-22.0, 20.0, -46.0], 4.0),
            ([-17.0, 37.0, -47.0], 3.2),
            ([1.0, 46.0, -47.0], 4.2),
            ([18.0, 37.0, -47.0], 3.2),
            ([22.0, 20.0, -46.0], 4.0),
        ],
    ));
    parts.extend(both(|side| {
        capsule([side * 24.0, 14.0, -46.0], [side * (40.0 + side), 17.0, -47.5], 5.5, 3.6)
    }));
    union(4.0, parts)
        .without(both(|side| cylinder([side * 32.0, 15.0, -30.0], [side * 32.0, 15.0, -62.0], 2.8)))
}

fn axis() -> Solid {
    let mut parts = vec![
        block([0.0, 9.0, -66.5], [9.5, 8.0, 8.5], 4.0, [8.0, 0.0, 0.0]),
        chain(2.0, &[([0.0, 8.5, -62.0], 6.2), ([0.5, 9.0, -48.0], 4.8), ([0.8, 10.0, -38.0], 4.6)]),
    ];
    parts.extend(both(|side| ellipsoid([side * 16.5, 12.0, -63.5], [9.0, 9.0, 5.4])));
    union(4.0, parts.into_iter().chain(arch(-66.0, 14.0, 60.0, 1.0))).without(foramina(-65.0))
}

fn third() -> Solid {
    let mut parts = vec![block([0.0, 8.0, -86.0], [10.5, 8.5, 7.0], 3.0, [6.0, 0.0, 0.0])];
    parts.extend(both(|side| ellipsoid([side * 17.0, 17.0, -85.5], [6.5, 7.5, 8.0])));
    union(3.0, parts.into_iter().chain(arch(-87.0, 12.0, 55.0, -1.0))).without(foramina(-86.0))
}

/// Pedicles, laminae, a spinous process split in two and unequal, and transverse processes.
fn arch(z: f64, wide: f64, back: f64, lean: f64) -> Vec<Solid> {
    let mut parts = both(|side| {
        chain(
            2.0,
            &[
                ([side * 10.0, 12.0, z], 3.2),
                ([side * (wide + 4.0), 20.0, z], 4.2),
                ([side * wide, 34.0, z - 1.0], 3.2),
                ([0.0, 44.0, z - 3.0], 3.8),
            ],
        )
    });
    parts.push(capsule([0.0, 44.0, z - 3.0], [1.5 * lean, back - 5.0, z - 5.0], 3.6, 3.4));
    parts.extend(both(|side| {
        capsule([1.5 * lean, back - 5.0, z - 5.0], [side * 5.0, back + 1.5 * side * lean, z - 6.0], 3.0, 2.6)
    }));
    parts.extend(both(|side| capsule([side * 16.0, 13.0, z], [side * 27.0, 13.0 + side, z - 2.0], 4.6, 3.0)));
    parts
}

fn foramina(z: f64) -> Vec<Solid> {
    both(|side| cylinder([side * 22.5, 12.5, z - 16.0], [side * 22.5, 12.5, z + 13.0], 2.6))
}
