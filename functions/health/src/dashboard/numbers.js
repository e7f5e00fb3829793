"use strict";

// Numbers and times, as people read them.

const formats = [0, 1, 2].map((digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }));

function whole(number) {
  return number === null ? "unknown" : formats[0].format(number);
}

function counted(number, what) {
  if (number === null) return `${what}s unknown`;
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
