//! A clone with history of its own, and what stands around it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use local::project::Project;
use tempfile::TempDir;

use crate::moto::Moto;

/// What a deployment reads of this tree.
const FILES: [&str; 5] = ["Cargo.toml", "deploy", "samconfig.toml", "scripts", "template.yaml"];
const BUCKET: &str = "releases-of-a-test";
const BUCKET_OF_DEV: &str = "releases-of-dev";

const HERE: &str = "<CreateBucketConfiguration xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>\
    <LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

pub(crate) struct Tree {
    folder: TempDir,
    /// None where nothing comes that far.
    moto: Option<Moto>,
    tools: PathBuf,
}

impl Tree {
    /// One whose configuration is filled in, at its first commit, beside moto.
    pub(crate) fn new() -> Self {
        let mut tree = Self::alone();
        let moto = Moto::start(&tree.tools);
        let as_xml = ["-X", "PUT", "--header", "Content-Type: application/xml", "--data", HERE];
        for bucket in [BUCKET, BUCKET_OF_DEV] {
            moto.ask("s3", &format!("/{bucket}"), &as_xml);
        }
        tree.moto = Some(moto);
        tree
    }

    /// The same without AWS.
    pub(crate) fn alone() -> Self {
        let project = Project::find().unwrap();
        let tree = Self { folder: tempfile::tempdir().unwrap(), moto: None, tools: project.tools() };
        for file in FILES {
            succeed(Command::new("cp").arg("-r").arg(project.root().join(file)).arg(tree.root()));
        }
        tree.stand_in();
        tree.fill_in();
        tree.write(".gitignore", "/target\n/called\n/failing\n__pycache__/\n");
        tree.git(&["init", "--quiet"]);
        tree.commit("The first");
        tree
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.root().join(file), text).unwrap();
    }

    /// A commit with this message in a file; its full name.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.write("message", message);
        self.git(&["add", "--all"]);
        self.git(&[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "commit",
            "--quiet",
            "-m",
            message,
        ]);
        self.commit_now()
    }

    /// The full name of the commit that is checked out.
    pub(crate) fn commit_now(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub(crate) fn deploy(&self, stage: &str) -> Ended {
        self.run("deploy", &[stage], &[])
    }

    pub(crate) fn roll_back(&self, stage: &str) -> Ended {
        self.run("rollback", &[stage], &[])
    }

    pub(crate) fn run(&self, script: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = self.command(&self.tools.join("python"));
        command.arg(self.root().join("scripts").join(script)).args(arguments);
        Ended::of(&command.envs(variables.iter().copied()).output().unwrap())
    }

    /// SAM itself, for which a stand-in speaks elsewhere.
    pub(crate) fn sam(&self) -> String {
        self.tools.join("sam").display().to_string()
    }

    /// From now on this stand-in fails, or none if it is called so.
    pub(crate) fn fail(&self, name: &str) {
        self.write("failing", name);
    }

    /// What was called since last asked: a line each, the program and its arguments.
    pub(crate) fn called(&self) -> Vec<String> {
        let file = self.root().join("called");
        let called = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(file);
        called.lines().map(str::to_owned).collect()
    }

    /// The names of what was called since last asked, without their arguments.
    pub(crate) fn steps(&self) -> Vec<String> {
        let name = |line: &String| line.split(" -").next().unwrap().to_owned();
        self.called().iter().map(name).collect()
    }

    /// A parameter of a stage's stack.
    pub(crate) fn parameter(&self, stage: &str, name: &str) -> Option<String> {
        let described = self.cloudformation("DescribeStacks", stage);
        let (_, rest) = described.split_once(&format!("<ParameterKey>{name}</ParameterKey>"))?;
        let (member, _) = rest.split_once("</member>")?;
        // Without the element where it is empty.
        let value = member.split_once("<ParameterValue>").and_then(|(_, it)| it.split_once('<'));
        Some(value.map_or_else(String::new, |(value, _)| value.to_owned()))
    }

    /// What no update of a stage's stack may do.
    pub(crate) fn policy(&self, stage: &str) -> String {
        self.cloudformation("GetStackPolicy", stage)
    }

    fn cloudformation(&self, action: &str, stage: &str) -> String {
        let moto = self.moto.as_ref().unwrap();
        let fields = format!("Action={action}&Version=2010-05-15&StackName=storefront-{stage}");
        moto.ask("cloudformation", "/", &["--data", &fields])
    }

    /// Everything in the bucket of staging and production, as one text.
    pub(crate) fn kept(&self) -> String {
        self.python(&format!(
            "import boto3; bucket = boto3.resource('s3').Bucket('{BUCKET}')\n\
             print(*[it.key + ' ' + it.get()['Body'].read().decode() for it in bucket.objects.all()])"
        ))
    }

    /// Puts something else into that bucket.
    pub(crate) fn replace(&self, key: &str, text: &str) {
        self.python(&format!(
            "import boto3; boto3.client('s3').put_object(Bucket='{BUCKET}', Key='{key}', Body=b'{text}')"
        ));
    }

    pub(crate) fn python(&self, program: &str) -> String {
        let mut command = self.command(&self.tools.join("python"));
        let output = command.args(["-c", program]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, program: &Path) -> Command {
        let stand_ins = self.root().join("stand-ins");
        let path = format!("{}:{}", stand_ins.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        for inherited in ["ROLLOUT", "SCENARIOS", "HEALTH_TOKEN", "AWS_PROFILE"] {
            command.env_remove(inherited);
        }
        for stage in ["DEV", "STAGING", "PRODUCTION"] {
            command.env_remove(format!("HEALTH_TOKEN_{stage}")).env_remove(format!("SENTRY_DSN_{stage}"));
        }
        command
            .current_dir(self.root())
            .stdin(std::process::Stdio::null())
            .env("PATH", path)
            .env("SAM", stand_ins.join("sam"))
            .env("PYTHON", self.tools.join("python"))
            .env("TREE", self.root())
            .env("AWS_ENDPOINT_URL", self.moto.as_ref().map_or(NOWHERE.to_owned(), Moto::endpoint))
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "eu-west-1");
        command
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").current_dir(self.root()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn stand_in(&self) {
        let stand_ins = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deploy/stand-ins");
        succeed(Command::new("cp").args(["-r", stand_ins]).arg(self.root()));
        fs::create_dir(self.root().join("loadtest")).unwrap();
        self.put("run-load-tests.sh", "loadtest/run-load-tests.sh");
        self.put("check.py", "scripts/check-template");
        self.put("check.py", "scripts/check-releases");
    }

    fn put(&self, stand_in: &str, place: &str) {
        fs::copy(self.root().join("stand-ins").join(stand_in), self.root().join(place)).unwrap();
    }

    /// As docs/deployment.md asks for.
    fn fill_in(&self) {
        for file in ["samconfig.toml", "deploy/dev.yaml", "deploy/staging.yaml", "deploy/production.yaml"] {
            let text = fs::read_to_string(self.root().join(file)).unwrap();
            let text = text.replace("storefront-releases-111122223333", BUCKET).replace(".example", ".test");
            let text = text.replace("storefront-releases-dev-111122223333", BUCKET_OF_DEV);
            self.write(file, &text);
        }
    }
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self { code: output.status.code(), said: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    pub(crate) fn assert(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{}", self.said);
        assert!(self.said.contains(words), "{}", self.said);
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
