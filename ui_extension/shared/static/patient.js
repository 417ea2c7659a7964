"use strict";

// The page of one patient, with scripts: a form that was opened in its place can be closed again. Without them every link
// and form leads to a page.

function close(within) {
  const slot = within.closest("[data-slot]");
  if (!slot) return false;
  const form = slot.querySelector("form");
  const opener = slot.parentElement.querySelector(`[data-kind="${form ? form.dataset.kind : ""}"]`);
  slot.replaceChildren();
  if (opener) opener.focus();
  return true;
}

document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-cancel], [data-refresh]");
  if (!asked) return;
  if (asked.matches("[data-refresh]")) location.reload();
  else if (close(asked)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest("[data-slot] form");
  if (form) close(form);
});
