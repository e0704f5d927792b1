//! Hostile input: whatever is sent, the answer is a refusal in the route's own words, and never a failure of ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::json;

use crate::world::{ORIGIN, PASSWORD, Person, Reply, World, slices};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Bytes of a body that is large.
const LARGE: usize = 64 * 1024;

/// Bodies that nobody means well with.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep =
        |open: &str, close: &str, times: usize| format!("{}{}", open.repeat(times), close.repeat(times)).into_bytes();
    let mut bodies = vec![
        ("application/json", b"{".to_vec()),
        ("application/json", b"\"text\"".to_vec()),
        ("application/json", b"[\"a\",\"b\",\"c\"]".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", b"{}{}".to_vec()),
        ("application/json", b"\xff\xfe\x00".to_vec()),
        ("application/json", b"{\"username\":\"a\",\"username\":\"b\"}".to_vec()),
        ("application/json", deep("[", "]", 500_000)),
        ("application/json", deep("{\"a\":", "}", 20_000)),
        ("application/json", format!("{{\"username\":\"{}\"}}", "x".repeat(300_000)).into_bytes()),
        ("application/json", b"{\"username\":1e999}".to_vec()),
        ("application/x-www-form-urlencoded", b"username=%ff%fe&&&=&a".to_vec()),
        ("application/x-www-form-urlencoded", "username=a&".repeat(20_000).into_bytes()),
        ("multipart/form-data; boundary=cut", b"--cut\r\nContent-Disposition: form-data; name=\"avatar\"".to_vec()),
        ("multipart/form-data", b"--".to_vec()),
        ("multipart/form-data; boundary=cut", b"--cut--\r\n".to_vec()),
        ("multipart/form-data; boundary=cut", multipart(&[("username", b"\xff\xfe"), ("password", b"\0")])),
        ("multipart/form-data; boundary=cut", multipart(&[("username", &[b'x'; 300_000])])),
        ("multipart/form-data; boundary=cut", multipart(&[("username", b"a".as_slice()); 200])),
        ("multipart/form-data; boundary=cut", "--cut\r\n".repeat(50_000).into_bytes()),
        ("text/plain", b"hello".to_vec()),
        ("application/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>".to_vec()),
        ("; ;;", b"{}".to_vec()),
    ];
    let wrong = [
        json!(7),
        json!(null),
        json!([]),
        json!({}),
        json!(true),
        json!("\u{0}"),
        json!("\u{202e}x"),
        json!("раураl"),
        json!("../../etc"),
        json!("x".repeat(5000)),
        json!(-1),
        json!(1.5),
        json!("' OR 1=1 --"),
        json!("{{7*7}}"),
    ];
    let fields = [
        "username",
        "password",
        "password1",
        "password2",
        "email",
        "first_name",
        "deactivate",
        "score",
        "add_score",
        "old_password",
        "new_password1",
        "new_password",
        "code",
        "token",
        "refresh",
        "year_birth",
        "visibility",
        "profile_filename",
        "default_weight_unit",
        "text",
        "title",
        "post_images",
        "comment_target_content_type",
        "comment_target_object_id",
        "target_post",
        "content_type_id",
        "object_id",
        "recipient",
        "message_content",
        "attachment_reference",
        "client_id",
        "correspondent",
        "file_name",
        "content_type",
        "size",
        "platform_name",
        "action",
        "group_name",
        "existing_group_name",
        "send_report",
        "second_factor",
    ];
    for value in wrong {
        let all: serde_json::Map<_, _> = fields.iter().map(|field| ((*field).to_owned(), value.clone())).collect();
        bodies.push(("application/json", json!(all).to_string().into_bytes()));
    }
    bodies
}

