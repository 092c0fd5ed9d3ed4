//! Relations that Wolkwerk's administration has before Koppel comes: made by hand or by a predecessor. The constants are
//! what a billing customer has to carry to be one of them.

use uuid::{Uuid, uuid};

use super::Account;

/// An account that was merged away: gone, and listed in `sync/Deleted`.
pub const MERGED_AWAY: Uuid = uuid!("5f0e2c1a-7d34-4b6e-9a10-1f2e3d4c5b6a");
/// The account that survived that merge.
pub const SURVIVOR: Uuid = uuid!("0c9a7b52-3e81-4f0d-8b6c-a1b2c3d4e5f6");
/// VAT number of Molenaar Techniek B.V., which has no e-mail address and no search code.
pub const BY_VAT_NUMBER: &str = "NL812345010B01";
/// VAT number of the Belgian Lievens & Co.
pub const BY_BELGIAN_VAT_NUMBER: &str = "BE0765432146";
/// E-mail address of Studio Ravel, which has nothing else.
pub const BY_EMAIL: &str = "administratie@studioravel.example";
/// Chamber-of-commerce number of Van Dam Logistiek B.V.
pub const BY_CHAMBER_OF_COMMERCE: &str = "58231947";
/// Search code of Kwekerij Hazelaar: the billing customer's id, left by a predecessor.
pub const BY_SEARCH_CODE: &str = "cust-hazelaar";
/// VAT number that two accounts have: the Brouwerij of Noord and the one of Zuid.
pub const AMBIGUOUS_VAT_NUMBER: &str = "NL823456122B01";
/// VAT number of Failliet Handel B.V., which is blocked.
pub const BLOCKED_VAT_NUMBER: &str = "NL804567232B01";
/// VAT number of Oudeland Advies, a prospect and no customer yet.
pub const PROSPECT_VAT_NUMBER: &str = "NL815678344B01";

/// All of them, numbered from 1001.
pub fn accounts() -> Vec<Account> {
    let mut accounts = vec![
        Account { id: Some(SURVIVOR), city: text("Utrecht"), ..customer("De Vries & Zonen Holding B.V.") },
        Account { vat_number: text(BY_VAT_NUMBER), city: text("Zwolle"), ..customer("Molenaar Techniek B.V.") },
        Account { vat_number: text(BY_BELGIAN_VAT_NUMBER), country: "BE".into(), ..customer("Lievens & Co") },
        Account { email: text(BY_EMAIL), ..customer("Studio Ravel") },
        Account { chamber_of_commerce: text(BY_CHAMBER_OF_COMMERCE), ..customer("Van Dam Logistiek B.V.") },
        Account { search_code: text(BY_SEARCH_CODE), ..customer("Kwekerij Hazelaar") },
        Account { vat_number: text(AMBIGUOUS_VAT_NUMBER), ..customer("Brouwerij De Eendracht Noord") },
        Account { vat_number: text(AMBIGUOUS_VAT_NUMBER), ..customer("Brouwerij De Eendracht Zuid") },
        Account { vat_number: text(BLOCKED_VAT_NUMBER), blocked: true, ..customer("Failliet Handel B.V.") },
        Account { vat_number: text(PROSPECT_VAT_NUMBER), status: 'P', ..customer("Oudeland Advies") },
    ];
    for (account, code) in accounts.iter_mut().zip(1001..) {
        account.code = Some(code);
    }
    accounts
}

fn customer(name: &str) -> Account {
    Account { name: name.into(), status: 'C', country: "NL".into(), ..Account::default() }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}
