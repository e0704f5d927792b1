//! The staff's pages: who gets in, finding members, and what may be done about them.

mod acts;
mod reports;
mod trail;

use chrono::Duration;
use http::Method;
use serde_json::json;

use crate::world::{PASSWORD, Person, Reply, World};

/// A member of the staff, who has signed in.
pub async fn staff(world: &World) -> Person {
    let staff = world.member("warden").await;
    world.promote(&staff).await;
    staff
}

/// The first page of every section.
const PAGES: &[&str] =
    &["/admin/", "/admin/users/", "/admin/reports/", "/admin/letters/", "/admin/jobs/", "/admin/audit/"];

pub fn page_of(member: &Person) -> String {
    format!("/admin/users/{}/", member.id())
}

/// The token of the forms on a page.
pub fn token(page: &Reply) -> String {
    let text = page.text();
    let rest = text.split("name=\"token\" value=\"").nth(1).expect("a form");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// Presses a button on a member's page, with the other fields of its form, and follows to the page that comes next.
pub async fn press(staff: &Person, member: &Person, button: &str, fields: &[(&str, &str)]) -> Reply {
    let token = token(&staff.get(&page_of(member)).await.assert(200));
    let form = [&[("token", token.as_str())], fields].concat();
    let reply = staff.fill(&format!("{}{button}/", page_of(member)), &form).await.assert(303);
    staff.get(reply.header("location")).await.assert(200)
}

/// The names on a page of the list, in their order.
fn names(page: &Reply) -> Vec<String> {
    let text = page.text();
    let rows = text.split("<th scope=\"row\">").skip(1);
    rows.map(|row| row.split(['<', '>']).nth(2).unwrap_or_default().to_owned()).collect()
}

/// Everything that the staff does, once. `template.rs` has it done to see what the function has to be allowed.
pub async fn a_day_of_the_staff(world: &World, member: &Person) {
    let staff = staff(world).await;
    for page in PAGES {
        staff.get(page).await.assert(200);
    }
    let form = staff.elsewhere();
    let page = form.get("/admin/sign-in/").await.assert(200);
    let credentials = [("token", token(&page)), ("username", staff.name.clone()), ("password", PASSWORD.to_owned())];
    let credentials: Vec<_> = credentials.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.fill("/admin/sign-in/", &credentials).await.assert(303);
    member.elsewhere().sign_in_with("wrong").await.assert(401);
    press(&staff, member, "unlock", &[]).await;
    press(&staff, member, "score", &[("score", "12")]).await;
    let other = world.member("other").await;
    press(&staff, &other, "deactivate", &[]).await;
    press(&staff, &other, "activate", &[]).await;
    press(&staff, &other, "ban", &[("reason", "because")]).await;
    press(&staff, &other, "reinstate", &[]).await;
    press(&staff, &other, "edit", &[("email", "other@example.org")]).await;
    press(&staff, &other, "edit", &[("email", "")]).await;
    press(&staff, &other, "role", &[("role", "moderator")]).await;
    press(&staff, &other, "end-sessions", &[]).await;
    let token = token(&staff.get("/admin/jobs/").await);
    staff.fill("/admin/jobs/clean-up/run/", &[("token", &token)]).await.assert(303);
    press(&staff, &other, "delete", &[("sure", "yes")]).await;
}

#[tokio::test]
async fn nobody_is_led_to_the_form_and_a_member_hears_that_it_is_not_for_them() {
    let world = World::new().await;
    for (path, next) in
        [("/admin", "%2Fadmin"), ("/admin/", "%2Fadmin%2F"), ("/admin/users/?name=a", "%2Fadmin%2Fusers%2F%3Fname%3Da")]
    {
        let reply = world.visitor().get(path).await.assert(302);
        assert_eq!(reply.header("location"), format!("/admin/sign-in/?next={next}"));
    }
    // A write is not repeated after signing in.
    let reply = world.visitor().fill("/admin/users/1/delete/", &[("token", "x")]).await.assert(302);
    assert_eq!(reply.header("location"), "/admin/sign-in/");
    let eve = world.member("eve").await;
    let refused = eve.get("/admin/").await.assert(403);
    assert_eq!(refused.header("content-type"), "text/html; charset=utf-8");
    assert!(refused.header("content-security-policy").contains("default-src 'none'"));
    assert!(refused.text().contains("You do not have permission to perform this action."));
    eve.get(&page_of(&eve)).await.assert(403);
    let staff = staff(&world).await;
    for path in ["/admin", "/admin/"] {
        staff.get(path).await.assert(200);
    }
    for path in ["/admin/nothing", "/admin/users/999999/", "/admin/users/x/"] {
        let missing = staff.get(path).await.assert(404);
        assert!(missing.text().starts_with("<!doctype html>"), "{}", missing.text());
    }
    staff.send(Method::PUT, "/admin/", &[], "").await.assert(405);
    world.settle().await;
}

#[tokio::test]
async fn the_form_signs_in_by_the_rules_of_every_login() {
    let world = World::new().await;
    let warden = staff(&world).await.elsewhere();
    let page = warden.get("/admin/sign-in/?next=%2Fadmin%2Fusers%2F%3Fname%3Da").await.assert(200);
    assert!(page.text().contains("name=\"next\" value=\"/admin/users/?name=a\""), "{}", page.text());
    let token = token(&page);
    let sign_in = async |name: &str, password: &str, next: &str| {
        let form = [("token", token.as_str()), ("username", name), ("password", password), ("next", next)];
        warden.fill("/admin/sign-in/", &form).await
    };
    for (name, password) in [("warden", "wrong"), ("nobody", PASSWORD), ("", ""), ("\"><script>", "x")] {
        let refused = sign_in(name, password, "/admin/").await.assert(401).text();
        assert!(refused.contains("Name and password do not belong together."), "{refused}");
        assert!(!refused.contains("\"><script>"), "{refused}");
    }
    let entered = sign_in("warden", PASSWORD, "/admin/users/?name=a").await.assert(303);
    assert_eq!(entered.header("location"), "/admin/users/?name=a");
    assert!(entered.cookie("sessionid").unwrap().contains("HttpOnly"));
    warden.get("/admin/users/?name=a").await.assert(200);

    // Five failures lock this door and the game's, which is one and the same.
    let stranger = warden.elsewhere();
    let page = stranger.get("/admin/sign-in/").await;
    let token = self::token(&page);
    let guess = [("token", token.as_str()), ("username", "warden"), ("password", "wrong")];
    for _ in 0..4 {
        stranger.fill("/admin/sign-in/", &guess).await.assert(401);
    }
    let locked = stranger.fill("/admin/sign-in/", &guess).await.assert(429);
    assert_eq!(locked.header("retry-after"), "900");
    assert!(locked.text().contains("Locked out due to too many login failures."));
    stranger.sign_in().await.assert(403);
    world.settle().await;
}

#[tokio::test]
async fn only_pages_of_the_staff_come_after_the_form() {
    let world = World::new().await;
    staff(&world).await;
    for next in ["https://evil.example/", "//evil.example/admin/", "/users/1/", "/admin/\r\nset-cookie: a=b", ""] {
        let warden = Person::new(&world, "warden");
        let token = token(&warden.get("/admin/sign-in/").await);
        let form = [("token", token.as_str()), ("username", "warden"), ("password", PASSWORD), ("next", next)];
        let entered = warden.fill("/admin/sign-in/", &form).await.assert(303);
        assert_eq!(entered.header("location"), "/admin/", "{next:?}");
    }
    world.settle().await;
}

#[tokio::test]
async fn a_form_counts_only_in_the_browser_that_it_was_shown_in() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    let shown = token(&warden.get(&page_of(&ada)).await);
    let deactivate = format!("{}deactivate/", page_of(&ada));
    let second = warden.elsewhere();
    second.sign_in().await.assert(200);
    second.fill(&deactivate, &[("token", &shown)]).await.assert(403);
    for token in ["", "x", "bnVsbA.AAAAAAAAAAAAAAAAAAAAAA"] {
        warden.fill(&deactivate, &[("token", token)]).await.assert(403);
    }
    warden.fill(&deactivate, &[]).await.assert(400);
    // The form to sign in is bound to its browser, too.
    let door = token(&warden.elsewhere().get("/admin/sign-in/").await);
    let form = [("token", door.as_str()), ("username", "warden"), ("password", PASSWORD)];
    warden.elsewhere().fill("/admin/sign-in/", &form).await.assert(403);
    // And a token does not make up for a foreign origin.
    let media = ("content-type", "application/x-www-form-urlencoded");
    let foreign = [media, ("origin", "https://evil.example")];
    warden.send(Method::POST, &deactivate, &foreign, format!("token={shown}")).await.assert(403);
    ada.get(&ada.profile()).await.assert(200);
    warden.fill(&deactivate, &[("token", &shown)]).await.assert(303);
    ada.get(&ada.profile()).await.assert(401);
    world.settle().await;
}

