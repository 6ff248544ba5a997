//! Membranes across the holes of a wall: where what grows on its two sides would meet.
//!
//! Z. Aktouf, G. Bertrand and L. Perroton, A three-dimensional holes closing algorithm, 2002,
//! doi:10.1016/S0167-8655(01)00152-0. Growth starts in the room that is wide enough for a ball, and takes
//! the widest places first; a voxel that would join two parts of it that are apart around that voxel
//! is left out. What stays is one voxel thick, hangs on bone all around, and lies in the narrowest
//! place, however thin the wall is.

use ndarray::Array3;

use crate::progress::{Cancelled, Progress};
use crate::segment::{Bits, distance};

/// Buckets of the queue: distances are told apart to a thousandth of the reach.
const BUCKETS: usize = 1024;
/// Voxels between two looks at whether to stop.
const PATIENCE: usize = 1 << 20;

const BONE: u8 = 0;
const WAITING: u8 = 1;
const QUEUED: u8 = 2;
const LEFT_OUT: u8 = 3;
const GROWN: u8 = 4;

/// Index `[i, j, k]` of every voxel of a membrane, and its distance to bone, mm.
#[derive(Debug, Default)]
pub struct Membranes {
    /// Where they are.
    pub ijk: Vec<[f64; 3]>,
    /// How far bone is from there.
    pub distance_mm: Vec<f64>,
}

/// Finds the membranes across holes that no ball of `reach_mm` passes.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn find_membranes(
    bone: &Bits,
    spacing_xyz_mm: [f64; 3],
    reach_mm: f64,
    progress: &Progress,
) -> Result<Membranes, Cancelled> {
    let mut room = bone.clone();
    room.invert();
    let far = distance(&room, spacing_xyz_mm, progress)?;
    drop(room);
    let mut growth = Growth::new(bone, far, reach_mm);
    growth.run(progress)?;
    Ok(growth.membranes())
}

/// The eighteen neighbours that share a face or an edge, and which of them share a face.
struct Ring {
    steps: [[isize; 3]; 18],
    beside: [u32; 18],
    faces: u32,
}

impl Ring {
    fn new() -> Self {
        let mut steps = [[0; 3]; 18];
        let all = (0..27).map(|n| [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1]);
        let length = |step: &[isize; 3]| step.iter().map(|s| s.abs()).sum::<isize>();
        for (to, from) in steps.iter_mut().zip(all.filter(|step| (1..=2).contains(&length(step)))) {
            *to = from;
        }
        let (mut beside, mut faces) = ([0; 18], 0);
        for a in 0..18 {
            faces |= u32::from(length(&steps[a]) == 1) << a;
            for b in 0..18 {
                let apart = [0, 1, 2].map(|axis| steps[a][axis] - steps[b][axis]);
                beside[a] |= u32::from(length(&apart) == 1) << b;
            }
        }
        Self { steps, beside, faces }
    }

    /// How many parts of `set` that touch the middle are apart from each other around it; 2 is many.
    fn parts(&self, set: u32) -> usize {
        let mut left = set;
        let mut count = 0;
        while left & self.faces != 0 && count < 2 {
            let mut part = 1_u32 << (left & self.faces).trailing_zeros();
            let mut front = part;
            while front != 0 {
                let at = front.trailing_zeros() as usize;
                front &= front - 1;
                let new = self.beside[at] & set & !part;
                part |= new;
                front |= new;
            }
            left &= !part;
            count += 1;
        }
        count
    }
}

struct Growth {
    ring: Ring,
    /// How far each neighbour is in the arrays.
    offsets: [isize; 18],
    dims: [usize; 3],
    state: Vec<u8>,
    far: Vec<f32>,
    queue: Vec<Vec<u32>>,
    per_mm: f32,
    /// The fullest bucket that can hold anything.
    top: usize,
}

impl Growth {
    fn new(bone: &Bits, far: Array3<f32>, reach_mm: f64) -> Self {
        let dims = bone.dims_ijk();
        let far = far.into_raw_vec_and_offset().0;
        let widest = far.iter().copied().filter(|mm| mm.is_finite()).fold(0.0_f32, f32::max);
        // In a small image nothing is wider than the reach: growth starts in its widest place.
        let reach = (reach_mm as f32).min(0.9 * widest);
        let state = far.iter().map(|&mm| match mm {
            mm if mm <= 0.0 => BONE,
            mm if mm > reach => GROWN,
            _ => WAITING,
        });
        let ring = Ring::new();
        let [ni, nj, _] = dims.map(|n| n as isize);
        let mut made = Self {
            offsets: ring.steps.map(|[i, j, k]| (k * nj + j) * ni + i),
            ring,
            dims,
            state: state.collect(),
            far,
            queue: vec![Vec::new(); BUCKETS],
            per_mm: (BUCKETS - 1) as f32 / reach.max(f32::MIN_POSITIVE),
            top: 0,
        };
        for at in 0..made.state.len() {
            if made.state[at] == WAITING && made.around(at) & made.ring.faces != 0 {
                made.push(at);
            }
        }
        made
    }

