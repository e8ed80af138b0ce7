//! The async face and change notification, on a shared cache.

use crate::{Place, cache, response};

#[cfg(feature = "tokio")]
#[tokio::test]
async fn p8_an_async_guard_takes_along_what_was_written_while_it_waited() {
    let place = Place::with(cache(&["a"]));
    let tokens = place.open().into_async();
    let mut guard = tokens.lock().await.unwrap();
    tokio::task::yield_now().await;
    place.write(cache(&["a", "b"]));
    guard.add(&response("c")).unwrap();
    guard.commit().await.unwrap();
    assert_eq!(place.stored(), ["a", "b"]);
    assert_eq!(tokens.read(|cache| cache.len()).await.unwrap(), 4, "with the token and its application");
}

#[cfg(feature = "watch")]
#[test]
fn another_program_that_writes_in_place_is_told_of_and_so_is_what_a_save_of_ours_took_along() {
    use std::{sync::mpsc, time::Duration};
    let place = Place::with(cache(&["a"]));
    let tokens = place.open();
    assert_eq!(tokens.read(sealed_cache::TokenCache::len).unwrap(), 1);
    let (tell, told) = mpsc::channel();
    let _watcher = tokens
        .watch(move || {
            let _ = tell.send(());
        })
        .unwrap();
    let is_told = || told.recv_timeout(Duration::from_secs(60)).expect("to be told");
    place.write(cache(&["a", "b"]));
    is_told();
    assert_eq!(tokens.read(sealed_cache::TokenCache::len).unwrap(), 2);
    let mut guard = tokens.lock().unwrap();
    place.write(cache(&["a", "b", "d"]));
    is_told();
    // Until all is told of that; what comes then is told of our save.
    while told.recv_timeout(Duration::from_millis(300)).is_ok() {}
    guard.add(&response("c")).unwrap();
    guard.commit().unwrap();
    is_told();
}