/// A form of these texts.
fn multipart(texts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, text) in texts {
        form.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes());
        form.extend_from_slice(text);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--cut--\r\n");
    form
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_body_on_any_route_is_a_failure_of_ours() {
    let world = World::new().await;
    let mut sweeps = tokio::task::JoinSet::new();
    for (slice, table) in slices() {
        for row in table.rows() {
            // A member per route: what one route does to theirs is no other's business.
            let member = world.member(&format!("member{}", sweeps.len())).await;
            if slice == "tracker" {
                crate::tracker::make_subscriber(&world, &member).await;
            }
            // Where a session's cookie is not enough.
            member.keep("Authorization", &world.enter(&member).await);
            let path = row.path.replace("{user_id}", &member.id().to_string()).replace("{filename}", "x.png");
            let path = path.replace("{board}", "game").replace("{report_id}", "1");
            let path = path.replace("{platform}", "LeetCode").replace("{username}", "x").replace("{profile_id}", "9");
            let path = path.replace("{post}", "7").replace("{comment}", "7");
            let path = path.replace("{thread_id}", "7").replace("{message_id}", "8").replace("{reference}", "x");
            let callers = [member, world.visitor()];
            sweeps.spawn(send_everything(row.method.clone(), path, callers, sweeps.len()));
        }
    }
    while let Some(swept) = sweeps.join_next().await {
        swept.unwrap();
    }
    world.settle().await;
}

/// Large bodies, which are read alike everywhere, take turns on the routes, and so do those of nobody.
async fn send_everything(method: Method, path: String, [member, nobody]: [Person; 2], turn: usize) {
    for (number, (media, body)) in bodies().into_iter().enumerate() {
        let is_turn = (number + turn).is_multiple_of(3);
        // Whoever only asks has no body that is read; that it does no harm is seen with the short ones.
        if body.len() > if method.is_safe() { 100 } else { LARGE } && (method.is_safe() || !is_turn) {
            continue;
        }
        let callers = [Some(&member), Some(&nobody).filter(|_| is_turn)];
        for caller in callers.into_iter().flatten() {
            let reply = caller.copy().send(method.clone(), &path, &[("content-type", media)], body.clone()).await;
            let sent = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let told = format!("{method} {path} {media} {sent}: {} {}", reply.status, reply.text());
            assert!(reply.status.as_u16() < 500, "{told}");
            // A list is how one dialect words what belongs to no field.
            let worded = reply.json().is_object()
                || reply.json().is_array()
                || reply.header("content-type").starts_with("text/html");
            assert!(!reply.status.is_client_error() || worded, "{told}");
        }
    }
}

#[tokio::test]
async fn broken_json_is_told_in_the_games_words() {
    let world = World::new().await;
    for body in ["{", "[]", "7", "{\"a\":}", "\u{feff}{}", "\n", " \t "] {
        let reply = world.visitor().send(Method::POST, "/users/register/", &[JSON], body).await;
        reply.is(400, json!({ "errors": "Invalid JSON." }));
    }
    let large = format!("{{\"username\":\"{}\"}}", "x".repeat(256 * 1024));
    world.visitor().send(Method::POST, "/users/register/", &[JSON], large).await.assert(413);
    world.visitor().send(Method::POST, "/users/register/", &[("content-type", "text/csv")], "a,b").await.assert(415);
}

