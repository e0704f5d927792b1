//! Where a socket wants to be: the products' clients open it at paths of their own, and the gateway, which knows no paths
//! on sockets, hands us what they said as a query.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use http::header::AUTHORIZATION;
use shared::auth::Member;
use shared::http::cookies;
use shared::ids::MemberId;
use shared::members;
use shared::model::account::Account;
use shared::model::name::fold;
use shared::model::socket::Surface;
use shared::store::keys;
use shared::visibility::relations;
use shared::{App, Error, Result};

/// The cookie that carries Sukuwatto's access token.
const COOKIE: &str = "Authorization";

/// What a client asks for, as it says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Our own socket.
    Native,
    /// `/ws/chat/<user>/<correspondent>/`: Sukuwatto's conversation of these two, in either order.
    Chat {
        /// The first name in the path.
        one: String,
        /// The second.
        other: String,
    },
    /// `/ws/feed/<user>/`: Sukuwatto's feed of this member.
    Feed {
        /// The member's name.
        user: String,
    },
    /// `/ws/chat/<room>/`: SkillNet's room, called by two names in one.
    Room {
        /// Both names.
        room: String,
    },
    /// `/ws/notifications/<user>/`: SkillNet's notifications of this member.
    Notifications {
        /// The member's name.
        user: String,
    },
}

impl Place {
    /// What the query of a handshake says.
    pub fn of(request: &ApiGatewayWebsocketProxyRequest) -> Result<Place> {
        let said = |name| request.query_string_parameters.first(name).map(str::to_owned);
        let named = |name| said(name).ok_or_else(Error::not_found);
        match said("surface").as_deref() {
            None | Some("" | "native") => Ok(Place::Native),
            Some("chat") => Ok(Place::Chat { one: named("user")?, other: named("correspondent")? }),
            Some("feed") => Ok(Place::Feed { user: named("user")? }),
            Some("room") => Ok(Place::Room { room: named("room")? }),
            Some("notifications") => Ok(Place::Notifications { user: named("user")? }),
            Some(_) => Err(Error::not_found()),
        }
    }

    /// The token that a handshake shows there: in the query, in a header, or where browsers send it by themselves.
    pub fn token(&self, request: &ApiGatewayWebsocketProxyRequest) -> Option<String> {
        let by_query = request.query_string_parameters.first("token").map(str::to_owned);
        let header = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = header.and_then(|header| header.split_once(' '));
        let by_header = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let takes_cookie = matches!(self, Place::Chat { .. } | Place::Feed { .. });
        let by_cookie = || cookies::find(&request.headers, COOKIE).filter(|token| takes_cookie && !token.is_empty());
        by_query.or_else(|| by_header.map(|(_, token)| token.trim().to_owned())).or_else(by_cookie)
    }

    /// Whether this member may be there, and what that makes of the socket.
    pub async fn admit(&self, app: &App, by: &Member) -> Result<Surface> {
        let own = by.account.username.as_str();
        let is_own = |name: &String| fold(name) == fold(own);
        match self {
            Place::Native => Ok(Surface::Native),
            Place::Feed { user } if is_own(user) => Ok(Surface::SukuwattoFeed),
            Place::Notifications { user } if is_own(user) => Ok(Surface::SkillnetNotifications),
            Place::Feed { .. } | Place::Notifications { .. } => Err(not_yours()),
            Place::Chat { one, other } => {
                let correspondent = match (is_own(one), is_own(other)) {
                    (true, false) => other,
                    (false, true) => one,
                    (true, true) => return Err(Error::not_found()),
                    (false, false) => return Err(not_yours()),
                };
                let with = members::holder(app, correspondent).await?.ok_or_else(Error::not_found)?;
                may_talk(app, by, with).await?;
                Ok(Surface::SukuwattoChat { with })
            }
            Place::Room { room } => {
                let others = others_in(room, own);
                if others.is_empty() {
                    return Err(not_yours());
                }
                for other in others {
                    if let Some(with) = members::holder(app, other).await?.filter(|with| *with != by.id()) {
                        may_talk(app, by, with).await?;
                        return Ok(Surface::SkillnetRoom { with });
                    }
                }
                Err(Error::not_found())
            }
        }
    }
}

/// Whom a room may be with that somebody of this name comes to: a room is called by both names, the lesser first, with
/// `_` between them, which names may have in them, too.
fn others_in<'a>(room: &'a str, own: &str) -> Vec<&'a str> {
    let after = room.strip_prefix(own).and_then(|rest| rest.strip_prefix('_'));
    let before = room.strip_suffix(own).and_then(|rest| rest.strip_suffix('_'));
    // In JavaScript's order, which is that of UTF-16.
    let is_greater = |other: &str| other.encode_utf16().ge(own.encode_utf16());
    let after = after.filter(|other| is_greater(other));
    let before = before.filter(|other| !is_greater(other));
    after.into_iter().chain(before).filter(|other| !other.is_empty()).collect()
}

/// Refuses to let two talk one of whom is not there, or has blocked the other.
async fn may_talk(app: &App, by: &Member, with: MemberId) -> Result<()> {
    let others = [with];
    let account = app.table.get::<Account>(keys::account(with));
    let (account, relations) = tokio::try_join!(account, relations(app, Some(by.id()), &others))?;
    account.filter(Account::is_usable).ok_or_else(Error::not_found)?;
    if relations.iter().any(|relation| relation.blocked) {
        return Err(Error::forbidden("blocked", "You cannot write to this member."));
    }
    Ok(())
}

fn not_yours() -> Error {
    Error::forbidden("not_permitted", "You do not have permission to perform this action.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_never_split_but_compared() {
        for (room, own, others) in [
            ("ada_bob", "ada", &["bob"][..]),
            ("ada_bob", "bob", &["ada"]),
            // The lesser name comes first, so only one of two readings is right.
            ("a_a_b", "a", &["a_b"]),
            ("a_b_a", "a", &["b_a"]),
            ("ada_b_bob", "ada", &["b_bob"]),
            ("ada_b_bob", "bob", &["ada_b"]),
            ("Zoe_ada", "ada", &["Zoe"]),
            ("bob_ada", "ada", &[]),
            ("bob_cy", "ada", &[]),
            ("adabob", "ada", &[]),
            ("ada_", "ada", &[]),
            ("ada", "ada", &[]),
            ("", "ada", &[]),
        ] {
            assert_eq!(others_in(room, own), others, "{own} in {room}");
        }
    }
}
