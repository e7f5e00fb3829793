// Asks `detailed` every few seconds and shows what it says.

const EVERY = 5_000; // ms between questions
const EVERY_UNSEEN = 30_000; // ms between them while nobody looks; title and icon are seen still
const PATIENCE = 10_000; // ms for an answer
const OLD = 20_000; // ms from which on an answer is no longer taken for the present

const SCOPES = {
  fleet: "whole fleet, last 5 minutes",
  environment: "one process alone, last 5 minutes",
  unknown: "the fleet\u2019s counts cannot be read",
};

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
  const isOld = report !== null && trouble !== null && passed > OLD;
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
  // The address of this page may have a token in it, which an address to fetch must not.
  const address = new URL("detailed", location.origin + location.pathname);
  const response = await fetch(address, request).catch(() => {
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
    timer = setTimeout(refresh, document.visibilityState === "visible" ? EVERY : EVERY_UNSEEN);
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") refresh();
});
setInterval(age, 1_000);
refresh();
