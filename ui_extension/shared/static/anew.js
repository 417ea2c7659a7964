// On to the panel, in a frame that the browser has to make anew for it.
"use strict";

location.replace(document.getElementById("anew").dataset.panel);
