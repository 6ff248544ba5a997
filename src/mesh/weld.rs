//! Joins equal corners of a triangle soup: exactly, in float32, in the order of first appearance.
//!
//! The soup comes in parts, which are welded on their own and in parallel; then the parts are joined.
//! The result does not depend on the number of threads, and not on where one part ends.

use rayon::prelude::*;

/// Triangles that are welded together at once: their table fits a processor's own cache.
pub const PART: usize = 1 << 14;
/// Buckets for the joining, so that each table fits that cache as well.
const BUCKET_BITS: u32 = 6;
const FREE: u32 = u32::MAX;

/// One corner as the bits of its three coordinates; -0.0 is +0.0.
type Key = [u32; 3];

/// A stretch of the soup, welded on its own.
#[derive(Debug, Default)]
pub struct Part {
    keys: Vec<Key>,
    faces: Vec<[u32; 3]>,
    n_collapsed: usize,
}

/// What welding gives.
#[derive(Debug, Default, PartialEq)]
pub struct Welded {
    /// Distinct corners in the order of their first appearance.
    pub vertices: Vec<[f32; 3]>,
    /// Triangles in their order, without those that have two equal corners.
    pub faces: Vec<[u32; 3]>,
    /// How many triangles had two equal corners. Leaving them out opens nothing.
    pub n_collapsed: usize,
}

/// Why a soup cannot be welded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {} distinct corners", i32::MAX)]
pub struct TooMany;

#[inline]
fn key(corner: [f32; 3]) -> Key {
    corner.map(|x| (x + 0.0).to_bits())
}

#[inline]
fn hash([x, y, z]: Key) -> u64 {
    let a = (u64::from(x) | u64::from(y) << 32) ^ 0x9E37_79B9_7F4A_7C15;
    let b = u64::from(z) ^ 0xD6E8_FEB8_6659_FD93;
    let wide = u128::from(a) * u128::from(b.wrapping_mul(0xA076_1D64_78BD_642F) | 1);
    (wide as u64 ^ (wide >> 64) as u64).wrapping_mul(0xE703_7ED1_A0B4_28DB)
}

/// A table of places in a list of keys, open addressing.
struct Table {
    slots: Vec<u32>,
    shift: u32,
}

impl Table {
    /// For at most `n` keys.
    fn new(n: usize) -> Self {
        let bits = (n.max(8) * 4 / 3).next_power_of_two().trailing_zeros();
        Self { slots: vec![FREE; 1 << bits], shift: 64 - bits }
    }

    /// The place of this key, which is `next` when it was not known; `known` says what stands where.
    fn place(&mut self, key: Key, next: u32, known: impl Fn(u32) -> Key) -> u32 {
        let mask = self.slots.len() - 1;
        // The bits below those that chose the bucket.
        let mut slot = ((hash(key) << BUCKET_BITS) >> self.shift) as usize;
        loop {
            let place = self.slots[slot];
            if place == FREE {
                self.slots[slot] = next;
                return next;
            }
            if known(place) == key {
                return place;
            }
            slot = (slot + 1) & mask;
        }
    }
}

impl Part {
    /// Welds a stretch of the soup, best of [`PART`] triangles.
    #[inline]
    pub fn new(triangles: impl ExactSizeIterator<Item = [[f32; 3]; 3]>) -> Self {
        let n = triangles.len();
        let mut table = Table::new(3 * n);
        let mut part = Self { keys: Vec::with_capacity(n), faces: Vec::with_capacity(n), n_collapsed: 0 };
        for triangle in triangles {
            let face = triangle.map(|corner| {
                let key = key(corner);
                let keys = &mut part.keys;
                let place = table.place(key, keys.len() as u32, |place| keys[place as usize]);
                if place as usize == keys.len() {
                    keys.push(key);
                }
                place
            });
            if is_collapsed(face) {
                part.n_collapsed += 1;
            } else {
                part.faces.push(face);
            }
        }
        part.keys.shrink_to_fit();
        part
    }
}

fn is_collapsed([a, b, c]: [u32; 3]) -> bool {
    a == b || b == c || c == a
}

/// Joins parts in their order.
///
/// # Errors
/// [`TooMany`] when the corners cannot be numbered.
pub fn join(mut parts: Vec<Part>) -> Result<Welded, TooMany> {
    let n_keys: usize = parts.iter().map(|part| part.keys.len()).sum();
    if n_keys > i32::MAX as usize {
        return Err(TooMany);
    }
    let again = seen_before(&parts, n_keys);
    let (vertices, numbers) = number(&parts, &again, n_keys);
    let mut starts = Vec::with_capacity(parts.len());
    let mut start = 0;
    for part in &mut parts {
        starts.push(start);
        start += part.keys.len();
        part.keys = Vec::new();
    }
    // Within a part every key is there once, so numbers stay distinct within a face.
    parts.par_iter_mut().zip(starts).for_each(|(part, start)| {
        for face in &mut part.faces {
            *face = face.map(|local| numbers[start + local as usize]);
        }
    });
    drop(numbers);
    let mut faces = Vec::with_capacity(parts.iter().map(|part| part.faces.len()).sum());
    let mut n_collapsed = 0;
    for part in parts {
        n_collapsed += part.n_collapsed;
        faces.extend_from_slice(&part.faces);
    }
    Ok(Welded { vertices, faces, n_collapsed })
}

