//! From an ordered series to voxels: frames are read, decoded and rescaled in parallel, each into its slice.

use std::collections::BTreeMap;

use nalgebra::Matrix4;
use rayon::prelude::*;

use super::codec::{Encoding, decode_frame};
use super::error::DicomError;
use super::note::Note;
use super::packed::{Frames, for_each_frame, is_packed};
use super::pixels::{PixelError, Rescale, Unpacked, Unpacking, unpack_f32, unpack_i16};
use super::scan::DicomFile;
use super::series::{PlaneRef, Series};
use super::storage::{OpenFile, Storage, storage};
use crate::geometry::Grid;
use crate::progress::Progress;

/// Air, HU: what padding becomes.
const AIR_HU: i16 = -1000;
/// Padding above this may hide tissue.
const HIGHEST_AIR_HU: f64 = -900.0;
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

/// The index of a job and the slice it fills.
type Task<'o, T> = (usize, &'o mut [T]);
/// The same by file.
type PackedTasks<'o, T> = BTreeMap<usize, Vec<Task<'o, T>>>;

/// A series whose every plane is known to be readable; the memory it will fill is the caller's.
pub struct Reading<'a> {
    jobs: Vec<Job<'a>>,
    options: LoadOptions,
}

/// Why the reading of values ended.
#[derive(Debug)]
pub enum Stop {
    /// A value is not a whole number that int16 can hold; read as float32.
    NotExact,
    /// Anything else.
    Error(DicomError),
}

impl From<DicomError> for Stop {
    fn from(error: DicomError) -> Self {
        Self::Error(error)
    }
}

/// Reads the voxels of a series that forms a volume.
///
/// # Errors
/// Why the series is none, or why its pixels cannot be decoded.
pub fn load(series: &Series, options: LoadOptions, progress: &Progress) -> Result<Loaded, DicomError> {
    let grid = series.grid.clone()?;
    let reading = Reading::prepare(series, options)?;
    let mut whole = vec![0; reading.n_voxels()];
    match reading.fill_int16(&mut whole, progress) {
        Ok(notes) => return Ok(Loaded { voxels: Voxels::Int16(whole), grid, notes }),
        Err(Stop::NotExact) => drop(whole),
        Err(Stop::Error(error)) => return Err(error),
    }
    let mut values = vec![0.0; reading.n_voxels()];
    let notes = reading.fill_float32(&mut values, progress)?;
    Ok(Loaded { voxels: Voxels::Float32(values), grid, notes })
}

impl<'a> Reading<'a> {
    /// Holds the pixels that a series claims against what its files can hold.
    ///
    /// # Errors
    /// Values without a meaning, pixels stored in a refused way, or more of them than can be believed.
    pub fn prepare(series: &'a Series, options: LoadOptions) -> Result<Self, DicomError> {
        let jobs = jobs(series, options)?;
        guard_memory(series, &jobs, options)?;
        Ok(Self { jobs, options })
    }

    /// Number of planes, rows and columns.
    pub fn shape_kji(&self) -> [usize; 3] {
        let size = self.jobs.first().map(|job| (job.storage.layout.rows(), job.storage.layout.columns()));
        let (rows, columns) = size.unwrap_or_default();
        [self.jobs.len(), rows, columns]
    }

    /// Number of voxels of all planes.
    pub fn n_voxels(&self) -> usize {
        self.shape_kji().iter().product()
    }

    /// Fills `out`, plane after plane, with whole numbers.
    ///
    /// # Errors
    /// [`Stop::NotExact`] as soon as a value is none; `out` is then partly written.
    pub fn fill_int16(&self, out: &mut [i16], progress: &Progress) -> Result<Vec<Note>, Stop> {
        if !self.jobs.iter().all(|job| job.rescale.may_be_exact_i16(&job.storage.layout)) {
            return Err(Stop::NotExact);
        }
        self.fill(out, progress, |job, cells, out| unpack_i16(cells, &job.unpacking(), job.fill(), out))
    }

