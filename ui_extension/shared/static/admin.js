"use strict";

// Admin pages work without scripts. With them, what htmx sends carries the session's form token, what it got is brought to
// who uses a keyboard or a screen reader, and a form is sent once.

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf"]');
  if (token) event.detail.headers["X-CSRF-Token"] = token.content;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const place = event.detail.elt.querySelector("[data-focus]");
  if (place) place.focus();
});

// A page that only hands on goes on by itself; what it hands on stays in no history.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-go-on]");
  if (!form) return;
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
});

document.addEventListener("DOMContentLoaded", () => {
  const wrong = document.querySelector(".alert[data-focus]");
  if (wrong) wrong.focus();
});

// A second click on the same button is not a second wish.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

// The browser's back button shows the page as it was left: its forms may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
