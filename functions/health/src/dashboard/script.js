"use strict";

// Asks `detailed` every few seconds and shows what it says. Whatever comes from
// there becomes text, never markup.

const EVERY = 5_000; // ms between questions
const PATIENCE = 10_000; // ms for an answer
const OLD = 20_000; // ms from which on an answer is no longer taken for the present

const WORDS = { healthy: "All is well", degraded: "Degraded", unhealthy: "Unhealthy", unknown: "No contact" };
const SCOPES = {
  fleet: "whole fleet, last 5 minutes",
  environment: "one process alone, last 5 minutes",
  unknown: "the fleet\u2019s counts cannot be read",
};

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
      "Connections, most": (it) => (it.connections === null ? "no samples" : whole(it.connections)),
      "Cold starts": (it) => whole(it.cold_starts),
    },
    remarks: (it) => [`${counted(it.after_response_dropped, "job")} after a response dropped`],
  },
];

const CHARTS = [
  { title: "Requests", unit: "/s", of: (it) => (it.seconds < 20 ? null : it.requests_per_second), least: 1 },
  { title: "API time, p95", unit: "ms", of: (it) => it.api_p95_ms, least: 20, limit: (report) => report.services.api.checks.p95 },
  { title: "Error rate", unit: "%", of: (it) => it.error_rate, least: 0.4, limit: (report) => report.services.api.checks.error_rate },
  { title: "Database time, p95", unit: "ms", of: (it) => it.database_p95_ms, least: 10, limit: (report) => report.services.database.checks.p95 },
  { title: "Cache time, p95", unit: "ms", of: (it) => it.cache_p95_ms, least: 5, limit: (report) => report.services.cache.checks.p95 },
  { title: "Cache hit rate", unit: "%", of: (it) => it.hit_rate, least: 100, limit: (report) => report.services.cache.checks.hit_rate },
];

const FIGURES = [
  ["orders_placed", "Orders placed"], ["orders_paid", "Paid"], ["orders_cancelled", "Cancelled"], ["orders_expired", "Expired"],
  ["payments_failed", "Payments failed"], ["payments_flagged", "Flagged", true], ["payments_refunded", "Refunded"],
  ["webhooks_kept", "Webhooks kept"], ["webhooks_refused", "Refused", true], ["webhooks_failed", "Failed", true],
];

const COLUMNS = ["Minute", "Requests", "Errors", "API p95", "Database p95", "Cache p95", "Hit rate"];

// ── Numbers ──────────────────────────────────────────────────────────────────

const formats = [0, 1, 2].map((digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }));

function whole(number) {
  return formats[0].format(number);
}

function counted(number, what) {
  return `${whole(number)} ${what}${number === 1 ? "" : "s"}`;
}

function rounded(number) {
  return formats[number >= 100 ? 0 : number >= 1 ? 1 : 2].format(number);
}

function shown(number, unit) {
  if (number === null || number === undefined) return "no samples";
  if (unit === "ms" && number >= 10_000) return `${rounded(number / 1_000)} s`;
  return rounded(number) + (unit === "" || unit === "/s" ? unit : `\u2009${unit}`);
}

function clock(timestamp) {
  return new Date(timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function ago(ms) {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 2) return "just now";
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3_600)} h ago`;
}

// ── Elements: made once, changed only where they say something new ───────────

const SVG = "http://www.w3.org/2000/svg";

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function set(element, attribute, value) {
  if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value);
}

/** A status as a shape: its colour is not the only sign. */
function sign() {
  const use = draw("use", { href: "#unknown" });
  const element = draw("svg", { class: "dot", "aria-hidden": "true" }, use);
  return { element, show: (status) => set(use, "href", `#${known(status)}`) };
}

function known(status) {
  return status in WORDS ? status : "unknown";
}

// ── Services ─────────────────────────────────────────────────────────────────

