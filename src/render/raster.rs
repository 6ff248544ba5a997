//! An orthographic picture of a mesh with a depth buffer: the same bytes on every machine.

use nalgebra::{Matrix3, Point3, Vector3};
use rayon::prelude::*;

use crate::mesh::MeshRef;

/// From where a mesh is looked at, and how large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Unit direction that runs right in the picture, LPS.
    pub right: Vector3<f64>,
    /// Unit direction that runs up in the picture, LPS.
    pub up: Vector3<f64>,
    /// The point in the middle of the picture, LPS mm.
    pub centre: Point3<f64>,
    /// Size of a pixel.
    pub mm_per_pixel: f64,
    /// Columns and rows.
    pub size: [usize; 2],
}

/// Every pixel is the mean of so many times so many.
const FINER: usize = 2;
/// Rows of fine pixels that one task draws.
const BAND: usize = 64;
/// Light that reaches every face,
const AMBIENT: f64 = 0.22;
/// and where colours have to be read.
const AMBIENT_READABLE: f64 = 0.5;
/// Where the light comes from: right, up, towards the viewer.
const LIGHT: [f64; 3] = [-0.45, 0.55, 0.70];

/// A vertex as the picture sees it: column, row (fine pixels, down), depth (mm, towards the viewer),
/// and its normal in the directions of the picture.
#[derive(Clone, Copy, Default)]
struct Seen {
    place: [f64; 3],
    normal: [f64; 3],
}

/// What gives a surface its colour.
#[derive(Debug, Clone, Copy)]
pub enum Paint<'a> {
    /// One colour for each kind of face.
    Kinds(&'a [[u8; 3]; 4]),
    /// One for each vertex, and in proportion between them; lit more evenly, so that it can be read.
    Vertices(&'a [[u8; 3]]),
}

/// Draws a mesh: red, green and blue of each pixel, rows from the top.
///
/// `background` is what no face covers. Both sides of a face are lit alike.
pub fn draw_mesh(mesh: MeshRef<'_>, view: &View, paint: Paint<'_>, background: [u8; 3]) -> Vec<u8> {
    let seen = project(mesh, view);
    let [columns, rows] = view.size;
    let mut picture = vec![0; 3 * columns * rows];
    picture.par_chunks_mut(3 * columns * (BAND / FINER)).enumerate().for_each(|(band, pixels)| {
        let first = band * BAND;
        let fine = draw_band(mesh, &seen, columns * FINER, first, paint, background);
        for (at, pixel) in pixels.chunks_mut(3).enumerate() {
            let (column, row) = (at % columns, at / columns);
            for (channel, value) in pixel.iter_mut().enumerate() {
                let mut sum = 0;
                for down in 0..FINER {
                    for right in 0..FINER {
                        let place = (row * FINER + down) * columns * FINER + column * FINER + right;
                        sum += usize::from(fine[place][channel]);
                    }
                }
                *value = (sum / (FINER * FINER)) as u8;
            }
        }
    });
    picture
}

impl Paint<'_> {
    fn ambient(self) -> f64 {
        match self {
            Self::Kinds(_) => AMBIENT,
            Self::Vertices(_) => AMBIENT_READABLE,
        }
    }
}

fn project(mesh: MeshRef<'_>, view: &View) -> Vec<Seen> {
    let toward = view.right.cross(&view.up);
    let turn = Matrix3::from_rows(&[view.right.transpose(), view.up.transpose(), toward.transpose()]);
    let scale = FINER as f64 / view.mm_per_pixel;
    let middle = view.size.map(|n| (n * FINER) as f64 / 2.0);
    let mut seen: Vec<Seen> = mesh
        .vertices()
        .par_iter()
        .map(|&vertex| {
            let at = turn * (Point3::from(vertex) - view.centre);
            let place = [middle[0] + at.x * scale, middle[1] - at.y * scale, at.z];
            Seen { place, normal: [0.0; 3] }
        })
        .collect();
    for (face, corners) in mesh.faces().iter().enumerate() {
        let [a, b, c] = mesh.corners(face).map(Vector3::from);
        let normal = turn * (b - a).cross(&(c - a));
        for &corner in corners {
            let sum = &mut seen[corner as usize].normal;
            *sum = [sum[0] + normal.x, sum[1] + normal.y, sum[2] + normal.z];
        }
    }
    seen
}

