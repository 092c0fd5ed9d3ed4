//! One writer per connection, one refresh at a time: two processes on one state, two clients on one consent (I7).

use koppel::sandbox::exact::{Fault, FaultKind};

use super::process::{run, spawn, until_called};
use super::world::{SALES, World};

#[tokio::test]
async fn of_two_processes_one_works_and_the_other_says_who_holds_the_lock() {
    let world = World::clean().await;
    world.exact.inject(Fault::new(FaultKind::HangBefore).on("POST", SALES));
    let first = spawn(&world);
    until_called(&world, "POST", "crm/Accounts").await;
    let second = run(&world).await;
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("default/wolkwerk") && said.contains(&format!("process {}", first.id())), "{said}");
    assert!(said.contains("wait for that run to end"), "{said}");
    assert_eq!(world.writes().iter().filter(|write| write.contains("SalesEntries")).count(), 0);
    drop(first);
    // The lock went with its holder.
    world.exact.clear_faults();
    assert_eq!(run(&world).await.status.code(), Some(0));
    world.assert_books_equal().await;
}

#[tokio::test]
async fn two_processes_started_at_once_on_a_new_state_do_not_break_each_other() {
    let world = World::clean().await;
    for _ in 0..3 {
        let (one, other) = tokio::join!(run(&world), run(&world));
        let mut codes = [one.status.code(), other.status.code()];
        codes.sort_unstable();
        let said = [one.stderr, other.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        // Both may find the lock free, one after the other.
        assert!(codes == [Some(0), Some(3)] || codes == [Some(0), Some(0)], "{codes:?} {said:?}");
        world.assert_books_equal().await;
        world.lose_state();
    }
}
