//! A library that the process has loaded already, and what it is linked to.

use std::ffi::{CStr, CString, c_void};

/// Stays loaded for as long as the process lives: a table holds places in it.
pub struct Library(*mut c_void);

impl Library {
    /// The library of this file. It is not loaded anew, and its names stay its own: an OpenSSL inside
    /// must not serve others.
    pub fn loaded(file: &str) -> Result<Self, String> {
        let name = CString::new(file).map_err(|_| "the file's name holds a zero".to_owned())?;
        let flags = libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_NOLOAD;
        let found = unsafe { libc::dlopen(name.as_ptr(), flags) };
        if found.is_null() {
            let said = said().unwrap_or_else(|| "this process has not loaded it".to_owned());
            return Err(format!("{file}: {said}"));
        }
        Ok(Self(found))
    }

    /// Where a function is, in the library itself or in those that it is linked to.
    pub fn symbol(&self, name: &CStr) -> Result<*mut c_void, String> {
        let found = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        if found.is_null() {
            let said = said().unwrap_or_default();
            return Err(format!(
                "no {} in librdkafka: {said}",
                name.to_string_lossy()
            ));
        }
        Ok(found)
    }
}

/// What the dynamic linker says was wrong.
fn said() -> Option<String> {
    let text = unsafe { libc::dlerror() };
    (!text.is_null()).then(|| {
        unsafe { CStr::from_ptr(text) }
            .to_string_lossy()
            .into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::Library;

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn what_is_loaded_is_asked_for_names() {
        let libc = Library::loaded("libc.so.6").unwrap();
        assert!(!libc.symbol(c"strlen").unwrap().is_null());
        let error = libc.symbol(c"rd_kafka_new").unwrap_err();
        assert!(error.contains("rd_kafka_new"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let error = Library::loaded("/no/such/file.so").err().unwrap();
        assert!(error.contains("/no/such/file.so"), "{error}");
        assert!(Library::loaded("a\0b").is_err());
    }
}
