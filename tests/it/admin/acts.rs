//! What the staff does to members: each act, who may do it, and that it happens whole.

use http::Method;
use serde_json::json;
use shared::http::Listing;
use shared::model::role::Role;

use super::{page_of, press, staff, token};
use crate::world::{PASSWORD, Person, World};

async fn moderator(world: &World) -> Person {
    let moderator = world.member("mod").await;
    world.give_role(&moderator, Role::Moderator).await;
    moderator
}

/// The members on the leaderboard, once it has heard of everything.
async fn board(world: &World) -> usize {
    world.settle().await;
    world.visitor().get("/users/leaderboard/").await.json().as_array().unwrap().len()
}

/// Fails unless accounts and what is kept beside them agree.
async fn check(world: &World) {
    let report = world.cloud.run_schedule("check-accounts").await.unwrap().outcome.unwrap();
    assert_eq!(report["wrong"], 0, "{report}");
}

#[tokio::test]
async fn a_ban_shuts_out_at_once_and_is_lifted_again() {
    let world = World::new().await;
    let (moderator, ada) = (moderator(&world).await, world.member("ada").await);
    let mut socket = ada.open_socket().await;
    let bearer = ada.token().await;
    assert_eq!(board(&world).await, 2);
    let page = press(&moderator, &ada, "ban", &[("reason", "Sold points.")]).await.text();
    assert!(page.contains("The member is banned") && page.contains(">Banned<"), "{page}");
    ada.get(&ada.profile()).await.assert(401);
    let refused = ada.elsewhere().sign_in().await.assert(401);
    assert!(refused.cookie("sessionid").is_none());
    assert!(ada.connect(&format!("/?token={bearer}"), &[]).await.is_err());
    assert_eq!(board(&world).await, 1);
    world.settle().await;
    assert!(crate::chat::is_dismissed(&mut socket).await);
    // Once more changes nothing.
    press(&moderator, &ada, "ban", &[("reason", "Again.")]).await;
    check(&world).await;
    let page = press(&moderator, &ada, "reinstate", &[]).await.text();
    assert!(page.contains("The ban is lifted.") && !page.contains(">Banned<"), "{page}");
    assert_eq!(board(&world).await, 2);
    // The old session stays ended.
    ada.get(&ada.profile()).await.assert(401);
    ada.sign_in().await.assert(200);
    check(&world).await;
    world.settle().await;
}

#[tokio::test]
async fn a_ban_and_a_deactivation_stand_beside_each_other() {
    let world = World::new().await;
    let (moderator, ada) = (moderator(&world).await, world.member("ada").await);
    for (first, second) in [("ban", "deactivate"), ("deactivate", "ban")] {
        for (lifted, last) in [("reinstate", "activate"), ("activate", "reinstate")] {
            for act in [first, second, lifted] {
                press(&moderator, &ada, act, &[("reason", "because")]).await;
                ada.elsewhere().sign_in().await.assert(401);
                assert_eq!(board(&world).await, 1, "{first} {second} {lifted}");
                check(&world).await;
            }
            press(&moderator, &ada, last, &[]).await;
            ada.elsewhere().sign_in().await.assert(200);
            assert_eq!(board(&world).await, 2);
            check(&world).await;
        }
    }
    world.settle().await;
}

