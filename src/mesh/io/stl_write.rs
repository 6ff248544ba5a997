//! Writes STL: no name, no time, no path; the same mesh gives the same bytes.

use std::io::Write;

use rayon::prelude::*;

use super::error::Fault;
use super::single::{Single, unit_normal};
use super::stl::NAME;
use crate::progress::Progress;

/// What stands in every header. 3D Slicer reads `SPACE=`; it must not begin with "solid".
const TITLE: &str = "calvaria SPACE=LPS UNIT=mm";
const RECORD: usize = 50;
/// Triangles of a block, and blocks that are made at once; as many are written meanwhile.
const BLOCK: usize = 1 << 14;
const AT_ONCE: usize = 8;

/// Writes the binary form.
///
/// # Errors
/// [`Fault`].
pub fn write_stl_binary(
    mesh: &Single<'_>,
    out: &mut (impl Write + Send),
    progress: &Progress,
) -> Result<(), Fault> {
    let count = u32::try_from(mesh.n_faces())
        .map_err(|_| Fault::broken(NAME, format!("at most {} triangles expected", u32::MAX)))?;
    let mut header = [b' '; 80];
    header[..TITLE.len()].copy_from_slice(TITLE.as_bytes());
    out.write_all(&header)?;
    out.write_all(&count.to_le_bytes())?;
    let n = mesh.n_faces();
    let step = BLOCK * AT_ONCE;
    progress.expect(n.div_ceil(step));
    let mut next = Vec::new();
    let mut ready = Vec::new();
    fill(&mut ready, mesh, 0..n.min(step));
    for start in (0..n).step_by(step) {
        let end = (start + step).min(n);
        // While one block goes out, the next is made.
        let (written, ()) =
            rayon::join(|| out.write_all(&ready), || fill(&mut next, mesh, end..(end + step).min(n)));
        written?;
        std::mem::swap(&mut ready, &mut next);
        progress.step()?;
    }
    Ok(())
}

/// The records of some faces.
fn fill(bytes: &mut Vec<u8>, mesh: &Single<'_>, faces: std::ops::Range<usize>) {
    bytes.resize(faces.len() * RECORD, 0);
    bytes.par_chunks_mut(BLOCK * RECORD).enumerate().for_each(|(block, records)| {
        let (records, _) = records.as_chunks_mut::<RECORD>();
        for (at, record) in records.iter_mut().enumerate() {
            put(record, mesh.corners(faces.start + block * BLOCK + at));
        }
    });
}

fn put(record: &mut [u8; RECORD], corners: [[f32; 3]; 3]) {
    let [a, b, c] = corners;
    let (places, _) = record.as_chunks_mut::<4>();
    for (place, x) in places.iter_mut().zip([unit_normal(corners), a, b, c].as_flattened()) {
        *place = x.to_le_bytes();
    }
}

/// Writes the text form, each number as short as it can be without changing it.
///
/// # Errors
/// [`Fault`].
pub fn write_stl_ascii(mesh: &Single<'_>, out: &mut impl Write, progress: &Progress) -> Result<(), Fault> {
    let n = mesh.n_faces();
    let step = BLOCK * AT_ONCE;
    progress.expect(n.div_ceil(step));
    writeln!(out, "solid {TITLE}")?;
    for start in (0..n).step_by(step) {
        let blocks: Vec<Vec<u8>> = (start..(start + step).min(n))
            .collect::<Vec<_>>()
            .par_chunks(BLOCK)
            .map(|faces| {
                let mut text = Vec::with_capacity(faces.len() * 256);
                for &at in faces {
                    let _ = facet(&mut text, mesh.corners(at));
                }
                text
            })
            .collect();
        for block in blocks {
            out.write_all(&block)?;
        }
        progress.step()?;
    }
    writeln!(out, "endsolid {TITLE}")?;
    Ok(())
}

fn facet(text: &mut Vec<u8>, corners: [[f32; 3]; 3]) -> std::io::Result<()> {
    let [x, y, z] = unit_normal(corners);
    writeln!(text, " facet normal {x:e} {y:e} {z:e}\n  outer loop")?;
    for [x, y, z] in corners {
        writeln!(text, "   vertex {x:e} {y:e} {z:e}")?;
    }
    writeln!(text, "  endloop\n endfacet")
}
