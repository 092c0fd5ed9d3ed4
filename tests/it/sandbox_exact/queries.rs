//! OData: options, forms of the answer, what is refused.

use serde_json::{Value, json};

use super::support::{Harness, reply};

fn names(rows: &[Value], property: &str) -> Vec<String> {
    rows.iter().map(|row| row[property].as_str().unwrap_or("null").to_owned()).collect()
}

#[tokio::test]
async fn rows_carry_metadata_and_every_property_unless_selected() {
    let books = Harness::start().await;
    let all = books.find("crm/Accounts", &[("$filter", "Name eq 'Studio Ravel'")]).await.rows();
    let row = all[0].as_object().expect("an object");
    assert_eq!(row.len(), 165, "164 properties of the contract and __metadata");
    assert!(row["Website"].is_null() && row["Code"] == "              1004" && row["Country"] == "NL ");
    assert!(row["BankAccounts"]["__deferred"]["uri"].is_string());
    assert_eq!(row["__metadata"]["type"], "Exact.Web.Api.Models.Account");
    let options = [("$filter", "Name eq 'Studio Ravel'"), ("$select", "ID,Name")];
    let some = books.find("crm/Accounts", &options).await.rows();
    assert_eq!(some[0].as_object().expect("an object").len(), 3);
    let uri = some[0]["__metadata"]["uri"].as_str().expect("a uri");
    assert_eq!(books.get(uri).await.json()["d"]["Name"], "Studio Ravel", "the uri of a row leads to it");
}

#[tokio::test]
async fn top_gives_a_bare_array_and_inlinecount_a_count() {
    let books = Harness::start().await;
    let bare = books.find("financial/Journals", &[("$top", "2"), ("$select", "Code")]).await.json();
    assert_eq!(bare["d"].as_array().map(Vec::len), Some(2));
    let listed = books.find("financial/Journals", &[("$select", "Code")]).await.json();
    assert_eq!(listed["d"]["results"].as_array().map(Vec::len), Some(5));
    assert!(listed["d"]["__next"].is_null());
    let counted = books.find("financial/Journals", &[("$top", "1"), ("$inlinecount", "allpages")]).await.json();
    assert_eq!(
        (counted["d"]["__count"].as_str(), counted["d"]["results"].as_array().map(Vec::len)),
        (Some("5"), Some(1))
    );
    let request =
        books.client.get(format!("{}/api/v1/100001/financial/Journals/$count", books.url)).bearer_auth(&books.token);
    assert_eq!(reply(request.send().await.expect("an answer")).await.text, "5");
    let me = books.get("/api/v1/current/Me").await;
    assert_eq!((me.rows().len(), me.rows()[0]["CurrentDivision"].as_i64()), (1, Some(100_001)));
    assert_eq!(me.rows()[0]["LanguageCode"], "nl-NL");
}

#[tokio::test]
async fn filters_work_on_every_kind_of_property() {
    let books = Harness::start().await;
    let codes = |filter: &'static str| {
        let books = &books;
        async move {
            let options = [("$filter", filter), ("$orderby", "Code"), ("$select", "Code")];
            let answer = books.find("financial/GLAccounts", &options).await;
            assert_eq!(answer.status, 200, "{filter}: {}", answer.text);
            names(&answer.rows(), "Code").join(" ")
        }
    };
    assert_eq!(codes("IsBlocked eq true").await, "8500");
    assert_eq!(codes("Type eq 110 and not startswith(Code,'80')").await, "8500 8999");
    assert_eq!(codes("substringof('btw',Description) eq true").await, "1500");
    assert_eq!(codes("endswith(Description,'EU') or Code eq '1300'").await, "1300 8030");
    assert_eq!(codes("(Type ge 20 and Type le 60) and Code ne '1500'").await, "1300 1850");
    assert_eq!(codes("UseCostcenter gt 0 and Created gt datetime'2026-01-01T00:00:00'").await, "8020");
    assert_eq!(codes("VATCode ne null").await, "");
    let gl = books.gl("8000").await;
    let by_guid = books.find("financial/GLAccounts", &[("$filter", &format!("ID eq guid'{gl}'"))]).await;
    assert_eq!(names(&by_guid.rows(), "Code"), ["8000"]);
}

#[tokio::test]
async fn padded_codes_need_padding_or_trim() {
    let books = Harness::start().await;
    let found = |filter: &'static str| {
        let books = &books;
        async move { books.find("crm/Accounts", &[("$filter", filter), ("$select", "Name")]).await.rows().len() }
    };
    assert_eq!(found("Code eq '1004'").await, 0, "an unpadded value matches nothing, without an error");
    assert_eq!(found("Code eq '              1004'").await, 1);
    assert_eq!(found("trim(Code) eq '1004'").await, 1);
    let vat =
        books.find("vat/VATCodes", &[("$filter", "Code eq '2'"), ("$select", "Code,Percentage,Type")]).await.rows();
    assert_eq!((vat[0]["Code"].as_str(), vat[0]["Percentage"].as_f64()), (Some("2  "), Some(0.21)));
}

