//! One site coupled to the organizations of two tenants and to the books at once (C8): each has everything, and none knows of
//! the others.

use koppel::sandbox::dynamics::OTHER_ORGANIZATION;
use koppel::sandbox::generator::Size;

use super::world::{World, counts};
use crate::engine::world::World as Books;

#[tokio::test]
async fn two_tenants_and_the_books_have_everything_each_c8() {
    let world = World::of_one_company(Size { customers: 8, invoices: 16 }).await;
    let sandbox = &world.sandbox;
    let books = Books::of(
        sandbox.clock.clone(),
        sandbox.chargebee.clone(),
        sandbox.exact.clone(),
        sandbox.expectations.clone(),
        &sandbox.chargebee_url(),
        &sandbox.exact_url(),
    );
    let other = world.other_tenant();
    let second = sandbox.dynamics.as_ref().unwrap().organization(OTHER_ORGANIZATION).unwrap();
    let (own, others, _) =
        tokio::join!(world.run_manifests(&world.manifests), world.run_manifests(&other), books.run());
    for report in [own.unwrap(), others.unwrap()] {
        assert_eq!(report.status.held.unwrap().total, 0);
    }
    assert_eq!((world.crm(), counts(&second)), (world.site(), world.site()));
    books.assert_books_equal().await;
    let entries = books.entries().len();
    world.writes();
    second.reset_calls();
    world.run().await;
    world.run_manifests(&other).await.unwrap();
    books.run().await;
    assert_eq!(world.writes(), []);
    assert!(second.calls().iter().all(|call| call.method == "GET"));
    assert_eq!(books.entries().len(), entries);
}
