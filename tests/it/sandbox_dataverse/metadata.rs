//! The metadata API: tables, columns of every type, relationships, solutions, the cache, the lock (5, 8.2).

use jiff::SignedDuration;
use koppel::sandbox::dataverse::Pace;
use koppel::sandbox::dynamics::{DynamicsOptions, OTHER_ORGANIZATION, OTHER_TENANT};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Harness, account_lookup, column, invoice_table, label, reply};

const ATTRIBUTES: &str = "EntityDefinitions(LogicalName='cb_invoice')/Attributes";

#[tokio::test]
async fn a_new_table_is_read_back() {
    let harness = Harness::start().await;
    harness.publisher().await;
    let made = harness.post("EntityDefinitions", &invoice_table()).await.is(204);
    let table = harness.get("EntityDefinitions(LogicalName='cb_invoice')").await.is(200).json();
    assert_eq!(table["MetadataId"], json!(made.id()));
    for (name, value) in [
        ("SchemaName", json!("cb_Invoice")),
        ("EntitySetName", json!("cb_invoices")),
        ("PrimaryIdAttribute", json!("cb_invoiceid")),
        ("PrimaryNameAttribute", json!("cb_name")),
        ("OwnershipType", json!("UserOwned")),
        ("ChangeTrackingEnabled", json!(true)),
        ("IsCustomEntity", json!(true)),
        ("IsOptimisticConcurrencyEnabled", json!(true)),
    ] {
        assert_eq!(table[name], value, "{name}");
    }
    assert!(table["ObjectTypeCode"].as_i64().expect("a code") > 10_000);
    let columns = harness.get(&format!("{ATTRIBUTES}?$select=LogicalName,AttributeType")).await.rows();
    let names: Vec<&str> = columns.iter().filter_map(|column| column["LogicalName"].as_str()).collect();
    for name in [
        "cb_invoiceid",
        "createdon",
        "createdby",
        "modifiedon",
        "ownerid",
        "owningbusinessunit",
        "owninguser",
        "owningteam",
        "statecode",
        "statuscode",
        "versionnumber",
        "importsequencenumber",
        "overriddencreatedon",
        "transactioncurrencyid",
        "exchangerate",
        "cb_total_base",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let by_id = harness
        .get(&format!("EntityDefinitions({})?$select=LogicalName&$expand=Keys,Attributes", made.id()))
        .await
        .json();
    assert!(by_id["Attributes"].as_array().expect("columns").len() > 16 && by_id["Keys"] == json!([]));
    assert!(by_id.get("SchemaName").is_none());
}

#[tokio::test]
async fn columns_of_every_type() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let option = |value: i64, text: &str| json!({"Value": value, "Label": label(text)});
    let set = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": "cb_shared", "DisplayName": label("Shared"),
        "IsGlobal": true, "OptionSetType": "Picklist", "Options": [option(1, "One")],
    });
    let set = harness.post("GlobalOptionSetDefinitions", &set).await.is(204).id();
    let yes_no = json!({"TrueOption": option(1, "Yes"), "FalseOption": option(0, "No"), "OptionSetType": "Boolean"});
    for (kind, own, value, type_name) in [
        ("Memo", json!({"MaxLength": 5000, "Format": "TextArea"}), json!("long"), "MemoType"),
        ("BigInt", json!({}), json!(9_007_199_254_740_993_i64), "BigIntType"),
        ("Double", json!({"Precision": 3}), json!(1.5), "DoubleType"),
        (
            "DateTime",
            json!({"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}}),
            json!("2026-01-01T00:00:00Z"),
            "DateTimeType",
        ),
        ("Boolean", json!({"DefaultValue": true, "OptionSet": yes_no}), json!(false), "BooleanType"),
        (
            "MultiSelectPicklist",
            json!({"OptionSet": {"IsGlobal": false, "Options": [option(1, "A"), option(2, "B")]}}),
            json!("1,2"),
            "MultiSelectPicklistType",
        ),
        (
            "Picklist",
            json!({"GlobalOptionSet@odata.bind": format!("/GlobalOptionSetDefinitions({set})")}),
            json!(1),
            "PicklistType",
        ),
    ] {
        let name = format!("cb_Own{kind}");
        harness.post(ATTRIBUTES, &column(kind, &name, own)).await.is(204);
        let logical = name.to_lowercase();
        let id = harness.post("cb_invoices", &json!({&logical: value})).await.is(204).id();
        assert_eq!(
            harness.get(&format!("cb_invoices({id})?$select={logical}")).await.json()[&logical],
            value,
            "{kind}"
        );
        let read = harness.get(&format!("{ATTRIBUTES}(LogicalName='{logical}')")).await.json();
        assert_eq!(read["@odata.type"], format!("#Microsoft.Dynamics.CRM.{kind}AttributeMetadata"));
        assert_eq!(read["AttributeTypeName"]["Value"], type_name);
    }
    let inserted = json!({"OptionSetName": "cb_shared", "Label": label("Two")});
    assert_eq!(harness.post("InsertOptionValue", &inserted).await.is(200).json()["NewOptionValue"], 2);
    harness.post("cb_invoices", &json!({"cb_ownpicklist": 2})).await.is(204);
    let cast =
        format!("{ATTRIBUTES}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet");
    let picklists = harness.get(&cast).await.rows();
    let status = picklists.iter().find(|one| one["LogicalName"] == "cb_status").expect("the column");
    assert_eq!(status["OptionSet"]["Options"][0]["Value"], 727_000_000);
    assert!(picklists.iter().all(|one| one["LogicalName"] != "cb_name"));
    let text = format!("{ATTRIBUTES}/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength");
    assert!(harness.get(&text).await.rows().iter().any(|one| one["MaxLength"] == 100));
    assert_eq!(harness.get(&format!("{ATTRIBUTES}?$select=MaxLength")).await.status, 400, "needs a cast");
}

#[tokio::test]
async fn definitions_that_are_refused() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let changed = |name: &str, value: Value| {
        let mut table = invoice_table();
        table["SchemaName"] = json!("cb_Other");
        table[name] = value;
        table
    };
    for (name, value) in [
        ("SchemaName", json!("cb_invoice")),
        ("SchemaName", json!("zz_Other")),
        ("SchemaName", json!("Other")),
        ("OwnershipType", json!("Nobody")),
        ("HasNotes", Value::Null),
        ("DisplayName", Value::Null),
        ("Attributes", json!([])),
        ("@odata.type", json!("Microsoft.Dynamics.CRM.Nonsense")),
    ] {
        assert_eq!(harness.post("EntityDefinitions", &changed(name, value)).await.status, 400, "{name}");
    }
    let mut foreign = label("Facture");
    foreign["LocalizedLabels"][0]["LanguageCode"] = json!(1036);
    assert_eq!(
        harness.post("EntityDefinitions", &changed("DisplayName", foreign)).await.status,
        400,
        "a language that is off"
    );
    for body in [
        column("String", "cb_Name", json!({"MaxLength": 10})),
        column("String", "cb_Long", json!({"MaxLength": 4001})),
        column("Decimal", "cb_Fine", json!({"Precision": 11})),
        column("Lookup", "cb_Other", json!({})),
        column("Nonsense", "cb_Other", json!({})),
        column("String", "cb_Other", json!({"AttributeType": "Memo"})),
        column("DateTime", "cb_Other", json!({"Format": "DateAndTime", "DateTimeBehavior": {"Value": "DateOnly"}})),
        column("String", "cb_Other", json!({"RequiredLevel": {"Value": "SystemRequired"}})),
    ] {
        assert_eq!(harness.post(ATTRIBUTES, &body).await.status, 400, "{body}");
    }
    let patch = harness.patch("EntityDefinitions(LogicalName='cb_invoice')", &json!({})).await;
    assert_eq!(patch.status, 405, "definitions are put whole");
    assert_eq!(harness.get("EntityDefinitions(LogicalName='nonsense')").await.status, 404);
    assert_eq!(harness.get("EntityDefinitions?$orderby=LogicalName").await.status, 400);
    assert_eq!(harness.get("EntityDefinitions?$filter=Nonsense eq 'x'").await.status, 400);
}

