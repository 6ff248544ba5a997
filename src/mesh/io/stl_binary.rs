//! Binary STL: 80 bytes of header, a count, 50 bytes for each triangle.
//!
//! The count is a claim; the length of the file is a fact. Where they disagree, what can be proved is
//! read with a warning that names both, and the rest is refused.

#![allow(clippy::float_cmp)] // equal places and zero signs are meant exactly

use std::io::{Read, Seek};

use rayon::prelude::*;

use super::error::Fault;
use super::input::Input;
use super::note::Note;
use super::stl::{NAME, StlFile};
use crate::mesh::topology::is_closed;
use crate::mesh::weld::{self, PART, Part};
use crate::progress::Progress;

const HEADER: usize = 80;
const START: u64 = 84;
const RECORD: usize = 50;
/// Parts that are in memory at once.
const AT_ONCE: usize = 16;
/// Triangles whose sides can be numbered.
const MOST_TRIANGLES: u64 = 1 << 30;
/// Records that are looked at to tell triangles from something else behind them.
const LOOKED_AT: u64 = 1000;
/// A coordinate nearer to zero than this, and not zero, is none.
const SMALLEST: f32 = 1e-30;
/// What a writer puts in for a count that it means to fill in later.
const NEVER_FILLED_IN: u32 = u32::MAX;

/// Where triangles lie in a file.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    offset: u64,
    n: u64,
    is_big_endian: bool,
}

struct Found {
    parts: Vec<Part>,
    n_against_normal: u64,
}

