// The four cards: each value against its limit.

// What a card shows: values with a verdict, values without, and a line of remarks.
const SERVICES = [
  {
    id: "database",
    title: "Database",
    of: (report) => report.services.database,
    checks: {
      probe: "Answers now",
      p95: "Time, p95",
      slot_use: "Slots in use",
      slow_queries: "Slow calls",
      connection_failures: "Connection failures",
    },
    remarks: (it) => [counted(it.calls, "call"), `${whole(it.retries)} retried`, `${whole(it.failures)} failed`],
  },
  {
    id: "cache",
    title: "Cache",
    of: (report) => report.services.cache,
    checks: { probe: "Answers now", p95: "Time, p95", hit_rate: "Hit rate", miss_penalty: "Miss penalty", errors: "Errors" },
    remarks: (it) => [counted(it.keys, "key"), ...managed(it.managed)],
  },
  {
    id: "api",
    title: "API",
    of: (report) => report.services.api,
    checks: { p95: "Time, p95", error_rate: "Error rate" },
    facts: {
      "Requests a second": (it) => shown(it.requests_per_second, ""),
      Requests: (it) => whole(it.requests),
      Throttled: (it) => whole(it.throttled),
    },
    remarks: (it) => [counted(Object.keys(it.functions).length, "function")],
  },
  {
    id: "system",
    title: "System",
    of: (report) => report.system,
    checks: { memory: "Memory, most", memory_use: "Of its limit", cpu: "CPU, p95" },
    facts: {
      "Connections, most": (it) => shown(it.connections, ""),
      "Cold starts": (it) => whole(it.cold_starts),
    },
    remarks: (it) => [`${counted(it.after_response_dropped, "job")} after a response dropped`],
  },
];

function makeCheck(name) {
  const dot = sign();
  const word = make("span", { className: "hidden" });
  const value = make("span", { className: "value", textContent: "\u2026" });
  const fill = make("span", { className: "fill" });
  const tick = make("span", { className: "tick" });
  const against = make("span", { textContent: "\u00a0" });
  const label = make("span", { className: "name", textContent: name, title: name }, word);
  const bar = make("span", { className: "meter", ariaHidden: "true" }, fill, tick);
  const held = make("span", { className: "against" }, bar, against);
  const element = make("li", { className: "check" }, dot.element, label, value, held);
  set(element, "data-status", "unknown");
  return { element, show: (check) => showCheck({ element, dot, word, value, fill, tick, limits: against }, check) };
}

function showCheck(row, check) {
  set(row.element, "data-status", known(check.status));
  set(row.element, "title", details(check));
  row.dot.show(check.status);
  say(row.word, `, ${check.status}`);
  say(row.value, check.value === null && check.detail ? noValue(check) : shown(check.value, check.unit));
  say(row.limits, limits(check));
  const scale = gauge(check);
  row.fill.style.setProperty("--fill", scale.fill);
  row.tick.style.setProperty("--tick", scale.tick);
}

/** A probe that failed, or had nothing to ask. */
function noValue(check) {
  return check.status === "healthy" ? "none" : "no answer";
}

/** From where on a value is no longer healthy. */
function limit(check) {
  return check.healthy_below ?? check.healthy_above;
}

function limits(check) {
  return `${check.healthy_above === undefined ? "below" : "above"} ${shown(limit(check), check.unit)}`;
}

/** The rest of it, for who points at it. */
function details(check) {
  const from = check.unhealthy_from;
  const worse = from !== undefined && `${check.at_worst} from ${shown(from, check.unit)}`;
  return [check.detail, `healthy ${limits(check)}`, worse, counted(check.samples, "sample")].filter(Boolean).join(", ");
}

/** Where value and limit stand on a bar. Below a limit, two thirds of it are good. */
function gauge(check) {
  const value = check.value ?? 0;
  if (check.healthy_above !== undefined) return { fill: Math.min(value / 100, 1), tick: check.healthy_above / 100 };
  const tick = 2 / 3;
  return { fill: Math.min((value / check.healthy_below) * tick, 1), tick };
}

/** A value that nothing is held against. */
function makeFact(name, of) {
  const value = make("span", { className: "value", textContent: "\u2026" });
  const show = (it) => {
    say(value, of(it));
    value.classList.toggle("none", /^(no|un)/.test(value.textContent));
  };
  return { element: make("li", { className: "fact" }, make("span", { textContent: name }), value), show };
}

function makeService(service) {
  const pill = { dot: sign(), word: make("span", { textContent: "\u2026" }) };
  const title = make("h2", {}, service.title, make("span", { className: "pill" }, pill.dot.element, pill.word));
  const checks = Object.entries(service.checks).map(([key, name]) => [key, makeCheck(name)]);
  const facts = Object.entries(service.facts ?? {}).map(([name, of]) => makeFact(name, of));
  const rows = [...checks.map(([, check]) => check), ...facts].map((row) => row.element);
  const remarks = make("p", { className: "remarks", textContent: "\u00a0" });
  const list = make("ul", { className: "checks" }, ...rows);
  const element = make("article", { className: "card", id: service.id }, title, list, remarks);
  set(element, "data-status", "unknown");
  byId("cards").append(element);
  return (report) => {
    const it = service.of(report);
    set(element, "data-status", known(it.status));
    pill.dot.show(it.status);
    say(pill.word, it.status === "unknown" ? "no samples" : it.status);
    for (const [key, check] of checks) check.show(it.checks[key]);
    for (const fact of facts) fact.show(it);
    say(remarks, report.window.scope === "unknown" ? "not counted" : service.remarks(it).join(" \u00b7 "));
  };
}

/** A cache of ElastiCache's, in its words. */
function managed(it) {
  if (!it) return [];
  const engine = [it.engine, it.version].filter(Boolean).join(" ");
  const nodes = it.node_type && `${it.nodes ?? "?"} \u00d7 ${it.node_type}`;
  const storage = it.storage_limit_gb && `up to ${it.storage_limit_gb} GB`;
  return [[it.name, engine, nodes ?? storage].filter(Boolean).join(", "), it.status ?? it.detail ?? ""].filter(Boolean);
}