function makeCheck(name) {
  const dot = sign();
  const word = make("span", { className: "hidden" });
  const value = make("span", { className: "value", textContent: "\u2026" });
  const fill = make("span", { className: "fill" });
  const tick = make("span", { className: "tick" });
  const against = make("span", { textContent: "\u00a0" });
  const label = make("span", { className: "name", textContent: name, title: name }, word);
  const bar = make("span", { className: "meter", ariaHidden: "true" }, fill, tick);
  const element = make("li", { className: "check" }, dot.element, label, value, make("span", { className: "against" }, bar, against));
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
  const worse = check.unhealthy_from === undefined ? "" : `${check.at_worst} from ${shown(check.unhealthy_from, check.unit)}`;
  return [check.detail, `healthy ${limits(check)}`, worse, counted(check.samples, "sample")].filter(Boolean).join(", ");
}

/** Where value and limit stand on a bar. Below a limit, two thirds of it are good. */
function gauge(check) {
  if (check.healthy_above !== undefined) return { fill: Math.min((check.value ?? 0) / 100, 1), tick: check.healthy_above / 100 };
  const tick = 2 / 3;
  return { fill: Math.min(((check.value ?? 0) / check.healthy_below) * tick, 1), tick };
}

/** A value that nothing is held against. */
function makeFact(name, of) {
  const value = make("span", { className: "value", textContent: "\u2026" });
  return { element: make("li", { className: "fact" }, make("span", { textContent: name }), value), show: (it) => say(value, of(it)) };
}

function makeService(service) {
  const pill = { dot: sign(), word: make("span", { textContent: "\u2026" }) };
  const title = make("h2", {}, service.title, make("span", { className: "pill" }, pill.dot.element, pill.word));
  const checks = Object.entries(service.checks).map(([key, name]) => [key, makeCheck(name)]);
  const facts = Object.entries(service.facts ?? {}).map(([name, of]) => makeFact(name, of));
  const rows = [...checks.map(([, check]) => check), ...facts].map((row) => row.element);
  const remarks = make("p", { className: "remarks", textContent: "\u00a0" });
  const element = make("article", { className: "card", id: service.id }, title, make("ul", { className: "checks" }, ...rows), remarks);
  set(element, "data-status", "unknown");
  byId("cards").append(element);
  return (report) => {
    const it = service.of(report);
    set(element, "data-status", known(it.status));
    pill.dot.show(it.status);
    say(pill.word, it.status === "unknown" ? "no samples" : it.status);
    for (const [key, check] of checks) check.show(it.checks[key]);
    for (const fact of facts) fact.show(it);
    say(remarks, service.remarks(it).join(" \u00b7 "));
  };
}

/** A cache of ElastiCache's, in its words. */
function managed(it) {
  if (!it) return [];
  const engine = [it.engine, it.version].filter(Boolean).join(" ");
  const size = it.node_type ? `${it.nodes ?? "?"} \u00d7 ${it.node_type}` : it.storage_limit_gb ? `up to ${it.storage_limit_gb} GB` : "";
  return [[it.name, engine, size].filter(Boolean).join(", "), it.status ?? it.detail ?? ""].filter(Boolean);
}

// ── Charts ───────────────────────────────────────────────────────────────────

const WIDTH = 300;
const HEIGHT = 100;

function makeChart(chart) {
  const now = make("p", { className: "now none", textContent: "\u2026" });
  const parts = Object.fromEntries(["base", "limit", "area", "curve", "point", "here"].map((part) => [part, draw("path", { class: part })]));
  parts.base.setAttribute("d", `M0 ${HEIGHT}H${WIDTH}`);
  const plot = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, ...Object.values(parts));
  const left = make("span", { textContent: "15 min ago" });
  const right = make("span", { textContent: "now" });
  const area = make("div", { className: "plot" }, plot);
  byId("charts").append(
    make("article", { className: "chart" }, make("h2", { textContent: chart.title }), now, area, make("div", { className: "axis" }, left, right)),
  );
  const state = { chart, now, plot, parts, left, right, points: [], here: null };
  area.addEventListener("pointermove", (event) => point(state, area, event.clientX));
  area.addEventListener("pointerleave", () => {
    state.here = null;
    label(state);
  });
  return (report) => showChart(state, report);
}

