//! One site coupled to the organizations of two tenants at once (C8): each has everything, and neither knows of the other.

use koppel::sandbox::dynamics::OTHER_ORGANIZATION;

use super::world::{counts, world};

#[tokio::test]
async fn two_tenants_have_everything_each_c8() {
    let world = world().await;
    let other = world.other_tenant();
    let second = world.sandbox.dynamics.as_ref().unwrap().organization(OTHER_ORGANIZATION).unwrap();
    let (own, others) = tokio::join!(world.run_manifests(&world.manifests), world.run_manifests(&other));
    for report in [own.unwrap(), others.unwrap()] {
        assert_eq!(report.status.held.unwrap().total, 0);
    }
    assert_eq!((world.crm(), counts(&second)), (world.site(), world.site()));
    world.writes();
    second.reset_calls();
    world.run().await;
    world.run_manifests(&other).await.unwrap();
    assert_eq!(world.writes(), []);
    assert!(second.calls().iter().all(|call| call.method == "GET"));
}
