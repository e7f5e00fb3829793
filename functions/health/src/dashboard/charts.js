// The charts of the last quarter of an hour.

const CHARTS = [
  // Of a minute that has only begun, hardly anyone has told yet.
  { title: "Requests", unit: "/s", least: 1, of: (it) => (it.seconds < 20 ? null : it.requests_per_second) },
  { title: "API time, p95", unit: "ms", least: 20, of: (it) => it.api_p95_ms, limit: ["api", "p95"] },
  { title: "Error rate", unit: "%", least: 0.4, of: (it) => it.error_rate, limit: ["api", "error_rate"] },
  { title: "Database time, p95", unit: "ms", least: 10, of: (it) => it.database_p95_ms, limit: ["database", "p95"] },
  { title: "Cache time, p95", unit: "ms", least: 5, of: (it) => it.cache_p95_ms, limit: ["cache", "p95"] },
  { title: "Cache hit rate", unit: "%", least: 100, of: (it) => it.hit_rate, limit: ["cache", "hit_rate"] },
];

const WIDTH = 300;
const HEIGHT = 100;

function makeChart(chart) {
  const now = make("p", { className: "now none", textContent: "\u2026" });
  const names = ["base", "limit", "area", "curve", "point", "here"];
  const parts = Object.fromEntries(names.map((name) => [name, draw("path", { class: name })]));
  parts.base.setAttribute("d", `M0 ${HEIGHT}H${WIDTH}`);
  const frame = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" };
  const plot = draw("svg", frame, ...Object.values(parts));
  const left = make("span", { textContent: "15 min ago" });
  const right = make("span", { textContent: "now" });
  const area = make("div", { className: "plot" }, plot);
  const axis = make("div", { className: "axis" }, left, right);
  byId("charts").append(make("article", { className: "chart" }, make("h2", { textContent: chart.title }), now, area, axis));
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
  set(parts.limit, "d", runs.length > 0 ? limitLine(checkOf(chart, report), scale) : "");
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

function checkOf({ limit }, report) {
  return limit && report.services[limit[0]].checks[limit[1]];
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
