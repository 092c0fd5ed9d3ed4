//! From the CRM to billing and back again (C2, C3, C26–C29): what is proved is read from the site's own customers and quotes,
//! and from the organization's own rows.

mod accounts;
mod addresses;
mod contacts;
mod echo;
mod faults;
mod following;
mod links;
mod quotes;
mod site;
