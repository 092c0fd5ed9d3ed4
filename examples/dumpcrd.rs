use koppel::api::{manifest, validate};
fn main() {
    for d in koppel::api::crd::definitions() {
        println!("{}", serde_json::to_string_pretty(&d.document).unwrap());
        std::fs::write(format!("/tmp/{}", d.file_name), d.to_yaml().unwrap()).unwrap();
    }
    let (m, f) = manifest::load(std::path::Path::new(&std::env::args().nth(1).unwrap())).unwrap();
    for f in f.0 {
        eprintln!("{f}");
    }
    let o = validate::validate(&m, validate::Secrets::Here);
    for f in &o.findings {
        eprintln!("{f}");
    }
    eprintln!("{} connections", o.connections.len());
    if std::env::args().nth(2).is_some() {
        eprintln!("{:#?}", o.connections);
    }
}
