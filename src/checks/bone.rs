//! Which bright cells are bone of the patient, and which are table, noise or a loose object.

use super::coarse::Coarse;

/// What a cell is.
pub(super) const NOTHING: u8 = 0;
/// Bone of the patient.
pub(super) const PATIENT: u8 = 1;
/// Bright, but not of the patient.
pub(super) const OTHER: u8 = 2;

/// Parts smaller than this are noise, stones in a vein or crumbs.
const MIN_PART_MM3: f64 = 300.0;
/// Bone is wrapped in tissue; a table lies in air.
const MIN_WRAPPED: f64 = 0.4;
/// A loose part of a dry skull lies no further from the main part than this.
const DRY_REACH_MM: f64 = 15.0;
/// How far outside a part its surroundings are looked at.
const RING_MM: f64 = 3.0;
const AIR_BELOW_HU: i16 = -400;

struct Part {
    cells: Vec<u32>,
    low: [usize; 3],
    high: [usize; 3],
    wrapped: f64,
}

/// Labels every cell of the coarse lattice.
///
/// The largest connected part at or above `bone_hu` is the patient's. Another part counts when soft
/// tissue lies around it; when the main part itself lies in air (a dry skull, a plastic phantom),
/// when it is near the main part and no longer than it.
pub(super) fn label(coarse: &Coarse, cell_mm: [f64; 3], bone_hu: i16) -> Vec<u8> {
    let mut labels = vec![NOTHING; coarse.values.len()];
    let mut parts = Vec::new();
    let min_cells = (MIN_PART_MM3 / cell_mm.iter().product::<f64>()).max(2.0) as usize;
    for seed in 0..coarse.values.len() {
        if coarse.values[seed] >= bone_hu && labels[seed] == NOTHING {
            let part = flood(coarse, &mut labels, seed, bone_hu);
            if part.cells.len() >= min_cells {
                parts.push(part);
            }
        }
    }
    for part in &mut parts {
        part.wrapped = wrapped(coarse, &labels, part, cell_mm);
    }
    let Some(main) = (0..parts.len()).max_by_key(|n| (weight(&parts[*n]), usize::MAX - n)) else {
        return labels;
    };
    for (number, part) in parts.iter().enumerate() {
        let counts = number == main || belongs(part, &parts[main], cell_mm);
        if counts {
            part.cells.iter().for_each(|cell| labels[*cell as usize] = PATIENT);
        }
    }
    labels
}

/// A table may be larger than what is seen of a bone, so size counts less where air is all around.
fn weight(part: &Part) -> usize {
    if part.wrapped >= MIN_WRAPPED { part.cells.len() * 8 } else { part.cells.len() }
}

fn belongs(part: &Part, main: &Part, cell_mm: [f64; 3]) -> bool {
    if part.wrapped >= MIN_WRAPPED {
        return true;
    }
    let near = (0..3).all(|axis| {
        let reach = (DRY_REACH_MM / cell_mm[axis]) as usize;
        part.low[axis] + reach >= main.low[axis] && part.high[axis] <= main.high[axis] + reach
    });
    main.wrapped < MIN_WRAPPED && near
}

fn flood(coarse: &Coarse, labels: &mut [u8], seed: usize, bone_hu: i16) -> Part {
    let mut cells = vec![seed as u32];
    let mut next = 0;
    let (mut low, mut high) = (coarse.ijk(seed), coarse.ijk(seed));
    labels[seed] = OTHER;
    while let Some(cell) = cells.get(next).map(|cell| coarse.ijk(*cell as usize)) {
        next += 1;
        for axis in 0..3 {
            low[axis] = low[axis].min(cell[axis]);
            high[axis] = high[axis].max(cell[axis]);
            for step in [-1, 1] {
                if let Some(neighbour) = coarse.moved(cell, axis, step).map(|cell| coarse.index(cell))
                    && labels[neighbour] == NOTHING
                    && coarse.values[neighbour] >= bone_hu
                {
                    labels[neighbour] = OTHER;
                    cells.push(neighbour as u32);
                }
            }
        }
    }
    Part { cells, low, high, wrapped: 0.0 }
}

/// Fraction of the surroundings that is not air.
fn wrapped(coarse: &Coarse, labels: &[u8], part: &Part, cell_mm: [f64; 3]) -> f64 {
    let (mut tissue, mut all) = (0usize, 0usize);
    for cell in part.cells.iter().map(|cell| coarse.ijk(*cell as usize)) {
        for axis in 0..3 {
            let ring = (RING_MM / cell_mm[axis]).round().max(1.0) as isize;
            for step in [-ring, ring] {
                if let Some(outside) = coarse.moved(cell, axis, step).map(|cell| coarse.index(cell))
                    && labels[outside] == NOTHING
                {
                    all += 1;
                    tissue += usize::from(coarse.values[outside] > AIR_BELOW_HU);
                }
            }
        }
    }
    if all == 0 { 1.0 } else { tissue as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(paint: impl Fn(usize, usize, usize) -> i16) -> Coarse {
        let dims = [60, 60, 40];
        let values =
            (0..dims.iter().product::<usize>()).map(|n| paint(n % 60, n / 60 % 60, n / 3600)).collect();
        Coarse { dims, block: [1; 3], voxels: dims, values }
    }

    #[test]
    fn a_bright_table_under_a_head_is_not_bone() {
        let coarse = scene(|i, j, k| {
            let apart = |a: usize, b: usize| (a as f64 - b as f64).powi(2);
            let radius = (apart(i, 30) + apart(j, 25) + apart(k, 20)).sqrt();
            match radius {
                r if r < 10.0 => 900,
                r if r < 18.0 => 40,
                _ if (48..51).contains(&j) => 700, // bright, larger than the bone, in air
                _ => -1000,
            }
        });
        let labels = label(&coarse, [1.0; 3], 250);
        assert_eq!(labels[coarse.index([30, 25, 20])], PATIENT);
        assert_eq!(labels[coarse.index([30, 49, 20])], OTHER);
    }

    #[test]
    fn a_loose_jaw_of_a_dry_skull_counts() {
        let coarse = scene(|_, j, k| match (j, k) {
            (10..40, 15..35) => 800,
            (10..20, 5..12) => 800,
            _ => -1000,
        });
        let labels = label(&coarse, [1.0; 3], 250);
        assert_eq!(labels[coarse.index([30, 15, 8])], PATIENT);
    }
}