#[tokio::test]
async fn members_are_found_by_how_their_names_begin_page_by_page() {
    let world = World::new().await;
    let warden = staff(&world).await;
    let eve = world.member("Eve").await;
    for number in 0..30 {
        Person::new(&world, &format!("ada{number:02}")).register().await;
    }
    let first = warden.get("/admin/users/?name=ADA").await.assert(200);
    let expected: Vec<_> = (0..30).map(|number| format!("ada{number:02}")).collect();
    assert_eq!(names(&first), expected[..25]);
    let text = first.text();
    let next = text.split("<a href=\"").find(|link| link.contains("rel=\"next\"")).expect("a next page");
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = warden.get(&next).await.assert(200);
    assert_eq!(names(&second), expected[25..]);
    assert!(!second.text().contains("rel=\"next\""));
    // A cursor belongs to its list, and to whoever was given it.
    warden.get(&next.replace("ADA", "e")).await.assert(422);
    world.promote(&eve).await;
    eve.get(&next).await.assert(422);
    assert_eq!(names(&warden.get("/admin/users/?name=e").await), ["Eve"]);
    assert!(
        warden.get("/admin/users/?name=x%22%3E%3Cb%3E").await.assert(200).text().contains("No name begins like this.")
    );
    // Names come and go with their members.
    eve.patch(&eve.profile(), json!({ "username": "countess" })).await.assert(200);
    assert_eq!(names(&warden.get("/admin/users/?name=e").await), [""; 0]);
    assert_eq!(names(&warden.get("/admin/users/?name=countess").await), ["countess"]);
    eve.delete(&eve.profile()).await.assert(200);
    assert_eq!(names(&warden.get("/admin/users/?name=countess").await), [""; 0]);
    world.settle().await;
}

