//! The prices of leaderboards but the game's: pages and surroundings in each dialect.

use http::Method;
use serde_json::json;
use shared::boards::{Board, Name, Period, REVIEWS, SWAPS, Scope, Span, TRAINING, XP};
use shared::ids::MemberId;

use super::{PASSWORD, Story};
use crate::browser::Browser;
use crate::players;

/// Players on a board that is too long to be gone through, and on the others.
const MANY: u32 = 1_100;
const SOME: u32 = 150;

impl Story {
    /// A member in the middle of every board, who follows many of those on them. The players have accounts.
    pub(super) async fn climb_boards(&mut self) -> Result<(), String> {
        let mut mia = Browser::new(&self.cloud);
        let profile = self.join_again(&mut mia, "mia").await?;
        let member = profile.trim_matches('/').rsplit('/').next().and_then(|id| id.parse().ok());
        let member = member.map(MemberId).ok_or("The profile has no id.")?;
        let now = self.cloud.clock().now();
        let board = async |name: &'static str, period: Period, players: u32| {
            let board = Board { name: Name::of(name), scope: Scope::all(), period };
            players::fill_board(&self.cloud, &board, players, Some(member)).await
        };
        for span in Span::ALL {
            board(TRAINING, span.at(now), if span == Span::AllTime { MANY } else { SOME }).await?;
        }
        for name in [XP, SWAPS, REVIEWS] {
            board(name, Period::AllTime, SOME).await?;
        }
        let over = Span::Week.ended_by(now).ok_or("Weeks have no end.")?;
        board(XP, over, SOME).await?;
        players::close_boards(&self.cloud, over).await?;
        players::follow(&self.cloud, member, 120).await?;
        self.read_sukuwattos_boards(&mut mia).await?;
        self.read_all_boards(&mut mia, over).await
    }

    async fn read_sukuwattos_boards(&mut self, mia: &mut Browser) -> Result<(), String> {
        mia.ask(Method::POST, "/api/token/", json!({ "username": "mia", "password": PASSWORD })).await?;
        // The first one after a cold start reads the key that verifies tokens besides.
        mia.get("/api/weekly-leaderboard/").await?;
        self.skip();
        for name in ["weekly", "monthly", "yearly", "alltime"] {
            mia.get(&format!("/api/{name}-leaderboard/")).await?;
            self.note("10 from the top")?;
            mia.get(&format!("/api/{name}-leaderboard-dashboard/")).await?;
            self.note("in the middle")?;
        }
        for (query, case) in [
            ("page=8&page_size=100", "100 after 700 of 1,101"),
            ("page=last", "the last of 1,101"),
            ("search=player&page_size=100", "a hundred names of 1,100"),
            ("user__username=player-000001", "one name"),
        ] {
            mia.get(&format!("/api/alltime-leaderboard/?{query}")).await?;
            self.note(case)?;
        }
        mia.get("/api/weekly-leaderboard/?search=player&page_size=100").await?;
        self.note("a hundred names of 151")
    }

    async fn read_all_boards(&mut self, mia: &mut Browser, over: Period) -> Result<(), String> {
        let tokens = mia.ask(Method::POST, "/v1/token", json!({})).await?;
        self.skip();
        self.carry(mia, &tokens)?;
        for query in ["", "?page_size=100", "?by=swaps&page_size=100", "?by=rating&page_size=100&page=2"] {
            mia.get(&format!("/api/v1/leaderboard/{query}")).await?;
            self.note(if query.is_empty() { "20 of 151" } else { "100 of 151" })?;
        }
        let first = mia.get("/v1/boards/training?limit=100").await?;
        self.note("100 of 1,101")?;
        let next = first["next"].as_str().ok_or("The board has one page.")?;
        mia.get(&format!("/v1/boards/training?cursor={next}")).await?;
        self.note("20 by a cursor")?;
        mia.get("/v1/boards/training/around-me?above=50&below=50").await?;
        self.note("101 of 1,101")?;
        mia.get("/v1/boards/training/members/7").await?;
        self.note("")?;
        mia.get("/v1/boards/training/following").await?;
        self.note("99 of 120")?;
        mia.get(&format!("/v1/boards/xp/final?period={over}")).await?;
        self.note("100 of 151")
    }
}