#[tokio::test]
async fn a_ban_has_a_reason() {
    let world = World::new().await;
    let (moderator, ada) = (moderator(&world).await, world.member("ada").await);
    let token = token(&moderator.get(&page_of(&ada)).await);
    let long = "x".repeat(201);
    for reason in ["", "  ", "a\nb", &long] {
        let form = [("token", token.as_str()), ("reason", reason)];
        moderator.fill(&format!("{}ban/", page_of(&ada)), &form).await.assert(422);
    }
    moderator.fill(&format!("{}ban/", page_of(&ada)), &[("token", &token)]).await.assert(422);
    ada.get(&ada.profile()).await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn sessions_are_shown_and_end_one_by_one_or_all_together() {
    let world = World::new().await;
    let (moderator, ada) = (moderator(&world).await, world.member("ada").await);
    let second = ada.elsewhere();
    let agent = [("user-agent", "<b>Lynx</b>"), ("content-type", "application/json")];
    let login = json!({ "username": "ada", "password": PASSWORD }).to_string();
    second.send(Method::POST, "/users/login/", &agent, login).await.assert(200);
    let page = moderator.get(&page_of(&ada)).await.text();
    assert!(page.contains("&#60;b&#62;Lynx&#60;/b&#62;") && !page.contains("<b>Lynx"), "{page}");
    let ends = |page: &str| -> Vec<String> {
        let actions = page.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next());
        actions.filter(|action| action.ends_with("/end/")).map(str::to_owned).collect()
    };
    let all = ends(&page);
    assert_eq!(all.len(), 2);
    let token = token(&moderator.get(&page_of(&ada)).await);
    moderator.fill(&all[0], &[("token", &token)]).await.assert(303);
    // Pressed twice it is done once, and one that never was has ended as well.
    moderator.fill(&all[0], &[("token", &token)]).await.assert(303);
    moderator.fill(&format!("{}sessions/none/end/", page_of(&ada)), &[("token", &token)]).await.assert(303);
    let ended = [ada.get(&ada.profile()).await.status, second.get(&ada.profile()).await.status];
    assert_eq!(ended.iter().filter(|status| **status == 401).count(), 1, "{ended:?}");
    let page = press(&moderator, &ada, "end-sessions", &[]).await.text();
    assert!(page.contains("All sessions have ended.") && page.contains("Nowhere signed in."), "{page}");
    for browser in [&ada, &second] {
        browser.get(&ada.profile()).await.assert(401);
    }
    ada.sign_in().await.assert(200);
    world.settle().await;
}

#[tokio::test]
async fn a_profile_is_edited_by_the_rules_of_its_owners_own_edit() {
    let world = World::new().await;
    let (moderator, ada, eve) = (moderator(&world).await, world.reachable("ada").await, world.member("eve").await);
    let fields =
        [("first_name", "<script>alert(1)</script>"), ("last_name", "King & Queen"), ("email", "eve@example.org")];
    let page = press(&moderator, &eve, "edit", &fields).await.text();
    assert!(page.contains("&#60;script&#62;alert(1)") && !page.contains("<script>alert"), "{page}");
    assert!(page.contains("King &#38; Queen"), "{page}");
    let profile = eve.get(&eve.profile()).await.json();
    assert_eq!(
        (profile["first_name"].as_str(), profile["email"].as_str()),
        (Some(fields[0].1), Some("eve@example.org"))
    );
    world.settle().await;
    assert_eq!(world.subjects_to("eve@example.org"), ["Confirm your e-mail address"]);
    // The same again changes nothing and sends nothing.
    press(&moderator, &eve, "edit", &fields).await;
    world.settle().await;
    assert_eq!(world.subjects_to("eve@example.org").len(), 1);
    let token = token(&moderator.get(&page_of(&eve)).await);
    let long = "x".repeat(151);
    for (field, value) in
        [("email", "ADA@example.org"), ("email", "nonsense"), ("first_name", &long), ("last_name", "a\0b")]
    {
        let form = [("token", token.as_str()), (field, value)];
        moderator.fill(&format!("{}edit/", page_of(&eve)), &form).await.assert(422);
    }
    assert_eq!(eve.get(&eve.profile()).await.json(), profile);
    // An empty address is none, and then the old one is free.
    press(&moderator, &ada, "edit", &[("first_name", "Ada"), ("email", "")]).await;
    press(&moderator, &eve, "edit", &[("email", "ada@example.org")]).await;
    check(&world).await;
    world.settle().await;
}

#[tokio::test]
async fn a_deactivated_member_is_edited_as_well() {
    let world = World::new().await;
    let (moderator, ada) = (moderator(&world).await, world.member("ada").await);
    press(&moderator, &ada, "deactivate", &[]).await;
    let page = press(&moderator, &ada, "edit", &[("first_name", "Augusta")]).await.text();
    assert!(page.contains("Augusta"), "{page}");
    world.settle().await;
}

