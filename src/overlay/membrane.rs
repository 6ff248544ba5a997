//! Membranes across the holes of a wall: where what grows on its two sides would meet.
//!
//! Z. Aktouf, G. Bertrand and L. Perroton, A three-dimensional holes closing algorithm, 2002,
//! doi:10.1016/S0167-8655(01)00152-0. Growth starts in the room that is wide enough for a ball, and takes
//! the widest places first; a voxel that would join two parts of it that are apart around that voxel
//! is left out. What stays is one voxel thick, hangs on bone all around, and lies in the narrowest
//! place, however thin the wall is.

use ndarray::{Array3, Axis};
use rayon::prelude::*;

use crate::progress::{Cancelled, Progress};
use crate::segment::{Bits, distance};

/// Buckets of the queue: distances are told apart to a thousandth of the reach.
const BUCKETS: usize = 1024;
/// What lies this part of the reach from room that is wide enough has grown from the start. Balls of the
/// reach stay half of it away from the plane of a hole that is 0.86 of it wide: they do not meet in it.
const OPEN: f32 = 0.45;
/// Voxels between two looks at whether to stop.
const PATIENCE: usize = 1 << 20;

const BONE: u8 = 0;
const WAITING: u8 = 1;
const QUEUED: u8 = 2;
const LEFT_OUT: u8 = 3;
const GROWN: u8 = 4;

/// Index `[i, j, k]` of every voxel of a membrane, and its distance to bone, mm, to a thousandth of the reach.
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
    let mut growth = Growth::new(bone, &far, reach_mm);
    drop(far);
    growth.open(spacing_xyz_mm, progress)?;
    growth.start();
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

/// For each set of neighbours whether a voxel between them joins parts that are apart, or hangs on none.
struct Joints(Vec<u64>);

impl Joints {
    fn new(ring: &Ring) -> Self {
        let word =
            |word: u32| (0..64).fold(0, |all, bit| all | u64::from(ring.parts(64 * word + bit) != 1) << bit);
        Self((0..1 << 12).into_par_iter().map(word).collect())
    }

    #[inline]
    fn has(&self, set: u32) -> bool {
        self.0[(set / 64) as usize] >> (set % 64) & 1 == 1
    }
}

/// Arrays have one voxel more on every side, which is no room: no neighbour has to be looked for.
struct Growth {
    ring: Ring,
    joints: Joints,
    /// How far each neighbour is in the arrays.
    offsets: [isize; 18],
    /// Of the arrays.
    dims: [usize; 3],
    state: Vec<u8>,
    /// Which bucket a voxel waits in: the wider, the higher.
    bucket: Vec<u16>,
    queue: Vec<Vec<u32>>,
    mm_per_bucket: f32,
    /// How far open room reaches from what is wider than the reach.
    open_mm: f32,
    /// The fullest bucket that can hold anything.
    top: usize,
}

impl Growth {
    fn new(bone: &Bits, far: &Array3<f32>, reach_mm: f64) -> Self {
        let dims = bone.dims_ijk().map(|n| n + 2);
        let planes = far.axis_iter(Axis(0)).into_par_iter();
        let widest =
            planes.map(|plane| plane.iter().copied().filter(|mm| mm.is_finite()).fold(0.0_f32, f32::max));
        let widest = widest.reduce(|| 0.0, f32::max);
        // In a small image nothing is wider than the reach: growth starts in its widest place.
        let reach = (reach_mm as f32).min(0.9 * widest);
        let per_mm = (BUCKETS - 1) as f32 / reach.max(f32::MIN_POSITIVE);
        let [ni, nj, nk] = dims;
        let mut state = vec![BONE; ni * nj * nk];
        let mut bucket = vec![0_u16; ni * nj * nk];
        let plane = ni * nj;
        let inner = plane..plane * (nk - 1);
        let filled = state[inner.clone()].par_chunks_mut(plane).zip(bucket[inner].par_chunks_mut(plane));
        filled.enumerate().for_each(|(k, (state, bucket))| {
            for (j, row) in far.index_axis(Axis(0), k).rows().into_iter().enumerate() {
                let first = (j + 1) * ni + 1;
                for (i, &mm) in row.iter().enumerate() {
                    state[first + i] = match mm {
                        mm if mm <= 0.0 => BONE,
                        mm if mm > reach => GROWN,
                        _ => WAITING,
                    };
                    bucket[first + i] = ((mm * per_mm) as usize).min(BUCKETS - 1) as u16;
                }
            }
        });
        let ring = Ring::new();
        let [si, sj] = [ni, nj].map(|n| n as isize);
        Self {
            offsets: ring.steps.map(|[i, j, k]| (k * sj + j) * si + i),
            joints: Joints::new(&ring),
            ring,
            dims,
            state,
            bucket,
            queue: vec![Vec::new(); BUCKETS],
            mm_per_bucket: per_mm.recip(),
            open_mm: if reach < reach_mm as f32 { 0.0 } else { OPEN * reach },
            top: 0,
        }
    }

