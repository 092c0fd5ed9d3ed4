//! Contacts of an account → contacts of its customer (C27). Those that people made in billing are left alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::crm::CrmContact;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::offer::{BillingContact, Bounded, ContactDraft, TooLong};

/// What is to be done with a customer's contacts; each list by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPlan {
    pub add: Vec<ContactDraft>,
    pub update: Vec<ContactDraft>,
    pub remove: Vec<String>,
    /// Contacts that billing cannot take as they are, by id.
    pub held: Vec<(String, Hold)>,
}

impl ContactPlan {
    /// How many calls it takes.
    pub fn len(&self) -> usize {
        self.add.len() + self.update.len() + self.remove.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What to do so that a customer's contacts `standing` are those of its account. `ours` are the ids of contacts that Koppel
/// has written: what is among them and has no contact any more goes. The order of either side does not matter.
pub fn plan_contacts(contacts: &[CrmContact], standing: &[BillingContact], ours: &BTreeSet<String>) -> ContactPlan {
    let standing: BTreeMap<&str, &BillingContact> =
        standing.iter().map(|contact| (contact.id.as_str(), contact)).collect();
    let wanted: BTreeMap<String, &CrmContact> =
        contacts.iter().filter(|contact| contact.is_active).map(|contact| (contact.id.to_string(), contact)).collect();
    let mut plan = ContactPlan::default();
    for (id, contact) in &wanted {
        match (draft(id, contact), standing.get(id.as_str())) {
            (Err(hold), _) => plan.held.push((id.clone(), hold)),
            (Ok(draft), None) => plan.add.push(draft),
            (Ok(draft), Some(known)) if is_same(&draft, known) => {}
            (Ok(draft), Some(_)) => plan.update.push(draft),
        }
    }
    // One that is held now and was written before stays as it was.
    let gone = standing.keys().filter(|id| ours.contains(**id) && !wanted.contains_key(**id));
    plan.remove = gone.map(|id| (*id).to_owned()).collect();
    plan
}

fn draft(id: &str, contact: &CrmContact) -> Result<ContactDraft, Hold> {
    let name = name(contact);
    let email = contact.email.as_deref().map(str::trim).unwrap_or_default();
    if !is_email(email) {
        let what = if email.is_empty() {
            "has no e-mail address".to_owned()
        } else {
            "has an e-mail address that is none".to_owned()
        };
        let remedy = format!("give contact {name} an e-mail address in the CRM, or deactivate it");
        return Err(Hold::new(
            HoldReason::ContactWithoutEmail,
            format!("contact {name} {what}; billing takes no contact without one"),
            remedy,
        ));
    }
    let too_long = |field: &str, long: TooLong| {
        let message = format!(
            "contact {name}: the {field} has {} characters, and billing takes {}",
            long.length, long.length_max
        );
        Hold::new(HoldReason::RejectedByTarget, message, format!("shorten the {field} of contact {name} in the CRM"))
    };
    let long_email = |long| too_long("e-mail address", long);
    let missing = || {
        Hold::new(
            HoldReason::ContactWithoutEmail,
            format!("contact {name} has no e-mail address"),
            "give it one in the CRM",
        )
    };
    Ok(ContactDraft {
        id: Bounded::new(id).map_err(|long| too_long("id", long))?.ok_or_else(missing)?,
        email: Bounded::new(email).map_err(long_email)?.ok_or_else(missing)?,
        first_name: text(contact.first_name.as_deref()).map_err(|long| too_long("first name", long))?,
        last_name: text(contact.last_name.as_deref()).map_err(|long| too_long("last name", long))?,
        phone: text(contact.phone.as_deref()).map_err(|long| too_long("phone number", long))?,
        // It only describes, so it is cut.
        label: contact.job_title.as_deref().and_then(Bounded::cut),
    })
}

fn name(contact: &CrmContact) -> String {
    let parts = [contact.first_name.as_deref(), contact.last_name.as_deref()];
    let name = parts.into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if name.is_empty() { contact.id.to_string() } else { name }
}

fn text<const MAX: usize>(text: Option<&str>) -> Result<Option<Bounded<MAX>>, TooLong> {
    text.map_or(Ok(None), Bounded::new)
}

/// Whether billing would take it: one `@`, a host with a dot, and only the signs of its pattern (chargebee.md §5).
pub(super) fn is_email(text: &str) -> bool {
    let Some((own, host)) = text.split_once('@') else { return false };
    let fits = |part: &str, signs: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || signs.contains(letter))
    };
    let host_fits = host.contains('.') && host.split('.').all(|label| fits(label, "-"));
    own.split('.').all(|part| fits(part, "_'+-")) && host_fits
}

