//! The environment variables of every function: the template's, and those that lead the AWS clients here.

use std::collections::BTreeMap;

use shared::config::Environment;
use shared::platforms::Platform;

use crate::endpoints::{openid, platforms};
use crate::functions::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::state::State;
use crate::template::{Function, REGION, Template};

const SECRET: &str = "{{resolve:secretsmanager:";
/// Read by the TLS library where the cloud has its root certificates; this machine has its own.
const CLOUD_ONLY: &str = "SSL_CERT_FILE";

/// The template's parameters that say where servers of others are, and the variables that they become: who signs people
/// in with Google, and the platforms.
const ISSUER: (&str, &str) = ("GoogleIssuer", "GOOGLE_ISSUER");
const PLATFORMS: [(&str, &str, Platform); 3] = [
    ("LeetcodeUrl", "LEETCODE_GRAPHQL_URL", Platform::LeetCode),
    ("CodechefUrl", "CODECHEF_BASE_URL", Platform::CodeChef),
    ("CodeforcesUrl", "CODEFORCES_API_URL", Platform::Codeforces),
];

/// The environment of each function, by its logical id. `services` is where S3, SES, EventBridge and the sockets'
/// management answer, `tables` where DynamoDB does.
pub(super) fn all(
    template: &Template,
    state: &State,
    services: &str,
    tables: &str,
) -> Result<BTreeMap<String, Environment>, String> {
    let mut all = BTreeMap::new();
    for function in &template.functions {
        let mut environment = Environment::new();
        for (name, value) in function.environment.iter().filter(|(name, _)| *name != CLOUD_ONLY) {
            environment.insert(name.clone(), with_secrets(value, state)?);
        }
        environment.extend(local(function, services, tables).map(|(name, value)| (name.to_owned(), value.to_owned())));
        all.insert(function.id.clone(), environment);
    }
    Ok(all)
}

/// Has this machine stand in for the servers of others, where nobody named other ones. `services` is where it does.
pub(super) fn stand_in(
    environments: &mut BTreeMap<String, Environment>,
    overrides: &BTreeMap<String, String>,
    services: &str,
) {
    let platforms =
        PLATFORMS.map(|(parameter, variable, platform)| (parameter, variable, platforms::address(platform, services)));
    let (parameter, variable) = ISSUER;
    let all = platforms.into_iter().chain([(parameter, variable, openid::issuer(services))]);
    for (_, variable, address) in all.filter(|(parameter, ..)| !overrides.contains_key(*parameter)) {
        for named in environments.values_mut().filter_map(|environment| environment.get_mut(variable)) {
            named.clone_from(&address);
        }
    }
}

/// What the SDKs and the Lambda runtime read.
fn local<'a>(function: &'a Function, services: &'a str, tables: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("AWS_ENDPOINT_URL", services),
        ("AWS_ENDPOINT_URL_DYNAMODB", tables),
        ("AWS_LAMBDA_FUNCTION_NAME", &function.binary),
    ]
}

/// Puts secrets in the place of `{{resolve:secretsmanager:ARN}}`.
fn with_secrets(value: &str, state: &State) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once(SECRET) {
        let (arn, after) = after.split_once("}}").ok_or_else(|| format!("{value:?} does not end its secret."))?;
        result.push_str(before);
        result.push_str(&state.secret(arn.rsplit(':').next().unwrap_or(arn))?);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uuids::Uuids;
    use shared::clock::Clock;

    #[test]
    fn a_secret_takes_the_place_of_its_reference() {
        let state = State::open(None, Clock::system(), Uuids::counting(), Vec::new()).unwrap();
        let secret = state.secret("TokenSecret").unwrap();
        let value = "a {{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:0:secret:TokenSecret}} b";
        assert_eq!(with_secrets(value, &state), Ok(format!("a {secret} b")));
        assert_eq!(with_secrets("plain", &state), Ok("plain".to_owned()));
    }
}