#[tokio::test]
async fn an_account_is_deactivated_and_activated_again() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    ada.score(7).await;
    let board = async || {
        world.settle().await;
        world.visitor().get("/users/leaderboard/").await.json().as_array().unwrap().len()
    };
    let mut socket = ada.open_socket().await;
    let page = press(&warden, &ada, "deactivate", &[]).await.text();
    assert!(page.contains("The account is deactivated") && page.contains("Deactivated"), "{page}");
    ada.get(&ada.profile()).await.assert(401);
    ada.elsewhere().sign_in().await.is(401, json!({ "errors": "Account is deactivated." }));
    assert_eq!(board().await, 1);
    // The same event as after one's own deactivation: sockets close.
    assert!(crate::chat::is_dismissed(&mut socket).await);
    let page = press(&warden, &ada, "activate", &[]).await.text();
    assert!(page.contains("The account is active."), "{page}");
    ada.elsewhere().sign_in().await.assert(200);
    assert_eq!(board().await, 2);
    assert_eq!(world.visitor().get("/users/leaderboard/").await.json()[0]["score"], 7);
}

#[tokio::test]
async fn a_lock_is_lifted_on_every_device() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    ada.post("/users/logout/", json!({})).await.assert(200);
    for browser in [ada.clone(), ada.elsewhere()] {
        for _ in 0..5 {
            browser.sign_in_with("wrong").await;
        }
        browser.sign_in().await.assert(403);
    }
    assert!(
        warden
            .get(&page_of(&ada))
            .await
            .text()
            .contains("Locked</span> until <time datetime=\"2026-01-31T08:30:00Z\">")
    );
    let page = press(&warden, &ada, "unlock", &[]).await.text();
    assert!(page.contains("Failed logins are forgotten.") && page.contains("Not locked"), "{page}");
    ada.sign_in().await.assert(200);
    ada.elsewhere().sign_in().await.assert(200);
    // What is over is not shown.
    for _ in 0..5 {
        ada.elsewhere().sign_in_with("wrong").await;
    }
    world.wait(Duration::minutes(15));
    assert!(warden.get(&page_of(&ada)).await.text().contains("Not locked"));
    press(&warden, &ada, "unlock", &[]).await;
    world.settle().await;
}

#[tokio::test]
async fn a_score_is_set_and_nonsense_is_not() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    press(&warden, &ada, "score", &[("score", "-12")]).await;
    assert_eq!(ada.get(&ada.profile()).await.json()["score"], -12);
    let token = token(&warden.get(&page_of(&ada)).await);
    for score in ["", "x", "1.5", "9007199254740992", "1e3"] {
        let path = format!("{}score/", page_of(&ada));
        warden.fill(&path, &[("token", token.as_str()), ("score", score)]).await.assert(422);
    }
    assert_eq!(ada.get(&ada.profile()).await.json()["score"], -12);
    world.settle().await;
}

