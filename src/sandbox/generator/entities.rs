//! The companies of the Wolkwerk group that share one Chargebee site, each a business entity of its own.

/// A business entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The site's default entity has none.
    pub id: Option<&'static str>,
    /// Where it pays its VAT.
    pub country: &'static str,
    /// What stands before its documents' kinds: `DE-INV-00001`.
    pub prefix: &'static str,
    /// The Exact division that keeps its books.
    pub division: i32,
    /// Code of the GL account there that takes what nobody will pay.
    pub loss_account: &'static str,
}

/// Wolkwerk B.V., Wolkwerk GmbH and Wolkwerk BV, in this order.
pub const ENTITIES: [Entity; 3] = [
    Entity { id: None, country: "NL", prefix: "", division: 100_001, loss_account: "4600" },
    Entity { id: Some("wolkwerk-de"), country: "DE", prefix: "DE-", division: 100_002, loss_account: "2400" },
    Entity { id: Some("wolkwerk-be"), country: "BE", prefix: "BE-", division: 100_003, loss_account: "642000" },
];

/// The entity of this id; the default one for none and for one that the group does not know.
pub fn entity(id: Option<&str>) -> Entity {
    ENTITIES.into_iter().find(|entity| entity.id == id).unwrap_or(ENTITIES[0])
}