fn count(start: &[u8]) -> Option<u32> {
    start.get(HEADER..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
}

fn bytes_for(n: u64) -> u64 {
    START + n * RECORD as u64
}

/// Whether the count in the header accounts for every byte, which no text does.
pub(super) fn fills_its_file(start: &[u8], length: u64) -> bool {
    count(start).is_some_and(|n| bytes_for(u64::from(n)) == length)
}

/// Reads the triangles that the file proves to have.
pub(super) fn read<R: Read + Seek>(input: &mut Input<R>, progress: &Progress) -> Result<StlFile, Fault> {
    let length = input.length();
    let start = input.read_at(0, START as usize)?;
    let Some(claimed) = count(&start) else {
        return Err(Fault::broken(NAME, format!("a header of 84 bytes expected, found {length} bytes")));
    };
    let mut file = StlFile { is_binary: true, n_solids: 1, ..StlFile::default() };
    file.said.add(&start[..HEADER], &mut file.notes);
    let n = u64::from(claimed);
    let whole = (length - START) / RECORD as u64;
    let spare = (length - START) % RECORD as u64;
    let plain = |n| Stretch { offset: START, n, is_big_endian: false };
    if n == whole && spare == 0 {
        finish(input, &[plain(n)], &mut file, progress)?;
    } else if spare == 0 && whole > 0 && u64::from(claimed.swap_bytes()) == whole {
        file.notes.push(Note::new("stl_byte_order", "the numbers are stored high byte first"));
        finish(input, &[Stretch { is_big_endian: true, ..plain(whole) }], &mut file, progress)?;
    } else if let Some(chain) = chain(input, n)? {
        file.n_solids = chain.len();
        finish(input, &chain, &mut file, progress)?;
    } else if n < whole || (n == whole && spare > 0) {
        more_than_claimed(input, (n, whole, spare), &mut file, progress)?;
    } else {
        fewer_than_claimed(input, (n, whole, spare), &mut file, progress)?;
    }
    Ok(file)
}

/// Several binary files one behind the other, when that accounts for every byte.
fn chain<R: Read + Seek>(input: &mut Input<R>, first: u64) -> Result<Option<Vec<Stretch>>, Fault> {
    let (mut n, mut offset, mut found) = (first, START, Vec::new());
    loop {
        let end = offset + n * RECORD as u64;
        if n == 0 || end > input.length() {
            return Ok(None);
        }
        found.push(Stretch { offset, n, is_big_endian: false });
        if end == input.length() {
            return Ok(Some(found));
        }
        match count(&input.read_at(end, START as usize)?) {
            Some(next) => n = u64::from(next),
            None => return Ok(None),
        }
        offset = end + START;
    }
}

/// There are bytes behind the triangles that were announced: more triangles, or something else.
fn more_than_claimed<R: Read + Seek>(
    input: &mut Input<R>,
    (n, whole, spare): (u64, u64, u64),
    file: &mut StlFile,
    progress: &Progress,
) -> Result<(), Fault> {
    let stretch = |n| [Stretch { offset: START, n, is_big_endian: false }];
    if n > 0 {
        // Bytes that slipped in somewhere shift all that follow: the last triangles show it.
        if !is_plausible(input, n.saturating_sub(LOOKED_AT), n.min(LOOKED_AT))? {
            let n_bytes = input.length() - bytes_for(n);
            let problem =
                format!("damaged: {n_bytes} bytes more than {n} triangles take, and the last are none");
            return Err(Fault::broken(NAME, problem));
        }
        finish(input, &stretch(n), file, progress)?;
        let is_whole = is_closed(&file.welded.faces) || spare > 0;
        if is_whole || !is_plausible(input, n, whole - n)? {
            let n_bytes = input.length() - bytes_for(n);
            let message = format!("{n_bytes} bytes behind the {n} triangles were passed over");
            file.notes.push(Note::new("stl_trailing_bytes", message).with(n_bytes as f64));
            return Ok(());
        }
    } else if spare > 0 || !is_plausible(input, 0, whole)? {
        return Err(Fault::broken(
            NAME,
            format!("the count says 0 triangles, and {} bytes follow", input.length() - START),
        ));
    }
    finish(input, &stretch(whole), file, progress)?;
    file.notes.push(wrong_count(n, whole));
    Ok(())
}

/// The file ends before the triangles that were announced do: cut off, unless what is there closes.
fn fewer_than_claimed<R: Read + Seek>(
    input: &mut Input<R>,
    (n, whole, spare): (u64, u64, u64),
    file: &mut StlFile,
    progress: &Progress,
) -> Result<(), Fault> {
    let found = format!("the count says {n} triangles, the file holds {whole} and {spare} bytes more");
    if n == u64::from(NEVER_FILLED_IN) {
        return Err(Fault::broken(NAME, format!("{found}: its writer did not finish it, or it is no STL")));
    }
    if spare == 0 && whole > 0 && is_plausible(input, 0, whole)? {
        finish(input, &[Stretch { offset: START, n: whole, is_big_endian: false }], file, progress)?;
        if is_closed(&file.welded.faces) {
            file.notes.push(wrong_count(n, whole));
            return Ok(());
        }
    }
    Err(Fault::broken(NAME, format!("{found}: truncated, or no STL")))
}

fn wrong_count(claimed: u64, proved: u64) -> Note {
    let message = format!(
        "the count says {claimed} triangles, the length of the file proves {proved}; {proved} were read"
    );
    Note::new("stl_wrong_count", message).with(claimed as f64)
}

/// Whether the records from `first` on look like triangles: finite corners, not all in one place, and none
/// of a size that has nothing to do with the first one's.
fn is_plausible<R: Read + Seek>(input: &mut Input<R>, first: u64, n: u64) -> Result<bool, Fault> {
    let bytes = input.read_at(bytes_for(first), n.min(LOOKED_AT) as usize * RECORD)?;
    let (records, _) = bytes.as_chunks::<RECORD>();
    let (mut reach, mut n_collapsed) = (0.0_f32, 0);
    for record in records {
        let corners = corners(record, false);
        // No program computes a corner at 1e-40; bytes out of step give such numbers all the time.
        if corners.iter().flatten().any(|x| !x.is_finite() || (*x != 0.0 && x.abs() < SMALLEST)) {
            return Ok(false);
        }
        n_collapsed += usize::from(corners[0] == corners[1] || corners[1] == corners[2]);
        reach = corners.iter().flatten().fold(reach, |far, x| far.max(x.abs()));
    }
    Ok(2 * n_collapsed < records.len() && reach < 1e9 && reach > 1e-9)
}

fn finish<R: Read + Seek>(
    input: &mut Input<R>,
    stretches: &[Stretch],
    file: &mut StlFile,
    progress: &Progress,
) -> Result<(), Fault> {
    let mut found = Found { parts: Vec::new(), n_against_normal: 0 };
    if stretches.iter().map(|stretch| stretch.n).sum::<u64>() > MOST_TRIANGLES {
        return Err(Fault::broken(NAME, format!("more than {MOST_TRIANGLES} triangles")));
    }
    for stretch in stretches {
        collect(input, *stretch, &mut found, progress)?;
    }
    file.welded = weld::join(found.parts)?;
    let n = found.n_against_normal;
    if n > 0 {
        let message = format!("the stored normals of {n} triangles point inwards of their corner order");
        file.notes.push(Note::new("stl_normals_disagree", message).with(n as f64));
    }
    Ok(())
}

fn collect<R: Read + Seek>(
    input: &mut Input<R>,
    stretch: Stretch,
    found: &mut Found,
    progress: &Progress,
) -> Result<(), Fault> {
    let block = AT_ONCE * PART;
    progress.expect((stretch.n as usize).div_ceil(block));
    let (mut done, mut bytes) = (0, Vec::new());
    while done < stretch.n {
        let n = (stretch.n - done).min(block as u64) as usize;
        input.read_into(&mut bytes, stretch.offset + done * RECORD as u64, n * RECORD)?;
        let (records, _) = bytes.as_chunks::<RECORD>();
        let parts: Vec<_> = records
            .par_chunks(PART)
            .enumerate()
            .map(|(part, records)| one_part(records, done + (part * PART) as u64, stretch.is_big_endian))
            .collect();
        for part in parts {
            let (part, n_against_normal) = part?;
            found.parts.push(part);
            found.n_against_normal += n_against_normal;
        }
        done += records.len() as u64;
        progress.step()?;
    }
    Ok(())
}

fn one_part(records: &[[u8; RECORD]], first: u64, is_big_endian: bool) -> Result<(Part, u64), Fault> {
    let (mut n_against_normal, mut is_finite) = (0, true);
    let part = Part::new(records.iter().map(|record| {
        let corners = corners(record, is_big_endian);
        // One sum is NaN or infinite when a coordinate is; it can overflow only far outside any body.
        let sum: f32 = corners.iter().flatten().map(|x| x * 0.0).sum();
        is_finite &= sum == 0.0;
        n_against_normal += u64::from(is_against_normal(&triple(record, 0, is_big_endian), &corners));
        corners
    }));
    if is_finite {
        return Ok((part, n_against_normal));
    }
    let is_bad =
        |record: &[u8; RECORD]| corners(record, is_big_endian).iter().flatten().any(|x| !x.is_finite());
    let triangle = first + records.iter().position(is_bad).unwrap_or(0) as u64;
    Err(Fault::broken(NAME, format!("a corner of triangle {triangle} is NaN or infinite")))
}

fn triple(record: &[u8; RECORD], which: usize, is_big_endian: bool) -> [f32; 3] {
    let read = if is_big_endian { f32::from_be_bytes } else { f32::from_le_bytes };
    let at = 12 * which;
    [0, 4, 8].map(|offset| {
        let at = at + offset;
        read([record[at], record[at + 1], record[at + 2], record[at + 3]])
    })
}

fn corners(record: &[u8; RECORD], is_big_endian: bool) -> [[f32; 3]; 3] {
    [1, 2, 3].map(|which| triple(record, which, is_big_endian))
}

/// Whether a normal points to the other side than the order of the corners, by more than rounding.
pub(super) fn is_against_normal(normal: &[f32; 3], [a, b, c]: &[[f32; 3]; 3]) -> bool {
    let from = |p: &[f32; 3], q: &[f32; 3]| [0, 1, 2].map(|k| f64::from(q[k]) - f64::from(p[k]));
    let (n, u, v) = (normal.map(f64::from), from(a, b), from(a, c));
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let dot = |p: &[f64; 3], q: &[f64; 3]| p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
    let along = dot(&n, &cross);
    along < 0.0 && along * along > 0.25 * dot(&n, &n) * dot(&cross, &cross)
}
