//! Master data: what the story says is there, and what can be written.

use koppel::sandbox::exact::seed::relations;
use serde_json::{Value, json};

use super::support::Harness;

async fn codes(books: &Harness, path: &str) -> String {
    let rows = books.find(path, &[("$select", "Code"), ("$orderby", "Code")]).await.rows();
    rows.iter().map(|row| row["Code"].as_str().unwrap_or("null").trim()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn wolkwerk_is_as_the_story_says() {
    let books = Harness::start().await;
    assert_eq!(codes(&books, "financial/Journals").await, "20 22 70 71 90");
    assert_eq!(codes(&books, "vat/VATCodes").await, "0 1 2 3 6 7 9 B D F");
    assert_eq!(codes(&books, "cashflow/PaymentConditions").await, "00 14 30");
    assert_eq!(codes(&books, "hrm/Costcenters").await, "BE DE INT NL");
    assert_eq!(codes(&books, "hrm/Costunits").await, "ABO ADD DNS");
    assert_eq!(codes(&books, "logistics/ItemGroups").await, "ABO ADD DNS STD");
    assert_eq!(codes(&books, "general/Currencies").await, "EUR GBP USD");
    let periods = books
        .find("financial/FinancialPeriods", &[("$filter", "FinYear eq 2026"), ("$orderby", "FinPeriod")])
        .await
        .rows();
    assert_eq!((periods.len(), periods[1]["EndDate"].as_str()), (12, Some("/Date(1772236800000)/")));
    assert_eq!(books.get("financial/FinancialPeriods").await.rows().len(), 24);
    let closed = books.find("read/financial/JournalStatusList", &[("$filter", "Status eq 1")]).await.rows();
    assert!(closed.len() == 12 && closed.iter().all(|row| row["Journal"] == "70" || row["Journal"] == "90"));
    let group = books.find("logistics/ItemGroups", &[("$filter", "Code eq 'ABO'")]).await.rows()[0].clone();
    assert_eq!((group["GLRevenueCode"].as_str(), group["IsDefault"].as_i64()), (Some("8000"), Some(0)));
    let rates = books.get("vat/VatPercentages").await.rows();
    assert!(rates.len() == 10 && rates.iter().all(|row| row["VATCodeID"].is_string()));
    let oss = books.find("vat/VATCodes", &[("$filter", "OssCountry eq 'DE'")]).await.rows();
    assert_eq!((oss[0]["Code"].as_str(), oss[0]["Percentage"].as_f64()), (Some("D  "), Some(0.19)));
    let same = books
        .find("crm/Accounts", &[("$filter", &format!("VATNumber eq '{}'", relations::AMBIGUOUS_VAT_NUMBER))])
        .await;
    assert_eq!(same.rows().len(), 2);
    assert_eq!(books.get("system/Divisions").await.rows()[0]["Currency"], "EUR");
}

#[tokio::test]
async fn a_new_account_gets_a_code_and_its_values_back() {
    let books = Harness::start().await;
    let body = json!({
        "Name": "Nieuwe Klant B.V.", "Status": "C", "Country": "NL", "VATNumber": "NL826789456B01",
        "Email": "info@nieuw.example", "SearchCode": "cb_1", "PaymentConditionSales": "30",
    });
    let row = books.post("crm/Accounts", &body).await.json()["d"].clone();
    assert_eq!((row["Code"].as_str(), row["Country"].as_str()), (Some("              1011"), Some("NL ")));
    assert_eq!(
        (row["IsSales"].as_bool(), row["PaymentConditionSalesDescription"].as_str()),
        (Some(true), Some("30 dagen"))
    );
    assert!(row["Created"].as_str().is_some_and(|at| at.starts_with("/Date(1799141400000")), "{}", row["Created"]);
    let twin = books.post("crm/Accounts", &body).await;
    assert_eq!(twin.status, 201, "only the code is unique");
    let bare = books.post("crm/Accounts", &json!({"Name": "Kaal"})).await.json()["d"].clone();
    assert_eq!((bare["Status"].as_str(), bare["Code"].as_str()), (Some("A"), Some("              1013")));
    let coded = books.post("crm/Accounts", &json!({"Name": "Nr", "Code": "5000"})).await.json()["d"].clone();
    assert_eq!(coded["Code"], "              5000");
    let next = books.post("crm/Accounts", &json!({"Name": "Nr 2"})).await.json()["d"].clone();
    assert_eq!(next["Code"], "              5001");
}

#[tokio::test]
async fn bad_accounts_are_refused_in_the_vendors_words() {
    let books = Harness::start().await;
    let cases = [
        (json!({}), "Verplicht: Naam"),
        (json!({"Name": "x", "VATNumber": "NL826789457B01", "Country": "NL"}), "Ongeldig: Btw-nummer"),
        (json!({"Name": "x", "VATNumber": "DE136695978", "Country": "DE"}), "Ongeldig: Btw-nummer"),
        (json!({"Name": "x", "Email": "no address"}), "Ongeldig: E-mail []"),
        (json!({"Name": "x", "Country": "QQ"}), "Ongeldige referentie: Land"),
        (json!({"Name": "x", "Code": "cust-1"}), "Ongeldig: Code"),
        (json!({"Name": "x", "Code": "1001"}), "Gegeven bestaat reeds."),
        (json!({"Name": "x", "PaymentConditionSales": "45"}), "Ongeldige referentie: Betalingsconditie"),
        (json!({"Name": "x", "SalesVATCode": "8"}), "Ongeldige referentie: Btw-code"),
        (
            json!({"Name": "x", "GLAccountSales": "00000000-0000-0000-0000-000000000001"}),
            "Ongeldige referentie: Grootboekrekening",
        ),
        (json!({"Name": "x", "Status": "Q"}), "Ongeldig: Status"),
        (json!({"VATNumber": "1", "Country": "NL"}), "Verplicht: Naam\r\nOngeldig: Btw-nummer"),
    ];
    for (body, text) in cases {
        let answer = books.post("crm/Accounts", &body).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, text), "{body}");
    }
    let wrong_case = books.post("crm/Accounts", &json!({"Name": "x", "VatNumber": "1"})).await;
    assert_eq!(wrong_case.status, 400);
    let free = books.post("crm/Accounts", &json!({"Name": "x", "Country": "US", "VATNumber": "12-3456789"})).await;
    assert_eq!(free.status, 201, "numbers of other countries are free text");
}

