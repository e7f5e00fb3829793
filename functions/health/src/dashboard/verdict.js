// The verdict, in large, and why.

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
  const found = SERVICES.flatMap((service) => {
    const checks = Object.entries(service.of(report).checks);
    return checks.map(([key, check]) => ({ check, text: complaint(service, key, check) }));
  });
  const withStatus = (status) => found.filter(({ check }) => check.status === status).map(({ text }) => text);
  return [...withStatus("unhealthy"), ...withStatus("degraded")];
}

function complaint({ title, checks }, key, check) {
  if (check.value === null) return `${title}: ${check.detail}`;
  const [value, most] = [check.value, limit(check)].map((number) => shown(number, check.unit));
  return `${title}: ${initialSmall(checks[key])} ${value} (limit ${most})`;
}

/** As it stands in a sentence; CPU stays CPU. */
function initialSmall(text) {
  return /^[A-Z]{2}/.test(text) ? text : text[0].toLowerCase() + text.slice(1);
}

/** There need not be a shared cache. */
function answering(report) {
  return report.services.cache.checks.probe.value === null ? "The table answers." : "Table and cache answer.";
}

function why(report) {
  const found = reasons(report);
  if (found.length > 0) return found.slice(0, 2).join("; ") + (found.length > 2 ? `; and ${found.length - 2} more` : "");
  if (report.window.scope === "unknown") return `${answering(report)} What the fleet has counted cannot be read.`;
  if (report.services.api.requests === 0) return `${answering(report)} No requests in the last 5 minutes.`;
  return "Every value is within its limit.";
}