    fn run(&mut self, progress: &Progress) -> Result<(), Cancelled> {
        let mut n = 0_usize;
        loop {
            let Some(at) = self.queue[self.top].pop() else {
                if self.top == 0 {
                    return Ok(());
                }
                self.top -= 1;
                continue;
            };
            n += 1;
            if n.is_multiple_of(PATIENCE) {
                progress.check()?;
            }
            let at = at as usize;
            let is_joint = self.ring.parts(self.around(at)) != 1;
            self.state[at] = if is_joint { LEFT_OUT } else { GROWN };
            if !is_joint {
                self.wake(at);
            }
        }
    }

    /// Queues the neighbours of a voxel that has grown.
    fn wake(&mut self, at: usize) {
        for n in 0..18 {
            let Some(next) = self.neighbour(at, n) else { continue };
            let is_face = self.ring.faces >> n & 1 == 1;
            if self.state[next] == LEFT_OUT || (is_face && self.state[next] == WAITING) {
                self.push(next);
            }
        }
    }

    fn push(&mut self, at: usize) {
        let bucket = ((self.far[at] * self.per_mm) as usize).min(BUCKETS - 1);
        self.state[at] = QUEUED;
        self.queue[bucket].push(at as u32);
        self.top = self.top.max(bucket);
    }

    fn place(&self, at: usize) -> [usize; 3] {
        let [ni, nj, _] = self.dims;
        [at % ni, at / ni % nj, at / (ni * nj)]
    }

    fn neighbour(&self, at: usize, n: usize) -> Option<usize> {
        let place = self.place(at);
        for axis in 0..3 {
            let next = place[axis].checked_add_signed(self.ring.steps[n][axis])?;
            if next >= self.dims[axis] {
                return None;
            }
        }
        at.checked_add_signed(self.offsets[n])
    }

    /// Which of the neighbours have grown.
    fn around(&self, at: usize) -> u32 {
        let place = self.place(at);
        let is_inner = (0..3).all(|axis| place[axis] > 0 && place[axis] + 1 < self.dims[axis]);
        (0..18).fold(0, |set, n| {
            let is_grown = if is_inner {
                self.state[at.wrapping_add_signed(self.offsets[n])] == GROWN
            } else {
                self.neighbour(at, n).is_some_and(|next| self.state[next] == GROWN)
            };
            set | u32::from(is_grown) << n
        })
    }

    fn membranes(&self) -> Membranes {
        let mut made = Membranes::default();
        for (at, _) in self.state.iter().enumerate().filter(|(_, state)| **state == LEFT_OUT) {
            made.ijk.push(self.place(at).map(|n| n as f64));
            made.distance_mm.push(f64::from(self.far[at]));
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box of walls one voxel thick, with holes in it.
    fn walls(holes: &[[usize; 3]]) -> Bits {
        let n = 24;
        let mut bytes = Array3::from_elem((n, n, n), 0_u8);
        for ((k, j, i), voxel) in bytes.indexed_iter_mut() {
            let far = [i, j, k].map(|at| at.abs_diff(12)).into_iter().max();
            let is_hole = holes
                .iter()
                .any(|hole| hole[0].abs_diff(i) <= 1 && hole[1].abs_diff(j) <= 1 && hole[2].abs_diff(k) <= 1);
            *voxel = u8::from(far == Some(7) && !is_hole);
        }
        Bits::from_bytes(bytes.view())
    }

    #[test]
    fn every_hole_of_a_thin_wall_gets_a_membrane_and_a_whole_wall_none() {
        let find = |holes: &[[usize; 3]]| {
            find_membranes(&walls(holes), [1.0; 3], 3.5, &Progress::default()).unwrap().ijk
        };
        assert!(find(&[]).is_empty());
        let found = find(&[[5, 12, 12], [19, 9, 14]]);
        assert_eq!(found.iter().filter(|at| at[0] < 12.0).count(), 9);
        assert_eq!(found.len(), 18);
    }
}
