//! What a shell is offered when it asks.

use std::fs;
use std::process::{Command, Stdio};

use crate::ports;
use crate::sandbox::{Sandbox, leasetop};

/// What bash is offered for the last word.
fn offered(mut program: Command, words: &[&str]) -> Vec<String> {
    program.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string()).env("_CLAP_IFS", "\n");
    let output = program.arg("--").args(words).output().expect("the program runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn lease_ids_of_the_named_cluster_are_offered() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--id", "1234", "--put", "/a=1"], 0);
    sandbox.stdout(&["grant", "600", "--id", "5678"], 0);
    let endpoints = format!("--endpoints={}", sandbox.endpoint());
    for (command, expected) in [
        (&["timetolive", ""][..], &["0000000000001234", "0000000000005678"][..]),
        (&["ttl", "00000000000012"], &["0000000000001234"]),
        (&["revoke", "0000000000001234", "00000000000056"], &["0000000000005678"]),
        (&["keep-alive", "00000000000056"], &["0000000000005678"]),
        (&["lease", "keepalive", "00000000000056"], &["0000000000005678"]),
        (&["wait", "00000000000056"], &["0000000000005678"]),
    ] {
        let words = [&["leasetop", &endpoints], command].concat();
        let mut ids = offered(leasetop(), &words);
        ids.retain(|word| !word.starts_with('-'));
        ids.sort();
        assert_eq!(ids, expected, "{command:?}");
    }
    // Shells pass a value in quotes with its quotes.
    for quote in ["'", "\""] {
        let quoted = format!("{quote}{}{quote}", sandbox.endpoint());
        let words = ["leasetop", "--endpoints", &quoted, "revoke", "00000000000012"];
        assert_eq!(offered(leasetop(), &words), ["0000000000001234"]);
    }
}

#[test]
fn a_command_runs_although_the_variable_is_exported() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--id", "1234"], 0);
    let output = sandbox.command(&["revoke", "1234"]).env("COMPLETE", "bash").output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(sandbox.stdout(&["list", "-q"], 0), "");
    let script = leasetop().env("COMPLETE", "bash").output().expect("the program runs");
    let script = String::from_utf8(script.stdout).expect("text");
    assert_eq!(script, sandbox.stdout(&["completions", "bash"], 0), "without arguments");
}

#[test]
fn an_answer_that_cannot_be_written_is_one_error_and_a_closed_pipe_is_none() {
    let ask = |stdout: Stdio| {
        let mut program = leasetop();
        program.env("COMPLETE", "bash").stdout(stdout).stderr(Stdio::piped());
        let output = program.spawn().expect("the program runs").wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    if cfg!(target_os = "linux") {
        let full = fs::File::options().write(true).open("/dev/full").expect("a full device");
        let (code, told) = ask(full.into());
        assert_eq!(code, Some(2));
        assert!(told.starts_with("error: could not write to stdout: No space left"), "{told}");
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    assert_eq!(ask(writer.into()), (Some(0), String::new()));
}

#[test]
fn wrong_values_before_the_word_are_no_trouble() {
    for wrong in [["--warp", "x"], ["--command-timeout", "x"], ["--endpoints", "'a:1"]] {
        let words = [&["leasetop"], &wrong[..], &["revoke", "--dry"]].concat();
        assert_eq!(offered(leasetop(), &words), ["--dry-run"], "{wrong:?}");
    }
}

#[test]
fn an_etcd_that_does_not_reply_offers_nothing_and_takes_no_time() {
    let endpoint = format!("127.0.0.1:{}", ports::free());
    let words = ["leasetop", "--endpoints", &endpoint, "timetolive", "0"];
    assert_eq!(offered(leasetop(), &words), Vec::<String>::new());
}

#[test]
fn names_of_the_config_file_columns_and_words_are_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let text =
        "[cluster.prod]\nendpoints = [\"a:1\"]\n[cluster.play]\nendpoints = [\"b:1\"]\n[theme.mine]\ndim = 244\n";
    fs::write(&file, text).expect("a file");
    let config = format!("--config={}", file.display());
    for (words, expected) in [
        (&["--cluster", "p"][..], &["play", "prod"][..]),
        (&["list", "--theme", "mi"], &["mine"]),
        (&["list", "--columns", "id,stat"], &["id,state"]),
        (&["list", "--group", "own"], &["owner"]),
        (&["list", "--filter", "keys=0 state:ri"], &["keys=0 state:risk"]),
        (&["revoke", "--filter", "serv"], &["service:"]),
        (&["wait", "--until", "any(who:ad"], &["any(who:adopted"]),
        (&["help", "tim"], &["timetolive"]),
        (&["-w", "fi"], &["fields"]),
    ] {
        let mut found = offered(leasetop(), &[&["leasetop", &config], words].concat());
        found.sort();
        assert_eq!(found, expected, "{words:?}");
    }
}
