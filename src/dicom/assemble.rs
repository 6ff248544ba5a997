//! From an ordered series to voxels: frames are read, decoded and rescaled in parallel, each into its slice.

use nalgebra::Matrix4;
use rayon::prelude::*;

use super::codec::{Encoding, decode_frame};
use super::error::DicomError;
use super::note::Note;
use super::pixels::{PixelError, Rescale, Unpacked, Unpacking, unpack_f32, unpack_i16};
use super::scan::DicomFile;
use super::series::{PlaneRef, Series};
use super::storage::{OpenFile, Storage, storage};
use crate::geometry::Grid;
use crate::progress::Progress;

/// Air, HU: what padding becomes.
const AIR_HU: i16 = -1000;
/// Compressed pixels are believed to hold at most this many times the bytes of their files.
const MAX_RATIO: u64 = 64;

/// How a series is loaded.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadOptions {
    /// Slope and intercept to use instead of those in the files.
    pub rescale: Option<(f64, f64)>,
    /// What the pixels may need beyond 64 times the size of their files.
    pub max_extra_bytes: u64,
}

/// The voxels of a volume, slice after slice.
#[derive(Debug, Clone, PartialEq)]
pub enum Voxels {
    /// All values are whole numbers that fit.
    Int16(Vec<i16>),
    /// Anything else.
    Float32(Vec<f32>),
}

/// A loaded volume.
#[derive(Debug)]
pub struct Loaded {
    /// Values, `[k, j, i]`.
    pub voxels: Voxels,
    /// Where they are.
    pub grid: Grid,
    /// What was noticed while reading.
    pub notes: Vec<Note>,
}

/// One frame to read and the rule for its values.
struct Job<'a> {
    file: &'a DicomFile,
    name: String,
    plane: PlaneRef,
    storage: Storage,
    rescale: Rescale,
    is_hu: bool,
}

/// Reads the voxels of a series that forms a volume.
///
/// # Errors
/// Why the series is none, or why its pixels cannot be decoded.
pub fn load(series: &Series, options: LoadOptions, progress: &Progress) -> Result<Loaded, DicomError> {
    let grid = series.grid.clone()?;
    let (voxels, notes) = read_planes(series, options, progress)?;
    Ok(Loaded { voxels, grid, notes })
}

/// Reads all planes of a series in their order, whether or not they lie on a lattice.
///
/// # Errors
/// Why the pixels cannot be decoded.
pub fn read_planes(
    series: &Series,
    options: LoadOptions,
    progress: &Progress,
) -> Result<(Voxels, Vec<Note>), DicomError> {
    let jobs = jobs(series, options)?;
    guard_memory(series, &jobs, options)?;
    progress.expect(jobs.len());
    let (voxels, seen) = match read_i16(&jobs, options, progress) {
        Ok((values, seen)) => (Voxels::Int16(values), seen),
        Err(Stop::NotExact) => {
            let (values, seen) = read_f32(&jobs, options, progress)?;
            (Voxels::Float32(values), seen)
        }
        Err(Stop::Error(error)) => return Err(error),
    };
    Ok((voxels, notes(&jobs, &seen)))
}

fn jobs(series: &Series, options: LoadOptions) -> Result<Vec<Job<'_>>, DicomError> {
    if let (None, Some(problem)) = (options.rescale, &series.value_problem) {
        return Err(problem.clone());
    }
    let storages: Vec<Storage> =
        series.files.iter().map(|file| storage(file)).collect::<Result<_, DicomError>>()?;
    series
        .planes
        .iter()
        .map(|&plane| {
            let file = series.file(plane);
            let modality = series.frame(plane).modality.as_ref().ok();
            let own = modality.and_then(|modality| modality.rescale);
            let (slope, intercept) = options.rescale.or(own).unwrap_or((1.0, 0.0));
            let name = series.name(plane);
            let rescale = Rescale::new(slope, intercept)
                .map_err(|error| DicomError::Pixels { file: name.clone(), reason: error.to_string() })?;
            let is_hu = file.header.modality != "MR";
            Ok(Job { file, name, plane, storage: storages[plane.file], rescale, is_hu })
        })
        .collect()
}

