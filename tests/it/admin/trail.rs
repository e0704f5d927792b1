//! What the staff's pages tell: the audit trail, letters, jobs and figures.

use chrono::Duration;
use local::Delivery;
use serde_json::json;
use shared::model::role::Role;

use super::{page_of, press, staff, token};
use crate::world::{Fault, Person, World};

/// The rows of a page's table, as the texts of their cells.
async fn rows(staff: &Person, path: &str) -> Vec<Vec<String>> {
    let text = staff.get(path).await.assert(200).text();
    let row = |row: &str| {
        let row = row.replace("</th>", "</td>").replace("<th", "<td");
        let cells = row.split("</td>").filter_map(|cell| cell.split_once("<td").map(|(_, cell)| cell.to_owned()));
        cells.filter_map(|cell| cell.split_once('>').map(|(_, cell)| plain(cell))).collect()
    };
    let body = text.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).unwrap_or_default();
    body.split("<tr>").skip(1).map(row).collect()
}

/// A text without its tags.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for char in html.chars() {
        match char {
            '<' => inside = true,
            '>' => inside = false,
            char if !inside => text.push(char),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The address of the next page.
async fn next(staff: &Person, path: &str) -> Option<String> {
    let text = staff.get(path).await.assert(200).text();
    let link = text.split("<a href=\"").find(|link| link.contains("rel=\"next\""))?;
    Some(link.split('"').next()?.replace("&#38;", "&"))
}

/// An act with the fields of its form, and what the trail says of it.
type Act = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

#[tokio::test]
async fn every_act_is_in_the_trail_with_who_did_it_and_to_whom() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    ada.elsewhere().sign_in_with("wrong").await.assert(401);
    crate::second_factor::switch_on(&world, &ada).await;
    let acts: [Act; 13] = [
        ("unlock", &[], "Unlocked", ""),
        ("edit", &[("first_name", "Augusta"), ("email", "a@example.org")], "Edited", "first name, address"),
        ("reset-password", &[], "Password reset", ""),
        ("score", &[("score", "-7")], "Score set", "to -7"),
        ("end-sessions", &[], "Sessions ended", ""),
        ("remove-second-factor", &[], "Second factor removed", ""),
        ("ban", &[("reason", "Sold <points>.")], "Banned", "Sold &#60;points&#62;."),
        ("reinstate", &[], "Reinstated", ""),
        ("deactivate", &[], "Deactivated", ""),
        ("activate", &[], "Activated", ""),
        ("role", &[("role", "moderator")], "Role set", "moderator"),
        ("role", &[("role", "none")], "Role set", "none"),
        ("delete", &[("sure", "yes")], "Deleted", ""),
    ];
    for (act, fields, what, detail) in acts {
        press(&warden, &ada, act, fields).await;
        let latest = rows(&warden, "/admin/audit/").await.remove(0);
        assert_eq!([&latest[0], &latest[1], &latest[4]], [what, "warden", detail], "{latest:?}");
        let whom = if act == "delete" { format!("{}, who is gone", ada.id()) } else { "ada".to_owned() };
        assert_eq!(latest[2], whom);
    }
    assert_eq!(rows(&warden, "/admin/audit/").await.len(), acts.len());
    world.settle().await;
    // Of the member nothing is left but the number.
    let kept: Vec<_> = world.everything().into_iter().filter(|item| item["pk"]["S"] != "OUTBOX").collect();
    let trail = kept.iter().filter(|item| item["gsi1pk"]["S"] == "AUDIT").map(ToString::to_string).collect::<String>();
    for trace in ["\"ada\"", "Augusta", "a@example.org"] {
        assert!(!trail.contains(trace), "{trace}");
        assert!(!kept.iter().any(|item| item.to_string().contains(trace)), "{trace}");
    }
}

#[tokio::test]
async fn an_act_and_its_entry_happen_together_or_not_at_all() {
    for fault in Fault::ALL {
        let world = World::new().await;
        let warden = staff(&world).await;
        for call in 0.. {
            let member = world.member(&format!("m{call}")).await;
            let token = token(&warden.get(&page_of(&member)).await);
            let form = [("token", token.as_str()), ("reason", "because")];
            // As often as the SDK tries.
            world.wire.fail(call, 4, fault);
            let status = warden.fill(&format!("{}ban/", page_of(&member)), &form).await.status.as_u16();
            let reached = world.wire.calls() > call;
            world.wire.mend();
            assert!(reached || status == 303, "{fault:?} {call}: {status}");
            let banned = member.get(&member.profile()).await.status == 401;
            let noted = rows(&warden, "/admin/audit/").await.iter().filter(|row| row[2] == member.name).count();
            assert_eq!(noted, usize::from(banned), "{fault:?} {call}: {status}");
            if !reached {
                break;
            }
        }
        world.settle().await;
    }
}

