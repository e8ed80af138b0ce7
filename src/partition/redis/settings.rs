//! [`RedisSettings`]: what may be chosen about a Redis store.

use std::time::Duration;

/// What may be chosen about a [`RedisStore`](super::RedisStore). The defaults suit a Redis in the same data centre.
///
/// # Examples
///
/// ```
/// use sealed_cache::partition::RedisSettings;
/// use std::time::Duration;
///
/// let settings = RedisSettings::new().prefix("todo").connect_timeout(Duration::from_millis(500));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RedisSettings {
    pub(super) prefix: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) silence: Duration,
    pub(super) tells_changes: bool,
}

impl RedisSettings {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            prefix: None,
            connect_timeout: Duration::from_secs(1),
            silence: Duration::from_secs(2),
            tells_changes: true,
        }
    }

    /// The prefix of every name that this store is used for, without its colon. It then
    ///
    /// - refuses other names,
    /// - leaves the keys of other applications on the same Redis out when partitions are listed,
    /// - tells and hears of changes on the channel `PREFIX:changes`, and not on `sealed-cache:changes`, which all stores
    ///   without a prefix share.
    ///
    /// So one access rule of Redis covers all that it does: `~PREFIX:* &PREFIX:changes`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// How long making one connection may take, sign-in included. Default: 1 second. A call that waits for a connection does so
    /// until its own deadline at most.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// After how long a connection that answers nothing while calls time out is given up and replaced. Default: 2 seconds.
    ///
    /// Until then the same connection is asked, since what is asked on one connection is answered in order: so the question
    /// "was it written?" comes after the write.
    pub const fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Whether a change is published, so that other nodes can drop what they keep in memory. Default: yes. Switch it off where
    /// nobody listens, or where the user of Redis may not publish.
    pub const fn tell_changes(mut self, tells: bool) -> Self {
        self.tells_changes = tells;
        self
    }

    /// Where changes are told.
    pub(super) fn channel(&self) -> String {
        self.name("changes")
    }

    /// A name that the access rule of this store covers.
    pub(super) fn name(&self, what: &str) -> String {
        format!("{}:{what}", self.prefix.as_deref().unwrap_or("sealed-cache"))
    }

    /// Whether a name is one that this store is for.
    pub(super) fn covers(&self, name: &str) -> bool {
        let begins =
            |prefix: &String| name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with(':'));
        self.prefix.as_ref().is_none_or(begins)
    }

    /// The same as a pattern of Redis, for a list of names.
    pub(super) fn pattern(&self) -> String {
        self.prefix.as_ref().map_or_else(|| "*".to_owned(), |prefix| format!("{}:*", literally(prefix)))
    }
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// With a backslash before each character that a pattern gives a meaning to.
fn literally(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, character| {
        if "*?[]^-\\".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
        pattern
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_covers_whole_words_only() {
        let settings = RedisSettings::new().prefix("todo");
        assert!(settings.covers("todo:account:abc"));
        assert!(!settings.covers("todo2:account:abc") && !settings.covers("todo") && !settings.covers(""));
        assert!(RedisSettings::new().covers("anything"));
    }

    #[test]
    fn a_prefix_means_itself_in_a_pattern() {
        assert_eq!(RedisSettings::new().prefix("a*b[1]").pattern(), r"a\*b\[1\]:*");
        assert_eq!(RedisSettings::new().pattern(), "*");
    }
}
