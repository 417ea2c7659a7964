// The page of a launch: keeps this browser's secret in this tab, under this launch's own name, and goes to the EHR.
"use strict";

const SLOW_MS = 20000;

function show(id) {
  document.getElementById("waiting").hidden = true;
  document.getElementById(id).hidden = false;
}

function launch() {
  const page = document.getElementById("launch");
  const { authorize, state, secret } = page.dataset;
  delete page.dataset.secret;
  try {
    sessionStorage.setItem("l:" + state, secret);
  } catch {
    show("no-storage");
    return;
  }
  setTimeout(() => show("slow"), SLOW_MS);
  location.replace(authorize);
}

launch();
