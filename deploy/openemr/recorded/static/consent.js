// The consent form of OpenEMR 8.2 gets the scopes about records from here, one field for each that is ticked.
"use strict";

const form = document.getElementById("consent");
form.addEventListener("submit", () => {
  for (const box of form.querySelectorAll("[data-scope]:checked")) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = `scope[${box.dataset.scope}]`;
    field.value = box.dataset.scope;
    form.append(field);
  }
});
