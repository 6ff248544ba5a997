//! Reads a file of arbitrary bytes as `find_series` and `load_series` would: the length guard, the parser,
//! the attributes, the grouping, the lattice, the fragments, and the pixels when all that holds.

#![no_main]

use std::sync::Arc;

use calvaria::dicom::header::read_header;
use calvaria::dicom::scan::DicomFile;
use calvaria::dicom::series::group;
use calvaria::dicom::source::Source;
use calvaria::dicom::{LoadOptions, ScanOptions, load};
use calvaria::progress::Progress;
use libfuzzer_sys::fuzz_target;

/// Small, so that a promise of memory that is not kept shows as a leak of the rule, not as a slow run.
const MAX_EXTRA_BYTES: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let source = Source::memory("fuzz.dcm".to_owned(), Arc::from(data));
    let Ok(header) = read_header(&source, MAX_EXTRA_BYTES) else { return };
    let file = Arc::new(DicomFile { source, header });
    let progress = Progress::default();
    let options = ScanOptions { max_extra_bytes: MAX_EXTRA_BYTES };
    let Ok(all) = group(&[file], options, &progress) else { return };
    for series in &all {
        let _ = load(series, LoadOptions { rescale: None, max_extra_bytes: MAX_EXTRA_BYTES }, &progress);
    }
});