#[tokio::test]
async fn an_account_is_deleted_for_good_once_the_box_is_ticked() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.reachable("ada").await);
    ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200);
    let token = token(&warden.get(&page_of(&ada)).await);
    let path = format!("{}delete/", page_of(&ada));
    warden.fill(&path, &[("token", token.as_str())]).await.assert(422);
    ada.get(&ada.profile()).await.assert(200);
    let page = press(&warden, &ada, "delete", &[("sure", "yes")]).await;
    assert!(page.text().contains("The account is deleted."));
    assert_eq!(names(&page), ["warden"]);
    ada.get(&ada.profile()).await.assert(401);
    warden.get(&page_of(&ada)).await.assert(404);
    world.settle().await;
    assert_eq!(crate::files::stored(&world), [""; 0]);
    // The name is free again.
    ada.elsewhere().register().await;
    world.settle().await;
}

#[tokio::test]
async fn nobody_of_the_staff_shuts_themselves_out() {
    let world = World::new().await;
    let warden = staff(&world).await;
    let page = warden.get(&page_of(&warden)).await.assert(200);
    assert!(page.text().contains("This is your own account."));
    for button in [
        "activate",
        "deactivate",
        "ban",
        "reinstate",
        "unlock",
        "reset-password",
        "score",
        "edit",
        "role",
        "end-sessions",
        "remove-second-factor",
        "delete",
    ] {
        let path = format!("{}{button}/", page_of(&warden));
        let form = [("token", token(&page)), ("sure", "yes".to_owned()), ("score", "1".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        warden.fill(&path, &form).await.assert(409);
    }
    warden.fill("/admin/sign-out/", &[("token", &token(&page))]).await.assert(303);
    warden.get("/admin/").await.assert(302);
    world.settle().await;
}

#[tokio::test]
async fn pages_take_everything_from_us_and_label_every_field() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    for path in PAGES.iter().copied().chain(["/admin/sign-in/", &page_of(&ada)]) {
        let page = warden.get(path).await.assert(200);
        assert_eq!(page.header("cache-control"), "no-store");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
        assert!(policy.contains("style-src 'self'") && !policy.contains("unsafe"), "{policy}");
        // Anything stricter would have browsers send the forms from an unknown origin, which is refused.
        assert_eq!(page.header("referrer-policy"), "same-origin");
        let text = page.text();
        assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains(" on"), "{path}");
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/admin/script.js?v="), "{path}");
        }
        for input in text.split("<input ").skip(1).filter_map(|rest| rest.split('>').next()) {
            let labelled = match input.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()) {
                Some(id) => text.contains(&format!("<label for=\"{id}\"")),
                None => text.contains(&format!("<label class=\"tick\"><input {input}>")),
            };
            assert!(input.contains("type=\"hidden\"") || labelled, "{path}: {input}");
        }
    }
    world.settle().await;
}

/// What a page loads from us.
fn loads(page: &Reply) -> Vec<String> {
    let text = page.text();
    let addresses = text.split(['"', '\'']).filter(|part| part.starts_with("/admin/") && part.contains('.'));
    addresses.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_sign_in_page_is_small_and_its_files_are_kept() {
    let world = World::new().await;
    let visitor = world.visitor();
    let page = visitor.get("/admin/sign-in/").await.assert(200);
    let files = loads(&page);
    assert!(files.len() >= 3, "{files:?}");
    let mut bytes = page.body.len();
    for file in &files {
        let sent = visitor.get(file).await.assert(200);
        bytes += sent.body.len();
        let caching = sent.header("cache-control").to_owned();
        assert_eq!(caching.contains("immutable"), file.contains("?v="), "{file}: {caching}");
        assert_eq!(sent.header("x-content-type-options"), "nosniff");
    }
    assert!(bytes < 30_000, "{bytes} bytes");
    // Under another mark, as after a deployment, nobody keeps it.
    assert_eq!(visitor.get("/admin/style.css?v=old").await.assert(200).header("cache-control"), "no-cache");
}

#[tokio::test]
async fn every_section_is_in_the_navigation_of_every_page() {
    let world = World::new().await;
    let warden = staff(&world).await;
    for path in PAGES {
        let text = warden.get(path).await.assert(200).text();
        for section in PAGES {
            assert!(text.contains(&format!("<a href=\"{section}\"")), "{path} does not lead to {section}");
        }
        assert!(text.contains(&format!("<a href=\"{path}\" aria-current=\"page\"")), "{path}");
        assert_eq!(text.matches("aria-current=\"page\"").count(), 1);
    }
    assert!(warden.get("/admin/reports/").await.text().contains("Nothing is reported."));
    world.settle().await;
}
