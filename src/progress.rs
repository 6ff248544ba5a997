//! How far a long job is, and whether somebody wants it to stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Shared between the threads that work and the one that watches.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    total: AtomicUsize,
    cancelled: AtomicBool,
}

/// The job was stopped because [`Progress::cancel`] was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl Progress {
    /// Announces `n` more steps.
    pub fn expect(&self, n: usize) {
        self.total.fetch_add(n, Ordering::Relaxed);
    }

    /// Counts one step as done.
    ///
    /// # Errors
    /// [`Cancelled`] when the job should stop.
    pub fn step(&self) -> Result<(), Cancelled> {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.check()
    }

    /// Asks whether to go on.
    ///
    /// # Errors
    /// [`Cancelled`] when the job should stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancelled.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }

    /// Asks the job to stop at its next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Steps done and steps announced so far.
    pub fn state(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_job_stops_at_its_next_step() {
        let progress = Progress::default();
        progress.expect(3);
        assert_eq!(progress.step(), Ok(()));
        progress.cancel();
        assert_eq!(progress.step(), Err(Cancelled));
        assert_eq!(progress.state(), (2, 3));
    }
}