#[tokio::test]
async fn what_the_vendor_refuses_is_400_with_its_sentence() {
    let books = Harness::start().await;
    let cases = [
        ("financial/Journals?$filter=Kode eq '70'", "Error in query syntax"),
        ("financial/Journals?$filter=Code eq", "Error in query syntax"),
        ("financial/Journals?$filter=ID eq '70'", "Error in query syntax"),
        ("financial/Journals?$select=Kode", "Could not find a property named 'Kode'"),
        ("financial/Journals?$expand=Code", "Could not find a property"),
        ("financial/Journals?$top=many", "Incorrect format for $top"),
        ("financial/Journals?$search=x", "not recognized"),
        ("salesentry/SalesEntries?$filter=SalesEntryLines/AmountFC gt 1", "Filtering on these fields is not supported"),
        ("salesentry/SalesEntries?$filter=AmountFC gt AmountDC", "Filtering on these fields is not supported"),
        ("crm/Accounts", "This endpoint has mandatory filtering applied."),
        ("crm/Accounts?$filter=Website eq 'x'", "This endpoint has mandatory filtering applied."),
        ("logistics/Items?$select=ID", "This endpoint has mandatory filtering applied."),
        ("financialtransaction/TransactionLines", "This endpoint has mandatory filtering applied."),
        ("bulk/CRM/Accounts?$filter=Status eq 'C'", "The $select parameter is mandatory"),
        ("sync/CRM/Accounts?$filter=Name eq 'x'", "Filtering on these fields is not supported: Name"),
        ("sync/CRM/Accounts?$skip=5", "not supported"),
        ("financial/Journals?$skiptoken=rubbish", "Error in query syntax"),
    ];
    for (path, sentence) in cases {
        let answer = books.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(
            answer.error().starts_with(sentence) || answer.error().contains(sentence),
            "{path}: {}",
            answer.error()
        );
        assert_eq!(answer.json()["error"]["code"], "");
    }
    assert_eq!(books.get("financial/Journals?limit=5&Kode=x").await.status, 200, "without $ it is ignored");
}

#[tokio::test]
async fn paths_are_case_sensitive_and_keys_are_looked_up() {
    let books = Harness::start().await;
    for path in ["hrm/CostCenters", "financial/journals", "nothing/Here", "salesentry/SalesEntries(guid'x"] {
        assert_eq!(books.get(path).await.status, 404, "{path}");
    }
    assert_eq!(books.get("/api/v1/financial/Journals").await.status, 404, "a division is needed");
    assert_eq!(books.get("general/Currencies('EUR')").await.json()["d"]["Description"], "Euro");
    assert_eq!(books.get("system/Divisions(100001)").await.json()["d"]["Description"], "Wolkwerk B.V.");
    let status = "read/financial/JournalStatusList(Journal='70',Period=6,Year=2026)";
    assert_eq!(books.get(status).await.json()["d"]["Status"], 1);
    assert_eq!(books.get("crm/Accounts(guid'5f0e2c1a-7d34-4b6e-9a10-1f2e3d4c5b6a')").await.status, 404, "merged away");
    assert_eq!(books.get("crm/Accounts(5)").await.status, 400);
    assert_eq!(
        books.delete("financial/FinancialPeriods(guid'5f0e2c1a-7d34-4b6e-9a10-1f2e3d4c5b6a')").await.status,
        405
    );
}

#[tokio::test]
async fn without_accept_json_there_is_atom() {
    let books = Harness::start().await;
    let url = format!("{}/api/v1/100001/financial/Journals?$filter=Code eq '70'", books.url);
    let answer = reply(books.client.get(&url).bearer_auth(&books.token).send().await.expect("an answer")).await;
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/atom+xml")));
    assert!(answer.text.starts_with("<?xml") && answer.text.contains("<d:Code>70</d:Code>"));
    let metadata = books.get("salesentry/$metadata").await;
    assert!(metadata.status == 200 && metadata.text.contains("EntityType Name=\"SalesEntryLine\""));
}

#[tokio::test]
async fn lines_are_expanded_deferred_or_reached_through_their_entry() {
    let books = Harness::start().await;
    let customer = books.customer("Bakkerij Smit").await;
    let booked = books.book(&customer, "INV-1").await;
    let id = booked["EntryID"].as_str().expect("a guid");
    let options = [
        ("$filter", "YourRef eq 'INV-1'"),
        ("$expand", "SalesEntryLines"),
        ("$select", "EntryID,SalesEntryLines/AmountFC,SalesEntryLines/VATCode"),
    ];
    let row = books.find("salesentry/SalesEntries", &options).await.rows()[0].clone();
    let lines = row["SalesEntryLines"]["results"].as_array().expect("lines").clone();
    assert_eq!((lines[0]["AmountFC"].as_f64(), lines[0]["VATCode"].as_str()), (Some(100.0), Some("2  ")));
    assert!(lines[0].get("Description").is_none());
    let through =
        books.get(&format!("salesentry/SalesEntries(guid'{id}')/SalesEntryLines?$filter=AmountFC gt 1")).await;
    assert_eq!(through.rows().len(), 1);
    let deferred = booked["SalesEntryLines"]["__deferred"]["uri"].as_str().expect("a uri");
    assert_eq!(books.get(deferred).await.rows()[0]["GLAccountCode"], "8000");
    let by_entry = books.find("salesentry/SalesEntryLines", &[("$filter", &format!("EntryID eq guid'{id}'"))]).await;
    assert_eq!(by_entry.rows()[0]["VATAmountFC"], json!(21.0));
}

#[tokio::test]
async fn functions_answer_by_their_parameters() {
    let books = Harness::start().await;
    let rights = |endpoint: &'static str, action: &'static str| {
        let books = &books;
        async move {
            let path = format!("users/UserHasRights?endpoint='{endpoint}'&action='{action}'");
            books.get(&path).await.json()["d"]["UserHasRights"].as_bool()
        }
    };
    assert_eq!(rights("salesentry/SalesEntries", "POST").await, Some(true));
    assert_eq!(rights("logistics/ItemGroups", "POST").await, Some(false), "the API cannot create item groups");
    books.sandbox.set_right(100_001, "salesentry/SalesEntries", false);
    assert_eq!(rights("salesentry/SalesEntries", "POST").await, Some(false));
    assert_eq!(books.get("users/UserHasRights").await.status, 400);
}
