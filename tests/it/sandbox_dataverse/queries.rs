//! Queries: filters, order, pages, expansion, counts, and every legal way to write them (2.6).

use rstest::rstest;
use serde_json::{Value, json};

use super::support::Harness;

async fn filled() -> Harness {
    let harness = Harness::start().await;
    let parent = harness.account("Alpha").await;
    let bind = format!("/accounts({parent})");
    for body in [
        json!({"name": "Beta", "numberofemployees": 5, "telephone1": "020", "parentaccountid@odata.bind": bind}),
        json!({"name": "gamma", "numberofemployees": 10, "revenue": 99.5, "donotemail": true, "parentaccountid@odata.bind": bind}),
        json!({"name": "O'Delta", "numberofemployees": 15, "industrycode": 1}),
    ] {
        harness.post("accounts", &body).await.is(204);
    }
    harness
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["name"].as_str()).collect()
}

#[rstest]
#[case("name eq 'BETA'", &["Beta"])]
#[case("name ne 'Beta'", &["Alpha", "gamma", "O'Delta"])]
#[case("name eq 'O''Delta'", &["O'Delta"])]
#[case("numberofemployees gt 5 and numberofemployees le 15", &["gamma", "O'Delta"])]
#[case("numberofemployees ge 15 or telephone1 eq '020'", &["Beta", "O'Delta"])]
#[case("not (numberofemployees lt 15)", &["Alpha", "O'Delta"])]
#[case("telephone1 eq null and donotemail eq false", &["Alpha", "O'Delta"])]
#[case("contains(name,'MM')", &["gamma"])]
#[case("startswith(name, 'o') or endswith(name,'PHA')", &["Alpha", "O'Delta"])]
#[case("revenue eq 99.50", &["gamma"])]
#[case("industrycode eq 1", &["O'Delta"])]
#[case("parentaccountid/name eq 'Alpha'", &["Beta", "gamma"])]
#[case("_parentaccountid_value eq null", &["Alpha", "O'Delta"])]
#[case("account_parent_account/any(o:o/numberofemployees gt 5)", &["Alpha"])]
#[case("account_parent_account/any()", &["Alpha"])]
#[case("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['Beta','Alpha'])", &["Alpha", "Beta"])]
#[case("Microsoft.Dynamics.CRM.NotIn(PropertyName='numberofemployees',PropertyValues=['5','10'])", &["Alpha", "O'Delta"])]
#[case("createdon ge 2027-01-05T08:30:00Z and createdon lt 2027-01-05T08:31:00Z", &["Alpha", "Beta", "gamma", "O'Delta"])]
#[tokio::test]
async fn filters(#[case] filter: &str, #[case] expected: &[&str]) {
    let harness = filled().await;
    let query = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect::<String>();
    let rows = harness.get(&format!("accounts?%24select=name&%24orderby=name&%24filter={query}")).await.rows();
    assert_eq!(names(&rows), expected);
    let rows = harness
        .get(&format!("accounts?$select=name&$orderby=name&$filter={}", filter.replace(' ', "%20")))
        .await
        .rows();
    assert_eq!(names(&rows), expected, "spaces as %20");
}

