"use strict";

// The lists by keyboard: j and k go down and up, c claims, Enter opens, / goes to the search. And a quiet note when there is
// news: the rows stay where they are until somebody asks for them. Everything works without this file.

const rows = () => [...document.querySelectorAll("[data-row]")];
let here = -1;

function goTo(index) {
  const all = rows();
  if (!all.length) return;
  here = Math.max(0, Math.min(all.length - 1, index));
  for (const row of all) row.classList.remove("mp-here");
  const row = all[here];
  row.classList.add("mp-here");
  const place = row.querySelector("[data-open]") || row.querySelector("a");
  if (place) place.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const row = rows()[here];
  if (event.key === "j") goTo(here + 1);
  else if (event.key === "k") goTo(here - 1);
  else if (event.key === "c" && row) {
    const claim = row.querySelector("[data-claim]");
    if (claim) claim.click();
  } else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    search.focus();
    search.select();
  } else return;
  event.preventDefault();
});

// The row that the keyboard or the mouse was in last is where j and k go on.
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (row) here = rows().indexOf(row);
});

const EVERY_MS = 30000;

async function lookForNews(note) {
  if (document.hidden) return;
  try {
    const answer = await fetch(note.dataset.news, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) return;
    const more = (await answer.json()).total - Number(note.dataset.total);
    note.hidden = more === 0;
    if (more === 0) return;
    const lines = Math.abs(more) === 1 ? "line" : "lines";
    note.querySelector("[data-words]").textContent = `${Math.abs(more)} ${more > 0 ? "more" : "fewer"} ${lines} by now.`;
  } catch {
    // The network is away for a moment; the next look will tell.
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const note = document.querySelector("[data-news]");
  if (note) setInterval(() => lookForNews(note), EVERY_MS);
  const target = location.hash && document.querySelector(location.hash);
  if (target && target.matches("[data-row]")) goTo(rows().indexOf(target));
});
