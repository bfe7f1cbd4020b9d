// <table data-gb-matrix="id">: arrow keys move over the cells, the sentence of the cell is written into #id.
// One cell at a time is in the tab order; without this file every cell still carries its sentence as hidden words.

const cells = (table) => [...table.querySelectorAll("tbody td[data-path]")];

function choose(table, cell, focus) {
  for (const other of cells(table)) {
    other.tabIndex = other === cell ? 0 : -1;
    other.classList.toggle("is-active", other === cell);
  }
  for (const row of table.rows) row.classList.toggle("is-active", row === cell.parentElement);
  const place = document.getElementById(table.dataset.gbMatrix);
  if (place) place.textContent = cell.dataset.path;
  if (focus) cell.focus();
}

function neighbour(table, cell, down, right) {
  let row = cell.parentElement.rowIndex;
  let column = cell.cellIndex;
  do {
    row += down;
    column += right;
    const next = table.rows[row]?.cells[column];
    if (!next) return undefined;
    if (next.dataset.path) return next;
  } while (row >= 0 && column >= 0);
  return undefined;
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function start(table) {
  if (table.dataset.gbReady || cells(table).length === 0) return;
  table.dataset.gbReady = "1";
  const first = table.querySelector("td.is-active[data-path]") ?? cells(table)[0];
  for (const cell of cells(table)) cell.tabIndex = cell === first ? 0 : -1;
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[data-path]");
    const step = STEPS[event.key];
    const next = cell && step && neighbour(table, cell, ...step);
    if (!next) return;
    event.preventDefault();
    choose(table, next, true);
  });
  table.addEventListener("focusin", ({ target }) => {
    const cell = target.closest("td[data-path]");
    if (cell) choose(table, cell, false);
  });
  table.addEventListener("pointerover", ({ target }) => {
    const cell = target.closest("td[data-path]");
    if (cell && !table.contains(document.activeElement)) choose(table, cell, false);
  });
}

const startAll = () => document.querySelectorAll("table[data-gb-matrix]").forEach(start);
startAll();
document.addEventListener("htmx:afterSwap", startAll);
