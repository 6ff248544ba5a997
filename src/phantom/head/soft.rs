//! Skin, fat, eyes and throat.

use super::super::solid::{
    Place, Solid, ball, block, capsule, chain, common, ellipsoid, pad, turned_ellipsoid, union,
};
use super::{Body, CSF_HU, FAT_HU, SOFT_HU, both, face};

/// The skin of head and neck; the neck ends in a rounded stump inside the field.
pub(super) fn outline() -> Solid {
    let mut parts = vec![
        turned_ellipsoid([1.5, 3.0, 46.0], [78.0, 94.0, 79.0], [-4.0, 0.0, 0.0]),
        ellipsoid([1.0, 42.0, 24.0], [67.0, 58.0, 70.0]),
        ellipsoid([0.0, -38.0, -10.0], [70.0, 54.0, 70.0]),
        ellipsoid([0.0, -46.0, 14.0], [66.0, 44.0, 46.0]),
        ellipsoid([0.0, -45.0, -58.0], [57.0, 50.0, 46.0]),
        ellipsoid([0.0, -84.0, -84.0], [22.0, 16.0, 17.0]),
        ellipsoid([0.0, -86.0, -50.0], [28.0, 16.0, 16.0]),
        block([0.0, 16.0, -52.0], [58.0, 60.0, 64.0], 46.0, [0.0; 3]),
        chain(6.0, &[([0.0, -84.0, 34.0], 9.0), ([0.0, -96.0, 10.0], 9.0), ([0.5, -105.0, -14.0], 10.0)]),
    ];
    parts.extend(both(|side| ball([side * 9.5, -99.0, -18.0], 7.5)));
    let ears = both(|side| {
        let [x, y, z]: Place = [side * 79.0, 10.0, 4.0 + side];
        let shell = pad([x, y, z], [4.6, 17.0, 30.0], [-12.0, side * 6.0, side * -18.0]);
        shell.without([pad(
            [x + side * 4.5, y - 1.0, z + 4.0],
            [4.0, 10.5, 19.0],
            [-12.0, side * 6.0, side * -18.0],
        )])
    });
    let face = union(12.0, parts);
    union(4.0, [face, union(0.0, ears)])
}

/// Fat under the skin and in the cheeks, none in bone or along the airway.
pub(super) fn fat(outline: &Solid, air: &Solid, bones: &[Solid; 3]) -> Solid {
    let pads = both(|side| pad([side * 52.0, -52.0, -38.0], [8.0, 14.0, 16.0], [0.0; 3]));
    let layer = common(0.0, [outline.clone().grown(-2.2), Solid::Not(Box::new(outline.clone().grown(-5.6)))]);
    let all = union(2.0, [layer, union(0.0, pads)]);
    all.without(bones.iter().map(|bone| bone.clone().grown(0.8)))
        .without([air.clone().grown(2.5), face::orbits().grown(1.0)])
}

/// Pharynx and the top of the windpipe, closed below.
pub(super) fn pharynx() -> Solid {
    chain(
        4.0,
        &[
            ([0.5, -36.0, -14.0], 8.0),
            ([0.5, -24.0, -26.0], 7.5),
            ([0.0, -20.0, -55.0], 6.0),
            ([0.5, -20.0, -78.0], 8.0),
            ([1.0, -18.0, -100.0], 7.5),
        ],
    )
}

/// Eyeballs, lenses and the fat behind them; optic nerves and muscles are left as soft tissue.
pub(super) fn add_eyes(body: &mut Body, skull: &Solid) {
    let globe = |side: f64| ball([side * 31.5, -80.0, 15.0 + 0.5 * side], 12.0);
    let nerves = both(|side| {
        let apex = [side * 14.0, -40.0, 18.0];
        union(
            0.0,
            [
                capsule([side * 30.0, -70.0, 15.5], apex, 2.2, 2.0),
                capsule([side * 43.0, -76.0, 15.0], apex, 2.0, 1.6),
                capsule([side * 19.0, -74.0, 15.0], apex, 2.0, 1.6),
                capsule([side * 31.0, -74.0, 28.0], apex, 1.6, 1.5),
                capsule([side * 31.0, -74.0, 3.0], apex, 1.6, 1.5),
            ],
        )
    });
    let behind = block([0.0, -54.0, 15.0], [60.0, 25.0, 40.0], 0.0, [0.0; 3]);
    let fat = common(0.0, [face::orbits().grown(-0.3), behind])
        .without(nerves)
        .without(both(globe).into_iter().map(|eye| eye.grown(0.8)));
    body.add("orbital_fat", fat.without([skull.clone()]), SOFT_HU, FAT_HU);
    body.add("eyes", union(0.0, both(|side| globe(side).grown(-1.0))), SOFT_HU, CSF_HU);
    body.add(
        "lenses",
        union(0.0, both(|side| pad([side * 31.5, -88.0, 15.0 + 0.5 * side], [4.6, 2.0, 4.6], [0.0; 3]))),
        CSF_HU,
        95.0,
    );
}
