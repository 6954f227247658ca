//! Passwords: where they may come from, and that no output contains one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::ports;
use crate::sandbox::{Sandbox, leasetop};

const SECRET: &str = "hunter2-Zq9";

/// Runs the program with the most verbose log in a file. Returns everything that it wrote, and its exit code.
fn everything(command: &mut Command, folder: &Path) -> (String, Option<i32>) {
    let log = folder.join("log");
    let output =
        command.arg("-vv").arg("--log-file").arg(&log).stdin(Stdio::null()).output().expect("the program runs");
    let log = fs::read_to_string(log).unwrap_or_default();
    let text = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr), log.into()].concat();
    (text, output.status.code())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(folder: &Path, content: &str, mode: u32) -> String {
    let path = folder.join(format!("password-{mode:o}-{}", content.len()));
    fs::write(&path, content).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
    path.display().to_string()
}

#[test]
fn no_output_contains_a_password() {
    let (folder, sandbox) = (tempfile::tempdir().expect("a folder"), Sandbox::start());
    let inline = format!("root:{SECRET}");
    let of_file = file(folder.path(), SECRET, 0o600);
    let url = format!("http://root:{SECRET}@127.0.0.1:1");
    let logins: [&[&str]; 3] = [
        &["--user", &inline],
        &["--user", "root", "--password", SECRET],
        &["--user", "root", "--password-file", &of_file],
    ];
    for login in logins {
        for args in [
            &["list"][..],
            &["grant", "60", "--put", "/a=b"],
            &["events", "--for", "1s"],
            &["members"],
            &["config"],
            &["keys"],
            &["revoke"],
            &["nonsense"],
            &["list", "--nonsense"],
            &["list", "--endpoints", "127.0.0.1:1"],
            &["list", "--endpoints", &url],
            &["list", "--cacert", &of_file, "--endpoints", "https://127.0.0.1:1"],
            &["list", "--cert", &of_file, "--key", &of_file, "--endpoints", "https://127.0.0.1:1"],
            &["list", "--config", &of_file],
        ] {
            let mut command = if args.contains(&"--endpoints") { leasetop() } else { sandbox.command(&[]) };
            let (text, _) = everything(command.args(args).args(login), folder.path());
            assert!(!text.contains(SECRET), "{args:?} {login:?}: {text}");
        }
    }
    let (log, _) = everything(sandbox.command(&["list"]).args(logins[0]), folder.path());
    assert!(log.contains("logging in") && log.contains("root"), "the log is complete: {log}");
}

/// As etcdctl does: the variable may be meant for another cluster.
#[test]
fn a_password_variable_without_a_user_is_ignored() {
    let sandbox = Sandbox::start();
    let output = sandbox.command(&["list"]).env("ETCDCTL_PASSWORD", SECRET).output().expect("the program runs");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let output = sandbox.command(&["list", "--password", SECRET]).output().expect("the program runs");
    assert_eq!((output.status.code(), stderr(&output).contains("--password needs --user NAME")), (Some(2), true));
}

#[test]
fn a_password_on_the_command_line_gives_one_warning() {
    let sandbox = Sandbox::start();
    let warnings = |args: &[&str], env: &[(&str, &str)]| {
        let output = sandbox.command(args).envs(env.iter().copied()).output().expect("the program runs");
        stderr(&output).matches("warning: other users can see the password on the command line").count()
    };
    let inline = format!("root:{SECRET}");
    assert_eq!(warnings(&["list", "--user", &inline], &[]), 1);
    assert_eq!(warnings(&["list", "--user", "root", "--password", SECRET], &[]), 1);
    assert_eq!(warnings(&["list"], &[("ETCDCTL_USER", &inline)]), 0);
    assert_eq!(warnings(&["list", "--user", "root"], &[("ETCDCTL_PASSWORD", SECRET)]), 0);
    assert_eq!(warnings(&["list", "--user", "me:x"], &[("ETCDCTL_PASSWORD", SECRET)]), 0, "the name is me:x");
}

#[test]
fn a_password_file_is_read_and_a_bad_one_gives_one_sentence() {
    let (folder, sandbox) = (tempfile::tempdir().expect("a folder"), Sandbox::start());
    let folder = folder.path();
    let tried = |path: &str| {
        let output = sandbox.run(&["list", "--user", "root", "--password-file", path]);
        stderr(&output).replace(path, "FILE")
    };
    let missing = folder.join("none").display().to_string();
    assert_eq!(tried(&missing), "error: password file FILE cannot be read: No such file or directory (os error 2)\n");
    assert_eq!(tried(&file(folder, "", 0o600)), "error: password file FILE is empty\n");
    let open = tried(&file(folder, "hunter2\n", 0o644));
    assert!(open.starts_with("warning: other users can read the password file FILE; run chmod 600 FILE\n"), "{open}");
    let closed = tried(&file(folder, "hunter22\n", 0o400));
    assert!(!closed.contains("warning"), "{closed}");
    // The sandbox has no users, so a password that was read gets as far as a login.
    assert!(closed.starts_with("error: could not log in at "), "{closed}");
}

