// Elements are made once, and changed only where they say something new. Whatever
// comes from the API becomes text, never markup.

const WORDS = { healthy: "All is well", degraded: "Degraded", unhealthy: "Unhealthy", unknown: "No contact" };

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
