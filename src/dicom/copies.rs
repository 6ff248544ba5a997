//! Images that are there twice: a copy of a slice, or of a whole multi-frame file, is left out.

use super::codec::{Encoding, decode_frame};
use super::note::Note;
use super::scan::{DicomFile, ScanOptions};
use super::series::PlaneRef;
use super::split::Part;
use super::storage::{OpenFile, Storage, storage};

/// More images than this at one place are compared with their neighbours only.
const MAX_AT_ONE_PLACE: usize = 64;
/// Comparisons in vain, for each plane, after which no copies are looked for.
const MAX_UNEQUAL: usize = 4;

/// Removes planes that are copies of another at the same place, as `shared` pairs them.
///
/// The same image at two points in time is no copy: with `is_same_label` the labels must agree as well.
pub fn drop_copies(part: &mut Part, shared: &[(usize, usize)], options: ScanOptions, is_same_label: bool) {
    let mut dropped: Vec<PlaneRef> = Vec::new();
    let mut twins: Option<Twins<'_>> = None;
    let mut n_unequal = 0;
    for (a, b) in candidates(shared, is_same_label) {
        let (keep, copy) = (part.planes[a.min(b)], part.planes[a.max(b)]);
        let (kept, copied) = (&*part.files[keep.file], &*part.files[copy.file]);
        let is_settled = keep.file == copy.file || dropped.contains(&copy);
        if is_settled || !may_be_copies((kept, keep), (copied, copy), is_same_label) {
            continue;
        }
        if n_unequal > MAX_UNEQUAL * part.planes.len() {
            break; // many images at each place, none of them a copy
        }
        let files = (keep.file, copy.file);
        if twins.as_ref().is_none_or(|twins| twins.files != files) {
            twins = Twins::open(files, (kept, copied), options);
        }
        if twins.as_mut().is_some_and(|twins| twins.have_equal_pixels(keep.frame, copy.frame)) {
            dropped.push(copy);
        } else {
            n_unequal += 1;
        }
    }
    if dropped.is_empty() {
        return;
    }
    part.planes.retain(|plane| !dropped.contains(plane));
    let mut places: Vec<String> =
        dropped.iter().map(|plane| part.files[plane.file].source.name.clone()).collect();
    places.sort();
    places.dedup();
    let message =
        format!("{} slices are there twice with equal pixels; the copies were left out", dropped.len());
    part.notes.push(Note::new("duplicate_slices", message, places).with(dropped.len() as f64));
}

/// Pairs to compare: the neighbours at one place; then, where labels say which belong together, all others,
/// because between an image of a time series and its copy there may be those of other times.
fn candidates(shared: &[(usize, usize)], is_same_label: bool) -> Vec<(usize, usize)> {
    let mut pairs = shared.to_vec();
    if !is_same_label {
        return pairs;
    }
    for neighbours in shared.chunk_by(|one, next| one.1 == next.0).filter(|n| n.len() < MAX_AT_ONE_PLACE) {
        let mut place: Vec<usize> = neighbours.iter().map(|pair| pair.0).collect();
        place.extend(neighbours.last().map(|pair| pair.1));
        for (at, &a) in place.iter().enumerate() {
            pairs.extend(place.iter().skip(at + 2).map(|&b| (a, b)));
        }
    }
    pairs
}

/// Whether all that is said of two planes is the same.
fn may_be_copies(a: (&DicomFile, PlaneRef), b: (&DicomFile, PlaneRef), is_same_label: bool) -> bool {
    let ((file_a, plane_a), (file_b, plane_b)) = (a, b);
    let (frame_a, frame_b) = (&file_a.header.frames[plane_a.frame], &file_b.header.frames[plane_b.frame]);
    file_a.header.layout == file_b.header.layout
        && frame_a.geometry == frame_b.geometry
        && frame_a.modality == frame_b.modality
        && (!is_same_label || frame_a.labels == frame_b.labels)
}

/// Two files whose frames are compared one by one.
struct Twins<'a> {
    files: (usize, usize),
    pair: [(OpenFile<'a>, Storage); 2],
    stored: [Vec<u8>; 2],
    cells: [Vec<u8>; 2],
}

impl<'a> Twins<'a> {
    /// Opens both; `None` when one cannot be read, which is then told when it is loaded.
    fn open(
        files: (usize, usize),
        (a, b): (&'a DicomFile, &'a DicomFile),
        options: ScanOptions,
    ) -> Option<Self> {
        let open = |file: &'a DicomFile| {
            let storage = storage(file).ok()?;
            Some((OpenFile::open(file, storage, options.max_extra_bytes).ok()?, storage))
        };
        Some(Self {
            files,
            pair: [open(a)?, open(b)?],
            stored: Default::default(),
            cells: Default::default(),
        })
    }

    /// Whether two frames hold the same: byte for byte, or once decoded where they are stored in two ways.
    fn have_equal_pixels(&mut self, frame_a: usize, frame_b: usize) -> bool {
        let [a, b] = &mut self.pair;
        let [stored_a, stored_b] = &mut self.stored;
        if a.0.read_frame(frame_a, stored_a).is_err() || b.0.read_frame(frame_b, stored_b).is_err() {
            return false;
        }
        if a.1.encoding == b.1.encoding {
            return stored_a == stored_b;
        }
        let [cells_a, cells_b] = &mut self.cells;
        a.1.order() == b.1.order()
            && decode(&a.1, stored_a, cells_a)
            && decode(&b.1, stored_b, cells_b)
            && cells_a == cells_b
    }
}

/// The cells of a frame; whether that went well.
fn decode(storage: &Storage, stored: &mut Vec<u8>, cells: &mut Vec<u8>) -> bool {
    if matches!(storage.encoding, Encoding::NativeLittle | Encoding::NativeBig) {
        std::mem::swap(stored, cells);
        return true;
    }
    decode_frame(storage.encoding, stored, &storage.layout, cells).is_ok()
}
