// Live parts: whenever something is told on the stream, the page's parts are asked for again, and those that differ replaced.
// The server writes them; nothing is drawn twice, here and there. While the stream is full they are asked for by the clock.
import { localise } from "./times.js";

const AT_MOST_EVERY = document.querySelector("[data-slow]") ? 4000 : 1500;
const AT_LEAST_EVERY = document.querySelector("[data-brisk]") ? 2500 : 10000;
const WITHOUT_STREAM_EVERY = 1800;
const STREAM_AGAIN_AFTER = 60000;
const SPREAD = 200; // those who watch are told at the same moment, and shall not all ask at the same
const SPOKEN_EVERY = 20000;
const TYPES = ["legwork.call.updated", "legwork.call.ended", "legwork.call.outcome"];

let on = true;
let asked = 0;
let waiting = null;
const outcomes = new Map();

export function follow() {
  if (!document.querySelector("[data-part]")) return;
  const again = document.querySelector("[data-again]");
  if (again) return void setTimeout(() => location.reload(), 5000);
  listen();
  setInterval(ask, AT_LEAST_EVERY);
  setInterval(speak, SPOKEN_EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  offerToPause();
}

function listen() {
  const stream = new EventSource("/api/v1/stream");
  for (const type of TYPES) stream.addEventListener(type, heard);
  stream.addEventListener("legwork.stream.full", () => {
    stream.close();
    const polling = setInterval(ask, WITHOUT_STREAM_EVERY);
    setTimeout(() => {
      clearInterval(polling);
      listen();
    }, STREAM_AGAIN_AFTER);
  });
}

function heard(event) {
  if (event.type === "legwork.call.outcome") {
    const word = JSON.parse(event.data).data.outcome;
    outcomes.set(word, (outcomes.get(word) ?? 0) + 1);
  }
  ask();
}

function ask() {
  if (waiting || !on || document.hidden) return;
  waiting = setTimeout(refresh, Math.max(0, asked + AT_MOST_EVERY - Date.now()) + Math.random() * SPREAD);
}

async function refresh() {
  asked = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { "X-Parts": "1" }, redirect: "error" });
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // Away for a moment: the next event, or the next few seconds, ask again.
  }
  waiting = null;
}

function replace(fresh) {
  localise(fresh);
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const shown = document.getElementById(part.id);
    if (!shown || shown.innerHTML === part.innerHTML || isInUse(shown)) continue;
    const focus = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const scrolled = shown.querySelector(".rows")?.scrollTop;
    shown.replaceChildren(...part.childNodes);
    if (scrolled) shown.querySelector(".rows")?.scrollTo(0, scrolled);
    if (focus) shown.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus();
  }
}

// What somebody has opened, or is selecting from, is left alone until they are done with it.
function isInUse(part) {
  const selected = getSelection();
  const selecting = selected.type === "Range" && part.contains(selected.anchorNode);
  return selecting || part.querySelector("details[open]") !== null;
}

// One quiet sentence now and then, instead of each event, for those who listen to the page.
function speak() {
  if (!outcomes.size || !on) return;
  const told = [...outcomes].map(([word, count]) => `${count} ${word.replaceAll("_", " ")}`);
  document.getElementById("spoken").textContent = `Calls ended: ${told.join(", ")}`;
  outcomes.clear();
}

function offerToPause() {
  const button = document.getElementById("live");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("span").textContent = on ? "Live" : "Stands still";
    if (on) ask();
  });
}