/// Whether billing has it so already. A field that the CRM leaves empty is billing's own.
fn is_same(draft: &ContactDraft, known: &BillingContact) -> bool {
    fn same<const MAX: usize>(own: Option<&Bounded<MAX>>, other: Option<&str>) -> bool {
        own.is_none_or(|own| Some(own.as_str()) == other.map(str::trim))
    }
    let email = known.email.as_deref().is_some_and(|email| email.trim().eq_ignore_ascii_case(draft.email.as_str()));
    email
        && same(draft.first_name.as_ref(), known.first_name.as_deref())
        && same(draft.last_name.as_ref(), known.last_name.as_deref())
        && same(draft.phone.as_ref(), known.phone.as_deref())
        && same(draft.label.as_ref(), known.label.as_deref())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    fn contact(number: u128, email: &str) -> CrmContact {
        CrmContact {
            id: Uuid::from_u128(number),
            account: None,
            first_name: Some("Eline".to_owned()),
            last_name: Some("Vos".to_owned()),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
            phone: None,
            job_title: Some("Buyer".to_owned()),
            is_active: true,
            modified_at: None,
        }
    }

    /// As billing has it once a plan has been carried out.
    fn carried_out(plan: &ContactPlan, standing: &[BillingContact]) -> Vec<BillingContact> {
        let mut all: BTreeMap<String, BillingContact> =
            standing.iter().map(|contact| (contact.id.clone(), contact.clone())).collect();
        all.retain(|id, _| !plan.remove.contains(id));
        for draft in plan.add.iter().chain(&plan.update) {
            let known = all.entry(draft.id.as_str().to_owned()).or_default();
            let text = |own: Option<&str>, other: Option<String>| own.map(str::to_owned).or(other);
            *known = BillingContact {
                id: draft.id.as_str().to_owned(),
                email: Some(draft.email.as_str().to_owned()),
                first_name: text(draft.first_name.as_ref().map(Bounded::as_str), known.first_name.take()),
                last_name: text(draft.last_name.as_ref().map(Bounded::as_str), known.last_name.take()),
                phone: text(draft.phone.as_ref().map(Bounded::as_str), known.phone.take()),
                label: text(draft.label.as_ref().map(Bounded::as_str), known.label.take()),
            };
        }
        all.into_values().collect()
    }

    #[rstest]
    #[case("", "has no e-mail address")]
    #[case("eline", "that is none")]
    #[case("eline@localhost", "that is none")]
    #[case("el ine@acme.nl", "that is none")]
    fn a_contact_that_cannot_be_written_to_is_held_and_named(#[case] email: &str, #[case] why: &str) {
        let plan = plan_contacts(&[contact(1, email), contact(2, "a@b.nl")], &[], &BTreeSet::new());
        assert_eq!((plan.add.len(), plan.held.len()), (1, 1), "the other one goes");
        let hold = &plan.held[0].1;
        assert_eq!(hold.reason, HoldReason::ContactWithoutEmail);
        assert!(hold.message.contains("Eline Vos") && hold.message.contains(why), "{}", hold.message);
        assert!(hold.remedy.contains("Eline Vos"));
    }

    #[test]
    fn what_people_made_in_billing_stays_and_what_is_ours_goes_with_its_contact() {
        let by_hand =
            BillingContact { id: "contact_1".to_owned(), email: Some("x@y.nl".to_owned()), ..Default::default() };
        let former = BillingContact { id: Uuid::from_u128(9).to_string(), ..by_hand.clone() };
        let ours = BTreeSet::from([former.id.clone()]);
        let plan = plan_contacts(&[], &[by_hand, former.clone()], &ours);
        assert_eq!(plan.remove, [former.id]);
        assert_eq!(plan.len(), 1);
    }

    #[test]
    fn an_inactive_contact_goes_and_a_long_name_is_held() {
        let inactive = CrmContact { is_active: false, ..contact(1, "a@b.nl") };
        let long = CrmContact { first_name: Some("x".repeat(151)), ..contact(2, "a@b.nl") };
        let ours = BTreeSet::from([inactive.id.to_string(), long.id.to_string()]);
        let standing: Vec<_> = ours.iter().map(|id| BillingContact { id: id.clone(), ..Default::default() }).collect();
        let plan = plan_contacts(&[inactive.clone(), long], &standing, &ours);
        assert_eq!(plan.remove, [inactive.id.to_string()]);
        assert_eq!(plan.held[0].1.reason, HoldReason::RejectedByTarget);
        assert!(plan.add.is_empty() && plan.update.is_empty());
    }

    #[test]
    fn what_the_crm_does_not_know_is_left_to_billing() {
        let known = BillingContact {
            id: Uuid::from_u128(1).to_string(),
            email: Some("A@b.nl".to_owned()),
            first_name: Some("Eline".to_owned()),
            last_name: Some("Vos".to_owned()),
            phone: Some("030 123".to_owned()),
            label: Some("Buyer".to_owned()),
        };
        assert!(plan_contacts(&[contact(1, "a@b.nl")], &[known], &BTreeSet::new()).is_empty());
    }

    proptest! {
        #[test]
        fn once_carried_out_nothing_is_left_to_do_and_the_order_does_not_matter(
            people in prop::collection::btree_map(0..6_u128, (prop::sample::select(vec!["a@b.nl", "c@d.be", ""]), any::<bool>()), 0..6),
            known in prop::collection::btree_set(0..6_u128, 0..6),
            turned in any::<bool>(),
        ) {
            let mut contacts: Vec<_> = people
                .iter()
                .map(|(number, (email, is_active))| CrmContact { is_active: *is_active, ..contact(*number, email) })
                .collect();
            let standing: Vec<_> = known
                .iter()
                .map(|number| BillingContact { id: Uuid::from_u128(*number).to_string(), ..Default::default() })
                .collect();
            let ours: BTreeSet<String> = standing.iter().map(|contact| contact.id.clone()).collect();
            let plan = plan_contacts(&contacts, &standing, &ours);
            if turned {
                contacts.reverse();
            }
            prop_assert_eq!(&plan, &plan_contacts(&contacts, &standing, &ours));
            let after = carried_out(&plan, &standing);
            let again = plan_contacts(&contacts, &after, &ours);
            prop_assert!(again.is_empty(), "{:?}", again);
            prop_assert_eq!(again.held, plan.held);
        }
    }
}