#[tokio::test]
async fn order_top_and_count() {
    let harness = filled().await;
    let rows = harness.get("accounts?$select=name&$orderby=numberofemployees desc,name&$top=2").await.rows();
    assert_eq!(names(&rows), ["O'Delta", "gamma"]);
    let first = harness.get("accounts?$select=name&$orderby=numberofemployees&$top=1").await.rows();
    assert_eq!(names(&first), ["Alpha"], "nulls come first");
    let counted = harness.get("accounts?$select=name&$count=true&$top=1").await.json();
    assert_eq!(counted["@odata.count"], 4);
    assert_eq!(harness.get("accounts/$count").await.text, "4");
    assert_eq!(harness.get("accounts/$count?$filter=numberofemployees gt 5").await.text, "2");
    let alias = harness.get("accounts?$select=name&$filter=name eq @p1&@p1='Beta'").await;
    assert_eq!(alias.status, 400, "an alias stands for a whole option");
    let alias = harness.get("accounts?$select=name&$filter=@p1&@p1=name eq 'Beta'").await.rows();
    assert_eq!(names(&alias), ["Beta"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_loss() {
    let harness = Harness::start().await;
    for index in 0..7 {
        harness.post("accounts", &json!({"name": format!("A{index}"), "numberofemployees": index % 2})).await.is(204);
    }
    let path = "accounts?$select=name&$orderby=numberofemployees desc&$count=true&$top=2";
    let mut page = harness.get_with(path, "Prefer", "odata.maxpagesize=3").await.is(200);
    assert_eq!(page.header("preference-applied").as_deref(), Some("odata.maxpagesize=3"));
    let mut sizes = Vec::new();
    let mut seen = Vec::new();
    loop {
        let body = page.json();
        sizes.push(page.rows().len());
        seen.extend(names(&page.rows()).into_iter().map(str::to_owned));
        let Some(next) = body["@odata.nextLink"].as_str().map(str::to_owned) else { break };
        assert!(next.starts_with(&harness.url) && next.contains("$skiptoken=%3Ccookie"), "{next}");
        page = harness.get_with(&next, "Prefer", "odata.maxpagesize=3").await.is(200);
    }
    assert_eq!(sizes, [3, 3, 1], "with a page size $top is ignored");
    seen.sort_unstable();
    assert_eq!(seen, ["A0", "A1", "A2", "A3", "A4", "A5", "A6"]);
    let broken = harness.get("accounts?$skiptoken=nonsense").await;
    broken.is_refused(400, "0x80040203");
}

#[tokio::test]
async fn expansion_of_lookups_and_of_collections() {
    let harness = filled().await;
    let path = "accounts?$select=name&$filter=name eq 'Alpha'&$expand=account_parent_account($select=name;$orderby=name desc),\
                primarycontactid($select=fullname)";
    let row = harness.get(path).await.rows()[0].clone();
    assert_eq!(names(row["account_parent_account"].as_array().expect("rows")), ["gamma", "Beta"]);
    assert_eq!(row["primarycontactid"], Value::Null);
    let filtered = "accounts?$filter=name eq 'Alpha'&$expand=account_parent_account($select=name;$filter=numberofemployees gt 5;$top=1)";
    let row = harness.get(filtered).await.rows()[0].clone();
    assert_eq!(names(row["account_parent_account"].as_array().expect("rows")), ["gamma"]);
    let paged = "accounts?$select=name&$filter=name eq 'Alpha'&$expand=account_parent_account($select=name)";
    let row = harness.get_with(paged, "Prefer", "odata.maxpagesize=1").await.rows()[0].clone();
    let next = row["account_parent_account@odata.nextLink"].as_str().expect("a link").to_owned();
    let rest = harness.get_with(&next, "Prefer", "odata.maxpagesize=1").await.is(200).rows();
    assert_eq!(rest.len(), 1);
    assert_ne!(rest[0]["name"], row["account_parent_account"][0]["name"]);
    harness.get("accounts?$expand=nonsense").await.is_refused(400, "0x80060888");
}

#[tokio::test]
async fn formatted_values_are_for_people() {
    let harness = Harness::start().await;
    let body =
        json!({"name": "A", "industrycode": 1, "revenue": 1234.5, "donotemail": true, "numberofemployees": 1000});
    let id = harness.post("accounts", &body).await.is(204).id();
    let path = format!("accounts({id})?$select=industrycode,revenue,donotemail,numberofemployees,createdon");
    let row = harness.get_with(&path, "Prefer", "odata.include-annotations=\"*\"").await.json();
    let text = |name: &str| row[format!("{name}@OData.Community.Display.V1.FormattedValue")].clone();
    assert_eq!(text("industrycode"), "Accounting");
    assert_eq!(text("revenue"), "€1,234.50");
    assert_eq!(text("donotemail"), "Yes");
    assert_eq!(text("numberofemployees"), "1,000");
    assert_eq!(text("createdon"), "1/5/2027 8:30 AM");
}

#[tokio::test]
async fn all_columns_are_given_to_who_selects_none() {
    let harness = filled().await;
    let row = harness.get("accounts?$top=1").await.rows()[0].clone();
    assert!(row.as_object().expect("a row").len() > 100, "nulls too");
    assert_eq!(harness.get("accounts?fetchXml=<fetch/>").await.status, 501, "not simulated, and so it says");
}
