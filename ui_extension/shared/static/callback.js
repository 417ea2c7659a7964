// The page that the EHR comes back to: takes code and state out of the address at once, and changes them, together with
// the secret that only this tab has, into the token of one panel.
"use strict";

const page = document.getElementById("callback");

function hideWaiting() {
  document.getElementById("waiting").hidden = true;
}

function refused(title, words) {
  hideWaiting();
  document.title = title + " · Milepost";
  document.getElementById("title").textContent = title;
  const place = document.getElementById("refused");
  for (const line of words) {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    place.append(paragraph);
  }
}

function noAnswer() {
  refused("Milepost does not answer", ["It could not be reached just now.", "Close this and open Milepost again from the patient's chart."]);
}

// What came back, and nothing of it is left in the address or the history.
function taken() {
  const given = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const told = { issuer: page.dataset.issuer };
  for (const name of ["state", "code", "error", "iss"]) {
    const value = given.get(name);
    if (value) told[name] = value;
  }
  return told;
}

async function enter() {
  const told = taken();
  try {
    told.secret = sessionStorage.getItem("l:" + told.state) || "none";
    sessionStorage.removeItem("l:" + told.state);
  } catch {
    hideWaiting();
    document.getElementById("no-storage").hidden = false;
    return;
  }
  const answer = await fetch(page.dataset.session, {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(told),
  });
  const body = await answer.json();
  if (!answer.ok) {
    refused(body.title, body.words);
    return;
  }
  sessionStorage.setItem("p:" + body.launch, body.token);
  location.replace(page.dataset.panel + encodeURIComponent(body.launch));
}

enter().catch(noAnswer);
