//! What the staff sees of reports, and what they do about them.

use serde_json::json;
use shared::ids::MemberId;
use shared::model::role::Role;

use super::{staff, token};
use crate::social::{member, reports};
use crate::world::World;

#[tokio::test]
async fn a_report_is_read_with_what_it_tells_of_and_seen_to() {
    let world = World::new().await;
    let (ada, eve, warden) = (member(&world, "ada").await, member(&world, "eve").await, staff(&world).await);
    let (post, comment) = reports::write(&world, &eve).await;
    let report = json!({
        "description": "She <b>shouts</b>.", "target_user": eve.id(), "target_comment": comment, "target_post": post,
    });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    let list = warden.get("/admin/reports/").await.assert(200).text();
    assert!(list.contains("Open <span class=\"badge\">1</span>"), "{list}");
    assert!(
        list.contains("She &#60;b&#62;shouts&#60;/b&#62;.") && list.contains("Member, Comment")
            || list.contains("Post, Comment, Member"),
        "{list}"
    );
    let path = format!("/admin/reports/{}/", made["id"]);
    assert!(list.contains(&format!("href=\"{path}\"")), "{list}");
    let page = warden.get(&path).await.assert(200);
    let text = page.text();
    let of_eve = format!("<a href=\"/admin/users/{}/\">eve</a>", eve.id());
    for shown in ["A post.", "A rude word.", of_eve.as_str(), "Ban eve", ">ada</a>", "Not yet"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let token = token(&page);
    let see_to = format!("{path}see-to/");
    let press = async |state: &str, notes: &str| {
        let form = [("token", token.as_str()), ("state", state), ("notes", notes)];
        let reply = warden.fill(&see_to, &form).await.assert(303);
        warden.get(reply.header("location")).await.assert(200).text()
    };
    let page = press("", "Looks\r\nrude.").await;
    assert!(page.contains("The notes are saved.") && page.contains("Looks\nrude."), "{page}");
    assert!(press("closed", "Looks rude.").await.contains("The report is closed."));
    assert!(press("open", "").await.contains("The report is open again."));
    let page = press("resolved", "Told her.").await;
    assert!(page.contains("The report is resolved.") && page.contains("Open again"), "{page}");
    // Pressed twice, done once.
    press("resolved", "Told her.").await;
    let trail = warden.get("/admin/audit/").await.text();
    for what in ["Report noted", "Report closed", "Report reopened", "Report resolved"] {
        assert_eq!(trail.matches(&format!(">{what}<")).count(), 1, "{what}: {trail}");
    }
    assert!(!trail.contains("Told her"));
    let list = warden.get("/admin/reports/").await.text();
    assert!(
        list.contains("Nothing is reported.") && list.contains("Resolved <span class=\"badge\">1</span>"),
        "{list}"
    );
    assert!(warden.get("/admin/reports/?state=resolved").await.text().contains(&path));
    // From here whoever it is about may be banned, by the act that there is.
    let ban = format!("/admin/users/{}/ban/", eve.id());
    warden.fill(&ban, &[("token", token.as_str()), ("reason", "rude")]).await.assert(303);
    assert!(!warden.get(&path).await.text().contains("Ban eve"));

    for (state, notes) in [("other", ""), ("open", "\u{0}"), ("open", &"x".repeat(10_001))] {
        let form = [("token", token.as_str()), ("state", state), ("notes", notes)];
        warden.fill(&see_to, &form).await.assert(422);
    }
    warden.fill(&see_to, &[("token", "x"), ("state", "open")]).await.assert(403);
    for path in ["/admin/reports/999999/", "/admin/reports/x/", "/admin/reports/?state=x"] {
        warden.get(path).await.assert(404);
    }
    world.settle().await;
}

#[tokio::test]
async fn what_is_reported_is_deleted_from_its_report_with_all_that_hangs_on_it() {
    let world = World::new().await;
    let (ada, eve, warden) = (member(&world, "ada").await, member(&world, "eve").await, staff(&world).await);
    let post = eve.post("/api/posts/", json!({ "text": "Loud." })).await.assert(201).json()["id"].clone();
    let said = json!({
        "text": "Rude.", "comment_target_content_type": 2, "comment_target_object_id": post.to_string(),
    });
    let comment = eve.post("/api/comments/", said).await.assert(201).json()["id"].clone();
    let report = json!({ "description": "x", "target_post": post, "target_comment": comment });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    let path = format!("/admin/reports/{}/", made["id"]);
    let page = warden.get(&path).await.assert(200);
    assert!(page.text().contains("Delete this post") && page.text().contains("Delete this comment"), "{}", page.text());
    let token = token(&page);
    let remove = format!("{path}remove/");
    let press = async |what: &str| warden.fill(&remove, &[("token", token.as_str()), ("what", what)]).await;
    for what in ["comment", "comment"] {
        let reply = press(what).await.assert(303);
        let page = warden.get(reply.header("location")).await.assert(200).text();
        assert!(page.contains("The comment is deleted.") && page.contains("It is gone."), "{page}");
    }
    let left = ada.get(&format!("/api/posts/{post}/")).await.assert(200).json();
    assert_eq!(left["comment_number"], 0);
    press("post").await.assert(303);
    world.settle().await;
    ada.get(&format!("/api/posts/{post}/")).await.assert(404);
    let trail = warden.get("/admin/audit/").await.text();
    assert_eq!(
        (trail.matches(">Post deleted<").count(), trail.matches(">Comment deleted<").count()),
        (1, 1),
        "{trail}"
    );
    for what in ["", "user", "member"] {
        press(what).await.assert(422);
    }
    ada.fill(&remove, &[("token", token.as_str()), ("what", "post")]).await.assert(403);

    // One's own is for somebody else of the staff.
    let (own, _) = reports::write(&world, &warden).await;
    let report = json!({ "description": "x", "target_post": own });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    let remove = format!("/admin/reports/{}/remove/", made["id"]);
    warden.fill(&remove, &[("token", token.as_str()), ("what", "post")]).await.assert(403);
    world.settle().await;
}

#[tokio::test]
async fn a_report_stays_readable_when_everybody_in_it_is_gone() {
    let world = World::new().await;
    let (ada, eve, warden) = (member(&world, "ada").await, member(&world, "eve").await, staff(&world).await);
    let report = json!({ "description": "x", "target_user": eve.id() });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    for gone in [&ada, &eve] {
        gone.delete(&format!("/api/users/{}/", gone.id())).await.assert(204);
    }
    world.settle().await;
    let page = warden.get(&format!("/admin/reports/{}/", made["id"])).await.assert(200).text();
    assert!(page.contains("Somebody who is gone") && page.contains(&format!("{}, who is gone", eve.id())), "{page}");
    assert!(warden.get("/admin/reports/").await.text().contains("Somebody who is gone"));
}

#[tokio::test]
async fn reports_go_on_over_the_pages_and_nobody_sees_to_their_own() {
    let world = World::new().await;
    let (ada, warden) = (member(&world, "ada").await, staff(&world).await);
    for _ in 0..27 {
        reports::report_of(&world, &ada).await;
    }
    let first = warden.get("/admin/reports/").await.assert(200).text();
    assert_eq!(first.matches("Look at this.").count(), 25);
    let next = first.split("<a href=\"").find(|link| link.contains("rel=\"next\"")).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = warden.get(&next).await.assert(200).text();
    assert_eq!(second.matches("Look at this.").count(), 2);
    assert!(second.contains("First page") && !second.contains("rel=\"next\""));
    // A cursor belongs to its list.
    warden.get(&next.replace("state=open", "state=closed")).await.assert(422);

    let report = json!({ "description": "x", "target_user": warden.id() });
    let made = ada.post("/api/reports/", report).await.assert(201).json();
    let path = format!("/admin/reports/{}/", made["id"]);
    let page = warden.get(&path).await.assert(200);
    assert!(page.text().contains("This report is about you.") && !page.text().contains("See to it"));
    let form = [("token", token(&page)), ("state", "closed".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    warden.fill(&format!("{path}see-to/"), &form).await.assert(409);
    // Moderators see to reports, too.
    let other = world.member("other").await;
    world.give_role(&other, Role::Moderator).await;
    let form = [("token", token(&other.get(&path).await)), ("state", "closed".to_owned())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    other.fill(&format!("{path}see-to/"), &form).await.assert(303);
    assert!(world.has(&warden).await && MemberId(warden.id()).0 > 0);
    world.settle().await;
}
