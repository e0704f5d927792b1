//! The price list: what every route asks of the table, beside what it may.
//!
//! [`price_list`] lives through one story in which every route answers with success, in the dearest of its ordinary
//! cases, with every limit on as in production, and notes what each invocation cost. Which route answered is read from
//! the invocation and not written down here, so a line cannot stand beside the wrong budget.

mod boards;
mod google;
mod leettrack;
mod messages;
mod native;
mod personal_data;
mod second_factor;
mod skillnet;
mod social;
mod sukuwatto;
mod tracker;
mod writing;

use std::collections::BTreeMap;
use std::io::Cursor;

use bytes::Bytes;
use chrono::Duration;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use image::{ImageFormat, RgbImage};
use local::functions::{Invocation, Trigger};
use local::{Cloud, Delivery};
use serde_json::{Value, json};
use shared::http::{Price, Routes, Row};
use shared::meter::Cost;

use crate::browser::Browser;
use crate::{cloud_at_rest, code_from_letter, open_socket, players};

/// Dollars per million read request units. DynamoDB on demand, standard table class, us-east-1, as on
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/> since AWS halved it on 1 November 2024.
pub const DOLLARS_PER_MILLION_READS: f64 = 0.125;
/// Dollars per million write request units, from the same page.
pub const DOLLARS_PER_MILLION_WRITES: f64 = 0.625;

const OPERATIONS_TOKEN: &str = "the-token-of-a-game-server";
const PASSWORD: &str = "correct horse battery";
const ANOTHER_PASSWORD: &str = "wrong donkey accumulator";

/// What one invocation cost, and what it may cost.
#[derive(Clone, Debug)]
pub struct PriceLine {
    /// A route's method and path as its table writes them, or what else was invoked.
    pub what: String,
    /// Which of its cases this was, where it has several.
    pub case: String,
    /// What it cost.
    pub cost: Cost,
    /// What it may cost; only routes have a budget.
    pub budget: Option<Price>,
}

impl PriceLine {
    /// What a million of these cost at the table.
    pub fn dollars_per_million(&self) -> f64 {
        self.cost.read_units * DOLLARS_PER_MILLION_READS + self.cost.write_units * DOLLARS_PER_MILLION_WRITES
    }

    /// Whether it kept within its budget.
    pub fn holds(&self) -> bool {
        self.budget.is_none_or(|Price { round_trips, reads, writes }| {
            self.cost.round_trips <= round_trips && self.cost.read_units <= reads && self.cost.write_units <= writes
        })
    }
}

/// The rows of every route table, each of which has at least one line in the list.
pub fn rows() -> Vec<Row> {
    let tables: [Routes; 8] = [
        accounts::routes(),
        admin::routes(),
        docs::routes(),
        files::routes(),
        leaderboards::routes(),
        ::social::routes(),
        ::messages::routes(),
        ::tracker::routes(),
    ];
    tables.iter().flat_map(|table| table.rows().to_vec()).collect()
}

/// What a line calls a route.
pub fn label(row: &Row) -> String {
    format!("{} {}", row.method, row.path)
}

/// Every route's price, and that of what follows; or the sentence that says what did not succeed.
pub async fn price_list() -> Result<Vec<PriceLine>, String> {
    let cloud = cloud_at_rest(&[("OperationsToken", OPERATIONS_TOKEN), ("GoogleClientId", "guildhall-prices")]).await?;
    let budgets = rows().iter().map(|row| (label(row), row.price)).collect();
    let mut story = Story { cloud: cloud.clone(), budgets, seen: None, lines: Vec::new() };
    let told = story.tell().await;
    cloud.shutdown().await;
    told.map(|()| story.lines)
}

/// The token of the forms on a page.
fn token_of(page: &str) -> Result<&str, String> {
    let rest = page.split("name=\"token\" value=\"").nth(1);
    rest.and_then(|rest| rest.split('"').next()).ok_or_else(|| "The page has no form.".to_owned())
}

struct Story {
    cloud: Cloud,
    budgets: BTreeMap<String, Price>,
    /// The latest invocation that was looked at.
    seen: Option<String>,
    lines: Vec<PriceLine>,
}

