//! The upper face: maxilla, zygoma, nose, orbits and the air spaces in them.

use super::super::solid::{
    Solid, ball, block, capsule, chain, common, ellipsoid, pad, turned_ellipsoid, union,
};
use super::both;

/// All bone of the upper face, before anything is hollowed out.
pub(super) fn bones() -> Solid {
    let mut parts = both(|side| {
        union(
            6.0,
            [
                ellipsoid([side * 25.0, -63.0, -15.0], [22.0, 22.0, 25.0]),
                // Rim and floor of the orbit.
                chain(
                    4.0,
                    &[
                        ([side * 12.0, -80.0, 28.0], 4.5),
                        ([side * 13.0, -81.0, 6.0], 4.0),
                        ([side * 28.0, -80.0, -5.0], 4.0),
                        ([side * 46.0, -70.0, -4.0], 5.0),
                        ([side * 52.0, -66.0, 14.0], 4.2),
                        ([side * 50.0, -68.0, 32.0], 5.0),
                    ],
                ),
                turned_ellipsoid([side * 47.0, -64.0, -11.0], [13.0, 11.0, 13.0], [0.0, 0.0, side * 30.0]),
                // Back of the orbit: greater wing of the sphenoid.
                capsule([side * 49.0, -64.0, 2.0], [side * 26.0, -36.0, 6.0], 3.6, 5.0),
                capsule([side * 50.0, -64.0, 14.0], [side * 26.0, -36.0, 16.0], 3.6, 5.0),
                capsule([side * 49.0, -65.0, 27.0], [side * 26.0, -36.0, 26.0], 3.6, 5.0),
                capsule([side * 44.0, -66.0, -5.0], [side * 16.0, -40.0, 0.0], 3.0, 4.0),
            ],
        )
    });
    parts.push(arch(1.0, 1.0));
    parts.push(arch(-1.0, 0.0));
    parts.push(block([0.0, -58.0, 14.0], [14.0, 24.0, 20.0], 6.0, [0.0; 3]));
    parts.push(block([0.0, -66.0, -31.5], [22.0, 22.0, 3.0], 2.5, [0.0; 3]));
    parts.push(alveolus());
    parts.push(chain(2.0, &[([0.0, -85.0, 30.0], 5.0), ([0.5, -93.0, 16.0], 3.6), ([1.0, -98.0, 9.0], 2.4)]));
    parts.push(capsule([0.0, -84.0, -28.0], [0.5, -94.0, -28.0], 3.0, 1.0));
    union(5.0, parts)
}

/// Zygomatic arch; the left one stands out a little further.
fn arch(side: f64, extra: f64) -> Solid {
    chain(
        3.0,
        &[
            ([side * 52.0, -62.0, -10.0], 5.0),
            ([side * (62.0 + extra), -46.0, -9.0], 3.4),
            ([side * (66.0 + extra), -28.0, -6.0], 3.0),
            ([side * (65.0 + extra), -10.0, 0.0], 3.8),
            ([side * 62.0, 2.0, 3.0], 5.0),
        ],
    )
}

/// The ridge that holds the upper teeth.
fn alveolus() -> Solid {
    let links: Vec<_> = super::teeth::UPPER.path(-34.0, 8).into_iter().map(|place| (place, 6.0)).collect();
    chain(3.0, &links)
}

/// The orbits: cones from the rim to the apex.
pub(super) fn orbits() -> Solid {
    union(0.0, both(orbit))
}

/// One orbit.
pub(super) fn orbit(side: f64) -> Solid {
    let rim = if side > 0.0 { 17.6 } else { 17.0 };
    union(
        3.0,
        [
            capsule([side * 32.0, -80.0, 15.0], [side * 14.0, -36.0, 18.0], rim, 3.5),
            ellipsoid([side * 33.0, -84.0, 15.0], [19.0, 12.0, rim]),
        ],
    )
}

