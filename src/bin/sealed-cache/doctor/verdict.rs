//! The one plain sentence at the end: what matters most, and what to do.

use super::{Finding, Status, protectors::Offered, round_trip::RoundTrip};
use crate::{
    summary::Summary,
    words::{plural, sentence},
};

pub(crate) struct Verdict {
    pub(crate) is_fine: bool,
    pub(crate) sentence: String,
}

/// In the order in which one has to be mended before the next makes sense.
pub(crate) fn of(
    protectors: &[Offered],
    round_trip: &RoundTrip,
    findings: &[&Finding],
    caches: &[Summary],
) -> Verdict {
    let problem = findings.iter().find(|finding| finding.status == Status::Problem);
    if let Some(finding) = problem {
        return bad(&format!("{}: {}", finding.what, finding.message), &finding.remedy);
    }
    if let Some(default) = protectors.iter().find(|offered| offered.is_default && !offered.is_available) {
        return bad(
            &format!(
                "applications that rely on the keychain cannot stay signed in, because {}",
                default.in_short
            ),
            &remedy(default, protectors),
        );
    }
    if !round_trip.is_fine {
        return bad(&format!("a cache cannot be kept here: {}", round_trip.message), &round_trip.remedy);
    }
    let unreadable: Vec<_> = caches
        .iter()
        .filter_map(|cache| Some((cache, cache.problem.as_ref().filter(|_| !cache.is_closed_by_design())?)))
        .collect();
    match &*unreadable {
        [] => fine(round_trip, findings, caches),
        [(cache, problem)] => {
            bad(&format!("the cache {} cannot be read: {}", cache.name, problem.message), &problem.remedy)
        }
        [(cache, problem), ..] => bad(
            &format!(
                "{} caches cannot be read; the first is {}: {}",
                unreadable.len(),
                cache.name,
                problem.message
            ),
            &problem.remedy,
        ),
    }
}

fn remedy(default: &Offered, protectors: &[Offered]) -> String {
    let others: Vec<_> =
        protectors.iter().filter(|offered| offered.is_available).map(|offered| offered.protector).collect();
    // A keychain that is there is never passed over for something weaker.
    if !default.is_absent() || others.is_empty() {
        return default.remedy.clone();
    }
    format!("{} (what works here, where an application allows it: {})", default.remedy, others.join(", "))
}

fn fine(round_trip: &RoundTrip, findings: &[&Finding], caches: &[Summary]) -> Verdict {
    let works = match caches.len() {
        0 => "everything works here".to_owned(),
        1 => "everything works here, and the one cache opens".to_owned(),
        2 => "everything works here, and both caches open".to_owned(),
        count => format!("everything works here, and all {} open", plural(count as u64, "cache")),
    };
    let warnings = findings.iter().filter(|finding| finding.status == Status::Warning).count();
    let plain = caches.iter().filter(|cache| cache.is_encrypted == Some(false)).count();
    let more = match (warnings, plain) {
        (0, 0) => String::new(),
        (0, plain) => format!(
            ", but {} not encrypted",
            if plain == 1 { "one of them is".into() } else { format!("{plain} of them are") }
        ),
        (warnings, _) => format!(", but see the {} above", plural(warnings as u64, "warning")),
    };
    let keeper = round_trip.protector.as_deref().unwrap_or("nobody");
    Verdict { is_fine: true, sentence: sentence(&format!("{works}{more}; a new key is kept by {keeper}")) }
}

fn bad(what: &str, remedy: &str) -> Verdict {
    let text = if remedy.is_empty() { what.to_owned() } else { format!("{what}: {remedy}") };
    Verdict { is_fine: false, sentence: sentence(&text) }
}
