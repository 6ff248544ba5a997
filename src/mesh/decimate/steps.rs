//! Patches side by side, all up to the same cost, then on to the next.

use rayon::prelude::*;

use super::collapse::Scratch;
use super::patch::{Limits, Patch};
use super::queue::bucket_of;
use crate::progress::{Cancelled, Progress};

/// What lies at a seam cannot go, and the rest of a patch would pay for it: faces there are at most one of
/// so many.
const SEAM_SHARE: usize = 2;

/// Buckets of cost by which the patches go on together: an octave, and two as long as twice the target is
/// left, since what is cheap goes in whatever order.
const STEP: usize = 8;
const FAR_STEP: usize = 16;
const FAR: usize = 2;

/// One patch in so many goes ahead of the others, but so many at least.
const SCOUTED: usize = 16;
const LEAST_SCOUTS: usize = 8;

/// A patch and the number of faces below which its seams would begin to count.
struct Walker<'a> {
    patch: &'a mut Patch,
    floor: usize,
}

impl Walker<'_> {
    fn is_at_its_end(&self) -> bool {
        self.patch.n_live <= self.floor
    }
}

/// Decimates patches side by side, all up to the same cost, until so many faces are left or seams would
/// begin to count.
pub(super) fn step_by_step(
    patches: &mut [(Patch, Vec<u32>)],
    enough: usize,
    limits: &Limits<'_>,
    progress: &Progress,
) -> Result<(), Cancelled> {
    let floor = |patch: &Patch| patch.n_at_seams() * SEAM_SHARE;
    let mut walkers: Vec<Walker<'_>> =
        patches.par_iter_mut().map(|(patch, _)| Walker { floor: floor(patch), patch }).collect();
    let mut last = scouted(&mut walkers, enough, limits, progress)?;
    while let Some((next, n_live)) = ahead(&mut walkers, 1, enough) {
        progress.check()?;
        let is_far = n_live > FAR * enough;
        last = last.max(next) + if is_far { FAR_STEP } else { STEP };
        walk(&mut walkers, 1, last, enough as f64 / n_live as f64, limits);
    }
    // Edges are left in the queue.
    let touch = |(patch, _): &mut (Patch, Vec<u32>)| {
        patch.vertices.iter_mut().for_each(|vertex| vertex.is_touched = true);
    };
    patches.par_iter_mut().for_each(touch);
    Ok(())
}

/// A few patches find out at which cost there is twice the target left, or most come to their end: up to
/// there the others go at once, each as long as it is in the cache of its core.
fn scouted(
    walkers: &mut [Walker<'_>],
    enough: usize,
    limits: &Limits<'_>,
    progress: &Progress,
) -> Result<usize, Cancelled> {
    let stride = (walkers.len() / LEAST_SCOUTS).clamp(1, SCOUTED);
    let n_all: usize = walkers.iter().map(|walker| walker.patch.n_live).sum();
    let scouts = || walkers.iter().step_by(stride);
    let n_scouts = scouts().count();
    let n_live: usize = scouts().map(|walker| walker.patch.n_live).sum();
    let far = (FAR * enough) as f64 * (n_live as f64 / n_all.max(1) as f64);
    let mut last = bucket_of(1e-12);
    while let Some((next, n_live)) = ahead(walkers, stride, far as usize) {
        progress.check()?;
        let n_ended = walkers.iter().step_by(stride).filter(|walker| walker.is_at_its_end()).count();
        if 2 * n_ended > n_scouts {
            break;
        }
        last = last.max(next) + FAR_STEP;
        walk(walkers, stride, last, far / n_live as f64, limits);
    }
    walk(walkers, 1, last, enough as f64 * FAR as f64 / n_all.max(1) as f64, limits);
    Ok(last)
}

/// The lowest cost of what may go on, and the number of live faces; `None` when they are no more than
/// enough or nothing may.
fn ahead(walkers: &mut [Walker<'_>], stride: usize, enough: usize) -> Option<(usize, usize)> {
    let group = walkers.iter_mut().step_by(stride);
    let (mut next, mut n_live) = (None, 0);
    for walker in group {
        n_live += walker.patch.n_live;
        if !walker.is_at_its_end() {
            next = walker.patch.queue.lowest().into_iter().chain(next).min();
        }
    }
    next.filter(|_| n_live > enough).map(|next| (next, n_live))
}

/// Up to a cost; but no patch gives more than its share before the others had their turn.
fn walk(walkers: &mut [Walker<'_>], stride: usize, last: usize, share: f64, limits: &Limits<'_>) {
    walkers.par_iter_mut().step_by(stride).with_max_len(1).for_each_init(
        Scratch::default,
        |scratch, walker| {
            let least = (walker.patch.n_live as f64 * share) as usize;
            walker.patch.run(last, least.max(walker.floor), limits, scratch);
        },
    );
}