/// Frontal, maxillary, ethmoid and sphenoid sinuses, all larger on the left.
pub(super) fn sinuses() -> Solid {
    let mut parts = vec![
        union(
            3.0,
            [
                pad([13.0, -81.6, 41.0], [11.0, 3.6, 8.0], [0.0; 3]),
                pad([25.0, -78.6, 39.0], [8.0, 3.2, 5.0], [0.0; 3]),
            ],
        ),
        ellipsoid([-9.0, -81.8, 38.5], [6.5, 3.4, 6.0]),
        union(5.0, [ellipsoid([28.5, -62.0, -13.0], [13.0, 15.0, 15.0]), ball([35.0, -64.0, -9.0], 9.0)]),
        union(5.0, [ellipsoid([-28.0, -62.0, -14.0], [11.5, 13.5, 12.5]), ball([-33.0, -63.0, -10.0], 7.0)]),
        ellipsoid([5.0, -27.0, 8.0], [9.0, 9.0, 8.0]),
        ellipsoid([-8.5, -29.0, 7.0], [5.0, 7.0, 6.0]),
    ];
    let cells = [
        ([6.5, -74.0, 20.0], 4.0),
        ([7.0, -66.0, 14.0], 4.4),
        ([7.0, -65.0, 24.0], 3.6),
        ([7.0, -56.0, 18.0], 4.6),
        ([7.0, -47.0, 14.0], 4.2),
        ([7.5, -47.0, 23.0], 3.6),
        ([7.0, -56.0, 27.0], 3.2),
        ([-6.5, -73.0, 19.0], 3.6),
        ([-7.0, -64.0, 15.0], 4.0),
        ([-7.0, -63.0, 24.0], 3.4),
        ([-7.0, -54.0, 17.0], 4.2),
        ([-7.0, -46.0, 15.0], 3.8),
        ([-7.0, -46.0, 23.0], 3.2),
    ];
    parts.extend(cells.map(|(place, radius)| ball(place, radius)));
    union(0.0, parts)
}

/// The nasal cavity as a hole in the bone: both halves and what stands in them.
pub(super) fn nasal_room() -> Solid {
    union(0.0, both(half_nose)).grown(0.7)
}

fn half_nose(side: f64) -> Solid {
    union(
        4.0,
        [
            pad([side * 7.5, -64.0, -12.0], [7.5, 30.0, 16.0], [0.0; 3]),
            pad([side * 4.0, -66.0, 0.0], [3.5, 22.0, 12.0], [0.0; 3]),
            chain(
                2.0,
                &[
                    ([side * 6.0, -86.0, -16.0], 5.0),
                    ([side * 7.0, -98.0, -22.0], 4.5),
                    ([side * 8.0, -103.0, -33.0], 4.0),
                ],
            ),
        ],
    )
}

/// The septum, which leans to the right.
fn septum() -> Solid {
    union(
        2.0,
        [
            block([0.0, -64.0, 2.0], [1.5, 40.0, 12.0], 0.8, [0.0; 3]),
            block([-1.8, -66.0, -14.0], [1.6, 40.0, 11.0], 0.8, [0.0, 16.0, 0.0]),
            block([0.0, -64.0, -27.0], [1.7, 40.0, 8.0], 0.8, [0.0, -8.0, 0.0]),
        ],
    )
}

/// The turbinates of one side; the right ones are larger, opposite the hollow of the septum.
fn turbinates(side: f64) -> Solid {
    let size = if side > 0.0 { 1.0 } else { 1.25 };
    union(
        1.0,
        [
            pad([side * 11.5, -62.0, -18.0], [3.4 * size, 24.0, 6.0 * size], [0.0, side * 20.0, 0.0]),
            pad([side * 10.0, -58.0, -5.0], [2.6 * size, 19.0, 5.0 * size], [0.0, side * 20.0, 0.0]),
        ],
    )
}

/// The bone within the nasal cavity: thin plates in the septum and the turbinates.
pub(super) fn nasal_plates() -> Solid {
    let septum =
        common(0.0, [septum().grown(-1.0), block([0.0, -58.0, -8.0], [12.0, 22.0, 21.0], 0.0, [0.0; 3])]);
    let cores = both(|side| common(0.0, [turbinates(side).grown(-2.0), half_nose(side)]));
    union(0.0, std::iter::once(septum).chain(cores))
}

/// The air of the nose.
pub(super) fn nose() -> Solid {
    let halves = both(|side| half_nose(side).without([turbinates(side)]));
    union(0.0, halves).without([septum()])
}
