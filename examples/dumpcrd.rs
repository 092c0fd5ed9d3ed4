fn main() {
    for d in koppel::api::crd::definitions() {
        println!("{}", serde_json::to_string_pretty(&d.document).unwrap());
        std::fs::write(format!("/tmp/{}", d.file_name), d.to_yaml().unwrap()).unwrap();
    }
}