#[tokio::test]
async fn a_column_is_changed_by_its_whole_definition() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let path = format!("{ATTRIBUTES}(LogicalName='cb_chargebeeid')");
    let mut definition =
        harness.get(&format!("{path}/Microsoft.Dynamics.CRM.StringAttributeMetadata")).await.is(200).json();
    definition["@odata.type"] = json!("Microsoft.Dynamics.CRM.StringAttributeMetadata");
    definition["MaxLength"] = json!(200);
    harness.put(&path, &definition).await.is(204);
    harness.post("cb_invoices", &json!({"cb_chargebeeid": "x".repeat(200)})).await.is(204);
    definition["SchemaName"] = json!("cb_Else");
    assert_eq!(harness.put(&path, &definition).await.status, 400);
    assert_eq!(harness.delete(&path).await.status, 400, "a key needs it");
    harness.delete(&format!("{ATTRIBUTES}(LogicalName='cb_lines')")).await.is(204);
    harness.post("cb_invoices", &json!({"cb_lines": 5})).await.is_refused(400, "0x80048d19");
}

#[tokio::test]
async fn relationships_tell_their_names_and_what_a_deletion_does() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let ways = harness.get("EntityDefinitions(LogicalName='cb_invoice')/ManyToOneRelationships").await.rows();
    let way = ways.iter().find(|way| way["SchemaName"] == "cb_account_invoice").expect("the relationship");
    assert_eq!(way["ReferencingEntityNavigationPropertyName"], "cb_AccountId");
    assert_eq!(
        (&way["ReferencingAttribute"], &way["CascadeConfiguration"]["Delete"]),
        (&json!("cb_accountid"), &json!("RemoveLink"))
    );
    harness.post("RelationshipDefinitions", &account_lookup("RemoveLink")).await.is_refused(400, "0x80040203");
    let account = harness.account("A").await;
    let bind = json!({"cb_AccountId@odata.bind": format!("/accounts({account})")});
    let invoice = harness.post("cb_invoices", &bind).await.is(204).id();
    harness.delete(&format!("accounts({account})")).await.is(204);
    assert_eq!(harness.get(&format!("cb_invoices({invoice})")).await.json()["_cb_accountid_value"], Value::Null);
    harness.delete("RelationshipDefinitions(SchemaName='cb_account_invoice')").await.is(204);
    let mut restrict = account_lookup("Restrict");
    restrict["ReferencingEntityNavigationPropertyName"] = json!("cb_accountid");
    harness.post("RelationshipDefinitions", &restrict).await.is(204);
    let account = harness.account("B").await;
    let bind = json!({"cb_accountid@odata.bind": format!("/accounts({account})")});
    harness.post("cb_invoices", &bind).await.is(204);
    harness.delete(&format!("accounts({account})")).await.is_refused(405, "0x80040227");
}

