// Times as the reader's clock shows them, and whose those are; the server wrote UTC, which stays on hover.
const FORMS = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
  fine: { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false },
  day: { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
};
const writers = Object.fromEntries(
  Object.entries(FORMS).map(([name, form]) => [name, new Intl.DateTimeFormat("en-GB", form)]),
);

export function localise(root) {
  for (const time of root.querySelectorAll("time[data-form]")) {
    time.textContent = writers[time.dataset.form].format(new Date(time.dateTime)).replace(", ", " ");
  }
}

export function tellZone() {
  const zone = document.getElementById("zone");
  if (zone) zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// How far the reader's clock is ahead of the server's: what is counted on was counted by the server's.
const written = document.documentElement.dataset.now;
const came = performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now();
const ahead = written ? Date.now() - (performance.now() - came) - 1000 * written : 0;

export function tick(root) {
  const now = (Date.now() - ahead) / 1000;
  for (const one of root.querySelectorAll(".tick")) {
    const text = span(Math.max(0, Math.floor(now - one.dataset.since)));
    if (one.textContent !== text) one.textContent = text;
  }
}

function span(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} m`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}
