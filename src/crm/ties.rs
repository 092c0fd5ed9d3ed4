//! To which account a customer is tied (C3), by the rules and by what stands already: what Koppel tied, and what a person
//! has said in the CRM, which outweighs every rule.

use uuid::Uuid;

use super::matching::{AccountIndex, Identity, Match, MatchRule};

/// What is known of a customer's tie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The account that the customer was known to be tied to.
    pub tied: Option<Uuid>,
    /// It was a person who did that.
    pub by_person: bool,
    /// What the customer's row in the CRM says; none where there is no such row.
    pub row: Option<Option<Uuid>>,
}

impl Standing {
    /// What a person has said in the row: something else than what was known, or what was a person's word then.
    pub fn said(&self) -> Option<Uuid> {
        self.row.flatten().filter(|account| self.by_person || self.tied != Some(*account))
    }

    /// Whether the row that was tied is there no more, or cannot be read.
    pub fn is_lost(&self) -> bool {
        self.row.is_none() && self.tied.is_some()
    }

    /// Whether the row is to be told that it belongs to `account`.
    pub fn lacks(&self, account: Uuid) -> bool {
        self.row.is_none_or(|row| row != Some(account))
    }
}

/// Whose customer it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tie {
    To(Uuid),
    /// Several accounts fit equally well. Sorted.
    Open(Vec<Uuid>),
    /// Nobody's, as far as anything tells.
    None,
}

/// Whose customer somebody is. One that Koppel has made, whose id is that of its account, is always that account's.
pub fn tie(index: &AccountIndex, identity: &Identity, rules: &[MatchRule], standing: Standing) -> Tie {
    let own = Uuid::parse_str(&identity.customer).ok().and_then(|account| index.survivor(account));
    if let Some(account) = own {
        return Tie::To(account);
    }
    let found = index.find(identity, rules);
    if let Some(account) = standing.said().and_then(|account| index.survivor(account)) {
        return Tie::To(account);
    }
    // Somebody has taken the tie away: it comes back only where the rules say something new.
    if standing.row == Some(None) && standing.tied.is_some() {
        return match found {
            Match::Linked { account, .. } if standing.tied != Some(account) => Tie::To(account),
            _ => Tie::None,
        };
    }
    let stays = standing.tied.and_then(|account| index.survivor(account));
    match found {
        Match::Linked { account, .. } => Tie::To(account),
        Match::Open { candidates, .. } => match stays.filter(|account| candidates.contains(account)) {
            Some(account) => Tie::To(account),
            None => Tie::Open(candidates),
        },
        // What no rule finds any more is not taken away for it.
        Match::None => stays.map_or(Tie::None, Tie::To),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::crm::CrmAccount;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn account(number: u128, email: &str) -> CrmAccount {
        CrmAccount {
            id: id(number),
            name: format!("Account {number}"),
            number: None,
            email: Some(email.to_owned()),
            phone: None,
            website: None,
            vat_number: None,
            billing_address: None,
            shipping_address: None,
            currency: None,
            billing_customer: None,
            is_marked: false,
            is_active: true,
            merged_into: None,
            owner: None,
            modified_at: None,
        }
    }

    /// Accounts 1 and 2 with addresses of their own, 3 and 4 with the same one, and 5, which was merged into 1.
    fn index() -> AccountIndex {
        let merged = CrmAccount { merged_into: Some(id(1)), is_active: false, ..account(5, "five@x.nl") };
        let all =
            [account(1, "one@x.nl"), account(2, "two@x.nl"), account(3, "same@x.nl"), account(4, "same@x.nl"), merged];
        AccountIndex::new(&all)
    }

    fn tied(customer: &str, email: &str, standing: Standing) -> Tie {
        let identity = Identity { customer: customer.to_owned(), email: Some(email.to_owned()), ..Identity::default() };
        tie(&index(), &identity, &[MatchRule::Email], standing)
    }

    #[rstest]
    #[case::found("one@x.nl", None, None, Tie::To(id(1)))]
    #[case::nobody("nobody@x.nl", None, None, Tie::None)]
    #[case::several("same@x.nl", None, None, Tie::Open(vec![id(3), id(4)]))]
    #[case::a_person_decided("same@x.nl", None, Some(Some(4)), Tie::To(id(4)))]
    #[case::a_person_knows_better("one@x.nl", Some(1), Some(Some(2)), Tie::To(id(2)))]
    #[case::taken_away("one@x.nl", Some(1), Some(None), Tie::None)]
    #[case::taken_away_and_found_anew("two@x.nl", Some(1), Some(None), Tie::To(id(2)))]
    #[case::no_longer_found("nobody@x.nl", Some(2), Some(Some(2)), Tie::To(id(2)))]
    #[case::found_elsewhere("two@x.nl", Some(1), Some(Some(1)), Tie::To(id(2)))]
    #[case::one_of_several_stays("same@x.nl", Some(3), Some(Some(3)), Tie::To(id(3)))]
    #[case::merged("nobody@x.nl", Some(5), Some(Some(5)), Tie::To(id(1)))]
    #[case::not_yet_written("one@x.nl", None, Some(None), Tie::To(id(1)))]
    fn what_stands_and_what_the_rules_say_c3(
        #[case] email: &str,
        #[case] tied_to: Option<u128>,
        #[case] row: Option<Option<u128>>,
        #[case] expected: Tie,
    ) {
        let standing = Standing { tied: tied_to.map(id), row: row.map(|row| row.map(id)), ..Standing::default() };
        assert_eq!(tied("c1", email, standing), expected);
    }

    #[test]
    fn what_a_person_has_said_outlives_that_it_is_known() {
        let standing = Standing { tied: Some(id(2)), by_person: true, row: Some(Some(id(2))) };
        assert_eq!(tied("c1", "one@x.nl", standing), Tie::To(id(2)));
        assert_eq!(tied("c1", "one@x.nl", Standing { by_person: false, ..standing }), Tie::To(id(1)));
    }

    #[test]
    fn what_koppel_made_of_an_account_is_that_accounts() {
        let standing = Standing { row: Some(Some(id(2))), ..Standing::default() };
        assert_eq!(tied(&id(1).to_string(), "two@x.nl", standing), Tie::To(id(1)));
        assert_eq!(tied(&id(5).to_string(), "two@x.nl", Standing::default()), Tie::To(id(1)), "merged");
    }

    #[test]
    fn a_row_lacks_what_it_does_not_say() {
        let says = |row| Standing { row, ..Standing::default() }.lacks(id(1));
        assert!(says(None) && says(Some(None)) && says(Some(Some(id(2)))));
        assert!(!says(Some(Some(id(1)))));
    }
}
