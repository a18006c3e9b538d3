//! librdkafka's C interface, as far as this crate calls it, in the library that confluent-kafka
//! brings: nothing of it is compiled or linked here.
//!
//! The dynamic linker is asked for the functions in what confluent-kafka's own extension module is
//! linked to. So there is one librdkafka in the process, wherever its file lies.

#![allow(non_camel_case_types)]

mod functions;
mod library;
mod types;

use std::ffi::{CStr, c_int};

use library::Library;

pub use functions::*;
pub use types::*;

/// The versions whose headers `types` and `functions` agree with, as `RD_KAFKA_VERSION` has them.
const VERSIONS: std::ops::Range<c_int> = 0x0200_00ff..0x0300_0000;

/// Find librdkafka behind a file that the process has loaded; its version.
///
/// Once it is found no other is looked for.
pub fn load(file: &str) -> Result<String, String> {
    if !are_found() {
        let library = Library::loaded(file)?;
        // Asked first: another version may lack the others, or have them otherwise.
        let version = library.symbol(c"rd_kafka_version")?;
        let version: unsafe extern "C" fn() -> c_int = unsafe { std::mem::transmute(version) };
        let version = unsafe { version() };
        if !VERSIONS.contains(&version) {
            return Err(format!("librdkafka is of version {version:#010x}, not 2.*"));
        }
        find(&library)?;
    }
    let version = unsafe { CStr::from_ptr(rd_kafka_version_str()) };
    Ok(version.to_string_lossy().into_owned())
}