#[tokio::test]
async fn a_lost_second_factor_is_switched_off_by_administrators() {
    let world = World::new().await;
    let (warden, moderator, ada) = (staff(&world).await, moderator(&world).await, world.reachable("ada").await);
    let offered = async |by: &Person| {
        let page = by.get(&page_of(&ada)).await.assert(200).text();
        (page.contains("<dt>Second factor</dt><dd>On</dd>"), page.contains("/remove-second-factor/"))
    };
    assert_eq!(offered(&warden).await, (false, false));
    let authenticator = crate::second_factor::switch_on(&world, &ada).await;
    assert_eq!((offered(&warden).await, offered(&moderator).await), ((true, true), (true, false)));
    let form = [("token", token(&moderator.get(&page_of(&ada)).await))];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let path = format!("{}remove-second-factor/", page_of(&ada));
    moderator.fill(&path, &form).await.assert(403);
    ada.elsewhere().sign_in().await.assert(401);
    let mut socket = ada.open_socket().await;
    let page = press(&warden, &ada, "remove-second-factor", &[]).await.text();
    assert!(page.contains("The second factor is off, and all sessions have ended."), "{page}");
    assert_eq!(offered(&warden).await, (false, false));
    ada.get(&ada.profile()).await.assert(401);
    ada.elsewhere().sign_in_with(&format!("{PASSWORD}{}", authenticator.next())).await.assert(401);
    ada.sign_in().await.assert(200);
    ada.get("/v1/second-factor").await.is(200, json!({ "on": false, "since": null, "recovery_codes_left": 0 }));
    assert!(!world.everything().iter().any(|item| item["sk"]["S"] == "SECOND"));
    world.settle().await;
    assert!(crate::chat::is_dismissed(&mut socket).await);
    assert_eq!(world.subjects_to("ada@example.org").last().unwrap(), "Your second factor is off");
    // Pressed once more it changes nothing, sends nothing and is not noted.
    press(&warden, &ada, "remove-second-factor", &[]).await;
    ada.get(&ada.profile()).await.assert(200);
    world.settle().await;
    let told = world.subjects_to("ada@example.org");
    assert_eq!(told.iter().filter(|subject| *subject == "Your second factor is off").count(), 1);
    let noted = world.everything().iter().filter(|item| item["what"]["S"] == "second_factor_removed").count();
    assert_eq!(noted, 1);
    // And on again, with another secret.
    crate::second_factor::switch_on(&world, &ada).await;
    world.settle().await;
}

#[tokio::test]
async fn roles_are_given_and_taken_by_administrators() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    ada.get("/admin/").await.assert(403);
    for (role, shown) in [("moderator", true), ("administrator", true), ("none", false)] {
        let page = press(&warden, &ada, "role", &[("role", role)]).await.text();
        assert_eq!(page.contains(&format!("badge role\">{role}<")), shown, "{role}");
        // From the next request on.
        ada.get("/admin/").await.assert(if shown { 200 } else { 403 });
        let page = warden.get(&page_of(&ada)).await.text();
        assert!(page.contains(&format!("<option value=\"{role}\" selected>")), "{page}");
    }
    let token = token(&warden.get(&page_of(&ada)).await);
    for role in ["", "Administrator", "owner"] {
        let form = [("token", token.as_str()), ("role", role)];
        warden.fill(&format!("{}role/", page_of(&ada)), &form).await.assert(422);
    }
    world.settle().await;
}

