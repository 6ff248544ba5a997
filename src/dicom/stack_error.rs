//! Words for planes that lie on no lattice: the gaps with the files on either side.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attribute::tag_name;
use super::error::DicomError;
use super::series::{PlaneRef, Series};
use crate::geometry::Plane;
use crate::geometry::stack::{StackError, increments_mm, is_same_place, tolerance_mm};

/// More gaps than this are counted, not listed.
const MAX_LISTED: usize = 10;

/// The message for a stack that is not one.
pub fn describe(series: &Series, planes: &[Plane], error: &StackError) -> DicomError {
    let name = |index: usize| series.planes.get(index).map_or_else(String::new, |plane| series.name(*plane));
    let position = tag_name(tags::IMAGE_POSITION_PATIENT);
    let text = match error {
        StackError::Uneven { usual_mm, odd_steps } => shared_place(&position, planes, series)
            .unwrap_or_else(|| uneven(&position, *usual_mm, odd_steps, &name)),
        StackError::OffLattice { plane, off_mm, allowed_mm } => format!(
            "{}: {} lies {off_mm:.4} mm off the lattice of the other slices, {allowed_mm:.4} mm are allowed",
            cause(&planes[0], &planes[*plane]),
            name(*plane)
        ),
        StackError::Sliding { angle_deg } => {
            format!(
                "{position}: from slice to slice the positions step {angle_deg:.1} degrees away from the normal"
            )
        }
        StackError::Grid(error) => format!("{position}: {error}"),
    };
    DicomError::Inconsistent(text)
}

/// The attribute by which a plane leaves the lattice.
fn cause(first: &Plane, plane: &Plane) -> String {
    let spacing = |plane: &Plane| (plane.column_spacing_mm, plane.row_spacing_mm);
    let direction = |plane: &Plane| (plane.row_direction, plane.column_direction);
    if spacing(first) != spacing(plane) {
        tag_name(tags::PIXEL_SPACING)
    } else if direction(first) != direction(plane) {
        tag_name(tags::IMAGE_ORIENTATION_PATIENT)
    } else {
        tag_name(tags::IMAGE_POSITION_PATIENT)
    }
}

fn shared_place(position: &str, planes: &[Plane], series: &Series) -> Option<String> {
    let increments = increments_mm(planes);
    let same = |at: &usize| is_same_place(increments[*at], &planes[*at]);
    let first = (0..increments.len()).find(same)?;
    let count = (0..increments.len()).filter(same).count();
    let (a, b) = (*series.planes.get(first)?, *series.planes.get(first + 1)?);
    let differing = differing_labels(series, a, b);
    let reason = if differing.is_empty() {
        "nothing in their headers says which belongs to the volume".to_owned()
    } else {
        format!("they differ in {}, which does not divide the series into whole stacks", differing.join(", "))
    };
    let (a, b) = (series.name(a), series.name(b));
    Some(format!("{position}: {a} and {b} lie at the same place ({count} such pairs); {reason}"))
}

/// The attributes in which two planes differ, of those that could tell them apart.
fn differing_labels(series: &Series, a: PlaneRef, b: PlaneRef) -> Vec<String> {
    let (labels_a, labels_b) = (&series.frame(a).labels, &series.frame(b).labels);
    let mut tags: Vec<Tag> = Vec::new();
    for label in labels_a.iter().chain(labels_b) {
        if !(tags.contains(&label.0) || labels_a.contains(label) && labels_b.contains(label)) {
            tags.push(label.0);
        }
    }
    tags.into_iter().map(tag_name).collect()
}

fn uneven(position: &str, usual_mm: f64, odd: &[(usize, f64)], name: &dyn Fn(usize) -> String) -> String {
    let listed: Vec<String> = odd
        .iter()
        .take(MAX_LISTED)
        .map(|(at, step)| {
            let missing = (step / usual_mm).round() - 1.0;
            let is_whole =
                missing >= 1.0 && (step - (missing + 1.0) * usual_mm).abs() <= 2.0 * tolerance_mm(usual_mm);
            let lost = if is_whole { format!(", {missing} missing") } else { String::new() };
            format!("{step:.4} mm between {} and {}{lost}", name(*at), name(at + 1))
        })
        .collect();
    let more = odd.len().saturating_sub(MAX_LISTED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!(
        "{position}: the slices are not evenly spaced: {usual_mm:.4} mm is usual, but {}{more}; load with resample= \
         to interpolate on request",
        listed.join("; ")
    )
}

/// Whether the planes are parallel and differ only along one line, so that interpolation can mend them.
pub fn can_resample(planes: &[Plane]) -> bool {
    let (Some(first), Some(last)) = (planes.first(), planes.last()) else { return false };
    let normal = first.normal();
    let span = last.position - first.position;
    let height = normal.dot(&span);
    if planes.len() < 2 || height <= 0.0 {
        return false;
    }
    planes.windows(2).all(|pair| !is_same_place(normal.dot(&(pair[1].position - pair[0].position)), first))
        && planes.iter().all(|plane| {
            let fraction = normal.dot(&(plane.position - first.position)) / height;
            let moved = span * fraction;
            let corners = [(0.0, 0.0), (1000.0, 0.0), (0.0, 1000.0)];
            corners.iter().all(|&(column, row)| {
                (plane.at(column, row) - first.at(column, row) - moved).norm()
                    <= tolerance_mm(height / planes.len() as f64)
            })
        })
}
