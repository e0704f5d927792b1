// Makes the staff's pages handier. Everything works without it.
"use strict";

// Asks before what is hard to take back, and sends each form once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent || (form.dataset.confirm && !window.confirm(form.dataset.confirm))) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", "true");
  }
});

// A page that comes back out of the browser's memory may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) {
      button.removeAttribute("aria-disabled");
    }
  }
});

// Tells recent times by how long ago they are; the exact time shows when pointed at.
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60]];

function tellTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    if (Number.isNaN(seconds) || Math.abs(seconds) > 7 * 86400) {
      continue;
    }
    time.title ||= time.textContent;
    const unit = units.find(([, length]) => Math.abs(seconds) >= length);
    const near = seconds > 0 ? "in a moment" : "just now";
    time.textContent = unit ? words.format(Math.round(seconds / unit[1]), unit[0]) : near;
  }
}

tellTimes();
setInterval(tellTimes, 30000);
