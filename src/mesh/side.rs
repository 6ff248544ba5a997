//! On which side a point lies: the sign is exact, whatever the rounding.

use robust::{Coord, Coord3D, orient2d, orient3d};

type Point = [f64; 3];

/// Positive when `d` lies behind the triangle `abc`, where its corners run clockwise; 0 in its plane.
pub fn of_plane([a, b, c]: [Point; 3], d: Point) -> f64 {
    let [a, b, c, d] = [a, b, c, d].map(|[x, y, z]| Coord3D { x, y, z });
    orient3d(a, b, c, d)
}

/// Positive when `c` lies to the left of the line from `a` to `b`; 0 on it.
pub fn of_line([a, b]: [[f64; 2]; 2], c: [f64; 2]) -> f64 {
    let [a, b, c] = [a, b, c].map(|[x, y]| Coord { x, y });
    orient2d(a, b, c)
}