#[tokio::test]
async fn moderators_do_not_do_what_administrators_do_and_leave_the_staff_alone() {
    let world = World::new().await;
    let (warden, moderator, ada) = (staff(&world).await, moderator(&world).await, world.member("ada").await);
    let page = moderator.get(&page_of(&ada)).await.assert(200);
    assert!(!page.text().contains("/role/") && !page.text().contains("/delete/"));
    assert!(!moderator.get("/admin/jobs/").await.assert(200).text().contains("/run/"));
    let token = token(&page);
    let form = [("token", token.as_str()), ("role", "administrator"), ("sure", "yes")];
    for path in [
        format!("{}role/", page_of(&ada)),
        format!("{}remove-second-factor/", page_of(&ada)),
        format!("{}delete/", page_of(&ada)),
        "/admin/jobs/clean-up/run/".into(),
    ] {
        let refused = moderator.fill(&path, &form).await.assert(403);
        assert!(refused.text().contains("You do not have permission to perform this action."));
    }
    // Whoever could change the address of an administrator could become one.
    let form = [("token", token.as_str()), ("email", "mod@example.org"), ("reason", "because"), ("score", "1")];
    let page = moderator.get(&page_of(&warden)).await.assert(200).text();
    assert!(page.contains("Only administrators change their accounts.") && !page.contains("/edit/"), "{page}");
    for act in [
        "edit",
        "ban",
        "reinstate",
        "deactivate",
        "activate",
        "unlock",
        "reset-password",
        "score",
        "end-sessions",
        "sessions/x/end",
    ] {
        moderator.fill(&format!("{}{act}/", page_of(&warden)), &form).await.assert(403);
    }
    warden.get(&warden.profile()).await.assert(200);
    press(&warden, &moderator, "ban", &[("reason", "because")]).await;
    moderator.get("/admin/").await.assert(302);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_administrators_who_depose_each_other_one_remains() {
    let acts: [(&str, &[(&str, &str)]); 4] = [
        ("role", &[("role", "none")]),
        ("ban", &[("reason", "x")]),
        ("deactivate", &[]),
        ("delete", &[("sure", "yes")]),
    ];
    let world = World::new().await;
    for (number, (act, fields)) in acts.into_iter().enumerate() {
        let (one, two) = (world.member(&format!("one{number}")).await, world.member(&format!("two{number}")).await);
        world.promote(&one).await;
        world.promote(&two).await;
        // Both have the form before them: whoever is deposed by then would get none.
        let forms = [token(&one.get(&page_of(&two)).await), token(&two.get(&page_of(&one)).await)];
        let depose = async |by: &Person, whom: &Person, token: &str| {
            let form = [&[("token", token)], fields].concat();
            by.fill(&format!("{}{act}/", page_of(whom)), &form).await.status.as_u16()
        };
        let (first, second) = tokio::join!(depose(&one, &two, &forms[0]), depose(&two, &one, &forms[1]));
        let remaining = [one.get("/admin/").await.status.as_u16(), two.get("/admin/").await.status.as_u16()];
        assert_eq!(
            remaining.iter().filter(|status| **status == 200).count(),
            1,
            "{act}: {first} {second} {remaining:?}"
        );
        assert!([first, second].iter().all(|status| *status < 500), "{act}: {first} {second}");
    }
    check(&world).await;
    world.settle().await;
}

#[tokio::test]
async fn no_form_counts_without_its_token() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    let mut forms = 0;
    for row in ::admin::routes::<Listing>().rows().iter().filter(|row| row.method == Method::POST) {
        let path = row.path.replace("{user_id}", &ada.id().to_string());
        let path = path.replace("{session}", "none").replace("{job}", "clean-up").replace("{report_id}", "1");
        let fields =
            [("reason", "because"), ("score", "1"), ("role", "moderator"), ("sure", "yes"), ("first_name", "x")];
        warden.fill(&path, &fields).await.assert(400);
        for token in ["", "x", "bnVsbA.AAAAAAAAAAAAAAAAAAAAAA"] {
            warden.fill(&path, &[&[("token", token)], &fields[..]].concat()).await.assert(403);
        }
        forms += 1;
    }
    assert!(forms >= 14, "{forms}");
    assert_eq!(ada.get(&ada.profile()).await.assert(200).json()["first_name"], "");
    world.settle().await;
}

#[tokio::test]
async fn the_staff_has_a_letter_sent_and_never_sees_a_password() {
    let world = World::new().await;
    let (warden, ada) = (staff(&world).await, world.member("ada").await);
    let token = token(&warden.get(&page_of(&ada)).await);
    // There must be somewhere to send it to.
    let path = format!("{}reset-password/", page_of(&ada));
    warden.fill(&path, &[("token", &token)]).await.assert(409);
    ada.patch(&ada.profile(), json!({ "email": "ada@example.org" })).await.assert(200);
    let page = press(&warden, &ada, "reset-password", &[]).await.text();
    assert!(page.contains("A letter with a link to set a new password is on its way."));
    world.settle().await;
    let reset = json!({ "code": world.code_from_letter(), "password": "another horse entirely" });
    world.visitor().post("/v1/password/reset/confirm", reset).await.assert(200);
    ada.get(&ada.profile()).await.assert(401);
    world.settle().await;
}