impl Story {
    async fn tell(&mut self) -> Result<(), String> {
        let mut ada = Browser::new(&self.cloud);
        let profile = self.arrive(&mut ada).await?;
        self.change_address(&mut ada, &profile).await?;
        self.change_picture(&mut ada).await?;
        self.score(&mut ada, &profile).await?;
        self.talk(&mut ada).await?;
        self.come_by_google().await?;
        self.read_docs(&mut ada).await?;
        self.look_after_members(&profile).await?;
        self.use_tokens().await?;
        self.swap_skills().await?;
        self.train().await?;
        self.climb_boards().await?;
        self.meet().await?;
        self.write_posts().await?;
        self.write_letters().await?;
        self.use_leettrack().await?;
        self.track_skills().await?;
        self.use_second_factor().await?;
        self.leave(&mut ada, &profile).await?;
        self.run_schedules().await
    }

    /// Registration and sign-in, the second time with failures that are long over. Returns the profile's path.
    async fn arrive(&mut self, ada: &mut Browser) -> Result<String, String> {
        let registration = json!({ "username": "ada", "password1": PASSWORD, "password2": PASSWORD });
        let joined = ada.ask(Method::POST, "/users/register/", registration).await?;
        self.note("")?;
        let credentials = |password: &str| json!({ "username": "ada", "password": password });
        ada.ask(Method::POST, "/users/login/", credentials(PASSWORD)).await?;
        self.note("the first time")?;
        ada.forget();
        // Refused, as it should be: a failure that the next sign-in finds.
        let _ = ada.ask(Method::POST, "/users/login/", credentials(ANOTHER_PASSWORD)).await;
        self.cloud.clock().advance(Duration::minutes(16));
        self.skip();
        ada.ask(Method::POST, "/users/login/", credentials(PASSWORD)).await?;
        self.note("after a failure that is over")?;
        Ok(format!("/users/{}/", joined["id"]))
    }

    async fn change_address(&mut self, ada: &mut Browser, profile: &str) -> Result<(), String> {
        self.settle_unnoted().await;
        ada.ask(Method::PATCH, profile, json!({ "first_name": "Ada" })).await?;
        self.note("a first name")?;
        ada.ask(Method::PATCH, profile, json!({ "email": "ada@example.org" })).await?;
        self.note("a first address")?;
        self.follow("a new address").await?;
        let code = code_from_letter(&self.cloud)?;
        ada.get(&format!("/v1/email/confirm?code={code}")).await?;
        self.note("")?;
        ada.ask(Method::POST, "/v1/email/confirm", json!({ "code": code })).await?;
        self.note("")?;
        self.export(ada).await?;
        self.settle_unnoted().await;
        let everything = json!({
            "username": "countess",
            "email": "countess@example.org",
            "first_name": "Augusta Ada",
            "last_name": "King",
        });
        ada.ask(Method::PATCH, profile, everything).await?;
        self.note("another name and address")?;
        // The alias of the same route.
        let alias = profile.replacen("/users/", "/user/", 1);
        ada.ask(Method::PATCH, &alias, json!({ "username": "ada", "email": "ada@example.org" })).await?;
        self.note("another name and address")?;
        for path in [profile, &alias] {
            ada.get(path).await?;
            self.note("")?;
        }
        Ok(())
    }

    async fn change_picture(&mut self, ada: &mut Browser) -> Result<(), String> {
        self.settle_unnoted().await;
        let mut picture = Cursor::new(Vec::new());
        RgbImage::new(64, 64).write_to(&mut picture, ImageFormat::Png).map_err(|error| error.to_string())?;
        let mut kept = Value::Null;
        for case in ["the first one", "in place of another"] {
            kept = ada.upload("/users/avatar/", "avatar", "portrait.png", picture.get_ref()).await?;
            self.note(case)?;
        }
        ada.get(kept["avatar_url"].as_str().unwrap_or_default()).await?;
        self.note("")?;
        self.follow("a picture replaced").await
    }

    async fn score(&mut self, ada: &mut Browser, profile: &str) -> Result<(), String> {
        let path = format!("{profile}stats/");
        let by_server = || {
            let request = Request::put(&path).header(CONTENT_TYPE, "application/json");
            request.header(AUTHORIZATION, format!("Bearer {OPERATIONS_TOKEN}"))
        };
        let score = |score: u32| Bytes::from(json!({ "score": score, "games_played": 3, "games_won": 2 }).to_string());
        ada.send(by_server(), score(120)).await?;
        self.note("")?;
        ada.send(by_server().header("idempotency-key", "game-1"), score(240)).await?;
        self.note("with an Idempotency-Key")?;
        players::fill_leaderboard(&self.cloud, 1_100).await?;
        ada.get("/users/leaderboard/?limit=10").await?;
        self.note("10 rows of 1,100")?;
        ada.get("/users/leaderboard/").await?;
        self.note("1,000 rows of 1,100")?;
        ada.get("/users/leaderboard/?limit=100&offset=800").await?;
        self.note("100 rows after 800 of 1,100")
    }

