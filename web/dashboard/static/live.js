// Live parts: the server tells when something happened. What *Now* shows comes with it; other pages ask for their parts
// again. The server writes them; nothing is drawn twice, here and there. Who is not told asks by the clock, and who
// hears nothing any more is told so.
import { localise } from "./times.js";

const AT_MOST_EVERY = document.querySelector("[data-slow]") ? 4000 : 1500;
const AT_LEAST_EVERY = document.querySelector("[data-brisk]") ? 2500 : 10000;
const UNTOLD_EVERY = 1800;
const TOLD_AGAIN_AFTER = 60000;
const TROUBLE_AGAIN_AFTER = 5000;
const SPREAD = 200; // those who watch are told at the same moment, and shall not all ask at the same
const SPOKEN_EVERY = 20000;
const LOST_AFTER = 15000; // the server says at least every seven seconds that all is well

const isPushed = document.querySelector("[data-pushed]") !== null;
let on = true;
let heard = Date.now();
let isLost = false;
let isOut = false;
let asked = -Infinity; // by a clock that nobody sets
let waiting = null;
let stream = null;
const outcomes = new Map();
const late = new Map();

export function follow() {
  if (!document.querySelector("[data-part]")) return;
  if (document.querySelector("[data-again]")) return void setTimeout(tryAgain, TROUBLE_AGAIN_AFTER);
  listen();
  if (!isPushed) setInterval(ask, AT_LEAST_EVERY);
  setInterval(speak, SPOKEN_EVERY);
  setInterval(judge, 1000);
  setInterval(catchUp, 1000);
  document.addEventListener("visibilitychange", lookAgain);
  offerToPause();
}

// The page of a trouble that passes: it stays until there is something else to show.
async function tryAgain() {
  try {
    if ((await fetch(location.href, { redirect: "manual" })).status < 500) return location.reload();
  } catch {
    // Nobody is there at all.
  }
  setTimeout(tryAgain, TROUBLE_AGAIN_AFTER);
}

function lookAgain() {
  hear(); // meanwhile, nobody listened
  ask(); // for what was missed
  listen();
}

// Nobody is told anything who does not look.
function listen() {
  if (!on || document.hidden) {
    stream?.close();
    stream = null;
    return;
  }
  if (stream) return;
  stream = new EventSource(isPushed ? "/live?parts" : "/live");
  stream.addEventListener("told", told);
  if (isPushed) stream.addEventListener("well", hear); // what others show is as new as their own last answer
  stream.addEventListener("error", () => {
    if (stream?.readyState !== EventSource.CLOSED) return; // it comes again by itself
    stream = null;
    const asking = setInterval(ask, UNTOLD_EVERY);
    setTimeout(() => {
      clearInterval(asking);
      listen();
    }, TOLD_AGAIN_AFTER);
  });
}

function hear() {
  heard = Date.now();
  judge();
}

function tell(out) {
  hear();
  if (isOut === out) return;
  isOut = out;
  document.getElementById("out").hidden = !out;
  if (out) document.getElementById("spoken").textContent = document.getElementById("out").textContent;
  label();
}

// What is shown shall not look newer than it is; nor when the clock was put back since it was heard.
function judge() {
  const lost = on && !document.hidden && Math.abs(Date.now() - heard) > LOST_AFTER;
  if (lost === isLost) return;
  isLost = lost;
  label();
  const note = document.getElementById("lost");
  note.hidden = !lost;
  if (!lost) return;
  document.getElementById("spoken").textContent = note.textContent;
  stream?.close(); // one that vanished without a word would never end
  stream = null;
  listen();
}

function told(event) {
  if (isPushed) hear();
  const { happened, outcomes: ended, parts } = JSON.parse(event.data);
  for (const [word, count] of Object.entries(ended)) outcomes.set(word, (outcomes.get(word) ?? 0) + count);
  if (parts) replace(parsed(parts));
  else if (happened && !isPushed) ask();
}

function ask() {
  if (waiting || !on || document.hidden) return;
  waiting = setTimeout(refresh, Math.max(0, asked + AT_MOST_EVERY - performance.now()) + Math.random() * SPREAD);
}

async function refresh() {
  asked = performance.now();
  try {
    const signal = AbortSignal.timeout(LOST_AFTER);
    const answer = await fetch(location.href, { headers: { "X-Parts": "1" }, redirect: "manual", signal });
    const isTold = answer.ok || answer.status === 404; // what was shown may be gone
    const toLogin = answer.type === "opaqueredirect";
    if (isTold) replace(parsed(await answer.text()), true);
    if (isTold || toLogin) tell(toLogin);
  } catch {
    // Away for a moment: the next event, or the next few seconds, ask again.
  }
  waiting = null;
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

// Parts that are new are put where they belong; those that are gone, where all were asked for, go.
function replace(fresh, isWhole = false) {
  localise(fresh);
  const parts = [...fresh.querySelectorAll("#head, [data-part]")];
  parts.forEach((part, index) => {
    const shown = document.getElementById(part.id);
    if (shown) renew(shown, part);
    else document.getElementById(parts[index - 1]?.id)?.after(part);
  });
  if (!isWhole) return;
  const ids = new Set(parts.map((part) => part.id));
  for (const shown of document.querySelectorAll("[data-part]")) {
    if (!ids.has(shown.id) && !isInUse(shown)) shown.remove();
  }
}

function renew(shown, part) {
  late.delete(shown.id);
  if (shown.innerHTML === part.innerHTML) return;
  if (isInUse(shown)) return void late.set(shown.id, part);
  const focused = shown.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  const scrolled = scrolling(shown).map((one) => [one.scrollLeft, one.scrollTop]);
  shown.replaceChildren(...part.childNodes);
  scrolling(shown).forEach((one, index) => one.scrollTo(...(scrolled[index] ?? [0, 0])));
  if (focused) shown.querySelectorAll(focused.kind)[focused.index]?.focus({ preventScroll: true });
}

function scrolling(part) {
  return [...part.querySelectorAll(".rows, .scroll")];
}

// Where the focus goes on: the same link, else the same place in what has the same id.
function placeOf(focused) {
  const href = focused.getAttribute("href");
  const home = focused.parentElement.closest("[id]");
  const kind = href ? `[href="${CSS.escape(href)}"]` : `#${CSS.escape(home.id)} ${focused.localName}`;
  return { kind, index: [...home.querySelectorAll(kind)].indexOf(focused) };
}

// Parts that came while somebody was busy with theirs: nobody tells them twice.
function catchUp() {
  if (!on) return;
  for (const [id, part] of [...late]) {
    const shown = document.getElementById(id);
    if (shown) renew(shown, part);
    else late.delete(id);
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
    label();
    lookAgain();
  });
}

function label() {
  const button = document.getElementById("live");
  if (!button) return;
  button.setAttribute("aria-pressed", String(on));
  const isAway = isLost || isOut;
  button.classList.toggle("away", isAway);
  button.querySelector("span").textContent = !on ? "Stands still" : isAway ? "Not connected" : "Live";
}
