//! The token endpoint: who asks, by which credential, for which resource.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::assertion;
use super::form::Form;
use super::problem::Problem;
use super::world::{App, Bearer, Tenant, World};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DEFAULT_SCOPE: &str = "/.default";

/// Answers a token request for the tenant that the path names; `authority` is scheme and host as the client used them.
pub fn grant(world: &mut World, name: &str, authority: &str, form: &Form) -> Result<Value, Problem> {
    let (id, tenant) = world.tenant(name).ok_or_else(|| Problem::unknown_tenant(name))?;
    match form.need("grant_type")? {
        "client_credentials" => {}
        other => return Err(Problem::unsupported_grant(other)),
    }
    let text = form.need("client_id")?;
    let client_id = text.parse::<Uuid>().ok();
    let known = client_id.and_then(|id| tenant.apps.get_key_value(&id));
    let (client_id, app) = known.ok_or_else(|| Problem::unknown_app(text, id))?;
    let resource = resource(tenant, form.need("scope")?)?;
    let endpoints = endpoints(authority, id, tenant);
    authenticate(world, app, *client_id, form, &endpoints)?;
    let (client_id, object_id, lifetime) = (*client_id, app.object_id, tenant.token_lifetime);
    Ok(issue(world, &Issue { tenant: id, client_id, object_id, resource, lifetime: lifetime.as_secs() }))
}

fn endpoints(authority: &str, id: Uuid, tenant: &Tenant) -> [String; 2] {
    [id.to_string(), tenant.domain.clone()].map(|name| format!("{authority}/{name}/oauth2/v2.0/token"))
}

fn authenticate(world: &World, app: &App, client_id: Uuid, form: &Form, endpoints: &[String]) -> Result<(), Problem> {
    if let Some(assertion) = form.get("client_assertion") {
        if form.need("client_assertion_type")? != ASSERTION_TYPE {
            return Err(Problem::malformed_assertion());
        }
        return assertion::check(world, app, client_id, assertion, endpoints);
    }
    let secret = form.get("client_secret").ok_or_else(Problem::no_credential)?;
    let now = world.clock.now();
    let mut matching = app.secrets.iter().filter(|one| one.value == secret).peekable();
    if matching.peek().is_none() {
        return Err(Problem::wrong_secret(client_id));
    }
    let lives = matching.any(|one| one.expires.is_none_or(|expires| expires > now));
    if lives { Ok(()) } else { Err(Problem::expired_secret(client_id)) }
}

/// The one resource of a scope such as `https://contoso.crm.dynamics.com/.default`.
fn resource(tenant: &Tenant, scope: &str) -> Result<Url, Problem> {
    let malformed = || Problem::malformed_scope(scope);
    let base = scope.strip_suffix(DEFAULT_SCOPE).ok_or_else(malformed)?;
    // A resource that ends with a slash gives two of them.
    let url: Url = base.trim_end_matches('/').parse().map_err(|_| malformed())?;
    if scope.contains(' ') || !matches!(url.scheme(), "http" | "https") || url.path() != "/" {
        return Err(malformed());
    }
    if tenant.resources.contains(&authority(&url)) {
        Ok(url)
    } else {
        Err(Problem::unknown_resource(base, &tenant.domain))
    }
}

/// `host:port` with the port said, as resources are known.
fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

struct Issue {
    tenant: Uuid,
    client_id: Uuid,
    object_id: Uuid,
    resource: Url,
    lifetime: i64,
}

/// Makes a token that looks like Entra's. Clients must not read it: whom it stands for, Entra keeps to itself.
fn issue(world: &mut World, of: &Issue) -> Value {
    let now = world.clock.now();
    let until = now.as_second() + of.lifetime;
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox"});
    let claims = json!({
        "aud": of.resource.as_str().trim_end_matches('/'), "iss": format!("https://sts.windows.net/{}/", of.tenant),
        "iat": now.as_second(), "nbf": now.as_second(), "exp": until, "appid": of.client_id, "appidacr": "1",
        "idtyp": "app", "oid": of.object_id, "tid": of.tenant, "uti": Uuid::new_v4(), "ver": "1.0",
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let seal = [Uuid::new_v4(), Uuid::new_v4()].map(|half| URL_SAFE_NO_PAD.encode(half.as_bytes())).concat();
    let token = format!("{}.{}.{seal}", part(&header), part(&claims));
    world.tokens.retain(|_, bearer| bearer.expires > now);
    let bearer = Bearer {
        tenant: of.tenant,
        client_id: of.client_id,
        authority: authority(&of.resource),
        expires: jiff::Timestamp::from_second(until).unwrap_or(now),
    };
    world.tokens.insert(token.clone(), bearer);
    json!({"token_type": "Bearer", "expires_in": of.lifetime, "ext_expires_in": of.lifetime, "access_token": token})
}
