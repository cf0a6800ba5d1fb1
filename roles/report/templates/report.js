"use strict";

const table = document.querySelector(".hosts");
const heads = [...table.tHead.rows[0].cells];
const input = document.querySelector("#filter");
const count = document.querySelector("#count");
let hosts = [...table.tBodies];
const texts = new Map();
const collator = new Intl.Collator(undefined, { numeric: true });

function sort(head) {
  const column = heads.indexOf(head);
  const numeric = head.classList.contains("number");
  const before = head.getAttribute("aria-sort");
  const order = before ? (before === "ascending" ? "descending" : "ascending") : numeric ? "descending" : "ascending";
  const sign = order === "ascending" ? 1 : -1;
  const keys = new Map(hosts.map((host) => [host, host.rows[0].cells[column].dataset.key ?? ""]));
  hosts.sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    // What is not known comes last, whichever way it is sorted.
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (numeric ? a - b : collator.compare(a, b));
  });
  heads.forEach((one) => one.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", order);
  table.append(...hosts);
}

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const host of hosts) {
    if (!texts.has(host)) texts.set(host, host.textContent.toLowerCase());
    const text = texts.get(host);
    host.hidden = !words.every((word) => text.includes(word));
    shown += !host.hidden;
  }
  count.textContent = words.length ? `${shown} of ${hosts.length} hosts` : "";
}

table.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.closest("thead")) {
    sort(button.closest("th"));
  } else {
    const shown = button.closest("tbody").classList.toggle("shown");
    button.setAttribute("aria-expanded", shown);
  }
});
input.addEventListener("input", filter);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && event.target !== input && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    input.focus();
  } else if (event.key === "Escape" && input.value) {
    input.value = "";
    filter();
  }
});
// A browser fills the box again when the page is loaded anew.
filter();
