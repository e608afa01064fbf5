"use strict";
// The pages are whole without this file. It adds a button that copies code, the address of this server in examples, and a search.

const PRINTED = "http:" + "//127.0.0.1:8080";

function putAddress(node) {
  if (location.origin === PRINTED || !location.host) return;
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.data.includes(PRINTED)) text.data = text.data.replaceAll(PRINTED, location.origin);
  }
}

function addCopy(box) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.querySelector("code").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(box.querySelector("code"));
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  box.append(button);
}

for (const box of document.querySelectorAll(".code")) {
  putAddress(box);
  if (box.querySelector("code")) addCopy(box);
}

const field = document.getElementById("search");
const list = document.getElementById("found");
let entries = null;
let chosen = -1;

async function load() {
  if (entries === null) {
    entries = [];
    const answer = await fetch("/docs/search.json");
    if (answer.ok) entries = await answer.json();
    show();
  }
}

function rank(entry, words) {
  const title = entry[0].toLowerCase();
  const all = title + " " + entry[1].toLowerCase();
  if (!words.every((word) => all.includes(word))) return -1;
  const isName = all.endsWith(" " + words.join(""));  // of an operation: create order finds createOrder first
  return words.reduce((sum, word) => sum + (title.startsWith(word) ? 3 : title.includes(word) ? 2 : 1), isName ? 9 : 0);
}

function show() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const ranked = words.length && entries ? entries.map((entry) => [rank(entry, words), entry]) : [];
  const best = ranked.filter(([found]) => found >= 0).sort((one, other) => other[0] - one[0]).slice(0, 12);
  list.replaceChildren(...best.map(([, entry], number) => {
    const line = document.createElement("li");
    const where = document.createElement("small");
    line.id = "found-" + number;
    line.setAttribute("role", "option");
    where.textContent = entry[1];
    line.append(entry[0], where);
    line.dataset.place = entry[2];
    line.addEventListener("mousedown", () => go(line));
    return line;
  }));
  choose(best.length ? 0 : -1);
  list.hidden = !best.length;
  field.setAttribute("aria-expanded", String(!list.hidden));
}

function choose(number) {
  chosen = number;
  [...list.children].forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
  const line = list.children[chosen];
  if (line) { field.setAttribute("aria-activedescendant", line.id); line.scrollIntoView({ block: "nearest" }); }
  else field.removeAttribute("aria-activedescendant");
}

function close() {
  list.hidden = true;
  field.setAttribute("aria-expanded", "false");
}

function go(line) {
  close();
  location.assign(line.dataset.place);
}

field.form.hidden = false;
field.addEventListener("focus", load);
field.addEventListener("input", show);
field.addEventListener("blur", close);
field.form.addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("keydown", (event) => {
  const count = list.children.length;
  if (event.key === "Escape") { field.value = ""; close(); }
  else if (!count) return;
  else if (event.key === "ArrowDown") choose((chosen + 1) % count);
  else if (event.key === "ArrowUp") choose((chosen + count - 1) % count);
  else if (event.key === "Enter") go(list.children[chosen]);
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  const isTyping = /INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName);
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) { event.preventDefault(); field.focus(); }
});
