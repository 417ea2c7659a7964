"""What was done, by its code in the address after a form was sent (?done=…): the page that follows says it once more in
words. What is not in this table is not said: an address cannot put words into a page."""

from __future__ import annotations

from collections.abc import Mapping

from ui_extension.panel.act_words import OF_SAID

DONE: Mapping[str, str] = {
    **{f"said-{said}": words for said, words in OF_SAID.items()},
    "signed-out": "You are signed out.",
    "proven": "Password and code were right. Go on where you were.",
    "password": "Your new password counts from now on. Everywhere else you are signed out.",
    "second-factor": "Your new authenticator app counts from now on.",
    "roles": "The roles were changed. They count from the next click on.",
    "disabled": "This person may not come in any more; what was open is closed.",
    "enabled": "This person may come in again.",
    "mapped": "This EHR user has the roles of that person from now on.",
    "unmapped": "This EHR user stands by themselves again, without a role.",
    "draft-saved": "Saved in the draft. Nothing happens to a patient before it is published.",
    "aside-settled": "It is dealt with. What was kept stays on record, and is shown no more.",
    "draft-discarded": "The draft was discarded. What was saved of it stays on record.",
    "published": "It is published and in force. All patients are being looked at again.",
    "scheduled": "It is published, and comes into force by itself on its day.",
    "asked-second": "A second person was asked. It waits here until somebody agrees.",
    "refused": "It was not published. Whoever asked can read why.",
    "given-up": "It was discarded. Nothing changes.",
    "taken-back": "It was taken back, and does not come into force.",
    "chart-read": "The chart was read just now.",
    "source-added": "The EHR is connected. It is being read for the first time; that can take a while.",
    "link-link": "They are linked. What waited for this patient is written there now.",
    "link-none": "It is kept: nobody in the store is this patient, and nothing is written there for them.",
    "link-undo": "The link is undone. The patient waits for a person again, below.",
    "link-again": "Everybody who waits was looked for once more. Who is left stands below.",
    "source-settled": "It is kept, and counts from the next turn on.",
    "staff-signed-in": "The staff account is signed in. What waited for it is sent now.",
    "staff-client": "The client is kept. Sign the account in with it now.",
    "staff-forgotten": "The staff account is signed out here: its tokens are forgotten. Messages wait for the next sign-in.",
    "store-added": "The store is added. Keep this page with it chosen, and Tasks go there.",
    "source-paused": "The source is paused: nothing is read there and nothing written.",
    "source-resumed": "The source is read again.",
    "source-probed": "What it can do was asked anew, and kept.",
    "source-token": "The new token counts from the next poll on. Test it now.",
    "source-aside": "The records were read again. What is still wrong stands below, with its reason of now.",
    "source-leaving": "The source is being removed. Nothing is read or written there any more.",
    "source-staying": "The source stays, and is paused. Resume it when it is to be read again.",
    "issuer-added": "The issuer is registered. Copy what is below into the EHR, then test it.",
    "issuer-changed": "The record was changed. Launches count with it from now on.",
    "job-asked": "The job was asked for. Its last run shows here when it is done.",
}
"""Each page adds the words of its own forms."""
