//! A peer on the bus that a test makes up: it owns a name, and answers method calls as it is told. So much of the D-Bus
//! protocol as that takes, and no more.

use std::{
    io::{BufReader, Read, Result, Write},
    os::unix::net::UnixStream,
    path::Path,
    sync::mpsc,
    thread,
};

/// A call of a method of the peer.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) member: String,
    pub(crate) body: Vec<u8>,
    sender: String,
    serial: u32,
}

/// What the peer sends when it is called.
#[derive(Debug)]
pub(crate) enum Send {
    Return(Body),
    Error(&'static str),
    /// From which path, of which interface, which signal.
    Signal(String, &'static str, &'static str, Body),
    /// Leave the bus.
    Leave,
}

/// Own the name, and answer each call with what the function says, until the bus goes.
pub(crate) fn start(
    socket: &Path,
    name: &'static str,
    mut answer: impl FnMut(&Call) -> Vec<Send> + std::marker::Send + 'static,
) {
    let socket = UnixStream::connect(socket).expect("the bus listens");
    let (ready, is_ready) = mpsc::channel();
    thread::spawn(move || {
        let mut peer = Peer::connect(socket, name).expect("the bus answers");
        ready.send(()).expect("the test waits");
        while let Ok(call) = peer.next_call() {
            for send in answer(&call) {
                if peer.send(&call, send).is_err() {
                    return;
                }
            }
        }
    });
    is_ready.recv().expect("the peer connects");
}

struct Peer {
    socket: UnixStream,
    input: BufReader<UnixStream>,
    serial: u32,
}

const CALL: u8 = 1;
const RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;

const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;

impl Peer {
    fn connect(socket: UnixStream, name: &str) -> Result<Self> {
        let input = BufReader::new(socket.try_clone()?);
        let mut this = Self { socket, input, serial: 0 };
        this.socket.write_all(b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")?;
        for _ in ["DATA", "OK"] {
            std::io::BufRead::read_line(&mut this.input, &mut String::new())?;
        }
        this.call_bus("Hello", Body::new())?;
        this.call_bus("RequestName", Body::new().string(name).number(0))?;
        Ok(this)
    }

    /// Call a method of the bus. Its answers are skipped by `next_call`; that it has answered is seen here.
    fn call_bus(&mut self, member: &str, body: Body) -> Result<()> {
        let bus = "org.freedesktop.DBus";
        let fields = [
            (PATH, "o", "/org/freedesktop/DBus"),
            (INTERFACE, "s", bus),
            (MEMBER, "s", member),
            (DESTINATION, "s", bus),
        ];
        self.write(CALL, &fields, None, body)?;
        while self.read()?.0 != RETURN {}
        Ok(())
    }

    fn next_call(&mut self) -> Result<Call> {
        loop {
            if let (CALL, call) = self.read()? {
                return Ok(call);
            }
        }
    }

    fn send(&mut self, call: &Call, send: Send) -> Result<()> {
        let to = (DESTINATION, "s", call.sender.as_str());
        match send {
            Send::Return(body) => self.write(RETURN, &[to], Some(call.serial), body),
            Send::Error(name) => {
                self.write(ERROR, &[to, (ERROR_NAME, "s", name)], Some(call.serial), Body::new())
            }
            Send::Signal(path, interface, member, body) => {
                let fields = [(PATH, "o", path.as_str()), (INTERFACE, "s", interface), (MEMBER, "s", member)];
                self.write(SIGNAL, &fields, None, body)
            }
            Send::Leave => self.socket.shutdown(std::net::Shutdown::Both),
        }
    }

    fn write(
        &mut self,
        kind: u8,
        fields: &[(u8, &str, &str)],
        reply_to: Option<u32>,
        body: Body,
    ) -> Result<()> {
        self.serial += 1;
        let mut array = Body::new();
        for &(code, signature, text) in fields {
            array = array.structure().byte(code).signature(signature).string(text);
        }
        if let Some(serial) = reply_to {
            array = array.structure().byte(REPLY_SERIAL).signature("u").number(serial);
        }
        if !body.signature.is_empty() {
            array = array.structure().byte(SIGNATURE).signature("g").signature(&body.signature);
        }
        let head = Body::new().byte(b'l').byte(kind).byte(0).byte(1);
        let head = head.number(body.bytes.len() as u32).number(self.serial).number(array.bytes.len() as u32);
        // The fields begin at byte 16, so they are aligned as if they began at 0.
        let mut message = head;
        message.bytes.extend(array.bytes);
        message.align(8);
        message.bytes.extend(body.bytes);
        self.socket.write_all(&message.bytes)
    }

    fn read(&mut self) -> Result<(u8, Call)> {
        let mut head = [0; 16];
        self.input.read_exact(&mut head)?;
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let (body, serial, fields) = (number(4) as usize, number(8), number(12) as usize);
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        self.input.read_exact(&mut rest)?;
        let text = |code| field(&rest[..fields], code).unwrap_or_default();
        let (path, member, sender) = (text(PATH), text(MEMBER), text(SENDER));
        Ok((
            head[1],
            Call { path, member, sender, serial, body: rest[fields.next_multiple_of(8)..].to_vec() },
        ))
    }
}

/// The text of a header field.
fn field(fields: &[u8], wanted: u8) -> Option<String> {
    let mut at: usize = 0;
    while at < fields.len() {
        at = at.next_multiple_of(8);
        let (code, kind) = (fields[at], fields[at + 2]);
        at += 4; // the code, and the signature: its length, one letter, a NUL
        let length = match kind {
            b'g' => 1 + usize::from(fields[at]) + 1,
            b'u' => 4,
            _ => 4 + u32::from_le_bytes(fields[at..at + 4].try_into().ok()?) as usize + 1,
        };
        if code == wanted {
            return String::from_utf8(fields[at + 4..at + length - 1].to_vec()).ok();
        }
        at += length;
    }
    None
}

/// The values of a message, and their types.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    bytes: Vec<u8>,
    signature: String,
    /// Inside a container, whose type is already told.
    depth: u32,
}

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn string(self, text: &str) -> Self {
        self.text("s", text)
    }

