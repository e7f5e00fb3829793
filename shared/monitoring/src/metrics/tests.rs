use std::collections::BTreeSet;

use cache::Histogram;
use serde_json::Value;

use super::*;

const NOW: Duration = Duration::from_millis(1_750_000_000_123);

fn settings() -> Settings {
    let settings = [("STAGE", "production"), ("AWS_LAMBDA_FUNCTION_NAME", "storefront-products")];
    Settings::read(&|name| settings.iter().find(|(known, _)| *known == name).map(|(_, is)| (*is).to_owned()))
        .expect("good")
}

/// Everything that can be told, with this many numbers of each measure.
fn everything(numbers: u64) -> Totals {
    let mut totals = Totals::default();
    for count in Count::ALL {
        totals.add(*count, 7);
    }
    for measure in Measure::ALL {
        (1..=numbers).for_each(|number| totals.add_number(*measure, number * 1_000_000));
    }
    totals
}

fn told(totals: &Totals) -> Vec<Value> {
    let slowest = Slowest {
        time: Duration::from_millis(120),
        request_id: "request-1".into(),
        trace_id: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
        route: "/api/products/{id}".into(),
    };
    let lines = lines(&settings(), totals, Some(&slowest), NOW);
    lines.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn directives(line: &Value) -> &[Value] {
    line["_aws"]["CloudWatchMetrics"].as_array().expect("directives")
}

#[test]
fn every_line_is_valid_by_the_published_schema() {
    let schema = serde_json::from_str(include_str!("emf.schema.json")).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    assert!(!schema.is_valid(&json!({"_aws": {"CloudWatchMetrics": []}})), "it refuses what is wrong");
    for line in told(&everything(250)) {
        let errors: Vec<String> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{line}");
    }
}

#[test]
fn what_a_line_refers_to_stands_in_it_and_is_within_its_limits() {
    let lines = told(&everything(250));
    assert_eq!(lines.len(), 3, "100 numbers a line");
    for line in &lines {
        assert!(line.to_string().len() < 256 * 1024);
        for directive in directives(line) {
            let metrics = directive["Metrics"].as_array().expect("metrics");
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                let target = &line[metric["Name"].as_str().expect("a name")];
                let numbers = target.as_array().map_or(1, Vec::len);
                assert!(target.is_number() || (1..=100).contains(&numbers), "{target}");
            }
            let names = directive["Dimensions"].as_array().expect("sets").iter().filter_map(Value::as_array);
            assert!(names.flatten().all(|name| line[name.as_str().expect("a name")].is_string()));
        }
    }
}

/// Each metric of each dimension's value is paid for, so what is told must not make
/// more of them: routes, operations, ids and people are none.
#[test]
fn dimensions_are_stage_and_function_whatever_is_told() {
    let lines = told(&everything(3));
    let sets: BTreeSet<String> = lines
        .iter()
        .flat_map(directives)
        .flat_map(|directive| directive["Dimensions"].as_array().expect("sets"))
        .map(ToString::to_string)
        .collect();
    assert_eq!(sets.into_iter().collect::<Vec<_>>(), [r#"["Stage","Function"]"#, r#"["Stage"]"#]);
    let scopes = Count::ALL.iter().map(|count| count.scope());
    let scopes = scopes.chain(Measure::ALL.iter().map(|measure| measure.scope()));
    let of_functions = scopes.filter(|scope| *scope == Scope::Function).count();
    assert!(of_functions <= 14, "{of_functions} metrics for each function");
}

#[test]
fn nothing_is_told_of_nothing_and_each_number_once() {
    assert_eq!(told(&Totals::default()), [Value::Null; 0]);
    let histogram = Histogram::default();
    for ms in [1, 1, 2] {
        histogram.record(Duration::from_millis(ms));
    }
    let mut totals = Totals::default();
    totals.add_measured(Measure::RequestTime, &histogram.take());
    let [line] = &told(&totals)[..] else { unreachable!("one line") };
    let times: Vec<f64> = serde_json::from_value(line["RequestTime"].clone()).expect("numbers");
    assert_eq!(times.len(), 3);
    for (time, exact) in times.into_iter().zip([1.0, 1.0, 2.0]) {
        assert!((time / exact - 1.0).abs() < 0.04, "{time} ms for {exact} ms");
    }
}

#[test]
fn the_slowest_request_is_named_with_its_trace() {
    let lines = told(&everything(1));
    assert_eq!(lines[0]["slowest_request"]["trace_id"], "Root=1-5759e988-bd862e3fe1be46a994272793");
    assert_eq!(lines[0]["slowest_request"]["duration_ms"], 120);
}

/// Name, unit, and of what, of each metric that stands in a line.
fn named(line: &Value) -> impl Iterator<Item = [String; 3]> {
    directives(line).iter().flat_map(|directive| {
        let of = if directive["Dimensions"].as_array().map_or(0, Vec::len) > 1 {
            "stage, function"
        } else {
            "stage"
        };
        let metrics = directive["Metrics"].as_array().expect("metrics").iter();
        metrics.map(move |metric| {
            let text = |member: &str| metric[member].as_str().expect("a text").to_owned();
            [text("Name"), text("Unit"), of.to_owned()]
        })
    })
}

/// The first three columns of the document's table.
fn documented() -> BTreeSet<[String; 3]> {
    let document = include_str!("../../../../docs/metrics.md");
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")));
    cells.map(|cells| cells.take(3).collect::<Vec<_>>().try_into().expect("three columns")).collect()
}

#[test]
fn the_document_has_each_metric_with_its_unit_and_dimensions() {
    let lines = told(&everything(1));
    assert_eq!(documented(), lines.iter().flat_map(named).collect());
}
