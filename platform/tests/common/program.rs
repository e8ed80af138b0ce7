//! The code under test in a process of its own: it reads one request a line, and answers with one line each.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write, stdin, stdout},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Set in the child, so that it knows that it is one.
const IS_CHILD: &str = "SEALED_CACHE_TEST_CHILD";
/// What the lines of the child begin with; those of the test harness do not.
const MARK: &str = "answer:";
/// When a call must have come back, whatever its own deadline: no test gives one as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// The child, seen from the test.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    requests: Option<ChildStdin>,
    answers: mpsc::Receiver<Answer>,
}

/// What the child said, and how long the call took there.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) took: Duration,
}

impl Program {
    /// Start the test function `child` of this test binary with this command, which was made for this binary.
    pub(crate) fn start(command: &mut Command) -> Self {
        command
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(IS_CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the test binary starts");
        let requests = child.stdin.take();
        let answers = listen(child.stdout.take().expect("it is piped"));
        Self { child, requests, answers }
    }

    /// Ask, and wait for the answer.
    pub(crate) fn ask(&mut self, request: &str) -> Answer {
        self.send(request);
        self.answer()
    }

    pub(crate) fn send(&mut self, request: &str) {
        writeln!(self.requests.as_mut().expect("it is open"), "{request}").expect("the child reads");
    }

    pub(crate) fn answer(&mut self) -> Answer {
        self.answers
            .recv_timeout(PATIENCE)
            .expect("the child answers: neither does it hang, nor has it ended")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Let it end. It must end well, and must have printed no error.
    pub(crate) fn end(mut self) {
        drop(self.requests.take());
        let mut printed = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut printed).expect("the child speaks UTF-8");
        assert!(self.child.wait().expect("the child ends").success(), "{printed}");
        assert_eq!(printed, "", "the library must not print");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answers of the child, as they come.
fn listen(output: ChildStdout) -> mpsc::Receiver<Answer> {
    let (sender, answers) = mpsc::channel();
    thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        // The test harness may have begun the line.
        for answer in lines.filter_map(|line| parse(line.split_once(MARK)?.1)) {
            let _ = sender.send(answer);
        }
    });
    answers
}

fn parse(answer: &str) -> Option<Answer> {
    let (took, text) = answer.split_once(' ')?;
    Some(Answer { text: text.into(), took: Duration::from_micros(took.parse().ok()?) })
}

/// The other end: answer each request until there is none. Call this in a test function `child`, which is ignored, and
/// does nothing when a person runs the ignored tests.
pub(crate) fn serve(mut work: impl FnMut(&str) -> String) {
    if env::var_os(IS_CHILD).is_none() {
        return;
    }
    for request in stdin().lines() {
        let request = request.expect("the test speaks UTF-8");
        let start = Instant::now();
        let answer = work(&request);
        let took = start.elapsed().as_micros();
        writeln!(stdout(), "{MARK}{took} {answer}").expect("the test listens");
    }
}