#[tokio::test]
async fn accounts_change_in_part_and_never_by_code() {
    let books = Harness::start().await;
    let id = books.customer("Bakkerij Smit").await;
    let path = format!("crm/Accounts(guid'{id}')");
    let code = books.get(&path).await.json()["d"]["Code"].clone();
    assert_eq!(books.put(&path, &json!({"Code": code})).await.error(), "Gegeven bestaat reeds.");
    assert_eq!(books.put(&path, &json!({"VATNumber": "NL1"})).await.error(), "Ongeldig: Btw-nummer");
    assert_eq!(books.put(&path, &json!({"Name": ""})).await.error(), "Verplicht: Naam");
    assert_eq!(books.put(&path, &json!({"City": "Gouda", "Email": null})).await.status, 204);
    let row = books.get(&path).await.json()["d"].clone();
    assert_eq!((row["City"].as_str(), row["Name"].as_str()), (Some("Gouda"), Some("Bakkerij Smit")));
    books.book(&id, "INV-1").await;
    assert_eq!(books.delete(&path).await.error(), "In gebruik: Klant");
    let unused = books.customer("Weg").await;
    assert_eq!(books.delete(&format!("crm/Accounts(guid'{unused}')")).await.status, 204);
    assert_eq!(books.delete(&format!("crm/Accounts(guid'{unused}')")).await.status, 404);
}

#[tokio::test]
async fn items_belong_to_a_group_and_have_unique_codes() {
    let books = Harness::start().await;
    let groups = books.get("logistics/ItemGroups").await.rows();
    let group = |code: &str| groups.iter().find(|row| row["Code"] == code).map_or(Value::Null, |row| row["ID"].clone());
    let body = json!({"Code": "team-eur-monthly", "Description": "Team", "ItemGroup": group("ABO"), "IsSalesItem": true, "SalesVatCode": "2"});
    let made = books.post("logistics/Items", &body).await.json()["d"].clone();
    assert_eq!((made["Code"].as_str(), made["ItemGroupCode"].as_str()), (Some("team-eur-monthly"), Some("ABO")));
    assert_eq!(books.post("logistics/Items", &body).await.error(), "Gegeven bestaat reeds.");
    let plain = books.post("logistics/Items", &json!({"Code": "x", "Description": "X"})).await.json()["d"].clone();
    assert_eq!(plain["ItemGroup"], group("STD"), "the default group");
    assert_eq!(books.post("logistics/Items", &json!({"Code": "y"})).await.error(), "Verplicht: Omschrijving");
    let bad = json!({"Code": "z", "Description": "Z", "ItemGroup": "00000000-0000-0000-0000-000000000001"});
    assert_eq!(books.post("logistics/Items", &bad).await.error(), "Ongeldige referentie: Artikelgroep");
    let wrong_case = json!({"Code": "z", "Description": "Z", "SalesVATCode": "2"});
    assert_eq!(books.post("logistics/Items", &wrong_case).await.status, 400, "SalesVatCode on items");
    let path = format!("logistics/Items(guid'{}')", plain["ID"].as_str().expect("a guid"));
    assert_eq!(books.put(&path, &json!({"GLRevenue": books.gl("8010").await})).await.status, 204);
    assert_eq!(books.get(&path).await.json()["d"]["GLRevenueCode"], "8010");
    assert_eq!(books.post("logistics/ItemGroups", &json!({"Code": "N"})).await.status, 405);
}

#[tokio::test]
async fn codes_can_be_made_where_the_vendor_lets_them() {
    let books = Harness::start().await;
    for path in ["hrm/Costcenters", "hrm/Costunits", "financial/GLAccounts", "cashflow/PaymentConditions"] {
        let body = json!({"Code": "45", "Description": "Nieuw"});
        assert_eq!(books.post(path, &body).await.status, 201, "{path}");
        assert_eq!(books.post(path, &body).await.error(), "Gegeven bestaat reeds.", "{path}");
        assert_eq!(books.post(path, &json!({"Description": "x"})).await.error(), "Verplicht: Code", "{path}");
    }
    let vat = books.post("vat/VATCodes", &json!({"Code": "4", "Description": "Nieuw", "Type": "E"})).await.json()["d"]
        .clone();
    assert_eq!(vat["Code"], "4  ");
    let customer = books.customer("X").await;
    let mut entry = books.entry(&customer, "1").await;
    entry["SalesEntryLines"][0]["VATCode"] = json!("4");
    assert_eq!(
        books.post("salesentry/SalesEntries", &entry).await.error(),
        "Ongeldig: Btw-percentage []",
        "it has no percentage yet"
    );
}