#[tokio::test]
async fn what_changes_nothing_is_not_noted() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    for act in ["unlock", "edit", "reinstate", "activate"] {
        press(&warden, &ada, act, &[]).await;
    }
    press(&warden, &ada, "score", &[("score", "0")]).await;
    press(&warden, &ada, "role", &[("role", "none")]).await;
    assert!(rows(&warden, "/admin/audit/").await.is_empty());
    world.settle().await;
}

#[tokio::test]
async fn the_trail_goes_on_over_the_months_the_latest_first() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    let count = async |from: i64, to: i64| {
        for score in from..to {
            press(&warden, &ada, "score", &[("score", &score.to_string())]).await;
        }
    };
    count(1, 16).await;
    // From the last day of January to February, and to April.
    world.wait(Duration::days(1));
    ada.sign_in().await;
    count(16, 20).await;
    world.wait(Duration::days(70));
    warden.sign_in().await.assert(200);
    count(20, 31).await;
    let first = rows(&warden, "/admin/audit/").await;
    let path = next(&warden, "/admin/audit/").await.expect("a second page");
    let second = rows(&warden, &path).await;
    let details: Vec<_> = first.iter().chain(&second).map(|row| row[4].clone()).collect();
    let expected: Vec<_> = (1..31).rev().map(|score| format!("to {score}")).collect();
    assert_eq!(details, expected);
    assert_eq!((first.len(), next(&warden, &path).await), (25, None));
    // A cursor belongs to whoever was given it, and to its list.
    let other = world.member("other").await;
    world.give_role(&other, Role::Moderator).await;
    other.get(&path).await.assert(422);
    warden.get(&path.replace("/audit/", "/letters/")).await.assert(422);
    world.settle().await;
}

#[tokio::test]
async fn letters_are_listed_without_their_addresses_and_go_with_their_member() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.reachable("ada").await);
    assert!(rows(&warden, "/admin/letters/").await.iter().all(|row| row[3] == "Sent"));
    let whats = |rows: Vec<Vec<String>>| rows.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    // Both of the same moment.
    assert_eq!(whats(rows(&warden, "/admin/letters/").await), ["Confirm your address", "Welcome"]);
    assert!(!warden.get("/admin/letters/").await.text().contains("ada@example.org"));
    // In another month the ones of this month are still there, until they are forgotten.
    world.wait(Duration::days(10));
    warden.sign_in().await;
    for _ in 0..5 {
        ada.elsewhere().sign_in_with("wrong").await;
    }
    world.settle().await;
    let all = whats(rows(&warden, "/admin/letters/").await);
    assert_eq!(all, ["Your name was locked", "Confirm your address", "Welcome"]);
    world.wait(Duration::days(21));
    warden.sign_in().await.assert(200);
    assert_eq!(whats(rows(&warden, "/admin/letters/").await), ["Your name was locked"]);
    ada.sign_in().await.assert(200);
    ada.delete(&ada.profile()).await.assert(200);
    world.settle().await;
    assert!(rows(&warden, "/admin/letters/").await.is_empty());
}

#[tokio::test]
async fn a_page_of_letters_goes_on_in_the_month_before() {
    let world = World::new().await;
    let warden = staff(&world).await;
    for number in 0..20 {
        if number == 13 {
            world.wait(Duration::days(2));
            warden.sign_in().await;
        }
        world.wait(Duration::seconds(1));
        world.reachable(&format!("m{number:02}")).await;
    }
    let path = next(&warden, "/admin/letters/").await.expect("a second page");
    let pages = [rows(&warden, "/admin/letters/").await, rows(&warden, &path).await];
    assert_eq!((pages[0].len(), pages[1].len(), next(&warden, &path).await), (25, 15, None));
    let mut whom: Vec<_> = pages.concat().into_iter().map(|row| row[1].clone()).collect();
    whom.dedup();
    let expected: Vec<_> = (0..20).rev().map(|number| format!("m{number:02}")).collect();
    assert_eq!(whom, expected);
}

#[tokio::test]
async fn a_letter_that_fails_is_shown_with_its_tries_and_its_error() {
    // An address that the post office does not take for one.
    let world = World::with(&[("SenderAddress", "nobody")]).await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    let mut states = Vec::new();
    for _ in 0..6 {
        world.settle().await;
        states.push(rows(&warden, "/admin/letters/").await.remove(0).remove(3));
        world.wait(Duration::minutes(30));
    }
    assert_eq!(states[0], "Waiting failed 1 time: InvalidParameterValue");
    assert_eq!(states[5], "Failed failed 5 times: InvalidParameterValue");
    let overview = plain(&warden.get("/admin/").await.text());
    assert!(overview.contains("Letters failed 1 in 7 days"), "{overview}");
    assert!(overview.contains("sent: 0, failed: 1 in 30 days"), "{overview}");
}

