//! Measuring two ways of doing one thing, interleaved, so that a noisy neighbour slows both.

use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Sampling {
    pub(crate) rounds: usize,
    /// Repetitions in one round, of which the mean counts.
    pub(crate) batch: usize,
}

/// Two ways of doing one thing: the medians over the rounds, and the median, lowest and highest of the ratios that
/// the rounds had.
pub(crate) struct Compared {
    pub(crate) floor: Duration,
    pub(crate) ours: Duration,
    pub(crate) ratio: f64,
    pub(crate) spread: (f64, f64),
}

impl Compared {
    /// Of the times in the same round.
    pub(crate) fn of(rounds: &[(Duration, Duration)]) -> Self {
        let mut ratios: Vec<f64> =
            rounds.iter().map(|(floor, ours)| ours.as_secs_f64() / floor.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        Self {
            floor: median(rounds.iter().map(|(floor, _)| *floor)),
            ours: median(rounds.iter().map(|(_, ours)| *ours)),
            ratio: ratios[ratios.len() / 2],
            spread: (ratios[0], ratios[ratios.len() - 1]),
        }
    }
}

/// Compare two short works.
pub(crate) fn compare(sampling: Sampling, mut floor: impl FnMut(), mut ours: impl FnMut()) -> Compared {
    compare_prepared(sampling, || (), |()| floor(), |()| ours())
}

/// Compare two works on something that is prepared for each repetition, which takes no part in the time.
pub(crate) fn compare_prepared<I>(
    Sampling { rounds, batch }: Sampling,
    mut prepare: impl FnMut() -> I,
    mut floor: impl FnMut(I),
    mut ours: impl FnMut(I),
) -> Compared {
    // Warm the caches of the processor, of the system and of the handles.
    floor(prepare());
    ours(prepare());
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds {
        // In turn, so that neither always comes after the other.
        let early = (round % 2 == 0).then(|| timed(batch, &mut prepare, &mut floor));
        let ours = timed(batch, &mut prepare, &mut ours);
        let floor = early.unwrap_or_else(|| timed(batch, &mut prepare, &mut floor));
        times.push((floor, ours));
    }
    Compared::of(&times)
}

fn timed<I>(batch: usize, prepare: &mut impl FnMut() -> I, work: &mut impl FnMut(I)) -> Duration {
    let inputs: Vec<I> = (0..batch).map(|_| prepare()).collect();
    let start = Instant::now();
    inputs.into_iter().for_each(work);
    start.elapsed() / u32::try_from(batch).expect("a batch is small")
}

pub(crate) fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort();
    times[times.len() / 2]
}
