// Tables and figures.

const FIGURES = [
  ["orders_placed", "Orders placed"], ["orders_paid", "Paid"], ["orders_cancelled", "Cancelled"],
  ["orders_expired", "Expired"],
  ["payments_failed", "Payments failed"], ["payments_flagged", "Payments flagged", true], ["payments_refunded", "Refunded"],
  ["webhooks_kept", "Webhooks kept"], ["webhooks_refused", "Webhooks refused", true], ["webhooks_failed", "Webhooks failed", true],
];

const COLUMNS = ["Minute", "Requests", "Errors", "API p95", "Database p95", "Cache p95", "Hit rate"];

/** Rows of text; made anew only when there is another number of them. */
function fill(body, rows) {
  const empty = ({ cells }) => make("tr", {}, ...cells.map(() => make("td")));
  if (body.rows.length !== rows.length) body.replaceChildren(...rows.map(empty));
  rows.forEach(({ cells, classes = [], row = "" }, at) => {
    body.rows[at].className = row;
    cells.forEach((text, column) => {
      say(body.rows[at].cells[column], text);
      body.rows[at].cells[column].className = classes[column] ?? "";
    });
  });
}

function showFunctions(report) {
  const rows = [
    ...Object.entries(report.services.api.functions).map(([name, it]) => functionRow(name, it, "")),
    ...Object.entries(report.other_functions).map(([name, it]) => functionRow(name, it, "other")),
  ];
  const why = report.window.scope === "unknown" ? SCOPES.unknown : "None has said anything in this time";
  const none = { cells: [why, "", "", "", "", "", ""], row: "other" };
  fill(byId("functions"), rows.length > 0 ? rows : [none]);
}

function functionRow(name, it, row) {
  const time = (ms) => (ms === null ? "\u2013" : shown(ms, "ms"));
  const errors = it.errors > 0 ? shown(it.error_rate, "%") : it.requests > 0 ? "none" : "\u2013";
  const memory = it.memory_mb === null ? "\u2013" : shown(it.memory_mb, "MB");
  return {
    cells: [name, whole(it.requests), time(it.p50_ms), time(it.p95_ms), time(it.p99_ms), errors, memory],
    classes: ["", "", "wide", "", "wide", it.errors > 0 ? "bad" : "", "wide"],
    row,
  };
}

function makeFigures() {
  return FIGURES.map(([key, name, needsAttention]) => {
    const value = make("dd", { textContent: "\u2026" });
    const group = make("div", {}, make("dt", { textContent: name }), value);
    byId("business").append(group);
    return (report) => {
      say(value, whole(report.business[key]));
      value.classList.toggle("none", report.business[key] === null);
      group.classList.toggle("attention", Boolean(needsAttention) && report.business[key] > 0);
    };
  });
}

function showMinutes(report) {
  const rows = report.minutes.toReversed().map((it) => ({
    cells: [
      clock(it.minute), whole(it.requests), whole(it.errors), shown(it.api_p95_ms, "ms"),
      shown(it.database_p95_ms, "ms"), shown(it.cache_p95_ms, "ms"), shown(it.hit_rate, "%"),
    ].map((text) => (text === "no samples" ? "\u2013" : text)),
  }));
  fill(byId("minutes"), rows);
}
