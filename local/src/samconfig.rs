//! The local overrides in `samconfig.toml`, and SAM's own way of writing them.

use std::collections::BTreeMap;
use std::path::Path;

/// What `[local.deploy.parameters] parameter_overrides` says in this `samconfig.toml`; nothing where there is no file.
pub fn local_overrides(path: &Path) -> Result<BTreeMap<String, String>, String> {
    todo!()
}

/// Reads `Name=Value Name="a value"`; SAM's older form `ParameterKey=Name,ParameterValue=Value` too.
pub fn parse_overrides(text: &str) -> Result<BTreeMap<String, String>, String> {
    todo!()
}
