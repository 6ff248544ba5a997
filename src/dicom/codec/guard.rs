//! Runs a decoder library so that its panic becomes an error.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::Encoding;
use crate::dicom::pixels::PixelError;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Resets the flag of the thread also when the decoder unwinds.
struct Guarded(bool);

impl Drop for Guarded {
    fn drop(&mut self) {
        IS_GUARDED.set(self.0);
    }
}

/// Calls `decode` on this thread; a panic in it is caught, not printed, and returned as
/// [`PixelError::Decoder`].
pub(super) fn guarded<T>(
    encoding: Encoding,
    decode: impl FnOnce() -> Result<T, PixelError>,
) -> Result<T, PixelError> {
    silence_guarded_panics();
    let restore = Guarded(IS_GUARDED.replace(true));
    // What the closure may leave half-written is the output buffer, which an error makes worthless.
    let result = panic::catch_unwind(AssertUnwindSafe(decode));
    drop(restore);
    result.unwrap_or_else(|cause| {
        let words = cause.downcast_ref::<&str>().copied();
        let words = words.or_else(|| cause.downcast_ref::<String>().map(String::as_str));
        let message = format!("panic: {}", words.unwrap_or("without words"));
        Err(PixelError::Decoder { encoding, message })
    })
}

/// Puts one hook before the program's own, once: panics of other threads and of other code pass through.
fn silence_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                earlier(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let result = guarded::<()>(Encoding::JpegLs, || panic!("index {} out of range", 7));
        let message = result.unwrap_err().to_string();
        assert!(message.contains("JPEG-LS") && message.contains("index 7"), "{message}");
        assert!(!IS_GUARDED.get());
    }
}
