// A silent launch: the page sends itself, so that OpenEMR's own cookie (SameSite=Strict) comes along.
"use strict";

document.forms[0].submit();
