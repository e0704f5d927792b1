//! What was said while a client was away: its handshake says which message it had last, and what came after is told as
//! soon as its socket is open.
//!
//! Nothing is lost between the two and nothing comes twice. The transaction that lets the socket in notes how far each
//! conversation had come, and does not hold if one has moved on by then. What was said up to there is told from here; what
//! is said after it, as it happens ([`crate::delivery`]).

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use shared::ids::{MemberId, MessageId};
use shared::model::account::Account;
use shared::model::conversation::Talk;
use shared::model::socket::{Missed, Presence, Surface};
use shared::store::{Condition, Query, Write, keys};
use shared::talk;
use shared::{App, Error, Result};

use crate::frames::ServerFrame;
use crate::talks::{MISSED, MissedView};
use crate::{connection, skillnet, sukuwatto};

/// Conversations that one socket catches up with, at most: those in which something was said last.
const MOST: usize = 50;
/// Pages of one conversation that are told to a socket whose client cannot ask on.
const PAGES: usize = 10;

/// The last message that a client has, if its handshake says so.
pub fn since(request: &ApiGatewayWebsocketProxyRequest) -> Result<Option<MessageId>> {
    let since = request.query_string_parameters.first("since").filter(|since| !since.is_empty());
    let unreadable = |_| Error::invalid_field("since", "This is not the id of a message.");
    since.map(|since| since.parse().map_err(unreadable)).transpose()
}

/// What somebody missed who had this message last, and the conditions under which that holds: a conversation that moves
/// in the same moment refuses them.
pub async fn look_up(app: &App, by: MemberId, surface: Surface, since: MessageId) -> Result<(Vec<Missed>, Vec<Write>)> {
    let (asked, talks): (Vec<MemberId>, Vec<Talk>) = match surface {
        Surface::SukuwattoChat { with } | Surface::SkillnetRoom { with } => {
            (vec![with], talk::side(app, by, with).await?.into_iter().collect())
        }
        Surface::Native => {
            let latest = Query::of(keys::talks(by), MOST).backwards();
            let mut talks = app.table.query::<Talk>(latest).await?.items;
            talks.retain(|talk| talk.said_to > since);
            (talks.iter().map(|talk| talk.other).collect(), talks)
        }
        // What these two show is counted anew when their clients come back.
        Surface::SukuwattoFeed | Surface::SkillnetNotifications => (vec![], vec![]),
    };
    let unmoved = |with: &MemberId| {
        let known = talks.iter().find(|talk| talk.other == *with);
        let same = known.map_or_else(Condition::absent, |talk| Condition::equals("said_to", talk.said_to));
        Write::check(keys::talk(by, *with), same)
    };
    let checks = asked.iter().map(unmoved).collect();
    let missed = talks.iter().filter(|talk| talk.said_to > since);
    let missed = missed.map(|talk| Missed { with: talk.other, thread: talk.thread, after: since, to: talk.said_to });
    Ok((missed.collect(), checks))
}

/// Tells a socket what its client missed.
pub async fn tell(app: &App, member: MemberId, connection: &str) -> Result<()> {
    // It may be gone by now, and then nobody waits for this.
    let open = app.table.get::<Presence>(keys::socket_of(member, connection)).await?;
    let Some(open) = open else { return Ok(()) };
    for missed in &open.missed {
        match open.surface {
            Surface::Native => {
                let page = talk::since(app, member, missed.with, missed.after, MISSED).await?;
                let data = MissedView::of(app, missed.thread, page, Some(missed.to)).await?;
                connection::send(app, &open, &ServerFrame::MessageList { data }).await?;
            }
            _ => tell_each(app, &open, missed).await?,
        }
    }
    Ok(())
}

/// A frame for each message, as if it had just been said: the clients of these sockets know no other.
async fn tell_each(app: &App, open: &Presence, missed: &Missed) -> Result<()> {
    let people = [open.member, missed.with];
    let accounts = app.table.get_all::<Account>(&people.map(keys::account)).await?;
    let mut after = missed.after;
    for _ in 0..PAGES {
        let page = talk::since(app, open.member, missed.with, after, MISSED).await?;
        for message in page.items.iter().filter(|message| !message.deleted && message.id <= missed.to) {
            let writer = accounts.iter().flatten().find(|account| account.id == message.from);
            let Some(writer) = writer else { continue };
            match open.surface {
                Surface::SkillnetRoom { .. } => {
                    let frame = skillnet::ServerFrame::sent(message, writer.username.as_str());
                    connection::send(app, open, &frame).await?;
                }
                _ => connection::send(app, open, &sukuwatto::ServerFrame::sent(message)).await?,
            }
        }
        match page.items.last() {
            Some(last) if page.next.is_some() && last.id < missed.to => after = last.id,
            _ => return Ok(()),
        }
    }
    Ok(())
}
