//! The lower jaw.

use super::super::solid::{Place, Solid, block, capsule, chain, cylinder, ellipsoid, half_space, pad, union};
use super::{both, teeth};

/// Body, rami, condyles and coronoid processes, with the canals of the nerves taken out.
pub(super) fn bone() -> Solid {
    let ridge: Vec<_> = teeth::LOWER.path(-67.0, 8).into_iter().map(|place| (place, 6.2)).collect();
    let border: [(Place, f64); 9] = [
        ([46.0, -24.0, -64.0], 4.5),
        ([42.0, -44.0, -78.0], 5.5),
        ([31.0, -64.0, -84.0], 6.0),
        ([15.0, -80.0, -87.0], 6.5),
        ([0.5, -85.0, -88.0], 8.0),
        ([-15.0, -79.0, -87.0], 6.5),
        ([-30.0, -64.0, -83.0], 6.0),
        ([-41.0, -44.0, -77.0], 5.5),
        ([-45.0, -24.0, -62.0], 4.5),
    ];
    let mut parts = vec![chain(3.0, &ridge), chain(3.0, &border)];
    parts.push(ellipsoid([0.5, -84.0, -77.0], [13.0, 7.0, 12.0]));
    parts.extend(both(ramus));
    parts.extend(both(|side| capsule([side * 33.0, -50.0, -69.0], [side * 43.0, -36.0, -60.0], 8.0, 6.0)));
    let nerves = both(|side| {
        union(
            0.5,
            [
                chain(
                    0.5,
                    &[
                        ([side * 44.0, -27.0, -40.0], 1.4),
                        ([side * 41.0, -40.0, -70.0], 1.4),
                        ([side * 25.0, -67.0, -79.0], 1.4),
                    ],
                ),
                cylinder([side * 25.0, -67.0, -79.0], [side * 33.0, -80.0, -75.0], 1.6),
            ],
        )
    });
    union(10.0, parts).without(nerves)
}

fn ramus(side: f64) -> Solid {
    // The right condyle is a little smaller and stands lower.
    let (size, drop) = if side > 0.0 { (1.0, 0.0) } else { (0.88, 1.5) };
    union(
        5.0,
        [
            block([side * 45.5, -27.0, -42.0], [4.2, 15.0, 25.0], 3.8, [-12.0, side * 4.0, 0.0]),
            pad([side * 50.0, -14.0, -9.5 - drop], [9.5 * size, 4.6, 4.6], [0.0; 3]),
            capsule([side * 49.0, -15.0, -12.0 - drop], [side * 46.5, -19.0, -30.0], 4.0, 4.6),
            capsule([side * 46.0, -40.0, -13.0], [side * 45.5, -37.0, -34.0], 2.2, 5.0),
        ],
    )
}

/// Everything to the right of the chin.
pub(super) fn right_half() -> Solid {
    half_space([1.0, 0.0, 0.0], [-6.0, 0.0, 0.0])
}
