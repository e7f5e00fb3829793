//! A stand-in for `CodeDeploy` that speaks its protocol (AWS JSON 1.1): moto knows
//! deployments, but no hooks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const JSON: [(&str, &str); 1] = [("content-type", "application/x-amz-json-1.1")];

pub(crate) struct CodeDeploy {
    port: u16,
    script: Script,
}

#[derive(Clone)]
struct Script {
    app_spec: Arc<str>,
    refused: Option<&'static str>,
    told: Arc<Mutex<Vec<Value>>>,
}

impl CodeDeploy {
    /// One whose deployments are all of this version.
    pub(crate) async fn deploying(function: &str, version: &str) -> Self {
        Self::start(function, version, None).await
    }

    /// One that refuses one of its operations.
    pub(crate) async fn refusing(operation: &'static str) -> Self {
        Self::start("shop-unknown", "7", Some(operation)).await
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Each verdict that it was told.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.script.told.lock().expect("never poisoned").clone()
    }

    async fn start(function: &str, version: &str, refused: Option<&'static str>) -> Self {
        let properties = json!({
            "Name": function,
            "Alias": "live",
            "CurrentVersion": "6",
            "TargetVersion": version,
        });
        let resource = json!({"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}});
        let app_spec = json!({"version": "0.0", "Resources": [resource]}).to_string();
        let script = Script { app_spec: app_spec.into(), refused, told: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let service = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { port, script }
    }
}

async fn answer(State(script): State<Script>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().expect("text");
    let operation = target.strip_prefix("CodeDeploy_20141006.").expect("an operation of CodeDeploy's");
    let request: Value = serde_json::from_slice(&body).expect("JSON");
    if script.refused == Some(operation) {
        let error = json!({"__type": "DeploymentDoesNotExistException", "message": "no such deployment"});
        return (StatusCode::BAD_REQUEST, JSON, error.to_string()).into_response();
    }
    let said = match operation {
        "GetDeployment" => deployment(&request, &script.app_spec),
        "PutLifecycleEventHookExecutionStatus" => {
            script.told.lock().expect("never poisoned").push(request.clone());
            json!({"lifecycleEventHookExecutionId": request["lifecycleEventHookExecutionId"]})
        }
        other => return (StatusCode::NOT_FOUND, other.to_owned()).into_response(),
    };
    (JSON, said.to_string()).into_response()
}

fn deployment(request: &Value, app_spec: &str) -> Value {
    let revision = json!({"revisionType": "AppSpecContent", "appSpecContent": {"content": app_spec}});
    let id = &request["deploymentId"];
    json!({"deploymentInfo": {"deploymentId": id, "computePlatform": "Lambda", "revision": revision}})
}
