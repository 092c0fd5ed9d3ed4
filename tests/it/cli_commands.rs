//! The commands as a user starts them: the real binary against both sandboxes.

mod answers;
mod commands;
mod credentials;
mod crm;
mod demo;
mod documents;
mod help;
mod load;
mod manifests;
mod rig;
mod state;
mod watch;
