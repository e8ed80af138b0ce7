//! Between a store and its database: wires on which answers get lost, as behind a firewall that has forgotten them.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::sql::databases::Database;

pub(crate) struct Proxy {
    url: String,
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    database: u16,
    wires: Mutex<Vec<Arc<Wire>>>,
    is_over: AtomicBool,
}

struct Wire {
    client: TcpStream,
    server: TcpStream,
    is_silent: AtomicBool,
    was_asked_in_vain: AtomicBool,
}

impl Proxy {
    pub(crate) fn before(database: &Database) -> Self {
        let url = database.url();
        let after = url.rsplit_once(':').unwrap().1;
        let database: u16 = after.split_once('/').unwrap().0.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = url.replace(&format!(":{database}/"), &format!(":{port}/"));
        let shared = Arc::new(Shared { database, wires: Mutex::default(), is_over: AtomicBool::new(false) });
        let accepting = shared.clone();
        thread::spawn(move || accepting.accept(&listener));
        Self { url, port, shared }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.shared.wires().len()
    }

    /// No answer comes through on the connections that there are. What is asked on them still reaches the database.
    pub(crate) fn silence(&self) {
        self.shared.wires().iter().for_each(|wire| wire.is_silent.store(true, Ordering::SeqCst));
    }

    /// On how many of these something was asked since.
    pub(crate) fn asked_in_vain(&self) -> usize {
        self.shared.wires().iter().filter(|wire| wire.was_asked_in_vain.load(Ordering::SeqCst)).count()
    }

    /// End the silent connections.
    pub(crate) fn cut(&self) {
        self.shared.wires().iter().filter(|wire| wire.is_silent.load(Ordering::SeqCst)).for_each(|w| w.cut());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Who waits for a connection has one to look at.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.shared.wires().iter().for_each(|wire| wire.cut());
    }
}

impl Shared {
    fn wires(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Wire>>> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(&self, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", self.database))) else {
                continue;
            };
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let (is_silent, was_asked_in_vain) = (AtomicBool::new(false), AtomicBool::new(false));
            let wire = Arc::new(Wire { client, server, is_silent, was_asked_in_vain });
            self.wires().push(wire.clone());
            let other = wire.clone();
            thread::spawn(move || wire.carry_questions());
            thread::spawn(move || other.carry_answers());
        }
    }
}

impl Wire {
    fn carry_questions(&self) {
        carry(&self.client, |bytes| {
            if self.is_silent.load(Ordering::SeqCst) {
                self.was_asked_in_vain.store(true, Ordering::SeqCst);
            }
            (&self.server).write_all(bytes)
        });
        self.cut();
    }

    fn carry_answers(&self) {
        carry(&self.server, |bytes| {
            if self.is_silent.load(Ordering::SeqCst) { Ok(()) } else { (&self.client).write_all(bytes) }
        });
        self.cut();
    }

    fn cut(&self) {
        // One of the two may be gone already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

/// Until one of the two ends.
fn carry(mut from: &TcpStream, to: impl Fn(&[u8]) -> std::io::Result<()>) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to(&buffer[..length]).is_err() {
            return;
        }
    }
}
