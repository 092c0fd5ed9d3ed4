// The operator's tests, against a real control plane. Run by `make test-cluster`, which brings the programs.
//
// The harness: `control_plane` starts it, `namespace` gives each test a place of its own, `access` says who a test acts as,
// `audit` what has been written and by whom, `process` runs an operator or a worker, `proxy` is a server in trouble.
// `vendors` are the sandboxes, `operator` the operator on them, `standing` what the connection's status tells.

mod access;
mod audit;
mod certificates;
mod control_plane;
mod kubectl;
mod namespace;
mod operator;
mod pods;
mod process;
mod proxy;
mod secrets;
mod standing;
mod vendors;
mod wait;

// What becomes of a tenant that nobody runs: `running` is the operator as the chart runs it, `scene` the tenant.
mod running;
mod scene;

mod busy_server;
mod changes;
mod chart;
mod children;
mod conflicts;
mod drift;
mod goodbye;
mod patience;
mod policies;
mod requests;
mod restricted;
mod rights;
mod runs;
mod serving;
mod state_store;
mod steady;
mod switches;
mod trouble;
mod volumes;

mod adopted;
mod continuous;
mod crm;
mod definitions;
mod failover;
mod federated;
mod harness;
mod inline;
mod listing;
// The engine's tests use more of it.
#[allow(dead_code)]
#[path = "../it/engine/postgres.rs"]
mod postgres;
mod rules;
#[path = "../shared/mod.rs"]
mod shared;
mod worker;
mod worker_alone;
