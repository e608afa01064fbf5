// The playground: one call at a time, built from the edition's own OpenAPI document. Texts become text, never markup.
"use strict";

const KEY = "ambra-key";
const ID = /\b[a-z]+_[0-9A-HJKMNP-TV-Z]{26}\b/g;
const MAX_SEEN = 200;
const documents = new Map();
// Operation -> what was filled in.
const kept = new Map();
const seen = new Set();
const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// --- the key ---------------------------------------------------------------------------------------------------------

function key() {
  return byId("key").value.trim();
}

function tellKey(state = "") {
  const pill = byId("key-state");
  const given = key();
  pill.className = "pill";
  pill.textContent = given ? "kept in this tab" : "no key";
  if (given.startsWith("test_")) {
    pill.classList.add("sandbox");
    pill.textContent = "sandbox";
  }
  if (state) {
    pill.classList.add(state);
    pill.textContent = state === "good" ? "accepted" : "refused";
  }
}

// --- the document ----------------------------------------------------------------------------------------------------

async function documentAt(url) {
  if (!documents.has(url)) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
    documents.set(url, await answer.json());
  }
  return documents.get(url);
}

function findOperation(whole, operationId) {
  for (const [path, methods] of Object.entries(whole.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId === operationId) return { ...operation, path, method: method.toUpperCase() };
    }
  }
  throw new Error(`the document has no ${operationId}`);
}

function resolved(whole, schema) {
  let found = schema || {};
  while (found.$ref) found = found.$ref.slice(2).split("/").reduce((at, step) => at[step], whole);
  if (found.anyOf) return resolved(whole, found.anyOf.find((kind) => kind.type !== "null") || {});
  return found;
}

function sample(whole, schema, depth = 0) {
  const found = resolved(whole, schema);
  if (found.example !== undefined) return found.example;
  if (found.default !== undefined && found.default !== null) return found.default;
  if (found.enum) return found.enum[0];
  if (depth > 6) return null;
  const kind = Array.isArray(found.type) ? found.type[0] : found.type;
  if (kind === "object") {
    const needed = new Set(found.required || []);
    const entries = Object.entries(found.properties || {}).filter(([name]) => needed.has(name));
    return Object.fromEntries(entries.map(([name, inner]) => [name, sample(whole, inner, depth + 1)]));
  }
  if (kind === "array") return [sample(whole, found.items, depth + 1)];
  if (kind === "integer" || kind === "number") return found.minimum > 0 ? found.minimum : 1;
  if (kind === "boolean") return false;
  if (found.format === "date") return new Date().toISOString().slice(0, 10);
  if (found.format === "date-time") return new Date().toISOString().slice(0, 19) + "Z";
  return "";
}

// --- one call --------------------------------------------------------------------------------------------------------

function parameterRow(parameter, values) {
  const schema = parameter.schema || {};
  const id = `p-${parameter.in}-${parameter.name}`;
  const choices = schema.enum;
  const field = choices
    ? make("select", { id }, make("option", { value: "", textContent: "" }), ...choices.map((choice) => make("option", { value: choice, textContent: choice })))
    : make("input", { id, placeholder: schema.default !== undefined ? String(schema.default) : "", spellcheck: false });
  if (parameter.in === "path" || parameter.name.endsWith("_id")) field.setAttribute("list", "seen");
  field.value = values[id] || "";
  field.dataset.name = parameter.name;
  field.dataset.place = parameter.in;
  const label = make("label", { htmlFor: id, className: parameter.required ? "needed" : "" }, parameter.name);
  const kind = schema.format || (choices ? "" : schema.type) || "";
  if (kind) label.append(" ", make("small", { textContent: kind }));
  const row = make("div", { className: "parameter" }, label, field);
  if (parameter.description) row.append(make("small", { className: "told", textContent: parameter.description }));
  return row;
}

function section(title, ...children) {
  return [make("h3", { textContent: title }), ...children];
}

function styledPath(method, path) {
  const line = make("p", { className: "path" }, make("span", { className: `method ${method}`, textContent: method }), " ");
  for (const part of path.split(/({[^}]+})/)) line.append(part.startsWith("{") ? make("em", { textContent: part }) : part);
  return line;
}

