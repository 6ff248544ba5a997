//! Writing a file whole or not at all: beside its place under another name, to the disk, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Fault;

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// Writes what `fill` gives to `path`, which holds its old content or the new one, never a part.
///
/// # Errors
/// [`Fault`] of `fill` or of the disk; nothing is left behind then.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), Fault>) -> Result<(), Fault> {
    let target = real_target(path)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let (part, file) = create_beside(&target, &folder)?;
    let filled = fill_and_rename(file, &part, &target, fill);
    if filled.is_err() {
        // The first fault is the one to tell of.
        let _ = fs::remove_file(&part);
        return filled;
    }
    sync_folder(&folder).map_err(Fault::from)
}

fn fill_and_rename(
    mut file: File,
    part: &Path,
    target: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if let Ok(about) = fs::metadata(target) {
        file.set_permissions(about.permissions())?;
    }
    fill(&mut file)?;
    file.flush()?;
    file.sync_all()?;
    drop(file);
    fs::rename(part, target)?;
    Ok(())
}

/// A link stays a link: what it leads to is replaced.
fn real_target(path: &Path) -> Result<PathBuf, Fault> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(Fault::NotRegular("a folder")),
        Ok(about) if !about.is_file() => Err(Fault::NotRegular("a pipe, socket or device")),
        Ok(_) => Ok(fs::canonicalize(path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_path_buf()),
        Err(error) => Err(error.into()),
    }
}

fn create_beside(target: &Path, folder: &Path) -> Result<(PathBuf, File), Fault> {
    loop {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let part = folder.join(format!(".calvaria-{}-{serial}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(file) => return Ok((part, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_dir() => {
                let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let message = format!("there is no folder to write {name} into");
                return Err(io::Error::new(io::ErrorKind::NotFound, message).into());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot; the rename itself is done.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        other => other,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