    async fn talk(&mut self, ada: &mut Browser) -> Result<(), String> {
        let mut token = Value::Null;
        for case in ["the first of a cold start", "later ones"] {
            token = ada.ask(Method::POST, "/v1/token", json!({})).await?;
            self.note(case)?;
        }
        ada.get("/.well-known/jwks.json").await?;
        self.note("")?;
        let token = token["access_token"].as_str().unwrap_or_default();
        let socket = open_socket(&self.cloud, token).await?;
        self.note("")?;
        for (case, frame) in [("a ping", json!({ "type": "ping" })), ("who is online", json!({ "type": "online" }))] {
            socket.send(frame.to_string()).await;
            self.note(case)?;
        }
        socket.close().await;
        self.note("")
    }

    async fn read_docs(&mut self, reader: &mut Browser) -> Result<(), String> {
        for path in ["/health/", "/openapi.json", "/docs/", "/docs/page.css"] {
            reader.get(path).await?;
            self.note("")?;
        }
        Ok(())
    }

    /// The staff's pages, about the member whose profile this is.
    async fn look_after_members(&mut self, profile: &str) -> Result<(), String> {
        players::give_accounts(&self.cloud, 100).await?;
        let mut staff = Browser::new(&self.cloud);
        self.join_again(&mut staff, "staff").await?;
        players::make_staff(&self.cloud, "staff").await?;
        staff.forget();
        let page = staff.page("/admin/sign-in/").await?;
        self.note("")?;
        let form = [("token", token_of(&page)?), ("username", "staff"), ("password", PASSWORD)];
        staff.fill("/admin/sign-in/", &form).await?;
        self.note("")?;
        for file in ["style.css", "script.js", "icon.svg"] {
            staff.page(&format!("/admin/{file}")).await?;
            self.note("")?;
        }
        staff.page("/admin/users/").await?;
        self.note("25 of 102 members")?;
        let member = format!("/admin{profile}");
        for _ in 0..2 {
            let guess = json!({ "username": "ada", "password": ANOTHER_PASSWORD });
            // Refused, as it should be: there is something to forget.
            let _ = Browser::new(&self.cloud).ask(Method::POST, "/users/login/", guess).await;
        }
        self.skip();
        let page = staff.page(&member).await?;
        self.note("")?;
        let token = ("token", token_of(&page)?);
        staff.fill(&format!("{member}unlock/"), &[token]).await?;
        self.note("")?;
        staff.fill(&format!("{member}score/"), &[token, ("score", "7000")]).await?;
        self.note("")?;
        let other = format!("/admin{}", self.join_again(&mut Browser::new(&self.cloud), "dan").await?);
        let fields = [("reason", "because"), ("email", "dan@example.org")];
        for what in ["deactivate", "activate", "ban", "reinstate", "edit", "reset-password"] {
            staff.fill(&format!("{other}{what}/"), &[&[token], &fields[..]].concat()).await?;
            self.note("")?;
        }
        let mut dan = Browser::new(&self.cloud);
        dan.ask(Method::POST, "/users/login/", json!({ "username": "dan", "password": PASSWORD })).await?;
        self.skip();
        let begun = dan.ask(Method::POST, "/v1/second-factor", json!({ "password": PASSWORD })).await?;
        let code = json!({ "code": self.next_code(&begun)? });
        dan.ask(Method::POST, "/v1/second-factor/confirm", code).await?;
        self.skip();
        let page = staff.page(&other).await?;
        self.note("with a session")?;
        let end = page.split("action=\"").find(|rest| rest.starts_with(&other) && rest.contains("/end/\""));
        let end = end.and_then(|rest| rest.split('"').next()).ok_or("The page shows no session.")?.to_owned();
        for path in [end, format!("{other}end-sessions/"), format!("{other}remove-second-factor/")] {
            staff.fill(&path, &[token]).await?;
            self.note("")?;
        }
        // The second time it is done to one of the staff, which takes another look at whoever does it.
        for role in ["moderator", "administrator"] {
            staff.fill(&format!("{other}role/"), &[token, ("role", role)]).await?;
            self.note(role)?;
        }
        staff.fill(&format!("{other}delete/"), &[token, ("sure", "yes")]).await?;
        self.note("")?;
        self.look_around(&mut staff, token).await?;
        staff.fill("/admin/sign-out/", &[token]).await?;
        self.note("")
    }

