//! The braincase: vault, base, and what is inside.

use super::super::solid::{
    Solid, ball, block, capsule, chain, common, cylinder, ellipsoid, half_space, pad, turned_ellipsoid, union,
};
use super::{BRAIN_HU, Body, CSF_HU, SOFT_HU, both};

/// Height of the floor of the anterior fossa, mm.
const FLOOR_MM: f64 = 35.0;

/// Cerebrum, middle fossae, posterior fossa, brainstem: each with the thickness of its bone.
fn chambers() -> Vec<(Solid, f64)> {
    // Level over the orbits, falling away behind them.
    let floor = union(
        6.0,
        [
            half_space([0.0, 0.12, -1.0], [0.0, -50.0, FLOOR_MM]),
            half_space([0.0, -0.7, -1.0], [0.0, -30.0, FLOOR_MM]),
        ],
    );
    let cerebrum = union(
        10.0,
        [
            turned_ellipsoid([1.5, 3.0, 48.0], [65.0, 80.0, 65.0], [-4.0, 0.0, 0.0]),
            ellipsoid([-18.0, 38.0, 46.0], [44.0, 46.0, 48.0]),
            ellipsoid([22.0, 34.0, 48.0], [43.0, 46.0, 48.0]),
        ],
    );
    let mut parts = vec![
        (common(5.0, [cerebrum, floor]), 6.3),
        (ellipsoid([2.0, 42.0, 8.0], [49.0, 40.0, 33.0]), 5.5),
        (capsule([0.0, 8.0, 26.0], [0.0, 25.0, -22.0], 15.0, 14.0), 5.0),
    ];
    parts.push((ellipsoid([36.5, -13.0, 25.0], [25.0, 31.0, 23.0]), 4.2));
    parts.push((ellipsoid([-35.0, -12.0, 25.5], [24.5, 30.0, 22.0]), 4.6));
    parts
}

/// Everything within the outer surface of the braincase.
pub(super) fn outside() -> Solid {
    let mut parts: Vec<Solid> = chambers().into_iter().map(|(part, bone)| part.grown(bone)).collect();
    parts.push(chain(
        4.0,
        &[
            ([-46.0, -69.0, 36.0], 5.5),
            ([-20.0, -79.0, 37.0], 8.0),
            ([0.0, -80.5, 34.0], 8.0),
            ([21.0, -79.0, 38.0], 8.5),
            ([47.0, -68.0, 37.0], 5.5),
        ],
    ));
    parts.push(ball([1.0, 88.0, 8.0], 7.0));
    parts.push(capsule([0.0, -14.0, 10.0], [0.0, 8.0, -19.0], 10.0, 6.5));
    parts.push(block([0.0, -27.0, 9.0], [19.0, 15.0, 13.0], 6.0, [0.0; 3]));
    parts.push(turned_ellipsoid([54.0, 19.0, -15.0], [11.0, 14.0, 20.0], [-12.0, 0.0, 0.0]));
    parts.push(turned_ellipsoid([-54.0, 18.0, -13.0], [10.0, 13.0, 18.0], [-12.0, 0.0, 0.0]));
    parts.extend(both(|side| capsule([side * 63.0, 8.0, 0.0], [side * 15.0, -10.0, -3.0], 8.5, 6.5)));
    parts.extend(both(|side| ellipsoid([side * 17.0, 17.0, -28.0], [7.5, 12.0, 6.5])));
    let fine = both(|side| {
        union(
            1.0,
            [
                capsule([side * 49.0, 5.0, -14.0], [side * 45.0, -5.0, -36.0 - 5.0 * side], 2.6, 1.2),
                block([side * 13.0, -35.0, -16.0], [1.6, 8.0, 17.0], 1.4, [0.0, 0.0, side * -8.0]),
                block([side * 18.0, -34.0, -15.0], [1.5, 8.0, 15.0], 1.4, [0.0, 0.0, side * -35.0]),
            ],
        )
    });
    union(2.0, [union(7.0, parts), union(0.0, fine)])
}

/// The space of the brain; the petrous ridges and the back of the sella stand up into it.
pub(super) fn cavity() -> Solid {
    let space = union(6.0, chambers().into_iter().map(|(part, _)| part));
    let mut ridges = both(|side| capsule([side * 60.0, 8.0, 6.0], [side * 14.0, -9.0, 8.0], 9.0, 6.0));
    ridges.push(block([0.0, -9.0, 16.0], [11.0, 2.0, 10.0], 1.8, [18.0, 0.0, 0.0]));
    ridges.push(block([0.0, -28.0, 20.0], [17.0, 11.0, 8.0], 4.0, [0.0; 3]));
    // Crest of the frontal bone and the inner ridge of the occipital bone.
    ridges.push(capsule([0.5, -78.0, 46.0], [0.0, -78.0, 66.0], 3.0, 1.5));
    ridges
        .push(chain(2.0, &[([-44.0, 66.0, 12.0], 2.5), ([1.0, 84.0, 14.0], 5.0), ([46.0, 64.0, 15.0], 2.5)]));
    space.without([union(3.0, ridges)])
}