#[tokio::test]
async fn solutions_collect_their_components() {
    let harness = Harness::start().await;
    harness.publisher().await;
    let publisher = harness.get("publishers?$filter=uniquename eq 'koppel'").await.rows()[0]["publisherid"].clone();
    let solution = json!({
        "uniquename": "koppel", "friendlyname": "Koppel", "version": "1.0.0.0",
        "publisherid@odata.bind": format!("/publishers({})", publisher.as_str().expect("an id")),
    });
    let id = harness.post("solutions", &solution).await.is(204).id();
    harness.post("solutions", &solution).await.is_refused(412, "0x80040237");
    let send = |name: &str| {
        harness
            .request(Method::POST, "EntityDefinitions")
            .header("MSCRM.SolutionUniqueName", name)
            .json(&invoice_table())
    };
    assert_eq!(reply(send("nonsense")).await.status, 404);
    let table = reply(send("koppel")).await.is(204).id();
    let components = format!("solutioncomponents?$select=objectid,componenttype&$filter=_solutionid_value eq {id}");
    let rows = harness.get(&components).await.rows();
    assert_eq!((&rows[0]["objectid"], &rows[0]["componenttype"]), (&json!(table), &json!(1)));
    let account =
        harness.get("EntityDefinitions(LogicalName='account')?$select=LogicalName").await.json()["MetadataId"].clone();
    let add = json!({
        "ComponentId": account, "ComponentType": 1, "SolutionUniqueName": "koppel", "AddRequiredComponents": false,
    });
    harness.post("AddSolutionComponent", &add).await.is(200);
    assert_eq!(harness.get(&components).await.rows().len(), 2);
    for (name, value) in
        [("customizationprefix", "x"), ("customizationprefix", "mscrm"), ("customizationprefix", "1ab")]
    {
        let mut bad = json!({
            "uniquename": "bad", "friendlyname": "Bad", "customizationprefix": "bad", "customizationoptionvalueprefix": 10_001,
        });
        bad[name] = json!(value);
        assert_eq!(harness.post("publishers", &bad).await.status, 400, "{value}");
    }
}

