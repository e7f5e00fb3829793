//! The program itself: what it prints, what it refuses, what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use local::project::Project;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

fn local(state: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).arg("--state").arg(state.path());
    command
}

fn output(mut command: Command) -> Output {
    command.output().unwrap()
}

/// Starts the system on a free port and returns when it says that it runs.
fn run(state: &TempDir) -> Child {
    let mut command = local(state, &["run", "--port", "0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    until_it_runs(&mut child);
    child
}

fn until_it_runs(child: &mut Child) {
    let said = BufReader::new(child.stdout.as_mut().unwrap());
    assert!(said.lines().any(|line| line.unwrap().contains("Stop it with Ctrl-C")), "it did not start");
}

/// Processes that this one started.
fn children(of: &Child) -> Vec<i32> {
    let id = of.id().to_string();
    let listed = output({
        let mut command = Command::new("ps");
        command.args(["-o", "pid=", "--ppid", &id]);
        command
    });
    String::from_utf8(listed.stdout).unwrap().split_whitespace().map(|id| id.parse().unwrap()).collect()
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

fn is_alive(process: i32) -> bool {
    kill(Pid::from_raw(process), None).is_ok()
}

/// The kernel kills orphans in its own time.
fn assert_gone(processes: &[i32]) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while processes.iter().any(|process| is_alive(*process)) {
        assert!(Instant::now() < deadline, "of {processes:?} some are left");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_token_comes_alone_and_needs_no_running_stack() {
    let state = tempfile::tempdir().unwrap();
    for arguments in
        [&["token", "--user", "alice", "--scope", "catalog:write"][..], &["token", "--user", "bob"]]
    {
        let output = output(local(&state, arguments));
        let token = String::from_utf8(output.stdout).unwrap();
        assert_eq!(token.trim_end().split('.').count(), 3, "{token}");
        assert_eq!(token.lines().count(), 1);
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn a_port_in_use_is_one_sentence_and_nothing_is_started() {
    let state = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = output(local(&state, &["run", "--port", &port.to_string()]));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(&format!("port {port} is in use: ")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn without_a_cache_server_the_system_runs_and_says_so() {
    let state = tempfile::tempdir().unwrap();
    let mut command = local(&state, &["run", "--port", "0"]);
    // `cargo`, which the emulator asks for the workspace, and no server.
    let cargo = std::path::Path::new(env!("CARGO")).parent().unwrap();
    command.env("PATH", cargo).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let said = BufReader::new(child.stdout.as_mut().unwrap());
    assert!(said.lines().any(|line| line.unwrap().contains("each function has its own")));
    signal(&child, Signal::SIGTERM);
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(errors.contains("Running without the shared cache"), "{errors}");
}

#[test]
fn a_stopped_system_leaves_no_process() {
    for order in [Signal::SIGTERM, Signal::SIGINT] {
        let state = tempfile::tempdir().unwrap();
        let mut system = run(&state);
        let started = children(&system);
        let functions = Project::find().unwrap().template().unwrap().functions().unwrap();
        let functions = functions.iter().filter(|function| function.has_caller()).count();
        assert_eq!(started.len(), functions + 2, "the functions, cache and emulator");
        let stopping = Instant::now();
        signal(&system, order);
        assert!(system.wait().unwrap().success());
        assert!(stopping.elapsed() < Duration::from_secs(5), "{order} took {:?}", stopping.elapsed());
        assert_gone(&started);
    }
}

#[test]
fn a_fresh_start_forgets_what_earlier_runs_kept() {
    let state = tempfile::tempdir().unwrap();
    let kept = state.path().join("kept");
    std::fs::write(&kept, "").unwrap();
    let mut command = local(&state, &["run", "--port", "0", "--fresh"]);
    let mut system = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    until_it_runs(&mut system);
    assert!(!kept.exists());
    signal(&system, Signal::SIGTERM);
    assert!(system.wait().unwrap().success());
}

#[test]
fn a_killed_system_leaves_no_process_either() {
    let state = tempfile::tempdir().unwrap();
    let mut system = run(&state);
    let started = children(&system);
    signal(&system, Signal::SIGKILL);
    system.wait().unwrap();
    assert_gone(&started);
}
