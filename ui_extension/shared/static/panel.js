// The panel's shell. The token of this launch is taken from this tab and goes out in a header only; what the chart says
// is fetched, asked after every few seconds, covered when nobody is there, and removed when the session is over.
"use strict";

const PULSE_MS = 15000;
const SKELETON_MS = 300;
const COVER_BEFORE_S = 90;
const UNDRAWN_MS = 200;
const VERSION_HEADER = "X-Panel-Version";

const dark = matchMedia("(prefers-color-scheme: dark)");

function paintTheme(isDark) {
  document.documentElement.dataset.bsTheme = isDark ? "dark" : "light";
}

paintTheme(dark.matches);
dark.addEventListener("change", () => paintTheme(dark.matches));
addEventListener("beforeprint", () => paintTheme(false));
addEventListener("afterprint", () => paintTheme(dark.matches));

const at = (id) => document.getElementById(id);

function storedToken(launch) {
  try {
    return sessionStorage.getItem("p:" + launch);
  } catch {
    return null;
  }
}

// Where an EHR shows a frame just while it is opened, Chromium may go on taking it for one that is not displayed, and
// draws nothing of it, nor of any other page of this site in it (seen with 156, 2026-11-26). What is really not displayed
// gets no animation frames. By way of a page of no site the frame is made anew; once, so that nobody goes round.
function beDrawn(anew) {
  const isDrawn = () => document.documentElement.getClientRects().length > 0;
  const look = () => requestAnimationFrame(() => isDrawn() || location.replace(anew));
  if (location.hash) return;
  requestAnimationFrame(() => isDrawn() || setTimeout(look, UNDRAWN_MS));
}

class Panel {
  constructor() {
    this.paths = document.body.dataset;
    this.token = storedToken(this.paths.launch);
    this.patient = null;
    this.version = null;
    this.isActive = true;
    this.isOver = false;
  }

  start() {
    if (!this.token) {
      this.over("words-unknown");
      return;
    }
    this.listen();
    const skeleton = setTimeout(() => this.skeleton(), SKELETON_MS);
    this.refresh().finally(() => clearTimeout(skeleton));
    setInterval(() => this.pulse(), PULSE_MS);
  }