function show(whole, operation, place) {
  const values = kept.get(place) || {};
  const form = make("form", { autocomplete: "off" });
  const grouped = { path: [], query: [], header: [] };
  for (const parameter of operation.parameters || []) grouped[parameter.in]?.push(parameterRow(parameter, values));
  if (grouped.path.length) form.append(...section("Path", ...grouped.path));
  if (grouped.query.length) form.append(...section("Filters", ...grouped.query));
  const body = operation.requestBody?.content["application/json"];
  if (body) {
    const example = body.example ?? sample(whole, body.schema);
    const text = values.body ?? JSON.stringify(example, null, 2);
    const area = make("textarea", { id: "body", value: text, spellcheck: false, rows: Math.min(24, text.split("\n").length + 1) });
    area.setAttribute("aria-label", "Body");
    form.append(...section(operation.requestBody.required ? "Body" : "Body (may be empty)", area));
  }
  if (grouped.header.length) {
    form.append(make("details", {}, make("summary", { textContent: "Headers" }), ...grouped.header));
  }
  const send = make("button", { className: "send", type: "submit", textContent: "Send" });
  const clear = make("button", { type: "button", textContent: "Start over" });
  clear.addEventListener("click", () => {
    kept.delete(place);
    show(whole, operation, place);
  });
  form.append(make("div", { className: "row" }, send, clear, make("small", { textContent: "Ctrl+Enter sends" })));
  const curl = make("pre", { id: "curl" });
  const copy = make("button", { type: "button", textContent: "Copy" });
  copy.addEventListener("click", () => navigator.clipboard?.writeText(curl.textContent));
  const answer = make("section", { id: "answer" });
  answer.setAttribute("aria-live", "polite");
  form.addEventListener("input", () => {
    kept.set(place, filledIn(form));
    curl.textContent = curlLine(requestOf(operation, form));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(operation, form, send, answer);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  curl.textContent = curlLine(requestOf(operation, form));
  const head = make("div", {}, make("h2", { textContent: operation.summary }));
  head.append(styledPath(operation.method, operation.path), make("p", { className: "scope" }, "Scope ", make("code", { textContent: operation["x-scope"] || "" })));
  byId("call").replaceChildren(head, form, ...section("curl", curl, make("div", { className: "row" }, copy)), answer);
  byId("call").focus({ preventScroll: true });
}

function filledIn(form) {
  const values = {};
  for (const field of form.elements) if (field.id && field.id !== "body") values[field.id] = field.value;
  if (form.elements.body) values.body = form.elements.body.value;
  return values;
}

function requestOf(operation, form) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.elements) {
    const { name, place } = field.dataset;
    const value = field.value;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value) || `{${name}}`);
    else if (place === "query" && value) query.set(name, value);
    else if (place === "header" && value) headers[name] = value;
  }
  const text = form.elements.body ? form.elements.body.value.trim() : "";
  if (text) headers["Content-Type"] = "application/json";
  const asked = query.toString();
  return { method: operation.method, url: path + (asked ? `?${asked}` : ""), headers, body: text || undefined };
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curlLine(request) {
  const parts = ["curl"];
  if (request.method !== "GET") parts.push("-X", request.method);
  parts.push('-H "Authorization: Bearer $AMBRA_API_KEY"');
  for (const [name, value] of Object.entries(request.headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (request.body) parts.push("-d", quoted(request.body.replace(/\s*\n\s*/g, " ")));
  parts.push(quoted(location.origin + request.url));
  return parts.join(" ");
}

// --- sending ---------------------------------------------------------------------------------------------------------

async function act(operation, form, button, place) {
  const request = requestOf(operation, form);
  const missing = [...form.elements].find((field) => field.dataset.place === "path" && !field.value);
  if (missing) {
    missing.focus();
    return;
  }
  button.disabled = true;
  const started = performance.now();
  try {
    const answer = await fetch(request.url, {
      method: request.method, body: request.body, cache: "no-store", credentials: "omit", redirect: "error",
      headers: { ...request.headers, Authorization: `Bearer ${key()}` },
    });
    const text = await answer.text();
    showAnswer(place, answer, text, Math.round(performance.now() - started));
    tellKey(answer.status === 401 ? "wrong" : "good");
  } catch (error) {
    place.replaceChildren(...section("Answer", make("p", { className: "error", textContent: `No answer: ${error.message}` })));
  } finally {
    button.disabled = false;
  }
}

function showAnswer(place, answer, text, milliseconds) {
  const state = answer.ok || answer.status === 304 ? "good" : "wrong";
  const line = make("div", { className: "row" });
  line.append(make("span", { className: `pill ${state}`, textContent: `${answer.status} ${answer.statusText}`.trim() }));
  line.append(make("small", { textContent: `${milliseconds} ms, ${new Blob([text]).size} bytes` }));
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const folded = make("details", {}, make("summary", { textContent: "Headers" }), make("pre", { textContent: headers }));
  place.replaceChildren(...section("Answer", line, folded, pretty(text)));
  for (const id of text.match(ID) || []) if (!id.startsWith("req_") && seen.size < MAX_SEEN) seen.add(id);
  byId("seen").replaceChildren(...[...seen].map((id) => make("option", { value: id })));
  line.scrollIntoView({ block: "nearest" });
}

function pretty(text) {
  const block = make("pre");
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    block.textContent = text || "(empty)";
    return block;
  }
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;
  let end = 0;
  for (const found of shown.matchAll(token)) {
    block.append(shown.slice(end, found.index));
    const [whole, string, colon] = found;
    const kind = string ? (colon ? "k" : "s") : /^[tfn]/.test(whole) ? "w" : "n";
    block.append(make("span", { className: kind, textContent: string ?? whole }), colon ?? "");
    end = found.index + whole.length;
  }
  block.append(shown.slice(end));
  return block;
}

// --- the list --------------------------------------------------------------------------------------------------------

async function open() {
  const place = decodeURIComponent(location.hash.slice(1));
  const link = [...document.querySelectorAll("nav a")].find((found) => found.hash === `#${place}`);
  for (const other of document.querySelectorAll("nav a[aria-current]")) other.removeAttribute("aria-current");
  if (!link) return;
  link.setAttribute("aria-current", "true");
  try {
    const whole = await documentAt(link.closest("[data-document]").dataset.document);
    show(whole, findOperation(whole, place.split("/").pop()), place);
  } catch (error) {
    byId("call").replaceChildren(make("p", { className: "error", textContent: error.message }));
  }
}

function filter() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of document.querySelectorAll("nav li")) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
  for (const group of document.querySelectorAll("nav .group")) group.hidden = !group.querySelector("li:not([hidden])");
}

byId("key").value = sessionStorage.getItem(KEY) || "";
byId("key").addEventListener("input", () => {
  sessionStorage.setItem(KEY, key());
  tellKey();
});
byId("key-form").addEventListener("submit", (event) => event.preventDefault());
byId("filter").addEventListener("input", filter);
addEventListener("hashchange", open);
tellKey();
open();