/// Foramen magnum and the canals of the base that hold soft tissue.
pub(super) fn canals() -> Solid {
    let mut parts = vec![capsule([0.0, 24.0, -16.0], [0.0, 30.0, -46.0], 15.5, 15.5)];
    parts.extend(both(|side| {
        cylinder([side * 24.0, -14.0, 12.0], [side * 26.0, -12.0, -14.0], 2.8 + 0.4 * side)
    }));
    parts.extend(both(|side| capsule([side * 26.0, 9.0, -18.0], [side * 30.0, 16.0, 6.0], 4.0 - side, 2.5)));
    parts.extend(both(|side| cylinder([side * 11.0, -38.0, 21.0], [side * 15.0, -20.0, 24.0], 2.6)));
    parts.push(ball([0.0, -18.0, 23.0], 5.5));
    union(1.0, parts)
}

/// Ear canals, middle ears and mastoid cells.
pub(super) fn air() -> Solid {
    let mut parts = both(|side| {
        chain(
            2.0,
            &[([side * 84.0, 2.0, 2.0], 3.8), ([side * 62.0, 2.0, 2.0], 3.2), ([side * 50.0, 0.0, 3.0], 4.0)],
        )
    });
    let cells = [
        ([57.0, 16.0, -6.0], 3.2),
        ([53.0, 22.0, -10.0], 3.6),
        ([58.0, 19.0, -16.0], 3.2),
        ([52.0, 15.0, -17.0], 3.0),
        ([54.0, 22.0, -22.0], 3.0),
        ([56.0, 24.0, -2.0], 2.4),
        ([49.0, 20.0, -4.0], 2.4),
        ([55.0, 16.0, -26.0], 2.2),
        ([-57.0, 15.0, -5.0], 3.0),
        ([-53.0, 21.0, -9.0], 3.0),
        ([-56.0, 18.0, -14.0], 2.6),
        ([-52.0, 14.0, -15.0], 2.0),
    ];
    parts.extend(cells.map(|(place, radius)| ball(place, radius)));
    union(0.5, parts)
}

/// Fluid, brain, ventricles, falx and a calcified plexus on the left.
pub(super) fn add_contents(body: &mut Body, cavity: Solid) {
    let brain = cavity.clone().grown(-2.6);
    let halves = union(
        0.0,
        [
            block([0.0, 0.0, 70.0], [1.2, 200.0, 42.0], 0.5, [0.0; 3]),
            chain(1.0, &[([-60.0, 36.0, 18.0], 1.2), ([0.0, 58.0, 28.0], 1.2), ([60.0, 36.0, 18.0], 1.2)]),
        ],
    );
    let ventricles = union(
        2.0,
        [
            chain(
                3.0,
                &[
                    ([9.0, -30.0, 50.0], 5.0),
                    ([10.0, 5.0, 60.0], 5.0),
                    ([20.0, 34.0, 50.0], 7.5),
                    ([30.0, 14.0, 36.0], 3.0),
                ],
            ),
            chain(
                3.0,
                &[
                    ([-9.0, -28.0, 50.0], 4.0),
                    ([-10.0, 5.0, 59.0], 4.0),
                    ([-19.0, 34.0, 50.0], 6.0),
                    ([-30.0, 14.0, 36.0], 2.5),
                ],
            ),
            pad([0.0, -2.0, 40.0], [2.4, 12.0, 9.0], [0.0; 3]),
            pad([0.0, 34.0, 6.0], [7.0, 5.0, 10.0], [0.0; 3]),
        ],
    );
    let brain = brain.without([halves.clone(), ventricles]);
    body.add("csf", cavity, SOFT_HU, CSF_HU);
    body.add("brain", brain, CSF_HU, BRAIN_HU);
    body.add_core("white_matter", 4.0, BRAIN_HU, 28.0);
    body.add("plexus", ellipsoid([20.0, 36.0, 50.0], [2.5, 4.0, 2.5]), CSF_HU, 180.0);
    let falx = common(
        0.0,
        [block([0.0, 0.0, 74.0], [0.6, 200.0, 40.0], 0.3, [0.0; 3]), super::cranium::space_within()],
    );
    body.add("falx", falx, CSF_HU, 62.0);
}

/// The cavity drawn in a little, so that the falx ends in fluid.
fn space_within() -> Solid {
    cavity().grown(-0.5)
}