    pub(crate) fn path(self, path: &str) -> Self {
        self.text("o", path)
    }

    pub(crate) fn boolean(self, value: bool) -> Self {
        self.typed("b").raw_number(value.into())
    }

    pub(crate) fn number(self, value: u32) -> Self {
        self.typed("u").raw_number(value)
    }

    pub(crate) fn paths(self, paths: &[&str]) -> Self {
        let mut this = self.typed("ao").inside();
        let start = this.begin_array();
        for path in paths {
            this = this.path(path);
        }
        this.end_array(start)
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let mut this = self.typed("ay").raw_number(bytes.len() as u32);
        this.bytes.extend(bytes);
        this
    }

    /// A dictionary `a{sv}` with nothing in it.
    pub(crate) fn empty_properties(self) -> Self {
        let mut this = self.typed("a{sv}").raw_number(0);
        this.align(8);
        this
    }

    /// A value of type "variant".
    pub(crate) fn variant(self, signature: &str, value: impl FnOnce(Self) -> Self) -> Self {
        let this = self.typed("v").inside().signature(signature);
        value(this).outside()
    }

    /// A secret `(oayays)` of the session.
    pub(crate) fn secret(self, session: &str, text: &[u8], content_type: &str) -> Self {
        let this = self.typed("(oayays)").inside().structure();
        this.path(session).bytes(b"").bytes(text).string(content_type).outside()
    }

    fn text(self, kind: &str, text: &str) -> Self {
        let mut this = self.typed(kind).raw_number(text.len() as u32);
        this.bytes.extend(text.as_bytes());
        this.bytes.push(0);
        this
    }

    fn structure(mut self) -> Self {
        self.align(8);
        self
    }

    fn byte(mut self, byte: u8) -> Self {
        self.bytes.push(byte);
        self
    }

    fn signature(mut self, signature: &str) -> Self {
        self.bytes.push(signature.len() as u8);
        self.bytes.extend(signature.as_bytes());
        self.bytes.push(0);
        self
    }

    fn raw_number(mut self, value: u32) -> Self {
        self.align(4);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    fn begin_array(&mut self) -> usize {
        self.align(4);
        self.bytes.extend([0; 4]);
        self.bytes.len()
    }

    fn end_array(mut self, start: usize) -> Self {
        let length = (self.bytes.len() - start) as u32;
        self.bytes[start - 4..start].copy_from_slice(&length.to_le_bytes());
        self.outside()
    }

    fn typed(mut self, kind: &str) -> Self {
        if self.depth == 0 {
            self.signature.push_str(kind);
        }
        self
    }

    const fn inside(mut self) -> Self {
        self.depth += 1;
        self
    }

    const fn outside(mut self) -> Self {
        self.depth -= 1;
        self
    }
}
