//! An orthographic picture of a mesh with a depth buffer: the same bytes for any number of threads.

use std::sync::atomic::{AtomicU64, Ordering};

use nalgebra::{Matrix3, Point3, Vector3};
use rayon::prelude::*;

use crate::mesh::MeshRef;
use crate::mesh::measure::doubled_area_vector;

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
/// Faces, or vertices, per task.
const BLOCK: usize = 8192;
/// Parts of the vertices whose normals are summed side by side, at most.
const MOST_PARTS: usize = 8;
/// No face.
const NONE: u32 = u32::MAX;
/// Light that reaches every face,
const AMBIENT: f64 = 0.22;
/// and where colours have to be read.
const AMBIENT_READABLE: f64 = 0.5;
/// Where the light comes from: right, up, towards the viewer.
const LIGHT: [f64; 3] = [-0.45, 0.55, 0.70];

/// Cosine of the angle between a vertex and a face from where on the face is lit by itself: 40 degrees.
const CREASE: f64 = 0.766;

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
/// `background` is what no face covers. Both sides of a face are lit alike: of an open surface the inside
/// is seen, so no face is left out for looking away.
///
/// First the nearest face of every pixel is found, then what is seen is lit. A pixel takes the largest of
/// numbers made of depth and face, so that it is the same in whatever order the faces come.
pub fn draw_mesh(mesh: MeshRef<'_>, view: &View, paint: Paint<'_>, background: [u8; 3]) -> Vec<u8> {
    let toward = view.right.cross(&view.up);
    let turn = Matrix3::from_rows(&[view.right.transpose(), view.up.transpose(), toward.transpose()]);
    let size = view.size.map(|n| n * FINER);
    let places = project(mesh, view, &turn);
    let nearest = nearest_faces(mesh, &places, size);
    let normals = normals_of(mesh, &nearest, &turn);
    let scene = Scene { mesh, places, normals, turn, paint };
    let [columns, rows] = view.size;
    let mut picture = vec![0; 3 * columns * rows];
    picture.par_chunks_mut(3 * columns.max(1)).enumerate().for_each(|(row, pixels)| {
        for (column, pixel) in pixels.chunks_mut(3).enumerate() {
            let mut sum = [0_usize; 3];
            for n in 0..FINER * FINER {
                let (x, y) = (column * FINER + n % FINER, row * FINER + n / FINER);
                let fine = scene.colour(nearest[y * size[0] + x], [x, y]).unwrap_or(background);
                for (sum, value) in sum.iter_mut().zip(fine) {
                    *sum += usize::from(value);
                }
            }
            for (value, sum) in pixel.iter_mut().zip(sum) {
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

/// Vertices as the picture sees them: column, row (fine pixels, down), depth (mm, towards the viewer).
fn project(mesh: MeshRef<'_>, view: &View, turn: &Matrix3<f64>) -> Vec<[f64; 3]> {
    let scale = FINER as f64 / view.mm_per_pixel;
    let middle = view.size.map(|n| (n * FINER) as f64 / 2.0);
    let see = |&vertex: &[f64; 3]| {
        let at = turn * (Point3::from(vertex) - view.centre);
        [middle[0] + at.x * scale, middle[1] - at.y * scale, at.z]
    };
    mesh.vertices().par_iter().with_min_len(BLOCK).map(see).collect()
}

/// The face that is seen in every pixel, the first of equals; `NONE` where there is none.
fn nearest_faces(mesh: MeshRef<'_>, places: &[[f64; 3]], size: [usize; 2]) -> Vec<u32> {
    let depths = || places.par_iter().with_min_len(BLOCK).map(|place| place[2]);
    let (far, near) =
        (depths().reduce(|| f64::INFINITY, f64::min), depths().reduce(|| f64::NEG_INFINITY, f64::max));
    let scale = if near > far { f64::from(u32::MAX) / (near - far) } else { 0.0 };
    // Depth above, face below; the lower face is the larger number.
    let pixels: Vec<AtomicU64> = (0..size[0] * size[1]).map(|_| AtomicU64::new(0)).collect();
    mesh.faces().par_iter().with_min_len(BLOCK).enumerate().for_each(|(face, vertices)| {
        let corners = vertices.map(|vertex| places[vertex as usize]);
        let (top, bottom) = extent(corners.map(|corner| corner[1]), size[1]);
        let (left, right) = extent(corners.map(|corner| corner[0]), size[0]);
        if top >= bottom || left >= right {
            return;
        }
        let Some(flat) = Flat::of(&corners) else { return };
        for row in top..bottom {
            for column in left..right {
                let Some(weights) = flat.weights([column, row]) else { continue };
                let depth = (mix(weights, corners.map(|corner| corner[2])) - far) * scale;
                let key = u64::from(depth as u32) << 32 | u64::from(!(face as u32));
                let pixel = &pixels[row * size[0] + column];
                if key > pixel.load(Ordering::Relaxed) {
                    pixel.fetch_max(key, Ordering::Relaxed);
                }
            }
        }
    });
    pixels.into_par_iter().with_min_len(BLOCK).map(|pixel| face_of(pixel.into_inner())).collect()
}

fn face_of(key: u64) -> u32 {
    if key == 0 { NONE } else { !(key as u32) }
}

/// Unit normals, in the directions of the picture, of the vertices of faces that are seen.
fn normals_of(mesh: MeshRef<'_>, nearest: &[u32], turn: &Matrix3<f64>) -> Vec<[f64; 3]> {
    let n_vertices = mesh.vertices().len();
    let mut is_asked = vec![false; n_vertices];
    let mut last = NONE;
    for &face in nearest {
        if face != last && face != NONE {
            for vertex in mesh.faces()[face as usize] {
                is_asked[vertex as usize] = true;
            }
        }
        last = face;
    }
    let mut normals = vec![[0.0; 3]; n_vertices];
    let part = n_vertices.div_ceil(rayon::current_num_threads().clamp(1, MOST_PARTS)).max(1);
    // Each part goes through all faces in their order: how many parts there are changes nothing.
    normals.par_chunks_mut(part).enumerate().for_each(|(number, normals)| {
        let start = number * part;
        let asked = &is_asked[start..start + normals.len()];
        for (face, vertices) in mesh.faces().iter().enumerate() {
            let own = vertices.map(|vertex| (vertex as usize).wrapping_sub(start));
            if !own.iter().any(|&vertex| asked.get(vertex) == Some(&true)) {
                continue;
            }
            let normal = doubled_area_vector(mesh.corners(face));
            for vertex in own {
                if let Some(sum) = normals.get_mut(vertex) {
                    *sum = std::array::from_fn(|axis| sum[axis] + normal[axis]);
                }
            }
        }
        for (normal, _) in normals.iter_mut().zip(asked).filter(|(_, is_asked)| **is_asked) {
            *normal = (turn * Vector3::from(*normal)).try_normalize(0.0).unwrap_or_default().into();
        }
    });
    normals
}

/// The pixels whose middle lies between the least and the largest of three numbers.
fn extent(values: [f64; 3], n: usize) -> (usize, usize) {
    let least = values[0].min(values[1]).min(values[2]) - 0.5;
    let most = values[0].max(values[1]).max(values[2]) - 0.5;
    let first = least.ceil().max(0.0);
    let end = (most.floor() + 1.0).min(n as f64);
    if first < end { (first as usize, end as usize) } else { (0, 0) }
}

/// What is lit.
struct Scene<'a> {
    mesh: MeshRef<'a>,
    places: Vec<[f64; 3]>,
    normals: Vec<[f64; 3]>,
    turn: Matrix3<f64>,
    paint: Paint<'a>,
}

impl Scene<'_> {
    /// The colour of a face in the middle of a pixel.
    fn colour(&self, face: u32, pixel: [usize; 2]) -> Option<[u8; 3]> {
        let vertices = *self.mesh.faces().get(face as usize)?;
        let weights = Flat::of(&vertices.map(|vertex| self.places[vertex as usize]))?.weights(pixel)?;
        let colours = match self.paint {
            Paint::Kinds(colours) => [colours[usize::from(self.mesh.kinds()[face as usize]) & 3]; 3],
            Paint::Vertices(colours) => vertices.map(|vertex| colours[vertex as usize]),
        };
        let own = (self.turn * Vector3::from(doubled_area_vector(self.mesh.corners(face as usize))))
            .try_normalize(0.0)
            .unwrap_or_default();
        // What turns away sharply is an edge of the part, not a rounding: it is not lit across.
        let normals = vertices
            .map(|vertex| self.normals[vertex as usize])
            .map(|normal| if Vector3::from(normal).dot(&own) < CREASE { own.into() } else { normal });
        Some(lit(&colours, weights, &normals, self.paint.ambient()))
    }
}

/// A triangle in the plane of the picture.
struct Flat {
    corner: [[f64; 2]; 3],
    area: f64,
}

impl Flat {
    fn of(corners: &[[f64; 3]; 3]) -> Option<Self> {
        let corner = corners.map(|corner| [corner[0], corner[1]]);
        let area = cross(corner[0], corner[1], corner[2]);
        (area != 0.0 && area.is_finite()).then_some(Self { corner, area })
    }

    /// The shares of the three corners in the middle of a pixel; `None` where it is not on the triangle.
    fn weights(&self, pixel: [usize; 2]) -> Option<[f64; 3]> {
        let [a, b, c] = self.corner;
        let point = pixel.map(|place| place as f64 + 0.5);
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

fn lit(colours: &[[u8; 3]; 3], weights: [f64; 3], normals: &[[f64; 3]; 3], ambient: f64) -> [u8; 3] {
    let normal: [f64; 3] = std::array::from_fn(|axis| mix(weights, normals.map(|normal| normal[axis])));
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
    fn a_sharp_edge_is_not_lit_across() {
        // A roof of two slopes: each is of one shade up to its ridge.
        let vertices = vec![
            [-10.0, -9.0, 0.0],
            [-10.0, 9.0, 0.0],
            [0.0, -9.0, 12.0],
            [0.0, 9.0, 12.0],
            [10.0, -9.0, 0.0],
            [10.0, 9.0, 0.0],
        ];
        let faces = vec![[0, 2, 1], [1, 2, 3], [2, 4, 5], [2, 5, 3]];
        let mesh = TriMesh { vertices, faces, kinds: vec![0; 4] };
        let picture = draw_mesh(mesh.view(), &view([20, 20]), Paint::Kinds(&[[240; 3]; 4]), [0; 3]);
        let row: Vec<u8> = picture.chunks(3).skip(200).take(20).map(|pixel| pixel[0]).collect();
        assert!(row[1..9].windows(2).all(|two| two[0] == two[1]), "{row:?}");
        assert!(row[11..19].windows(2).all(|two| two[0] == two[1]) && row[8] != row[11], "{row:?}");
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