fn draw_band(
    mesh: MeshRef<'_>,
    seen: &[Seen],
    columns: usize,
    first: usize,
    paint: Paint<'_>,
    background: [u8; 3],
) -> Vec<[u8; 3]> {
    let mut colour = vec![background; columns * BAND];
    let mut depth = vec![f64::NEG_INFINITY; columns * BAND];
    for (vertices, &kind) in mesh.faces().iter().zip(mesh.kinds()) {
        let corners = vertices.map(|corner| seen[corner as usize]);
        let rows = corners.map(|corner| corner.place[1]);
        let (top, bottom) = extent(rows, first, first + BAND);
        if top >= bottom {
            continue;
        }
        let (left, right) = extent(corners.map(|corner| corner.place[0]), 0, columns);
        let colours = match paint {
            Paint::Kinds(colours) => [colours[usize::from(kind) & 3]; 3],
            Paint::Vertices(colours) => vertices.map(|vertex| colours[vertex as usize]),
        };
        let Some(flat) = Flat::of(corners) else { continue };
        for row in top..bottom {
            for column in left..right {
                let Some(weight) = flat.weights(column as f64 + 0.5, row as f64 + 0.5) else { continue };
                let at = (row - first) * columns + column;
                let near = mix(weight, corners.map(|corner| corner.place[2]));
                if near > depth[at] {
                    depth[at] = near;
                    colour[at] = lit(&colours, weight, &corners, paint.ambient());
                }
            }
        }
    }
    colour
}

/// The whole pixels between the least and the largest of three numbers, within a range.
fn extent(values: [f64; 3], low: usize, high: usize) -> (usize, usize) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min).floor().max(low as f64);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil().min(high as f64);
    if least < most { (least as usize, most as usize) } else { (0, 0) }
}

/// A triangle in the plane of the picture.
struct Flat {
    corner: [[f64; 2]; 3],
    area: f64,
}

impl Flat {
    fn of(corners: [Seen; 3]) -> Option<Self> {
        let corner = corners.map(|corner| [corner.place[0], corner.place[1]]);
        let area = cross(corner[0], corner[1], corner[2]);
        (area != 0.0 && area.is_finite()).then_some(Self { corner, area })
    }

    /// The shares of the three corners in a point of the triangle.
    fn weights(&self, x: f64, y: f64) -> Option<[f64; 3]> {
        let [a, b, c] = self.corner;
        let point = [x, y];
        let weights = [cross(b, c, point), cross(c, a, point), cross(a, b, point)].map(|w| w / self.area);
        weights.iter().all(|&weight| weight >= 0.0).then_some(weights)
    }
}

fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn mix(weights: [f64; 3], values: [f64; 3]) -> f64 {
    weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
}

fn lit(colours: &[[u8; 3]; 3], weights: [f64; 3], corners: &[Seen; 3], ambient: f64) -> [u8; 3] {
    let normal: [f64; 3] = std::array::from_fn(|axis| {
        let along = corners.map(|corner| {
            let length = corner.normal.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length > 0.0 { corner.normal[axis] / length } else { 0.0 }
        });
        mix(weights, along)
    });
    let side = if normal[2] < 0.0 { -1.0 } else { 1.0 };
    let length = normal.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    let towards = normal.iter().zip(LIGHT).map(|(n, light)| n * light).sum::<f64>() * side / length;
    let light = ambient + (1.0 - ambient) * towards.clamp(0.0, 1.0);
    std::array::from_fn(|channel| {
        let base = mix(weights, colours.map(|colour| f64::from(colour[channel])));
        (base * light).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    fn view(size: [usize; 2]) -> View {
        View { right: Vector3::x(), up: Vector3::y(), centre: Point3::origin(), mm_per_pixel: 1.0, size }
    }

    #[test]
    fn a_square_covers_its_own_area_and_the_nearer_one_hides_the_other() {
        let square =
            |half: f64, z: f64| [[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]];
        let vertices = [square(10.0, 0.0), square(5.0, 3.0)].concat();
        let faces = vec![[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]];
        let mesh = TriMesh { vertices, faces, kinds: vec![0, 0, 1, 1] };
        let colours = [[200, 0, 0], [0, 200, 0], [0; 3], [0; 3]];
        let picture = draw_mesh(mesh.view(), &view([40, 40]), Paint::Kinds(&colours), [0, 0, 255]);
        let count = |channel: usize| picture.chunks(3).filter(|pixel| pixel[channel] > 100).count();
        assert_eq!([count(0), count(1), count(2)], [300, 100, 1200]);
    }

    #[test]
    fn colours_of_vertices_run_into_each_other() {
        let vertices = vec![[-10.0, -10.0, 0.0], [10.0, -10.0, 0.0], [10.0, 10.0, 0.0], [-10.0, 10.0, 0.0]];
        let mesh = TriMesh { vertices, faces: vec![[0, 1, 2], [0, 2, 3]], kinds: vec![0, 0] };
        let colours = [[0, 0, 0], [200, 0, 0], [200, 0, 0], [0, 0, 0]];
        let picture = draw_mesh(mesh.view(), &view([20, 20]), Paint::Vertices(&colours), [0; 3]);
        let row: Vec<u8> = picture.chunks(3).skip(200).take(20).map(|pixel| pixel[0]).collect();
        assert!(row.is_sorted() && row[19] > 8 * row[1].max(1), "{row:?}");
    }
}
