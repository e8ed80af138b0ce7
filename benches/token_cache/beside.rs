//! MSAL Python beside us, if it is installed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    options::Options,
    peer::Peer,
    sample::{Compared, median},
    table::{Table, ratio, time},
};

/// Its time, or what the table says instead.
pub(crate) type Beside = Result<Duration, &'static str>;

/// MSAL Python with a cache in it.
pub(crate) struct Python(Option<Peer>);

impl Python {
    pub(crate) fn with(text: &str) -> Self {
        let mut peer = Peer::try_python().ok();
        if let Some(peer) = &mut peer {
            peer.load(text);
        }
        Self(peer)
    }

    /// How long a work takes (a method of `Timed` in the driver), or why that is not known.
    pub(crate) fn time(&mut self, options: &Options, batch: usize, work: &[Value]) -> Beside {
        let sampling = options.sampling(11, batch);
        let with: Vec<_> =
            [json!(sampling.rounds), json!(sampling.batch)].into_iter().chain(work.iter().cloned()).collect();
        let peer = self.0.as_mut().ok_or("not installed")?;
        let times = peer.ask(&json!({"do": "time", "with": with}));
        let times = times.as_array().into_iter().flatten().filter_map(Value::as_f64);
        Ok(median(times.map(Duration::from_secs_f64)))
    }
}

pub(crate) fn table(title: &str, floor: &str) -> Table {
    Table::new(title, &["work", floor, "ours", "ratio to the floor", "aim", "MSAL Python", "Python / ours"])
}

pub(crate) fn row(table: &mut Table, work: &str, compared: &Compared, aim: &str, python: Beside) {
    let [python, times] = match python {
        Ok(python) => {
            [time(python), format!("**{:.0}**", python.as_secs_f64() / compared.ours.as_secs_f64())]
        }
        Err(why) => [why.to_owned(), "-".to_owned()],
    };
    table.row(&[work, &time(compared.floor), &time(compared.ours), &ratio(compared), aim, &python, &times]);
}