  listen() {
    for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) {
      addEventListener(name, () => this.active(), { passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.pulse());
    addEventListener("focus", () => this.pulse());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    document.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("htmx:configRequest", (event) => this.sign(event));
    document.addEventListener("htmx:afterRequest", (event) => this.answered(event));
    document.addEventListener("htmx:afterSettle", (event) => this.settled(event.target));
    document.addEventListener("htmx:sendError", () => this.away());
  }

  active() {
    this.isActive = true;
  }

  // htmx asks for anything only with the token, and only on this origin.
  sign(event) {
    if (this.isOver) {
      event.preventDefault();
      return;
    }
    event.detail.headers["Authorization"] = "Bearer " + this.token;
  }

  answered(event) {
    const answer = event.detail.xhr;
    if (!answer) return;
    if (answer.status === 401) this.over("words-over");
    this.shows(answer.getResponseHeader(VERSION_HEADER));
  }

  // A whole panel says which version it is; parts of one say nothing.
  shows(version) {
    if (!version) return;
    this.version = version;
    at("changed").hidden = true;
  }

  settled(place) {
    at("panel").setAttribute("aria-busy", "false");
    this.patientIsOne();
    const target = place.matches("[data-focus]") ? place : place.querySelector("[data-focus]");
    if (target) target.focus();
  }

  // Everything about a patient names whose it is; two patients on one page must never be.
  patientIsOne() {
    for (const part of at("panel").querySelectorAll("[data-patient]")) {
      if (this.patient === null) this.patient = part.dataset.patient;
      if (part.dataset.patient !== this.patient) {
        this.over("words-other");
        return false;
      }
    }
    return true;
  }

  skeleton() {
    const skeleton = at("skeleton");
    if (skeleton) skeleton.hidden = false;
  }

  async ask(path, options = {}) {
    const answer = await fetch(path, { credentials: "omit", cache: "no-store", ...options, headers: { Authorization: "Bearer " + this.token } });
    if (answer.status === 401) this.over("words-over");
    return answer;
  }

  // Unless somebody asked for it, it waits for who began to write while it was fetched.
  async refresh(isAsked = false) {
    if (this.isOver) return;
    at("changed").hidden = true;
    at("panel").setAttribute("aria-busy", "true");
    try {
      const answer = await this.ask(this.paths.panel + (this.isActive ? "" : "?idle=1"));
      if (this.isOver) return;
      const html = await answer.text();
      if (!isAsked && this.isBusy()) {
        at("panel").setAttribute("aria-busy", "false");
        at("changed").hidden = false;
        return;
      }
      this.shows(answer.headers.get(VERSION_HEADER));
      this.draw(html);
    } catch {
      this.away();
    }
  }

  // By htmx, so that what is in it works; where somebody reads, and what is open, stays.
  draw(html) {
    const opened = [...document.querySelectorAll("#panel details[open][id]")].map((part) => part.id);
    const focused = this.wayTo(document.activeElement);
    const isFirst = Boolean(at("skeleton"));
    htmx.swap("#panel", html, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
    for (const id of opened) if (at(id)) at(id).open = true;
    const again = focused && [...document.querySelectorAll(focused)].find((part) => part.offsetParent);
    if (!isFirst && again) again.focus({ preventScroll: true });
    at("panel").setAttribute("aria-busy", "false");
    if (this.patientIsOne()) this.uncover();
  }

  // How to find an element again in what is drawn in its place: by its id, or by what it asks for.
  wayTo(part) {
    if (part && part.id) return "#" + CSS.escape(part.id);
    const asks = part && part.getAttribute("hx-get");
    return asks ? `[hx-get="${CSS.escape(asks)}"]` : null;
  }

  async pulse() {
    if (this.isOver) return;
    const wasActive = this.isActive;
    this.isActive = false;
    try {
      const answer = await this.ask(this.paths.pulse + (wasActive ? "" : "?idle=1"));
      if (this.isOver || !answer.ok) return;
      this.heard(await answer.json());
    } catch {
      this.isActive = wasActive || this.isActive;
    }
  }

  heard(beat) {
    if (this.patient !== null && beat.patient !== this.patient) {
      this.over("words-other");
      return;
    }
    this.patient = beat.patient;
    if (beat.ends_in <= COVER_BEFORE_S) {
      this.cover("words-idle", true);
    } else if (this.isCovered()) {
      this.uncover();
    }
    if (this.version === beat.version) return;
    if (this.isBusy()) {
      at("changed").hidden = false;
    } else {
      this.refresh();
    }
  }

  // Somebody writes, or has just asked for the form to write in: nothing is moved under their hands.
  isBusy() {
    return Boolean(document.querySelector("#panel form, #panel .htmx-request"));
  }

  isCovered() {
    return !at("cover").hidden;
  }

  cover(words, canStay = false) {
    if (this.isCovered() && canStay) return;
    const [title, text] = at(words).content.querySelectorAll("h2, p");
    at("cover-title").textContent = title.textContent;
    at("cover-words").textContent = text.textContent;
    at("cover-stay").hidden = !canStay;
    at("panel").hidden = true;
    at("changed").hidden = true;
    at("cover").hidden = false;
    at("cover").focus();
  }

  uncover() {
    if (!this.isCovered()) return;
    at("cover").hidden = true;
    at("panel").hidden = false;
  }

  // Nothing of the chart stays, on the page or in the tab.
  over(words) {
    this.isOver = true;
    this.token = null;
    at("panel").replaceChildren();
    try {
      sessionStorage.removeItem("p:" + this.paths.launch);
    } catch {
      // nothing was stored
    }
    this.cover(words);
  }

  away() {
    if (!this.isOver && at("skeleton")) this.cover("words-away");
  }

  clicked(event) {
    const button = event.target.closest("button:is([data-refresh], [data-stay], [data-end], [data-cancel])");
    if (!button) return;
    if (button.matches("[data-end]")) {
      this.close();
    } else if (button.matches("[data-cancel]")) {
      this.cancel(button);
    } else {
      this.active();
      if (button.matches("[data-stay]")) this.uncover();
      this.refresh(true);
    }
  }

  pressed(event) {
    const form = event.key === "Escape" && event.target.closest("[data-slot] form");
    if (form) this.cancel(form);
  }

  // The form of an act goes, and the button that opened it has the focus again.
  cancel(within) {
    const slot = within.closest("[data-slot]");
    const form = slot.querySelector("form");
    const opener = slot.parentElement.querySelector(`button[data-kind="${form ? form.dataset.kind : ""}"]`);
    slot.replaceChildren();
    if (opener) opener.focus();
    if (!at("changed").hidden) this.refresh();
  }

  async close() {
    const ending = this.ask(this.paths.end, { method: "DELETE", keepalive: true });
    this.over("words-closed");
    await ending.catch(() => undefined);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  beDrawn(document.body.dataset.anew);
  new Panel().start();
});
