/* The editor of programs, where a script makes the day quicker: faults are told at their fields while somebody types, the
   code picker is used by the arrow keys, a step is dragged to its place. Everything works without it. */
(() => {
  "use strict";

  /* What the check has found, put at the fields. */
  const tell = (form) => {
    for (const slot of form.querySelectorAll(".mp-wrong")) slot.replaceChildren();
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const link of form.querySelectorAll("a[data-mp-wrong]")) {
      const slot = document.getElementById(link.hash.slice(1));
      if (!slot) continue;
      const words = document.createElement("span");
      words.className = link.closest("li").className;
      words.textContent = `${link.textContent} `;
      slot.append(words);
      if (words.className !== "mp-wrong-one") continue;
      for (const field of form.querySelectorAll(`[aria-describedby="${slot.id}"]`)) field.setAttribute("aria-invalid", "true");
    }
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id && event.target.id.endsWith("-said")) tell(event.target.closest("form"));
    for (const field of document.querySelectorAll("[data-mp-combobox]")) {
      const list = document.getElementById(field.getAttribute("aria-controls"));
      field.setAttribute("aria-expanded", String(Boolean(list && !list.hidden)));
    }
  });

  /* The code picker: arrows go through what was found, Enter takes it, Escape closes it. */
  const options = (field) => {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    return list && !list.hidden ? [...list.querySelectorAll("button[role=option]")] : [];
  };

  const go = (field, found, to) => {
    found.forEach((option, index) => option.setAttribute("aria-selected", String(index === to)));
    if (to < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", found[to].id);
    found[to].scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest && event.target.closest("[data-mp-combobox]");
    if (!field) return;
    const found = options(field);
    const at = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length) go(field, found, (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (at >= 0) found[at].click();
    } else if (event.key === "Escape" && found.length) {
      event.preventDefault();
      document.getElementById(field.getAttribute("aria-controls")).hidden = true;
      field.setAttribute("aria-expanded", "false");
      go(field, found, -1);
    }
  });

  /* Dragging a step: the same form is sent as by its buttons. */
  let dragged = null;

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest && event.target.closest("[data-mp-step]");
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });

  const target = (event) => dragged && event.target.closest && event.target.closest("[data-mp-step], [data-mp-phase]");

  const unmark = () => {
    for (const place of document.querySelectorAll(".mp-drop")) place.classList.remove("mp-drop");
  };

  document.addEventListener("dragover", (event) => {
    const place = target(event);
    if (!place || place === dragged) return;
    event.preventDefault();
    unmark();
    place.classList.add("mp-drop");
  });

  document.addEventListener("dragend", () => {
    unmark();
    dragged = null;
  });

  document.addEventListener("drop", (event) => {
    const place = target(event);
    if (!place || place === dragged) return;
    event.preventDefault();
    const form = document.getElementById("mp-move");
    form.elements.namedItem("step").value = dragged.dataset.mpStep;
    form.elements.namedItem("before").value = place.dataset.mpStep || "";
    form.elements.namedItem("phase").value = place.closest("[data-mp-phase]").dataset.mpPhase;
    form.submit();
  });
})();
