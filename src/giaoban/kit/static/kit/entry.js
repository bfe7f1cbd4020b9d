// <table data-gb-entry>: an entry table that moves, pastes and adds up like a spreadsheet. The inputs are real, the form
// submits without this file; arrows, a pasted block and live sums are what it adds.

import { format, parse, sum, tidy } from "./numbers.js";

const inputsOf = (root) => [...root.querySelectorAll("input.gb-cell, textarea.gb-cell")].filter((cell) => !cell.readOnly);
const UNREADABLE = "chờ sửa";
const decimals = (cell) => Number(cell.dataset.scale ?? 0);

// The inputs of a table as rows, top to bottom; a row without inputs is skipped.
function lines(table) {
  return [...table.rows].map((row) => inputsOf(row)).filter((row) => row.length > 0);
}

// Column of an input as it stands on the page, so that rows of different length still move straight.
const columnOf = (cell) => cell.closest("td").cellIndex;

function neighbour(table, cell, down, right) {
  const rows = lines(table);
  const at = rows.findIndex((row) => row.includes(cell));
  if (right) return rows[at][rows[at].indexOf(cell) + right];
  for (let row = at + down; row >= 0 && row < rows.length; row += down) {
    const same = rows[row].find((other) => columnOf(other) === columnOf(cell));
    if (same) return same;
  }
  return undefined;
}

function go(cell) {
  if (!cell) return false;
  cell.focus();
  cell.select();
  return true;
}

function atEdge(cell, right) {
  const { selectionStart: start, selectionEnd: end, value } = cell;
  if (end - start === value.length) return true;
  return right > 0 ? start === value.length : end === 0;
}

function onKey(table, event) {
  const cell = event.target;
  if (!cell.matches(".gb-cell") || event.altKey || event.metaKey || event.isComposing) return;
  const isText = cell.matches("textarea");
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [event.shiftKey ? -1 : 1, 0] }[event.key];
  if (event.key === "Escape") {
    cell.value = cell.dataset.before ?? cell.value;
    cell.select();
    cell.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  if (!step || event.ctrlKey || (isText && event.key !== "Enter") || (isText && event.shiftKey)) return;
  if (step[1] && !atEdge(cell, step[1])) return;
  const moved = go(neighbour(table, cell, ...step));
  if (moved || event.key === "Enter") event.preventDefault();
}

// A block from a spreadsheet: tabs between cells, line ends between rows; it fills from the active cell on.
function onPaste(table, event) {
  const start = event.target;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!start.matches("input.gb-cell")) return;
  const block = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
  if (block.length === 1 && block[0].length === 1) return;
  event.preventDefault();
  const rows = lines(table);
  const top = rows.findIndex((row) => row.includes(start));
  let filled = 0;
  block.forEach((values, down) => {
    const row = rows[top + down];
    if (!row) return;
    const left = row.findIndex((cell) => columnOf(cell) >= columnOf(start));
    if (left < 0) return;
    values.forEach((value, right) => {
      const cell = row[left + right];
      if (!cell) return;
      cell.value = cell.matches(".gb-cell-text") ? value.trim() : tidy(value, decimals(cell));
      mark(cell);
      cell.dispatchEvent(new Event("change", { bubbles: true }));
      filled += 1;
    });
  });
  start.dispatchEvent(new Event("input", { bubbles: true }));
  const total = block.reduce((count, values) => count + values.length, 0);
  const note = filled < total ? `, ${total - filled} ô nằm ngoài bảng bị bỏ qua` : "";
  tell(table, `Đã dán ${filled} ô${note}`);
}

function mark(cell) {
  if (cell.matches(".gb-cell-text")) return;
  const number = parse(tidy(cell.value));
  const wrong = number === undefined || (number !== null && number.scale > decimals(cell));
  cell.classList.toggle("is-wrong", wrong);
  if (wrong) cell.setAttribute("aria-invalid", "true");
  else if (!cell.dataset.gbKeepInvalid) cell.removeAttribute("aria-invalid");
}

// <output data-gb-sum="key key …">: the sum of the inputs and outputs that carry these data-gb-key; outputs may build on outputs.
function addUp(table) {
  const byKey = new Map();
  for (const cell of inputsOf(table)) if (cell.dataset.gbKey) byKey.set(cell.dataset.gbKey, cell);
  const totals = [...table.querySelectorAll("output[data-gb-sum]")];
  for (const total of totals) if (total.dataset.gbKey) byKey.set(total.dataset.gbKey, total);
  const known = new Map();
  const read = (key) => {
    if (known.has(key)) return known.get(key);
    known.set(key, null);
    const cell = byKey.get(key);
    const number = !cell ? null : cell.matches("output") ? total(cell) : parse(tidy(cell.value));
    known.set(key, number);
    return number;
  };
  const total = (output) => sum(output.dataset.gbSum.split(" ").filter(Boolean).map(read));
  for (const output of totals) {
    const number = total(output);
    if (number === undefined) output.textContent = UNREADABLE;
    else output.textContent = number ? format(number, decimals(output)) : output.dataset.gbEmpty ?? "";
  }
}

function tell(table, words) {
  const place = document.getElementById(table.dataset.gbEntry);
  if (place) place.textContent = words;
}

function start(table) {
  if (table.dataset.gbReady) return;
  table.dataset.gbReady = "1";
  table.addEventListener("keydown", (event) => onKey(table, event));
  table.addEventListener("paste", (event) => onPaste(table, event));
  table.addEventListener("focusin", ({ target }) => {
    if (!target.matches(".gb-cell")) return;
    target.dataset.before = target.value;
    if (target.matches("input")) target.select();
    if (target.dataset.path) tell(table, target.dataset.path);
  });
  table.addEventListener("focusout", ({ target }) => {
    if (!target.matches("input.gb-cell") || target.matches(".gb-cell-text")) return;
    target.value = tidy(target.value, decimals(target));
    mark(target);
  });
  table.addEventListener("input", ({ target }) => {
    if (target.matches(".gb-cell")) mark(target);
    addUp(table);
  });
  for (const cell of inputsOf(table)) mark(cell);
  addUp(table);
}

const startAll = () => document.querySelectorAll("table[data-gb-entry]").forEach(start);
startAll();
document.addEventListener("htmx:afterSwap", startAll);
