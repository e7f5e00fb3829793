//! What a developer needs once the system runs.

use std::time::Duration;

use anyhow::Result;
use local::stack::Stack;
use local::template::TABLE_NAME;

pub(super) fn of(stack: &Stack, ttl: Duration) -> Result<String> {
    let api = stack.url().replace("127.0.0.1", "localhost");
    let cache = stack.cache().unwrap_or_else(|| "none: each function has its own alone".into());
    let dynamodb = stack.dynamodb();
    let logs = stack.logs();
    let token = stack.token("alice", "catalog:write", ttl)?;
    Ok(format!(
        "
Storefront runs. Stop it with Ctrl-C.

  API              {api}/api/products
  Health           {api}/api/health
  Detailed health  {api}/api/health/detailed
  Dashboard        {api}/api/health/dashboard
  DynamoDB         {dynamodb} (table {TABLE_NAME})
  Cache            {cache}
  Logs             {logs}

Read the catalogue:

  curl -s '{api}/api/products?limit=5'

Order from it (another token: make token USER=alice SCOPE=catalog:write):

  TOKEN={token}
  curl -s {api}/api/orders -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' \\
    -H 'idempotency-key: order-1' -d '{{\"items\":[{{\"product_id\":\"cafe-au-lait-bowl\",\"quantity\":2}}]}}'

Pay for an order, or tell of another event (make help):

  make pay ORDER=id

Write to it:

  curl -s {api}/api/products -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' \\
    -d '{{\"name\":\"Tea towel\",\"category\":\"kitchen\",\"price\":{{\"amount\":850,\"currency\":\"GBP\"}}}}'

",
        logs = logs.display()
    ))
}
