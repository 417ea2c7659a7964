// "Launch" opens the app in a frame over the chart, as OpenEMR does. Without JavaScript it opens in this window.
"use strict";

const dialog = document.getElementById("app");
const close = () => dialog.close();

for (const button of document.querySelectorAll("[data-launch]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const frame = document.createElement("iframe");
    frame.title = button.dataset.launch;
    frame.src = button.href;
    document.getElementById("app-title").textContent = button.dataset.launch;
    dialog.append(frame);
    dialog.showModal();
  });
}
document.getElementById("app-close").addEventListener("click", close);
dialog.addEventListener("close", () => dialog.querySelector("iframe")?.remove());
