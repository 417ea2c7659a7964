// An ended session: the login page takes the whole window, also when this page was loaded in a frame.
"use strict";

window.top.location.href = "/interface/login/login.php?site=default";