/// Welds a whole soup.
///
/// # Errors
/// [`TooMany`] when the corners cannot be numbered.
pub fn weld(triangles: &[[[f32; 3]; 3]]) -> Result<Welded, TooMany> {
    join(triangles.par_chunks(PART).map(|part| Part::new(part.iter().copied())).collect())
}

/// For each key of all parts that an earlier part has too: its place and the earlier place.
fn seen_before(parts: &[Part], n_keys: usize) -> Vec<Vec<(u32, u32)>> {
    if parts.len() < 2 {
        return Vec::new();
    }
    let n_buckets = 1_usize << BUCKET_BITS;
    let mut buckets: Vec<Vec<(Key, u32)>> =
        (0..n_buckets).map(|_| Vec::with_capacity(n_keys / n_buckets + n_keys / n_buckets / 8)).collect();
    for (place, &key) in parts.iter().flat_map(|part| &part.keys).enumerate() {
        buckets[(hash(key) >> (64 - BUCKET_BITS)) as usize].push((key, place as u32));
    }
    let repeats = |bucket: Vec<(Key, u32)>| {
        let mut table = Table::new(bucket.len());
        let mut repeats = Vec::new();
        for (at, &(key, place)) in bucket.iter().enumerate() {
            let first = table.place(key, at as u32, |at| bucket[at as usize].0);
            if first as usize != at {
                repeats.push((place, bucket[first as usize].1));
            }
        }
        repeats
    };
    buckets.into_par_iter().map(repeats).collect()
}

/// The distinct keys as coordinates, and for each key of all parts its number.
fn number(parts: &[Part], again: &[Vec<(u32, u32)>], n_keys: usize) -> (Vec<[f32; 3]>, Vec<u32>) {
    let n_repeats: usize = again.iter().map(Vec::len).sum();
    let mut numbers = vec![FREE; n_keys];
    for &(place, first) in again.iter().flatten() {
        numbers[place as usize] = first;
    }
    let mut vertices = Vec::with_capacity(n_keys - n_repeats);
    for (place, key) in parts.iter().flat_map(|part| &part.keys).enumerate() {
        if numbers[place] == FREE {
            numbers[place] = vertices.len() as u32;
            vertices.push(key.map(f32::from_bits));
        } else {
            numbers[place] = numbers[numbers[place] as usize];
        }
    }
    (vertices, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn by_a_dictionary(triangles: &[[[f32; 3]; 3]]) -> Welded {
        let mut seen = HashMap::new();
        let mut welded = Welded::default();
        for triangle in triangles {
            let face = triangle.map(|corner| {
                *seen.entry(key(corner)).or_insert_with(|| {
                    welded.vertices.push(corner.map(|x| x + 0.0));
                    welded.vertices.len() as u32 - 1
                })
            });
            if is_collapsed(face) {
                welded.n_collapsed += 1;
            } else {
                welded.faces.push(face);
            }
        }
        welded
    }

    fn soup(n: usize, n_distinct: u32) -> Vec<[[f32; 3]; 3]> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 40) as u32 % n_distinct) as f32 * 0.1 - 3.0
        };
        (0..n).map(|_| [[next(), 0.0, 1.0], [next(), -0.0, 1.0], [0.0, next(), next()]]).collect()
    }

    #[test]
    fn welding_is_what_a_dictionary_does_whatever_the_parts() {
        for (n, n_distinct) in [(0, 1), (1, 1), (50, 4), (3 * PART + 17, 4000), (PART, 1 << 24)] {
            let soup = soup(n, n_distinct);
            let truth = by_a_dictionary(&soup);
            assert_eq!(weld(&soup).unwrap(), truth);
            let odd = soup.chunks(777).map(|part| Part::new(part.iter().copied())).collect();
            assert_eq!(join(odd).unwrap(), truth);
        }
    }

    #[test]
    fn minus_zero_is_zero() {
        let soup = [
            [[0.0, 0.0, 0.0], [1.0, -0.0, 0.0], [0.0, 1.0, -0.0]],
            [[-0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, -0.0]],
        ];
        let welded = weld(&soup).unwrap();
        assert_eq!(welded.faces, [[0, 1, 2], [0, 2, 1]]);
        assert!(welded.vertices.iter().flatten().all(|x| x.is_sign_positive()));
    }
}
