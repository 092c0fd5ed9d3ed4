// The operator's tests, against a real control plane. Run by `make test-cluster`, which brings the programs.
//
// The harness: `control_plane` starts it, `namespace` gives each test a place of its own, `access` says who a test acts as,
// `audit` what has been written and by whom, `process` runs an operator or a worker, `proxy` is a server in trouble.
// The tests of the controllers use the rest of the harness; they come with the controllers.
#![allow(dead_code)]

mod access;
mod audit;
mod certificates;
mod control_plane;
mod kubectl;
mod namespace;
mod process;
mod proxy;
mod wait;

mod chart;
mod definitions;
mod harness;
mod listing;
mod rules;
#[path = "../shared/mod.rs"]
mod shared;
mod worker;