#[tokio::test]
async fn a_job_runs_once_when_it_is_asked_for_however_often_that_is_delivered() {
    for delivery in [Delivery::Once, Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let warden = staff(&world).await;
        assert!(warden.get("/admin/jobs/").await.text().contains("It has not run in the last 90 days."));
        let token = token(&warden.get("/admin/jobs/").await);
        let asked = warden.fill("/admin/jobs/check-accounts/run/", &[("token", &token)]).await.assert(303);
        assert!(warden.get(asked.header("location")).await.text().contains("The job will run in a moment."));
        for nothing in ["nothing", "make-staff", "%3Cb%3E"] {
            warden.fill(&format!("/admin/jobs/{nothing}/run/"), &[("token", &token)]).await.assert(404);
        }
        world.cloud.settle(delivery).await;
        world.cloud.settle(delivery).await;
        let runs = rows(&warden, "/admin/jobs/").await;
        assert_eq!(runs.len(), 1, "{delivery:?}: {runs:?}");
        assert_eq!(runs[0][0], "31 Jan 2026, 08:15 UTC by hand");
        assert_eq!(runs[0][1..], ["Done", "0 ms", "accounts 1, wrong 0"]);
        let noted = rows(&warden, "/admin/audit/").await;
        assert_eq!((noted[0][0].as_str(), noted[0][4].as_str()), ("Job asked", "check-accounts"));
    }
}

#[tokio::test]
async fn runs_of_schedules_are_shown_the_latest_first_for_ninety_days() {
    let world = World::new().await;
    let warden = staff(&world).await;
    world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
    world.wait(Duration::days(1));
    // The run cannot look at anything; that it failed can still be noted.
    world.wire.fail(1, 4, Fault::Unavailable);
    world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap_err();
    world.wire.mend();
    let runs = rows(&warden, "/admin/jobs/").await;
    assert_eq!(runs.iter().map(|run| run[1].as_str()).collect::<Vec<_>>(), ["Failed", "Done"], "{runs:?}");
    world.wait(Duration::days(89));
    warden.sign_in().await.assert(200);
    assert_eq!(rows(&warden, "/admin/jobs/").await.len(), 1);
    world.settle().await;
}

#[tokio::test]
async fn figures_count_each_day_once_however_often_it_is_delivered() {
    for delivery in [Delivery::Once, Delivery::Twice, Delivery::Shuffled] {
        let world = World::new().await;
        let (warden, ada) = (staff(&world).await, world.reachable("ada").await);
        world.cloud.settle(delivery).await;
        for _ in 0..5 {
            ada.elsewhere().sign_in_with("wrong").await;
        }
        ada.elsewhere().sign_in_with("wrong").await.assert(403);
        world.cloud.settle(delivery).await;
        world.wait(Duration::days(1));
        world.member("eve").await;
        let bob = world.member("bob").await;
        for member in [&bob, &ada] {
            member.elsewhere().sign_in().await.assert(200);
        }
        press(&warden, &bob, "ban", &[("reason", "because")]).await;
        ada.delete(&ada.profile()).await.assert(200);
        for _ in 0..2 {
            world.cloud.settle(delivery).await;
        }
        let page = plain(&warden.get("/admin/").await.text());
        let told = [
            "Members 3 now",
            "Joined 4 in 30 days",
            "Sign-ins 2 today",
            "Letters failed 0 in 7 days",
            "Names locked 0 today",
            "Banned 1 now",
            "names locked: 1, bans: 1 in 30 days",
            "sent: 3, failed: 0 in 30 days",
        ];
        let missing: Vec<_> = told.into_iter().filter(|text| !page.contains(text)).collect();
        assert!(missing.is_empty(), "{delivery:?}: {missing:?} in {page}");
        press(&warden, &bob, "reinstate", &[]).await;
        world.cloud.settle(delivery).await;
        assert!(plain(&warden.get("/admin/").await.text()).contains("Banned 0 now"));
        // A month later they are off the charts, and the totals stay.
        world.wait(Duration::days(60));
        warden.sign_in().await.assert(200);
        world.settle().await;
        let page = plain(&warden.get("/admin/").await.text());
        assert!(page.contains("Members 3 now Joined 0 in 30 days Sign-ins 1 today"), "{page}");
    }
}

#[tokio::test]
async fn a_member_page_shows_everything_that_is_stored() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.reachable("ada").await);
    ada.upload("/users/avatar/", "avatar", "me.png", &crate::files::png(4)).await.assert(200);
    ada.score(12).await;
    let avatar = ada.get(&ada.profile()).await.json()["avatar"].as_str().unwrap().to_owned();
    let page = warden.get(&page_of(&ada)).await.text();
    assert!(page.contains(&format!("src=\"{avatar}\"")), "{page}");
    for text in ["ada@example.org", "12 points", "Not locked", &ada.id().to_string()] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("argon2"), "a hash is nobody's to see");
    world.settle().await;
}