#[tokio::test]
async fn all_tables_of_an_action_or_none() {
    let harness = Harness::start().await;
    harness.publisher().await;
    let name = |name: &str| {
        let mut column = column("String", name, json!({"IsPrimaryName": true, "MaxLength": 100}));
        column["@odata.type"] = json!("Microsoft.Dynamics.CRM.ComplexStringAttributeMetadata");
        column
    };
    let table = |schema_name: &str| {
        json!({
            "@odata.type": "Microsoft.Dynamics.CRM.ComplexEntityMetadata", "SchemaName": schema_name,
            "DisplayName": label("T"), "DisplayCollectionName": label("Ts"), "OwnershipType": "OrganizationOwned",
            "HasActivities": false, "HasNotes": false, "IsActivity": false, "Attributes": [name("cb_Name")],
        })
    };
    let bad = json!({"Entities": [table("cb_City"), table("zz_Wrong")]});
    harness.post("CreateEntities", &bad).await.is_refused(400, "0x80040203");
    assert!(!harness.organization.has_table("cb_city"));
    let good = json!({"Entities": [table("cb_City"), table("cb_Glass")]});
    let made = harness.post("CreateEntities", &good).await.is(200).json();
    assert_eq!(made["EntityIds"].as_array().expect("ids").len(), 2);
    let sets = harness.get("EntityDefinitions?$select=EntitySetName&$filter=IsCustomEntity eq true").await.rows();
    assert_eq!(sets.iter().map(|one| one["EntitySetName"].clone()).collect::<Vec<_>>(), ["cb_cities", "cb_glasses"]);
    let made = harness.post("cb_cities", &json!({"cb_name": "Utrecht"})).await.is(204).id();
    let row = harness.get(&format!("cb_cities({made})")).await.json();
    assert!(row.get("_ownerid_value").is_none() && row.get("_organizationid_value").is_some());
}

#[tokio::test]
async fn the_cache_lags_behind_unless_it_is_passed_by() {
    let harness = Harness::start().await;
    harness.organization.set_pace(Pace { metadata_lag_seconds: 30, ..Pace::immediate() });
    harness.invoices().await;
    let path = "EntityDefinitions(LogicalName='cb_invoice')?$select=LogicalName";
    assert_eq!(harness.get(path).await.status, 404);
    harness.get_with(path, "Consistency", "Strong").await.is(200);
    harness.post("cb_invoices", &json!({"cb_name": "rows are taken at once"})).await.is(204);
    assert!(!harness.get("$metadata").await.text.contains("EntityType Name=\"cb_invoice\""));
    harness.clock.advance(SignedDuration::from_secs(31));
    harness.get(path).await.is(200);
    let model = harness.get("$metadata?annotations=true").await.is(200);
    assert!(model.text.contains("<EntityType Name=\"cb_invoice\" ") && model.text.contains("Name=\"cb_AccountId\""));
    assert!(harness.get("").await.rows().iter().any(|set| set["url"] == "cb_invoices"), "the service document");
}