    /// Fills `out`, plane after plane, with values rounded once to float32.
    ///
    /// # Errors
    /// A plane cannot be read, or a value is not finite.
    pub fn fill_float32(&self, out: &mut [f32], progress: &Progress) -> Result<Vec<Note>, DicomError> {
        let unpack = |job: &Job<'_>, cells: &[u8], out: &mut [f32]| {
            unpack_f32(cells, &job.unpacking(), f32::from(job.fill()), out)
        };
        self.fill(out, progress, unpack).map_err(|stop| match stop {
            Stop::Error(error) => error,
            Stop::NotExact => DicomError::Inconsistent("values cannot be held as float32".to_owned()),
        })
    }

    fn fill<T: Send>(
        &self,
        out: &mut [T],
        progress: &Progress,
        unpack: impl Fn(&Job<'_>, &[u8], &mut [T]) -> Result<Unpacked, PixelError> + Sync,
    ) -> Result<Vec<Note>, Stop> {
        progress.expect(self.jobs.len());
        let n = self.jobs.first().map_or(1, |job| job.storage.layout.n_samples());
        let unpack = |job: &Job<'_>, cells: &[u8], out: &mut [T]| {
            progress.step().map_err(DicomError::from)?;
            unpack(job, cells, out).map_err(|error| match error {
                PixelError::NotExact => Stop::NotExact,
                error => Stop::Error(job.error(&error)),
            })
        };
        let (packed, plain) = self.divide(out.chunks_mut(n.max(1)));
        let mut seen = Vec::with_capacity(self.jobs.len());
        for tasks in packed.into_values() {
            seen.extend(self.fill_from_packed(tasks, &unpack)?);
        }
        let outcomes: Vec<Result<(usize, Unpacked), Stop>> = plain
            .into_par_iter()
            .map_init(Scratch::default, |scratch, (index, out)| {
                let job = &self.jobs[index];
                let cells = scratch.cells_of(job, self.options)?;
                unpack(job, cells, out).map(|seen| (index, seen))
            })
            .collect();
        // The first in the order of the slices, whichever thread met it.
        seen.extend(outcomes.into_iter().collect::<Result<Vec<_>, Stop>>()?);
        seen.sort_by_key(|(index, _)| *index);
        let seen: Vec<Unpacked> = seen.into_iter().map(|(_, seen)| seen).collect();
        Ok(notes(&self.jobs, &seen))
    }

    /// Sets the planes apart that come from one file which can only be unpacked as a whole.
    fn divide<'o, T>(
        &self,
        slots: impl Iterator<Item = &'o mut [T]>,
    ) -> (PackedTasks<'o, T>, Vec<Task<'o, T>>) {
        let mut n_planes: BTreeMap<usize, usize> = BTreeMap::new();
        for job in &self.jobs {
            *n_planes.entry(job.plane.file).or_default() += 1;
        }
        let (mut packed, mut plain) = (PackedTasks::new(), Vec::new());
        for (index, slot) in slots.enumerate().take(self.jobs.len()) {
            let job = &self.jobs[index];
            if n_planes[&job.plane.file] > 1 && is_packed(job.file) {
                packed.entry(job.plane.file).or_default().push((index, slot));
            } else {
                plain.push((index, slot));
            }
        }
        (packed, plain)
    }

    fn fill_from_packed<T: Send>(
        &self,
        mut tasks: Vec<Task<'_, T>>,
        unpack: &(impl Fn(&Job<'_>, &[u8], &mut [T]) -> Result<Unpacked, Stop> + Sync),
    ) -> Result<Vec<(usize, Unpacked)>, Stop> {
        tasks.sort_by_key(|(index, _)| self.jobs[*index].plane.frame);
        let Some(job) = tasks.first().map(|(index, _)| &self.jobs[*index]) else { return Ok(Vec::new()) };
        let frames = Frames::open(job.file, job.storage, self.options.max_extra_bytes)?;
        let wanted = tasks.into_iter().map(|task| (self.jobs[task.0].plane.frame, task)).collect();
        for_each_frame(frames, wanted, |(index, out), stored, cells| {
            let job = &self.jobs[index];
            unpack(job, job.cells(stored, cells)?, out).map(|seen| (index, seen))
        })
    }
}

fn jobs(series: &Series, options: LoadOptions) -> Result<Vec<Job<'_>>, DicomError> {
    match &series.value_problem {
        Some(problem) if options.rescale.is_none() || !series.can_rescale() => return Err(problem.clone()),
        _ => {}
    }
    let storages: Vec<Storage> =
        series.files.iter().map(|file| storage(file)).collect::<Result<_, DicomError>>()?;
    series.planes.iter().map(|&plane| job(series, plane, storages[plane.file], options)).collect()
}

fn job(
    series: &Series,
    plane: PlaneRef,
    storage: Storage,
    options: LoadOptions,
) -> Result<Job<'_>, DicomError> {
    let file = series.file(plane);
    let modality = series.frame(plane).modality.as_ref().ok();
    let own = modality.and_then(|modality| modality.rescale);
    let (slope, intercept) = options.rescale.or(own).unwrap_or((1.0, 0.0));
    let name = series.name(plane);
    let rescale = Rescale::new(slope, intercept)
        .map_err(|error| DicomError::Pixels { file: name.clone(), reason: error.to_string() })?;
    let is_hu = file.header.modality != "MR";
    Ok(Job { file, name, plane, storage, rescale, is_hu })
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

/// What a worker keeps from frame to frame.
#[derive(Default)]
struct Scratch<'a> {
    open: Option<(usize, OpenFile<'a>)>,
    stored: Vec<u8>,
    cells: Vec<u8>,
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
        job.cells(&self.stored, &mut self.cells)
    }
}

impl Job<'_> {
    /// The cells of a frame: as they are stored, or decoded into the buffer.
    fn cells<'b>(&self, stored: &'b [u8], buffer: &'b mut Vec<u8>) -> Result<&'b [u8], DicomError> {
        if matches!(self.storage.encoding, Encoding::NativeLittle | Encoding::NativeBig) {
            return Ok(stored);
        }
        decode_frame(self.storage.encoding, stored, &self.storage.layout, buffer)
            .map_err(|error| self.error(&error))?;
        Ok(buffer)
    }

    fn unpacking(&self) -> Unpacking<'_> {
        let attributes = self.file.header.layout.as_ref().ok();
        Unpacking {
            order: self.storage.order(),
            layout: &self.storage.layout,
            rescale: self.rescale,
            padding: attributes.and_then(|attributes| attributes.padding),
        }
    }

    /// What the padding value would be in HU.
    fn padding_hu(&self) -> Option<f64> {
        let attributes = self.file.header.layout.as_ref().ok()?;
        attributes.padding.map(|padding| self.rescale.apply(padding.value))
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
        let masked_hu = jobs.iter().filter_map(Job::padding_hu).fold(f64::NEG_INFINITY, f64::max);
        if jobs.iter().any(|job| job.is_hu) && masked_hu > HIGHEST_AIR_HU {
            let message = format!(
                "the padding value stands for {masked_hu:.0} HU, a value that tissue has too: look whether the \
                 masked voxels lie outside of the patient"
            );
            notes.push(Note::new("padding_among_tissue", message, Vec::new()).with(masked_hu));
        }
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