#[tokio::test]
async fn a_form_in_parts_is_read_like_any_other_and_within_bounds() {
    let world = World::new().await;
    let send = async |media: &str, body: Vec<u8>| {
        world.visitor().send(Method::POST, "/api/v1/auth/login", &[("content-type", media)], body).await
    };
    let form = "multipart/form-data; boundary=cut";
    world.member("ada").await;
    let credentials: [(&str, &[u8]); 2] = [("username", b"ada"), ("password", PASSWORD.as_bytes())];
    send(form, multipart(&credentials)).await.assert(200);
    send("Multipart/Form-Data; boundary=\"cut\"", multipart(&credentials)).await.assert(200);
    // Files are left alone, even large ones; texts together may be as long as any other body.
    let file = b"--cut\r\nContent-Disposition: form-data; name=\"password\"; filename=\"x\"\r\n\r\n";
    let with_file = [file.as_slice(), &[7; 400_000], b"\r\n", &multipart(&credentials)].concat();
    send(form, with_file).await.assert(200);
    send(form, multipart(&[("username", &[b'x'; 256 * 1024])])).await.assert(413);
    send(form, vec![b'x'; 4_500_001]).await.assert(413);
    let required = send(form, Vec::new()).await.assert(400).json();
    assert_eq!(required["password"], json!(["This field is required."]));
    let broken: [(&str, Vec<u8>); 8] = [
        ("multipart/form-data", multipart(&credentials)),
        ("multipart/form-data; boundary=", multipart(&credentials)),
        ("multipart/form-data; boundary=other", multipart(&credentials)),
        (form, b"--cut".to_vec()),
        (form, multipart(&credentials)[..60].to_vec()),
        (form, "--cut\r\n".repeat(1_000).into_bytes()),
        (form, multipart(&[("username", b"\xff")])),
        (form, multipart(&[("unknown", b"x".as_slice()); 101])),
    ];
    for (media, body) in broken {
        let told = send(media, body).await.assert(400).json();
        assert_eq!(told["detail"], "Multipart form parse error - The body is not a valid multipart form.", "{media}");
    }
    // A field that comes twice is not guessed at.
    send(form, multipart(&[("username", b"ada"), ("username", b"eve"), ("password", b"x")])).await.assert(400);
    world.settle().await;
}

#[tokio::test]
async fn slashes_in_front_of_a_path_count_as_one() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    for path in ["/health/", "//health/", "////health"] {
        world.visitor().get(path).await.assert(200);
    }
    ada.get(&format!("/{}", ada.profile())).await.assert(200);
    // But nowhere else, and nothing leads out.
    for path in ["/users//", "//users//1/", "//evil.example/health", "//..//health/"] {
        assert!([403, 404].contains(&ada.get(path).await.status.as_u16()), "{path}");
    }
    world.settle().await;
}

#[tokio::test]
async fn paths_that_lead_elsewhere_lead_nowhere() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let id = ada.id();
    for path in [
        "/users/../admin",
        "/users/%2e%2e/",
        "/users/1%2f..%2f2/",
        "/users/%00/",
        "/users/1%00/",
        "/users/١/",
        "/users/1.0/",
        "/users/0x1/",
        "/users/+1/",
        "/users/%20/",
        "/users/9999999999999999999999/",
        "/users//",
        "/user/x",
        "/media/../users/1/",
        "/media/avatars/1/..%2f..%2fsecret",
        "/.well-known/../users/",
        "/nothing",
        "/users/1/stats/x",
    ] {
        let path = path.replace('1', &id.to_string());
        let reply = ada.get(&encode(&path)).await;
        assert!([403, 404].contains(&reply.status.as_u16()), "{path}: {} {}", reply.status, reply.text());
    }
    ada.put("/users/register/", json!({})).await.is(405, json!({ "errors": "Method not allowed." }));
    assert!(ada.put("/users/login/", json!({})).await.header("allow").contains("POST"));
    world.settle().await;
}