#[test]
fn two_passwords_conflict_unless_one_takes_precedence() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = file(folder.path(), SECRET, 0o600);
    let missing = folder.path().join("none").display().to_string();
    let told = |args: &[&str], env: &[(&str, &str)]| {
        let endpoint = ["list", "--endpoints", "127.0.0.1:1"];
        let output = leasetop().args(endpoint).args(args).envs(env.iter().copied()).output();
        stderr(&output.expect("the program runs")).replace(&missing, "NONE")
    };
    let conflict = "error: --password-file conflicts with --password\n";
    assert_eq!(told(&["--user", "me", "--password", "x", "--password-file", &good], &[]), conflict);
    let env = [("ETCDCTL_PASSWORD", "x"), ("LEASETOP_PASSWORD_FILE", missing.as_str())];
    assert_eq!(told(&["--user", "me"], &env), conflict);
    let inline = "error: --password-file conflicts with the password in --user\n";
    assert_eq!(told(&["--user", "me:x", "--password-file", &good], &[]), inline);
    // The file would be an error if it was read.
    for args in [&["--user", "me", "--password", "x"][..], &["--user", "me:x"]] {
        let told = told(args, &env[1..]);
        assert!(told.contains("127.0.0.1:1") && !told.contains("NONE"), "{told}");
    }
    let env = [("ETCDCTL_PASSWORD", "x"), ("ETCDCTL_USER", "me:x")];
    assert!(told(&["--user", "me", "--password-file", &missing], &env[..1]).contains("NONE cannot be read"));
    assert!(told(&["--password-file", &missing], &env[1..]).contains("NONE cannot be read"));
    assert_eq!(told(&["--password-file", &good], &[]), "error: --password-file needs --user NAME\n");
}

#[test]
fn a_cluster_of_the_config_file_has_a_password_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    let text = "[cluster.prod]\nendpoints = [\"127.0.0.1:1\"]\nuser = \"me\"\npassword-file = \"pass\"\n";
    fs::write(&config, text).expect("a file");
    let told = |env: &[(&str, &str)]| {
        let mut command = leasetop();
        command.arg("--config").arg(&config).args(["--cluster", "prod", "list"]).envs(env.iter().copied());
        stderr(&command.output().expect("the program runs"))
    };
    assert!(told(&[("ETCDCTL_PASSWORD", "of another cluster")]).contains("pass cannot be read"));
    fs::write(folder.path().join("pass"), SECRET).expect("a file");
    assert!(told(&[]).contains("127.0.0.1:1"));
}

/// Linux gives the memory of a process that is not dumpable to root.
#[cfg(target_os = "linux")]
#[test]
fn other_processes_of_the_user_cannot_read_the_memory_of_one_with_a_password() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
    let program = folder.path().join("leasetop");
    // Every user can read the copy. A program that another test starts while this process writes a file has the file open
    // too for a moment, and it could not be run then.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_leasetop")).arg(&program).status();
    assert!(copied.expect("cp runs").success());
    let is_root = fs::metadata("/proc/self").expect("Linux").uid() == 0;
    let endpoint = format!("127.0.0.1:{}", ports::free());
    let owner_of_memory = |login: &[&str]| {
        let mut command = Command::new(&program);
        command.args(["wait", "1", "--until", "gone", "--endpoints", &endpoint]).args(login);
        command.stdin(Stdio::null()).stderr(Stdio::piped()).env("XDG_CONFIG_HOME", "/nowhere");
        if is_root {
            command.uid(NOBODY);
        }
        let mut waiting = command.spawn().expect("the program runs");
        let lines = BufReader::new(waiting.stderr.take().expect("piped")).lines();
        let retries = lines.map(|line| line.expect("text")).any(|line| line.ends_with("Retrying."));
        let owner = fs::metadata(format!("/proc/{}/mem", waiting.id())).map(|file| file.uid());
        waiting.kill().expect("it runs");
        waiting.wait().expect("it ends");
        assert!(retries, "it has tried to connect");
        owner.expect("it ran")
    };
    assert_eq!(owner_of_memory(&["--user", "root:hunter2"]), 0);
    assert_ne!(owner_of_memory(&[]), 0, "without a password it belongs to the user");
}