#[tokio::test]
async fn one_customization_at_a_time() {
    let harness = Harness::start().await;
    harness.publisher().await;
    harness.organization.set_pace(Pace { customization_milliseconds: 300, ..Pace::immediate() });
    let (table, nothing) = (invoice_table(), json!({}));
    let (first, second) =
        tokio::join!(harness.post("EntityDefinitions", &table), harness.post("PublishAllXml", &nothing));
    let (done, refused) = if first.status == 204 { (first, second) } else { (second, first) };
    assert_eq!(done.status, 204);
    refused.is_refused(429, "0x80071151");
    harness.organization.hold_customizations(true);
    let publish =
        json!({"ParameterXml": "<importexportxml><entities><entity>account</entity></entities></importexportxml>"});
    harness.post("PublishXml", &publish).await.is_refused(429, "0x80071151");
    harness.get("EntityDefinitions?$select=LogicalName").await.is(200);
    harness.organization.hold_customizations(false);
    harness.post("PublishXml", &publish).await.is(204);
    harness.post("PublishXml", &json!({"ParameterXml": "account"})).await.is_refused(400, "0x80040203");
}

#[tokio::test]
async fn a_table_that_others_point_to_is_not_dropped() {
    let harness = Harness::start().await;
    harness.invoices().await;
    harness.post("cb_invoices", &json!({"cb_name": "A"})).await.is(204);
    assert_eq!(harness.delete("EntityDefinitions(LogicalName='account')").await.status, 400);
    harness.delete("EntityDefinitions(LogicalName='cb_invoice')").await.is(204);
    harness.get("cb_invoices").await.is_refused(404, "0x8006088a");
}

#[tokio::test]
async fn without_sales_there_are_no_quotes() {
    let harness = Harness::start_with(DynamicsOptions::quick(), OTHER_ORGANIZATION, OTHER_TENANT).await;
    assert_eq!(harness.get("EntityDefinitions(LogicalName='quote')").await.status, 404);
    harness.get("quotes").await.is_refused(404, "0x8006088a");
    assert_eq!(harness.post("WinQuote", &json!({"Status": -1})).await.status, 404);
    harness.get("accounts").await.is(200);
}

#[tokio::test]
async fn a_customer_lookup_leads_to_accounts_or_contacts() {
    let harness = Harness::start().await;
    harness.invoices().await;
    let way = |target: &str| {
        json!({
            "SchemaName": format!("cb_{target}_customer"), "ReferencedEntity": target, "ReferencingEntity": "cb_invoice",
            "CascadeConfiguration": {"Delete": "RemoveLink"},
        })
    };
    let body = json!({
        "OneToManyRelationships": [way("account"), way("contact")],
        "Lookup": {"@odata.type": "Microsoft.Dynamics.CRM.ComplexLookupAttributeMetadata", "SchemaName": "cb_CustomerId",
            "DisplayName": label("Customer"), "RequiredLevel": {"Value": "None"}},
    });
    let made = harness.post("CreateCustomerRelationships", &body).await.is(200).json();
    assert_eq!(made["RelationshipIds"].as_array().expect("ids").len(), 2);
    let account = harness.account("A").await;
    let bind = json!({"cb_CustomerId_account@odata.bind": format!("/accounts({account})")});
    let id = harness.post("cb_invoices", &bind).await.is(204).id();
    assert_eq!(harness.get(&format!("cb_invoices({id})")).await.json()["_cb_customerid_value"], json!(account));
}

#[tokio::test]
async fn labels_in_other_languages_are_kept_where_that_is_asked_for() {
    let harness = Harness::start().await;
    harness.publisher().await;
    let mut table = invoice_table();
    let dutch = json!({"Label": "Factuur", "LanguageCode": 1043});
    table["DisplayName"]["LocalizedLabels"].as_array_mut().expect("labels").push(dutch);
    harness.post("EntityDefinitions", &table).await.is(204);
    let path = "EntityDefinitions(LogicalName='cb_invoice')";
    let mut definition = harness.get(path).await.is(200).json();
    definition["@odata.type"] = json!("Microsoft.Dynamics.CRM.EntityMetadata");
    definition["DisplayName"] = label("Bill");
    let languages = |body: Value| body["DisplayName"]["LocalizedLabels"].as_array().expect("labels").len();
    let request = harness.request(Method::PUT, path).header("MSCRM.MergeLabels", "true").json(&definition);
    reply(request).await.is(204);
    assert_eq!(languages(harness.get(path).await.json()), 2);
    harness.put(path, &definition).await.is(204);
    assert_eq!(languages(harness.get(path).await.json()), 1);
}