/// A path with its letters outside ASCII percent-encoded, as a browser sends it.
fn encode(path: &str) -> String {
    path.bytes()
        .map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[tokio::test]
async fn cookies_and_headers_that_are_nonsense_mean_nobody() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let good = ada.cookie("sessionid").unwrap();
    let long = "A".repeat(5000);
    let cut = &good[..good.len() - 1];
    let other_member = URL_SAFE_NO_PAD.encode([99_u64.to_be_bytes().as_slice(), &[7; 24]].concat());
    for value in ["", "x", "%00", "\"", &long, cut, &other_member, "null", "é"] {
        let cookie = format!("sessionid={value}");
        ada.send(Method::GET, &ada.profile(), &[("cookie", &cookie)], "").await.assert(401);
    }
    // The first cookie of a name counts, and headers that come twice are no failure.
    let twice = format!("sessionid=x; sessionid={good}");
    ada.send(Method::GET, &ada.profile(), &[("cookie", &twice)], "").await.assert(401);
    let repeated = [("x-a", "1"), ("x-a", "2"), ("accept", "a"), ("accept", "b"), ("user-agent", "\u{7f}")];
    let reply = ada.send(Method::GET, &ada.profile(), &repeated[..4], "").await;
    reply.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn writes_from_a_foreign_origin_are_refused() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let write = async |origin: &str| -> Reply {
        let headers = [JSON, ("origin", origin)];
        ada.send(Method::PATCH, &ada.profile(), &headers, r#"{"first_name":"Ada"}"#).await
    };
    for origin in
        ["https://evil.example", "null", "", "http://guildhall.test.evil.example", "https://client.example.org.evil"]
    {
        write(origin).await.is(403, json!({ "errors": "Cross-site request refused." }));
    }
    for origin in [ORIGIN, "http://guildhall.test"] {
        write(origin).await.assert(200);
    }
    // Signing someone in from elsewhere is a write, too.
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let login = [JSON, ("origin", "https://evil.example")];
    ada.elsewhere().send(Method::POST, "/users/login/", &login, body).await.assert(403);
    ada.send(Method::GET, &ada.profile(), &[("origin", "https://evil.example")], "").await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn forged_tokens_open_nothing() {
    let world = World::new().await;
    let ada = world.member("ada").await;
    let token = ada.token().await;
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let decode =
        |part: &str| -> serde_json::Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let kid = decode(header)["kid"].clone();
    let with = |field: &str, value: serde_json::Value| {
        let mut claims = decode(claims);
        claims[field] = value;
        encode(claims)
    };
    let hs256 = encode(json!({ "alg": "HS256", "typ": "JWT", "kid": kid }));
    let forged = [
        format!("{}.{claims}.", encode(json!({ "alg": "none", "kid": kid }))),
        format!("{}.{claims}.{signature}", encode(json!({ "alg": "none", "kid": kid }))),
        format!("{hs256}.{claims}.{signature}"),
        format!("{}.{claims}.{signature}", encode(json!({ "alg": "EdDSA" }))),
        format!("{}.{claims}.{signature}", encode(json!({ "alg": "EdDSA", "kid": "../../etc/passwd" }))),
        format!("{}.{claims}.{signature}", encode(json!({ "alg": "EdDSA", "kid": "x".repeat(100_000) }))),
        format!(
            "{}.{claims}.{signature}",
            encode(json!({ "alg": "EdDSA", "jku": "https://evil.example/keys", "kid": "x" }))
        ),
        format!("{header}.{}.{signature}", with("sub", json!("1"))),
        format!("{header}.{}.{signature}", with("exp", json!(9_999_999_999_u64))),
        format!("{header}.{}.{signature}", with("aud", json!("another"))),
    ];
    for token in forged {
        let bearer = format!("Bearer {token}");
        let reply = world.visitor().send(Method::POST, "/v1/token", &[("authorization", &bearer)], "").await;
        // A header as large as that does not even pass the gateway.
        let refused = if token.len() > 10_000 { 431 } else { 401 };
        assert_eq!(reply.status.as_u16(), refused, "{}", &token[..token.len().min(80)]);
        assert!(world.visitor().connect(&format!("/?token={}", &token[..token.len().min(2000)]), &[]).await.is_err());
    }
    world.settle().await;
}

#[tokio::test]
async fn look_alikes_do_not_pass_for_others() {
    let world = World::new().await;
    world.member("paypal").await;
    let register = async |name: &str| {
        let body = json!({ "username": name, "password1": PASSWORD, "password2": PASSWORD });
        world.visitor().post("/users/register/", body).await.status.as_u16()
    };
    for name in ["раураl", "PAYPAL", "ｐａｙｐａｌ", "paypal\u{200b}", "pay\u{ad}pal", "paypal ", "pаypal"]
    {
        assert_eq!(register(name).await, 400, "{name:?}");
    }
    assert_eq!(register("пётр").await, 201);
    world.settle().await;
}

/// A person must be able to fail in peace: this keeps the sweep above honest about who it is.
#[tokio::test]
async fn the_sweeps_member_is_one() {
    let world = World::new().await;
    let ada: Person = world.member("ada").await;
    ada.copy().get(&ada.profile()).await.assert(200);
    world.settle().await;
}
