//! The command line: `cargo run -- …`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use local::{Cloud, Options, Pumps, Storage, samconfig};
use shared::clock::Clock;
use shared::ids::Ids;

/// Guildhall's whole cloud on this machine: HTTP and WebSocket APIs, tables, files, events, mail and schedules.
#[derive(Debug, Parser)]
#[command(name = "guildhall", bin_name = "cargo run --", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fill the data folder with believable members and scores.
    Seed(Seed),
    /// Make a member an administrator, who may use /admin/; the local cloud must not be running.
    MakeStaff(MakeStaff),
}

/// Serves the local cloud.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub place: Place,
    /// The port of both APIs; 0 takes any free one.
    #[arg(long, default_value_t = 8000, value_name = "N")]
    pub port: u16,
    /// The address to listen on; another one than this machine's own lets its whole network in.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    pub host: IpAddr,
    /// Keep everything in memory, and nothing afterwards.
    #[arg(long, conflicts_with = "data")]
    pub memory: bool,
    /// Send events to this Lambda Invoke endpoint, as of `cargo lambda watch`, instead of the built-in functions.
    #[arg(long, value_name = "URL")]
    pub invoke: Option<String>,
    /// Show what the functions log, too, and not only warnings.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Fills the data folder.
#[derive(Debug, Args)]
pub struct Seed {
    #[command(flatten)]
    pub place: Place,
    /// How many members.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub members: u32,
}

/// Makes a member an administrator.
#[derive(Debug, Args)]
pub struct MakeStaff {
    /// The member's name.
    pub name: String,
    #[command(flatten)]
    pub place: Place,
}

/// Which stack, and where it keeps its data.
#[derive(Debug, Args)]
pub struct Place {
    /// The data folder [default: `data` beside the template].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The template [default: the `template.yaml` here or in a folder above].
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Template parameters, in SAM's form; they come before those that samconfig.toml sets for `local`.
    #[arg(long, value_name = "NAME=VALUE", num_args = 1..)]
    parameter_overrides: Vec<String>,
}

impl Place {
    /// A cloud over the data folder in which nothing moves by itself, and the folder. One that a running cloud uses is
    /// refused.
    pub async fn open(&self) -> Result<(Cloud, PathBuf), String> {
        let template = self.template()?;
        let folder = self.data(&template);
        let cloud = Cloud::start(Options {
            overrides: self.overrides(&template)?,
            template,
            storage: Storage::Folder(folder.clone()),
            public_url: "http://localhost:8000".to_owned(),
            clock: Clock::system(),
            ids: Ids::random(),
            invoke: None,
            pumps: Pumps::ByHand,
            wire: None,
        })
        .await?;
        Ok((cloud, folder))
    }

    /// The template's file.
    pub fn template(&self) -> Result<PathBuf, String> {
        match &self.template {
            Some(file) => Ok(file.clone()),
            None => {
                let here = std::env::current_dir().map_err(|error| format!("There is no current folder: {error}."))?;
                let mut candidates = here.ancestors().map(|folder| folder.join("template.yaml"));
                candidates.find(|file| file.is_file()).ok_or_else(|| {
                    "There is no template.yaml here or in a folder above; name one with --template.".to_owned()
                })
            }
        }
    }

    /// The data folder.
    pub fn data(&self, template: &Path) -> PathBuf {
        self.data.clone().unwrap_or_else(|| template.with_file_name("data"))
    }

    /// What is overridden: first here, then in `samconfig.toml`.
    pub fn overrides(&self, template: &Path) -> Result<BTreeMap<String, String>, String> {
        let mut overrides = samconfig::local_overrides(&template.with_file_name("samconfig.toml"))?;
        for text in &self.parameter_overrides {
            overrides.extend(read(text).map_err(|reason| format!("--parameter-overrides: {reason}"))?);
        }
        Ok(overrides)
    }
}

/// SAM takes each assignment as an argument of its own, or all of them as one text. What the shell has split already
/// is one assignment, whatever spaces it holds; only a text with a second name in it is many.
fn read(text: &str) -> Result<BTreeMap<String, String>, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.contains(['"', ' ', ',']) && name != "ParameterKey" && !value.contains('=') => {
            Ok(BTreeMap::from([(name.to_owned(), value.trim_matches('"').to_owned())]))
        }
        _ => samconfig::parse_overrides(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(arguments: &[&str]) -> Serve {
        Cli::parse_from([&["guildhall"], arguments].concat()).serve
    }

    #[test]
    fn defaults_need_no_arguments() {
        let serve = serve(&[]);
        assert_eq!((serve.port, serve.host.to_string().as_str(), serve.memory), (8000, "127.0.0.1", false));
        assert_eq!(serve.place.data(Path::new("/x/template.yaml")), Path::new("/x/data"));
    }

    #[test]
    fn overrides_come_in_both_forms_of_sam() {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("template.yaml");
        let given = |arguments: &[&str]| serve(arguments).place.overrides(&template).unwrap();
        let overrides =
            given(&["--parameter-overrides", "RateLimitFactor=2", "SenderAddress=Guild hall <g@h>", "--port", "1"]);
        assert_eq!(overrides["RateLimitFactor"], "2");
        assert_eq!(overrides["SenderAddress"], "Guild hall <g@h>");
        let overrides = given(&["--parameter-overrides", "A=1 B=\"two words\""]);
        assert_eq!((overrides["A"].as_str(), overrides["B"].as_str()), ("1", "two words"));
        let overrides = given(&["--parameter-overrides", "ParameterKey=A,ParameterValue=1"]);
        assert_eq!(overrides["A"], "1");
        assert!(serve(&["--parameter-overrides", "nonsense"]).place.overrides(&template).is_err());
    }

    #[test]
    fn one_of_the_staff_is_made_by_name() {
        let cli = Cli::parse_from(["guildhall", "make-staff", "ada", "--data", "d"]);
        let Some(Command::MakeStaff(make)) = cli.command else { panic!("not the make-staff command") };
        assert_eq!((make.name.as_str(), make.place.data(Path::new("t"))), ("ada", PathBuf::from("d")));
        assert!(Cli::try_parse_from(["guildhall", "make-staff"]).is_err());
    }

    #[test]
    fn seeding_is_a_command_of_its_own() {
        let cli = Cli::parse_from(["guildhall", "seed", "--members", "3", "--data", "d"]);
        let Some(Command::Seed(seed)) = cli.command else { panic!("not the seed command") };
        assert_eq!((seed.members, seed.place.data(Path::new("t"))), (3, PathBuf::from("d")));
        assert!(Cli::try_parse_from(["guildhall", "seed", "--members", "0"]).is_err());
    }
}
