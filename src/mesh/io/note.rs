//! Remarks on a file that is read or written nevertheless.

/// Something that was noticed; the public module turns it into a finding and gives the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Stable code, listed in `docs/checks.md`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// A number that belongs to it.
    pub measured: Option<f64>,
}

impl Note {
    /// A remark without a number.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), measured: None }
    }

    /// The same with a number.
    pub fn with(self, measured: f64) -> Self {
        Self { measured: Some(measured), ..self }
    }
}
