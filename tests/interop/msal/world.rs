//! People, tenants, applications and clouds by chance, and the token responses that they got: always the same ones.

use serde_json::json;

use super::events::{COM, Event, client_info, endpoint, id_token};

/// The time at which everything is looked for.
pub(crate) const NOW: u64 = 1_800_000_000;

/// One name for each cloud: where MSAL Python's cache looks, an alias is a stranger.
pub(crate) const CLOUDS: [&str; 3] = [COM, "login.microsoftonline.us", "login.partner.microsoftonline.cn"];
pub(crate) const ADFS: &str = "fs.contoso.test";
pub(crate) const TENANTS: [&str; 3] = ["tenant-a", "tenant-b", "tenant-c"];
/// The last two are a family.
pub(crate) const CLIENTS: [&str; 5] = ["client-1", "client-2", "client-3", "family-1", "family-2"];
pub(crate) const SCOPES: [&str; 8] = [
    "User.Read",
    "Mail.Read",
    "Mail.Send",
    "Calendars.ReadWrite",
    "https://vault.azure.net/.default",
    "api://contoso/Files.Read",
    "Sites.Read",
    "Tasks.Read",
];
const PEOPLE: u64 = 10;

/// xorshift64, from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    pub(crate) const fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }

    /// At least one of them, in any order.
    pub(crate) fn some_of<'a>(&mut self, items: &[&'a str]) -> Vec<&'a str> {
        let mut left = items.to_vec();
        let count = 1 + self.below(items.len().min(4) as u64);
        (0..count).map(|_| left.remove(usize::try_from(self.below(left.len() as u64)).unwrap())).collect()
    }
}

/// So many responses, in the order of their arrival.
pub(crate) fn events(seed: u64, count: u64) -> Vec<Event> {
    let mut dice = Dice::new(seed);
    (0..count).map(|number| event(&mut dice, number)).collect()
}

fn event(dice: &mut Dice, number: u64) -> Event {
    match dice.below(10) {
        0 => of_application(dice, number),
        1 => of_adfs(dice, number),
        _ => of_person(dice, number),
    }
}

/// `uid.utid` of somebody; the home tenant is that of the cloud.
pub(crate) fn somebody(dice: &mut Dice) -> (String, String) {
    let person = dice.below(PEOPLE);
    (format!("uid-{person}"), format!("utid-{}", person % 3))
}

fn of_person(dice: &mut Dice, number: u64) -> Event {
    let (uid, utid) = somebody(dice);
    let client = dice.one_of(&CLIENTS);
    let claims = json!({
        "sub": format!("sub-{uid}"), "oid": format!("oid-{uid}"), "preferred_username": format!("{uid}@contoso.test"),
    });
    let at = endpoint(dice.one_of(&CLOUDS), dice.one_of(&TENANTS));
    let mut event = tokens(dice, client, &at, number)
        .answer("refresh_token", format!("RT-{number}"))
        .answer("id_token", id_token(&claims))
        .answer("client_info", client_info(&uid, &utid))
        .with("grant_type", dice.one_of(&["authorization_code", "refresh_token", "password"]));
    if client.starts_with("family") {
        event = event.answer("foci", "1");
    }
    if dice.one_in(8) {
        event = event.data("fmi_path", dice.one_of(&["one/path", "another/path"]));
    } else if dice.one_in(10) {
        // With scopes of its own: to Python, a bound token and a bearer token of the same scopes are one entry.
        event = event.answer("token_type", "pop").data("key_id", dice.one_of(&["key-1", "key-2"]));
        event.scopes = vec![format!("Bound.{}", event.data["key_id"].as_str().unwrap())];
    }
    event
}

fn of_application(dice: &mut Dice, number: u64) -> Event {
    let at = endpoint(dice.one_of(&CLOUDS), dice.one_of(&TENANTS));
    let client = dice.one_of(&CLIENTS);
    tokens(dice, client, &at, number).with("grant_type", "client_credentials")
}

fn of_adfs(dice: &mut Dice, number: u64) -> Event {
    let (uid, _) = somebody(dice);
    let claims = json!({"sub": uid, "upn": format!("{uid}@contoso.test")});
    let client = dice.one_of(&CLIENTS);
    tokens(dice, client, &format!("https://{ADFS}/adfs/oauth2/token"), number)
        .answer("refresh_token", format!("RT-{number}"))
        .answer("id_token", id_token(&claims))
        .with("grant_type", "authorization_code")
}

/// Received within the last two hours, so that some have expired, some are about to, and some are to be refreshed.
fn tokens(dice: &mut Dice, client: &str, endpoint: &str, number: u64) -> Event {
    let scopes = dice.some_of(&SCOPES);
    // Even and odd, so that no end falls on the second of the question: there the two differ by that second.
    let received = NOW - 2 * dice.below(3600);
    let answer = json!({"access_token": format!("AT-{number}"), "token_type": "Bearer", "expires_in": 601 + 2 * dice.below(4500)});
    let event = Event::new(client, endpoint, &scopes, answer, received);
    if dice.one_in(3) { event.answer("refresh_in", 301 + 2 * dice.below(2000)) } else { event }
}