function showChart(state, report) {
  const { chart, parts } = state;
  const values = report.minutes.map(chart.of);
  const top = Math.max(chart.least, 1.15 * Math.max(0, ...values.filter((value) => value !== null)));
  const scale = chart.least === 100 ? 100 : top;
  state.points = report.minutes.map((minute, at) => ({
    minute: minute.minute,
    value: values[at],
    x: (at / Math.max(values.length - 1, 1)) * WIDTH,
    y: values[at] === null ? null : HEIGHT * (1 - Math.min(values[at] / scale, 1)),
  }));
  const runs = unbroken(state.points);
  set(parts.curve, "d", runs.map(curve).join(""));
  set(parts.area, "d", runs.map((run) => `${curve(run)}L${run.at(-1).x} ${HEIGHT}H${run[0].x}Z`).join(""));
  set(parts.limit, "d", limitLine(chart.limit?.(report), scale));
  label(state);
}

/** Minutes without a value break the curve. */
function unbroken(points) {
  const runs = [[]];
  for (const point of points) {
    if (point.y === null) runs.push([]);
    else runs.at(-1).push(point);
  }
  return runs.filter((run) => run.length > 0);
}

function curve(run) {
  return `M${run.map(({ x, y }) => `${round(x)} ${round(y)}`).join("L")}${run.length === 1 ? "h0" : ""}`;
}

function round(number) {
  return Math.round(number * 10) / 10;
}

/** Only where the curve is near it: else it would press the curve flat. */
function limitLine(check, scale) {
  const at = check ? limit(check) : Infinity;
  return at > scale ? "" : `M0 ${round(HEIGHT * (1 - at / scale))}H${WIDTH}`;
}

/** The number above a chart: of the minute that is pointed at, or else the last. */
function label(state) {
  const { chart, now, plot, parts, points, left, here } = state;
  const last = points.slice(-2).findLast(({ value }) => value !== null);
  const at = here === null ? last : points[here];
  say(now, shown(at?.value, chart.unit));
  now.classList.toggle("none", at?.value === null || at === undefined);
  set(parts.point, "d", at && at.y !== null ? `M${round(at.x)} ${round(at.y)}h0` : "");
  set(parts.here, "d", here === null ? "" : `M${round(points[here].x)} 0V${HEIGHT}`);
  say(left, here === null ? "15 min ago" : clock(points[here].minute));
  set(plot, "aria-label", summary(chart, points, last));
}

function summary(chart, points, last) {
  const values = points.map(({ value }) => value).filter((value) => value !== null);
  if (values.length === 0) return `${chart.title}: no samples in the last 15 minutes`;
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => shown(value, chart.unit));
  return `${chart.title} in the last 15 minutes: from ${least} to ${most}, now ${shown(last?.value, chart.unit)}`;
}

function point(state, area, x) {
  const { left, width } = area.getBoundingClientRect();
  const count = state.points.length;
  if (count === 0) return;
  state.here = Math.max(0, Math.min(count - 1, Math.round(((x - left) / width) * (count - 1))));
  label(state);
}

// ── Tables and figures ───────────────────────────────────────────────────────

