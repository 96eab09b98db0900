// What every page does: the reader's own time, counting on, live parts, a shortcut, copying, and asking once.
import { localise, tellZone, tick } from "./times.js";
import { follow } from "./live.js";

localise(document);
tellZone();
setInterval(() => tick(document), 1000);
follow();
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.getElementById("find")?.focus();
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.sure[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// Whoever presses twice means once: a second new secret would end the first, a second destination be told all again.
const AGAIN_AFTER = 5000;
let sent = new WeakMap();
addEventListener("submit", (event) => {
  if (event.target.method !== "post") return; // who searches twice means the second
  if (Date.now() - (sent.get(event.target) ?? 0) < AGAIN_AFTER) event.preventDefault();
  else sent.set(event.target, Date.now());
});
addEventListener("pageshow", () => (sent = new WeakMap()));

// What was done is said once, and not again to who comes back.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(null, "", here);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}
