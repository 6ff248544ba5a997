//! The watcher's side of a long job.

use std::sync::Arc;

use pyo3::prelude::*;

/// How far a long native job is; may be read and cancelled from another thread.
#[pyclass(frozen, module = "calvaria._native")]
#[derive(Default)]
pub struct Progress {
    pub(super) inner: Arc<crate::progress::Progress>,
}

#[pymethods]
impl Progress {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Steps done and steps announced so far.
    fn state(&self) -> (usize, usize) {
        self.inner.state()
    }

    /// Ask the job to stop at its next step.
    fn cancel(&self) {
        self.inner.cancel();
    }
}