/// The rule for allocation: what the files can really hold, checked before the volume is reserved.
fn guard_memory(series: &Series, jobs: &[Job<'_>], options: LoadOptions) -> Result<(), DicomError> {
    let stored: u64 = series.files.iter().map(|file| file.source.stored_length()).sum();
    let allowed = stored.saturating_mul(MAX_RATIO).saturating_add(options.max_extra_bytes);
    let claimed =
        jobs.iter().map(|job| job.storage.layout.n_samples() as u64 * 4).fold(0, u64::saturating_add);
    if claimed <= allowed {
        return Ok(());
    }
    let file = jobs.first().map_or_else(String::new, |job| job.name.clone());
    Err(DicomError::TooLarge { file, claimed, allowed })
}

/// Why the reading of int16 values ended.
enum Stop {
    NotExact,
    Error(DicomError),
}

impl From<DicomError> for Stop {
    fn from(error: DicomError) -> Self {
        Self::Error(error)
    }
}

type Read<T> = (Vec<T>, Vec<Unpacked>);

fn read_i16(jobs: &[Job<'_>], options: LoadOptions, progress: &Progress) -> Result<Read<i16>, Stop> {
    if !jobs.iter().all(|job| job.rescale.may_be_exact_i16(&job.storage.layout)) {
        return Err(Stop::NotExact);
    }
    read(jobs, options, progress, |job, cells, out| unpack_i16(cells, &job.unpacking(), job.fill(), out))
}

fn read_f32(jobs: &[Job<'_>], options: LoadOptions, progress: &Progress) -> Result<Read<f32>, DicomError> {
    let found = read(jobs, options, progress, |job, cells, out| {
        unpack_f32(cells, &job.unpacking(), f32::from(job.fill()), out)
    });
    found.map_err(|stop| match stop {
        Stop::Error(error) => error,
        Stop::NotExact => DicomError::Inconsistent("values cannot be held as float32".to_owned()),
    })
}

/// What a worker keeps from frame to frame.
#[derive(Default)]
struct Scratch<'a> {
    open: Option<(usize, OpenFile<'a>)>,
    stored: Vec<u8>,
    cells: Vec<u8>,
}

fn read<T: Copy + Default + Send>(
    jobs: &[Job<'_>],
    options: LoadOptions,
    progress: &Progress,
    unpack: impl Fn(&Job<'_>, &[u8], &mut [T]) -> Result<Unpacked, PixelError> + Sync,
) -> Result<Read<T>, Stop> {
    let n = jobs.first().map_or(1, |job| job.storage.layout.n_samples());
    let mut values = vec![T::default(); n * jobs.len()];
    let outcomes: Vec<Result<Unpacked, Stop>> = values
        .par_chunks_mut(n)
        .zip(jobs)
        .map_init(Scratch::default, |scratch, (out, job)| {
            progress.step().map_err(DicomError::from)?;
            let cells = scratch.cells_of(job, options)?;
            unpack(job, cells, out).map_err(|error| match error {
                PixelError::NotExact => Stop::NotExact,
                error => Stop::Error(job.error(&error)),
            })
        })
        .collect();
    // The first in the order of the slices, whichever thread met it.
    let seen = outcomes.into_iter().collect::<Result<Vec<Unpacked>, Stop>>()?;
    Ok((values, seen))
}

impl<'a> Scratch<'a> {
    /// The native cells of a frame.
    fn cells_of(&mut self, job: &Job<'a>, options: LoadOptions) -> Result<&[u8], DicomError> {
        let mut open = match self.open.take() {
            Some((index, open)) if index == job.plane.file => open,
            _ => OpenFile::open(job.file, job.storage, options.max_extra_bytes)?,
        };
        open.read_frame(job.plane.frame, &mut self.stored)?;
        self.open = Some((job.plane.file, open));
        if matches!(job.storage.encoding, Encoding::NativeLittle | Encoding::NativeBig) {
            return Ok(&self.stored);
        }
        decode_frame(job.storage.encoding, &self.stored, &job.storage.layout, &mut self.cells)
            .map_err(|error| job.error(&error))?;
        Ok(&self.cells)
    }
}

impl Job<'_> {
    fn unpacking(&self) -> Unpacking<'_> {
        let attributes = self.file.header.layout.as_ref().ok();
        Unpacking {
            order: self.storage.order(),
            layout: &self.storage.layout,
            rescale: self.rescale,
            padding: attributes.and_then(|attributes| attributes.padding),
        }
    }

    /// What padding becomes: air, or no signal.
    fn fill(&self) -> i16 {
        if self.is_hu { AIR_HU } else { 0 }
    }

    fn error(&self, error: &PixelError) -> DicomError {
        DicomError::Pixels { file: self.name.clone(), reason: error.to_string() }
    }
}

fn notes(jobs: &[Job<'_>], seen: &[Unpacked]) -> Vec<Note> {
    let mut notes = Vec::new();
    let n_padding: usize = seen.iter().map(|one| one.n_padding).sum();
    if n_padding > 0 {
        let became = jobs.first().map_or(0, Job::fill);
        let message =
            format!("{n_padding} voxels are marked as padding (no image there) and became {became}");
        notes.push(Note::new("padding_masked", message, Vec::new()).with(n_padding as f64));
    }
    let with_garbage: Vec<String> = jobs
        .iter()
        .zip(seen)
        .filter(|(_, one)| one.has_unused_bits)
        .map(|(job, _)| job.name.clone())
        .collect();
    if !with_garbage.is_empty() {
        let message = format!("{} slices had bits above HighBit set; they were removed", with_garbage.len());
        let count = with_garbage.len() as f64;
        notes.push(Note::new("unused_bits", message, with_garbage).with(count));
    }
    notes
}

/// The affine of a grid, row after row.
pub fn rows(affine: &Matrix4<f64>) -> [[f64; 4]; 4] {
    std::array::from_fn(|row| std::array::from_fn(|column| affine[(row, column)]))
}