    /// Lets the widest places grow at once: most voxels of open room need no look at their neighbours.
    fn open(&mut self, spacing_xyz_mm: [f64; 3], progress: &Progress) -> Result<(), Cancelled> {
        let [ni, nj, _] = self.dims;
        let inner = self.dims.map(|n| n - 2);
        let state = &self.state;
        let narrow = Bits::from_rows(inner, |j, k, words| {
            let first = ((k + 1) * nj + j + 1) * ni + 1;
            for (i, &one) in state[first..first + inner[0]].iter().enumerate() {
                words[i / 64] |= u64::from(one != GROWN) << (i % 64);
            }
        });
        let away = distance(&narrow, spacing_xyz_mm, progress)?;
        let most = self.open_mm;
        let plane = ni * nj;
        let end = plane * (self.dims[2] - 1);
        self.state[plane..end].par_chunks_mut(plane).enumerate().for_each(|(k, state)| {
            for (j, row) in away.index_axis(Axis(0), k).rows().into_iter().enumerate() {
                let first = (j + 1) * ni + 1;
                for (i, &mm) in row.iter().enumerate() {
                    if mm <= most && state[first + i] == WAITING {
                        state[first + i] = GROWN;
                    }
                }
            }
        });
        Ok(())
    }

    /// Queues what lies beside what has grown.
    fn start(&mut self) {
        for at in 0..self.state.len() {
            if self.state[at] == WAITING && self.around(at) & self.ring.faces != 0 {
                self.push(at);
            }
        }
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
            let is_joint = self.joints.has(self.around(at));
            self.state[at] = if is_joint { LEFT_OUT } else { GROWN };
            if !is_joint {
                self.wake(at);
            }
        }
    }

    /// Queues the neighbours of a voxel that has grown.
    fn wake(&mut self, at: usize) {
        for n in 0..18 {
            let next = at.wrapping_add_signed(self.offsets[n]);
            let is_face = self.ring.faces >> n & 1 == 1;
            if self.state[next] == LEFT_OUT || (is_face && self.state[next] == WAITING) {
                self.push(next);
            }
        }
    }

    fn push(&mut self, at: usize) {
        let bucket = usize::from(self.bucket[at]);
        self.state[at] = QUEUED;
        self.queue[bucket].push(at as u32);
        self.top = self.top.max(bucket);
    }

    /// Which of the neighbours have grown; never asked of a voxel at the end of the arrays.
    #[inline]
    fn around(&self, at: usize) -> u32 {
        (0..18).fold(0, |set, n| {
            set | u32::from(self.state[at.wrapping_add_signed(self.offsets[n])] == GROWN) << n
        })
    }

    fn membranes(&self) -> Membranes {
        let [ni, nj, _] = self.dims;
        let mut made = Membranes::default();
        for (at, _) in self.state.iter().enumerate().filter(|(_, state)| **state == LEFT_OUT) {
            made.ijk.push([at % ni, at / ni % nj, at / (ni * nj)].map(|n| n as f64 - 1.0));
            made.distance_mm.push(f64::from((f32::from(self.bucket[at]) + 0.5) * self.mm_per_bucket));
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
