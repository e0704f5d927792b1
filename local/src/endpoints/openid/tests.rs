//! The provider by itself: what it gives, and what it refuses.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use shared::clock::Clock;
use shared::ids::Ids;

use super::*;
use crate::{Options, Pumps, Storage};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://localhost:8000/api/v1/auth/google/callback";

struct Scene {
    cloud: Cloud,
    secret: String,
}

impl Scene {
    async fn new() -> Scene {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let options = Options {
            template: root.join("template.yaml"),
            overrides: BTreeMap::from([("GoogleClientId".to_owned(), "client".to_owned())]),
            storage: Storage::Memory,
            public_url: "http://localhost:8000".to_owned(),
            clock: Clock::fixed("2026-11-20T09:30:00Z".parse().unwrap()),
            ids: Ids::counting(),
            invoke: None,
            wire: None,
            pumps: Pumps::ByHand,
        };
        let cloud = Cloud::start(options).await.unwrap();
        let secret = cloud.functions().environment("accounts").unwrap()["GOOGLE_CLIENT_SECRET"].clone();
        Scene { cloud, secret }
    }

    async fn ask(&self, method: Method, path: &str, form: &[(&str, &str)]) -> Response {
        let body = Bytes::from(serde_urlencoded::to_string(form).unwrap());
        let uri = format!("{PATH}{path}").parse().unwrap();
        answer(&self.cloud, &method, &uri, &HeaderMap::new(), &body).await
    }

    async fn json(&self, method: Method, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let (parts, body) = self.ask(method, path, form).await.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Allows, and returns the code.
    async fn allow(&self, changes: &[(&'static str, &'static str)]) -> String {
        let location = self.decide(&[&[("decision", "allow"), ("email", "ada@example.org")], changes].concat()).await;
        location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    async fn decide(&self, changes: &[(&'static str, &'static str)]) -> String {
        let response = self.ask(Method::POST, "/authorize", &asked(changes)).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    async fn redeem(&self, changes: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut form = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", "client"),
            ("client_secret", &self.secret),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        form.extend(changes.iter().copied());
        self.json(Method::POST, "/token", &form.into_iter().collect::<Vec<_>>()).await
    }
}

fn asked(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut form = BTreeMap::from([
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email profile"),
        ("state", "s&t"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    form.extend(changes.iter().copied());
    form.into_iter().collect()
}

#[tokio::test]
async fn a_code_gives_tokens_once_to_who_has_the_verifier() {
    let scene = Scene::new().await;
    let code = scene.allow(&[("access_type", "offline"), ("verified", "true"), ("name", "Ada")]).await;
    let (status, tokens) = scene.redeem(&[("code", &code)]).await;
    assert_eq!(status, StatusCode::OK);
    let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["iss"], scene.cloud.openid().issuer());
    assert_eq!(
        (&claims["aud"], &claims["nonce"], &claims["email_verified"]),
        (&json!("client"), &json!("n"), &json!(true))
    );
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert!(scene.redeem(&again).await.1["access_token"].is_string());
    // The second time it is somebody else's: what it gave ends.
    assert_eq!(scene.redeem(&[("code", &code)]).await.1, json!({ "error": "invalid_grant" }));
    assert_eq!(scene.redeem(&again).await.1, json!({ "error": "invalid_grant" }));
    scene.cloud.shutdown().await;
}

#[tokio::test]
async fn what_does_not_belong_to_a_code_is_refused() {
    let scene = Scene::new().await;
    let refused = json!({ "error": "invalid_grant" });
    for wrong in [("code_verifier", "x"), ("redirect_uri", "http://localhost:8000/other"), ("code", "x")] {
        let code = scene.allow(&[]).await;
        assert_eq!(
            scene.redeem(&[("code", &code), wrong]).await,
            (StatusCode::BAD_REQUEST, refused.clone()),
            "{wrong:?}"
        );
    }
    let code = scene.allow(&[]).await;
    let answer = scene.redeem(&[("code", &code), ("client_secret", "x")]).await;
    assert_eq!(answer, (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_client" })));
    scene.cloud.clock().advance(chrono::Duration::minutes(2));
    assert_eq!(scene.redeem(&[("code", &code)]).await.1, refused);
    scene.cloud.shutdown().await;
}

#[tokio::test]
async fn nobody_is_sent_to_a_foreign_address_and_denials_are_told() {
    let scene = Scene::new().await;
    for wrong in
        [("redirect_uri", "https://evil.example/"), ("client_id", "x"), ("redirect_uri", "http://localhost:80001/")]
    {
        let response = scene.ask(Method::POST, "/authorize", &asked(&[wrong, ("decision", "allow")])).await;
        assert_eq!(
            (response.status(), response.headers().get("location")),
            (StatusCode::BAD_REQUEST, None),
            "{wrong:?}"
        );
    }
    assert_eq!(scene.decide(&[("decision", "deny")]).await, format!("{CALLBACK}?error=access_denied&state=s%26t"));
    let wrong = [("code_challenge_method", "plain"), ("scope", "email"), ("response_type", "token")];
    for (wrong, error) in wrong.into_iter().zip(["invalid_request", "invalid_scope", "unsupported_response_type"]) {
        assert!(scene.decide(&[wrong]).await.contains(error), "{wrong:?}");
    }
    scene.cloud.shutdown().await;
}

#[tokio::test]
async fn the_page_quotes_what_it_was_asked() {
    let scene = Scene::new().await;
    let query = serde_urlencoded::to_string(asked(&[("state", "\"><script>")])).unwrap();
    let (parts, body) = scene.ask(Method::GET, &format!("/authorize?{query}"), &[]).await.into_parts();
    assert_eq!(parts.status, StatusCode::OK);
    let page = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;\"") && !page.contains("<script"), "{page}");
    let (_, keys) = scene.json(Method::GET, "/keys", &[]).await;
    let described = scene.json(Method::GET, "/.well-known/openid-configuration", &[]).await.1;
    assert_eq!(described["jwks_uri"], format!("{}/keys", scene.cloud.openid().issuer()));
    assert_eq!(keys["keys"][0]["alg"], "RS256");
    scene.cloud.shutdown().await;
}
