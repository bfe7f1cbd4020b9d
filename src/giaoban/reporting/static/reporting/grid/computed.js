// Cells of the machine, as somebody types: totals of rows, columns with a formula, actual and estimate together, change on
// the year before. The rules are those of core/figures.py and core/formulas.py. Numbers are exact fractions of BigInts.

import { format, NIL, NOT_APPLICABLE, parse } from "./numbers.js";

const UNREADABLE = Symbol("a text that is no number");
const WAITING = "chờ sửa";
const ZERO = { n: 0n, d: 1n };

const fraction = (number) => (number ? { n: number.value, d: 10n ** BigInt(number.scale) } : number);
const plus = (a, b) => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
const times = (a, b) => ({ n: a.n * b.n, d: a.d * b.d });
const minus = (a) => ({ n: -a.n, d: a.d });
const over = (a, b) => (b.n === 0n ? null : b.n < 0n ? { n: -a.n * b.d, d: a.d * -b.n } : { n: a.n * b.d, d: a.d * b.n });
const isLess = (a, b) => a.n * b.d < b.n * a.d;

// Half goes away from zero, as in printed statistics.
export function rounded(value, scale) {
  const whole = (value.n < 0n ? -value.n : value.n) * 10n ** BigInt(scale);
  const up = (2n * whole + value.d) / (2n * value.d);
  return { value: value.n < 0n ? -up : up, scale };
}

const SIGNS = { "+": plus, "-": (a, b) => plus(a, minus(b)), "*": times, "/": over };

// A formula as data (core/expressions.py); a blank makes the whole unknown, except in sum, min and max.
export function evaluate(data, amountOf) {
  const [kind, ...parts] = data;
  if (kind === "number") return fraction(parse(parts[0].replace(".", ",")));
  if (kind === "name") return amountOf(parts[0]);
  const values = parts.map((part) => evaluate(part, amountOf));
  if (values.includes(UNREADABLE)) return UNREADABLE;
  if (["sum", "min", "max"].includes(kind)) {
    const known = values.filter((value) => value !== null);
    if (!known.length) return null;
    if (kind === "sum") return known.reduce(plus);
    return known.reduce((a, b) => (isLess(a, b) === (kind === "min") ? a : b));
  }
  if (values.includes(null)) return null;
  const [left, right] = values;
  if (kind === "negative") return minus(left);
  if (kind === "abs") return left.n < 0n ? minus(left) : left;
  if (kind === "round") return fraction(rounded(left, Number(right.n / right.d)));
  return SIGNS[kind](left, right);
}

// What stands in a line's cell of a column: {value, estimate, mark}, value and estimate as fractions, null for none.
function figureIn(line, c) {
  const actual = line.parts.actual?.[c];
  const estimate = line.parts.estimate?.[c];
  const read = (cell) => {
    if (!cell?.isTyped || cell.mark) return null;
    const number = cell.number;
    return number === undefined ? UNREADABLE : fraction(number);
  };
  return { value: read(actual), estimate: read(estimate), mark: actual?.mark ?? "" };
}

const amountOf = ({ value, estimate, mark }) => {
  if (value === UNREADABLE || estimate === UNREADABLE) return UNREADABLE;
  if (mark === "nil") return ZERO;
  if (mark === "na" || (value === null && estimate === null)) return null;
  return plus(value ?? ZERO, estimate ?? ZERO);
};

function addUp(figures) {
  const sumOf = (part) => {
    const found = figures.map((figure) => figure[part]);
    if (found.includes(UNREADABLE)) return UNREADABLE;
    const known = found.filter((value) => value !== null);
    return known.length ? known.reduce(plus) : null;
  };
  const [value, estimate] = [sumOf("value"), sumOf("estimate")];
  let mark = "";
  if (value === null && estimate === null && figures.length) {
    const isKnown = (figure) => figure.mark !== "";
    if (figures.every(isKnown)) mark = figures.some((figure) => figure.mark === "nil") ? "nil" : "na";
  }
  return { value, estimate, mark };
}

class Computation {
  constructor(table) {
    this.table = table;
    this.found = new Map();
  }

  figure(line, c) {
    const key = `${line.row}/${line.subunit}/${c}`;
    if (line.isNew) return figureIn(line, c);
    if (!this.found.has(key)) {
      const parts = this.table.sums[line.row];
      const isTotal = parts && line.parts.actual?.[c].kind === "calc" && !this.table.columns[c - 1].formula;
      const lines = isTotal ? parts.flatMap((row) => this.table.byRow.get(row) ?? []) : [];
      const isNamed = (one) => !one.isNew || one.subunit;
      this.found.set(key, isTotal ? addUp(lines.filter(isNamed).map((one) => this.figure(one, c))) : figureIn(line, c));
    }
    return this.found.get(key);
  }

  formula(line, column) {
    const positions = new Map(this.table.columns.map((one, index) => [one.id, index + 1]));
    const value = evaluate(column.formula, (id) => amountOf(this.figure(line, positions.get(id))));
    return value === null || value === UNREADABLE ? value : fraction(rounded(value, column.scale));
  }
}

function written(value, scale, mark = "") {
  if (value === UNREADABLE) return WAITING;
  if (value) return format(rounded(value, scale), scale);
  return mark === "nil" ? NIL : mark === "na" ? NOT_APPLICABLE : "";
}

function signed(value) {
  const number = rounded(value, 2);
  const text = format({ ...number, value: number.value < 0n ? -number.value : number.value }, 2);
  return number.value === 0n ? text : `${number.value > 0n ? "+" : "−"}${text}`;
}

function show(cell, text) {
  if (cell?.kind === "calc") {
    cell.text = text;
    cell.place.classList.toggle("wait", text === WAITING);
  }
}

// Compute every cell of the machine anew; 1,000 cells take a few milliseconds.
export function recompute(table) {
  const computation = new Computation(table);
  for (const line of table.lines.values()) {
    const { actual, estimate, sum, past, change } = line.parts;
    table.columns.forEach((column, index) => {
      const c = index + 1;
      if (!column.number || (actual[c].kind === "none" && !sum)) return;
      if (column.formula) {
        show(sum ? sum[c] : actual[c], written(computation.formula(line, column), column.scale));
      } else {
        const figure = computation.figure(line, c);
        show(actual[c], written(figure.value, column.scale, figure.estimate === null ? figure.mark : ""));
        show(estimate?.[c], written(figure.estimate, column.scale));
        const parts = [figure.value, figure.estimate];
        const total = parts.includes(UNREADABLE) ? UNREADABLE : parts.some(Boolean) ? amountOf(figure) : null;
        show(sum?.[c], written(total, column.scale));
      }
      if (!change) return;
      const now = column.formula ? computation.formula(line, column) : amountOf(computation.figure(line, c));
      showChange(change[c], now, past[c]);
    });
  }
}

export function changeOn(now, before) {
  const old = fraction(parse(before));
  if (!old || old.n === 0n || !now || now === UNREADABLE) return "";
  return signed(times(over(plus(now, minus(old)), old), { n: 100n, d: 1n }));
}

export function amountIn(line, c) {
  return amountOf(figureIn(line, c));
}

function showChange(cell, now, past) {
  const text = changeOn(now, past.place.firstChild?.textContent.trim() ?? "");
  const place = cell.place;
  if (text) place.textContent = text;
  else if (!place.querySelector(".quiet")) {
    place.replaceChildren(Object.assign(document.createElement("span"), { className: "quiet", textContent: "chưa tính" }));
  }
}
