//! The command of `run`: found, started, signalled, and its exit code as a shell gives it.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::cli::Exit;
use crate::escape::printable;
use etcd_lease::LeaseId;

/// The environment variable of the command that has the lease id.
const LEASE_VARIABLE: &str = "LEASETOP_LEASE";
/// Exit code of a shell for a command that it does not find.
const NOT_FOUND: u8 = 127;
/// Exit code of a shell for a command that it may not execute.
const NOT_EXECUTABLE: u8 = 126;

/// The folders in which a program is searched for if `PATH` is not set.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Finds a program, in `PATH` if its name has no slash. Called before a lease is granted for it.
///
/// # Errors
/// `NotFound`, `PermissionDenied` if only files that may not be executed have this name, or why a path cannot be read.
pub(super) fn find(program: &OsStr) -> io::Result<PathBuf> {
    find_in(program, &std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()))
}

fn find_in(program: &OsStr, path: &OsStr) -> io::Result<PathBuf> {
    let is_program = |file: &PathBuf| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    if program.as_bytes().contains(&b'/') {
        let file = PathBuf::from(program);
        file.metadata()?;
        return if is_program(&file) { Ok(file) } else { Err(ErrorKind::PermissionDenied.into()) };
    }
    let mut error = ErrorKind::NotFound;
    for file in std::env::split_paths(path).map(|folder| folder.join(program)) {
        if is_program(&file) {
            return Ok(file);
        }
        if file.exists() {
            error = ErrorKind::PermissionDenied;
        }
    }
    Err(error.into())
}

/// Starts the command from its file, with our input and output, in our process group.
pub(super) fn start(program: &Path, command: &[OsString], lease: LeaseId) -> io::Result<Child> {
    let child =
        Command::new(program).arg0(&command[0]).args(&command[1..]).env(LEASE_VARIABLE, lease.to_string()).spawn();
    child.map_err(|error| match error.kind() {
        // The file was found.
        ErrorKind::NotFound => io::Error::other("its interpreter or its loader does not exist"),
        _ => error,
    })
}

/// Why the command cannot be run, and the exit code.
pub(super) fn failure(program: &OsStr, error: &io::Error) -> (String, Exit) {
    let name = printable(program.as_bytes());
    match error.kind() {
        ErrorKind::NotFound => (format!("command “{name}” not found"), Exit::Code(NOT_FOUND)),
        ErrorKind::PermissionDenied => {
            (format!("command “{name}” is not a file that may be executed"), Exit::Code(NOT_EXECUTABLE))
        }
        _ => (format!("could not run “{name}”: {error}"), Exit::Code(NOT_EXECUTABLE)),
    }
}

/// Sends a signal to the command, unless it has ended.
pub(super) fn send(command: &Child, signal: Signal) {
    let pid = command.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        // Fails only if the command has changed its user, as sudo does.
        let _ = kill_process(pid, signal);
    }
}

/// The exit code of the command, or 128 and the signal that killed it.
pub(super) fn exit(status: ExitStatus) -> Exit {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Exit::Code(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

/// The exit code of a process that this signal killed.
pub(super) fn killed_by(signal: Signal) -> Exit {
    exit(ExitStatus::from_raw(signal.as_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_as_a_shell_finds_it() {
        let kind = |name: &str| find(OsStr::new(name)).map_err(|error| error.kind());
        assert!(kind("sh").is_ok() && find_in(OsStr::new("sh"), OsStr::new(DEFAULT_PATH)).is_ok());
        assert_eq!(kind("/bin/sh"), Ok("/bin/sh".into()));
        assert_eq!(kind("leasetop-no-such-command"), Err(ErrorKind::NotFound));
        assert_eq!(kind("/no/such/command"), Err(ErrorKind::NotFound));
        assert_eq!(kind("/"), Err(ErrorKind::PermissionDenied));
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(find(file.path().as_os_str()).map_err(|error| error.kind()), Err(ErrorKind::PermissionDenied));
        assert_eq!(kind("/etc/passwd/job"), Err(ErrorKind::NotADirectory));
        // A file of this name that may not be executed is skipped.
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("sh"), "").expect("a file");
        let path = [folder.path(), Path::new("/bin")].map(|folder| folder.to_str().expect("UTF-8")).join(":");
        assert_eq!(find_in(OsStr::new("sh"), OsStr::new(&path)).expect("the one in /bin"), Path::new("/bin/sh"));
    }

    #[tokio::test]
    async fn a_missing_interpreter_is_not_a_missing_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("job");
        std::fs::write(&script, "#!/no/such/interpreter\n").expect("a file");
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("permissions");
        let error = start(&script, &["job".into()], LeaseId(1)).expect_err("it cannot start");
        let (why, exit) = failure(OsStr::new("job"), &error);
        assert_eq!(why, "could not run “job”: its interpreter or its loader does not exist");
        assert_eq!(exit, Exit::Code(NOT_EXECUTABLE));
    }

    #[test]
    fn the_exit_code_is_that_of_a_shell() {
        let codes = [0, 3 << 8, 15, 9].map(|wait_status| exit(ExitStatus::from_raw(wait_status)));
        assert_eq!(codes, [0, 3, 143, 137].map(Exit::Code));
        assert_eq!(killed_by(Signal::INT), Exit::Code(130));
    }
}