    /// Figures, letters, jobs and the audit trail, with a page full of each.
    async fn look_around(&mut self, staff: &mut Browser, token: (&str, &str)) -> Result<(), String> {
        for _ in 0..2 {
            staff.fill("/admin/jobs/clean-up/run/", &[token]).await?;
            self.note("")?;
        }
        self.settle_unnoted().await;
        players::write_letters(&self.cloud, 30).await?;
        players::fill_audit_trail(&self.cloud, 30).await?;
        for path in
            ["/admin/", "/admin/reports/", "/admin/letters/", "/admin/jobs/", "/admin/refreshes/", "/admin/audit/"]
        {
            staff.page(path).await?;
            self.note("")?;
        }
        Ok(())
    }

    async fn leave(&mut self, ada: &mut Browser, profile: &str) -> Result<(), String> {
        let passwords = json!({
            "old_password": PASSWORD,
            "new_password1": ANOTHER_PASSWORD,
            "new_password2": ANOTHER_PASSWORD,
        });
        ada.ask(Method::POST, "/users/password/", passwords).await?;
        self.note("")?;
        ada.ask(Method::POST, "/users/logout/", json!({})).await?;
        self.note("")?;
        self.settle_unnoted().await;
        ada.ask(Method::POST, "/users/login/", json!({ "username": "ada", "password": ANOTHER_PASSWORD })).await?;
        self.skip();
        ada.ask(Method::DELETE, profile, json!({ "password": ANOTHER_PASSWORD })).await?;
        self.note("with the password, a picture and an address")?;
        self.follow("a member deleted").await?;

        // Two more, to leave by the other ways.
        let alias = self.join_again(ada, "bob").await?.replacen("/users/", "/user/", 1);
        ada.ask(Method::DELETE, &alias, json!({ "password": PASSWORD })).await?;
        self.note("with the password")?;
        ada.forget();
        let profile = self.join_again(ada, "eve").await?;
        ada.ask(Method::PATCH, &profile, json!({ "deactivate": true, "password": PASSWORD })).await?;
        self.note("deactivation, with the password")
    }

    async fn join_again(&mut self, browser: &mut Browser, name: &str) -> Result<String, String> {
        let registration = json!({ "username": name, "password1": PASSWORD, "password2": PASSWORD });
        let joined = browser.ask(Method::POST, "/users/register/", registration).await?;
        browser.ask(Method::POST, "/users/login/", json!({ "username": name, "password": PASSWORD })).await?;
        self.skip();
        Ok(format!("/users/{}/", joined["id"]))
    }

    async fn run_schedules(&mut self) -> Result<(), String> {
        self.settle_unnoted().await;
        for schedule in ["clean-up", "check-accounts"] {
            self.cloud.run_schedule(schedule).await?.outcome?;
            self.note("")?;
        }
        Ok(())
    }

    /// Lets everything follow that follows, and notes it.
    async fn follow(&mut self, case: &str) -> Result<(), String> {
        self.cloud.settle(Delivery::Once).await;
        self.note(case)
    }

    async fn settle_unnoted(&mut self) {
        self.cloud.settle(Delivery::Once).await;
        self.skip();
    }

    /// Notes what every invocation since the last look cost.
    fn note(&mut self, case: &str) -> Result<(), String> {
        let invocations = self.take_new();
        if invocations.is_empty() {
            return Err(format!("Nothing was invoked ({case})."));
        }
        for Invocation { function, trigger, summary, route, cost, error, .. } in invocations {
            if let Some(error) = error {
                return Err(format!("{function} failed ({summary}): {error}"));
            }
            let what = match (trigger, route) {
                (Trigger::Http, route) => route.ok_or_else(|| format!("No route answered {summary}."))?,
                // The connection's id says nothing here.
                (Trigger::Socket, _) => format!("{function} {}", summary.split(' ').next().unwrap_or_default()),
                _ => format!("{function} {summary}"),
            };
            let budget = self.budgets.get(&what).copied();
            self.lines.push(PriceLine { what, case: case.to_owned(), cost, budget });
        }
        Ok(())
    }

    /// Looks away from what happened since the last look.
    fn skip(&mut self) {
        self.take_new();
    }

    /// The invocations since the last look, the first first.
    fn take_new(&mut self) -> Vec<Invocation> {
        let recent = self.cloud.functions().recent();
        let seen = self.seen.take();
        let is_new = |invocation: &&Invocation| Some(&invocation.request_id) != seen.as_ref();
        let mut new: Vec<Invocation> = recent.iter().take_while(is_new).cloned().collect();
        self.seen = recent.into_iter().next().map(|invocation| invocation.request_id);
        new.reverse();
        new
    }
}