/** Rows of text; made anew only when there is another number of them. */
function fill(body, rows) {
  if (body.rows.length !== rows.length) body.replaceChildren(...rows.map(({ cells }) => make("tr", {}, ...cells.map(() => make("td")))));
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
  const none = { cells: ["No function has said anything yet", "", "", "", "", "", ""], row: "other" };
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

// ── The verdict ──────────────────────────────────────────────────────────────

const COLOURS = { healthy: "%2317734a", degraded: "%23c98a00", unhealthy: "%23d63a3f", unknown: "%23788491" };
const SHAPES = {
  healthy: "<circle cx='8' cy='8' r='7'/>",
  degraded: "<path d='M8 1l7.5 13.5H.5z'/>",
  unhealthy: "<path d='M5 1h6l4 4v6l-4 4H5l-4-4V5z'/>",
  unknown: "<circle cx='8' cy='8' r='5.5' fill='none' stroke='%23788491' stroke-width='3'/>",
};

function showVerdict(status, word, reason) {
  set(document.body, "data-status", status);
  set(byId("mark"), "href", `#${status}`);
  say(byId("verdict"), word);
  say(byId("reason"), reason);
  const icon = `<svg xmlns='${SVG}' viewBox='0 0 16 16' fill='${COLOURS[status]}'>${SHAPES[status]}</svg>`;
  set(byId("icon"), "href", `data:image/svg+xml,${icon}`);
  const title = `${word} \u2013 Storefront health`;
  if (document.title !== title) document.title = title;
}

/** What is not well, the worst first. */
function reasons(report) {
  const found = SERVICES.flatMap((service) =>
    Object.entries(service.of(report).checks).map(([key, check]) => ({ check, name: `${service.title}: ${service.checks[key].toLowerCase()}` })),
  ).filter(({ check }) => check.status === "degraded" || check.status === "unhealthy");
  const isWorse = ({ check }) => (check.status === "unhealthy" ? 0 : 1);
  return found.sort((a, b) => isWorse(a) - isWorse(b)).map(({ check, name }) => complaint(check, name));
}

function complaint(check, name) {
  if (check.value === null) return `${name.split(":")[0]}: ${check.detail}`;
  return `${name} ${shown(check.value, check.unit)} (limit ${shown(limit(check), check.unit)})`;
}

function why(report) {
  const found = reasons(report);
  if (found.length > 0) return found.slice(0, 2).join("; ") + (found.length > 2 ? `; and ${found.length - 2} more` : "");
  if (report.services.api.requests === 0) return "Table and cache answer. No requests in the last 5 minutes.";
  return "Every value is within its limit.";
}

// ── Asking ───────────────────────────────────────────────────────────────────

const views = [...SERVICES.map(makeService), ...CHARTS.map(makeChart), showFunctions, ...makeFigures(), showMinutes];
byId("minutes-head").append(...COLUMNS.map((name) => make("th", { scope: "col", textContent: name })));

let report = null; // the last good answer
let answered = 0; // when it came
let trouble = null; // why there is no newer one

function show() {
  const { status } = report;
  showVerdict(known(status), WORDS[known(status)], why(report));
  say(byId("scope"), SCOPES[report.window.scope] ?? SCOPES.unknown);
  for (const view of views) view(report);
}

/** Once a second: what is on the page is the truth of some seconds ago. */
function age() {
  const passed = Date.now() - answered;
  const isOld = report !== null && passed > OLD;
  say(byId("fresh"), report === null ? "no answer yet" : `updated ${ago(passed)}`);
  document.body.classList.toggle("old", isOld);
  const note = byId("trouble");
  if (note.hidden !== (trouble === null)) note.hidden = trouble === null;
  say(note, trouble ?? "");
  if (isOld || (report === null && trouble !== null)) {
    const before = report === null ? "" : ` Last known, ${ago(passed)}: ${WORDS[known(report.status)].toLowerCase()}.`;
    showVerdict("unknown", WORDS.unknown, `This page does not know how the system does.${before}`);
  }
}

async function ask() {
  const request = { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) };
  const response = await fetch("detailed", request).catch(() => {
    throw new Error("The API cannot be reached. Trying again.");
  });
  if (response.status === 401) throw new Error("The health token is missing or has changed: reload the page to sign in.");
  const answer = await response.json().catch(() => null);
  // Unhealthy is a 503 with a report in it; the gateway's own is none.
  if (!answer?.services) throw new Error(`The API answers with status ${response.status}. Trying again.`);
  return answer;
}

let timer = 0;
let isAsking = false;

async function refresh() {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  try {
    report = await ask();
    [answered, trouble] = [Date.now(), null];
    show();
  } catch (error) {
    trouble = error.message;
  } finally {
    isAsking = false;
    age();
    timer = setTimeout(refresh, EVERY);
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") refresh();
  else clearTimeout(timer);
});
setInterval(age, 1_000);
refresh();
